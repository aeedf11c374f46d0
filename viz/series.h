/*
 * A number that changes over time, in steps. Collected as differences in any order, then put in order and,
 * where it has more steps than a picture has columns, thinned. It must never know what it counts.
 */
#ifndef BERTH_VIZ_SERIES_H
#define BERTH_VIZ_SERIES_H

#include "core/unit.h"

#include <stdbool.h>

struct series_point {
    int64_t at_usec;
    int64_t value; /* from then on; before series_close(): by how much it changes then */
};

struct series {
    struct series_point *points;
    int n_points, cap_points;
    bool absolute; /* points are values already */
};

/* From `from_usec` until `to_usec` it is higher by that much; USEC_NEVER: for ever. */
void series_add(struct series *series, int64_t from_usec, int64_t to_usec, int64_t by);

/* From `at_usec` on it is this, whatever was before. Calls in order of time; not mixed with
 * series_add(). */
void series_set(struct series *series, int64_t at_usec, int64_t value);

/* Puts the points in order, one for each moment with its value; the first is at 0. What comes at `end_usec`
 * or later is left out: it belongs to the teardown. To close it again changes nothing. */
void series_close(struct series *series, int64_t end_usec);

/* Leaves at most four points in each of that many equal parts of the time until `end_usec`: the first, the
 * least, the greatest and the last, so that no peak is lost. */
void series_thin(struct series *series, int64_t end_usec, int n_parts);

/* The value at a moment; 0 before the first point. */
int64_t series_at(const struct series *series, int64_t at_usec);

void series_finish(struct series *series);

#endif
