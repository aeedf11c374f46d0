/*
 * Those who weigh as little as any can, whom the kernel moves too many of at a time.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>

#define LEAST(members)                                                                             \
    "{'family': 'a', 'networkMode': 'host', 'containerDefinitions': [{'name': 'c', 'image': 'x', " \
    "'memory': 40" members "}]}"
#define OFTEN "'balanceAfter': '100ms', 'overbalanceEvery': '10ms'"

/* When each of them has ended: so many, of 100 ms each, on two CPUs from 1 s on. */
struct ends {
    int64_t first, last;
};

static struct ends run_jobs_on(const char *cpus, const char *costs, const char *job,
                               const char *timeline, int n)
{
    struct ends ends = {INT64_MAX, 0};

    run_on(cpus, costs, job, "'a/c': {'work': '100ms', 'idle': '0s'}", timeline);
    for (int task = 1; task <= n; task++) {
        int64_t usec = life(task, 0)->exited_at_usec - SECOND;

        ends.first = usec < ends.first ? usec : ends.first;
        ends.last = usec > ends.last ? usec : ends.last;
    }
    trial_end();
    return ends;
}

static struct ends run_jobs(const char *costs, const char *job, const char *timeline, int n)
{
    return run_jobs_on("2", costs, job, timeline, n);
}

#define TWELVE RUN("a", "1s", 10) "," RUN("a", "1s", 2)

/* All CPUs work all the time, but for the end, when one may be left on its own: with no more than 100 ms of work. */
Test(fleet_overbalance, those_who_weigh_least_share_unevenly)
{
    struct ends ends = run_jobs(OFTEN, LEAST(""), TWELVE, 12);

    cr_assert(ends.first < 500 * MSEC, "%lld", (long long)ends.first);
    cr_assert(ends.first >= 100 * MSEC);
    cr_assert(ends.last >= 600 * MSEC && ends.last <= 700 * MSEC, "%lld", (long long)ends.last);
}

Test(fleet_overbalance, who_weighs_more_shares_evenly)
{
    struct ends ends = run_jobs(OFTEN, LEAST(", 'cpu': 10"), TWELVE, 12);

    assert_usec(ends.first, 600 * MSEC, "the first");
    assert_usec(ends.last, 600 * MSEC, "the last");
}

Test(fleet_overbalance, a_kernel_that_does_not_do_so_lets_them_share_evenly)
{
    struct ends ends = run_jobs("'balanceAfter': '100ms'", LEAST(""), TWELVE, 12);

    assert_usec(ends.first, 600 * MSEC, "the first");
    assert_usec(ends.last, 600 * MSEC, "the last");
}

/* Two stay in a line: where there are no more than these nobody is moved. */
Test(fleet_overbalance, nobody_is_moved_of_two_for_each_cpu)
{
    struct ends ends = run_jobs(OFTEN, LEAST(""), RUN("a", "1s", 4), 4);

    assert_usec(ends.first, 200 * MSEC, "the first");
    assert_usec(ends.last, 200 * MSEC, "the last");
}

/* One who weighs five times as much as all of them has a CPU to itself. */
Test(fleet_overbalance, nobody_is_moved_beside_one_who_weighs_more)
{
    run_on("2", OFTEN,
           LEAST("") ",{'family': 'b', 'networkMode': 'host', 'containerDefinitions': [{'name': "
                     "'c', 'image': 'x', 'memory': 40, 'cpu': 100}]}",
           "'a/c': {'work': '50ms', 'idle': '0s'}, 'b/c': {'work': '9s'}",
           RUN("b", "1s", 1) "," RUN("a", "2s", 10));
    for (int task = 2; task <= 11; task++)
        cr_assert(worked_usec(task) >= 450 * MSEC && worked_usec(task) <= 550 * MSEC, "%lld",
                  (long long)worked_usec(task));
    trial_end();
}

/* What they touch and give back is work like any other. */
Test(fleet_overbalance, they_touch_memory_as_unevenly_as_they_work)
{
    int64_t first = INT64_MAX, last = 0;

    run_on("2", OFTEN ", 'touchPerMiB': '4ms', 'freePerMiB': '1ms'", LEAST(""),
           "'a/c': {'memory': '25MiB', 'idle': '0s'}", TWELVE);
    for (int task = 1; task <= 12; task++) {
        int64_t usec = life(task, 0)->ready_at_usec - SECOND;

        first = usec < first ? usec : first;
        last = life(task, 0)->exited_at_usec > last ? life(task, 0)->exited_at_usec : last;
    }
    cr_assert(first < 500 * MSEC, "%lld", (long long)first);
    cr_assert(last >= 1750 * MSEC && last <= 1900 * MSEC, "%lld", (long long)last);
    trial_end();
}

/* 24 on four CPUs; and one CPU has no other to move anybody to. */
Test(fleet_overbalance, lines_are_as_many_as_cpus)
{
    struct ends ends = run_jobs_on(
        "4", OFTEN, LEAST(""), RUN("a", "1s", 10) "," RUN("a", "1s", 10) "," RUN("a", "1s", 4), 24);

    cr_assert(ends.first < 500 * MSEC, "%lld", (long long)ends.first);
    cr_assert(ends.last >= 600 * MSEC && ends.last <= 700 * MSEC, "%lld", (long long)ends.last);
    ends = run_jobs_on("1", OFTEN, LEAST(""), RUN("a", "1s", 6), 6);
    assert_usec(ends.first, 600 * MSEC, "the first");
    assert_usec(ends.last, 600 * MSEC, "the last");
}

/* What a host has beyond whole CPUs is theirs too. */
Test(fleet_overbalance, nothing_of_a_host_is_left_idle)
{
    struct ends ends = run_jobs_on("2.5", OFTEN, LEAST(""), TWELVE, 12);

    cr_assert(ends.first < 400 * MSEC, "%lld", (long long)ends.first);
    cr_assert(ends.last >= 480 * MSEC && ends.last <= 580 * MSEC, "%lld", (long long)ends.last);
}

/* Two instances of one CPU each, whose quotas let neither have more, however their containers stand in lines. */
Test(fleet_overbalance, quotas_hold)
{
    int64_t last = 0;

    run(COSTS "'host': {'cpus': 2}, " OFTEN
              "}, 'instanceTypes': {'box': {'vcpu': 1, 'memory': '1GiB', 'boot': '0s'}}, "
              "'instances': '2xbox', 'taskDefinitions': [" LEAST(
                  "") "], 'behaviour': {'a/c': {'work': '100ms', 'idle': '0s'}},"
                      "'timeline': [" TWELVE "]");
    for (int task = 1; task <= 12; task++)
        last = life(task, 0)->exited_at_usec > last ? life(task, 0)->exited_at_usec : last;
    cr_assert(last >= 1600 * MSEC && last <= 1750 * MSEC, "%lld", (long long)last);
    trial_end();
}

/* 600 that work 10 ms each: those who share evenly end together, as long as there are more than 512; so the first of
 * them end when all have done nearly all. */
Test(fleet_overbalance, more_than_512_share_evenly)
{
    char timeline[4000], members[6000];
    int64_t first = INT64_MAX, last = 0;
    size_t n = 0;

    for (int i = 0; i < 60; i++)
        n += (size_t)snprintf(timeline + n, sizeof timeline - n, "%s%s", i > 0 ? "," : "",
                              RUN("a", "1s", 10));
    snprintf(members, sizeof members,
             COSTS "'host': {'cpus': 2}, " OFTEN
                   "}, 'instanceTypes': {'box': {'vcpu': 2, 'memory': '64GiB', 'boot': '0s'}}, "
                   "'instances': '1xbox', 'taskDefinitions': [%s], "
                   "'behaviour': {'a/c': {'work': '10ms', 'idle': '0s'}}, 'timeline': [%s]",
             LEAST(""), timeline);
    run(members);
    for (int task = 1; task <= 600; task++) {
        int64_t usec = life(task, 0)->exited_at_usec - SECOND;

        first = usec < first ? usec : first;
        last = usec > last ? usec : last;
    }
    cr_assert(first > 2900 * MSEC && last >= 3000 * MSEC && last <= 3020 * MSEC, "%lld to %lld",
              (long long)first, (long long)last);
    trial_end();
}
