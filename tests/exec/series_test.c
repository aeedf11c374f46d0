/*
 * Quantiles, and sums taken apart, of values that are known.
 */
#include "exec/series.h"

#include <criterion/criterion.h>

Test(series, quantiles_lie_between_values)
{
    struct series series = {0};

    cr_expect_eq(series_quantile(&series, 500), 0, "of nothing");
    series_add_all(&series, (const int64_t[]){40, 10, 30, 20}, 4);
    cr_expect_eq(series_quantile(&series, 0), 10);
    cr_expect_eq(series_quantile(&series, 500), 25);
    cr_expect_eq(series_quantile(&series, 1000), 40);
    cr_expect_eq(series.values[0], 40, "asking changes nothing");
}

Test(series, a_mean_counts_what_a_median_does_not)
{
    struct series series = {0};

    cr_expect_eq(series_mean(&series), 0, "of nothing");
    series_add_all(&series, (const int64_t[]){10, 10, 40}, 3);
    cr_expect_eq(series_mean(&series), 20);
}

Test(series, what_is_too_much_is_dropped)
{
    struct series series = {0};

    for (int i = 0; i < 2 * SERIES_MOST; i++) {
        series_add(&series, i);
    }
    cr_expect_eq(series.n, SERIES_MOST);
    cr_expect_eq(series_quantile(&series, 1000), SERIES_MOST - 1);
}

Test(series, a_part_is_taken_out_of_a_sum_in_order_of_size)
{
    struct series whole = {0}, part = {0}, rest;

    series_add_all(&whole, (const int64_t[]){30, 10, 20}, 3);
    series_add_all(&part, (const int64_t[]){1, 2, 30}, 3);
    rest = series_minus(&whole, &part);
    cr_expect_eq(rest.n, 3);
    cr_expect_eq(rest.values[0], 9);
    cr_expect_eq(rest.values[1], 18);
    cr_expect_eq(rest.values[2], 0, "never less than nothing");
    rest = series_minus(&whole, &(struct series){0});
    cr_expect_eq(rest.values[2], 30, "no part known");
}

/* Of five the fastest and the slowest are left out, of three none; of two that are as fast only one is the fastest. */
Test(series, the_middle_rounds_count)
{
    static const int64_t middles[] = {30, 10, 50, 20, 10};
    static struct rounds rounds;
    struct series middle;

    for (int i = 0; i < 5; i++) {
        series_add_all(&rounds.list[rounds.n++], (const int64_t[]){middles[i] - 1, middles[i] + 1},
                       2);
    }
    middle = series_middle(&rounds);
    cr_expect_eq(middle.n, 6);
    cr_expect_eq(series_quantile(&middle, 0), 9);
    cr_expect_eq(series_quantile(&middle, 1000), 31);
    rounds.n = 3;
    middle = series_middle(&rounds);
    cr_expect_eq(middle.n, 6);
    cr_expect_eq(series_quantile(&middle, 1000), 51);
}
