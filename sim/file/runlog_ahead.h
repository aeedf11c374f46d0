/*
 * Reads a long log on a thread of its own, some hundred records ahead of whoever makes something of them. The same
 * records come in the same order as from the reader itself. Knows nothing of what a record means.
 */
#ifndef BERTH_FILE_RUNLOG_AHEAD_H
#define BERTH_FILE_RUNLOG_AHEAD_H

#include "file/runlog.h"

/* Logs of fewer bytes are read without a thread. */
#define RUNLOG_AHEAD_BYTES (4 * 1024 * 1024)

struct runlog_ahead;

/* Nobody else uses the reader until runlog_ahead_finish(), and it must live until then. Never fails: where there
 * cannot be a thread, there is none. */
struct runlog_ahead *runlog_ahead_start(struct runlog_reader *reader);

/* As runlog_next(). `record` stays ahead's, until the next call. After anything but RUNLOG_RECORD it says the same
 * again. */
enum runlog_item runlog_ahead_next(struct runlog_ahead *ahead, const struct record **record,
                                   struct err *err);

void runlog_ahead_finish(struct runlog_ahead *ahead);

#endif
