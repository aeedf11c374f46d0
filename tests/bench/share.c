/*
 * Work that comes and goes on shared CPUs: of so many workers, whenever one is done another begins.
 * Beside model/share a plain version shares out anew among all of them with each change, and both must
 * agree on how long it took. Flat: workers of many weights on 64 CPUs, each at most one. Nested: they
 * stand two in a group, as containers in tasks.
 */
#include "bench.h"

#include "core/draw.h"
#include "model/share.h"

#include <math.h>
#include <stdlib.h>

#define CPUS 64
#define MEAN_USEC 1000000

static uint32_t weight_of(int64_t n)
{
    return 2 + (uint32_t)draw_below(1, DRAW_WORK, n, 0, 1000);
}

static int64_t amount_of(int64_t n)
{
    return 1 + (int64_t)draw_below(1, DRAW_WORK, n, 1, 2 * MEAN_USEC);
}

/* Nanoseconds a change, one taken and one added; `end` is when the last of them was taken. */
static double churn(int workers, int changes, bool nested, int64_t *end)
{
    struct share share;
    int32_t *groups = malloc((size_t)workers * sizeof *groups);
    double start;
    int64_t who, now = 0;

    share_init(&share, CPUS * SHARE_ONE_CPU);
    for (int i = 0; i < workers; i++) {
        groups[i] = !nested      ? SHARE_ROOT
                    : i % 2 == 0 ? share_add_group(&share, SHARE_ROOT, 1024, SHARE_RATE_MAX,
                                                   SHARE_PHASE_NONE)
                                 : groups[i - 1];
        share_add_worker(&share, 0, groups[i], weight_of(i), SHARE_ONE_CPU, amount_of(i), i);
    }
    start = bench_seconds();
    for (int i = 0; i < changes;) {
        now = share.next_usec;
        while (i < changes && share_take_finished(&share, now, &who)) {
            int32_t group = groups[who % workers];

            share_add_worker(&share, now, group, weight_of(workers + i), SHARE_ONE_CPU,
                             amount_of(workers + i), who);
            i++;
        }
    }
    start = bench_seconds() - start;
    share_finish(&share);
    free(groups);
    *end = now;
    return start * 1e9 / changes;
}

struct plain {
    double weight, left, rate;
};

/* Gives each its part: whoever would get more than a CPU is held at one, as often as that happens. */
static void share_out(struct plain *all, int n)
{
    double capacity = CPUS, weights;
    bool again = true;

    for (int i = 0; i < n; i++)
        all[i].rate = 0;
    while (again) {
        again = false;
        weights = 0;
        for (int i = 0; i < n; i++)
            weights += all[i].rate == 1 ? 0 : all[i].weight;
        for (int i = 0; i < n; i++)
            if (all[i].rate != 1 && all[i].weight * capacity >= weights) {
                all[i].rate = 1;
                again = true;
            }
        capacity = CPUS;
        for (int i = 0; i < n; i++)
            capacity -= all[i].rate == 1;
        for (int i = 0; i < n && !again; i++)
            if (all[i].rate != 1)
                all[i].rate = capacity * all[i].weight / weights;
    }
}

static double churn_scan(int workers, int changes, int64_t *end)
{
    struct plain *all = malloc((size_t)workers * sizeof *all);
    double start, now = 0;

    for (int i = 0; i < workers; i++)
        all[i] = (struct plain){weight_of(i), (double)amount_of(i), 0};
    start = bench_seconds();
    for (int i = 0; i < changes; i++) {
        int first = 0;
        double usec;

        share_out(all, workers);
        for (int k = 1; k < workers; k++)
            if (all[k].left / all[k].rate < all[first].left / all[first].rate)
                first = k;
        usec = all[first].left / all[first].rate;
        for (int k = 0; k < workers; k++)
            all[k].left -= usec * all[k].rate;
        now += usec;
        all[first] = (struct plain){weight_of(workers + i), (double)amount_of(workers + i), 0};
    }
    start = bench_seconds() - start;
    free(all);
    *end = (int64_t)now;
    return start * 1e9 / changes;
}

int main(int argc, char **argv)
{
    static const int sizes[] = {10, 100, 1000, 10000, 100000};
    bool json = bench_wants_json(argc, argv);
    int status = 0;

    bench_title(json, "Sharing 64 CPUs: one is done, another begins", "ns");
    for (int i = 0; i < 5; i++) {
        int changes = 100000, few = sizes[i] <= 1000 ? 3000 : 30;
        int64_t end, same, other;
        double ns = churn(sizes[i], changes, false, &end), scan;

        if (sizes[i] > 10000) {
            bench_row(json, "share", "flat", sizes[i], ns, "ns", NULL, 0);
        } else {
            churn(sizes[i], few, false, &same);
            scan = churn_scan(sizes[i], few, &other);
            bench_row(json, "share", "flat", sizes[i], ns, "ns", "flat-scan", scan);
            if (llabs(same - other) > 100 + other / 1000) {
                fprintf(stderr, "share: %lld us, scan: %lld us\n", (long long)same,
                        (long long)other);
                status = 1;
            }
        }
        bench_row(json, "share", "nested", sizes[i], churn(sizes[i], changes, true, &end), "ns",
                  NULL, 0);
    }
    return status;
}
