/*
 * Starting and stopping the tasks of services. A new task definition is rolled out within ECS's
 * default percentages: at least 100 % of the desired count running, at most 200 % of it alive.
 */
#include "core/service.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/place.h"

static struct service *get(struct scheduler *scheduler, int service)
{
    return &scheduler->cluster.services[service];
}

void service_touch(struct scheduler *scheduler, int id)
{
    struct service *service = get(scheduler, id);

    if (service->on_agenda)
        return;
    service->on_agenda = true;
    *ARRAY_ADD(scheduler, agenda) = id;
}

void service_note_stopped(struct scheduler *scheduler, int id, bool reached_running)
{
    struct service *service = get(scheduler, id);

    service_touch(scheduler, id);
    /* Tasks that fail together are one failed try, not many. */
    if (reached_running || scheduler->now_usec < service->retry_at_usec)
        return;
    service->n_failures++;
    service->retry_at_usec = scheduler->now_usec + decide_backoff_usec(service->n_failures);
    decide_by(scheduler, service->retry_at_usec);
}

void service_note_running(struct scheduler *scheduler, int id)
{
    struct service *service = get(scheduler, id);

    service_touch(scheduler, id);
    service->n_failures = 0;
    service->retry_at_usec = 0;
}

/* Tasks meant to run of the current definition, and those that do run of any other. */
static void count(const struct cluster *cluster, const struct service *service, int *n_current,
                  int *n_current_running)
{
    *n_current = service->n_wanted;
    *n_current_running = service->n_running;
    for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service) {
        const struct task *task = &cluster->tasks[t];

        if (task->taskdef != service->taskdef && task->desired == TASK_RUNNING) {
            (*n_current)--;
            *n_current_running -= task->last == TASK_RUNNING;
        }
    }
}

static void block(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);

    if (!service->is_blocked) {
        service->is_blocked = true;
        *ARRAY_ADD(scheduler, blocked) = id;
    }
    decide_wait(scheduler, outputs, service->request, service->taskdef, ID_NONE, &service->said);
}

/* Starts one more task; false where there is no room for it. */
static bool start_one(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    int request = cluster->services[id].request;
    int taskdef = cluster->services[id].taskdef;
    struct placement placement = place_task(cluster, request, taskdef, cluster->n_tasks);
    int task;

    if (placement.instance == ID_NONE) {
        block(scheduler, outputs, id);
        return false;
    }
    task = cluster_add_task(cluster, taskdef, request);
    decide_put(scheduler, outputs, task, &placement);
    return true;
}

static void start_missing(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    int n_current, n_current_running;
    int upper = service->desired * 2;

    count(&scheduler->cluster, service, &n_current, &n_current_running);
    if (n_current < service->desired && scheduler->now_usec < service->retry_at_usec) {
        decide_by(scheduler, service->retry_at_usec);
        return;
    }
    for (; n_current < service->desired && service->n_wanted < upper; n_current++)
        if (!start_one(scheduler, outputs, id))
            return;
    service->said.reason = PLACE_FITS;
}

/* A definition other than the service's own of which a task is meant to run, or ID_NONE. */
static int old_taskdef(const struct cluster *cluster, const struct service *service)
{
    for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service)
        if (cluster->tasks[t].desired == TASK_RUNNING &&
            cluster->tasks[t].taskdef != service->taskdef)
            return cluster->tasks[t].taskdef;
    return ID_NONE;
}

static void stop_one(struct scheduler *scheduler, struct outputs *outputs, int id, int taskdef)
{
    int victim = place_victim(&scheduler->cluster, id, taskdef);

    get(scheduler, id)->n_victims++;
    decide_stop(scheduler, outputs, victim, STOP_SERVICE_SCHEDULER_INITIATED);
}

static void stop_surplus(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    int n_current, n_current_running, old;

    count(&scheduler->cluster, service, &n_current, &n_current_running);
    for (; n_current > service->desired; n_current--)
        stop_one(scheduler, outputs, id, service->taskdef);
    /* Each task of an old definition goes once the running ones do not fall below the desired
     * count. */
    while ((old = old_taskdef(&scheduler->cluster, service)) != ID_NONE) {
        int victim = place_victim(&scheduler->cluster, id, old);
        bool runs = scheduler->cluster.tasks[victim].last == TASK_RUNNING;

        if (runs && service->n_running - 1 < service->desired)
            return;
        stop_one(scheduler, outputs, id, old);
    }
}

void service_stop_surplus(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->n_agenda && !scheduler->ending; i++)
        stop_surplus(scheduler, outputs, scheduler->agenda[i]);
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

void service_start_missing(struct scheduler *scheduler, struct outputs *outputs)
{
    if (scheduler->room)
        unblock(scheduler);
    for (int i = 0; i < scheduler->n_agenda; i++) {
        struct service *service = get(scheduler, scheduler->agenda[i]);

        service->on_agenda = false;
        if (!scheduler->ending)
            start_missing(scheduler, outputs, scheduler->agenda[i]);
        if (service->status == SERVICE_DRAINING && service->n_live == 0)
            service->status = SERVICE_INACTIVE;
    }
    scheduler->n_agenda = 0;
}
