/*
 * The container agent of one instance: one pure state machine. It queues the tasks it was sent,
 * starts the head of the queue as soon as the instance has room
 * (agent/engine/docker_task_engine.go, monitorQueuedTasks), orders containers by dependsOn, stops
 * them in reverse order, and reports. The simulator runs thousands of them over simulated
 * containers, berth-agent one over real ones.
 */
#ifndef BERTH_CORE_AGENT_H
#define BERTH_CORE_AGENT_H

#include "core/message.h"

/* Stop grace period where the definition gives none (agent/config/config.go). */
#define AGENT_STOP_TIMEOUT_USEC (30 * USEC_PER_SEC)

struct agent_container {
    uint8_t status;  /* enum container_status: known */
    uint8_t pending; /* enum container_status it was ordered to reach; = status when nothing runs */
    bool stop_sent;
    bool kill_sent;
    bool oom;
    int32_t exit_code;    /* ID_NONE: none */
    int64_t kill_at_usec; /* SIGKILL is due; USEC_NEVER */
};

struct agent_task {
    int32_t task;
    int32_t taskdef;
    bool started;  /* left the queue: holds resources */
    bool stopping; /* desired status is STOPPED */
    bool reported_running;
    uint8_t stop_code; /* enum stop_code */
    int32_t cause;     /* container whose end stopped the task, or ID_NONE */
    char *error;       /* of a pull, create or start that failed */
    struct agent_container *containers;
};

struct agent {
    const struct taskdefs *taskdefs; /* not owned */
    int32_t instance;
    int32_t epoch;
    bool booted;
    int32_t cpu, memory_mib;
    int32_t cpu_used, memory_used_mib;
    int64_t n_reports; /* the last report's number */
    int64_t now_usec;
    struct agent_task *tasks; /* in order of arrival */
    int n_tasks, cap_tasks;
    char reason[256];                                          /* text of the last report */
    struct container_state states[TASKDEF_CONTAINERS_MAX * 4]; /* lists of this step's reports */
    int n_states;
};

/* `taskdefs` must hold every definition before a task of it is placed here, and outlive the agent.
 */
void agent_init(struct agent *agent, const struct taskdefs *taskdefs);
void agent_finish(struct agent *agent);

/* As scheduler_step(). */
void agent_step(struct agent *agent, int64_t at_usec, const struct message *event,
                struct outputs *outputs);

/* As scheduler_deadline(): the next stop timeout. */
int64_t agent_deadline(const struct agent *agent);

#endif
