/*
 * Instances register, drain and go: what each report about one does to the cluster, and what it has cost.
 * Which come is group.c's to say; which task goes where is not decided here either.
 */
#include "core/instance.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/group.h"
#include "core/service.h"
#include "core/task.h"

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
    for (int t = cluster_newest_on(cluster, instance), older; t != ID_NONE; t = older) {
        older = cluster_older_on(cluster, t);
        service_judge(scheduler, outputs, t);
    }
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
        task_note_stopped(scheduler, outputs, cluster_newest_on(cluster, instance), code);
    if (!instance->leaving)
        group_give_up_place(cluster, instance);
    group_leave(cluster, id);
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
        group_note_missing(scheduler, instance, launching);
}

void instance_leave(struct scheduler *scheduler, int id, int64_t until_usec)
{
    struct instance *instance = &scheduler->cluster.instances[id];

    if (instance->leaving || instance->status == INSTANCE_INACTIVE ||
        instance->status == INSTANCE_DEREGISTERING)
        return;
    instance->leaving = true;
    instance->drain_until_usec = until_usec;
    group_give_up_place(&scheduler->cluster, instance);
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
