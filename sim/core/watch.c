/*
 * A ring of the last periods.
 */
#include "core/watch.h"

#include <assert.h>
#include <stdlib.h>

enum point { POINT_MISSING, POINT_FINE, POINT_BREACHING };

void watch_init(struct watch *watch, int32_t n_periods, int32_t n_needed, enum missing_data missing)
{
    *watch = (struct watch){.n_periods = n_periods,
                            .n_needed = n_needed,
                            .missing = missing,
                            .status = ALARM_INSUFFICIENT_DATA,
                            .points = calloc((size_t)n_periods, 1)};
    assert(watch->points != NULL);
}

void watch_finish(struct watch *watch)
{
    free(watch->points);
    *watch = (struct watch){0};
}

static enum alarm_status judge(const struct watch *watch)
{
    int32_t n_breaching = 0, n_known = 0;

    for (int i = 0; i < watch->n_points; i++) {
        enum point point = (enum point)watch->points[i];

        if (point == POINT_MISSING && watch->missing == MISSING_IS_BREACHING)
            point = POINT_BREACHING;
        else if (point == POINT_MISSING && watch->missing == MISSING_IS_FINE)
            point = POINT_FINE;
        n_breaching += point == POINT_BREACHING;
        n_known += point != POINT_MISSING;
    }
    if (n_breaching >= watch->n_needed)
        return ALARM_ALARM;
    return n_known == 0 ? ALARM_INSUFFICIENT_DATA : ALARM_OK;
}

bool watch_add(struct watch *watch, bool is_present, bool is_breaching)
{
    enum alarm_status before = watch->status;

    watch->points[watch->next] = !is_present    ? POINT_MISSING
                                 : is_breaching ? POINT_BREACHING
                                                : POINT_FINE;
    watch->next = (watch->next + 1) % watch->n_periods;
    if (watch->n_points < watch->n_periods)
        watch->n_points++;
    if (is_present || watch->missing != MISSING_IGNORED)
        watch->status = judge(watch);
    return watch->status != before;
}
