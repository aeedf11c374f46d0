/*
 * What a task definition takes from an instance, and the registry of definitions.
 */
#include "core/taskdef.h"

#include "core/array.h"
#include "core/unit.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

const char *const network_mode_names[] = {"bridge", "host", "awsvpc", "none", NULL};
const char *const port_protocol_names[] = {"tcp", "udp", NULL};
const char *const container_condition_names[] = {"START",   "COMPLETE", "SUCCESS",
                                                 "HEALTHY", "CREATE",   NULL};
const char *const constraint_type_names[] = {"distinctInstance", "memberOf", NULL};

static const struct field constraint_fields[] = {
    FIELD_OF(FIELD_ENUM, placement_constraint, type, "type", constraint_type_names),
    FIELD(FIELD_TEXT, placement_constraint, expression, "expression"),
};
const struct schema placement_constraint_schema = SCHEMA(placement_constraint, constraint_fields);

static const struct field attribute_fields[] = {
    FIELD(FIELD_TEXT, attribute, name, "name"),
    FIELD(FIELD_TEXT, attribute, value, "value"),
};
const struct schema attribute_schema = SCHEMA(attribute, attribute_fields);

static const struct field port_fields[] = {
    FIELD(FIELD_INT, port_mapping, container_port, "containerPort"),
    FIELD(FIELD_INT, port_mapping, host_port, "hostPort"),
    FIELD_OF(FIELD_ENUM, port_mapping, protocol, "protocol", port_protocol_names),
};
static const struct schema port_schema = SCHEMA(port_mapping, port_fields);

static const struct field depend_fields[] = {
    FIELD(FIELD_INT, container_depend, container, "container"),
    FIELD_OF(FIELD_ENUM, container_depend, condition, "condition", container_condition_names),
};
static const struct schema depend_schema = SCHEMA(container_depend, depend_fields);

static const struct field health_fields[] = {
    FIELD(FIELD_LONG, health_check, interval_usec, "intervalUsec"),
    FIELD(FIELD_LONG, health_check, timeout_usec, "timeoutUsec"),
    FIELD(FIELD_LONG, health_check, start_period_usec, "startPeriodUsec"),
    FIELD(FIELD_INT, health_check, retries, "retries"),
};
static const struct schema health_schema = SCHEMA(health_check, health_fields);

static const struct field ignored_fields[] = {
    FIELD(FIELD_INT, ignored_exit_code, exit_code, "exitCode"),
};
static const struct schema ignored_schema = SCHEMA(ignored_exit_code, ignored_fields);

static const struct field restart_fields[] = {
    FIELD(FIELD_LONG, restart_policy, attempt_period_usec, "attemptPeriodUsec"),
    FIELD_LIST_OF(restart_policy, ignored, "ignoredExitCodes", &ignored_schema),
};
static const struct schema restart_schema = SCHEMA(restart_policy, restart_fields);

static const struct field container_fields[] = {
    FIELD(FIELD_TEXT, container_definition, name, "name"),
    FIELD(FIELD_TEXT, container_definition, image, "image"),
    FIELD(FIELD_INT, container_definition, cpu, "cpu"),
    FIELD(FIELD_INT, container_definition, memory_mib, "memory"),
    FIELD(FIELD_INT, container_definition, memory_reservation_mib, "memoryReservation"),
    FIELD(FIELD_BOOL, container_definition, essential, "essential"),
    FIELD(FIELD_LONG, container_definition, start_timeout_usec, "startTimeoutUsec"),
    FIELD(FIELD_LONG, container_definition, stop_timeout_usec, "stopTimeoutUsec"),
    FIELD(FIELD_INT, container_definition, gpus, "gpus"),
    FIELD_OF(FIELD_RECORD, container_definition, health, "healthCheck", &health_schema),
    FIELD_OF(FIELD_RECORD, container_definition, restart, "restartPolicy", &restart_schema),
    FIELD_LIST_OF(container_definition, ports, "portMappings", &port_schema),
    FIELD_LIST_OF(container_definition, depends, "dependsOn", &depend_schema),
};
static const struct schema container_schema = SCHEMA(container_definition, container_fields);

static const struct field machine_fields[] = {
    FIELD(FIELD_INT, task_machine, memory_mib, "memory"),
};
static const struct schema machine_schema = SCHEMA(task_machine, machine_fields);

static const struct field definition_fields[] = {
    FIELD(FIELD_TEXT, task_definition, family, "family"),
    FIELD(FIELD_INT, task_definition, revision, "revision"),
    FIELD(FIELD_INT, task_definition, cpu, "cpu"),
    FIELD(FIELD_INT, task_definition, memory_mib, "memory"),
    FIELD_OF(FIELD_ENUM, task_definition, network_mode, "networkMode", network_mode_names),
    FIELD_OF(FIELD_RECORD, task_definition, machine, "machine", &machine_schema),
    FIELD_LIST_OF(task_definition, constraints, "placementConstraints",
                  &placement_constraint_schema),
    FIELD_LIST_OF(task_definition, requires, "requiresAttributes", &attribute_schema),
    FIELD_LIST_OF(task_definition, containers, "containerDefinitions", &container_schema),
};
const struct schema task_definition_schema = SCHEMA(task_definition, definition_fields);

int32_t taskdef_cpu(const struct task_definition *definition)
{
    int32_t sum = 0;

    if (definition->cpu > 0)
        return definition->cpu;
    for (int i = 0; i < definition->n_containers; i++)
        sum += definition->containers[i].cpu;
    return sum;
}

int32_t taskdef_containers_mib(const struct task_definition *definition)
{
    int32_t sum = 0;

    if (definition->memory_mib > 0)
        return definition->memory_mib;
    for (int i = 0; i < definition->n_containers; i++) {
        const struct container_definition *container = &definition->containers[i];

        sum += container->memory_reservation_mib > 0 ? container->memory_reservation_mib
                                                     : container->memory_mib;
    }
    return sum;
}

int32_t taskdef_memory_mib(const struct task_definition *definition)
{
    return taskdef_containers_mib(definition) +
           (definition->machine ? definition->machine->memory_mib : 0);
}

int32_t taskdef_gpus(const struct task_definition *definition, int32_t available)
{
    int64_t sum = 0;

    for (int i = 0; i < definition->n_containers; i++) {
        if (definition->containers[i].gpus == GPUS_ALL)
            return available > 0 ? available : 1;
        sum += definition->containers[i].gpus;
    }
    return sum > INT32_MAX ? INT32_MAX : (int32_t)sum;
}

int32_t taskdef_host_port(const struct task_definition *definition, int container, int i)
{
    const struct port_mapping *mapping = &definition->containers[container].ports[i];

    if (definition->network_mode == NETWORK_HOST)
        return mapping->container_port;
    if (definition->network_mode == NETWORK_BRIDGE)
        return mapping->host_port;
    return 0;
}

bool taskdef_has_host_ports(const struct task_definition *definition)
{
    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (taskdef_host_port(definition, c, i) > 0)
                return true;
    return false;
}

int taskdef_container(const struct task_definition *definition, const char *name)
{
    for (int i = 0; i < definition->n_containers; i++)
        if (strcmp(definition->containers[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static bool container_is_sound(const struct container_definition *container, int n_containers)
{
    if (!container->name || !container->image || container->cpu < 0 || container->memory_mib < 0 ||
        container->memory_reservation_mib < 0 || container->stop_timeout_usec < 0 ||
        container->stop_timeout_usec > USEC_MAX || container->start_timeout_usec > USEC_MAX ||
        container->start_timeout_usec < 0 || container->gpus < GPUS_ALL)
        return false;
    if (container->health &&
        (container->health->interval_usec <= 0 || container->health->timeout_usec <= 0 ||
         container->health->retries < 1 || container->health->start_period_usec < 0 ||
         container->health->interval_usec > USEC_MAX ||
         container->health->timeout_usec > USEC_MAX ||
         container->health->start_period_usec > USEC_MAX))
        return false;
    if (container->restart && container->restart->attempt_period_usec < 0)
        return false;
    for (int i = 0; i < container->n_depends; i++)
        if (container->depends[i].container < 0 || container->depends[i].container >= n_containers)
            return false;
    return true;
}

bool taskdef_is_sound(const struct task_definition *definition)
{
    bool essential = false, all_gpus = false;
    int64_t cpu = 0, memory_mib = 0;
    int n_with_gpus = 0;

    if (!definition || !definition->family || definition->cpu < 0 || definition->memory_mib < 0 ||
        definition->memory_mib > INT32_MAX / 2 ||
        (definition->machine && (definition->machine->memory_mib < 0 ||
                                 definition->machine->memory_mib > INT32_MAX / 4)) ||
        definition->n_containers < 1 || definition->n_containers > TASKDEF_CONTAINERS_MAX)
        return false;
    for (int i = 0; i < definition->n_requires; i++)
        if (!definition->requires[i].name)
            return false;
    for (int i = 0; i < definition->n_containers; i++) {
        const struct container_definition *container = &definition->containers[i];

        if (!container_is_sound(container, definition->n_containers))
            return false;
        essential = essential || container->essential;
        all_gpus = all_gpus || container->gpus == GPUS_ALL;
        n_with_gpus += container->gpus != 0;
        cpu += container->cpu;
        memory_mib += (int64_t)container->memory_mib + container->memory_reservation_mib;
    }
    return essential && (!all_gpus || n_with_gpus == 1) && cpu <= INT32_MAX &&
           memory_mib <= INT32_MAX / 2;
}

struct task_definition *taskdef_copy(const struct task_definition *definition)
{
    struct task_definition *copy = malloc(sizeof *copy);

    assert(copy != NULL);
    schema_copy(&task_definition_schema, copy, definition);
    return copy;
}

void taskdef_destroy(struct task_definition *definition)
{
    if (!definition)
        return;
    schema_finish(&task_definition_schema, definition);
    free(definition);
}

int taskdefs_add(struct taskdefs *taskdefs, const struct task_definition *definition)
{
    struct task_definition **slot = ARRAY_ADD(taskdefs, definitions);

    *slot = taskdef_copy(definition);
    return taskdefs->n_definitions - 1;
}

const struct task_definition *taskdefs_get(const struct taskdefs *taskdefs, int id)
{
    assert(id >= 0 && id < taskdefs->n_definitions);
    return taskdefs->definitions[id];
}

void taskdefs_finish(struct taskdefs *taskdefs)
{
    for (int i = 0; i < taskdefs->n_definitions; i++)
        taskdef_destroy(taskdefs->definitions[i]);
    free(taskdefs->definitions);
    *taskdefs = (struct taskdefs){0};
}
