/*
 * Who gets the next request: in turn, by outstanding requests, at random, in slow start, and when
 * nobody is healthy.
 */
#include "model/balancer.h"

#include <criterion/criterion.h>

#define SECOND USEC_PER_SEC

static struct balancer new_balancer(enum balancer_algorithm algorithm, int64_t slow_start_usec,
                                    int n)
{
    struct balancer balancer;

    balancer_init(&balancer, algorithm, slow_start_usec, 77);
    for (int i = 0; i < n; i++) {
        cr_assert(balancer_add(&balancer, 10 + i) == i);
        balancer_set(&balancer, 0, i, BALANCER_IN_USE);
    }
    return balancer;
}

static void count(struct balancer *balancer, int64_t at_usec, int n, int *counts)
{
    for (int i = 0; i < n; i++)
        counts[balancer_pick(balancer, at_usec, i)]++;
}

Test(balancer, goes_round)
{
    struct balancer balancer = new_balancer(BALANCER_ROUND_ROBIN, 0, 3);

    for (int i = 0; i < 9; i++)
        cr_assert(balancer_pick(&balancer, 0, i) == i % 3);
    balancer_set(&balancer, 0, 1, BALANCER_HOLD);
    for (int i = 0; i < 4; i++)
        cr_assert(balancer_pick(&balancer, 0, i) == (i % 2 ? 2 : 0));
    balancer_set(&balancer, 0, 1, BALANCER_IN_USE);
    cr_assert(balancer_pick(&balancer, 0, 0) == 0, "whose turn it is stays");
    cr_assert(balancer_pick(&balancer, 0, 0) == 1);
    balancer_finish(&balancer);
}

Test(balancer, fails_open_when_nobody_is_healthy)
{
    struct balancer balancer = new_balancer(BALANCER_ROUND_ROBIN, 0, 3);

    balancer_set(&balancer, 0, 0, BALANCER_SPARE);
    balancer_set(&balancer, 0, 1, BALANCER_SPARE);
    for (int i = 0; i < 5; i++)
        cr_assert(balancer_pick(&balancer, 0, i) == 2);
    balancer_set(&balancer, 0, 2, BALANCER_HOLD);
    cr_assert(balancer.open);
    for (int i = 0; i < 4; i++)
        cr_assert(balancer_pick(&balancer, 0, i) != 2);
    balancer_set(&balancer, 0, 0, BALANCER_GONE);
    balancer_set(&balancer, 0, 1, BALANCER_GONE);
    cr_assert(balancer_pick(&balancer, 0, 0) == ID_NONE);
    cr_assert(balancer_find(&balancer, 10) == ID_NONE);
    cr_assert(balancer_add(&balancer, 10) == 3, "an index is never used again");
    cr_assert(balancer_find(&balancer, 10) == 3);
    balancer_finish(&balancer);
}

Test(balancer, prefers_whoever_has_least_to_do)
{
    struct balancer balancer = new_balancer(BALANCER_LEAST_OUTSTANDING, 0, 3);
    int counts[3] = {0};

    count(&balancer, 0, 9, counts);
    cr_assert(counts[0] == 3 && counts[1] == 3 && counts[2] == 3, "ties go round");
    balancer.targets[0].outstanding = 2;
    balancer.targets[1].outstanding = 1;
    balancer.targets[2].outstanding = 2;
    cr_assert(balancer_pick(&balancer, 0, 0) == 1);
    balancer_finish(&balancer);
}

Test(balancer, spreads_at_random_evenly)
{
    struct balancer balancer = new_balancer(BALANCER_WEIGHTED_RANDOM, 0, 4);
    int counts[4] = {0};

    count(&balancer, 0, 40000, counts);
    for (int i = 0; i < 4; i++)
        cr_assert(counts[i] > 9700 && counts[i] < 10300, "%d: %d", i, counts[i]);
    balancer_finish(&balancer);
}

/* facts: slow start 60 s, two old targets, a new one 15 s after it is healthy: 0.25 of 2.25. */
Test(balancer, starts_new_targets_slowly)
{
    struct balancer balancer = new_balancer(BALANCER_ROUND_ROBIN, 60 * SECOND, 2);
    int counts[4] = {0};

    balancer_add(&balancer, 12);
    balancer_set(&balancer, 100 * SECOND, 2, BALANCER_IN_USE);
    cr_assert(balancer_weight(&balancer, 115 * SECOND, 2) == 250000);
    count(&balancer, 115 * SECOND, 9000, counts);
    cr_assert(counts[2] >= 998 && counts[2] <= 1002, "%d of 9000", counts[2]);
    cr_assert(counts[0] >= 3998 && counts[0] <= 4002);
    counts[0] = counts[1] = counts[2] = 0;
    count(&balancer, 160 * SECOND, 3000, counts);
    cr_assert(counts[2] >= 998 && counts[2] <= 1002 && balancer.n_cold == 0);
    balancer_finish(&balancer);
}

Test(balancer, starts_the_first_target_at_once)
{
    struct balancer balancer = new_balancer(BALANCER_ROUND_ROBIN, 60 * SECOND, 1);

    cr_assert(balancer_weight(&balancer, 1, 0) == 1000000, "nobody was there before it");
    balancer_finish(&balancer);
}
