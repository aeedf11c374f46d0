/*
 * A run as a Chrome trace (the JSON object format that Perfetto and chrome://tracing open): an instance
 * is a process, the slots in which its tasks stand are threads, reservations are counters. Reads a story
 * and knows nothing of who made it.
 */
#ifndef BERTH_FILE_EXPORT_CHROME_H
#define BERTH_FILE_EXPORT_CHROME_H

#include "file/story.h"

#include <stdio.h>

/*
 * Writes the whole trace. Complete events ("X") on one thread nest or follow each other: a task takes
 * the lowest free slots of its instance from its placement until it is STOPPED, one for itself and, if it
 * has several containers, one more for each. Times are microseconds since the start of the run. Write
 * errors stay in `out`.
 */
void export_chrome(FILE *out, const struct story *story, const struct run_header *header);

#endif
