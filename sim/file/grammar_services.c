/*
 * The tables of what surrounds services: ECS's time constants, deployments, target groups (ELBv2) and
 * scaling (Application Auto Scaling, CloudWatch), each in its API's spelling.
 */
#include "core/message.h"
#include "file/grammar.h"

#include <stddef.h>

static const struct grammar_member rules_members[] = {
    {"metricPeriod", SHAPE_DURATION, .about = "between two datapoints; default 1m"},
    {"minute", SHAPE_DURATION, .about = "what a minute of a bake time lasts; default 1m"},
    {"healthyAfter", SHAPE_DURATION,
     .about = "RUNNING for so long is healthy where nothing checks; default 40s"},
    {"throttleFirst", SHAPE_DURATION,
     .about = "the pause after a task that never ran, doubled each time; default 1s"},
    {"throttleLongest", SHAPE_DURATION, .about = "its longest; default 15m"},
    {"healthCheckInterval", SHAPE_DURATION, .about = "of target groups; default 30s"},
    {"healthCheckTimeout", SHAPE_DURATION, .about = "of target groups; default 5s"},
    {"healthyThreshold", SHAPE_NUMBER,
     .about = "passes in a row until an unhealthy target is healthy; default 5"},
    {"unhealthyThreshold", SHAPE_NUMBER,
     .about = "failures in a row until a target is unhealthy; default 2"},
    {"deregistrationDelay", SHAPE_DURATION,
     .about = "a target drains so long before its task is told to stop; default 5m"},
    {"scaleOutDatapoints", SHAPE_NUMBER,
     .about = "above its target until target tracking scales out; default 3"},
    {"scaleInDatapoints", SHAPE_NUMBER,
     .about = "below nine tenths of it until it scales in; default 15"},
    {"scaleOutCooldown", SHAPE_DURATION, .about = "of target tracking; default 5m"},
    {"scaleInCooldown", SHAPE_DURATION, .about = "of target tracking; default 5m"},
    {"stepCooldown", SHAPE_DURATION, .about = "of step scaling; default 5m"},
    {"capacityOutDatapoints", SHAPE_NUMBER,
     .about = "above its target until a capacity provider scales out; default 1"},
    {"capacityInDatapoints", SHAPE_NUMBER, .about = "below it until it scales in; default 15"},
    {"provisioningLimit", SHAPE_NUMBER,
     .about = "tasks that may be PROVISIONING in the cluster; default 500"},
    {"provisioningTimeout", SHAPE_DURATION,
     .about = "until a PROVISIONING task is given up; default 30m"},
    {"drainTimeout", SHAPE_DURATION, .about = "managed draining waits no longer; default 48h"},
    {"fargateBurst", SHAPE_NUMBER, .about = "Fargate tasks launched at once; default 100"},
    {"fargatePerSecond", SHAPE_NUMBER, .about = "and so many a second after that; default 20"},
    {"spotWarning", SHAPE_DURATION, .about = "from a Spot warning to the interruption; default 2m"},
    {"billingMinimum", SHAPE_DURATION,
     .about = "each instance and Fargate task is billed at least so long; default 1m"},
    {"spotFree", SHAPE_DURATION,
     .about = "an EC2 Spot instance that is taken back sooner is not billed; default 1h"},
    {.name = NULL},
};
const struct grammar rules_grammar = {
    "the rules",
    "ECS's time constants and defaults, for simulated and real runs alike: shorten them so that a "
    "run fits a lesson.",
    .members = rules_members};

/* Services ------------------------------------------------------------------------------------- */

static const struct grammar_member threshold_members[] = {
    {"type", SHAPE_CHOICE, .required = true, .values = threshold_type_names,
     .about = "BOUNDED_PERCENT (3 to 200), UNBOUNDED_PERCENT or COUNT"},
    {"value", SHAPE_NUMBER, .required = true, .about = "percent of the desired count, or tasks"},
    {.name = NULL},
};
const struct grammar threshold_grammar = {"a circuit breaker's threshold", .ecs = true,
                                          .members = threshold_members};

static const struct grammar_member breaker_members[] = {
    {"enable", SHAPE_BOOL, .required = true, .about = "whether failures end a deployment"},
    {"rollback", SHAPE_BOOL, .required = true,
     .about = "back to the last deployment that was COMPLETED"},
    {"resetOnHealthyTask", SHAPE_BOOL,
     .about = "a healthy task takes the count back to 0; default true"},
    {"thresholdConfiguration", SHAPE_OBJECT, .of = &threshold_grammar,
     .about = "default: 50 % of the desired count, 3 to 200"},
    {.name = NULL},
};
const struct grammar breaker_grammar = {"a deployment circuit breaker", .ecs = true,
                                        .members = breaker_members};

static const struct grammar_member deployment_alarms_members[] = {
    {"alarmNames", SHAPE_LIST, .items = SHAPE_TEXT, .required = true, .about = "of putMetricAlarm"},
    {"enable", SHAPE_BOOL, .required = true, .about = "whether they fail a deployment"},
    {"rollback", SHAPE_BOOL, .required = true, .about = "likewise take it back"},
    {.name = NULL},
};
const struct grammar deployment_alarms_grammar = {"a deployment's alarms", .ecs = true,
                                                  .members = deployment_alarms_members};

static const struct grammar_member canary_members[] = {
    {"canaryPercent", SHAPE_DECIMAL, .about = "0.1 to 100, of the traffic; default 5.0"},
    {"canaryBakeTimeInMinutes", SHAPE_NUMBER, .about = "until the rest follows; default 10"},
    {.name = NULL},
};
const struct grammar canary_grammar = {"a canary's configuration", .ecs = true,
                                       .members = canary_members};

static const struct grammar_member linear_members[] = {
    {"stepPercent", SHAPE_DECIMAL, .about = "3 to 100, of the traffic; default 10.0"},
    {"stepBakeTimeInMinutes", SHAPE_NUMBER, .about = "between two steps; default 6"},
    {.name = NULL},
};
const struct grammar linear_grammar = {"a linear shift's configuration", .ecs = true,
                                       .members = linear_members};

const char *const deploy_config_names[] = {
    "CodeDeployDefault.ECSAllAtOnce",
    "CodeDeployDefault.ECSLinear10PercentEvery1Minutes",
    "CodeDeployDefault.ECSLinear10PercentEvery3Minutes",
    "CodeDeployDefault.ECSCanary10Percent5Minutes",
    "CodeDeployDefault.ECSCanary10Percent15Minutes",
    NULL,
};

/* Without the name of "nothing". */
static const char *const strategies_said[] = {"ROLLING", "BLUE_GREEN", "LINEAR", "CANARY", NULL};

static const struct grammar_member deployment_members[] = {
    {"strategy", SHAPE_CHOICE, .values = strategies_said,
     .about = "ROLLING, BLUE_GREEN, LINEAR or CANARY; default ROLLING"},
    {"minimumHealthyPercent", SHAPE_NUMBER,
     .about = "of the desired count, rounded up; default 100, of a DAEMON service 0"},
    {"maximumPercent", SHAPE_NUMBER,
     .about = "of the desired count, rounded down; default 200, of a DAEMON service 100"},
    {"deploymentCircuitBreaker", SHAPE_OBJECT, .of = &breaker_grammar, .about = "default: none"},
    {"alarms", SHAPE_OBJECT, .of = &deployment_alarms_grammar, .about = "default: none"},
    {"bakeTimeInMinutes", SHAPE_NUMBER,
     .about = "old and new run side by side so long once all traffic has moved; default 0"},
    {"canaryConfiguration", SHAPE_OBJECT, .of = &canary_grammar, .about = "of CANARY"},
    {"linearConfiguration", SHAPE_OBJECT, .of = &linear_grammar, .about = "of LINEAR"},
    {"deploymentConfigName", SHAPE_CHOICE, .values = deploy_config_names,
     .about = "one of CodeDeploy's, instead of strategy and its configuration"},
    {"lifecycleHooks", SHAPE_ANY, .about = NULL},
    {.name = NULL},
};
const struct grammar deployment_grammar = {"a deployment configuration", .ecs = true,
                                           .says_unsimulated = true, .members = deployment_members};

static const struct grammar_member advanced_members[] = {
    {"alternateTargetGroupArn", SHAPE_TEXT,
     .about = "target group of the other colour: BLUE_GREEN, LINEAR, CANARY"},
    {"testListenerRule", SHAPE_TEXT, .about = "test traffic moves before production's"},
    {"productionListenerRule", SHAPE_TEXT, .about = "no effect"},
    {"roleArn", SHAPE_TEXT, .about = "no effect"},
    {.name = NULL},
};
const struct grammar advanced_grammar = {"a load balancer's advanced configuration", .ecs = true,
                                         .members = advanced_members};

static const struct grammar_member load_balancer_members[] = {
    {"targetGroupArn", SHAPE_TEXT, .required = true,
     .about = "a name from targetGroups, or an ARN that ends in one"},
    {"containerName", SHAPE_TEXT, .required = true, .about = "that takes the requests"},
    {"containerPort", SHAPE_NUMBER, .required = true, .about = "1 to 65535"},
    {"advancedConfiguration", SHAPE_OBJECT, .of = &advanced_grammar, .about = "for two colours"},
    {"loadBalancerName", SHAPE_TEXT, .about = NULL},
    {.name = NULL},
};
const struct grammar load_balancer_grammar = {"a load balancer of a service", .ecs = true,
                                              .says_unsimulated = true,
                                              .members = load_balancer_members};

static const struct grammar_member controller_members[] = {
    {"type", SHAPE_TEXT, .required = true, .about = "ECS"},
    {.name = NULL},
};
const struct grammar controller_grammar = {"a deployment controller", .ecs = true,
                                           .members = controller_members};

/* Target groups -------------------------------------------------------------------------------- */

static const struct grammar_member target_attribute_members[] = {
    {"Key", SHAPE_TEXT, .required = true,
     .about = "deregistration_delay.timeout_seconds (0 to 3600), slow_start.duration_seconds (30 "
              "to 900, 0: off) or load_balancing.algorithm.type"},
    {"Value", SHAPE_TEXT, .required = true, .about = "as a text"},
    {.name = NULL},
};
const struct grammar target_attribute_grammar = {"a target group's attribute", .ecs = true,
                                                 .members = target_attribute_members};

static const struct grammar_member target_group_members[] = {
    {"Name", SHAPE_TEXT, .required = true, .about = "its name"},
    {"Port", SHAPE_NUMBER, .about = "no effect: targets have their own"},
    {"Protocol", SHAPE_TEXT, .about = "HTTP"},
    {"HealthCheckEnabled", SHAPE_BOOL, .about = "false: targets are healthy at once; default true"},
    {"HealthCheckPath", SHAPE_TEXT, .about = "default \"/\""},
    {"HealthCheckIntervalSeconds", SHAPE_NUMBER,
     .about = "5 to 300; default: rules.healthCheckInterval"},
    {"HealthCheckTimeoutSeconds", SHAPE_NUMBER,
     .about = "2 to 120; default: rules.healthCheckTimeout"},
    {"HealthyThresholdCount", SHAPE_NUMBER, .about = "2 to 10; default: rules.healthyThreshold"},
    {"UnhealthyThresholdCount", SHAPE_NUMBER,
     .about = "2 to 10; default: rules.unhealthyThreshold"},
    {"Attributes", SHAPE_LIST, .of = &target_attribute_grammar,
     .about = "as ModifyTargetGroupAttributes takes them"},
    {"VpcId", SHAPE_TEXT, .about = "no effect"},
    {"TargetType", SHAPE_TEXT, .about = "no effect"},
    {"ProtocolVersion", SHAPE_TEXT, .about = "no effect"},
    {"IpAddressType", SHAPE_TEXT, .about = "no effect"},
    {"Tags", SHAPE_ANY, .about = "no effect"},
    {"Matcher", SHAPE_ANY, .about = "no effect: 200"},
    {"HealthCheckProtocol", SHAPE_TEXT, .about = "no effect"},
    {"HealthCheckPort", SHAPE_TEXT, .about = "no effect"},
    {"TargetControlPort", SHAPE_NUMBER, .about = NULL},
    {.name = NULL},
};
const struct grammar target_group_grammar = {
    "a target group", "ELBv2's CreateTargetGroup, with its attributes.", .ecs = true,
    .says_unsimulated = true, .members = target_group_members};

/* Scaling -------------------------------------------------------------------------------------- */

#define OF_A_SERVICE                                                                               \
    {"ResourceId", SHAPE_TEXT, .required = true, .about = "\"service/CLUSTER/SERVICE\""},          \
        {"ServiceNamespace", SHAPE_TEXT, .about = "ecs"},                                          \
    {                                                                                              \
        "ScalableDimension", SHAPE_TEXT, .about = "ecs:service:DesiredCount"                       \
    }

static const struct grammar_member suspended_members[] = {
    {"DynamicScalingInSuspended", SHAPE_BOOL, .about = "default false"},
    {"DynamicScalingOutSuspended", SHAPE_BOOL, .about = "default false"},
    {"ScheduledScalingSuspended", SHAPE_BOOL, .about = "default false"},
    {.name = NULL},
};
const struct grammar suspended_grammar = {"what is suspended", .ecs = true,
                                          .members = suspended_members};

static const struct grammar_member scalable_target_members[] = {
    OF_A_SERVICE,
    {"MinCapacity", SHAPE_NUMBER, .about = "default: unchanged"},
    {"MaxCapacity", SHAPE_NUMBER, .about = "default: unchanged"},
    {"SuspendedState", SHAPE_OBJECT, .of = &suspended_grammar, .about = "default: nothing"},
    {"RoleARN", SHAPE_TEXT, .about = "no effect"},
    {"Tags", SHAPE_ANY, .about = "no effect"},
    {.name = NULL},
};
const struct grammar scalable_target_grammar = {
    "a RegisterScalableTarget call", "A service's desired count may be scaled within these bounds.",
    .ecs = true, .members = scalable_target_members};

static const struct grammar_member step_members[] = {
    {"MetricIntervalLowerBound", SHAPE_DECIMAL,
     .about = "from the alarm's threshold on; default: no bound"},
    {"MetricIntervalUpperBound", SHAPE_DECIMAL, .about = "default: no bound"},
    {"ScalingAdjustment", SHAPE_NUMBER, .required = true, .about = "by the AdjustmentType"},
    {.name = NULL},
};
const struct grammar step_adjustment_grammar = {"a step", .ecs = true, .members = step_members};

static const struct grammar_member step_scaling_members[] = {
    {"AdjustmentType", SHAPE_CHOICE, .required = true, .values = adjustment_type_names,
     .about = "ChangeInCapacity, PercentChangeInCapacity or ExactCapacity"},
    {"StepAdjustments", SHAPE_LIST, .of = &step_adjustment_grammar, .required = true,
     .about = "without gaps and overlaps"},
    {"MinAdjustmentMagnitude", SHAPE_NUMBER, .about = "tasks, of PercentChangeInCapacity"},
    {"Cooldown", SHAPE_NUMBER, .about = "seconds; default: rules.stepCooldown"},
    {"MetricAggregationType", SHAPE_TEXT, .about = "no effect: the alarm's statistic counts"},
    {.name = NULL},
};
const struct grammar step_scaling_grammar = {"a step scaling configuration", .ecs = true,
                                             .members = step_scaling_members};

static const char *const predefined_metrics[] = {"ECSServiceAverageCPUUtilization",
                                                 "ECSServiceAverageMemoryUtilization",
                                                 "ALBRequestCountPerTarget", NULL};
static const struct grammar_member predefined_members[] = {
    {"PredefinedMetricType", SHAPE_CHOICE, .required = true, .values = predefined_metrics,
     .about = "ECSServiceAverageCPUUtilization, ECSServiceAverageMemoryUtilization or "
              "ALBRequestCountPerTarget (requests in a minute)"},
    {"ResourceLabel", SHAPE_TEXT,
     .about = "ALBRequestCountPerTarget: the target group's name, or a label with it; default: the "
              "service's"},
    {.name = NULL},
};
const struct grammar predefined_metric_grammar = {"a predefined metric", .ecs = true,
                                                  .members = predefined_members};

static const struct grammar_member tracking_members[] = {
    {"TargetValue", SHAPE_DECIMAL, .required = true, .about = "percent, or requests in a minute"},
    {"PredefinedMetricSpecification", SHAPE_OBJECT, .of = &predefined_metric_grammar,
     .required = true, .about = "which metric"},
    {"ScaleOutCooldown", SHAPE_NUMBER, .about = "seconds; default: rules.scaleOutCooldown"},
    {"ScaleInCooldown", SHAPE_NUMBER, .about = "seconds; default: rules.scaleInCooldown"},
    {"DisableScaleIn", SHAPE_BOOL, .about = "default false"},
    {"CustomizedMetricSpecification", SHAPE_ANY, .about = NULL},
    {.name = NULL},
};
const struct grammar target_tracking_grammar = {"a target tracking configuration", .ecs = true,
                                                .says_unsimulated = true,
                                                .members = tracking_members};

static const struct grammar_member scaling_policy_members[] = {
    {"PolicyName", SHAPE_TEXT, .required = true, .about = "alarms name it"},
    OF_A_SERVICE,
    {"PolicyType", SHAPE_CHOICE, .values = policy_type_names,
     .about = "TargetTrackingScaling or StepScaling; default StepScaling"},
    {"TargetTrackingScalingPolicyConfiguration", SHAPE_OBJECT, .of = &target_tracking_grammar,
     .about = "of TargetTrackingScaling"},
    {"StepScalingPolicyConfiguration", SHAPE_OBJECT, .of = &step_scaling_grammar,
     .about = "of StepScaling"},
    {"PredictiveScalingPolicyConfiguration", SHAPE_ANY, .about = NULL},
    {.name = NULL},
};
const struct grammar scaling_policy_grammar = {"a PutScalingPolicy call", .ecs = true,
                                               .says_unsimulated = true,
                                               .members = scaling_policy_members};

static const struct grammar_member bounds_members[] = {
    {"MinCapacity", SHAPE_NUMBER, .about = "default: unchanged"},
    {"MaxCapacity", SHAPE_NUMBER, .about = "default: unchanged"},
    {.name = NULL},
};
const struct grammar target_action_grammar = {"a scalable target's action", .ecs = true,
                                              .members = bounds_members};

static const struct grammar_member scheduled_action_members[] = {
    {"ScheduledActionName", SHAPE_TEXT, .required = true, .about = "its name"},
    OF_A_SERVICE,
    {"Schedule", SHAPE_TEXT, .required = true,
     .about = "\"at(2026-01-01T00:10:00)\", \"rate(5 minutes)\" or \"cron(0 9 ? * MON-FRI *)\""},
    {"ScalableTargetAction", SHAPE_OBJECT, .of = &target_action_grammar, .required = true,
     .about = "bounds, which the desired count is brought within at once"},
    {"StartTime", SHAPE_TEXT, .about = "such as \"2026-01-01T00:00:00Z\""},
    {"EndTime", SHAPE_TEXT, .about = "likewise"},
    {"Timezone", SHAPE_TEXT, .about = "UTC"},
    {.name = NULL},
};
const struct grammar scheduled_action_grammar = {"a PutScheduledAction call", .ecs = true,
                                                 .members = scheduled_action_members};

static const struct grammar_member dimension_members[] = {
    {"Name", SHAPE_TEXT, .required = true, .about = "ServiceName, ClusterName, TargetGroup, ..."},
    {"Value", SHAPE_TEXT, .required = true, .about = "its value"},
    {.name = NULL},
};
const struct grammar dimension_grammar = {"a metric's dimension", .ecs = true,
                                          .members = dimension_members};

static const struct grammar_member metric_alarm_members[] = {
    {"AlarmName", SHAPE_TEXT, .required = true, .about = "deployments' alarms name it"},
    {"MetricName", SHAPE_CHOICE, .required = true, .values = metric_names,
     .about = "CPUUtilization, MemoryUtilization, RequestCountPerTarget, RequestCount, "
              "HTTPCode_Target_5XX_Count or TargetResponseTime"},
    {"Dimensions", SHAPE_LIST, .of = &dimension_grammar, .required = true,
     .about = "ServiceName of a service, or TargetGroup"},
    {"Statistic", SHAPE_CHOICE, .values = statistic_names,
     .about = "Average, Sum, Minimum or Maximum; default Average"},
    {"Period", SHAPE_NUMBER,
     .about = "seconds; 60 are one period of rules.metricPeriod; default 60"},
    {"EvaluationPeriods", SHAPE_NUMBER, .required = true, .about = "that are looked at"},
    {"DatapointsToAlarm", SHAPE_NUMBER, .about = "of them; default: all"},
    {"Threshold", SHAPE_DECIMAL, .required = true, .about = "that the statistic is compared with"},
    {"ComparisonOperator", SHAPE_CHOICE, .required = true, .values = comparison_names,
     .about = "such as GreaterThanThreshold"},
    {"TreatMissingData", SHAPE_CHOICE, .values = missing_data_names,
     .about = "missing, breaching, notBreaching or ignore; default missing"},
    {"AlarmActions", SHAPE_LIST, .items = SHAPE_TEXT,
     .about = "names of step scaling policies, or ARNs that end in one"},
    {"Namespace", SHAPE_TEXT, .about = "no effect"},
    {"ActionsEnabled", SHAPE_BOOL, .about = "no effect"},
    {"AlarmDescription", SHAPE_TEXT, .about = "no effect"},
    {"Unit", SHAPE_TEXT, .about = "no effect"},
    {.name = NULL},
};
const struct grammar metric_alarm_grammar = {"a PutMetricAlarm call", .ecs = true,
                                             .members = metric_alarm_members};

static const struct grammar_member scaling_call_members[] = {
    {"registerScalableTarget", SHAPE_OBJECT, .of = &scalable_target_grammar,
     .about = "Application Auto Scaling's RegisterScalableTarget"},
    {"putScalingPolicy", SHAPE_OBJECT, .of = &scaling_policy_grammar,
     .about = "Application Auto Scaling's PutScalingPolicy"},
    {"putScheduledAction", SHAPE_OBJECT, .of = &scheduled_action_grammar,
     .about = "Application Auto Scaling's PutScheduledAction"},
    {"putMetricAlarm", SHAPE_OBJECT, .of = &metric_alarm_grammar,
     .about = "CloudWatch's PutMetricAlarm"},
    {.name = NULL},
};
const struct grammar scaling_call_grammar = {"a scaling call", "Exactly one of these members.",
                                             .members = scaling_call_members};
