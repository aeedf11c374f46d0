/*
 * The container agent of one instance: one pure state machine. It queues the tasks it was sent, starts
 * the head of the queue as soon as the instance has room (agent/engine/docker_task_engine.go,
 * monitorQueuedTasks), orders containers by dependsOn, probes their health, restarts and stops them,
 * looks after the image cache, and reports. While it is disconnected its reports wait.
 * The simulator runs thousands of them over simulated containers, berth-agent one over real ones.
 */
#ifndef BERTH_CORE_AGENT_H
#define BERTH_CORE_AGENT_H

#include "core/host.h"
#include "core/images.h"
#include "core/message.h"
#include "core/timers.h"

struct agent_container {
    uint8_t status; /* enum container_status: known */
    uint8_t health; /* enum health_status */
    bool busy;      /* ordered to reach the next status, no answer yet */
    bool term_sent;
    bool oom;
    int32_t exit_code; /* ID_NONE: none; the last one of a container that was restarted */
    int32_t n_restarts;
    int32_t n_probes;   /* the last probe's number */
    int32_t n_failures; /* of probes, in a row */
    int64_t started_at_usec;
    int64_t probe_at_usec;  /* the next probe is due; USEC_NEVER, likewise below */
    int64_t answer_by_usec; /* the probe that is out fails then */
    int64_t kill_at_usec;   /* SIGKILL is due */
};

/* Of a task that has a virtual machine of its own (struct task_machine). */
enum agent_machine { AGENT_MACHINE_NONE, AGENT_MACHINE_BOOTS, AGENT_MACHINE_UP };

struct agent_task {
    int32_t task;
    int32_t taskdef;
    int64_t arrival;  /* n-th task that came */
    int64_t due_usec; /* its entry in the agent's timers; USEC_NEVER: none */
    bool admitted;    /* left the queue: holds resources */
    bool stopping;    /* its desired status is STOPPED */
    bool reported_running;
    uint8_t machine;         /* enum agent_machine */
    uint8_t reported_health; /* enum health_status */
    uint8_t stop_code;       /* enum stop_code */
    char *reason;            /* why it stops, in ECS's words, or NULL */
    struct agent_container *containers;
    struct container_state *states; /* of its last report; these three lie behind the task */
    struct host_claim *claims;      /* by container */
};

struct agent {
    const struct taskdefs *taskdefs; /* not owned */
    int32_t instance, epoch;
    bool booted, connected;
    struct agent_rules rules;
    struct host host;
    struct images images;
    int64_t n_reports; /* the last report's number */
    int64_t now_usec;  /* of the last step */
    int64_t deadline_usec;
    int64_t heartbeat_by_usec; /* silent until then, it connects anew; USEC_NEVER */
    int64_t clean_at_usec;     /* images */
    int32_t n_connects;
    struct agent_task **tasks; /* by number */
    int32_t *numbers;          /* theirs */
    int n_tasks, cap_tasks;
    int n_numbers, cap_numbers;
    int64_t n_arrived;
    int32_t *queue; /* the numbers of tasks not admitted, in order of arrival */
    int n_queue, cap_queue;
    struct timers timers;    /* for each task an entry no later than its deadline */
    struct agent_task **due; /* scratch */
    int n_due, cap_due;
    struct agent_task **gone; /* ended in the last step: their last reports still point here */
    int n_gone, cap_gone;
    struct message *unsent; /* reports since it was disconnected, copies */
    int n_unsent, cap_unsent;
    struct message *sent; /* of those, handed out in the last step */
    int n_sent, cap_sent;
};

/* `taskdefs` must hold every definition before a task of it is placed here, and outlive the agent. */
void agent_init(struct agent *agent, const struct taskdefs *taskdefs);
void agent_finish(struct agent *agent);

/* As scheduler_step(). */
void agent_step(struct agent *agent, int64_t at_usec, const struct message *event,
                struct outputs *outputs);

/* As scheduler_deadline(): stop timeouts, probes, start timeouts, heartbeats, clean-up. */
int64_t agent_deadline(const struct agent *agent);

#endif
