/*
 * The world's machinery: a queue of messages, and what it does with each that a machine sends.
 */
#include "world.h"

#include "core/array.h"
#include "core/check.h"
#include "core/draw.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#define LINK_USEC 50000 /* one for all: messages of a link never overtake each other */

int64_t world_roll(struct world *world, int64_t bound)
{
    return (int64_t)draw_below(world->seed, DRAW_MESSAGE, 0, world->n_draws++, (uint64_t)bound);
}

void world_post(struct world *world, int64_t delay_usec, int machine, const struct message *message)
{
    struct pending *pending = ARRAY_ADD(world, queue);

    pending->at_usec = world->now_usec + delay_usec;
    pending->order = world->n_order++;
    pending->machine = machine;
    message_copy(&pending->message, message);
}

static bool take_earliest(struct world *world, struct pending *taken)
{
    int best = 0;

    if (world->n_queue == 0)
        return false;
    for (int i = 1; i < world->n_queue; i++)
        if (world->queue[i].at_usec < world->queue[best].at_usec ||
            (world->queue[i].at_usec == world->queue[best].at_usec &&
             world->queue[i].order < world->queue[best].order))
            best = i;
    *taken = world->queue[best];
    world->queue[best] = world->queue[--world->n_queue];
    return true;
}

static void check_scheduler(const struct world *world)
{
    char detail[256];
    const char *broken = core_check(&world->scheduler, detail, sizeof detail);

    cr_assert(!broken, "seed %llu at %lld us: %s: %s", (unsigned long long)world->seed,
              (long long)world->now_usec, broken, detail);
}

static void answer(struct world *world, int agent, enum message_kind kind,
                   const struct container_order *order)
{
    struct message fact = message_new(kind);

    fact.as.fact.task = order->task;
    fact.as.fact.container = order->container;
    if (!world->calm && world_roll(world, 40) == 0)
        fact.as.fact.error = "the world said no";
    world_post(world, world_roll(world, 2 * USEC_PER_SEC), agent, &fact);
    if (kind == MESSAGE_CONTAINER_STARTED && !fact.as.fact.error && !world->calm &&
        world_roll(world, 3) == 0) {
        struct message exited = message_new(MESSAGE_CONTAINER_EXITED);

        exited.as.exited =
            (struct container_exited){order->task, order->container, (int32_t)world_roll(world, 3),
                                      world_roll(world, 5) == 0};
        world_post(world, 2 * USEC_PER_SEC + world_roll(world, 20 * USEC_PER_SEC), agent, &exited);
    }
}

/* A task's own machine: sometimes one does not come up. */
static void booted(struct world *world, int agent, const struct boot_machine *order)
{
    struct message fact = message_new(MESSAGE_MACHINE_BOOTED);

    fact.as.machine_booted.task = order->task;
    if (!world->calm && world_roll(world, 10) == 0)
        fact.as.machine_booted.error = "the machine hangs";
    world_post(world, world_roll(world, 5 * USEC_PER_SEC), agent, &fact);
}

static void kill_container(struct world *world, int agent, const struct signal_container *order)
{
    struct message exited = message_new(MESSAGE_CONTAINER_EXITED);

    if (order->signal == SIGNAL_TERM && world_roll(world, 4) == 0)
        return; /* a program that does not listen */
    exited.as.exited = (struct container_exited){order->task, order->container, 143, false};
    world_post(world, world_roll(world, USEC_PER_SEC), agent, &exited);
}

static void created(struct world *world, int agent, const struct create_container *create)
{
    struct container_order order = {create->task, create->container};

    answer(world, agent, MESSAGE_CONTAINER_CREATED, &order);
}

static void probed(struct world *world, int agent, const struct probe_container *probe)
{
    struct message answered = message_new(MESSAGE_CONTAINER_PROBED);

    answered.as.probed = (struct container_probed){probe->task, probe->container, probe->probe,
                                                   world->calm || world_roll(world, 4) > 0};
    if (world->calm || world_roll(world, 10) > 0)
        world_post(world, world_roll(world, world->calm ? USEC_PER_SEC / 2 : 3 * USEC_PER_SEC),
                   agent, &answered);
}

static void tell_agent(struct world *world, int agent, const struct message *message)
{
    if (!world->cut[agent]) {
        world_post(world, LINK_USEC, agent, message);
        return;
    }
    ARRAY_ADD(world, held)->machine = agent;
    message_copy(&world->held[world->n_held - 1].message, message);
}

void world_cut_link(struct world *world, int agent)
{
    struct message event = message_new(MESSAGE_AGENT_DISCONNECTED);

    world->cut[agent] = true;
    event.as.agent_disconnected.instance = agent;
    world_post(world, LINK_USEC, ID_NONE, &event);
    event = message_new(MESSAGE_DISCONNECTED);
    world_post(world, LINK_USEC, agent, &event);
}

void world_connect_again(struct world *world, int agent)
{
    struct message event = message_new(MESSAGE_CONNECTED);
    int kept = 0;

    world->cut[agent] = false;
    world_post(world, LINK_USEC, agent, &event);
    for (int i = 0; i < world->n_held; i++) {
        if (world->held[i].machine != agent) {
            world->held[kept++] = world->held[i];
            continue;
        }
        world_post(world, LINK_USEC, agent, &world->held[i].message);
        message_finish(&world->held[i].message);
    }
    world->n_held = kept;
}

/* Every few seconds, as long as the target is one. */
static void probe_target(struct world *world, int32_t target_group, int32_t task)
{
    struct message probed = message_new(MESSAGE_TARGET_PROBED);

    probed.as.target_probed =
        (struct target_probed){target_group, task, world->calm || world_roll(world, 4) > 0};
    world_post(world, 2 * USEC_PER_SEC + world_roll(world, 2 * USEC_PER_SEC), ID_NONE, &probed);
}

static void probe_again(struct world *world, const struct target_probed *probed)
{
    const struct cluster *cluster = &world->scheduler.cluster;

    if (!cluster_in_range(probed->task, cluster->n_tasks))
        return;
    for (int t = cluster_details(cluster, probed->task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task)
        if (cluster->targets[t].target_group == probed->target_group &&
            cluster->targets[t].status < TARGET_DRAINING)
            probe_target(world, probed->target_group, probed->task);
}

static void act(struct world *world, int agent, const struct message *message)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);

    switch (message->kind) {
    case MESSAGE_LAUNCH_INSTANCE: {
        struct message boot = message_new(MESSAGE_BOOT);
        struct agent_rules rules = agent_rules_default;
        const struct group *group =
            &world->scheduler.cluster.groups[message->as.launch_instance.group];

        agent_init(ARRAY_ADD(world, agents), &world->scheduler.cluster.taskdefs);
        *ARRAY_ADD(world, dead) = false;
        *ARRAY_ADD(world, cut) = false;
        boot.as.boot = (struct boot){.instance = message->as.launch_instance.instance,
                                     .epoch = 1,
                                     .cpu = message->as.launch_instance.cpu,
                                     .memory_mib = message->as.launch_instance.memory_mib,
                                     .gpus = group->spec.gpus,
                                     .rules = &rules,
                                     .for_task = ID_NONE};
        rules.pull_behavior = (enum pull_behavior)world_roll(world, 4);
        rules.pull_dependents_upfront = world_roll(world, 2) == 0;
        rules.heartbeat_timeout_usec = (world_roll(world, 2) + 1) * 20 * USEC_PER_SEC;
        rules.heartbeat_jitter_usec = world_roll(world, 2) * USEC_PER_SEC;
        rules.image_cleanup_usec = world_roll(world, 3) * 10 * USEC_PER_SEC;
        rules.image_minimum_age_usec = USEC_PER_SEC;
        if (world->calm || world_roll(world, 10) > 0)
            world_post(world, world_roll(world, 3 * USEC_PER_SEC), boot.as.boot.instance, &boot);
        else {
            lost.as.instance_lost.instance = boot.as.boot.instance;
            world_post(world, world_roll(world, USEC_PER_SEC), ID_NONE, &lost);
        }
        break;
    }
    case MESSAGE_TERMINATE_INSTANCE:
        lost.as.instance_lost.instance = message->as.terminate_instance.instance;
        world->dead[lost.as.instance_lost.instance] = true;
        world_post(world, world_roll(world, USEC_PER_SEC), ID_NONE, &lost);
        break;
    case MESSAGE_REGISTER_TARGET:
        probe_target(world, message->as.register_target.target_group,
                     message->as.register_target.task);
        break;
    case MESSAGE_PLACE_TASK:
        tell_agent(world, message->as.place_task.instance, message);
        break;
    case MESSAGE_HEARTBEAT:
        tell_agent(world, message->as.heartbeat.instance, message);
        break;
    case MESSAGE_STOP_TASK:
        tell_agent(world, message->as.stop_task.instance, message);
        break;
    case MESSAGE_REGISTER:
    case MESSAGE_TASK_STATE:
        world_post(world, LINK_USEC, ID_NONE, message);
        if (world_roll(world, 20) == 0)
            world_post(world, world_roll(world, 1000000), ID_NONE, message); /* twice */
        break;
    case MESSAGE_PULL_IMAGE:
        answer(world, agent, MESSAGE_IMAGE_PULLED, &message->as.order);
        break;
    case MESSAGE_BOOT_MACHINE:
        booted(world, agent, &message->as.boot_machine);
        break;
    case MESSAGE_CREATE_CONTAINER:
        created(world, agent, &message->as.create);
        break;
    case MESSAGE_START_CONTAINER:
        answer(world, agent, MESSAGE_CONTAINER_STARTED, &message->as.order);
        break;
    case MESSAGE_PROBE_CONTAINER:
        probed(world, agent, &message->as.probe);
        break;
    case MESSAGE_RECONNECT:
        world_connect_again(world, agent);
        break;
    case MESSAGE_SIGNAL_CONTAINER:
        kill_container(world, agent, &message->as.signal);
        break;
    default:
        break;
    }
}

/* Money ------------------------------------------------------------------------------------------- */

static void end_expense(struct world *world, int32_t instance)
{
    if (instance >= 0 && instance < world->n_expenses &&
        world->expenses[instance].to_usec == USEC_NEVER)
        world->expenses[instance].to_usec = world->now_usec;
}

static unsigned __int128 amount_of(const struct world *world, const struct expense *expense)
{
    const struct instance_group *spec = &world->scheduler.cluster.groups[expense->group].spec;
    int64_t price = spec->price, spot_price = spec->spot_price, usec, rate;

    if (expense->from_usec == USEC_NEVER)
        return 0;
    if (expense->type > 0) {
        price = spec->more_types[expense->type - 1].price;
        spot_price = spec->more_types[expense->type - 1].spot_price;
    }
    rate = expense->spot ? spot_price : price;
    rate = expense->task == ID_NONE ? rate * 1024
                                    : rate * expense->cpu + spec->price_gib * expense->memory_mib;
    usec = expense->to_usec - expense->from_usec;
    if (usec < world->scheduler.rules.billing_minimum_usec)
        usec = world->scheduler.rules.billing_minimum_usec;
    return (unsigned __int128)(uint64_t)rate * (uint64_t)usec;
}

/* The bill is the integral of the instances that ran, counted once more. */
static void check_bill(struct world *world, const struct bill *bill)
{
    unsigned __int128 sum = 0;

    for (int i = 0; i < world->n_expenses; i++)
        sum += amount_of(world, &world->expenses[i]);
    cr_assert(!world->is_billed, "seed %llu: two bills", (unsigned long long)world->seed);
    world->is_billed = true;
    cr_assert(
        bill->nanos == ledger_nanos(sum), "seed %llu: billed %lld nano-dollars, recounted %lld",
        (unsigned long long)world->seed, (long long)bill->nanos, (long long)ledger_nanos(sum));
}

/* Spot of EC2 that was warned, and goes before anybody told it to, soon after its launch. */
static bool is_free(const struct world *world, int32_t instance)
{
    const struct expense *expense = &world->expenses[instance];

    return expense->task == ID_NONE && expense->to_usec == USEC_NEVER &&
           world->scheduler.cluster.instances[instance].interrupted &&
           world->now_usec - expense->from_usec < world->scheduler.rules.spot_free_usec;
}

static void count_event(struct world *world, const struct message *event)
{
    int32_t instance = event->as.instance_lost.instance;

    if (event->kind == MESSAGE_END)
        for (int i = 0; i < world->n_expenses; i++)
            end_expense(world, i);
    if (event->kind != MESSAGE_INSTANCE_LOST)
        return;
    if (instance >= 0 && instance < world->n_expenses && is_free(world, instance))
        world->expenses[instance].from_usec = USEC_NEVER;
    end_expense(world, instance);
    if (instance >= 0 && instance < world->n_dead)
        world->dead[instance] = true;
}

static void count_decision(struct world *world, const struct message *decision)
{
    const struct launch_instance *launch = &decision->as.launch_instance;

    switch (decision->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        cr_assert(launch->instance == world->n_expenses);
        *ARRAY_ADD(world, expenses) =
            (struct expense){launch->group,
                             launch->type,
                             launch->reason == LAUNCHED_FOR_TASK ? launch->task : ID_NONE,
                             launch->spot,
                             launch->cpu,
                             launch->memory_mib,
                             launch->reason == LAUNCHED_FOR_TASK ? USEC_NEVER : world->now_usec,
                             USEC_NEVER};
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        end_expense(world, decision->as.terminate_instance.instance);
        break;
    case MESSAGE_PLACE_TASK:
        if (world->expenses[decision->as.place_task.instance].from_usec == USEC_NEVER)
            world->expenses[decision->as.place_task.instance].from_usec = world->now_usec;
        break;
    case MESSAGE_BILL:
        check_bill(world, &decision->as.bill);
        break;
    default:
        break;
    }
}

void world_step(struct world *world, int machine, const struct message *event)
{
    struct outputs outputs = {0};
    char detail[256];

    if (machine == ID_NONE) {
        count_event(world, event);
        scheduler_step(&world->scheduler, world->now_usec, event, &outputs);
        for (int i = 0; i < outputs.n_messages; i++)
            count_decision(world, &outputs.messages[i]);
        if (world->scheduler.n_steps % world->check_every == 0)
            check_scheduler(world);
        if (event->kind == MESSAGE_TARGET_PROBED)
            probe_again(world, &event->as.target_probed);
    } else if (!world->dead[machine]) {
        const char *broken;

        agent_step(&world->agents[machine], world->now_usec, event, &outputs);
        broken = core_check_agent(&world->agents[machine], detail, sizeof detail);
        cr_assert(!broken, "seed %llu, i%d: %s: %s", (unsigned long long)world->seed, machine + 1,
                  broken, detail);
        cr_assert(agent_deadline(&world->agents[machine]) > world->now_usec,
                  "seed %llu, i%d: its deadline has passed", (unsigned long long)world->seed,
                  machine + 1);
    }
    for (int i = 0; i < outputs.n_messages; i++)
        act(world, machine, &outputs.messages[i]);
    outputs_finish(&outputs);
}

/* The machine with the earliest deadline gets its tick, where that is before anything else. */
static bool tick_due(struct world *world)
{
    int64_t next_usec = USEC_NEVER, due_usec = scheduler_deadline(&world->scheduler);
    int machine = ID_NONE;
    struct message tick = message_new(MESSAGE_TICK);

    for (int i = 0; i < world->n_queue; i++)
        if (world->queue[i].at_usec < next_usec)
            next_usec = world->queue[i].at_usec;
    for (int i = 0; i < world->n_agents; i++) {
        if (!world->dead[i] && agent_deadline(&world->agents[i]) < due_usec) {
            due_usec = agent_deadline(&world->agents[i]);
            machine = i;
        }
    }
    if (due_usec == USEC_NEVER || due_usec > next_usec)
        return false;

    if (due_usec > world->now_usec)
        world->now_usec = due_usec;
    world_step(world, machine, &tick);
    return true;
}

static void add_fargate_definition(struct world *world)
{
    struct container_definition container = {
        .name = "a", .image = "a:1", .essential = true, .stop_timeout_usec = 2 * USEC_PER_SEC};
    struct task_definition definition = {.family = "far",
                                         .revision = 1,
                                         .network_mode = NETWORK_AWSVPC,
                                         .cpu = 256,
                                         .memory_mib = 512,
                                         .n_containers = 1,
                                         .containers = &container};
    struct message call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    call.as.register_task_definition.taskdef = 3;
    call.as.register_task_definition.definition = &definition;
    world_step(world, ID_NONE, &call);
}

void world_add_definitions(struct world *world)
{
    for (int d = 0; d < 3; d++) {
        struct health_check health = {3 * USEC_PER_SEC, USEC_PER_SEC,
                                      world_roll(world, 5) * USEC_PER_SEC,
                                      (int32_t)world_roll(world, 3) + 1};
        struct restart_policy restart = {world_roll(world, 5) * USEC_PER_SEC, 0, NULL};
        struct port_mapping port = {80, (int32_t)(d == 1 ? 8080 : 0), PROTOCOL_TCP};
        bool watched = world_roll(world, 2) == 0;
        struct container_depend depend = {0, (enum container_condition)world_roll(world, 4)};
        struct container_definition containers[2] = {
            {.name = "a",
             .image = "a:1",
             .cpu = 100,
             .memory_mib = 64,
             .essential = d != 2,
             .n_ports = 1,
             .health = watched ? &health : NULL,
             .restart = world_roll(world, 3) == 0 ? &restart : NULL,
             .gpus = (int32_t)world_roll(world, 2),
             .start_timeout_usec = world_roll(world, 4) * USEC_PER_SEC,
             .ports = &port,
             .stop_timeout_usec = 2 * USEC_PER_SEC},
            {.name = "b",
             .image = "b:1",
             .cpu = (int32_t)world_roll(world, 600),
             .memory_mib = 32,
             .essential = true,
             .n_depends = d == 2,
             .depends = &depend,
             .stop_timeout_usec = USEC_PER_SEC},
        };
        struct task_definition definition = {.family = "f",
                                             .revision = d + 1,
                                             .n_containers = d == 0 ? 1 : 2,
                                             .containers = containers};
        struct task_machine machine = {100};
        struct message call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

        if (world_roll(world, 4) == 0)
            definition.machine = &machine;
        call.as.register_task_definition.taskdef = d;
        call.as.register_task_definition.definition = &definition;
        world_step(world, ID_NONE, &call);
    }
    add_fargate_definition(world);
}

static void add_provider(struct world *world, int32_t provider, char *name, int32_t group)
{
    struct message call = message_new(MESSAGE_CREATE_CAPACITY_PROVIDER);
    bool scales = provider < 2 && world_roll(world, 5) > 0;

    call.as.create_capacity_provider = (struct create_capacity_provider){
        .provider = provider,
        .name = name,
        .group = group,
        .managed_scaling = scales,
        .target_capacity = 100 - 20 * (int32_t)world_roll(world, 3),
        .minimum_step = 1 + (int32_t)world_roll(world, 2),
        .maximum_step = 2 + (int32_t)world_roll(world, 3),
        .warmup_usec = world_roll(world, 10 * USEC_PER_SEC),
        .termination_protection = scales && world_roll(world, 2),
        .draining = world_roll(world, 2) == 0};
    world_step(world, ID_NONE, &call);
}

static void add_group(struct world *world, int32_t group, bool spot)
{
    static struct group_type larger = {.name = (char *)"larger",
                                       .cpu = 2048,
                                       .memory_mib = 1024,
                                       .gpus = 2,
                                       .enis = ID_NONE,
                                       .price = 180000001,
                                       .spot_price = 60000007};
    static struct zone zones[2] = {{(char *)"a"}, {(char *)"b"}};
    struct message call = message_new(MESSAGE_INSTANCE_GROUP);
    struct instance_group *spec = &call.as.instance_group;

    *spec = (struct instance_group){.group = group,
                                    .kind = GROUP_AUTO_SCALING,
                                    .name = spot ? (char *)"spot" : (char *)"group",
                                    .type = (char *)"box",
                                    .cpu = 1024,
                                    .memory_mib = 512,
                                    .gpus = 1,
                                    .enis = (int32_t)world_roll(world, 3) - 1,
                                    .price = 90000003,
                                    .spot_price = 30000001,
                                    .minimum = (int32_t)world_roll(world, 2),
                                    .replace = true,
                                    .cheapest = world_roll(world, 2) == 0,
                                    .on_demand_base = (int32_t)world_roll(world, 2),
                                    .spot_percent = spot ? 50 + (int32_t)world_roll(world, 51) : 0,
                                    .spot_pools = 2,
                                    .spot_drain = world_roll(world, 2) == 0,
                                    .n_zones = (int32_t)world_roll(world, 3),
                                    .zones = zones,
                                    .n_more_types = (int32_t)world_roll(world, 2),
                                    .more_types = &larger};
    spec->count = spec->minimum + (int32_t)world_roll(world, 2);
    spec->maximum = spec->count + (int32_t)world_roll(world, 4);
    world_step(world, ID_NONE, &call);
}

static void add_fargate(struct world *world, int32_t group, bool spot)
{
    static struct zone zones[2] = {{(char *)"a"}, {(char *)"b"}};
    struct message call = message_new(MESSAGE_INSTANCE_GROUP);

    call.as.instance_group = (struct instance_group){.group = group,
                                                     .kind = GROUP_FARGATE,
                                                     .type = (char *)"FARGATE",
                                                     .enis = ID_NONE,
                                                     .price = 40480000,
                                                     .spot_price = 12144000,
                                                     .price_gib = 4445000,
                                                     .spot_percent = spot ? 100 : 0,
                                                     .n_zones = 2,
                                                     .zones = zones};
    world_step(world, ID_NONE, &call);
}

void world_add_capacity(struct world *world)
{
    static char *const names[] = {"p0", "p1", "FARGATE", "FARGATE_SPOT"};
    int32_t group = world->scheduler.cluster.n_groups;
    struct message rules = message_new(MESSAGE_RULES);

    rules.as.rules = world->scheduler.rules;
    rules.as.rules.metric_period_usec = (1 + world_roll(world, 5)) * USEC_PER_SEC;
    rules.as.rules.capacity_in_datapoints = 1 + (int32_t)world_roll(world, 3);
    rules.as.rules.provisioning_timeout_usec = (5 + world_roll(world, 20)) * USEC_PER_SEC;
    rules.as.rules.provisioning_limit = 2 + (int32_t)world_roll(world, 10);
    rules.as.rules.drain_timeout_usec = world_roll(world, 10) * USEC_PER_SEC;
    rules.as.rules.fargate_burst = 1 + (int32_t)world_roll(world, 3);
    rules.as.rules.fargate_per_sec = 1 + (int32_t)world_roll(world, 3);
    rules.as.rules.billing_minimum_usec = world_roll(world, 3) * 10 * USEC_PER_SEC;
    rules.as.rules.spot_free_usec = world_roll(world, 3) * 20 * USEC_PER_SEC;
    world_step(world, ID_NONE, &rules);
    for (int i = 0; i < 4; i++) {
        if (i < 2)
            add_group(world, group + i, i == 1);
        else
            add_fargate(world, group + i, i == 3);
        add_provider(world, i, names[i], group + i);
    }
}

static bool earliest_is_after(const struct world *world, int64_t at_usec)
{
    for (int i = 0; i < world->n_queue; i++)
        if (world->queue[i].at_usec <= at_usec)
            return false;
    return true;
}

/* Until `end_usec` somebody does something every second or so; after it, until all is quiet. */
void world_run_until(struct world *world, int64_t end_usec, void (*call)(struct world *))
{
    int64_t next_call_usec = world->now_usec;
    struct pending pending;

    for (int64_t n = 0;; n++) {
        cr_assert(n < 200000, "seed %llu does not come to rest", (unsigned long long)world->seed);
        if (call && next_call_usec < end_usec && earliest_is_after(world, next_call_usec)) {
            if (next_call_usec > world->now_usec)
                world->now_usec = next_call_usec;
            call(world);
            next_call_usec = world->now_usec + world_roll(world, 2 * USEC_PER_SEC);
        } else if (!tick_due(world)) {
            if (!take_earliest(world, &pending))
                return;
            if (pending.at_usec > world->now_usec)
                world->now_usec = pending.at_usec;
            world_step(world, pending.machine, &pending.message);
            message_finish(&pending.message);
        }
        if (world->now_usec >= end_usec && end_usec > 0)
            return;
    }
}

void world_finish(struct world *world)
{
    for (int i = 0; i < world->n_agents; i++)
        agent_finish(&world->agents[i]);
    for (int i = 0; i < world->n_queue; i++)
        message_finish(&world->queue[i].message);
    free(world->agents);
    for (int i = 0; i < world->n_held; i++)
        message_finish(&world->held[i].message);
    free(world->held);
    free(world->cut);
    free(world->dead);
    free(world->queue);
    free(world->expenses);
    scheduler_finish(&world->scheduler);
}
