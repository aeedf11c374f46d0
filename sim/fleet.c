/*
 * Machines: they boot, lose power, and what they share is shared out. What happens on them is in the
 * fleet's other parts.
 */
#include "fleet.h"

#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

#include <assert.h>
#include <stdlib.h>

/* A host's groups and an instance's CPUs in the share's unit. */
static uint64_t cpu_rate(int32_t cpu_units)
{
    return (uint64_t)cpu_units * (SHARE_ONE_CPU / CPU_UNITS_PER_VCPU);
}

static bool on_host(const struct fleet *fleet)
{
    return fleet->costs.host_cpu > 0;
}

/* What its CPUs do where all are wanted; where not, other programs have those that are idle. */
static uint64_t host_rate(const struct costs *costs)
{
    return (uint64_t)((share_wide)cpu_rate(costs->host_cpu) *
                      (share_wide)(1000000 - costs->background_ppm) / 1000000);
}

const struct costs *fleet_costs(const struct fleet *fleet, int32_t instance)
{
    return fleet->instances[instance].is_vm ? &fleet->inside : &fleet->costs;
}

const struct costs *fleet_costs_of(const struct fleet *fleet, int32_t task)
{
    return fleet_has_machine(fleet, task)
               ? &fleet->inside
               : fleet_costs(fleet, fleet->cluster->tasks[task].instance);
}

/* Its agents are like those outside in how they go about things. */
static struct costs costs_inside(const struct costs *costs)
{
    struct costs inside = costs->vm.inside ? *costs->vm.inside : *costs;

    inside.contention = costs->contention;
    inside.agent_queue = costs->agent_queue;
    inside.host_cpu = costs->host_cpu;
    inside.vm = costs->vm;
    return inside;
}

void fleet_init(struct fleet *fleet, const struct scenario *scenario, uint64_t seed, uint64_t luck,
                struct queue *queue, const struct cluster *cluster)
{
    const struct costs *costs = &scenario->costs;
    const struct fleet_line nobody = {ID_NONE, ID_NONE};

    *fleet = (struct fleet){
        .scenario = scenario,
        .seed = seed,
        .luck = luck,
        .queue = queue,
        .cluster = cluster,
        .costs = *costs,
        .inside = costs_inside(costs),
        .free_container = ID_NONE,
        .free_duty = ID_NONE,
        .free_machine = ID_NONE,
        .locked = nobody,
        .making = nobody,
        .taken = nobody,
        .uneven_usec = USEC_NEVER,
        .least_alone = ID_NONE,
        .read = message_new(MESSAGE_TICK),
    };
    share_init(&fleet->common[COMMON_HOST],
               on_host(fleet) && costs->contention ? host_rate(costs) : SHARE_RATE_MAX);
    /* On one machine in front of somebody a part of a period more or less is seen. */
    fleet->common[COMMON_HOST].exact = costs->contention;
    fleet->session = fleet->kernel = SHARE_ROOT;
    if (on_host(fleet) && costs->host_session)
        fleet->session = share_add_group(&fleet->common[COMMON_HOST], SHARE_ROOT, WEIGHT_DEFAULT,
                                         SHARE_RATE_MAX, SHARE_PHASE_NONE);
    /* Most of it is one thread's: namespaces end one after the other. */
    if (on_host(fleet))
        fleet->kernel =
            share_add_group(&fleet->common[COMMON_HOST], SHARE_ROOT, WEIGHT_DEFAULT,
                            costs->contention ? SHARE_ONE_CPU : SHARE_RATE_MAX, SHARE_PHASE_NONE);
    share_init(&fleet->common[COMMON_NETWORK], SHARE_RATE_MAX);
    if (costs->contention && costs->registry_bytes_per_sec != BYTES_PER_SEC_ANY) {
        share_wide rate = (share_wide)costs->registry_bytes_per_sec * SHARE_ONE / USEC_PER_SEC;

        if (rate > 0 && rate < SHARE_RATE_MAX)
            fleet->common[COMMON_NETWORK].capacity = (uint64_t)rate;
    }
    share_init(&fleet->common[COMMON_DISK], SHARE_RATE_MAX); /* no disk is shared */
    for (int i = 0; i < COMMONS; i++)
        fleet->common_usec[i] = USEC_NEVER;
}

static void empty_instance(struct fleet_instance *instance)
{
    if (instance->up)
        agent_finish(&instance->agent);
    instance->up = false;
    share_finish(&instance->share);
    free(instance->layers);
    free(instance->images);
    free(instance->pulls);
    instance->layers = NULL;
    instance->images = NULL;
    instance->pulls = NULL;
    instance->n_layers = instance->cap_layers = instance->n_images = instance->cap_images = 0;
    instance->n_pulls = instance->cap_pulls = 0;
}

void fleet_finish(struct fleet *fleet)
{
    for (int i = 0; i < fleet->n_instances; i++)
        empty_instance(&fleet->instances[i]);
    for (int i = 0; i < fleet->n_duties; i++)
        if (fleet->duties[i].used)
            fleet_free_duty(fleet, i);
    assert(fleet->n_clearing == 0);
    for (int i = 0; i < COMMONS; i++)
        share_finish(&fleet->common[i]);
    message_finish(&fleet->read);
    free(fleet->instances);
    free(fleet->containers);
    free(fleet->tasks);
    free(fleet->duties);
    free(fleet->machines);
    free(fleet->machine_of);
    free(fleet->in_line);
    free(fleet->lines);
    free(fleet->least);
    free(fleet->least_lines);
    free(fleet->least_weights);
    free(fleet->in_turn);
    free(fleet->left_usec);
    free(fleet->quiet);
    free(fleet->notices);
    *fleet = (struct fleet){0};
}

const struct scenario_taskdef *fleet_taskdef(const struct fleet *fleet, int32_t task)
{
    return &fleet->scenario->taskdefs[fleet->cluster->tasks[task].taskdef];
}

const struct instance_type *fleet_type(const struct fleet *fleet, int32_t instance)
{
    return &fleet->scenario->types[fleet->instances[instance].type];
}

/* Shares ---------------------------------------------------------------------------------------- */

bool fleet_shares_host(const struct fleet *fleet, int32_t task)
{
    return fleet->costs.host_cpu > 0 &&
           !fleet->instances[fleet->cluster->tasks[task].instance].is_vm &&
           !fleet_has_machine(fleet, task);
}

struct share *fleet_share(struct fleet *fleet, int32_t instance)
{
    return on_host(fleet) ? &fleet->common[COMMON_HOST] : &fleet->instances[instance].share;
}

void fleet_queue_common(struct fleet *fleet, enum fleet_common common)
{
    int64_t next_usec = fleet->common[common].next_usec;

    if (next_usec == fleet->common_usec[common])
        return;
    fleet->common_usec[common] = next_usec;
    if (next_usec != USEC_NEVER)
        queue_push(fleet->queue, next_usec, FLEET_COMMON, (int32_t)common);
}

void fleet_queue_share(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];

    if (on_host(fleet)) {
        fleet_even_out(fleet);
        fleet_queue_common(fleet, COMMON_HOST);
        return;
    }
    if (instance->share.next_usec == instance->share_usec)
        return;
    instance->share_usec = instance->share.next_usec;
    if (instance->share_usec != USEC_NEVER)
        queue_push(fleet->queue, instance->share_usec, FLEET_SHARE, id);
}

static void worker_done(struct fleet *fleet, int64_t who)
{
    enum fleet_who kind = (enum fleet_who)(who & ((1 << WHO_BITS) - 1));
    int64_t which = who >> WHO_BITS;

    switch (kind) {
    case WHO_DUTY:
        fleet_burnt(fleet, (int32_t)which);
        break;
    case WHO_CONTAINER:
        fleet_worked(fleet, fleet_key_task(which), fleet_key_container(which));
        break;
    case WHO_FLOW:
        fleet_flowed(fleet, (int32_t)(which >> 28), (int32_t)(which & ((1 << 28) - 1)));
        break;
    case WHO_WRITE:
        fleet_written(fleet, (int32_t)(which >> 28), (int32_t)(which & ((1 << 28) - 1)));
        break;
    }
}

static void finish_work(struct fleet *fleet, int32_t id)
{
    int64_t who;

    while (fleet->instances[id].share.next_usec <= fleet->now_usec &&
           share_take_finished(&fleet->instances[id].share, fleet->now_usec, &who))
        worker_done(fleet, who);
    fleet->instances[id].share_usec = USEC_NEVER;
    fleet_queue_share(fleet, id);
}

static void finish_common(struct fleet *fleet, enum fleet_common common)
{
    struct share *share = &fleet->common[common];
    int64_t who;

    while (share->next_usec <= fleet->now_usec && share_take_finished(share, fleet->now_usec, &who))
        worker_done(fleet, who);
    if (common == COMMON_HOST)
        fleet_even_out(fleet);
    fleet->common_usec[common] = USEC_NEVER;
    fleet_queue_common(fleet, common);
}

/* Boot ------------------------------------------------------------------------------------------ */

/* Processors that share a core, a cache or a lock are slower when all of them work. */
static bool cpus_are_busy(const struct fleet *fleet, int32_t n)
{
    return on_host(fleet) && fleet->costs.contention && n > 1 &&
           (int64_t)n * CPU_UNITS_PER_VCPU >= fleet->costs.host_cpu;
}

struct step_draw fleet_draw_vm(const struct fleet *fleet, enum vm_step step, int32_t id, int32_t n)
{
    const struct costs *costs = &fleet->scenario->costs;
    struct step_draw takes = costs_draw_vm(costs, step, fleet->luck, id, n);

    if (cpus_are_busy(fleet, fleet->n_booting))
        takes.cpu_usec = costs_part_usec(takes.cpu_usec, costs->vm.together_permille);
    return takes;
}

/* The steps of a machine until its agent is there; false where there are no more. */
static bool boot_step(const struct fleet *fleet, int32_t id, int step, struct step_draw *takes)
{
    const struct costs *costs = &fleet->scenario->costs;
    const struct instance_type *type = fleet_type(fleet, id);

    if (fleet->instances[id].is_vm) {
        if (step >= VM_STEPS)
            return false;
        *takes = fleet_draw_vm(fleet, (enum vm_step)step, id, 0);
        return true;
    }
    if (step == 0 && type->boot_given) {
        *takes =
            (struct step_draw){distribution_sample(&type->boot, fleet->seed, DRAW_BOOT, id, 0), 0};
        return true;
    }
    if (step <= COST_USERSPACE) {
        *takes = type->boot_given ? (struct step_draw){0, 0}
                                  : costs_draw(costs, (enum cost_step)step, fleet->luck, id, 0);
        return true;
    }
    /* An agent's own start waits when it registers; what it burns comes before. */
    *takes = costs_draw(costs, COST_AGENT, fleet->luck, id, 0);
    takes->wait_usec = 0;
    if (cpus_are_busy(fleet, fleet->n_rising))
        takes->cpu_usec = costs_part_usec(takes->cpu_usec, costs->agent_together_permille);
    return step == COST_AGENT;
}

/* Each by itself, since its log tells how long each took. */
static void boot_machine(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];
    struct step_draw takes;

    if (instance->boot_step > 0)
        instance->took_usec[instance->boot_step - 1] = fleet->now_usec - instance->boot_usec;
    instance->boot_usec = fleet->now_usec;
    if (!boot_step(fleet, id, instance->boot_step, &takes)) {
        queue_push(fleet->queue, fleet->now_usec, FLEET_BOOTED, id);
        return;
    }
    instance->boot_step++;
    fleet_begin(fleet, fleet_new_duty(fleet, DUTY_BOOT, id, ID_NONE, 0), takes);
}

static bool is_to_rise(const struct fleet *fleet, const struct fleet_instance *instance)
{
    return on_host(fleet) && instance->boot_step == COST_AGENT && !instance->rising;
}

/* No time passes, but all that begin at this moment are counted when each looks how many there are. */
static void rise(struct fleet *fleet, int32_t id)
{
    fleet->instances[id].rising = true;
    fleet->n_rising++;
    fleet_wait(fleet, fleet_new_duty(fleet, DUTY_BOOT, id, ID_NONE, 0), 0);
}

static void risen(struct fleet *fleet, struct fleet_instance *instance)
{
    fleet->n_rising -= instance->rising;
    instance->rising = false;
}

/* Steps that only wait are one. */
void fleet_booted_step(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];
    struct step_draw whole = {0, 0}, takes;

    if (instance->is_vm) {
        boot_machine(fleet, id);
        return;
    }
    while (whole.cpu_usec == 0 && !is_to_rise(fleet, instance) &&
           boot_step(fleet, id, instance->boot_step, &takes)) {
        instance->boot_step++;
        whole.wait_usec += takes.wait_usec;
        whole.cpu_usec = takes.cpu_usec;
    }
    if (whole.cpu_usec > 0 || (whole.wait_usec > 0 && is_to_rise(fleet, instance)))
        fleet_begin(fleet, fleet_new_duty(fleet, DUTY_BOOT, id, ID_NONE, 0), whole);
    else if (is_to_rise(fleet, instance))
        rise(fleet, id);
    else
        queue_push(fleet->queue, fleet->now_usec + whole.wait_usec, FLEET_BOOTED, id);
}

/* Its part of a host: a cgroup with a quota, in which there may be a virtual machine. */
static void join_host(struct fleet *fleet, int32_t id)
{
    int64_t phase = (int64_t)draw_below(fleet->luck, DRAW_PERIOD, -1 - id, 0, SHARE_PERIOD_USEC);
    int64_t cpu = fleet->instances[id].cpu; /* of a micro-VM as its task asks */

    fleet->instances[id].share_group =
        share_add_group(&fleet->common[COMMON_HOST], SHARE_ROOT, WEIGHT_DEFAULT,
                        fleet->costs.contention ? cpu_rate(cpu) : SHARE_RATE_MAX, phase);
}

/* Memory that an instance takes beside its containers'. */
static int64_t own_bytes(const struct fleet *fleet, int32_t id)
{
    const struct costs *costs = &fleet->costs;

    return fleet->instances[id].is_vm || fleet->instances[id].is_micro
               ? costs->vm.os_bytes + costs->vm.overhead_bytes + fleet->inside.agent_bytes
               : costs->os_bytes + costs->agent_bytes;
}

/* On one's own machine a task on Fargate is a virtual machine (exec/crew.c), whatever the scenario says of its
 * boot; without a profile of that machine the scenario's word counts. */
static bool micro_is_vm(const struct fleet *fleet, int32_t id)
{
    return on_host(fleet) || (fleet->scenario->costs.micro_boot == MICRO_BOOT_MACHINE &&
                              !fleet_type(fleet, id)->boot_given);
}

void fleet_launch(struct fleet *fleet, const struct launch_instance *launch)
{
    struct fleet_instance *instance;

    assert(launch->instance == fleet->n_instances);
    instance = ARRAY_ADD(fleet, instances);
    instance->group = launch->group;
    instance->type = scenario_group_type(&fleet->scenario->groups[launch->group], launch->type);
    instance->cpu = launch->cpu;
    instance->memory_mib = launch->memory_mib;
    instance->is_micro = launch->reason == LAUNCHED_FOR_TASK;
    instance->is_vm =
        instance->is_micro
            ? micro_is_vm(fleet, launch->instance)
            : scenario_group_is_vm(fleet->scenario, &fleet->scenario->groups[launch->group]);
    instance->share_usec = USEC_NEVER;
    instance->share_group = instance->network_group = instance->disk_group = ID_NONE;
    instance->locked = (struct fleet_line){ID_NONE, ID_NONE};
    fleet_agent_init(&instance->thread);
    share_init(&instance->share, fleet->costs.contention ? cpu_rate(launch->cpu) : SHARE_RATE_MAX);
    if (on_host(fleet))
        join_host(fleet, launch->instance);
    fleet->n_booting += instance->is_vm;
    fleet_booted_step(fleet, launch->instance);
}

static void leave_group(struct share *share, int32_t *group)
{
    if (*group != ID_NONE)
        share_remove_group(share, *group);
    *group = ID_NONE;
}

/* Power off: all that is on it is gone at once, somebody hears of it after `usec`. */
static void power_off(struct fleet *fleet, int32_t id, int64_t usec)
{
    const struct instance *known = &fleet->cluster->instances[id];
    struct fleet_instance *instance = &fleet->instances[id];

    for (int t = cluster_newest_on(fleet->cluster, known); t != ID_NONE;
         t = cluster_older_on(fleet->cluster, t))
        fleet_forget_task(fleet, t);
    fleet_drop_pulls(fleet, id);
    fleet_drop_duties(fleet, id);
    if (instance->up)
        fleet_count_memory(fleet, -own_bytes(fleet, id));
    else
        fleet->n_booting -= instance->is_vm;
    risen(fleet, instance);
    leave_group(&fleet->common[COMMON_HOST], &instance->share_group);
    leave_group(&fleet->common[COMMON_NETWORK], &instance->network_group);
    leave_group(&fleet->common[COMMON_DISK], &instance->disk_group);
    instance->gone = true;
    instance->thread.busy = true; /* nobody is there who could do anything */
    empty_instance(instance);
    queue_push(fleet->queue, fleet->now_usec + usec, FLEET_LOST, id);
}

void fleet_terminate(struct fleet *fleet, int32_t id)
{
    struct step_draw takes;

    if (fleet->instances[id].gone)
        return;
    takes = costs_draw(&fleet->scenario->costs, COST_TEARDOWN, fleet->luck, id, 0);
    power_off(fleet, id, takes.wait_usec + takes.cpu_usec);
}

static char modelled[] = "modelled";

/* As a guest's agent tells it in a real run (exec/rise.c). */
struct boot_course fleet_course(const struct fleet *fleet, const int64_t *took_usec,
                                int64_t memory_mib)
{
    const struct costs *costs = &fleet->costs;
    bool woke = costs->path == BOOT_RESTORE;
    int64_t kernel_usec = took_usec[VM_KERNEL];
    int64_t user_usec = took_usec[VM_USERSPACE];

    return (struct boot_course){
        .start = (char *)(uintptr_t)boot_path_names[costs->path],
        .accelerator = modelled,
        .kernel = modelled,
        .firmware_usec =
            took_usec[VM_VMM] + took_usec[VM_FIRMWARE] + (woke ? kernel_usec + user_usec : 0),
        .kernel_usec = woke ? 0 : kernel_usec,
        .user_usec = woke ? 0 : user_usec,
        .memory_bytes = memory_mib << 20,
        .system_bytes = costs->vm.os_bytes,
        .host_bytes = (memory_mib << 20) + costs->vm.overhead_bytes,
    };
}

/* What tasks can have of a type is what its own system leaves, where that is known; a micro-VM is
 * made so that it leaves its task what that asked for. */
static struct boot_course *course_of(struct fleet *fleet, int32_t id)
{
    const struct fleet_instance *instance = &fleet->instances[id];
    const struct instance_type *type = fleet_type(fleet, id);
    int64_t memory_mib = instance->is_micro
                             ? costs_guest_mib(&fleet->costs.vm, instance->memory_mib)
                             : instance_type_whole_mib(type);

    fleet->course = fleet_course(fleet, instance->took_usec, memory_mib);
    if (!instance->is_micro && type->os_mib > 0)
        fleet->course.system_bytes = (int64_t)type->os_mib << 20;
    return &fleet->course;
}

static bool boot(struct fleet *fleet, int32_t id, struct message *event)
{
    struct fleet_instance *instance = &fleet->instances[id];
    const struct scenario_group *group = &fleet->scenario->groups[instance->group];

    if (instance->gone)
        return false;
    agent_init(&instance->agent, &fleet->cluster->taskdefs);
    instance->up = true;
    instance->thread.quiet_usec = fleet->now_usec;
    fleet->n_booting -= instance->is_vm;
    risen(fleet, instance);
    fleet_count_memory(fleet, own_bytes(fleet, id));
    *event = message_new(MESSAGE_BOOT);
    event->as.boot.instance = id;
    event->as.boot.epoch = fleet->cluster->instances[id].epoch;
    event->as.boot.cpu = instance->cpu;
    event->as.boot.memory_mib = instance->memory_mib;
    event->as.boot.gpus = fleet_type(fleet, id)->gpus;
    event->as.boot.rules = group->rules;
    event->as.boot.course = instance->is_vm ? course_of(fleet, id) : NULL;
    if (instance->is_micro)
        event->as.boot.for_task = fleet->cluster->instances[id].bound_task;
    return true;
}

/* Faults --------------------------------------------------------------------------------------- */

static int64_t end_of(const struct fleet *fleet, const struct fault *fault)
{
    return fault->for_usec < USEC_NEVER - fleet->now_usec ? fleet->now_usec + fault->for_usec
                                                          : USEC_NEVER;
}

bool fleet_fault(struct fleet *fleet, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_KILL_TASK:
        return fleet_kill_task(fleet, fault->task, ID_NONE);
    case FAULT_INTERRUPT_SPOT: /* the script has done it */
        return fault->instance != ID_NONE;
    case FAULT_KILL_CONTAINER:
        return fault->container != ID_NONE && fleet_kill_task(fleet, fault->task, fault->container);
    case FAULT_KILL_INSTANCE:
    case FAULT_KILL_AGENT:
        if (fault->instance < 0 || fault->instance >= fleet->n_instances ||
            fleet->instances[fault->instance].gone)
            return false;
        power_off(fleet, fault->instance, 0);
        return true;
    case FAULT_SLOW_REGISTRY:
        fleet->registry_slow_usec = end_of(fleet, fault);
        fleet->registry_permille = fault->factor_permille;
        return true;
    case FAULT_DEAD_REGISTRY:
        fleet->registry_dead_usec = end_of(fleet, fault);
        fleet_kill_registry(fleet);
        return true;
    case FAULT_KILL_ZONE: /* comes as one for each instance */
    case FAULT_CUT_AGENT: /* the links' */
        break;
    }
    assert(!"a fault for the fleet");
    return false;
}

/* Events ---------------------------------------------------------------------------------------- */

/* A fact that had to wait for its turn in the queue. */
static bool told(struct fleet *fleet, const struct queue_entry *entry, struct message *event)
{
    int c =
        (int)(entry->what >> FLEET_WHAT_BITS & ((1 << (FLEET_KIND_BITS - FLEET_WHAT_BITS)) - 1));

    if (!fleet_find(fleet, entry->id, c))
        return false;
    fleet_make_fact(fleet, entry->id, c, (enum message_kind)(entry->what >> FLEET_KIND_BITS),
                    event);
    return true;
}

/* What may have something to say to an agent: at once the first such thing. */
static bool happen(struct fleet *fleet, const struct queue_entry *entry, struct message *event)
{
    fleet->answer = event;
    switch (entry->what & ((1 << FLEET_WHAT_BITS) - 1)) {
    case FLEET_SHARE:
        if (fleet->instances[entry->id].share_usec == entry->at_usec)
            finish_work(fleet, entry->id);
        break;
    case FLEET_COMMON:
        if (fleet->common_usec[entry->id] == entry->at_usec)
            finish_common(fleet, (enum fleet_common)entry->id);
        break;
    case FLEET_WAITED:
        fleet_waited(fleet, entry);
        break;
    default:
        fleet_wake(fleet, entry);
    }
    if (fleet->answer) {
        fleet->answer = NULL;
        return false;
    }
    return true;
}

bool fleet_event(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event)
{
    fleet->now_usec = entry->at_usec;
    *machine = entry->id;
    switch (entry->what & ((1 << FLEET_WHAT_BITS) - 1)) {
    case FLEET_BOOTED:
        return boot(fleet, entry->id, event);
    case FLEET_LOST:
        *machine = ID_NONE;
        *event = message_new(MESSAGE_INSTANCE_LOST);
        event->as.instance_lost.instance = entry->id;
        return true;
    case FLEET_HEARD:
        return fleet_heard(fleet, entry, machine, event);
    case FLEET_TOLD:
        *machine = fleet->cluster->tasks[entry->id].instance;
        return told(fleet, entry, event);
    case FLEET_EVENED:
        fleet_evened(fleet, entry);
        return false;
    case FLEET_OVERBALANCED:
        fleet_overbalance(fleet);
        return false;
    case FLEET_PROBED:
        *machine = fleet->cluster->tasks[entry->id].instance;
        return fleet_answer_probe(fleet, entry, event);
    default:
        if (!happen(fleet, entry, event))
            return false;
        *machine =
            fleet->cluster
                ->tasks[event->kind == MESSAGE_CONTAINER_EXITED ? event->as.exited.task
                        : event->kind == MESSAGE_MACHINE_BOOTED ? event->as.machine_booted.task
                                                                : event->as.fact.task]
                .instance;
        return true;
    }
}
