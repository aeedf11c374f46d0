/*
 * Durations for requests, which are drawn by the million: what model/distribution gives, with a
 * logarithm that takes a fraction of the time. Knows nothing of what is being timed.
 */
#ifndef BERTH_MODEL_SAMPLER_H
#define BERTH_MODEL_SAMPLER_H

#include "model/distribution.h"

#include <string.h>

#define SAMPLER_SLICE_BITS 7

extern const struct sampler_slice {
    double reciprocal; /* of the middle of a slice of [1, 2), in nine bits */
    double minus_log;  /* of the reciprocal */
} sampler_slices[1 << SAMPLER_SLICE_BITS];

/* -log(p) for p in (0, 1]. */
static inline double sampler_minus_log(double p)
{
    uint64_t bits;
    int k, slice;
    double m, r, r2, tail;

    memcpy(&bits, &p, sizeof bits);
    k = 1023 - (int)(bits >> 52);
    slice = (int)(bits >> (52 - SAMPLER_SLICE_BITS)) & ((1 << SAMPLER_SLICE_BITS) - 1);
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
    memcpy(&m, &bits, sizeof m);
    r = m * sampler_slices[slice].reciprocal - 1;
    r2 = r * r;
    /* log(1 + r) - r, two terms at a time: the chains run side by side. */
    tail = r2 * ((-1.0 / 2 + r * (1.0 / 3)) +
                 r2 * ((-1.0 / 4 + r * (1.0 / 5)) + r2 * (-1.0 / 6 + r * (1.0 / 7))));
    return (k * 6.93147180559945286227e-01 - sampler_slices[slice].minus_log) - (r + tail);
}

/* An exponential variate with mean 1, from 64 uniform bits: the middle of one of 2^52 equal slices
 * of (0, 1), as in model/distribution. */
static inline double sampler_exponential(uint64_t bits)
{
    return sampler_minus_log(((double)(int64_t)(bits >> 12) + 0.5) * 0x1p-52);
}

#define SAMPLER_BLOCK 32

/* One stream of draws, by number. Exponential ones are made a block at a time: side by side their
 * chains of operations take a third of the time. */
struct sampler {
    uint64_t stream;
    int64_t first; /* number of the block's first */
    double units[SAMPLER_BLOCK];
};

void sampler_init(struct sampler *sampler, uint64_t stream);
void sampler_fill(struct sampler *sampler, int64_t n);

/* The n-th exponential variate with mean 1. */
static inline double sampler_unit(struct sampler *sampler, int64_t n)
{
    if ((uint64_t)(n - sampler->first) >= SAMPLER_BLOCK)
        sampler_fill(sampler, n);
    return sampler->units[n - sampler->first];
}

/* The n-th duration: distribution_from_bits(), to the microsecond but for rare roundings. */
static inline int64_t sampler_usec(struct sampler *sampler, const struct distribution *distribution,
                                   int64_t n)
{
    double usec;

    if (distribution->kind == DISTRIBUTION_CONSTANT)
        return distribution->a_usec;
    if (distribution->kind != DISTRIBUTION_EXPONENTIAL)
        return distribution_from_bits(distribution, draw_next(sampler->stream, n));
    usec = (double)distribution->a_usec * sampler_unit(sampler, n);
    return usec >= (double)USEC_MAX ? USEC_MAX : (int64_t)(usec + 0.5);
}

/* 1 - e^-x for x >= 0, in a fixed order of evaluation. */
double sampler_fall(double x);

#endif
