/*
 * Puts a run's millions of moments in order, several times as quickly as comparing them would. It must never know
 * what happens at them.
 */
#ifndef BERTH_VIZ_TIME_SORT_H
#define BERTH_VIZ_TIME_SORT_H

#include <stddef.h>

/* Sorts structs that begin with their moment, an int64_t; `ties` compares two of the same moment, NULL: they
 * keep their order. */
void time_sort(void *items, int n, size_t size, int (*ties)(const void *, const void *));

#endif
