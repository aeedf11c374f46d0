/*
 * All machines of a run: boots them when their time has come, carries messages to their agents and
 * records back, and finds out who is gone. It must never step the scheduler, nor decide anything:
 * what it learns waits here until the controller asks.
 */
#ifndef BERTH_EXEC_CREW_H
#define BERTH_EXEC_CREW_H

#include "exec/controller.h"
#include "exec/loop.h"
#include "exec/machine.h"

struct member {
    struct machine machine;
    const struct scenario_group *group;
    struct instance_type type; /* of the size that was launched; its texts are the scenario's */
    int32_t epoch;             /* of its agent */
    bool is_vm;
    bool is_micro; /* a virtual machine for one task, which gets all that was launched: Fargate's */
    int32_t task;  /* is_micro: whose it is */
    bool has_memory; /* is_vm: set aside for it */
    int64_t
        cut_until_usec;  /* CLOCK_MONOTONIC: nothing is read from it nor sent; 0: it is not cut */
    struct channel held; /* what waits to be sent until then */
};

/* What is known of a task whose cgroup is a guest's. */
struct crew_used {
    int32_t instance; /* to whose agent it was given last; ID_NONE: to none */
    bool of_guest, told;
    struct used used; /* told: last */
};

struct crew {
    const struct controller_job *job;
    struct loop *loop; /* an agent's descriptor is watched with its instance as tag */
    int64_t origin_usec;
    struct member **members; /* by instance */
    int n_members, cap_members;
    int32_t *lost; /* instances that are gone and were not asked for yet */
    int n_lost, cap_lost;
    int32_t *restored; /* instances whose cut is over and that were not asked for yet */
    int n_restored, cap_restored;
    struct registry_order registry;
    int64_t used_usec; /* how often guests say what their tasks use; 0: never. The controller's */
    struct crew_used *used; /* by task */
    int n_used, cap_used;
    bool failed; /* this machine cannot go on: `err` says why */
    struct err err;
};

/* All borrowed. `origin_usec`: CLOCK_MONOTONIC at which the run began. */
void crew_init(struct crew *crew, const struct controller_job *job, struct loop *loop,
               int64_t origin_usec);
void crew_finish(struct crew *crew);

/* The next instance, which boots after its type's boot time where the scenario gives one; a virtual
 * machine at once, since it takes its time. */
void crew_launch(struct crew *crew, const struct launch_instance *launch, int32_t epoch);

/* Asks an instance's agent to end all it has; it is killed if it takes too long. */
void crew_terminate(struct crew *crew, int32_t instance);

/* Kills an instance with all that runs on it. False where it is gone or never was. */
bool crew_kill(struct crew *crew, int32_t instance);
void crew_kill_all(struct crew *crew);

/* A placeTask or stopTask to the instance's agent, or a fault. False where it is not up. */
bool crew_send(struct crew *crew, int32_t instance, const struct message *message);
bool crew_fault(struct crew *crew, int32_t instance, const struct fault_order *order);

/* What a task has used so far, by its cgroup: a guest's as it was said last, which fills the members of
 * struct used only. False where nothing is known: it has gone, or there are no cgroups, or its guest has
 * said nothing yet. */
bool crew_usage(const struct crew *crew, int32_t instance, int32_t task,
                struct cgroup_usage *usage);

/* What the registry does from now on, to all agents, also those that come. */
void crew_registry(struct crew *crew, const struct registry_order *order);

/* Cuts the connection to the instance's agent for so long (USEC_NEVER: until crew_restore()), or
 * longer than it is cut already: its machine is told, what both sides say then waits. The instance
 * itself is not touched, and killing it or its tasks needs no connection. False where it is not up. */
bool crew_cut(struct crew *crew, int32_t instance, int64_t for_usec);

/* No connection is cut any more. */
void crew_restore(struct crew *crew);

/* An instance whose connection is whole again: what it has said can be heard; ID_NONE: no more. */
int32_t crew_next_restored(struct crew *crew);

/* Boots those whose time has come, kills those whose time is over. Returns the CLOCK_MONOTONIC time
 * at which to call again. */
int64_t crew_advance(struct crew *crew);

/* The agent's descriptor is writable. */
void crew_flush(struct crew *crew, int32_t instance);

/* The next record that the agent sent, to be released with record_finish(); false where there is
 * none now. One that talks nonsense is killed. */
bool crew_hear(struct crew *crew, int32_t instance, struct record *record);

/* After SIGCHLD: an instance whose agent has ended, or ID_NONE; reaps strangers on the way. What it
 * said last can still be heard; then it is to be buried. */
int32_t crew_reap(struct crew *crew);
void crew_bury(struct crew *crew, int32_t instance);

/* An instance that is gone, once each; ID_NONE: no more. */
int32_t crew_next_lost(struct crew *crew);

bool crew_all_gone(const struct crew *crew);

#endif
