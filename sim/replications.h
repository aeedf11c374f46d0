/*
 * What many runs of one scenario have in common: the mean of each measure over the seeds and how sure it is. Knows
 * stories, and nothing of how they are made.
 */
#ifndef BERTH_REPLICATIONS_H
#define BERTH_REPLICATIONS_H

#include "file/buffer.h"
#include "measure.h"
#include "warmup.h"

#include <stdio.h>

struct replications {
    int64_t from_usec; /* what comes before is not measured */
    struct measure *runs;
    int n_runs, cap_runs;
    int64_t sums[WARMUP_PARTS]; /* of all runs, for the warm-up */
    int64_t end_usec;           /* of the first run: the series of all are cut or filled to it */
};

void replications_add(struct replications *list, const struct story *story);

/* Where warmup.h's rule would begin to measure what was added. */
int64_t replications_warm_up(const struct replications *list);

/* Forgets all runs and begins anew, to measure from `from_usec` on. */
void replications_restart(struct replications *list, int64_t from_usec);

/* A line for each measure. Of two runs at least. */
void replications_print(FILE *out, const struct replications *list);

/* "warm_up": seconds, "measures": {NAME: {"mean", "ci95"}}. */
void replications_json(struct buffer *json, const struct replications *list);

void replications_finish(struct replications *list);

#endif
