/*
 * The items that stand at one spot, lowest first, for the files of the shelf alone. Whoever leaves is cleared
 * away late: an entry counts as long as its item's seat says that it stands here. Few stand in the record
 * itself.
 */
#ifndef BERTH_CORE_SHELF_HEAP_H
#define BERTH_CORE_SHELF_HEAP_H

#include <stdint.h>

#define SHELF_FEW 12 /* fill a cache line with the rest */

struct shelf_heap {
    int32_t n_items; /* that stand here */
    int32_t n,
        cap; /* entries; cap 0: they are few. One item may have two, which then leave together */
    union {
        int32_t few[SHELF_FEW];
        int32_t *many;
    };
};

void shelf_heap_finish(struct shelf_heap *heap);

/* Clears away all entries that count no more. `seats` by item, `here` is the heap's own number in them. */
void shelf_heap_clear(struct shelf_heap *heap, int32_t *seats, int32_t here);

/* Room for one more entry. */
void shelf_heap_make_room(struct shelf_heap *heap, int32_t *seats, int32_t here);

static inline int32_t *shelf_heap_entries(struct shelf_heap *heap)
{
    return heap->cap > 0 ? heap->many : heap->few;
}

/* Where there is an item: the lowest. */
static inline int32_t shelf_heap_lowest(const struct shelf_heap *heap)
{
    return heap->cap > 0 ? heap->many[0] : heap->few[0];
}

/* Puts the item there in the heap or, where lower ones stand below, further down. */
static inline void shelf_heap_sink(int32_t *entries, uint32_t n, uint32_t at, int32_t item)
{
    for (uint32_t below; (below = 2 * at + 1) < n; at = below) {
        below += below + 1 < n && entries[below + 1] < entries[below];
        if (entries[below] >= item)
            break;
        entries[at] = entries[below];
    }
    entries[at] = item;
}

static inline void shelf_heap_add(struct shelf_heap *heap, int32_t *seats, int32_t here,
                                  int32_t item)
{
    int32_t *entries;
    uint32_t at;

    if (heap->n == (heap->cap > 0 ? heap->cap : SHELF_FEW))
        shelf_heap_make_room(heap, seats, here);
    entries = shelf_heap_entries(heap);
    at = (uint32_t)heap->n++;
    for (; at > 0 && entries[(at - 1) / 2] > item; at = (at - 1) / 2)
        entries[at] = entries[(at - 1) / 2];
    entries[at] = item;
    heap->n_items++;
}

/* The item's seat says something else already. */
static inline void shelf_heap_remove(struct shelf_heap *heap, const int32_t *seats, int32_t here,
                                     int32_t item)
{
    int32_t *entries = shelf_heap_entries(heap);

    if (--heap->n_items == 0)
        heap->n = 0;
    else if (entries[0] == item)
        do {
            heap->n--;
            shelf_heap_sink(entries, (uint32_t)heap->n, 0, entries[heap->n]);
        } while (seats[entries[0]] != here);
}

#endif
