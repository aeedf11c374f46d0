/*
 * DAEMON services: one task on every ACTIVE instance that meets the constraints (ECS developer guide,
 * ecs_services). They start before all others, and on a draining instance they stop after them; an
 * instance never has two, so an update stops first and starts then.
 */
#include "core/decide.h"
#include "core/limits.h"
#include "core/service.h"

static bool is_wanted_on(const struct cluster *cluster, const struct service *service, int instance)
{
    return cluster->instances[instance].status == INSTANCE_ACTIVE &&
           place_matches(cluster, service->request, service->taskdef, instance);
}

/* The service's task on the instance that is not STOPPED, or ID_NONE. */
static int task_on(const struct cluster *cluster, const struct service *service, int instance)
{
    int task = cluster_newest_on(cluster, &cluster->instances[instance]);

    while (task != ID_NONE && cluster->tasks[task].request != service->request)
        task = cluster_older_on(cluster, task);
    return task;
}

/* Somebody else's task still lives there. */
static bool is_needed_on(const struct cluster *cluster, int instance)
{
    for (int t = cluster_newest_on(cluster, &cluster->instances[instance]); t != ID_NONE;
         t = cluster_older_on(cluster, t)) {
        int service = cluster->requests[cluster->tasks[t].request].service;

        if (service == ID_NONE || cluster->services[service].scheduling != SCHEDULING_DAEMON)
            return true;
    }
    return false;
}

void daemon_count(struct scheduler *scheduler, int id)
{
    const struct cluster *cluster = &scheduler->cluster;
    struct service *service = &scheduler->cluster.services[id];

    service->desired = 0;
    for (int i = 0; i < cluster->n_instances && service->status == SERVICE_ACTIVE; i++)
        service->desired += is_wanted_on(cluster, service, i);
}

/* An old, unhealthy or misplaced one goes; what serves only within minimumHealthyPercent. */
static bool may_stop(const struct cluster *cluster, const struct service *service,
                     const struct task *task, enum stop_reason *reason)
{
    enum instance_status status = cluster->instances[task->instance].status;
    bool draining = status == INSTANCE_DRAINING;

    *reason = draining                               ? STOP_FOR_DRAINING
              : task->deployment != service->primary ? service_replaced(service, task)
              : task->health == HEALTH_UNHEALTHY     ? STOP_FOR_HEALTH
                                                     : STOP_FOR_TARGET_HEALTH;
    if (service->status != SERVICE_ACTIVE ||
        (!draining && !is_wanted_on(cluster, service, task->instance))) {
        *reason = STOP_FOR_SCALE_IN;
        return true;
    }
    if (draining)
        return !is_needed_on(cluster, task->instance);
    if (task->deployment == service->primary && !task->is_unhealthy)
        return false;
    return task->last != TASK_RUNNING || task->is_unhealthy ||
           service->n_healthy - task->is_healthy >=
               limits_lower(service->desired, service->settings.min_percent);
}

void daemon_stop(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    struct service *service = &cluster->services[id];
    bool stopped = false, outdated = false;

    for (int t = service->first_task, next; t != ID_NONE; t = next) {
        const struct task *task = &cluster->tasks[t];
        enum stop_reason reason;

        next = cluster_details(cluster, t)->next_of_service;
        outdated = outdated || task->deployment != service->primary;
        if (task->desired == TASK_RUNNING && !task->is_protected &&
            may_stop(cluster, service, task, &reason)) {
            service_stop_task(scheduler, outputs, t, reason);
            stopped = true;
        }
    }
    if (outdated && !stopped && service->status == SERVICE_ACTIVE)
        service_say_stuck(scheduler, outputs, id, service->desired);
}

void daemon_start(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    struct service *service = &cluster->services[id];
    bool missing = false;

    if (service->status != SERVICE_ACTIVE ||
        service->deployments[service->primary].rollout == ROLLOUT_FAILED)
        return;
    if (scheduler->now_usec < service->retry_at_usec) {
        decide_by(scheduler, service->retry_at_usec);
        return;
    }
    for (int i = 0; i < cluster->n_instances; i++) {
        const struct placement placement = {i, ID_NONE};
        int64_t lack;

        if (!is_wanted_on(cluster, service, i) || task_on(cluster, service, i) != ID_NONE ||
            !cluster->instances[i].agent_connected)
            continue;
        if (place_filter(cluster, service->request, service->taskdef, i, &lack) == PLACE_FITS)
            service_put_task(scheduler, outputs, id, service->primary, &placement);
        else
            missing = true;
    }
    if (missing)
        service_block(scheduler, outputs, id, service->taskdef);
    else
        service->said.reason = PLACE_FITS;
}
