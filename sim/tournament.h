/*
 * Strategies against each other in one scenario: each places everything, in the same worlds, and a
 * ranking says which did best. Knows how to run and compare, and nothing of the screen.
 */
#ifndef BERTH_TOURNAMENT_H
#define BERTH_TOURNAMENT_H

#include "contender.h"
#include "file/estimate.h"
#include "file/scenario.h"
#include "measure.h"

struct tournament {
    const struct contenders *contenders;
    int n_seeds;     /* 1, 2, ... n_seeds */
    int64_t *values; /* see tournament_values() */
    int *ranking;    /* contenders, the best first */
};

/* What tournament_run() tells of its progress: `done` simulations of `total`. */
typedef void tournament_progress(int done, int total);

/*
 * Lets each contender's strategy take the place of those that the scenario's services and RunTask calls
 * name, and simulates it with each seed. All draws are keyed by the seed, a purpose and the task or
 * instance, so a seed is the same world for every contender as far as tasks have the same numbers:
 * let tasks wait instead of being refused, and they do. `progress` may be NULL. The scenario is
 * unchanged afterwards. False with `err` where a run fails. Finish in either case.
 */
bool tournament_run(struct tournament *tournament, struct scenario *scenario,
                    const struct contenders *contenders, int n_seeds, tournament_progress *progress,
                    struct err *err);
void tournament_finish(struct tournament *tournament);

/* The contender's values of that measure, by seed. */
const int64_t *tournament_values(const struct tournament *tournament, int contender,
                                 enum measure_kind kind);

/* The rank of who stands at that place of the ranking, 1 the best: equals share one. */
int tournament_rank(const struct tournament *tournament, int place);

/* The ranking's rule, for people: fewest unplaced tasks, then the shortest waiting (p95), then the
 * fewest instances, each by its mean over all seeds; then the order of the list. */
extern const char tournament_rule[];

#endif
