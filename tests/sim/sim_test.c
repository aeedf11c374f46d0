/*
 * Driver 1, scenario by scenario: what the simulated world does, that nothing depends on anything
 * but scenario and seed, and that every log replays.
 */
#include "file/expect.h"
#include "file/replay.h"
#include "sim.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SECOND USEC_PER_SEC

/* A world without delays of its own, so that what is left can be counted by hand. */
#define NO_COSTS                                                                                   \
    "'costs': {'boot': '0s', 'agent': '0s', 'message': '0s', 'pull': '1s', 'pullPerSecond': "      \
    "'1MiB',"                                                                                      \
    " 'create': '0s', 'start': '0s', 'stop': '10ms', 'teardown': '0s'},"
#define BOX(vcpu) "'instanceTypes': {'box': {'vcpu': " #vcpu ", 'memory': '1GiB', 'boot': '0s'}},"
#define TASK(family, members)                                                                      \
    "{'family': '" family "', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 128, "   \
    "'memory': 100" members "}]}"

/* A scenario of those members, with ' for ". */
static struct scenario *parse(const char *members)
{
    char *text;
    struct findings findings = {0};
    struct scenario *scenario;

    cr_assert(asprintf(&text, "{'berth': 'scenario/1', %s}", members) > 0);
    for (char *c = text; *c; c++)
        if (*c == '\'')
            *c = '"';
    scenario = scenario_parse(text, "test.json", &findings);
    cr_assert(scenario != NULL, "%s", findings.n_list ? findings.list[0].text : text);
    findings_finish(&findings);
    free(text);
    return scenario;
}

/* Simulates with all checks on. */
static struct sim_result run(const struct scenario *scenario)
{
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err = {0};

    options.paranoid = true;
    options.tell = true;
    cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
    return result;
}

static const struct story_container *container(const struct sim_result *result, int task, int c)
{
    cr_assert(task < result->story.n_tasks);
    return &result->story.tasks[task].containers[c];
}

static void finish(struct sim_result *result, struct scenario *scenario)
{
    sim_result_finish(result);
    scenario_destroy(scenario);
}

/* The world ------------------------------------------------------------------------------------- */

Test(sim, two_jobs_share_one_cpu)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "job",
            "") "],"
                "'behaviour': {'job/c': {'ready': '300ms', 'work': '2s', 'idle': '0s'}},"
                "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'job', 'count': 2}}]");
    struct sim_result result = run(scenario);

    for (int t = 0; t < 2; t++) {
        const struct story_container *c = container(&result, t, 0);

        cr_assert(c->ready_at_usec - c->started_at_usec == 300000);
        cr_assert(c->exited_at_usec - c->ready_at_usec == 4 * SECOND);
        cr_assert(c->exit_code == 0);
    }
    finish(&result, scenario);
}

/* 3 MiB at 1 MiB a second after 1 s: the first waits 4 s, whoever asks meanwhile waits for the
 * same arrival, whoever asks later finds it there and pays for the question alone. */
Test(sim, an_image_is_pulled_once_for_each_instance)
{
    struct scenario *scenario = parse(NO_COSTS BOX(
        1) "'instances': '1xbox', 'images': {'x': {'size': '3MiB'}},"
           "'taskDefinitions': [" TASK(
               "a", "") "],"
                        "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a'}},"
                        " {'at': '3s', 'runTask': {'taskDefinition': 'a'}},"
                        " {'at': '9s', 'runTask': {'taskDefinition': 'a'}}]");
    struct sim_result result = run(scenario);

    cr_assert(container(&result, 0, 0)->pulled_at_usec == 5 * SECOND);
    cr_assert(container(&result, 1, 0)->pulled_at_usec == 5 * SECOND);
    cr_assert(container(&result, 2, 0)->pulled_at_usec == 10 * SECOND);
    finish(&result, scenario);
}

Test(sim, memory_above_the_limit_ends_in_an_oom_kill)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK("a", "") ", " TASK(
            "b", "") "],"
                     "'behaviour': {'a/c': {'memory': '101MiB', 'idle': '1s'}, 'b/c': {'memory': "
                     "'100MiB', 'idle': '1s'}},"
                     "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a'}},"
                     " {'at': '1s', 'runTask': {'taskDefinition': 'b'}}]");
    struct sim_result result = run(scenario);

    cr_assert(container(&result, 0, 0)->oom && container(&result, 0, 0)->exit_code == 137);
    cr_assert(!container(&result, 1, 0)->oom && container(&result, 1, 0)->exit_code == 0);
    finish(&result, scenario);
}

Test(sim, signals_and_faults_end_containers_with_their_codes)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a",
            "") "],"
                "'behaviour': {'a/c': {'idle': 'forever'}},"
                "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a', 'count': 3}},"
                " {'at': '200s', 'fault': {'killTask': 't1'}},"
                " {'at': '201s', 'stopTask': {'task': 't2'}},"
                " {'at': '202s', 'fault': {'killContainer': {'task': 't3', 'container': 'c'}}},"
                " {'at': '203s', 'fault': {'killTask': 't1'}}]");
    struct sim_result result = run(scenario);

    cr_assert(container(&result, 0, 0)->exit_code == 137);
    cr_assert(container(&result, 0, 0)->exited_at_usec == 200 * SECOND + 10000);
    cr_assert(container(&result, 1, 0)->exit_code == 143);
    cr_assert(container(&result, 1, 0)->exited_at_usec == 201 * SECOND + 10000);
    cr_assert(container(&result, 2, 0)->exit_code == 137);
    cr_assert(result.story.tasks[0].stop_code == STOP_ESSENTIAL_CONTAINER_EXITED);
    cr_assert(result.story.tasks[1].stop_code == STOP_USER_INITIATED);
    cr_assert(result.n_missed == 1 && result.missed[0] == 4, "t1 was dead already");
    finish(&result, scenario);
}

Test(sim, an_instance_that_dies_takes_its_tasks_along)
{
    struct scenario *scenario = parse(NO_COSTS BOX(
        1) "'instances': [{'type': 'box', 'count': 2}],"
           "'taskDefinitions': [" TASK(
               "a",
               "") "], 'behaviour': {'a/c': {'idle': 'forever'}},"
                   "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 4}],"
                   "'timeline': [{'at': '300s', 'fault': {'killInstance': 'i1'}}], 'until': "
                   "'600s'");
    struct sim_result result = run(scenario);
    int lost = 0, running = 0;

    for (int t = 0; t < result.story.n_tasks; t++) {
        lost += result.story.tasks[t].stop_code == STOP_INFRASTRUCTURE_HEALTH;
        running += result.story.tasks[t].torn_down;
    }
    cr_assert(lost == 2 && running == 4, "%d lost, %d running", lost, running);
    cr_assert(result.story.instances[0].lost_at_usec == 300 * SECOND);
    finish(&result, scenario);
}

/* Killed while it pulls, creates, starts: at every moment of its life, the instance may go. */
Test(sim, an_instance_may_die_at_any_moment)
{
    for (int msec = 0; msec < 3000; msec += 20) {
        char *members;
        struct scenario *scenario;
        struct sim_result result;

        cr_assert(
            asprintf(
                &members,
                BOX(1) "'instances': '2xbox', 'images': {'x': {'size': '20MiB'}},"
                       "'taskDefinitions': [" TASK(
                           "a", "") "],"
                                    "'behaviour': {'a/c': {'work': '500ms', 'idle': '0s'}},"
                                    "'services': [{'serviceName': 's', 'taskDefinition': 'a', "
                                    "'desiredCount': 6}],"
                                    "'timeline': [{'at': '%dms', 'fault': {'killInstance': 'i1'}}],"
                                    "'until': '10s'",
                msec) > 0);
        scenario = parse(members);
        result = run(scenario);
        cr_assert(result.n_missed == 0);
        finish(&result, scenario);
        free(members);
    }
}

/* Two containers serve from 2 s on; one of them is killed at 100 s and the other lives on. */
Test(expect, asks_about_a_moment_or_the_end)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "") "],"
                     "'images': {'x': {'size': '1MiB'}}, 'behaviour': {'a/c': {'idle': 'forever'}},"
                     "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 2}],"
                     "'timeline': [{'at': '100s', 'updateService': {'service': 's', "
                     "'desiredCount': 1}}],"
                     "'until': '200s', 'expect': ["
                     "{'at': '1s', 'service': 's', 'running': 0},"
                     "{'at': '50s', 'service': 's', 'running': 2},"
                     "{'at': 'end', 'service': 's', 'running': 1},"
                     "{'at': '50s', 'task': 't2', 'lastStatus': 'RUNNING'},"
                     "{'task': 't1', 'instance': 'i1'},"
                     "{'at': '50s', 'service': 's', 'running': 1},"
                     "{'task': 't1', 'instance': 'i2'},"
                     "{'at': '1s', 'task': 't1', 'lastStatus': 'RUNNING'},"
                     "{'task': 't3', 'lastStatus': 'STOPPED'}]");
    static const char *const found[] = {"2 running", "it is on i1", "it is PENDING",
                                        "there is no such task"};
    struct sim_result result = run(scenario);
    char text[128];

    cr_assert(scenario->n_expects == 9 && expect_count(scenario, &result.story) == 5);
    for (int i = 0; i < 9; i++) {
        bool holds = expect_holds(&scenario->expects[i], &result.story, text, sizeof text);

        cr_assert(holds == (i < 5), "%s: %s", scenario->expects[i].text, text);
        cr_assert(holds || strcmp(text, found[i - 5]) == 0, "%s: %s", scenario->expects[i].text,
                  text);
    }
    finish(&result, scenario);
}

/* The run ------------------------------------------------------------------------------------ */

Test(sim, ends_by_itself_when_all_is_done)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "") "],"
                     "'behaviour': {'a/c': {'idle': '3s'}},"
                     "'timeline': [{'at': '100s', 'runTask': {'taskDefinition': 'a'}}]");
    struct sim_result result = run(scenario);

    cr_assert(result.summary.end_usec >= 103 * SECOND && result.summary.end_usec < 400 * SECOND);
    cr_assert(!result.story.tasks[0].torn_down);
    finish(&result, scenario);
}

/* Scale-in passes over protected tasks, though more are left than are desired, until it is taken back or has
 * run out (ECS developer guide, task-scale-in-protection). */
Test(sim, protected_tasks_outlive_scale_in)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(4) "'instances': '2xbox', 'taskDefinitions': [" TASK(
            "web",
            "") "],"
                "'behaviour': {'web/c': {'idle': 'forever'}},"
                "'services': [{'serviceName': 's', 'taskDefinition': 'web', 'desiredCount': 6}],"
                "'timeline': ["
                "{'at': '5s', 'updateTaskProtection': {'tasks': ['t2'], 'protectionEnabled': "
                "true}},"
                "{'at': '5s', 'updateTaskProtection': {'tasks': ['t5'], 'protectionEnabled': true,"
                " 'expiresInMinutes': 1}},"
                "{'at': '6s', 'updateService': {'service': 's', 'desiredCount': 1}},"
                "{'at': '8s', 'updateTaskProtection': {'tasks': ['t2'], 'protectionEnabled': "
                "false}},"
                "{'at': '9s', 'updateService': {'service': 's', 'desiredCount': 0}}], 'until': "
                "'90s'");
    struct sim_result result = run(scenario);

    cr_assert(result.story.n_tasks == 6, "%d tasks", result.story.n_tasks);
    for (int t = 0; t < 6; t++) {
        int64_t wanted = t == 1 ? 8 * SECOND : t == 4 ? 65 * SECOND : 6 * SECOND;

        cr_expect(result.story.tasks[t].stop_at_usec == wanted, "t%d: %lld instead of %lld", t + 1,
                  (long long)result.story.tasks[t].stop_at_usec, (long long)wanted);
    }
    finish(&result, scenario);
}

Test(sim, says_so_where_nothing_ever_ends)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "") "],"
                     "'behaviour': {'a/c': {'idle': 'forever'}},"
                     "'timeline': [{'at': '1s', 'runTask': {'taskDefinition': 'a'}}]");
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err = {0};

    cr_assert(!sim_run(scenario, &options, &result, &err));
    cr_assert(err.code == EXIT_INPUT && strstr(err.text, "until"), "%s", err.text);
    finish(&result, scenario);
}

Test(sim, counts_what_found_no_room)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a",
            "") "],"
                "'behaviour': {'a/c': {'idle': 'forever'}},"
                "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 10}],"
                "'timeline': [{'at': '2s', 'runTask': {'taskDefinition': 'a', 'count': 2}}],"
                "'until': '60s'");
    struct sim_result result = run(scenario);

    cr_assert(result.placed == 8 && result.waiting == 2 && result.unplaced == 2,
              "%lld placed, %lld waiting, %lld unplaced", (long long)result.placed,
              (long long)result.waiting, (long long)result.unplaced);
    finish(&result, scenario);
}

Test(sim, stops_for_inspection_where_it_is_told_to)
{
    struct scenario *scenario =
        parse(NO_COSTS BOX(1) "'instances': '1xbox', 'taskDefinitions': [" TASK(
            "a", "") "],"
                     "'behaviour': {'a/c': {'idle': 'forever'}},"
                     "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 3}],"
                     "'until': '600s'");
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err;

    options.stop_at_usec = 300 * SECOND;
    cr_assert(sim_run(scenario, &options, &result, &err));
    cr_assert(!result.scheduler.ending && result.scheduler.cluster.n_tasks == 3);
    cr_assert(result.scheduler.cluster.services[0].n_running == 3);
    finish(&result, scenario);
}

/* Two lives of one seed, side by side: a later addition changes nothing before it. */
Test(sim, draws_are_common_to_runs_that_differ)
{
#define SAME                                                                                       \
    "'instances': '3xm5.large', 'taskDefinitions': [" TASK(                                        \
        "a", "") "],"                                                                              \
                 "'timeline': [{'at': '200s', 'runTask': {'taskDefinition': 'a', 'count': 5}}"
    struct scenario *one = parse(SAME "], 'until': '300s'");
    struct scenario *two =
        parse(SAME ", {'at': '200s', 'runTask': {'taskDefinition': 'a'}}], 'until': '300s'");
    struct sim_result a = run(one), b = run(two);

    for (int i = 0; i < 3; i++)
        cr_assert(a.story.instances[i].registered_at_usec ==
                  b.story.instances[i].registered_at_usec);
    for (int t = 0; t < 5; t++) {
        const struct story_container *x = container(&a, t, 0), *y = container(&b, t, 0);

        cr_assert(x->created_at_usec - x->create_at_usec == y->created_at_usec - y->create_at_usec);
        cr_assert(x->started_at_usec - x->start_at_usec == y->started_at_usec - y->start_at_usec);
    }
    finish(&a, one);
    finish(&b, two);
}

/* Logs ---------------------------------------------------------------------------------------- */

static const char busy[] =
    "'instances': [{'type': 'm5.large', 'count': 3, 'zones': ['a', 'b'], 'replace': true}],"
    "'images': {'x': {'size': '90MiB'}},"
    "'taskDefinitions': [" TASK(
        "a", "") ", {'family': 'pair', 'containerDefinitions': ["
                 "{'name': 'init', 'image': 'x', 'memory': 50, 'essential': false},"
                 "{'name': 'main', 'image': 'x', 'memory': 50, 'cpu': 700,"
                 " 'dependsOn': [{'containerName': 'init', 'condition': 'SUCCESS'}]}]}],"
                 "'behaviour': {'a/c': {'work': {'exponential': {'mean': '4s'}}, 'idle': '1s', "
                 "'exit': 3},"
                 "'pair/init': {'idle': '0s'}, 'pair/main': {'work': '9s', 'idle': 'forever'}},"
                 "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': 7},"
                 " {'serviceName': 'p', 'taskDefinition': 'pair', 'desiredCount': 5}],"
                 "'timeline': [{'at': '60s', 'fault': {'killTask': 't2'}},"
                 " {'at': '90s', 'updateService': {'service': 's', 'desiredCount': 2}},"
                 " {'at': '100s', 'fault': {'killInstance': 'i2'}},"
                 " {'at': '110s', 'runTask': {'taskDefinition': 'pair', 'count': 10}},"
                 " {'at': '110s', 'runTask': {'taskDefinition': 'pair', 'count': 10}}],"
                 "'until': '300s'";

static char *read_all(const char *path, size_t *length)
{
    FILE *file = fopen(path, "r");
    char *text = NULL;
    size_t capacity = 0;

    *length = 0;
    cr_assert(file != NULL);
    for (;;) {
        size_t n;

        if (*length == capacity)
            text = realloc(text, capacity = capacity ? capacity * 2 : 65536);
        n = fread(text + *length, 1, capacity - *length, file);
        if (n == 0)
            break;
        *length += n;
    }
    fclose(file);
    return text;
}

static void log_run(const struct scenario *scenario, uint64_t seed, char *path)
{
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err = {0};
    int fd = mkstemp(path);

    cr_assert(fd >= 0);
    close(fd);
    options.seed = seed;
    options.log_path = path;
    options.paranoid = true;
    cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
    sim_result_finish(&result);
}

Test(sim, the_same_scenario_and_seed_give_the_same_bytes)
{
    struct scenario *scenario = parse(busy);
    char one[] = "/tmp/berth-sim-one-XXXXXX", two[] = "/tmp/berth-sim-two-XXXXXX";
    char other[] = "/tmp/berth-sim-three-XXXXXX";
    size_t a_length, b_length, c_length;
    char *a, *b, *c;

    log_run(scenario, 5, one);
    log_run(scenario, 5, two);
    log_run(scenario, 6, other);
    a = read_all(one, &a_length);
    b = read_all(two, &b_length);
    c = read_all(other, &c_length);
    cr_assert(a_length > 10000 && a_length == b_length && memcmp(a, b, a_length) == 0);
    cr_assert(a_length != c_length || memcmp(a, c, a_length) != 0, "another seed, another run");
    free(a);
    free(b);
    free(c);
    unlink(one);
    unlink(two);
    unlink(other);
    scenario_destroy(scenario);
}

Test(sim, every_log_replays)
{
    struct scenario *scenario = parse(busy);

    for (uint64_t seed = 1; seed <= 20; seed++) {
        char path[] = "/tmp/berth-sim-XXXXXX";
        struct replay replay;
        struct err err = {0};

        log_run(scenario, seed, path);
        cr_assert(replay_file(&replay, path, &err), "seed %llu: %s", (unsigned long long)seed,
                  err.text);
        cr_assert(!replay.truncated && replay.summary.events > 500);
        replay_finish(&replay);
        unlink(path);
    }
    scenario_destroy(scenario);
}

Test(sim, a_full_disk_is_the_machines_refusal)
{
    struct scenario *scenario = parse(busy);
    struct sim_options options = sim_options_default(scenario);
    struct sim_result result;
    struct err err = {0};

    options.log_path = "/dev/full";
    cr_assert(!sim_run(scenario, &options, &result, &err));
    cr_assert(err.code == EXIT_MACHINE && strstr(err.text, "/dev/full"), "%s", err.text);
    finish(&result, scenario);
}
