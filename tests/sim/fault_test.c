/*
 * What goes wrong in the simulated world, and what comes of it: cut links, lost machines, a registry
 * that fails, containers that fall ill or are restarted. Every run is checked after each step, logged
 * and replayed.
 */
#include "trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND USEC_PER_SEC

/* A world without delays of its own; pulls ask for 1 s, then take 1 s per MiB. */
#define WORLD                                                                                      \
    "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '1s', 'pullPerSecond': "      \
    "'1MiB', 'create': '0s', 'start': '0s', 'stop': '10ms', 'teardown': '0s'},"                    \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"                       \
    "'images': {'x': {'size': '2MiB'}, 'y': {'size': '2MiB'}},"                                    \
    "'taskDefinitions': ["                                                                         \
    "{'family': 'web', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 128, "          \
    "'memory': 100}]},"                                                                            \
    "{'family': 'job', 'containerDefinitions': [{'name': 'c', 'image': 'y', 'cpu': 128, "          \
    "'memory': 100}]},"                                                                            \
    "{'family': 'ill', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 128, "          \
    "'memory': 100, 'healthCheck': {'command': ['CMD', 'x'], 'interval': 5, 'timeout': 2, "        \
    "'retries': 2}}]},"                                                                            \
    "{'family': 'again', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 128, "        \
    "'memory': 100, 'restartPolicy': {'enabled': true, 'restartAttemptPeriod': 60}}]}],"           \
    "'behaviour': {'web/c': {'idle': 'forever'}, 'job/c': {'idle': '2s'}, "                        \
    "'ill/c': {'idle': 'forever', 'unhealthyAfter': '30s'}, "                                      \
    "'again/c': {'idle': '60s', 'exit': 3}},"
#define TWO "'instances': [{'type': 'box', 'count': 2, 'zones': ['a', 'b']}],"
#define WEB(n)                                                                                     \
    "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': " #n "}],"

static const struct story_task *task(int number)
{
    cr_assert(number <= result.story.n_tasks, "there is no t%d", number);
    return &result.story.tasks[number - 1];
}

static int count_turns(enum story_turn_kind kind, int value)
{
    int n = 0;

    for (int i = 0; i < result.story.n_turns; i++)
        n += result.story.turns[i].kind == kind && result.story.turns[i].value == value;
    return n;
}

/* Links ----------------------------------------------------------------------------------------- */

Test(fault, a_cut_agent_gets_nothing_and_its_tasks_live_on)
{
    trial_run(
        WORLD TWO WEB(2) "'timeline': ["
                         "{'at': '100s', 'fault': {'cutAgent': {'instance': 'i1', 'for': '60s'}}},"
                         "{'at': '110s', 'runTask': {'taskDefinition': 'job', 'count': 3}},"
                         "{'at': '120s', 'fault': {'killTask': 't1'}}], 'until': '300s'");
    for (int t = 3; t <= 5; t++)
        cr_assert(task(t)->instance == 1, "i1 was cut off");
    cr_assert(task(1)->instance == 0 && task(1)->containers[0].exited_at_usec == 120010000);
    cr_assert(task(1)->stopped_at_usec == 160 * SECOND, "nobody could hear of it before");
    cr_assert(task(6)->placed_at_usec == 160 * SECOND && task(6)->instance == 0);
    cr_assert(task(2)->torn_down && result.n_missed == 0);
    cr_assert(count_turns(TURN_CONNECTED, false) == 1 && count_turns(TURN_CONNECTED, true) == 1);
    trial_end();
}

/* A stop that was decided meanwhile waits for the link; the task is stopped then. */
Test(fault, a_message_to_a_cut_agent_arrives_late)
{
    trial_run(
        WORLD TWO WEB(2) "'timeline': ["
                         "{'at': '100s', 'fault': {'cutAgent': {'instance': 'i1', 'for': '60s'}}},"
                         "{'at': '110s', 'stopTask': {'task': 't1'}}], 'until': '300s'");
    cr_assert(task(1)->stop_at_usec == 110 * SECOND);
    cr_assert(task(1)->containers[0].term_at_usec == 160 * SECOND);
    cr_assert(task(1)->stopped_at_usec == 160010000);
    trial_end();
}

/* Where nobody says how long, it is until the end; the teardown must still get through. */
Test(fault, a_cut_lasts_until_the_end_of_the_run)
{
    trial_run(WORLD TWO WEB(2) "'timeline': ["
                               "{'at': '100s', 'fault': {'cutAgent': {'instance': 'i1'}}},"
                               "{'at': '110s', 'stopTask': {'task': 't1'}}], 'until': '300s'");
    cr_assert(task(1)->containers[0].term_at_usec == 300 * SECOND);
    cr_assert(scheduler_ended(&result.scheduler));
    trial_end();
}

Test(fault, a_longer_cut_swallows_a_shorter_one)
{
    trial_run(
        WORLD TWO WEB(2) "'timeline': ["
                         "{'at': '100s', 'fault': {'cutAgent': {'instance': 'i1', 'for': '60s'}}},"
                         "{'at': '110s', 'fault': {'cutAgent': {'instance': 'i1', 'for': '100s'}}},"
                         "{'at': '115s', 'fault': {'cutAgent': {'instance': 'i1', 'for': '1s'}}},"
                         "{'at': '120s', 'fault': {'killTask': 't1'}}], 'until': '300s'");
    cr_assert(task(1)->stopped_at_usec == 210 * SECOND);
    cr_assert(count_turns(TURN_CONNECTED, false) == 1 && count_turns(TURN_CONNECTED, true) == 1);
    trial_end();
}

/* At each moment of a task's life, with messages of both kinds on their way. */
Test(fault, a_link_may_be_cut_at_any_moment)
{
    for (int msec = 0; msec < 4000; msec += 50) {
        char *members;

        cr_assert(asprintf(&members,
                           "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"
                           "'instances': '2xbox', 'images': {'x': {'size': '20MiB'}},"
                           "'taskDefinitions': [{'family': 'a', 'containerDefinitions': [{'name': "
                           "'c', 'image': 'x', 'cpu': 128, 'memory': 100}]}],"
                           "'behaviour': {'a/c': {'work': '500ms', 'idle': '0s'}},"
                           "'services': [{'serviceName': 's', 'taskDefinition': 'a', "
                           "'desiredCount': 4}], 'timeline': ["
                           "{'at': '%dms', 'fault': {'cutAgent': {'instance': 'i1', 'for': "
                           "'700ms'}}}, {'at': '%dms', 'fault': {'killInstance': 'i1'}}],"
                           "'until': '10s'",
                           msec, msec + 500 + msec % 400) > 0);
        trial_run(members);
        trial_end();
        free(members);
    }
}

/* Machines -------------------------------------------------------------------------------------- */

Test(fault, a_dead_agent_or_zone_takes_its_instances_along)
{
    trial_run(
        WORLD TWO WEB(4) "'timeline': [{'at': '100s', 'fault': {'killAgent': 'i1'}},"
                         "{'at': '200s', 'fault': {'killZone': {'zone': 'b'}}}], 'until': '300s'");
    for (int t = 1; t <= 4; t++) /* zone a is given its share again once it is back */
        cr_assert(task(t)->stop_code == STOP_INFRASTRUCTURE_HEALTH ||
                  task(t)->stop_reason == STOP_FOR_REBALANCING);
    cr_assert(result.story.instances[0].lost_at_usec == 100 * SECOND);
    cr_assert(result.story.instances[1].lost_at_usec == 200 * SECOND);
    cr_assert(result.n_missed == 0);
    trial_end();
}

/* The registry ---------------------------------------------------------------------------------- */

Test(fault, a_slow_registry_takes_longer)
{
    trial_run(WORLD TWO
              "'timeline': ["
              "{'at': '100s', 'fault': {'slowRegistry': {'factor': 10, 'for': '20s'}}},"
              "{'at': '110s', 'startTask': {'taskDefinition': 'job', 'containerInstances': "
              "['i1']}},"
              "{'at': '130s', 'startTask': {'taskDefinition': 'job', 'containerInstances': "
              "['i2']}}]");
    cr_assert(task(1)->containers[0].pulled_at_usec == 140 * SECOND);
    cr_assert(task(2)->containers[0].pulled_at_usec == 133 * SECOND);
    trial_end();
}

/* A pull fails after a minute without a byte, whether it had begun before or begins now; an image that
 * is there already does instead. */
Test(fault, a_dead_registry_fails_pulls)
{
    trial_run(WORLD TWO
              "'timeline': ["
              "{'at': '50s', 'startTask': {'taskDefinition': 'web', 'containerInstances': "
              "['i1']}},"
              "{'at': '99s', 'startTask': {'taskDefinition': 'job', 'containerInstances': "
              "['i1']}},"
              "{'at': '100s', 'fault': {'deadRegistry': {'for': '20s'}}},"
              "{'at': '110s', 'startTask': {'taskDefinition': 'job', 'containerInstances': "
              "['i2']}},"
              "{'at': '111s', 'startTask': {'taskDefinition': 'web', 'containerInstances': "
              "['i1']}},"
              "{'at': '180s', 'startTask': {'taskDefinition': 'job', 'containerInstances': "
              "['i2']}}], 'until': '300s'");
    cr_assert(task(2)->stopped_at_usec == 160 * SECOND);
    cr_assert(task(3)->stopped_at_usec == 170 * SECOND);
    for (int t = 2; t <= 3; t++) {
        cr_assert(task(t)->stop_code == STOP_TASK_FAILED_TO_START);
        cr_assert_str_eq(task(t)->reason, "CannotPullContainerError: the registry does not answer");
    }
    cr_assert(task(4)->running_at_usec == 171 * SECOND, "from the cache");
    cr_assert(task(5)->containers[0].pulled_at_usec == 183 * SECOND, "it is back");
    cr_assert(count_turns(TURN_PULL_FAILED, 0) == 3);
    trial_end();
}

/* Containers ------------------------------------------------------------------------------------ */

/* Started at 3 s, ill from 33 s on; asked every 5 s and 20 ms: its seventh answer is the second bad one. The
 * upper limit leaves room for its replacement, which comes first. */
Test(fault, a_service_replaces_what_falls_ill)
{
    trial_run(WORLD TWO
              "'services': [{'serviceName': 's', 'taskDefinition': 'ill', 'desiredCount': 1}],"
              "'until': '60s'");
    cr_assert(task(1)->stop_reason == STOP_FOR_HEALTH &&
              task(1)->stop_code == STOP_SERVICE_SCHEDULER_INITIATED);
    cr_assert(task(1)->containers[0].started_at_usec == 3 * SECOND);
    cr_assert(count_turns(TURN_HEALTH, HEALTH_HEALTHY) >= 1);
    cr_assert(count_turns(TURN_HEALTH, HEALTH_UNHEALTHY) >= 1);
    cr_assert(task(2)->placed_at_usec == 3 * SECOND + 7 * 5020000, "%lld",
              (long long)task(2)->placed_at_usec);
    cr_assert(task(1)->stop_at_usec > task(2)->running_at_usec &&
                  task(1)->stop_at_usec < task(2)->running_at_usec + 6 * SECOND,
              "it goes once the other one is healthy");
    cr_assert_str_eq(story_reason(task(1)), "Task failed container health checks");
    trial_end();
}

Test(fault, a_container_is_restarted_by_its_policy)
{
    trial_run(WORLD TWO
              "'timeline': [{'at': '10s', 'startTask': {'taskDefinition': 'again', "
              "'containerInstances': ['i1']}}, {'at': '100s', 'fault': {'killTask': 't1'}}]");
    cr_assert(task(1)->containers[0].started_at_usec == 13 * SECOND);
    cr_assert(task(1)->containers[0].n_restarts == 1, "after 60 s");
    cr_assert(count_turns(TURN_RESTARTED, 3) == 1);
    cr_assert(task(1)->containers[0].exited_at_usec == 100010000 &&
                  task(1)->containers[0].exit_code == 137,
              "it had not run long enough then");
    cr_assert(task(1)->stop_code == STOP_ESSENTIAL_CONTAINER_EXITED);
    trial_end();
}

/* Images that are cleaned up are pulled again. */
Test(fault, a_removed_image_is_pulled_again)
{
    trial_run(
        WORLD TWO
        "'agent': {'imageCleanupInterval': '10m', 'imageMinimumAge': '1m', 'imagePullBehavior': "
        "'once'},"
        "'timeline': ["
        "{'at': '10s', 'startTask': {'taskDefinition': 'job', 'containerInstances': ['i1']}},"
        "{'at': '100s', 'startTask': {'taskDefinition': 'job', 'containerInstances': ['i1']}},"
        "{'at': '700s', 'startTask': {'taskDefinition': 'job', 'containerInstances': ['i1']}}]");
    cr_assert(task(1)->containers[0].pulled_at_usec == 13 * SECOND);
    cr_assert(task(2)->containers[0].pull_at_usec == USEC_NEVER, "it is there");
    cr_assert(task(2)->running_at_usec == 100 * SECOND);
    cr_assert(task(3)->containers[0].pulled_at_usec == 703 * SECOND);
    trial_end();
}

/* Two tasks of 600 MiB: the second is sent while the first still stops, and waits in the agent. */
Test(fault, a_task_waits_in_its_agent_for_what_another_holds)
{
    char what[64];

    trial_run(
        "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '0s', 'create': '0s', "
        "'start': '0s', 'stop': '3s', 'teardown': '0s', 'imageSize': '0B'},"
        "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"
        "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', 'containerDefinitions': [{'name'"
        ": 'c', 'image': 'x', 'memory': 600}]}], 'behaviour': {'a/c': {'idle': 'forever'}},"
        "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 1}],"
        "'timeline': [{'at': '10s', 'stopTask': {'task': 't1'}}], 'until': '30s'");
    cr_assert(task(1)->stopped_at_usec == 13 * SECOND);
    cr_assert(task(2)->received_at_usec == 10 * SECOND);
    cr_assert(task(2)->admitted_at_usec == 13 * SECOND);
    cr_assert(task(2)->waited_lack == PLACE_MEMORY);
    cr_assert_str_eq(story_queued(task(2), what, sizeof what), "t1's memory");
    trial_end();
}

/* What does not end when asked to is killed after its stopTimeout, and holds what it has until then.
 * A replacement waits meanwhile: in its agent for memory, GPUs and ports, and what is behind it in the
 * queue waits with it; in the scheduler for a network interface. */
#define STUBBORN                                                                                   \
    "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '0s', 'create': '0s', "       \
    "'start': '0s', 'stop': '0s', 'teardown': '0s', 'imageSize': '0B'},"                           \
    "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s', 'gpus': 2, 'enis': 1}}," \
    "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', %s 'containerDefinitions': [{"      \
    "'name': 'c', 'image': 'x', 'memory': %d, 'stopTimeout': 20, %s}]}, {'family': 'small', "      \
    "'containerDefinitions': [{'name': 'c', 'image': 'x', 'memory': 10}]}],"                       \
    "'behaviour': {'a/c': {'stop': 'forever'}, 'small/c': {}},"                                    \
    "'timeline': [{'at': '5s', 'runTask': {'taskDefinition': 'a'}},"                               \
    "{'at': '10s', 'stopTask': {'task': 't1'}},"                                                   \
    "{'at': '12s', 'runTask': {'taskDefinition': 'a'}, 'wait': true},"                             \
    "{'at': '14s', 'runTask': {'taskDefinition': 'small'}}], 'until': '50s'"

Test(fault, a_replacement_waits_while_the_grace_period_lasts)
{
    static const struct {
        const char *of_task, *of_container, *waits_for;
        int memory_mib;
        enum place_reason lack;
    } rows[] = {
        {"", "'cpu': 1", "t1's memory", 600, PLACE_MEMORY},
        {"", "'cpu': 600", "t1's CPU units", 100, PLACE_CPU},
        {"", "'resourceRequirements': [{'type': 'GPU', 'value': '2'}]", "t1's GPU", 100, PLACE_GPU},
        {"", "'resourceRequirements': [{'type': 'GPU', 'value': 'ALL'}]", "t1's GPU", 100,
         PLACE_GPU},
        {"", "'portMappings': [{'containerPort': 80, 'hostPort': 80}]", "t1's port", 100,
         PLACE_PORTS},
        {"'networkMode': 'host',", "'portMappings': [{'containerPort': 80}]", "t1's port", 100,
         PLACE_PORTS},
        {"'networkMode': 'awsvpc',", "'cpu': 1", NULL, 100, PLACE_ENI},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char members[4096], what[64] = "";

        snprintf(members, sizeof members, STUBBORN, rows[i].of_task, rows[i].memory_mib,
                 rows[i].of_container);
        trial_run(members);
        cr_expect(task(1)->stopped_at_usec == 30 * SECOND, "%zu: killed after 20 s", i);
        cr_expect(task(1)->containers[0].exit_code == 137, "%zu", i);
        cr_expect(task(2)->admitted_at_usec == 30 * SECOND, "%zu: at %lld", i,
                  (long long)task(2)->admitted_at_usec);
        if (rows[i].lack == PLACE_ENI) {
            cr_expect(task(2)->placed_at_usec == 30 * SECOND, "no interface before");
            cr_expect(task(3)->running_at_usec == 14 * SECOND, "nobody waits in the agent");
        } else {
            cr_expect(task(2)->placed_at_usec == 12 * SECOND, "%zu", i);
            cr_expect(task(2)->waited_lack == rows[i].lack, "%zu: %d", i, task(2)->waited_lack);
            cr_expect_str_eq(story_queued(task(2), what, sizeof what), rows[i].waits_for);
            cr_expect(task(3)->admitted_at_usec == 30 * SECOND, "%zu: behind the head", i);
        }
        trial_end();
    }
}

/* Between SIGTERM and its end: as long as the scenario says, or as long as ECS lets it. */
Test(fault, a_container_takes_its_time_to_stop)
{
    trial_run(
        "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '0s', 'create': '0s', "
        "'start': '0s', 'stop': '10ms', 'teardown': '0s', 'imageSize': '0B'},"
        "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}},"
        "'instances': '1xbox', 'taskDefinitions': [{'family': 'web', 'containerDefinitions': [{"
        "'name': 'c', 'image': 'x', 'memory': 100}]}, {'family': 'slow', 'containerDefinitions': [{"
        "'name': 'c', 'image': 'x', 'memory': 100}]}],"
        "'behaviour': {'web/c': {'stop': '4s'}, 'slow/c': {'stop': '40s'}},"
        "'timeline': [{'at': '10s', 'runTask': {'taskDefinition': 'web'}},"
        "{'at': '10s', 'runTask': {'taskDefinition': 'slow'}},"
        "{'at': '20s', 'stopTask': {'task': 't1'}}, {'at': '20s', 'stopTask': {'task': 't2'}},"
        "{'at': '60s', 'runTask': {'taskDefinition': 'web'}},"
        "{'at': '70s', 'stopTask': {'task': 't3'}},"
        "{'at': '72s', 'fault': {'killTask': 't3'}}]");
    cr_expect(task(1)->stopped_at_usec == 24010000 && task(1)->containers[0].exit_code == 143);
    cr_expect(task(2)->stopped_at_usec == 50010000 && task(2)->containers[0].exit_code == 137);
    cr_expect(task(3)->stopped_at_usec == 72010000 && task(3)->containers[0].exit_code == 137);
    trial_end();
}
