/*
 * Random services under random faults: once the faults have ceased, and where there is room, as many tasks
 * run as are desired, within the time that the rules give; on the way every invariant holds, the
 * percentages among them; after the end nothing is open. A failure names the seed that repeats it.
 */
#include "core/place.h"
#include "world.h"

#include <criterion/criterion.h>

#define N_WORLDS 10000
#define STORM_USEC (40 * USEC_PER_SEC)

/* What was on its way may still go wrong for 25 s; then the longest pause, and for each of six tasks in
 * turn a start, its health, its draining and its stop. */
#define CALM_USEC (200 * USEC_PER_SEC)

static void add_definitions(struct world *world)
{
    for (int d = 0; d < 4; d++) {
        struct health_check health = {3 * USEC_PER_SEC, USEC_PER_SEC, 2 * USEC_PER_SEC, 2};
        struct container_definition container = {.name = "a",
                                                 .image = "a:1",
                                                 .cpu = 100 + (int32_t)world_roll(world, 200),
                                                 .memory_mib = 64,
                                                 .essential = true,
                                                 .health = d % 2 ? &health : NULL,
                                                 .stop_timeout_usec = 2 * USEC_PER_SEC};
        struct task_definition definition = {
            .family = "f", .revision = d + 1, .n_containers = 1, .containers = &container};
        struct message call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

        call.as.register_task_definition.taskdef = d;
        call.as.register_task_definition.definition = &definition;
        world_step(world, ID_NONE, &call);
    }
}

static void set_rules(struct world *world)
{
    struct message rules = message_new(MESSAGE_RULES);

    rules.as.rules = scheduler_rules_default;
    rules.as.rules.minute_usec = USEC_PER_SEC;
    rules.as.rules.healthy_after_usec = world_roll(world, 5) * USEC_PER_SEC;
    rules.as.rules.throttle_longest_usec = 10 * USEC_PER_SEC;
    rules.as.rules.scale_out_datapoints = 1;
    rules.as.rules.scale_in_datapoints = 2;
    rules.as.rules.scale_out_cooldown_usec = rules.as.rules.scale_in_cooldown_usec = USEC_PER_SEC;
    world_step(world, ID_NONE, &rules);
}

static void add_target_groups(struct world *world)
{
    static char *const names[] = {"b0", "b1", "b2", "b3"};

    for (int32_t i = 0; i < 4; i++) {
        struct message call = message_new(MESSAGE_CREATE_TARGET_GROUP);

        call.as.create_target_group.target_group = i;
        call.as.create_target_group.name = names[i];
        call.as.create_target_group.port = 80;
        call.as.create_target_group.healthy_threshold = 1 + (int32_t)world_roll(world, 2);
        call.as.create_target_group.deregistration_delay_sec = (int32_t)world_roll(world, 4);
        call.as.create_target_group.unchecked = world_roll(world, 8) == 0;
        world_step(world, ID_NONE, &call);
    }
}

static struct circuit_breaker breaker;

static struct deployment_configuration configuration(struct world *world)
{
    breaker = (struct circuit_breaker){.enable = true,
                                       .rollback = world_roll(world, 2) == 0,
                                       .cumulative = world_roll(world, 2) == 0,
                                       .type = (enum threshold_type)world_roll(world, 3),
                                       .value = 1 + (int32_t)world_roll(world, 5)};
    enum deployment_strategy strategy =
        (enum deployment_strategy)(world_roll(world, 3) ? 1 : world_roll(world, 5));
    int32_t canary_minutes = (int32_t)world_roll(world, 5);
    int32_t step_permille = 200 + (int32_t)world_roll(world, 500);
    int32_t step_minutes = (int32_t)world_roll(world, 3);

    return (struct deployment_configuration){
        .strategy = strategy,
        .minimum_healthy_percent = (int32_t)world_roll(world, 5) * 25,
        .maximum_percent = 100 + (int32_t)world_roll(world, 5) * 25,
        .breaker = world_roll(world, 2) ? &breaker : NULL,
        .bake_minutes = (int32_t)world_roll(world, 5),
        .canary_permille = ID_NONE,
        .canary_bake_minutes = strategy == DEPLOYMENT_CANARY ? canary_minutes : ID_NONE,
        .step_permille = strategy == DEPLOYMENT_LINEAR ? step_permille : ID_NONE,
        .step_bake_minutes = strategy == DEPLOYMENT_LINEAR ? step_minutes : ID_NONE};
}

static void create_service(struct world *world)
{
    static char *const names[] = {"first", "second", "third"};
    int32_t n = world->scheduler.cluster.n_services;
    struct message call = message_new(MESSAGE_CREATE_SERVICE);
    struct deployment_configuration config = configuration(world);
    struct load_balancer balancer = {2 * (n % 2), 2 * (n % 2) + 1, "a", 80, true};

    call.as.create_service =
        (struct create_service){.service = n,
                                .name = names[n % 3],
                                .taskdef = (int32_t)world_roll(world, 4),
                                .desired = (int32_t)world_roll(world, 6),
                                .grace_sec = (int32_t)world_roll(world, 5),
                                .deployment = world_roll(world, 4) ? &config : NULL,
                                .n_balancers = n < 2 && world_roll(world, 2),
                                .balancers = &balancer};
    if (world_roll(world, 4) == 0) {
        call.as.create_service.scheduling = SCHEDULING_DAEMON;
        call.as.create_service.desired = 0;
        config.strategy = DEPLOYMENT_ROLLING;
        config.maximum_percent = 100;
    }
    world_step(world, ID_NONE, &call);
}

/* New load balancers, or new placement, as often as not with nothing in it. */
static void change_more(struct world *world, struct update_service *call)
{
    static struct placement_constraint zone = {CONSTRAINT_MEMBER_OF,
                                               "attribute:ecs.availability-zone != c"};
    static struct strategy_rule rule = {STRATEGY_BINPACK, BY_MEMORY, NULL, NULL};
    static struct load_balancer balancer;

    if (world_roll(world, 6) == 0) {
        int32_t group = (int32_t)world_roll(world, 4);

        balancer = (struct load_balancer){group, world_roll(world, 2) ? ID_NONE : group ^ 1, "a",
                                          80, true};
        call->new_balancers = true;
        call->n_balancers = world_roll(world, 4) != 0;
        call->balancers = &balancer;
    }
    if (world_roll(world, 6) == 0) {
        call->new_strategy = true;
        call->n_strategy = world_roll(world, 2) == 0;
        call->strategy = &rule;
    }
    if (world_roll(world, 6) == 0) {
        call->new_constraints = true;
        call->n_constraints = world_roll(world, 2) == 0;
        call->constraints = &zone;
    }
}

static void update_service(struct world *world)
{
    struct message call = message_new(MESSAGE_UPDATE_SERVICE);
    struct deployment_configuration config = configuration(world);

    call.as.update_service = (struct update_service){
        .service = (int32_t)world_roll(world, world->scheduler.cluster.n_services + 1),
        .taskdef = (int32_t)world_roll(world, 5) - 1,
        .desired = (int32_t)world_roll(world, 7) - 1,
        .force = world_roll(world, 8) == 0,
        .grace_sec = ID_NONE,
        .deployment = world_roll(world, 3) == 0 ? &config : NULL};
    change_more(world, &call.as.update_service);
    world_step(world, ID_NONE, &call);
}

static void observe(struct world *world)
{
    struct service_metrics rows[3] = {{0}};
    struct message call = message_new(MESSAGE_OBSERVE);
    int n = world->scheduler.cluster.n_services < 3 ? world->scheduler.cluster.n_services : 3;

    for (int32_t i = 0; i < n; i++)
        rows[i] = (struct service_metrics){i,
                                           world->scheduler.cluster.services[i].taskdef,
                                           1,
                                           USEC_PER_SEC,
                                           world_roll(world, USEC_PER_SEC / 2),
                                           0,
                                           0};
    call.as.observe =
        (struct observe){.period_usec = USEC_PER_SEC, .n_services = n, .services = rows};
    world_step(world, ID_NONE, &call);
}

static void scale(struct world *world)
{
    struct message target = message_new(MESSAGE_REGISTER_SCALABLE_TARGET);
    struct message policy = message_new(MESSAGE_PUT_SCALING_POLICY);
    int32_t service = (int32_t)world_roll(world, world->scheduler.cluster.n_services + 1);

    target.as.register_scalable_target.service = service;
    target.as.register_scalable_target.min_capacity = (int32_t)world_roll(world, 3);
    target.as.register_scalable_target.max_capacity = 2 + (int32_t)world_roll(world, 5);
    world_step(world, ID_NONE, &target);
    policy.as.put_scaling_policy.policy = world->scheduler.n_policies;
    policy.as.put_scaling_policy.name = "p";
    policy.as.put_scaling_policy.service = service;
    policy.as.put_scaling_policy.type = POLICY_TARGET_TRACKING;
    policy.as.put_scaling_policy.target_milli = 1 + world_roll(world, 100000);
    world_step(world, ID_NONE, &policy);
}

static void set_draining(struct world *world, int32_t instance, bool draining)
{
    struct message call = message_new(MESSAGE_UPDATE_INSTANCE_STATE);

    call.as.update_instance_state = (struct update_instance_state){instance, draining};
    world_step(world, ID_NONE, &call);
}

static void stop_some_task(struct world *world)
{
    struct message call = message_new(MESSAGE_STOP_TASK_CALL);

    call.as.stop_task_call.task = (int32_t)world_roll(world, world->scheduler.cluster.n_tasks + 1);
    world_step(world, ID_NONE, &call);
}

static void protect_some_task(struct world *world)
{
    struct message call = message_new(MESSAGE_UPDATE_TASK_PROTECTION);

    call.as.update_task_protection = (struct update_task_protection){
        (int32_t)world_roll(world, world->scheduler.cluster.n_tasks + 1), world_roll(world, 2) == 0,
        1 + world_roll(world, 20 * USEC_PER_SEC)};
    world_step(world, ID_NONE, &call);
}

static void lose_some_instance(struct world *world, int agent)
{
    struct message call = message_new(MESSAGE_INSTANCE_LOST);

    world->dead[agent] = true;
    call.as.instance_lost.instance = agent;
    world_step(world, ID_NONE, &call);
}

/* One thing that a user, an operator or fate may do. */
static void something(struct world *world)
{
    int agent = world->n_agents ? (int)world_roll(world, world->n_agents) : 0;

    switch (world_roll(world, 10)) {
    case 0:
        lose_some_instance(world, agent);
        break;
    case 1:
    case 2:
        update_service(world);
        break;
    case 3:
        stop_some_task(world);
        break;
    case 4:
        if (world->cut[agent])
            world_connect_again(world, agent);
        else
            world_cut_link(world, agent);
        break;
    case 5:
        set_draining(world, agent, world_roll(world, 2) == 0);
        break;
    case 6:
        protect_some_task(world);
        break;
    case 7:
        scale(world);
        break;
    case 8:
        observe(world);
        break;
    default:
        if (world->scheduler.cluster.n_services < 3)
            create_service(world);
    }
}

/* Services that ended with all they desire, with less for lack of room, after a failed deployment. */
static int n_met, n_without_room, n_failed;

/* Where nothing takes another task, fewer may run. */
static bool is_as_desired(const struct world *world, int id)
{
    const struct cluster *cluster = &world->scheduler.cluster;
    const struct service *service = &cluster->services[id];
    const struct deployment *primary = &service->deployments[service->primary];

    if (service->status != SERVICE_ACTIVE)
        return true;
    if (primary->rollout == ROLLOUT_FAILED) {
        n_failed++;
        return true;
    }
    if (service->n_running >= service->desired && service->n_healthy >= service->desired) {
        n_met += service->desired > 0;
        return true;
    }
    n_without_room++;
    return service->is_blocked &&
           (service->scheduling == SCHEDULING_DAEMON ||
            place_task_plainly(cluster, service->request, service->taskdef, cluster->n_tasks)
                    .instance == ID_NONE);
}

static void expect_what_is_desired(const struct world *world)
{
    for (int i = 0; i < world->scheduler.cluster.n_services; i++) {
        const struct service *service = &world->scheduler.cluster.services[i];

        cr_assert(is_as_desired(world, i),
                  "seed %llu: s%d has %d running, %d healthy of %d, %d live, limits %d and %d %%, "
                  "strategy %d, blocked %d",
                  (unsigned long long)world->seed, i + 1, service->n_running, service->n_healthy,
                  service->desired, service->n_live, service->settings.min_percent,
                  service->settings.max_percent, (int)service->settings.strategy,
                  service->is_blocked);
    }
}

static void calm_down(struct world *world)
{
    world->calm = true;
    for (int i = 0; i < world->n_agents; i++) {
        if (world->cut[i])
            world_connect_again(world, i);
        if (world->scheduler.cluster.instances[i].status == INSTANCE_DRAINING)
            set_draining(world, i, false);
    }
    world_run_until(world, world->now_usec + CALM_USEC, NULL);
}

static void run_world(uint64_t seed)
{
    struct world world = {.seed = seed, .check_every = seed % 10 == 0 ? 1 : 20};
    struct zone zones[2] = {{"a"}, {"b"}};
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);
    struct message end = message_new(MESSAGE_END);

    scheduler_init(&world.scheduler, seed);
    set_rules(&world);
    add_definitions(&world);
    add_target_groups(&world);
    group.as.instance_group = (struct instance_group){.group = 0,
                                                      .type = "box",
                                                      .cpu = 2048,
                                                      .memory_mib = 2048,
                                                      .enis = ID_NONE,
                                                      .count = 1 + (int32_t)world_roll(&world, 4),
                                                      .replace = world_roll(&world, 4) > 0,
                                                      .n_zones = (int32_t)world_roll(&world, 3),
                                                      .zones = zones};
    world_step(&world, ID_NONE, &group);
    create_service(&world);
    world_run_until(&world, STORM_USEC, something);
    calm_down(&world);
    expect_what_is_desired(&world);
    world_step(&world, ID_NONE, &end);
    world_run_until(&world, 0, NULL);
    cr_assert(scheduler_ended(&world.scheduler), "seed %llu never ends", (unsigned long long)seed);
    cr_assert(world.scheduler.n_open == 0, "seed %llu leaves %lld decisions open",
              (unsigned long long)seed, (long long)world.scheduler.n_open);
    world_finish(&world);
}

Test(services, come_back_to_what_is_desired)
{
    for (uint64_t seed = 1; seed <= N_WORLDS; seed++)
        run_world(seed);
    cr_assert(n_met > N_WORLDS, "%d have what they desire, %d no room, %d a failed deployment",
              n_met, n_without_room, n_failed);
    cr_assert(n_failed < n_met / 4 && n_without_room < n_met / 4, "%d, %d, %d", n_met,
              n_without_room, n_failed);
}
