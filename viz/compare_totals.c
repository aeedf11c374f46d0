/*
 * Items are matched by their numbers, as everywhere in a comparison. It must never know how the numbers are
 * printed.
 */
#include "viz/compare_totals.h"

#include "file/memory.h"

#include <stdlib.h>

/* As many pairs as the sums of estimate.h are good for. */
#define PAIRS_MAX 10000

static void compare_pairs(struct compare_total *to, const struct story *const stories[2],
                          enum total total)
{
    int n_items[2] = {totals_count(stories[0], total), totals_count(stories[1], total)};
    int n = n_items[0] < n_items[1] ? n_items[0] : n_items[1];
    int64_t *values[2] = {memory_zeroed((size_t)n, sizeof(int64_t)),
                          memory_zeroed((size_t)n, sizeof(int64_t))};
    for (int i = 0; i < n && to->n_pairs < PAIRS_MAX; i++) {
        int64_t usec[2] = {totals_of(stories[0], total, i), totals_of(stories[1], total, i)};
        if (usec[0] == USEC_NEVER || usec[1] == USEC_NEVER)
            continue;
        values[0][to->n_pairs] = usec[0];
        values[1][to->n_pairs++] = usec[1];
    }
    to->has_difference = to->n_pairs > 0;
    if (to->has_difference)
        to->difference = estimate_of_difference(values[1], values[0], to->n_pairs);
    free(values[0]);
    free(values[1]);
}

void compare_totals_init(struct compare_totals *totals, const struct story *const stories[2])
{
    *totals = (struct compare_totals){0};
    for (int total = 0; total < TOTALS; total++) {
        struct compare_total *to = &totals->totals[total];
        for (int s = 0; s < 2; s++) {
            int n = totals_count(stories[s], (enum total)total);
            for (int i = 0; i < n; i++) {
                int64_t usec = totals_of(stories[s], (enum total)total, i);
                if (usec != USEC_NEVER)
                    durations_add(&to->durations[s], usec);
            }
            durations_sort(&to->durations[s]);
        }
        to->wasserstein_usec = durations_wasserstein_usec(&to->durations[0], &to->durations[1]);
        to->smirnov_permille = durations_smirnov_permille(&to->durations[0], &to->durations[1]);
        compare_pairs(to, stories, (enum total)total);
    }
}

void compare_totals_finish(struct compare_totals *totals)
{
    for (int total = 0; total < TOTALS; total++) {
        durations_finish(&totals->totals[total].durations[0]);
        durations_finish(&totals->totals[total].durations[1]);
    }
}

struct compare_band compare_totals_band(const struct story *const *stories, int n_stories,
                                        enum total total)
{
    struct compare_band band = {0};
    for (int i = 0; i < n_stories; i++) {
        int64_t usec = totals_median(stories[i], total);
        if (usec == USEC_NEVER)
            continue;
        if (band.n_runs == 0 || usec < band.least_usec)
            band.least_usec = usec;
        if (band.n_runs == 0 || usec > band.most_usec)
            band.most_usec = usec;
        band.n_runs++;
    }
    return band;
}
