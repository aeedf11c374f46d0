/*
 * Growth by doubling, and the one answer to a machine without memory. Arrays of some size begin where a line of
 * memory does, so that records of whole lines touch no others; large ones where a large page does, and they ask for
 * such pages: their records are looked up in no order, and each would wait for the page tables first.
 */
#include "core/array.h"

#include <assert.h>
#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define SMALL ((size_t)4096)    /* bytes: below, where it begins is nothing */
#define LARGE ((size_t)2 << 20) /* bytes: a large page on amd64, and on arm64 with pages of 4 KiB */

/* Where memory of that size begins best. */
static size_t alignment_of(size_t size)
{
    return size < LARGE ? ARRAY_LINE : LARGE;
}

/* A wish: without it all is as right. */
static void wish_for_large_pages(void *memory, size_t size)
{
    if (size >= LARGE)
        (void)madvise(memory, size, MADV_HUGEPAGE);
}

void *array_zeros(size_t size, void **memory)
{
    size_t alignment = alignment_of(size);
    void *start;

    *memory = calloc(size + alignment, 1);
    assert(*memory != NULL);
    start = (char *)*memory + (alignment - (uintptr_t)*memory % alignment);
    wish_for_large_pages(start, size);
    return start;
}

static void *grow_aligned(void *items, size_t old_size, size_t size)
{
    size_t alignment = alignment_of(size);
    size_t whole = (size + alignment - 1) / alignment * alignment;
    void *grown = aligned_alloc(alignment, whole);

    assert(grown != NULL);
    wish_for_large_pages(grown, whole);
    if (items)
        memcpy(grown, items, old_size);
    free(items);
    return grown;
}

void *array_grow(void *items, int n, int *cap, size_t size)
{
    if (n == *cap) {
        int grown;

        assert(*cap <= INT_MAX / 2); /* asked first: what overflows is not to be relied on */
        grown = *cap ? *cap * 2 : 4;
        items = (size_t)grown * size < SMALL
                    ? realloc(items, (size_t)grown * size)
                    : grow_aligned(items, (size_t)n * size, (size_t)grown * size);
        assert(items != NULL);
        *cap = grown;
    }
    memset((char *)items + (size_t)n * size, 0, size);
    return items;
}
