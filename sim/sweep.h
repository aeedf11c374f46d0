/*
 * A sweep: one scenario simulated at every point of a grid with every seed, each run a line of numbers in
 * a folder. Whatever stands there is not run again, so a sweep that was stopped goes on, and several
 * machines may share the work. Knows runs and files, and nothing of the table.
 */
#ifndef BERTH_SWEEP_H
#define BERTH_SWEEP_H

#include "file/scenario.h"
#include "measure.h"
#include "sweep_grid.h"

/* As many seeds as the sums of estimate.h are good for, and as many runs as a sweep may have. */
#define SWEEP_SEEDS_MAX 10000
#define SWEEP_RUNS_MAX 10000000

/* What is to be run; the file "sweep" of the folder says it. */
struct sweep_plan {
    char *scenario; /* its path, absolute */
    char **sets;    /* the axes as they were given */
    int n_sets, cap_sets;
    int n_seeds;          /* seeds 1 to n_seeds at each point */
    int32_t count;        /* of a bare task definition, 0: not given */
    char *instances;      /* likewise, or NULL */
    int64_t warm_up_usec; /* what comes before is not measured */
};

struct sweep {
    char *folder;
    struct sweep_plan plan;
    struct sweep_grid grid;
    char *title;       /* the scenario's */
    uint64_t digest;   /* of all points' scenarios: a changed file is another sweep */
    uint64_t *digests; /* of each point's */
    int n_runs;        /* points times seeds; run = point * n_seeds + seed - 1 */
    int n_done;
    bool *done;      /* by run */
    int64_t *values; /* MEASURES by run */
};

/* A part of the runs: those whose number leaves `index` when divided by `count`. */
struct sweep_shard {
    int index; /* 0 .. count - 1 */
    int count;
};

/* Called about five times a second: `done` of the shard's `total` runs. */
typedef void sweep_progress(int done, int total);

/*
 * Begins a sweep in that folder, or goes on with it where the same one was begun there; takes the plan
 * over. False (EXIT_INPUT) where a point's scenario is wrong, which `findings` then tell, or where the folder
 * holds another sweep. Finish in either case.
 */
bool sweep_begin(struct sweep *sweep, const char *folder, struct sweep_plan *plan,
                 struct findings *findings, struct err *err);

/* Goes on with what was begun in that folder. Likewise. */
bool sweep_resume(struct sweep *sweep, const char *folder, struct findings *findings,
                  struct err *err);
void sweep_finish(struct sweep *sweep);

/* Runs what the shard still lacks, in that many processes. Each run is written as soon as it is done.
 * False where one failed, the folder cannot be written or somebody else runs this shard. */
bool sweep_run(struct sweep *sweep, struct sweep_shard shard, int n_jobs, sweep_progress *progress,
               struct err *err);

/* Reads again what all shards have written. */
void sweep_collect(struct sweep *sweep);

/* The values of a measure at a point, by seed: for free(). */
int64_t *sweep_values(const struct sweep *sweep, int point, enum measure_kind kind);

/* Whether this is a folder with a sweep in it. */
bool sweep_is_folder(const char *path);

void sweep_plan_finish(struct sweep_plan *plan);

#endif
