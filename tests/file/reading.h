/*
 * Tables of texts and what reading them finds.
 */
#ifndef BERTH_TESTS_FILE_READING_H
#define BERTH_TESTS_FILE_READING_H

#include "file/scenario.h"

/* Reads `text` as "x.json" and asserts that the findings are these, one a line, without the file's
 * name ("1:5: error: PATH: what"). Returns the scenario, which the caller destroys, or NULL. */
struct scenario *reading(const char *text, const char *findings);

/* The same where nothing else is of interest. */
void reading_gives(const char *text, const char *findings);

/* A scenario around members: {"berth":"scenario/1", ...}. Text of the last four calls; the members
 * begin at column 23. */
const char *scenario_of(const char *members);

/* A scenario around the containers of one definition "d", which begin at column 79. */
const char *containers_of(const char *containers);

#endif
