/*
 * A placement decision: one task is released, one is placed, the deciding rule is kept. The cluster is
 * 85 % full of Fargate's task sizes and changes through the same calls as in the scheduler; one row
 * goes through the scheduler itself. Beside it stand the plain scan and, where its source is there,
 * the floor: buckets of free CPU and memory in plain C that know two resources and nothing else.
 */
#include "bench.h"

#include "core/array.h"
#include "core/cluster_moves.h"
#include "core/draw.h"
#include "core/place.h"
#include "core/scheduler.h"

#include <stdlib.h>
#include <unistd.h>

#define SIZES 16
#define ROUNDS 9
#define DECISIONS 20000 /* a round: few, as what has stopped stays in memory */
#define WARM_UP 125000  /* before it, as the floor does: caches hold what they can */
#define RACKS 8
#define ZONES 3
#define INSTANCE_CPU 16384
#define INSTANCE_MEMORY_MIB 65536
#define FILL_PERCENT 85
#define NEXT 4 /* so many releases are known before */

/* CPU units and MiB that Fargate takes together; the smallest twice. */
static const struct {
    int32_t cpu, memory_mib;
} sizes[SIZES] = {
    {256, 512},   {256, 1024},   {256, 2048},   {512, 1024},  {512, 2048},  {512, 4096},
    {1024, 2048}, {1024, 4096},  {1024, 8192},  {2048, 4096}, {2048, 8192}, {2048, 16384},
    {4096, 8192}, {4096, 16384}, {4096, 30720}, {256, 512},
};

struct case_of_bench {
    const char *name;
    int n_rules;
    struct strategy_rule rules[2];
    int n_constraints;
    struct placement_constraint constraints[1];
    int per_rack; /* instances of a rack; 0: there are RACKS of them */
};

static char zone_attribute[] = "ecs.availability-zone";
static char rack_attribute[] = "rack";
static char some_racks[] = "attribute:rack =~ r[0-5]";

#define BINPACK                                                                                    \
    {                                                                                              \
        .type = STRATEGY_BINPACK, .field = BY_MEMORY                                               \
    }
#define SPREAD_ZONES                                                                               \
    {                                                                                              \
        .type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE, .attribute = zone_attribute                \
    }
#define SPREAD_RACKS                                                                               \
    {                                                                                              \
        .type = STRATEGY_SPREAD, .field = BY_ATTRIBUTE, .attribute = rack_attribute                \
    }
#define SPREAD_INSTANCES                                                                           \
    {                                                                                              \
        .type = STRATEGY_SPREAD, .field = BY_INSTANCE                                              \
    }
#define RANDOM                                                                                     \
    {                                                                                              \
        .type = STRATEGY_RANDOM                                                                    \
    }
#define DISTINCT                                                                                   \
    {                                                                                              \
        .type = CONSTRAINT_DISTINCT_INSTANCE                                                       \
    }
#define SOME_RACKS                                                                                 \
    {                                                                                              \
        .type = CONSTRAINT_MEMBER_OF, .expression = some_racks                                     \
    }

static const struct case_of_bench cases[] = {
    {.name = "binpack", .n_rules = 1, .rules = {BINPACK}},
    {.name = "spread-az-binpack", .n_rules = 2, .rules = {SPREAD_ZONES, BINPACK}},
    {.name = "spread-instance", .n_rules = 1, .rules = {SPREAD_INSTANCES}},
    {.name = "spread-many-racks", .n_rules = 1, .rules = {SPREAD_RACKS}, .per_rack = 20},
    {.name = "random", .n_rules = 1, .rules = {RANDOM}},
    {.name = "distinct-instance",
     .n_rules = 1,
     .rules = {BINPACK},
     .n_constraints = 1,
     .constraints = {DISTINCT}},
    {.name = "member-of-regex",
     .n_rules = 1,
     .rules = {BINPACK},
     .n_constraints = 1,
     .constraints = {SOME_RACKS}},
};
#define CASES (int)(sizeof cases / sizeof cases[0])

struct bench {
    struct cluster cluster;
    bool distinct, plainly;
    int requests[SIZES]; /* by size; the definition has the size's index */
    int32_t *live;       /* tasks that may be released */
    int n_live, cap_live;
    int next[NEXT]; /* of them: to be released now and then, in a ring */
    uint32_t n_taken;
    uint64_t turn;
    int64_t digest; /* of what was decided */
};

static int roll(struct bench *bench, int bound)
{
    return (int)((draw_mix(++bench->turn) >> 32) * (uint64_t)bound >> 32);
}

/* What both ways of building a cluster share ------------------------------------------------------ */

static struct message rack_of(int rack)
{
    static struct zone zones[ZONES] = {{"a"}, {"b"}, {"c"}};
    static char name[16];
    static struct attribute attribute;
    struct message message = message_new(MESSAGE_INSTANCE_GROUP);
    struct instance_group *group = &message.as.instance_group;

    snprintf(name, sizeof name, "r%d", rack);
    attribute = (struct attribute){"rack", name};
    group->group = rack;
    group->type = "box";
    group->enis = ID_NONE;
    group->cpu = INSTANCE_CPU;
    group->memory_mib = INSTANCE_MEMORY_MIB;
    group->n_zones = ZONES;
    group->zones = zones;
    group->n_attributes = 1;
    group->attributes = &attribute;
    return message;
}

static const struct task_definition *definition_of(int size)
{
    static char family[16];
    static struct container_definition container;
    static struct task_definition definition;

    snprintf(family, sizeof family, "size%d", size);
    container = (struct container_definition){.name = "main", .image = "image", .essential = true};
    container.cpu = sizes[size].cpu;
    container.memory_mib = sizes[size].memory_mib;
    definition = (struct task_definition){
        .family = family, .revision = 1, .n_containers = 1, .containers = &container};
    return &definition;
}

/* Through the cluster ----------------------------------------------------------------------------- */

static void add_instances(struct cluster *cluster, int n, int n_racks)
{
    for (int rack = 0; rack < n_racks; rack++) {
        struct message message = rack_of(rack), copy;

        message_copy(&copy, &message);
        ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    }
    for (int i = 0; i < n; i++) {
        struct instance *instance = ARRAY_ADD(cluster, instances);

        instance->status = INSTANCE_ACTIVE;
        instance->agent_connected = true;
        instance->epoch = 1;
        instance->group = i % n_racks;
        instance->zone = i / n_racks % ZONES;
        instance->cpu = INSTANCE_CPU;
        instance->memory_mib = INSTANCE_MEMORY_MIB;
        instance->enis = ID_NONE;
    }
}

static int add_request(struct cluster *cluster, const struct case_of_bench *which, int size,
                       char *group)
{
    struct message call = message_new(MESSAGE_RUN_TASK);

    call.as.run_task.taskdef = size;
    call.as.run_task.group = group;
    call.as.run_task.n_strategy = which->n_rules;
    call.as.run_task.strategy = (struct strategy_rule *)(uintptr_t)which->rules;
    call.as.run_task.n_constraints = which->n_constraints;
    call.as.run_task.constraints = (struct placement_constraint *)(uintptr_t)which->constraints;
    return cluster_add_request(cluster, &call, ID_NONE);
}

static bool fits(const struct instance *instance, int size)
{
    return instance->cpu - instance->cpu_reserved >= sizes[size].cpu &&
           instance->memory_mib - instance->memory_reserved_mib >= sizes[size].memory_mib;
}

/* Puts tasks of random sizes on random instances. With distinctInstance one of the group's own stands
 * on every second instance, and others', which stay, fill up the rest. */
static void fill(struct bench *bench, const struct case_of_bench *which)
{
    struct cluster *cluster = &bench->cluster;
    int64_t wanted_mib = (int64_t)cluster->n_instances * INSTANCE_MEMORY_MIB / 100 * FILL_PERCENT;
    int others[SIZES], next = 0;

    for (int s = 0; s < SIZES; s++) {
        bench->requests[s] = add_request(cluster, which, s, "own");
        others[s] = add_request(cluster, which, s, "others");
    }
    while (wanted_mib > 0) {
        int size = roll(bench, SIZES), i = roll(bench, cluster->n_instances), task;
        bool own = !bench->distinct || next < cluster->n_instances;

        if (bench->distinct && own) {
            i = next;
            next += 2;
        }
        if (!fits(&cluster->instances[i], size))
            continue;
        task = cluster_add_task(cluster, size, own ? bench->requests[size] : others[size]);
        cluster_place(cluster, task, i);
        cluster_run(cluster, task);
        wanted_mib -= sizes[size].memory_mib;
        if (own)
            *ARRAY_ADD(bench, live) = task;
    }
}

/* The one that will be released after `n` others. */
static int *next_but(struct bench *bench, uint32_t n)
{
    return &bench->next[(bench->n_taken + n) % NEXT];
}

/* Which task is to be released now. The next ones are known, as the simulator knows its next events, and as it does,
 * memory and the cluster are told. */
static int take_next(struct bench *bench)
{
    int which = *next_but(bench, 0);

    *next_but(bench, 0) = roll(bench, bench->n_live);
    __builtin_prefetch(&bench->live[*next_but(bench, 0)], 1);
    bench->n_taken++;
    cluster_foresee(&bench->cluster, bench->live[*next_but(bench, 2)], false);
    cluster_foresee(&bench->cluster, bench->live[*next_but(bench, 0)], true);
    return which;
}

static void decide(struct bench *bench)
{
    struct cluster *cluster = &bench->cluster;
    int which = take_next(bench), size = roll(bench, SIZES), old = bench->live[which];
    struct placement placement;
    int task;

    cluster_stop(cluster, old, STOP_ESSENTIAL_CONTAINER_EXITED); /* it has ended by itself */
    placement = bench->plainly
                    ? place_task_plainly(cluster, bench->requests[size], size, cluster->n_tasks)
                    : place_task(cluster, bench->requests[size], size, cluster->n_tasks);
    if (placement.instance == ID_NONE) { /* what was there fits again */
        size = cluster->tasks[old].taskdef;
        placement.instance = cluster->tasks[old].instance;
    }
    task = cluster_add_task(cluster, size, bench->requests[size]);
    cluster_place(cluster, task, placement.instance);
    cluster_run(cluster, task);
    bench->live[which] = task;
    bench->digest = bench->digest * 31 + placement.instance * 8 + placement.rule;
}

static void bench_init(struct bench *bench, const struct case_of_bench *which, int n, bool plainly)
{
    *bench = (struct bench){.plainly = plainly};
    bench->distinct =
        which->n_constraints && which->constraints[0].type == CONSTRAINT_DISTINCT_INSTANCE;
    cluster_init(&bench->cluster, 1);
    add_instances(&bench->cluster, n, which->per_rack ? n / which->per_rack : RACKS);
    for (int s = 0; s < SIZES; s++)
        if (!cluster_add_taskdef(&bench->cluster, definition_of(s)))
            abort();
    fill(bench, which);
}

static void bench_finish(struct bench *bench)
{
    cluster_finish(&bench->cluster);
    free(bench->live);
}

/* Nanoseconds a decision. */
static double measure(struct bench *bench, int n)
{
    double start = bench_seconds();

    for (int i = 0; i < n; i++)
        decide(bench);
    return (bench_seconds() - start) / n * 1e9;
}

/* Through the scheduler --------------------------------------------------------------------------- */

struct step_bench {
    struct scheduler scheduler;
    struct outputs outputs;
    int32_t *live;
    int n_live, cap_live;
    uint64_t turn;
    int64_t now_usec;
};

static void step(struct step_bench *bench, const struct message *event)
{
    bench->outputs.n_messages = 0;
    scheduler_step(&bench->scheduler, ++bench->now_usec, event, &bench->outputs);
}

static void report(struct step_bench *bench, int32_t task, enum task_status status)
{
    struct message event = message_new(MESSAGE_TASK_STATE);

    event.as.task_state.instance = bench->scheduler.cluster.tasks[task].instance;
    event.as.task_state.epoch = 1;
    event.as.task_state.task = task;
    event.as.task_state.status = status;
    event.as.task_state.code = STOP_ESSENTIAL_CONTAINER_EXITED;
    step(bench, &event);
}

/* RunTask of one task, which then runs. Returns it, or ID_NONE where it was refused. */
static int32_t run_task(struct step_bench *bench, int size)
{
    struct message event = message_new(MESSAGE_RUN_TASK);
    int32_t task = bench->scheduler.cluster.n_tasks;

    event.as.run_task.taskdef = size;
    event.as.run_task.count = 1;
    event.as.run_task.n_strategy = 1;
    event.as.run_task.strategy = (struct strategy_rule *)(uintptr_t)cases[0].rules;
    step(bench, &event);
    if (bench->outputs.messages[0].kind != MESSAGE_PLACE_TASK)
        return ID_NONE;
    report(bench, task, TASK_RUNNING);
    return task;
}

static void step_bench_init(struct step_bench *bench, int n)
{
    int64_t wanted_mib = (int64_t)n * INSTANCE_MEMORY_MIB / 100 * FILL_PERCENT;

    *bench = (struct step_bench){.now_usec = 0};
    scheduler_init(&bench->scheduler, 1);
    for (int rack = 0; rack < RACKS; rack++) {
        struct message event = rack_of(rack);

        event.as.instance_group.count = (n + RACKS - 1 - rack) / RACKS;
        step(bench, &event);
    }
    for (int i = 0; i < n; i++) {
        struct message event = message_new(MESSAGE_REGISTER);

        event.as.register_instance.instance = i;
        event.as.register_instance.epoch = 1;
        event.as.register_instance.cpu = INSTANCE_CPU;
        event.as.register_instance.memory_mib = INSTANCE_MEMORY_MIB;
        step(bench, &event);
    }
    for (int s = 0; s < SIZES; s++) {
        struct message event = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

        event.as.register_task_definition.taskdef = s;
        event.as.register_task_definition.definition =
            (struct task_definition *)(uintptr_t)definition_of(s);
        step(bench, &event);
    }
    while (wanted_mib > 0) {
        int size = (int)(draw_mix(++bench->turn) % SIZES);
        int32_t task = run_task(bench, size);

        if (task == ID_NONE)
            continue;
        *ARRAY_ADD(bench, live) = task;
        wanted_mib -= sizes[size].memory_mib;
    }
}

/* A task ends, another is asked for and runs: three steps. */
static double measure_steps(struct step_bench *bench, int n)
{
    double start = bench_seconds();

    for (int i = 0; i < n; i++) {
        int which = (int)(draw_mix(++bench->turn) % (uint64_t)bench->n_live);

        int32_t old = bench->live[which];

        report(bench, old, TASK_STOPPED);
        bench->live[which] = run_task(bench, (int)(draw_mix(++bench->turn) % SIZES));
        if (bench->live[which] == ID_NONE) /* what was there fits again */
            bench->live[which] = run_task(bench, bench->scheduler.cluster.tasks[old].taskdef);
    }
    return (bench_seconds() - start) / n * 1e9;
}

/* The floor --------------------------------------------------------------------------------------- */

/* Compiles the floor into a folder of its own; false where its source is not there. */
static bool floor_build(char *program, size_t size)
{
    char folder[] = "/tmp/berth-bench-XXXXXX", command[1024];

    if (access(FLOOR_SOURCE, R_OK) != 0 || !mkdtemp(folder))
        return false;
    snprintf(program, size, "%s/floor", folder);
    snprintf(command, sizeof command, BENCH_FLOOR_CC " -o %s '%s' -lm", program, FLOOR_SOURCE);
    return system(command) == 0;
}

static void floor_remove(char *program)
{
    unlink(program);
    *strrchr(program, '/') = 0;
    rmdir(program);
}

/* Nanoseconds a decision, or a negative number. */
static double floor_measure(const char *program, int n)
{
    char command[1024], line[512];
    double nanoseconds = -1;
    FILE *answer;

    snprintf(command, sizeof command, "%s bf_bucket %d 500000 %d", program, n, FILL_PERCENT);
    answer = popen(command, "r");
    if (!answer)
        return -1;
    if (fgets(line, sizeof line, answer) && strstr(line, "place)="))
        nanoseconds = atof(strstr(line, "place)=") + strlen("place)="));
    return pclose(answer) == 0 ? nanoseconds : -1;
}

/* ------------------------------------------------------------------------------------------------- */

static int compare(const void *a, const void *b)
{
    const double *x = a, *y = b;

    return (*x > *y) - (*x < *y);
}

static double median(double *values)
{
    qsort(values, ROUNDS, sizeof *values, compare);
    return values[ROUNDS / 2];
}

/* Scan and index decide the same; a few thousand decisions of each show it. */
static void agree(const struct case_of_bench *which, int n)
{
    struct bench by_index, by_scan;

    bench_init(&by_index, which, n, false);
    bench_init(&by_scan, which, n, true);
    measure(&by_index, 3000);
    measure(&by_scan, 3000);
    if (by_index.digest != by_scan.digest) {
        fprintf(stderr, "place: %s of %d instances: index and scan decide differently\n",
                which->name, n);
        exit(70);
    }
    bench_finish(&by_index);
    bench_finish(&by_scan);
}

/* One case at one size; the floor, if any, takes turns with it. */
static double run_case(const struct case_of_bench *which, int n, const char *floor, bool json)
{
    struct bench bench;
    double own[ROUNDS], floors[ROUNDS], value;

    bench_init(&bench, which, n, false);
    for (int i = 0; i < ROUNDS; i++) {
        floors[i] = floor ? floor_measure(floor, n) : 0;
        measure(&bench, WARM_UP);
        own[i] = measure(&bench, DECISIONS);
    }
    bench_finish(&bench);
    value = median(own);
    bench_row(json, "place", which->name, n, value, "ns", floor ? "bf_bucket" : NULL,
              floor ? median(floors) : 0);
    fflush(stdout);
    return value;
}

static void run_scan(int n, double index, bool json)
{
    struct bench bench;
    int few = 20 + 2000000 / n;
    double own[ROUNDS];

    bench_init(&bench, &cases[0], n, true);
    for (int i = 0; i < ROUNDS; i++)
        own[i] = measure(&bench, few / ROUNDS + 1);
    bench_finish(&bench);
    bench_row(json, "place", "binpack-scan", n, median(own), "ns", "binpack", index);
    fflush(stdout);
}

static void run_scheduler(int n, double binpack, bool json)
{
    struct step_bench bench;
    double own[ROUNDS];

    step_bench_init(&bench, n);
    measure_steps(&bench, DECISIONS);
    for (int i = 0; i < ROUNDS; i++)
        own[i] = measure_steps(&bench, DECISIONS);
    scheduler_finish(&bench.scheduler);
    outputs_finish(&bench.outputs);
    free(bench.live);
    bench_row(json, "place", "scheduler-step", n, median(own), "ns", "binpack", binpack);
    fflush(stdout);
}

/* place [--json] [CASE [INSTANCES]]: all, or what is named. */
int main(int argc, char **argv)
{
    static const int counts[] = {100, 1000, 10000, 100000};
    bool json = bench_wants_json(argc, argv);
    const char *only_case = argc > 1 + json ? argv[1 + json] : NULL;
    int only_count = argc > 2 + json ? atoi(argv[2 + json]) : 0;
    char floor[64];
    bool has_floor = floor_build(floor, sizeof floor);
    double at_thousand[CASES] = {0};

    bench_stay();
#ifndef __OPTIMIZE__
    fprintf(stderr, "place: this build is not optimised: the figures mean little\n");
#endif
    for (int c = 0; c < CASES && !only_case; c++)
        agree(&cases[c], 300);
    bench_title(json, "one release and one placement, 85 % full", "ns/decision");
    for (int i = 0; i < 4; i++) {
        double binpack = 0;

        if (only_count && only_count != counts[i])
            continue;
        for (int c = 0; c < CASES; c++) {
            if (only_case && strcmp(only_case, cases[c].name) != 0)
                continue;
            double value = run_case(&cases[c], counts[i], c == 0 && has_floor ? floor : NULL, json);

            binpack = c == 0 ? value : binpack;
            if (counts[i] == 1000)
                at_thousand[c] = value;
            if (counts[i] == 100000 && at_thousand[c] > 0)
                bench_row(json, "place", cases[c].name, counts[i], value, "ns", "the same at 1,000",
                          at_thousand[c]);
        }
        if (only_case)
            continue;
        run_scan(counts[i], binpack, json);
        run_scheduler(counts[i], binpack, json);
    }
    if (has_floor)
        floor_remove(floor);
    return 0;
}
