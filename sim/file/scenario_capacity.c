/*
 * Where a scenario's capacity comes from: Auto Scaling groups, capacity providers, Fargate, Spot, and the
 * strategies by which tasks go to them.
 */
#include "core/array.h"
#include "core/capacity.h"
#include "core/fargate.h"
#include "file/scenario_read.h"
#include "file/taskdef_rules.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define SIZE_MAX_INSTANCES 100000
#define STEP_MAX 10000
#define NANOS 1000000000.0

/* Dollars as a decimal, kept in nano-dollars. */
void scenario_read_price(const struct node *node, int64_t *price)
{
    double dollars;

    if (node_decimal(node, 0, 10000, &dollars))
        *price = (int64_t)(dollars * NANOS + 0.5);
}

/* Groups --------------------------------------------------------------------------------------- */

static void add_type(struct scenario_group *group, int32_t type)
{
    if (group->type == ID_NONE) {
        group->type = type;
        return;
    }
    group->more_types =
        realloc(group->more_types, ((size_t)group->n_more_types + 1) * sizeof *group->more_types);
    group->more_types[group->n_more_types++] = type;
}

/* The type that a launch template stands for. */
static void read_template(struct scenario_reader *reader, const struct node *top, struct node *node,
                          struct scenario_group *group)
{
    struct node templates = node_member(top, "launchTemplates"), name_node, type;
    const char *name, *text;

    if (!node_object(node, &launch_template_grammar))
        return;
    name_node = node_member(node, "LaunchTemplateName");
    if (!name_node.value)
        name_node = node_member(node, "LaunchTemplateId");
    if (!node_text(&name_node, &name)) {
        if (!name_node.value)
            node_error(node, "missing: LaunchTemplateName");
        return;
    }
    type = node_member(&templates, name);
    if (!json_is_object(templates.value) || !type.value)
        node_error(&name_node, "no launch template \"%s\" in launchTemplates", name);
    else if (node_text(&type, &text))
        add_type(group, scenario_find_type(reader, &type, text));
}

static void read_spot(struct node *node, struct scenario_group *group)
{
    struct node base, percent, strategy, pools;
    int32_t on_demand = 100;
    int choice = 0;

    if (!node->value || !node_object(node, &instances_distribution_grammar))
        return;
    base = node_member(node, "OnDemandBaseCapacity");
    percent = node_member(node, "OnDemandPercentageAboveBaseCapacity");
    strategy = node_member(node, "OnDemandAllocationStrategy");
    pools = node_member(node, "SpotInstancePools");
    node_int(&base, 0, SIZE_MAX_INSTANCES, BARE_NUMBER, &group->on_demand_base);
    node_int(&percent, 0, 100, BARE_NUMBER, &on_demand);
    group->spot_percent = 100 - on_demand;
    node_choice(&strategy, on_demand_names, &choice);
    group->cheapest = choice == 1;
    node_int(&pools, 1, 20, BARE_NUMBER, &group->spot_pools);
}

static void read_mixed(struct scenario_reader *reader, const struct node *top, struct node *node,
                       struct scenario_group *group)
{
    struct node template, overrides, spec, distribution;
    size_t n;

    if (!node_object(node, &mixed_grammar))
        return;
    template = node_member(node, "LaunchTemplate");
    distribution = node_member(node, "InstancesDistribution");
    read_spot(&distribution, group);
    if (!template.value || !node_object(&template, &mixed_template_grammar))
        return;
    overrides = node_member(&template, "Overrides");
    spec = node_member(&template, "LaunchTemplateSpecification");
    n = node_list(&overrides);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&overrides, i), type;
        const char *text;

        if (!node_object(&item, &override_grammar))
            continue;
        type = node_member(&item, "InstanceType");
        if (node_text(&type, &text))
            add_type(group, scenario_find_type(reader, &type, text));
    }
    if (n == 0 && spec.value)
        read_template(reader, top, &spec, group);
}

static void read_sizes(const struct node *node, struct scenario_group *group)
{
    struct node least = node_member(node, "MinSize"), most = node_member(node, "MaxSize");
    struct node desired = node_member(node, "DesiredCapacity");

    node_int(&least, 0, SIZE_MAX_INSTANCES, BARE_NUMBER, &group->minimum);
    node_int(&most, 0, SIZE_MAX_INSTANCES, BARE_NUMBER, &group->maximum);
    if (most.value && group->maximum < group->minimum) {
        node_error(&most, "Max size must be greater than or equal to min size: found %d and %d",
                   (int)group->maximum, (int)group->minimum);
        group->maximum = group->minimum;
    }
    group->count = group->minimum;
    if (node_int(&desired, 0, SIZE_MAX_INSTANCES, BARE_NUMBER, &group->count) &&
        (group->count < group->minimum || group->count > group->maximum)) {
        node_error(&desired, "found %d, wanted a number between MinSize and MaxSize",
                   (int)group->count);
        group->count = group->minimum;
    }
}

static void read_group(struct scenario_reader *reader, const struct node *top, struct node *node)
{
    struct scenario_group *group = scenario_add_group(reader);
    struct node name, template, mixed, protect;
    int known = reader->group_names.n_texts;
    const char *text;

    group->kind = GROUP_AUTO_SCALING;
    group->count = 0;
    group->spot_pools = 2;
    if (!node_object(node, &auto_scaling_grammar))
        return;
    name = node_member(node, "AutoScalingGroupName");
    template = node_member(node, "LaunchTemplate");
    mixed = node_member(node, "MixedInstancesPolicy");
    protect = node_member(node, "NewInstancesProtectedFromScaleIn");
    if (node_text(&name, &text)) {
        group->name = memory_text(text);
        if (names_intern(&reader->group_names, text) != known)
            node_error(&name, "an Auto Scaling group %s stands above already", node_found(&name));
    }
    read_sizes(node, group);
    scenario_read_zones(node, "AvailabilityZones", group);
    node_bool(&protect, &group->protect);
    if (!template.value == !mixed.value)
        node_error(node, "wanted either LaunchTemplate or MixedInstancesPolicy: they say which "
                         "instance types it has");
    else if (template.value)
        read_template(reader, top, &template, group);
    else
        read_mixed(reader, top, &mixed, group);
    if (group->type == ID_NONE && template.value != mixed.value &&
        reading_errors(&reader->reading) == 0)
        node_error(node, "its instance type is missing");
    scenario_use_attributes(group);
}

static int32_t find_group(struct scenario_reader *reader, const struct node *node)
{
    const char *text, *name;

    if (!node_text(node, &text))
        return ID_NONE;
    name = strrchr(text, '/') ? strrchr(text, '/') + 1 : text;
    for (int i = 0; i < reader->n_groups; i++)
        if (reader->groups[i].name && strcmp(reader->groups[i].name, name) == 0)
            return i;
    node_error(node, "no Auto Scaling group \"%s\" in autoScalingGroups%s", name,
               reading_hint(&reader->reading, name, &reader->group_names, 0));
    return ID_NONE;
}

/* Providers ------------------------------------------------------------------------------------ */

static struct create_capacity_provider *add_provider(struct scenario_reader *reader,
                                                     const char *name, int32_t group)
{
    struct message *message = ARRAY_ADD(reader, providers);
    struct create_capacity_provider *call = &message->as.create_capacity_provider;

    *message = message_new(MESSAGE_CREATE_CAPACITY_PROVIDER);
    call->provider = names_intern(&reader->provider_names, name);
    call->name = memory_text(name);
    call->group = group;
    return call;
}

static bool is_enabled(const struct node *node, const char *name, bool otherwise)
{
    struct node member = node_member(node, name);
    int choice;

    return node_choice(&member, enabled_names, &choice) ? choice == 0 : otherwise;
}

static void read_scaling(struct node *node, struct create_capacity_provider *call)
{
    struct node target, least, most, warmup;
    int32_t seconds = 300;

    call->target_capacity = 100;
    call->minimum_step = 1;
    call->maximum_step = STEP_MAX;
    call->warmup_usec = seconds * USEC_PER_SEC;
    if (!node->value || !node_object(node, &managed_scaling_grammar))
        return;
    call->managed_scaling = is_enabled(node, "status", false);
    target = node_member(node, "targetCapacity");
    least = node_member(node, "minimumScalingStepSize");
    most = node_member(node, "maximumScalingStepSize");
    warmup = node_member(node, "instanceWarmupPeriod");
    node_int(&target, 1, 100, BARE_NUMBER, &call->target_capacity);
    node_int(&least, 1, STEP_MAX, BARE_NUMBER, &call->minimum_step);
    node_int(&most, 1, STEP_MAX, BARE_NUMBER, &call->maximum_step);
    if (call->minimum_step > call->maximum_step)
        node_error(&most, "found %d, wanted at least minimumScalingStepSize, %d",
                   (int)call->maximum_step, (int)call->minimum_step);
    if (node_int(&warmup, 0, 10000, BARE_SECONDS, &seconds))
        call->warmup_usec = seconds * USEC_PER_SEC;
}

static void read_provider(struct scenario_reader *reader, struct node *node)
{
    struct node name_node, provider, arn, scaling, protection;
    struct create_capacity_provider *call;
    const char *name;
    int32_t group;

    if (!node_object(node, &provider_grammar))
        return;
    name_node = node_member(node, "name");
    provider = node_member(node, "autoScalingGroupProvider");
    if (!node_text(&name_node, &name) || !provider.value ||
        !node_object(&provider, &group_provider_grammar))
        return;
    /* ECS API, CreateCapacityProvider: the name may not begin with aws, ecs or fargate. */
    if (strncasecmp(name, "aws", 3) == 0 || strncasecmp(name, "ecs", 3) == 0 ||
        strncasecmp(name, "fargate", 7) == 0 || !*name)
        node_error(&name_node, "The specified capacity provider name is invalid: it cannot begin "
                               "with \"aws\", \"ecs\" or \"fargate\"");
    if (names_find(&reader->provider_names, name) != ID_NONE) {
        node_error(&name_node, "The specified capacity provider already exists");
        return;
    }
    arn = node_member(&provider, "autoScalingGroupArn");
    scaling = node_member(&provider, "managedScaling");
    protection = node_member(&provider, "managedTerminationProtection");
    group = find_group(reader, &arn);
    for (int i = 0; i < reader->n_providers && group != ID_NONE; i++)
        if (reader->providers[i].as.create_capacity_provider.group == group)
            node_error(&arn, "the group has a capacity provider already");
    call = add_provider(reader, name, group);
    read_scaling(&scaling, call);
    call->draining = is_enabled(&provider, "managedDraining", true);
    call->termination_protection = is_enabled(&provider, "managedTerminationProtection", false);
    if (call->termination_protection && !call->managed_scaling)
        node_error(&protection, "The managed termination protection setting for the capacity "
                                "provider is invalid. To enable it, enable managed scaling");
}

/* Fargate -------------------------------------------------------------------------------------- */

/* $0.04048 per vCPU and hour, $0.004445 per GB and hour: us-east-1, Linux/X86, 2025. Spot is illustrative:
 * its price moves, about 70 % below. */
#define VCPU_PRICE 40480000
#define MEMORY_PRICE 4445000
#define SPOT_SHARE 0.3

static int32_t fargate_type(struct scenario_reader *reader, const struct node *fargate)
{
    struct node boot = node_member(fargate, "boot"), vcpu = node_member(fargate, "vcpuPrice");
    struct node memory = node_member(fargate, "memoryPrice"),
                spot = node_member(fargate, "spotShare");
    struct instance_type *type = ARRAY_ADD(reader, types);
    double share = SPOT_SHARE;

    /* For costs that know no micro-VM. Chosen: the first tasks run after about 30 s (Ionescu, Scaling containers
     * on AWS in 2022), of which a network interface and a pull take some. */
    *type = (struct instance_type){
        .name = memory_text("FARGATE"),
        .cpu = CPU_UNITS_PER_VCPU,
        .memory_mib = 1024,
        .enis = ID_NONE,
        .price = VCPU_PRICE,
        .price_gib = MEMORY_PRICE,
        .boot = {.kind = DISTRIBUTION_LOGNORMAL,
                 .a_usec = 24 * USEC_PER_SEC,
                 .b_usec = 45 * USEC_PER_SEC},
    };
    type->boot_given = node_distribution(&boot, &type->boot) ||
                       reader->scenario->costs.micro_boot == MICRO_BOOT_WHOLE;
    scenario_read_price(&vcpu, &type->price);
    scenario_read_price(&memory, &type->price_gib);
    node_decimal(&spot, 0, 1, &share);
    type->spot_price = (int64_t)((double)type->price * share + 0.5);
    type->spot_price_gib = (int64_t)((double)type->price_gib * share + 0.5);
    return names_intern(&reader->type_names, "FARGATE");
}

/* The zones of all groups so far, each once. */
static void borrow_zones(struct scenario_reader *reader, struct scenario_group *fargate)
{
    struct names names = {0};

    for (int g = 0; g < reader->n_groups; g++)
        for (int z = 0; z < reader->groups[g].n_zones; z++)
            names_intern(&names, reader->groups[g].zones[z].name);
    if (names.n_texts == 0)
        names_intern(&names, "a");
    fargate->zones = memory_zeroed((size_t)names.n_texts, sizeof *fargate->zones);
    for (int i = 0; i < names.n_texts; i++)
        fargate->zones[fargate->n_zones++].name = memory_text(names.texts[i]);
    names_finish(&names);
}

/* FARGATE and FARGATE_SPOT exist always: each is made where somebody first speaks of it. */
static int32_t use_fargate(struct scenario_reader *reader, const char *name)
{
    struct node top = node_root(&reader->document), node = node_member(&top, "fargate");
    int32_t found = names_find(&reader->provider_names, name), id = reader->n_groups;
    struct scenario_group *group;
    struct node empty = node;

    if (found != ID_NONE)
        return found;
    if (!json_is_object(node.value))
        empty.value = NULL;
    group = scenario_add_group(reader);
    group->kind = GROUP_FARGATE;
    group->count = 0;
    group->replace = false;
    group->spot_percent = strcmp(name, "FARGATE_SPOT") == 0 ? 100 : 0;
    group->name = memory_text(name);
    group->type = names_find(&reader->type_names, "FARGATE");
    if (group->type == ID_NONE)
        group->type = fargate_type(reader, &empty);
    group = &reader->groups[id];
    if (empty.value)
        scenario_read_zones(&empty, "zones", group);
    if (group->n_zones == 0)
        borrow_zones(reader, group);
    return add_provider(reader, name, id)->provider;
}

/* Strategies ----------------------------------------------------------------------------------- */

static int32_t find_provider(struct scenario_reader *reader, const struct node *node)
{
    const char *name;
    int32_t found;

    if (!node_text(node, &name))
        return ID_NONE;
    if (strcmp(name, "FARGATE") == 0 || strcmp(name, "FARGATE_SPOT") == 0)
        return use_fargate(reader, name);
    found = names_find(&reader->provider_names, name);
    if (found == ID_NONE)
        node_error(node, "The specified capacity provider '%s' was not found%s", name,
                   reading_hint(&reader->reading, name, &reader->provider_names, 0));
    return found;
}

static bool is_fargate(const struct scenario_reader *reader, int32_t provider)
{
    int32_t group = reader->providers[provider].as.create_capacity_provider.group;

    return group != ID_NONE && reader->groups[group].kind == GROUP_FARGATE;
}

static void read_share(struct scenario_reader *reader, struct node *node,
                       struct provider_share *share)
{
    struct node provider, weight, base;

    share->provider = ID_NONE;
    if (!node_object(node, &share_grammar))
        return;
    provider = node_member(node, "capacityProvider");
    weight = node_member(node, "weight");
    base = node_member(node, "base");
    share->provider = find_provider(reader, &provider);
    node_int(&weight, 0, CAPACITY_WEIGHT_MAX, BARE_NUMBER, &share->weight);
    node_int(&base, 0, CAPACITY_BASE_MAX, BARE_NUMBER, &share->base);
}

static void check_strategy(const struct scenario_reader *reader, const struct node *list,
                           const struct provider_share *shares, int n)
{
    int n_bases = 0, n_weights = 0;

    for (int i = 0; i < n; i++) {
        struct node item = node_item(list, (size_t)i);

        if (shares[i].provider == ID_NONE)
            return;
        n_bases += shares[i].base > 0;
        n_weights += shares[i].weight > 0;
        for (int j = 0; j < i; j++)
            if (shares[j].provider == shares[i].provider)
                node_error(&item, "The specified capacity provider strategy cannot contain a "
                                  "capacity provider more than once");
        if (is_fargate(reader, shares[i].provider) != is_fargate(reader, shares[0].provider))
            node_error(&item, "A capacity provider strategy cannot contain a mix of capacity "
                              "providers using Auto Scaling groups and Fargate providers");
    }
    if (n_bases > 1)
        node_error(list, "Only one capacity provider in a capacity provider strategy can have a "
                         "base defined");
    if (n > 0 && n_weights == 0)
        node_error(list, "At least one capacity provider in the strategy needs a weight greater "
                         "than zero");
}

static void read_shares(struct scenario_reader *reader, struct node *list,
                        struct provider_share **shares, int32_t *n)
{
    size_t n_items = node_list(list);

    if (n_items > CAPACITY_SHARES_MAX) {
        node_error(list, "%zu items; ECS takes at most %d", n_items, CAPACITY_SHARES_MAX);
        return;
    }
    *shares = memory_zeroed(n_items, sizeof **shares);
    *n = (int32_t)n_items;
    for (size_t i = 0; i < n_items; i++) {
        struct node item = node_item(list, i);

        read_share(reader, &item, &(*shares)[i]);
    }
    check_strategy(reader, list, *shares, *n);
}

/* A task definition that is to run on Fargate has the network mode and one of the sizes that it takes. */
static void check_fargate(struct scenario_reader *reader, const struct node *node, int32_t taskdef)
{
    const struct task_definition *definition;

    if (taskdef == ID_NONE || taskdef >= reader->scenario->n_taskdefs)
        return;
    definition = reader->scenario->taskdefs[taskdef].definition;
    if (!definition)
        return;
    if (definition->network_mode != NETWORK_AWSVPC)
        node_error(node, "%s: Network mode %s is not compatible with Fargate, which needs awsvpc",
                   definition->family, network_mode_names[definition->network_mode]);
    if (!fargate_has_size(definition->cpu, definition->memory_mib))
        node_error(node,
                   "%s: No Fargate configuration exists for given values: %d CPU, %d memory. See "
                   "the AWS documentation for supported values",
                   definition->family, (int)definition->cpu, (int)definition->memory_mib);
}

void scenario_read_strategy(struct scenario_reader *reader, const struct node *call,
                            int32_t taskdef, struct provider_share **shares, int32_t *n,
                            bool *is_ec2)
{
    static const char *const types[] = {"EC2", "FARGATE", NULL};
    struct node list = node_member(call, "capacityProviderStrategy");
    struct node type = node_member(call, "launchType");
    int choice = -1;

    *is_ec2 = false;
    if (list.value && type.value) {
        node_error(&type, "specifying both a launch type and capacity provider strategy is not "
                          "supported. Remove one and try again");
        return;
    }
    if (list.value) {
        read_shares(reader, &list, shares, n);
    } else if (json_is_string(type.value) && node_choice(&type, types, &choice) && choice == 1) {
        *shares = memory_zeroed(1, sizeof **shares);
        (*shares)[0] = (struct provider_share){use_fargate(reader, "FARGATE"), 0, 1};
        *n = 1;
    }
    *is_ec2 = choice == 0;
    if (*n > 0 && (*shares)[0].provider != ID_NONE && is_fargate(reader, (*shares)[0].provider))
        check_fargate(reader, list.value ? &list : &type, taskdef);
}

/* What a service has by the calls that were read so far. */
struct standing {
    const struct provider_share *shares;
    int32_t n, taskdef;
};

static void take_created(const struct scenario *scenario, const struct message *message,
                         const char *service, struct standing *standing)
{
    const struct create_service *call = &message->as.create_service;

    if (message->kind != MESSAGE_CREATE_SERVICE || !call->name || strcmp(call->name, service) != 0)
        return;
    *standing = (struct standing){call->providers, call->n_providers, call->taskdef};
    if (call->n_providers > 0 || call->launch_type_ec2 || !scenario->default_strategy)
        return;
    standing->shares = scenario->default_strategy->as.put_cluster_providers.strategy;
    standing->n = scenario->default_strategy->as.put_cluster_providers.n_strategy;
}

static struct standing find_standing(const struct scenario *scenario, const char *service)
{
    struct standing standing = {NULL, 0, ID_NONE};

    for (int i = 0; i < scenario->n_services; i++)
        take_created(scenario, &scenario->services[i], service, &standing);
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];
        const struct update_service *call = &entry->call.as.update_service;

        take_created(scenario, &entry->call, service, &standing);
        if (entry->call.kind != MESSAGE_UPDATE_SERVICE || !entry->service ||
            strcmp(entry->service, service) != 0)
            continue;
        if (call->taskdef != ID_NONE)
            standing.taskdef = call->taskdef;
        if (call->n_providers > 0) {
            standing.shares = call->providers;
            standing.n = call->n_providers;
        }
    }
    return standing;
}

void scenario_check_update_capacity(struct scenario_reader *reader, const struct node *node,
                                    const char *service, const struct update_service *call)
{
    struct node taskdef = node_member(node, "taskDefinition");
    struct node list = node_member(node, "capacityProviderStrategy");
    struct standing standing;

    if (!service || (call->taskdef == ID_NONE && call->n_providers == 0))
        return;
    standing = find_standing(reader->scenario, service);
    if (call->n_providers > 0) {
        standing.shares = call->providers;
        standing.n = call->n_providers;
    }
    if (call->taskdef != ID_NONE)
        standing.taskdef = call->taskdef;
    if (standing.n > 0 && standing.shares[0].provider != ID_NONE &&
        is_fargate(reader, standing.shares[0].provider))
        check_fargate(reader, taskdef.value ? &taskdef : &list, standing.taskdef);
}

/* Of the JSON alone: what is wrong in it is found by whoever reads it. */
static bool names_fargate(const json_t *call)
{
    const char *type = json_string_value(json_object_get(call, "launchType"));
    const json_t *first = json_array_get(json_object_get(call, "capacityProviderStrategy"), 0);
    const char *provider = json_string_value(json_object_get(first, "capacityProvider"));

    return (type && strcmp(type, "FARGATE") == 0) ||
           (provider && strncmp(provider, "FARGATE", 7) == 0);
}

bool scenario_is_all_fargate(const struct node *top)
{
    static const char *const calls[] = {"runTask", "createService", "startTask"};
    json_t *item, *call;
    bool some = false, all = true;
    size_t i;

    json_array_foreach(json_object_get(top->value, "services"), i, item)
    {
        some = some || names_fargate(item);
        all = all && names_fargate(item);
    }
    json_array_foreach(json_object_get(top->value, "timeline"), i, item)
    {
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
            call = json_object_get(item, calls[c]);
            some = some || names_fargate(call);
            all = all && (!call || names_fargate(call));
        }
    }
    return some && all;
}

static void read_providers(struct scenario_reader *reader, const struct node *top)
{
    struct node list = node_member(top, "capacityProviders");
    size_t n = node_list(&list);

    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);
        const char *name = json_string_value(item.value);

        if (!name)
            read_provider(reader, &item);
        else if (strcmp(name, "FARGATE") == 0 || strcmp(name, "FARGATE_SPOT") == 0)
            use_fargate(reader, name);
        else
            node_error(&item,
                       "found \"%s\"; only FARGATE and FARGATE_SPOT exist by name, others "
                       "are CreateCapacityProvider objects",
                       name);
    }
}

static void read_world(struct scenario_reader *reader, const struct node *top)
{
    struct scenario *scenario = reader->scenario;
    struct node spot = node_member(top, "spot"), fargate = node_member(top, "fargate"), after;
    struct node draining;

    if (fargate.value)
        node_object(&fargate, &fargate_grammar);
    if (!spot.value || !node_object(&spot, &spot_grammar))
        return;
    after = node_member(&spot, "interruptAfter");
    draining = node_member(&spot, "draining");
    scenario->spot_ends = node_distribution(&after, &scenario->spot_after);
    node_bool(&draining, &scenario->spot_drains);
}

void scenario_read_capacity(struct scenario_reader *reader, const struct node *top)
{
    struct node list = node_member(top, "autoScalingGroups");
    struct node strategy = node_member(top, "defaultCapacityProviderStrategy");
    struct put_cluster_providers *put;
    size_t n = node_list(&list);

    read_world(reader, top);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(&list, i);

        read_group(reader, top, &item);
    }
    read_providers(reader, top);
    if (!strategy.value)
        return;
    reader->scenario->default_strategy = memory_zeroed(1, sizeof(struct message));
    *reader->scenario->default_strategy = message_new(MESSAGE_PUT_CLUSTER_PROVIDERS);
    put = &reader->scenario->default_strategy->as.put_cluster_providers;
    read_shares(reader, &strategy, &put->strategy, &put->n_strategy);
}
