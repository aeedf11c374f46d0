/*
 * What a heap does when somebody asks or its room runs out: ordering, clearing and growing. Knows its own
 * number in the items' seats, never where it stands nor what the items are.
 */
#include "core/shelf_heap.h"

#include "core/array.h"

#include <stdlib.h>
#include <string.h>

void shelf_heap_finish(struct shelf_heap *heap)
{
    if (heap->cap > 0)
        free(heap->many);
    heap->cap = 0;
}

/* Takes the first entry away: the last one sinks from its place to where no lower one stands below. */
static void pop(int32_t *entries, uint32_t n)
{
    uint32_t at = 0;
    int32_t item = entries[--n];

    for (uint32_t below; (below = 2 * at + 1) < n; at = below) {
        below += below + 1 < n && entries[below + 1] < entries[below];
        if (entries[below] >= item)
            break;
        entries[at] = entries[below];
    }
    entries[at] = item;
}

/* The entry behind a heap becomes part of it. */
static void rise(int32_t *entries, uint32_t at)
{
    int32_t item = entries[at];

    for (; at > 0 && entries[(at - 1) / 2] > item; at = (at - 1) / 2)
        entries[at] = entries[(at - 1) / 2];
    entries[at] = item;
}

int32_t shelf_heap_lowest(struct shelf_heap *heap, const int32_t *seats, int32_t here)
{
    int32_t *entries = shelf_heap_entries(heap);

    while (heap->n_heaped < heap->n)
        rise(entries, (uint32_t)heap->n_heaped++);
    while (seats[entries[0]] != here) {
        pop(entries, (uint32_t)heap->n);
        heap->n_heaped = --heap->n;
    }
    return entries[0];
}

void shelf_heap_clear(struct shelf_heap *heap, int32_t *seats, int32_t here)
{
    int32_t *entries = shelf_heap_entries(heap);
    int32_t kept = 0;

    for (int i = 0; i < heap->n; i++) { /* nobody can foresee which half stays: no branch */
        int32_t item = entries[i], seat = seats[item];

        entries[kept] = item;
        kept += seat == here;
        seats[item] = seat == here ? ~here : seat; /* no second one of the same item */
    }
    heap->n = kept;
    heap->n_heaped = 0;
    for (int i = 0; i < kept; i++)
        seats[entries[i]] = here;
}

/* Grown where less than half is cleared: so it is done seldom. */
void shelf_heap_make_room(struct shelf_heap *heap, int32_t *seats, int32_t here)
{
    int32_t few[SHELF_FEW];

    shelf_heap_clear(heap, seats, here);
    if (heap->n <= (heap->cap > 0 ? heap->cap : SHELF_FEW) / 2)
        return;
    if (heap->cap > 0) {
        heap->many = array_grow(heap->many, heap->cap, &heap->cap, sizeof few[0]);
        return;
    }
    memcpy(few, heap->few, sizeof few);
    heap->many = NULL;
    while (heap->cap <= SHELF_FEW)
        heap->many = array_grow(heap->many, heap->cap, &heap->cap, sizeof few[0]);
    memcpy(heap->many, few, sizeof few);
}
