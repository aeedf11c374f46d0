/*
 * Starting and stopping the tasks of services: the loop that every change of a service leads to (ECS
 * developer guide, deployment-type-ecs; API, DeploymentConfiguration). What is old, unhealthy or on a
 * draining instance goes as far as the lower limit allows, what is missing comes as far as the upper
 * one does.
 */
#include "core/service.h"

#include "core/array.h"
#include "core/capacity.h"
#include "core/decide.h"
#include "core/deployment.h"
#include "core/limits.h"
#include "core/place.h"
#include "core/target.h"
#include "core/task.h"
#include "core/victims.h"

/* Failed starts in a row from which ECS says that it cannot start tasks consistently. */
#define FAILURES_SAID 3

/* Tasks that ran and ended before they were healthy, for each of the desired ones: so many in a row are
 * replaced without delay. */
#define CRASHES_FREE 10

static struct service *get(struct scheduler *scheduler, int service)
{
    return &scheduler->cluster.services[service];
}

static const struct deployment *primary_of(const struct service *service)
{
    return &service->deployments[service->primary];
}

void service_touch(struct scheduler *scheduler, int id)
{
    struct service *service = get(scheduler, id);

    if (service->on_agenda)
        return;
    service->on_agenda = true;
    *ARRAY_ADD(scheduler, agenda) = id;
}

struct service_event *service_say(struct scheduler *scheduler, struct outputs *outputs, int service,
                                  enum service_event_code code)
{
    struct service_event *event =
        &decide(scheduler, outputs, MESSAGE_SERVICE_EVENT)->as.service_event;

    event->service = service;
    event->code = code;
    return event;
}

bool service_shifts_traffic(const struct service *service)
{
    return primary_of(service)->stage != STAGE_NONE;
}

bool service_keeps(const struct service *service, int deployment)
{
    return deployment == service->primary ||
           (service_shifts_traffic(service) && primary_of(service)->stage < STAGE_CLEAN_UP &&
            deployment == service->serving);
}

/* Tasks that fail together are one failed try, not many. */
static void note_failure(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);

    if (scheduler->now_usec < service->retry_at_usec)
        return;
    service->n_failures++;
    service->retry_at_usec =
        scheduler->now_usec + decide_backoff_usec(scheduler, service->n_failures);
    decide_by(scheduler, service->retry_at_usec);
    if (service->n_failures == FAILURES_SAID)
        service_say(scheduler, outputs, id, EVENT_UNABLE_TO_START)->count = FAILURES_SAID;
}

static int32_t n_free_crashes(const struct service *service)
{
    return CRASHES_FREE * (service->desired > 0 ? service->desired : 1);
}

/* No start before the pause that goes with so many failures in a row. Tasks that fail together are one
 * failed try, not many. */
static void throttle(struct scheduler *scheduler, struct outputs *outputs, int id,
                     int32_t *n_failures, int32_t n_free)
{
    struct service *service = get(scheduler, id);

    if (scheduler->now_usec < service->retry_at_usec || ++*n_failures <= n_free)
        return;
    service->retry_at_usec =
        scheduler->now_usec + decide_backoff_usec(scheduler, *n_failures - n_free);
    decide_by(scheduler, service->retry_at_usec);
    if (*n_failures == n_free + FAILURES_SAID)
        service_say(scheduler, outputs, id, EVENT_UNABLE_TO_START)->count = *n_failures;
}

void service_note_stopped(struct scheduler *scheduler, struct outputs *outputs, int id,
                          bool was_wanted)
{
    const struct task *task = &scheduler->cluster.tasks[id];
    int service_id = scheduler->cluster.requests[task->request].service;
    struct service *service = get(scheduler, service_id);

    service_touch(scheduler, service_id);
    if (service->scheduling == SCHEDULING_DAEMON && task->instance != ID_NONE)
        service_note_instance(scheduler, task->instance);
    if (!was_wanted || task->was_healthy)
        return;
    if (task->reached_running) {
        throttle(scheduler, outputs, service_id, &service->n_crashes, n_free_crashes(service));
        return;
    }
    if (task->stop_code != STOP_INFRASTRUCTURE_HEALTH)
        deployment_note_failure(scheduler, outputs, service_id, task->deployment, false);
    throttle(scheduler, outputs, service_id, &service->n_failures, 0);
}

void service_note_running(struct scheduler *scheduler, struct outputs *outputs, int id,
                          const struct task_state *report)
{
    struct task *task = &scheduler->cluster.tasks[id];
    int service_id = scheduler->cluster.requests[task->request].service;
    struct service *service = get(scheduler, service_id);
    struct deployment *deployment = &service->deployments[task->deployment];

    if (!deployment->has_run)
        deployment->n_failed = 0; /* from now on health checks count */
    deployment->has_run = true;
    service->n_failures = 0;
    if (service->n_crashes <= n_free_crashes(service))
        service->retry_at_usec = 0;
    target_register(scheduler, outputs, id, report);
    if (scheduler->rules.healthy_after_usec > 0) { /* else it is judged in this step */
        timers_add(&scheduler->judgements,
                   scheduler->now_usec + scheduler->rules.healthy_after_usec, id);
        decide_by(scheduler, scheduler->now_usec + scheduler->rules.healthy_after_usec);
    }
    if (deployment->n_balancers > 0 && service->grace_usec > 0) {
        timers_add(&scheduler->judgements, scheduler->now_usec + service->grace_usec, id);
        decide_by(scheduler, scheduler->now_usec + service->grace_usec);
    }
    service_touch(scheduler, service_id);
}

static void note_started(struct scheduler *scheduler, int id, int task)
{
    struct service *service = get(scheduler, id);

    if (service->n_started++ == 0)
        service->first_started = task;
    service->started_step = scheduler->n_steps;
}

void service_put_task(struct scheduler *scheduler, struct outputs *outputs, int id, int deployment,
                      const struct placement *placement)
{
    int request = get(scheduler, id)->deployments[deployment].request;
    int task = cluster_add_service_task(&scheduler->cluster, id, deployment, request);

    note_started(scheduler, id, task);
    decide_put(scheduler, outputs, task, placement);
}

/* Nobody misses it: traffic was shifted away from it, or the shift to it was given up. */
static bool has_no_traffic(const struct service *service, const struct task *task)
{
    return !service_keeps(service, task->deployment) &&
           service->deployments[task->deployment].is_left;
}

void service_stop_task(struct scheduler *scheduler, struct outputs *outputs, int id,
                       enum stop_reason reason)
{
    const struct task *task = &scheduler->cluster.tasks[id];
    struct service *service = get(scheduler, scheduler->cluster.requests[task->request].service);

    if (service->n_stopped++ == 0)
        service->first_stopped = id;
    if (task->is_healthy && reason != STOP_FOR_SCALE_IN && reason != STOP_FOR_REBALANCING &&
        !has_no_traffic(service, task))
        service->replaced_step = scheduler->n_steps;
    service->n_victims++;
    decide_stop(scheduler, outputs, id, STOP_SERVICE_SCHEDULER_INITIATED, reason);
}

/* Stopping ------------------------------------------------------------------------------------- */

/* Its tasks that need no replacement. */
static int32_t n_fine(const struct deployment *deployment)
{
    return deployment->n_wanted - deployment->n_outdated;
}

/* What a deployment is to have: one more while a task changes its zone. */
static int32_t n_due(const struct service *service)
{
    return service->desired + service->is_rebalancing;
}

#define FEW_VICTIMS 3 /* up to here looking at all of them each time costs less */

/* Stops as many of a deployment's tasks as may be stopped, `n` at most. */
static void stop_victims(struct scheduler *scheduler, struct outputs *outputs, int id,
                         int deployment, int n, enum stop_reason reason)
{
    const struct cluster *cluster = &scheduler->cluster;
    struct victims *victims = n > FEW_VICTIMS ? victims_create(cluster, id, deployment) : NULL;

    for (; n > 0; n--) {
        int victim = victims ? victims_next(victims) : place_victim(cluster, id, deployment);

        if (victim == ID_NONE)
            break;
        service_stop_task(scheduler, outputs, victim, reason);
    }
    victims_destroy(victims);
}

static void stop_surplus(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    bool moved = false;

    if (service->is_rebalancing && n_fine(primary_of(service)) <= service->desired)
        service->is_rebalancing = false; /* what was to move did not come up */
    if (service->is_rebalancing && primary_of(service)->n_healthy > service->desired) {
        service->is_rebalancing = false;
        moved = true;
    }
    for (int d = 0; d < service->n_deployments; d++) {
        int n = n_fine(&service->deployments[d]) - n_due(service);

        if (service_keeps(service, d) && n > 0)
            stop_victims(scheduler, outputs, id, d, n,
                         moved ? STOP_FOR_REBALANCING : STOP_FOR_SCALE_IN);
    }
}

/* Replacements are missing and cannot come first: there is no room for them within the upper limit or the
 * cluster, and nothing on its way out that would make some. */
static bool replacing_needs_room(const struct service *service)
{
    return service->n_live == service->n_wanted && n_fine(primary_of(service)) < service->desired &&
           (service->is_blocked ||
            service->n_live >= limits_upper(service->desired, service->settings.max_percent));
}

/* Whether the scheduler may stop a task that is to be replaced. */
static bool may_stop(const struct service *service, const struct task *task)
{
    const struct deployment *deployment = &service->deployments[task->deployment];
    int32_t lower = limits_lower(service->desired, service->settings.min_percent);
    int32_t n_healthy =
        service_shifts_traffic(service) ? deployment->n_healthy : service->n_healthy;

    if (task->last != TASK_RUNNING)
        return true; /* nobody misses it */
    if (!service_keeps(service, task->deployment) && service_shifts_traffic(service))
        return true; /* traffic has left it */
    if (has_no_traffic(service, task))
        return true;
    if (task->is_unhealthy && replacing_needs_room(service))
        return true; /* one by one */
    if (task->is_unhealthy && service_keeps(service, task->deployment))
        return n_healthy >= service->desired; /* its replacement serves */
    return n_healthy - task->is_healthy >= lower;
}

/* How gladly a task is stopped: not running yet or without traffic, unhealthy, not known yet, healthy. */
static int rank(const struct service *service, const struct task *task)
{
    if (task->last != TASK_RUNNING || has_no_traffic(service, task))
        return 0;
    return task->is_unhealthy ? 1 : task->is_healthy ? 3 : 2;
}

static bool is_to_go(const struct service *service, const struct task *task)
{
    return task->desired == TASK_RUNNING && !task->is_protected &&
           (task->is_outdated || !service_keeps(service, task->deployment));
}

/* The task to replace that goes next, the oldest of those that go most gladly; ID_NONE: none may. */
static int find_to_go(const struct cluster *cluster, const struct service *service)
{
    int found = ID_NONE, best = 4;

    for (int t = service->first_task; t != ID_NONE;
         t = cluster_details(cluster, t)->next_of_service) {
        const struct task *task = &cluster->tasks[t];

        if (is_to_go(service, task) && rank(service, task) <= best && may_stop(service, task)) {
            found = t; /* the list runs from the newest to the oldest */
            best = rank(service, task);
        }
    }
    return found;
}

enum stop_reason service_replaced(const struct service *service, const struct task *task)
{
    return task->taskdef == service->deployments[service->primary].taskdef ? STOP_FOR_NEW_DEPLOYMENT
                                                                           : STOP_FOR_DEPLOYMENT;
}

static enum stop_reason reason_of(const struct service *service, const struct task *task)
{
    if (!service_keeps(service, task->deployment))
        return service_replaced(service, task);
    if (!task->is_unhealthy)
        return STOP_FOR_DRAINING;
    return task->health == HEALTH_UNHEALTHY ? STOP_FOR_HEALTH : STOP_FOR_TARGET_HEALTH;
}

/* How many are to go, without looking at each. */
static int32_t count_to_go(const struct service *service)
{
    int32_t n = service->n_wanted;

    for (int d = 0; d < service->n_deployments; d++)
        if (service_keeps(service, d))
            n -= n_fine(&service->deployments[d]);
    return n;
}

static void stop_replaced(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct cluster *cluster = &scheduler->cluster;
    int found;

    while (count_to_go(service) > 0 && (found = find_to_go(cluster, service)) != ID_NONE) {
        const struct task *task = &cluster->tasks[found];
        bool old = !service_keeps(service, task->deployment);

        if (old && rank(service, task) == 3) /* any of them: as a scale-in would choose */
            found = place_victim(cluster, id, task->deployment);
        if (found == ID_NONE)
            return;
        service_stop_task(scheduler, outputs, found, reason_of(service, &cluster->tasks[found]));
    }
}

void service_stop_surplus(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->n_agenda && !scheduler->ending; i++) {
        int id = scheduler->agenda[i];

        if (get(scheduler, id)->scheduling == SCHEDULING_DAEMON)
            daemon_count(scheduler, id);
        deployment_advance(scheduler, outputs, id);
        if (get(scheduler, id)->scheduling == SCHEDULING_DAEMON) {
            daemon_stop(scheduler, outputs, id);
            continue;
        }
        stop_surplus(scheduler, outputs, id);
        stop_replaced(scheduler, outputs, id);
        deployment_follow_tasks(scheduler, outputs, id);
    }
}

/* Starting ------------------------------------------------------------------------------------- */

void service_block(struct scheduler *scheduler, struct outputs *outputs, int id, int taskdef)
{
    struct service *service = get(scheduler, id);

    if (!service->is_blocked) {
        service->is_blocked = true;
        *ARRAY_ADD(scheduler, blocked) = id;
        /* Unhealthy tasks now make room for their replacements. */
        if (primary_of(service)->n_outdated > 0)
            scheduler->again = true;
    }
    decide_wait(scheduler, outputs, service->request, taskdef, ID_NONE, &service->said);
}

/* Starts one more task; false where there is no room for it, nor a turn to wait for some. */
static bool start_one(struct scheduler *scheduler, struct outputs *outputs, int id, int deployment)
{
    struct cluster *cluster = &scheduler->cluster;
    int taskdef = cluster->services[id].deployments[deployment].taskdef;
    int request =
        capacity_next_request(cluster, cluster->services[id].deployments[deployment].request);

    switch (task_begin(scheduler, outputs, request, taskdef, deployment, false)) {
    case TASK_LACKS_ROOM:
        service_block(scheduler, outputs, id, taskdef);
        return false;
    case TASK_LACKS_TURN:
        note_failure(scheduler, outputs, id);
        return false;
    case TASK_BEGAN:
        break;
    }
    note_started(scheduler, id, cluster->n_tasks - 1);
    return true;
}

/* ECS says so where a deployment or a drain can neither start nor stop anything any more. */
void service_say_stuck(struct scheduler *scheduler, struct outputs *outputs, int id, int32_t upper)
{
    struct service *service = get(scheduler, id);
    struct deployment *primary = &service->deployments[service->primary];
    int32_t lower = limits_lower(service->desired, service->settings.min_percent);
    struct service_event *event;

    if (primary->said_stuck || service->n_live != service->n_healthy || service->n_live < upper ||
        service->n_healthy > lower)
        return;
    primary->said_stuck = true;
    event = service_say(scheduler, outputs, id, EVENT_STUCK);
    event->deployment = service->primary;
    event->lower = lower;
    event->upper = upper;
}

static void start_deployment(struct scheduler *scheduler, struct outputs *outputs, int id, int d)
{
    struct service *service = get(scheduler, id);
    int32_t upper = limits_upper(service->desired, service->settings.max_percent);
    bool limited = !service_shifts_traffic(service);
    int32_t n_missing = n_due(service) - n_fine(&service->deployments[d]);

    if (n_missing <= 0 || service->deployments[d].rollout == ROLLOUT_FAILED)
        return;
    if (scheduler->now_usec < service->retry_at_usec) {
        decide_by(scheduler, service->retry_at_usec);
        return;
    }
    for (; n_missing > 0 && (!limited || service->n_live < upper); n_missing--)
        if (!start_one(scheduler, outputs, id, d))
            return;
    if (n_missing > 0)
        service_say_stuck(scheduler, outputs, id, upper);
    service->said.reason = PLACE_FITS;
}

static void start_missing(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct placement placement;

    for (int d = 0; d < get(scheduler, id)->n_deployments; d++)
        if (service_keeps(get(scheduler, id), d))
            start_deployment(scheduler, outputs, id, d);
    if (rebalance_wants(scheduler, id, &placement)) {
        struct service *service = get(scheduler, id);

        if (!service->said_rebalancing)
            service_say(scheduler, outputs, id, EVENT_REBALANCING_STARTED);
        service->said_rebalancing = service->is_rebalancing = true;
        service_put_task(scheduler, outputs, id, service->primary, &placement);
    } else if (get(scheduler, id)->said_rebalancing && !get(scheduler, id)->is_rebalancing &&
               get(scheduler, id)->is_steady) {
        get(scheduler, id)->said_rebalancing = false;
        service_say(scheduler, outputs, id, EVENT_REBALANCING_COMPLETED);
    }
}

/* What the step did to the service, once. */
static void say_what_was_done(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct service_event *event;

    if (service->n_stopped > 0) {
        event = service_say(scheduler, outputs, id, EVENT_TASKS_STOPPED);
        event->count = service->n_stopped;
        event->task = service->first_stopped;
    }
    if (service->n_started > 0) {
        event = service_say(scheduler, outputs, id, EVENT_TASKS_STARTED);
        event->count = service->n_started;
        event->task = service->first_started;
    }
    service->n_started = service->n_stopped = 0;
}

static void unblock(struct scheduler *scheduler)
{
    int n_blocked = scheduler->n_blocked;

    scheduler->n_blocked = 0;
    for (int i = 0; i < n_blocked; i++) {
        get(scheduler, scheduler->blocked[i])->is_blocked = false;
        service_touch(scheduler, scheduler->blocked[i]);
    }
}

void service_start_daemons(struct scheduler *scheduler, struct outputs *outputs)
{
    if (scheduler->room)
        unblock(scheduler);
    for (int i = 0; i < scheduler->n_agenda && !scheduler->ending; i++)
        if (get(scheduler, scheduler->agenda[i])->scheduling == SCHEDULING_DAEMON)
            daemon_start(scheduler, outputs, scheduler->agenda[i]);
}

void service_start_missing(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->n_agenda; i++) {
        int id = scheduler->agenda[i];

        if (!scheduler->ending && get(scheduler, id)->scheduling == SCHEDULING_REPLICA)
            start_missing(scheduler, outputs, id);
        if (scheduler->again) {
            scheduler->again = false;
            stop_replaced(scheduler, outputs, id);
        }
        say_what_was_done(scheduler, outputs, id);
        get(scheduler, id)->on_agenda = false;
        if (get(scheduler, id)->status == SERVICE_DRAINING && get(scheduler, id)->n_live == 0)
            get(scheduler, id)->status = SERVICE_INACTIVE;
    }
    scheduler->n_agenda = 0;
}

void service_note_instance(struct scheduler *scheduler, int instance)
{
    (void)instance;
    for (int i = 0; i < scheduler->cluster.n_services; i++) {
        const struct service *service = get(scheduler, i);

        if (service->status == SERVICE_ACTIVE &&
            (service->scheduling == SCHEDULING_DAEMON || service->rebalances))
            service_touch(scheduler, i);
    }
}

void service_tick(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->cluster.n_services; i++) {
        const struct service *service = get(scheduler, i);
        int64_t due_usec = primary_of(service)->due_usec;

        if (service->retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, service->retry_at_usec);
        else if (service->retry_at_usec > 0)
            service_touch(scheduler, i);
        if (due_usec <= scheduler->now_usec)
            service_touch(scheduler, i);
        else
            decide_by(scheduler, due_usec);
    }
    service_judge_tick(scheduler, outputs);
}
