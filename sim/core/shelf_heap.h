/*
 * The items that stand at one spot and which of them is the lowest, for the files of the shelf alone. Coming
 * and going only write down: an entry counts as long as its item's seat says that it stands here. Order is
 * made when somebody asks for the lowest after it has left, and at most spots nobody ever asks: what is full
 * is no answer. Few stand in the record itself.
 */
#ifndef BERTH_CORE_SHELF_HEAP_H
#define BERTH_CORE_SHELF_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#define SHELF_NOBODY INT32_MAX /* the lowest item where nobody stands */
#define SHELF_UNSURE (-1)      /* the lowest item where it has left: shelf_heap_lowest() knows */
#define SHELF_FEW 12           /* fill a cache line with the rest */

struct shelf_heap {
    int32_t n_items;  /* that stand here */
    int32_t n;        /* entries: one item may have two, which then leave together */
    int32_t cap;      /* 0: they are few */
    int32_t n_heaped; /* entries: the first so many are a heap */
    union {
        int32_t few[SHELF_FEW];
        int32_t *many;
    };
};

void shelf_heap_finish(struct shelf_heap *heap);

/* The lowest item where there is one. `seats` by item, `here` is the heap's own number in them. */
int32_t shelf_heap_lowest(struct shelf_heap *heap, const int32_t *seats, int32_t here);

/* Clears away all entries that count no more. */
void shelf_heap_clear(struct shelf_heap *heap, int32_t *seats, int32_t here);

/* Room for one more entry. */
void shelf_heap_make_room(struct shelf_heap *heap, int32_t *seats, int32_t here);

static inline int32_t *shelf_heap_entries(struct shelf_heap *heap)
{
    return heap->cap > 0 ? heap->many : heap->few;
}

/* `lowest` is kept beside the heap, where those look who compare many. */
static inline void shelf_heap_add(struct shelf_heap *heap, int32_t *seats, int32_t here,
                                  int32_t item, int32_t *lowest)
{
    int32_t least = *lowest;

    if (heap->n == (heap->cap > 0 ? heap->cap : SHELF_FEW))
        shelf_heap_make_room(heap, seats, here);
    shelf_heap_entries(heap)[heap->n++] = item;
    heap->n_items++;
    *lowest = item < least ? item : least;
}

/* The item's seat says something else already. Says whether somebody stays. */
static inline bool shelf_heap_remove(struct shelf_heap *heap, int32_t item, int32_t *lowest)
{
    int32_t left = *lowest == item ? SHELF_UNSURE : *lowest;
    int32_t n_items = heap->n_items - 1;
    int32_t stays = -(n_items > 0);

    *lowest = n_items > 0 ? left : SHELF_NOBODY;
    heap->n_items = n_items;
    heap->n &= stays;
    heap->n_heaped &= stays;
    return n_items > 0;
}

#endif
