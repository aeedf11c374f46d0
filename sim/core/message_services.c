/*
 * The names of what messages about services hold, as the APIs spell them, and ECS's own figures.
 */
#include "core/message_services.h"

#include <stddef.h>

const char *const scheduling_strategy_names[] = {"REPLICA", "DAEMON", NULL};
const char *const deployment_strategy_names[] = {"",       "ROLLING", "BLUE_GREEN",
                                                 "LINEAR", "CANARY",  NULL};
const char *const threshold_type_names[] = {"BOUNDED_PERCENT", "UNBOUNDED_PERCENT", "COUNT", NULL};
const char *const zone_rebalancing_names[] = {"", "ENABLED", "DISABLED", NULL};
const char *const balancing_algorithm_names[] = {"round_robin", "least_outstanding_requests",
                                                 "weighted_random", NULL};
const char *const target_status_names[] = {"initial",  "healthy", "unhealthy",
                                           "draining", "unused",  NULL};
const char *const metric_names[] = {"CPUUtilization",
                                    "MemoryUtilization",
                                    "RequestCountPerTarget",
                                    "RequestCount",
                                    "HTTPCode_Target_5XX_Count",
                                    "TargetResponseTime",
                                    NULL};
const char *const policy_type_names[] = {"TargetTrackingScaling", "StepScaling", NULL};
const char *const adjustment_type_names[] = {"ChangeInCapacity", "PercentChangeInCapacity",
                                             "ExactCapacity", NULL};
const char *const statistic_names[] = {"Average", "Sum", "Minimum", "Maximum", NULL};
const char *const comparison_names[] = {"GreaterThanOrEqualToThreshold", "GreaterThanThreshold",
                                        "LessThanThreshold", "LessThanOrEqualToThreshold", NULL};
const char *const missing_data_names[] = {"missing", "breaching", "notBreaching", "ignore", NULL};
const char *const alarm_status_names[] = {"INSUFFICIENT_DATA", "OK", "ALARM", NULL};
const char *const deployment_status_names[] = {"PRIMARY", "ACTIVE", "INACTIVE", NULL};
const char *const rollout_state_names[] = {"IN_PROGRESS", "COMPLETED", "FAILED", NULL};
const char *const lifecycle_stage_names[] = {"",
                                             "RECONCILE_SERVICE",
                                             "PRE_SCALE_UP",
                                             "SCALE_UP",
                                             "POST_SCALE_UP",
                                             "TEST_TRAFFIC_SHIFT",
                                             "POST_TEST_TRAFFIC_SHIFT",
                                             "PRE_PRODUCTION_TRAFFIC_SHIFT",
                                             "PRODUCTION_TRAFFIC_SHIFT",
                                             "POST_PRODUCTION_TRAFFIC_SHIFT",
                                             "BAKE_TIME",
                                             "CLEAN_UP",
                                             NULL};
const char *const deployment_reason_names[] = {
    "requested", "rollback", "steady state", "tasks failed", "alarm", "superseded", NULL};
const char *const service_event_names[] = {"TASKS_STARTED",
                                           "TASKS_STOPPED",
                                           "STEADY_STATE",
                                           "UNABLE_TO_START",
                                           "DEPLOYMENT_COMPLETED",
                                           "DEPLOYMENT_FAILED",
                                           "ROLLING_BACK",
                                           "TARGET_REGISTERED",
                                           "TARGET_DEREGISTERED",
                                           "TARGET_UNHEALTHY",
                                           "TASK_UNHEALTHY",
                                           "STUCK",
                                           "SERVICE_REBALANCING_STARTED",
                                           "SERVICE_REBALANCING_COMPLETED",
                                           "SERVICE_REBALANCING_STOPPED",
                                           NULL};

/* Metric period: DG:cloudwatch-metrics. 40 s: API, DeploymentConfiguration. Throttle: DG,
 * service-throttle-logic. Target groups: ELBv2. Cooldowns: TargetTrackingScalingPolicyConfiguration. */
const struct scheduler_rules scheduler_rules_default = {
    .metric_period_usec = 60 * USEC_PER_SEC,
    .minute_usec = 60 * USEC_PER_SEC,
    .healthy_after_usec = 40 * USEC_PER_SEC,
    .throttle_first_usec = USEC_PER_SEC,
    .throttle_longest_usec = 900 * USEC_PER_SEC,
    .health_check_interval_usec = 30 * USEC_PER_SEC,
    .health_check_timeout_usec = 5 * USEC_PER_SEC,
    .healthy_threshold = 5,
    .unhealthy_threshold = 2,
    .deregistration_delay_usec = 300 * USEC_PER_SEC,
    .scale_out_datapoints = 3,
    .scale_in_datapoints = 15,
    .scale_out_cooldown_usec = 300 * USEC_PER_SEC,
    .scale_in_cooldown_usec = 300 * USEC_PER_SEC,
    .step_cooldown_usec = 300 * USEC_PER_SEC,
    /* Alarms: DG, cluster-auto-scaling. Limit: ECS service quotas. Time-out: tasks wait 10 to 30 minutes
     * (AWS blog); here the longest. Hook: 48 h at most (Auto Scaling). Launches: DG, throttling. */
    .capacity_out_datapoints = 1,
    .capacity_in_datapoints = 15,
    .provisioning_limit = 500,
    .provisioning_timeout_usec = 1800 * USEC_PER_SEC,
    .drain_timeout_usec = 48 * 3600 * USEC_PER_SEC,
    .fargate_burst = 100,
    .fargate_per_sec = 20,
    .spot_warning_usec = 120 * USEC_PER_SEC,
    .billing_minimum_usec = 60 * USEC_PER_SEC,
    .spot_free_usec = 3600 * USEC_PER_SEC,
};
