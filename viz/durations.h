/*
 * Two samples of durations put side by side: quantiles, how far their distributions are apart. It must never know
 * what took so long.
 */
#ifndef BERTH_VIZ_DURATIONS_H
#define BERTH_VIZ_DURATIONS_H

#include <stdint.h>

struct durations {
    int64_t *usec;
    int n_usec, cap_usec;
};

void durations_add(struct durations *durations, int64_t usec);

/* To be called once everything was added, before the rest. */
void durations_sort(struct durations *durations);

/* The least value that at least that many thousandths do not exceed (nearest rank); 0 of none. */
int64_t durations_quantile(const struct durations *durations, int permille);

/* The value in the middle, or half-way between the two in the middle; 0 of none. */
int64_t durations_median(const struct durations *durations);

/* The first Wasserstein distance: the area between the two empirical distribution functions, in microseconds, cut
 * off. -1 where one is empty. */
int64_t durations_wasserstein_usec(const struct durations *a, const struct durations *b);

/* Kolmogorov's and Smirnov's distance: the greatest difference of the two distribution functions, in thousandths,
 * rounded. -1 where one is empty. */
int durations_smirnov_permille(const struct durations *a, const struct durations *b);

void durations_finish(struct durations *durations);

#endif
