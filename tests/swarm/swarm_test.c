/*
 * Random worlds around the real machines: messages with random delays, machines that die, programs
 * that crash, calls that make no sense, events that come twice. After every step every invariant must
 * hold, and after the end nothing may be open. A failure names the seed that repeats it.
 */
#include "core/agent.h"
#include "core/array.h"
#include "core/check.h"
#include "core/draw.h"
#include "core/scheduler.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define N_WORLDS 4000
#define RUN_USEC (60 * USEC_PER_SEC)
#define LINK_USEC 50000 /* one for all: messages of a link never overtake each other */

struct pending {
    int64_t at_usec;
    int64_t order;
    int32_t machine; /* ID_NONE: the scheduler */
    struct message message;
};

struct world {
    uint64_t seed;
    int64_t n_draws, n_order, now_usec;
    struct scheduler scheduler;
    struct agent *agents;
    int n_agents, cap_agents;
    bool *dead;
    int n_dead, cap_dead;
    bool *cut; /* the link to that agent */
    int n_cut, cap_cut;
    struct pending *held; /* by a cut link, in order */
    int n_held, cap_held;
    struct pending *queue;
    int n_queue, cap_queue;
};

static int64_t roll(struct world *world, int64_t bound)
{
    return (int64_t)draw_below(world->seed, DRAW_MESSAGE, 0, world->n_draws++, (uint64_t)bound);
}

static void post(struct world *world, int64_t delay_usec, int machine,
                 const struct message *message)
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
    if (roll(world, 40) == 0)
        fact.as.fact.error = "the world said no";
    post(world, roll(world, 2 * USEC_PER_SEC), agent, &fact);
    if (kind == MESSAGE_CONTAINER_STARTED && !fact.as.fact.error && roll(world, 3) == 0) {
        struct message exited = message_new(MESSAGE_CONTAINER_EXITED);

        exited.as.exited = (struct container_exited){order->task, order->container,
                                                     (int32_t)roll(world, 3), roll(world, 5) == 0};
        post(world, 2 * USEC_PER_SEC + roll(world, 20 * USEC_PER_SEC), agent, &exited);
    }
}

static void kill_container(struct world *world, int agent, const struct signal_container *order)
{
    struct message exited = message_new(MESSAGE_CONTAINER_EXITED);

    if (order->signal == SIGNAL_TERM && roll(world, 4) == 0)
        return; /* a program that does not listen */
    exited.as.exited = (struct container_exited){order->task, order->container, 143, false};
    post(world, roll(world, USEC_PER_SEC), agent, &exited);
}

static void created(struct world *world, int agent, const struct create_container *create)
{
    struct container_order order = {create->task, create->container};

    answer(world, agent, MESSAGE_CONTAINER_CREATED, &order);
}

static void probed(struct world *world, int agent, const struct probe_container *probe)
{
    struct message answered = message_new(MESSAGE_CONTAINER_PROBED);

    answered.as.probed =
        (struct container_probed){probe->task, probe->container, probe->probe, roll(world, 4) > 0};
    if (roll(world, 10) > 0)
        post(world, roll(world, 3 * USEC_PER_SEC), agent, &answered);
}

static void tell_agent(struct world *world, int agent, const struct message *message)
{
    if (!world->cut[agent]) {
        post(world, LINK_USEC, agent, message);
        return;
    }
    ARRAY_ADD(world, held)->machine = agent;
    message_copy(&world->held[world->n_held - 1].message, message);
}

static void cut_link(struct world *world, int agent)
{
    struct message event = message_new(MESSAGE_AGENT_DISCONNECTED);

    world->cut[agent] = true;
    event.as.agent_disconnected.instance = agent;
    post(world, LINK_USEC, ID_NONE, &event);
    event = message_new(MESSAGE_DISCONNECTED);
    post(world, LINK_USEC, agent, &event);
}

static void connect_again(struct world *world, int agent)
{
    struct message event = message_new(MESSAGE_CONNECTED);
    int kept = 0;

    world->cut[agent] = false;
    post(world, LINK_USEC, agent, &event);
    for (int i = 0; i < world->n_held; i++) {
        if (world->held[i].machine != agent) {
            world->held[kept++] = world->held[i];
            continue;
        }
        post(world, LINK_USEC, agent, &world->held[i].message);
        message_finish(&world->held[i].message);
    }
    world->n_held = kept;
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
                                     .cpu = group->spec.cpu,
                                     .memory_mib = group->spec.memory_mib,
                                     .gpus = group->spec.gpus,
                                     .rules = &rules};
        rules.pull_behavior = (enum pull_behavior)roll(world, 4);
        rules.pull_dependents_upfront = roll(world, 2) == 0;
        rules.heartbeat_timeout_usec = (roll(world, 2) + 1) * 20 * USEC_PER_SEC;
        rules.heartbeat_jitter_usec = roll(world, 2) * USEC_PER_SEC;
        rules.image_cleanup_usec = roll(world, 3) * 10 * USEC_PER_SEC;
        rules.image_minimum_age_usec = USEC_PER_SEC;
        if (roll(world, 10) > 0)
            post(world, roll(world, 3 * USEC_PER_SEC), boot.as.boot.instance, &boot);
        else {
            lost.as.instance_lost.instance = boot.as.boot.instance;
            post(world, roll(world, USEC_PER_SEC), ID_NONE, &lost);
        }
        break;
    }
    case MESSAGE_TERMINATE_INSTANCE:
        lost.as.instance_lost.instance = message->as.terminate_instance.instance;
        world->dead[lost.as.instance_lost.instance] = true;
        post(world, roll(world, USEC_PER_SEC), ID_NONE, &lost);
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
        post(world, LINK_USEC, ID_NONE, message);
        if (roll(world, 20) == 0)
            post(world, roll(world, 1000000), ID_NONE, message); /* twice */
        break;
    case MESSAGE_PULL_IMAGE:
        answer(world, agent, MESSAGE_IMAGE_PULLED, &message->as.order);
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
        connect_again(world, agent);
        break;
    case MESSAGE_SIGNAL_CONTAINER:
        kill_container(world, agent, &message->as.signal);
        break;
    default:
        break;
    }
}

static void step(struct world *world, int machine, const struct message *event)
{
    struct outputs outputs = {0};
    char detail[256];

    if (machine == ID_NONE) {
        scheduler_step(&world->scheduler, world->now_usec, event, &outputs);
        check_scheduler(world);
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
    step(world, machine, &tick);
    return true;
}

static void add_definitions(struct world *world)
{
    for (int d = 0; d < 3; d++) {
        struct health_check health = {3 * USEC_PER_SEC, USEC_PER_SEC, roll(world, 5) * USEC_PER_SEC,
                                      (int32_t)roll(world, 3) + 1};
        struct restart_policy restart = {roll(world, 5) * USEC_PER_SEC, 0, NULL};
        struct port_mapping port = {80, (int32_t)(d == 1 ? 8080 : 0), PROTOCOL_TCP};
        bool watched = roll(world, 2) == 0;
        struct container_depend depend = {0, (enum container_condition)roll(world, 4)};
        struct container_definition containers[2] = {
            {.name = "a",
             .image = "a:1",
             .cpu = 100,
             .memory_mib = 64,
             .essential = d != 2,
             .n_ports = 1,
             .health = watched ? &health : NULL,
             .restart = roll(world, 3) == 0 ? &restart : NULL,
             .gpus = (int32_t)roll(world, 2),
             .start_timeout_usec = roll(world, 4) * USEC_PER_SEC,
             .ports = &port,
             .stop_timeout_usec = 2 * USEC_PER_SEC},
            {.name = "b",
             .image = "b:1",
             .cpu = (int32_t)roll(world, 600),
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
        struct message call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

        call.as.register_task_definition.taskdef = d;
        call.as.register_task_definition.definition = &definition;
        step(world, ID_NONE, &call);
    }
}

static void random_strategy(struct world *world, struct strategy_rule *rules, int32_t *n)
{
    *n = (int32_t)roll(world, 4);
    for (int i = 0; i < *n; i++) {
        rules[i].type = (enum strategy_type)roll(world, 3);
        rules[i].field = rules[i].type == STRATEGY_BINPACK
                             ? (enum strategy_field)(BY_CPU + roll(world, 2))
                             : (enum strategy_field)(BY_INSTANCE + roll(world, 2));
        rules[i].attribute = rules[i].field == BY_ATTRIBUTE ? "ecs.availability-zone" : NULL;
    }
}

/* One thing a user, an operator or fate may do at any moment. */
static void random_call(struct world *world)
{
    struct strategy_rule rules[4] = {0};
    struct placement_constraint distinct = {CONSTRAINT_DISTINCT_INSTANCE, NULL};
    struct message call;
    int32_t n_services = world->scheduler.cluster.n_services;

    switch (roll(world, 10)) {
    case 0:
        call = message_new(MESSAGE_CREATE_SERVICE);
        call.as.create_service = (struct create_service){.service = n_services,
                                                         .name = n_services ? "second" : "first",
                                                         .taskdef = (int32_t)roll(world, 4),
                                                         .desired = (int32_t)roll(world, 8) - 1,
                                                         .n_constraints = roll(world, 4) == 0,
                                                         .constraints = &distinct,
                                                         .strategy = rules};
        random_strategy(world, rules, &call.as.create_service.n_strategy);
        break;
    case 1:
        call = message_new(MESSAGE_UPDATE_SERVICE);
        call.as.update_service =
            (struct update_service){.service = (int32_t)roll(world, n_services + 2) - 1,
                                    .taskdef = (int32_t)roll(world, 4) - 1,
                                    .desired = (int32_t)roll(world, 8) - 1,
                                    .grace_sec = ID_NONE};
        break;
    case 2:
        call = message_new(MESSAGE_RUN_TASK);
        call.as.run_task = (struct run_task){.taskdef = (int32_t)roll(world, 4) - 1,
                                             .count = (int32_t)roll(world, 5),
                                             .wait = roll(world, 2) == 0,
                                             .strategy = rules};
        random_strategy(world, rules, &call.as.run_task.n_strategy);
        break;
    case 3:
        call = message_new(MESSAGE_STOP_TASK_CALL);
        call.as.stop_task_call.task =
            (int32_t)roll(world, world->scheduler.cluster.n_tasks + 2) - 1;
        break;
    case 4:
        call = message_new(MESSAGE_INSTANCE_LOST);
        call.as.instance_lost.instance = (int32_t)roll(world, world->n_agents + 2) - 1;
        if (call.as.instance_lost.instance >= 0 && call.as.instance_lost.instance < world->n_agents)
            world->dead[call.as.instance_lost.instance] = true;
        break;
    case 5:
        call = message_new(MESSAGE_DELETE_SERVICE);
        call.as.delete_service.service = (int32_t)roll(world, n_services + 2) - 1;
        if (roll(world, 3) > 0)
            return;
        break;
    case 6:
        call = message_new(MESSAGE_UPDATE_INSTANCE_STATE);
        call.as.update_instance_state = (struct update_instance_state){
            (int32_t)roll(world, world->n_agents + 2) - 1, roll(world, 2) == 0};
        break;
    case 7:
        call = message_new(MESSAGE_UPDATE_TASK_PROTECTION);
        call.as.update_task_protection = (struct update_task_protection){
            (int32_t)roll(world, world->scheduler.cluster.n_tasks + 2) - 1, roll(world, 3) > 0,
            roll(world, 20 * USEC_PER_SEC) - USEC_PER_SEC};
        break;
    case 8:
        if (world->n_agents > 0) {
            int agent = (int)roll(world, world->n_agents);

            if (world->cut[agent])
                connect_again(world, agent);
            else
                cut_link(world, agent);
        }
        return;
    default:
        call = message_new((enum message_kind)roll(world, MESSAGE_KINDS));
        if (call.kind == MESSAGE_END)
            return;
        break;
    }
    step(world, ID_NONE, &call);
}

static bool earliest_is_after(const struct world *world, int64_t at_usec)
{
    for (int i = 0; i < world->n_queue; i++)
        if (world->queue[i].at_usec <= at_usec)
            return false;
    return true;
}

/* Until `end_usec` somebody does something every second or so; after it, until all is quiet. */
static void run_until(struct world *world, int64_t end_usec)
{
    int64_t next_call_usec = world->now_usec;
    struct pending pending;

    for (int64_t n = 0;; n++) {
        cr_assert(n < 200000, "seed %llu does not come to rest", (unsigned long long)world->seed);
        if (next_call_usec < end_usec && earliest_is_after(world, next_call_usec)) {
            if (next_call_usec > world->now_usec)
                world->now_usec = next_call_usec;
            random_call(world);
            next_call_usec = world->now_usec + roll(world, 2 * USEC_PER_SEC);
        } else if (!tick_due(world)) {
            if (!take_earliest(world, &pending))
                return;
            if (pending.at_usec > world->now_usec)
                world->now_usec = pending.at_usec;
            step(world, pending.machine, &pending.message);
            message_finish(&pending.message);
        }
        if (world->now_usec >= end_usec && end_usec > 0)
            return;
    }
}

static void run_world(uint64_t seed)
{
    struct world world = {.seed = seed};
    struct zone zones[2] = {{"a"}, {"b"}};
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);
    struct message end = message_new(MESSAGE_END);

    scheduler_init(&world.scheduler, seed);
    add_definitions(&world);
    group.as.instance_group = (struct instance_group){.group = 0,
                                                      .type = "box",
                                                      .cpu = 1024,
                                                      .memory_mib = 512,
                                                      .gpus = 2,
                                                      .enis = ID_NONE,
                                                      .count = (int32_t)roll(&world, 5),
                                                      .replace = roll(&world, 2) == 0,
                                                      .n_zones = (int32_t)roll(&world, 3),
                                                      .zones = zones};
    step(&world, ID_NONE, &group);
    run_until(&world, RUN_USEC);
    for (int i = 0; i < world.n_agents; i++)
        if (world.cut[i])
            connect_again(&world, i);
    step(&world, ID_NONE, &end);
    run_until(&world, 0);
    cr_assert(scheduler_ended(&world.scheduler), "seed %llu never ends", (unsigned long long)seed);
    cr_assert(world.scheduler.n_open == 0, "seed %llu leaves %lld decisions open",
              (unsigned long long)seed, (long long)world.scheduler.n_open);
    for (int i = 0; i < world.n_agents; i++)
        agent_finish(&world.agents[i]);
    for (int i = 0; i < world.n_queue; i++)
        message_finish(&world.queue[i].message);
    free(world.agents);
    for (int i = 0; i < world.n_held; i++)
        message_finish(&world.held[i].message);
    free(world.held);
    free(world.cut);
    free(world.dead);
    free(world.queue);
    scheduler_finish(&world.scheduler);
}

Test(swarm, random_worlds_keep_every_invariant)
{
    for (uint64_t seed = 1; seed <= N_WORLDS; seed++)
        run_world(seed);
}
