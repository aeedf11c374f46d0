/*
 * Memory that cannot run out half-way: the end of it ends the program.
 */
#ifndef BERTH_FILE_MEMORY_H
#define BERTH_FILE_MEMORY_H

#include <stddef.h>

/* A copy, for free(). */
char *memory_text(const char *text);

/* `n` items of `size` zero bytes, for free(); never NULL, even for none. */
void *memory_zeroed(size_t n, size_t size);

#endif
