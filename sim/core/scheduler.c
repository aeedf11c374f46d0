/*
 * The scheduler's step: what each event does to the cluster, and the one order in which
 * consequences follow. Deciding itself is in place.c (where), service.c (how many) and decide.c
 * (how it is said).
 */
#include "core/scheduler.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/draw.h"
#include "core/instance.h"
#include "core/service.h"
#include "core/task.h"

#include <assert.h>
#include <stdlib.h>

void scheduler_init(struct scheduler *scheduler, uint64_t seed)
{
    *scheduler = (struct scheduler){.heartbeat_at_usec = USEC_NEVER, .deadline_usec = USEC_NEVER};
    cluster_init(&scheduler->cluster, seed);
}

void scheduler_finish(struct scheduler *scheduler)
{
    cluster_finish(&scheduler->cluster);
    free(scheduler->waiting);
    free(scheduler->emptied);
    free(scheduler->agenda);
    free(scheduler->blocked);
    free(scheduler->protections);
    *scheduler = (struct scheduler){0};
}

int64_t scheduler_deadline(const struct scheduler *scheduler)
{
    return scheduler->deadline_usec;
}

bool scheduler_settled(const struct scheduler *scheduler)
{
    return scheduler->n_launching == 0;
}

bool scheduler_ended(const struct scheduler *scheduler)
{
    return scheduler->ending && scheduler->n_up == 0 && scheduler->n_placed == 0;
}

int64_t scheduler_waiting(const struct scheduler *scheduler)
{
    int64_t n = scheduler->n_waiting;

    for (int i = 0; i < scheduler->cluster.n_services; i++) {
        const struct service *service = &scheduler->cluster.services[i];

        if (service->is_blocked && service->desired > service->n_wanted)
            n += service->desired - service->n_wanted;
    }
    return n;
}

int scheduler_given_up(const struct scheduler *scheduler)
{
    int n = 0;

    for (int g = 0; g < scheduler->cluster.n_groups; g++)
        n += scheduler->cluster.groups[g].given_up;
    return n;
}

bool scheduler_idle(const struct scheduler *scheduler)
{
    bool missing = false;

    if (scheduler->n_placed > 0)
        return false;
    for (int g = 0; g < scheduler->cluster.n_groups; g++)
        missing = missing || scheduler->cluster.groups[g].n_missing > 0;
    return scheduler->n_waiting == 0 || (scheduler->n_launching == 0 && !missing);
}

/* The end -------------------------------------------------------------------------------------- */

static void end(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    scheduler->ending = true;
    scheduler->n_waiting = 0;
    for (int t = 0; t < cluster->n_tasks; t++)
        if (cluster->tasks[t].desired == TASK_RUNNING)
            decide_stop(scheduler, outputs, t, STOP_USER_INITIATED, STOP_FOR_END);
    for (int i = 0; i < cluster->n_instances; i++)
        *ARRAY_ADD(scheduler, emptied) = i;
}

/* The step ------------------------------------------------------------------------------------- */

static void beat(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    if (scheduler->now_usec >= scheduler->heartbeat_at_usec) {
        for (int i = 0; i < cluster->n_instances; i++) {
            struct heartbeat *call;

            if (!cluster->instances[i].agent_connected)
                continue;
            call = &decide(scheduler, outputs, MESSAGE_HEARTBEAT)->as.heartbeat;
            call->instance = i;
            call->epoch = cluster->instances[i].epoch;
        }
        scheduler->heartbeat_at_usec = scheduler->now_usec + SCHEDULER_HEARTBEAT_USEC;
    }
    decide_by(scheduler, scheduler->heartbeat_at_usec);
}

/* Finds what is due, and the next deadline. */
static void tick(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    scheduler->deadline_usec = USEC_NEVER;
    if (scheduler->ending)
        return;
    for (int i = 0; i < cluster->n_services; i++) {
        if (cluster->services[i].retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, cluster->services[i].retry_at_usec);
        else if (cluster->services[i].retry_at_usec > 0)
            service_touch(scheduler, i);
    }
    task_end_protections(scheduler);
    beat(scheduler, outputs);
}

static void apply(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    switch (event->kind) {
    case MESSAGE_INSTANCE_GROUP:
        instance_add_group(scheduler, event, outputs);
        break;
    case MESSAGE_REGISTER_TASK_DEFINITION:
        task_register_definition(scheduler, event, outputs);
        break;
    case MESSAGE_CREATE_SERVICE:
        service_create(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_SERVICE:
        service_update(scheduler, event, outputs);
        break;
    case MESSAGE_DELETE_SERVICE:
        service_delete(scheduler, event, outputs);
        break;
    case MESSAGE_RUN_TASK:
        task_run(scheduler, event, outputs);
        break;
    case MESSAGE_START_TASK:
        task_start(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_INSTANCE_STATE:
        instance_update_state(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_TASK_PROTECTION:
        task_protect(scheduler, event, outputs);
        break;
    case MESSAGE_AGENT_DISCONNECTED:
        instance_disconnect(scheduler, event->as.agent_disconnected.instance);
        break;
    case MESSAGE_STOP_TASK_CALL:
        task_stop(scheduler, event, outputs);
        break;
    case MESSAGE_INSTANCE_LOST:
        instance_lose(scheduler, event->as.instance_lost.instance);
        break;
    case MESSAGE_REGISTER:
        instance_register(scheduler, &event->as.register_instance);
        break;
    case MESSAGE_TASK_STATE:
        task_report(scheduler, &event->as.task_state, outputs);
        break;
    case MESSAGE_END:
        if (!scheduler->ending)
            end(scheduler, outputs);
        break;
    default:
        break; /* a tick, or nothing that concerns the scheduler */
    }
}

/* The order of a step: the event, then stops, then starts of those who wait longest, then of
 * services, then instances. Written here and nowhere else. */
void scheduler_step(struct scheduler *scheduler, int64_t at_usec, const struct message *event,
                    struct outputs *outputs)
{
    assert(at_usec >= scheduler->now_usec);
    scheduler->now_usec = at_usec;
    scheduler->room = false;
    if (at_usec >= scheduler->deadline_usec || event->kind == MESSAGE_TICK)
        tick(scheduler, outputs);
    apply(scheduler, event, outputs);
    service_stop_surplus(scheduler, outputs);
    if (scheduler->room)
        task_place_waiting(scheduler, outputs);
    service_start_missing(scheduler, outputs);
    instance_replace_missing(scheduler, outputs);
    for (int i = 0; i < scheduler->n_emptied; i++)
        instance_terminate_empty(scheduler, outputs, scheduler->emptied[i]);
    scheduler->n_emptied = 0;
}

/* The state's digest --------------------------------------------------------------------------- */

static uint64_t fold(uint64_t digest, int64_t value)
{
    return draw_mix(digest ^ (uint64_t)value);
}

static uint64_t hash_instance(uint64_t digest, const struct instance *instance)
{
    const int64_t values[] = {instance->status,
                              instance->agent_connected,
                              instance->epoch,
                              instance->group,
                              instance->zone,
                              instance->cpu,
                              instance->memory_mib,
                              instance->cpu_reserved,
                              instance->memory_reserved_mib,
                              instance->gpus_reserved,
                              instance->enis_reserved,
                              instance->n_tasks,
                              instance->launch_decision,
                              instance->terminate_decision};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

static uint64_t hash_task(uint64_t digest, const struct task *task)
{
    const int64_t values[] = {task->taskdef,         task->request,      task->instance,
                              task->desired,         task->last,         task->stop_code,
                              task->reached_running, task->is_protected, task->place_decision,
                              task->stop_decision};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

static uint64_t hash_service(uint64_t digest, const struct service *service)
{
    const int64_t values[] = {service->status,       service->taskdef,   service->desired,
                              service->request,      service->n_wanted,  service->n_running,
                              service->n_live,       service->n_victims, service->n_failures,
                              service->retry_at_usec};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

uint64_t scheduler_hash(const struct scheduler *scheduler)
{
    const struct cluster *cluster = &scheduler->cluster;
    uint64_t digest = fold(0, (int64_t)cluster->seed);

    digest = fold(digest, scheduler->now_usec);
    digest = fold(digest, scheduler->n_decisions);
    digest = fold(digest, scheduler->heartbeat_at_usec);
    for (int i = 0; i < cluster->n_instances; i++)
        digest = hash_instance(digest, &cluster->instances[i]);
    for (int i = 0; i < cluster->n_tasks; i++)
        digest = hash_task(digest, &cluster->tasks[i]);
    for (int i = 0; i < cluster->n_services; i++)
        digest = hash_service(digest, &cluster->services[i]);
    for (int i = 0; i < scheduler->n_waiting; i++)
        digest = fold(digest, scheduler->waiting[i].task);
    return digest;
}
