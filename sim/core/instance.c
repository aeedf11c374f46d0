/*
 * Instances come, register, drain and go: what each report about one does to the cluster, and how a
 * group of them is kept at its number. Which task goes where is not decided here.
 */
#include "core/instance.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/service.h"
#include "core/task.h"

/* How the types of a group are taken -------------------------------------------------------------- */

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

/* Coming and going -------------------------------------------------------------------------------- */

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

/* Its place in the group is free from now on. */
static void give_up_place(struct cluster *cluster, const struct instance *instance)
{
    cluster->groups[instance->group].n_in--;
    cluster->groups[instance->group].n_spot -= instance->spot;
    if (instance->is_vm && instance->zone != ID_NONE)
        cluster->requests[cluster->tasks[instance->bound_task].request].zones[instance->zone]--;
}

static void leave_group(struct cluster *cluster, int id)
{
    struct instance *instance = &cluster->instances[id];

    if (instance->prev_up == ID_NONE)
        cluster->groups[instance->group].first_up = instance->next_up;
    else
        cluster->instances[instance->prev_up].next_up = instance->next_up;
    if (instance->next_up != ID_NONE)
        cluster->instances[instance->next_up].prev_up = instance->prev_up;
}

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

int instance_launch_for(struct scheduler *scheduler, struct outputs *outputs, int group_id,
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

/* What its tasks owe is paid with it, or by nobody. */
static void settle_debts(struct cluster *cluster, struct instance *instance)
{
    for (int i = 0; i < instance->n_debts && !instance->is_free; i++)
        ledger_pay(&cluster->ledger, cluster->groups[instance->group].provider,
                   instance->debts[i].service, instance->debts[i].amount);
    instance->n_debts = 0;
}

/* The whole time of an instance, from its launch on, or a micro-VM's from its task's arrival on. `is_taken`: it is
 * gone, and nobody had told it to. Amazon EC2 user guide, billing-for-interrupted-spot-instances: who is interrupted in
 * the first hour pays nothing (Linux); who terminates one pays its seconds. Of Fargate Spot no such thing is said. */
static void bill(struct scheduler *scheduler, int id, bool is_taken)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance = &cluster->instances[id];
    int provider = cluster->groups[instance->group].provider;
    int64_t from_usec = instance->launched_at_usec;
    int64_t usec;

    if (instance->billed || cluster->ledger.closed)
        return;
    instance->billed = true;
    if (instance->is_vm) {
        if (cluster->tasks[instance->bound_task].instance != id)
            return;
        from_usec = instance->bound_at_usec;
    }
    usec = scheduler->now_usec - from_usec;
    instance->is_free = is_taken && instance->interrupted && !instance->is_vm &&
                        usec < scheduler->rules.spot_free_usec;
    if (usec < scheduler->rules.billing_minimum_usec)
        usec = scheduler->rules.billing_minimum_usec;
    ledger_bill(&cluster->ledger, provider, instance->is_free ? 0 : instance->rate, from_usec,
                from_usec + usec);
    settle_debts(cluster, instance);
    if (instance->is_vm)
        ledger_charge(&cluster->ledger, provider,
                      cluster->requests[cluster->tasks[instance->bound_task].request].service,
                      instance->rate, usec, 1, 1);
}

void instance_bill_all(struct scheduler *scheduler)
{
    for (int i = 0; i < scheduler->cluster.n_instances; i++)
        bill(scheduler, i, false);
    scheduler->cluster.ledger.closed = true;
}

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

void instance_add_group(struct scheduler *scheduler, const struct message *event,
                        struct outputs *outputs)
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

static bool is_sane(const struct register_instance *call)
{
    return call->cpu >= 0 && call->cpu <= INSTANCE_CPU_MAX && call->memory_mib >= 0 &&
           call->memory_mib <= INSTANCE_MEMORY_MAX_MIB && call->gpus >= 0;
}

static void activate(struct scheduler *scheduler, const struct register_instance *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance = &cluster->instances[call->instance];

    instance->status = instance->is_vm ? INSTANCE_BOUND : INSTANCE_ACTIVE;
    instance->cpu = call->cpu;
    instance->memory_mib = call->memory_mib;
    instance->gpus = call->gpus;
    instance->enis = cluster_type(cluster, instance->group, instance->type).enis;
    for (int i = 0; i < call->n_reserved; i++)
        *ARRAY_ADD(instance, ports) =
            (struct port_use){call->reserved[i].port, call->reserved[i].protocol, ID_NONE};
    if (instance->is_vm) {
        const struct taskdef_facts *facts =
            &cluster->taskdef_facts[cluster->tasks[instance->bound_task].taskdef];

        instance->cpu = facts->cpu; /* whatever it says: it is made to measure */
        instance->memory_mib = facts->memory_mib;
        instance->enis = ID_NONE;
    }
    instance->registered_at_usec = scheduler->now_usec;
    decide_close(scheduler, &instance->launch_is_open);
    scheduler->n_launching -= !instance->is_vm;
    cluster->groups[instance->group].n_failures = 0;
    if (scheduler->heartbeat_at_usec == USEC_NEVER) {
        scheduler->heartbeat_at_usec = scheduler->now_usec + SCHEDULER_HEARTBEAT_USEC;
        decide_by(scheduler, scheduler->heartbeat_at_usec);
    }
}

void instance_register(struct scheduler *scheduler, const struct register_instance *call)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!cluster_in_range(call->instance, cluster->n_instances) || !is_sane(call))
        return;
    instance = &cluster->instances[call->instance];
    if (call->epoch != instance->epoch || instance->agent_connected)
        return;
    if (instance->status == INSTANCE_LAUNCHING)
        activate(scheduler, call);
    else if (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING &&
             instance->status != INSTANCE_BOUND)
        return;
    instance->agent_connected = true;
    cluster_note_instance(cluster, call->instance);
    service_note_instance(scheduler, call->instance);
    scheduler->room = true;
}

void instance_disconnect(struct scheduler *scheduler, int id)
{
    if (!cluster_in_range(id, scheduler->cluster.n_instances))
        return;
    scheduler->cluster.instances[id].agent_connected = false;
    cluster_note_instance(&scheduler->cluster, id);
}

/* Its services' tasks are to go elsewhere, or may stay again. */
static void set_draining(struct scheduler *scheduler, struct outputs *outputs, int id,
                         bool draining)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance = &cluster->instances[id];

    instance->status = draining ? INSTANCE_DRAINING : INSTANCE_ACTIVE;
    cluster_note_instance(cluster, id);
    scheduler->room = true;
    for (int i = instance->n_tasks - 1; i >= 0; i--)
        service_judge(scheduler, outputs, cluster_tasks_on(instance)[i]);
    service_note_instance(scheduler, id);
}

void instance_drain(struct scheduler *scheduler, struct outputs *outputs, int id,
                    enum drain_reason reason, enum termination_rule rule)
{
    struct drain_instance *call =
        &decide(scheduler, outputs, MESSAGE_DRAIN_INSTANCE)->as.drain_instance;

    call->instance = id;
    call->reason = reason;
    call->rule = rule;
    if (scheduler->cluster.instances[id].status == INSTANCE_ACTIVE)
        set_draining(scheduler, outputs, id, true);
}

void instance_warn(struct scheduler *scheduler, const struct spot_warning *call,
                   struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!cluster_in_range(call->instance, cluster->n_instances) ||
        !cluster->instances[call->instance].spot ||
        cluster->instances[call->instance].interrupted || scheduler->ending)
        return;
    instance = &cluster->instances[call->instance];
    instance->interrupted = true;
    if (instance->is_vm)
        task_interrupt(scheduler, outputs, instance->bound_task);
    else if (instance->status == INSTANCE_ACTIVE &&
             cluster->groups[instance->group].spec.spot_drain)
        instance_drain(scheduler, outputs, call->instance, DRAINED_FOR_SPOT, CHOSEN_ALONE);
}

void instance_update_state(struct scheduler *scheduler, const struct message *event,
                           struct outputs *outputs)
{
    const struct update_instance_state *call = &event->as.update_instance_state;
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;

    if (!cluster_in_range(call->instance, cluster->n_instances)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    instance = &cluster->instances[call->instance];
    if (scheduler->ending || instance->leaving ||
        (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    set_draining(scheduler, outputs, call->instance, call->draining);
}

/*
 * What fails at every start fails for a reason that another start does not take away: then there is
 * an end to it, so that a run has one too. Each instance of the group has had its chance by then.
 */
static bool is_hopeless(const struct group *group)
{
    int32_t count = group->spec.count > 1 ? group->spec.count : 1;

    return group->n_failures >= (count > INSTANCE_TRIES_MAX ? count : INSTANCE_TRIES_MAX) ||
           group->n_short / INSTANCE_TRIES_MAX >= count;
}

/* A group that does not replace is content with less. */
static void note_missing(struct scheduler *scheduler, const struct instance *instance,
                         bool never_registered)
{
    struct group *group = &scheduler->cluster.groups[instance->group];
    bool is_short = !instance->interrupted &&
                    (never_registered ||
                     scheduler->now_usec - instance->registered_at_usec < INSTANCE_PROVEN_USEC);

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

void instance_lose(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct cluster *cluster = &scheduler->cluster;
    struct instance *instance;
    bool launching, meant;
    enum stop_code code;

    if (!cluster_in_range(id, cluster->n_instances) ||
        cluster->instances[id].status == INSTANCE_INACTIVE)
        return;
    instance = &cluster->instances[id];
    launching = instance->status == INSTANCE_LAUNCHING;
    meant = instance->status == INSTANCE_DEREGISTERING || instance->leaving;
    code = instance->interrupted ? STOP_SPOT_INTERRUPTION : STOP_INFRASTRUCTURE_HEALTH;
    bill(scheduler, id, true);
    while (instance->n_tasks > 0)
        task_note_stopped(scheduler, outputs, cluster_tasks_on(instance)[instance->n_tasks - 1],
                          code);
    if (!instance->leaving)
        give_up_place(cluster, instance);
    leave_group(cluster, id);
    instance->status = INSTANCE_INACTIVE;
    instance->agent_connected = false;
    cluster_note_instance(cluster, id);
    service_note_instance(scheduler, id);
    scheduler->n_launching -= launching && !instance->is_vm;
    scheduler->n_up--;
    scheduler->room = true; /* the nearest miss may be another one now */
    decide_close(scheduler, &instance->launch_is_open);
    decide_close(scheduler, &instance->terminate_is_open);
    if (!meant && !instance->is_vm)
        note_missing(scheduler, instance, launching);
}

void instance_launch_missing(struct scheduler *scheduler, struct outputs *outputs)
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

void instance_leave(struct scheduler *scheduler, int id, int64_t until_usec)
{
    struct instance *instance = &scheduler->cluster.instances[id];

    if (instance->leaving || instance->status == INSTANCE_INACTIVE ||
        instance->status == INSTANCE_DEREGISTERING)
        return;
    instance->leaving = true;
    instance->drain_until_usec = until_usec;
    give_up_place(&scheduler->cluster, instance);
    *ARRAY_ADD(scheduler, leaving) = id;
    if (until_usec > scheduler->now_usec) /* else it goes in this step */
        decide_by(scheduler, until_usec);
}

static void terminate(struct scheduler *scheduler, struct outputs *outputs, int id,
                      enum terminate_reason reason)
{
    struct instance *instance = &scheduler->cluster.instances[id];
    struct terminate_instance *call;

    bill(scheduler, id, false);
    scheduler->n_launching -= instance->status == INSTANCE_LAUNCHING && !instance->is_vm;
    instance->status = INSTANCE_DEREGISTERING;
    cluster_note_instance(&scheduler->cluster, id);
    decide_close(scheduler, &instance->launch_is_open);
    call =
        &decide_open(scheduler, outputs, MESSAGE_TERMINATE_INSTANCE, &instance->terminate_is_open)
             ->as.terminate_instance;
    call->instance = id;
    call->reason = reason;
}

void instance_terminate_leaving(struct scheduler *scheduler, struct outputs *outputs)
{
    int kept = 0;

    for (int i = 0; i < scheduler->n_leaving; i++) {
        int id = scheduler->leaving[i];
        const struct instance *instance = &scheduler->cluster.instances[id];

        if (instance->status == INSTANCE_INACTIVE || instance->status == INSTANCE_DEREGISTERING)
            continue;
        if (instance->n_tasks == 0 || instance->drain_until_usec <= scheduler->now_usec) {
            terminate(scheduler, outputs, id,
                      instance->is_vm ? TERMINATED_WITH_TASK : TERMINATED_TO_SCALE);
            continue;
        }
        decide_by(scheduler, instance->drain_until_usec);
        scheduler->leaving[kept++] = id;
    }
    scheduler->n_leaving = kept;
}

void instance_terminate_empty(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    const struct instance *instance = &scheduler->cluster.instances[id];

    if (instance->n_tasks == 0 && instance->status != INSTANCE_INACTIVE &&
        instance->status != INSTANCE_DEREGISTERING)
        terminate(scheduler, outputs, id, TERMINATED_AT_END);
}
