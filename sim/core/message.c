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
const char *const strategy_type_names[] = {"binpack", "spread", "random", NULL};
const char *const strategy_field_names[] = {"", "cpu", "memory", "instanceId", "attribute", NULL};
const char *const place_reason_names[] = {"FITS",
                                          "INACTIVE",
                                          "AGENT",
                                          "RESOURCE:CPU",
                                          "RESOURCE:MEMORY",
                                          "RESOURCE:PORTS",
                                          "ATTRIBUTE",
                                          "DISTINCT_INSTANCE",
                                          "NO_INSTANCE",
                                          NULL};
const char *const refusal_names[] = {"NO_CAPACITY", "NOT_FOUND", "INACTIVE",
                                     "DUPLICATE",   "INVALID",   NULL};
const char *const stop_signal_names[] = {"SIGTERM", "SIGKILL", NULL};

const char *const message_kind_names[] = {
    [MESSAGE_TICK] = "tick",
    [MESSAGE_INSTANCE_GROUP] = "instanceGroup",
    [MESSAGE_REGISTER_TASK_DEFINITION] = "RegisterTaskDefinition",
    [MESSAGE_CREATE_SERVICE] = "CreateService",
    [MESSAGE_UPDATE_SERVICE] = "UpdateService",
    [MESSAGE_DELETE_SERVICE] = "DeleteService",
    [MESSAGE_RUN_TASK] = "RunTask",
    [MESSAGE_STOP_TASK_CALL] = "StopTask",
    [MESSAGE_INSTANCE_LOST] = "instanceLost",
    [MESSAGE_END] = "end",
    [MESSAGE_LAUNCH_INSTANCE] = "launchInstance",
    [MESSAGE_TERMINATE_INSTANCE] = "terminateInstance",
    [MESSAGE_REFUSE] = "refuse",
    [MESSAGE_WAIT] = "wait",
    [MESSAGE_PLACE_TASK] = "placeTask",
    [MESSAGE_STOP_TASK] = "stopTask",
    [MESSAGE_REGISTER] = "register",
    [MESSAGE_TASK_STATE] = "taskState",
    [MESSAGE_BOOT] = "boot",
    [MESSAGE_IMAGE_PULLED] = "imagePulled",
    [MESSAGE_CONTAINER_CREATED] = "containerCreated",
    [MESSAGE_CONTAINER_STARTED] = "containerStarted",
    [MESSAGE_CONTAINER_READY] = "containerReady",
    [MESSAGE_CONTAINER_EXITED] = "containerExited",
    [MESSAGE_PULL_IMAGE] = "pullImage",
    [MESSAGE_CREATE_CONTAINER] = "createContainer",
    [MESSAGE_START_CONTAINER] = "startContainer",
    [MESSAGE_SIGNAL_CONTAINER] = "signalContainer",
    [MESSAGE_REMOVE_TASK] = "removeTask",
    [MESSAGE_KINDS] = NULL,
};

static const struct field zone_fields[] = {FIELD(FIELD_TEXT, zone, name, "name")};
static const struct schema zone_schema = SCHEMA(zone, zone_fields);

static const struct field attribute_fields[] = {
    FIELD(FIELD_TEXT, attribute, name, "name"),
    FIELD(FIELD_TEXT, attribute, value, "value"),
};
static const struct schema attribute_schema = SCHEMA(attribute, attribute_fields);

static const struct field rule_fields[] = {
    FIELD_OF(FIELD_ENUM, strategy_rule, type, "type", strategy_type_names),
    FIELD_OF(FIELD_ENUM, strategy_rule, field, "field", strategy_field_names),
    FIELD(FIELD_TEXT, strategy_rule, attribute, "attribute"),
};
static const struct schema rule_schema = SCHEMA(strategy_rule, rule_fields);

static const struct field state_fields[] = {
    FIELD_OF(FIELD_ENUM, container_state, status, "status", container_status_names),
    FIELD(FIELD_OPTIONAL, container_state, exit_code, "exitCode"),
    FIELD(FIELD_BOOL, container_state, oom, "oom"),
};
static const struct schema state_schema = SCHEMA(container_state, state_fields);

static const struct field instance_group_fields[] = {
    FIELD(FIELD_GROUP, instance_group, group, "group"),
    FIELD(FIELD_TEXT, instance_group, type, "type"),
    FIELD(FIELD_INT, instance_group, cpu, "cpu"),
    FIELD(FIELD_INT, instance_group, memory_mib, "memory"),
    FIELD(FIELD_INT, instance_group, count, "count"),
    FIELD(FIELD_BOOL, instance_group, replace, "replace"),
    FIELD_LIST_OF(instance_group, zones, "zones", &zone_schema),
    FIELD_LIST_OF(instance_group, attributes, "attributes", &attribute_schema),
};
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
};
static const struct field update_service_fields[] = {
    FIELD(FIELD_SERVICE, update_service, service, "service"),
    FIELD(FIELD_TASKDEF, update_service, taskdef, "taskDefinition"),
    FIELD(FIELD_OPTIONAL, update_service, desired, "desiredCount"),
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
};
static const struct field stop_task_call_fields[] = {
    FIELD(FIELD_TASK, stop_task_call, task, "task"),
};
static const struct field instance_lost_fields[] = {
    FIELD(FIELD_INSTANCE, instance_lost, instance, "instance"),
};
static const struct field launch_instance_fields[] = {
    FIELD(FIELD_INSTANCE, launch_instance, instance, "instance"),
    FIELD(FIELD_GROUP, launch_instance, group, "group"),
    FIELD(FIELD_OPTIONAL, launch_instance, zone, "zone"),
};
static const struct field terminate_instance_fields[] = {
    FIELD(FIELD_INSTANCE, terminate_instance, instance, "instance"),
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
};
static const struct field register_fields[] = {
    FIELD(FIELD_INSTANCE, register_instance, instance, "instance"),
    FIELD(FIELD_INT, register_instance, epoch, "epoch"),
    FIELD(FIELD_INT, register_instance, cpu, "cpu"),
    FIELD(FIELD_INT, register_instance, memory_mib, "memory"),
};
static const struct field task_state_fields[] = {
    FIELD(FIELD_INSTANCE, task_state, instance, "instance"),
    FIELD(FIELD_INT, task_state, epoch, "epoch"),
    FIELD(FIELD_TASK, task_state, task, "task"),
    FIELD_OF(FIELD_ENUM, task_state, status, "status", task_status_names),
    FIELD_OF(FIELD_ENUM, task_state, code, "stopCode", stop_code_names),
    FIELD(FIELD_TEXT, task_state, reason, "reason"),
    FIELD_LIST_OF(task_state, containers, "containers", &state_schema),
};
static const struct field boot_fields[] = {
    FIELD(FIELD_INSTANCE, boot, instance, "instance"),
    FIELD(FIELD_INT, boot, epoch, "epoch"),
    FIELD(FIELD_INT, boot, cpu, "cpu"),
    FIELD(FIELD_INT, boot, memory_mib, "memory"),
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
    ROW(MESSAGE_STOP_TASK_CALL, PARTY_WORLD, PARTY_SCHEDULER, stop_task_call,
        stop_task_call_fields),
    ROW(MESSAGE_INSTANCE_LOST, PARTY_WORLD, PARTY_SCHEDULER, instance_lost, instance_lost_fields),
    EMPTY(MESSAGE_END, PARTY_WORLD, PARTY_SCHEDULER),
    ROW(MESSAGE_LAUNCH_INSTANCE, PARTY_SCHEDULER, PARTY_WORLD, launch_instance,
        launch_instance_fields),
    ROW(MESSAGE_TERMINATE_INSTANCE, PARTY_SCHEDULER, PARTY_WORLD, terminate_instance,
        terminate_instance_fields),
    ROW(MESSAGE_REFUSE, PARTY_SCHEDULER, PARTY_WORLD, refuse, refuse_fields),
    ROW(MESSAGE_WAIT, PARTY_SCHEDULER, PARTY_WORLD, wait, wait_fields),
    ROW(MESSAGE_PLACE_TASK, PARTY_SCHEDULER, PARTY_AGENT, place_task, place_task_fields),
    ROW(MESSAGE_STOP_TASK, PARTY_SCHEDULER, PARTY_AGENT, stop_task, stop_task_fields),
    ROW(MESSAGE_REGISTER, PARTY_AGENT, PARTY_SCHEDULER, register_instance, register_fields),
    ROW(MESSAGE_TASK_STATE, PARTY_AGENT, PARTY_SCHEDULER, task_state, task_state_fields),
    ROW(MESSAGE_BOOT, PARTY_WORLD, PARTY_AGENT, boot, boot_fields),
    ROW(MESSAGE_IMAGE_PULLED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_CREATED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_STARTED, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_READY, PARTY_WORLD, PARTY_AGENT, container_fact, fact_fields),
    ROW(MESSAGE_CONTAINER_EXITED, PARTY_WORLD, PARTY_AGENT, container_exited, exited_fields),
    ROW(MESSAGE_PULL_IMAGE, PARTY_AGENT, PARTY_WORLD, container_order, order_fields),
    ROW(MESSAGE_CREATE_CONTAINER, PARTY_AGENT, PARTY_WORLD, container_order, order_fields),
    ROW(MESSAGE_START_CONTAINER, PARTY_AGENT, PARTY_WORLD, container_order, order_fields),
    ROW(MESSAGE_SIGNAL_CONTAINER, PARTY_AGENT, PARTY_WORLD, signal_container, signal_fields),
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
