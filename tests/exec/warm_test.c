/*
 * Memory at hand: how much a scenario touches, and that it is really touched and given back.
 */
#include "exec/warm.h"

#include "file/scenario.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)

/* What the scenario with that timeline wants at that scale, MiB. */
static int64_t wanted_mib(const char *services, const char *timeline, struct scale scale)
{
    struct findings findings = {0};
    struct scenario *scenario;
    struct plans plans;
    char *text;
    int64_t mib;

    cr_assert(asprintf(&text,
                       "{ 'berth': 'scenario/1', 'until': '9s',"
                       "  'instanceTypes': { 'box': { 'vcpu': 2, 'memory': '2GiB' } },"
                       "  'instances': '2xbox', 'taskDefinitions': ["
                       "    { 'family': 'sober', 'containerDefinitions': ["
                       "      { 'name': 'a', 'image': 'i', 'memory': 100 },"
                       "      { 'name': 'b', 'image': 'i', 'memory': 100 } ] },"
                       "    { 'family': 'greedy', 'containerDefinitions': ["
                       "      { 'name': 'a', 'image': 'i', 'memory': 50 } ] } ],"
                       "  'behaviour': { 'sober/a': { 'memory': '20MiB', 'idle': 'forever' },"
                       "                 'sober/b': { 'memory': '30MiB', 'idle': 'forever' },"
                       "                 'greedy/a': { 'memory': '70MiB', 'idle': 'forever' } },"
                       "  'services': [%s], 'timeline': [%s] }",
                       services, timeline) > 0);
    for (char *at = text; *at; at++)
        *at = *at == '\'' ? '"' : *at;
    scenario = scenario_parse(text, "warm", &findings);
    cr_assert(scenario != NULL);
    plans_make(&plans, scenario, scale, 1, NULL);
    mib = warm_wanted(&plans) / MIB;
    plans_finish(&plans);
    scenario_destroy(scenario);
    findings_finish(&findings);
    free(text);
    return mib;
}

#define RUN_TASK(family, count)                                                                    \
    "{ 'at': '1s', 'runTask': { 'taskDefinition': '" family "', 'count': " count " } }"

Test(warm, what_containers_touch_is_counted)
{
    const struct scale whole = {1, 1}, half = {1, 2};

    cr_expect_eq(wanted_mib("", "", whole), 0);
    cr_expect_eq(wanted_mib("", RUN_TASK("sober", "3"), whole), 150, "both containers of three");
    cr_expect_eq(wanted_mib("", RUN_TASK("sober", "3"), half), 75);
    cr_expect_eq(wanted_mib("", RUN_TASK("greedy", "2"), whole), 100, "no more than its limit");
    cr_expect_eq(
        wanted_mib("{ 'serviceName': 's', 'taskDefinition': 'sober', 'desiredCount': 4 }",
                   RUN_TASK("greedy", "1") ", { 'at': '2s', 'fault': { 'killTask': 't1' } }",
                   whole),
        250, "services, too");
    cr_expect_eq(
        wanted_mib("",
                   "{ 'at': '1s', 'startTask': { 'taskDefinition': 'sober', 'containerInstances': "
                   "['i1', 'i2'] } }",
                   whole),
        100, "one on each");
    cr_expect_eq(
        wanted_mib("{ 'serviceName': 's', 'taskDefinition': 'greedy', 'desiredCount': 1 }",
                   RUN_TASK("sober", "1") ", { 'at': '2s', 'updateService': { 'service': 's', "
                                          "'desiredCount': 3 } }",
                   whole),
        200, "the most that is wanted of a service");
    cr_expect_eq(wanted_mib("{ 'serviceName': 's', 'taskDefinition': 'greedy', "
                            "'schedulingStrategy': 'DAEMON' }",
                            "", whole),
                 100, "a daemon on each");
    cr_expect_eq(
        wanted_mib("{ 'serviceName': 's', 'taskDefinition': 'greedy', 'desiredCount': 1000000 }",
                   RUN_TASK("greedy", "10"), whole),
        4096, "no more than the instances have");
}

/* The most that a child of this process ever held, bytes. */
static int64_t most_of_children(void)
{
    struct rusage usage;

    getrusage(RUSAGE_CHILDREN, &usage);
    return usage.ru_maxrss * INT64_C(1024);
}

/* Whoever had it is gone then, and it with them. */
Test(warm, it_is_touched_and_given_back)
{
    const int64_t cpus = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
    const int64_t each = 64 * MIB;

    if (capacity_unused_bytes() < 3 * cpus * each)
        cr_skip_test("not enough memory is unused here");
    warm_memory(0);
    cr_expect(most_of_children() == 0, "nobody is asked to touch nothing");
    warm_memory(cpus * each);
    cr_expect(most_of_children() >= each * (cpus > 32 ? cpus / 32 : 1), "not all was touched");
    cr_expect(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD, "somebody is left");
}
