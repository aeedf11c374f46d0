/*
 * The container agent of one instance: one pure state machine. It queues the tasks it was sent, starts
 * the head of the queue as soon as the instance has room (agent/engine/docker_task_engine.go,
 * monitorQueuedTasks), orders containers by dependsOn, stops them in reverse order, and reports.
 * The simulator runs thousands of them over simulated containers, berth-agent one over real ones.
 */
#ifndef BERTH_CORE_AGENT_H
#define BERTH_CORE_AGENT_H

#include "core/message.h"

struct agent_container {
    uint8_t status; /* enum container_status: known */
    bool busy;      /* ordered to reach the next status, no answer yet */
    bool ready;
    bool term_sent, kill_sent;
    bool oom;
    int32_t exit_code;    /* ID_NONE: none */
    int64_t kill_at_usec; /* SIGKILL is due; USEC_NEVER */
};

struct agent_task {
    int32_t task;
    int32_t taskdef;
    bool admitted; /* left the queue: holds resources */
    bool stopping; /* its desired status is STOPPED */
    bool reported_running;
    uint8_t stop_code; /* enum stop_code */
    char *reason;      /* why it stops, in ECS's words, or NULL */
    struct agent_container *containers;
    struct container_state *states; /* of its last report */
};

struct agent {
    const struct taskdefs *taskdefs; /* not owned */
    int32_t instance, epoch;
    bool booted;
    int32_t cpu, memory_mib;           /* registered */
    int32_t cpu_used, memory_used_mib; /* by admitted tasks: the host's ledger */
    int64_t n_reports;                 /* the last report's number */
    int64_t now_usec;                  /* of the last step */
    int64_t deadline_usec;
    struct agent_task *tasks; /* in order of arrival; the queue is those not admitted */
    int n_tasks, cap_tasks;
    struct agent_task *gone; /* ended in the last step: their last reports still point here */
    int n_gone, cap_gone;
};

/* `taskdefs` must hold every definition before a task of it is placed here, and outlive the agent. */
void agent_init(struct agent *agent, const struct taskdefs *taskdefs);
void agent_finish(struct agent *agent);

/* As scheduler_step(). */
void agent_step(struct agent *agent, int64_t at_usec, const struct message *event,
                struct outputs *outputs);

/* As scheduler_deadline(): the next stop timeout. */
int64_t agent_deadline(const struct agent *agent);

#endif
