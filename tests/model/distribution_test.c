/*
 * Durations: the same key gives the same microseconds for ever, and their distribution is the one
 * that was asked for, held against the C library's functions (which only tests may use).
 */
#include "model/distribution.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define SAMPLES 40000

static const struct distribution lognormal = {DISTRIBUTION_LOGNORMAL, 18000000, 40000000, {0}};
static const struct distribution exponential = {DISTRIBUTION_EXPONENTIAL, 2500000, 0, {0}};
static const struct distribution uniform = {DISTRIBUTION_UNIFORM, 100, 103, {0}};

static int64_t sample(const struct distribution *distribution, int64_t entity)
{
    return distribution_sample(distribution, 7, DRAW_WORK, entity, 0);
}

static int compare(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

/* All samples in order of size; free() them. */
static int64_t *sorted(const struct distribution *distribution)
{
    int64_t *all = malloc(SAMPLES * sizeof *all);

    for (int i = 0; i < SAMPLES; i++)
        all[i] = sample(distribution, i);
    qsort(all, SAMPLES, sizeof *all, compare);
    return all;
}

static bool near(double a, double b, double relative)
{
    return fabs(a - b) <= relative * fabs(b);
}

/* Frozen: if one of these changes, every log ever written reads differently. */
Test(distribution, gives_these_microseconds_for_ever)
{
    static const int64_t want[][2] = {{47052743, 6407},    {21368078, 922723},
                                      {24571858, 503074},  {12840923, 4541599},
                                      {20018751, 1188648}, {19887658, 1218181}};

    for (int i = 0; i < 6; i++) {
        cr_assert(sample(&lognormal, i) == want[i][0], "lognormal %d: %lld", i,
                  (long long)sample(&lognormal, i));
        cr_assert(sample(&exponential, i) == want[i][1], "exponential %d: %lld", i,
                  (long long)sample(&exponential, i));
    }
}

Test(distribution, depends_on_every_part_of_the_key_and_on_nothing_else)
{
    int64_t first = distribution_sample(&lognormal, 7, DRAW_WORK, 3, 0);

    sample(&exponential, 99);
    cr_assert(distribution_sample(&lognormal, 7, DRAW_WORK, 3, 0) == first);
    cr_assert(distribution_sample(&lognormal, 8, DRAW_WORK, 3, 0) != first);
    cr_assert(distribution_sample(&lognormal, 7, DRAW_BOOT, 3, 0) != first);
    cr_assert(distribution_sample(&lognormal, 7, DRAW_WORK, 4, 0) != first);
    cr_assert(distribution_sample(&lognormal, 7, DRAW_WORK, 3, 1) != first);
}

Test(distribution, constant_is_constant)
{
    struct distribution constant = distribution_constant(1234567);

    for (int i = 0; i < 100; i++)
        cr_assert(sample(&constant, i) == 1234567);
    cr_assert(!distribution_is_zero(&constant));
    constant.a_usec = 0;
    cr_assert(distribution_is_zero(&constant));
}

Test(distribution, uniform_reaches_every_value_between_its_ends)
{
    int n[4] = {0};

    for (int i = 0; i < SAMPLES; i++) {
        int64_t usec = sample(&uniform, i);

        cr_assert(usec >= 100 && usec <= 103);
        n[usec - 100]++;
    }
    for (int i = 0; i < 4; i++)
        cr_assert(near(n[i], SAMPLES / 4.0, 0.05), "value %d: %d times", 100 + i, n[i]);
}

Test(distribution, exponential_has_its_mean_and_quantiles)
{
    int64_t *all = sorted(&exponential);
    double sum = 0;

    for (int i = 0; i < SAMPLES; i++)
        sum += (double)all[i];
    cr_assert(near(sum / SAMPLES, 2500000, 0.02), "mean %f", sum / SAMPLES);
    cr_assert(near((double)all[SAMPLES / 2], 2500000 * log(2), 0.02));
    cr_assert(near((double)all[SAMPLES / 10 * 9], 2500000 * log(10), 0.02));
    free(all);
}

Test(distribution, lognormal_has_its_median_and_99th_percentile)
{
    int64_t *all = sorted(&lognormal);

    cr_assert(near((double)all[SAMPLES / 2], 18e6, 0.02));
    cr_assert(near((double)all[SAMPLES / 100 * 99], 40e6, 0.03));
    free(all);
}

/* Each sample, put back through the C library, is the quantile of the uniform number that was
 * drawn: this holds logarithm, exponential and normal quantile all at once, tails included. */
Test(distribution, inverts_the_distribution_functions_of_the_c_library)
{
    double sigma = log(40.0 / 18.0) / 2.3263478740408408;

    for (int i = 0; i < SAMPLES; i++) {
        double p = ((double)(draw_bits(7, DRAW_WORK, i, 0) >> 12) + 0.5) * 0x1p-52;
        double z = log((double)sample(&lognormal, i) / 18e6) / sigma;

        cr_assert(near(0.5 * erfc(-z / sqrt(2)), p, 1e-5), "sample %d", i);
        cr_assert(fabs(-2500000 * log(p) - (double)sample(&exponential, i)) <= 0.5 + 1e-6);
    }
}

Test(distribution, lognormal_without_spread_is_its_median)
{
    struct distribution narrow = {DISTRIBUTION_LOGNORMAL, 5000, 5000, {0}};

    for (int i = 0; i < 100; i++)
        cr_assert(sample(&narrow, i) == 5000);
}

Test(distribution, never_leaves_the_range_of_time)
{
    struct distribution wide = {DISTRIBUTION_LOGNORMAL, 1, INT64_MAX / 8, {0}};

    for (int i = 0; i < SAMPLES; i++)
        cr_assert(sample(&wide, i) >= 0 && sample(&wide, i) <= INT64_MAX / 4);
}

static double mean_of(const int64_t *all)
{
    double sum = 0;

    for (int i = 0; i < SAMPLES; i++)
        sum += (double)all[i];
    return sum / SAMPLES;
}

static double deviation_of(const int64_t *all)
{
    double mean = mean_of(all), sum = 0;

    for (int i = 0; i < SAMPLES; i++)
        sum += ((double)all[i] - mean) * ((double)all[i] - mean);
    return sqrt(sum / SAMPLES);
}

Test(distribution, normal_has_its_moments_and_no_negative_values)
{
    struct distribution far = {DISTRIBUTION_NORMAL, 1000000, 100000, {0}};
    struct distribution near_zero = {DISTRIBUTION_NORMAL, 0, 100000, {0}};
    int64_t *all = sorted(&far);

    cr_assert(near(mean_of(all), 1e6, 0.002) && near(deviation_of(all), 1e5, 0.02));
    cr_assert(near((double)all[SAMPLES / 2], 1e6, 0.003));
    cr_assert(near((double)all[SAMPLES / 100 * 99], 1e6 + 1e5 * 2.326348, 0.005));
    free(all);
    all = sorted(&near_zero);
    cr_assert(all[0] == 0 && all[SAMPLES * 48 / 100] == 0, "half of it is cut to 0");
    cr_assert(near(mean_of(all), 1e5 / sqrt(2 * 3.14159265358979), 0.02));
    free(all);
}

/* Mean and variance are mean and mean^2 / shape; a shape of 1 is the exponential distribution. */
Test(distribution, gamma_has_its_moments)
{
    static const double shapes[] = {0.3, 1, 2.5, 40};

    for (int i = 0; i < 4; i++) {
        struct distribution gamma = {DISTRIBUTION_GAMMA,
                                     1000000,
                                     0,
                                     {.shape = (int64_t)(shapes[i] * DISTRIBUTION_SHAPE_ONE)}};
        int64_t *all = sorted(&gamma);

        cr_assert(near(mean_of(all), 1e6, 0.03), "shape %f: mean %f", shapes[i], mean_of(all));
        cr_assert(near(deviation_of(all), 1e6 / sqrt(shapes[i]), 0.04), "shape %f: deviation %f",
                  shapes[i], deviation_of(all));
        if (i == 1)
            cr_assert(near((double)all[SAMPLES / 10 * 9], 1e6 * log(10), 0.03));
        free(all);
    }
}

/* Quantiles are scale * (-log(1 - p))^(1/shape), the mean scale * gamma(1 + 1/shape). */
Test(distribution, weibull_has_its_quantiles_and_mean)
{
    static const double shapes[] = {0.7, 1, 3};

    for (int i = 0; i < 3; i++) {
        struct distribution weibull = {DISTRIBUTION_WEIBULL,
                                       1000000,
                                       0,
                                       {.shape = (int64_t)(shapes[i] * DISTRIBUTION_SHAPE_ONE)}};
        int64_t *all = sorted(&weibull);

        cr_assert(near((double)all[SAMPLES / 2], 1e6 * pow(log(2), 1 / shapes[i]), 0.03));
        cr_assert(near((double)all[SAMPLES / 10 * 9], 1e6 * pow(log(10), 1 / shapes[i]), 0.03));
        cr_assert(near(mean_of(all), 1e6 * tgamma(1 + 1 / shapes[i]), 0.03));
        free(all);
    }
}

Test(distribution, of_samples_gives_each_as_often)
{
    static const int64_t usec[] = {5, 5, 70, 900};
    struct distribution samples = {DISTRIBUTION_EMPIRICAL, 0, 0, {.samples = {usec, 4}}};
    int n[3] = {0};

    for (int i = 0; i < SAMPLES; i++) {
        int64_t got = sample(&samples, i);

        cr_assert(got == 5 || got == 70 || got == 900);
        n[got == 5 ? 0 : got == 70 ? 1 : 2]++;
    }
    cr_assert(near(n[0], SAMPLES / 2.0, 0.05) && near(n[1], SAMPLES / 4.0, 0.05) &&
              near(n[2], SAMPLES / 4.0, 0.05));
}

/* Of a constant all or nothing; of samples those that are so short, in whatever order; else a hundredth more or
 * less. */
Test(distribution, tells_how_many_are_within)
{
    static const int64_t usec[] = {400, 100, 300, 200};
    const struct distribution constant = distribution_constant(500);
    const struct distribution samples = {.kind = DISTRIBUTION_EMPIRICAL,
                                         .samples = {.usec = usec, .n = 4}};
    const struct distribution even = {.kind = DISTRIBUTION_UNIFORM, .a_usec = 1000, .b_usec = 2000};
    const struct distribution falling = {.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = 1000000};

    cr_assert(distribution_permille_within(&constant, 499) == 0);
    cr_assert(distribution_permille_within(&constant, 500) == 1000);
    cr_assert(distribution_permille_within(&samples, 99) == 0);
    cr_assert(distribution_permille_within(&samples, 200) == 500);
    cr_assert(distribution_permille_within(&samples, 1000) == 1000);
    cr_assert(distribution_permille_within(&even, 1250) == 250);
    cr_assert(distribution_permille_within(&even, 999) == 0);
    cr_assert(distribution_permille_within(&even, 2000) == 1000);
    cr_assert(llabs(distribution_permille_within(&falling, 1000000) - 632) <= 10);
}

/* Whatever the shape, no value is negative or overflows, and the tails are the same for ever. */
Test(distribution, of_the_strangest_shapes_stay_in_range)
{
    static const int64_t shapes[] = {DISTRIBUTION_SHAPE_MIN, DISTRIBUTION_SHAPE_MAX};
    static const enum distribution_kind kinds[] = {DISTRIBUTION_GAMMA, DISTRIBUTION_WEIBULL};

    for (int k = 0; k < 2; k++)
        for (int s = 0; s < 2; s++) {
            struct distribution distribution = {
                kinds[k], INT64_C(3000000000000000), 0, {.shape = shapes[s]}};

            for (int i = 0; i < 2000; i++)
                cr_assert(sample(&distribution, i) >= 0 &&
                          sample(&distribution, i) <= INT64_MAX / 4);
        }
}

/* Frozen, as the older ones. */
Test(distribution, gives_these_newer_microseconds_for_ever)
{
    struct distribution normal = {DISTRIBUTION_NORMAL, 1000000, 300000, {0}};
    struct distribution gamma = {DISTRIBUTION_GAMMA, 1000000, 0, {.shape = 2500000}};
    struct distribution weibull = {DISTRIBUTION_WEIBULL, 1000000, 0, {.shape = 700000}};
    static const int64_t want[][3] = {
        {1839835, 371709, 199}, {1149916, 112140, 240778}, {1272018, 308706, 101222}};

    for (int i = 0; i < 3; i++) {
        cr_assert(sample(&normal, i) == want[i][0], "normal %d: %lld", i,
                  (long long)sample(&normal, i));
        cr_assert(sample(&gamma, i) == want[i][1], "gamma %d: %lld", i,
                  (long long)sample(&gamma, i));
        cr_assert(sample(&weibull, i) == want[i][2], "weibull %d: %lld", i,
                  (long long)sample(&weibull, i));
    }
}
