/*
 * Managed scaling, datapoint by datapoint: N, M and the metric with their special cases, steps, the
 * target, the warm-up, and who goes.
 */
#include "capacity_steps.h"

#include <criterion/criterion.h>

static const struct provider_share only[] = {{0, 0, 1}};
static int taskdef;

/* One group with that many instances, all up; its provider as changed. */
static void begin(int least, int count, int most, void (*change)(struct create_capacity_provider *))
{
    struct message call;

    steps_begin(0);
    call = capacity_provider_call("p", capacity_group(GROUP_AUTO_SCALING, least, count, most, 0));
    if (change)
        change(&call.as.create_capacity_provider);
    steps_step(&call);
    capacity_register_all();
    taskdef = steps_define(256, false); /* four on a box */
}

static void run(int tasks)
{
    for (; tasks > 10; tasks -= 10)
        capacity_run(taskdef, 10, only, 1);
    capacity_run(taskdef, tasks, only, 1);
}

static void expect_datapoint(int n, int m, int metric_centi, enum capacity_verdict verdict,
                             int desired)
{
    const struct capacity_state *state = capacity_datapoint();

    cr_expect(state->n == n && state->m == m && state->metric_centi == metric_centi &&
                  state->verdict == verdict && state->desired == desired,
              "N %d, M %d, metric %d, %s, %d instances", state->n, state->m, state->metric_centi,
              capacity_verdict_names[state->verdict], state->desired);
}

Test(capacity_scale, none_run_and_none_are_needed)
{
    begin(0, 0, 9, NULL);
    expect_datapoint(0, 0, 10000, CAPACITY_STEADY, 0);
    steps_finish();
}

Test(capacity_scale, from_zero_it_is_two_whatever_is_needed)
{
    static const int tasks[] = {1, 5, 40};

    for (int i = 0; i < 3; i++) {
        const struct capacity_state *state;

        begin(0, 0, 99, NULL);
        run(tasks[i]);
        state = capacity_datapoint();
        cr_expect(state->n == 0 && state->metric_centi == 20000 && state->desired == 2, "%d tasks",
                  tasks[i]);
        steps_finish();
    }
}

Test(capacity_scale, ten_waiting_tasks_that_fit_four_on_an_instance)
{
    begin(2, 2, 9, NULL);
    run(8);
    run(10);
    expect_datapoint(2, 5, 25000, CAPACITY_OUT, 5);
    steps_finish();
}

static void steps_of_two(struct create_capacity_provider *call)
{
    call->maximum_step = 2;
}

Test(capacity_scale, the_largest_step_caps)
{
    begin(2, 2, 9, steps_of_two);
    run(18);
    expect_datapoint(2, 4, 20000, CAPACITY_OUT, 4);
    steps_finish();
}

static void at_least_four(struct create_capacity_provider *call)
{
    call->minimum_step = 4;
}

Test(capacity_scale, the_least_step_raises)
{
    begin(2, 2, 9, at_least_four);
    run(9);
    expect_datapoint(2, 6, 30000, CAPACITY_OUT, 6);
    steps_finish();
}

/* The largest group of equal tasks decides, not the sum. */
Test(capacity_scale, groups_of_equal_tasks_count_each_for_itself)
{
    const struct capacity_state *state;

    begin(1, 1, 9, NULL);
    run(4);
    run(8);
    taskdef = steps_define(512, false);
    run(6);
    state = capacity_datapoint();
    cr_expect(state->needed == 3 && state->per_instance == 2 && state->n_waiting == 14,
              "%d at %d on each, %d wait", state->needed, state->per_instance, state->n_waiting);
    steps_finish();
}

static void target_80(struct create_capacity_provider *call)
{
    call->target_capacity = 80;
}

/* Target 80, eight are needed: ten. */
Test(capacity_scale, below_100_it_keeps_some_to_spare)
{
    begin(8, 8, 20, target_80);
    run(32);
    expect_datapoint(8, 8, 10000, CAPACITY_OUT, 10);
    capacity_register_all();
    expect_datapoint(10, 8, 8000, CAPACITY_STEADY, 10);
    steps_finish();
}

/* N = 10, two without a task: 80. */
Test(capacity_scale, empty_instances_are_not_needed)
{
    begin(0, 10, 20, NULL);
    taskdef = steps_define(1024, false);
    run(8);
    expect_datapoint(10, 8, 8000, CAPACITY_LOW, 10);
    steps_finish();
}

Test(capacity_scale, a_group_has_its_bounds)
{
    begin(2, 2, 3, NULL);
    run(8);
    run(20);
    expect_datapoint(2, 7, 35000, CAPACITY_OUT, 3);
    capacity_register_all();
    expect_datapoint(3, 7, 23333, CAPACITY_AT_MAXIMUM, 3);
    steps_finish();
}

Test(capacity_scale, what_fits_on_no_instance_never_scales)
{
    begin(1, 1, 9, NULL);
    taskdef = steps_define(2048, false);
    run(2);
    expect_datapoint(1, 1, 10000, CAPACITY_NEVER_FITS, 1);
    steps_finish();
}

static void a_minute_and_a_half(struct create_capacity_provider *call)
{
    call->warmup_usec = 90 * USEC_PER_SEC;
}

Test(capacity_scale, the_warm_up_holds_the_next_step)
{
    begin(0, 0, 9, a_minute_and_a_half);
    run(40);
    expect_datapoint(0, 10, 20000, CAPACITY_OUT, 2);
    capacity_register_all();
    cr_expect(capacity_datapoint()->verdict == CAPACITY_WARMING_UP);
    cr_expect(capacity_datapoint()->verdict == CAPACITY_OUT);
    steps_finish();
}

static void protected_ones(struct create_capacity_provider *call)
{
    call->termination_protection = true;
}

/* After fifteen low datapoints; one that has tasks never goes, and the zones stay even. */
Test(capacity_scale, scale_in_spares_those_with_tasks)
{
    const struct capacity_state *state;

    begin(0, 4, 9, protected_ones);
    run(1);
    for (int i = 0; i < 14; i++) {
        state = capacity_datapoint();
        cr_expect(state->verdict == CAPACITY_LOW && state->low_datapoints == i + 1);
    }
    state = capacity_datapoint();
    cr_expect(state->verdict == CAPACITY_IN && state->desired == 3, "%s, %d",
              capacity_verdict_names[state->verdict], state->desired);
    while (scheduler.cluster.groups[1].desired > 1)
        capacity_datapoint();
    cr_expect(scheduler.cluster.tasks[0].last != TASK_STOPPED &&
              scheduler.cluster.instances[scheduler.cluster.tasks[0].instance].status ==
                  INSTANCE_ACTIVE);
    expect_datapoint(1, 1, 10000, CAPACITY_STEADY, 1);
    steps_finish();
}

/* Without protection the group's own policy chooses: in the zone with most instances. */
Test(capacity_scale, without_protection_the_zone_with_most_loses_one)
{
    const struct message *drained;

    begin(0, 3, 9, NULL); /* two in zone a */
    run(1);
    for (int i = 0; i < 15; i++)
        capacity_datapoint();
    drained = steps_said(MESSAGE_DRAIN_INSTANCE, 0);
    cr_assert(drained != NULL && drained->as.drain_instance.reason == DRAINED_TO_SCALE);
    cr_expect(scheduler.cluster.instances[drained->as.drain_instance.instance].zone == 0);
    steps_finish();
}

/* A need cancels a scale-in: its low datapoints begin anew. */
Test(capacity_scale, a_need_ends_a_scale_in)
{
    begin(0, 2, 9, NULL);
    for (int i = 0; i < 10; i++)
        capacity_datapoint();
    run(9);
    cr_expect(capacity_datapoint()->verdict == CAPACITY_OUT);
    cr_expect(scheduler.cluster.providers[0].n_low == 0);
    steps_finish();
}
