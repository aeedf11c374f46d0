/*
 * Buckets, percentiles and sums of latencies.
 */
#include "model/histogram.h"

#include "core/draw.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static struct histogram a, b;

Test(histogram, has_a_bucket_for_every_latency_in_order)
{
    int32_t last = 0;

    for (int64_t usec = 0; usec < 100000; usec++) {
        int32_t bucket = histogram_bucket(usec);

        cr_assert(bucket == last || bucket == last + 1, "%lld", (long long)usec);
        last = bucket;
    }
    for (int shift = 0; shift < 63; shift++) {
        int64_t usec = INT64_C(1) << shift;

        cr_assert(histogram_bucket(usec) < HISTOGRAM_BUCKETS);
        cr_assert(histogram_bucket(usec - 1) <= histogram_bucket(usec));
    }
    cr_assert(histogram_bucket(INT64_MAX) == HISTOGRAM_BUCKETS - 1);
    cr_assert(histogram_bucket(-5) == 0);
}

Test(histogram, is_right_to_within_a_hundredth)
{
    for (int64_t usec = 0; usec < INT64_C(1) << 40; usec = usec * 9 / 8 + 1) {
        int64_t value = histogram_value_usec(histogram_bucket(usec));

        cr_assert(llabs(value - usec) * 100 <= usec, "%lld: %lld", (long long)usec,
                  (long long)value);
    }
}

Test(histogram, knows_where_its_buckets_end)
{
    for (int32_t i = 0; i < HISTOGRAM_BUCKETS - 1; i++) {
        cr_assert(histogram_bucket(histogram_upto_usec(i)) == i);
        cr_assert(histogram_bucket(histogram_upto_usec(i) + 1) == i + 1);
        cr_assert(histogram_bucket(histogram_value_usec(i)) == i);
    }
}

Test(histogram, finds_percentiles)
{
    histogram_init(&a);
    cr_assert(histogram_percentile_usec(&a, 500) == 0);
    for (int64_t i = 1; i <= 1000; i++)
        histogram_add(&a, i * 10);
    cr_assert(llabs(histogram_percentile_usec(&a, 500) - 5000) <= 50);
    cr_assert(llabs(histogram_percentile_usec(&a, 950) - 9500) <= 95);
    cr_assert(llabs(histogram_percentile_usec(&a, 990) - 9900) <= 99);
    cr_assert(llabs(histogram_percentile_usec(&a, 1000) - 10000) <= 100);
    cr_assert(llabs(histogram_percentile_usec(&a, 1) - 10) <= 1);
    cr_assert(a.n == 1000 && a.sum_usec == 5005000);
}

Test(histogram, of_parts_adds_up)
{
    static struct histogram whole;

    histogram_init(&a);
    histogram_init(&b);
    histogram_init(&whole);
    for (int64_t i = 0; i < 5000; i++) {
        int64_t usec = (int64_t)draw_below(1, DRAW_SERVICE, 0, i, 1u << (i % 30));

        histogram_add(i % 3 ? &a : &b, usec);
        histogram_add(&whole, usec);
    }
    histogram_merge(&a, &b);
    cr_assert(a.n == whole.n && a.sum_usec == whole.sum_usec && a.first == whole.first &&
              a.last == whole.last);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        cr_assert(a.counts[i] == whole.counts[i]);
    histogram_clear(&a);
    cr_assert(a.n == 0 && histogram_percentile_usec(&a, 990) == 0);
    for (int i = 0; i < HISTOGRAM_BUCKETS; i++)
        cr_assert(a.counts[i] == 0);
}
