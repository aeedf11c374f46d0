/*
 * strdup() and calloc() with an answer.
 */
#include "file/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

char *memory_text(const char *text)
{
    char *copy = strdup(text);

    assert(copy != NULL);
    return copy;
}

void *memory_zeroed(size_t n, size_t size)
{
    void *memory = calloc(n ? n : 1, size);

    assert(memory != NULL);
    return memory;
}
