/*
 * Growth by doubling, and the one answer to a machine without memory. Large arrays begin where a large page
 * does and ask for such pages: their records are looked up in no order, and each would wait for the page
 * tables first.
 */
#include "core/array.h"

#include <assert.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define LARGE ((size_t)2 << 20) /* bytes: a large page on amd64, and on arm64 with pages of 4 KiB */

static void *grow_large(void *items, size_t old_size, size_t size)
{
    size_t whole = (size + LARGE - 1) / LARGE * LARGE;
    void *grown = aligned_alloc(LARGE, whole);

    assert(grown != NULL);
    (void)madvise(grown, whole, MADV_HUGEPAGE); /* a wish: without it all is as right */
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
        items = (size_t)grown * size < LARGE
                    ? realloc(items, (size_t)grown * size)
                    : grow_large(items, (size_t)n * size, (size_t)grown * size);
        assert(items != NULL);
        *cap = grown;
    }
    memset((char *)items + (size_t)n * size, 0, size);
    return items;
}
