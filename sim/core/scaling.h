/*
 * Service auto scaling: target tracking, steps and schedules set the desired count of services between
 * the bounds of their scalable targets (Application Auto Scaling user guide). For the scheduler's step
 * alone.
 */
#ifndef BERTH_CORE_SCALING_H
#define BERTH_CORE_SCALING_H

#include "core/alarm.h"
#include "core/schedule.h"
#include "core/scheduler.h"

struct policy {
    struct put_scaling_policy spec; /* a copy */
    struct watch high, low;         /* target tracking's own alarms */
};

struct scheduled_action {
    struct put_scheduled_action spec; /* a copy */
    struct schedule schedule;
    int64_t since_usec; /* when it was put: rates count from here, or from its start */
    int64_t due_usec;   /* USEC_NEVER: it is over */
};

/* RegisterScalableTarget: the desired count is brought within the bounds at once. */
void scaling_register(struct scheduler *scheduler, const struct message *event,
                      struct outputs *outputs);
void scaling_put_policy(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs);
void scaling_put_action(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs);

/* A period has been observed: alarms, then what they lead to. */
void scaling_observe(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs);

/* Scheduled actions that are due. */
void scaling_tick(struct scheduler *scheduler, struct outputs *outputs);

void scaling_finish(struct scheduler *scheduler);

/* The count after a step policy's adjustment of `count`, before any bound, for a metric `value` against
 * its alarm's threshold; `above`: the alarm watches for values above it. (step-scaling-policies.) */
int32_t scaling_step(const struct put_scaling_policy *policy, int32_t count, struct ratio value,
                     int64_t threshold_milli, bool above);

#endif
