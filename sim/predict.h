/*
 * A prediction held against what really happened: the same scenario simulated and run, phase by phase,
 * with what was only waited for by script taken out. Knows stories alone: neither how the runs were
 * made nor what the simulator knew.
 */
#ifndef BERTH_PREDICT_H
#define BERTH_PREDICT_H

#include "file/totals.h"

/* What was promised for the error of each, in parts of one. */
extern const double predict_bounds[TOTALS];

enum { PREDICT_RUNS_MOST = 99 }; /* real ones */

/* All of one scenario and seed; `idle` is a simulation in which nothing costs any time and nobody works,
 * so that what is left of every phase is what the scenario waits for. All borrowed. */
struct predict_runs {
    const struct story *idle;
    const struct story *predicted; /* simulations that differ in the luck of the costs alone */
    int n_predicted;
    const struct story *naive; /* likewise, without contention */
    int n_naive;
    const struct story *real;
    int n_real;
    bool boots_measured; /* else how long virtual machines boot in the simulations says nothing */
};

/* Errors and spreads are medians over the line's items (tasks, instances), in parts of the median of
 * the real runs. What differs by less than writing it down takes (50 us) does not differ. */
struct predict_result {
    int n;        /* items that really happened, in half of the real runs at least */
    int n_failed; /* of those, that the simulation does not have */
    int64_t predicted_usec, real_usec; /* medians over the items, without scripted waiting */
    double error;                      /* |predicted - real| / real */
    double naive;                      /* likewise, of the naive prediction */
    double spread; /* of the real runs: their standard deviation / median; 0 for one run */
    double bound;  /* the row's, or 1.5 times the spread where that is more */
    bool holds;
    bool boots;  /* its items are virtual machines */
    bool judged; /* the promise is about it: see predict_judge() */
};

/* Fills a result for each total; n is 0 where there is nothing to say of it. Where virtual machines boot,
 * only that is judged, as what runs in an emulated one says little: the registration of those that are
 * instances (others are left out then), the boot of tasks' own. Where none does all is judged but
 * registration: an agent's few milliseconds are no promise. */
void predict_judge(const struct predict_runs *runs, struct predict_result *results);

/* Whether all that is judged holds, and something is. */
bool predict_holds(const struct predict_result *results);

/* The value below which `part` (0 to 1) of the `n` > 0 sorted values are, interpolated between them. */
double predict_quantile(const double *sorted, int n, double part);

#endif
