/*
 * The folder of a sweep: a file "sweep" that says what is run, and a file "runs.K-of-N" for each shard
 * with a line of numbers for each run. Plain lines that whoever is curious can read.
 */
#ifndef BERTH_SWEEP_FOLDER_H
#define BERTH_SWEEP_FOLDER_H

#include "sweep.h"

/* Writes the file "sweep" into the folder, which is made where it is not there; or, where there is
 * one, compares it. False (EXIT_INPUT) where it tells of another sweep, scenario or berth. */
bool sweep_folder_claim(const struct sweep *sweep, struct err *err);

/* Reads the plan from the file "sweep". Finish the plan in either case. */
bool sweep_folder_plan(const char *folder, struct sweep_plan *plan, struct err *err);

/* Opens the shard's file to append to, for whoever comes first; -1 with `err` else. */
int sweep_folder_open(const char *folder, struct sweep_shard shard, struct err *err);

/* Appends one run, whole or not at all as far as readers can tell. */
bool sweep_folder_write(int file, int run, const struct measure *measure, struct err *err);

/* Fills `done` and `values` from all shards' files. A line that is not whole counts for nothing. */
void sweep_folder_read(struct sweep *sweep);

#endif
