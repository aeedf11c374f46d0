/*
 * A group of instances: whether what it asks for makes sense, which type and zone its next one has, and
 * how it is kept at its number. What becomes of one that is there is instance.c's.
 */
#include "core/group.h"

#include "core/array.h"
#include "core/decide.h"

/* Types -------------------------------------------------------------- */

static int64_t price_of(const struct group_type *type, bool spot)
{
    return spot ? type->spot_price : type->price;
}

/* The type with so many cheaper ones; of equal prices the first in the list. */
static int nth_cheapest(const struct cluster *cluster, int group, bool spot, int n)
{
    int n_types = cluster->groups[group].spec.n_more_types + 1;

    for (int t = 0; t < n_types; t++) {
        struct group_type type = cluster_type(cluster, group, t);
        int n_before = 0;

        for (int u = 0; u < n_types; u++) {
            struct group_type other = cluster_type(cluster, group, u);

            n_before += price_of(&other, spot) < price_of(&type, spot) ||
                        (price_of(&other, spot) == price_of(&type, spot) && u < t);
        }
        if (n_before == n)
            return t;
    }
    return 0;
}

/* Auto Scaling API, InstancesDistribution: the base is on-demand, of what is beyond so many percent are
 * Spot. On-demand takes the first type or the cheapest, Spot the cheapest ones in turn. */
static void choose_type(struct cluster *cluster, int group_id, struct instance *instance)
{
    struct group *group = &cluster->groups[group_id];
    const struct instance_group *spec = &group->spec;
    int32_t n_types = spec->n_more_types + 1;
    int32_t n_pools = spec->spot_pools < 1         ? 1
                      : spec->spot_pools < n_types ? spec->spot_pools
                                                   : n_types;

    instance->spot = group->n_in >= spec->on_demand_base &&
                     (int64_t)(group->n_in - spec->on_demand_base + 1) * spec->spot_percent >
                         (int64_t)group->n_spot * 100;
    group->n_spot += instance->spot;
    if (instance->spot)
        instance->type = nth_cheapest(cluster, group_id, true, group->n_spot_launched++ % n_pools);
    else
        instance->type = spec->cheapest ? nth_cheapest(cluster, group_id, false, 0) : 0;
}

/* Places ------------------------------------------------------------------------------------------- */

static void enter_group(struct cluster *cluster, int id)
{
    struct instance *instance = &cluster->instances[id];
    struct group *group = &cluster->groups[instance->group];

    instance->prev_up = ID_NONE;
    instance->next_up = group->first_up;
    if (group->first_up != ID_NONE)
        cluster->instances[group->first_up].prev_up = id;
    group->first_up = id;
    group->n_in++;
}

void group_give_up_place(struct cluster *cluster, const struct instance *instance)
{
    cluster->groups[instance->group].n_in--;
    cluster->groups[instance->group].n_spot -= instance->spot;
    if (instance->is_vm && instance->zone != ID_NONE)
        cluster->requests[cluster->tasks[instance->bound_task].request].zones[instance->zone]--;
}

void group_leave(struct cluster *cluster, int id)
{
    struct instance *instance = &cluster->instances[id];

    if (instance->prev_up == ID_NONE)
        cluster->groups[instance->group].first_up = instance->next_up;
    else
        cluster->instances[instance->prev_up].next_up = instance->next_up;
    if (instance->next_up != ID_NONE)
        cluster->instances[instance->next_up].prev_up = instance->prev_up;
}

/* Launches ----------------------------------------------------------------------------------------- */

/* A new instance of the group in that zone; its type, size and price are still to be said. */
static struct instance *add_instance(struct scheduler *scheduler, int group_id, int32_t zone)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance = ARRAY_ADD(cluster, instances);

    instance->status = INSTANCE_LAUNCHING;
    instance->epoch = 1;
    instance->group = group_id;
    instance->zone = zone;
    instance->bound_task = ID_NONE;
    instance->launched_at_usec = scheduler->now_usec;
    instance->drain_until_usec = USEC_NEVER;
    cluster->groups[group_id].n_launched++;
    scheduler->n_up++;
    return instance;
}

static void decide_launch(struct scheduler *scheduler, struct outputs *outputs,
                          enum launch_reason reason, int32_t cpu, int32_t memory_mib)
{
    int id = scheduler->cluster.n_instances - 1;
    struct instance *instance = &scheduler->cluster.instances[id];
    struct launch_instance *call =
        &decide_open(scheduler, outputs, MESSAGE_LAUNCH_INSTANCE, &instance->launch_is_open)
             ->as.launch_instance;

    enter_group(&scheduler->cluster, id);
    call->instance = id;
    call->group = instance->group;
    call->type = instance->type;
    call->zone = instance->zone;
    call->spot = instance->spot;
    call->cpu = cpu;
    call->memory_mib = memory_mib;
    call->reason = reason;
    call->task = instance->bound_task;
}

static int count_in_zone(const struct cluster *cluster, const struct group *group, int32_t zone)
{
    int n = 0;

    for (int i = group->first_up; i != ID_NONE; i = cluster->instances[i].next_up)
        n += cluster->instances[i].zone == zone && !cluster->instances[i].leaving;
    return n;
}

/* A group keeps its zones even (Amazon EC2 Auto Scaling user guide, auto-scaling-benefits: instance distribution), so
 * what replaces a lost one comes where it was; a fixed one that is launched as a whole takes them in turn, which is
 * the same and needs no count. */
static int32_t next_zone(const struct cluster *cluster, const struct group *group,
                         enum launch_reason reason)
{
    int32_t best = 0;
    int best_n = 0;

    if (group->spec.n_zones == 0)
        return ID_NONE;
    if (group->spec.kind == GROUP_FIXED && reason == LAUNCHED_AT_FIRST)
        return group->n_launched % group->spec.n_zones;
    for (int32_t z = 0; z < group->spec.n_zones; z++) {
        int n = count_in_zone(cluster, group, z);

        if (z == 0 || n < best_n) {
            best = z;
            best_n = n;
        }
    }
    return best;
}

static void launch(struct scheduler *scheduler, struct outputs *outputs, int group_id,
                   enum launch_reason reason)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance =
        add_instance(scheduler, group_id, next_zone(cluster, &cluster->groups[group_id], reason));
    struct group_type type;

    choose_type(cluster, group_id, instance);
    type = cluster_type(cluster, group_id, instance->type);
    instance->rate = price_of(&type, instance->spot) * LEDGER_UNIT;
    instance->scaled_out = reason == LAUNCHED_TO_SCALE;
    scheduler->n_launching++;
    decide_launch(scheduler, outputs, reason, type.cpu, type.memory_mib);
}

int group_launch_for(struct scheduler *scheduler, struct outputs *outputs, int group_id,
                     int32_t zone, int task)
{
    struct cluster *cluster = &scheduler->cluster;
    const struct instance_group *spec = &cluster->groups[group_id].spec;
    const struct taskdef_facts *facts = &cluster->taskdef_facts[cluster->tasks[task].taskdef];
    struct instance *instance = add_instance(scheduler, group_id, zone);

    instance->is_vm = true;
    instance->bound_task = task;
    instance->spot = spec->spot_percent > 0;
    cluster->groups[group_id].n_spot += instance->spot;
    instance->rate = facts->cpu * (instance->spot ? spec->spot_price : spec->price) +
                     facts->memory_mib * spec->price_gib;
    decide_launch(scheduler, outputs, LAUNCHED_FOR_TASK, facts->cpu, facts->memory_mib);
    return cluster->n_instances - 1;
}

/* What is asked for --------------------------------------------------------------------------------- */

static bool price_is_sound(int64_t price)
{
    return price >= 0 && price <= LEDGER_PRICE_MAX;
}

static bool size_is_sound(int32_t cpu, int32_t memory_mib)
{
    return cpu > 0 && memory_mib > 0 && cpu <= INSTANCE_CPU_MAX &&
           memory_mib <= INSTANCE_MEMORY_MAX_MIB;
}

static bool range_is_sound(const struct instance_group *spec)
{
    if (spec->count < 0 || spec->count > CLUSTER_COUNT_MAX || spec->on_demand_base < 0 ||
        spec->spot_percent < 0 || spec->spot_percent > 100)
        return false;
    if (spec->kind == GROUP_FARGATE)
        return spec->count == 0;
    return spec->kind == GROUP_FIXED ||
           (spec->minimum >= 0 && spec->minimum <= spec->count && spec->count <= spec->maximum &&
            spec->maximum <= CLUSTER_COUNT_MAX);
}

static bool group_is_sound(const struct instance_group *spec)
{
    if (!spec->type || !range_is_sound(spec) || !price_is_sound(spec->price) ||
        !price_is_sound(spec->spot_price) || !price_is_sound(spec->price_gib) ||
        (spec->kind != GROUP_FARGATE && !size_is_sound(spec->cpu, spec->memory_mib)))
        return false;
    for (int i = 0; i < spec->n_more_types; i++)
        if (!spec->more_types[i].name ||
            !size_is_sound(spec->more_types[i].cpu, spec->more_types[i].memory_mib) ||
            !price_is_sound(spec->more_types[i].price) ||
            !price_is_sound(spec->more_types[i].spot_price))
            return false;
    for (int i = 0; i < spec->n_zones; i++)
        if (!spec->zones[i].name)
            return false;
    for (int i = 0; i < spec->n_attributes; i++)
        if (!spec->attributes[i].name)
            return false;
    return true;
}

void group_add(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    const struct instance_group *spec = &event->as.instance_group;
    struct cluster *cluster = &scheduler->cluster;
    struct group *group;
    struct message copy;

    if (scheduler->ending || spec->group != cluster->n_groups || !group_is_sound(spec)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    group = ARRAY_ADD(cluster, groups);
    group->spec = copy.as.instance_group;
    group->first_up = group->provider = ID_NONE;
    group->desired = spec->count;
    for (int i = 0; i < spec->count; i++)
        launch(scheduler, outputs, spec->group, LAUNCHED_AT_FIRST);
}

/* What is missing ---------------------------------------------------------------------------------- */

/*
 * What fails at every start fails for a reason that another start does not take away: then there is
 * an end to it, so that a run has one too. Each instance of the group has had its chance by then.
 */
static bool is_hopeless(const struct group *group)
{
    int32_t count = group->spec.count > 1 ? group->spec.count : 1;

    return group->n_failures >= (count > GROUP_TRIES_MAX ? count : GROUP_TRIES_MAX) ||
           group->n_short / GROUP_TRIES_MAX >= count;
}

void group_note_missing(struct scheduler *scheduler, const struct instance *instance,
                        bool never_registered)
{
    struct group *group = &scheduler->cluster.groups[instance->group];
    bool is_short = !instance->interrupted &&
                    (never_registered ||
                     scheduler->now_usec - instance->registered_at_usec < GROUP_PROVEN_USEC);

    if (!group->spec.replace) {
        group->desired--;
        return;
    }
    group->n_missing++;
    group->n_failures = never_registered ? group->n_failures + 1 : 0;
    group->n_short = is_short ? group->n_short + 1 : 0;
    group->given_up = group->given_up || is_hopeless(group);
    if (group->given_up)
        group->n_missing = 0;
    group->retry_at_usec =
        never_registered ? scheduler->now_usec + decide_backoff_usec(scheduler, group->n_failures)
                         : 0;
}

void group_launch_missing(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    for (int g = 0; g < cluster->n_groups && !scheduler->ending; g++) {
        struct group *group = &cluster->groups[g];

        if (group->n_in >= group->desired || group->given_up) {
            group->n_missing = 0;
            continue;
        }
        if (group->retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, group->retry_at_usec);
        while (group->n_in < group->desired && group->retry_at_usec <= scheduler->now_usec) {
            launch(scheduler, outputs, g,
                   group->n_missing > 0 ? LAUNCHED_AGAIN : LAUNCHED_TO_SCALE);
            group->n_missing -= group->n_missing > 0;
        }
    }
}
