/*
 * The rules, one function each.
 */
#include "file/taskdef_rules.h"

#include "core/fargate.h"
#include "file/taskdef_order.h"

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
            node_warning(member_of(node, i, NULL, &way),
                         "no memory, which ECS wants on instances: give memory or "
                         "memoryReservation here, or memory for the task; counted as 0 MiB");
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

/* ECS API, ResourceRequirement: ALL leaves none for others of the task. */
static void check_gpus(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;
    int n = 0, all = -1;

    for (int i = 0; i < definition->n_containers; i++) {
        n += definition->containers[i].gpus != 0;
        if (definition->containers[i].gpus == GPUS_ALL)
            all = i;
    }
    if (all >= 0 && n > 1)
        node_error(member_of(node, all, "resourceRequirements", &way),
                   "ALL GPUs of an instance, and other containers want some: it fits nowhere");
}

/* What ECS takes only with networks of some kinds (ECS API, ContainerDefinition). */
static void check_network(const struct node *node, const struct task_definition *definition,
                          const struct taskdef_run *run)
{
    const char *mode = network_mode_names[definition->network_mode];
    struct container_node way;

    for (int c = 0; c < run->n_containers; c++) {
        const struct container_run *container = &run->containers[c];

        if (container->n_links && definition->network_mode != NETWORK_BRIDGE)
            node_error(member_of(node, c, "links", &way),
                       "ECS takes links with networkMode bridge only, not with %s", mode);
        if (container->hostname && definition->network_mode == NETWORK_AWSVPC)
            node_warning(member_of(node, c, "hostname", &way),
                         "ECS takes no hostname with networkMode awsvpc");
        if (container->n_hosts && definition->network_mode == NETWORK_AWSVPC)
            node_warning(member_of(node, c, "extraHosts", &way),
                         "ECS takes no extraHosts with networkMode awsvpc");
        for (int i = 0; i < container->n_controls; i++)
            if (definition->network_mode == NETWORK_HOST &&
                strncmp(container->controls[i].name, "net.", 4) == 0)
                node_error(member_of(node, c, "systemControls", &way),
                           "%s would be the instance's own with networkMode host",
                           container->controls[i].name);
    }
}

/* Ranges leave the choice of the instance's ports to it, which a host network does not have. */
static void check_ranges(const struct node *node, const struct task_definition *definition)
{
    struct container_node way;

    if (definition->network_mode == NETWORK_BRIDGE || definition->network_mode == NETWORK_AWSVPC)
        return;
    for (int c = 0; c < definition->n_containers; c++) {
        const struct node *list = member_of(node, c, "portMappings", &way);

        for (size_t i = 0; i < json_array_size(list->value); i++) {
            struct node item = node_item(list, i), range;

            if (!json_is_object(item.value))
                continue;
            range = node_member(&item, "containerPortRange");
            if (range.value)
                node_error(&range, "ECS takes it with networkMode bridge or awsvpc only");
        }
    }
}

static void check_fargate_size(const struct node *node, const struct task_definition *definition)
{
    struct node cpu = node_member(node, "cpu"), memory = node_member(node, "memory"), storage, size;
    int32_t ignored;

    if (!cpu.value || !memory.value)
        node_error(cpu.value ? &memory : &cpu,
                   "missing: FARGATE is required and wants cpu and memory for the task, such as "
                   "\"256\" and \"512\"");
    else if (!fargate_has_size(definition->cpu, definition->memory_mib))
        node_error(&memory,
                   "FARGATE is required and has no size of %d CPU units with %d MiB (the sizes: "
                   "256 with 512, 1024, 2048; 512 with 1024 to 4096; 1024 with 2048 to 8192; ...)",
                   (int)definition->cpu, (int)definition->memory_mib);
    storage = node_member(node, "ephemeralStorage");
    size = json_is_object(storage.value) ? node_member(&storage, "sizeInGiB") : storage;
    if (json_is_integer(size.value))
        node_int(&size, 21, 200, BARE_NUMBER, &ignored);
}

/* Fargate's containers share a machine with strangers' (ECS API, ContainerDefinition). */
static void check_fargate_container(const struct node *node, int c,
                                    const struct container_definition *container,
                                    const struct container_run *run)
{
    static const char *const timeouts[] = {"startTimeout", "stopTimeout"};
    struct container_node way;
    int32_t ignored;

    if (run->privileged)
        node_error(member_of(node, c, "privileged", &way), "FARGATE has no privileged containers");
    if (container->gpus)
        node_error(member_of(node, c, "resourceRequirements", &way), "FARGATE has no GPUs");
    for (int i = 0; i < run->n_add; i++)
        if (strcmp(run->add[i], "SYS_PTRACE") != 0)
            node_error(member_of(node, c, "linuxParameters", &way),
                       "FARGATE adds no capability but SYS_PTRACE, found %s", run->add[i]);
    if (run->n_tmpfs || run->shared_memory_mib || run->max_swap_mib >= 0)
        node_error(member_of(node, c, "linuxParameters", &way),
                   "FARGATE takes neither tmpfs nor sharedMemorySize nor maxSwap");
    for (size_t i = 0; i < sizeof timeouts / sizeof timeouts[0]; i++) {
        const struct node *member = member_of(node, c, timeouts[i], &way);

        if (json_is_integer(member->value) && json_integer_value(member->value) >= 0 &&
            json_integer_value(member->value) <= INT32_MAX)
            node_int(member, 2, 120, BARE_SECONDS, &ignored);
    }
}

static void check_fargate_volumes(const struct node *node, const struct taskdef_run *run)
{
    struct node list = node_member(node, "volumes");

    for (int i = 0; i < run->n_volumes; i++)
        if (run->volumes[i].kind == VOLUME_HOST || run->volumes[i].kind == VOLUME_SHARED) {
            node_error(&list, "FARGATE has no folders of an instance: volume \"%s\"",
                       run->volumes[i].name);
            return;
        }
}

static bool requires_fargate(const struct node *node)
{
    struct node list = node_member(node, "requiresCompatibilities");
    const char *const *names =
        grammar_member(&task_definition_grammar, "requiresCompatibilities")->values;
    size_t n = node_list(&list);
    bool fargate = false;

    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);
        int choice;

        if (node_choice(&item, names, &choice))
            fargate = fargate || strcmp(names[choice], "FARGATE") == 0;
    }
    return fargate;
}

/* The rules hold even where EC2 is required as well (ECS developer guide, task-cpu-memory-error). */
static void check_fargate(const struct node *node, const struct task_definition *definition,
                          const struct taskdef_run *run)
{
    struct node mode = node_member(node, "networkMode");

    if (!requires_fargate(node))
        return;
    check_fargate_size(node, definition);
    if (definition->network_mode != NETWORK_AWSVPC)
        node_warning(&mode, "FARGATE is required and ECS takes it with networkMode awsvpc only");
    for (int c = 0; c < definition->n_containers; c++)
        check_fargate_container(node, c, &definition->containers[c], &run->containers[c]);
    check_fargate_volumes(node, run);
}

/* ECS developer guide, service-quotas. */
#define DEFINITION_BYTES_MAX (64 * 1024)

static void check_length(const struct node *node)
{
    size_t bytes = json_dumpb(node->value, NULL, 0, JSON_COMPACT);
    struct node list = node_member(node, "containerDefinitions");

    if (bytes > DEFINITION_BYTES_MAX)
        node_error(&list, "%zu bytes of definition; ECS takes at most 64 KiB", bytes);
}

void taskdef_check(const struct node *node, const struct task_definition *definition,
                   const struct taskdef_run *run)
{
    check_length(node);
    check_names(node, definition);
    check_essential(node, definition);
    check_memory(node, definition);
    check_sums(node, definition);
    check_ports(node, definition);
    check_ports_once(node, definition);
    check_ranges(node, definition);
    check_gpus(node, definition);
    check_network(node, definition, run);
    taskdef_order_check(node, definition);
    check_fargate(node, definition, run);
}
