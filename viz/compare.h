/*
 * Two runs of one scenario, phase by phase: how long everything took in each, how far they are
 * apart, and where they took another way. What was not measured is shown and not counted. It must
 * never know how the numbers are printed or drawn.
 */
#ifndef BERTH_VIZ_COMPARE_H
#define BERTH_VIZ_COMPARE_H

#include "file/phases.h"
#include "viz/compare_totals.h"
#include "viz/scene_index.h"

/* Durations that differ by less are equal: writing down a machine's steps takes that long. */
#define COMPARE_GRAIN_USEC 50

enum compare_mark {
    COMPARE_COUNTED,
    COMPARE_MODELLED, /* the real run did not measure it, or only a part of it */
    COMPARE_ONE,      /* happened in one of the runs only */
};

/* One phase of a container, or of a task where `container` is ID_NONE, or of an instance where
 * `task` is. */
struct compare_row {
    int32_t task, container, instance;
    enum phase phase;
    int64_t usec[2]; /* USEC_NEVER: did not happen before the end of the run */
    enum compare_mark mark;
    int64_t error_permille; /* of COMPARE_COUNTED rows */
};

/* The medians over the counted rows of a phase. The error's is that of its amount. */
struct compare_median {
    int n;
    int64_t usec[2];
    int64_t error_permille;
    int64_t p95_permille; /* of the error's amount: 95 of 100 rows are at most so far off */
};

/* The first thing that happened differently, as positions in the indexes' events; -1: nothing more
 * happened in that run. */
struct compare_difference {
    bool found;
    int events[2];
};

struct compare_side {
    const char *path;
    const struct run_header *header;
    const struct story *story;
    struct scene_index index;
};

/* The simulated run comes first where only one of them is; otherwise they stand as given. */
struct compare {
    struct compare_side sides[2];
    bool mixed;         /* one simulated, one real */
    bool same_scenario; /* both logs carry the same scenario */
    struct compare_row *rows;
    int n_rows, cap_rows;
    struct compare_median medians[PHASES];
    struct compare_totals totals;
    /* All runs that the first one stands against, the second among them: whoever has more than two sets
     * these after compare_init(). They must outlive the comparison. */
    const struct story *const *others;
    int n_others;
    int n_counted, n_modelled, n_one;
    int n_placed, n_same;    /* tasks placed in both runs; of those, on the same instance */
    int n_placed_in_one;     /* tasks placed in only one of them before its end */
    int32_t first_displaced; /* the task placed first of those on different instances, or ID_NONE */
    struct compare_difference difference;
};

/* Tasks are matched by their number. Stories, headers and paths must outlive the comparison. Errors
 * are (simulated - real) / real for a mixed pair, else (second - first) / first. */
void compare_init(struct compare *compare, const char *const paths[2],
                  const struct story *const stories[2], const struct run_header *const headers[2]);
void compare_finish(struct compare *compare);

/* How much of what could be compared was measured, in permille; 1000 where there is nothing. */
int compare_measured_permille(const struct compare *compare);

/* "simulated" and "real", or "first" and "second". */
const char *compare_side_name(const struct compare *compare, int side);

/* "error", or "change" where none of the two is more right than the other. */
const char *compare_error_name(const struct compare *compare);

#endif
