/*
 * Sharing: closed forms of processor sharing, of weights and of quotas; and thousands of random trees
 * against a solver that knows no heaps, no virtual time and no fixed point.
 */
#include "model/share.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

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

/* Where quotas are taken one by one, the second has what the first leaves when it stands still: by
 * weight until 66.667 ms, when the first has had its 50, then alone. */
Test(share, of_an_exact_quota_goes_to_others_while_it_stands_still)
{
    struct share share;
    int32_t groups[2];
    int64_t done[2];

    share_init(&share, CPU);
    share.exact = true;
    for (int i = 0; i < 2; i++) {
        groups[i] = share_add_group(&share, SHARE_ROOT, i == 0 ? 3072 : 1024, CPU / 2, 0);
        share_add_worker(&share, 0, groups[i], 1024, CPU, 120 * MSEC, i);
    }
    run(&share, 2, done);
    cr_assert(llabs(done[0] - 226667) <= 1 && done[1] == 240 * MSEC, "%lld, %lld",
              (long long)done[0], (long long)done[1]);
    share_finish(&share);
}

/* Its 50 ms are used up after 50 of the period's 100, and there again when the next begins; who goes by the average never
 * stands still. */
Test(share, tells_whose_quota_is_used_up)
{
    struct share share;
    int32_t exact, average;
    int64_t who;

    for (int i = 0; i < 2; i++) {
        share_init(&share, 2 * CPU);
        share.exact = i == 0;
        exact = share_add_group(&share, SHARE_ROOT, 1024, CPU / 2, 0);
        average = share_add_group(&share, SHARE_ROOT, 1024, CPU / 2, SHARE_PHASE_NONE);
        share_add_worker(&share, 0, exact, 1024, CPU, 70 * MSEC, 0);
        share_add_worker(&share, 0, average, 1024, CPU, 900 * MSEC, 1);
        cr_assert(!share_has_still(&share));
        while (share.next_usec < 60 * MSEC)
            share_take_finished(&share, share.next_usec, &who);
        cr_assert(share_stands_still(&share, exact) == share.exact);
        cr_assert(share_has_still(&share) == share.exact);
        cr_assert(!share_stands_still(&share, average));
        while (share.next_usec < 110 * MSEC)
            share_take_finished(&share, share.next_usec, &who);
        cr_assert(!share_has_still(&share));
        share_finish(&share);
    }
}

/* What a group did not use in its period is lost: of its 50 ms it got 40 beside the other, and begins
 * the next period with 50. */
Test(share, of_an_exact_quota_is_not_saved)
{
    struct share share;
    int64_t done[2];
    int32_t group;

    share_init(&share, CPU);
    share.exact = true;
    group = share_add_group(&share, SHARE_ROOT, 1024, CPU / 2, 0);
    share_add_worker(&share, 0, group, 1024, CPU, 95 * MSEC, 0);
    share_add_worker(&share, 0, SHARE_ROOT, 1536, CPU, 60 * MSEC, 1);
    run(&share, 2, done);
    cr_assert(done[1] == 100 * MSEC, "%lld", (long long)done[1]);
    cr_assert(done[0] == 205 * MSEC, "%lld", (long long)done[0]);
    share_finish(&share);
}

/* However long it goes on, it is done when a loop over periods says, and not after so many steps. */
Test(share, of_an_exact_quota_for_an_hour_takes_few_steps)
{
    struct share share;
    int32_t group;
    int n_steps = 0;
    int64_t who, now;

    share_init(&share, 2 * CPU);
    share.exact = true;
    group = share_add_group(&share, SHARE_ROOT, 1024, CPU / 4, 10 * MSEC);
    share_add_worker(&share, 0, group, 1024, CPU, 900020 * MSEC, 0);
    /* 10 ms, then 36,000 times 25 of each 100, then 10 */
    do {
        cr_assert(n_steps++ < 1000);
        now = share.next_usec;
    } while (!share_take_finished(&share, now, &who));
    cr_assert(llabs(now - 3600020 * MSEC) <= 5, "%lld", (long long)now);
    cr_assert(n_steps > 100);
    cr_assert(share.next_usec == USEC_NEVER);
    share_finish(&share);
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

/* Customers of an M/M/1 queue, of two classes with a rate of arrivals, a mean of work and a weight each. */
struct class
{
    double rate, mean;
    uint32_t weight;
    double stayed, worked; /* out: means of those that came */
};

static double exponential(uint64_t what, int n, double mean)
{
    return -mean * log(((double)draw_bits(3, DRAW_WORK, n, (int)what) + 1) * 0x1p-64);
}

static void serve(struct class *classes)
{
    enum { CUSTOMERS = 400000 };
    const double rate = classes[0].rate + classes[1].rate;
    int64_t *came = malloc(CUSTOMERS * sizeof *came), who;
    char *of = malloc(CUSTOMERS);
    int n = 0, left = 0, n_of[2] = {0, 0};
    struct share share;
    double next = 0;

    share_init(&share, CPU);
    while (left < CUSTOMERS) {
        int64_t arrives = n < CUSTOMERS ? (int64_t)next : USEC_NEVER;

        if (share.next_usec <= arrives) {
            int64_t at = share.next_usec;

            while (share_take_finished(&share, at, &who)) {
                classes[(int)of[who]].stayed += (double)(at - came[who]);
                left++;
            }
            continue;
        }
        int k = (double)draw_bits(3, DRAW_WORK, n, 2) * 0x1p-64 * rate >= classes[0].rate;
        double work = exponential(0, n, classes[k].mean);

        came[n] = arrives;
        of[n] = (char)k;
        n_of[k]++;
        classes[k].worked += work;
        share_add_worker(&share, arrives, SHARE_ROOT, classes[k].weight, CPU, (int64_t)work + 1, n);
        next += exponential(1, n++, 1 / rate);
    }
    for (int k = 0; k < 2; k++) {
        classes[k].stayed /= n_of[k] > 0 ? n_of[k] : 1;
        classes[k].worked /= n_of[k] > 0 ? n_of[k] : 1;
    }
    share_finish(&share);
    free(came);
    free(of);
}

/* M/M/1 under processor sharing: a customer stays for S / (1 - load) on average. */
Test(share, gives_processor_sharing_its_mean_time)
{
    const double load = 0.7;
    struct class classes[2] = {{load / 10000, 10000, 1024, 0, 0}, {0, 0, 1024, 0, 0}};

    serve(classes);
    cr_assert(fabs(classes[0].stayed / (classes[0].worked / (1 - load)) - 1) < 0.04,
              "%f instead of %f", classes[0].stayed, classes[0].worked / (1 - load));
}

/* What a class stays where it shares by weight with another (G. Fayolle, I. Mitrani, R. Iasnogorodski, "Sharing
 * a processor among many job classes", JACM 1980). */
static double mean_stay(const struct class *class, const struct class *other)
{
    double load = class->rate * class->mean, other_load = other->rate * other->mean;
    double serves = 1 / class->mean, weight = (double)class->weight;
    double both =
        serves * weight * (1 - load) + (double)other->weight / other->mean * (1 - other_load);

    return class->mean / (1 - load - other_load) *
           (1 + serves * other_load * ((double)other->weight - weight) / both);
}

Test(share, gives_two_classes_their_mean_times)
{
    static const struct class rows[][2] = {
        {{0.35 / 10000, 10000, 1024, 0, 0}, {0.35 / 10000, 10000, 3072, 0, 0}},
        {{0.2 / 5000, 5000, 4096, 0, 0}, {0.5 / 20000, 20000, 512, 0, 0}},
        {{0.4 / 8000, 8000, 256, 0, 0}, {0.2 / 30000, 30000, 1024, 0, 0}},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct class classes[2] = {rows[i][0], rows[i][1]};

        serve(classes);
        for (int k = 0; k < 2; k++) {
            double wanted = mean_stay(&rows[i][k], &rows[i][1 - k]);

            cr_expect(fabs(classes[k].stayed / wanted - 1) < 0.04, "row %zu, class %d: %f for %f",
                      i, k, classes[k].stayed, wanted);
        }
    }
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
    /* CFS quotas, period by period */
    bool has_quota[GROUPS], stopped[GROUPS];
    double quota[GROUPS], budget[GROUPS], period_end[GROUPS];
};

static bool is_below(const struct plain *plain, int i, int group)
{
    return i != 0 && plain->parent[i] == group &&
           (i < GROUPS ? i < plain->n_groups && !plain->stopped[i]
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

static double next_turn(const struct plain *plain, double now)
{
    double next = INFINITY;

    for (int g = 1; g < plain->n_groups; g++) {
        if (!plain->has_quota[g])
            continue;
        next = fmin(next, plain->period_end[g] - now);
        if (!plain->stopped[g] && plain->rate[g] > 0)
            next = fmin(next, plain->budget[g] / plain->rate[g]);
    }
    return next;
}

static void take_turns(struct plain *plain, double now, double passed)
{
    for (int g = 1; g < plain->n_groups; g++) {
        if (!plain->has_quota[g])
            continue;
        plain->budget[g] -= plain->rate[g] * passed;
        if (plain->budget[g] < 0.01)
            plain->stopped[g] = true;
        if (plain->period_end[g] <= now + 1e-6) {
            plain->period_end[g] += 100 * MSEC;
            plain->budget[g] = plain->quota[g] * 100 * MSEC;
            plain->stopped[g] = false;
        }
    }
}

/* When each worker is done that has `extra` more to do than it says. */
static void run_plain(struct plain plain_as_it_begins, double cpus, const int64_t *starts,
                      const int64_t *kills, double extra, double *ended)
{
    struct plain *plain = &plain_as_it_begins;
    double now = 0;

    for (int w = 0; w < plain->n_workers; w++) {
        plain->left[w] = fmax(plain->left[w] + extra, 1);
        ended[w] = -1;
    }
    for (;;) {
        double next = INFINITY;

        for (int w = 0; w < plain->n_workers; w++)
            plain->working[w] = ended[w] < 0 && now >= (double)starts[w];
        memset(plain->rate, 0, sizeof plain->rate);
        solve(plain, 0, cpus);
        for (int w = 0; w < plain->n_workers; w++) {
            if (plain->working[w]) {
                if (plain->rate[GROUPS + w] > 0)
                    next = fmin(next, plain->left[w] / plain->rate[GROUPS + w]);
                next = fmin(next, (double)kills[w] - now);
            } else if (ended[w] < 0) {
                next = fmin(next, (double)starts[w] - now);
            }
        }
        if (next == INFINITY)
            break;
        next = fmin(next, next_turn(plain, now));
        now += next;
        take_turns(plain, now, next);
        for (int w = 0; w < plain->n_workers; w++) {
            if (!plain->working[w])
                continue;
            plain->left[w] -= next * plain->rate[GROUPS + w];
            if (plain->left[w] < 1e-6 || now >= (double)kills[w])
                ended[w] = now;
        }
    }
}

/* Where a quota is used up just when work is done, a moment's rounding decides whether it is a period
 * later. */
#define SWAY_USEC 25

/* Random groups and workers that come and are killed at random times; both must agree on when each
 * ends. `exact`: limits are quotas that are taken period by period. */
static void compare_random_tree(int round, bool exact)
{
    static const double limits[] = {0.25, 0.5, 1, 1.5, 2, 1e6};
    struct plain plain = {.n_groups = 1};
    struct share share;
    int32_t ids[GROUPS] = {SHARE_ROOT}, workers[WORKERS];
    int64_t starts[WORKERS], kills[WORKERS], amounts[WORKERS], done[WORKERS], who;
    double ended[3][WORKERS];
    int n = 0, cpus = 1 + (int)pick(round, &n, 3);

    share_init(&share, (uint64_t)cpus * CPU);
    share.exact = exact;
    plain.limit[0] = cpus;
    for (int g = 1; g < GROUPS && pick(round, &n, 5) > 0; g++) {
        double limit = limits[pick(round, &n, 6)];
        int64_t phase = SHARE_PHASE_NONE;

        if (exact && limit < 1e5) {
            limit *= (double)(900 + pick(round, &n, 100)) / 1000;
            phase = pick(round, &n, 100 * MSEC);
            plain.has_quota[g] = true;
            plain.quota[g] = limit;
            plain.budget[g] = limit * 100 * MSEC;
            plain.period_end[g] = (double)phase;
        }
        plain.parent[g] = (int)pick(round, &n, g);
        plain.by_members[g] = pick(round, &n, 4) == 0;
        plain.weight[g] = (double)(2 + pick(round, &n, 2000));
        plain.limit[g] = plain.has_quota[g] ? 1e6 : limit;
        plain.n_groups = g + 1;
        ids[g] = share_add_group(
            &share, ids[plain.parent[g]],
            plain.by_members[g] ? SHARE_WEIGHT_OF_MEMBERS : (uint32_t)plain.weight[g],
            limit > 1e5 ? SHARE_RATE_MAX : (uint64_t)(limit * (double)CPU), phase);
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
        done[w] = -1;
    }

    for (int i = 0; i < 3; i++)
        run_plain(plain, cpus, starts, kills, (i - 1) * (exact ? SWAY_USEC : 0), ended[i]);

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
    for (int w = 0; w < plain.n_workers; w++) {
        double low = fmin(fmin(ended[0][w], ended[1][w]), ended[2][w]);
        double high = fmax(fmax(ended[0][w], ended[1][w]), ended[2][w]);
        double slack = 60 + high * 1e-5;

        cr_assert((double)done[w] >= low - slack && (double)done[w] <= high + slack,
                  "round %d, worker %d: %lld instead of %f", round, w, (long long)done[w],
                  ended[1][w]);
    }
    cr_assert(share.next_usec == USEC_NEVER);
    share_finish(&share);
}

Test(share, of_random_trees_is_what_bisection_says)
{
    for (int round = 0; round < 3000; round++)
        compare_random_tree(round, false);
}

Test(share, of_random_trees_with_quotas_is_what_a_loop_over_periods_says)
{
    for (int round = 0; round < 120; round++)
        compare_random_tree(round, true);
}
