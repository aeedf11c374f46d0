/*
 * The rule for leaving out the beginning, on series whose beginnings are known.
 */
#include "warmup.h"

#include "core/draw.h"
#include "core/unit.h"

#include <criterion/criterion.h>

#define N 400

/* A number between 0 and 999 that looks like chance. */
static int64_t noise(int i)
{
    return (int64_t)(draw_mix((uint64_t)i * 7919 + 1) % 1000);
}

Test(warmup, a_series_without_a_beginning_loses_next_to_nothing)
{
    int64_t values[N];

    for (int i = 0; i < N; i++)
        values[i] = 100000 + noise(i);
    cr_expect_leq(warmup_mser5(values, N), N / 4);
    for (int i = 0; i < N; i++)
        values[i] = 7;
    cr_expect_eq(warmup_mser5(values, N), 0, "all the same");
}

Test(warmup, a_slow_beginning_is_left_out)
{
    for (int length = 20; length <= 160; length += 20) {
        int64_t values[N];
        int dropped;

        for (int i = 0; i < N; i++)
            values[i] = (i < length ? 100000 * i / length : 100000) + noise(i);
        dropped = warmup_mser5(values, N);
        cr_expect(dropped >= length - 10 && dropped <= length + 40, "%d of %d", dropped, length);
        cr_expect_eq(dropped % 5, 0);
    }
}

Test(warmup, never_more_than_the_half)
{
    int64_t values[N];

    for (int i = 0; i < N; i++)
        values[i] = (int64_t)i * i;
    cr_expect_leq(warmup_mser5(values, N), N / 2);
    cr_expect_eq(warmup_mser5(values, 19), 0, "too few to say");
    cr_expect_eq(warmup_mser5(values, 0), 0);
}

/* The rule as it is written down, in floating point. */
static int plain(const int64_t *values, int n)
{
    int n_batches = n / 5, best = 0;
    double least = -1;

    for (int drop = 0; drop <= n_batches / 2; drop++) {
        double mean = 0, squares = 0, error;

        for (int b = drop; b < n_batches; b++)
            for (int i = 0; i < 5; i++)
                mean += (double)values[b * 5 + i] / 5 / (n_batches - drop);
        for (int b = drop; b < n_batches; b++) {
            double batch = 0;

            for (int i = 0; i < 5; i++)
                batch += (double)values[b * 5 + i] / 5;
            squares += (batch - mean) * (batch - mean);
        }
        error = squares / (n_batches - drop) / (n_batches - drop);
        if (least < 0 || error < least) {
            least = error;
            best = drop;
        }
    }
    return best * 5;
}

Test(warmup, agrees_with_the_rule_in_floating_point)
{
    for (int round = 0; round < 200; round++) {
        int64_t values[N];
        int n = 20 + (int)(noise(round) * 380 / 1000);

        for (int i = 0; i < n; i++)
            values[i] = noise(round * N + i) * (i < round ? 1 + i % 7 : 3) + i * (round % 3);
        cr_expect_eq(warmup_mser5(values, n), plain(values, n), "round %d", round);
    }
}

Test(warmup, tasks_are_averaged_over_parts_of_the_time)
{
    struct story_task tasks[2] = {{.running_at_usec = 0, .stopped_at_usec = USEC_NEVER},
                                  {.running_at_usec = 1500, .stopped_at_usec = 3000}};
    struct story story = {.tasks = tasks, .n_tasks = 2};
    int64_t sums[WARMUP_PARTS] = {0};

    warmup_add(sums, &story, 1000 * WARMUP_PARTS);
    cr_expect_eq(sums[0], 1000);
    cr_expect_eq(sums[1], 1500);
    cr_expect_eq(sums[2], 2000);
    cr_expect_eq(sums[3], 1000);
    cr_expect_eq(sums[WARMUP_PARTS - 1], 1000);
}
