/*
 * Sharing: closed forms of processor sharing, of weights and of quotas; and thousands of random trees
 * against a solver that knows no heaps, no virtual time and no fixed point.
 */
#include "model/share.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

#define CPU SHARE_ONE
#define MSEC USEC_PER_MSEC

/* Runs it to its end: when each of the first `n` was done. */
static void run(struct share *share, int n, int64_t *done_usec)
{
    int64_t who;

    for (int i = 0; i < n; i++)
        done_usec[i] = USEC_NEVER;
    while (share->next_usec != USEC_NEVER) {
        int64_t now = share->next_usec;

        while (share_take_finished(share, now, &who))
            if (who < n)
                done_usec[who] = now;
        cr_assert(share->next_usec > now);
    }
}

Test(share, of_one_is_all_that_it_can_use)
{
    struct share share;
    int64_t done[1];

    share_init(&share, 4 * CPU);
    share_add_worker(&share, 5, SHARE_ROOT, 1024, CPU, 1000, 0);
    run(&share, 1, done);
    cr_assert(done[0] == 1005, "one thread is never faster than one CPU");
    share_add_worker(&share, 2000, SHARE_ROOT, 1024, 2 * CPU, 1000, 0);
    run(&share, 1, done);
    cr_assert(done[0] == 2500, "two threads are");
    share_finish(&share);
}

/* Closed form: n equal ones on one CPU take n times as long; then the rest goes on faster. */
Test(share, of_equals_is_equal)
{
    struct share share;
    int64_t done[4];

    share_init(&share, CPU);
    for (int i = 0; i < 3; i++)
        share_add_worker(&share, 0, SHARE_ROOT, 1024, CPU, 300, i);
    share_add_worker(&share, 0, SHARE_ROOT, 1024, CPU, 700, 3);
    run(&share, 4, done);
    for (int i = 0; i < 3; i++)
        cr_assert(done[i] == 1200);
    cr_assert(done[3] == 1600);
    share_finish(&share);
}

/* Two classes of weights 3 and 1: rates 3/4 and 1/4 until the first is done. */
Test(share, goes_by_weight)
{
    struct share share;
    int64_t done[2];

    share_init(&share, CPU);
    share_add_worker(&share, 0, SHARE_ROOT, 3072, CPU, 7500, 0);
    share_add_worker(&share, 0, SHARE_ROOT, 1024, CPU, 7500, 1);
    run(&share, 2, done);
    cr_assert(done[0] == 10000 && done[1] == 15000);
    share_finish(&share);
}

/* Of 2 CPUs the one with nearly all the weight uses 1; the other has the rest, not its weight's part. */
Test(share, wastes_nothing)
{
    struct share share;
    int64_t done[3];

    share_init(&share, 2 * CPU);
    share_add_worker(&share, 0, SHARE_ROOT, 10000, CPU, 1000, 0);
    share_add_worker(&share, 0, SHARE_ROOT, 2, CPU, 1000, 1);
    run(&share, 2, done);
    cr_assert(done[0] == 1000 && done[1] == 1000);
    for (int i = 0; i < 3; i++)
        share_add_worker(&share, 2000, SHARE_ROOT, i ? 2 : 10000, CPU, 1000, i);
    run(&share, 3, done);
    cr_assert(done[0] == 3000 && done[1] == 3500 && done[2] == 3500);
    share_finish(&share);
}

/* First among groups, then inside: the group of two is one of two. */
Test(share, of_groups_is_shared_again_inside)
{
    struct share share;
    int32_t pair, single;
    int64_t done[3];

    share_init(&share, CPU);
    pair = share_add_group(&share, SHARE_ROOT, 1024, SHARE_RATE_MAX, SHARE_PHASE_NONE);
    single = share_add_group(&share, SHARE_ROOT, 1024, SHARE_RATE_MAX, SHARE_PHASE_NONE);
    share_add_worker(&share, 0, pair, 300, CPU, 300, 0);
    share_add_worker(&share, 0, pair, 100, CPU, 300, 1);
    share_add_worker(&share, 0, single, 7, CPU, 600, 2);
    run(&share, 3, done);
    cr_assert(done[0] == 800, "3/8: %lld", (long long)done[0]);
    cr_assert(done[1] == 1200 && done[2] == 1200);
    share_remove_group(&share, pair);
    share_remove_group(&share, single);
    share_finish(&share);
}

Test(share, of_the_killed_goes_to_the_others)
{
    struct share share;
    int64_t done[2];
    int32_t killed;

    share_init(&share, CPU);
    killed = share_add_worker(&share, 0, SHARE_ROOT, 1, CPU, 1000, 1);
    share_add_worker(&share, 0, SHARE_ROOT, 1, CPU, 1000, 0);
    share_remove_worker(&share, 500, killed);
    run(&share, 2, done);
    cr_assert(done[0] == 1250 && done[1] == USEC_NEVER);
    share_finish(&share);
}

/* Bandwidth: a flow of a crowded link gets that link's part, and leaves the rest to others. Link 1 of
 * 30 B/us has three flows, link 2 of 100 one, the registry sends 60: 10, 10, 10 and 30. */
Test(share, of_links_is_max_min_over_flows)
{
    struct share share;
    int32_t links[2];
    int64_t done[4];

    share_init(&share, 60 * SHARE_ONE);
    links[0] = share_add_group(&share, SHARE_ROOT, SHARE_WEIGHT_OF_MEMBERS, 30 * SHARE_ONE,
                               SHARE_PHASE_NONE);
    links[1] = share_add_group(&share, SHARE_ROOT, SHARE_WEIGHT_OF_MEMBERS, 100 * SHARE_ONE,
                               SHARE_PHASE_NONE);
    for (int i = 0; i < 4; i++)
        share_add_worker(&share, 0, links[i / 3], 1, SHARE_RATE_MAX, 3000, i);
    run(&share, 4, done);
    for (int i = 0; i < 4; i++)
        cr_assert(done[i] == (i < 3 ? 300 : 100), "%d: %lld", i, (long long)done[i]);
    /* where the links are wide, each flow has a quarter of what is sent */
    for (int i = 0; i < 4; i++)
        share_add_worker(&share, 1000, i ? links[1] : links[0], 1, SHARE_RATE_MAX, 3000, i);
    run(&share, 4, done);
    for (int i = 0; i < 4; i++)
        cr_assert(done[i] == 1200, "%d: %lld", i, (long long)done[i]);
    share_finish(&share);
}

/* Quotas ---------------------------------------------------------------------------------------- */

/* One worker of `work` in a group of that quota (permille of a CPU): when it is done. */
static int64_t alone_under(int quota, int64_t phase_usec, int64_t start_usec, int64_t work_usec)
{
    struct share share;
    int32_t group;
    int64_t done[1];

    share_init(&share, 2 * CPU);
    group = share_add_group(&share, SHARE_ROOT, 1024, CPU * (uint64_t)quota / 1000, phase_usec);
    share_add_worker(&share, start_usec, group, 1024, CPU, work_usec, 0);
    run(&share, 1, done);
    share_finish(&share);
    return done[0];
}

/* In periods of 100 ms, 25 ms each at full speed. */
Test(share, of_a_quota_comes_in_bursts)
{
    cr_assert(alone_under(250, 0, 0, 20 * MSEC) == 20 * MSEC, "less than a period's part");
    cr_assert(alone_under(250, 0, 0, 25 * MSEC) == 25 * MSEC);
    cr_assert(alone_under(250, 0, 0, 26 * MSEC) == 101 * MSEC);
    cr_assert(alone_under(250, 0, 0, 260 * MSEC) == 1010 * MSEC);
    cr_assert(alone_under(500, 0, 0, 2000 * MSEC) == 3950 * MSEC);
    cr_assert(alone_under(1000, 0, 0, 2000 * MSEC) == 2000 * MSEC, "nothing to wait for");
    /* a period that begins soon gives its part anew */
    cr_assert(alone_under(250, 10 * MSEC, 0, 40 * MSEC) == 115 * MSEC);
    cr_assert(alone_under(250, 10 * MSEC, 0, 30 * MSEC) == 30 * MSEC);
    cr_assert(alone_under(250, 50 * MSEC, 1000 * MSEC, 40 * MSEC) == 1065 * MSEC);
}

/* Against a loop over periods. */
Test(share, of_a_quota_is_what_a_loop_over_periods_says)
{
    for (int i = 0; i < 2000; i++) {
        int quota = 1 + (int)draw_below(1, DRAW_WORK, i, 0, 999);
        int64_t phase = (int64_t)draw_below(1, DRAW_WORK, i, 1, 100 * MSEC);
        int64_t start = (int64_t)draw_below(1, DRAW_WORK, i, 2, 1000 * MSEC);
        int64_t work = 1 + (int64_t)draw_below(1, DRAW_WORK, i, 3, 3000 * MSEC);
        double part = 100.0 * MSEC * quota / 1000, left = (double)work, now = (double)start, end;
        int64_t got;

        for (;;) {
            double runs = left < part ? left : part;

            end =
                100.0 * MSEC * (floor((now - (double)phase) / (100.0 * MSEC)) + 1) + (double)phase;
            if (now + runs > end)
                runs = end - now;
            left -= runs;
            if (left < 1e-6) {
                now += runs;
                break;
            }
            now = end;
        }
        got = alone_under(quota, phase, start, work);
        cr_assert(llabs(got - (int64_t)now) <= 4 + (int64_t)((double)work / part / 500),
                  "quota %d, phase %lld, start %lld, work %lld: %lld instead of %.0f", quota,
                  (long long)phase, (long long)start, (long long)work, (long long)got, now);
    }
}

/* Two under one quota of a CPU on a machine of two: each has a CPU of its own half of the time, so
 * their weights do not matter. On a machine of one CPU they do. */
Test(share, inside_a_quota_depends_on_how_much_is_there)
{
    for (int cpus = 1; cpus <= 2; cpus++) {
        struct share share;
        int64_t done[2];
        int32_t group;

        share_init(&share, (uint64_t)cpus * CPU);
        group = share_add_group(&share, SHARE_ROOT, 1024, CPU, 0);
        share_add_worker(&share, 0, group, 3072, CPU, 300 * MSEC, 0);
        share_add_worker(&share, 0, group, 1024, CPU, 300 * MSEC, 1);
        run(&share, 2, done);
        cr_assert(done[0] == (cpus == 1 ? 400 : 550) * MSEC, "%lld", (long long)done[0]);
        cr_assert(done[1] == (cpus == 1 ? 600 : 550) * MSEC, "%lld", (long long)done[1]);
        share_finish(&share);
    }
}

/* Where others take it down below its quota, nothing is throttled. */
Test(share, below_its_quota_is_smooth)
{
    struct share share;
    int64_t done[2];
    int32_t group;

    share_init(&share, CPU);
    group = share_add_group(&share, SHARE_ROOT, 1024, CPU * 6 / 10, 0);
    share_add_worker(&share, 0, group, 1024, CPU, 100 * MSEC, 0);
    share_add_worker(&share, 0, SHARE_ROOT, 1024, CPU, 100 * MSEC, 1);
    run(&share, 2, done);
    cr_assert(done[0] == 200 * MSEC && done[1] == 200 * MSEC);
    share_finish(&share);
}

/* Queues ---------------------------------------------------------------------------------------- */

/* M/M/1 under processor sharing: a customer stays for S / (1 - load) on average. */
Test(share, gives_processor_sharing_its_mean_time)
{
    enum { CUSTOMERS = 200000 };
    const double mean = 10000, load = 0.7;
    struct share share;
    int64_t *came = malloc(CUSTOMERS * sizeof *came), next = 0, who;
    double stayed = 0, worked = 0, now = 0;
    int n = 0, left = 0;

    share_init(&share, CPU);
    while (left < CUSTOMERS) {
        int64_t arrives = n < CUSTOMERS ? next : USEC_NEVER;

        if (share.next_usec <= arrives) {
            int64_t at = share.next_usec;

            while (share_take_finished(&share, at, &who)) {
                stayed += (double)(at - came[who]);
                left++;
            }
            continue;
        }
        came[n] = arrives;
        now = -mean * log(((double)draw_bits(3, DRAW_WORK, n, 0) + 1) * 0x1p-64);
        worked += now;
        share_add_worker(&share, arrives, SHARE_ROOT, 1024, CPU, (int64_t)now + 1, n++);
        next +=
            (int64_t)(-mean / load * log(((double)draw_bits(3, DRAW_WORK, n, 1) + 1) * 0x1p-64));
    }
    stayed /= CUSTOMERS;
    worked /= CUSTOMERS;
    cr_assert(fabs(stayed / (worked / (1 - load)) - 1) < 0.04, "%f instead of %f", stayed,
              worked / (1 - load));
    share_finish(&share);
    free(came);
}

/* Random trees ----------------------------------------------------------------------------------- */

#define GROUPS 6
#define WORKERS 14

/* The plain model: groups by number, 0 is the root; workers below them. */
struct plain {
    int n_groups, n_workers;
    int parent[GROUPS + WORKERS]; /* of groups, then of workers */
    double weight[GROUPS + WORKERS], limit[GROUPS + WORKERS], rate[GROUPS + WORKERS];
    double left[WORKERS];
    bool working[WORKERS];
    bool by_members[GROUPS];
};

static bool is_below(const struct plain *plain, int i, int group)
{
    return i != 0 && plain->parent[i] == group &&
           (i < GROUPS ? i < plain->n_groups
                       : i - GROUPS < plain->n_workers && plain->working[i - GROUPS]);
}

static double demand_of(const struct plain *plain, int i)
{
    double sum = 0;

    if (i >= GROUPS)
        return plain->limit[i];
    for (int k = 0; k < GROUPS + WORKERS; k++)
        if (is_below(plain, k, i))
            sum += demand_of(plain, k);
    return sum < plain->limit[i] ? sum : plain->limit[i];
}

static double weight_of(const struct plain *plain, int i)
{
    double sum = 0;

    if (i >= GROUPS || !plain->by_members[i])
        return plain->weight[i];
    for (int k = 0; k < GROUPS + WORKERS; k++)
        if (is_below(plain, k, i) && demand_of(plain, k) > 0)
            sum += weight_of(plain, k);
    return sum;
}

/* The level by bisection. */
static void solve(struct plain *plain, int group, double available)
{
    double low = 0, high = 1e12;

    for (int step = 0; step < 200; step++) {
        double level = (low + high) / 2, sum = 0;

        for (int k = 0; k < GROUPS + WORKERS; k++)
            if (is_below(plain, k, group))
                sum += fmin(weight_of(plain, k) * level, demand_of(plain, k));
        *(sum > available ? &high : &low) = level;
    }
    for (int k = 0; k < GROUPS + WORKERS; k++)
        if (is_below(plain, k, group)) {
            plain->rate[k] = fmin(weight_of(plain, k) * low, demand_of(plain, k));
            if (k < GROUPS)
                solve(plain, k, plain->rate[k]);
        }
}

static int64_t pick(int round, int *n, int64_t bound)
{
    return (int64_t)draw_below(11, DRAW_WORK, round, (*n)++, (uint64_t)bound);
}

/* Random groups and workers that come and are killed at random times; both must agree on when each
 * ends. */
static void compare_random_tree(int round)
{
    static const double limits[] = {0.25, 0.5, 1, 1.5, 2, 1e6};
    struct plain plain = {.n_groups = 1};
    struct share share;
    int32_t ids[GROUPS] = {SHARE_ROOT}, workers[WORKERS];
    int64_t starts[WORKERS], kills[WORKERS], amounts[WORKERS], done[WORKERS], who;
    double ended[WORKERS], now = 0;
    int n = 0, cpus = 1 + (int)pick(round, &n, 3);

    share_init(&share, (uint64_t)cpus * CPU);
    plain.limit[0] = cpus;
    for (int g = 1; g < GROUPS && pick(round, &n, 5) > 0; g++) {
        double limit = limits[pick(round, &n, 6)];

        plain.parent[g] = (int)pick(round, &n, g);
        plain.by_members[g] = pick(round, &n, 4) == 0;
        plain.weight[g] = (double)(2 + pick(round, &n, 2000));
        plain.limit[g] = limit;
        plain.n_groups = g + 1;
        ids[g] = share_add_group(
            &share, ids[plain.parent[g]],
            plain.by_members[g] ? SHARE_WEIGHT_OF_MEMBERS : (uint32_t)plain.weight[g],
            limit > 1e5 ? SHARE_RATE_MAX : (uint64_t)(limit * (double)CPU), SHARE_PHASE_NONE);
    }
    plain.n_workers = 1 + (int)pick(round, &n, WORKERS);
    for (int w = 0; w < plain.n_workers; w++) {
        plain.parent[GROUPS + w] = (int)pick(round, &n, plain.n_groups);
        plain.weight[GROUPS + w] = (double)(2 + pick(round, &n, 1000));
        plain.limit[GROUPS + w] = 1 + (double)(pick(round, &n, 4) == 0);
        amounts[w] = 1 + pick(round, &n, 1000000);
        starts[w] = pick(round, &n, 3) ? pick(round, &n, 2000000) : 0;
        kills[w] = pick(round, &n, 6) ? USEC_NEVER : starts[w] + pick(round, &n, 3000000);
        plain.left[w] = (double)amounts[w];
        ended[w] = -1;
        done[w] = -1;
    }

    /* the plain one */
    for (;;) {
        double next = INFINITY;

        for (int w = 0; w < plain.n_workers; w++)
            plain.working[w] = ended[w] < 0 && now >= (double)starts[w];
        solve(&plain, 0, cpus);
        for (int w = 0; w < plain.n_workers; w++) {
            if (plain.working[w]) {
                next = fmin(next, plain.left[w] / plain.rate[GROUPS + w]);
                next = fmin(next, (double)kills[w] - now);
            } else if (ended[w] < 0) {
                next = fmin(next, (double)starts[w] - now);
            }
        }
        if (next == INFINITY)
            break;
        now += next;
        for (int w = 0; w < plain.n_workers; w++) {
            if (!plain.working[w])
                continue;
            plain.left[w] -= next * plain.rate[GROUPS + w];
            if (plain.left[w] < 1e-6 || now >= (double)kills[w])
                ended[w] = now;
        }
    }

    /* ours */
    for (int64_t at = 0; at != USEC_NEVER;) {
        for (int w = 0; w < plain.n_workers; w++) {
            if (starts[w] == at && done[w] < 0)
                workers[w] = share_add_worker(
                    &share, at, ids[plain.parent[GROUPS + w]], (uint32_t)plain.weight[GROUPS + w],
                    (uint64_t)plain.limit[GROUPS + w] * CPU, amounts[w], w);
            if (kills[w] == at && done[w] < 0) {
                share_remove_worker(&share, at, workers[w]);
                done[w] = at;
            }
        }
        while (share_take_finished(&share, at, &who))
            done[who] = at;
        {
            int64_t next = share.next_usec;

            for (int w = 0; w < plain.n_workers; w++) {
                if (starts[w] > at && starts[w] < next)
                    next = starts[w];
                if (kills[w] > at && kills[w] < next && done[w] < 0)
                    next = kills[w];
            }
            cr_assert(next > at);
            at = next;
        }
    }
    for (int w = 0; w < plain.n_workers; w++)
        cr_assert(fabs((double)done[w] - ended[w]) <= 60 + ended[w] * 1e-5,
                  "round %d, worker %d: %lld instead of %f", round, w, (long long)done[w],
                  ended[w]);
    share_finish(&share);
}

Test(share, of_random_trees_is_what_bisection_says)
{
    for (int round = 0; round < 3000; round++)
        compare_random_tree(round);
}
