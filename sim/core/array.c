/*
 * Growth by doubling, and the one answer to a machine without memory.
 */
#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void *array_grow(void *items, int n, int *cap, size_t size)
{
    if (n == *cap) {
        int grown = *cap ? *cap * 2 : 4;

        assert(grown > *cap);
        items = realloc(items, (size_t)grown * size);
        assert(items != NULL);
        *cap = grown;
    }
    memset((char *)items + (size_t)n * size, 0, size);
    return items;
}
