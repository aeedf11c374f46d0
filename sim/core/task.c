/*
 * The API calls about tasks and the agents' reports on them: what a call asks for is checked whole,
 * then taken over or refused. Where a task goes is place.c's; how many a service has is service.c's.
 */
#include "core/task.h"

#include "core/array.h"
#include "core/capacity.h"
#include "core/cluster_moves.h"
#include "core/decide.h"
#include "core/fargate.h"
#include "core/group.h"
#include "core/service.h"
#include "core/target.h"

void task_register_definition(struct scheduler *scheduler, const struct message *event,
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

/* It waits PROVISIONING from now on. */
static void wait_for_room(struct scheduler *scheduler, struct outputs *outputs, int task, int vm)
{
    const struct cluster *cluster = &scheduler->cluster;
    int request = cluster->tasks[task].request;
    struct waiting_task *waiting = ARRAY_ADD(scheduler, waiting);

    waiting->task = task;
    waiting->vm = vm;
    waiting->until_usec = USEC_NEVER;
    if (capacity_is_fargate(cluster, request)) {
        struct wait *said = &decide(scheduler, outputs, MESSAGE_WAIT)->as.wait;

        scheduler->n_waiting_fargate++;
        said->service = cluster->requests[request].service;
        said->task = task;
        said->taskdef = cluster->tasks[task].taskdef;
        said->reason = PLACE_MICRO_VM;
        return;
    }
    if (capacity_waits(cluster, request)) {
        waiting->until_usec = scheduler->now_usec + scheduler->rules.provisioning_timeout_usec;
        decide_by(scheduler, waiting->until_usec);
    }
    decide_wait(scheduler, outputs, request, cluster->tasks[task].taskdef, task, &waiting->said);
}

static int add_task(struct cluster *cluster, int request, int taskdef, int deployment)
{
    int service = cluster->requests[request].service;

    if (service == ID_NONE)
        return cluster_add_task(cluster, taskdef, request);
    return cluster_add_service_task(cluster, service, deployment, request);
}

enum task_began task_begin(struct scheduler *scheduler, struct outputs *outputs, int request,
                           int taskdef, int deployment, bool wait)
{
    struct cluster *cluster = &scheduler->cluster;
    struct placement placement = {ID_NONE, ID_NONE};
    int task;

    cluster->requests[request].n_given++;
    if (capacity_is_fargate(cluster, request)) {
        task = add_task(cluster, request, taskdef, deployment);
        wait_for_room(scheduler, outputs, task, fargate_launch(scheduler, outputs, task));
        return TASK_BEGAN;
    }
    placement = place_task(cluster, request, taskdef, cluster->n_tasks);
    if (placement.instance == ID_NONE && !wait) {
        if (!capacity_waits(cluster, request))
            return TASK_LACKS_ROOM;
        if (capacity_is_full(scheduler))
            return TASK_LACKS_TURN;
    }
    task = add_task(cluster, request, taskdef, deployment);
    if (placement.instance != ID_NONE)
        decide_put(scheduler, outputs, task, &placement);
    else
        wait_for_room(scheduler, outputs, task, ID_NONE);
    return TASK_BEGAN;
}

static void run_one(struct scheduler *scheduler, struct outputs *outputs, int request,
                    const struct run_task *call)
{
    struct place_miss miss;

    switch (task_begin(scheduler, outputs, request, call->taskdef, ID_NONE, call->wait)) {
    case TASK_BEGAN:
        break;
    case TASK_LACKS_ROOM:
        miss = place_nearest_miss(&scheduler->cluster, request, call->taskdef);
        refuse_task(scheduler, outputs, MESSAGE_RUN_TASK, call->taskdef, &miss);
        break;
    case TASK_LACKS_TURN:
        decide_refuse(scheduler, outputs, MESSAGE_RUN_TASK, REFUSED_LIMIT);
        break;
    }
}

void task_run(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
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
        request = capacity_add_request(cluster, event, ID_NONE);
        if (request == ID_NONE)
            decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        for (int i = 0; request != ID_NONE && i < call->count; i++)
            run_one(scheduler, outputs, capacity_next_request(cluster, request), call);
    }
}

void task_start(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
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
    like.as.run_task.launch_type_ec2 = true;
    request = cluster_add_request(cluster, &like, ID_NONE);
    for (int i = 0; i < call->n_instances; i++) {
        struct placement placement = {call->instances[i].instance, ID_NONE};
        struct place_miss miss = {PLACE_MISSING, ID_NONE, 0};

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

void task_protect(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
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

void task_drop_waiting(struct scheduler *scheduler, int task)
{
    int kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++) {
        struct waiting_task waiting = scheduler->waiting[i];

        if (waiting.task != task) {
            scheduler->waiting[kept++] = waiting;
            continue;
        }
        scheduler->n_waiting_fargate -=
            capacity_is_fargate(&scheduler->cluster, scheduler->cluster.tasks[task].request);
        if (waiting.vm != ID_NONE)
            fargate_release(scheduler, waiting.vm);
    }
    scheduler->n_waiting = kept;
}

/* A PROVISIONING task ends without ever having been anywhere. */
static void give_up(struct scheduler *scheduler, struct outputs *outputs, int task,
                    enum stop_code code, enum stop_reason reason)
{
    int service = scheduler->cluster.requests[scheduler->cluster.tasks[task].request].service;

    decide_give_up(scheduler, outputs, task, code, reason);
    if (service != ID_NONE)
        service_note_stopped(scheduler, outputs, task, code != STOP_SPOT_INTERRUPTION);
}

void task_interrupt(struct scheduler *scheduler, struct outputs *outputs, int task)
{
    const struct task *it = &scheduler->cluster.tasks[task];
    int service = scheduler->cluster.requests[it->request].service;

    if (it->desired == TASK_STOPPED)
        return;
    if (it->instance == ID_NONE) {
        task_drop_waiting(scheduler, task);
        give_up(scheduler, outputs, task, STOP_SPOT_INTERRUPTION, STOP_FOR_SPOT);
        return;
    }
    decide_stop(scheduler, outputs, task, STOP_SPOT_INTERRUPTION, STOP_FOR_SPOT);
    if (service != ID_NONE)
        service_touch(scheduler, service);
}

void task_stop(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int id = event->as.stop_task_call.task;

    if (!cluster_in_range(id, cluster->n_tasks)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (cluster->tasks[id].desired == TASK_STOPPED) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else {
        int service = cluster->requests[cluster->tasks[id].request].service;

        decide_stop(scheduler, outputs, id, STOP_USER_INITIATED, STOP_FOR_USER);
        if (service != ID_NONE)
            service_touch(scheduler, service);
    }
}

void task_note_stopped(struct scheduler *scheduler, struct outputs *outputs, int id,
                       enum stop_code code)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task = &cluster->tasks[id];
    int service = cluster->requests[task->request].service;
    bool was_wanted = task->desired == TASK_RUNNING;

    decide_close(scheduler, &cluster_open_details(cluster, id)->place_is_open);
    decide_close(scheduler, &cluster_open_details(cluster, id)->stop_is_open);
    target_forget(scheduler, outputs, id);
    if (cluster->instances[task->instance].is_vm)
        fargate_release(scheduler, task->instance);
    cluster_stop(cluster, id, code);
    scheduler->n_placed--;
    scheduler->room = true;
    if (scheduler->ending && task->instance != ID_NONE &&
        cluster->instances[task->instance].n_tasks == 0)
        *ARRAY_ADD(scheduler, emptied) = task->instance;
    if (service != ID_NONE)
        service_note_stopped(scheduler, outputs, id, was_wanted);
    if (task->instance != ID_NONE && cluster->instances[task->instance].status == INSTANCE_DRAINING)
        service_note_instance(scheduler, task->instance);
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

void task_report(struct scheduler *scheduler, const struct task_state *report, int64_t number,
                 struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task;
    struct task_details *details;
    int service;

    if (!is_current(cluster, report))
        return;
    task = &cluster->tasks[report->task];
    details = cluster_open_details(cluster, report->task);
    service = cluster->requests[task->request].service;
    if (number >= details->report) {
        details->report = number;
        task->health = (uint8_t)report->health;
    }
    decide_close(scheduler, &details->place_is_open);
    if (report->status == TASK_STOPPED) {
        task_note_stopped(scheduler, outputs, report->task, report->code);
    } else if (report->status == TASK_RUNNING && task->last == TASK_PENDING) {
        cluster_run(cluster, report->task);
        details->running_usec = scheduler->now_usec;
        if (service != ID_NONE && task->desired == TASK_RUNNING)
            service_note_running(scheduler, outputs, report->task, report);
    }
    service_judge(scheduler, outputs, report->task);
}

/* Another micro-VM. After one that died on the way it waits a growing time, and a few times only: what
 * always dies would be made without end. */
static void launch_vm(struct scheduler *scheduler, struct outputs *outputs,
                      struct waiting_task *waiting)
{
    if (waiting->vm != ID_NONE) {
        waiting->vm = ID_NONE;
        waiting->retry_usec =
            scheduler->now_usec + decide_backoff_usec(scheduler, ++waiting->n_lost);
    }
    if (waiting->n_lost >= GROUP_TRIES_MAX)
        return;
    if (waiting->n_lost > 0 && waiting->retry_usec > scheduler->now_usec)
        decide_by(scheduler, waiting->retry_usec);
    else
        waiting->vm = fargate_launch(scheduler, outputs, waiting->task);
}

/* Its micro-VM is up: the task goes there. One that died on the way is made again, a few times. */
static bool place_on_vm(struct scheduler *scheduler, struct outputs *outputs,
                        struct waiting_task *waiting)
{
    struct cluster *cluster = &scheduler->cluster;

    if (waiting->vm == ID_NONE || cluster->instances[waiting->vm].status == INSTANCE_INACTIVE)
        launch_vm(scheduler, outputs, waiting);
    if (waiting->n_lost >= GROUP_TRIES_MAX) {
        give_up(scheduler, outputs, waiting->task, STOP_TASK_FAILED_TO_START, STOP_FOR_NO_CAPACITY);
        return true;
    }
    if (waiting->vm == ID_NONE || cluster->instances[waiting->vm].status != INSTANCE_BOUND ||
        !cluster->instances[waiting->vm].agent_connected)
        return false;
    decide_put(scheduler, outputs, waiting->task, &(struct placement){waiting->vm, ID_NONE});
    return true;
}

/* Tasks of one request that want the same thing fail alike: one question for all of them. */
static bool place_on_instance(struct scheduler *scheduler, struct outputs *outputs,
                              struct waiting_task *waiting, int *failed_request)
{
    const struct task *task = &scheduler->cluster.tasks[waiting->task];
    struct placement placement = {ID_NONE, ID_NONE};

    if (task->request != *failed_request)
        placement = place_task(&scheduler->cluster, task->request, task->taskdef, waiting->task);
    if (placement.instance != ID_NONE) {
        decide_put(scheduler, outputs, waiting->task, &placement);
        return true;
    }
    *failed_request = task->request;
    decide_wait(scheduler, outputs, task->request, task->taskdef, waiting->task, &waiting->said);
    return false;
}

void task_place_waiting(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int failed_request = ID_NONE, kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++) {
        struct waiting_task waiting = scheduler->waiting[i];
        bool fargate = capacity_is_fargate(cluster, cluster->tasks[waiting.task].request);

        if (fargate ? place_on_vm(scheduler, outputs, &waiting)
                    : place_on_instance(scheduler, outputs, &waiting, &failed_request)) {
            scheduler->n_waiting_fargate -= fargate;
            continue;
        }
        scheduler->waiting[kept++] = waiting;
    }
    scheduler->n_waiting = kept;
}

void task_give_up_waiting(struct scheduler *scheduler, struct outputs *outputs)
{
    int kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++) {
        struct waiting_task waiting = scheduler->waiting[i];

        if (waiting.until_usec <= scheduler->now_usec) {
            give_up(scheduler, outputs, waiting.task, STOP_TASK_FAILED_TO_START,
                    STOP_FOR_NO_CAPACITY);
            continue;
        }
        decide_by(scheduler, waiting.until_usec);
        scheduler->waiting[kept++] = waiting;
    }
    scheduler->n_waiting = kept;
    if (scheduler->n_waiting_fargate > 0)
        scheduler->room = true; /* the buckets may have a launch again */
}

void task_end_protections(struct scheduler *scheduler)
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
