/*
 * The scheduler's step: what each event does to the cluster, and the one order in which
 * consequences follow. Deciding itself is in place.c (where), service.c (how many) and decide.c
 * (how it is said).
 */
#include "core/scheduler.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/draw.h"
#include "core/place.h"
#include "core/service.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void scheduler_init(struct scheduler *scheduler, uint64_t seed)
{
    *scheduler = (struct scheduler){.heartbeat_at_usec = USEC_NEVER, .deadline_usec = USEC_NEVER};
    cluster_init(&scheduler->cluster, seed);
}

void scheduler_finish(struct scheduler *scheduler)
{
    cluster_finish(&scheduler->cluster);
    free(scheduler->waiting);
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

bool scheduler_idle(const struct scheduler *scheduler)
{
    bool missing = false;

    if (scheduler->n_placed > 0)
        return false;
    for (int g = 0; g < scheduler->cluster.n_groups; g++)
        missing = missing || scheduler->cluster.groups[g].n_missing > 0;
    return scheduler->n_waiting == 0 || (scheduler->n_launching == 0 && !missing);
}

/* Instances ------------------------------------------------------------------------------------ */

static void launch(struct scheduler *scheduler, struct outputs *outputs, int group_id)
{
    struct cluster *cluster = &scheduler->cluster;
    int32_t n_zones = cluster->groups[group_id].spec.n_zones;
    struct instance *instance = ARRAY_ADD(cluster, instances);
    struct launch_instance *call;

    instance->status = INSTANCE_LAUNCHING;
    instance->epoch = 1;
    instance->group = group_id;
    instance->zone = n_zones ? cluster->groups[group_id].n_launched % n_zones : ID_NONE;
    instance->first_task = ID_NONE;
    cluster->groups[group_id].n_launched++;
    scheduler->n_launching++;
    scheduler->n_up++;
    call = &decide_open(scheduler, outputs, MESSAGE_LAUNCH_INSTANCE, &instance->launch_decision)
                ->as.launch_instance;
    call->instance = cluster->n_instances - 1;
    call->group = group_id;
    call->zone = instance->zone;
}

static bool group_is_sound(const struct instance_group *spec)
{
    if (!spec->type || spec->cpu <= 0 || spec->memory_mib <= 0 || spec->cpu > INSTANCE_CPU_MAX ||
        spec->memory_mib > INSTANCE_MEMORY_MAX_MIB || spec->count < 0 ||
        spec->count > CLUSTER_COUNT_MAX)
        return false;
    for (int i = 0; i < spec->n_zones; i++)
        if (!spec->zones[i].name)
            return false;
    for (int i = 0; i < spec->n_attributes; i++)
        if (!spec->attributes[i].name)
            return false;
    return true;
}

static void add_group(struct scheduler *scheduler, const struct message *event,
                      struct outputs *outputs)
{
    const struct instance_group *spec = &event->as.instance_group;
    struct cluster *cluster = &scheduler->cluster;
    struct message copy;

    if (scheduler->ending || spec->group != cluster->n_groups || !group_is_sound(spec)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    for (int i = 0; i < spec->count; i++)
        launch(scheduler, outputs, spec->group);
}

static bool is_sane(const struct register_instance *call)
{
    return call->cpu >= 0 && call->cpu <= INSTANCE_CPU_MAX && call->memory_mib >= 0 &&
           call->memory_mib <= INSTANCE_MEMORY_MAX_MIB && call->gpus >= 0;
}

static void activate(struct scheduler *scheduler, const struct register_instance *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance = &cluster->instances[call->instance];

    instance->status = INSTANCE_ACTIVE;
    instance->cpu = call->cpu;
    instance->memory_mib = call->memory_mib;
    instance->gpus = call->gpus;
    instance->enis = cluster->groups[instance->group].spec.enis;
    for (int i = 0; i < call->n_reserved; i++)
        *ARRAY_ADD(instance, ports) =
            (struct port_use){call->reserved[i].port, call->reserved[i].protocol, ID_NONE};
    instance->registered_at_usec = scheduler->now_usec;
    decide_close(scheduler, &instance->launch_decision);
    scheduler->n_launching--;
    cluster->groups[instance->group].n_failures = 0;
    if (scheduler->heartbeat_at_usec == USEC_NEVER) {
        scheduler->heartbeat_at_usec = scheduler->now_usec + SCHEDULER_HEARTBEAT_USEC;
        decide_by(scheduler, scheduler->heartbeat_at_usec);
    }
}

/* An agent has come up, or is back. Absurd sizes leave the instance where it is. */
static void register_instance(struct scheduler *scheduler, const struct register_instance *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!cluster_in_range(call->instance, cluster->n_instances) || !is_sane(call))
        return;
    instance = &cluster->instances[call->instance];
    if (call->epoch != instance->epoch || instance->agent_connected)
        return;
    if (instance->status == INSTANCE_LAUNCHING)
        activate(scheduler, call);
    else if (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING)
        return;
    instance->agent_connected = true;
    cluster_note_instance(cluster, call->instance);
    scheduler->room = true;
}

/* Nothing is placed there until it is back; what runs there is not taken for stopped. */
static void disconnect_agent(struct scheduler *scheduler, int id)
{
    if (!cluster_in_range(id, scheduler->cluster.n_instances))
        return;
    scheduler->cluster.instances[id].agent_connected = false;
    cluster_note_instance(&scheduler->cluster, id);
}

/* UpdateContainerInstancesState: only from ACTIVE to DRAINING and back. */
static void update_instance_state(struct scheduler *scheduler, const struct message *event,
                                  struct outputs *outputs)
{
    const struct update_instance_state *call = &event->as.update_instance_state;
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!cluster_in_range(call->instance, cluster->n_instances)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    instance = &cluster->instances[call->instance];
    if (scheduler->ending ||
        (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    instance->status = call->draining ? INSTANCE_DRAINING : INSTANCE_ACTIVE;
    cluster_note_instance(cluster, call->instance);
    scheduler->room = true;
    for (int t = instance->first_task; t != ID_NONE; t = cluster->tasks[t].next_on_instance) {
        int service = cluster->requests[cluster->tasks[t].request].service;

        if (service == ID_NONE)
            continue;
        cluster->services[service].may_be_outdated = true;
        service_touch(scheduler, service);
    }
}

/* What every end of a task leads to, whoever brought it about. */
static void task_stopped(struct scheduler *scheduler, int id, enum stop_code code)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task = &cluster->tasks[id];
    int service = cluster->requests[task->request].service;
    bool was_wanted = task->desired == TASK_RUNNING;

    decide_close(scheduler, &task->place_decision);
    decide_close(scheduler, &task->stop_decision);
    cluster_stop(cluster, id, code);
    scheduler->n_placed--;
    scheduler->room = true;
    if (service != ID_NONE)
        service_note_stopped(scheduler, service, task->reached_running || !was_wanted);
}

static void note_missing(struct scheduler *scheduler, struct group *group, bool never_registered)
{
    group->n_missing++;
    group->n_failures = never_registered ? group->n_failures + 1 : 0;
    group->retry_at_usec =
        never_registered ? scheduler->now_usec + decide_backoff_usec(group->n_failures) : 0;
}

static void lose_instance(struct scheduler *scheduler, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;
    bool launching, meant;

    if (!cluster_in_range(id, cluster->n_instances) ||
        cluster->instances[id].status == INSTANCE_INACTIVE)
        return;
    instance = &cluster->instances[id];
    launching = instance->status == INSTANCE_LAUNCHING;
    meant = instance->status == INSTANCE_DEREGISTERING;
    while (instance->first_task != ID_NONE)
        task_stopped(scheduler, instance->first_task, STOP_INFRASTRUCTURE_HEALTH);
    instance->status = INSTANCE_INACTIVE;
    instance->agent_connected = false;
    cluster_note_instance(cluster, id);
    scheduler->n_launching -= launching;
    scheduler->n_up--;
    scheduler->room = true; /* the nearest miss may be another one now */
    decide_close(scheduler, &instance->launch_decision);
    decide_close(scheduler, &instance->terminate_decision);
    if (!meant && cluster->groups[instance->group].spec.replace)
        note_missing(scheduler, &cluster->groups[instance->group], launching);
}

static void replace_missing(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    for (int g = 0; g < cluster->n_groups && !scheduler->ending; g++) {
        struct group *group = &cluster->groups[g];

        if (group->n_missing > 0 && group->retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, group->retry_at_usec);
        for (; group->n_missing > 0 && group->retry_at_usec <= scheduler->now_usec;
             group->n_missing--)
            launch(scheduler, outputs, g);
    }
}

/* Tasks ---------------------------------------------------------------------------------------- */

static void register_taskdef(struct scheduler *scheduler, const struct message *event,
                             struct outputs *outputs)
{
    const struct register_task_definition *call = &event->as.register_task_definition;
    struct cluster *cluster = &scheduler->cluster;

    if (call->taskdef != cluster->taskdefs.n_definitions || !taskdef_is_sound(call->definition) ||
        !cluster_add_taskdef(cluster, call->definition))
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
}

static void refuse_task(struct scheduler *scheduler, struct outputs *outputs,
                        enum message_kind call, int taskdef, const struct place_miss *miss)
{
    struct refuse *answer = &decide(scheduler, outputs, MESSAGE_REFUSE)->as.refuse;

    answer->call = call;
    answer->refusal = REFUSED_NO_CAPACITY;
    answer->taskdef = taskdef;
    answer->reason = miss->reason;
    answer->nearest = miss->nearest;
    answer->lack = miss->lack;
}

static void run_one(struct scheduler *scheduler, struct outputs *outputs, int request,
                    const struct run_task *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct placement placement = place_task(cluster, request, call->taskdef, cluster->n_tasks);
    struct waiting_task *waiting;
    int task;

    if (placement.instance == ID_NONE && !call->wait) {
        struct place_miss miss = place_nearest_miss(cluster, request, call->taskdef);

        refuse_task(scheduler, outputs, MESSAGE_RUN_TASK, call->taskdef, &miss);
        return;
    }
    task = cluster_add_task(cluster, call->taskdef, request);
    if (placement.instance != ID_NONE) {
        decide_put(scheduler, outputs, task, &placement);
        return;
    }
    waiting = ARRAY_ADD(scheduler, waiting);
    waiting->task = task;
    decide_wait(scheduler, outputs, request, call->taskdef, task, &waiting->said);
}

static void run_task(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs)
{
    const struct run_task *call = &event->as.run_task;
    struct cluster *cluster = &scheduler->cluster;
    int request;

    if (scheduler->ending) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else if (!cluster_in_range(call->taskdef, cluster->taskdefs.n_definitions)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (call->count < 1 || call->count > CLUSTER_COUNT_MAX) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
    } else {
        request = cluster_add_request(cluster, event, ID_NONE);
        if (request == ID_NONE)
            decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        for (int i = 0; request != ID_NONE && i < call->count; i++)
            run_one(scheduler, outputs, request, call);
    }
}

/* StartTask: each task on the instance that is named, if it has room. */
static void start_task(struct scheduler *scheduler, const struct message *event,
                       struct outputs *outputs)
{
    const struct start_task *call = &event->as.start_task;
    struct cluster *cluster = &scheduler->cluster;
    struct message like = message_new(MESSAGE_RUN_TASK);
    int request;

    if (scheduler->ending || !cluster_in_range(call->taskdef, cluster->taskdefs.n_definitions)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_NOT_FOUND);
        return;
    }
    like.as.run_task.taskdef = call->taskdef;
    like.as.run_task.count = call->n_instances;
    like.as.run_task.group = call->group;
    request = cluster_add_request(cluster, &like, ID_NONE);
    for (int i = 0; i < call->n_instances; i++) {
        struct placement placement = {call->instances[i].instance, ID_NONE};
        struct place_miss miss = {PLACE_NO_INSTANCE, ID_NONE, 0};

        if (cluster_in_range(placement.instance, cluster->n_instances)) {
            miss.nearest = placement.instance;
            miss.reason =
                place_filter(cluster, request, call->taskdef, placement.instance, &miss.lack);
        }
        if (miss.reason == PLACE_FITS)
            decide_put(scheduler, outputs, cluster_add_task(cluster, call->taskdef, request),
                       &placement);
        else
            refuse_task(scheduler, outputs, event->kind, call->taskdef, &miss);
    }
}

static void update_task_protection(struct scheduler *scheduler, const struct message *event,
                                   struct outputs *outputs)
{
    const struct update_task_protection *call = &event->as.update_task_protection;
    struct cluster *cluster = &scheduler->cluster;
    struct task *task;
    int service, kept = 0;

    if (!cluster_in_range(call->task, cluster->n_tasks)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    task = &cluster->tasks[call->task];
    service = cluster->requests[task->request].service;
    if (service == ID_NONE || task->desired == TASK_STOPPED ||
        (call->enabled && call->expires_usec <= 0)) {
        decide_refuse(scheduler, outputs, event->kind,
                      task->desired == TASK_STOPPED ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    for (int i = 0; i < scheduler->n_protections; i++)
        if (scheduler->protections[i].task != call->task)
            scheduler->protections[kept++] = scheduler->protections[i];
    scheduler->n_protections = kept;
    task->is_protected = call->enabled;
    if (call->enabled) {
        int64_t until_usec = call->expires_usec < USEC_NEVER - scheduler->now_usec
                                 ? scheduler->now_usec + call->expires_usec
                                 : USEC_NEVER;

        *ARRAY_ADD(scheduler, protections) = (struct protection){call->task, until_usec};
        decide_by(scheduler, until_usec);
    }
    service_touch(scheduler, service);
}

static void forget_waiting(struct scheduler *scheduler, int task)
{
    int kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++)
        if (scheduler->waiting[i].task != task)
            scheduler->waiting[kept++] = scheduler->waiting[i];
    scheduler->n_waiting = kept;
}

static void stop_task_call(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int id = event->as.stop_task_call.task;

    if (!cluster_in_range(id, cluster->n_tasks)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (cluster->tasks[id].desired == TASK_STOPPED) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else {
        int service = cluster->requests[cluster->tasks[id].request].service;

        if (cluster->tasks[id].instance == ID_NONE)
            forget_waiting(scheduler, id);
        decide_stop(scheduler, outputs, id, STOP_USER_INITIATED, STOP_FOR_USER);
        if (service != ID_NONE)
            service_touch(scheduler, service);
    }
}

/* The report is about a task that is where its sender says. */
static bool is_current(const struct cluster *cluster, const struct task_state *report)
{
    return cluster_in_range(report->task, cluster->n_tasks) &&
           cluster->tasks[report->task].instance != ID_NONE &&
           cluster->tasks[report->task].instance == report->instance &&
           cluster->tasks[report->task].last != TASK_STOPPED &&
           cluster->instances[report->instance].epoch == report->epoch;
}

static void task_state(struct scheduler *scheduler, const struct task_state *report,
                       struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task;
    int service;

    if (!is_current(cluster, report))
        return;
    task = &cluster->tasks[report->task];
    service = cluster->requests[task->request].service;
    decide_close(scheduler, &task->place_decision);
    if (report->status == TASK_STOPPED) {
        task_stopped(scheduler, report->task, report->code);
    } else if (report->status == TASK_RUNNING && task->last == TASK_PENDING) {
        cluster_run(cluster, report->task);
        if (service != ID_NONE && task->desired == TASK_RUNNING)
            service_note_running(scheduler, service);
    }
    if (report->health == HEALTH_UNHEALTHY && service != ID_NONE && task->desired == TASK_RUNNING &&
        task->last == TASK_RUNNING) {
        decide_stop(scheduler, outputs, report->task, STOP_SERVICE_SCHEDULER_INITIATED,
                    STOP_FOR_HEALTH);
        service_touch(scheduler, service);
    }
}

/* Tasks of one request that want the same thing fail alike: one question for all of them. */
static void place_waiting(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int failed_request = ID_NONE, kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++) {
        struct waiting_task waiting = scheduler->waiting[i];
        const struct task *task = &cluster->tasks[waiting.task];
        struct placement placement = {ID_NONE, ID_NONE};

        if (task->request != failed_request)
            placement = place_task(cluster, task->request, task->taskdef, waiting.task);
        if (placement.instance != ID_NONE) {
            decide_put(scheduler, outputs, waiting.task, &placement);
            continue;
        }
        failed_request = task->request;
        decide_wait(scheduler, outputs, task->request, task->taskdef, waiting.task, &waiting.said);
        scheduler->waiting[kept++] = waiting;
    }
    scheduler->n_waiting = kept;
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
}

/* While the run ends, an instance goes as soon as its last task has stopped. */
static void terminate_empty(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct instance *instance = &scheduler->cluster.instances[id];

    if (instance->n_tasks > 0 || instance->status == INSTANCE_INACTIVE ||
        instance->status == INSTANCE_DEREGISTERING)
        return;
    scheduler->n_launching -= instance->status == INSTANCE_LAUNCHING;
    instance->status = INSTANCE_DEREGISTERING;
    cluster_note_instance(&scheduler->cluster, id);
    decide_close(scheduler, &instance->launch_decision);
    decide_open(scheduler, outputs, MESSAGE_TERMINATE_INSTANCE, &instance->terminate_decision)
        ->as.terminate_instance.instance = id;
}

/* The step ------------------------------------------------------------------------------------- */

static void end_protections(struct scheduler *scheduler)
{
    struct cluster *cluster = &scheduler->cluster;
    int kept = 0;

    for (int i = 0; i < scheduler->n_protections; i++) {
        struct protection protection = scheduler->protections[i];
        struct task *task = &cluster->tasks[protection.task];

        if (protection.until_usec > scheduler->now_usec && task->last != TASK_STOPPED) {
            scheduler->protections[kept++] = protection;
            decide_by(scheduler, protection.until_usec);
            continue;
        }
        task->is_protected = false;
        service_touch(scheduler, cluster->requests[task->request].service);
    }
    scheduler->n_protections = kept;
}

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
    end_protections(scheduler);
    beat(scheduler, outputs);
}

static void apply(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    switch (event->kind) {
    case MESSAGE_INSTANCE_GROUP:
        add_group(scheduler, event, outputs);
        break;
    case MESSAGE_REGISTER_TASK_DEFINITION:
        register_taskdef(scheduler, event, outputs);
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
        run_task(scheduler, event, outputs);
        break;
    case MESSAGE_START_TASK:
        start_task(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_INSTANCE_STATE:
        update_instance_state(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_TASK_PROTECTION:
        update_task_protection(scheduler, event, outputs);
        break;
    case MESSAGE_AGENT_DISCONNECTED:
        disconnect_agent(scheduler, event->as.agent_disconnected.instance);
        break;
    case MESSAGE_STOP_TASK_CALL:
        stop_task_call(scheduler, event, outputs);
        break;
    case MESSAGE_INSTANCE_LOST:
        lose_instance(scheduler, event->as.instance_lost.instance);
        break;
    case MESSAGE_REGISTER:
        register_instance(scheduler, &event->as.register_instance);
        break;
    case MESSAGE_TASK_STATE:
        task_state(scheduler, &event->as.task_state, outputs);
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
        place_waiting(scheduler, outputs);
    service_start_missing(scheduler, outputs);
    replace_missing(scheduler, outputs);
    for (int i = 0; i < scheduler->cluster.n_instances && scheduler->ending; i++)
        terminate_empty(scheduler, outputs, i);
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
