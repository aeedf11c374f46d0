/*
 * An agent's hands without an agent: the very orders that a machine gives them in a run, one at a time
 * or many at once, with clocks beside them: the wall's, the agent's own CPU time, and that of what it
 * starts. It must never know what becomes of the numbers.
 */
#ifndef BERTH_EXEC_REHEARSE_H
#define BERTH_EXEC_REHEARSE_H

#include "exec/cgroup.h"
#include "exec/program.h"
#include "exec/sweep.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>

/* What is measured of each container, microseconds. "Wall" is from the order, or from the step before,
 * until the agent can see the answer; "CPU" is time of the thread or process alone. */
enum rehearsed {
    REHEARSED_CREATE_CPU, /* of the agent: order to create */
    REHEARSED_CREATE,
    REHEARSED_START_CPU, /* of the agent: order to start */
    REHEARSED_START,
    REHEARSED_CHILD_CPU, /* of the container's first processes, under nobody's limits yet */
    REHEARSED_CHILD,     /* from the end of the order until started */
    REHEARSED_EXEC_CPU,  /* of the program, under its own limits, until it is ready */
    REHEARSED_EXEC,      /* from started until ready */
    REHEARSED_STOP,      /* from SIGTERM until the exit is seen */
    REHEARSED_EXIT_CPU,  /* of the agent: in that time */
    REHEARSED_END_CPU,   /* of all of the container's processes, after ready */
    REHEARSED_HEARD_CPU, /* of that, until the agent can hear of the exit */
    REHEARSED_LIFE_CPU,  /* of all of them, from their beginning on, where they end by themselves */
    REHEARSED_REMOVE_CPU, /* of the agent: order to remove, and what follows until nothing is left */
    REHEARSED_REMOVE, /* at once: its own part of the agent's CPU time, and what all are waited for */
    REHEARSED_SEE_CPU,   /* of the agent: taking its events until it is ready, and waiting for them;
                          by itself: until it has ended */
    REHEARSED_KEEP_CPU,  /* of the agent: keeping what it has printed until then */
    REHEARSED_SHARE_CPU, /* of the program, while it is watched */
    REHEARSED_TURN,      /* of the agent, by groups: what it waited, at work itself, for its turn */
    REHEARSED_PARKED,    /* of one that was built and waited: from the word to go on until ready */
    REHEARSED,
};

/* What the containers of one round are. */
struct rehearse_round {
    const char *family; /* of the rehearsal's own definitions: see rehearse.c */
    int n;              /* containers */
    bool at_once;      /* all created, then all started, as an agent does with what comes at once */
    int64_t rest_usec; /* idle before each (or before all, at once) */
    int64_t prepared_usec; /* one by one: idle after the order to create, before that to start */
    int64_t watch_usec;    /* at once; when all are ready they go on for so long: see SHARE_CPU */
    bool sleeps;           /* at once; before their end they sleep until rehearse_wake() */
    int agents;            /* that do so beside each other, `n` containers each; 0: one */
    bool parked; /* built up to their programs, which wait for a word to begin; by one agent */
    int busy; /* one group of so many after the other, of family "short", which works for 20 ms, starts at
               * once, and the agent goes on working until it has waited for its turn; 0: it does not */
    bool by_itself; /* at once, of a family that ends as soon as it is ready, untold, or before */
};

/* A kernel looks who else wants a processor at each tick of its clock, every 1, 10/3, 4 or 10 ms, all of which fit
 * into this period. What waits for that begins at all times between: a step each after the one before, some ten or
 * more are spread over every such tick, with 10 to 24 no two neighbours more than twice as far apart as the mean. */
#define REHEARSE_PERIOD_USEC INT64_C(20000)
#define REHEARSE_STEP_USEC INT64_C(6310)

enum { REHEARSE_MOST = 64 }; /* containers of all agents together */

struct rehearse_times {
    int n; /* of all agents together, one agent's behind the other's */
    int64_t usec[REHEARSED][REHEARSE_MOST]; /* by container */
    int n_oom;                              /* of these the kernel ended so many for their memory */
    int64_t
        apart_usec; /* one by one: from one container's order to create to the next one's, a mean */
    int64_t first_pull_usec,
        first_pull_cpu_usec; /* of the built-in root file system, by a new agent: the first's */
    /* at once; of several agents, the one's that is ready last, then of the one that has removed all last. CPU time is
     * that of the kernel's own threads, whoever it was for. */
    int64_t all_usec;     /* from the first order until the last container is ready */
    int64_t started_usec; /* of that, from the first order to start one */
    int64_t kernel_usec;  /* CPU time in all of that */
    int64_t end_usec;     /* then, by CLOCK_MONOTONIC, all are told to end; */
    int64_t exited_usec;  /* after that long all have, */
    int64_t ended_usec;   /* and after that long all are removed */
    int64_t kernel_end_usec, kernel_ended_usec; /* CPU time until the first and the last of these */
    int64_t
        memory_bytes; /* PSS of the first container's processes but its program, and of its groups */
    int64_t group_bytes;
};

/* rehearse() in parts, between which the caller does something else: begins; waits until all sleep, or do not any
 * more; wakes them; waits for the end, which frees the rehearsal. `round` has to live until then. */
struct rehearsal;
struct rehearsal *rehearse_begin(const struct sweep_run *run, struct cgroup_machine *cgroups,
                                 const struct programs *programs, int cloud_fd, int index,
                                 const struct rehearse_round *round);
void rehearse_await_sleep(const struct rehearsal *rehearsal);
void rehearse_wake(struct rehearsal *rehearsal);
bool rehearse_end(struct rehearsal *rehearsal, struct rehearse_times *times, struct err *err);
/* Ends it at once instead. */
void rehearse_abandon(struct rehearsal *rehearsal);

/* Opens and closes an agent's side for one round, in a process of its own, or several. `index`: a number
 * that no other round of the run has; nor those that follow, where there are several agents. */
bool rehearse(const struct sweep_run *run, struct cgroup_machine *cgroups,
              const struct programs *programs, int cloud_fd, int index,
              const struct rehearse_round *round, struct rehearse_times *times, struct err *err);

/* PSS of a process, bytes; and the last that `pid` has started of those that live, or 0 (rehearse_used.c). */
int64_t rehearse_used_bytes(int pid);
int rehearse_used_last_pid(int pid);

#endif
