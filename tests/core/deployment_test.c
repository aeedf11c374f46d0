/*
 * Deployments: the circuit breaker, roll-backs, traffic in stages, several updates.
 */
#include "steps.h"

#include <criterion/criterion.h>

#define SEC USEC_PER_SEC
#define MINUTE (60 * SEC)

static void begin(void)
{
    steps_begin(8);
    steps_define(128, false);
    steps_define(128, false);
    steps_define(128, true);
}

TestSuite(deployment, .init = begin, .fini = steps_finish);

static struct service *service;

static void settle(void)
{
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    steps_stop_all();
}

static void create(int desired, struct deployment_configuration *config)
{
    struct message call = steps_service("web", 0, desired);

    call.as.create_service.deployment = config;
    service = steps_create(&call);
    settle();
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
}

static void fail_newest(int n)
{
    for (int t = scheduler.cluster.n_tasks - 1; t >= 0 && n > 0; t--)
        if (scheduler.cluster.tasks[t].last == TASK_PENDING) {
            steps_report(t, TASK_STOPPED, HEALTH_UNKNOWN);
            n--;
        }
}

/* Stage 1: tasks that never ran. 3 is the least threshold. */
Test(deployment, the_breaker_trips_and_rolls_back)
{
    struct circuit_breaker breaker = {
        .enable = true, .rollback = true, .type = THRESHOLD_BOUNDED_PERCENT, .value = 50};
    struct deployment_configuration config = steps_configuration();

    config.breaker = &breaker;
    create(1, &config);
    steps_update(0, 1, ID_NONE);
    for (int i = 0; i < 2; i++) {
        fail_newest(1);
        cr_assert(service->deployments[1].rollout == ROLLOUT_IN_PROGRESS);
        steps_until(service->retry_at_usec);
    }
    fail_newest(1);
    cr_assert(service->deployments[1].rollout == ROLLOUT_FAILED);
    cr_assert(service->deployments[1].n_failed == 3);
    cr_assert(service->primary == 0 && service->taskdef == 0,
              "back to the last that was COMPLETED");
    cr_assert(steps_said_event(EVENT_DEPLOYMENT_FAILED) && steps_said_event(EVENT_ROLLING_BACK));
    cr_assert(scheduler.cluster.tasks[0].last == TASK_RUNNING, "which never stopped serving");
    steps_until(now_usec + 60 * SEC);
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
}

Test(deployment, without_rollback_it_stays_without_new_tasks)
{
    struct circuit_breaker breaker = {.enable = true, .type = THRESHOLD_COUNT, .value = 2};
    struct deployment_configuration config = steps_configuration();

    config.breaker = &breaker;
    create(2, &config);
    steps_update(0, 1, ID_NONE);
    fail_newest(2);
    cr_assert(service->deployments[1].rollout == ROLLOUT_FAILED && service->primary == 1);
    steps_until(now_usec + 3600 * SEC);
    cr_assert(service->n_live == 2, "the old ones alone");
    steps_report(0, TASK_STOPPED, HEALTH_UNKNOWN);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 0);
    steps_update(0, 0, ID_NONE);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 2, "an update begins anew");
}

/* Stage 2: failed checks; a healthy task takes the count back to 0, unless it is cumulative. */
Test(deployment, failed_checks_count_once_a_task_has_run)
{
    for (int cumulative = 0; cumulative < 2; cumulative++) {
        struct circuit_breaker breaker = {
            .enable = true, .cumulative = cumulative, .type = THRESHOLD_COUNT, .value = 2};
        struct deployment_configuration config = steps_configuration();
        int first;

        config.breaker = &breaker;
        create(2, &config);
        steps_update(0, 2, ID_NONE);
        first = scheduler.cluster.n_tasks - 2;
        steps_report(first, TASK_RUNNING, HEALTH_UNKNOWN);
        steps_report(first + 1, TASK_STOPPED, HEALTH_UNKNOWN);
        cr_assert(service->deployments[1].n_failed == 0, "from now on only checks count");
        steps_report(first, TASK_RUNNING, HEALTH_UNHEALTHY);
        cr_assert(service->deployments[1].n_failed == 1);
        steps_until(now_usec + SEC); /* the one that never ran has its pause */
        steps_run_all();
        steps_report(scheduler.cluster.n_tasks - 1, TASK_RUNNING, HEALTH_HEALTHY);
        cr_assert(service->deployments[1].n_failed == cumulative, "%d: %d", cumulative,
                  service->deployments[1].n_failed);
        steps_report(scheduler.cluster.n_tasks - 1, TASK_RUNNING, HEALTH_UNHEALTHY);
        cr_assert((service->deployments[1].rollout == ROLLOUT_FAILED) == cumulative);
        steps_finish();
        begin();
    }
}

Test(deployment, a_newer_update_supersedes)
{
    create(2, NULL);
    steps_update(0, 1, ID_NONE);
    steps_run_all();
    steps_update(0, 0, ID_NONE);
    cr_assert(service->n_deployments == 3 && service->primary == 2);
    cr_assert(service->deployments[1].status == DEPLOYMENT_ACTIVE);
    cr_assert(service->deployments[1].reason == DEPLOYMENT_SUPERSEDED);
    for (int i = 0; i < 4; i++)
        settle();
    cr_assert(service->deployments[2].rollout == ROLLOUT_COMPLETED && service->n_live == 2);
    for (int d = 0; d < 2; d++)
        cr_assert(service->deployments[d].status == DEPLOYMENT_INACTIVE);
}

Test(deployment, forced_it_replaces_tasks_of_the_same_definition)
{
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);

    create(2, NULL);
    update.as.update_service.service = 0;
    update.as.update_service.force = true;
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 2);
    cr_assert(service->n_deployments == 2);
}

/* Stages --------------------------------------------------------------------------------------- */

static struct load_balancer balancer = {0, 1, "web", 80, true};

static void create_behind_balancer(struct deployment_configuration *config)
{
    struct message call = steps_service("web", 0, 2);

    steps_target_group("blue", 10);
    steps_target_group("green", 10);
    call.as.create_service.deployment = config;
    call.as.create_service.n_balancers = 1;
    call.as.create_service.balancers = &balancer;
    service = steps_create(&call);
    cr_assert(steps_said(MESSAGE_SHIFT_TRAFFIC, 0)->as.shift_traffic.permille == 1000);
    steps_run_all();
    for (int t = 0; t < 2; t++)
        steps_probe(0, t, true);
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
}

/* The new tasks run and are healthy; what moves traffic comes with the last probe. */
static void bring_up_green(void)
{
    steps_update(0, 1, ID_NONE);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 2, "full size beside the old ones");
    steps_run_all();
    steps_probe(1, 2, true);
    cr_assert(steps_count(MESSAGE_SHIFT_TRAFFIC) == 0);
    steps_probe(1, 3, true);
}

static const struct shift_traffic *production(void)
{
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == MESSAGE_SHIFT_TRAFFIC &&
            !outputs.messages[i].as.shift_traffic.test)
            return &outputs.messages[i].as.shift_traffic;
    return NULL;
}

Test(deployment, blue_green_bakes_and_cleans_up)
{
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_BLUE_GREEN;
    config.bake_minutes = 5;
    create_behind_balancer(&config);
    bring_up_green();
    cr_assert(steps_said(MESSAGE_SHIFT_TRAFFIC, 0)->as.shift_traffic.test, "test traffic first");
    cr_assert(production()->from == 0 && production()->to == 1 && production()->permille == 1000);
    cr_assert(service->deployments[1].stage == STAGE_BAKE_TIME);
    steps_until(5 * MINUTE - 1);
    cr_assert(service->n_wanted == 4);
    steps_until(5 * MINUTE);
    cr_assert(service->deployments[1].stage == STAGE_CLEAN_UP);
    cr_assert(service->n_wanted == 2 && service->n_live == 4);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 0, "connections drain first");
    steps_until(5 * MINUTE + 10 * SEC);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 2);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
    cr_assert(service->serving == 1);
}

/* Each shift's share, in the order in which they come, and its minute. */
static void expect_shifts(const int32_t *permille, const int *minutes, int n)
{
    int64_t start_usec = now_usec;
    struct message tick = message_new(MESSAGE_TICK);

    bring_up_green();
    for (int i = 0; i < n; i++) {
        while (!production() || (i > 0 && now_usec == start_usec)) {
            now_usec = scheduler_deadline(&scheduler);
            steps_step(&tick);
        }
        cr_assert(production()->permille == permille[i], "shift %d: %d", i, production()->permille);
        cr_assert(now_usec - start_usec == minutes[i] * MINUTE, "shift %d after %lld s", i,
                  (long long)((now_usec - start_usec) / SEC));
        outputs.n_messages = 0;
    }
}

/* 10 % every 6 minutes: ten steps, nine waits, 54 minutes. */
Test(deployment, linear_takes_54_minutes)
{
    static const int32_t permille[] = {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000};
    static const int minutes[] = {0, 6, 12, 18, 24, 30, 36, 42, 48, 54};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_LINEAR;
    create_behind_balancer(&config);
    expect_shifts(permille, minutes, 10);
}

/* CodeDeployDefault.ECSLinear10PercentEvery3Minutes: at 0, 3, ..., 27 minutes. */
Test(deployment, linear_every_three_minutes)
{
    static const int32_t permille[] = {100, 200, 300, 400, 500, 600, 700, 800, 900, 1000};
    static const int minutes[] = {0, 3, 6, 9, 12, 15, 18, 21, 24, 27};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_LINEAR;
    config.step_permille = 100;
    config.step_bake_minutes = 3;
    create_behind_balancer(&config);
    expect_shifts(permille, minutes, 10);
}

Test(deployment, linear_thirty_percent_has_a_remainder)
{
    static const int32_t permille[] = {300, 600, 900, 1000};
    static const int minutes[] = {0, 6, 12, 18};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_LINEAR;
    config.step_permille = 300;
    create_behind_balancer(&config);
    expect_shifts(permille, minutes, 4);
}

Test(deployment, a_canary_of_five_percent_waits_ten_minutes)
{
    static const int32_t permille[] = {50, 1000};
    static const int minutes[] = {0, 10};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_CANARY;
    create_behind_balancer(&config);
    expect_shifts(permille, minutes, 2);
}

/* Above 80 % of the first service's CPU. */
static void put_hot_alarm(void)
{
    struct message alarm = message_new(MESSAGE_PUT_METRIC_ALARM);

    alarm.as.put_metric_alarm = (struct put_metric_alarm){.name = "hot",
                                                          .target_group = ID_NONE,
                                                          .comparison = COMPARE_GT,
                                                          .threshold_milli = 80000,
                                                          .period_sec = 60,
                                                          .evaluation_periods = 1,
                                                          .datapoints = ID_NONE};
    steps_step(&alarm);
}

/* An alarm within the bake time takes all traffic back at once. */
Test(deployment, an_alarm_rolls_back)
{
    struct alarm_name name = {"hot"};
    struct deployment_alarms alarms = {true, true, 1, &name};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_BLUE_GREEN;
    config.bake_minutes = 30;
    config.alarms = &alarms;
    create_behind_balancer(&config);
    put_hot_alarm();
    bring_up_green();
    steps_observe(90);
    cr_assert(production()->from == 0 && production()->permille == 0);
    cr_assert(service->primary == 0 && service->deployments[1].rollout == ROLLOUT_FAILED);
    cr_assert(service->deployments[1].n_wanted == 0, "green goes");
    steps_until(now_usec + 10 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
    cr_assert(service->n_live == 2);
}

/* An alarm that is on when the deployment begins is ignored for it. */
Test(deployment, an_old_alarm_is_ignored)
{
    struct alarm_name name = {"hot"};
    struct deployment_alarms alarms = {true, true, 1, &name};
    struct deployment_configuration config = steps_configuration();

    config.alarms = &alarms;
    create(2, &config);
    put_hot_alarm();
    steps_observe(90);
    steps_update(0, 1, ID_NONE);
    steps_observe(20);
    steps_observe(90);
    cr_assert(service->deployments[1].rollout == ROLLOUT_IN_PROGRESS);
}

/* Where a shift is overtaken ------------------------------------------------------------------------ */

static struct alarm_name hot = {"hot"};

/* Green has all of the traffic; the bake of 5 minutes has begun. */
static void begin_bake(bool rolls_back)
{
    struct deployment_alarms alarms = {true, rolls_back, 1, &hot};
    struct deployment_configuration config = steps_configuration();

    config.strategy = DEPLOYMENT_BLUE_GREEN;
    config.bake_minutes = 5;
    config.alarms = &alarms;
    create_behind_balancer(&config);
    put_hot_alarm();
    bring_up_green();
    cr_assert(service->deployments[1].stage == STAGE_BAKE_TIME);
}

static void begin_clean_up(void)
{
    begin_bake(true);
    steps_until(now_usec + 5 * MINUTE);
    cr_assert(service->deployments[1].stage == STAGE_CLEAN_UP && service->n_live == 4);
}

/* Once blue goes there is nothing to go back to. */
Test(deployment, an_alarm_in_the_clean_up_changes_nothing)
{
    begin_clean_up();
    steps_observe(90);
    cr_assert(steps_count(MESSAGE_SHIFT_TRAFFIC) == 0);
    cr_assert(service->deployments[1].rollout == ROLLOUT_IN_PROGRESS && service->primary == 1);
    steps_until(now_usec + 10 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED && service->n_live == 2);
}

/* Green serves by then: what fails after it comes back to green, not to blue. */
Test(deployment, an_update_in_the_clean_up_falls_back_to_green)
{
    begin_clean_up();
    steps_update(0, 0, ID_NONE);
    cr_assert(steps_count(MESSAGE_SHIFT_TRAFFIC) == 0, "green keeps its traffic");
    steps_until(now_usec + 10 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].n_wanted == 2 && service->deployments[0].n_live == 0);
    steps_run_all();
    for (int t = 4; t < scheduler.cluster.n_tasks; t++)
        steps_probe(0, t, true);
    cr_assert(service->deployments[2].stage == STAGE_BAKE_TIME && production()->to == 0);
    steps_observe(90);
    cr_assert(service->deployments[2].rollout == ROLLOUT_FAILED);
    cr_assert(production()->permille == 0 && production()->from == 1);
    cr_assert(service->primary == 1 && service->taskdef == 1);
    cr_assert(service->deployments[1].n_wanted == 2, "which never stopped");
}

/* A failed shift that is not rolled back keeps its traffic until the next update. */
Test(deployment, an_update_after_a_failed_shift_goes_back_to_blue)
{
    begin_bake(false);
    steps_observe(90);
    cr_assert(service->deployments[1].rollout == ROLLOUT_FAILED && service->primary == 1);
    cr_assert(steps_count(MESSAGE_SHIFT_TRAFFIC) == 0 && service->deployments[0].n_wanted == 2);
    steps_update(0, 2, ID_NONE);
    cr_assert(production()->from == 0 && production()->permille == 0, "all to blue");
    cr_assert(service->serving == 0 && service->deployments[0].n_wanted == 2);
    cr_assert(service->deployments[1].n_wanted == 0, "what has no traffic goes");
}

/* The rolling one is rolled out among blue's, who have the traffic again; green's leave first. */
Test(deployment, a_rolling_update_ends_a_bake)
{
    struct deployment_configuration rolling = steps_configuration();
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);

    begin_bake(true);
    rolling.strategy = DEPLOYMENT_ROLLING;
    update.as.update_service.service = 0;
    update.as.update_service.taskdef = 0;
    update.as.update_service.deployment = &rolling;
    steps_step(&update);
    cr_assert(production()->from == 0 && production()->permille == 0);
    cr_assert(service->deployments[1].n_wanted == 0 && service->deployments[0].n_wanted == 2);
    cr_assert(!service->deployments[2].is_alternate && service->deployments[2].stage == STAGE_NONE);
    for (int i = 0; i < 4; i++) {
        steps_until(now_usec + 10 * SEC);
        steps_stop_all();
        steps_run_all();
        for (int t = 4; t < scheduler.cluster.n_tasks; t++)
            steps_probe(0, t, true);
    }
    cr_assert(service->deployments[2].rollout == ROLLOUT_COMPLETED && service->n_live == 2);
}
