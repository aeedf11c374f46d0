/*
 * What breaks in a scenario, each kind by a function of its own.
 */
#include "file/nearest.h"
#include "file/scenario_read.h"

#include <stdio.h>
#include <string.h>

static void read_for(const struct node *node, struct fault *fault)
{
    struct node member = node_member(node, "for");

    if (node_duration(&member, &fault->for_usec) && fault->for_usec == 0)
        node_error(&member, "found %s, wanted more than 0s", node_found(&member));
}

static void read_kill_task(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    (void)reader;
    node_id(node, 't', &fault->task);
}

static void read_kill_container(struct scenario_reader *reader, struct node *node,
                                struct fault *fault)
{
    struct node task, container;
    const char *name;

    if (!node_object(node, &kill_container_grammar))
        return;
    task = node_member(node, "task");
    container = node_member(node, "container");
    node_id(&task, 't', &fault->task);
    if (!node_text(&container, &name))
        return;
    if (reader->containers_known && names_find(&reader->containers, name) == ID_NONE)
        node_error(&container, "no task definition has a container \"%s\"%s", name,
                   reading_hint(&reader->reading, name, &reader->containers, 0));
    fault->container_name = memory_text(name);
}

static void read_instance(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    (void)reader;
    node_id(node, 'i', &fault->instance);
}

static bool zone_exists(const struct scenario_reader *reader, const char *name,
                        const char **nearest)
{
    const char *names[64];
    int n = 0;

    for (int g = 0; g < reader->n_groups; g++)
        for (int z = 0; z < reader->groups[g].n_zones; z++) {
            if (strcmp(reader->groups[g].zones[z].name, name) == 0)
                return true;
            if (n < 64)
                names[n++] = reader->groups[g].zones[z].name;
        }
    *nearest = nearest_name(name, names, n);
    return false;
}

static void read_kill_zone(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    struct node zone;
    const char *name, *nearest;

    if (!node_object(node, &kill_zone_grammar))
        return;
    zone = node_member(node, "zone");
    if (!node_text(&zone, &name))
        return;
    if (!zone_exists(reader, name, &nearest))
        node_error(&zone, "no instances are in a zone \"%s\"%s", name, node_hint(nearest));
    fault->zone = memory_text(name);
}

static void read_cut_agent(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    struct node instance;

    if (!node_object(node, &cut_agent_grammar))
        return;
    instance = node_member(node, "instance");
    read_instance(reader, &instance, fault);
    read_for(node, fault);
}

static void read_slow_registry(struct scenario_reader *reader, struct node *node,
                               struct fault *fault)
{
    struct node factor;
    double times;

    (void)reader;
    if (!node_object(node, &slow_registry_grammar))
        return;
    factor = node_member(node, "factor");
    if (node_decimal(&factor, 1, 1000, &times))
        fault->factor_permille = (int64_t)(times * 1000 + 0.5);
    read_for(node, fault);
}

static void read_dead_registry(struct scenario_reader *reader, struct node *node,
                               struct fault *fault)
{
    (void)reader;
    if (node_object(node, &dead_registry_grammar))
        read_for(node, fault);
}

static void read_interrupt(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    struct node instance, task;

    (void)reader;
    if (!node_object(node, &interrupt_grammar))
        return;
    instance = node_member(node, "instance");
    task = node_member(node, "task");
    node_id(&instance, 'i', &fault->instance);
    node_id(&task, 't', &fault->task);
    if (!instance.value == !task.value)
        node_error(node, "wanted either instance or task");
}

static const struct fault_row {
    const char *name;
    enum fault_kind kind;
    void (*read)(struct scenario_reader *, struct node *, struct fault *);
} rows[] = {
    {"killTask", FAULT_KILL_TASK, read_kill_task},
    {"killContainer", FAULT_KILL_CONTAINER, read_kill_container},
    {"killInstance", FAULT_KILL_INSTANCE, read_instance},
    {"killZone", FAULT_KILL_ZONE, read_kill_zone},
    {"cutAgent", FAULT_CUT_AGENT, read_cut_agent},
    {"killAgent", FAULT_KILL_AGENT, read_instance},
    {"slowRegistry", FAULT_SLOW_REGISTRY, read_slow_registry},
    {"deadRegistry", FAULT_DEAD_REGISTRY, read_dead_registry},
    {"interruptSpot", FAULT_INTERRUPT_SPOT, read_interrupt},
};

void scenario_read_fault(struct scenario_reader *reader, struct node *node, struct fault *fault)
{
    int n_kinds = 0;

    if (!node_object(node, &fault_grammar))
        return;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct node member = node_member(node, rows[i].name);

        if (!member.value || n_kinds++)
            continue;
        fault->kind = rows[i].kind;
        rows[i].read(reader, &member, fault);
    }
    if (n_kinds != 1)
        node_error(node, "wanted exactly one of killTask, killContainer, killInstance, killZone, "
                         "cutAgent, killAgent, slowRegistry, deadRegistry, interruptSpot");
}

void scenario_tell_fault(const struct fault *fault, char *text, size_t size)
{
    const char *name = "fault";
    char about[48] = "", how_long[48] = "";

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (rows[i].kind == fault->kind)
            name = rows[i].name;
    if (fault->kind == FAULT_KILL_ZONE && fault->zone)
        snprintf(about, sizeof about, " %.40s", fault->zone);
    else if (fault->kind == FAULT_KILL_TASK)
        snprintf(about, sizeof about, " t%d", (int)fault->task + 1);
    else if (fault->kind == FAULT_KILL_CONTAINER)
        snprintf(about, sizeof about, " t%d/%.32s", (int)fault->task + 1, fault->container_name);
    else if (fault->kind != FAULT_SLOW_REGISTRY && fault->kind != FAULT_DEAD_REGISTRY)
        snprintf(about, sizeof about, " %c%d", fault->instance != ID_NONE ? 'i' : 't',
                 (int)(fault->instance != ID_NONE ? fault->instance : fault->task) + 1);
    if (fault->for_usec > 0 && fault->for_usec != USEC_NEVER)
        snprintf(how_long, sizeof how_long, " for %.10g s", (double)fault->for_usec / USEC_PER_SEC);
    snprintf(text, size, "%s%s%s", name, about, how_long);
}
