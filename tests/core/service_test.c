/*
 * The service scheduler: percentages and where they leave no way, what counts as healthy, replacement,
 * draining, daemons, zones.
 */
#include "steps.h"

#include <criterion/criterion.h>

#define SEC USEC_PER_SEC

static void begin(void)
{
    steps_begin(4);
}

TestSuite(service, .init = begin, .fini = steps_finish);

/* A service of which `desired` healthy tasks run. */
static struct service *steady(int desired, int min, int max, bool checked)
{
    struct deployment_configuration config = steps_configuration();
    int taskdef = steps_define(128, checked);
    struct message call = steps_service("web", taskdef, desired);

    config.minimum_healthy_percent = min;
    config.maximum_percent = max;
    call.as.create_service.deployment = &config;
    steps_create(&call);
    steps_run_all();
    for (int t = 0; checked && t < desired; t++)
        steps_report(t, TASK_RUNNING, HEALTH_HEALTHY);
    steps_until(now_usec + 40 * SEC);
    steps_define(128, checked);
    cr_assert(scheduler.cluster.services[0].n_healthy == desired);
    return &scheduler.cluster.services[0];
}

static void drain(int instance)
{
    struct message event = message_new(MESSAGE_UPDATE_INSTANCE_STATE);

    event.as.update_instance_state = (struct update_instance_state){instance, true};
    steps_step(&event);
}

/* ECS developer guide, deployment-type-ecs: what the first step of an update may do. */
Test(service, the_guides_examples_of_an_update)
{
    static const struct {
        int desired, min, max, n_started, n_stopped;
    } rows[] = {
        {4, 50, 100, 0, 2},  /* two may be stopped first */
        {2, 75, 100, 0, 0},  /* none may */
        {4, 100, 200, 4, 0}, /* all new ones at once */
        {3, 100, 125, 0, 0}, /* no new one */
        {10, 50, 100, 0, 5}, /* five old ones first */
        {1, 100, 150, 0, 0}, {4, 100, 150, 2, 0}, {1, 0, 100, 0, 1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        bool stuck = rows[i].n_started + rows[i].n_stopped == 0;

        steady(rows[i].desired, rows[i].min, rows[i].max, false);
        steps_update(0, 1, ID_NONE);
        cr_assert(steps_count(MESSAGE_PLACE_TASK) == rows[i].n_started, "row %zu: %d start", i,
                  steps_count(MESSAGE_PLACE_TASK));
        cr_assert(steps_count(MESSAGE_STOP_TASK) == rows[i].n_stopped, "row %zu: %d stop", i,
                  steps_count(MESSAGE_STOP_TASK));
        cr_assert(steps_said_event(EVENT_STUCK) == stuck, "row %zu", i);
        steps_finish();
        steps_begin(4);
    }
}

/* Five go, five come, and the rest once those are healthy. */
Test(service, ten_at_50_and_100_percent_go_by_fives)
{
    struct service *service = steady(10, 50, 100, false);

    steps_update(0, 1, ID_NONE);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 5);
    steps_stop_all();
    cr_assert(service->n_live == 10, "five old, five new");
    steps_run_all();
    cr_assert(service->n_healthy == 5);
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->n_wanted == 5 && service->n_live == 10, "five more are told to stop");
    steps_stop_all();
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->n_healthy == 10 && service->n_live == 10);
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
    cr_assert(service->deployments[0].status == DEPLOYMENT_INACTIVE);
}

Test(service, a_stuck_deployment_says_so_once_and_goes_on_with_other_limits)
{
    struct deployment_configuration config = steps_configuration();
    struct message update = message_new(MESSAGE_UPDATE_SERVICE);

    steady(4, 100, 100, false);
    steps_update(0, 1, ID_NONE);
    cr_assert(steps_said_event(EVENT_STUCK));
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == MESSAGE_SERVICE_EVENT)
            cr_assert(outputs.messages[i].as.service_event.lower == 4 &&
                      outputs.messages[i].as.service_event.upper == 4);
    steps_report(0, TASK_RUNNING, HEALTH_UNKNOWN);
    cr_assert(!steps_said_event(EVENT_STUCK));
    config.maximum_percent = 150;
    update.as.update_service.service = 0;
    update.as.update_service.deployment = &config;
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 2);
}

Test(service, what_counts_as_healthy)
{
    struct service *service;

    steps_define(128, false);
    steps_define(128, true);
    for (int checked = 0; checked < 2; checked++) {
        struct message call = steps_service(checked ? "checked" : "plain", checked, 1);

        service = steps_create(&call);
        steps_run_all();
        steps_until(now_usec + 40 * SEC - 1);
        cr_assert(service->n_healthy == 0);
        steps_until(now_usec + 1);
        cr_assert(service->n_healthy == !checked, "40 s count where nothing checks");
    }
    steps_report(1, TASK_RUNNING, HEALTH_HEALTHY);
    cr_assert(service->n_healthy == 1);
}

/* The upper limit leaves room: the replacement first. */
Test(service, an_unhealthy_task_is_replaced_before_it_goes)
{
    steady(2, 100, 200, true);
    steps_report(0, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_assert(steps_said_event(EVENT_TASK_UNHEALTHY));
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 1 && steps_count(MESSAGE_STOP_TASK) == 0);
    steps_report(2, TASK_RUNNING, HEALTH_UNKNOWN);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 0);
    steps_report(2, TASK_RUNNING, HEALTH_HEALTHY);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1);
    cr_assert(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.task == 0);
    cr_assert(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.reason == STOP_FOR_HEALTH);
}

/* It leaves none: one by one. */
Test(service, unhealthy_tasks_without_room_go_one_by_one)
{
    steady(2, 100, 100, true);
    steps_report(0, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1);
    steps_report(1, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 0, "the first is still on its way out");
    steps_stop_all();
    cr_assert(scheduler.cluster.services[0].n_live == 2);
}

Test(service, a_recovered_task_needs_no_replacement)
{
    struct service *service = steady(2, 100, 200, true);

    steps_report(0, TASK_RUNNING, HEALTH_UNHEALTHY);
    cr_assert(service->n_wanted == 3);
    steps_report(0, TASK_RUNNING, HEALTH_HEALTHY);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1);
    cr_assert(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.task == 2, "it never ran");
}

Test(service, a_draining_instance_is_emptied_within_the_limits)
{
    struct service *service = steady(4, 100, 200, false);

    for (int t = 0; t < 4; t++)
        cr_assert(scheduler.cluster.tasks[t].instance == t);
    drain(0);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 1 && steps_count(MESSAGE_STOP_TASK) == 0);
    drain(scheduler.cluster.tasks[4].instance);
    cr_assert(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.task == 4, "PENDING: at once");
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->n_wanted == 4 && service->n_healthy == 4);
    cr_assert(cluster_details(&scheduler.cluster, 0)->stop_reason == STOP_FOR_DRAINING);
}

Test(service, a_drain_at_100_and_100_percent_never_ends_and_says_so)
{
    steady(4, 100, 100, false);
    drain(0);
    cr_assert(steps_said_event(EVENT_STUCK));
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 0 && steps_count(MESSAGE_STOP_TASK) == 0);
}

/* A drain at max 100 and min 50 stops first. */
Test(service, a_drain_without_room_above_stops_first)
{
    steady(4, 50, 100, false);
    drain(0);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1 && steps_count(MESSAGE_PLACE_TASK) == 0);
}

Test(service, protected_tasks_stay)
{
    struct message protect = message_new(MESSAGE_UPDATE_TASK_PROTECTION);
    struct service *service = steady(2, 100, 200, false);

    protect.as.update_task_protection = (struct update_task_protection){0, true, 600 * SEC};
    steps_step(&protect);
    steps_update(0, 1, ID_NONE);
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    steps_stop_all();
    cr_assert(scheduler.cluster.tasks[0].desired == TASK_RUNNING);
    cr_assert(scheduler.cluster.tasks[1].last == TASK_STOPPED);
    cr_assert(service->deployments[1].rollout == ROLLOUT_IN_PROGRESS);
    steps_until(now_usec + 600 * SEC);
    steps_stop_all();
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
}

/* It never spins: the pauses grow to a quarter of an hour, and the log says why. */
Test(service, tasks_that_never_run_are_tried_ever_more_seldom)
{
    int n_said = 0;
    struct message call;

    steps_define(128, false);
    call = steps_service("web", 0, 1);
    steps_create(&call);
    for (int try = 0; now_usec < 86400 * SEC; try++) {
        cr_assert(try < 110, "%d tries in %lld s", try, (long long)(now_usec / SEC));
        steps_report(try, TASK_STOPPED, HEALTH_UNKNOWN);
        n_said += steps_said_event(EVENT_UNABLE_TO_START);
        steps_until(scheduler.cluster.services[0].retry_at_usec);
    }
    cr_assert(n_said == 1);
    cr_assert(scheduler.cluster.n_tasks > 90);
    steps_define(128, false);
    steps_report(scheduler.cluster.n_tasks - 1, TASK_STOPPED, HEALTH_UNKNOWN);
    steps_update(0, 1, ID_NONE);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 1, "a new definition clears the throttle");
}

/* They run, and end at once: without delay at first, but not for ever. */
Test(service, tasks_that_always_crash_stay_bounded)
{
    int n_said = 0;
    struct message call;

    steps_define(128, false);
    call = steps_service("web", 0, 2);
    steps_create(&call);
    for (int n = 0; now_usec < 86400 * SEC; n++) {
        struct service *service = &scheduler.cluster.services[0];
        int n_tasks = scheduler.cluster.n_tasks;

        cr_assert(n < 1000, "%d tasks in %lld s", n, (long long)(now_usec / SEC));
        for (int t = n_tasks - 2; t < n_tasks; t++) {
            if (scheduler.cluster.tasks[t].last == TASK_STOPPED)
                continue;
            steps_report(t, TASK_RUNNING, HEALTH_UNKNOWN);
            steps_report(t, TASK_STOPPED, HEALTH_UNKNOWN);
            n_said += steps_said_event(EVENT_UNABLE_TO_START);
            cr_assert(n < 8 ? service->n_wanted == 2 : true, "without delay");
        }
        if (service->retry_at_usec > now_usec)
            steps_until(service->retry_at_usec);
    }
    cr_assert(n_said == 1, "%d", n_said);
}

/* DAEMON --------------------------------------------------------------------------------------- */

static struct service *daemons(int taskdef)
{
    struct message call = steps_service("agent", taskdef, 0);

    call.as.create_service.scheduling = SCHEDULING_DAEMON;
    return steps_create(&call);
}

Test(service, a_daemon_has_a_task_on_each_instance)
{
    struct service *service;

    steps_define(128, false);
    service = daemons(0);
    cr_assert(service->desired == 4 && steps_count(MESSAGE_PLACE_TASK) == 4);
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->deployments[0].rollout == ROLLOUT_COMPLETED);
    steps_report(1, TASK_STOPPED, HEALTH_UNKNOWN);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 1);
    cr_assert(steps_said(MESSAGE_PLACE_TASK, 0)->as.place_task.instance ==
              scheduler.cluster.tasks[1].instance);
}

/* Old first, then new: an instance never has two. */
Test(service, a_daemon_is_updated_one_instance_after_the_other)
{
    struct deployment_configuration config = steps_configuration();
    struct message call;
    struct service *service;

    steps_define(128, false);
    steps_define(128, false);
    call = steps_service("agent", 0, 0);
    config.minimum_healthy_percent = 75;
    call.as.create_service.scheduling = SCHEDULING_DAEMON;
    call.as.create_service.deployment = &config;
    service = steps_create(&call);
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    steps_update(0, 1, ID_NONE);
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 1 && steps_count(MESSAGE_PLACE_TASK) == 0);
    for (int i = 0; i < 4; i++) {
        steps_stop_all();
        steps_run_all();
        steps_until(now_usec + 40 * SEC);
    }
    cr_assert(service->deployments[1].rollout == ROLLOUT_COMPLETED);
    cr_assert(service->deployments[1].n_running == 4);
}

/* First to start on an instance, last to stop there. */
/* An instance never has two of a daemon, so all of them healthy all the time leaves no way. */
Test(service, a_daemon_at_100_percent_is_stuck_and_says_so)
{
    struct deployment_configuration config = steps_configuration();
    struct message call = steps_service("daemon", 0, 0), update;
    struct service *service;

    steps_define(128, false);
    steps_define(128, false);
    config.minimum_healthy_percent = 100;
    call.as.create_service.scheduling = SCHEDULING_DAEMON;
    call.as.create_service.deployment = &config;
    service = steps_create(&call);
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->n_healthy == service->desired && service->desired > 1);
    steps_update(0, 1, ID_NONE);
    cr_assert(steps_said_event(EVENT_STUCK));
    cr_assert(steps_count(MESSAGE_STOP_TASK) == 0 && steps_count(MESSAGE_PLACE_TASK) == 0);
    steps_until(now_usec + 40 * SEC);
    cr_assert(!steps_said_event(EVENT_STUCK), "once");
    config.minimum_healthy_percent = 50;
    update = message_new(MESSAGE_UPDATE_SERVICE);
    update.as.update_service.service = 0;
    update.as.update_service.deployment = &config;
    steps_step(&update);
    cr_assert(steps_count(MESSAGE_STOP_TASK) > 0);
}

Test(service, a_daemon_comes_first_and_goes_last)
{
    struct message call, registers = message_new(MESSAGE_REGISTER);
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);

    steps_finish();
    steps_begin(0);
    steps_define(2048, false);
    steps_define(4096 - 2048, false);
    call = steps_service("web", 0, 2);
    steps_create(&call);
    daemons(1);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 0);
    group.as.instance_group = (struct instance_group){
        .group = 1, .type = "box", .cpu = 4096, .memory_mib = 4096, .enis = ID_NONE, .count = 1};
    steps_step(&group);
    registers.as.register_instance =
        (struct register_instance){.instance = 0, .epoch = 1, .cpu = 4096, .memory_mib = 4096};
    steps_step(&registers);
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 2, "one of web has no room beside the daemon");
    cr_assert(steps_said(MESSAGE_PLACE_TASK, 0)->as.place_task.service == 1);
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    steps_update(0, ID_NONE, 0);
    drain(0);
    cr_assert(scheduler.cluster.tasks[0].desired == TASK_RUNNING, "web is still there");
    steps_stop_all();
    cr_assert(scheduler.cluster.tasks[0].desired == TASK_STOPPED);
}

/* Zones ---------------------------------------------------------------------------------------- */

Test(service, zones_are_rebalanced)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);
    struct message registers = message_new(MESSAGE_REGISTER);
    struct zone zone = {"b"};
    struct service *service = steady(4, 100, 200, false);
    int n[2] = {0, 0};

    for (int i = 1; i < 4; i += 2) {
        lost.as.instance_lost.instance = i;
        steps_step(&lost);
    }
    steps_until(now_usec + SEC); /* what was on its way to i4 never ran */
    steps_run_all();
    steps_until(now_usec + 40 * SEC);
    cr_assert(service->n_healthy == 4);
    group.as.instance_group = (struct instance_group){.group = 1,
                                                      .type = "box",
                                                      .cpu = 4096,
                                                      .memory_mib = 4096,
                                                      .enis = ID_NONE,
                                                      .count = 1,
                                                      .n_zones = 1,
                                                      .zones = &zone};
    steps_step(&group);
    registers.as.register_instance =
        (struct register_instance){.instance = 4, .epoch = 1, .cpu = 4096, .memory_mib = 4096};
    steps_step(&registers);
    cr_assert(steps_said_event(EVENT_REBALANCING_STARTED));
    cr_assert(steps_count(MESSAGE_PLACE_TASK) == 1 && steps_count(MESSAGE_STOP_TASK) == 0);
    for (int i = 0; i < 3; i++) {
        steps_run_all();
        steps_until(now_usec + 40 * SEC);
        cr_assert(service->n_healthy >= 4, "never below desired");
        steps_stop_all();
    }
    for (int t = 0; t < scheduler.cluster.n_tasks; t++)
        if (scheduler.cluster.tasks[t].last == TASK_RUNNING)
            n[scheduler.cluster.tasks[t].instance == 4]++;
    cr_assert(n[0] == 2 && n[1] == 2, "%d and %d", n[0], n[1]);
    cr_assert(!service->said_rebalancing);
}
