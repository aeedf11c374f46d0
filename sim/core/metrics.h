/*
 * What the world was seen to do in a period, as the numbers that alarms go by (ECS developer guide,
 * cloudwatch-metrics; CloudWatch metrics of application load balancers).
 */
#ifndef BERTH_CORE_METRICS_H
#define BERTH_CORE_METRICS_H

#include "core/cluster.h"
#include "core/ratio.h"

/* False: there is no datapoint in this period. */
bool metrics_value(const struct cluster *cluster, const struct observe *observe, enum metric metric,
                   int32_t service, int32_t target_group, struct ratio *value);

/* Thresholds and targets are less: thousandths. */
#define MILLI_MAX (INT64_C(1) << 50)

/* The rows of an observation in the making: those of a service stand together, in order of its definitions. */
struct metrics_rows {
    struct service_metrics *rows;
    int n_rows, cap_rows;
};

/* The row of that definition among those of the service, the first of which is number `first`; a new one is empty.
 * Valid until the next call. */
struct service_metrics *metrics_row(struct metrics_rows *rows, int first, int32_t service,
                                    int32_t taskdef);

/* No number is negative or too large to be summed. */
bool metrics_are_sane(const struct observe *observe);

#endif
