/*
 * The only place that numbers, opens and closes decisions.
 */
#include "core/decide.h"

#include "core/cluster_moves.h"
#include "core/target.h"
#include "core/task.h"

#include <assert.h>

struct message *decide(struct scheduler *scheduler, struct outputs *outputs, enum message_kind kind)
{
    struct message *message = outputs_add(outputs, kind);

    message->id = ++scheduler->n_decisions;
    return message;
}

struct message *decide_open(struct scheduler *scheduler, struct outputs *outputs,
                            enum message_kind kind, bool *is_open)
{
    struct message *message = decide(scheduler, outputs, kind);

    assert(!*is_open);
    *is_open = true;
    scheduler->n_open++;
    return message;
}

void decide_refuse(struct scheduler *scheduler, struct outputs *outputs, enum message_kind call,
                   enum refusal refusal)
{
    struct refuse *answer = &decide(scheduler, outputs, MESSAGE_REFUSE)->as.refuse;

    answer->call = call;
    answer->refusal = refusal;
}

void decide_close(struct scheduler *scheduler, bool *is_open)
{
    scheduler->n_open -= *is_open;
    *is_open = false;
}

void decide_put(struct scheduler *scheduler, struct outputs *outputs, int id,
                const struct placement *placement)
{
    struct cluster *cluster = &scheduler->cluster;
    const struct task *task = &cluster->tasks[id];
    struct place_task *call;

    cluster_place(cluster, id, placement->instance);
    scheduler->n_placed++;
    call = &decide_open(scheduler, outputs, MESSAGE_PLACE_TASK,
                        &cluster_open_details(cluster, id)->place_is_open)
                ->as.place_task;
    call->task = id;
    call->instance = placement->instance;
    call->epoch = cluster->instances[placement->instance].epoch;
    call->taskdef = task->taskdef;
    call->service = cluster->requests[task->request].service;
    call->rule = placement->rule;
}

void decide_give_up(struct scheduler *scheduler, struct outputs *outputs, int id,
                    enum stop_code code, enum stop_reason reason)
{
    struct give_up_task *call;

    if (reason != STOP_FOR_USER && reason != STOP_FOR_END) {
        call = &decide(scheduler, outputs, MESSAGE_GIVE_UP_TASK)->as.give_up_task;
        call->task = id;
        call->code = code;
        call->reason = reason;
    }
    cluster_stop(&scheduler->cluster, id, code);
}

static void send_stop(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    const struct task *task = &cluster->tasks[id];
    struct task_details *details = cluster_open_details(cluster, id);
    struct stop_task *call;

    cluster_retire(cluster, id, (enum stop_code)task->stop_code);
    scheduler->room = true;
    call =
        &decide_open(scheduler, outputs, MESSAGE_STOP_TASK, &details->stop_is_open)->as.stop_task;
    call->task = id;
    call->instance = task->instance;
    call->epoch = cluster->instances[task->instance].epoch;
    call->code = (enum stop_code)task->stop_code;
    call->reason = (enum stop_reason)details->stop_reason;
}

void decide_stop(struct scheduler *scheduler, struct outputs *outputs, int id, enum stop_code code,
                 enum stop_reason reason)
{
    struct task *task = &scheduler->cluster.tasks[id];

    if (task->instance == ID_NONE) {
        task_drop_waiting(scheduler, id);
        decide_give_up(scheduler, outputs, id, code, reason);
        return;
    }
    task->stop_code = (uint8_t)code;
    cluster_open_details(&scheduler->cluster, id)->stop_reason = (uint8_t)reason;
    if (!scheduler->ending && target_drain(scheduler, outputs, id))
        cluster_deregister(&scheduler->cluster, id, code);
    else
        send_stop(scheduler, outputs, id);
}

void decide_stop_drained(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    send_stop(scheduler, outputs, id);
}

static bool is_settled(enum place_reason reason)
{
    return reason != PLACE_FITS && reason != PLACE_PROVIDER && reason != PLACE_INACTIVE &&
           reason != PLACE_AGENT && reason != PLACE_NO_INSTANCE;
}

void decide_wait(struct scheduler *scheduler, struct outputs *outputs, int request, int taskdef,
                 int task, struct wait *said)
{
    struct place_miss miss;
    struct wait *call;

    if (is_settled(said->reason))
        return;
    miss = place_nearest_miss(&scheduler->cluster, request, taskdef);
    if (said->reason == miss.reason && said->nearest == miss.nearest)
        return;
    call = &decide(scheduler, outputs, MESSAGE_WAIT)->as.wait;
    call->service = scheduler->cluster.requests[request].service;
    call->task = task;
    call->taskdef = taskdef;
    call->reason = miss.reason;
    call->nearest = miss.nearest;
    call->lack = miss.lack;
    *said = *call;
}

void decide_by(struct scheduler *scheduler, int64_t at_usec)
{
    if (at_usec < scheduler->deadline_usec)
        scheduler->deadline_usec = at_usec;
}

int64_t decide_backoff_usec(const struct scheduler *scheduler, int32_t n_failures)
{
    const int64_t longest = scheduler->rules.throttle_longest_usec;
    int64_t gap = scheduler->rules.throttle_first_usec;

    for (int32_t i = 1; i < n_failures && gap < longest; i++)
        gap *= 2;
    return gap < longest ? gap : longest;
}
