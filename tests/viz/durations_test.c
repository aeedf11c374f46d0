/*
 * Distances of samples whose answers are known.
 */
#include "viz/durations.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct durations durations_of(int n, const int64_t *usec)
{
    struct durations durations = {0};
    for (int i = 0; i < n; i++)
        durations_add(&durations, usec[i]);
    durations_sort(&durations);
    return durations;
}

#define SAMPLE(...)                                                                                \
    durations_of(sizeof((int64_t[]){__VA_ARGS__}) / sizeof(int64_t), (int64_t[]){__VA_ARGS__})

Test(durations, known_distances)
{
    struct {
        const char *name;
        struct durations a, b;
        int64_t wasserstein;
        int smirnov;
    } rows[] = {
        {"the same", SAMPLE(1, 2, 3), SAMPLE(3, 1, 2), 0, 0},
        {"moved by five", SAMPLE(0, 10, 20), SAMPLE(5, 15, 25), 5, 333},
        {"moved out of reach", SAMPLE(0, 10, 20), SAMPLE(100, 110, 120), 100, 1000},
        /* scipy.stats.wasserstein_distance([0, 1, 3], [5, 6, 8]) is 5 */
        {"the textbook's", SAMPLE(0, 1000, 3000), SAMPLE(5000, 6000, 8000), 5000, 1000},
        {"one value each", SAMPLE(7), SAMPLE(10), 3, 1000},
        /* half of one value, half of the other: 0.5 * 10 */
        {"other sizes", SAMPLE(0, 10), SAMPLE(10), 5, 500},
        /* F: 1/2, 1/2, 1; G: 1/4, 3/4, 1 at 0, 4, 8: 1/4 * 4 + 1/4 * 4 */
        {"crossing", SAMPLE(0, 0, 8, 8), SAMPLE(0, 4, 4, 8), 2, 250},
        {"ties", SAMPLE(5, 5, 5, 5), SAMPLE(5, 5), 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(durations_wasserstein_usec(&rows[i].a, &rows[i].b), rows[i].wasserstein, "%s",
                     rows[i].name);
        cr_expect_eq(durations_wasserstein_usec(&rows[i].b, &rows[i].a), rows[i].wasserstein, "%s",
                     rows[i].name);
        cr_expect_eq(durations_smirnov_permille(&rows[i].a, &rows[i].b), rows[i].smirnov, "%s",
                     rows[i].name);
        cr_expect_eq(durations_smirnov_permille(&rows[i].b, &rows[i].a), rows[i].smirnov, "%s",
                     rows[i].name);
        durations_finish(&rows[i].a);
        durations_finish(&rows[i].b);
    }
}

Test(durations, of_nothing_there_is_no_distance)
{
    struct durations none = {0}, some = SAMPLE(1);
    cr_expect_eq(durations_wasserstein_usec(&none, &some), -1);
    cr_expect_eq(durations_smirnov_permille(&some, &none), -1);
    cr_expect_eq(durations_quantile(&none, 500), 0);
    durations_finish(&some);
}

Test(durations, medians)
{
    struct durations odd = SAMPLE(9, 1, 5), even = SAMPLE(1, 2, 4, 100), none = {0};
    cr_expect_eq(durations_median(&odd), 5);
    cr_expect_eq(durations_median(&even), 3);
    cr_expect_eq(durations_median(&none), 0);
    durations_finish(&odd);
    durations_finish(&even);
}

Test(durations, quantiles_by_nearest_rank)
{
    struct durations durations = SAMPLE(15, 20, 35, 40, 50);
    const struct {
        int permille;
        int64_t value;
    } rows[] = {{50, 15}, {300, 20}, {400, 20}, {500, 35}, {950, 50}, {1000, 50}, {0, 15}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_eq(durations_quantile(&durations, rows[i].permille), rows[i].value, "%d",
                     rows[i].permille);
    durations_finish(&durations);
}
