/*
 * One CPU for one request at a time is M/G/1 (Pollaczek, Khinchine); several at once share CPUs as
 * processor sharing does, and stand in line for a place as in M/G/c with Sakasegawa's approximation
 * ("An approximation formula L = alpha rho^beta / (1 - rho)", Annals of the Institute of Statistical
 * Mathematics 29, 1977): the probability of waiting is rho^(sqrt(2 (c + 1)) - 1). Arrivals more even
 * than Poisson's wait less: W. Kraemer, M. Langenbach-Belz, "Approximate formulae for the delay in the
 * queueing system GI/G/1" (8th International Teletraffic Congress, 1976).
 */
#include "model/fluid.h"

#include "model/sampler.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define SAMPLES 1024
#define HARDLY_EVER 1e-3  /* waits in line: nobody's percentile */
#define NEARLY_FULL 0.985 /* beyond it a stretch is too short for the formulas' steady state */

/* Fifteen sixteenths in equal parts, the last one in parts of a 256th. */
static double part(int i)
{
    return i < 15 ? 1.0 / 16 : 1.0 / 256;
}

static double part_begin(int i)
{
    return i < 15 ? i / 16.0 : 15.0 / 16 + (i - 15) / 256.0;
}

/* Newton's way, from half the exponent on. */
static double square_root(double square)
{
    uint64_t bits;
    double root;

    memcpy(&bits, &square, sizeof bits);
    bits = (bits >> 1) + UINT64_C(0x1ff8000000000000);
    memcpy(&root, &bits, sizeof root);
    for (int i = 0; i < 4; i++)
        root = (root + square / root) / 2;
    return root;
}

/* x^y for 0 <= x <= 1 and y >= 0. */
static double power(double x, double y)
{
    return x <= 0 ? (y > 0 ? 0 : 1) : 1 - sampler_fall(y * sampler_minus_log(x));
}

static double exponent(double servers)
{
    return square_root(2 * (servers + 1)) - 1;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* The value of a distribution at (i + 1/2) / SAMPLES: all of it, evenly. */
static double value_at(const struct distribution *distribution, int i)
{
    uint64_t bits = ((uint64_t)i << 54 | UINT64_C(1) << 53) ^ (draw_mix((uint64_t)i) >> 12);

    return (double)distribution_from_bits(distribution, bits);
}

void fluid_service_init(struct fluid_service *service, const struct request_behaviour *behaviour)
{
    double sums[SAMPLES], squares = 0, mean;

    memset(service, 0, sizeof *service);
    for (int i = 0; i < SAMPLES; i++) {
        /* Each work with another wait: bits in reverse order are as good as chance. */
        int other = (int)(draw_mix((uint64_t)i) % SAMPLES);
        double work = value_at(&behaviour->work, i), wait = value_at(&behaviour->wait, other);

        service->work_usec += work / SAMPLES;
        service->wait_usec += value_at(&behaviour->wait, i) / SAMPLES;
        sums[i] = work + wait;
    }
    qsort(sums, SAMPLES, sizeof sums[0], compare);
    mean = service->work_usec + service->wait_usec;
    for (int i = 0; i < SAMPLES; i++)
        squares += sums[i] * sums[i] / SAMPLES;
    if (mean > 0 && squares > mean * mean)
        service->variation = squares / (mean * mean) - 1;
    for (int i = 0; i < FLUID_POINTS; i++)
        service->usec[i] = sums[(int)((part_begin(i) + part(i) / 2) * SAMPLES)];
    service->concurrency = behaviour->concurrency;
    service->line_max = behaviour->line_max;
    service->line_exponent = exponent(service->concurrency);
}

/* What is left of Poisson arrivals' waiting where arrivals vary less. */
static double evenness(double use, double arrivals, double service)
{
    double less = 1 - arrivals, both = arrivals + service;

    if (less <= 0 || use <= 0)
        return 1;
    if (both <= 0)
        return 0;
    return both / (1 + service) *
           (1 - sampler_fall(2 * (1 - use) * less * less / (3 * use * both)));
}

/* The probability of waiting likewise, from that of Poisson arrivals. */
static double fewer(double use, double arrivals, double service)
{
    return 1 + (arrivals - 1) * (1 - use) * (1 + arrivals + use * service) /
                   (1 + use * (service - 1) + use * use * (4 * arrivals + service));
}

/* CPU time takes longer by this factor of itself where requests share CPUs, of which `use` is used. */
static double shared_cpus(const struct fluid_service *service, double use, double cpus,
                          double *probability)
{
    double servers = cpus > 1 ? cpus : 1;
    double busy = power(use, exponent(servers));

    if (service->concurrency < 1.5 || service->work_usec <= 0)
        return *probability = 0;
    *probability = 1 - (1 - busy) * (1 - busy / 2);
    return busy / (servers * (1 - use));
}

/* It does not keep up, or has not caught up: all that it can do in the time is done. */
static void serve_backlog(const struct fluid_service *service, const struct fluid_flow *flow,
                          double per_usec, double *backlog, struct fluid_result *result)
{
    double before = *backlog, come = flow->requests, served = per_usec * flow->usec;
    double room = service->line_max + service->concurrency, late;

    if (served > before + come)
        served = before + come;
    *backlog = before + come - served;
    if (*backlog > room) {
        result->n_errors += *backlog - room;
        *backlog = room;
    }
    result->delay_usec = (before + *backlog) / 2 / per_usec;
    result->work_usec = served * service->work_usec;
    late = result->delay_usec > flow->timeout_usec ? served : 0;
    result->n_served = served - late;
    result->n_errors += late;
    result->n_there = *backlog;
}

/* By those that share its CPUs, and in line for a place. */
static void hold_up(const struct fluid_service *service, const struct fluid_flow *flow, double rate,
                    double cpus, struct fluid_result *result)
{
    double use = rate * service->work_usec / cpus, places, sharing, in_line, serving, mean;

    result->shared = shared_cpus(service, use, cpus, &sharing) *
                     evenness(use, flow->variation, service->variation) * result->stretch;
    serving = service->work_usec * (result->stretch + result->shared) + service->wait_usec;
    places = rate * serving / service->concurrency;
    if (places > NEARLY_FULL)
        places = NEARLY_FULL;
    in_line = power(places, service->line_exponent);
    mean = evenness(places, flow->variation, service->variation) * in_line * serving *
           (1 + service->variation) / 2 / (service->concurrency * (1 - places));
    in_line *= fewer(places, flow->variation, service->variation);
    result->waits = 1 - (1 - in_line) * (1 - sharing);
    result->n_there = rate * (serving + mean);
    if (result->waits <= 0)
        return;
    result->line_usec = mean / result->waits;
    result->shared /= result->waits;
}

struct fluid_result fluid_serve(const struct fluid_service *service, const struct fluid_flow *flow,
                                double *backlog)
{
    struct fluid_result result = {.stretch = 1};
    double cpus = flow->cpus < service->concurrency ? flow->cpus : service->concurrency;
    double mean = service->work_usec + service->wait_usec, rate, by_cpu, by_place;

    if (flow->usec <= 0 || mean <= 0) {
        result.n_served = flow->requests + *backlog;
        *backlog = 0;
        return result;
    }
    rate = flow->requests / flow->usec;
    result.stretch = cpus < 1 ? 1 / cpus : 1;
    by_place = service->concurrency / (service->work_usec * result.stretch + service->wait_usec);
    by_cpu = service->work_usec > 0 ? cpus / service->work_usec : by_place;
    if (by_cpu < by_place)
        by_place = by_cpu;
    if (*backlog > 0 || rate >= by_place * NEARLY_FULL) {
        serve_backlog(service, flow, by_place, backlog, &result);
        return result;
    }
    hold_up(service, flow, rate, cpus, &result);
    result.n_served = flow->requests;
    result.work_usec = flow->requests * service->work_usec;
    return result;
}

/* Latencies --------------------------------------------------------------------------------------- */

void fluid_latency_init(struct fluid_latency *latency)
{
    memset(latency, 0, sizeof *latency);
    latency->first = HISTOGRAM_BUCKETS;
    latency->last = -1;
}

static void add(struct fluid_latency *latency, double usec, double n)
{
    int32_t bucket = histogram_bucket(usec < 1e15 ? (int64_t)(usec + 0.5) : (int64_t)1e15);

    latency->counts[bucket] += n;
    if (bucket < latency->first)
        latency->first = bucket;
    if (bucket > latency->last)
        latency->last = bucket;
}

void fluid_latency_add(struct fluid_latency *latency, const struct fluid_service *service,
                       const struct fluid_result *result, double n)
{
    double mean = service->work_usec + service->wait_usec;
    double work = mean > 0 ? service->work_usec / mean : 0;
    double waits = result->waits > HARDLY_EVER ? result->waits : 0;
    double spread[FLUID_POINTS];

    for (int k = 0; k < FLUID_POINTS && waits > 0; k++)
        spread[k] = sampler_minus_log(1 - part_begin(k) - part(k) / 2);
    latency->n += n;
    for (int i = 0; i < FLUID_POINTS; i++) {
        double own = service->usec[i], these = n * part(i);
        double usec = result->delay_usec + own * (1 + (result->stretch - 1) * work);
        double more = result->line_usec + own * work * result->shared;

        add(latency, usec, these * (1 - waits));
        for (int k = 0; k < FLUID_POINTS && waits > 0; k++)
            add(latency, usec + more * spread[k], these * waits * part(k));
    }
}

void fluid_latency_move(struct fluid_latency *latency, struct histogram *histogram)
{
    double sum = 0;
    int64_t given = 0;

    for (int32_t i = latency->first; i <= latency->last; i++) {
        int64_t n;

        sum += latency->counts[i];
        n = (int64_t)(sum + 0.5) - given;
        if (n > 0)
            histogram_add_many(histogram, histogram_value_usec(i), n);
        given += n;
        latency->counts[i] = 0;
    }
    latency->n = 0;
    latency->first = HISTOGRAM_BUCKETS;
    latency->last = -1;
}
