/*
 * The simulator's event queue: what comes next, and among equal times what was put in first. Knows
 * nothing of what an entry means. Time only goes forward, which is what makes it fast: an entry is
 * touched about three times in its life, however many are pending.
 */
#ifndef BERTH_QUEUE_H
#define BERTH_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

struct queue_entry {
    int64_t at_usec;
    uint32_t what; /* the owner's, as is `id` */
    int32_t id;
};

#define QUEUE_LEVELS 11 /* of 6 bits each: all of 63 bits */
#define QUEUE_SLOTS 64
#define QUEUE_NEAR 64

struct queue_slot {
    int32_t first, last; /* chunks, ID_NONE where empty */
    int32_t n;
    int32_t taken; /* of the first chunk; only on level 0, whose slots are emptied one by one */
};

struct queue {
    int64_t base_usec; /* no entry outside `near` is earlier */
    int64_t now_usec;  /* of the last pop */
    int64_t n_entries;
    uint64_t used[QUEUE_LEVELS]; /* a bit for each slot that is not empty */
    struct queue_slot slots[QUEUE_LEVELS][QUEUE_SLOTS];
    /* Before near_end_usec, latest first. Two arrays: what was just written is read again at once, in
     * pieces of the same size. */
    int64_t near_usec[QUEUE_NEAR];
    uint64_t near_rest[QUEUE_NEAR]; /* `what` below `id` */
    int n_near;
    int64_t near_end_usec;
    struct queue_chunk *chunks;
    int32_t n_chunks, cap_chunks;
    int32_t free_chunk;
};

void queue_init(struct queue *queue);
void queue_finish(struct queue *queue);

/* `at_usec` is not before the last entry taken out. */
void queue_push(struct queue *queue, int64_t at_usec, uint32_t what, int32_t id);

/* Takes out the earliest entry, of equal ones the first put in. False where the queue is empty. */
bool queue_pop(struct queue *queue, struct queue_entry *entry);

/* The entry that will come after `n` others, as far as is known now. False where it is not known. */
bool queue_foresee(const struct queue *queue, int n, struct queue_entry *entry);

#endif
