/*
 * The messages about services: how they are kept, deployed, balanced and scaled. Part of message.h,
 * which alone includes it. Numbers stand as the APIs take them (seconds, percent); what has decimals
 * there is in thousandths here.
 */
#ifndef BERTH_CORE_MESSAGE_SERVICES_H
#define BERTH_CORE_MESSAGE_SERVICES_H

#include "core/schema.h"
#include "core/taskdef.h"
#include "core/unit.h"

/* ECS's own time constants and defaults, which a scenario may shorten for a lesson; ECS's are
 * scheduler_rules_default. One event sets them all; none: the defaults. */
struct scheduler_rules {
    int64_t metric_period_usec; /* between two datapoints */
    int64_t minute_usec;        /* what a minute of a bake time lasts */

    /* Services */
    int64_t healthy_after_usec; /* RUNNING for so long is healthy where nothing checks */
    int64_t throttle_first_usec, throttle_longest_usec; /* after tasks that never ran */

    /* Target groups, where they say nothing themselves */
    int64_t health_check_interval_usec, health_check_timeout_usec;
    int32_t healthy_threshold, unhealthy_threshold;
    int64_t deregistration_delay_usec;

    /* Service auto scaling */
    int32_t scale_out_datapoints, scale_in_datapoints; /* of target tracking's alarms */
    int64_t scale_out_cooldown_usec, scale_in_cooldown_usec, step_cooldown_usec;

    /* Capacity providers */
    int32_t capacity_out_datapoints, capacity_in_datapoints; /* of managed scaling's alarms */
    int32_t provisioning_limit;                              /* tasks PROVISIONING in the cluster */
    int64_t provisioning_timeout_usec;                       /* until such a task is given up */
    int64_t drain_timeout_usec;                              /* managed draining waits no longer */
    int32_t fargate_burst;        /* launches at once, for Spot so many again */
    int32_t fargate_per_sec;      /* and so many a second after that */
    int64_t spot_warning_usec;    /* from the warning to the interruption */
    int64_t billing_minimum_usec; /* of each instance and each Fargate task */
    int64_t spot_free_usec; /* an EC2 Spot instance that is interrupted before costs nothing */
};

/* ECS API: SchedulingStrategy. */
enum scheduling_strategy { SCHEDULING_REPLICA, SCHEDULING_DAEMON };

/* ECS API: DeploymentStrategy; UNSAID: ROLLING, or as before in an update. */
enum deployment_strategy {
    DEPLOYMENT_UNSAID,
    DEPLOYMENT_ROLLING,
    DEPLOYMENT_BLUE_GREEN,
    DEPLOYMENT_LINEAR,
    DEPLOYMENT_CANARY,
};

/* ECS API: ThresholdType. */
enum threshold_type { THRESHOLD_BOUNDED_PERCENT, THRESHOLD_UNBOUNDED_PERCENT, THRESHOLD_COUNT };

/* ECS API: DeploymentCircuitBreaker. */
struct circuit_breaker {
    bool enable;
    bool rollback;
    bool cumulative; /* resetOnHealthyTask is false */
    enum threshold_type type;
    int32_t value; /* percent, or the count itself */
};

struct alarm_name {
    char *name;
};

/* ECS API: DeploymentAlarms. */
struct deployment_alarms {
    bool enable;
    bool rollback;
    int32_t n_names;
    struct alarm_name *names;
};

/* ECS API: DeploymentConfiguration. ID_NONE or NULL: ECS's default, or as before in an update. */
struct deployment_configuration {
    enum deployment_strategy strategy;
    int32_t minimum_healthy_percent;
    int32_t maximum_percent;
    struct circuit_breaker *breaker;
    struct deployment_alarms *alarms;
    int32_t bake_minutes; /* after all traffic has moved */
    int32_t canary_permille, canary_bake_minutes;
    int32_t step_permille, step_bake_minutes;
};

/* ECS API: AvailabilityZoneRebalancing. UNSAID: ENABLED where it is compatible, or as before. */
enum zone_rebalancing { REBALANCING_UNSAID, REBALANCING_ENABLED, REBALANCING_DISABLED };

/* ECS API: LoadBalancer. */
struct load_balancer {
    int32_t target_group;
    int32_t alternate; /* target group of the other colour, or ID_NONE */
    char *container;
    int32_t container_port;
    bool test_traffic; /* advancedConfiguration names a testListenerRule */
};

/* Target groups and their targets -------------------------------------------------------------- */

/* ELBv2: attribute load_balancing.algorithm.type. */
enum balancing_algorithm {
    BALANCING_ROUND_ROBIN,
    BALANCING_LEAST_OUTSTANDING,
    BALANCING_WEIGHTED_RANDOM,
};

/* ELBv2's CreateTargetGroup with its attributes. ID_NONE: as the rules say. What holds then is in
 * cluster.target_groups, for drivers too. */
struct create_target_group {
    int32_t target_group; /* the next free index, checked */
    char *name;
    int32_t port;
    char *path;     /* of health checks; NULL: "/" */
    bool unchecked; /* HealthCheckEnabled is false: a target is healthy at once */
    int32_t interval_sec, timeout_sec;
    int32_t healthy_threshold, unhealthy_threshold;
    int32_t deregistration_delay_sec;
    int32_t slow_start_sec; /* 0: none */
    enum balancing_algorithm algorithm;
};

/* What the balancer's prober saw: the raw result of one health check of one target. */
struct target_probed {
    int32_t target_group;
    int32_t task;
    bool passed;
};

/* The task's container takes requests from now on: the balancer knows and probes it. Its state is
 * initial (or healthy, in a group without checks). */
struct register_target {
    int32_t target_group;
    int32_t task;
    int32_t instance;
    int32_t container; /* index in its definition */
    int32_t container_port;
    int32_t host_port; /* as the agent reported it; container_port where it reported none */
};

/* ELBv2: TargetHealthStateEnum. UNUSED: the target is deregistered and forgotten. */
enum target_status {
    TARGET_INITIAL,
    TARGET_HEALTHY,
    TARGET_UNHEALTHY,
    TARGET_DRAINING,
    TARGET_UNUSED,
};

struct target_state {
    int32_t target_group;
    int32_t task;
    enum target_status status;
    /* The group has no healthy target now, so requests go to its unhealthy ones. */
    bool fails_open;
};

/* Where a service's requests go: so many thousandths to the target group `to`, the rest to `from`. One
 * message a load balancer of the service. */
struct shift_traffic {
    int32_t service;
    int32_t from, to; /* equal where one gets all */
    int32_t permille;
    bool test; /* only the test listener's traffic */
};

/* Metrics -------------------------------------------------------------------------------------- */

/* One definition's tasks of one service in the last period. */
struct service_metrics {
    int32_t service;
    int32_t taskdef;
    int32_t n_tasks;        /* that were RUNNING at the period's end */
    int64_t running_usec;   /* sum over its tasks of the time they ran in the period */
    int64_t cpu_usec;       /* CPU time they used */
    int64_t throttled_usec; /* time they were kept from using more */
    int64_t memory_bytes;   /* they hold at the period's end */
};

/* How many requests took no longer than `upto_usec` and longer than the bin before. */
struct latency_bin {
    int64_t upto_usec;
    int64_t count;
};

/* What the balancer itself has counted of one target in the last period. */
struct target_metrics {
    int32_t task;
    int64_t n_requests; /* that it was given */
    int64_t n_errors;   /* of those that ended: 5xx, refused, cut off */
    int32_t n_open;     /* that it has now */
    int32_t n_most;     /* that it had at once, since it was registered */
    int32_t n_queued;   /* that wait for it in the balancer now */
    bool in_use;        /* it gets new ones now */
    int64_t first_usec; /* when its first good answer went out; 0: not in this period */
};

/* One target group's requests that ended in the last period. */
struct target_group_metrics {
    int32_t target_group;
    int64_t n_requests; /* that reached a target */
    int64_t n_errors;   /* of those, answered by 5xx or not at all */
    int64_t n_rejected; /* that found no target */
    int64_t latency_sum_usec;
    int32_t n_latency;
    struct latency_bin *latency; /* bins with a count, ascending */
    int32_t n_targets;
    struct target_metrics
        *targets; /* that stand in the balancer or were given requests; none of a flow */
};

/* The world as seen over one metric period, which ends now. A service or group without a row has no
 * datapoint. */
struct observe {
    int64_t period_usec;
    int32_t n_services;
    struct service_metrics *services;
    int32_t n_target_groups;
    struct target_group_metrics *target_groups;
};

/* Auto scaling --------------------------------------------------------------------------------- */

enum metric {
    METRIC_CPU,                 /* CPUUtilization, percent */
    METRIC_MEMORY,              /* MemoryUtilization, percent */
    METRIC_REQUESTS_PER_TARGET, /* RequestCountPerTarget, in a minute */
    METRIC_REQUESTS,            /* RequestCount, in a period */
    METRIC_ERRORS,              /* HTTPCode_Target_5XX_Count, in a period */
    METRIC_LATENCY,             /* TargetResponseTime, seconds */
};

/* Application Auto Scaling: RegisterScalableTarget, of ecs:service:DesiredCount. */
struct register_scalable_target {
    int32_t service;
    int32_t min_capacity, max_capacity; /* ID_NONE: unchanged */
    bool suspend_in, suspend_out, suspend_scheduled;
};

enum policy_type { POLICY_TARGET_TRACKING, POLICY_STEP };
enum adjustment_type { ADJUST_CHANGE, ADJUST_PERCENT, ADJUST_EXACT };

/* StepAdjustment; bounds are relative to the alarm's threshold. */
struct step_adjustment {
    bool has_lower, has_upper;
    int64_t lower_milli, upper_milli;
    int32_t adjustment;
};

/* PutScalingPolicy. ID_NONE: as the rules say. */
struct put_scaling_policy {
    int32_t policy; /* the next free index, or that of the policy to replace */
    char *name;
    int32_t service;
    enum policy_type type;
    /* Target tracking */
    enum metric metric;
    int32_t target_group; /* METRIC_REQUESTS_PER_TARGET */
    int64_t target_milli;
    int32_t scale_out_cooldown_sec, scale_in_cooldown_sec;
    bool disable_scale_in;
    /* Step */
    enum adjustment_type adjustment;
    int32_t min_magnitude; /* ID_NONE: 1 */
    int32_t cooldown_sec;
    int32_t n_steps;
    struct step_adjustment *steps;
};

/* PutScheduledAction. Moments are microseconds since the start of the run, which may be before it. */
struct put_scheduled_action {
    int32_t action; /* the next free index, or that of the action to replace */
    char *name;
    int32_t service;
    char *schedule; /* at(...), rate(...) or cron(...), in UTC */
    bool has_start, has_end;
    int64_t start_usec, end_usec;
    int32_t min_capacity, max_capacity; /* ID_NONE: unchanged */
};

/* CloudWatch API: PutMetricAlarm. */
enum statistic { STATISTIC_AVERAGE, STATISTIC_SUM, STATISTIC_MINIMUM, STATISTIC_MAXIMUM };
enum alarm_comparison { COMPARE_GE, COMPARE_GT, COMPARE_LT, COMPARE_LE };
enum missing_data { MISSING_IS_MISSING, MISSING_IS_BREACHING, MISSING_IS_FINE, MISSING_IGNORED };

struct policy_number {
    int32_t policy;
};
struct put_metric_alarm {
    int32_t alarm; /* the next free index, or that of the alarm to replace */
    char *name;
    enum metric metric;
    int32_t service;      /* or ID_NONE */
    int32_t target_group; /* or ID_NONE */
    enum statistic statistic;
    enum alarm_comparison comparison;
    int64_t threshold_milli;
    int32_t period_sec; /* 60: one metric period of the rules; 120: two */
    int32_t evaluation_periods;
    int32_t datapoints; /* to alarm; ID_NONE: all of the periods */
    enum missing_data missing;
    int32_t n_actions;
    struct policy_number *actions; /* step policies to follow in ALARM */
};

/* CloudWatch API: StateValue. */
enum alarm_status { ALARM_INSUFFICIENT_DATA, ALARM_OK, ALARM_ALARM };

/* An alarm has changed its state. Target tracking's own alarms have no number but their policy's. */
struct alarm_state {
    int32_t alarm;  /* or ID_NONE */
    int32_t policy; /* whose alarm it is, or ID_NONE */
    bool low;       /* the policy's alarm for scaling in */
    enum alarm_status status;
    int64_t value_milli; /* the last datapoint */
};

/* The desired count is set by auto scaling. */
struct scaling {
    int32_t service;
    int32_t policy; /* that wanted it, or ID_NONE */
    int32_t action; /* scheduled action, or ID_NONE */
    int32_t from, to;
    int64_t value_milli; /* the metric, 0 without one */
};

/* What became of a service --------------------------------------------------------------------- */

/* ECS API: Deployment.status; COMPLETED deployments of the past are INACTIVE. */
enum deployment_status { DEPLOYMENT_PRIMARY, DEPLOYMENT_ACTIVE, DEPLOYMENT_INACTIVE };

/* ECS API: DeploymentRolloutState. */
enum rollout_state { ROLLOUT_IN_PROGRESS, ROLLOUT_COMPLETED, ROLLOUT_FAILED };

/* ECS API: ServiceDeploymentLifecycleStage. NONE: a rolling deployment has none. */
enum lifecycle_stage {
    STAGE_NONE,
    STAGE_RECONCILE_SERVICE,
    STAGE_PRE_SCALE_UP,
    STAGE_SCALE_UP,
    STAGE_POST_SCALE_UP,
    STAGE_TEST_TRAFFIC_SHIFT,
    STAGE_POST_TEST_TRAFFIC_SHIFT,
    STAGE_PRE_PRODUCTION_TRAFFIC_SHIFT,
    STAGE_PRODUCTION_TRAFFIC_SHIFT,
    STAGE_POST_PRODUCTION_TRAFFIC_SHIFT,
    STAGE_BAKE_TIME,
    STAGE_CLEAN_UP,
};

/* Why a deployment is as it is. */
enum deployment_reason {
    DEPLOYED_BY_USER,
    DEPLOYED_BY_ROLLBACK,
    DEPLOYMENT_STEADY,         /* COMPLETED: the service is in a steady state */
    DEPLOYMENT_TASKS_FAILED,   /* FAILED: the circuit breaker's threshold */
    DEPLOYMENT_ALARM_WENT_OFF, /* FAILED */
    DEPLOYMENT_SUPERSEDED,     /* by a newer one */
};

/* A deployment of a service begins, changes its stage or state, or ends. */
struct deployment_state {
    int32_t service;
    int32_t deployment; /* its number among the service's, from 0 */
    int32_t taskdef;
    enum deployment_status status;
    enum rollout_state rollout;
    enum lifecycle_stage stage;
    enum deployment_reason reason;
    int32_t n_failed, threshold; /* of the circuit breaker */
};

/* A service event: ECS's words are made of it by whoever shows it. */
enum service_event_code {
    EVENT_TASKS_STARTED,   /* (service X) has started N tasks: (task T). */
    EVENT_TASKS_STOPPED,   /* (service X) has stopped N running tasks: (task T). */
    EVENT_STEADY,          /* (service X) has reached a steady state. */
    EVENT_UNABLE_TO_START, /* (service X) is unable to consistently start tasks successfully. */
    EVENT_DEPLOYMENT_COMPLETED,
    EVENT_DEPLOYMENT_FAILED,
    EVENT_ROLLING_BACK,
    EVENT_REGISTERED, /* (service X) registered 1 targets in (target-group G) */
    EVENT_DEREGISTERED,
    EVENT_TARGET_UNHEALTHY, /* (service X) (task T) (port P) is unhealthy in (target-group G) */
    EVENT_TASK_UNHEALTHY,   /* (service X) (task T) failed container health checks. */
    EVENT_STUCK,            /* neither starting nor stopping is possible within the percentages */
    EVENT_REBALANCING_STARTED,
    EVENT_REBALANCING_COMPLETED,
    EVENT_REBALANCING_STOPPED,
};

struct service_event {
    int32_t service;
    enum service_event_code code;
    int32_t count;        /* of tasks, by code */
    int32_t task;         /* the one that it is about, or ID_NONE */
    int32_t target_group; /* or ID_NONE */
    int32_t deployment;   /* or ID_NONE */
    int32_t lower, upper; /* EVENT_STUCK: the counts that the percentages allow */
};

extern const struct scheduler_rules scheduler_rules_default;
extern const struct schema scheduler_rules_schema;

extern const char *const scheduling_strategy_names[];
extern const char *const deployment_strategy_names[];
extern const char *const threshold_type_names[];
extern const char *const zone_rebalancing_names[];
extern const char *const balancing_algorithm_names[];
extern const char *const target_status_names[];
extern const char *const metric_names[];
extern const char *const policy_type_names[];
extern const char *const adjustment_type_names[];
extern const char *const statistic_names[];
extern const char *const comparison_names[];
extern const char *const missing_data_names[];
extern const char *const alarm_status_names[];
extern const char *const deployment_status_names[];
extern const char *const rollout_state_names[];
extern const char *const lifecycle_stage_names[];
extern const char *const deployment_reason_names[];
extern const char *const service_event_names[];

#endif
