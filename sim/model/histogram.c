/*
 * The slow half of the histogram: what is done once an interval or once a run.
 */
#include "model/histogram.h"

#include <assert.h>
#include <string.h>

void histogram_init(struct histogram *histogram)
{
    memset(histogram, 0, sizeof *histogram);
    histogram->first = HISTOGRAM_BUCKETS;
    histogram->last = -1;
}

/* The shortest latency in a bucket that is 2^`shift` wide. */
static int64_t begin_usec(int32_t bucket, int *shift)
{
    int64_t in_doubling = bucket & ((1 << HISTOGRAM_BITS) - 1);

    assert(bucket >= 0 && bucket < HISTOGRAM_BUCKETS);
    *shift = (bucket >> HISTOGRAM_BITS) - 1;
    if (*shift > 0)
        return (in_doubling + (1 << HISTOGRAM_BITS)) << *shift;
    *shift = 0;
    return bucket;
}

int64_t histogram_value_usec(int32_t bucket)
{
    int shift;
    int64_t begin = begin_usec(bucket, &shift);

    return begin + (INT64_C(1) << shift) / 2;
}

int64_t histogram_upto_usec(int32_t bucket)
{
    int shift;
    int64_t begin = begin_usec(bucket, &shift);

    return begin + (INT64_C(1) << shift) - 1;
}

void histogram_merge(struct histogram *histogram, const struct histogram *other)
{
    for (int32_t i = other->first; i <= other->last; i++)
        histogram->counts[i] += other->counts[i];
    histogram->n += other->n;
    histogram->sum_usec += other->sum_usec;
    if (other->first < histogram->first)
        histogram->first = other->first;
    if (other->last > histogram->last)
        histogram->last = other->last;
}

void histogram_clear(struct histogram *histogram)
{
    if (histogram->last >= histogram->first)
        memset(&histogram->counts[histogram->first], 0,
               (size_t)(histogram->last - histogram->first + 1) * sizeof histogram->counts[0]);
    histogram->n = histogram->sum_usec = 0;
    histogram->first = HISTOGRAM_BUCKETS;
    histogram->last = -1;
}

int64_t histogram_percentile_usec(const struct histogram *histogram, int permille)
{
    int64_t rank = histogram->n / 1000 * permille + (histogram->n % 1000 * permille + 999) / 1000;
    int64_t seen = 0;

    assert(permille > 0 && permille <= 1000);
    for (int32_t i = histogram->first; i <= histogram->last; i++) {
        seen += histogram->counts[i];
        if (seen >= rank)
            return histogram_value_usec(i);
    }
    return 0;
}
