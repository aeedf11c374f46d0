/*
 * The hold model: a queue of a fixed number of pending events, of which the earliest is taken and
 * one put in again, an exponential time later. Beside berth's queue a plain binary heap does the
 * same, in the same run, so that the ratio means something on any machine.
 */
#include "bench.h"

#include "model/distribution.h"
#include "queue.h"

#include <stdlib.h>

#define DELAYS (1 << 12)
#define MEAN_USEC (1000 * USEC_PER_SEC)

struct heap_entry {
    struct queue_entry entry;
    uint64_t seq;
};

struct heap {
    struct heap_entry *entries; /* from 1 on */
    int64_t n;
    uint64_t seq;
};

static int64_t delays[DELAYS];

static bool earlier(const struct heap_entry *a, const struct heap_entry *b)
{
    if (a->entry.at_usec != b->entry.at_usec)
        return a->entry.at_usec < b->entry.at_usec;
    return a->seq < b->seq;
}

static void heap_push(struct heap *heap, int64_t at_usec, int32_t id)
{
    struct heap_entry fresh = {{at_usec, 0, id}, ++heap->seq};
    int64_t i = ++heap->n;

    for (; i > 1 && earlier(&fresh, &heap->entries[i / 2]); i /= 2)
        heap->entries[i] = heap->entries[i / 2];
    heap->entries[i] = fresh;
}

static void heap_pop(struct heap *heap, struct queue_entry *entry)
{
    struct heap_entry last = heap->entries[heap->n--];
    int64_t i = 1;

    *entry = heap->entries[1].entry;
    for (int64_t child; (child = 2 * i) <= heap->n; i = child) {
        if (child < heap->n && earlier(&heap->entries[child + 1], &heap->entries[child]))
            child++;
        if (!earlier(&heap->entries[child], &last))
            break;
        heap->entries[i] = heap->entries[child];
    }
    heap->entries[i] = last;
}

/* Nanoseconds a hold. The digest of what came out shows that both took the same order. */
static double hold_queue(int64_t pending, int64_t holds, uint64_t *digest)
{
    struct queue queue;
    struct queue_entry entry;
    double start = 0;

    queue_init(&queue);
    for (int64_t i = 0; i < pending; i++)
        queue_push(&queue, delays[i % DELAYS], 0, (int32_t)i);
    for (int64_t i = -pending; i < holds; i++) {
        if (i == 0)
            start = bench_seconds();
        queue_pop(&queue, &entry);
        *digest = *digest * 31 + (uint64_t)entry.id;
        queue_push(&queue, entry.at_usec + delays[(uint64_t)(i * 7 + entry.id) % DELAYS], 0,
                   entry.id);
    }
    start = bench_seconds() - start;
    queue_finish(&queue);
    return start / (double)holds * 1e9;
}

static double hold_heap(int64_t pending, int64_t holds, uint64_t *digest)
{
    struct heap heap = {.entries = malloc((size_t)(pending + 2) * sizeof *heap.entries)};
    struct queue_entry entry;
    double start = 0;

    for (int64_t i = 0; i < pending; i++)
        heap_push(&heap, delays[i % DELAYS], (int32_t)i);
    for (int64_t i = -pending; i < holds; i++) {
        if (i == 0)
            start = bench_seconds();
        heap_pop(&heap, &entry);
        *digest = *digest * 31 + (uint64_t)entry.id;
        heap_push(&heap, entry.at_usec + delays[(uint64_t)(i * 7 + entry.id) % DELAYS], entry.id);
    }
    start = bench_seconds() - start;
    free(heap.entries);
    return start / (double)holds * 1e9;
}

int main(int argc, char **argv)
{
    static const int64_t sizes[] = {1000, 100000, 1000000};
    struct distribution delay = {.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = MEAN_USEC};
    bool json = bench_wants_json(argc, argv);

    for (int i = 0; i < DELAYS; i++)
        delays[i] = distribution_sample(&delay, 1, DRAW_WORK, i, 0);
    bench_title(json, "hold model, exponential delays of 1000 s in microseconds", "ns/event");
    for (int i = 0; i < 3; i++) {
        int64_t holds = sizes[i] < 1000000 ? 4000000 : 3000000;
        uint64_t queue_digest = 0, heap_digest = 0;
        double heap = hold_heap(sizes[i], holds, &heap_digest);
        double queue = hold_queue(sizes[i], holds, &queue_digest);

        if (queue_digest != heap_digest) {
            fprintf(stderr, "hold: the two queues differ in order at %lld pending\n",
                    (long long)sizes[i]);
            return 70;
        }
        bench_row(json, "hold", "queue", sizes[i], queue, "ns", "binary heap", heap);
        bench_row(json, "hold", "binary heap", sizes[i], heap, "ns", NULL, 0);
    }
    return 0;
}
