/*
 * Series counted by hand, and thinned ones that keep what can be seen.
 */
#include "viz/series.h"

#include <criterion/criterion.h>

static void expect_points(const struct series *series, int n, const int64_t (*points)[2],
                          const char *name)
{
    cr_assert_eq(series->n_points, n, "%s: %d points", name, series->n_points);
    for (int i = 0; i < n; i++) {
        cr_expect_eq(series->points[i].at_usec, points[i][0], "%s: point %d", name, i);
        cr_expect_eq(series->points[i].value, points[i][1], "%s: point %d", name, i);
    }
}

Test(series, sums_differences_of_any_order)
{
    struct series series = {0};
    series_add(&series, 30, 50, 2);
    series_add(&series, 10, 30, 1);
    series_add(&series, 20, USEC_NEVER, 4);
    series_add(&series, 40, 40, 9);         /* no time at all */
    series_add(&series, USEC_NEVER, 50, 9); /* never begins */
    series_add(&series, 50, 70, 1);
    series_close(&series, 60);
    expect_points(&series, 5, (const int64_t[][2]){{0, 0}, {10, 1}, {20, 5}, {30, 6}, {50, 5}},
                  "sum");
    cr_expect_eq(series_at(&series, 0), 0);
    cr_expect_eq(series_at(&series, 19), 1);
    cr_expect_eq(series_at(&series, 20), 5);
    cr_expect_eq(series_at(&series, 1000), 5);
    series_finish(&series);
}

Test(series, what_comes_with_the_end_is_left_out)
{
    struct series series = {0};
    series_add(&series, 0, 100, 3);
    series_close(&series, 100);
    expect_points(&series, 1, (const int64_t[][2]){{0, 3}}, "end");
    series_finish(&series);
}

Test(series, values_that_are_set)
{
    struct series series = {0};
    series_set(&series, 5, 7);
    series_set(&series, 9, 2);
    series_set(&series, 9, 3);
    series_close(&series, 100);
    expect_points(&series, 3, (const int64_t[][2]){{0, 0}, {5, 7}, {9, 3}}, "set");
    series_finish(&series);
}

Test(series, nothing_is_zero)
{
    struct series series = {0};
    series_close(&series, 100);
    expect_points(&series, 1, (const int64_t[][2]){{0, 0}}, "nothing");
    cr_expect_eq(series_at(&series, 50), 0);
    series_finish(&series);
}

Test(series, thinning_loses_no_peak)
{
    const int64_t end_usec = 10000000;
    struct series series = {0};
    for (int i = 0; i < 1000000; i++)
        series_set(&series, (int64_t)i * 10, i == 777777 ? 1000 : i == 222222 ? -1000 : i % 7);
    series_close(&series, end_usec);
    series_thin(&series, end_usec, 100);
    cr_expect_leq(series.n_points, 400);
    cr_expect_eq(series.points[0].at_usec, 0);
    cr_expect_eq(series.points[series.n_points - 1].at_usec, 9999990);
    bool peak = false, dip = false;
    for (int i = 0; i < series.n_points; i++) {
        cr_assert(i == 0 || series.points[i].at_usec > series.points[i - 1].at_usec);
        peak = peak || (series.points[i].at_usec == 7777770 && series.points[i].value == 1000);
        dip = dip || (series.points[i].at_usec == 2222220 && series.points[i].value == -1000);
    }
    cr_expect(peak && dip);
    series_finish(&series);
}

Test(series, few_points_are_left_alone)
{
    struct series series = {0};
    series_add(&series, 10, 20, 1);
    series_close(&series, 100);
    series_thin(&series, 100, 50);
    expect_points(&series, 3, (const int64_t[][2]){{0, 0}, {10, 1}, {20, 0}}, "few");
    series_finish(&series);
}
