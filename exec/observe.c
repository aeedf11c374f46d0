/*
 * The same rows as the simulation's: one for each definition of which a service has tasks, in that
 * order. Tasks that have gone within the period are not seen; of those in virtual machines, whose cgroups
 * are their guests', what counts is what the guest said last. Numbers are the scenario's: what a container
 * at half the scale uses counts twice.
 */
#include "exec/observe.h"

#include "core/array.h"
#include "core/cluster.h"

#include <stdlib.h>

/* Guests speak so often a period, within these bounds. */
#define USED_PARTS 10
#define USED_LEAST_USEC (100 * USEC_PER_MSEC)
#define USED_MOST_USEC (1 * USEC_PER_SEC)

void observe_init(struct observer *observer, const struct scheduler *scheduler,
                  const struct crew *crew, struct ingress *ingress)
{
    *observer = (struct observer){
        .scheduler = scheduler, .crew = crew, .ingress = ingress, .began_usec = USEC_NEVER};
}

void observe_finish(struct observer *observer)
{
    free(observer->services.rows);
    free(observer->tasks);
    *observer = (struct observer){0};
}

int64_t observe_deadline(struct observer *observer, int64_t now_usec)
{
    if (observer->scheduler->ending || observer->scheduler->cluster.n_services == 0) {
        return USEC_NEVER;
    }
    if (observer->began_usec == USEC_NEVER) {
        observer->began_usec = now_usec;
    }
    return observer->began_usec + observer->scheduler->rules.metric_period_usec;
}

static bool has_services(const struct scenario *scenario)
{
    for (int i = 0; i < scenario->n_timeline; i++) {
        if (!scenario->timeline[i].is_fault &&
            scenario->timeline[i].call.kind == MESSAGE_CREATE_SERVICE) {
            return true;
        }
    }
    return scenario->n_services > 0;
}

int64_t observe_used_usec(const struct observer *observer)
{
    int64_t usec = observer->scheduler->rules.metric_period_usec / USED_PARTS;

    if (!has_services(observer->crew->job->scenario)) {
        return 0;
    }
    return usec < USED_LEAST_USEC ? USED_LEAST_USEC : usec > USED_MOST_USEC ? USED_MOST_USEC : usec;
}

static void add_usage(struct observer *observer, struct service_metrics *row, int32_t index,
                      const struct cgroup_usage *usage)
{
    struct scale scale = observer->crew->job->plans->scale;
    struct observed *seen;

    while (observer->n_tasks <= index) {
        *ARRAY_ADD(observer, tasks) = (struct observed){0, 0};
    }
    seen = &observer->tasks[index];
    row->cpu_usec += scale_up(scale, usage->cpu_usec - seen->cpu_usec);
    row->throttled_usec += usage->throttled_usec - seen->throttled_usec;
    row->memory_bytes += scale_up(scale, usage->memory_bytes);
    *seen = (struct observed){usage->cpu_usec, usage->throttled_usec};
}

static void add_task(struct observer *observer, int first, int32_t service, int32_t index,
                     int64_t now_usec)
{
    const struct task *task = &observer->scheduler->cluster.tasks[index];
    struct service_metrics *row;
    struct cgroup_usage usage;
    int64_t since_usec = cluster_details(&observer->scheduler->cluster, index)->running_usec;

    if (task->last != TASK_RUNNING || !crew_usage(observer->crew, task->instance, index, &usage)) {
        return;
    }
    row = metrics_row(&observer->services, first, service, task->taskdef);
    row->n_tasks++;
    row->running_usec +=
        now_usec - (since_usec > observer->began_usec ? since_usec : observer->began_usec);
    add_usage(observer, row, index, &usage);
}

bool observe_event(struct observer *observer, int64_t now_usec, struct message *event)
{
    const struct cluster *cluster = &observer->scheduler->cluster;
    struct observe *observe = &event->as.observe;

    if (observer->began_usec == USEC_NEVER || now_usec <= observer->began_usec) {
        return false;
    }
    *event = message_new(MESSAGE_OBSERVE);
    observe->period_usec = now_usec - observer->began_usec;
    observer->services.n_rows = 0;
    for (int32_t s = 0; s < cluster->n_services; s++) {
        int first = observer->services.n_rows;

        for (int32_t t = cluster->services[s].first_task; t != ID_NONE;
             t = cluster_details(cluster, t)->next_of_service) {
            add_task(observer, first, s, t, now_usec);
        }
    }
    observe->n_services = observer->services.n_rows;
    observe->services = observer->services.rows;
    ingress_take(observer->ingress);
    ingress_observe(observer->ingress, observe);
    observer->began_usec = now_usec;
    return true;
}
