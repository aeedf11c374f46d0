/*
 * The placement index against the reference: the guide's worked examples, then random worlds in which
 * everything changes that an answer may depend on. A world is made from its seed; a failure names it.
 */
#include "fixture.h"
#include "reference.h"

#include "core/array.h"
#include "core/cluster_moves.h"
#include "core/draw.h"
#include "core/place.h"
#include "core/victims.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __SANITIZE_ADDRESS__
#define WORLDS 40
#else
#define WORLDS 400
#endif
#define STEPS 260
#define ENOUGH 48 /* instances, from which on the index answers */
#define AZ "ecs.availability-zone"

/* The worked examples ----------------------------------------------------------------------------- */

#define BINPACK_MEMORY                                                                             \
    {                                                                                              \
        .type = STRATEGY_BINPACK, .field = BY_MEMORY                                               \
    }
#define SPREAD_ZONES                                                                               \
    {                                                                                              \
        .type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE, .attribute = AZ                            \
    }

/* Instances that are not there yet make the cluster large enough for the index. */
static void pad(struct cluster *cluster)
{
    while (cluster->n_instances < ENOUGH) {
        int id = fixture_instance(cluster, "z", 64, 64);

        cluster->instances[id].status = INSTANCE_LAUNCHING;
    }
}

static void compare_place(struct cluster *cluster, int request, int taskdef, const char *where,
                          int step)
{
    struct reference wanted = reference_place(cluster, request, taskdef, cluster->n_tasks);
    struct placement found = place_task(cluster, request, taskdef, cluster->n_tasks);
    struct place_miss miss;

    cr_assert(found.instance == wanted.instance && found.rule == wanted.rule,
              "%s, step %d: i%d by rule %d, the reference says i%d by rule %d", where, step,
              found.instance + 1, found.rule, wanted.instance + 1, wanted.rule);
    if (wanted.instance != ID_NONE)
        return;
    miss = place_nearest_miss(cluster, request, taskdef);
    cr_assert(miss.reason == wanted.reason && miss.nearest == wanted.nearest &&
                  miss.lack == wanted.lack,
              "%s, step %d: i%d lacks %lld (%s), the reference says i%d lacks %lld (%s)", where,
              step, miss.nearest + 1, (long long)miss.lack, place_reason_names[miss.reason],
              wanted.nearest + 1, (long long)wanted.lack, place_reason_names[wanted.reason]);
}

/* The guide's instances: zone, free MiB, tasks of the service. Tasks of 900 MiB come one by one. */
Test(place_index, worked_examples_of_placement)
{
    const struct {
        const char *name;
        struct strategy_rule rules[2];
        int n_rules; /* 0: the service's default */
        struct {
            const char *zone;
            int free_mib, n_own;
        } boxes[5];
        int n_expected, expected[3];
    } rows[] = {
        {"spread over zones, then binpack",
         {SPREAD_ZONES, BINPACK_MEMORY},
         2,
         {{"a", 4000, 1}, {"a", 1000, 0}, {"b", 8000, 0}, {"b", 6000, 1}},
         3,
         {1, 3, 0}},
        {"the service's default",
         {{0}},
         0,
         {{"a", 4000, 2}, {"b", 4000, 1}, {"b", 4000, 0}, {"c", 4000, 1}},
         1,
         {2}},
        {"a zone without room does not count",
         {SPREAD_ZONES, BINPACK_MEMORY},
         2,
         {{"a", 800, 0}, {"b", 4000, 3}, {"b", 2000, 1}},
         1,
         {2}},
    };

    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++) {
        struct strategy_rule rules[2] = {rows[r].rules[0], rows[r].rules[1]};
        struct cluster cluster;
        int held, taskdef, request, service;

        cluster_init(&cluster, 1);
        held = fixture_taskdef(&cluster, "held", 0, 10, 0);
        taskdef = fixture_taskdef(&cluster, "task", 0, 900, 0);
        request = fixture_service(&cluster, "web", taskdef, rules, rows[r].n_rules, &service);
        for (int b = 0; rows[r].boxes[b].zone; b++) {
            int n_own = rows[r].boxes[b].n_own;

            fixture_tasks(&cluster, request, held,
                          fixture_instance(&cluster, rows[r].boxes[b].zone, 1024,
                                           rows[r].boxes[b].free_mib + 10 * n_own),
                          n_own);
        }
        pad(&cluster);
        for (int i = 0; i < rows[r].n_expected; i++) {
            int instance = place_task(&cluster, request, taskdef, cluster.n_tasks).instance;

            compare_place(&cluster, request, taskdef, rows[r].name, i);
            cr_assert(instance == rows[r].expected[i], "%s: task %d goes to i%d", rows[r].name, i,
                      instance + 1);
            fixture_tasks(&cluster, request, taskdef, instance, 1);
        }
        cluster_finish(&cluster);
    }
}

/* After a stop x would have 1000 MiB left, y 3500. */
Test(place_index, worked_example_of_scale_in)
{
    struct strategy_rule rules[1] = {BINPACK_MEMORY};
    struct cluster cluster;
    int taskdef, request, service, victim;

    cluster_init(&cluster, 1);
    taskdef = fixture_taskdef(&cluster, "task", 0, 500, 0);
    request = fixture_service(&cluster, "web", taskdef, rules, 1, &service);
    fixture_tasks(&cluster, request, taskdef, fixture_instance(&cluster, NULL, 1024, 2000), 3);
    fixture_tasks(&cluster, request, taskdef, fixture_instance(&cluster, NULL, 1024, 4000), 2);
    victim = place_victim(&cluster, service, ID_NONE);
    cr_assert(cluster.tasks[victim].instance == 1);
    cr_assert(reference_victim(&cluster, service, ID_NONE) == victim);
    cluster_finish(&cluster);
}

/* Random worlds ----------------------------------------------------------------------------------- */

#define KINDS 14 /* of questions in one world */
#define DEFINITIONS 10

struct world {
    struct cluster cluster;
    uint64_t seed;
    int64_t n_draws;
    int requests[KINDS];
    int n_services;
    bool huge;  /* instances as large as can be */
    bool vary;  /* many different amounts instead of few */
    int *alive; /* tasks that are not STOPPED */
    int n_alive, cap_alive;
};

static long n_asked, n_by_index, n_placed, n_victims;

static int roll(struct world *world, int bound)
{
    return (int)draw_below(world->seed, DRAW_MESSAGE, 7, world->n_draws++, (uint64_t)bound);
}

static int amount(struct world *world, int largest)
{
    return world->vary ? 1 + roll(world, largest) : largest / 8 * (1 + roll(world, 8));
}

/* Every instance has a group of its own, with a serial number that no other one has. */
static void add_instance(struct world *world)
{
    static const char *const zones[] = {"a", "b", "c", "d"};
    static const char *const racks[] = {"r1", "r2", "r3", "r10"};
    struct cluster *cluster = &world->cluster;
    struct message message = message_new(MESSAGE_INSTANCE_GROUP), copy;
    struct instance_group *spec = &message.as.instance_group;
    struct zone zone = {(char *)(uintptr_t)zones[roll(world, 4)]};
    char serial[16];
    struct attribute attributes[] = {{"serial", serial}, {"rack", NULL}, {"ssd", NULL}};
    struct instance *instance;

    snprintf(serial, sizeof serial, "%d", cluster->n_instances);
    attributes[1].value = (char *)(uintptr_t)racks[roll(world, 4)];
    spec->type = "box";
    spec->n_zones = roll(world, 5) > 0;
    spec->zones = &zone;
    spec->n_attributes = 1 + roll(world, 3);
    spec->attributes = attributes;
    message_copy(&copy, &message);
    ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    instance = ARRAY_ADD(cluster, instances);
    instance->status = roll(world, 8) ? INSTANCE_ACTIVE : INSTANCE_LAUNCHING;
    instance->agent_connected = instance->status == INSTANCE_ACTIVE;
    instance->epoch = 1;
    instance->group = cluster->n_groups - 1;
    instance->zone = spec->n_zones ? 0 : ID_NONE;
    instance->cpu = world->huge && roll(world, 2) ? INSTANCE_CPU_MAX : amount(world, 2048);
    instance->memory_mib =
        world->huge && roll(world, 2) ? INSTANCE_MEMORY_MAX_MIB : amount(world, 4096);
    instance->gpus = roll(world, 4) ? 0 : roll(world, 5);
    instance->enis = roll(world, 2) ? ID_NONE : roll(world, 4);
    if (roll(world, 6) == 0)
        *ARRAY_ADD(instance, ports) = (struct port_use){8000, PROTOCOL_TCP, ID_NONE};
    cluster_note_instance(cluster, cluster->n_instances - 1);
}

static int fill_constraints(struct world *world, struct placement_constraint *constraints,
                            bool of_definition)
{
    static const char *const expressions[] = {
        "attribute:rack == r1",
        "attribute:rack =~ r1.*",
        "attribute:" AZ " in [a, c]",
        "attribute:ssd exists",
        "attribute:serial > 20",
        "not(attribute:rack == r2) and attribute:" AZ " != b",
        "ec2InstanceId =~ i.*[02468]",
        "runningTasksCount < 2",
        "not(task:group == service:s1)",
        "task:group == service:s0 or task:group == batch",
        "agentConnected == true and runningTasksCount <= 3",
    };
    int n = roll(world, 2) ? 0 : 1 + roll(world, 2);

    for (int i = 0; i < n; i++) {
        constraints[i] = (struct placement_constraint){.type = CONSTRAINT_DISTINCT_INSTANCE};
        if (of_definition || roll(world, 3))
            constraints[i] = (struct placement_constraint){
                CONSTRAINT_MEMBER_OF,
                (char *)(uintptr_t)
                    expressions[roll(world, sizeof expressions / sizeof expressions[0])]};
    }
    return n;
}

static int fill_strategy(struct world *world, struct strategy_rule *rules)
{
    static const char *const attributes[] = {AZ, AZ, "rack", "ssd", "serial", "absent"};
    int n = roll(world, 6);

    for (int i = 0; i < n; i++) {
        int kind = roll(world, 10);

        rules[i] = (struct strategy_rule){.type = STRATEGY_BINPACK,
                                          .field = kind % 2 ? BY_CPU : BY_MEMORY};
        if (kind >= 4)
            rules[i] = (struct strategy_rule){
                .type = STRATEGY_SPREAD,
                .field = kind < 6 ? BY_INSTANCE : BY_ATTRIBUTE,
                .attribute = kind < 6 ? NULL : (char *)(uintptr_t)attributes[roll(world, 6)]};
        if (kind == 9)
            rules[i] = (struct strategy_rule){.type = STRATEGY_RANDOM};
    }
    return n;
}

static void add_definition(struct world *world, int id)
{
    struct placement_constraint constraints[2];
    struct port_mapping ports[2] = {{80, 8000 + roll(world, 3), (enum port_protocol)roll(world, 2)},
                                    {81, roll(world, 2) * 9000, PROTOCOL_UDP}};
    struct container_definition containers[2] = {
        {.name = "main", .image = "image:1", .essential = true},
        {.name = "side", .image = "image:1"},
    };
    struct attribute required[2] = {{"rack", roll(world, 2) ? "r1" : NULL}, {"ssd", NULL}};
    struct task_definition definition = {
        .revision = 1, .containers = containers, .requires = required};
    char family[16];

    snprintf(family, sizeof family, "f%d", id);
    definition.family = family;
    definition.n_containers = 1 + roll(world, 2);
    definition.network_mode = roll(world, 3) ? NETWORK_BRIDGE : (enum network_mode)roll(world, 4);
    for (int c = 0; c < definition.n_containers; c++) {
        containers[c].cpu = roll(world, 4) ? amount(world, 512) : 0;
        containers[c].memory_mib = amount(world, 1024);
        containers[c].memory_reservation_mib = roll(world, 3) ? 0 : amount(world, 512);
        containers[c].gpus = roll(world, 8) ? 0 : roll(world, 4) - 1;
    }
    containers[0].n_ports = roll(world, 3) ? 0 : 1 + roll(world, 2);
    containers[0].ports = ports;
    definition.cpu = roll(world, 4) ? 0 : amount(world, 1024);
    definition.memory_mib = roll(world, 4) ? 0 : amount(world, 2048);
    if (world->huge && roll(world, 3) == 0)
        definition.memory_mib = INSTANCE_MEMORY_MAX_MIB - roll(world, 2);
    definition.n_constraints = roll(world, 3) ? 0 : fill_constraints(world, constraints, true);
    definition.constraints = constraints;
    definition.n_requires = roll(world, 4) ? 0 : 1 + roll(world, 2);
    cr_assert(cluster_add_taskdef(&world->cluster, &definition));
}

/* Services s0, s1, ... and RunTask calls with groups that several of them share. */
static void add_request(struct world *world, int kind)
{
    struct cluster *cluster = &world->cluster;
    bool is_service = roll(world, 2);
    struct message call = message_new(is_service ? MESSAGE_CREATE_SERVICE : MESSAGE_RUN_TASK);
    struct strategy_rule rules[5];
    struct placement_constraint constraints[2];
    int n_rules = fill_strategy(world, rules);
    int n_constraints = fill_constraints(world, constraints, false);
    char name[16];

    snprintf(name, sizeof name, "s%d", cluster->n_services);
    if (is_service) {
        struct service *service = ARRAY_ADD(cluster, services);

        call.as.create_service.name = name;
        call.as.create_service.n_strategy = n_rules;
        call.as.create_service.strategy = rules;
        call.as.create_service.n_constraints = n_constraints;
        call.as.create_service.constraints = constraints;
        service->first_task = ID_NONE;
        for (int d = 0; d < DEFINITIONS; d++) /* a deployment of each */
            cluster_add_deployment(service, d);
        service->request = cluster_add_request(cluster, &call, cluster->n_services - 1);
        service->name = cluster->requests[service->request].call.as.create_service.name;
        world->requests[kind] = service->request;
        return;
    }
    call.as.run_task.group = roll(world, 2) ? NULL : "batch";
    call.as.run_task.taskdef = roll(world, cluster->taskdefs.n_definitions);
    call.as.run_task.n_strategy = n_rules;
    call.as.run_task.strategy = rules;
    call.as.run_task.n_constraints = n_constraints;
    call.as.run_task.constraints = constraints;
    world->requests[kind] = cluster_add_request(cluster, &call, ID_NONE);
}

static void world_init(struct world *world, uint64_t seed)
{
    int n_instances;

    *world = (struct world){.seed = seed};
    cluster_init(&world->cluster, seed);
    world->huge = roll(world, 6) == 0;
    world->vary = roll(world, 2);
    n_instances = ENOUGH + roll(world, roll(world, 4) ? 30 : 150);
    for (int i = 0; i < n_instances; i++)
        add_instance(world);
    for (int d = 0; d < DEFINITIONS; d++)
        add_definition(world, d);
    for (int k = 0; k < KINDS; k++)
        add_request(world, k);
}

static void world_finish(struct world *world)
{
    cluster_finish(&world->cluster);
    free(world->alive);
}

static void forget(struct world *world, int which)
{
    world->alive[which] = world->alive[--world->n_alive];
}

/* A task's next move: RUNNING, meant to stop, STOPPED, or protected from scale-in. */
static void move_task(struct world *world)
{
    struct cluster *cluster = &world->cluster;
    int which = world->n_alive ? roll(world, world->n_alive) : 0;
    struct task *task;

    if (world->n_alive == 0)
        return;
    task = &cluster->tasks[world->alive[which]];
    switch (roll(world, 5)) {
    case 0:
        cluster_stop(cluster, world->alive[which], STOP_ESSENTIAL_CONTAINER_EXITED);
        forget(world, which);
        break;
    case 1:
        if (task->desired == TASK_RUNNING)
            cluster_retire(cluster, world->alive[which], STOP_USER_INITIATED);
        break;
    case 2:
        task->is_protected = !task->is_protected;
        break;
    default:
        if (task->last == TASK_PENDING)
            cluster_run(cluster, world->alive[which]);
        break;
    }
}

static void kill_instance(struct world *world, int id)
{
    struct cluster *cluster = &world->cluster;

    for (int i = world->n_alive - 1; i >= 0; i--) {
        if (cluster->tasks[world->alive[i]].instance != id)
            continue;
        cluster_stop(cluster, world->alive[i], STOP_INFRASTRUCTURE_HEALTH);
        forget(world, i);
    }
    cluster->instances[id].status = INSTANCE_INACTIVE;
    cluster->instances[id].agent_connected = false;
}

static void move_instance(struct world *world)
{
    int id = roll(world, world->cluster.n_instances);
    struct instance *instance = &world->cluster.instances[id];

    if (instance->status == INSTANCE_INACTIVE)
        return;
    switch (roll(world, 8)) {
    case 0:
        kill_instance(world, id);
        break;
    case 1:
    case 2:
        instance->agent_connected = !instance->agent_connected;
        break;
    case 3:
        instance->status = INSTANCE_DRAINING;
        break;
    default:
        instance->status = INSTANCE_ACTIVE;
        instance->agent_connected = true;
        break;
    }
    cluster_note_instance(&world->cluster, id);
}

static void place_one(struct world *world, int request, int taskdef, int instance)
{
    struct cluster *cluster = &world->cluster;
    int service = cluster->requests[request].service;
    int task = service == ID_NONE ? cluster_add_task(cluster, taskdef, request)
                                  : cluster_add_service_task(cluster, service, taskdef, request);

    cluster_place(cluster, task, instance);
    *ARRAY_ADD(world, alive) = task;
    n_placed++;
}

/* A question by a definition that may be another one each time, as when a service is updated. */
static void ask(struct world *world, int step)
{
    struct cluster *cluster = &world->cluster;
    int request = world->requests[roll(world, KINDS)];
    int taskdef = roll(world, roll(world, 3) ? 4 : DEFINITIONS);
    char where[64];
    int32_t instance;

    snprintf(where, sizeof where, "world %llu, r%d, f%d", (unsigned long long)world->seed, request,
             taskdef);
    n_asked++;
    n_by_index +=
        place_index_find(cluster, request, taskdef, cluster->n_tasks).instance != PLACE_PLAINLY;
    compare_place(cluster, request, taskdef, where, step);
    instance = place_task(cluster, request, taskdef, cluster->n_tasks).instance;
    if (instance != ID_NONE && roll(world, 4))
        place_one(world, request, taskdef, instance);
}

static void ask_for_victim(struct world *world)
{
    struct cluster *cluster = &world->cluster;
    int deployment = roll(world, 3) ? ID_NONE : roll(world, DEFINITIONS);
    int service = cluster->n_services ? roll(world, cluster->n_services) : ID_NONE;
    int found, wanted;

    if (service == ID_NONE)
        return;
    found = place_victim(cluster, service, deployment);
    wanted = reference_victim(cluster, service, deployment);
    cr_assert(found == wanted, "world %llu: t%d goes, the reference says t%d",
              (unsigned long long)world->seed, found + 1, wanted + 1);
    cluster->services[service].n_victims++;
}

/* Several at once, by an order that is kept up to date from stop to stop. */
static void scale_in(struct world *world)
{
    struct cluster *cluster = &world->cluster;
    int deployment = roll(world, 3) ? ID_NONE : roll(world, DEFINITIONS);
    int service = cluster->n_services ? roll(world, cluster->n_services) : ID_NONE;
    struct victims *victims =
        service == ID_NONE ? NULL : victims_create(cluster, service, deployment);

    for (int n = victims ? roll(world, 12) : 0; n > 0; n--) {
        int found = victims_next(victims), wanted = reference_victim(cluster, service, deployment);

        cr_assert(found == wanted, "world %llu: t%d goes of several, the reference says t%d",
                  (unsigned long long)world->seed, found + 1, wanted + 1);
        if (found == ID_NONE)
            break;
        cluster_retire(cluster, found, STOP_SERVICE_SCHEDULER_INITIATED);
        cluster->services[service].n_victims++;
        n_victims++;
    }
    victims_destroy(victims);
}

static void check_lanes(const struct world *world)
{
    char detail[256];

    cr_assert(place_index_check(&world->cluster, detail, sizeof detail), "world %llu: %s",
              (unsigned long long)world->seed, detail);
}

static void live(struct world *world)
{
    for (int step = 0; step < STEPS; step++) {
        ask(world, step);
        if (roll(world, 2))
            move_task(world);
        if (roll(world, 12) == 0)
            move_instance(world);
        if (roll(world, 50) == 0)
            add_instance(world);
        if (roll(world, 8) == 0)
            ask_for_victim(world);
        if (roll(world, 60) == 0)
            scale_in(world);
        if (step % 64 == 0)
            check_lanes(world);
    }
}

Test(place_index, answers_as_the_reference_in_random_worlds)
{
    struct world world;

    for (uint64_t seed = 1; seed <= WORLDS; seed++) {
        world_init(&world, seed);
        live(&world);
        check_lanes(&world);
        world_finish(&world);
    }
    cr_assert(n_asked == (long)WORLDS * STEPS);
    cr_assert(n_victims > n_asked / 200, "%ld of several", n_victims);
    cr_assert(n_by_index == n_asked, "%ld of %ld by the index", n_by_index, n_asked);
    cr_assert(n_placed > n_asked / 4, "%ld of %ld placed", n_placed, n_asked);
}

/* Limits of the index ----------------------------------------------------------------------------- */

/* 300 services, each with counts of its own, ask in turn: more kinds of questions than there are
 * lanes. Later only a few go on asking, and the others' lanes make way. */
Test(place_index, more_kinds_of_questions_than_lanes)
{
    struct strategy_rule rules[2] = {SPREAD_ZONES, BINPACK_MEMORY};
    struct world world = {.seed = 5};
    int requests[300], taskdef, service;
    char name[16];

    cluster_init(&world.cluster, 5);
    for (int i = 0; i < 60; i++)
        add_instance(&world);
    taskdef = fixture_taskdef(&world.cluster, "task", 1, 1, 0);
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "s%d", i);
        requests[i] = fixture_service(&world.cluster, name, taskdef, rules, 2, &service);
    }
    for (int step = 0; step < 9000; step++) {
        int request = requests[step < 1500 ? step % 300 : 40 + step % 260];
        struct placement found = place_task(&world.cluster, request, taskdef, 0);

        if (step % 5 == 0)
            compare_place(&world.cluster, request, taskdef, "many kinds", step);
        if (found.instance != ID_NONE && world.n_alive < 400)
            place_one(&world, request, taskdef, found.instance);
        else
            move_task(&world);
    }
    check_lanes(&world);
    world_finish(&world);
}

/* A lane that is not asked while more happens than is noted is built anew. */
Test(place_index, a_lane_that_has_fallen_behind)
{
    struct world world;

    for (uint64_t seed = 1000; seed < 1004; seed++) {
        world_init(&world, seed);
        live(&world);
        for (int i = 0; i < 20000; i++) {
            int id = roll(&world, world.cluster.n_instances);

            if (i % 4000 == 3999)
                ask(&world, i);
            if (i % 50 == 0)
                move_task(&world);
            cluster_note_instance(&world.cluster, id);
        }
        live(&world);
        check_lanes(&world);
        world_finish(&world);
    }
}
