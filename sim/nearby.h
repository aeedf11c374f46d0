/*
 * Two at once: moments of a scenario so near to each other that a real run may have them the other
 * way round, with another outcome that is nobody's fault.
 */
#ifndef BERTH_NEARBY_H
#define BERTH_NEARBY_H

#include "file/scenario.h"
#include "file/story.h"

#include <stdio.h>

/* What a busy machine may be late by. */
#define NEARBY_USEC (500 * USEC_PER_MSEC)

/* Warns of entries of the timeline, and ends of faults that last, that are less than NEARBY_USEC apart, and
 * of calls that come so near to the end of a task. Entries of equal time are done in the file's order by
 * every driver. Returns the number of warnings it had to give; prints the first few. */
int nearby_warn(FILE *out, const struct scenario *scenario, const struct story *story);

#endif
