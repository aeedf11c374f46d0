/*
 * Measured values of one kind, and what people and simulators want to know of them. It must never know
 * what was measured.
 */
#ifndef BERTH_EXEC_SERIES_H
#define BERTH_EXEC_SERIES_H

#include <stdint.h>

enum { SERIES_MOST = 1000 };

struct series {
    int n; /* of values; what comes beyond SERIES_MOST is dropped */
    int64_t values[SERIES_MOST];
};

void series_add(struct series *series, int64_t value);

/* Adds `n` values. */
void series_add_all(struct series *series, const int64_t *values, int n);

/* The value below which `permille` / 1000 of the values are, between the two nearest; 0 for none. */
int64_t series_quantile(const struct series *series, int permille);

/* What one of them adds to a sum of many; 0 for none. */
int64_t series_mean(const struct series *series);

/* Value by value in order of size, left - right, never below 0: what is left of a sum when one of its
 * parts, of which as many quantiles are known, is taken out. */
struct series series_minus(const struct series *left, const struct series *right);

/* Likewise the sum. */
struct series series_plus(const struct series *left, const struct series *right);

enum { ROUNDS_MOST = 24 };

/* The same thing over and over: who else works on the machine makes some rounds slower, and a host that has more to
 * give some faster. */
struct rounds {
    struct series list[ROUNDS_MOST];
    int n;
};

/* All values of the rounds but for the fastest quarter and the slowest, rounded down. */
struct series series_middle(const struct rounds *rounds);

#endif
