/*
 * Figures of a host profile that are worked out of what was measured, without a machine.
 */
#include "exec/calibrate.h"

#include <criterion/criterion.h>
#include <math.h>

#define SECOND INT64_C(1000000)

static struct calibration calibration;

static void assert_part(double want)
{
    double part = calibrate_background_part(&calibration);

    cr_assert(fabs(part - want) < 1e-9, "%f instead of %f", part, want);
}

/* A mean, and never more than a profile may say. */
Test(profile, what_other_programs_have)
{
    struct series *series = &calibration.series[MEASURED_BACKGROUND];

    assert_part(0);
    series_add(series, 10000);
    series_add(series, 30000);
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
