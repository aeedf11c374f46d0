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

/* It is to be replaced: of another definition, or on an instance that is draining. */
static bool is_outdated(const struct cluster *cluster, const struct service *service,
                        const struct task *task)
{
    return task->taskdef != service->taskdef ||
           cluster->instances[task->instance].status == INSTANCE_DRAINING;
}

/* Tasks meant to run that need no replacement. */
static int count_current(const struct cluster *cluster, struct service *service)
{
    int n_outdated = 0;

    if (!service->may_be_outdated)
        return service->n_wanted;
    for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service)
        n_outdated += cluster->tasks[t].desired == TASK_RUNNING &&
                      is_outdated(cluster, service, &cluster->tasks[t]);
    service->may_be_outdated = n_outdated > 0;
    return service->n_wanted - n_outdated;
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
    int n_current = count_current(&scheduler->cluster, service);
    int upper = service->desired * 2;

    if (n_current < service->desired && scheduler->now_usec < service->retry_at_usec) {
        decide_by(scheduler, service->retry_at_usec);
        return;
    }
    for (; n_current < service->desired && service->n_wanted < upper; n_current++)
        if (!start_one(scheduler, outputs, id))
            return;
    service->said.reason = PLACE_FITS;
}

/* The oldest task that is to be replaced and may be, or ID_NONE; one that does not run yet comes before
 * all that do, since nobody misses it. */
static int find_outdated(const struct cluster *cluster, const struct service *service)
{
    int found = ID_NONE;
    bool found_runs = false;

    if (!service->may_be_outdated)
        return ID_NONE;
    for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service) {
        const struct task *task = &cluster->tasks[t];
        bool runs = task->last == TASK_RUNNING;

        if (task->desired != TASK_RUNNING || task->is_protected ||
            !is_outdated(cluster, service, task))
            continue;
        if (found == ID_NONE || found_runs || !runs) {
            found = t;
            found_runs = runs;
        }
    }
    return found;
}

static void stop_current_surplus(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);

    /* A victim may be one that is to be replaced anyway, so count again each time. */
    while (count_current(&scheduler->cluster, service) > service->desired) {
        int victim = place_victim(&scheduler->cluster, id, service->taskdef);

        if (victim == ID_NONE)
            return;
        service->n_victims++;
        decide_stop(scheduler, outputs, victim, STOP_SERVICE_SCHEDULER_INITIATED,
                    STOP_FOR_SCALE_IN);
    }
}

/* Each outdated task goes once the running ones do not fall below the desired count. */
static void stop_outdated(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct service *service = get(scheduler, id);
    struct cluster *cluster = &scheduler->cluster;
    int found;

    while ((found = find_outdated(cluster, service)) != ID_NONE) {
        bool old = cluster->tasks[found].taskdef != service->taskdef;
        bool runs = cluster->tasks[found].last == TASK_RUNNING;
        int victim =
            old && runs ? place_victim(cluster, id, cluster->tasks[found].taskdef) : found;

        if (cluster->tasks[victim].last == TASK_RUNNING && service->n_running <= service->desired)
            return;
        service->n_victims++;
        decide_stop(scheduler, outputs, victim, STOP_SERVICE_SCHEDULER_INITIATED,
                    old ? STOP_FOR_DEPLOYMENT : STOP_FOR_DRAINING);
    }
}

void service_stop_surplus(struct scheduler *scheduler, struct outputs *outputs)
{
    for (int i = 0; i < scheduler->n_agenda && !scheduler->ending; i++) {
        stop_current_surplus(scheduler, outputs, scheduler->agenda[i]);
        stop_outdated(scheduler, outputs, scheduler->agenda[i]);
    }
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
