/*
 * Two runs, or one against several, by what they are summed up in: start-up, completion and the rest as durations
 * over all their tasks. It must never know how the numbers are printed.
 */
#ifndef BERTH_VIZ_COMPARE_TOTALS_H
#define BERTH_VIZ_COMPARE_TOTALS_H

#include "file/estimate.h"
#include "file/totals.h"
#include "viz/durations.h"

/* One total in both runs. */
struct compare_total {
    struct durations durations[2]; /* sorted */
    int64_t wasserstein_usec;      /* -1: one run has none */
    int smirnov_permille;          /* likewise */
    int n_pairs;                   /* tasks (or instances) that have it in both */
    struct estimate
        difference; /* microseconds, second less first, over the pairs; of n_pairs > 0 */
    bool has_difference;
};

struct compare_totals {
    struct compare_total totals[TOTALS];
};

void compare_totals_init(struct compare_totals *totals, const struct story *const stories[2]);
void compare_totals_finish(struct compare_totals *totals);

/* The medians of one total over several runs. */
struct compare_band {
    int n_runs; /* that have it */
    int64_t least_usec, most_usec;
};

struct compare_band compare_totals_band(const struct story *const *stories, int n_stories,
                                        enum total total);

#endif
