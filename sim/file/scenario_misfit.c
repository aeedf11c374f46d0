/*
 * Definitions that fit on no instance of their scenario, not even on an empty one: whoever waits for
 * such a task waits for ever. And strategies that no instance has anything to say to.
 */
#include "file/nearest.h"
#include "file/scenario_read.h"

#include <string.h>

#define NAMES_MAX 64

/* What a group's agents register of its type's memory. */
static int32_t group_memory_mib(const struct scenario_group *group,
                                const struct instance_type *type)
{
    int32_t reserved = group->rules ? group->rules->reserved_memory_mib : 0;

    return type->memory_mib > reserved ? type->memory_mib - reserved : 0;
}

/* How far a definition is from fitting, in thousandths of what there is: 1000 and less fits. */
static int64_t need_permille(int64_t wanted, int64_t there)
{
    return wanted == 0 ? 0 : there > 0 ? (wanted * 1000 + there - 1) / there : INT64_MAX - 1;
}

static bool is_reserved(const struct scenario_group *group, int32_t port,
                        enum port_protocol protocol)
{
    const struct agent_rules *rules = group->rules ? group->rules : &agent_rules_default;

    for (int i = 0; i < rules->n_reserved; i++)
        if (rules->reserved[i].port == port && rules->reserved[i].protocol == protocol)
            return true;
    return false;
}

/* ECS API, PortMapping: no task gets what every instance keeps for itself, such as port 22. */
static void warn_of_reserved(const struct scenario_reader *reader, const struct node *node, int c,
                             int32_t port, enum port_protocol protocol)
{
    struct node list = node_member(node, "containerDefinitions"),
                item = node_item(&list, (size_t)c);
    struct node ports = node_member(&item, "portMappings");
    int n = 0;

    for (int i = 0; i < reader->n_groups; i++)
        n += is_reserved(&reader->groups[i], port, protocol);
    if (n > 0 && n == reader->n_groups)
        node_warning(&ports, "port %d is reserved on every instance: the task fits on none",
                     (int)port);
}

static void warn_of_ports(const struct scenario_reader *reader, const struct node *node,
                          const struct task_definition *definition)
{
    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (taskdef_host_port(definition, c, i) > 0)
                warn_of_reserved(reader, node, c, taskdef_host_port(definition, c, i),
                                 definition->containers[c].ports[i].protocol);
}

static void warn_of_size(const struct scenario_reader *reader, const struct node *node,
                         const struct task_definition *definition)
{
    const int64_t wanted[] = {taskdef_cpu(definition), taskdef_memory_mib(definition),
                              taskdef_gpus(definition, 1)};
    static const char *const units[] = {"CPU units", "MiB", "GPUs"};
    struct node family = node_member(node, "family");
    const struct instance_type *nearest = NULL;
    int64_t nearest_permille = INT64_MAX, nearest_there = 0;
    int nearest_lacks = 0;

    for (int i = 0; i < reader->n_groups; i++) {
        const struct scenario_group *group = &reader->groups[i];
        const struct instance_type *type;
        int64_t permille = 0;
        int lacks = 0;

        if (group->type == ID_NONE || group->kind == GROUP_FARGATE || group->n_more_types > 0)
            return;
        type = &reader->types[group->type];
        const int64_t there[] = {type->cpu, group_memory_mib(group, type), type->gpus};
        for (int r = 0; r < 3; r++)
            if (need_permille(wanted[r], there[r]) > permille) {
                permille = need_permille(wanted[r], there[r]);
                lacks = r;
            }
        if (permille <= 1000)
            return;
        if (permille < nearest_permille) {
            nearest_permille = permille;
            nearest = type;
            nearest_lacks = lacks;
            nearest_there = there[lacks];
        }
    }
    if (nearest)
        node_warning(&family,
                     "%s needs %lld %s and fits on no instance, even an empty one: the nearest, "
                     "%s, has %lld",
                     definition->family, (long long)wanted[nearest_lacks], units[nearest_lacks],
                     nearest->name, (long long)nearest_there);
}

/* Attributes that instances have by themselves. */
static bool is_built_in(const char *name)
{
    return strncmp(name, "ecs.", 4) == 0;
}

/* Whether any instance has the attribute, with that value where one is given. */
static bool is_had(const struct scenario_reader *reader, const char *name, const char *value)
{
    for (int g = 0; g < reader->n_groups; g++) {
        const struct scenario_group *group = &reader->groups[g];

        for (int i = 0; i < group->n_attributes; i++)
            if (strcmp(group->attributes[i].name, name) == 0 &&
                (!value ||
                 (group->attributes[i].value && strcmp(group->attributes[i].value, value) == 0)))
                return true;
    }
    return false;
}

static const char *nearest_attribute(const struct scenario_reader *reader, const char *name)
{
    const char *names[NAMES_MAX];
    int n = 0;

    for (int g = 0; g < reader->n_groups; g++)
        for (int i = 0; i < reader->groups[g].n_attributes && n < NAMES_MAX; i++)
            names[n++] = reader->groups[g].attributes[i].name;
    return nearest_name(name, names, n);
}

void scenario_warn_of_spread(const struct scenario_reader *reader, const struct node *node,
                             const char *attribute)
{
    if (reader->n_groups == 0 || is_built_in(attribute) || is_had(reader, attribute, NULL))
        return;
    node_warning(node, "no instance has the attribute %.128s, so all count as one%s", attribute,
                 node_hint(nearest_attribute(reader, attribute)));
}

static void warn_of_required(const struct scenario_reader *reader, const struct node *node,
                             const struct attribute *required)
{
    struct node list = node_member(node, "requiresAttributes");

    if (reader->n_groups == 0 || is_built_in(required->name) ||
        is_had(reader, required->name, required->value))
        return;
    node_warning(&list, "no instance has the attribute %.128s%s%.128s: the task fits on none%s",
                 required->name, required->value ? "=" : "", required->value ? required->value : "",
                 is_had(reader, required->name, NULL)
                     ? ""
                     : node_hint(nearest_attribute(reader, required->name)));
}

void scenario_warn_of_misfit(const struct scenario_reader *reader, const struct node *node,
                             const struct task_definition *definition)
{
    for (int i = 0; i < definition->n_requires; i++)
        warn_of_required(reader, node, &definition->requires[i]);
    warn_of_ports(reader, node, definition);
    warn_of_size(reader, node, definition);
}
