/*
 * Driver 1: one scenario under a virtual clock. Next event, log it, step its machine, log the
 * decisions, act; acting only ever puts something into the queue.
 */
#ifndef BERTH_SIM_H
#define BERTH_SIM_H

#include "core/scheduler.h"
#include "file/runlog.h"
#include "file/scenario.h"
#include "file/story.h"

struct sim_options {
    uint64_t seed;
    uint64_t luck;        /* 0, or: steps cost what they do with another seed; all else stays */
    const char *log_path; /* NULL: no log */
    enum log_level log_level;
    bool paranoid; /* check every invariant after every step */
    bool tell;     /* fill the story: costs memory for each task */
    /* USEC_NEVER, or: leave everything as it is then, or just before the teardown, without a summary */
    int64_t stop_at_usec;
};

/* The scenario's seed, no log, no checks, no story, to the end. */
struct sim_options sim_options_default(const struct scenario *scenario);

struct sim_result {
    struct run_summary summary;
    struct scheduler scheduler; /* after the last step */
    struct story story;         /* where it was asked for */
    int64_t placed;             /* placement decisions */
    int64_t refused;            /* calls or tasks that the scheduler said no to */
    int64_t unplaced;           /* of those, tasks for want of room */
    int64_t waiting;            /* tasks without room when the run ended, before the teardown */
    int64_t most_memory_bytes;  /* held at once by containers, agents and operating systems */
    int64_t torn_down_usec;     /* USEC_NEVER: not by then */
    int given_up;               /* groups whose instances failed every time, by then */
    int32_t *missed;            /* timeline entries whose fault found nothing to hit */
    int n_missed, cap_missed;
};

/* Runs to the end. False with `err` where the log cannot be written, the scenario never ends, or
 * berth has a bug (EXIT_BUG). `result` is to be finished in either case. */
bool sim_run(const struct scenario *scenario, const struct sim_options *options,
             struct sim_result *result, struct err *err);
void sim_result_finish(struct sim_result *result);

#endif
