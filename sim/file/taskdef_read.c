/*
 * Reading task definitions: members first, container by container, then the rules that hold across
 * containers.
 */
#include "file/taskdef_read.h"

#include "core/host.h"
#include "core/query.h"
#include "file/json_shape.h"
#include "file/query_hint.h"
#include "file/taskdef_order.h"
#include "file/taskdef_rules.h"
#include "file/taskdef_run_read.h"
#include "file/units.h"

#include <assert.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ECS API, PlacementConstraint: at most so many for a task. */

/* An instance has at most so many ports in use (ECS API, PortMapping). */
#define PORT_MAPPINGS_MAX 100

/* ECS API, ContainerRestartPolicy. */
#define IGNORED_CODES_MAX 50

/* Years would be accepted as well, a week is more than anybody waits. */
#define TIMEOUT_SECONDS_MAX (7 * 24 * 3600)

bool taskdef_read_name(const struct node *node, const char **name)
{
    const char *text, *at;

    if (!node_text(node, &text))
        return false;
    for (at = text; isalnum((unsigned char)*at) || *at == '-' || *at == '_';)
        at++;
    if (!*text || *at || at - text > 255) {
        node_error(node, "found %s, wanted 1 to 255 letters, digits, - and _", node_found(node));
        return false;
    }
    *name = text;
    return true;
}

static void check_expression(const struct node *node, const char *text)
{
    struct query_error error;
    struct query *query = query_parse(text, &error);
    char hint[120];

    if (!query)
        node_error_in(node, text, error.column, "column %d of the expression: %s%s", error.column,
                      error.text, query_hint(text, &error, hint, sizeof hint));
    query_destroy(query);
}

bool taskdef_read_constraints(struct node *list, bool of_definition,
                              struct placement_constraint **items, int32_t *n)
{
    int errors = reading_errors(list->document->reading);
    size_t n_items = node_list(list);

    *n = 0;
    *items = NULL;
    if (n_items > TASKDEF_CONSTRAINTS_MAX) {
        node_error(list, "%zu constraints; ECS takes at most 10 for a task", n_items);
        return false;
    }
    if (n_items)
        *items = memory_zeroed(n_items, sizeof **items);
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(list, i), type_node, expression;
        const char *text = NULL;
        int type = CONSTRAINT_MEMBER_OF;

        if (!node_object(&item, &constraint_grammar))
            continue;
        type_node = node_member(&item, "type");
        expression = node_member(&item, "expression");
        if (!node_choice(&type_node, constraint_type_names, &type))
            continue;
        node_text(&expression, &text);
        if (type == CONSTRAINT_DISTINCT_INSTANCE && of_definition)
            node_error(&type_node, "ECS takes only memberOf in a task definition; "
                                   "distinctInstance belongs into RunTask or CreateService");
        else if (type == CONSTRAINT_DISTINCT_INSTANCE && text && *text)
            node_error(&expression, "distinctInstance takes no expression");
        else if (type == CONSTRAINT_MEMBER_OF && !expression.value)
            node_error(&expression, "missing: memberOf needs an expression");
        else if (type == CONSTRAINT_MEMBER_OF && text)
            check_expression(&expression, text);
        (*items)[*n].type = type;
        if (type == CONSTRAINT_MEMBER_OF)
            (*items)[*n].expression = memory_text(text ? text : "");
        ++*n;
    }
    return reading_errors(list->document->reading) == errors;
}

/* Larger ranges would only hold up the instance's dynamic ports. */
#define RANGE_PORTS_MAX 100

static void add_port(struct container_definition *container, int *cap, struct port_mapping mapping)
{
    if (container->n_ports == *cap) {
        *cap = *cap ? 2 * *cap : 4;
        container->ports = realloc(container->ports, (size_t)*cap * sizeof *container->ports);
        assert(container->ports);
    }
    container->ports[container->n_ports++] = mapping;
}

/* "8000-8010": each port of the container on a dynamic one of the instance. */
static void read_range(const struct node *node, enum port_protocol protocol,
                       struct container_definition *container, int *cap)
{
    int first, last, length = 0;
    const char *text;

    if (!node_text(node, &text))
        return;
    if (sscanf(text, "%5d-%5d%n", &first, &last, &length) != 2 || text[length] || first < 1 ||
        last > 65535 || first > last || !isdigit((unsigned char)text[0])) {
        node_error(node, "found \"%s\", wanted a range of ports such as \"8000-8010\"", text);
        return;
    }
    if (last - first >= RANGE_PORTS_MAX)
        node_warning(node, "%d ports: berth maps the first %d", last - first + 1, RANGE_PORTS_MAX);
    for (int port = first; port <= last && port - first < RANGE_PORTS_MAX; port++)
        add_port(container, cap, (struct port_mapping){port, 0, protocol});
}

static void read_port(const struct node *item, struct container_definition *container, int *cap)
{
    struct node port = node_member(item, "containerPort"), host = node_member(item, "hostPort");
    struct node protocol = node_member(item, "protocol");
    struct node range = node_member(item, "containerPortRange");
    struct port_mapping mapping = {0};
    int choice = PROTOCOL_TCP;

    shape_check_unused(item, &port_mapping_grammar);
    node_choice(&protocol, port_protocol_names, &choice);
    mapping.protocol = (enum port_protocol)choice;
    if (range.value) {
        if (port.value || host.value)
            node_error(port.value ? &port : &host, "the mapping has a containerPortRange already");
        read_range(&range, mapping.protocol, container, cap);
        return;
    }
    if (!port.value)
        node_error(&port, "missing: the port that the container listens on");
    node_int(&port, 1, 65535, BARE_NUMBER, &mapping.container_port);
    node_int(&host, 0, 65535, BARE_NUMBER, &mapping.host_port);
    add_port(container, cap, mapping);
}

static void read_ports(const struct node *object, struct container_definition *container)
{
    struct node list = node_member(object, "portMappings");
    size_t n = node_list(&list);
    int cap = 0;

    if (n > PORT_MAPPINGS_MAX) {
        node_error(&list, "%zu ports; ECS reserves at most 100 on an instance", n);
        return;
    }
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        if (node_object(&item, &port_mapping_grammar))
            read_port(&item, container, &cap);
    }
}

/* Seconds, with their bounds and what stands for none given. */
static int64_t read_seconds(const struct node *object, const char *name, int32_t minimum,
                            int32_t maximum, int32_t otherwise)
{
    struct node member = node_member(object, name);
    int32_t seconds = otherwise;

    node_int(&member, minimum, maximum, BARE_SECONDS, &seconds);
    return seconds * USEC_PER_SEC;
}

/* ECS API, HealthCheck. */
static void read_health_check(const struct node *object, struct container_definition *container)
{
    struct node check = node_member(object, "healthCheck"), retries;

    if (!check.value || !node_object(&check, &health_check_grammar))
        return;
    retries = node_member(&check, "retries");
    container->health = memory_zeroed(1, sizeof *container->health);
    *container->health = (struct health_check){
        .interval_usec = read_seconds(&check, "interval", 5, 300, 30),
        .timeout_usec = read_seconds(&check, "timeout", 2, 60, 5),
        .start_period_usec = read_seconds(&check, "startPeriod", 0, 300, 0),
        .retries = 3,
    };
    node_int(&retries, 1, 10, BARE_NUMBER, &container->health->retries);
}

/* ECS API, ContainerRestartPolicy. */
static void read_restart_policy(const struct node *object, struct container_definition *container)
{
    struct node node = node_member(object, "restartPolicy"), enabled, codes;
    struct restart_policy *policy;
    bool is_enabled = false;
    size_t n;

    if (!node.value || !node_object(&node, &restart_policy_grammar))
        return;
    enabled = node_member(&node, "enabled");
    codes = node_member(&node, "ignoredExitCodes");
    n = node_list(&codes);
    node_bool(&enabled, &is_enabled);
    policy = memory_zeroed(1, sizeof *policy);
    policy->attempt_period_usec = read_seconds(&node, "restartAttemptPeriod", 60, 1800, 300);
    if (n > IGNORED_CODES_MAX)
        node_error(&codes, "%zu exit codes; ECS takes at most 50", n);
    if (n)
        policy->ignored = memory_zeroed(n, sizeof *policy->ignored);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&codes, i);

        if (node_int(&item, 0, 255, BARE_NUMBER, &policy->ignored[policy->n_ignored].exit_code))
            policy->n_ignored++;
    }
    if (is_enabled) {
        container->restart = policy;
        return;
    }
    free(policy->ignored);
    free(policy);
}

static void read_gpus(const struct node *value, struct container_definition *container)
{
    const char *text;
    char *end;
    long gpus;

    if (!node_text(value, &text))
        return;
    if (container->gpus) {
        node_error(value, "GPUs are asked for above already");
        return;
    }
    gpus = strtol(text, &end, 10);
    if (strcmp(text, "ALL") == 0)
        container->gpus = GPUS_ALL;
    else if (!isdigit((unsigned char)*text) || *end || gpus < 1 || gpus > HOST_GPUS_MAX)
        node_error(value, "found \"%s\", wanted a number of GPUs such as \"1\", or \"ALL\"", text);
    else
        container->gpus = (int32_t)gpus;
}

static void read_requirements(const struct node *object, struct container_definition *container)
{
    const char *const *types = grammar_member(&resource_requirement_grammar, "type")->values;
    struct node list = node_member(object, "resourceRequirements");
    size_t n = node_list(&list);

    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), type, value;
        int choice;

        if (!node_object(&item, &resource_requirement_grammar))
            continue;
        type = node_member(&item, "type");
        value = node_member(&item, "value");
        if (!node_choice(&type, types, &choice))
            continue;
        if (strcmp(types[choice], "GPU") == 0)
            read_gpus(&value, container);
        else
            node_unsimulated(&type, types[choice]);
    }
}

static void read_container(struct node *object, const struct taskdef_run *task,
                           struct container_definition *container, struct container_run *run)
{
    struct node name_node, image_node, cpu, memory, reservation, essential;
    const char *text;

    container->essential = true;
    container->name = memory_text("");
    container->image = memory_text("");
    run->max_swap_mib = run->swappiness = -1;
    if (!node_object(object, &container_grammar))
        return;
    shape_check_unused(object, &container_grammar);
    name_node = node_member(object, "name");
    image_node = node_member(object, "image");
    cpu = node_member(object, "cpu");
    memory = node_member(object, "memory");
    reservation = node_member(object, "memoryReservation");
    essential = node_member(object, "essential");
    if (taskdef_read_name(&name_node, &text)) {
        free(container->name);
        container->name = memory_text(text);
    }
    if (node_text(&image_node, &text)) {
        if (!*text)
            node_error(&image_node, "found an empty text, wanted an image such as nginx:latest");
        free(container->image);
        container->image = memory_text(text);
    }
    node_int(&cpu, 0, TASKDEF_CPU_MAX, BARE_CPU, &container->cpu);
    node_int(&memory, 0, TASKDEF_MEMORY_MAX_MIB, BARE_MIB, &container->memory_mib);
    node_int(&reservation, 0, TASKDEF_MEMORY_MAX_MIB, BARE_MIB, &container->memory_reservation_mib);
    node_bool(&essential, &container->essential);
    container->start_timeout_usec = read_seconds(object, "startTimeout", 0, TIMEOUT_SECONDS_MAX, 0);
    container->stop_timeout_usec =
        read_seconds(object, "stopTimeout", 0, TIMEOUT_SECONDS_MAX, TASKDEF_STOP_TIMEOUT_SECONDS);
    read_ports(object, container);
    read_health_check(object, container);
    read_restart_policy(object, container);
    read_requirements(object, container);
    taskdef_run_read_container(object, task, run);
}

static void read_containers(const struct node *node, struct task_definition *definition,
                            struct taskdef_run *run)
{
    struct node list = node_member(node, "containerDefinitions");
    size_t n = node_list(&list);

    if (list.value && n == 0)
        node_error(&list, "no containers; a task has 1 to 10");
    if (n > TASKDEF_CONTAINERS_MAX) {
        node_error(&list, "%zu containers; ECS takes at most 10 in a task definition", n);
        return;
    }
    definition->containers = memory_zeroed(n, sizeof *definition->containers);
    run->containers = memory_zeroed(n, sizeof *run->containers);
    run->n_containers = (int32_t)n;
    definition->n_containers = (int32_t)n;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_container(&item, run, &definition->containers[i], &run->containers[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        item.ecs = true;
        if (json_is_object(item.value))
            taskdef_order_read(&item, definition, (int)i, &run->containers[i]);
    }
}

static void read_task_size(const struct node *node, const char *name, int32_t minimum,
                           int32_t maximum, const char *(*read)(const char *, int32_t *),
                           int32_t *out)
{
    struct node member = node_member(node, name);
    const char *text, *wrong;
    int64_t bytes;

    if (!node_text(&member, &text))
        return;
    wrong = read(text, out);
    if (wrong && !units_size(text, &bytes))
        node_error(&member, "found \"%s\"; ECS takes MiB here: \"%lld\"", text,
                   (long long)((bytes + (1 << 20) - 1) >> 20));
    else if (wrong)
        node_error(&member, "%s %s", node_found(&member), wrong);
    else if (*out < minimum || *out > maximum)
        node_error(&member, "%s is %d, wanted %d to %d", node_found(&member), (int)*out,
                   (int)minimum, (int)maximum);
}

/* Templates of deployment tools, and one name that Docker has and ECS has not. */
static enum network_mode read_network_mode(const struct node *node)
{
    struct node member = node_member(node, "networkMode");
    const char *text = json_string_value(member.value);
    int choice = NETWORK_BRIDGE;

    if (text && (strcmp(text, "default") == 0 || strstr(text, "{{") || strstr(text, "${")))
        node_warning(&member, "found \"%s\", which ECS does not take: taken as bridge", text);
    else
        node_choice(&member, network_mode_names, &choice);
    return (enum network_mode)choice;
}

const struct node *taskdef_unwrap(const struct node *node, struct node *inner)
{
    *inner = node_member(node, "taskDefinition");
    return json_is_object(inner->value) && !json_object_get(node->value, "containerDefinitions")
               ? inner
               : node;
}

static void say_described(const struct node *node)
{
    static const char *const members[] = {"taskDefinitionArn", "revision",         "status",
                                          "compatibilities",   "registeredAt",     "registeredBy",
                                          "deregisteredAt",    "deleteRequestedAt"};
    struct node first = {0};
    char names[200] = "";
    size_t used = 0;

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct node member = node_member(node, members[i]);

        if (!member.value)
            continue;
        if (!first.value)
            first = member;
        used += (size_t)snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "",
                                 members[i]);
    }
    if (first.value)
        node_warning(&first,
                     "what describe-task-definition adds is passed over (%s); revisions are "
                     "counted from 1 in the order of registration",
                     names);
}

/* ECS finds out what a definition requires of agents; describe-task-definition shows it. What asks for
 * an agent's capability is passed over: every agent of berth has them all. */
static bool asks_for_capability(const char *name)
{
    return strncmp(name, "com.amazonaws.ecs.capability.", 29) == 0 ||
           strncmp(name, "ecs.capability.", 15) == 0;
}

static void read_required(const struct node *node, struct task_definition *definition)
{
    struct node list = node_member(node, "requiresAttributes");
    size_t n = node_list(&list);

    definition->requires = n ? memory_zeroed(n, sizeof *definition->requires) : NULL;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, value_node;
        const char *name = NULL, *value = NULL;

        if (!node_object(&item, &required_attribute_grammar))
            continue;
        name_node = node_member(&item, "name");
        value_node = node_member(&item, "value");
        if (!node_text(&name_node, &name) || asks_for_capability(name))
            continue;
        if (value_node.value && !node_text(&value_node, &value))
            continue;
        definition->requires[definition->n_requires++] =
            (struct attribute){memory_text(name), value ? memory_text(value) : NULL};
    }
}

struct task_definition *taskdef_read(const struct node *given, struct taskdef_run **run)
{
    int errors = reading_errors(given->document->reading);
    struct task_definition *definition;
    struct node node = *given, family, constraints;
    const char *text;

    *run = NULL;
    if (!node_object(&node, &task_definition_grammar))
        return NULL;
    definition = memory_zeroed(1, sizeof *definition);
    *run = memory_zeroed(1, sizeof **run);
    say_described(&node);
    family = node_member(&node, "family");
    constraints = node_member(&node, "placementConstraints");
    definition->family = memory_text(taskdef_read_name(&family, &text) ? text : "");
    definition->network_mode = read_network_mode(&node);
    read_task_size(&node, "cpu", TASKDEF_CPU_MIN, TASKDEF_CPU_MAX, units_task_cpu,
                   &definition->cpu);
    read_task_size(&node, "memory", 1, TASKDEF_MEMORY_MAX_MIB, units_task_memory,
                   &definition->memory_mib);
    taskdef_read_constraints(&constraints, true, &definition->constraints,
                             &definition->n_constraints);
    read_required(&node, definition);
    shape_check_unused(&node, &task_definition_grammar);
    taskdef_run_read(&node, *run);
    read_containers(&node, definition, *run);
    taskdef_check(&node, definition, *run);
    if (reading_errors(node.document->reading) == errors)
        return definition;
    taskdef_run_destroy(*run);
    taskdef_destroy(definition);
    *run = NULL;
    return NULL;
}
