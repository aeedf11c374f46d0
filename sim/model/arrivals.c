/*
 * A process of rate 1 whose time runs faster or slower (time change): the next arrival lies one
 * exponential (or exactly one) further on in expected requests, and steps of the rate are walked
 * until that many are reached.
 */
#include "model/arrivals.h"

#include <assert.h>

/* sin(x) for |x| <= pi / 2 by its series, in a fixed order. */
static double sine_quarter(double x)
{
    double square = x * x, sum = 1;

    for (int k = 10; k >= 1; k--)
        sum = 1 - sum * (square / (2 * k * (2 * k + 1)));
    return x * sum;
}

/* (1 - cos(2 pi phase)) / 2 = sin^2(pi phase), phase in [0, 1]. */
static double hill(double phase)
{
    double s = sine_quarter((phase <= 0.5 ? phase : 1 - phase) * 3.14159265358979311600);

    return s * s;
}

void rate_curve_sine(struct rate_curve *curve, struct rate_step *steps, int64_t low, int64_t high,
                     int64_t period_usec)
{
    assert(low <= high && period_usec >= RATE_SINE_STEPS);
    for (int i = 0; i < RATE_SINE_STEPS; i++) {
        double middle = (i + 0.5) / RATE_SINE_STEPS;
        /* Simpson over the step: its mean, where the ends alone would miss the bend. */
        double mean = (hill((double)i / RATE_SINE_STEPS) + 4 * hill(middle) +
                       hill((i + 1.0) / RATE_SINE_STEPS)) /
                      6;

        steps[i].at_usec =
            period_usec / RATE_SINE_STEPS * i + period_usec % RATE_SINE_STEPS * i / RATE_SINE_STEPS;
        steps[i].rate = low + (int64_t)((double)(high - low) * mean + 0.5);
    }
    *curve = (struct rate_curve){RATE_SINE_STEPS, steps, period_usec};
}

/* Where step `i` ends within a round. */
static int64_t step_end(const struct rate_curve *curve, int32_t i)
{
    if (i + 1 < curve->n_steps)
        return curve->steps[i + 1].at_usec;
    return curve->period_usec ? curve->period_usec : USEC_NEVER;
}

static double requests(int64_t rate, double usec)
{
    return usec * ((double)rate * 1e-12);
}

/* From the start of a round. */
static double requests_until(const struct rate_curve *curve, int64_t usec)
{
    double sum = 0;

    for (int32_t i = 0; i < curve->n_steps && curve->steps[i].at_usec < usec; i++) {
        int64_t end = step_end(curve, i);

        sum += requests(curve->steps[i].rate,
                        (double)((end < usec ? end : usec) - curve->steps[i].at_usec));
    }
    return sum;
}

static double requests_from_start(const struct rate_curve *curve, int64_t usec)
{
    if (curve->period_usec == 0)
        return requests_until(curve, usec);
    return (double)(usec / curve->period_usec) * requests_until(curve, curve->period_usec) +
           requests_until(curve, usec % curve->period_usec);
}

double rate_curve_requests(const struct rate_curve *curve, int64_t from_usec, int64_t to_usec)
{
    assert(from_usec >= 0 && from_usec <= to_usec);
    return requests_from_start(curve, to_usec) - requests_from_start(curve, from_usec);
}

static bool ever_comes(const struct rate_curve *curve)
{
    for (int32_t i = 0; i < curve->n_steps; i++)
        if (curve->steps[i].rate > 0)
            return true;
    return false;
}

/* Requests from one arrival to the next. */
static double draw_requests(struct arrivals *arrivals)
{
    return arrivals->spacing == ARRIVALS_POISSON ? sampler_unit(&arrivals->sampler, arrivals->n)
                                                 : 1;
}

static void enter_step(struct arrivals *arrivals, int32_t step)
{
    const struct rate_curve *curve = arrivals->curve;
    int64_t end_usec = step_end(curve, step);

    arrivals->step = step;
    arrivals->at_usec = (double)curve->steps[step].at_usec;
    arrivals->end_usec = end_usec == USEC_NEVER ? (double)USEC_MAX : (double)end_usec;
    arrivals->gap_usec = curve->steps[step].rate > 0 ? 1e12 / (double)curve->steps[step].rate : 0;
}

void arrivals_init(struct arrivals *arrivals, const struct rate_curve *curve,
                   enum arrival_spacing spacing, uint64_t seed, int64_t source, int64_t from_usec,
                   int64_t to_usec)
{
    *arrivals = (struct arrivals){
        .curve = curve,
        .spacing = spacing,
        .from_usec = from_usec,
        .to_usec = ever_comes(curve) ? to_usec : from_usec,
        .cycle_usec = from_usec,
    };
    if (curve->n_steps > 0)
        enter_step(arrivals, 0);
    sampler_init(&arrivals->sampler, draw_stream(seed, DRAW_ARRIVAL, source));
}

/* Enters the next step, or the next round. False where the curve ends here. */
static bool next_step(struct arrivals *arrivals)
{
    const struct rate_curve *curve = arrivals->curve;

    if (arrivals->step + 1 < curve->n_steps) {
        enter_step(arrivals, arrivals->step + 1);
        return true;
    }
    if (!curve->period_usec || arrivals->cycle_usec >= USEC_MAX - curve->period_usec)
        return false;
    arrivals->cycle_usec += curve->period_usec;
    enter_step(arrivals, 0);
    return arrivals->cycle_usec < arrivals->to_usec;
}

/* Steps on until `left` requests later falls into one. False where none does. */
static bool walk(struct arrivals *arrivals, double left)
{
    while (arrivals->gap_usec == 0 ||
           arrivals->at_usec + left * arrivals->gap_usec >= arrivals->end_usec) {
        if (arrivals->gap_usec > 0)
            left -= (arrivals->end_usec - arrivals->at_usec) / arrivals->gap_usec;
        if (!next_step(arrivals))
            return false;
        if (left < 0)
            left = 0;
    }
    arrivals->at_usec += left * arrivals->gap_usec;
    return true;
}

void arrivals_end(struct arrivals *arrivals)
{
    arrivals->to_usec = arrivals->from_usec;
}

static int64_t over(struct arrivals *arrivals)
{
    arrivals_end(arrivals);
    return USEC_NEVER;
}

int64_t arrivals_next(struct arrivals *arrivals)
{
    double left = draw_requests(arrivals);
    double next_usec = arrivals->at_usec + left * arrivals->gap_usec;
    int64_t at_usec;

    if (arrivals->from_usec >= arrivals->to_usec)
        return USEC_NEVER;
    if (arrivals->gap_usec > 0 && next_usec < arrivals->end_usec)
        arrivals->at_usec = next_usec;
    else if (!walk(arrivals, left))
        return over(arrivals);
    at_usec = arrivals->cycle_usec + (int64_t)arrivals->at_usec;
    if (at_usec >= arrivals->to_usec)
        return over(arrivals);
    arrivals->n++;
    return at_usec;
}
