/*
 * One run in a few numbers, told from its story, so that runs can be compared: how much was placed,
 * how long tasks waited for room, what it took. Knows neither strategies nor seeds.
 */
#ifndef BERTH_MEASURE_H
#define BERTH_MEASURE_H

#include "file/buffer.h"
#include "file/estimate.h"
#include "file/story.h"

/*
 * All of them look at the time from the run's start until its end was announced. A task holds its
 * room as in the placement's ledger: from the decision to place it until the decision to stop it,
 * or the report that it stopped.
 */
enum measure_kind {
    /* Placement decisions. One that is placed anew after a failure counts again. */
    MEASURE_PLACED,
    /* Tasks that were refused for want of room, and those that still waited at the end. */
    MEASURE_UNPLACED,
    /* Microseconds from when a task was asked for (RunTask; a service's from when it wanted one more:
     * it was created or scaled out, or a task of it stopped) until it was placed. One that never was
     * counts with the time that it waited; one that was refused does not count. Nearest rank. */
    MEASURE_WAIT_P50,
    MEASURE_WAIT_P95,
    /* The most instances that held a task at the same time. */
    MEASURE_INSTANCES,
    /* Millionths: reserved by tasks, of what the instances have that hold a task; over time. */
    MEASURE_CPU,
    MEASURE_MEMORY,
    /* Milliseconds, over all instances, during which they held a task: what would be paid for if an
     * empty instance cost nothing. */
    MEASURE_INSTANCE_TIME,
    /* Millionths of a dollar: the whole run's bill. ESTIMATE_UNKNOWN where nothing has a price. */
    MEASURE_COST,
    MEASURES,
};

struct measure {
    int64_t values[MEASURES];
};

/* How people read a measure. */
struct measure_row {
    const char *name;  /* "waited_p95": in JSON */
    const char *title; /* "waited p95" */
    const char *unit;  /* "s", "" */
    double per_unit;   /* a value divided by this is in the unit */
    int decimals;
};
extern const struct measure_row measure_rows[MEASURES];

/* `"cost": {"mean": ..., "ci95": ...}`, each null where it is not known. */
void measure_add_json(struct buffer *json, enum measure_kind kind, const struct estimate *estimate);

/* From `from_usec` on: what was asked for, placed or held before it does not count. */
struct measure measure_story(const struct story *story, int64_t from_usec);

#endif
