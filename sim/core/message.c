/*
 * The table of all messages: their members' names outside, who sends them and who receives them.
 */
#include "core/message.h"

#include "core/array.h"
#include "core/draw.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

const char *const task_status_names[] = {"PROVISIONING",   "PENDING",      "ACTIVATING",
                                         "RUNNING",        "DEACTIVATING", "STOPPING",
                                         "DEPROVISIONING", "STOPPED",      NULL};
const char *const container_status_names[] = {
    "NONE",    "MANIFEST_PULLED",       "PULLED",  "CREATED",
    "RUNNING", "RESOURCES_PROVISIONED", "STOPPED", NULL};
const char *const stop_code_names[] = {"",
                                       "TaskFailedToStart",
                                       "EssentialContainerExited",
                                       "UserInitiated",
                                       "ServiceSchedulerInitiated",
                                       "SpotInterruption",
                                       "TerminationNotice",
                                       "InfrastructureHealth",
                                       NULL};
const char *const strategy_type_names[] = {"binpack", "spread", "random", "own", NULL};
const char *const strategy_field_names[] = {"", "cpu", "memory", "instanceId", "attribute", NULL};
const char *const place_reason_names[] = {
    "FITS",
    "PROVIDER",
    "INACTIVE",
    "AGENT",
    "RESOURCE:CPU",
    "RESOURCE:MEMORY",
    "RESOURCE:GPU",
    "RESOURCE:PORTS",
    "RESOURCE:ENI",
    "ATTRIBUTE",
    "MemberOf placement constraint unsatisfied.",
    "DistinctInstance placement constraint unsatisfied.",
    "NO_INSTANCE",
    "MICRO_VM",
    "MISSING",
    NULL,
};
const char *const stop_reason_names[] = {"Task stopped by user",
                                         "Scaling activity initiated by the service scheduler",
                                         "Replaced by a new deployment of the service",
                                         "Container instance is draining",
                                         "Task failed container health checks",
                                         "The run has ended",
                                         "Task failed ELB health checks",
                                         "Availability zone rebalancing",
                                         "Your Spot Task was interrupted.",
                                         "No capacity came in time",
                                         "Replaced by a new deployment of the same task definition",
                                         NULL};
const char *const health_status_names[] = {"UNKNOWN", "HEALTHY", "UNHEALTHY", NULL};
const char *const pull_behavior_names[] = {"default", "always", "once", "prefer-cached", NULL};
const char *const refusal_names[] = {
    "NO_CAPACITY", "NOT_FOUND", "INACTIVE", "DUPLICATE", "INVALID",     "LIMIT", "NOT_SCALABLE",
    "BOUNDS",      "DAEMON",    "STRATEGY", "BALANCERS", "REBALANCING", NULL};
const char *const stop_signal_names[] = {"SIGTERM", "SIGKILL", NULL};

const char *const message_kind_names[] = {
    [MESSAGE_TICK] = "tick",
    [MESSAGE_INSTANCE_GROUP] = "instanceGroup",
    [MESSAGE_REGISTER_TASK_DEFINITION] = "RegisterTaskDefinition",
    [MESSAGE_CREATE_SERVICE] = "CreateService",
    [MESSAGE_UPDATE_SERVICE] = "UpdateService",
    [MESSAGE_DELETE_SERVICE] = "DeleteService",
    [MESSAGE_RUN_TASK] = "RunTask",
    [MESSAGE_START_TASK] = "StartTask",
    [MESSAGE_STOP_TASK_CALL] = "StopTask",
    [MESSAGE_UPDATE_INSTANCE_STATE] = "UpdateContainerInstancesState",
    [MESSAGE_UPDATE_TASK_PROTECTION] = "UpdateTaskProtection",
    [MESSAGE_AGENT_DISCONNECTED] = "agentDisconnected",
    [MESSAGE_INSTANCE_LOST] = "instanceLost",
    [MESSAGE_RULES] = "rules",
    [MESSAGE_CREATE_TARGET_GROUP] = "CreateTargetGroup",
    [MESSAGE_TARGET_PROBED] = "targetProbed",
    [MESSAGE_OBSERVE] = "observe",
    [MESSAGE_REGISTER_SCALABLE_TARGET] = "RegisterScalableTarget",
    [MESSAGE_PUT_SCALING_POLICY] = "PutScalingPolicy",
    [MESSAGE_PUT_SCHEDULED_ACTION] = "PutScheduledAction",
    [MESSAGE_PUT_METRIC_ALARM] = "PutMetricAlarm",
    [MESSAGE_CREATE_CAPACITY_PROVIDER] = "CreateCapacityProvider",
    [MESSAGE_PUT_CLUSTER_PROVIDERS] = "PutClusterCapacityProviders",
    [MESSAGE_SPOT_WARNING] = "spotWarning",
    [MESSAGE_END] = "end",
    [MESSAGE_LAUNCH_INSTANCE] = "launchInstance",
    [MESSAGE_TERMINATE_INSTANCE] = "terminateInstance",
    [MESSAGE_REFUSE] = "refuse",
    [MESSAGE_WAIT] = "wait",
    [MESSAGE_REGISTER_TARGET] = "registerTarget",
    [MESSAGE_TARGET_STATE] = "targetState",
    [MESSAGE_SHIFT_TRAFFIC] = "shiftTraffic",
    [MESSAGE_DEPLOYMENT] = "deployment",
    [MESSAGE_SERVICE_EVENT] = "serviceEvent",
    [MESSAGE_SCALE] = "scale",
    [MESSAGE_ALARM] = "alarm",
    [MESSAGE_DRAIN_INSTANCE] = "drainInstance",
    [MESSAGE_CAPACITY] = "capacity",
    [MESSAGE_GIVE_UP_TASK] = "giveUpTask",
    [MESSAGE_BILL] = "bill",
    [MESSAGE_PLACE_TASK] = "placeTask",
    [MESSAGE_STOP_TASK] = "stopTask",
    [MESSAGE_HEARTBEAT] = "heartbeat",
    [MESSAGE_REGISTER] = "register",
    [MESSAGE_TASK_STATE] = "taskState",
    [MESSAGE_BOOT] = "boot",
    [MESSAGE_CONNECTED] = "connected",
    [MESSAGE_DISCONNECTED] = "disconnected",
    [MESSAGE_MACHINE_BOOTED] = "machineBooted",
    [MESSAGE_IMAGE_PULLED] = "imagePulled",
    [MESSAGE_CONTAINER_CREATED] = "containerCreated",
    [MESSAGE_CONTAINER_STARTED] = "containerStarted",
    [MESSAGE_CONTAINER_READY] = "containerReady",
    [MESSAGE_CONTAINER_PROBED] = "containerProbed",
    [MESSAGE_CONTAINER_EXITED] = "containerExited",
    [MESSAGE_BOOT_MACHINE] = "bootMachine",
    [MESSAGE_PULL_IMAGE] = "pullImage",
    [MESSAGE_CREATE_CONTAINER] = "createContainer",
    [MESSAGE_START_CONTAINER] = "startContainer",
    [MESSAGE_SIGNAL_CONTAINER] = "signalContainer",
    [MESSAGE_PROBE_CONTAINER] = "probeContainer",
    [MESSAGE_REMOVE_TASK] = "removeTask",
    [MESSAGE_REMOVE_IMAGE] = "removeImage",
    [MESSAGE_RECONNECT] = "reconnect",
    [MESSAGE_KINDS] = NULL,
};

#include "core/message_capacity_fields.h"
#include "core/message_services_fields.h"

static const struct field rule_fields[] = {
    FIELD_OF(FIELD_ENUM, strategy_rule, type, "type", strategy_type_names),
    FIELD_OF(FIELD_ENUM, strategy_rule, field, "field", strategy_field_names),
    FIELD(FIELD_TEXT, strategy_rule, attribute, "attribute"),
    FIELD(FIELD_TEXT, strategy_rule, name, "name"),
};
static const struct schema rule_schema = SCHEMA(strategy_rule, rule_fields);

static const struct field binding_fields[] = {
    FIELD(FIELD_INT, network_binding, container_port, "containerPort"),
    FIELD(FIELD_INT, network_binding, host_port, "hostPort"),
    FIELD_OF(FIELD_ENUM, network_binding, protocol, "protocol", port_protocol_names),
};
static const struct schema binding_schema = SCHEMA(network_binding, binding_fields);

static const struct field host_port_fields[] = {
    FIELD(FIELD_INT, host_port, port, "port"),
    FIELD_OF(FIELD_ENUM, host_port, protocol, "protocol", port_protocol_names),
};
static const struct schema host_port_schema = SCHEMA(host_port, host_port_fields);

static const struct field agent_rules_fields[] = {
    FIELD_OF(FIELD_ENUM, agent_rules, pull_behavior, "imagePullBehavior", pull_behavior_names),
    FIELD(FIELD_BOOL, agent_rules, pull_dependents_upfront, "pullDependentContainersUpfront"),
    FIELD(FIELD_INT, agent_rules, reserved_memory_mib, "reservedMemory"),
    FIELD(FIELD_LONG, agent_rules, heartbeat_timeout_usec, "heartbeatTimeoutUsec"),
    FIELD(FIELD_LONG, agent_rules, heartbeat_jitter_usec, "heartbeatJitterUsec"),
    FIELD(FIELD_LONG, agent_rules, image_cleanup_usec, "imageCleanupUsec"),
    FIELD(FIELD_LONG, agent_rules, image_minimum_age_usec, "imageMinimumAgeUsec"),
    FIELD(FIELD_INT, agent_rules, images_per_cleanup, "imagesPerCleanup"),
    FIELD(FIELD_INT, agent_rules, first_dynamic_port, "firstDynamicPort"),
    FIELD(FIELD_INT, agent_rules, last_dynamic_port, "lastDynamicPort"),
    FIELD_LIST_OF(agent_rules, reserved, "reservedPorts", &host_port_schema),
};
const struct schema agent_rules_schema = SCHEMA(agent_rules, agent_rules_fields);

/* ssh, Docker and the agent itself (ECS API: PortMapping.hostPort). */
static struct host_port reserved_by_default[] = {
    {22, PROTOCOL_TCP},    {2375, PROTOCOL_TCP},  {2376, PROTOCOL_TCP},
    {51678, PROTOCOL_TCP}, {51679, PROTOCOL_TCP}, {51680, PROTOCOL_TCP},
};

const struct agent_rules agent_rules_default = {
    .pull_behavior = PULL_DEFAULT,
    .heartbeat_timeout_usec = 60 * USEC_PER_SEC,
    .heartbeat_jitter_usec = 60 * USEC_PER_SEC,
    .image_cleanup_usec = 1800 * USEC_PER_SEC,
    .image_minimum_age_usec = 3600 * USEC_PER_SEC,
    .images_per_cleanup = 5,
    .first_dynamic_port = 49153,
    .last_dynamic_port = 65535,
    .n_reserved = sizeof reserved_by_default / sizeof reserved_by_default[0],
    .reserved = reserved_by_default,
};

static const struct field state_fields[] = {
    FIELD_OF(FIELD_ENUM, container_state, status, "status", container_status_names),
    FIELD_OF(FIELD_ENUM, container_state, health, "health", health_status_names),
    FIELD(FIELD_OPTIONAL, container_state, exit_code, "exitCode"),
    FIELD(FIELD_BOOL, container_state, oom, "oom"),
    FIELD(FIELD_INT, container_state, n_restarts, "restartCount"),
    FIELD_LIST_OF(container_state, bindings, "networkBindings", &binding_schema),
};
static const struct schema state_schema = SCHEMA(container_state, state_fields);

static const struct field register_task_definition_fields[] = {
    FIELD(FIELD_TASKDEF, register_task_definition, taskdef, "taskDefinition"),
    FIELD_OF(FIELD_RECORD, register_task_definition, definition, "definition",
             &task_definition_schema),
};
static const struct field create_service_fields[] = {
    FIELD(FIELD_SERVICE, create_service, service, "service"),
    FIELD(FIELD_TEXT, create_service, name, "serviceName"),
    FIELD(FIELD_TASKDEF, create_service, taskdef, "taskDefinition"),
    FIELD(FIELD_INT, create_service, desired, "desiredCount"),
    FIELD_LIST_OF(create_service, strategy, "placementStrategy", &rule_schema),
    FIELD_LIST_OF(create_service, constraints, "placementConstraints",
                  &placement_constraint_schema),
    FIELD_OF(FIELD_ENUM, create_service, scheduling, "schedulingStrategy",
             scheduling_strategy_names),
    FIELD_OF(FIELD_RECORD, create_service, deployment, "deploymentConfiguration",
             &deployment_configuration_schema),
    FIELD(FIELD_INT, create_service, grace_sec, "healthCheckGracePeriodSeconds"),
    FIELD_OF(FIELD_ENUM, create_service, rebalancing, "availabilityZoneRebalancing",
             zone_rebalancing_names),
    FIELD_LIST_OF(create_service, balancers, "loadBalancers", &load_balancer_schema),
    FIELD_LIST_OF(create_service, providers, "capacityProviderStrategy", &provider_share_schema),
    FIELD(FIELD_BOOL, create_service, launch_type_ec2, "launchTypeEc2"),
};
static const struct field update_service_fields[] = {
    FIELD(FIELD_SERVICE, update_service, service, "service"),
    FIELD(FIELD_TASKDEF, update_service, taskdef, "taskDefinition"),
    FIELD(FIELD_OPTIONAL, update_service, desired, "desiredCount"),
    FIELD(FIELD_BOOL, update_service, force, "forceNewDeployment"),
    FIELD_OF(FIELD_RECORD, update_service, deployment, "deploymentConfiguration",
             &deployment_configuration_schema),
    FIELD(FIELD_OPTIONAL, update_service, grace_sec, "healthCheckGracePeriodSeconds"),
    FIELD_OF(FIELD_ENUM, update_service, rebalancing, "availabilityZoneRebalancing",
             zone_rebalancing_names),
    FIELD_LIST_OF(update_service, providers, "capacityProviderStrategy", &provider_share_schema),
    FIELD(FIELD_BOOL, update_service, new_strategy, "newStrategy"),
    FIELD_LIST_OF(update_service, strategy, "placementStrategy", &rule_schema),
    FIELD(FIELD_BOOL, update_service, new_constraints, "newConstraints"),
    FIELD_LIST_OF(update_service, constraints, "placementConstraints",
                  &placement_constraint_schema),
    FIELD(FIELD_BOOL, update_service, new_balancers, "newLoadBalancers"),
    FIELD_LIST_OF(update_service, balancers, "loadBalancers", &load_balancer_schema),
};
static const struct field delete_service_fields[] = {
    FIELD(FIELD_SERVICE, delete_service, service, "service"),
};
static const struct field run_task_fields[] = {
    FIELD(FIELD_TASKDEF, run_task, taskdef, "taskDefinition"),
    FIELD(FIELD_INT, run_task, count, "count"),
    FIELD(FIELD_TEXT, run_task, group, "group"),
    FIELD(FIELD_BOOL, run_task, wait, "wait"),
    FIELD_LIST_OF(run_task, strategy, "placementStrategy", &rule_schema),
    FIELD_LIST_OF(run_task, constraints, "placementConstraints", &placement_constraint_schema),
    FIELD_LIST_OF(run_task, providers, "capacityProviderStrategy", &provider_share_schema),
    FIELD(FIELD_BOOL, run_task, launch_type_ec2, "launchTypeEc2"),
};
static const struct field instance_name_fields[] = {
    FIELD(FIELD_INSTANCE, instance_name, instance, "instance"),
};
static const struct schema instance_name_schema = SCHEMA(instance_name, instance_name_fields);
static const struct field start_task_fields[] = {
    FIELD(FIELD_TASKDEF, start_task, taskdef, "taskDefinition"),
    FIELD(FIELD_TEXT, start_task, group, "group"),
    FIELD_LIST_OF(start_task, instances, "containerInstances", &instance_name_schema),
};
static const struct field update_instance_state_fields[] = {
    FIELD(FIELD_INSTANCE, update_instance_state, instance, "instance"),
    FIELD(FIELD_BOOL, update_instance_state, draining, "draining"),
};
static const struct field update_task_protection_fields[] = {
    FIELD(FIELD_TASK, update_task_protection, task, "task"),
    FIELD(FIELD_BOOL, update_task_protection, enabled, "protectionEnabled"),
    FIELD(FIELD_LONG, update_task_protection, expires_usec, "expiresUsec"),
};
static const struct field agent_disconnected_fields[] = {
    FIELD(FIELD_INSTANCE, agent_disconnected, instance, "instance"),
};
static const struct field stop_task_call_fields[] = {
    FIELD(FIELD_TASK, stop_task_call, task, "task"),
};
static const struct field instance_lost_fields[] = {
    FIELD(FIELD_INSTANCE, instance_lost, instance, "instance"),
};
static const struct field refuse_fields[] = {
    FIELD_OF(FIELD_ENUM, refuse, call, "call", message_kind_names),
    FIELD_OF(FIELD_ENUM, refuse, refusal, "refusal", refusal_names),
    FIELD(FIELD_TASKDEF, refuse, taskdef, "taskDefinition"),
    FIELD_OF(FIELD_ENUM, refuse, reason, "reason", place_reason_names),
    FIELD(FIELD_INSTANCE, refuse, nearest, "nearest"),
    FIELD(FIELD_LONG, refuse, lack, "lack"),
};
static const struct field wait_fields[] = {
    FIELD(FIELD_SERVICE, wait, service, "service"),
    FIELD(FIELD_TASK, wait, task, "task"),
    FIELD_OF(FIELD_ENUM, wait, reason, "reason", place_reason_names),
    FIELD(FIELD_INSTANCE, wait, nearest, "nearest"),
    FIELD(FIELD_LONG, wait, lack, "lack"),
    FIELD(FIELD_TASKDEF, wait, taskdef, "taskDefinition"),
};
static const struct field place_task_fields[] = {
    FIELD(FIELD_TASK, place_task, task, "task"),
    FIELD(FIELD_INSTANCE, place_task, instance, "instance"),
    FIELD(FIELD_INT, place_task, epoch, "epoch"),
    FIELD(FIELD_TASKDEF, place_task, taskdef, "taskDefinition"),
    FIELD(FIELD_SERVICE, place_task, service, "service"),
    FIELD(FIELD_OPTIONAL, place_task, rule, "rule"),
};
static const struct field stop_task_fields[] = {
    FIELD(FIELD_TASK, stop_task, task, "task"),
    FIELD(FIELD_INSTANCE, stop_task, instance, "instance"),
    FIELD(FIELD_INT, stop_task, epoch, "epoch"),
    FIELD_OF(FIELD_ENUM, stop_task, code, "stopCode", stop_code_names),
    FIELD_OF(FIELD_ENUM, stop_task, reason, "reason", stop_reason_names),
};
static const struct field give_up_task_fields[] = {
    FIELD(FIELD_TASK, give_up_task, task, "task"),
    FIELD_OF(FIELD_ENUM, give_up_task, code, "stopCode", stop_code_names),
    FIELD_OF(FIELD_ENUM, give_up_task, reason, "reason", stop_reason_names),
};
static const struct field heartbeat_fields[] = {
    FIELD(FIELD_INSTANCE, heartbeat, instance, "instance"),
    FIELD(FIELD_INT, heartbeat, epoch, "epoch"),
};
static const struct field register_fields[] = {
    FIELD(FIELD_INSTANCE, register_instance, instance, "instance"),
    FIELD(FIELD_INT, register_instance, epoch, "epoch"),
    FIELD(FIELD_INT, register_instance, cpu, "cpu"),
    FIELD(FIELD_INT, register_instance, memory_mib, "memory"),
    FIELD(FIELD_INT, register_instance, gpus, "gpus"),
    FIELD_LIST_OF(register_instance, reserved, "reservedPorts", &host_port_schema),
};
static const struct field task_state_fields[] = {
    FIELD(FIELD_INSTANCE, task_state, instance, "instance"),
    FIELD(FIELD_INT, task_state, epoch, "epoch"),
    FIELD(FIELD_TASK, task_state, task, "task"),
    FIELD_OF(FIELD_ENUM, task_state, status, "status", task_status_names),
    FIELD_OF(FIELD_ENUM, task_state, health, "health", health_status_names),
    FIELD_OF(FIELD_ENUM, task_state, code, "stopCode", stop_code_names),
    FIELD(FIELD_TEXT, task_state, reason, "reason"),
    FIELD_LIST_OF(task_state, containers, "containers", &state_schema),
};
static const struct field boot_course_fields[] = {
    FIELD(FIELD_TEXT, boot_course, start, "start"),
    FIELD(FIELD_TEXT, boot_course, accelerator, "accelerator"),
    FIELD(FIELD_TEXT, boot_course, kernel, "kernel"),
    FIELD(FIELD_LONG, boot_course, firmware_usec, "firmware"),
    FIELD(FIELD_LONG, boot_course, kernel_usec, "kernelTook"),
    FIELD(FIELD_LONG, boot_course, user_usec, "user"),
    FIELD(FIELD_LONG, boot_course, memory_bytes, "memoryBytes"),
    FIELD(FIELD_LONG, boot_course, system_bytes, "systemBytes"),
    FIELD(FIELD_LONG, boot_course, host_bytes, "hostBytes"),
    FIELD(FIELD_LATER, boot_course, overhead_bytes, "overheadBytes"),
    FIELD(FIELD_LATER, boot_course, seen_bytes, "seenBytes"),
    FIELD(FIELD_LATER, boot_course, left_bytes, "leftBytes"),
};
static const struct schema boot_course_schema = SCHEMA(boot_course, boot_course_fields);
static const struct field machine_booted_fields[] = {
    FIELD(FIELD_TASK, machine_booted, task, "task"),
    FIELD(FIELD_TEXT, machine_booted, error, "error"),
    FIELD_OF(FIELD_RECORD, machine_booted, course, "course", &boot_course_schema),
};
static const struct field boot_machine_fields[] = {
    FIELD(FIELD_TASK, boot_machine, task, "task"),
};

static const struct field boot_fields[] = {
    FIELD(FIELD_INSTANCE, boot, instance, "instance"),
    FIELD(FIELD_INT, boot, epoch, "epoch"),
    FIELD(FIELD_INT, boot, cpu, "cpu"),
    FIELD(FIELD_INT, boot, memory_mib, "memory"),
    FIELD(FIELD_INT, boot, gpus, "gpus"),
    FIELD_OF(FIELD_RECORD, boot, rules, "rules", &agent_rules_schema),
    FIELD_OF(FIELD_RECORD, boot, course, "course", &boot_course_schema),
    FIELD(FIELD_TASK, boot, for_task, "forTask"),
};
static const struct field fact_fields[] = {
    FIELD(FIELD_TASK, container_fact, task, "task"),
    FIELD(FIELD_INT, container_fact, container, "container"),
    FIELD(FIELD_TEXT, container_fact, error, "error"),
};
static const struct field exited_fields[] = {
    FIELD(FIELD_TASK, container_exited, task, "task"),
    FIELD(FIELD_INT, container_exited, container, "container"),
    FIELD(FIELD_INT, container_exited, exit_code, "exitCode"),
    FIELD(FIELD_BOOL, container_exited, oom, "oom"),
};
static const struct field probed_fields[] = {
    FIELD(FIELD_TASK, container_probed, task, "task"),
    FIELD(FIELD_INT, container_probed, container, "container"),
    FIELD(FIELD_INT, container_probed, probe, "probe"),
    FIELD(FIELD_BOOL, container_probed, healthy, "healthy"),
};
static const struct field probe_fields[] = {
    FIELD(FIELD_TASK, probe_container, task, "task"),
    FIELD(FIELD_INT, probe_container, container, "container"),
    FIELD(FIELD_INT, probe_container, probe, "probe"),
};
static const struct field create_fields[] = {
    FIELD(FIELD_TASK, create_container, task, "task"),
    FIELD(FIELD_INT, create_container, container, "container"),
    FIELD(FIELD_LONG, create_container, gpus, "gpus"),
    FIELD_LIST_OF(create_container, bindings, "networkBindings", &binding_schema),
};
static const struct field remove_image_fields[] = {
    FIELD(FIELD_TEXT, remove_image, image, "image"),
};
static const struct field order_fields[] = {
    FIELD(FIELD_TASK, container_order, task, "task"),
    FIELD(FIELD_INT, container_order, container, "container"),
};
static const struct field signal_fields[] = {
    FIELD(FIELD_TASK, signal_container, task, "task"),
    FIELD(FIELD_INT, signal_container, container, "container"),
    FIELD_OF(FIELD_ENUM, signal_container, signal, "signal", stop_signal_names),
};
static const struct field remove_fields[] = {
    FIELD(FIELD_TASK, remove_task, task, "task"),
};

#define ROW(kind, from, to, owner, fields) [kind] = {from, to, SCHEMA(owner, fields)}
#define EMPTY(kind, from, to) [kind] = {from, to, {0, NULL, 0}}

const struct message_type message_types[MESSAGE_KINDS] = {
    EMPTY(MESSAGE_TICK, PARTY_WORLD, PARTY_SCHEDULER),
    ROW(MESSAGE_INSTANCE_GROUP, PARTY_WORLD, PARTY_SCHEDULER, instance_group,
        instance_group_fields),
    ROW(MESSAGE_REGISTER_TASK_DEFINITION, PARTY_WORLD, PARTY_SCHEDULER, register_task_definition,
        register_task_definition_fields),
    ROW(MESSAGE_CREATE_SERVICE, PARTY_WORLD, PARTY_SCHEDULER, create_service,
        create_service_fields),
    ROW(MESSAGE_UPDATE_SERVICE, PARTY_WORLD, PARTY_SCHEDULER, update_service,
        update_service_fields),
    ROW(MESSAGE_DELETE_SERVICE, PARTY_WORLD, PARTY_SCHEDULER, delete_service,
        delete_service_fields),
    ROW(MESSAGE_RUN_TASK, PARTY_WORLD, PARTY_SCHEDULER, run_task, run_task_fields),
    ROW(MESSAGE_START_TASK, PARTY_WORLD, PARTY_SCHEDULER, start_task, start_task_fields),
    ROW(MESSAGE_UPDATE_INSTANCE_STATE, PARTY_WORLD, PARTY_SCHEDULER, update_instance_state,
        update_instance_state_fields),
    ROW(MESSAGE_UPDATE_TASK_PROTECTION, PARTY_WORLD, PARTY_SCHEDULER, update_task_protection,
        update_task_protection_fields),
    ROW(MESSAGE_AGENT_DISCONNECTED, PARTY_WORLD, PARTY_SCHEDULER, agent_disconnected,
        agent_disconnected_fields),
    ROW(MESSAGE_STOP_TASK_CALL, PARTY_WORLD, PARTY_SCHEDULER, stop_task_call,
        stop_task_call_fields),
    ROW(MESSAGE_INSTANCE_LOST, PARTY_WORLD, PARTY_SCHEDULER, instance_lost, instance_lost_fields),
    ROW(MESSAGE_RULES, PARTY_WORLD, PARTY_SCHEDULER, scheduler_rules, scheduler_rules_fields),
    ROW(MESSAGE_CREATE_TARGET_GROUP, PARTY_WORLD, PARTY_SCHEDULER, create_target_group,
        create_target_group_fields),
    ROW(MESSAGE_TARGET_PROBED, PARTY_WORLD, PARTY_SCHEDULER, target_probed, target_probed_fields),
    ROW(MESSAGE_OBSERVE, PARTY_WORLD, PARTY_SCHEDULER, observe, observe_fields),
    ROW(MESSAGE_REGISTER_SCALABLE_TARGET, PARTY_WORLD, PARTY_SCHEDULER, register_scalable_target,
        register_scalable_target_fields),
    ROW(MESSAGE_PUT_SCALING_POLICY, PARTY_WORLD, PARTY_SCHEDULER, put_scaling_policy,
        put_scaling_policy_fields),
    ROW(MESSAGE_PUT_SCHEDULED_ACTION, PARTY_WORLD, PARTY_SCHEDULER, put_scheduled_action,
        put_scheduled_action_fields),
    ROW(MESSAGE_PUT_METRIC_ALARM, PARTY_WORLD, PARTY_SCHEDULER, put_metric_alarm,
        put_metric_alarm_fields),
    ROW(MESSAGE_CREATE_CAPACITY_PROVIDER, PARTY_WORLD, PARTY_SCHEDULER, create_capacity_provider,
        create_capacity_provider_fields),
    ROW(MESSAGE_PUT_CLUSTER_PROVIDERS, PARTY_WORLD, PARTY_SCHEDULER, put_cluster_providers,
        put_cluster_providers_fields),
    ROW(MESSAGE_SPOT_WARNING, PARTY_WORLD, PARTY_SCHEDULER, spot_warning, spot_warning_fields),
    EMPTY(MESSAGE_END, PARTY_WORLD, PARTY_SCHEDULER),
    ROW(MESSAGE_LAUNCH_INSTANCE, PARTY_SCHEDULER, PARTY_WORLD, launch_instance,
        launch_instance_fields),
    ROW(MESSAGE_TERMINATE_INSTANCE, PARTY_SCHEDULER, PARTY_WORLD, terminate_instance,
        terminate_instance_fields),
    ROW(MESSAGE_REFUSE, PARTY_SCHEDULER, PARTY_WORLD, refuse, refuse_fields),
    ROW(MESSAGE_WAIT, PARTY_SCHEDULER, PARTY_WORLD, wait, wait_fields),
    ROW(MESSAGE_REGISTER_TARGET, PARTY_SCHEDULER, PARTY_WORLD, register_target,
        register_target_fields),
    ROW(MESSAGE_TARGET_STATE, PARTY_SCHEDULER, PARTY_WORLD, target_state, target_state_fields),
    ROW(MESSAGE_SHIFT_TRAFFIC, PARTY_SCHEDULER, PARTY_WORLD, shift_traffic, shift_traffic_fields),
    ROW(MESSAGE_DEPLOYMENT, PARTY_SCHEDULER, PARTY_WORLD, deployment_state,
        deployment_state_fields),
    ROW(MESSAGE_SERVICE_EVENT, PARTY_SCHEDULER, PARTY_WORLD, service_event, service_event_fields),
    ROW(MESSAGE_SCALE, PARTY_SCHEDULER, PARTY_WORLD, scaling, scaling_fields),
    ROW(MESSAGE_ALARM, PARTY_SCHEDULER, PARTY_WORLD, alarm_state, alarm_state_fields),
    ROW(MESSAGE_DRAIN_INSTANCE, PARTY_SCHEDULER, PARTY_WORLD, drain_instance,
        drain_instance_fields),
    ROW(MESSAGE_CAPACITY, PARTY_SCHEDULER, PARTY_WORLD, capacity_state, capacity_state_fields),
    ROW(MESSAGE_GIVE_UP_TASK, PARTY_SCHEDULER, PARTY_WORLD, give_up_task, give_up_task_fields),
    ROW(MESSAGE_BILL, PARTY_SCHEDULER, PARTY_WORLD, bill, bill_fields),
    ROW(MESSAGE_PLACE_TASK, PARTY_SCHEDULER, PARTY_AGENT, place_task, place_task_fields),
    ROW(MESSAGE_STOP_TASK, PARTY_SCHEDULER, PARTY_AGENT, stop_task, stop_task_fields),
    ROW(MESSAGE_HEARTBEAT, PARTY_SCHEDULER, PARTY_AGENT, heartbeat, heartbeat_fields),
    ROW(MESSAGE_REGISTER, PARTY_AGENT, PARTY_SCHEDULER, register_instance, register_fields),
    ROW(MESSAGE_TASK_STATE, PARTY_AGENT, PARTY_SCHEDULER, task_state, task_state_fields),
    ROW(MESSAGE_BOOT, PARTY_WORLD, PARTY_AGENT, boot, boot_fields),
    EMPTY(MESSAGE_CONNECTED, PARTY_WORLD, PARTY_AGENT),
    EMPTY(MESSAGE_DISCONNECTED, PARTY_WORLD, PARTY_AGENT),
    ROW(MESSAGE_MACHINE_BOOTED, PARTY_WORLD, PARTY_AGENT, machine_booted, machine_booted_fields),
    ROW(MESSAGE_BOOT_MACHINE, PARTY_AGENT, PARTY_WORLD, boot_machine, boot_machine_fields),
    ROW(MESSAGE_CONTAINER_PROBED, PARTY_WORLD, PARTY_AGENT, container_probed, probed_fields),
    ROW(MESSAGE_IMAGE_PULLED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_CREATED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_STARTED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_READY, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_EXITED, PARTY_WORLD, PARTY_AGENT, container_exited, exited_fields),
    ROW(MESSAGE_PULL_IMAGE, PARTY_AGENT, PARTY_WORLD, container_order, order_fields),
    ROW(MESSAGE_CREATE_CONTAINER, PARTY_AGENT, PARTY_WORLD, create_container, create_fields),
    ROW(MESSAGE_START_CONTAINER, PARTY_AGENT, PARTY_WORLD, container_order, order_fields),
    ROW(MESSAGE_SIGNAL_CONTAINER, PARTY_AGENT, PARTY_WORLD, signal_container, signal_fields),
    ROW(MESSAGE_PROBE_CONTAINER, PARTY_AGENT, PARTY_WORLD, probe_container, probe_fields),
    ROW(MESSAGE_REMOVE_IMAGE, PARTY_AGENT, PARTY_WORLD, remove_image, remove_image_fields),
    EMPTY(MESSAGE_RECONNECT, PARTY_AGENT, PARTY_WORLD),
    ROW(MESSAGE_REMOVE_TASK, PARTY_AGENT, PARTY_WORLD, remove_task, remove_fields),
};

struct message message_new(enum message_kind kind)
{
    struct message message = {.kind = kind};

    schema_clear(&message_types[kind].schema, &message.as);
    return message;
}

void message_copy(struct message *to, const struct message *from)
{
    *to = *from;
    schema_copy(&message_types[from->kind].schema, &to->as, &from->as);
}

void message_finish(struct message *message)
{
    schema_finish(&message_types[message->kind].schema, &message->as);
}

bool message_equal(const struct message *a, const struct message *b, char *path, size_t path_size)
{
    if (a->kind != b->kind) {
        snprintf(path, path_size, "kind");
        return false;
    }
    if (a->id != b->id) {
        snprintf(path, path_size, "id");
        return false;
    }
    return schema_equal(&message_types[a->kind].schema, &a->as, &b->as, path, path_size);
}

uint64_t message_digest(const struct message *message, uint64_t digest)
{
    digest = draw_mix(digest ^ (uint64_t)message->kind);
    digest = draw_mix(digest ^ (uint64_t)message->id);
    return schema_digest(&message_types[message->kind].schema, &message->as, digest);
}

bool message_is_for(enum message_kind kind, enum party machine)
{
    return kind == MESSAGE_TICK || message_types[kind].to == machine;
}

struct message *outputs_add(struct outputs *outputs, enum message_kind kind)
{
    struct message *message = ARRAY_ADD(outputs, messages);

    *message = message_new(kind);
    return message;
}

void outputs_finish(struct outputs *outputs)
{
    free(outputs->messages);
    *outputs = (struct outputs){0};
}
