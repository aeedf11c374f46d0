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

/* Beyond any cluster that fits in memory; keeps sums of them within 32 bits. */
#define COUNT_MAX 1000000

void scheduler_init(struct scheduler *scheduler, uint64_t seed)
{
    *scheduler = (struct scheduler){.deadline_usec = USEC_NEVER};
    cluster_init(&scheduler->cluster, seed);
}

void scheduler_finish(struct scheduler *scheduler)
{
    cluster_finish(&scheduler->cluster);
    free(scheduler->waiting);
    free(scheduler->agenda);
    free(scheduler->blocked);
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
    if (scheduler->n_placed > 0)
        return false;
    return scheduler->n_waiting == 0 ||
           (scheduler->n_launching == 0 && scheduler->deadline_usec == USEC_NEVER);
}

static void refuse(struct scheduler *scheduler, struct outputs *outputs, enum message_kind call,
                   enum refusal refusal)
{
    struct refuse *answer = &decide(scheduler, outputs, MESSAGE_REFUSE)->as.refuse;

    answer->call = call;
    answer->refusal = refusal;
}

static bool in_range(int id, int n)
{
    return id >= 0 && id < n;
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
    if (!spec->type || spec->cpu <= 0 || spec->memory_mib <= 0 || spec->count < 0 ||
        spec->count > COUNT_MAX)
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
        refuse(scheduler, outputs, event->kind,
               scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    for (int i = 0; i < spec->count; i++)
        launch(scheduler, outputs, spec->group);
}

/* An agent has come up. Absurd sizes make it useless, not dangerous. */
static void register_instance(struct scheduler *scheduler, const struct register_instance *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!in_range(call->instance, cluster->n_instances))
        return;
    instance = &cluster->instances[call->instance];
    if (instance->status != INSTANCE_LAUNCHING || call->epoch != instance->epoch || call->cpu < 0 ||
        call->memory_mib < 0)
        return;
    instance->status = INSTANCE_ACTIVE;
    instance->agent_connected = true;
    instance->cpu = call->cpu;
    instance->memory_mib = call->memory_mib;
    instance->registered_at_usec = scheduler->now_usec;
    decide_close(scheduler, &instance->launch_decision);
    scheduler->n_launching--;
    cluster->groups[instance->group].n_failures = 0;
    scheduler->room = true;
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

    if (!in_range(id, cluster->n_instances) || cluster->instances[id].status == INSTANCE_INACTIVE)
        return;
    instance = &cluster->instances[id];
    launching = instance->status == INSTANCE_LAUNCHING;
    meant = instance->status == INSTANCE_DEREGISTERING;
    while (instance->first_task != ID_NONE)
        task_stopped(scheduler, instance->first_task, STOP_INFRASTRUCTURE_HEALTH);
    instance->status = INSTANCE_INACTIVE;
    instance->agent_connected = false;
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
        refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
}

static void refuse_task(struct scheduler *scheduler, struct outputs *outputs, int taskdef,
                        const struct placement *placement)
{
    struct refuse *answer = &decide(scheduler, outputs, MESSAGE_REFUSE)->as.refuse;

    answer->call = MESSAGE_RUN_TASK;
    answer->refusal = REFUSED_NO_CAPACITY;
    answer->taskdef = taskdef;
    answer->reason = placement->reason;
    answer->nearest = placement->nearest;
    answer->lack = placement->lack;
}

static void run_one(struct scheduler *scheduler, struct outputs *outputs, int request,
                    const struct run_task *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct placement placement = place_task(cluster, request, call->taskdef, cluster->n_tasks);
    struct waiting_task *waiting;
    int task;

    if (placement.instance == ID_NONE && !call->wait) {
        refuse_task(scheduler, outputs, call->taskdef, &placement);
        return;
    }
    task = cluster_add_task(cluster, call->taskdef, request);
    if (placement.instance != ID_NONE) {
        decide_put(scheduler, outputs, task, &placement);
        return;
    }
    waiting = ARRAY_ADD(scheduler, waiting);
    waiting->task = task;
    decide_wait(scheduler, outputs, ID_NONE, task, &placement, &waiting->said);
}

static void run_task(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs)
{
    const struct run_task *call = &event->as.run_task;
    struct cluster *cluster = &scheduler->cluster;
    int request;

    if (scheduler->ending) {
        refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else if (!in_range(call->taskdef, cluster->taskdefs.n_definitions)) {
        refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (call->count < 1 || call->count > COUNT_MAX) {
        refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
    } else {
        request = cluster_add_request(cluster, event, ID_NONE);
        if (request == ID_NONE)
            refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        for (int i = 0; request != ID_NONE && i < call->count; i++)
            run_one(scheduler, outputs, request, call);
    }
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

    if (!in_range(id, cluster->n_tasks)) {
        refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (cluster->tasks[id].desired == TASK_STOPPED) {
        refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else {
        int service = cluster->requests[cluster->tasks[id].request].service;

        if (cluster->tasks[id].instance == ID_NONE)
            forget_waiting(scheduler, id);
        decide_stop(scheduler, outputs, id, STOP_USER_INITIATED);
        if (service != ID_NONE)
            service_touch(scheduler, service);
    }
}

/* The report is about a task that is where its sender says. */
static bool is_current(const struct cluster *cluster, const struct task_state *report)
{
    return in_range(report->task, cluster->n_tasks) &&
           cluster->tasks[report->task].instance != ID_NONE &&
           cluster->tasks[report->task].instance == report->instance &&
           cluster->tasks[report->task].last != TASK_STOPPED &&
           cluster->instances[report->instance].epoch == report->epoch;
}

static void task_state(struct scheduler *scheduler, const struct task_state *report)
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
}

/* Tasks of one request that want the same thing fail alike: one question for all of them. */
static void place_waiting(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    struct placement failed = {0};
    int failed_request = ID_NONE, kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++) {
        struct waiting_task waiting = scheduler->waiting[i];
        const struct task *task = &cluster->tasks[waiting.task];
        struct placement placement = failed;

        if (task->request != failed_request)
            placement = place_task(cluster, task->request, task->taskdef, waiting.task);
        if (placement.instance != ID_NONE) {
            decide_put(scheduler, outputs, waiting.task, &placement);
            continue;
        }
        failed = placement;
        failed_request = task->request;
        decide_wait(scheduler, outputs, ID_NONE, waiting.task, &placement, &waiting.said);
        scheduler->waiting[kept++] = waiting;
    }
    scheduler->n_waiting = kept;
}

/* Services ------------------------------------------------------------------------------------- */

static int find_service(const struct cluster *cluster, const char *name)
{
    for (int i = 0; i < cluster->n_services; i++)
        if (cluster->services[i].status != SERVICE_INACTIVE &&
            strcmp(cluster->services[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static void create_service(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs)
{
    const struct create_service *call = &event->as.create_service;
    struct cluster *cluster = &scheduler->cluster;
    struct service *service;
    int request;

    if (scheduler->ending) {
        refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    if (!in_range(call->taskdef, cluster->taskdefs.n_definitions)) {
        refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    if (call->name && find_service(cluster, call->name) != ID_NONE) {
        refuse(scheduler, outputs, event->kind, REFUSED_DUPLICATE);
        return;
    }
    if (call->service != cluster->n_services || !call->name || call->desired < 0 ||
        call->desired > COUNT_MAX ||
        (request = cluster_add_request(cluster, event, call->service)) == ID_NONE) {
        refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    service = ARRAY_ADD(cluster, services);
    service->name = cluster->requests[request].call.as.create_service.name;
    service->status = SERVICE_ACTIVE;
    service->taskdef = call->taskdef;
    service->desired = call->desired;
    service->request = request;
    service->first_task = ID_NONE;
    service_touch(scheduler, call->service);
}

static void update_service(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs)
{
    const struct update_service *call = &event->as.update_service;
    struct cluster *cluster = &scheduler->cluster;
    struct service *service;

    if (!in_range(call->service, cluster->n_services) ||
        (call->taskdef != ID_NONE && !in_range(call->taskdef, cluster->taskdefs.n_definitions))) {
        refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    service = &cluster->services[call->service];
    if (scheduler->ending || service->status != SERVICE_ACTIVE) {
        refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    if (call->desired != ID_NONE && (call->desired < 0 || call->desired > COUNT_MAX)) {
        refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    if (call->desired != ID_NONE)
        service->desired = call->desired;
    if (call->taskdef != ID_NONE && call->taskdef != service->taskdef) {
        service->taskdef = call->taskdef;
        service->n_failures = 0; /* a new definition clears the throttle */
        service->retry_at_usec = 0;
    }
    service_touch(scheduler, call->service);
}

static void delete_service(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int id = event->as.delete_service.service;

    if (!in_range(id, cluster->n_services)) {
        refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (cluster->services[id].status != SERVICE_ACTIVE) {
        refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else {
        cluster->services[id].status = SERVICE_DRAINING;
        cluster->services[id].desired = 0;
        service_touch(scheduler, id);
    }
}

/* The end -------------------------------------------------------------------------------------- */

static void end(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    scheduler->ending = true;
    scheduler->n_waiting = 0;
    for (int t = 0; t < cluster->n_tasks; t++)
        if (cluster->tasks[t].desired == TASK_RUNNING)
            decide_stop(scheduler, outputs, t, STOP_USER_INITIATED);
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
    decide_close(scheduler, &instance->launch_decision);
    decide_open(scheduler, outputs, MESSAGE_TERMINATE_INSTANCE, &instance->terminate_decision)
        ->as.terminate_instance.instance = id;
}

/* The step ------------------------------------------------------------------------------------- */

/* Finds what is due, and the next deadline. */
static void tick(struct scheduler *scheduler)
{
    struct cluster *cluster = &scheduler->cluster;

    scheduler->deadline_usec = USEC_NEVER;
    for (int i = 0; i < cluster->n_services && !scheduler->ending; i++) {
        if (cluster->services[i].retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, cluster->services[i].retry_at_usec);
        else if (cluster->services[i].retry_at_usec > 0)
            service_touch(scheduler, i);
    }
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
        create_service(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_SERVICE:
        update_service(scheduler, event, outputs);
        break;
    case MESSAGE_DELETE_SERVICE:
        delete_service(scheduler, event, outputs);
        break;
    case MESSAGE_RUN_TASK:
        run_task(scheduler, event, outputs);
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
        task_state(scheduler, &event->as.task_state);
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
        tick(scheduler);
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
                              instance->n_tasks,
                              instance->launch_decision,
                              instance->terminate_decision};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

static uint64_t hash_task(uint64_t digest, const struct task *task)
{
    const int64_t values[] = {task->taskdef,         task->request,        task->instance,
                              task->desired,         task->last,           task->stop_code,
                              task->reached_running, task->place_decision, task->stop_decision};

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
