/*
 * UpdateService's other members: load balancers take new tasks, placement holds for those that come; and
 * what is refused.
 */
#include "steps.h"

#include <criterion/criterion.h>

#define SEC USEC_PER_SEC

static struct service *service;
static struct message update;
static struct deployment_configuration config;

static void begin(void)
{
    steps_begin(8);
    steps_define(128, false);
    steps_define(128, false);
    for (int i = 0; i < 3; i++)
        steps_target_group((const char *const[]){"a", "b", "c"}[i], 10);
    config = steps_configuration();
    update = message_new(MESSAGE_UPDATE_SERVICE);
    update.as.update_service.service = 0;
}

TestSuite(service_calls, .init = begin, .fini = steps_finish);

static struct load_balancer in_a = {0, ID_NONE, "web", 80, false};
static struct load_balancer in_b = {1, ID_NONE, "web", 80, false};
static struct load_balancer a_and_b = {0, 1, "web", 80, false};

static void create(struct load_balancer *balancer, enum deployment_strategy strategy)
{
    struct message call = steps_service("web", 0, 2);

    config.strategy = strategy;
    call.as.create_service.deployment = &config;
    call.as.create_service.n_balancers = balancer != NULL;
    call.as.create_service.balancers = balancer;
    service = steps_create(&call);
    steps_run_all();
    if (balancer)
        for (int t = 0; t < 2; t++)
            steps_probe(0, t, true);
    else
        steps_until(now_usec + 40 * SEC);
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
    config = steps_configuration();
}

static void put_behind(struct load_balancer *balancer)
{
    update.as.update_service.new_balancers = true;
    update.as.update_service.n_balancers = balancer != NULL;
    update.as.update_service.balancers = balancer;
}

static const struct shift_traffic *last_shift(void)
{
    int n = steps_count(MESSAGE_SHIFT_TRAFFIC);

    return n ? &steps_said(MESSAGE_SHIFT_TRAFFIC, n - 1)->as.shift_traffic : NULL;
}

static void expect_refusal(enum refusal refusal)
{
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_REFUSE) == 1 && outputs.n_messages == 1);
    cr_assert(outputs.messages[0].as.refuse.refusal == refusal, "%s",
              refusal_names[outputs.messages[0].as.refuse.refusal]);
}

Test(service_calls, traffic_follows_the_tasks_to_new_target_groups)
{
    create(&in_a, DEPLOYMENT_ROLLING);
    put_behind(&in_b);
    steps_step(&update);
    cr_assert(service->n_deployments == 2 && steps_count(MESSAGE_PLACE_TASK) == 2);
    cr_assert(!last_shift(), "nobody is there yet");
    steps_run_all();
    steps_probe(1, 2, true);
    cr_assert(last_shift()->from == 0 && last_shift()->to == 1 && last_shift()->permille == 500);
    steps_probe(1, 3, true);
    cr_assert(last_shift()->permille == 1000);
    steps_until(now_usec + 10 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED && service->n_live == 2);
    cr_assert(scheduler.cluster.target_groups[1].n_targets[TARGET_HEALTHY] == 2);
}

Test(service_calls, a_rollback_takes_the_load_balancers_back)
{
    struct circuit_breaker breaker = {
        .enable = true, .rollback = true, .type = THRESHOLD_COUNT, .value = 1};

    config.breaker = &breaker;
    create(&in_a, DEPLOYMENT_ROLLING);
    put_behind(&in_b);
    steps_step(&update);
    steps_report(2, TASK_RUNNING, HEALTH_UNKNOWN);
    steps_probe(1, 2, true);
    cr_assert(last_shift()->permille == 500);
    steps_report(2, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_assert(service->deployments[1].rollout == ROLLOUT_FAILED && service->primary == 0);
    cr_assert(last_shift()->permille == 0 && last_shift()->from == 0);
    cr_assert(service->balancers[0].target_group == 0);
    for (int i = 0; i < 3; i++) {
        steps_until(now_usec + 10 * SEC);
        steps_stop_all();
        steps_run_all();
        for (int t = 4; t < scheduler.cluster.n_tasks; t++)
            steps_probe(0, t, true);
    }
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED && service->n_live == 2);
}

/* The way from rolling to blue/green: the other colour's target group comes with the strategy. */
Test(service_calls, a_rolling_service_becomes_blue_green)
{
    create(&in_a, DEPLOYMENT_ROLLING);
    put_behind(&a_and_b);
    config.strategy = DEPLOYMENT_BLUE_GREEN;
    update.as.update_service.deployment = &config;
    steps_step(&update);
    cr_assert(service->deployments[1].is_alternate && service->n_wanted == 4);
    steps_run_all();
    steps_probe(1, 2, true);
    steps_probe(1, 3, true);
    cr_assert(last_shift()->from == 0 && last_shift()->to == 1 && last_shift()->permille == 1000);
    steps_until(now_usec + 10 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
}

Test(service_calls, load_balancers_are_taken_away)
{
    create(&in_a, DEPLOYMENT_ROLLING);
    put_behind(NULL);
    steps_step(&update);
    steps_run_all();
    cr_assert(steps_count(MESSAGE_REGISTER_TARGET) == 0);
    steps_until(now_usec + 50 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED,
              "healthy after 40 s, with no target to be healthy");
}

static int zone_of(int task)
{
    return scheduler.cluster.instances[scheduler.cluster.tasks[task].instance].zone;
}

/* ECS API: no new deployment; tasks that start from now on are placed so. */
Test(service_calls, placement_holds_for_tasks_that_come)
{
    struct placement_constraint constraint = {CONSTRAINT_MEMBER_OF,
                                              "attribute:ecs.availability-zone == b"};
    struct strategy_rule binpack = {STRATEGY_BINPACK, BY_CPU, NULL, NULL};
    int first;

    create(NULL, DEPLOYMENT_ROLLING);
    update.as.update_service.new_constraints = update.as.update_service.new_strategy = true;
    update.as.update_service.n_constraints = update.as.update_service.n_strategy = 1;
    update.as.update_service.constraints = &constraint;
    update.as.update_service.strategy = &binpack;
    steps_step(&update);
    cr_assert(service->n_deployments == 1 && outputs.n_messages == 0);
    steps_update(0, ID_NONE, 6);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 4);
    first = steps_said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance;
    for (int i = 0; i < 4; i++) {
        const struct place_task *place = &steps_said(MESSAGE_PLACE_TASK, i)->as.place_task;

        cr_assert(place->instance == first && zone_of(place->task) == 1);
    }
    update = message_new(MESSAGE_UPDATE_SERVICE);
    update.as.update_service.service = 0;
    update.as.update_service.new_constraints = update.as.update_service.new_strategy = true;
    steps_step(&update);
    steps_update(0, ID_NONE, 8);
    cr_assert(zone_of(6) == 0 && zone_of(7) == 0, "spread over zones again");
}

/* A daemon leaves the instances that no longer match. */
Test(service_calls, a_daemon_heeds_new_constraints)
{
    struct placement_constraint constraint = {CONSTRAINT_MEMBER_OF,
                                              "attribute:ecs.availability-zone == b"};
    struct message call = steps_service("daemon", 0, 0);

    call.as.create_service.scheduling = SCHEDULING_DAEMON;
    service = steps_create(&call);
    steps_run_all();
    update.as.update_service.new_constraints = true;
    update.as.update_service.n_constraints = 1;
    update.as.update_service.constraints = &constraint;
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 4 && service->desired == 4);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 0, "those in b stay");
}

Test(service_calls, a_canary_is_changed_without_naming_the_strategy)
{
    create(&a_and_b, DEPLOYMENT_CANARY);
    config.canary_permille = 200;
    update.as.update_service.deployment = &config;
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0 && service->settings.canary_permille == 200);
    config = steps_configuration();
    config.step_permille = 100;
    expect_refusal(REFUSED_STRATEGY);
}

Test(service_calls, what_does_not_go_together_is_refused)
{
    static struct load_balancer no_container = {1, ID_NONE, "other", 80, false};
    static struct load_balancer no_group = {9, ID_NONE, "web", 80, false};

    create(&in_a, DEPLOYMENT_ROLLING);
    put_behind(&no_container);
    expect_refusal(REFUSED_BALANCERS);
    put_behind(&no_group);
    expect_refusal(REFUSED_BALANCERS);
    put_behind(&in_b);
    config.strategy = DEPLOYMENT_LINEAR;
    update.as.update_service.deployment = &config;
    expect_refusal(REFUSED_INVALID); /* no other colour */
    update.as.update_service = (struct update_service){
        .taskdef = ID_NONE, .desired = ID_NONE, .grace_sec = ID_NONE, .deployment = &config};
    config = steps_configuration();
    config.maximum_percent = 100;
    update.as.update_service.rebalancing = REBALANCING_ENABLED;
    expect_refusal(REFUSED_REBALANCING);
    cr_assert(service->settings.max_percent == 200 && service->n_deployments == 1);
}

/* ECS: "The container web does not exist in the task definition." */
Test(service_calls, a_definition_without_the_balancers_container_is_refused)
{
    struct container_definition container = {
        .name = "other", .image = "i", .cpu = 1, .memory_mib = 64, .essential = true};
    struct task_definition definition = {
        .family = "other", .revision = 1, .n_containers = 1, .containers = &container};
    struct message event = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    create(&in_a, DEPLOYMENT_ROLLING);
    event.as.register_task_definition.taskdef = 2;
    event.as.register_task_definition.definition = &definition;
    steps_step(&event);
    update.as.update_service.taskdef = 2;
    expect_refusal(REFUSED_BALANCERS);
    cr_assert(service->taskdef == 0 && service->n_deployments == 1);
    put_behind(NULL);
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0 && service->taskdef == 2, "nobody needs it");
    event = steps_service("second", 2, 1);
    event.as.create_service.service = 1;
    event.as.create_service.n_balancers = 1;
    event.as.create_service.balancers = &in_b;
    steps_step(&event);
    cr_assert(steps_said(MESSAGE_REFUSE, 0)->as.refuse.refusal == REFUSED_BALANCERS);
    cr_assert(scheduler.cluster.n_services == 1, "nor is it created with one");
}

/* Of the same definition there is nothing newer: the words say so. */
Test(service_calls, a_forced_deployment_replaces_for_its_own_reason)
{
    create(NULL, DEPLOYMENT_ROLLING);
    update.as.update_service.force = true;
    steps_step(&update);
    while (steps_count(MESSAGE_STOP_TASK) == 0) {
        cr_assert(now_usec < 1000 * SEC);
        steps_run_all();
        steps_until(now_usec + 40 * SEC);
    }
    cr_assert(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.reason == STOP_FOR_NEW_DEPLOYMENT);
}

Test(service_calls, rebalancing_at_100_percent_is_refused_aloud)
{
    struct message call = steps_service("web", 0, 2);

    config.maximum_percent = 100;
    call.as.create_service.service = 0;
    call.as.create_service.deployment = &config;
    call.as.create_service.rebalancing = REBALANCING_ENABLED;
    steps_step(&call);
    cr_assert(outputs.messages[0].as.refuse.refusal == REFUSED_REBALANCING);
    call.as.create_service.rebalancing = REBALANCING_UNSAID;
    cr_assert(!steps_create(&call)->rebalances, "the default is off there");
}
