/*
 * Flat arrays that grow by doubling: the only container of the core. An array is three members of
 * its owner (`items`, `n_items`, `cap_items`), so that a snapshot of the owner is a copy and an
 * index is an identity for life. Running out of memory ends the program: there is no half-way in a
 * step.
 */
#ifndef BERTH_CORE_ARRAY_H
#define BERTH_CORE_ARRAY_H

#include <stddef.h>
#include <string.h>

#define ARRAY_LINE 64 /* bytes of memory that come together */

/* Makes room for one more element: returns the (possibly moved) array of elements of `size` bytes.
 */
void *array_grow(void *items, int n, int *cap, size_t size);

/* So many bytes of zeros that begin where a line of memory does, or a large page; `*memory` is what to free. */
void *array_zeros(size_t size, void **memory);

/* Makes room in `owner->NAME` and yields a pointer to its zeroed new last element. */
#define ARRAY_ADD(owner, name)                                                                     \
    ((owner)->n_##name == (owner)->cap_##name                                                      \
         ? (void)((owner)->name = array_grow((owner)->name, (owner)->n_##name,                     \
                                             &(owner)->cap_##name, sizeof *(owner)->name))         \
         : (void)memset(&(owner)->name[(owner)->n_##name], 0, sizeof *(owner)->name),              \
     &(owner)->name[(owner)->n_##name++])

#endif
