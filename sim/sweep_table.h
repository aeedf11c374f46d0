/*
 * What came out of a sweep, point by point: for people, for spreadsheets and as JSON. Knows nothing of
 * how it was run.
 */
#ifndef BERTH_SWEEP_TABLE_H
#define BERTH_SWEEP_TABLE_H

#include "sweep.h"

#include <stdio.h>

/* Means over the seeds with their 95 % confidence intervals, a line each point. All runs are done. */
void sweep_table_print(FILE *out, const struct sweep *sweep);

/* One line of names, then a line each point: the axes' values, "seeds", and for each measure its mean
 * and the half of its interval ("waited_p95", "waited_p95_ci95"; empty with a single seed). */
bool sweep_table_csv(const struct sweep *sweep, const char *path, struct err *err);

/* One object: "title", "seeds", "points": [{"set": {PATH: VALUE}, MEASURE: {"mean", "ci95"}}]. */
void sweep_table_json(FILE *out, const struct sweep *sweep);

#endif
