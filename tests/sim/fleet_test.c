/*
 * What the simulated machines share, counted by hand: CPUs of instances and of a host, an agent that is one
 * thread, memory and whom the kernel ends for it.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdlib.h>

/* CPUs ------------------------------------------------------------------------------------------ */

Test(fleet, threads_may_use_as_many_cpus)
{
    run(COSTS "}, " BOX(4) "'instances': '1xbox', 'taskDefinitions': [" JOB("one", "") ", " JOB(
        "three",
        "") "],"
            "'behaviour': {'one/c': {'work': '3s'}, 'three/c': {'work': '3s', 'threads': 3}},"
            "'timeline': [" RUN("one", "1s", 1) ", " RUN("three", "10s", 1) "]");
    assert_usec(worked_usec(1), 3 * SECOND, "one thread");
    assert_usec(worked_usec(2), 1 * SECOND, "three threads");
    trial_end();
}

/* Weights 3 to 1 on one CPU: 3/4 and 1/4. */
Test(fleet, tasks_share_by_weight)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': ["
                           "{'family': 'a', 'containerDefinitions': [{'name': 'c', 'image': 'x', "
                           "'cpu': 300, 'memory': 100}]},"
                           "{'family': 'b', 'containerDefinitions': [{'name': 'c', 'image': 'x', "
                           "'cpu': 100, 'memory': 100}]}],"
                           "'behaviour': {'a/c': {'work': '3s'}, 'b/c': {'work': '3s'}},"
                           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "1s", 1) "]");
    assert_usec(worked_usec(1), 4 * SECOND, "the heavy one");
    assert_usec(worked_usec(2), 6 * SECOND, "the light one");
    trial_end();
}

/* Two instances of 2 vCPUs on a host of 2: together they get no more than that. */
Test(fleet, instances_of_a_host_share_it)
{
    run(COSTS "'host': {'cpus': 2}}, " BOX(2) "'instances': '2xbox', 'taskDefinitions': [" JOB(
        "a", "") "],"
                 "'behaviour': {'a/c': {'work': '2s'}},"
                 "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                 "'containerInstances': ['i1', 'i2']}}, {'at': '1s', 'startTask': "
                 "{'taskDefinition': 'a', 'containerInstances': ['i1', 'i2']}}]");
    for (int t = 1; t <= 4; t++)
        assert_usec(worked_usec(t), 4 * SECOND, "four on two CPUs");
    trial_end();
}

/* Agents that start on a host are slower by a half where no CPU is left: those whose machines are up by then, and that
 * are not there yet. */
Test(fleet, agents_that_start_at_once_may_be_slower)
{
#define AT_ONCE(cpus, boot, n)                                                                     \
    COSTS "'host': {'cpus': " cpus "}, 'agent': {'cpu': '20ms'}, 'agentTogether': 1.5}, "          \
          "'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '" boot "'}}, "          \
          "'instances': '" n "xbox', 'taskDefinitions': [], 'until': '60s'"
    static const struct {
        const char *members;
        int n;
        int64_t each_usec;
    } cases[] = {{AT_ONCE("2", "0s", "1"), 1, 20 * MSEC},
                 {AT_ONCE("3", "0s", "2"), 2, 20 * MSEC},
                 {AT_ONCE("2", "0s", "2"), 2, 30 * MSEC},
                 {AT_ONCE("2", "7s", "2"), 2, 7030 * MSEC},
                 {AT_ONCE("2", "0s", "4"), 4, 60 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run(cases[i].members);
        cr_assert(result.story.n_instances == cases[i].n);
        for (int id = 0; id < cases[i].n; id++)
            assert_usec(result.story.instances[id].registered_at_usec, cases[i].each_usec,
                        cases[i].members);
        trial_end();
    }
#define LATER(costs, later, more)                                                                  \
    COSTS "'host': {'cpus': 2}, 'agent': {'cpu': '20ms'}, 'agentTogether': 1.5" costs              \
          "}, 'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}, 'late': "      \
          "{'vcpu': 1, 'memory': '1GiB', 'boot': '" later "'}}, 'instances': [{'type': 'box'}, "   \
          "{'type': 'late'}], 'taskDefinitions': [], 'until': '60s'" more
    run(LATER("", "21ms", ""));
    assert_usec(result.story.instances[0].registered_at_usec, 20 * MSEC, "the other's boots");
    assert_usec(result.story.instances[1].registered_at_usec, 41 * MSEC, "the other's is there");
    trial_end();
    run(LATER("", "10ms", ""));
    assert_usec(result.story.instances[0].registered_at_usec, 20 * MSEC, "it began alone");
    assert_usec(result.story.instances[1].registered_at_usec, 40 * MSEC, "while the other's did");
    trial_end();
    run(LATER("", "10ms", ", 'timeline': [{'at': '5ms', 'fault': {'killInstance': 'i1'}}]"));
    assert_usec(result.story.instances[1].registered_at_usec, 30 * MSEC, "the other's is no more");
    trial_end();
    run(LATER(", 'contention': false", "0s", ""));
    assert_usec(result.story.instances[1].registered_at_usec, 20 * MSEC, "nobody is in the way");
    trial_end();
}

/* Other programs have a quarter of two CPUs where both are wanted: who is alone leaves them one. */
Test(fleet, other_programs_have_their_part_of_a_host)
{
    run(COSTS "'host': {'cpus': 2, 'background': 0.25}}, " BOX(
        2) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'3s'}},"
                                                                "'timeline': [" RUN(
                                                                    "a", "1s", 1) "," RUN("a", "9s",
                                                                                          2) "]");
    assert_usec(worked_usec(1), 3 * SECOND, "alone");
    for (int t = 2; t <= 3; t++)
        assert_usec(worked_usec(t), 4 * SECOND, "both");
    trial_end();
    run_on("1", "'contention': true", JOB("a", ""), "'a/c': {'work': '3s'}", RUN("a", "1s", 1));
    assert_usec(worked_usec(1), 3 * SECOND, "nothing is said of others");
    trial_end();
}

Test(fleet, without_contention_everybody_is_alone)
{
    run(COSTS "'host': {'cpus': 1}, 'contention': false}, " BOX(
        1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'2s'}},"
                                                                "'timeline': [" RUN("a", "1s",
                                                                                    8) "]");
    for (int t = 1; t <= 8; t++)
        assert_usec(worked_usec(t), 2 * SECOND, "alone");
    trial_end();
}

/* A service's CPU is what its tasks burn for themselves too: half a CPU's quota, all the time it works. */
Test(fleet, a_services_own_work_is_observed)
{
    int64_t cpu_usec[4] = {0};
    int n = 0;

    run(COSTS
        "}, " BOX(2) "'rules': {'metricPeriod': '10s'}, 'instances': '1xbox', 'taskDefinitions': ["
                     "{'family': 'busy', 'networkMode': 'host', 'cpu': '512', 'memory': '100', "
                     "'containerDefinitions': [{'name': 'c', 'image': 'x'}]}], "
                     "'behaviour': {'busy/c': {'work': '12s'}}, 'services': [{'serviceName': 's', "
                     "'taskDefinition': 'busy', 'desiredCount': 1}], 'until': '35s'");
    for (int i = 0; i < result.story.n_facts && n < 4; i++)
        if (result.story.facts[i].message.kind == MESSAGE_OBSERVE)
            cpu_usec[n++] = result.story.facts[i].message.as.observe.services[0].cpu_usec;
    cr_assert(n == 4, "%d", n);
    for (int i = 0; i < 2; i++)
        cr_assert(llabs(cpu_usec[i] - 5 * SECOND) <= SECOND / 10, "period %d: %lld us", i,
                  (long long)cpu_usec[i]);
    trial_end();
}

/* Starting -------------------------------------------------------------------------------------- */

/* Four starts of 100 ms of CPU each on one CPU that nobody else wants: processor sharing. */
Test(fleet, starts_contend_for_cpus)
{
    run(COSTS
        "'child': {'cpu': '100ms'}}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [" JOB(
            "a", "") "],"
                     "'behaviour': {'a/c': "
                     "{'work': '1s'}},"
                     "'timeline': [" RUN("a", "1s", 4) "]");
    for (int t = 1; t <= 4; t++)
        assert_usec(life(t, 0)->started_at_usec - SECOND, 400 * MSEC, "four at once");
    trial_end();
}

/* An agent that is one thread: it makes a container (10 ms), starts it (5 ms) and only then hears of the
 * next task. Their first processes (20 ms each) run beside it; that they are done it sees when it has
 * nothing else to do: the first at 35 ms, in the midst of what it does for the third. */
Test(fleet, an_agent_does_one_thing_after_the_other)
{
    static const int started[] = {45, 60, 65, 80};

    run(COSTS
        "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, 'start': "
        "{'cpu': '5ms'}, 'child': {'cpu': '20ms'}}, " BOX(
            1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                                "") "],"
                                                                    "'behaviour': {'a/c': {'work': "
                                                                    "'1s'}}, 'timeline': [" RUN(
                                                                        "a", "1s", 4) "]");
    for (int t = 1; t <= 4; t++) {
        assert_usec(life(t, 0)->created_at_usec - SECOND, (10 + 15 * (t - 1)) * MSEC, "created");
        assert_usec(life(t, 0)->started_at_usec - SECOND, started[t - 1] * MSEC, "started");
    }
    trial_end();
}

/* What the whole host does one at a time, for starts of two instances. */
Test(fleet, a_lock_is_the_hosts)
{
    run(COSTS "'host': {'cpus': 16}, 'locked': '10ms'}, " BOX(
        1) "'instances': '2xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'1s'}},"
                                                                "'timeline': [{'at': '1s', "
                                                                "'startTask': {'taskDefinition': "
                                                                "'a', 'containerInstances': "
                                                                "['i1', 'i2']}}]");
    assert_usec(life(1, 0)->started_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->started_at_usec - SECOND, 20 * MSEC, "then the other");
    trial_end();
}

/* Of a creation of 10 ms the last 4 go one at a time on a host: the second waits for the first's. */
Test(fleet, a_part_of_a_creation_is_the_hosts)
{
    run(COSTS "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, "
              "'createAlone': 0.4}, " BOX(1) "'instances': '2xbox', 'taskDefinitions': [" JOB(
                  "a", "") "], 'behaviour': {'a/c': {'work': '1s'}},"
                           "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                           "'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->created_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->created_at_usec - SECOND, 14 * MSEC, "the other");
    trial_end();
}

/* All of it goes one at a time, and whoever has waited is slower by a half: 10 ms, then 15 more. */
Test(fleet, waiting_for_each_other_may_make_slower)
{
    run(COSTS "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, "
              "'createAlone': 1.5}, " BOX(1) "'instances': '2xbox', 'taskDefinitions': [" JOB(
                  "a", "") "], 'behaviour': {'a/c': {'work': '1s'}},"
                           "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                           "'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->created_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->created_at_usec - SECOND, 25 * MSEC, "the other");
    trial_end();
}

/* One CPU for a job and two first processes of 100 ms each: three parts, or two, of which one is theirs. */
Test(fleet, agents_may_be_one_session)
{
#define SESSION(is)                                                                                \
    COSTS                                                                                          \
    "'host': {'cpus': 1, 'session': " is                                                           \
    "}, 'child': {'cpu': '100ms'}}, " BOX(1) "'instances': '3xbox', 'taskDefinitions': [" JOB(     \
        "a",                                                                                       \
        "") "], 'behaviour': {'a/c': "                                                             \
            "{'work': '9s'}}, 'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "     \
            "'containerInstances': ['i1']}}, {'at': '2s', 'startTask': {'taskDefinition': "        \
            "'a', "                                                                                \
            "'containerInstances': ['i2', 'i3']}}]"
    run(SESSION("false"));
    assert_usec(life(2, 0)->started_at_usec - 2 * SECOND, 300 * MSEC, "each a third");
    assert_usec(life(3, 0)->started_at_usec - 2 * SECOND, 300 * MSEC, "likewise");
    trial_end();
    run(SESSION("true"));
    assert_usec(life(2, 0)->started_at_usec - 2 * SECOND, 400 * MSEC, "a half for both");
    assert_usec(life(3, 0)->started_at_usec - 2 * SECOND, 400 * MSEC, "likewise");
    trial_end();
}

/* Memory ---------------------------------------------------------------------------------------- */

/* Touching 64 MiB at 1 ms each, then it becomes ready. */
Test(fleet, touching_memory_is_work)
{
    run(COSTS "'touchPerMiB': '1ms'}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [" JOB(
        "a", "") "],"
                 "'behaviour': {'a/c': {'memory': '64MiB', 'ready': '10ms', 'work': '1s'}},"
                 "'timeline': [" RUN("a", "1s", 2) "]");
    for (int t = 1; t <= 2; t++)
        assert_usec(life(t, 0)->ready_at_usec - life(t, 0)->started_at_usec, 138 * MSEC,
                    "two at once");
    trial_end();
}

/* A task of 100 MiB: the larger of its containers goes, whoever asked last. */
Test(fleet, a_tasks_limit_ends_its_largest_container)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', 'memory': "
                           "'100', 'containerDefinitions': [{'name': 'large', 'image': 'x', "
                           "'cpu': 10}, {'name': 'small', 'image': 'x', 'cpu': 10, 'dependsOn': "
                           "[{'containerName': 'large', 'condition': 'START'}], 'essential': "
                           "false}]}],"
                           "'behaviour': {'a/large': {'memory': '70MiB', 'idle': '5s'}, "
                           "'a/small': {'memory': '40MiB', 'idle': '5s'}},"
                           "'timeline': [" RUN("a", "1s", 1) "]");
    cr_assert(life(1, 0)->oom && life(1, 0)->exit_code == 137);
    cr_assert(!life(1, 1)->oom);
    trial_end();
}

/* Soft limits promise more than the machine has: its largest container goes, others live on. */
Test(fleet, an_instances_end_of_memory_ends_its_largest_container)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', "
                           "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, "
                           "'memoryReservation': 100}]}, {'family': 'b', "
                           "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, "
                           "'memoryReservation': 100}]}],"
                           "'behaviour': {'a/c': {'memory': '400MiB', 'idle': '9s'}, 'b/c': "
                           "{'memory': '300MiB', 'idle': '9s'}},"
                           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "2s", 1) ", " RUN(
                               "b", "3s", 1) ", " RUN("b", "4s", 1) "]");
    cr_assert(life(1, 0)->oom && life(1, 0)->exit_code == 137, "400 + 3 * 300 > 1024");
    assert_usec(life(1, 0)->exited_at_usec, 4 * SECOND, "when the fourth came");
    for (int t = 2; t <= 4; t++)
        cr_assert(!life(t, 0)->oom && life(t, 0)->exit_code == 0);
    trial_end();
}
