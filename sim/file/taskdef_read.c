/*
 * Reading task definitions: members first, container by container, then the rules that hold across
 * containers.
 */
#include "file/taskdef_read.h"

#include "core/query.h"
#include "file/nearest.h"
#include "file/taskdef_rules.h"
#include "file/units.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* ECS API, PlacementConstraint: at most so many for a task. */
#define CONSTRAINTS_MAX 10

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

    if (!query)
        node_error(node, "column %d of the expression: %s", error.column, error.text);
    query_destroy(query);
}

bool taskdef_read_constraints(struct node *list, bool of_definition,
                              struct placement_constraint **items, int32_t *n)
{
    int errors = reading_errors(list->document->reading);
    size_t n_items = node_list(list);

    *n = 0;
    *items = NULL;
    if (n_items > CONSTRAINTS_MAX) {
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

static void read_text_into(const struct node *object, const char *name, char **to)
{
    struct node member = node_member(object, name);
    const char *text;

    if (node_text(&member, &text))
        *to = memory_text(text);
}

static void read_texts(const struct node *object, const char *name, char ***to, int32_t *n)
{
    struct node list = node_member(object, name);
    size_t n_items = node_list(&list);

    if (n_items)
        *to = memory_zeroed(n_items, sizeof **to);
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(&list, i);
        const char *text;

        if (node_text(&item, &text))
            (*to)[(*n)++] = memory_text(text);
    }
}

static void read_environment(const struct node *container, struct container_run *run)
{
    struct node list = node_member(container, "environment");
    size_t n = node_list(&list);

    if (n)
        run->environment = memory_zeroed(n, sizeof *run->environment);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, value_node;
        const char *name, *value = "";
        char *variable;

        if (!node_object(&item, &environment_grammar))
            continue;
        name_node = node_member(&item, "name");
        value_node = node_member(&item, "value");
        if (!name_node.value)
            node_error(&name_node, "missing: the variable's name");
        if (!node_text(&name_node, &name))
            continue;
        node_text(&value_node, &value);
        if (!*name || strchr(name, '=')) {
            node_error(&name_node, "found \"%s\", wanted a name without =", name);
            continue;
        }
        variable = memory_zeroed(strlen(name) + strlen(value) + 2, 1);
        strcat(strcat(strcpy(variable, name), "="), value);
        run->environment[run->n_environment++] = variable;
    }
}

static void read_run(const struct node *container, struct container_run *run)
{
    struct node readonly = node_member(container, "readonlyRootFilesystem");

    read_texts(container, "entryPoint", &run->entry_point, &run->n_entry_point);
    read_texts(container, "command", &run->command, &run->n_command);
    read_environment(container, run);
    read_text_into(container, "workingDirectory", &run->working_directory);
    read_text_into(container, "user", &run->user);
    read_text_into(container, "hostname", &run->hostname);
    node_bool(&readonly, &run->readonly_root);
}

static void read_ports(const struct node *object, struct container_definition *container)
{
    struct node list = node_member(object, "portMappings");
    size_t n = node_list(&list);

    if (n > 100)
        node_error(&list, "%zu ports; ECS reserves at most 100 on an instance", n);
    else if (n)
        container->ports = memory_zeroed(n, sizeof *container->ports);
    for (size_t i = 0; i < n && container->ports; i++) {
        struct node item = node_item(&list, i), port, host, protocol, range;
        struct port_mapping *mapping = &container->ports[container->n_ports];
        int choice = PROTOCOL_TCP;

        if (!node_object(&item, &port_mapping_grammar))
            continue;
        port = node_member(&item, "containerPort");
        host = node_member(&item, "hostPort");
        protocol = node_member(&item, "protocol");
        range = node_member(&item, "containerPortRange");
        if (range.value && !port.value)
            continue; /* its host ports are dynamic: nothing that placement counts */
        if (!port.value)
            node_error(&port, "missing: the port that the container listens on");
        node_int(&port, 1, 65535, BARE_NUMBER, &mapping->container_port);
        node_int(&host, 0, 65535, BARE_NUMBER, &mapping->host_port);
        node_choice(&protocol, port_protocol_names, &choice);
        mapping->protocol = choice;
        container->n_ports++;
    }
}

/* Checked only: whether a container is healthy is a fact of the world. */
static void read_health_check(const struct node *object)
{
    static const struct {
        const char *name;
        int32_t minimum, maximum;
        enum bare_unit unit;
    } numbers[] = {
        {"interval", 5, 300, BARE_SECONDS},
        {"timeout", 2, 60, BARE_SECONDS},
        {"retries", 1, 10, BARE_NUMBER},
        {"startPeriod", 0, 300, BARE_SECONDS},
    };
    struct node check = node_member(object, "healthCheck");

    if (!check.value || !node_object(&check, &health_check_grammar))
        return;
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        struct node member = node_member(&check, numbers[i].name);
        int32_t ignored;

        node_int(&member, numbers[i].minimum, numbers[i].maximum, numbers[i].unit, &ignored);
    }
}

static int64_t read_timeout(const struct node *object, const char *name, int64_t otherwise_usec)
{
    struct node member = node_member(object, name);
    int32_t seconds;

    if (!node_int(&member, 0, TIMEOUT_SECONDS_MAX, BARE_SECONDS, &seconds))
        return otherwise_usec;
    return seconds * USEC_PER_SEC;
}

static void read_container(struct node *object, struct container_definition *container,
                           struct container_run *run)
{
    struct node name_node, image_node, cpu, memory, reservation, essential;
    const char *text;

    container->essential = true;
    container->name = memory_text("");
    container->image = memory_text("");
    if (!node_object(object, &container_grammar))
        return;
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
    container->start_timeout_usec = read_timeout(object, "startTimeout", 0);
    container->stop_timeout_usec = read_timeout(object, "stopTimeout", TASKDEF_STOP_TIMEOUT_USEC);
    read_ports(object, container);
    read_health_check(object);
    read_run(object, run);
}

/* A definition's names must be known before it can say who depends on whom. */
static void read_depends(const struct node *object, struct task_definition *definition, int index)
{
    struct container_definition *container = &definition->containers[index];
    struct node list = node_member(object, "dependsOn");
    size_t n = node_list(&list);

    if (n)
        container->depends = memory_zeroed(n, sizeof *container->depends);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i), name_node, condition_node;
        struct container_depend *depend = &container->depends[container->n_depends];
        const char *names[TASKDEF_CONTAINERS_MAX];
        const char *name;
        int condition;

        if (!node_object(&item, &depends_on_grammar))
            continue;
        name_node = node_member(&item, "containerName");
        condition_node = node_member(&item, "condition");
        if (!node_text(&name_node, &name) ||
            !node_choice(&condition_node, container_condition_names, &condition))
            continue;
        for (int c = 0; c < definition->n_containers; c++)
            names[c] = definition->containers[c].name;
        depend->container = taskdef_container(definition, name);
        depend->condition = condition;
        if (depend->container == ID_NONE)
            node_error(&name_node, "no container \"%s\" in this definition%s", name,
                       node_hint(nearest_name(name, names, definition->n_containers)));
        else if (depend->container == index)
            node_error(&name_node, "a container cannot wait for itself");
        else
            container->n_depends++;
    }
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

        read_container(&item, &definition->containers[i], &run->containers[i]);
    }
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        item.ecs = true;
        if (json_is_object(item.value))
            read_depends(&item, definition, (int)i);
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
    static const char *const members[] = {"taskDefinitionArn", "revision", "status",
                                          "requiresAttributes", "registeredAt"};

    for (size_t i = 0; i < sizeof members / sizeof members[0]; i++) {
        struct node member = node_member(node, members[i]);

        if (!member.value)
            continue;
        node_warning(&member, "what describe-task-definition adds is passed over; revisions are "
                              "counted from 1 in the order of registration");
        return;
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
    read_containers(&node, definition, *run);
    taskdef_check(&node, definition);
    if (reading_errors(node.document->reading) == errors)
        return definition;
    taskdef_run_destroy(*run);
    taskdef_destroy(definition);
    *run = NULL;
    return NULL;
}

static void free_texts(char **texts, int n)
{
    for (int i = 0; i < n; i++)
        free(texts[i]);
    free(texts);
}

static void finish_run(struct container_run *run)
{
    free_texts(run->entry_point, run->n_entry_point);
    free_texts(run->command, run->n_command);
    free_texts(run->environment, run->n_environment);
    free(run->working_directory);
    free(run->user);
    free(run->hostname);
}

void taskdef_run_destroy(struct taskdef_run *run)
{
    if (!run)
        return;
    for (int i = 0; i < run->n_containers; i++)
        finish_run(&run->containers[i]);
    free(run->containers);
    free(run);
}
