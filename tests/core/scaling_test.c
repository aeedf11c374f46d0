/*
 * Auto scaling: the guide's worked examples, cooldowns, several policies, schedules.
 */
#include "core/scaling.h"

#include "steps.h"

#include <criterion/criterion.h>

#define SEC USEC_PER_SEC
#define MINUTE (60 * SEC)

static struct service *service;

static void create(int desired, int min, int max)
{
    struct message target = message_new(MESSAGE_REGISTER_SCALABLE_TARGET);
    struct message call;

    steps_begin(8);
    steps_define(128, false);
    call = steps_service("web", 0, desired);
    service = steps_create(&call);
    target.as.register_scalable_target.service = 0;
    target.as.register_scalable_target.min_capacity = min;
    target.as.register_scalable_target.max_capacity = max;
    steps_step(&target);
    steps_run_all();
    steps_until(40 * SEC);
}

static void observe(int percent)
{
    steps_until(now_usec + MINUTE);
    steps_run_all();
    steps_stop_all();
    steps_observe(percent);
}

static void track(const char *name, int target, bool disable_in)
{
    struct message call = message_new(MESSAGE_PUT_SCALING_POLICY);

    call.as.put_scaling_policy.policy = scheduler.n_policies;
    call.as.put_scaling_policy.name = (char *)(uintptr_t)name;
    call.as.put_scaling_policy.service = 0;
    call.as.put_scaling_policy.type = POLICY_TARGET_TRACKING;
    call.as.put_scaling_policy.target_milli = target * 1000;
    call.as.put_scaling_policy.disable_scale_in = disable_in;
    steps_step(&call);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0);
}

/* A step policy and the alarm that it follows. */
static void steps_policy(enum adjustment_type type, struct step_adjustment *steps, int n,
                         enum alarm_comparison comparison, int threshold, int cooldown_sec)
{
    struct message policy = message_new(MESSAGE_PUT_SCALING_POLICY);
    struct message alarm = message_new(MESSAGE_PUT_METRIC_ALARM);
    struct policy_number number = {scheduler.n_policies};

    policy.as.put_scaling_policy.policy = scheduler.n_policies;
    policy.as.put_scaling_policy.name = "steps";
    policy.as.put_scaling_policy.service = 0;
    policy.as.put_scaling_policy.type = POLICY_STEP;
    policy.as.put_scaling_policy.adjustment = type;
    policy.as.put_scaling_policy.cooldown_sec = cooldown_sec;
    policy.as.put_scaling_policy.n_steps = n;
    policy.as.put_scaling_policy.steps = steps;
    steps_step(&policy);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0);
    alarm.as.put_metric_alarm = (struct put_metric_alarm){.alarm = scheduler.n_alarms,
                                                          .name = "alarm",
                                                          .target_group = ID_NONE,
                                                          .comparison = comparison,
                                                          .threshold_milli = threshold * 1000,
                                                          .period_sec = 60,
                                                          .evaluation_periods = 1,
                                                          .datapoints = ID_NONE,
                                                          .n_actions = 1,
                                                          .actions = &number};
    steps_step(&alarm);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0);
}

/* 4 tasks at 90 % of a target of 60 want 6; at 61 % 5; 10 at 30 % want 5. */
Test(scaling, target_tracking_worked)
{
    static const struct {
        int desired, percent, n_out, n_in, wanted;
    } rows[] = {{4, 90, 3, 0, 6},
                {4, 61, 3, 0, 5},
                {10, 30, 0, 15, 5},
                {4, 60, 30, 30, 4},
                {4, 54, 30, 30, 4}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int n = rows[i].n_out > rows[i].n_in ? rows[i].n_out : rows[i].n_in;

        create(rows[i].desired, 1, 20);
        track("cpu", 60, false);
        for (int period = 1; period <= n; period++) {
            cr_assert(service->desired == rows[i].desired, "row %zu: too early, %d", i, period);
            observe(rows[i].percent);
        }
        cr_assert(service->desired == rows[i].wanted, "row %zu: %d", i, service->desired);
        steps_finish();
    }
}

Test(scaling, a_missing_datapoint_never_scales_in)
{
    struct message nothing = message_new(MESSAGE_OBSERVE);

    create(4, 1, 20);
    track("cpu", 60, false);
    nothing.as.observe.period_usec = MINUTE;
    for (int i = 0; i < 14; i++)
        observe(10);
    steps_step(&nothing);
    for (int i = 0; i < 14; i++)
        observe(10);
    cr_assert(service->desired == 4);
    observe(10);
    cr_assert(service->desired == 1);
    steps_finish();
}

/* Within 300 s another scale-out only adds what is more than the first one did. */
Test(scaling, a_scale_out_cools_down)
{
    create(4, 1, 20);
    track("cpu", 60, false);
    for (int i = 0; i < 3; i++)
        observe(90);
    cr_assert(service->desired == 6);
    observe(90);
    cr_assert(service->desired == 6, "4 at 90 %% are 6 again");
    observe(120);
    cr_assert(service->desired == 8, "4 at 120 %% are 8");
    for (int i = 0; i < 3; i++)
        observe(90);
    cr_assert(service->desired == 12, "it is over: 8 at 90 %%");
    steps_finish();
}

Test(scaling, a_scale_in_cools_down_and_a_scale_out_ends_it)
{
    create(16, 1, 20);
    track("cpu", 60, false);
    for (int i = 0; i < 15; i++)
        observe(30);
    cr_assert(service->desired == 8);
    for (int i = 0; i < 3; i++)
        observe(30);
    cr_assert(service->desired == 8);
    for (int i = 0; i < 3; i++)
        observe(90);
    cr_assert(service->desired == 12);
    steps_finish();
}

/* Out if any says so, in if all do; the largest wins. */
Test(scaling, several_policies)
{
    create(4, 1, 20);
    track("cpu", 60, false);
    track("more", 30, false);
    for (int i = 0; i < 3; i++)
        observe(45);
    cr_assert(service->desired == 6, "the second one alone is above its target");
    for (int i = 0; i < 20; i++)
        observe(28);
    cr_assert(service->desired == 6, "the first one would scale in, the second would not");
    for (int i = 0; i < 15; i++)
        observe(15);
    cr_assert(service->desired == 3, "the larger of 2 and 3");
    steps_finish();
}

Test(scaling, scale_in_may_be_disabled)
{
    create(4, 1, 20);
    track("cpu", 60, true);
    for (int i = 0; i < 20; i++)
        observe(10);
    cr_assert(service->desired == 4);
    steps_finish();
}

Test(scaling, a_deployment_keeps_from_scaling_in)
{
    create(4, 1, 20);
    track("cpu", 60, false);
    steps_define(128, false);
    for (int i = 0; i < 14; i++)
        observe(30);
    steps_update(0, 1, ID_NONE);
    steps_observe(30);
    cr_assert(service->desired == 4 && service->deployments[1].rollout == ROLLOUT_IN_PROGRESS);
    for (int i = 0; i < 4; i++)
        observe(30);
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
    cr_assert(service->desired == 2);
    steps_finish();
}

/* The guide's walk: 10, 11, 14, 13, 10. */
Test(scaling, the_guides_walk)
{
    struct step_adjustment out[] = {
        {true, true, 0, 10000, 0}, {true, true, 10000, 20000, 10}, {true, false, 20000, 0, 30}};
    struct step_adjustment in[] = {{true, true, -10000, 0, 0},
                                   {true, true, -20000, -10000, -10},
                                   {false, true, 0, -20000, -30}};

    create(10, 1, 100);
    steps_policy(ADJUST_PERCENT, out, 3, COMPARE_GE, 50, 0);
    steps_policy(ADJUST_PERCENT, in, 3, COMPARE_LE, 50, 0);
    observe(60);
    cr_assert(service->desired == 11);
    observe(70);
    cr_assert(service->desired == 14);
    observe(40);
    cr_assert(service->desired == 13);
    observe(30);
    cr_assert(service->desired == 10, "%d", service->desired);
    observe(55);
    cr_assert(service->desired == 10);
    steps_finish();
}

/* +2 applied, then a +3 step within the cooldown: only one more. */
Test(scaling, a_larger_step_within_the_cooldown_adds_the_rest)
{
    struct step_adjustment out[] = {{true, true, 0, 10000, 2}, {true, false, 10000, 0, 3}};

    create(4, 1, 100);
    steps_policy(ADJUST_CHANGE, out, 2, COMPARE_GE, 50, 300);
    observe(55);
    cr_assert(service->desired == 6);
    observe(65);
    cr_assert(service->desired == 7);
    observe(65);
    cr_assert(service->desired == 7);
    steps_finish();
}

/* 12.7 -> 12, 0.67 -> 1, -0.58 -> -1, -6.67 -> -6; 25 % of 4 is 1, two at least. */
Test(scaling, percentages_are_rounded)
{
    static const struct {
        int count, percent, least, wanted;
    } rows[] = {{127, 10, ID_NONE, 139}, {67, 1, ID_NONE, 68}, {58, -1, ID_NONE, 57},
                {667, -1, ID_NONE, 661}, {4, 25, 2, 6},        {4, -25, 2, 2},
                {0, 10, ID_NONE, 0},     {4, 25, ID_NONE, 5}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct step_adjustment step = {true, false, 0, 0, rows[i].percent};
        struct put_scaling_policy policy = {.type = POLICY_STEP,
                                            .adjustment = ADJUST_PERCENT,
                                            .min_magnitude = rows[i].least,
                                            .n_steps = 1,
                                            .steps = &step};
        struct ratio value = {60, 1};

        cr_assert(scaling_step(&policy, rows[i].count, value, 50000, true) == rows[i].wanted,
                  "row %zu: %d", i, scaling_step(&policy, rows[i].count, value, 50000, true));
    }
}

/* Above the threshold the lower bound belongs to the step, below it the upper one. */
Test(scaling, bounds_belong_to_one_step)
{
    struct step_adjustment out[] = {{true, true, 0, 10000, 1}, {true, false, 10000, 0, 2}};
    struct step_adjustment in[] = {{true, true, -10000, 0, -1}, {false, true, 0, -10000, -2}};
    struct put_scaling_policy policy = {.type = POLICY_STEP, .n_steps = 2, .steps = out};

    cr_assert(scaling_step(&policy, 5, (struct ratio){60, 1}, 50000, true) == 7);
    cr_assert(scaling_step(&policy, 5, (struct ratio){599, 10}, 50000, true) == 6);
    policy.steps = in;
    cr_assert(scaling_step(&policy, 5, (struct ratio){40, 1}, 50000, false) == 3);
    cr_assert(scaling_step(&policy, 5, (struct ratio){401, 10}, 50000, false) == 4);
}

Test(scaling, scheduled_actions_set_bounds)
{
    struct message action = message_new(MESSAGE_PUT_SCHEDULED_ACTION);

    create(4, 1, 20);
    scheduler.cluster.epoch_usec = INT64_C(1767225600) * SEC;
    action.as.put_scheduled_action.name = "morning";
    action.as.put_scheduled_action.action = 0;
    action.as.put_scheduled_action.service = 0;
    action.as.put_scheduled_action.schedule = "at(2026-01-01T00:10:00)";
    action.as.put_scheduled_action.min_capacity = 6;
    steps_step(&action);
    steps_until(10 * MINUTE - 1);
    cr_assert(service->desired == 4);
    steps_until(10 * MINUTE);
    cr_assert(service->desired == 6, "raised to the new minimum");
    action.as.put_scheduled_action.action = 1;
    action.as.put_scheduled_action.schedule = "rate(5 minutes)";
    action.as.put_scheduled_action.min_capacity = 1;
    action.as.put_scheduled_action.max_capacity = 5;
    steps_step(&action);
    steps_until(15 * MINUTE);
    cr_assert(service->desired == 5, "lowered to the new maximum");
    cr_assert(scheduler.actions[1].due_usec == 20 * MINUTE);
    steps_finish();
}
