/*
 * Re-running every machine of a log: fresh machines get the logged events, and each decision and
 * action must come out again. Also the way to a state at any moment of the past.
 */
#ifndef BERTH_FILE_REPLAY_H
#define BERTH_FILE_REPLAY_H

#include "core/agent.h"
#include "core/scheduler.h"
#include "file/runlog.h"

struct replay {
    struct scheduler scheduler;
    struct agent *agents; /* by instance; an agent that never spoke has booted == false */
    int n_agents, cap_agents;
    int64_t n_events, n_decisions, n_machines;
    bool truncated; /* the log has no summary */
    /* private */
    struct replay_sent *sent;
    int n_sent, cap_sent;
    int64_t *seqs; /* last seq by machine + 1 */
    int n_seqs, cap_seqs;
    int64_t *digests;
    struct outputs outputs;
};

/* A fresh cluster for that seed. */
void replay_init(struct replay *replay, uint64_t seed);
void replay_finish(struct replay *replay);

/* Steps the record's machine and compares. Returns false with the first difference in `err` (code
 * EXIT_ANSWER): names the machine, seq, event and member. Never crashes on an absurd record. */
bool replay_step(struct replay *replay, const struct record *record, struct err *err);

/* Whole file; prints nothing. On success `replay`'s counts say how much was checked. */
bool replay_file(struct replay *replay, const char *path, struct err *err);

#endif
