/*
 * Three ways to depend on another container, one list of dependencies.
 */
#include "file/taskdef_order.h"

#include "core/depend.h"
#include "file/nearest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The container of that name, or ID_NONE after an error. */
static int32_t find_container(const struct node *node, const char *name,
                              const struct task_definition *definition, int self)
{
    const char *names[TASKDEF_CONTAINERS_MAX];
    int32_t found = taskdef_container(definition, name);

    for (int c = 0; c < definition->n_containers; c++)
        names[c] = definition->containers[c].name;
    if (found == ID_NONE)
        node_error(node, "no container \"%s\" in this definition%s", name,
                   node_hint(nearest_name(name, names, definition->n_containers)));
    else if (found == self)
        node_error(node, "a container cannot wait for itself");
    return found == self ? ID_NONE : found;
}

static void add(struct container_definition *container, int32_t on,
                enum container_condition condition)
{
    container->depends[container->n_depends++] = (struct container_depend){on, condition};
}

static void read_depends(const struct node *list, size_t n,
                         const struct task_definition *definition, int index)
{
    struct container_definition *container = &definition->containers[index];

    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i), name_node, condition_node;
        const char *name;
        int32_t found;
        int condition;

        if (!node_object(&item, &depends_on_grammar))
            continue;
        name_node = node_member(&item, "containerName");
        condition_node = node_member(&item, "condition");
        if (!node_text(&name_node, &name) ||
            !node_choice(&condition_node, depends_on_names, &condition))
            continue;
        found = find_container(&name_node, name, definition, index);
        if (found != ID_NONE)
            add(container, found, (enum container_condition)condition);
    }
}

/* "container" or "container:name". */
static void read_links(const struct node *list, size_t n, const struct task_definition *definition,
                       int index, struct container_run *run)
{
    if (n)
        run->links = memory_zeroed(n, sizeof *run->links);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i);
        const char *text;
        char *name, *colon;
        int32_t found;

        if (!node_text(&item, &text))
            continue;
        name = memory_text(text);
        colon = strchr(name, ':');
        if (colon)
            *colon = '\0';
        found = find_container(&item, name, definition, index);
        if (found != ID_NONE) {
            add(&definition->containers[index], found, CONDITION_START);
            run->links[run->n_links++] =
                (struct run_link){found, memory_text(colon && colon[1] ? colon + 1 : name)};
        }
        free(name);
    }
}

static void read_volumes_from(const struct node *list, size_t n,
                              const struct task_definition *definition, int index,
                              struct container_run *run)
{
    if (n)
        run->volumes_from = memory_zeroed(n, sizeof *run->volumes_from);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i), source, readonly;
        struct run_volumes_from *from = &run->volumes_from[run->n_volumes_from];
        const char *name;

        if (!node_object(&item, &volumes_from_grammar))
            continue;
        source = node_member(&item, "sourceContainer");
        readonly = node_member(&item, "readOnly");
        node_bool(&readonly, &from->readonly);
        if (!source.value)
            node_error(&source, "missing: a container of the same definition");
        if (!node_text(&source, &name))
            continue;
        from->container = find_container(&source, name, definition, index);
        if (from->container == ID_NONE)
            continue;
        add(&definition->containers[index], from->container, CONDITION_CREATE);
        run->n_volumes_from++;
    }
}

void taskdef_order_read(const struct node *object, struct task_definition *definition,
                        int container, struct container_run *run)
{
    struct node depends = node_member(object, "dependsOn"), links = node_member(object, "links");
    struct node volumes = node_member(object, "volumesFrom");
    size_t n_depends = node_list(&depends), n_links = node_list(&links);
    size_t n_volumes = node_list(&volumes), n = n_depends + n_links + n_volumes;

    if (n)
        definition->containers[container].depends =
            memory_zeroed(n, sizeof *definition->containers[container].depends);
    read_depends(&depends, n_depends, definition, container);
    read_links(&links, n_links, definition, container, run);
    read_volumes_from(&volumes, n_volumes, definition, container, run);
}

/* Rules */

/* The member that a dependency stands in, for a finding. */
static void find_member(const struct node *container, enum container_condition condition,
                        struct node *member)
{
    static const char *const members[] = {"dependsOn", "links", "volumesFrom"};

    for (int i = condition == CONDITION_CREATE ? 2 : 0; i < 3; i++) {
        *member = node_member(container, members[i]);
        if (member->value)
            return;
    }
}

static void check_condition(const struct node *container, const struct container_definition *other,
                            enum container_condition condition)
{
    struct node member;

    find_member(container, condition, &member);
    if (condition == CONDITION_HEALTHY && !other->health)
        node_error(&member, "%s cannot become HEALTHY: it has no healthCheck", other->name);
    if ((condition == CONDITION_COMPLETE || condition == CONDITION_SUCCESS) && other->essential)
        node_error(&member, "%s is essential, so its end stops the task: ECS takes no %s on it",
                   other->name, container_condition_names[condition]);
}

/* The names on the shortest way from one container to another that it waits for. */
static void describe_way(const struct task_definition *definition, int from, int to, char *text,
                         size_t size)
{
    int queue[TASKDEF_CONTAINERS_MAX], after[TASKDEF_CONTAINERS_MAX], n = 0;
    size_t used = 0;

    memset(after, -1, sizeof after);
    after[to] = to;
    queue[n++] = to;
    /* backwards from the end, so that the way reads forwards */
    for (int head = 0; head < n && after[from] < 0; head++)
        for (int c = 0; c < definition->n_containers; c++)
            for (int i = 0; i < definition->containers[c].n_depends; i++)
                if (definition->containers[c].depends[i].container == queue[head] && after[c] < 0) {
                    after[c] = queue[head];
                    queue[n++] = c;
                }
    for (int c = from; used < size; c = after[c]) {
        used +=
            (size_t)snprintf(text + used, size - used, " -> %s", definition->containers[c].name);
        if (c == to)
            return;
    }
}

static void check_cycle(const struct node *list, const struct task_definition *definition)
{
    struct node item, member;
    char way[1024];
    int container, on;

    if (!depend_has_cycle(definition, &container, &on))
        return;
    item = member = node_item(list, (size_t)container);
    for (int i = 0; i < definition->containers[container].n_depends; i++)
        if (definition->containers[container].depends[i].container == on)
            find_member(&item, definition->containers[container].depends[i].condition, &member);
    describe_way(definition, on, container, way, sizeof way);
    node_error(&member, "containers wait for each other: %s%s",
               definition->containers[container].name, way);
}

void taskdef_order_check(const struct node *node, const struct task_definition *definition)
{
    struct node list = node_member(node, "containerDefinitions");

    for (int c = 0; c < definition->n_containers; c++) {
        const struct container_definition *container = &definition->containers[c];
        struct node item = node_item(&list, (size_t)c);

        for (int i = 0; i < container->n_depends; i++)
            check_condition(&item, &definition->containers[container->depends[i].container],
                            container->depends[i].condition);
    }
    check_cycle(&list, definition);
}
