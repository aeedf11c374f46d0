/*
 * A task's time cut into parts that follow each other: waiting, booting its own machine, pulling, starting,
 * getting ready, running, stopping. Every picture with bars asks here. It must never know how bars are drawn.
 */
#ifndef BERTH_VIZ_PARTS_H
#define BERTH_VIZ_PARTS_H

#include "file/story.h"
#include "viz/palette.h"

enum part { PART_WAIT, PART_BOOT, PART_PULL, PART_START, PART_READY, PART_RUN, PART_STOP, PARTS };

struct part_row {
    const char *name;
    enum paint paint;
};

extern const struct part_row parts_rows[PARTS];

struct part_span {
    enum part part;
    bool modelled; /* by a real run: it did not take that long, it was made to */
    int64_t from_usec, to_usec;
};

/* The parts of a task that was placed, from when it was accepted on; returns how many there are. Each begins where the
 * one before it ended; one that never ended lasts until the task's end or the run's. Of a log of the scheduler alone,
 * all until RUNNING is starting. */
int parts_of_task(const struct story *story, int32_t task, bool real, struct part_span *spans);

#endif
