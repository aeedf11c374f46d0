/*
 * A sweep as a Slurm job array: the script that each shard runs, and waiting for all of them. Knows
 * Slurm's commands, and nothing of what a run is.
 */
#ifndef BERTH_SWEEP_SLURM_H
#define BERTH_SWEEP_SLURM_H

#include "sweep.h"

/* Writes FOLDER/job.sh, an array of `n_shards` jobs that this very program runs, submits it and waits
 * until all have ended. `progress` as in sweep_run(), over the whole sweep. False where there is no
 * sbatch (EXIT_MACHINE), or it or a job failed. */
bool sweep_slurm(struct sweep *sweep, int n_shards, sweep_progress *progress, struct err *err);

#endif
