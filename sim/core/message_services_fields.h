/*
 * The fields of the messages about services, for message.c alone.
 */
#ifndef BERTH_CORE_MESSAGE_SERVICES_FIELDS_H
#define BERTH_CORE_MESSAGE_SERVICES_FIELDS_H

static const struct field scheduler_rules_fields[] = {
    FIELD(FIELD_LONG, scheduler_rules, metric_period_usec, "metricPeriodUsec"),
    FIELD(FIELD_LONG, scheduler_rules, minute_usec, "minuteUsec"),
    FIELD(FIELD_LONG, scheduler_rules, healthy_after_usec, "healthyAfterUsec"),
    FIELD(FIELD_LONG, scheduler_rules, throttle_first_usec, "throttleFirstUsec"),
    FIELD(FIELD_LONG, scheduler_rules, throttle_longest_usec, "throttleLongestUsec"),
    FIELD(FIELD_LONG, scheduler_rules, health_check_interval_usec, "healthCheckIntervalUsec"),
    FIELD(FIELD_LONG, scheduler_rules, health_check_timeout_usec, "healthCheckTimeoutUsec"),
    FIELD(FIELD_INT, scheduler_rules, healthy_threshold, "healthyThreshold"),
    FIELD(FIELD_INT, scheduler_rules, unhealthy_threshold, "unhealthyThreshold"),
    FIELD(FIELD_LONG, scheduler_rules, deregistration_delay_usec, "deregistrationDelayUsec"),
    FIELD(FIELD_INT, scheduler_rules, scale_out_datapoints, "scaleOutDatapoints"),
    FIELD(FIELD_INT, scheduler_rules, scale_in_datapoints, "scaleInDatapoints"),
    FIELD(FIELD_LONG, scheduler_rules, scale_out_cooldown_usec, "scaleOutCooldownUsec"),
    FIELD(FIELD_LONG, scheduler_rules, scale_in_cooldown_usec, "scaleInCooldownUsec"),
    FIELD(FIELD_LONG, scheduler_rules, step_cooldown_usec, "stepCooldownUsec"),
    FIELD(FIELD_INT, scheduler_rules, capacity_out_datapoints, "capacityOutDatapoints"),
    FIELD(FIELD_INT, scheduler_rules, capacity_in_datapoints, "capacityInDatapoints"),
    FIELD(FIELD_INT, scheduler_rules, provisioning_limit, "provisioningLimit"),
    FIELD(FIELD_LONG, scheduler_rules, provisioning_timeout_usec, "provisioningTimeoutUsec"),
    FIELD(FIELD_LONG, scheduler_rules, drain_timeout_usec, "drainTimeoutUsec"),
    FIELD(FIELD_INT, scheduler_rules, fargate_burst, "fargateBurst"),
    FIELD(FIELD_INT, scheduler_rules, fargate_per_sec, "fargatePerSecond"),
    FIELD(FIELD_LONG, scheduler_rules, spot_warning_usec, "spotWarningUsec"),
    FIELD(FIELD_LONG, scheduler_rules, billing_minimum_usec, "billingMinimumUsec"),
    FIELD(FIELD_LONG, scheduler_rules, spot_free_usec, "spotFreeUsec"),
};

const struct schema scheduler_rules_schema = SCHEMA(scheduler_rules, scheduler_rules_fields);

static const struct field circuit_breaker_fields[] = {
    FIELD(FIELD_BOOL, circuit_breaker, enable, "enable"),
    FIELD(FIELD_BOOL, circuit_breaker, rollback, "rollback"),
    FIELD(FIELD_BOOL, circuit_breaker, cumulative, "cumulative"),
    FIELD_OF(FIELD_ENUM, circuit_breaker, type, "type", threshold_type_names),
    FIELD(FIELD_INT, circuit_breaker, value, "value"),
};
static const struct schema circuit_breaker_schema = SCHEMA(circuit_breaker, circuit_breaker_fields);

static const struct field alarm_name_fields[] = {
    FIELD(FIELD_TEXT, alarm_name, name, "name"),
};
static const struct schema alarm_name_schema = SCHEMA(alarm_name, alarm_name_fields);

static const struct field deployment_alarms_fields[] = {
    FIELD(FIELD_BOOL, deployment_alarms, enable, "enable"),
    FIELD(FIELD_BOOL, deployment_alarms, rollback, "rollback"),
    FIELD_LIST_OF(deployment_alarms, names, "alarmNames", &alarm_name_schema),
};
static const struct schema deployment_alarms_schema =
    SCHEMA(deployment_alarms, deployment_alarms_fields);

static const struct field deployment_configuration_fields[] = {
    FIELD_OF(FIELD_ENUM, deployment_configuration, strategy, "strategy", deployment_strategy_names),
    FIELD(FIELD_OPTIONAL, deployment_configuration, minimum_healthy_percent,
          "minimumHealthyPercent"),
    FIELD(FIELD_OPTIONAL, deployment_configuration, maximum_percent, "maximumPercent"),
    FIELD_OF(FIELD_RECORD, deployment_configuration, breaker, "deploymentCircuitBreaker",
             &circuit_breaker_schema),
    FIELD_OF(FIELD_RECORD, deployment_configuration, alarms, "alarms", &deployment_alarms_schema),
    FIELD(FIELD_OPTIONAL, deployment_configuration, bake_minutes, "bakeTimeInMinutes"),
    FIELD(FIELD_OPTIONAL, deployment_configuration, canary_permille, "canaryPermille"),
    FIELD(FIELD_OPTIONAL, deployment_configuration, canary_bake_minutes, "canaryBakeTimeInMinutes"),
    FIELD(FIELD_OPTIONAL, deployment_configuration, step_permille, "stepPermille"),
    FIELD(FIELD_OPTIONAL, deployment_configuration, step_bake_minutes, "stepBakeTimeInMinutes"),
};
static const struct schema deployment_configuration_schema =
    SCHEMA(deployment_configuration, deployment_configuration_fields);

static const struct field load_balancer_fields[] = {
    FIELD(FIELD_TARGET_GROUP, load_balancer, target_group, "targetGroup"),
    FIELD(FIELD_TARGET_GROUP, load_balancer, alternate, "alternateTargetGroup"),
    FIELD(FIELD_TEXT, load_balancer, container, "containerName"),
    FIELD(FIELD_INT, load_balancer, container_port, "containerPort"),
    FIELD(FIELD_BOOL, load_balancer, test_traffic, "testTraffic"),
};
static const struct schema load_balancer_schema = SCHEMA(load_balancer, load_balancer_fields);

static const struct field create_target_group_fields[] = {
    FIELD(FIELD_TARGET_GROUP, create_target_group, target_group, "targetGroup"),
    FIELD(FIELD_TEXT, create_target_group, name, "name"),
    FIELD(FIELD_INT, create_target_group, port, "port"),
    FIELD(FIELD_TEXT, create_target_group, path, "healthCheckPath"),
    FIELD(FIELD_BOOL, create_target_group, unchecked, "unchecked"),
    FIELD(FIELD_OPTIONAL, create_target_group, interval_sec, "healthCheckIntervalSeconds"),
    FIELD(FIELD_OPTIONAL, create_target_group, timeout_sec, "healthCheckTimeoutSeconds"),
    FIELD(FIELD_OPTIONAL, create_target_group, healthy_threshold, "healthyThresholdCount"),
    FIELD(FIELD_OPTIONAL, create_target_group, unhealthy_threshold, "unhealthyThresholdCount"),
    FIELD(FIELD_OPTIONAL, create_target_group, deregistration_delay_sec,
          "deregistrationDelaySeconds"),
    FIELD(FIELD_INT, create_target_group, slow_start_sec, "slowStartSeconds"),
    FIELD_OF(FIELD_ENUM, create_target_group, algorithm, "algorithm", balancing_algorithm_names),
};

static const struct field target_probed_fields[] = {
    FIELD(FIELD_TARGET_GROUP, target_probed, target_group, "targetGroup"),
    FIELD(FIELD_TASK, target_probed, task, "task"),
    FIELD(FIELD_BOOL, target_probed, passed, "passed"),
};

static const struct field register_target_fields[] = {
    FIELD(FIELD_TARGET_GROUP, register_target, target_group, "targetGroup"),
    FIELD(FIELD_TASK, register_target, task, "task"),
    FIELD(FIELD_INSTANCE, register_target, instance, "instance"),
    FIELD(FIELD_INT, register_target, container, "container"),
    FIELD(FIELD_INT, register_target, container_port, "containerPort"),
    FIELD(FIELD_INT, register_target, host_port, "hostPort"),
};

static const struct field target_state_fields[] = {
    FIELD(FIELD_TARGET_GROUP, target_state, target_group, "targetGroup"),
    FIELD(FIELD_TASK, target_state, task, "task"),
    FIELD_OF(FIELD_ENUM, target_state, status, "state", target_status_names),
    FIELD(FIELD_BOOL, target_state, fails_open, "failsOpen"),
};

static const struct field shift_traffic_fields[] = {
    FIELD(FIELD_SERVICE, shift_traffic, service, "service"),
    FIELD(FIELD_TARGET_GROUP, shift_traffic, from, "from"),
    FIELD(FIELD_TARGET_GROUP, shift_traffic, to, "to"),
    FIELD(FIELD_INT, shift_traffic, permille, "permille"),
    FIELD(FIELD_BOOL, shift_traffic, test, "test"),
};

static const struct field service_metrics_fields[] = {
    FIELD(FIELD_SERVICE, service_metrics, service, "service"),
    FIELD(FIELD_TASKDEF, service_metrics, taskdef, "taskDefinition"),
    FIELD(FIELD_INT, service_metrics, n_tasks, "tasks"),
    FIELD(FIELD_LONG, service_metrics, running_usec, "runningUsec"),
    FIELD(FIELD_LONG, service_metrics, cpu_usec, "cpuUsec"),
    FIELD(FIELD_LONG, service_metrics, throttled_usec, "throttledUsec"),
    FIELD(FIELD_LONG, service_metrics, memory_bytes, "memoryBytes"),
};
static const struct schema service_metrics_schema = SCHEMA(service_metrics, service_metrics_fields);

static const struct field latency_bin_fields[] = {
    FIELD(FIELD_LONG, latency_bin, upto_usec, "uptoUsec"),
    FIELD(FIELD_LONG, latency_bin, count, "count"),
};
static const struct schema latency_bin_schema = SCHEMA(latency_bin, latency_bin_fields);

static const struct field target_metrics_fields[] = {
    FIELD(FIELD_TASK, target_metrics, task, "task"),
    FIELD(FIELD_LONG, target_metrics, n_requests, "requests"),
    FIELD(FIELD_LONG, target_metrics, n_errors, "errors"),
    FIELD(FIELD_INT, target_metrics, n_open, "open"),
    FIELD(FIELD_INT, target_metrics, n_most, "openMost"),
    FIELD(FIELD_INT, target_metrics, n_queued, "queued"),
    FIELD(FIELD_BOOL, target_metrics, in_use, "inUse"),
    FIELD(FIELD_LATER, target_metrics, first_usec, "firstUsec"),
};
static const struct schema target_metrics_schema = SCHEMA(target_metrics, target_metrics_fields);

static const struct field target_group_metrics_fields[] = {
    FIELD(FIELD_TARGET_GROUP, target_group_metrics, target_group, "targetGroup"),
    FIELD(FIELD_LONG, target_group_metrics, n_requests, "requests"),
    FIELD(FIELD_LONG, target_group_metrics, n_errors, "errors"),
    FIELD(FIELD_LONG, target_group_metrics, n_rejected, "rejected"),
    FIELD(FIELD_LONG, target_group_metrics, latency_sum_usec, "latencySumUsec"),
    FIELD_LIST_OF(target_group_metrics, latency, "latency", &latency_bin_schema),
    FIELD_LIST_OF(target_group_metrics, targets, "targets", &target_metrics_schema),
};
static const struct schema target_group_metrics_schema =
    SCHEMA(target_group_metrics, target_group_metrics_fields);

static const struct field observe_fields[] = {
    FIELD(FIELD_LONG, observe, period_usec, "periodUsec"),
    FIELD_LIST_OF(observe, services, "services", &service_metrics_schema),
    FIELD_LIST_OF(observe, target_groups, "targetGroups", &target_group_metrics_schema),
};

static const struct field register_scalable_target_fields[] = {
    FIELD(FIELD_SERVICE, register_scalable_target, service, "service"),
    FIELD(FIELD_OPTIONAL, register_scalable_target, min_capacity, "minCapacity"),
    FIELD(FIELD_OPTIONAL, register_scalable_target, max_capacity, "maxCapacity"),
    FIELD(FIELD_BOOL, register_scalable_target, suspend_in, "dynamicScalingInSuspended"),
    FIELD(FIELD_BOOL, register_scalable_target, suspend_out, "dynamicScalingOutSuspended"),
    FIELD(FIELD_BOOL, register_scalable_target, suspend_scheduled, "scheduledScalingSuspended"),
};

static const struct field step_adjustment_fields[] = {
    FIELD(FIELD_BOOL, step_adjustment, has_lower, "hasLower"),
    FIELD(FIELD_BOOL, step_adjustment, has_upper, "hasUpper"),
    FIELD(FIELD_LONG, step_adjustment, lower_milli, "lowerMilli"),
    FIELD(FIELD_LONG, step_adjustment, upper_milli, "upperMilli"),
    FIELD(FIELD_INT, step_adjustment, adjustment, "scalingAdjustment"),
};
static const struct schema step_adjustment_schema = SCHEMA(step_adjustment, step_adjustment_fields);

static const struct field put_scaling_policy_fields[] = {
    FIELD(FIELD_INT, put_scaling_policy, policy, "policy"),
    FIELD(FIELD_TEXT, put_scaling_policy, name, "policyName"),
    FIELD(FIELD_SERVICE, put_scaling_policy, service, "service"),
    FIELD_OF(FIELD_ENUM, put_scaling_policy, type, "policyType", policy_type_names),
    FIELD_OF(FIELD_ENUM, put_scaling_policy, metric, "metric", metric_names),
    FIELD(FIELD_TARGET_GROUP, put_scaling_policy, target_group, "targetGroup"),
    FIELD(FIELD_LONG, put_scaling_policy, target_milli, "targetMilli"),
    FIELD(FIELD_OPTIONAL, put_scaling_policy, scale_out_cooldown_sec, "scaleOutCooldown"),
    FIELD(FIELD_OPTIONAL, put_scaling_policy, scale_in_cooldown_sec, "scaleInCooldown"),
    FIELD(FIELD_BOOL, put_scaling_policy, disable_scale_in, "disableScaleIn"),
    FIELD_OF(FIELD_ENUM, put_scaling_policy, adjustment, "adjustmentType", adjustment_type_names),
    FIELD(FIELD_OPTIONAL, put_scaling_policy, min_magnitude, "minAdjustmentMagnitude"),
    FIELD(FIELD_OPTIONAL, put_scaling_policy, cooldown_sec, "cooldown"),
    FIELD_LIST_OF(put_scaling_policy, steps, "stepAdjustments", &step_adjustment_schema),
};

static const struct field put_scheduled_action_fields[] = {
    FIELD(FIELD_INT, put_scheduled_action, action, "action"),
    FIELD(FIELD_TEXT, put_scheduled_action, name, "scheduledActionName"),
    FIELD(FIELD_SERVICE, put_scheduled_action, service, "service"),
    FIELD(FIELD_TEXT, put_scheduled_action, schedule, "schedule"),
    FIELD(FIELD_BOOL, put_scheduled_action, has_start, "hasStart"),
    FIELD(FIELD_BOOL, put_scheduled_action, has_end, "hasEnd"),
    FIELD(FIELD_LONG, put_scheduled_action, start_usec, "startUsec"),
    FIELD(FIELD_LONG, put_scheduled_action, end_usec, "endUsec"),
    FIELD(FIELD_OPTIONAL, put_scheduled_action, min_capacity, "minCapacity"),
    FIELD(FIELD_OPTIONAL, put_scheduled_action, max_capacity, "maxCapacity"),
};

static const struct field policy_number_fields[] = {
    FIELD(FIELD_INT, policy_number, policy, "policy"),
};
static const struct schema policy_number_schema = SCHEMA(policy_number, policy_number_fields);

static const struct field put_metric_alarm_fields[] = {
    FIELD(FIELD_INT, put_metric_alarm, alarm, "alarm"),
    FIELD(FIELD_TEXT, put_metric_alarm, name, "alarmName"),
    FIELD_OF(FIELD_ENUM, put_metric_alarm, metric, "metric", metric_names),
    FIELD(FIELD_SERVICE, put_metric_alarm, service, "service"),
    FIELD(FIELD_TARGET_GROUP, put_metric_alarm, target_group, "targetGroup"),
    FIELD_OF(FIELD_ENUM, put_metric_alarm, statistic, "statistic", statistic_names),
    FIELD_OF(FIELD_ENUM, put_metric_alarm, comparison, "comparisonOperator", comparison_names),
    FIELD(FIELD_LONG, put_metric_alarm, threshold_milli, "thresholdMilli"),
    FIELD(FIELD_INT, put_metric_alarm, period_sec, "period"),
    FIELD(FIELD_INT, put_metric_alarm, evaluation_periods, "evaluationPeriods"),
    FIELD(FIELD_OPTIONAL, put_metric_alarm, datapoints, "datapointsToAlarm"),
    FIELD_OF(FIELD_ENUM, put_metric_alarm, missing, "treatMissingData", missing_data_names),
    FIELD_LIST_OF(put_metric_alarm, actions, "alarmActions", &policy_number_schema),
};

static const struct field alarm_state_fields[] = {
    FIELD(FIELD_OPTIONAL, alarm_state, alarm, "alarm"),
    FIELD(FIELD_OPTIONAL, alarm_state, policy, "policy"),
    FIELD(FIELD_BOOL, alarm_state, low, "low"),
    FIELD_OF(FIELD_ENUM, alarm_state, status, "state", alarm_status_names),
    FIELD(FIELD_LONG, alarm_state, value_milli, "valueMilli"),
};

static const struct field scaling_fields[] = {
    FIELD(FIELD_SERVICE, scaling, service, "service"),
    FIELD(FIELD_OPTIONAL, scaling, policy, "policy"),
    FIELD(FIELD_OPTIONAL, scaling, action, "action"),
    FIELD(FIELD_INT, scaling, from, "from"),
    FIELD(FIELD_INT, scaling, to, "to"),
    FIELD(FIELD_LONG, scaling, value_milli, "valueMilli"),
};

static const struct field deployment_state_fields[] = {
    FIELD(FIELD_SERVICE, deployment_state, service, "service"),
    FIELD(FIELD_INT, deployment_state, deployment, "deployment"),
    FIELD(FIELD_TASKDEF, deployment_state, taskdef, "taskDefinition"),
    FIELD_OF(FIELD_ENUM, deployment_state, status, "status", deployment_status_names),
    FIELD_OF(FIELD_ENUM, deployment_state, rollout, "rolloutState", rollout_state_names),
    FIELD_OF(FIELD_ENUM, deployment_state, stage, "lifecycleStage", lifecycle_stage_names),
    FIELD_OF(FIELD_ENUM, deployment_state, reason, "reason", deployment_reason_names),
    FIELD(FIELD_INT, deployment_state, n_failed, "failedTasks"),
    FIELD(FIELD_INT, deployment_state, threshold, "threshold"),
};

static const struct field service_event_fields[] = {
    FIELD(FIELD_SERVICE, service_event, service, "service"),
    FIELD_OF(FIELD_ENUM, service_event, code, "code", service_event_names),
    FIELD(FIELD_INT, service_event, count, "count"),
    FIELD(FIELD_TASK, service_event, task, "task"),
    FIELD(FIELD_TARGET_GROUP, service_event, target_group, "targetGroup"),
    FIELD(FIELD_OPTIONAL, service_event, deployment, "deployment"),
    FIELD(FIELD_INT, service_event, lower, "lower"),
    FIELD(FIELD_INT, service_event, upper, "upper"),
};

#endif
