/*
 * The rules, one function each.
 */
#include "file/taskdef_rules.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* With Docker 20.10 or later. */
#define CONTAINER_MEMORY_MIN_MIB 6

/* The way to one member of one container, for findings. */
struct container_node {
    struct node list, container, member;
};

static const struct node *member_of(const struct node *node, int container, const char *name,
                                    struct container_node *way)
{
    way->list = node_member(node, "containerDefinitions");
    way->container = node_item(&way->list, (size_t)container);
    if (!name)
        return &way->container;
    way->member = node_member(&way->container, name);
    return &way->member;
}

static void check_names(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;

    for (int i = 0; i < definition->n_containers; i++) {
        const char *name = definition->containers[i].name;

        if (*name && taskdef_container(definition, name) != i)
            node_error(member_of(node, i, "name", &way),
                       "\"%s\" is the name of container %d already", name,
                       taskdef_container(definition, name));
    }
}

static void check_essential(const struct node *node, const struct task_definition *definition)
{
    struct node list = node_member(node, "containerDefinitions");

    for (int i = 0; i < definition->n_containers; i++)
        if (definition->containers[i].essential)
            return;
    if (definition->n_containers)
        node_error(&list, "no container is essential; ECS wants at least one");
}

/* Nothing or 0 stands there, rather than something that is an error already. */
static bool absent_or_zero(const struct node *member)
{
    return !member->value ||
           (json_is_integer(member->value) && json_integer_value(member->value) == 0);
}

static bool gives_no_memory(const struct node *node, int container)
{
    struct container_node way;

    return json_is_object(member_of(node, container, NULL, &way)->value) &&
           absent_or_zero(member_of(node, container, "memory", &way)) &&
           absent_or_zero(member_of(node, container, "memoryReservation", &way));
}

static void check_memory(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;

    for (int i = 0; i < definition->n_containers; i++) {
        const struct container_definition *container = &definition->containers[i];
        int32_t limit = container->memory_mib, soft = container->memory_reservation_mib;

        if (limit && soft && limit <= soft)
            node_error(member_of(node, i, "memory", &way),
                       "%d MiB must be more than memoryReservation, %d MiB", (int)limit, (int)soft);
        if (limit && limit < CONTAINER_MEMORY_MIN_MIB)
            node_error(member_of(node, i, "memory", &way), "%d MiB; a container needs at least 6",
                       (int)limit);
        if (!limit && !soft && !definition->memory_mib && gives_no_memory(node, i))
            node_error(member_of(node, i, NULL, &way),
                       "no memory: give memory or memoryReservation here, or memory for the task");
    }
}

/* What the containers reserve together fits into what the task is given. */
static void check_sums(const struct node *node, const struct task_definition *definition)
{
    struct node cpu = node_member(node, "cpu"), memory = node_member(node, "memory");
    int64_t sum_cpu = 0, sum_mib = 0;

    for (int i = 0; i < definition->n_containers; i++) {
        const struct container_definition *container = &definition->containers[i];

        sum_cpu += container->cpu;
        sum_mib += container->memory_reservation_mib ? container->memory_reservation_mib
                                                     : container->memory_mib;
    }
    if (definition->cpu && sum_cpu > definition->cpu)
        node_error(&cpu, "the containers ask for %lld CPU units together, the task has %d",
                   (long long)sum_cpu, (int)definition->cpu);
    if (definition->memory_mib && sum_mib > definition->memory_mib)
        node_error(&memory, "the containers reserve %lld MiB together, the task has %d",
                   (long long)sum_mib, (int)definition->memory_mib);
}

static void check_ports(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;

    for (int c = 0; c < definition->n_containers; c++) {
        const struct container_definition *container = &definition->containers[c];

        for (int i = 0; i < container->n_ports; i++) {
            const struct port_mapping *port = &container->ports[i];

            if (definition->network_mode != NETWORK_BRIDGE && port->host_port &&
                port->host_port != port->container_port)
                node_error(member_of(node, c, "portMappings", &way),
                           "hostPort %d: with networkMode %s it must be absent or equal to "
                           "containerPort, %d",
                           (int)port->host_port, network_mode_names[definition->network_mode],
                           (int)port->container_port);
        }
    }
}

/* A static port of the instance is held once; a task that holds one twice could start nowhere. */
static void check_ports_once(const struct node *node, const struct task_definition *definition)
{
    bool used[2][65536] = {0};
    struct container_node way;

    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++) {
            int32_t port = taskdef_host_port(definition, c, i);
            bool *holds = &used[definition->containers[c].ports[i].protocol][port];

            if (port && *holds)
                node_error(member_of(node, c, "portMappings", &way),
                           "port %d of the instance is mapped twice in this task", (int)port);
            *holds = true;
        }
}

static bool has_health_check(const struct node *node, int container)
{
    struct container_node way;

    return member_of(node, container, "healthCheck", &way)->value != NULL;
}

static void check_conditions(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;

    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_depends; i++) {
            const struct container_depend *depend = &definition->containers[c].depends[i];
            const struct container_definition *other = &definition->containers[depend->container];
            const char *condition = container_condition_names[depend->condition];

            if (depend->condition == CONDITION_HEALTHY &&
                !has_health_check(node, depend->container))
                node_error(member_of(node, c, "dependsOn", &way),
                           "%s cannot become HEALTHY: it has no healthCheck", other->name);
            if ((depend->condition == CONDITION_COMPLETE ||
                 depend->condition == CONDITION_SUCCESS) &&
                other->essential)
                node_error(member_of(node, c, "dependsOn", &way),
                           "%s is essential, so its end stops the task: ECS takes no %s on it",
                           other->name, condition);
        }
}

/* Depth first; `way` holds the containers being walked. Returns true after the first cycle. */
static bool walk_depends(const struct node *node, const struct task_definition *definition,
                         int container, int *way, int n_way, bool *done)
{
    const struct container_definition *from = &definition->containers[container];
    struct container_node at;

    for (int i = 0; i < n_way; i++) {
        char names[1024];
        size_t used = 0;

        if (way[i] != container)
            continue;
        for (int k = i; k < n_way && used < sizeof names; k++)
            used += (size_t)snprintf(names + used, sizeof names - used, "%s -> ",
                                     definition->containers[way[k]].name);
        node_error(member_of(node, way[n_way - 1], "dependsOn", &at),
                   "containers wait for each other: %s%s", names, from->name);
        return true;
    }
    if (done[container])
        return false;
    way[n_way] = container;
    for (int i = 0; i < from->n_depends; i++)
        if (walk_depends(node, definition, from->depends[i].container, way, n_way + 1, done))
            return true;
    done[container] = true;
    return false;
}

static void check_cycles(const struct node *node, const struct task_definition *definition)
{
    int way[TASKDEF_CONTAINERS_MAX + 1];
    bool done[TASKDEF_CONTAINERS_MAX] = {0};

    for (int i = 0; i < definition->n_containers; i++)
        if (walk_depends(node, definition, i, way, 0, done))
            return;
}

/* Fargate's sizes: CPU units, MiB from, to, step (ECS developer guide, task-cpu-memory-error). */
static const struct fargate_size {
    int32_t cpu, from_mib, to_mib, step_mib;
} fargate_sizes[] = {
    {256, 512, 512, 512},       {256, 1024, 2048, 1024},      {512, 1024, 4096, 1024},
    {1024, 2048, 8192, 1024},   {2048, 4096, 16384, 1024},    {4096, 8192, 30720, 1024},
    {8192, 16384, 61440, 4096}, {16384, 32768, 122880, 8192},
};

static void check_fargate(const struct node *node, const struct task_definition *definition)
{
    struct node list = node_member(node, "requiresCompatibilities");
    struct node memory = node_member(node, "memory");
    bool fargate = false;

    for (size_t i = 0; i < json_array_size(list.value); i++) {
        const char *text = json_string_value(json_array_get(list.value, i));

        fargate = fargate || (text && strcmp(text, "FARGATE") == 0);
    }
    if (!fargate)
        return;
    for (size_t i = 0; i < sizeof fargate_sizes / sizeof fargate_sizes[0]; i++) {
        const struct fargate_size *size = &fargate_sizes[i];
        int32_t mib = definition->memory_mib;

        if (size->cpu == definition->cpu && mib >= size->from_mib && mib <= size->to_mib &&
            (mib - size->from_mib) % size->step_mib == 0)
            return;
    }
    node_error(&memory,
               "FARGATE is required and has no size of %d CPU units with %d MiB (the sizes: 256 "
               "with 512, 1024, 2048; 512 with 1024 to 4096; 1024 with 2048 to 8192; ...)",
               (int)definition->cpu, (int)definition->memory_mib);
}

void taskdef_check(const struct node *node, const struct task_definition *definition)
{
    check_names(node, definition);
    check_essential(node, definition);
    check_memory(node, definition);
    check_sums(node, definition);
    check_ports(node, definition);
    check_ports_once(node, definition);
    check_conditions(node, definition);
    check_cycles(node, definition);
    check_fargate(node, definition);
}
