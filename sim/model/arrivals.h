/*
 * When requests come: a rate over time, and how the requests are spread under it. Open loop: nobody
 * waits for an answer before the next request. The n-th arrival of a source is the same in every
 * run with the same seed, whatever becomes of the requests, so a simulation and a real run can be
 * sent exactly the same ones. Knows nothing of who serves them.
 */
#ifndef BERTH_MODEL_ARRIVALS_H
#define BERTH_MODEL_ARRIVALS_H

#include "model/sampler.h"

#include <stdbool.h>

/* Rates count requests in a million seconds: whole numbers down to one in eleven days. */
#define RATE_PER_SEC INT64_C(1000000)
#define RATE_MAX (INT64_C(1000000000) * RATE_PER_SEC)

/* From `at_usec` on, until the next step. */
struct rate_step {
    int64_t at_usec; /* since the curve's own beginning */
    int64_t rate;
};

/* Steps in order of time, the first at 0; none: no request ever comes. */
struct rate_curve {
    int32_t n_steps;
    struct rate_step *steps;
    int64_t period_usec; /* the curve begins anew after it; 0: the last step goes on */
};

enum arrival_spacing {
    ARRIVALS_POISSON, /* independent of each other */
    ARRIVALS_EVEN,    /* equally far apart */
};

#define RATE_SINE_STEPS 240

/* A sine from `low` (at 0) to `high` (after half a period) and back, in RATE_SINE_STEPS steps, each
 * with the mean rate of its time. `steps` has room for them. */
void rate_curve_sine(struct rate_curve *curve, struct rate_step *steps, int64_t low, int64_t high,
                     int64_t period_usec);

/* Requests expected from `from_usec` to `to_usec`, in the curve's own time; 0 <= from <= to. */
double rate_curve_requests(const struct rate_curve *curve, int64_t from_usec, int64_t to_usec);

/* A source of requests between two moments of the run. */
struct arrivals {
    const struct rate_curve *curve;
    enum arrival_spacing spacing;
    struct sampler sampler;
    int64_t n; /* arrivals given so far */
    int64_t from_usec, to_usec;
    int64_t cycle_usec; /* of the run: when the curve's present round began */
    int32_t step;
    double gap_usec, end_usec; /* the step's: between two requests on average, and where it ends */
    double at_usec;            /* the last arrival, in the present round */
};

/* The curve's time begins at `from_usec`; nobody comes at or after `to_usec` (USEC_NEVER: ever). */
void arrivals_init(struct arrivals *arrivals, const struct rate_curve *curve,
                   enum arrival_spacing spacing, uint64_t seed, int64_t source, int64_t from_usec,
                   int64_t to_usec);

/* When the next request comes, never before the last; USEC_NEVER: none does. */
int64_t arrivals_next(struct arrivals *arrivals);

/* Nobody comes any more. */
void arrivals_end(struct arrivals *arrivals);

#endif
