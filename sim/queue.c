/*
 * A radix heap with 64 slots a level (Ahuja, Mehlhorn, Orlin, Tarjan: "Faster algorithms for the
 * shortest path problem", 1990): an entry lies on the level of the highest group of six bits in
 * which its time differs from `base_usec`, in the slot of those bits. When the earliest slot is
 * opened its entries spread over the lower levels in order, so equal times stay first in, first
 * out. A slot with few entries is sorted into `near` at once instead.
 */
#include "queue.h"

#include "core/array.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>

#define LEVEL_BITS 6
#define CHUNK_ENTRIES 15
#define NEAR_AT_ONCE 32 /* slots up to this size are sorted: measured with tests/bench/hold */
#define USEC_LIMIT (INT64_MAX / 2)

/* So few pending entries lie in `near` whatever their times, until there are so many. */
#define FEW 8
#define MANY 32

struct queue_chunk {
    struct queue_entry entries[CHUNK_ENTRIES];
    int32_t n;
    int32_t next;
};

void queue_init(struct queue *queue)
{
    *queue = (struct queue){.free_chunk = ID_NONE};
    for (int level = 0; level < QUEUE_LEVELS; level++)
        for (int slot = 0; slot < QUEUE_SLOTS; slot++)
            queue->slots[level][slot] = (struct queue_slot){.first = ID_NONE, .last = ID_NONE};
}

void queue_finish(struct queue *queue)
{
    free(queue->chunks);
    queue_init(queue);
}

static int32_t new_chunk(struct queue *queue)
{
    int32_t chunk = queue->free_chunk;

    if (chunk != ID_NONE) {
        queue->free_chunk = queue->chunks[chunk].next;
    } else {
        if (queue->n_chunks == queue->cap_chunks) {
            queue->cap_chunks = queue->cap_chunks ? queue->cap_chunks * 2 : 64;
            queue->chunks =
                realloc(queue->chunks, (size_t)queue->cap_chunks * sizeof *queue->chunks);
            assert(queue->chunks != NULL);
        }
        chunk = queue->n_chunks++;
    }
    queue->chunks[chunk].n = 0;
    queue->chunks[chunk].next = ID_NONE;
    return chunk;
}

static void free_chunk(struct queue *queue, int32_t chunk)
{
    queue->chunks[chunk].next = queue->free_chunk;
    queue->free_chunk = chunk;
}

static void append(struct queue *queue, const struct queue_entry *entry)
{
    uint64_t differs = (uint64_t)(entry->at_usec ^ queue->base_usec);
    int level = differs ? (63 - __builtin_clzll(differs)) / LEVEL_BITS : 0;
    int at = (int)(entry->at_usec >> (level * LEVEL_BITS)) & (QUEUE_SLOTS - 1);
    struct queue_slot *slot = &queue->slots[level][at];
    struct queue_chunk *chunk;

    if (slot->last == ID_NONE || queue->chunks[slot->last].n == CHUNK_ENTRIES) {
        int32_t fresh = new_chunk(queue);

        if (slot->last == ID_NONE)
            slot->first = fresh;
        else
            queue->chunks[slot->last].next = fresh;
        slot->last = fresh;
        queue->used[level] |= UINT64_C(1) << at;
    }
    chunk = &queue->chunks[slot->last];
    chunk->entries[chunk->n++] = *entry;
    slot->n++;
}

static void insert_near(struct queue *queue, int64_t at_usec, uint32_t what, int32_t id)
{
    uint64_t rest = what | (uint64_t)(uint32_t)id << 32;
    int i = queue->n_near++;

    if (i == 1) { /* which of two is earlier nobody can predict: without a branch */
        int later = queue->near_usec[0] <= at_usec;
        int64_t other_usec = queue->near_usec[0];
        uint64_t other_rest = queue->near_rest[0];

        queue->near_usec[later] = other_usec;
        queue->near_rest[later] = other_rest;
        queue->near_usec[1 - later] = at_usec;
        queue->near_rest[1 - later] = rest;
        return;
    }
    for (; i > 0 && queue->near_usec[i - 1] <= at_usec; i--) {
        queue->near_usec[i] = queue->near_usec[i - 1];
        queue->near_rest[i] = queue->near_rest[i - 1];
    }
    queue->near_usec[i] = at_usec;
    queue->near_rest[i] = rest;
}

static struct queue_entry near_at(const struct queue *queue, int i)
{
    return (struct queue_entry){queue->near_usec[i], (uint32_t)queue->near_rest[i],
                                (int32_t)(queue->near_rest[i] >> 32)};
}

static struct queue_entry take_near(struct queue *queue)
{
    return near_at(queue, --queue->n_near);
}

/* `near` is full: its entries go to the levels below the slot they came from, which are empty. */
static void spread_near(struct queue *queue)
{
    queue->base_usec = queue->now_usec;
    queue->near_end_usec = 0;
    while (queue->n_near > 0) {
        struct queue_entry entry = take_near(queue);

        append(queue, &entry);
    }
}

void queue_push(struct queue *queue, int64_t at_usec, uint32_t what, int32_t id)
{
    struct queue_entry entry;

    assert(at_usec >= queue->now_usec && at_usec < USEC_LIMIT);
    if (queue->n_entries++ == queue->n_near && queue->n_near < FEW)
        queue->near_end_usec = USEC_LIMIT;
    if (at_usec < queue->near_end_usec) {
        if (queue->n_near < (queue->near_end_usec == USEC_LIMIT ? MANY : QUEUE_NEAR)) {
            insert_near(queue, at_usec, what, id);
            return;
        }
        spread_near(queue);
    }
    entry = (struct queue_entry){at_usec, what, id};
    append(queue, &entry);
}

/* Empties the earliest slot of the lowest level in use and moves its entries to where they belong
 * now: into `near` or to the levels below. */
static void open_slot(struct queue *queue, int level, int at)
{
    struct queue_slot slot = queue->slots[level][at];
    int shift = level * LEVEL_BITS;
    int64_t above = queue->base_usec >> shift >> LEVEL_BITS << LEVEL_BITS;
    bool few = slot.n <= NEAR_AT_ONCE;

    queue->slots[level][at] = (struct queue_slot){.first = ID_NONE, .last = ID_NONE};
    queue->used[level] &= ~(UINT64_C(1) << at);
    queue->base_usec = (above | at) << shift;
    if (few)
        queue->near_end_usec = queue->base_usec + (INT64_C(1) << shift);
    for (int32_t chunk = slot.first; chunk != ID_NONE;) {
        int32_t next = queue->chunks[chunk].next;

        for (int i = 0; i < queue->chunks[chunk].n; i++) {
            /* A copy: appending may move the chunks. */
            struct queue_entry entry = queue->chunks[chunk].entries[i];

            if (few)
                insert_near(queue, entry.at_usec, entry.what, entry.id);
            else
                append(queue, &entry);
        }
        free_chunk(queue, chunk);
        chunk = next;
    }
}

/* Takes the first entry of a slot of level 0, whose times are all equal. */
static void pop_slot(struct queue *queue, int at, struct queue_entry *entry)
{
    struct queue_slot *slot = &queue->slots[0][at];
    int32_t first = slot->first;
    struct queue_chunk *chunk = &queue->chunks[first];

    *entry = chunk->entries[slot->taken++];
    queue->base_usec = entry->at_usec;
    if (slot->taken < chunk->n)
        return;
    slot->taken = 0;
    slot->first = chunk->next;
    if (slot->first == ID_NONE) {
        slot->last = ID_NONE;
        queue->used[0] &= ~(UINT64_C(1) << at);
    }
    free_chunk(queue, first);
}

bool queue_pop(struct queue *queue, struct queue_entry *entry)
{
    if (queue->n_entries == 0)
        return false;
    while (queue->n_near == 0 && queue->used[0] == 0) {
        int level = 1;

        while (queue->used[level] == 0)
            level++;
        open_slot(queue, level, __builtin_ctzll(queue->used[level]));
    }
    if (queue->n_near > 0)
        *entry = take_near(queue);
    else
        pop_slot(queue, __builtin_ctzll(queue->used[0]), entry);
    queue->n_entries--;
    queue->now_usec = entry->at_usec;
    return true;
}

bool queue_foresee(const struct queue *queue, int n, struct queue_entry *entry)
{
    if (n >= queue->n_near)
        return false;
    *entry = near_at(queue, queue->n_near - 1 - n);
    return true;
}
