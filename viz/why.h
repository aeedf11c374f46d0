/*
 * Why the task that is looked at is where it is, or waits: asks the run's log by replaying it, a slice
 * at a time, and keeps the last answer. It must never know how the answer is shown.
 */
#ifndef BERTH_VIZ_WHY_H
#define BERTH_VIZ_WHY_H

#include "file/inquiry.h"

struct why {
    const char *path;
    bool opened, asked;
    int32_t task;
    int64_t until_usec;
    struct inquiry inquiry;
};

/* Opens nothing yet. `path` must outlive it; it must not move in memory. */
void why_init(struct why *why, const char *path);
void why_finish(struct why *why);

/* Asks, where that is another question than the last one: why the task is where it is, or why it waits at
 * that moment. */
void why_ask(struct why *why, const struct story *story, int32_t task, int64_t at_usec);

/* Nobody looks any more. */
void why_drop(struct why *why);

/* Whether there is work to do for the answer. */
bool why_is_busy(const struct why *why);

/* Does a slice of it: some milliseconds. Returns whether there is now more to be shown. */
bool why_work(struct why *why);

/* All of it, for pictures that cannot wait. */
void why_work_all(struct why *why);

/* The answer to the last question, or NULL: not yet, or there is none. */
const struct explain *why_answer(const struct why *why);

/* Why there is no answer: "computing, 43 %", the log's error. In `text` of `size` bytes; returns it. */
const char *why_excuse(const struct why *why, char *text, size_t size);

#endif
