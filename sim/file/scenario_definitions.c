/*
 * The task definitions of a scenario: their revisions, and how calls refer to them.
 */
#include "core/array.h"
#include "file/scenario_read.h"
#include "file/taskdef_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Where the object stands: in its own file, unless --set has replaced it, or in the scenario. */
static struct node definition_node(struct scenario_reader *reader, const struct node *list,
                                   size_t index)
{
    struct node item = node_item(list, index);

    if ((int)index < reader->n_files && reader->files[index].root &&
        reader->files[index].root == item.value)
        return node_root(&reader->files[index]);
    return item;
}

static void refer(struct scenario_reader *reader, const char *reference, int32_t taskdef)
{
    int32_t number = names_intern(&reader->references, reference);

    while (reader->n_referred <= number)
        *ARRAY_ADD(reader, referred) = ID_NONE;
    reader->referred[number] = taskdef;
}

static int32_t next_revision(const struct scenario_reader *reader, const char *family)
{
    int32_t number = names_find(&reader->references, family);

    if (number == ID_NONE || reader->referred[number] == ID_NONE)
        return 1;
    return reader->scenario->taskdefs[reader->referred[number]].definition->revision + 1;
}

static void add_definition(struct scenario_reader *reader, int32_t index,
                           struct task_definition *definition, struct taskdef_run *run)
{
    struct scenario_taskdef *taskdef = &reader->scenario->taskdefs[index];
    size_t n = (size_t)definition->n_containers;
    char reference[300];

    definition->revision = next_revision(reader, definition->family);
    *taskdef = (struct scenario_taskdef){
        .definition = definition,
        .run = run,
        .behaviours = memory_zeroed(n, sizeof *taskdef->behaviours),
        .images = memory_zeroed(n, sizeof *taskdef->images),
    };
    for (size_t i = 0; i < n; i++)
        names_intern(&reader->containers, definition->containers[i].name);
    refer(reader, definition->family, index);
    snprintf(reference, sizeof reference, "%s:%d", definition->family, (int)definition->revision);
    refer(reader, reference, index);
}

/* So that calls for it are not findings too. */
static void refer_to_nothing(struct scenario_reader *reader, const struct node *node)
{
    const char *family = json_string_value(json_object_get(node->value, "family"));

    reader->containers_known = false;
    if (family)
        refer(reader, family, ID_NONE);
    else
        reader->families_known = false;
}

/* A port of the instance leads to a container of the instance's kernel, and host mode is that kernel's
 * network: neither reaches into another machine. */
static void check_network(const struct node *node, const struct task_definition *definition)
{
    bool has_ports = false;

    for (int i = 0; i < definition->n_containers; i++)
        has_ports = has_ports || definition->containers[i].n_ports > 0;
    if (definition->network_mode == NETWORK_HOST)
        node_error(node, "networkMode host is the instance's network, which a virtual machine does "
                         "not have: awsvpc gives it one of its own");
    else if (definition->network_mode == NETWORK_BRIDGE && has_ports)
        node_error(node, "ports in networkMode bridge are the instance's, which do not lead into a "
                         "virtual machine: awsvpc gives it an address of its own");
}

/* What its tasks' machines take beside their containers. */
static void isolate(struct scenario_reader *reader, const struct node *map,
                    struct task_definition *definition)
{
    struct node node = node_member(map, definition->family);
    int64_t containers_mib = taskdef_containers_mib(definition);
    int choice;

    if (!node_choice(&node, task_isolation_names, &choice) || choice == 0)
        return;
    check_network(&node, definition);
    definition->machine = memory_zeroed(1, sizeof *definition->machine);
    definition->machine->memory_mib =
        (int32_t)(costs_guest_takes_mib(&reader->scenario->costs.vm, containers_mib) -
                  containers_mib);
}

static void check_isolation(struct scenario_reader *reader, const struct node *map)
{
    const char *family;
    json_t *value;

    json_object_foreach(map->value, family, value)
    {
        struct node node = node_member(map, family);

        if (strcmp(family, "note") != 0 && reader->families_known &&
            names_find(&reader->references, family) == ID_NONE)
            node_error(&node, "no task definition has this family%s",
                       reading_hint(&reader->reading, family, &reader->references, 0));
    }
}

void scenario_read_definitions(struct scenario_reader *reader, const struct node *top)
{
    struct node isolation = node_member(top, "isolation");
    struct node list = node_member(top, "taskDefinitions");
    size_t n = node_list(&list);

    reader->scenario->taskdefs = memory_zeroed(n, sizeof *reader->scenario->taskdefs);
    reader->scenario->n_taskdefs = (int32_t)n;
    reader->families_known = reader->containers_known = true;
    for (size_t i = 0; i < n; i++) {
        struct node outer = definition_node(reader, &list, i), inner;
        const struct node *node = taskdef_unwrap(&outer, &inner);
        struct task_definition *definition = NULL;
        struct taskdef_run *run;

        /* a name that is still there is a file that could not be read: said already */
        if (!json_is_string(outer.value))
            definition = taskdef_read(node, &run);
        if (definition) {
            isolate(reader, &isolation, definition);
            add_definition(reader, (int32_t)i, definition, run);
            scenario_warn_of_misfit(reader, node, definition);
        } else {
            refer_to_nothing(reader, node);
        }
    }
    check_isolation(reader, &isolation);
}

/* "arn:aws:ecs:REGION:ACCOUNT:task-definition/web:3" means "web:3". */
static const char *without_arn(const char *text)
{
    const char *slash = strrchr(text, '/');

    return strncmp(text, "arn:", 4) == 0 && slash ? slash + 1 : text;
}

int32_t scenario_read_reference(struct scenario_reader *reader, const struct node *node)
{
    const struct names *known = &reader->references;
    const char *text, *colon;
    char family[300];
    int32_t number;

    if (!node_text(node, &text))
        return ID_NONE;
    text = without_arn(text);
    number = names_find(known, text);
    if (number != ID_NONE)
        return reader->referred[number];
    colon = strrchr(text, ':');
    snprintf(family, sizeof family, "%.*s", colon ? (int)(colon - text) : 299, text);
    number = names_find(known, family);
    if (number != ID_NONE && reader->referred[number] != ID_NONE)
        node_error(node, "found %s; the latest revision of %s is %d", node_found(node), family,
                   (int)reader->scenario->taskdefs[reader->referred[number]].definition->revision);
    else if (number == ID_NONE && reader->families_known)
        node_error(node, "no task definition \"%s\"%s", text,
                   reading_hint(&reader->reading, family, known, 0));
    return ID_NONE;
}
