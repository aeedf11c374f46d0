/*
 * One row for each definition of which a service has tasks, in that order. Tasks that have gone within
 * the period are not seen.
 */
#include "observe.h"

#include <stdlib.h>

void observe_init(struct observer *observer, const struct scheduler *scheduler, struct front *front)
{
    *observer = (struct observer){.scheduler = scheduler, .front = front, .began_usec = USEC_NEVER};
}

void observe_finish(struct observer *observer)
{
    free(observer->services.rows);
    *observer = (struct observer){0};
}

int64_t observe_deadline(struct observer *observer, int64_t now_usec)
{
    if (observer->scheduler->cluster.n_services == 0)
        return USEC_NEVER;
    if (observer->began_usec == USEC_NEVER)
        observer->began_usec = now_usec;
    return observer->began_usec + observer->scheduler->rules.metric_period_usec;
}

static int64_t memory_bytes(const struct observer *observer, const struct task *task)
{
    const struct scenario_taskdef *taskdef = &observer->front->scenario->taskdefs[task->taskdef];
    int64_t sum = 0;

    for (int i = 0; i < taskdef->definition->n_containers; i++)
        sum += taskdef->behaviours[i].memory_bytes;
    return sum;
}

static void add_task(struct observer *observer, struct service_metrics *row, int32_t index,
                     int64_t now_usec)
{
    const struct task *task = &observer->scheduler->cluster.tasks[index];
    int64_t since_usec = cluster_details(&observer->scheduler->cluster, index)->running_usec;

    row->cpu_usec += front_take_cpu(observer->front, now_usec, index) +
                     fleet_take_cpu(observer->front->fleet, now_usec, index);
    if (task->last != TASK_RUNNING)
        return;
    row->n_tasks++;
    row->running_usec +=
        now_usec - (since_usec > observer->began_usec ? since_usec : observer->began_usec);
    row->memory_bytes += memory_bytes(observer, task);
}

bool observe_event(struct observer *observer, int64_t now_usec, struct message *event)
{
    const struct cluster *cluster = &observer->scheduler->cluster;
    struct observe *observe = &event->as.observe;

    if (observer->began_usec == USEC_NEVER || now_usec <= observer->began_usec)
        return false;
    front_settle(observer->front, now_usec);
    *event = message_new(MESSAGE_OBSERVE);
    observe->period_usec = now_usec - observer->began_usec;
    observer->services.n_rows = 0;
    for (int32_t s = 0; s < cluster->n_services; s++) {
        int first = observer->services.n_rows;

        for (int32_t t = cluster->services[s].first_task; t != ID_NONE;
             t = cluster_details(cluster, t)->next_of_service)
            add_task(observer,
                     metrics_row(&observer->services, first, s, cluster->tasks[t].taskdef), t,
                     now_usec);
    }
    observe->n_services = observer->services.n_rows;
    observe->services = observer->services.rows;
    front_observe(observer->front, observe);
    observer->began_usec = now_usec;
    return true;
}
