/*
 * Latencies in buckets whose width grows with them: below 64 us each microsecond has its own, above
 * that every doubling has 64, so a percentile is right to within 0.8 % (as in G. Tene's
 * HdrHistogram). All in integers, so that histograms of parts add up to that of the whole.
 */
#ifndef BERTH_MODEL_HISTOGRAM_H
#define BERTH_MODEL_HISTOGRAM_H

#include <stdint.h>

#define HISTOGRAM_BITS 6
#define HISTOGRAM_DOUBLINGS 35 /* up to 2^41 us, 25 days; what is longer counts as that */
#define HISTOGRAM_BUCKETS ((HISTOGRAM_DOUBLINGS + 1) << HISTOGRAM_BITS)

struct histogram {
    int64_t n;
    int64_t sum_usec;
    int32_t first, last; /* buckets in use lie between these; first > last: none */
    int64_t counts[HISTOGRAM_BUCKETS];
};

void histogram_init(struct histogram *histogram);

/* The bucket of a latency; negative ones count as 0. */
static inline int32_t histogram_bucket(int64_t usec)
{
    int shift;

    if (usec < 1 << HISTOGRAM_BITS)
        return usec < 0 ? 0 : (int32_t)usec;
    shift = 63 - __builtin_clzll((uint64_t)usec) - HISTOGRAM_BITS;
    if (shift >= HISTOGRAM_DOUBLINGS)
        return HISTOGRAM_BUCKETS - 1;
    return (int32_t)(((shift + 1) << HISTOGRAM_BITS) +
                     ((usec >> shift) & ((1 << HISTOGRAM_BITS) - 1)));
}

/* The middle of a bucket, and the longest latency in it. */
int64_t histogram_value_usec(int32_t bucket);
int64_t histogram_upto_usec(int32_t bucket);

/* Counts in a bucket, whose sum of latencies is for the caller to add. */
static inline void histogram_add_bucket(struct histogram *histogram, int32_t bucket, int64_t n)
{
    histogram->n += n;
    histogram->counts[bucket] += n;
    if (bucket < histogram->first)
        histogram->first = bucket;
    if (bucket > histogram->last)
        histogram->last = bucket;
}

static inline void histogram_add_many(struct histogram *histogram, int64_t usec, int64_t n)
{
    histogram->sum_usec += usec * n;
    histogram_add_bucket(histogram, histogram_bucket(usec), n);
}

static inline void histogram_add(struct histogram *histogram, int64_t usec)
{
    histogram_add_many(histogram, usec, 1);
}

/* Adds another's counts. */
void histogram_merge(struct histogram *histogram, const struct histogram *other);

/* Empties it, which costs as much as it holds. */
void histogram_clear(struct histogram *histogram);

/* The latency that `permille` of a thousand do not exceed, 0 of an empty histogram; 0 < permille <=
 * 1000. */
int64_t histogram_percentile_usec(const struct histogram *histogram, int permille);

#endif
