/*
 * How much of the beginning of a simulation to leave out, because it only tells that everything began empty.
 * The rule is MSER-5 (K. P. White, "An effective truncation heuristic for bias reduction in simulation output",
 * Simulation 69, 1997): of all beginnings of a series that could be dropped, the one after which the mean of what
 * is left is surest. Knows series of numbers, and nothing of what they are.
 */
#ifndef BERTH_WARMUP_H
#define BERTH_WARMUP_H

#include "file/story.h"

/* Equal parts of the time in which the tasks that run are averaged. */
#define WARMUP_PARTS 400

/* How many of the first of `n` values to drop: a multiple of 5, at most the half of them. Values are less than
 * 2^40 in size. 0 where there are fewer than 20. */
int warmup_mser5(const int64_t *values, int n);

/* Adds a run to the series: to each part the tasks that run in it, in thousandths, up to `end_usec`. */
void warmup_add(int64_t sums[WARMUP_PARTS], const struct story *story, int64_t end_usec);

/* When the series that came of adding runs is past its beginning. */
int64_t warmup_usec(const int64_t sums[WARMUP_PARTS], int64_t end_usec);

#endif
