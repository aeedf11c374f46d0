/*
 * What a run is summed up in, item by item: how long instances took to register, tasks' own virtual
 * machines to boot, tasks to start, to complete and to stop, and the run to do it all. Knows nothing of who
 * compares them with what.
 */
#ifndef BERTH_FILE_TOTALS_H
#define BERTH_FILE_TOTALS_H

#include "file/story.h"

enum total {
    TOTAL_REGISTRATION, /* of an instance: from its launch until the scheduler knows it */
    TOTAL_BOOT,         /* of a task's own virtual machine: from its order until it is there */
    TOTAL_STARTUP,      /* of a task: from its placement until its last container is ready */
    TOTAL_COMPLETION,   /* of a task that ends by itself: from its placement until it is STOPPED */
    TOTAL_STOP,         /* of a task that is told to stop: from then until it is STOPPED */
    TOTAL_MAKESPAN,     /* from the start of the run until its last task is ready or STOPPED */
    TOTALS,
};

/* "startup"; ended by NULL. */
extern const char *const totals_names[];

/* How many items there may be: instances, tasks, or the run alone. */
int totals_count(const struct story *story, enum total total);

/* Of item `id`, microseconds; USEC_NEVER where it did not happen before the end of the run, or there is
 * no such item. */
int64_t totals_of(const struct story *story, enum total total, int id);

/* The median over all items to which it happened; USEC_NEVER: to none. */
int64_t totals_median(const struct story *story, enum total total);

#endif
