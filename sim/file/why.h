/*
 * The one placement of a run that most needs a word: a task that did not get the instance its
 * strategy would have liked best. Asks the explanation; knows no screen but one line of it.
 */
#ifndef BERTH_FILE_WHY_H
#define BERTH_FILE_WHY_H

#include "file/buffer.h"
#include "file/story.h"

/* Appends "t7 -> i2: binpack cpu prefers i1, but i1 lacks 256 CPU units" of the run logged in
 * `path`, whose story this is, and returns that task. ID_NONE where no placement is worth it, or the
 * run is too long to look for one, or the log does not hold the scheduler's steps. */
int32_t why_line(struct buffer *text, const char *path, const struct story *story);

#endif
