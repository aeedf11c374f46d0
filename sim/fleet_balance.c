/*
 * Work that comes to processors of which none is idle, as a kernel shares them: it stands in the line of
 * one of them, and gets a part of that one only, until the kernel has evened out their lines; that is when
 * one becomes idle, or after a while. And what is started beside work waits for its turns, as does what is
 * under way when work comes: its processor goes on with the work until it next looks who else there is.
 * With costs that say nothing of either, processors are shared evenly from the first moment on.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

static bool knows_lines(const struct fleet *fleet, const struct costs *costs)
{
    return fleet->costs.host_cpu >= CPU_UNITS_PER_VCPU && costs->contention &&
           costs->balance_usec > 0;
}

/* In one processor's line with so many others, each of whom weighs as much as all do on average. */
static void stand_in_line(struct fleet *fleet, struct fleet_container *container, int32_t task,
                          int32_t others)
{
    struct share *share = fleet_share(fleet, fleet->cluster->tasks[task].instance);
    uint64_t weight = container->line_weight;
    uint64_t all = weight + (uint64_t)(fleet->working_weight / fleet->n_working * others);

    container->line_others = others;
    share_change_worker(share, fleet->now_usec, container->worker, container->most / all * weight,
                        share_worker_left(share, fleet->now_usec, container->worker));
}

void fleet_join_line(struct fleet *fleet, struct fleet_container *container, int32_t task,
                     uint32_t weight)
{
    const struct costs *costs = fleet_costs_of(fleet, task);
    int64_t cpus = fleet->costs.host_cpu / CPU_UNITS_PER_VCPU;
    int64_t others = (fleet->working_cpu + CPU_UNITS_PER_VCPU - 1) / CPU_UNITS_PER_VCPU;

    /* With as many in all lines they are even already. */
    if (!knows_lines(fleet, costs) || others < cpus || (others + 1) % cpus == 0)
        return;
    container->line_weight = weight;
    stand_in_line(fleet, container, task, (int32_t)(others / cpus));
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

void fleet_wait_for_turns(struct fleet *fleet, int32_t id, int64_t usec)
{
    if (usec == 0)
        return;
    fleet->duties[id].turns_until_usec = fleet->now_usec + usec;
    *ARRAY_ADD(fleet, in_turn) = -1 - (int64_t)id;
}

void fleet_wait_to_work(struct fleet *fleet, struct fleet_container *container, int32_t task,
                        int64_t usec)
{
    fleet_enter(fleet, container, task, PHASE_WORKING, usec);
    *ARRAY_ADD(fleet, in_turn) = fleet_key(task, container->container);
}

/* Goes on at once, if it still waits. */
static void give_turn(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];
    int64_t usec = duty->turns_until_usec - fleet->now_usec;

    if (!duty->used || duty->worker != ID_NONE || usec <= 0)
        return;
    duty->turns_until_usec = fleet->now_usec;
    fleet_put_off(fleet, id, -usec);
}

/* Goes to work at once, if it still waits. Returns on how many CPU units. */
static int64_t give_work(struct fleet *fleet, int64_t key)
{
    int32_t task = (int32_t)(key / 16);
    struct fleet_container *container = fleet_find(fleet, task, (int)(key % 16));

    if (!container || container->phase != PHASE_WORKING || container->worker != ID_NONE ||
        container->wake_usec == USEC_NEVER || container->wake_usec <= fleet->now_usec)
        return 0;
    fleet_enter(fleet, container, task, PHASE_WORKING, 0);
    return CPU_UNITS_PER_VCPU;
}

/* Those who are under way first; then who comes to work, as long as a processor is idle. */
static void give_turns(struct fleet *fleet)
{
    int64_t working = fleet->working_cpu;
    int n = 0;

    for (int i = 0; i < fleet->n_in_turn; i++) {
        int64_t which = fleet->in_turn[i];

        if (which < 0)
            give_turn(fleet, (int32_t)(-1 - which));
        else if (working < fleet->costs.host_cpu)
            working += give_work(fleet, which);
        else
            fleet->in_turn[n++] = which;
    }
    fleet->n_in_turn = n;
}

/* Where fewer work than before, lines are shorter; and no more stand in the longer ones than these have room
 * for. */
static void shorten_lines(struct fleet *fleet)
{
    int64_t cpus = fleet->costs.host_cpu / CPU_UNITS_PER_VCPU;
    int64_t all = (fleet->working_cpu + CPU_UNITS_PER_VCPU - 1) / CPU_UNITS_PER_VCPU;
    int64_t room = all % cpus * (all / cpus + 1);

    for (int i = 0; i < fleet->n_in_line; i++) {
        int32_t task = (int32_t)(fleet->in_line[i] / 16);
        struct fleet_container *container = fleet_find(fleet, task, (int)(fleet->in_line[i] % 16));

        if (!container || container->evened_usec == USEC_NEVER)
            continue;
        if (room-- <= 0)
            even_out(fleet, container, task);
        else if (all / cpus < container->line_others)
            stand_in_line(fleet, container, task, (int32_t)(all / cpus));
    }
}

static void leave_lines(struct fleet *fleet)
{
    for (int i = 0; i < fleet->n_in_line; i++) {
        int32_t task = (int32_t)(fleet->in_line[i] / 16);
        struct fleet_container *container = fleet_find(fleet, task, (int)(fleet->in_line[i] % 16));

        if (container && container->evened_usec != USEC_NEVER)
            even_out(fleet, container, task);
    }
    fleet->n_in_line = 0;
}

void fleet_even_out(struct fleet *fleet)
{
    bool fewer = fleet->working_cpu < fleet->lined_cpu;

    fleet->lined_cpu = fleet->working_cpu;
    if (fleet->working_cpu < fleet->costs.host_cpu) {
        leave_lines(fleet);
        give_turns(fleet);
    } else if (fewer) {
        shorten_lines(fleet);
    }
}

/* Of a start the part that is left of it waits, for that part of its turns. */
static int64_t put_off_start(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];
    int64_t left_usec = fleet_duty_left(fleet, id), usec;

    if (duty->turns_until_usec > 0 || duty->cpu_usec == 0)
        return 0;
    usec =
        fleet_turns_usec(fleet, fleet_find(fleet, duty->task, duty->container), duty->task, false);
    return usec * left_usec / duty->cpu_usec;
}

/* Agents wait for one turn, since they then go on as long as they like. Who has woken since less than that is not
 * put behind others: it has had less than they. */
static int64_t put_off_agent(struct fleet *fleet, const struct fleet_duty *duty)
{
    const struct costs *costs = fleet_costs(fleet, duty->instance);
    struct fleet_agent *agent = &fleet->instances[duty->instance].thread;
    int64_t usec;

    if (!knows_lines(fleet, costs) || duty->worker == ID_NONE)
        return 0;
    usec = distribution_sample(&costs->agent_turn, fleet->luck, DRAW_AGENT_TURN, duty->instance,
                               agent->n_turns++);
    return fleet->now_usec - agent->woken_usec > usec ? usec : 0;
}

void fleet_fill_up(struct fleet *fleet, int32_t cpu)
{
    if (fleet->working_cpu < fleet->costs.host_cpu ||
        fleet->working_cpu - cpu >= fleet->costs.host_cpu)
        return;
    for (int32_t id = 0; id < fleet->n_duties; id++) {
        const struct fleet_duty *duty = &fleet->duties[id];
        int64_t usec = 0;

        if (duty->used && duty->kind == DUTY_CHILD)
            usec = put_off_start(fleet, id);
        else if (duty->used && duty->kind >= DUTY_HEAR)
            usec = put_off_agent(fleet, duty);
        if (usec > 0) {
            fleet_put_off(fleet, id, usec);
            fleet_wait_for_turns(fleet, id, usec);
        }
    }
}
