/*
 * Re-running every machine of a log: fresh machines get the logged events, and each decision and
 * action must come out again; every message that one machine received must be what another sent.
 * Also the way to a state at any moment of the past.
 */
#ifndef BERTH_FILE_REPLAY_H
#define BERTH_FILE_REPLAY_H

#include "core/agent.h"
#include "core/scheduler.h"
#include "file/buffer.h"
#include "file/runlog.h"

struct replay {
    struct scheduler scheduler;
    struct agent *agents; /* by instance; an agent that never spoke has booted == false */
    int n_agents, cap_agents;
    struct run_summary summary; /* counted as it goes; whole after replay_file() */
    bool truncated;             /* the log has no summary */
    /* private */
    struct replay_machine *machines; /* by machine + 1 */
    int n_machines, cap_machines;
    struct replay_letter *early; /* received, but their sender's record has not come yet */
    int n_early, cap_early;
    struct outputs outputs;
};

/* Fresh machines. The replay must not move in memory: its agents look into its scheduler. */
void replay_init(struct replay *replay, uint64_t seed, int64_t epoch_usec);
void replay_finish(struct replay *replay);

/* Steps the record's machine and compares. Returns false with the first difference in `err` (code
 * EXIT_ANSWER): names the machine, seq, event and member; no step may follow it. Never crashes on an absurd
 * record. */
bool replay_step(struct replay *replay, const struct record *record, struct err *err);

/* What can only be said after the last record: that nothing was received which nobody sent, or sent
 * and never received without a reason, and that the run's own summary (NULL: it has none) says what
 * the fresh machines say. As replay_step(). */
bool replay_end(struct replay *replay, const struct run_summary *summary, struct err *err);

/* Whole file, with the digests of its lines; prints nothing. `replay` is initialized here; finish
 * it either way. */
bool replay_file(struct replay *replay, const char *path, struct err *err);

/* Appends what is to be said after success, in lines: "replay: identical (61 events, 23 decisions,
 * 3 machines)", then which machines were killed and whether the log was cut. */
void replay_describe(const struct replay *replay, struct buffer *text);

#endif
