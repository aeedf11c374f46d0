/*
 * The stage of one agent: orders to its performer, with what each takes beside them, and facts, with when
 * they came. It must never know which order follows which.
 */
#include "exec/rehearse_inside.h"

#include "exec/loop.h"

#include <poll.h>
#include <unistd.h>

static struct message order_of(enum message_kind kind, int32_t task)
{
    struct message order = message_new(kind);

    if (kind == MESSAGE_REMOVE_TASK) {
        order.as.remove_task.task = task;
    } else if (kind == MESSAGE_CREATE_CONTAINER) {
        order.as.create = (struct create_container){.task = task};
    } else if (kind == MESSAGE_SIGNAL_CONTAINER) {
        order.as.signal = (struct signal_container){task, 0, SIGNAL_TERM};
    } else {
        order.as.order = (struct container_order){task, 0};
    }
    return order;
}

void rehearse_stage_act(struct stage *stage, enum message_kind kind, int32_t task,
                        int64_t *cpu_usec, int64_t *wall_usec)
{
    struct message order = order_of(kind, task);
    int64_t begin_cpu_usec = rehearse_used_own_usec(), begin_usec = loop_clock_usec();

    performer_act(stage->performer, &order);
    *cpu_usec = rehearse_used_own_usec() - begin_cpu_usec;
    *wall_usec = loop_clock_usec() - begin_usec;
}

bool rehearse_stage_next(struct stage *stage, struct fact *fact)
{
    int64_t begin_usec = rehearse_used_own_usec();
    bool more = performer_next(stage->performer, fact);

    stage->see_cpu_usec += rehearse_used_own_usec() - begin_usec;
    return more;
}

void rehearse_stage_rest(const struct stage *stage)
{
    int fds[PERFORMER_FDS];
    struct pollfd wait[PERFORMER_FDS];

    performer_fds(stage->performer, fds);
    for (int i = 0; i < PERFORMER_FDS; i++) {
        wait[i] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    }
    poll(wait, PERFORMER_FDS, 100);
}

/* Whatever there is to do besides. */
static void rest_first(struct stage *stage)
{
    int64_t begin_usec = rehearse_used_own_usec();

    performer_rest(stage->performer);
    stage->keep_cpu_usec += rehearse_used_own_usec() - begin_usec;
    rehearse_stage_rest(stage);
}

static enum moment moment_of(enum message_kind kind)
{
    switch (kind) {
    case MESSAGE_IMAGE_PULLED:
        return MOMENT_PULLED;
    case MESSAGE_CONTAINER_CREATED:
        return MOMENT_CREATED;
    case MESSAGE_CONTAINER_STARTED:
        return MOMENT_STARTED;
    case MESSAGE_CONTAINER_READY:
        return MOMENT_READY;
    case MESSAGE_CONTAINER_EXITED:
        return MOMENT_EXITED;
    default:
        return MOMENTS;
    }
}

static bool take(struct stage *stage, const struct fact *fact, struct err *err)
{
    const struct message *event = &fact->event;
    const struct container_fact *is = &event->as.fact;
    enum moment moment = moment_of(event->kind);

    if (moment == MOMENTS) {
        return true;
    }
    if (moment != MOMENT_EXITED && is->error) {
        return err_set(err, EXIT_MACHINE, "a container did not start: %.400s", is->error);
    }
    stage->at_usec[moment][is->task] = loop_clock_usec();
    stage->n[moment]++;
    stage->heard_usec += fact->used_usec;
    if (moment == MOMENT_EXITED && event->as.exited.oom) {
        stage->times->n_oom++;
    }
    return true;
}

bool rehearse_stage_await(struct stage *stage, enum moment moment, int n, struct err *err)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;
    struct fact fact;
    bool fine;

    while (stage->n[moment] < n) {
        while (stage->n[moment] < n && rehearse_stage_next(stage, &fact)) {
            fine = take(stage, &fact, err);
            message_finish(&fact.event);
            if (!fine) {
                return false;
            }
        }
        if (stage->n[moment] < n) {
            rest_first(stage);
        }
        if (loop_clock_usec() > until_usec) {
            return err_set(err, EXIT_MACHINE, "a container did not answer within 10 s");
        }
    }
    return true;
}

void rehearse_stage_meet(struct stage *stage, int meeting)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;

    atomic_fetch_add(&stage->table->arrived[meeting], 1);
    while (atomic_load(&stage->table->arrived[meeting]) < stage->table->n_agents &&
           loop_clock_usec() < until_usec) {
        usleep(50);
    }
}
