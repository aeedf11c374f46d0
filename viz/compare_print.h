/*
 * A comparison for people (tables and a few sentences) and for programs (JSON, with all numbers).
 * It must never know how the numbers came about.
 */
#ifndef BERTH_VIZ_COMPARE_PRINT_H
#define BERTH_VIZ_COMPARE_PRINT_H

#include "viz/compare.h"

#include <stdio.h>

/* Tasks shown one by one; of the others the medians speak. */
#define COMPARE_PRINT_TASKS 24

/* "540 us", "54.3 ms", "4.02 s"; "-" for USEC_NEVER. Returns `text`. */
char *compare_print_duration(char *text, size_t size, int64_t usec);

void compare_print(FILE *out, const struct compare *compare);

/* One JSON object and a newline. Durations are microseconds, errors are percent; what did not
 * happen is null. */
void compare_print_json(FILE *out, const struct compare *compare);

#endif
