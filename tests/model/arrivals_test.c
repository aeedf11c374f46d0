/*
 * When requests come: even and Poisson spacing, rates that change, rounds, ends; and that the n-th
 * arrival is the same whoever asks.
 */
#include "model/arrivals.h"

#include <criterion/criterion.h>
#include <math.h>

#define SECOND USEC_PER_SEC

static struct arrivals new_arrivals(const struct rate_curve *curve, enum arrival_spacing spacing,
                                    int64_t from_usec, int64_t to_usec)
{
    struct arrivals arrivals;

    arrivals_init(&arrivals, curve, spacing, 7, 3, from_usec, to_usec);
    return arrivals;
}

static int64_t count(struct arrivals *arrivals, int64_t until_usec, int64_t *next_usec)
{
    int64_t n = 0;

    while ((*next_usec = arrivals_next(arrivals)) < until_usec)
        n++;
    return n;
}

Test(arrivals, come_evenly_one_gap_apart)
{
    struct rate_step step = {0, 200 * RATE_PER_SEC};
    struct rate_curve curve = {1, &step, 0};
    struct arrivals arrivals = new_arrivals(&curve, ARRIVALS_EVEN, 2 * SECOND, 3 * SECOND);

    for (int i = 1; i < 200; i++)
        cr_assert(arrivals_next(&arrivals) == 2 * SECOND + 5000 * i);
    cr_assert(arrivals_next(&arrivals) == USEC_NEVER);
    cr_assert(arrivals_next(&arrivals) == USEC_NEVER, "once over, over for ever");
}

Test(arrivals, follow_steps_and_pause_at_a_rate_of_nothing)
{
    struct rate_step steps[] = {
        {0, 10 * RATE_PER_SEC}, {SECOND, 0}, {5 * SECOND, 100 * RATE_PER_SEC}};
    struct rate_curve curve = {3, steps, 0};
    struct arrivals arrivals = new_arrivals(&curve, ARRIVALS_EVEN, 0, 6 * SECOND);
    int64_t at = 0, n[6] = {0};

    while ((at = arrivals_next(&arrivals)) != USEC_NEVER)
        n[at / SECOND]++;
    cr_assert(n[0] == 9 || n[0] == 10, "%lld", (long long)n[0]);
    cr_assert(n[1] + n[2] + n[3] + n[4] == 0);
    cr_assert(n[5] >= 99 && n[5] <= 101, "%lld", (long long)n[5]);
    cr_assert(fabs(rate_curve_requests(&curve, 0, 6 * SECOND) - 110) < 1e-9);
    cr_assert(fabs(rate_curve_requests(&curve, SECOND / 2, 11 * SECOND / 2) - 55) < 1e-9);
}

Test(arrivals, of_a_rate_of_nothing_never_come)
{
    struct rate_step step = {0, 0};
    struct rate_curve none = {0, NULL, 0}, zero = {1, &step, 3600 * SECOND};
    struct arrivals arrivals = new_arrivals(&none, ARRIVALS_POISSON, 0, USEC_NEVER);

    cr_assert(arrivals_next(&arrivals) == USEC_NEVER);
    arrivals = new_arrivals(&zero, ARRIVALS_POISSON, 0, USEC_NEVER);
    cr_assert(arrivals_next(&arrivals) == USEC_NEVER);
}

Test(arrivals, begin_the_curve_anew_each_period)
{
    struct rate_step steps[] = {{0, 100 * RATE_PER_SEC}, {SECOND, 0}};
    struct rate_curve curve = {2, steps, 10 * SECOND};
    struct arrivals arrivals = new_arrivals(&curve, ARRIVALS_EVEN, 3 * SECOND, 1000 * SECOND);
    int64_t at, n = 0;

    while ((at = arrivals_next(&arrivals)) != USEC_NEVER) {
        cr_assert((at - 3 * SECOND) % (10 * SECOND) <= SECOND);
        n++;
    }
    cr_assert(llabs(n - 10000) <= 100, "%lld", (long long)n);
}

Test(arrivals, of_poisson_have_its_mean_and_variance)
{
    struct rate_step step = {0, 50 * RATE_PER_SEC};
    struct rate_curve curve = {1, &step, 0};
    struct arrivals arrivals = new_arrivals(&curve, ARRIVALS_POISSON, 0, USEC_NEVER);
    int64_t next = arrivals_next(&arrivals);
    double sum = 0, squares = 0;
    const int seconds = 20000;

    for (int64_t s = 1; s <= seconds; s++) {
        int n = 0;

        for (; next < s * SECOND; next = arrivals_next(&arrivals))
            n++;
        sum += n;
        squares += (double)n * n;
    }
    cr_assert(fabs(sum / seconds - 50) < 0.2, "mean %f", sum / seconds);
    cr_assert(fabs((squares - sum * sum / seconds) / seconds - 50) < 2);
}

Test(arrivals, of_a_sine_follow_it)
{
    struct rate_step steps[RATE_SINE_STEPS];
    struct rate_curve curve;
    struct arrivals arrivals;
    const int64_t hour = 3600 * SECOND;
    int64_t next = 0, n = 0;

    rate_curve_sine(&curve, steps, 20 * RATE_PER_SEC, 80 * RATE_PER_SEC, 24 * hour);
    arrivals = new_arrivals(&curve, ARRIVALS_POISSON, 0, USEC_NEVER);
    for (int h = 1; h <= 48; h++) {
        /* The integral of low + (high - low) (1 - cos) / 2. */
        double a = 2 * M_PI * (h - 1) / 24, b = 2 * M_PI * h / 24;
        double want = 3600 * (50 - 30 * (sin(b) - sin(a)) / (b - a));
        double expected = rate_curve_requests(&curve, (h - 1) * hour, h * hour);

        n = next != 0;
        n += count(&arrivals, h * hour, &next);
        cr_assert(fabs(expected - want) < want * 1e-5, "hour %d: %f, not %f", h, expected, want);
        cr_assert(fabs((double)n - want) < 5 * sqrt(want), "hour %d: %lld, not %f", h, (long long)n,
                  want);
    }
}

Test(arrivals, are_the_same_whatever_the_end)
{
    struct rate_step step = {0, 1000 * RATE_PER_SEC};
    struct rate_curve curve = {1, &step, 0};
    struct arrivals one = new_arrivals(&curve, ARRIVALS_POISSON, 0, SECOND);
    struct arrivals two = new_arrivals(&curve, ARRIVALS_POISSON, 0, USEC_NEVER);
    int64_t at;

    while ((at = arrivals_next(&one)) != USEC_NEVER)
        cr_assert(at == arrivals_next(&two));
    cr_assert(one.n > 900 && one.n < 1100);
}
