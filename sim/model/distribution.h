/*
 * How long a thing takes: a constant or a random duration. Sampling uses its own logarithm and
 * exponential in a fixed order of evaluation, so the same key gives the same microseconds on every
 * machine and with every compiler. Knows nothing of what is being timed.
 */
#ifndef BERTH_MODEL_DISTRIBUTION_H
#define BERTH_MODEL_DISTRIBUTION_H

#include "core/draw.h"
#include "core/unit.h"

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* a */
    DISTRIBUTION_UNIFORM,     /* a to b */
    DISTRIBUTION_EXPONENTIAL, /* a: mean */
    DISTRIBUTION_LOGNORMAL,   /* a: median, b: 99th percentile, b >= a > 0 */
};

struct distribution {
    enum distribution_kind kind;
    int64_t a_usec, b_usec;
};

struct distribution distribution_constant(int64_t usec);

/* A duration of at least 0 us for the key; the same key gives the same duration for ever. */
int64_t distribution_sample(const struct distribution *distribution, uint64_t seed,
                            enum draw_purpose purpose, int64_t entity, int64_t n);

/* The median, for a prediction in words. */
int64_t distribution_median_usec(const struct distribution *distribution);

#endif
