/*
 * What is asked of tasks and reported about them. For the scheduler's step alone.
 */
#ifndef BERTH_CORE_TASK_H
#define BERTH_CORE_TASK_H

#include "core/scheduler.h"

void task_register_definition(struct scheduler *scheduler, const struct message *event,
                              struct outputs *outputs);

/* RunTask: each task where placement wants it; without room it waits or is refused. */
void task_run(struct scheduler *scheduler, const struct message *event, struct outputs *outputs);

/* StartTask: each task on the instance that is named, if it has room. */
void task_start(struct scheduler *scheduler, const struct message *event, struct outputs *outputs);

/* StopTask. */
void task_stop(struct scheduler *scheduler, const struct message *event, struct outputs *outputs);

/* UpdateTaskProtection, and its end once it has expired. */
void task_protect(struct scheduler *scheduler, const struct message *event,
                  struct outputs *outputs);
void task_end_protections(struct scheduler *scheduler);

/* An agent's report, with its number among the agent's or 0; one about a task that is not where its sender
 * says counts for nothing, and one that comes late says nothing of health. */
void task_report(struct scheduler *scheduler, const struct task_state *report, int64_t number,
                 struct outputs *outputs);

/* What every end of a task leads to, whoever brought it about. */
void task_note_stopped(struct scheduler *scheduler, struct outputs *outputs, int id,
                       enum stop_code code);

/* What beginning a task came to. */
enum task_began {
    TASK_BEGAN,      /* it is on an instance, or waits PROVISIONING */
    TASK_LACKS_ROOM, /* no instance takes it, and it may not wait */
    TASK_LACKS_TURN, /* as many wait as may */
};

/* One more task of the request: on an instance, in a micro-VM, or PROVISIONING where its capacity
 * provider scales or `wait` is set. `deployment`: of a service's request, else ID_NONE. */
enum task_began task_begin(struct scheduler *scheduler, struct outputs *outputs, int request,
                           int taskdef, int deployment, bool wait);

/* Its Spot capacity is taken away: it is stopped, with the time that the warning leaves. */
void task_interrupt(struct scheduler *scheduler, struct outputs *outputs, int task);

/* A task that is to be stopped waits no longer; without effect on others. */
void task_drop_waiting(struct scheduler *scheduler, int task);

/* Those that have waited for too long are given up. Part of a tick. */
void task_give_up_waiting(struct scheduler *scheduler, struct outputs *outputs);

/* Tries again for the tasks that wait, the longest first. */
void task_place_waiting(struct scheduler *scheduler, struct outputs *outputs);

#endif
