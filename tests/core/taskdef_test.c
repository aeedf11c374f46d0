/*
 * What a task takes from its instance, and what may be registered.
 */
#include "core/taskdef.h"

#include "core/unit.h"
#include "records.h"

#include <criterion/criterion.h>

/* Two containers with the given numbers. */
static struct task_definition pair(int32_t cpu, int32_t memory_mib,
                                   struct container_definition containers[2])
{
    return (struct task_definition){.family = "pair",
                                    .cpu = cpu,
                                    .memory_mib = memory_mib,
                                    .n_containers = 2,
                                    .containers = containers};
}

static const struct {
    int32_t cpu, memory_mib;                     /* of the task */
    int32_t cpus[2], limits[2], reservations[2]; /* of its containers */
    int32_t takes_cpu, takes_mib;
} sizes[] = {
    {0, 0, {0, 0}, {0, 0}, {0, 0}, 0, 0},
    {0, 0, {100, 28}, {300, 200}, {0, 0}, 128, 500},
    {0, 0, {100, 0}, {300, 200}, {128, 0}, 100, 328},
    {0, 0, {10, 10}, {0, 0}, {64, 32}, 20, 96},
    {256, 0, {10, 10}, {300, 200}, {0, 0}, 256, 500},
    {0, 512, {10, 10}, {300, 200}, {64, 32}, 20, 512},
    {256, 512, {1000, 1000}, {300, 200}, {64, 32}, 256, 512},
};

/* ToHostResources: the task's own number first, then its containers', the reservation before the
 * limit. */
Test(taskdef, takes_from_its_instance)
{
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct container_definition containers[2] = {{0}};
        struct task_definition definition;

        for (int c = 0; c < 2; c++) {
            containers[c].cpu = sizes[i].cpus[c];
            containers[c].memory_mib = sizes[i].limits[c];
            containers[c].memory_reservation_mib = sizes[i].reservations[c];
        }
        definition = pair(sizes[i].cpu, sizes[i].memory_mib, containers);
        cr_expect_eq(taskdef_cpu(&definition), sizes[i].takes_cpu, "row %zu", i);
        cr_expect_eq(taskdef_memory_mib(&definition), sizes[i].takes_mib, "row %zu", i);
    }
}

static const struct {
    enum network_mode mode;
    int32_t container_port, host_port, takes;
} ports[] = {
    {NETWORK_BRIDGE, 80, 8080, 8080}, {NETWORK_BRIDGE, 80, 0, 0},  {NETWORK_HOST, 80, 0, 80},
    {NETWORK_HOST, 80, 80, 80},       {NETWORK_AWSVPC, 80, 80, 0}, {NETWORK_NONE, 80, 80, 0},
};

Test(taskdef, takes_host_ports)
{
    for (size_t i = 0; i < sizeof ports / sizeof *ports; i++) {
        struct port_mapping mappings[] = {
            {0, 0, PROTOCOL_TCP}, {ports[i].container_port, ports[i].host_port, PROTOCOL_UDP}};
        struct container_definition containers[2] = {{0}, {.n_ports = 2, .ports = mappings}};
        struct task_definition definition = pair(0, 0, containers);

        definition.network_mode = ports[i].mode;
        cr_expect_eq(taskdef_host_port(&definition, 1, 1), ports[i].takes, "row %zu", i);
        cr_expect_eq(taskdef_has_host_ports(&definition), ports[i].takes > 0, "row %zu", i);
        containers[1].n_ports = 0;
        cr_expect_not(taskdef_has_host_ports(&definition), "row %zu", i);
    }
}

Test(taskdef, finds_a_container_by_name)
{
    struct container_definition containers[2] = {{.name = "web"}, {.name = "log"}};
    struct task_definition definition = pair(0, 0, containers);

    cr_expect_eq(taskdef_container(&definition, "web"), 0);
    cr_expect_eq(taskdef_container(&definition, "log"), 1);
    cr_expect_eq(taskdef_container(&definition, "lo"), ID_NONE);
}

/* One thing wrong at a time. */
enum fault {
    SOUND,
    NO_FAMILY,
    NEGATIVE_CPU,
    NEGATIVE_MEMORY,
    NO_CONTAINER,
    TOO_MANY_CONTAINERS,
    NO_ESSENTIAL,
    NO_NAME,
    NO_IMAGE,
    NEGATIVE_CONTAINER_CPU,
    NEGATIVE_LIMIT,
    NEGATIVE_RESERVATION,
    NEGATIVE_START_TIMEOUT,
    NEGATIVE_STOP_TIMEOUT,
    DEPENDS_BEFORE,
    DEPENDS_BEHIND,
    CPU_OVERFLOWS,
    LIMITS_OVERFLOW,
    ONE_LIMIT_OVERFLOWS,
    ALL_GPUS_AND_MORE,
    FAULTS,
};

static bool is_sound_with(enum fault fault)
{
    struct container_depend depend = {0, CONDITION_START};
    struct container_definition containers[TASKDEF_CONTAINERS_MAX + 1];
    struct task_definition definition = pair(0, 0, containers);
    struct container_definition *second = &containers[1];

    for (int i = 0; i <= TASKDEF_CONTAINERS_MAX; i++)
        containers[i] = (struct container_definition){.name = "a", .image = "b"};
    containers[0].essential = fault != NO_ESSENTIAL;
    second->n_depends = 1;
    second->depends = &depend;
    depend.container = fault == DEPENDS_BEFORE ? -1 : fault == DEPENDS_BEHIND ? 2 : 0;
    definition.family = fault == NO_FAMILY ? NULL : "pair";
    definition.cpu = -(fault == NEGATIVE_CPU);
    definition.memory_mib = -(fault == NEGATIVE_MEMORY);
    definition.n_containers = fault == NO_CONTAINER          ? 0
                              : fault == TOO_MANY_CONTAINERS ? TASKDEF_CONTAINERS_MAX + 1
                                                             : 2;
    second->name = fault == NO_NAME ? NULL : "a";
    second->image = fault == NO_IMAGE ? NULL : "b";
    second->cpu = -(fault == NEGATIVE_CONTAINER_CPU);
    second->memory_mib = -(fault == NEGATIVE_LIMIT);
    second->memory_reservation_mib = -(fault == NEGATIVE_RESERVATION);
    second->start_timeout_usec = -(fault == NEGATIVE_START_TIMEOUT);
    second->stop_timeout_usec = -(fault == NEGATIVE_STOP_TIMEOUT);
    if (fault == CPU_OVERFLOWS)
        containers[0].cpu = second->cpu = INT32_MAX;
    if (fault == LIMITS_OVERFLOW)
        containers[0].memory_mib = second->memory_reservation_mib = INT32_MAX;
    if (fault == ONE_LIMIT_OVERFLOWS)
        second->memory_mib = second->memory_reservation_mib = INT32_MAX;
    containers[0].gpus = fault == ALL_GPUS_AND_MORE || fault == SOUND ? GPUS_ALL : 0;
    second->gpus = fault == ALL_GPUS_AND_MORE;
    return taskdef_is_sound(&definition);
}

Test(taskdef, knows_what_is_sound)
{
    cr_expect_not(taskdef_is_sound(NULL));
    for (int fault = SOUND; fault < FAULTS; fault++)
        cr_expect_eq(is_sound_with((enum fault)fault), fault == SOUND, "fault %d", fault);
}

Test(taskdef, registry_keeps_deep_copies)
{
    struct taskdefs taskdefs = {0};
    struct task_definition definition;
    char path[200] = "";

    for (int i = 0; i < 20; i++) {
        sample_fill(&task_definition_schema, &definition, i);
        cr_expect_eq(taskdefs_add(&taskdefs, &definition), i);
        cr_expect(schema_equal(&task_definition_schema, &definition, taskdefs_get(&taskdefs, i),
                               path, sizeof path),
                  "%d: %s", i, path);
        cr_expect_neq(taskdefs_get(&taskdefs, i)->containers, definition.containers);
        schema_finish(&task_definition_schema, &definition);
    }
    taskdefs_finish(&taskdefs);
    cr_expect_eq(taskdefs.n_definitions, 0);
    taskdef_destroy(NULL);
    records_expect_no_leak();
}
