/*
 * Results of a check for people, for programs and for Gradescope. Knows nothing of how they came about.
 */
#ifndef BERTH_CHECK_PRINT_H
#define BERTH_CHECK_PRINT_H

#include "check.h"

enum check_format { CHECK_TEXT, CHECK_JSON, CHECK_GRADESCOPE };

/* "text", "json", "gradescope"; ended by NULL. */
extern const char *const check_format_names[];

/* Text: one line a result. JSON: as check50 has it, `passed` is true, false or null. Gradescope: its
 * results.json. */
void check_print(struct buffer *out, const struct check_results *results, enum check_format format);

#endif
