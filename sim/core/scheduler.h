/*
 * The scheduler: one pure state machine that decides for a whole cluster. One step takes one event
 * and appends its decisions; between steps nothing happens. It learns of time from events alone and
 * never knows whether a simulator or a real machine is behind them.
 */
#ifndef BERTH_CORE_SCHEDULER_H
#define BERTH_CORE_SCHEDULER_H

#include "core/cluster.h"
#include "core/timers.h"

struct waiting_task {
    int32_t task;
    int32_t vm;         /* the micro-VM that boots for it, or ID_NONE */
    int32_t n_lost;     /* micro-VMs that booted for it and died */
    int64_t retry_usec; /* it gets no other one before */
    int64_t until_usec; /* it is given up then, or USEC_NEVER */
    struct wait said;   /* the last MESSAGE_WAIT about it */
};

struct protection {
    int32_t task;
    int64_t until_usec;
};

/* Between two heartbeats to an agent, which expects one within a minute (ecs-agent/acs/session). */
#define SCHEDULER_HEARTBEAT_USEC (30 * USEC_PER_SEC)

/* core/alarm.h, core/scaling.h */
struct alarm;
struct policy;
struct scheduled_action;
/* The lists of the last MESSAGE_BILL. */
struct bill_parts {
    struct bill_provider *providers;
    int n_providers, cap_providers;
    struct bill_service *services;
    int n_services, cap_services;
    struct bill_hour *hours;
    int n_hours, cap_hours;
};

struct scheduler {
    struct cluster cluster;
    struct scheduler_rules rules;
    int64_t n_steps;
    int64_t now_usec;             /* of the last step */
    int64_t n_decisions;          /* the last decision's number */
    int64_t n_open;               /* decisions not closed yet */
    bool ending;                  /* the run is being taken down */
    bool room;                    /* in this step room may have appeared for what waits */
    int n_launching;              /* instances with status LAUNCHING, but for micro-VMs */
    int n_up;                     /* instances that are not INACTIVE */
    int n_placed;                 /* tasks on an instance that are not STOPPED */
    struct waiting_task *waiting; /* PROVISIONING tasks in order of arrival */
    int n_waiting, cap_waiting;
    int32_t *emptied; /* while the run ends: instances that may have no task left */
    int n_emptied, cap_emptied;
    int n_waiting_fargate; /* of those */
    int32_t *leaving;      /* instances to terminate once they are empty */
    int n_leaving, cap_leaving;
    int32_t *agenda; /* services to look at in this step */
    int n_agenda, cap_agenda;
    bool again;       /* the service at hand has found no room: its unhealthy tasks may make some */
    int32_t *blocked; /* services that wait for room */
    int n_blocked, cap_blocked;
    struct protection *protections; /* that have not expired */
    int n_protections, cap_protections;
    struct timers judgements; /* when to judge a service's task anew */
    struct timers drains;     /* when a target has drained */
    struct alarm *alarms;
    int n_alarms, cap_alarms;
    struct policy *policies;
    int n_policies, cap_policies;
    struct scheduled_action *actions;
    int n_actions, cap_actions;
    struct bill_parts bill;
    int64_t heartbeat_at_usec; /* the next one to all agents; USEC_NEVER */
    int64_t deadline_usec;
};

/* `seed` keys every random draw of placement. */
void scheduler_init(struct scheduler *scheduler, uint64_t seed);
void scheduler_finish(struct scheduler *scheduler);

/* One step at `at_usec` (never before the last one). Appends the decisions to `outputs`, which the
 * caller has emptied. Any event is legal, stale, duplicate or absurd ones are refused or ignored.
 */
void scheduler_step(struct scheduler *scheduler, int64_t at_usec, const struct message *event,
                    struct outputs *outputs);

/* The event is to come, soon or next: has memory bring what its step will touch. Changes nothing. A driver that knows
 * calls it an event or more before with `is_next` false, and right before with true. */
void scheduler_foresee(const struct scheduler *scheduler, const struct message *event,
                       bool is_next);

/* When a tick is due at the latest, or USEC_NEVER. */
int64_t scheduler_deadline(const struct scheduler *scheduler);

/* A digest of the whole state: equal after equal histories, on every machine. */
uint64_t scheduler_hash(const struct scheduler *scheduler);

/* The tasks that wait for room: provisioned ones, and those that services still lack. */
int64_t scheduler_waiting(const struct scheduler *scheduler);

/* How many groups launch no more because what they launched failed every time. */
int scheduler_given_up(const struct scheduler *scheduler);

/* No standalone task lives that could still do something: none is on an instance. Waiting tasks do
 * not count where no instance is on its way and nothing runs that could make room. */
bool scheduler_idle(const struct scheduler *scheduler);

/* No instance of the initial groups is still launching. */
bool scheduler_settled(const struct scheduler *scheduler);

/* After MESSAGE_END: every task has stopped and every instance is gone. */
bool scheduler_ended(const struct scheduler *scheduler);

#endif
