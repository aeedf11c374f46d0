/*
 * How long a thing takes: a constant or a random duration. Sampling uses its own logarithm and
 * exponential in a fixed order of evaluation, so the same key gives the same microseconds on every
 * machine and with every compiler. Knows nothing of what is being timed.
 */
#ifndef BERTH_MODEL_DISTRIBUTION_H
#define BERTH_MODEL_DISTRIBUTION_H

#include "core/draw.h"
#include "core/unit.h"

#include <stdbool.h>

enum distribution_kind {
    DISTRIBUTION_CONSTANT,    /* a */
    DISTRIBUTION_UNIFORM,     /* a to b */
    DISTRIBUTION_EXPONENTIAL, /* a: mean */
    DISTRIBUTION_LOGNORMAL,   /* a: median, b: 99th percentile, b >= a > 0 */
    DISTRIBUTION_NORMAL,      /* a: mean, b: standard deviation; what would be negative is 0 */
    DISTRIBUTION_GAMMA,       /* a: mean, and the shape */
    DISTRIBUTION_WEIBULL,     /* a: scale (63.2 % are below it), and the shape */
    DISTRIBUTION_EMPIRICAL,   /* one of the samples, each as likely */
};

/* Shapes are in millionths. */
#define DISTRIBUTION_SHAPE_ONE 1000000
#define DISTRIBUTION_SHAPE_MIN 50000 /* below, most values are 0 and the rest for ever */
#define DISTRIBUTION_SHAPE_MAX 1000000000

struct distribution {
    enum distribution_kind kind;
    int64_t a_usec, b_usec;
    union {
        int64_t shape;
        struct {
            const int64_t *usec; /* whoever made it owns them */
            int32_t n;           /* at least 1 */
        } samples;
    };
};

struct distribution distribution_constant(int64_t usec);

/* A duration of at least 0 us for the key; the same key gives the same duration for ever. */
int64_t distribution_sample(const struct distribution *distribution, uint64_t seed,
                            enum draw_purpose purpose, int64_t entity, int64_t n);

/* The same from the key's 64 uniform bits. */
int64_t distribution_from_bits(const struct distribution *distribution, uint64_t bits);

/* How many of a thousand are at most so long: of a hundred that stand for all, or of the samples,
 * of which a thousand are looked at. */
int64_t distribution_permille_within(const struct distribution *distribution, int64_t usec);

/* Whether it is 0 always. */
bool distribution_is_zero(const struct distribution *distribution);

#endif
