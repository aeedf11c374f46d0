/*
 * Target groups: thresholds, failing open, draining.
 */
#include "core/target.h"

#include "steps.h"

#include <criterion/criterion.h>

#define SEC USEC_PER_SEC

static struct load_balancer balancer = {0, ID_NONE, "web", 80, false};

static void begin(void)
{
    struct message call;

    steps_begin(2);
    steps_define(128, false);
    steps_target_group("web", ID_NONE);
    call = steps_service("web", 0, 2);
    call.as.create_service.n_balancers = 1;
    call.as.create_service.balancers = &balancer;
    call.as.create_service.grace_sec = 60;
    steps_create(&call);
    steps_run_all();
}

TestSuite(target, .init = begin, .fini = steps_finish);

static enum target_status status(int task)
{
    const struct cluster *cluster = &scheduler.cluster;
    int t = cluster->n_targets - 1; /* they outlive what else is known of a task */

    while (cluster->targets[t].task != task)
        t--;
    return cluster->targets[t].status;
}

Test(target, defaults_are_elastic_load_balancings)
{
    const struct target_group *group = &scheduler.cluster.target_groups[0];

    cr_assert(group->interval_usec == 30 * SEC && group->timeout_usec == 5 * SEC);
    cr_assert(group->healthy_threshold == 5 && group->unhealthy_threshold == 2);
    cr_assert(group->deregistration_delay_usec == 300 * SEC);
}

Test(target, a_new_one_needs_one_pass_an_unhealthy_one_five)
{
    cr_assert(status(0) == TARGET_INITIAL);
    steps_probe(0, 0, true);
    cr_assert(status(0) == TARGET_HEALTHY);
    steps_probe(0, 0, false);
    steps_probe(0, 0, true);
    steps_probe(0, 0, false);
    cr_assert(status(0) == TARGET_HEALTHY, "two in a row, not two");
    steps_probe(0, 0, false);
    cr_assert(status(0) == TARGET_UNHEALTHY);
    for (int i = 0; i < 4; i++)
        steps_probe(0, 0, true);
    cr_assert(status(0) == TARGET_UNHEALTHY);
    steps_probe(0, 0, true);
    cr_assert(status(0) == TARGET_HEALTHY);
}

Test(target, all_unhealthy_fails_open)
{
    const struct cluster *cluster = &scheduler.cluster;

    steps_probe(0, 0, true);
    for (int i = 0; i < 2; i++)
        steps_probe(0, 1, false);
    cr_assert(!steps_said(MESSAGE_TARGET_STATE, 0)->as.target_state.fails_open);
    cr_assert(target_gets_requests(cluster, 0, 0) && !target_gets_requests(cluster, 0, 1));
    for (int i = 0; i < 2; i++)
        steps_probe(0, 0, false);
    cr_assert(steps_said(MESSAGE_TARGET_STATE, 0)->as.target_state.fails_open);
    cr_assert(target_gets_requests(cluster, 0, 0) && target_gets_requests(cluster, 0, 1));
}

Test(target, failing_checks_do_not_count_within_the_grace_period)
{
    const struct service *service = &scheduler.cluster.services[0];

    for (int i = 0; i < 2; i++)
        steps_probe(0, 0, false);
    cr_assert(status(0) == TARGET_UNHEALTHY && service->n_wanted == 2);
    steps_until(60 * SEC);
    cr_assert(service->n_wanted == 3, "from then on it is replaced");
    cr_assert(scheduler.cluster.tasks[0].is_unhealthy);
}

/* DEACTIVATING: it drains, then it is told to stop. */
Test(target, drains_before_its_task_is_told_to_stop)
{
    struct task *task;
    int id;

    for (int t = 0; t < 2; t++)
        steps_probe(0, t, true);
    steps_update(0, ID_NONE, 1);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 0);
    id = steps_said(MESSAGE_TARGET_STATE, 0)->as.target_state.task;
    task = &scheduler.cluster.tasks[id];
    cr_assert(status(id) == TARGET_DRAINING && task->last == TASK_DEACTIVATING);
    cr_assert(!target_gets_requests(&scheduler.cluster, 0, id));
    cr_assert(scheduler.cluster.instances[task->instance].cpu_reserved == 128, "it holds its room");
    steps_until(300 * SEC);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1 && status(id) == TARGET_UNUSED);
    cr_assert(scheduler.cluster.instances[task->instance].cpu_reserved == 0);
    steps_stop_all();
    cr_assert(task->last == TASK_STOPPED);
}

Test(target, a_task_that_dies_while_it_drains_is_forgotten)
{
    int id;

    steps_probe(0, 0, true);
    steps_update(0, ID_NONE, 0);
    id = 0;
    cr_assert(status(id) == TARGET_DRAINING);
    steps_report(id, TASK_STOPPED, HEALTH_UNKNOWN);
    cr_assert(status(id) == TARGET_UNUSED);
    steps_until(400 * SEC);
    cr_assert(scheduler.n_open == 1, "t2's stop alone");
}

Test(target, what_nobody_knows_counts_for_nothing)
{
    steps_probe(0, 7, true);
    steps_probe(3, 0, true);
    steps_probe(-1, -1, true);
    cr_assert(outputs.n_messages == 0);
}
