/*
 * The world of a scenario: instance types, instances, images, behaviours.
 */
#include "core/array.h"
#include "core/host.h"
#include "file/layout.h"
#include "file/nearest.h"
#include "file/scenario_read.h"
#include "file/taskdef_rules.h"
#include "file/units.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* More machines of one kind than any cloud region has. */
#define GROUP_COUNT_MAX 1000000

/* overlayfs takes some hundred; OCI images have at most 127. */
#define LAYERS_MAX 500

/* More threads than any machine has CPUs. */
#define THREADS_MAX 4096

/* A size in whole MiB; what is left over cannot be reserved. */
static bool read_mib(const struct node *node, int32_t *mib)
{
    int64_t bytes;

    if (!node_size(node, &bytes))
        return false;
    if (bytes >> 20 < 1 || bytes >> 20 > TASKDEF_MEMORY_MAX_MIB) {
        node_error(node, "found %s, wanted 1MiB to 32TiB", node_found(node));
        return false;
    }
    *mib = (int32_t)(bytes >> 20);
    return true;
}

static void read_type(struct scenario_reader *reader, const struct node *map, const char *name)
{
    struct node node = node_member(map, name), vcpu, memory, boot, gpus, enis;
    struct node price, spot_price, system;
    struct instance_type *type;
    int64_t bytes;
    double vcpus;

    if (!*name || isdigit((unsigned char)*name) || strchr(name, ',')) {
        node_error(&node, "an instance type's name begins with a letter and has no comma");
        return;
    }
    names_intern(&reader->type_names, name);
    type = ARRAY_ADD(reader, types);
    *type = (struct instance_type){
        .name = memory_text(name), .cpu = CPU_UNITS_PER_VCPU, .memory_mib = 1024, .enis = ID_NONE};
    if (!node_object(&node, &instance_type_grammar))
        return;
    vcpu = node_member(&node, "vcpu");
    memory = node_member(&node, "memory");
    boot = node_member(&node, "boot");
    gpus = node_member(&node, "gpus");
    enis = node_member(&node, "enis");
    price = node_member(&node, "price");
    spot_price = node_member(&node, "spotPrice");
    system = node_member(&node, "osMemory");
    scenario_read_price(&price, &type->price);
    type->spot_price = type->price;
    scenario_read_price(&spot_price, &type->spot_price);
    if (node_size(&system, &bytes))
        type->os_mib =
            (int32_t)(bytes >> 20 < TASKDEF_MEMORY_MAX_MIB ? bytes >> 20 : TASKDEF_MEMORY_MAX_MIB);
    if (node_decimal(&vcpu, 0.01, 4096, &vcpus))
        type->cpu = (int32_t)(vcpus * CPU_UNITS_PER_VCPU + 0.5);
    read_mib(&memory, &type->memory_mib);
    type->boot_given = node_distribution(&boot, &type->boot);
    node_int(&gpus, 0, HOST_GPUS_MAX, BARE_NUMBER, &type->gpus);
    if (json_is_string(enis.value) && strcmp(json_string_value(enis.value), "any") == 0)
        type->enis = ID_NONE;
    else if (json_is_string(enis.value))
        node_error(&enis, "found %s, wanted a whole number or \"any\"", node_found(&enis));
    else
        node_int(&enis, 0, GROUP_COUNT_MAX, BARE_NUMBER, &type->enis);
}

static const char *nearest_type(const struct scenario_reader *reader, const char *name)
{
    const char *names[256];
    int n = 0, n_built_in;
    const struct instance_type *built_in = instance_types(&n_built_in);

    for (int i = 0; i < reader->n_types && n < 128; i++)
        names[n++] = reader->types[i].name;
    for (int i = 0; i < n_built_in && n < 256; i++)
        names[n++] = built_in[i].name;
    return nearest_name(name, names, n);
}

/* The scenario's own type of that name, else EC2's; ID_NONE after an error. */
int32_t scenario_find_type(struct scenario_reader *reader, const struct node *node,
                           const char *name)
{
    const struct instance_type *built_in;
    struct instance_type *type;
    int32_t found = names_find(&reader->type_names, name);

    if (found != ID_NONE)
        return found;
    built_in = instance_type_find(name);
    if (!built_in) {
        node_error(node,
                   "no instance type \"%s\", neither in instanceTypes nor among the EC2 "
                   "types that berth knows%s",
                   name, node_hint(nearest_type(reader, name)));
        return ID_NONE;
    }
    type = ARRAY_ADD(reader, types);
    *type = *built_in;
    type->name = memory_text(name);
    if (reader->trunking && built_in->trunk_enis > 0)
        type->enis = built_in->trunk_enis;
    return names_intern(&reader->type_names, name);
}

void scenario_read_zones(const struct node *node, const char *name, struct scenario_group *group)
{
    struct node list = node_member(node, name);
    size_t n = node_list(&list);

    if (n)
        group->zones = memory_zeroed(n, sizeof *group->zones);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);
        const char *text;

        if (!node_text(&item, &text))
            continue;
        if (!*text)
            node_error(&item, "found an empty text, wanted a zone's name");
        group->zones[group->n_zones++].name = memory_text(text);
    }
}

static bool attribute_text(const char *text, const char *also)
{
    size_t length = strlen(text);

    if (length < 1 || length > 128 || text[0] == ' ' || text[length - 1] == ' ')
        return false;
    for (; *text; text++)
        if (!isalnum((unsigned char)*text) && !strchr(also, *text))
            return false;
    return true;
}

static void add_attribute(struct scenario_group *group, const char *name, const char *value)
{
    struct attribute *attribute;

    for (int i = 0; i < group->n_attributes; i++)
        if (strcmp(group->attributes[i].name, name) == 0)
            return;
    attribute = &group->attributes[group->n_attributes++];
    attribute->name = memory_text(name);
    attribute->value = value ? memory_text(value) : NULL;
}

/* The characters of names and values: ECS developer guide, task-placement-constraints. */
static void read_attribute(const struct node *map, const char *name, struct scenario_group *group)
{
    struct node node = node_member(map, name);
    const char *value = NULL;

    if (!attribute_text(name, "-_./\\"))
        node_error(&node, "an attribute's name has 1 to 128 letters, digits, - _ . / \\");
    else if (strcmp(name, "ecs.availability-zone") == 0)
        node_error(&node, "instances have this attribute from their zones");
    else if (strcmp(name, "ecs.instance-type") == 0)
        node_error(&node, "instances have this attribute from their type");
    else if (!json_is_null(node.value) && !node_text(&node, &value))
        return;
    else if (value && !attribute_text(value, "-_.@/\\: "))
        node_error(&node,
                   "%s: a value has 1 to 128 letters, digits, - _ . @ / \\ : and inner "
                   "spaces; null is an attribute without a value",
                   node_found(&node));
    else
        add_attribute(group, name, value);
}

/* What every instance of ECS has; a scenario may say otherwise. */
static const struct attribute usual_attributes[] = {
    {"ecs.os-type", "linux"},
    {"ecs.os-family", "LINUX"},
    {"ecs.cpu-architecture", "x86_64"},
};
#define N_USUAL (sizeof usual_attributes / sizeof usual_attributes[0])

static void read_attributes(const struct node *node, struct scenario_group *group)
{
    struct node map = node ? node_member(node, "attributes") : (struct node){0};
    const char *name;
    json_t *value;

    if (map.value && !json_is_object(map.value))
        node_error(&map, "found %s, wanted an object of names and values", node_found(&map));
    group->attributes =
        memory_zeroed(json_object_size(map.value) + N_USUAL, sizeof *group->attributes);
    json_object_foreach(map.value, name, value) read_attribute(&map, name, group);
    for (size_t i = 0; i < N_USUAL; i++)
        add_attribute(group, usual_attributes[i].name, usual_attributes[i].value);
}

void scenario_use_attributes(struct scenario_group *group)
{
    read_attributes(NULL, group);
}

struct scenario_group *scenario_add_group(struct scenario_reader *reader)
{
    struct scenario_group *group = ARRAY_ADD(reader, groups);

    *group = (struct scenario_group){
        .type = ID_NONE, .count = 1, .replace = true, .isolation = ISOLATION_BY_COSTS};
    if (reader->rules)
        group->rules = scenario_copy_rules(reader->rules);
    return group;
}

static void read_group_object(struct scenario_reader *reader, struct node *node)
{
    struct scenario_group *group = scenario_add_group(reader);
    struct node type, count, replace, agent, isolation;
    const char *name;
    int choice;

    if (!node_object(node, &instance_group_grammar))
        return;
    agent = node_member(node, "agent");
    if (agent.value)
        group->rules = scenario_read_agent(&agent, group->rules);
    type = node_member(node, "type");
    count = node_member(node, "count");
    replace = node_member(node, "replace");
    if (node_text(&type, &name))
        group->type = scenario_find_type(reader, &type, name);
    node_int(&count, 1, GROUP_COUNT_MAX, BARE_NUMBER, &group->count);
    node_bool(&replace, &group->replace);
    isolation = node_member(node, "isolation");
    if (node_choice(&isolation, isolation_names, &choice))
        group->isolation = (enum isolation)choice;
    scenario_read_zones(node, "zones", group);
    read_attributes(node, group);
}

/* "4xm5.large", also several with commas between. */
static void read_group_text(struct scenario_reader *reader, const struct node *node)
{
    char *texts = memory_text(json_string_value(node->value)), *rest = texts, *text;

    while ((text = strsep(&rest, ","))) {
        struct scenario_group *group = scenario_add_group(reader);
        const char *name, *wrong = units_count_of(text, &group->count, &name);

        if (wrong)
            node_error(node, "\"%.60s\" %s", text, wrong);
        else if (group->count < 1 || group->count > GROUP_COUNT_MAX)
            node_error(node, "\"%.60s\" counts %d, wanted 1 to %d", text, (int)group->count,
                       GROUP_COUNT_MAX);
        else
            group->type = scenario_find_type(reader, node, name);
        read_attributes(NULL, group);
    }
    free(texts);
}

void scenario_read_instances(struct scenario_reader *reader, const struct node *top)
{
    struct node types = node_member(top, "instanceTypes");
    struct node instances = node_member(top, "instances");
    struct node trunking = node_member(top, "awsvpcTrunking");
    const char *name;
    json_t *value;

    node_bool(&trunking, &reader->trunking);
    if (types.value && !json_is_object(types.value))
        node_error(&types, "found %s, wanted an object of names and types", node_found(&types));
    json_object_foreach(types.value, name, value)
    {
        if (strcmp(name, "note") != 0)
            read_type(reader, &types, name);
    }
    if (!instances.value &&
        (node_member(top, "autoScalingGroups").value ||
         node_member(top, "capacityProviders").value || scenario_is_all_fargate(top)))
        return; /* they bring their own */
    if (!instances.value) {
        struct node standard = instances;

        standard.value = json_string("1xm5.large");
        read_group_text(reader, &standard);
        json_decref(standard.value);
    } else if (json_is_string(instances.value)) {
        read_group_text(reader, &instances);
    } else {
        size_t n = node_list(&instances);

        for (size_t i = 0; i < n; i++) {
            struct node item = node_item(&instances, i);

            if (json_is_string(item.value))
                read_group_text(reader, &item);
            else
                read_group_object(reader, &item);
        }
    }
}

static struct image *find_image(struct scenario_reader *reader, const char *name, int32_t *index)
{
    *index = names_intern(&reader->image_names, name);
    if (*index == reader->n_images) {
        struct image *image = ARRAY_ADD(reader, images);

        image->name = memory_text(name);
        image->size_bytes = reader->scenario->costs.image_size_bytes;
    }
    return &reader->images[*index];
}

/* One that nobody else has. */
static struct layer own_layer(struct scenario_reader *reader, int64_t size_bytes)
{
    return (struct layer){.number = reader->scenario->n_layers++, .size_bytes = size_bytes};
}

/* A digest that was seen before means that layer, which has one size. */
static void read_layer(struct scenario_reader *reader, struct node *node, struct layer *layer)
{
    struct node size, digest;
    const char *text;
    int32_t known;

    *layer = (struct layer){.number = ID_NONE};
    if (!node_object(node, &layer_grammar))
        return;
    size = node_member(node, "size");
    digest = node_member(node, "digest");
    if (!node_size(&size, &layer->size_bytes))
        return;
    if (!node_text(&digest, &text)) {
        *layer = own_layer(reader, layer->size_bytes);
        return;
    }
    known = names_intern(&reader->digests, text);
    if (known == reader->n_shared)
        *ARRAY_ADD(reader, shared) = own_layer(reader, layer->size_bytes);
    if (reader->shared[known].size_bytes != layer->size_bytes)
        node_error(&size, "found %s, but the layer of this digest has %lld bytes elsewhere",
                   node_found(&size), (long long)reader->shared[known].size_bytes);
    *layer = reader->shared[known];
}

static void read_layers(struct scenario_reader *reader, struct node *list, struct image *image)
{
    size_t n = node_list(list);

    if (n < 1 || n > LAYERS_MAX) {
        node_error(list, "found %zu layers, wanted 1 to %d", n, LAYERS_MAX);
        return;
    }
    image->layers = memory_zeroed(n, sizeof *image->layers);
    image->n_layers = (int32_t)n;
    image->size_bytes = 0;
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(list, i);

        read_layer(reader, &item, &image->layers[i]);
        image->size_bytes += image->layers[i].size_bytes;
    }
}

/* Whether images that the host does not have cost what their stand-in does. */
static bool has_stand_in(const struct costs *costs)
{
    const struct step_cost *cost = &costs->steps[COST_STAND_IN];

    return !distribution_is_zero(&cost->wait) || !distribution_is_zero(&cost->cpu);
}

/* An image without layers of its own is one layer; one that the host does not have is the same layer as
 * all others of them. */
static void fill_layers(struct scenario_reader *reader)
{
    struct layer stand_in = {.number = ID_NONE};

    if (has_stand_in(&reader->scenario->costs))
        stand_in = own_layer(reader, 0);
    reader->scenario->stand_in_layer = stand_in.number;
    for (int i = 0; i < reader->n_images; i++) {
        struct image *image = &reader->images[i];

        if (image->layers)
            continue;
        image->layers = memory_zeroed(1, sizeof *image->layers);
        image->n_layers = 1;
        image->layers[0] = stand_in.number != ID_NONE && !image->oci && !image->rootfs
                               ? stand_in
                               : own_layer(reader, image->size_bytes);
    }
}

/* A tag that the layout does not have would fail every pull. A run log is read where the layout may be
 * another by now: nothing is looked up for it. */
static void check_layout(struct scenario_reader *reader, const struct node *oci)
{
    char *path = reader->is_file
                     ? layout_find(reader->document.name, json_string_value(oci->value), NULL)
                     : NULL;
    char wrong[LAYOUT_WRONG];

    if (path && !layout_check(path, wrong))
        node_error(oci, "%s", wrong);
    free(path);
}

static void read_image(struct scenario_reader *reader, const struct node *map, const char *name)
{
    struct node node = node_member(map, name), size, layers, oci, rootfs;
    int32_t index;
    struct image *image = find_image(reader, name, &index);
    const char *text;

    if (!node_object(&node, &image_grammar))
        return;
    size = node_member(&node, "size");
    oci = node_member(&node, "oci");
    rootfs = node_member(&node, "rootfs");
    layers = node_member(&node, "layers");
    if (layers.value)
        read_layers(reader, &layers, image);
    if (layers.value && size.value)
        node_error(&size, "the image's size is that of its layers");
    else
        node_size(&size, &image->size_bytes);
    if (node_text(&oci, &text)) {
        if (!*text)
            node_error(&oci, "found an empty text, wanted the folder of an OCI image layout");
        else
            check_layout(reader, &oci);
        image->oci = memory_text(text);
    }
    if (node_text(&rootfs, &text)) {
        if (!*text)
            node_error(&rootfs, "found an empty text, wanted a tarball of a root file system");
        if (image->oci)
            node_error(&rootfs, "the image has an oci already");
        image->rootfs = memory_text(text);
    }
}

void scenario_read_images(struct scenario_reader *reader, const struct node *top)
{
    struct node map = node_member(top, "images");
    struct scenario *scenario = reader->scenario;
    int n_named;
    bool *used;
    const char *name;
    json_t *value;

    if (map.value && !json_is_object(map.value))
        node_error(&map, "found %s, wanted an object of names and images", node_found(&map));
    json_object_foreach(map.value, name, value)
    {
        if (strcmp(name, "note") != 0)
            read_image(reader, &map, name);
    }
    n_named = reader->n_images;
    used = memory_zeroed((size_t)n_named, sizeof *used);
    for (int d = 0; d < scenario->n_taskdefs; d++) {
        struct scenario_taskdef *taskdef = &scenario->taskdefs[d];

        for (int c = 0; taskdef->definition && c < taskdef->definition->n_containers; c++) {
            find_image(reader, taskdef->definition->containers[c].image, &taskdef->images[c]);
            if (taskdef->images[c] < n_named)
                used[taskdef->images[c]] = true;
        }
    }
    fill_layers(reader);
    for (int i = 0; i < n_named; i++) {
        struct node node = node_member(&map, reader->images[i].name);

        if (!used[i] && reading_errors(&reader->reading) == 0)
            node_warning(&node, "no container has this image%s",
                         reading_hint(&reader->reading, reader->images[i].name,
                                      &reader->image_names, n_named));
    }
    free(used);
}

/* Two names of 255 characters and the slash. */
#define BEHAVIOUR_NAME_SIZE 512

/* Behaviours by their names "family/container", before it is known who has them. */
struct behaviours {
    struct names names;
    struct behaviour *list;
    int n_list, cap_list;
};

static void read_behaviour(struct behaviours *behaviours, const struct node *map, const char *name)
{
    struct node node = node_member(map, name), ready, work, threads, idle, memory, exit_code;
    struct node unhealthy, stop;
    struct behaviour *behaviour = ARRAY_ADD(behaviours, list);

    names_intern(&behaviours->names, name);
    *behaviour = behaviour_default();
    behaviour->given = true;
    if (!node_object(&node, &behaviour_grammar))
        return;
    ready = node_member(&node, "ready");
    work = node_member(&node, "work");
    threads = node_member(&node, "threads");
    idle = node_member(&node, "idle");
    memory = node_member(&node, "memory");
    exit_code = node_member(&node, "exit");
    behaviour->idle_usec = work.value || exit_code.value ? 0 : IDLE_FOREVER;
    node_distribution(&ready, &behaviour->ready);
    node_distribution(&work, &behaviour->work);
    node_int(&threads, 1, THREADS_MAX, BARE_NUMBER, &behaviour->threads);
    node_duration_or(&idle, "forever", IDLE_FOREVER, &behaviour->idle_usec);
    node_size(&memory, &behaviour->memory_bytes);
    unhealthy = node_member(&node, "unhealthyAfter");
    stop = node_member(&node, "stop");
    node_int(&exit_code, 0, 255, BARE_NUMBER, &behaviour->exit_code);
    if (stop.value)
        node_duration_or(&stop, "forever", IDLE_FOREVER, &behaviour->stop_usec);
    node_duration(&unhealthy, &behaviour->unhealthy_after_usec);
    scenario_read_request(&node, &behaviour->request);
}

/* The name of a container's behaviour. */
static void behaviour_name(const struct task_definition *definition, int container,
                           char name[BEHAVIOUR_NAME_SIZE])
{
    snprintf(name, BEHAVIOUR_NAME_SIZE, "%s/%s", definition->family,
             definition->containers[container].name);
}

void scenario_read_behaviours(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node map = node_member(top, "behaviour");
    struct behaviours behaviours = {0};
    struct names containers = {0};
    const char *name;
    json_t *value;

    if (map.value && !json_is_object(map.value))
        node_error(&map, "found %s, wanted an object of \"family/container\" and behaviours",
                   node_found(&map));
    json_object_foreach(map.value, name, value)
    {
        if (strcmp(name, "note") != 0)
            read_behaviour(&behaviours, &map, name);
    }
    for (int d = 0; d < scenario->n_taskdefs; d++) {
        struct scenario_taskdef *taskdef = &scenario->taskdefs[d];

        for (int c = 0; taskdef->definition && c < taskdef->definition->n_containers; c++) {
            char text[BEHAVIOUR_NAME_SIZE];
            int32_t found;

            behaviour_name(taskdef->definition, c, text);
            names_intern(&containers, text);
            found = names_find(&behaviours.names, text);
            taskdef->behaviours[c] =
                found == ID_NONE ? behaviour_default() : behaviours.list[found];
        }
    }
    for (int i = 0; reader->containers_known && i < behaviours.n_list; i++) {
        struct node node = node_member(&map, behaviours.names.texts[i]);

        if (names_find(&containers, node.key) == ID_NONE)
            node_error(&node, "no task definition has this family and container%s",
                       reading_hint(&reader->reading, node.key, &containers, 0));
    }
    free(behaviours.list);
    names_finish(&behaviours.names);
    names_finish(&containers);
}
