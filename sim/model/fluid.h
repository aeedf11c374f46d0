/*
 * A container under a flow of requests instead of single ones, for days and weeks: what it serves in a
 * stretch of time, how long that takes, what piles up. Queueing formulas where it keeps up, a line
 * that grows and shrinks where it does not. Knows neither balancer nor cluster.
 */
#ifndef BERTH_MODEL_FLUID_H
#define BERTH_MODEL_FLUID_H

#include "model/histogram.h"
#include "model/world.h"

#define FLUID_POINTS 31

/* What serving a request takes, summed up once. */
struct fluid_service {
    double work_usec, wait_usec; /* means */
    double variation;            /* squared coefficient of variation of their sum */
    double concurrency, line_max;
    double line_exponent;      /* of Sakasegawa's formula, for the concurrency */
    double usec[FLUID_POINTS]; /* quantiles of the sum, for `fluid_parts` */
};

/* The flow of a stretch. */
struct fluid_flow {
    double requests;  /* that come */
    double usec;      /* how long it lasts */
    double cpus;      /* that the container may have */
    double variation; /* squared, of the time between two: Poisson 1, evenly 0 */
    double timeout_usec;
};

/* What became of them. */
struct fluid_result {
    double n_served, n_errors; /* given a good answer; turned away or given up */
    double work_usec;          /* CPU time used */
    double stretch;            /* service takes so many times its CPU time ... */
    double waits;      /* this part of requests is held up by others, exponentially long, by ... */
    double line_usec;  /* so long in line ... */
    double shared;     /* and so many times their own CPU time while they share CPUs ... */
    double delay_usec; /* behind what has piled up, which all do */
    double n_there;    /* requests in the container at the end */
};

/* Latencies with fractions of requests; what they round to is decided when they are counted. */
struct fluid_latency {
    double n;
    double counts[HISTOGRAM_BUCKETS];
    int32_t first, last;
};

void fluid_service_init(struct fluid_service *service, const struct request_behaviour *behaviour);

/* `backlog`: requests that have piled up, carried from stretch to stretch. */
struct fluid_result fluid_serve(const struct fluid_service *service, const struct fluid_flow *flow,
                                double *backlog);

void fluid_latency_init(struct fluid_latency *latency);

/* Spreads `n` answers over the latencies that the result stands for. */
void fluid_latency_add(struct fluid_latency *latency, const struct fluid_service *service,
                       const struct fluid_result *result, double n);

/* Moves whole requests into the histogram, so that sums stay right over time, and empties it. */
void fluid_latency_move(struct fluid_latency *latency, struct histogram *histogram);

#endif
