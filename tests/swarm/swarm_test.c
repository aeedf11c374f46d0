/*
 * Random worlds around the real machines: messages with random delays, machines that die, programs
 * that crash, calls that make no sense, events that come twice. After every step every invariant must
 * hold, and after the end nothing may be open. In every second world capacity comes and goes: groups that
 * scale, Fargate, Spot; its bill is recounted. A failure names the seed that repeats it.
 */
#include "world.h"

#include <criterion/criterion.h>

#define N_WORLDS 4000
#define RUN_USEC (60 * USEC_PER_SEC)

static void random_strategy(struct world *world, struct strategy_rule *rules, int32_t *n)
{
    *n = (int32_t)world_roll(world, 4);
    for (int i = 0; i < *n; i++) {
        rules[i].type = (enum strategy_type)world_roll(world, 3);
        rules[i].field = rules[i].type == STRATEGY_BINPACK
                             ? (enum strategy_field)(BY_CPU + world_roll(world, 2))
                             : (enum strategy_field)(BY_INSTANCE + world_roll(world, 2));
        rules[i].attribute = rules[i].field == BY_ATTRIBUTE ? "ecs.availability-zone" : NULL;
    }
}

/* Sound strategies, and unsound ones: providers that do not exist or stand twice, no weight. */
static void random_shares(struct world *world, struct provider_share *shares, int32_t *n)
{
    int32_t first = (int32_t)world_roll(world, 2) * 2;

    *n = world_roll(world, 2) ? 0 : 1 + (int32_t)world_roll(world, 2);
    for (int32_t i = 0; i < *n; i++)
        shares[i] = (struct provider_share){first + (i + (int32_t)world_roll(world, 10) / 9) % 2,
                                            i == 0 ? (int32_t)world_roll(world, 3) : 0,
                                            (int32_t)world_roll(world, 4)};
}

/* The warning, and the loss some time later. */
static void interrupt(struct world *world)
{
    struct message warning = message_new(MESSAGE_SPOT_WARNING);
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);
    int32_t instance = (int32_t)world_roll(world, world->n_agents + 2) - 1;
    int64_t after_usec = world_roll(world, 8 * USEC_PER_SEC);

    warning.as.spot_warning = (struct spot_warning){instance, after_usec};
    lost.as.instance_lost.instance = instance;
    if (instance >= 0 && instance < world->n_agents &&
        world->scheduler.cluster.instances[instance].spot)
        world_post(world, after_usec, ID_NONE, &lost);
    world_step(world, ID_NONE, &warning);
}

static void put_default(struct world *world)
{
    struct provider_share shares[2];
    struct message call = message_new(MESSAGE_PUT_CLUSTER_PROVIDERS);

    call.as.put_cluster_providers.strategy = shares;
    random_shares(world, shares, &call.as.put_cluster_providers.n_strategy);
    world_step(world, ID_NONE, &call);
}

/* One thing a user, an operator or fate may do at any moment. */
static void random_call(struct world *world)
{
    struct strategy_rule rules[4] = {0};
    struct provider_share shares[2];
    struct placement_constraint distinct = {CONSTRAINT_DISTINCT_INSTANCE, NULL};
    struct message call;
    int32_t n_services = world->scheduler.cluster.n_services;

    switch (world_roll(world, 12)) {
    case 0:
        call = message_new(MESSAGE_CREATE_SERVICE);
        call.as.create_service =
            (struct create_service){.service = n_services,
                                    .name = n_services ? "second" : "first",
                                    .taskdef = (int32_t)world_roll(world, 5),
                                    .desired = (int32_t)world_roll(world, 8) - 1,
                                    .n_constraints = world_roll(world, 4) == 0,
                                    .constraints = &distinct,
                                    .providers = shares,
                                    .strategy = rules};
        random_strategy(world, rules, &call.as.create_service.n_strategy);
        random_shares(world, shares, &call.as.create_service.n_providers);
        break;
    case 1:
        call = message_new(MESSAGE_UPDATE_SERVICE);
        call.as.update_service =
            (struct update_service){.service = (int32_t)world_roll(world, n_services + 2) - 1,
                                    .taskdef = (int32_t)world_roll(world, 5) - 1,
                                    .desired = (int32_t)world_roll(world, 8) - 1,
                                    .force = world_roll(world, 4) == 0,
                                    .providers = shares,
                                    .grace_sec = ID_NONE};
        if (world_roll(world, 2))
            random_shares(world, shares, &call.as.update_service.n_providers);
        break;
    case 2:
        call = message_new(MESSAGE_RUN_TASK);
        call.as.run_task = (struct run_task){.taskdef = (int32_t)world_roll(world, 5) - 1,
                                             .count = (int32_t)world_roll(world, 5),
                                             .wait = world_roll(world, 2) == 0,
                                             .providers = shares,
                                             .strategy = rules};
        random_strategy(world, rules, &call.as.run_task.n_strategy);
        random_shares(world, shares, &call.as.run_task.n_providers);
        break;
    case 3:
        call = message_new(MESSAGE_STOP_TASK_CALL);
        call.as.stop_task_call.task =
            (int32_t)world_roll(world, world->scheduler.cluster.n_tasks + 2) - 1;
        break;
    case 4:
        call = message_new(MESSAGE_INSTANCE_LOST);
        call.as.instance_lost.instance = (int32_t)world_roll(world, world->n_agents + 2) - 1;
        if (call.as.instance_lost.instance >= 0 && call.as.instance_lost.instance < world->n_agents)
            world->dead[call.as.instance_lost.instance] = true;
        break;
    case 5:
        call = message_new(MESSAGE_DELETE_SERVICE);
        call.as.delete_service.service = (int32_t)world_roll(world, n_services + 2) - 1;
        if (world_roll(world, 3) > 0)
            return;
        break;
    case 6:
        call = message_new(MESSAGE_UPDATE_INSTANCE_STATE);
        call.as.update_instance_state = (struct update_instance_state){
            (int32_t)world_roll(world, world->n_agents + 2) - 1, world_roll(world, 2) == 0};
        break;
    case 7:
        call = message_new(MESSAGE_UPDATE_TASK_PROTECTION);
        call.as.update_task_protection = (struct update_task_protection){
            (int32_t)world_roll(world, world->scheduler.cluster.n_tasks + 2) - 1,
            world_roll(world, 3) > 0, world_roll(world, 20 * USEC_PER_SEC) - USEC_PER_SEC};
        break;
    case 8:
        if (world->n_agents > 0) {
            int agent = (int)world_roll(world, world->n_agents);

            if (world->cut[agent])
                world_connect_again(world, agent);
            else
                world_cut_link(world, agent);
        }
        return;
    case 9:
        interrupt(world);
        return;
    case 10:
        put_default(world);
        return;
    default:
        call = message_new((enum message_kind)world_roll(world, MESSAGE_KINDS));
        if (call.kind == MESSAGE_END)
            return;
        break;
    }
    world_step(world, ID_NONE, &call);
}

/* Worlds whose bill was recounted: those in which something had a price and ran. */
static int n_billed;

static void run_world(uint64_t seed)
{
    struct world world = {.seed = seed, .check_every = 1};
    struct zone zones[2] = {{"a"}, {"b"}};
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);
    struct message end = message_new(MESSAGE_END);

    scheduler_init(&world.scheduler, seed);
    world_add_definitions(&world);
    group.as.instance_group = (struct instance_group){.group = 0,
                                                      .type = "box",
                                                      .cpu = 1024,
                                                      .memory_mib = 512,
                                                      .gpus = 2,
                                                      .enis = ID_NONE,
                                                      .count = (int32_t)world_roll(&world, 5),
                                                      .replace = world_roll(&world, 2) == 0,
                                                      .n_zones = (int32_t)world_roll(&world, 3),
                                                      .zones = zones};
    world_step(&world, ID_NONE, &group);
    if (seed % 2)
        world_add_capacity(&world);
    world_run_until(&world, RUN_USEC, random_call);
    for (int i = 0; i < world.n_agents; i++)
        if (world.cut[i])
            world_connect_again(&world, i);
    world_step(&world, ID_NONE, &end);
    world_run_until(&world, 0, random_call);
    cr_assert(scheduler_ended(&world.scheduler), "seed %llu never ends", (unsigned long long)seed);
    cr_assert(world.scheduler.n_open == 0, "seed %llu leaves %lld decisions open",
              (unsigned long long)seed, (long long)world.scheduler.n_open);
    n_billed += world.is_billed;
    world_finish(&world);
}

Test(swarm, random_worlds_keep_every_invariant)
{
    for (uint64_t seed = 1; seed <= N_WORLDS; seed++)
        run_world(seed);
    cr_assert(n_billed > N_WORLDS / 3, "%d bills", n_billed);
}
