/*
 * Work that comes to processors of which none is idle, as a kernel shares them: it stands in the line of
 * one of them, and gets a part of that one only, until the kernel has evened out their lines; that is when
 * one becomes idle, or after a while. An agent at work has its part of one, too. Who is in an instance whose quota is
 * used up is in nobody's way there. With costs that say nothing of it, processors are shared evenly from the first
 * moment on.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

bool fleet_knows_lines(const struct fleet *fleet, const struct costs *costs)
{
    return fleet->costs.host_cpu >= CPU_UNITS_PER_VCPU && costs->contention &&
           costs->balance_usec > 0;
}

void fleet_go_at(struct fleet *fleet, struct fleet_container *container, int32_t task,
                 uint64_t rate)
{
    struct share *share = fleet_share(fleet, fleet->cluster->tasks[task].instance);

    if (container->line_rate == rate)
        return;
    container->line_rate = rate;
    share_change_worker(share, fleet->now_usec, container->worker, rate,
                        share_worker_left(share, fleet->now_usec, container->worker));
}

/* Who works now: so many, of so many instances, on so many CPU units. */
struct running {
    int64_t cpu;
    int32_t n, n_instances;
};

/* An instance whose quota is used up: no processor has any time for its containers. */
static bool stands_still(const struct fleet *fleet, int32_t id)
{
    const struct fleet_instance *instance = &fleet->instances[id];

    return instance->n_working > 0 &&
           share_stands_still(&fleet->common[COMMON_HOST], instance->share_group);
}

static struct running who_runs(const struct fleet *fleet)
{
    struct running running = {fleet->working_cpu, fleet->n_working, fleet->n_at_work};

    if (!share_has_still(&fleet->common[COMMON_HOST]))
        return running;
    for (int32_t id = 0; id < fleet->n_instances; id++) {
        if (!stands_still(fleet, id))
            continue;
        running.cpu -= fleet->instances[id].working_cpu;
        running.n -= fleet->instances[id].n_working;
        running.n_instances--;
    }
    return running;
}

/* The rate in one processor's line with so many others, each of whom weighs as much as all others who run do on average.
 * Instances weigh the same there, whatever their containers do, which share that by their own weights. */
static uint64_t line_rate(const struct fleet *fleet, const struct fleet_container *container,
                          int32_t task, const struct running *running, int64_t others)
{
    const struct fleet_instance *mine = &fleet->instances[fleet->cluster->tasks[task].instance];
    bool works = container->working_cpu > 0;
    /* in parts of an instance's weight, of which its containers' weights are `whole` */
    share_wide weight = container->line_weight;
    share_wide whole = (share_wide)mine->working_weight + (works ? 0 : weight);
    share_wide all = whole * (share_wide)(running->n_instances + (mine->n_working == 0));
    share_wide n = (share_wide)(running->n - works);
    uint64_t rate;

    if (n == 0)
        return container->most;
    rate = (uint64_t)(container->most * n * weight /
                      (n * weight + (all - weight) * (share_wide)others));
    return rate > 0 ? rate : 1;
}

/* So many threads of the session burn CPU time, or wait for their turn, the duty's own among them. */
static int64_t session_threads(const struct fleet *fleet, int32_t id)
{
    int64_t n = 1;

    for (int32_t other = 0; other < fleet->n_duties; other++) {
        const struct fleet_duty *duty = &fleet->duties[other];

        n += other != id && duty->used &&
             (duty->worker != ID_NONE || duty->turns_until_usec > fleet->now_usec) &&
             fleet_duty_group(fleet, duty) == fleet->session;
    }
    return n;
}

/*
 * Of n processors that all work, for k instances, each has an n-th of each instance's weight, on average; and that of the
 * session, which weighs the same, is where its s threads are. So an agent, which is one of them, gets n of n + k * s
 * parts of its processor: as much as if all processors were shared evenly where s is n, less where it is fewer. Where
 * there is no session each thread is by itself. An agent that starts seven tasks on two processors at work for one
 * instance burns 26 ms in 47 to 59 (four runs, Linux 6.18); how many threads there were beside it was not counted.
 */
uint64_t fleet_duty_rate(const struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];
    int64_t host_cpu = fleet->costs.host_cpu, threads_cpu;
    struct running running;

    if (duty->kind < DUTY_HEAR || duty->aside || !fleet_hears_itself(fleet) ||
        fleet->working_cpu < host_cpu || fleet->instances[duty->instance].is_vm ||
        !fleet_knows_lines(fleet, fleet_costs(fleet, duty->instance)) ||
        /* what it begins within its slice goes at full speed */
        fleet->now_usec - fleet->instances[duty->instance].thread.busy_usec < SLICE_USEC)
        return SHARE_ONE_CPU;
    running = who_runs(fleet);
    if (running.cpu < host_cpu)
        return SHARE_ONE_CPU;
    threads_cpu =
        CPU_UNITS_PER_VCPU * (fleet->session == SHARE_ROOT ? 1 : session_threads(fleet, id));
    threads_cpu = threads_cpu < host_cpu ? threads_cpu : host_cpu;
    return (uint64_t)((share_wide)SHARE_ONE_CPU * (share_wide)host_cpu /
                      (share_wide)(host_cpu + running.n_instances * threads_cpu));
}

/* Agents under way go on as fast as they can now. */
static void rate_agents(struct fleet *fleet)
{
    bool all_work = fleet->working_cpu >= fleet->costs.host_cpu;

    if (!all_work && !fleet->agents_share)
        return;
    fleet->agents_share = all_work;
    for (int32_t id = 0; id < fleet->n_duties; id++) {
        struct fleet_duty *duty = &fleet->duties[id];
        struct share *share;
        uint64_t rate;

        if (!duty->used || duty->kind < DUTY_HEAR || duty->worker == ID_NONE)
            continue;
        rate = fleet_duty_rate(fleet, id);
        if (rate == duty->rate)
            continue;
        duty->rate = rate;
        share = fleet_share(fleet, duty->instance);
        share_change_worker(share, fleet->now_usec, duty->worker, rate,
                            share_worker_left(share, fleet->now_usec, duty->worker));
    }
}

void fleet_join_line(struct fleet *fleet, struct fleet_container *container, int32_t task,
                     uint32_t weight)
{
    const struct costs *costs = fleet_costs_of(fleet, task);
    struct fleet_lengths lengths;

    if (!fleet_knows_lines(fleet, costs) || (container->least_at != ID_NONE && fleet->overbalanced))
        return;
    lengths = fleet_line_lengths(fleet);
    /* Lines that are as long as its own, with it, share evenly. */
    if (lengths.shortest == 0 || (lengths.next == 0 && lengths.longest == lengths.shortest) ||
        (lengths.next == lengths.shortest + 1 && lengths.longest == lengths.next))
        return;
    container->line_weight = weight;
    container->line_others = (int32_t)lengths.shortest;
    container->evened_usec = fleet->now_usec + costs->balance_usec;
    if (!container->in_line)
        *ARRAY_ADD(fleet, in_line) = fleet_key(task, container->container);
    container->in_line = true;
    queue_push(fleet->queue, container->evened_usec,
               FLEET_EVENED | (uint32_t)container->container << FLEET_WHAT_BITS, task);
}

/* From now on it gets as much as everybody. */
static void even_out(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    container->evened_usec = USEC_NEVER;
    fleet_go_at(fleet, container, task, container->most);
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

/* Where fewer work than before, lines are shorter; and no more stand in the longer ones than these have room
 * for; who is only about to work needs none. With none at all everybody leaves. */
static void shorten_lines(struct fleet *fleet, int64_t all)
{
    int64_t cpus = fleet->costs.host_cpu / CPU_UNITS_PER_VCPU, room = all % cpus * (all / cpus + 1);
    int n = 0;

    for (int i = 0; i < fleet->n_in_line; i++) {
        int32_t task = fleet_key_task(fleet->in_line[i]);
        struct fleet_container *container =
            fleet_find(fleet, task, fleet_key_container(fleet->in_line[i]));
        bool stands = container && container->evened_usec != USEC_NEVER;
        bool works = container && container->working_cpu > 0;

        if (stands && (works ? room > 0 : all > 0)) {
            room -= works;
            if (all / cpus < container->line_others)
                container->line_others = (int32_t)(all / cpus);
            fleet->in_line[n++] = fleet->in_line[i];
            continue;
        }
        if (stands)
            even_out(fleet, container, task);
        if (container)
            container->in_line = false;
    }
    fleet->n_in_line = n;
}

/* While others stand still lines are shorter, too, and may have room for fewer; but nobody leaves any: they will go on
 * in it. Who stands in none any more is forgotten. */
static void go_on_in_lines(struct fleet *fleet)
{
    const struct running running = who_runs(fleet);
    bool still = running.n < fleet->n_working;
    int64_t cpus = fleet->costs.host_cpu / CPU_UNITS_PER_VCPU;
    int64_t all = running.cpu < fleet->costs.host_cpu ? 0 : fleet_threads(running.cpu);
    int64_t room = all % cpus * (all / cpus + 1);
    int n = 0;

    for (int i = 0; i < fleet->n_in_line; i++) {
        int32_t task = fleet_key_task(fleet->in_line[i]);
        struct fleet_container *container =
            fleet_find(fleet, task, fleet_key_container(fleet->in_line[i]));
        int64_t others;
        bool stands;

        if (!container || container->evened_usec == USEC_NEVER) {
            if (container)
                container->in_line = false;
            continue;
        }
        fleet->in_line[n++] = fleet->in_line[i];
        if (stands_still(fleet, fleet->cluster->tasks[task].instance))
            continue;
        stands = !still || (container->working_cpu > 0 ? room > 0 : all > 0);
        others = still && all / cpus < container->line_others ? all / cpus : container->line_others;
        fleet_go_at(fleet, container, task,
                    stands ? line_rate(fleet, container, task, &running, others) : container->most);
        room -= container->working_cpu > 0;
    }
    fleet->n_in_line = n;
}

void fleet_even_out(struct fleet *fleet)
{
    bool fewer = fleet->working_cpu < fleet->lined_cpu;
    bool idle = fleet->working_cpu < fleet->costs.host_cpu;

    fleet->lined_cpu = fleet->working_cpu;
    if (fleet->n_in_line > 0 && (idle || fewer))
        shorten_lines(fleet, idle ? 0 : fleet_threads(fleet->working_cpu));
    if (fleet->n_in_line > 0)
        go_on_in_lines(fleet);
    fleet_rate_least(fleet);
    rate_agents(fleet);
    if (idle)
        fleet_give_turns(fleet);
}
