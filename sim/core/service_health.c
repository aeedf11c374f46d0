/*
 * Judging the tasks of services: healthy, unhealthy, to be replaced. Each judgement keeps the counts
 * that starting and stopping go by.
 */
#include "core/decide.h"
#include "core/deployment.h"
#include "core/service.h"
#include "core/target.h"

static bool after(const struct scheduler *scheduler, int64_t since_usec, int64_t usec)
{
    return scheduler->now_usec - since_usec >= usec;
}

/* healthCheckGracePeriodSeconds: behind a balancer failing checks do not count from RUNNING on. */
static bool in_grace(const struct scheduler *scheduler, const struct service *service, int id)
{
    const struct cluster *cluster = &scheduler->cluster;

    return service->deployments[cluster->tasks[id].deployment].n_balancers > 0 &&
           !after(scheduler, cluster_details(cluster, id)->running_usec, service->grace_usec);
}

static bool passes(const struct scheduler *scheduler, const struct task *task, int id)
{
    const struct cluster *cluster = &scheduler->cluster;
    const struct task_details *details = cluster_details(cluster, id);
    bool is_checked = cluster->taskdef_facts[task->taskdef].is_checked;

    if (is_checked && task->health != HEALTH_HEALTHY)
        return false;
    if (details->first_target != ID_NONE)
        return target_all_healthy(cluster, id);
    return is_checked ||
           after(scheduler, details->running_usec, scheduler->rules.healthy_after_usec);
}

/* The circuit breaker counts it, and ECS says so. */
static void note_unhealthy(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct task *task = &scheduler->cluster.tasks[id];
    int service = scheduler->cluster.requests[task->request].service;
    bool by_container = task->health == HEALTH_UNHEALTHY;
    struct service_event *event = service_say(
        scheduler, outputs, service, by_container ? EVENT_TASK_UNHEALTHY : EVENT_TARGET_UNHEALTHY);

    event->task = id;
    event->count = 1;
    for (int32_t t = cluster_details(&scheduler->cluster, id)->first_target;
         t != ID_NONE && !by_container; t = scheduler->cluster.targets[t].next_of_task)
        if (scheduler->cluster.targets[t].status == TARGET_UNHEALTHY)
            event->target_group = scheduler->cluster.targets[t].target_group;
    if (!task->has_failed)
        deployment_note_failure(scheduler, outputs, service, task->deployment, true);
    task->has_failed = true;
}

void service_judge(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task = &cluster->tasks[id];
    int service = cluster->requests[task->request].service;
    bool draining, running, failing, healthy, unhealthy, outdated, was_unhealthy;

    if (service == ID_NONE || task->desired != TASK_RUNNING || task->instance == ID_NONE ||
        scheduler->ending)
        return;
    draining = cluster->instances[task->instance].status == INSTANCE_DRAINING;
    running = task->last == TASK_RUNNING;
    failing = running && (task->health == HEALTH_UNHEALTHY || target_any_unhealthy(cluster, id));
    healthy = running && !failing && passes(scheduler, task, id);
    unhealthy = failing && !in_grace(scheduler, &cluster->services[service], id);
    outdated = unhealthy || draining;
    if (healthy == task->is_healthy && unhealthy == task->is_unhealthy &&
        outdated == task->is_outdated)
        return;
    was_unhealthy = task->is_unhealthy;
    if (healthy && !task->is_healthy) {
        task->was_healthy = true;
        cluster->services[service].n_crashes = 0;
        deployment_note_healthy(scheduler, service, task->deployment);
    }
    cluster_judge(cluster, id, healthy, unhealthy, outdated);
    service_touch(scheduler, service);
    if (unhealthy && !was_unhealthy)
        note_unhealthy(scheduler, outputs, id);
}

void service_judge_tick(struct scheduler *scheduler, struct outputs *outputs)
{
    const struct timer *first;

    while ((first = timers_first(&scheduler->judgements)) &&
           first->at_usec <= scheduler->now_usec) {
        int32_t task = first->task;

        timers_drop_first(&scheduler->judgements);
        service_judge(scheduler, outputs, task);
    }
    if (first)
        decide_by(scheduler, first->at_usec);
}
