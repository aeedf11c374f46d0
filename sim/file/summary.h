/*
 * A run on one screen: instances and their tasks as bars over a time axis, a remark where a bar
 * needs one, what was refused or waits, what the scenario expected. Made from the story alone, so
 * `berth sim` and `berth exec` show the same picture.
 */
#ifndef BERTH_FILE_SUMMARY_H
#define BERTH_FILE_SUMMARY_H

#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>

/* The picture fits this many columns, and no more rows than that for instances and tasks. */
#define SUMMARY_COLUMNS 100
#define SUMMARY_ROWS 48

/* The first line: the title, and at the right how the run was made. */
void summary_title(FILE *out, const struct scenario *scenario, const char *how);

/* The axis and the bars. `seed`: the run's, to tell how much work each task had. */
void summary_bars(FILE *out, const struct scenario *scenario, const struct story *story,
                  uint64_t seed);

/* What was refused or found no room, one a line with the nearest miss; nothing where all went well.
 * Returns the number of tasks that were never placed for want of room. */
int summary_unplaced(FILE *out, const struct story *story);

/* What the first of these lines is about that a RunTask or a service asked for; NULL where there is none. */
const struct story_note *summary_first_miss(const struct story *story);

/* Says that so many groups have given up launching; nothing where none has. */
void summary_given_up(FILE *out, int n_groups);

/* What the scenario says without effect, in one line; nothing where there is nothing. */
void summary_unsimulated(FILE *out, const struct scenario *scenario);

/* "expect   2 of 2 hold", and those that do not, one a line. Returns whether all hold. */
bool summary_expect(FILE *out, const struct scenario *scenario, const struct story *story);

/* "15 s", "0.50 s", "250 ms": a duration for people, in `text` of `size` bytes. */
const char *summary_duration(int64_t usec, char *text, size_t size);

#endif
