/*
 * Work that comes to processors of which none is idle, as a kernel shares them: it stands in the line of
 * one of them, and gets a part of that one only, until the kernel has evened out their lines; that is when
 * one becomes idle, or after a while. And what is started beside work waits for its turns. With costs that
 * say nothing of either, processors are shared evenly from the first moment on.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

static bool knows_lines(const struct fleet *fleet, const struct costs *costs)
{
    return fleet->costs.host_cpu >= CPU_UNITS_PER_VCPU && costs->contention &&
           costs->balance_usec > 0;
}

void fleet_join_line(struct fleet *fleet, struct fleet_container *container, int32_t task,
                     uint32_t weight)
{
    const struct costs *costs = fleet_costs_of(fleet, task);
    struct share *share = fleet_share(fleet, fleet->cluster->tasks[task].instance);
    int64_t cpus = fleet->costs.host_cpu / CPU_UNITS_PER_VCPU;
    int64_t others = (fleet->working_cpu + CPU_UNITS_PER_VCPU - 1) / CPU_UNITS_PER_VCPU;
    uint64_t before;

    /* With as many in all lines they are even already. */
    if (!knows_lines(fleet, costs) || others < cpus || (others + 1) % cpus == 0)
        return;
    before = (uint64_t)(fleet->working_weight / fleet->n_working * (others / cpus));
    share_change_worker(share, fleet->now_usec, container->worker,
                        container->most / (weight + before) * weight,
                        share_worker_left(share, fleet->now_usec, container->worker));
    container->evened_usec = fleet->now_usec + costs->balance_usec;
    *ARRAY_ADD(fleet, in_line) = fleet_key(task, container->container);
    queue_push(fleet->queue, container->evened_usec,
               FLEET_EVENED | (uint32_t)container->container << FLEET_WHAT_BITS, task);
}

/* From now on it gets as much as everybody. */
static void even_out(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    struct share *share = fleet_share(fleet, fleet->cluster->tasks[task].instance);

    container->evened_usec = USEC_NEVER;
    share_change_worker(share, fleet->now_usec, container->worker, container->most,
                        share_worker_left(share, fleet->now_usec, container->worker));
}

void fleet_even_out(struct fleet *fleet)
{
    if (fleet->n_in_line == 0 || fleet->working_cpu >= fleet->costs.host_cpu)
        return;
    for (int i = 0; i < fleet->n_in_line; i++) {
        int32_t task = (int32_t)(fleet->in_line[i] / 16);
        struct fleet_container *container = fleet_find(fleet, task, (int)(fleet->in_line[i] % 16));

        if (container && container->evened_usec != USEC_NEVER)
            even_out(fleet, container, task);
    }
    fleet->n_in_line = 0;
}

void fleet_evened(struct fleet *fleet, const struct queue_entry *entry)
{
    struct fleet_container *container =
        fleet_find(fleet, entry->id, (int)(entry->what >> FLEET_WHAT_BITS));

    if (!container || container->evened_usec != entry->at_usec)
        return;
    even_out(fleet, container, entry->id);
    fleet_queue_share(fleet, fleet->cluster->tasks[entry->id].instance);
}

int64_t fleet_turns_usec(const struct fleet *fleet, const struct fleet_container *container,
                         int32_t task, bool works)
{
    const struct costs *costs = fleet_costs_of(fleet, task);

    if (!knows_lines(fleet, costs) || fleet->working_cpu < fleet->costs.host_cpu)
        return 0;
    return distribution_sample(works ? &costs->work_turns : &costs->start_turns, fleet->luck,
                               DRAW_TURNS, fleet_key(task, container->container),
                               2 * (container->n_starts - 1) + works);
}
