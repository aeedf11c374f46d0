/*
 * M of the last N periods: the part of an alarm that counts datapoints (CloudWatch user guide, evaluating
 * an alarm). It sees whether a datapoint breaches, never the value.
 */
#ifndef BERTH_CORE_WATCH_H
#define BERTH_CORE_WATCH_H

#include "core/message.h"

/* The last periods of one alarm. */
struct watch {
    int32_t n_periods; /* that are looked at */
    int32_t n_needed;  /* of those, breaching: ALARM */
    enum missing_data missing;
    enum alarm_status status;
    int32_t next, n_points; /* in the ring of n_periods */
    uint8_t *points;
};

void watch_init(struct watch *watch, int32_t n_periods, int32_t n_needed,
                enum missing_data missing);
void watch_finish(struct watch *watch);

/* A period more; true where the state has changed. */
bool watch_add(struct watch *watch, bool is_present, bool is_breaching);

#endif
