/*
 * Memory: what each container holds, and whom the kernel ends where a limit is passed: a container
 * past its own, else the largest of the group whose limit it is (kernel, mm/oom_kill.c: the most
 * memory first). Soft limits (memoryReservation) save nobody: without swap there is nothing to take
 * back.
 */
#include "core/cluster.h"
#include "fleet_parts.h"

int64_t fleet_memory_limit(const struct task_definition *definition, int container)
{
    int64_t own = definition->containers[container].memory_mib;

    if (definition->memory_mib && (own == 0 || definition->memory_mib < own))
        own = definition->memory_mib;
    return own << 20;
}

void fleet_count_memory(struct fleet *fleet, int64_t bytes)
{
    fleet->memory_bytes += bytes;
    if (fleet->memory_bytes > fleet->most_memory_bytes)
        fleet->most_memory_bytes = fleet->memory_bytes;
}

void fleet_let_go(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    fleet->instances[fleet->cluster->tasks[task].instance].memory_bytes -= container->memory_bytes;
    fleet_count_memory(fleet, -container->memory_bytes);
    container->memory_bytes = 0;
}

static int64_t held_by_task(const struct fleet *fleet, int32_t task)
{
    int64_t bytes = 0;

    for (int32_t i = fleet->tasks[task]; i != ID_NONE; i = fleet->containers[i].next)
        bytes += fleet->containers[i].memory_bytes;
    return bytes;
}

struct victim {
    struct fleet_container *container;
    int32_t task;
};

/* The larger of the two, of equals the one of the earlier task. */
static void consider_task(struct fleet *fleet, int32_t task, struct victim *victim)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    for (; i != ID_NONE; i = fleet->containers[i].next) {
        struct fleet_container *container = &fleet->containers[i];
        bool larger =
            !victim->container || container->memory_bytes > victim->container->memory_bytes ||
            (container->memory_bytes == victim->container->memory_bytes && task < victim->task);

        if (container->memory_bytes > 0 && container->phase < PHASE_EXITING && larger)
            *victim = (struct victim){container, task};
    }
}

/* Whose end the kernel chooses; without a container: nobody's, everything is within its limits. */
static struct victim choose(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;
    int32_t id = fleet->cluster->tasks[task].instance;
    int64_t own = (int64_t)definition->containers[container->container].memory_mib << 20;
    struct victim victim = {NULL, ID_NONE};

    if (own > 0 && container->memory_bytes > own)
        return (struct victim){container, task};
    if (definition->memory_mib > 0 && held_by_task(fleet, task) > (int64_t)definition->memory_mib
                                                                      << 20)
        consider_task(fleet, task, &victim);
    else if (fleet->instances[id].memory_bytes > (int64_t)fleet->instances[id].memory_mib << 20)
        for (int t = cluster_newest_on(fleet->cluster, &fleet->cluster->instances[id]);
             t != ID_NONE; t = cluster_older_on(fleet->cluster, t))
            consider_task(fleet, t, &victim);
    return victim;
}

bool fleet_hold(struct fleet *fleet, struct fleet_container *container, int32_t task, int64_t bytes)
{
    struct victim victim;

    container->memory_bytes += bytes;
    fleet->instances[fleet->cluster->tasks[task].instance].memory_bytes += bytes;
    fleet_count_memory(fleet, bytes);
    while ((victim = choose(fleet, container, task)).container) {
        victim.container->oom = true;
        fleet_kill(fleet, victim.container, victim.task, EXIT_KILLED);
        fleet_let_go(fleet, victim.container, victim.task);
        if (victim.container == container)
            return false;
    }
    return true;
}
