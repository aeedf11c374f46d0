/*
 * What a heap does rarely: clearing and growing. Knows its own number in the items' seats, never where it
 * stands nor what the items are.
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

void shelf_heap_clear(struct shelf_heap *heap, int32_t *seats, int32_t here)
{
    int32_t *entries = shelf_heap_entries(heap);
    int32_t kept = 0;

    for (int i = 0; i < heap->n; i++) {
        if (seats[entries[i]] != here)
            continue;
        seats[entries[i]] = ~here; /* no second one of the same item */
        entries[kept++] = entries[i];
    }
    heap->n = kept;
    for (int i = 0; i < kept; i++)
        seats[entries[i]] = here;
    for (int i = kept / 2 - 1; i >= 0; i--)
        shelf_heap_sink(entries, (uint32_t)kept, (uint32_t)i, entries[i]);
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
