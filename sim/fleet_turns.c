/*
 * Turns: a processor that works goes on with that until the kernel next looks who else there is, and meanwhile
 * waits whoever comes to work, whoever is started, and what is under way when work comes to the last idle
 * processor. Nobody waits beside an idle one, but for an agent that lies behind the container that has woken it. With
 * costs that say nothing of turns nobody waits for any.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

/* Who waits is kept by number: a container's is its key, a duty's is less than 0. */
static int64_t number_of_duty(int32_t id)
{
    return -1 - (int64_t)id;
}

static int32_t duty_of(int64_t number)
{
    return (int32_t)(-1 - number);
}

static bool duty_waits(const struct fleet *fleet, int64_t number)
{
    const struct fleet_duty *duty = number < 0 ? &fleet->duties[duty_of(number)] : NULL;

    return duty && duty->used && duty->worker == ID_NONE &&
           duty->turns_until_usec > fleet->now_usec;
}

/* It has its turn already where it wakes now. */
static struct fleet_container *waiting_container(const struct fleet *fleet, int64_t number)
{
    struct fleet_container *container =
        number < 0 ? NULL : fleet_find(fleet, fleet_key_task(number), fleet_key_container(number));

    return container && container->phase == PHASE_WORKING && container->worker == ID_NONE &&
                   container->wake_usec != USEC_NEVER && container->wake_usec >= fleet->now_usec
               ? container
               : NULL;
}

/* What those need who have their turn already and are about to work. */
static int64_t cpu_in_turn(const struct fleet *fleet)
{
    const struct fleet_container *container;
    int64_t cpu = 0;

    for (int i = 0; i < fleet->n_in_turn; i++)
        if ((container = waiting_container(fleet, fleet->in_turn[i])) &&
            container->wake_usec == fleet->now_usec)
            cpu += fleet_work_cpu(fleet, fleet_key_task(fleet->in_turn[i]),
                                  fleet_key_container(fleet->in_turn[i]));
    return cpu;
}

static int64_t idle_cpu(const struct fleet *fleet)
{
    int64_t idle = fleet->costs.host_cpu - fleet->working_cpu;

    return idle > 0 ? idle - cpu_in_turn(fleet) : idle;
}

/* Of a number below 2^31, times 2^20. */
static int64_t integer_root(int64_t number)
{
    const share_wide square = (share_wide)number << 40;
    int64_t root = 0;

    for (int64_t bit = INT64_C(1) << 36; bit > 0; bit >>= 1)
        if ((share_wide)(root + bit) * (share_wide)(root + bit) <= square)
            root += bit;
    return root;
}

/*
 * Costs tell what is waited for where one works on each processor. A start's first process is put into the
 * shortest line, and looks for it again when it enters its group and when it loads its program: three waits, each in
 * a line of m about sqrt(m) times as long as in one of one. Where the next line is twice as long nobody leaves
 * the shortest: there is one wait. Work weighs less at first, as the line that its start has left still counts some
 * of its weight: in a line of m that costs it an m-th, and half of that where it did not move.
 * Measured with 1 to 8 that work for ever on two processors (Linux 6.18): beside two a start waits 7 to 8 ms, beside
 * three 2.5, beside four 6 to 11, beside five to eight 10 to 15; work of 20 ms 9 to 10, 4 to 5, 0 to 4, and less.
 */
static int64_t waits_in_line(struct fleet *fleet, int64_t usec, bool works)
{
    const struct fleet_lengths lengths = fleet_line_lengths(fleet);
    const int64_t m = lengths.shortest > 1 ? lengths.shortest : 1;
    const bool uneven = lengths.next >= 2 * m;
    share_wide longer;

    if (works)
        return usec / m / (uneven ? 2 : 1);
    longer = ((share_wide)usec * (share_wide)integer_root(m) >> 20) / (uneven ? 3 : 1);
    return longer < (share_wide)USEC_MAX ? (int64_t)longer : USEC_MAX;
}

int64_t fleet_turns_usec(struct fleet *fleet, const struct fleet_container *container, int32_t task,
                         bool works)
{
    const struct costs *costs = fleet_costs_of(fleet, task);
    int64_t usec;

    if (!fleet_knows_lines(fleet, costs) || idle_cpu(fleet) > 0)
        return 0;
    usec = distribution_sample(!works                            ? &costs->start_turns
                               : fleet_weighs_least(fleet, task) ? &costs->least_work_turns
                                                                 : &costs->work_turns,
                               fleet->luck, DRAW_TURNS, fleet_key(task, container->container),
                               2 * (container->n_starts - 1) + works);
    return waits_in_line(fleet, usec, works);
}

static void forget(struct fleet *fleet, int64_t number)
{
    struct fleet_container *container =
        number < 0 ? NULL : fleet_find(fleet, fleet_key_task(number), fleet_key_container(number));

    if (container)
        container->in_turn = false;
}

/* Who does not wait any more is forgotten when the list is full; it grows where that has not made much room. */
static void add_waiting(struct fleet *fleet, int64_t number)
{
    int n = 0;

    if (fleet->n_in_turn == fleet->cap_in_turn) {
        for (int i = 0; i < fleet->n_in_turn; i++)
            if (duty_waits(fleet, fleet->in_turn[i]) || waiting_container(fleet, fleet->in_turn[i]))
                fleet->in_turn[n++] = fleet->in_turn[i];
            else
                forget(fleet, fleet->in_turn[i]);
        fleet->n_in_turn = n;
        if (2 * n > fleet->cap_in_turn)
            fleet->in_turn = array_grow(fleet->in_turn, fleet->cap_in_turn, &fleet->cap_in_turn,
                                        sizeof *fleet->in_turn);
    }
    *ARRAY_ADD(fleet, in_turn) = number;
}

void fleet_wait_for_turns(struct fleet *fleet, int32_t id, int64_t usec)
{
    if (usec == 0)
        return;
    fleet->duties[id].turns_until_usec = fleet->now_usec + usec;
    add_waiting(fleet, number_of_duty(id));
}

void fleet_wait_to_work(struct fleet *fleet, struct fleet_container *container, int32_t task,
                        int64_t usec)
{
    fleet_enter(fleet, container, task, PHASE_WORKING, usec);
    if (!container->in_turn)
        add_waiting(fleet, fleet_key(task, container->container));
    container->in_turn = true;
}

static void give_turn(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];
    int64_t usec = duty->turns_until_usec - fleet->now_usec;

    duty->turns_until_usec = fleet->now_usec;
    fleet_put_off(fleet, id, -usec);
}

/* It waits for that container, which works still. */
static bool is_behind(const struct fleet *fleet, int32_t id)
{
    int64_t key = fleet->duties[id].behind;
    const struct fleet_container *container =
        key == ID_NONE ? NULL : fleet_find(fleet, fleet_key_task(key), fleet_key_container(key));

    return container && container->working_cpu > 0 && container->worker != ID_NONE;
}

/* Those who are under way need none, unless they lie behind somebody; who comes to work goes on as long as a processor
 * is idle and nobody who has his turn is about to work on it. */
void fleet_give_turns(struct fleet *fleet)
{
    int64_t idle = idle_cpu(fleet);
    int n = 0;

    for (int i = 0; i < fleet->n_in_turn; i++) {
        int64_t number = fleet->in_turn[i];
        struct fleet_container *container = waiting_container(fleet, number);

        if (duty_waits(fleet, number)) {
            if (is_behind(fleet, duty_of(number)))
                fleet->in_turn[n++] = number;
            else
                give_turn(fleet, duty_of(number));
        } else if (container) {
            if (container->wake_usec > fleet->now_usec && idle > 0) {
                fleet_enter(fleet, container, fleet_key_task(number), PHASE_WORKING, 0);
                idle -= fleet_work_cpu(fleet, fleet_key_task(number), fleet_key_container(number));
            }
            fleet->in_turn[n++] = number;
        } else {
            forget(fleet, number);
        }
    }
    fleet->n_in_turn = n;
}

/* Of a start the part that is left of it waits, for that part of its turns. */
static int64_t put_off_start(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];
    const struct fleet_container *container = fleet_find(fleet, duty->task, duty->container);
    int64_t left_usec = fleet_duty_left(fleet, id);

    if (!container || duty->turns_until_usec > 0 || duty->cpu_usec == 0)
        return 0;
    return (int64_t)((share_wide)fleet_turns_usec(fleet, container, duty->task, false) *
                     (share_wide)left_usec / (share_wide)duty->cpu_usec);
}

/* Whether the duty is what an agent, as a thread, burns CPU time for now. */
static bool is_agent_at(struct fleet *fleet, int32_t id)
{
    const struct fleet_duty *duty = &fleet->duties[id];

    return duty->used && duty->kind >= DUTY_HEAR && !duty->aside && duty->worker != ID_NONE &&
           fleet_hears_itself(fleet) &&
           fleet_knows_lines(fleet, fleet_costs(fleet, duty->instance)) &&
           fleet_duty_left(fleet, id) > 0;
}

/* Whether the agent was woken this moment by what the container told: that it is ready, or has started. */
static bool is_woken_by(const struct fleet *fleet, int32_t id, int64_t key)
{
    const struct fleet_duty *duty = &fleet->duties[id];

    return duty->used && duty->kind == DUTY_FACT && fleet_key(duty->task, duty->container) == key &&
           fleet->instances[duty->instance].thread.woken_usec == fleet->now_usec;
}

/* Agents that are threads wait for one turn, since they then go on as long as they like. Who has been busy for
 * less than that is not put behind others: it has had less than they. But a container that says that it is ready and goes
 * on to work keeps its processor until the kernel next looks: whom that wakes hears of it then. */
static int64_t put_off_agent(struct fleet *fleet, int32_t id, int64_t by)
{
    const int32_t instance = fleet->duties[id].instance;
    const struct costs *costs = fleet_costs(fleet, instance);
    struct fleet_agent *agent = &fleet->instances[instance].thread;
    bool woken = is_woken_by(fleet, id, by);
    int64_t usec = distribution_sample(woken ? &costs->ready_turn : &costs->agent_turn, fleet->luck,
                                       DRAW_AGENT_TURN, instance, agent->n_turns++);

    return woken || fleet->now_usec - agent->busy_usec > usec ? usec : 0;
}

static void put_off(struct fleet *fleet, int32_t id, int64_t usec, int64_t behind)
{
    if (usec == 0)
        return;
    fleet_put_off(fleet, id, usec);
    fleet_wait_for_turns(fleet, id, usec);
    fleet->duties[id].behind = behind;
}

/* The last idle processor has got work. */
static void put_off_all(struct fleet *fleet, int64_t by)
{
    for (int32_t id = 0; id < fleet->n_duties; id++)
        if (is_agent_at(fleet, id))
            put_off(fleet, id, put_off_agent(fleet, id, by), ID_NONE);
        else if (fleet->duties[id].used && fleet->duties[id].kind == DUTY_CHILD)
            put_off(fleet, id, put_off_start(fleet, id), ID_NONE);
}

/* One is left, where the kernel has work of its own to do: an agent that the container has woken came to lie behind it,
 * and stays there. Jobs of 3 ms on two processors, one every 12 to 35 ms, are heard 2 ms later than those 200 ms apart,
 * when all is done that the kernel puts off (measured, Linux 6.18). */
static void put_off_woken(struct fleet *fleet, const struct fleet_container *container,
                          int32_t task)
{
    const struct distribution *turn = &fleet_costs_of(fleet, task)->ready_beside;
    const int64_t by = fleet_key(task, container->container);

    if (distribution_is_zero(turn) || !fleet_shares_host(fleet, task))
        return;
    for (int32_t id = 0; id < fleet->n_duties; id++)
        if (is_woken_by(fleet, id, by) && is_agent_at(fleet, id))
            put_off(
                fleet, id,
                distribution_sample(turn, fleet->luck, DRAW_BESIDE, by, container->n_starts - 1),
                by);
}

void fleet_fill_up(struct fleet *fleet, const struct fleet_container *container, int32_t task)
{
    const int64_t left = fleet->costs.host_cpu - fleet->working_cpu, one = CPU_UNITS_PER_VCPU;

    if (left <= 0 && left + container->working_cpu > 0)
        put_off_all(fleet, fleet_key(task, container->container));
    else if (left >= one && left < 2 * one && fleet->n_clearing > 0)
        put_off_woken(fleet, container, task);
}
