/*
 * How many: the roundings of a service's percentages, each once. Pure arithmetic.
 */
#ifndef BERTH_CORE_LIMITS_H
#define BERTH_CORE_LIMITS_H

#include "core/message.h"

/* The healthy tasks that a service keeps: minimumHealthyPercent of the desired count, rounded up (ECS
 * developer guide, deployment-type-ecs). */
int32_t limits_lower(int32_t desired, int32_t min_percent);

/* The tasks that it has at most: maximumPercent, rounded down. */
int32_t limits_upper(int32_t desired, int32_t max_percent);

/* The failures that trip a deployment's circuit breaker: half of the desired count, rounded up, 3 to 200
 * (ECS API: ServiceDeploymentCircuitBreaker.threshold, ThresholdConfiguration). */
int32_t limits_threshold(int32_t desired, const struct circuit_breaker *breaker);

/* The share of traffic after `n_shifts` equal steps; the last one is the remainder. Thousandths. */
int32_t limits_shifted(int32_t step_permille, int32_t n_shifts);

#endif
