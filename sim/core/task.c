/*
 * The API calls about tasks and the agents' reports on them: what a call asks for is checked whole,
 * then taken over or refused. Where a task goes is place.c's; how many a service has is service.c's.
 */
#include "core/task.h"

#include "core/array.h"
#include "core/decide.h"
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
        request = cluster_add_request(cluster, event, ID_NONE);
        if (request == ID_NONE)
            decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        for (int i = 0; request != ID_NONE && i < call->count; i++)
            run_one(scheduler, outputs, request, call);
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

static void forget_waiting(struct scheduler *scheduler, int task)
{
    int kept = 0;

    for (int i = 0; i < scheduler->n_waiting; i++)
        if (scheduler->waiting[i].task != task)
            scheduler->waiting[kept++] = scheduler->waiting[i];
    scheduler->n_waiting = kept;
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

        if (cluster->tasks[id].instance == ID_NONE)
            forget_waiting(scheduler, id);
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

    decide_close(scheduler, &task->place_decision);
    decide_close(scheduler, &task->stop_decision);
    target_forget(scheduler, outputs, id);
    cluster_stop(cluster, id, code);
    scheduler->n_placed--;
    scheduler->room = true;
    if (scheduler->ending && task->instance != ID_NONE &&
        cluster->instances[task->instance].n_tasks == 0)
        *ARRAY_ADD(scheduler, emptied) = task->instance;
    if (service != ID_NONE)
        service_note_stopped(scheduler, outputs, id, was_wanted && !task->reached_running);
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

void task_report(struct scheduler *scheduler, const struct task_state *report,
                 struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task *task;
    int service;

    if (!is_current(cluster, report))
        return;
    task = &cluster->tasks[report->task];
    service = cluster->requests[task->request].service;
    task->health = (uint8_t)report->health;
    decide_close(scheduler, &task->place_decision);
    if (report->status == TASK_STOPPED) {
        task_note_stopped(scheduler, outputs, report->task, report->code);
    } else if (report->status == TASK_RUNNING && task->last == TASK_PENDING) {
        cluster_run(cluster, report->task);
        task->running_usec = scheduler->now_usec;
        if (service != ID_NONE && task->desired == TASK_RUNNING)
            service_note_running(scheduler, outputs, report->task, report);
    }
    service_judge(scheduler, outputs, report->task);
}

/* Tasks of one request that want the same thing fail alike: one question for all of them. */
void task_place_waiting(struct scheduler *scheduler, struct outputs *outputs)
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
