/*
 * Figures of a host profile that are worked out of what was measured, without a machine.
 */
#include "exec/calibrate.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define SECOND INT64_C(1000000)

static struct calibration calibration;

static void assert_part(double want)
{
    double part = calibrate_background_part(&calibration);

    cr_assert(fabs(part - want) < 1e-9, "%f instead of %f", part, want);
}

/* The middle one of several looks, and never more than a profile may say. */
Test(profile, what_other_programs_have)
{
    struct series *series = &calibration.series[MEASURED_BACKGROUND];

    assert_part(0);
    series_add(series, 10000);
    series_add(series, 300000);
    series_add(series, 20000);
    assert_part(0.02);
    series->n = 0;
    series_add(series, 1000000);
    assert_part(0.99);
}

/* A rest of 1.5 s cost 2 ms more. What that comes to when all has cooled depends on how much had by then; a factor of
 * more than 4 is not believed. */
Test(profile, what_a_rest_costs_in_all)
{
    static const struct {
        int gone, stays;
        int64_t want_usec;
    } rows[] = {{10, 0, 2000}, {5, 5, 4000}, {1, 3, 8000}, {1, 9, 8000}, {0, 4, 8000}, {0, 0, 0}};

    calibration.quick = true;
    series_add(&calibration.series[MEASURED_REST_CREATE], 2000);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct series *cools = &calibration.series[MEASURED_COOLS_IN];
        int64_t usec;

        cools->n = 0;
        for (int k = 0; k < rows[i].gone; k++)
            series_add(cools, SECOND);
        for (int k = 0; k < rows[i].stays; k++)
            series_add(cools, 5 * SECOND);
        usec = calibrate_after_rest_usec(&calibration, MEASURED_REST_CREATE);
        cr_assert(usec == rows[i].want_usec, "%d gone, %d not: %lld instead of %lld", rows[i].gone,
                  rows[i].stays, (long long)usec, (long long)rows[i].want_usec);
    }
}

/* Of a crowd the rest is as long as it slept. */
Test(profile, a_crowd_rests_as_long_as_it_sleeps)
{
    calibration.crowd_rest_usec = 6 * SECOND;
    series_add(&calibration.series[MEASURED_REST_END], 1000);
    series_add(&calibration.series[MEASURED_COOLS_IN], 5 * SECOND);
    series_add(&calibration.series[MEASURED_COOLS_IN], 9 * SECOND);
    cr_assert(calibrate_after_rest_usec(&calibration, MEASURED_REST_END) == 2000);
}

/* Prices after longer and longer rests, and when which parts of the way from the first to the last are there: of 40, the
 * 10th, the 20th, the 30th and the last. */
Test(profile, how_soon_it_is_cold)
{
    static const struct {
        const char *what;
        struct calibrate_life lives[6]; /* up to an empty one */
        int64_t at_usec[4];
    } rows[] = {
        {"an even rise",
         {{1000, 2000}, {5000, 3000}, {9000, 4000}, {13000, 5000}},
         {3850, 6850, 9850, 12850}},
        {"most at once",
         {{1000, 2000}, {5000, 4400}, {9000, 4700}, {25000, 5000}},
         {2188, 3438, 4688, 23000}},
        {"what falls is noise",
         {{1000, 2000}, {5000, 4000}, {9000, 3000}, {13000, 5000}},
         {2900, 4900, 10900, 12900}},
        {"and so on",
         {{1000, 2000}, {5000, 4600}, {9000, 4000}, {11000, 3400}, {21000, 6000}},
         {2900, 4900, 15750, 20750}},
        {"nothing costs less than in a crowd, or more than cold",
         {{1000, 2000}, {5000, 1000}, {9000, 9000}, {13000, 5000}},
         {5950, 6950, 7950, 8950}},
        {"no difference",
         {{1000, 2000}, {5000, 2000}, {9000, 2000}, {13000, 2000}},
         {5000, 5000, 5000, 5000}},
        {"dearer in a crowd",
         {{1000, 3000}, {5000, 2500}, {9000, 2500}, {13000, 2000}},
         {5000, 5000, 5000, 5000}},
    };
    static const int parts[] = {9, 19, 29, 39};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct series after;
        int n = 0;

        while (rows[i].lives[n].apart_usec > 0)
            n++;
        after = calibrate_cooling_curve(rows[i].lives, n);
        cr_assert(after.n == CALIBRATE_SAMPLES);
        for (int k = 0; k < 4; k++)
            cr_expect(llabs(after.values[parts[k]] - rows[i].at_usec[k]) <= 50,
                      "%s, part %d: %lld instead of %lld", rows[i].what, parts[k],
                      (long long)after.values[parts[k]], (long long)rows[i].at_usec[k]);
    }
}
