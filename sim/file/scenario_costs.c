/*
 * What things cost: a scenario's own costs, or those of a host profile, which take their place.
 */
#include "file/layout.h"
#include "file/scenario_read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void read_sizes(const struct node *node, struct costs *costs)
{
    const struct {
        const char *name;
        int64_t *to;
    } sizes[] =
        {
            {"imageSize", &costs->image_size_bytes},
            {"osMemory", &costs->os_bytes},
            {"agentMemory", &costs->agent_bytes},
            {"containerMemory", &costs->container_bytes},
        },
      rates[] = {
          {"layerPerSecond", &costs->layer_bytes_per_sec},
          {"networkPerSecond", &costs->network_bytes_per_sec},
          {"registryPerSecond", &costs->registry_bytes_per_sec},
          {"unpackPerSecond", &costs->unpack_bytes_per_sec},
          {"diskPerSecond", &costs->disk_bytes_per_sec},
      };
    struct node rate = node_member(node, "pullPerSecond");
    struct node touch = node_member(node, "touchPerMiB");
    struct node free_ = node_member(node, "freePerMiB");

    if (node_rate(&rate, &costs->network_bytes_per_sec)) {
        costs->layer_bytes_per_sec = costs->unpack_bytes_per_sec = costs->disk_bytes_per_sec =
            BYTES_PER_SEC_ANY;
        costs->registry_bytes_per_sec = BYTES_PER_SEC_ANY;
    }
    for (size_t i = 0; i < sizeof rates / sizeof rates[0]; i++) {
        struct node member = node_member(node, rates[i].name);

        node_rate(&member, rates[i].to);
    }
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        struct node member = node_member(node, sizes[i].name);

        node_size(&member, sizes[i].to);
    }
    node_duration(&touch, &costs->touch_usec_per_mib);
    node_duration(&free_, &costs->free_usec_per_mib);
}

static void read_boot(const struct node *vm, enum boot_path path, struct vm_costs *costs)
{
    struct node node = node_member(vm, boot_path_names[path]);

    if (!node.value || !node_object(&node, &vm_boot_grammar))
        return;
    costs->told[path] = true;
    for (int i = 0; i < VM_STEPS; i++) {
        struct node member = node_member(&node, vm_step_names[i]);

        costs->paths[path][i] = (struct step_cost){.wait = distribution_constant(0)};
        node_step(&member, &costs->paths[path][i]);
    }
}

static void read_turns(const struct node *costs, struct costs *to)
{
    struct node start = node_member(costs, "startTurns"), work = node_member(costs, "workTurns");
    struct node least = node_member(costs, "leastWorkTurns");
    struct node agent = node_member(costs, "agentTurn"), ready = node_member(costs, "readyTurn");
    struct node beside = node_member(costs, "readyBeside");

    node_distribution(&start, &to->start_turns);
    if (node_distribution(&work, &to->work_turns))
        to->least_work_turns = to->work_turns;
    node_distribution(&least, &to->least_work_turns);
    node_distribution(&agent, &to->agent_turn);
    node_distribution(&ready, &to->ready_turn);
    node_distribution(&beside, &to->ready_beside);
}

static void read_costs(struct scenario_reader *reader, struct node *node, struct costs *costs,
                       bool inside);

/* A factor or a part, where it is given. */
static void read_permille(const struct node *node, const char *name, double least, double most,
                          int64_t *permille)
{
    struct node member = node_member(node, name);
    double value;

    if (node_decimal(&member, least, most, &value))
        *permille = (int64_t)(value * 1000 + 0.5);
}

static void read_vm(struct scenario_reader *reader, const struct node *costs, struct vm_costs *vm,
                    bool inside)
{
    struct node node = node_member(costs, "vm"), os, overhead, within;

    if (!node.value || !node_object(&node, &vm_grammar))
        return;
    for (int i = 0; i < BOOT_PATHS; i++)
        read_boot(&node, (enum boot_path)i, vm);
    os = node_member(&node, "osMemory");
    overhead = node_member(&node, "overhead");
    read_permille(&node, "together", 0.1, 10, &vm->together_permille);
    within = node_member(&node, "inside");
    node_size(&os, &vm->os_bytes);
    node_size(&overhead, &vm->overhead_bytes);
    read_permille(&node, "speed", 0.001, 10, &vm->speed_permille);
    if (within.value && inside) {
        node_error(&within, "a virtual machine inside another has no costs of its own");
    } else if (within.value) {
        reader->scenario->costs_inside = costs_find(1);
        read_costs(reader, &within, &reader->scenario->costs_inside, true);
        vm->inside = &reader->scenario->costs_inside;
    }
}

static void read_host(const struct node *costs, struct costs *to)
{
    struct node node = node_member(costs, "host"), cpus, session, background, memory;
    int64_t bytes;
    double value;

    if (!node.value || !node_object(&node, &host_grammar))
        return;
    cpus = node_member(&node, "cpus");
    if (node_decimal(&cpus, 0.01, 4096, &value))
        to->host_cpu = (int32_t)(value * CPU_UNITS_PER_VCPU + 0.5);
    session = node_member(&node, "session");
    background = node_member(&node, "background");
    if (node_decimal(&background, 0, 0.99, &value))
        to->background_ppm = (int32_t)(value * 1000000 + 0.5);
    node_bool(&session, &to->host_session);
    memory = node_member(&node, "memory"); /* of older profiles; nobody asks for it */
    node_size(&memory, &bytes);
}

/* Of what only one does at a time: more than all where waiting for each other makes it slower. */
#define ALONE_MOST 2

static void read_costs(struct scenario_reader *reader, struct node *node, struct costs *costs,
                       bool inside)
{
    struct node profile, boot, agent_queue, pull_queue, contention, machines, path, cold;
    struct node balance, cools, over;
    struct distribution whole;
    int choice;

    if (!node_object(node, &costs_grammar))
        return;
    profile = node_member(node, "profile");
    if (node_choice(&profile, costs_names, &choice))
        *costs = costs_find(choice);
    boot = node_member(node, "boot");
    if (node_distribution(&boot, &whole))
        costs_set_boot(costs, &whole);
    for (int i = 0; i < COST_STEPS; i++) {
        struct node member = node_member(node, cost_step_names[i]);

        if (boot.value && member.value && i <= COST_USERSPACE)
            node_error(&member, "boot is given, which stands for this and others");
        node_step(&member, &costs->steps[i]);
    }
    read_permille(node, "agentTogether", 0.1, 10, &costs->agent_together_permille);
    read_permille(node, "createAlone", 0, ALONE_MOST, &costs->create_alone_permille);
    read_permille(node, "networkAlone", 0, ALONE_MOST, &costs->network_alone_permille);
    read_permille(node, "endLater", 0, 1, &costs->end_later_permille);
    agent_queue = node_member(node, "agentQueue");
    pull_queue = node_member(node, "pullQueue");
    contention = node_member(node, "contention");
    cold = node_member(node, "coldAfter");
    node_distribution(&cold, &costs->cold_after);
    cools = node_member(node, "coolsIn");
    node_distribution(&cools, &costs->cools_in);
    balance = node_member(node, "balanceAfter");
    node_duration(&balance, &costs->balance_usec);
    over = node_member(node, "overbalanceEvery");
    node_duration(&over, &costs->overbalance_usec);
    read_turns(node, costs);
    machines = node_member(node, "machines");
    path = node_member(node, "path");
    node_bool(&agent_queue, &costs->agent_queue);
    node_bool(&pull_queue, &costs->pull_queue);
    node_bool(&contention, &costs->contention);
    if (node_choice(&machines, machines_names, &choice))
        costs->machines = (enum machines)choice;
    if (node_choice(&path, boot_path_names, &choice))
        costs->path = (enum boot_path)choice;
    read_sizes(node, costs);
    read_host(node, costs);
    read_vm(reader, node, &costs->vm, inside);
}

/* A year without its quotes is a number. */
static bool is_unquoted_name(const struct node *node)
{
    char text[24];

    snprintf(text, sizeof text, "%" JSON_INTEGER_FORMAT, json_integer_value(node->value));
    for (int i = 0; json_is_integer(node->value) && costs_names[i]; i++)
        if (strcmp(costs_names[i], text) == 0) {
            node_error(node, "found %s; the profile of that name is a text: \"%s\"", text, text);
            return true;
        }
    return false;
}

void scenario_read_costs(struct scenario_reader *reader, const struct node *top)
{
    struct costs *costs = &reader->scenario->costs;
    struct node node = node_member(top, "costs"), root, version;
    int choice = 0;

    *costs = costs_default();
    if (reader->profile.root) {
        root = node_root(&reader->profile);
        if (scenario_is_other(&root, "host-profile/1") ||
            !node_object(&root, &host_profile_grammar))
            return;
        version = node_member(&root, "berth");
        node_choice(&version, grammar_member(&host_profile_grammar, "berth")->values, &choice);
        node = node_member(&root, "costs");
        *costs = costs_find(1);
    }
    if (!reader->profile.root && json_is_string(node.value)) {
        if (node_choice(&node, costs_names, &choice))
            *costs = costs_find(choice);
    } else if (node.value && !is_unquoted_name(&node)) {
        read_costs(reader, &node, costs, false);
    }
}

/* Options ---------------------------------------------------------------------------------------- */

/* The costs as an object that members can be put into. */
static json_t *costs_object(json_t *top)
{
    json_t *costs = json_object_get(top, "costs");

    if (costs && !json_is_string(costs))
        return costs;
    json_object_set_new(top, "costs", costs ? json_pack("{s:O}", "profile", costs) : json_object());
    return json_object_get(top, "costs");
}

/* What instances are is not a matter of what they cost: where a profile does not say, the scenario does. */
static void keep_kind(const json_t *own, json_t *costs, const char *member,
                      const char *const *names, int n)
{
    json_t *value = json_object_get(own, member);

    for (int i = 0; i < n && json_is_string(value) && !json_object_get(costs, member); i++)
        if (strcmp(json_string_value(value), names[i]) == 0)
            json_object_set(costs, member, value);
}

/* In the source the costs stand where a scenario has them, so it says all about the run; findings
 * about them name the profile's own lines. */
static void put_profile(struct scenario_reader *reader, json_t *top, const char *path)
{
    struct err err;
    int errors = reading_errors(&reader->reading);
    json_t *costs;

    if (!document_open(&reader->profile, &reader->reading, path, &err)) {
        if (reading_errors(&reader->reading) == errors)
            reading_error(&reader->reading, path, "--host-profile", "%s", err.text);
        return;
    }
    costs = json_object_get(reader->profile.root, "costs");
    if (json_is_object(costs) && !json_object_get(costs, "profile"))
        json_object_set_new(costs, "profile", json_string(costs_names[1]));
    if (json_is_object(costs)) {
        const json_t *own = json_object_get(top, "costs");

        keep_kind(own, costs, "machines", machines_names, MACHINES_VMS + 1);
        keep_kind(own, costs, "path", boot_path_names, BOOT_PATHS);
        json_object_set(top, "costs", costs);
    }
}

/* What the host has of one image takes the place of what the scenario says of it. */
static void put_image(json_t *image, const char *scenario_path, const char *image_folder)
{
    const char *oci = json_string_value(json_object_get(image, "oci"));
    const char *rootfs = json_string_value(json_object_get(image, "rootfs"));
    char *path = oci ? layout_find(scenario_path, oci, image_folder) : NULL;
    json_t *layers = path ? layout_layers(path) : NULL;

    free(path);
    path = rootfs ? layout_rootfs(scenario_path, rootfs) : NULL;
    if (oci && !layers)
        json_object_del(image, "oci");
    if (rootfs && !path)
        json_object_del(image, "rootfs");
    if (layers) {
        json_object_set_new(image, "layers", layers);
        json_object_del(image, "size");
    }
    free(path);
}

static void put_images(json_t *images, const char *scenario_path, const char *image_folder)
{
    const char *name;
    json_t *image;

    json_object_foreach(images, name, image) if (json_is_object(image))
        put_image(image, scenario_path, image_folder);
}

void scenario_put_costs(struct scenario_reader *reader, const struct scenario_options *options)
{
    json_t *top = reader->document.root;

    if (!options || !json_is_object(top))
        return;
    if (options->host_profile) {
        put_profile(reader, top, options->host_profile);
        put_images(json_object_get(top, "images"), reader->scenario->path, options->image_folder);
    }
    if (options->no_contention)
        json_object_set_new(costs_object(top), "contention", json_false());
    if (options->machines)
        json_object_set_new(costs_object(top), "machines", json_string(options->machines));
    if (options->boot_path)
        json_object_set_new(costs_object(top), "path", json_string(options->boot_path));
}

static json_t *world_of(const char *source)
{
    json_t *world = json_loads(source, 0, NULL);

    json_object_del(world, "costs");
    return world;
}

bool scenario_same_world(const char *a, const char *b)
{
    json_t *worlds[2] = {world_of(a), world_of(b)};
    bool same = worlds[0] && worlds[1] && json_equal(worlds[0], worlds[1]);

    json_decref(worlds[0]);
    json_decref(worlds[1]);
    return same;
}
