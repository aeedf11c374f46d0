/*
 * Those who weigh as little as any can: a kernel that evens out its processors' lines by weight cannot see how little
 * that is, and moves too many of them. Every so often nearly all of a line go over to another, and the few that are left
 * have that processor for themselves; next time others have that luck. So they share less evenly than by their weights,
 * which are the same. Other weights, of 4 and more, do not: the kernel (Linux 6.18, kernel/sched/fair.c,
 * detach_tasks()) moves what the lines differ by, and what does not weigh one counts as one.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "core/draw.h"
#include "fleet_parts.h"

/* So many stay (traced: of twelve on two processors, 2 and 10, then 10 and 2, and so on); one time of so many only one
 * (one in 45 to three in 45; of those three, one at its end), which keeps that processor until it has ended. */
#define KEPT 2
#define ALONE_ONCE_IN 30

/* Parts of an instance's weight. */
#define PARTS (1 << 20)

static struct fleet_container *member(const struct fleet *fleet, int i)
{
    return fleet_find(fleet, fleet_key_task(fleet->least[i]), fleet_key_container(fleet->least[i]));
}

static bool takes_part(const struct fleet *fleet, const struct fleet_container *container,
                       int32_t task)
{
    return fleet->costs.overbalance_usec > 0 && fleet_knows_lines(fleet, &fleet->costs) &&
           container->most == SHARE_ONE_CPU && fleet_shares_host(fleet, task) &&
           fleet_weighs_least(fleet, task);
}

static int32_t find_longest(const struct fleet *fleet)
{
    int32_t found = 0;

    for (int32_t i = 1; i < fleet->n_least_lines; i++)
        if (fleet->least_lines[i] > fleet->least_lines[found])
            found = i;
    return found;
}

static int32_t find_shortest(const struct fleet *fleet)
{
    int32_t found = 0;

    for (int32_t i = 1; i < fleet->n_least_lines; i++)
        if (fleet->least_lines[i] < fleet->least_lines[found])
            found = i;
    return found;
}

static void move(struct fleet *fleet, struct fleet_container *container, int32_t to)
{
    fleet->least_lines[container->least_line]--;
    fleet->least_lines[to]++;
    container->least_line = to;
    fleet->least_changed = true;
}

/* Beside one that is alone nobody else is moved. */
static void await_balance(struct fleet *fleet)
{
    if (fleet->balances || (fleet->overbalanced && fleet->least_lines[find_shortest(fleet)] == 1) ||
        fleet->least_lines[find_longest(fleet)] <= KEPT)
        return;
    fleet->balances = true;
    queue_push(fleet->queue, fleet->now_usec + fleet->costs.overbalance_usec, FLEET_OVERBALANCED,
               0);
}

void fleet_come_to_least(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    bool goes_on = container->least_left_usec == fleet->now_usec;

    if (!takes_part(fleet, container, task))
        return;
    while (fleet->n_least_lines < fleet->costs.host_cpu / CPU_UNITS_PER_VCPU)
        *ARRAY_ADD(fleet, least_lines) = 0;
    if (!goes_on)
        container->least_line = find_shortest(fleet);
    container->least_at = fleet->n_least;
    *ARRAY_ADD(fleet, least) = fleet_key(task, container->container);
    fleet->least_lines[container->least_line]++;
    fleet->least_changed = true;
    if (fleet->overbalanced)
        container->evened_usec = USEC_NEVER;
    await_balance(fleet);
}

/* A processor that has none left takes one from the longest line. */
static void fill(struct fleet *fleet, int32_t line)
{
    int32_t longest = find_longest(fleet);

    if (fleet->least_lines[longest] < 2)
        return;
    for (int i = 0; i < fleet->n_least; i++) {
        struct fleet_container *container = member(fleet, i);

        if (container->least_line == longest) {
            move(fleet, container, line);
            return;
        }
    }
}

void fleet_leave_least(struct fleet *fleet, struct fleet_container *container)
{
    int at = container->least_at;

    if (at == ID_NONE)
        return;
    fleet->least[at] = fleet->least[--fleet->n_least];
    if (at < fleet->n_least)
        member(fleet, at)->least_at = at;
    container->least_at = ID_NONE;
    container->least_left_usec = fleet->now_usec;
    fleet->least_lines[container->least_line]--;
    fleet->least_changed = true;
    if (fleet->least_lines[container->least_line] == 0) {
        await_balance(fleet);
        fill(fleet, container->least_line);
    }
}

/* Others weigh so much more that the kernel goes by them. */
static bool all_weigh_least(const struct fleet *fleet)
{
    int32_t n = 0;

    for (int i = 0; i < fleet->n_least; i++)
        n += member(fleet, i)->working_cpu > 0;
    return n == fleet->n_working;
}

/* Whoever stays is as likely to be one as another. */
static void overbalance(struct fleet *fleet)
{
    int64_t round = fleet->n_overbalanced++;
    bool alone = draw_below(fleet->luck, DRAW_OVERBALANCE, round, 1, ALONE_ONCE_IN) == 0;
    int32_t from = find_longest(fleet), to, left = fleet->least_lines[from];
    int32_t stay = alone ? 1 : KEPT;

    to = (int32_t)draw_below(fleet->luck, DRAW_OVERBALANCE, round, 0,
                             (uint64_t)fleet->n_least_lines - 1);
    to += to >= from;
    for (int i = 0; i < fleet->n_least; i++) {
        struct fleet_container *container = member(fleet, i);

        container->evened_usec =
            USEC_NEVER; /* it stands in none of the lines that are evened out */
        if (container->least_line != from)
            continue;
        if ((int32_t)draw_below(fleet->luck, DRAW_OVERBALANCE, round, left, (uint64_t)left) < stay)
            stay--;
        else
            move(fleet, container, to);
        left--;
    }
    fleet->overbalanced = true;
}

void fleet_overbalance(struct fleet *fleet)
{
    fleet->balances = false;
    if (fleet->n_least_lines > 1 && fleet->least_lines[find_longest(fleet)] > KEPT &&
        all_weigh_least(fleet)) {
        overbalance(fleet);
    } else {
        fleet->overbalanced = false;
        fleet->least_changed = true;
    }
    await_balance(fleet);
    fleet_even_out(fleet);
    fleet_queue_common(fleet, COMMON_HOST);
}

/* Instances weigh the same, so what a container weighs is its part of one. Where its instance has used up its quota
 * it is in nobody's way: 0. */
static share_wide weight_in_line(const struct fleet *fleet, int i)
{
    const struct fleet_instance *instance =
        &fleet->instances[fleet->cluster->tasks[fleet_key_task(fleet->least[i])].instance];

    if (share_stands_still(&fleet->common[COMMON_HOST], instance->share_group))
        return 0;
    return (share_wide)(PARTS / (instance->n_working > 0 ? instance->n_working : 1));
}

/* Somebody came, went, moved, stands still or goes on again. */
static bool is_changed(struct fleet *fleet)
{
    bool still = fleet->overbalanced && share_has_still(&fleet->common[COMMON_HOST]);
    bool changed = fleet->least_changed || still || fleet->least_still;

    fleet->least_changed = false;
    fleet->least_still = still;
    return changed;
}

/* How much weight there is in each line. False where a processor has nobody to run: then it takes from the others
 * whatever it can get. */
static bool weigh_lines(struct fleet *fleet)
{
    while (fleet->n_least_weights < fleet->n_least_lines)
        *ARRAY_ADD(fleet, least_weights) = 0;
    for (int line = 0; line < fleet->n_least_lines; line++)
        fleet->least_weights[line] = 0;
    for (int i = 0; i < fleet->n_least; i++)
        fleet->least_weights[member(fleet, i)->least_line] += weight_in_line(fleet, i);
    for (int line = 0; line < fleet->n_least_lines; line++)
        if (fleet->least_weights[line] == 0)
            return false;
    return true;
}

void fleet_rate_least(struct fleet *fleet)
{
    bool by_lines;

    if (!is_changed(fleet))
        return;
    if (fleet->n_least == 0)
        fleet->overbalanced = false;
    by_lines = fleet->overbalanced && weigh_lines(fleet);
    for (int i = 0; i < fleet->n_least; i++) {
        struct fleet_container *container = member(fleet, i);
        share_wide weight = weight_in_line(fleet, i), rate = container->most;

        if (weight == 0 || container->evened_usec != USEC_NEVER)
            continue;
        if (by_lines)
            rate = rate * weight / fleet->least_weights[container->least_line];
        fleet_go_at(fleet, container, fleet_key_task(fleet->least[i]),
                    rate > 0 ? (uint64_t)rate : 1);
    }
}
