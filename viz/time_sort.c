/*
 * Sixteen bits at a time, from the lowest on, where they differ at all. It must never know what happens at the
 * moments.
 */
#include "viz/time_sort.h"

#include <assert.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BITS 16
#define FEW 256

struct entry {
    uint64_t moment;
    int at;
};

static uint64_t moment_of(const void *items, size_t at, size_t size)
{
    int64_t moment;
    memcpy(&moment, (const char *)items + at * size, sizeof moment);
    return (uint64_t)moment ^ UINT64_C(1)
                                  << 63; /* moments before 0 come first: broken logs have some */
}

/* What few there are is put in its place one by one: counting would cost more. */
static void insert(struct entry *entries, int n)
{
    for (int i = 1; i < n; i++) {
        struct entry entry = entries[i];
        int to = i;
        for (; to > 0 && entries[to - 1].moment > entry.moment; to--)
            entries[to] = entries[to - 1];
        entries[to] = entry;
    }
}

static void pass(const struct entry *from, struct entry *to, int n, int shift)
{
    static int first[1 << BITS];
    memset(first, 0, sizeof first);
    for (int i = 0; i < n; i++)
        first[from[i].moment >> shift & ((1 << BITS) - 1)]++;
    for (int digit = 0, sum = 0; digit < 1 << BITS; digit++) {
        int count = first[digit];
        first[digit] = sum;
        sum += count;
    }
    for (int i = 0; i < n; i++)
        to[first[from[i].moment >> shift & ((1 << BITS) - 1)]++] = from[i];
}

static void sort_ties(char *items, int n, size_t size, int (*ties)(const void *, const void *))
{
    for (int i = 0, end; i < n; i = end) {
        uint64_t moment = moment_of(items, (size_t)i, size);
        for (end = i + 1; end < n && moment_of(items, (size_t)end, size) == moment;)
            end++;
        if (end - i > 1)
            qsort(items + (size_t)i * size, (size_t)(end - i), size, ties);
    }
}

void time_sort(void *items, int n, size_t size, int (*ties)(const void *, const void *))
{
    if (n < 2)
        return;
    struct entry *entries = calloc((size_t)n, sizeof *entries);
    struct entry *others = calloc((size_t)n, sizeof *others);
    char *sorted = malloc((size_t)n * size);
    uint64_t differ = 0;
    assert(entries && others && sorted);
    for (int i = 0; i < n; i++) {
        entries[i] = (struct entry){moment_of(items, (size_t)i, size), i};
        differ |= entries[i].moment ^ entries[0].moment;
    }
    if (n <= FEW)
        insert(entries, n);
    for (int shift = 0; shift < 64 && n > FEW; shift += BITS) {
        if ((differ >> shift & ((1 << BITS) - 1)) == 0)
            continue;
        pass(entries, others, n, shift);
        struct entry *swapped = entries;
        entries = others;
        others = swapped;
    }
    for (int i = 0; i < n; i++)
        memcpy(sorted + (size_t)i * size, (char *)items + (size_t)entries[i].at * size, size);
    memcpy(items, sorted, (size_t)n * size);
    free(sorted);
    free(others);
    free(entries);
    if (ties)
        sort_ties(items, n, size, ties);
}
