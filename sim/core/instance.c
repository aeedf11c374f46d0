/*
 * Instances come, register, drain and go: what each report about one does to the cluster, and how a
 * group of them is kept at its number. Which task goes where is not decided here.
 */
#include "core/instance.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/service.h"
#include "core/task.h"

static void launch(struct scheduler *scheduler, struct outputs *outputs, int group_id)
{
    struct cluster *cluster = &scheduler->cluster;
    int32_t n_zones = cluster->groups[group_id].spec.n_zones;
    struct instance *instance = ARRAY_ADD(cluster, instances);
    struct launch_instance *call;

    instance->status = INSTANCE_LAUNCHING;
    instance->epoch = 1;
    instance->group = group_id;
    instance->zone = n_zones ? cluster->groups[group_id].n_launched % n_zones : ID_NONE;
    instance->first_task = ID_NONE;
    cluster->groups[group_id].n_launched++;
    scheduler->n_launching++;
    scheduler->n_up++;
    call = &decide_open(scheduler, outputs, MESSAGE_LAUNCH_INSTANCE, &instance->launch_decision)
                ->as.launch_instance;
    call->instance = cluster->n_instances - 1;
    call->group = group_id;
    call->zone = instance->zone;
}

static bool group_is_sound(const struct instance_group *spec)
{
    if (!spec->type || spec->cpu <= 0 || spec->memory_mib <= 0 || spec->cpu > INSTANCE_CPU_MAX ||
        spec->memory_mib > INSTANCE_MEMORY_MAX_MIB || spec->count < 0 ||
        spec->count > CLUSTER_COUNT_MAX)
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
    struct message copy;

    if (scheduler->ending || spec->group != cluster->n_groups || !group_is_sound(spec)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    for (int i = 0; i < spec->count; i++)
        launch(scheduler, outputs, spec->group);
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

    instance->status = INSTANCE_ACTIVE;
    instance->cpu = call->cpu;
    instance->memory_mib = call->memory_mib;
    instance->gpus = call->gpus;
    instance->enis = cluster->groups[instance->group].spec.enis;
    for (int i = 0; i < call->n_reserved; i++)
        *ARRAY_ADD(instance, ports) =
            (struct port_use){call->reserved[i].port, call->reserved[i].protocol, ID_NONE};
    instance->registered_at_usec = scheduler->now_usec;
    decide_close(scheduler, &instance->launch_decision);
    scheduler->n_launching--;
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
    else if (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING)
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
    if (scheduler->ending ||
        (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    instance->status = call->draining ? INSTANCE_DRAINING : INSTANCE_ACTIVE;
    cluster_note_instance(cluster, call->instance);
    scheduler->room = true;
    for (int t = instance->first_task; t != ID_NONE; t = cluster->tasks[t].next_on_instance)
        service_judge(scheduler, outputs, t);
    service_note_instance(scheduler, call->instance);
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

static void note_missing(struct scheduler *scheduler, const struct instance *instance,
                         bool never_registered)
{
    struct group *group = &scheduler->cluster.groups[instance->group];
    bool is_short = never_registered || scheduler->now_usec - instance->registered_at_usec <
                                            INSTANCE_PROVEN_USEC;

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

    if (!cluster_in_range(id, cluster->n_instances) ||
        cluster->instances[id].status == INSTANCE_INACTIVE)
        return;
    instance = &cluster->instances[id];
    launching = instance->status == INSTANCE_LAUNCHING;
    meant = instance->status == INSTANCE_DEREGISTERING;
    while (instance->first_task != ID_NONE)
        task_note_stopped(scheduler, outputs, instance->first_task, STOP_INFRASTRUCTURE_HEALTH);
    instance->status = INSTANCE_INACTIVE;
    instance->agent_connected = false;
    cluster_note_instance(cluster, id);
    service_note_instance(scheduler, id);
    scheduler->n_launching -= launching;
    scheduler->n_up--;
    scheduler->room = true; /* the nearest miss may be another one now */
    decide_close(scheduler, &instance->launch_decision);
    decide_close(scheduler, &instance->terminate_decision);
    if (!meant && cluster->groups[instance->group].spec.replace)
        note_missing(scheduler, instance, launching);
}

void instance_replace_missing(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    for (int g = 0; g < cluster->n_groups && !scheduler->ending; g++) {
        struct group *group = &cluster->groups[g];

        if (group->n_missing > 0 && group->retry_at_usec > scheduler->now_usec)
            decide_by(scheduler, group->retry_at_usec);
        for (; group->n_missing > 0 && group->retry_at_usec <= scheduler->now_usec;
             group->n_missing--)
            launch(scheduler, outputs, g);
    }
}

void instance_terminate_empty(struct scheduler *scheduler, struct outputs *outputs, int id)
{
    struct instance *instance = &scheduler->cluster.instances[id];

    if (instance->n_tasks > 0 || instance->status == INSTANCE_INACTIVE ||
        instance->status == INSTANCE_DEREGISTERING)
        return;
    scheduler->n_launching -= instance->status == INSTANCE_LAUNCHING;
    instance->status = INSTANCE_DEREGISTERING;
    cluster_note_instance(&scheduler->cluster, id);
    decide_close(scheduler, &instance->launch_decision);
    decide_open(scheduler, outputs, MESSAGE_TERMINATE_INSTANCE, &instance->terminate_decision)
        ->as.terminate_instance.instance = id;
}
