/*
 * Alarms: datapoints in, states out (CloudWatch API: PutMetricAlarm). An alarm says what it is, what
 * follows is for those who watch it: scaling policies and deployments.
 */
#ifndef BERTH_CORE_ALARM_H
#define BERTH_CORE_ALARM_H

#include "core/metrics.h"
#include "core/scheduler.h"
#include "core/watch.h"

struct alarm {
    struct put_metric_alarm spec; /* a copy */
    int32_t name;                 /* in cluster.names */
    struct watch watch;
    struct ratio last;
    bool has_last;
    /* The periods of one datapoint so far */
    int32_t n_gathered, n_present;
    struct ratio sum, least, most;
};

/* PutMetricAlarm. */
void alarm_put(struct scheduler *scheduler, const struct message *event, struct outputs *outputs);
void alarm_finish(struct alarm *alarm);

/* A period has been observed: true where the alarm has judged a datapoint of its own, so that what is in
 * ALARM acts (again). */
bool alarm_observe(struct scheduler *scheduler, struct outputs *outputs, int alarm,
                   const struct observe *observe);

/* The alarm of that name (a number of cluster.names) is in ALARM. */
bool alarm_is_on(const struct scheduler *scheduler, int32_t name);

#endif
