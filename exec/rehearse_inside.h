/*
 * What the rehearsal's files share: one agent's stage, on which a round is performed, and what is counted
 * there. Only they may know it.
 */
#ifndef BERTH_EXEC_REHEARSE_INSIDE_H
#define BERTH_EXEC_REHEARSE_INSIDE_H

#include "exec/network.h"
#include "exec/performer.h"
#include "exec/plan.h"
#include "exec/rehearse.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define PATIENCE_USEC 10000000

/* What an agent's process has to say. */
struct answer {
    bool ok;
    struct err err;
    struct rehearse_times times;
};

enum { AGENTS_MOST = 8, MEETINGS = 4 };

/* What all the processes share. */
struct table {
    struct answer answers[AGENTS_MOST];
    int n_agents;
    atomic_int arrived[MEETINGS];
    atomic_int n_asleep; /* agents, or that will not be any more */
};

/* Facts about a container that are waited for. */
enum moment { MOMENT_PULLED, MOMENT_CREATED, MOMENT_STARTED, MOMENT_READY, MOMENT_EXITED, MOMENTS };

struct stage {
    struct table *table;
    const struct rehearse_round *round;
    int word; /* ends when they are woken */
    bool slept;
    struct rehearse_times *times;
    struct scenario *scenario;
    struct plans plans;
    struct setup setup;
    struct cgroup_machine *cgroups;
    struct network *network;
    struct performer *performer;
    int32_t taskdef;
    int helper;            /* the process that maps ports, or 0 */
    int64_t see_cpu_usec;  /* spent on taking events so far */
    int64_t keep_cpu_usec; /* likewise on keeping what was printed */
    int64_t
        heard_usec; /* CPU time that containers had used when they told of their exits, all together */
    int64_t at_usec[MOMENTS][REHEARSE_MOST];
    int n[MOMENTS]; /* tasks to which that has happened */
};

/* ---- what processes have used (rehearse_used.c) ---- */

int64_t rehearse_used_clock_usec(clockid_t clock);

/* CPU time of the calling thread; of all its children that have ended; of a living process alone. */
int64_t rehearse_used_own_usec(void);
int64_t rehearse_used_children_usec(void);
int64_t rehearse_used_by_usec(int pid);

/* The processes that `pid` has started and that live, at most `most`, in order. Returns how many. */
int rehearse_used_pids(int pid, int *pids, int most);

/* ---- orders and answers (rehearse_stage.c) ---- */

/* Gives the order; says what that took. */
void rehearse_stage_act(struct stage *stage, enum message_kind kind, int32_t task,
                        int64_t *cpu_usec, int64_t *wall_usec);

/* As performer_next(); counts what it took. */
bool rehearse_stage_next(struct stage *stage, struct fact *fact);

/* Waits for something to look at. */
void rehearse_stage_rest(const struct stage *stage);

/* Waits until that has happened to `n` tasks. */
bool rehearse_stage_await(struct stage *stage, enum moment moment, int n, struct err *err);

/* Waits for the other agents: what follows they do at the same time. */
void rehearse_stage_meet(struct stage *stage, int meeting);

/* ---- a round (rehearse_lives.c) ---- */

/* Performs the stage's round. */
bool rehearse_lives(struct stage *stage, struct err *err);

#endif
