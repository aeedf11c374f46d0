/*
 * The script: a cursor into each list of the scenario.
 */
#include "file/script.h"

#include "core/array.h"
#include "core/draw.h"
#include "core/scaling.h"

#include <stdlib.h>
#include <string.h>

void script_finish(struct script *script)
{
    free(script->interruptions);
    script->interruptions = NULL;
}

void script_init(struct script *script, const struct scenario *scenario)
{
    *script = (struct script){.scenario = scenario};
}

static struct script_step event(struct script *script)
{
    return (struct script_step){
        .item = SCRIPT_EVENT, .event = &script->call, .at_usec = USEC_NEVER};
}

static struct script_step end(struct script *script)
{
    script->ended = true;
    script->call = message_new(MESSAGE_END);
    return event(script);
}

static struct script_step register_definition(struct script *script)
{
    struct register_task_definition *call = &script->call.as.register_task_definition;

    script->call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);
    call->taskdef = script->next_taskdef;
    call->definition = script->scenario->taskdefs[script->next_taskdef].definition;
    script->next_taskdef++;
    return event(script);
}

static struct group_type type_of(const struct scenario *scenario, int32_t id)
{
    const struct instance_type *type = &scenario->types[id];

    return (struct group_type){.name = type->name,
                               .cpu = type->cpu,
                               .memory_mib = type->memory_mib,
                               .gpus = type->gpus,
                               .enis = type->enis,
                               .price = type->price,
                               .spot_price = type->spot_price};
}

static struct script_step create_group(struct script *script)
{
    const struct scenario *scenario = script->scenario;
    const struct scenario_group *group = &scenario->groups[script->next_group];
    const struct instance_type *type = &scenario->types[group->type];

    for (int i = 0; i < group->n_more_types && i < SCRIPT_TYPES_MAX; i++)
        script->more_types[i] = type_of(scenario, group->more_types[i]);
    script->call = message_new(MESSAGE_INSTANCE_GROUP);
    script->call.as.instance_group = (struct instance_group){
        .group = script->next_group,
        .kind = group->kind,
        .name = group->name,
        .type = type->name,
        .cpu = type->cpu,
        .memory_mib = type->memory_mib,
        .gpus = type->gpus,
        .enis = type->enis,
        .price = type->price,
        .spot_price = type->spot_price,
        .price_gib = group->spot_percent > 0 ? type->spot_price_gib : type->price_gib,
        .count = group->count,
        .minimum = group->minimum,
        .maximum = group->maximum,
        .replace = group->replace,
        .cheapest = group->cheapest,
        .on_demand_base = group->on_demand_base,
        .spot_percent = group->spot_percent,
        .spot_pools = group->spot_pools,
        .reserved_mib = group->rules ? group->rules->reserved_memory_mib : 0,
        .protect = group->protect,
        .spot_drain = scenario->spot_drains,
        .n_zones = group->n_zones,
        .zones = group->zones,
        .n_attributes = group->n_attributes,
        .attributes = group->attributes,
        .n_more_types =
            group->n_more_types < SCRIPT_TYPES_MAX ? group->n_more_types : SCRIPT_TYPES_MAX,
        .more_types = script->more_types,
    };
    script->next_group++;
    return event(script);
}

/* Spot ------------------------------------------------------------------------------------------ */

static void plan_interruption(struct script *script, int32_t instance, int64_t at_usec)
{
    *ARRAY_ADD(script, interruptions) = (struct script_interruption){instance, at_usec, false};
}

/* Spot instances that are new get their time, keyed by the seed and their number. */
static void meet_instances(struct script *script, const struct cluster *cluster)
{
    const struct scenario *scenario = script->scenario;

    for (; script->n_met < cluster->n_instances; script->n_met++) {
        const struct instance *instance = &cluster->instances[script->n_met];

        if (scenario->spot_ends && instance->spot)
            plan_interruption(script, script->n_met,
                              instance->launched_at_usec +
                                  distribution_sample(&scenario->spot_after, cluster->seed,
                                                      DRAW_SPOT, script->n_met, 0));
    }
}

static int next_interruption(const struct script *script)
{
    int next = ID_NONE;

    for (int i = 0; i < script->n_interruptions; i++)
        if (next == ID_NONE ||
            script->interruptions[i].at_usec < script->interruptions[next].at_usec)
            next = i;
    return next;
}

static void forget_interruption(struct script *script, int i)
{
    script->interruptions[i] = script->interruptions[--script->n_interruptions];
}

/* What Spot has for the cluster now; false where it has nothing. An instance that went by itself is left
 * alone. */
static bool give_interruption(struct script *script, const struct scheduler *scheduler,
                              int64_t now_usec, struct script_step *step)
{
    int i;

    while ((i = next_interruption(script)) != ID_NONE &&
           script->interruptions[i].at_usec <= now_usec) {
        struct script_interruption *it = &script->interruptions[i];
        enum instance_status status = scheduler->cluster.instances[it->instance].status;

        if (status == INSTANCE_INACTIVE || status == INSTANCE_DEREGISTERING) {
            forget_interruption(script, i);
        } else if (!it->warned) {
            it->warned = true;
            it->at_usec = now_usec + scheduler->rules.spot_warning_usec;
            script->call = message_new(MESSAGE_SPOT_WARNING);
            script->call.as.spot_warning.instance = it->instance;
            script->call.as.spot_warning.after_usec = scheduler->rules.spot_warning_usec;
            *step = event(script);
            return true;
        } else {
            script->fault = (struct fault){.kind = FAULT_KILL_INSTANCE,
                                           .task = ID_NONE,
                                           .container = ID_NONE,
                                           .instance = it->instance};
            forget_interruption(script, i);
            *step = (struct script_step){
                .item = SCRIPT_FAULT, .fault = &script->fault, .at_usec = USEC_NEVER};
            return true;
        }
    }
    return false;
}

/* The Spot instance that a fault means, or the micro-VM of the task that it means. */
static int32_t find_spot(const struct cluster *cluster, const struct fault *fault)
{
    if (fault->instance != ID_NONE)
        return fault->instance < cluster->n_instances && cluster->instances[fault->instance].spot
                   ? fault->instance
                   : ID_NONE;
    for (int i = 0; i < cluster->n_instances; i++)
        if (cluster->instances[i].is_vm && cluster->instances[i].spot &&
            cluster->instances[i].bound_task == fault->task &&
            cluster->instances[i].status != INSTANCE_INACTIVE)
            return i;
    return ID_NONE;
}

static void next_entry(struct script *script)
{
    script->next_entry++;
    script->next_target = 0;
}

/* The service that a name means now: the last one of that name, since a name may be used again. */
static int32_t find_service(const struct cluster *cluster, const char *name)
{
    for (int i = cluster->n_services - 1; i >= 0; i--)
        if (strcmp(cluster->services[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static struct script_step call_service(struct script *script, const struct message *call,
                                       const struct cluster *cluster)
{
    script->call = *call;
    script->call.as.create_service.service = cluster->n_services;
    return event(script);
}

static struct script_step give_fault(struct script *script, const struct fault *fault,
                                     const struct cluster *cluster)
{
    script->fault = *fault;
    if (fault->kind == FAULT_KILL_CONTAINER && fault->task < cluster->n_tasks)
        script->fault.container =
            taskdef_container(taskdefs_get(&cluster->taskdefs, cluster->tasks[fault->task].taskdef),
                              fault->container_name);
    return (struct script_step){
        .item = SCRIPT_FAULT, .fault = &script->fault, .at_usec = USEC_NEVER};
}

static bool in_zone(const struct cluster *cluster, const struct instance *instance,
                    const char *zone)
{
    return instance->zone != ID_NONE &&
           strcmp(cluster->groups[instance->group].spec.zones[instance->zone].name, zone) == 0;
}

/* The zone's next machine that is not gone, from that one on, or ID_NONE. */
static int find_in_zone(const struct cluster *cluster, int from, int n, const char *zone)
{
    for (int i = from; i < n; i++)
        if (cluster->instances[i].status != INSTANCE_INACTIVE &&
            in_zone(cluster, &cluster->instances[i], zone))
            return i;
    return ID_NONE;
}

/* One machine after the other, of those that there were when the fault came: what replaces them lives. */
static struct script_step kill_zone(struct script *script, const struct fault *fault,
                                    const struct cluster *cluster)
{
    struct fault kill = *fault;

    if (script->next_target == 0)
        script->n_zone = cluster->n_instances;
    kill.kind = FAULT_KILL_INSTANCE;
    kill.instance = find_in_zone(cluster, script->next_target, script->n_zone, fault->zone);
    script->next_target = kill.instance + 1;
    if (kill.instance == ID_NONE ||
        find_in_zone(cluster, script->next_target, script->n_zone, fault->zone) == ID_NONE)
        next_entry(script);
    return give_fault(script, &kill, cluster);
}

/* One call for each instance or task that the API's call names. */
static struct script_step call_target(struct script *script, const struct scenario_entry *entry)
{
    int32_t target = entry->targets[script->next_target];

    script->call = entry->call;
    if (entry->call.kind == MESSAGE_UPDATE_INSTANCE_STATE)
        script->call.as.update_instance_state.instance = target;
    else
        script->call.as.update_task_protection.task = target;
    if (++script->next_target == entry->n_targets)
        next_entry(script);
    return event(script);
}

/* The policy or alarm of that name that is there already, else the next free number. */
static int32_t find_policy(const struct scheduler *scheduler, const char *name)
{
    int i = 0;

    while (i < scheduler->n_policies && strcmp(scheduler->policies[i].spec.name, name) != 0)
        i++;
    return i;
}

static int32_t find_alarm(const struct scheduler *scheduler, const char *name)
{
    int i = 0;

    while (i < scheduler->n_alarms && strcmp(scheduler->alarms[i].spec.name, name) != 0)
        i++;
    return i;
}

static int32_t find_action(const struct scheduler *scheduler, const char *name)
{
    int i = 0;

    while (i < scheduler->n_actions && strcmp(scheduler->actions[i].spec.name, name) != 0)
        i++;
    return i;
}

/* Requests are counted where the service takes them, if nobody says where. */
static void complete_policy(struct put_scaling_policy *call, const struct scheduler *scheduler)
{
    const struct cluster *cluster = &scheduler->cluster;

    call->policy = find_policy(scheduler, call->name);
    if (call->metric == METRIC_REQUESTS_PER_TARGET && call->target_group == ID_NONE &&
        cluster_in_range(call->service, cluster->n_services) &&
        cluster->services[call->service].n_balancers > 0)
        call->target_group = cluster->services[call->service].balancers[0].target_group;
}

/* A scaling call with its names resolved. */
static struct script_step call_scaling(struct script *script, const struct scenario_entry *entry,
                                       const struct scheduler *scheduler)
{
    struct message *call = &script->call;
    int32_t service = entry->service ? find_service(&scheduler->cluster, entry->service) : ID_NONE;

    *call = entry->call;
    switch (call->kind) {
    case MESSAGE_REGISTER_SCALABLE_TARGET:
        call->as.register_scalable_target.service = service;
        break;
    case MESSAGE_PUT_SCALING_POLICY:
        call->as.put_scaling_policy.service = service;
        complete_policy(&call->as.put_scaling_policy, scheduler);
        break;
    case MESSAGE_PUT_SCHEDULED_ACTION:
        call->as.put_scheduled_action.service = service;
        call->as.put_scheduled_action.action =
            find_action(scheduler, call->as.put_scheduled_action.name);
        break;
    default:
        call->as.put_metric_alarm.service = service;
        call->as.put_metric_alarm.alarm = find_alarm(scheduler, call->as.put_metric_alarm.name);
        call->as.put_metric_alarm.n_actions = entry->n_names;
        call->as.put_metric_alarm.actions = script->actions;
        for (int i = 0; i < entry->n_names; i++)
            script->actions[i].policy = find_policy(scheduler, entry->names[i]);
    }
    return event(script);
}

static bool is_scaling(enum message_kind kind)
{
    return kind == MESSAGE_REGISTER_SCALABLE_TARGET || kind == MESSAGE_PUT_SCALING_POLICY ||
           kind == MESSAGE_PUT_SCHEDULED_ACTION || kind == MESSAGE_PUT_METRIC_ALARM;
}

static struct script_step give_entry(struct script *script, const struct scheduler *scheduler)
{
    const struct cluster *cluster = &scheduler->cluster;
    const struct scenario_entry *entry = &script->scenario->timeline[script->next_entry];

    if (entry->is_fault && entry->fault.kind == FAULT_KILL_ZONE)
        return kill_zone(script, &entry->fault, cluster);
    if (entry->n_targets)
        return call_target(script, entry);
    next_entry(script);
    if (entry->is_fault && entry->fault.kind == FAULT_INTERRUPT_SPOT) {
        int32_t instance = find_spot(cluster, &entry->fault);

        if (instance != ID_NONE)
            plan_interruption(script, instance, scheduler->now_usec);
        script->fault = entry->fault;
        script->fault.instance = instance;
        return (struct script_step){
            .item = SCRIPT_FAULT, .fault = &script->fault, .at_usec = USEC_NEVER};
    }
    if (entry->is_fault)
        return give_fault(script, &entry->fault, cluster);
    if (entry->call.kind == MESSAGE_CREATE_SERVICE)
        return call_service(script, &entry->call, cluster);
    if (is_scaling(entry->call.kind))
        return call_scaling(script, entry, scheduler);
    script->call = entry->call;
    if (entry->call.kind == MESSAGE_UPDATE_SERVICE)
        script->call.as.update_service.service = find_service(cluster, entry->service);
    else if (entry->call.kind == MESSAGE_DELETE_SERVICE)
        script->call.as.delete_service.service = find_service(cluster, entry->service);
    return event(script);
}

struct script_step script_next(struct script *script, const struct scheduler *scheduler,
                               int64_t now_usec)
{
    const struct scenario *scenario = script->scenario;
    const struct cluster *cluster = &scheduler->cluster;
    struct script_step wait = {.item = SCRIPT_WAIT, .at_usec = scenario->until_usec}, spot;

    if (script->ended)
        return (struct script_step){.item = SCRIPT_END, .at_usec = USEC_NEVER};
    if (scenario->cluster_rules && !script->gave_rules) {
        script->gave_rules = true;
        script->call = *scenario->cluster_rules;
        return event(script);
    }
    if (script->next_taskdef < scenario->n_taskdefs)
        return register_definition(script);
    if (script->next_group < scenario->n_groups)
        return create_group(script);
    if (script->next_provider < scenario->n_providers) {
        script->call = scenario->providers[script->next_provider++];
        return event(script);
    }
    if (scenario->default_strategy && !script->gave_default) {
        script->gave_default = true;
        script->call = *scenario->default_strategy;
        return event(script);
    }
    if (script->next_target_group < scenario->n_target_groups) {
        script->call = scenario->target_groups[script->next_target_group++];
        return event(script);
    }
    if (now_usec >= scenario->until_usec)
        return end(script);
    meet_instances(script, cluster);
    if (give_interruption(script, scheduler, now_usec, &spot))
        return spot;
    if (next_interruption(script) != ID_NONE &&
        script->interruptions[next_interruption(script)].at_usec < wait.at_usec)
        wait.at_usec = script->interruptions[next_interruption(script)].at_usec;
    if (script->next_service < scenario->n_services && scheduler_settled(scheduler))
        return call_service(script, &scenario->services[script->next_service++], cluster);
    if (script->next_scaling < scenario->n_scaling && scheduler_settled(scheduler))
        return call_scaling(script, &scenario->scaling[script->next_scaling++], scheduler);
    if (script->next_entry < scenario->n_timeline) {
        int64_t at_usec = scenario->timeline[script->next_entry].at_usec;

        if (at_usec <= now_usec)
            return give_entry(script, scheduler);
        if (at_usec < wait.at_usec)
            wait.at_usec = at_usec;
        return wait;
    }
    if (scenario->until_usec == USEC_NEVER && scheduler_settled(scheduler) &&
        scheduler_idle(scheduler))
        return end(script);
    return wait;
}
