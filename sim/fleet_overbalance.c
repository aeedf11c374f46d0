/*
 * Those who weigh as little as any can: a kernel that evens out its processors' lines by weight cannot see how little
 * that is, and moves too many of them. Every so often nearly all of a line go over to another, and the few that are left
 * have that processor for themselves; next time others have that luck. So they share less evenly than by their weights,
 * which are the same. Tasks of 4 and more CPU units do not: the kernel (Linux 6.18, kernel/sched/fair.c,
 * detach_tasks()) moves what the lines differ by, and what does not weigh one counts as one.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "core/draw.h"
#include "fleet_parts.h"

/* So many stay (traced: of twelve on two processors, 2 and 10, then 10 and 2, and so on); one time of so many only one
 * (one to three in 45), which keeps that processor until it has ended. */
#define KEPT 2
#define ALONE_ONCE_IN 30

/* Parts of an instance's weight. */
#define PARTS (1 << 20)

/* The kernel looks no more often. */
#define TICK_USEC USEC_PER_MSEC

/* More than these share evenly: each change would change all their rates (3,000 at once take 9 s to simulate, 512 a
 * third of one). */
#define MOST 512

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

/* Lines -------------------------------------------------------------------------------------------- */

static int32_t find_longest(const struct fleet *fleet)
{
    return fleet_longest(fleet->least_lines, fleet->n_least_lines);
}

static void change(struct fleet *fleet, int32_t line, int32_t n)
{
    fleet->least_lines[line] += n;
    fleet->least_changed = true;
}

static void move(struct fleet *fleet, struct fleet_container *container, int32_t to)
{
    change(fleet, container->least_line, -1);
    change(fleet, to, 1);
    container->least_line = to;
}

/* Beside one that is alone nobody else is moved; where lines are short enough, or too long, they share evenly again. */
static void await_balance(struct fleet *fleet)
{
    if (fleet->n_least > MOST) {
        fleet->overbalanced = false;
        fleet->least_alone = ID_NONE;
        return;
    }
    if (fleet->balances || fleet->n_least_lines < 2 || fleet->least_alone != ID_NONE)
        return;
    if (fleet->least_lines[find_longest(fleet)] <= KEPT) {
        fleet->overbalanced = false;
        return;
    }
    fleet->balances = true;
    queue_push(fleet->queue,
               fleet->now_usec + (fleet->costs.overbalance_usec > TICK_USEC
                                      ? fleet->costs.overbalance_usec
                                      : TICK_USEC),
               FLEET_OVERBALANCED, 0);
}

void fleet_come_to_least(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    if (!takes_part(fleet, container, task))
        return;
    while (fleet->n_least_lines < fleet->costs.host_cpu / CPU_UNITS_PER_VCPU)
        *ARRAY_ADD(fleet, least_lines) = 0;
    if (container->least_left_usec != fleet->now_usec) /* else it goes on where it was */
        container->least_line = fleet_shortest(fleet->least_lines, fleet->n_least_lines);
    container->least_at = fleet->n_least;
    *ARRAY_ADD(fleet, least) = fleet_key(task, container->container);
    if (fleet->least_alone == container->least_line)
        fleet->least_alone = ID_NONE;
    change(fleet, container->least_line, 1);
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
    int32_t line = container->least_line;

    if (at == ID_NONE)
        return;
    fleet->least[at] = fleet->least[--fleet->n_least];
    if (at < fleet->n_least)
        member(fleet, at)->least_at = at;
    container->least_at = ID_NONE;
    container->least_left_usec = fleet->now_usec;
    change(fleet, line, -1);
    if (fleet->least_lines[line] == 0) {
        if (fleet->least_alone == line)
            fleet->least_alone = ID_NONE;
        fill(fleet, line);
    }
    await_balance(fleet);
}

/* Whoever stays is as likely to be one as another. */
static void overbalance(struct fleet *fleet)
{
    int64_t round = fleet->n_overbalanced++;
    bool alone = draw_below(fleet->luck, DRAW_OVERBALANCE, round, 1, ALONE_ONCE_IN) == 0;
    int32_t from = find_longest(fleet), to, left = (int32_t)fleet->least_lines[from];
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
        if ((int32_t)draw_below(fleet->luck, DRAW_OVERBALANCE, round, 1 + left, (uint64_t)left) <
            stay)
            stay--;
        else
            move(fleet, container, to);
        left--;
    }
    fleet->least_alone = alone ? from : ID_NONE;
    fleet->overbalanced = true;
    fleet->least_changed = true;
}

/* Others weigh so much more that the kernel goes by them. */
static bool all_weigh_least(const struct fleet *fleet)
{
    int32_t n = 0;

    for (int i = 0; i < fleet->n_least; i++)
        n += member(fleet, i)->working_cpu > 0;
    return n == fleet->n_working;
}

void fleet_overbalance(struct fleet *fleet)
{
    fleet->balances = false;
    if (fleet->least_lines[find_longest(fleet)] > KEPT && fleet->n_least <= MOST &&
        all_weigh_least(fleet))
        overbalance(fleet);
    else
        fleet->overbalanced = false;
    await_balance(fleet);
    fleet_even_out(fleet);
    fleet_queue_common(fleet, COMMON_HOST);
}

/* Rates -------------------------------------------------------------------------------------------- */

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

/* Somebody was moved, came or went, stands still or goes on again; or others came to work, or went. */
static bool is_changed(struct fleet *fleet)
{
    bool still = fleet->overbalanced && share_has_still(&fleet->common[COMMON_HOST]);
    bool changed = fleet->least_changed || still || fleet->least_still ||
                   fleet->n_working != fleet->least_beside ||
                   fleet->overbalanced != fleet->least_rated;

    fleet->least_changed = false;
    fleet->least_still = still;
    fleet->least_beside = fleet->n_working;
    return changed && (fleet->overbalanced || fleet->least_rated);
}

/* By its part of what its line has. A processor of a host that has not whole ones is a part of all that it has. */
static share_wide rate_in_line(const struct fleet *fleet, const struct fleet_container *container,
                               share_wide weight)
{
    share_wide line = (share_wide)SHARE_ONE_CPU * (share_wide)fleet->costs.host_cpu /
                      CPU_UNITS_PER_VCPU / (share_wide)fleet->n_least_lines;
    share_wide rate = line * weight / fleet->least_weights[container->least_line];

    return rate == 0 ? 1 : rate < container->most ? rate : container->most;
}

void fleet_rate_least(struct fleet *fleet)
{
    bool by_lines;

    if (!is_changed(fleet))
        return;
    fleet->least_rated = fleet->overbalanced;
    by_lines = fleet->overbalanced && all_weigh_least(fleet) && weigh_lines(fleet);
    for (int i = 0; i < fleet->n_least; i++) {
        struct fleet_container *container = member(fleet, i);
        share_wide weight = weight_in_line(fleet, i);

        if (container->evened_usec == USEC_NEVER && (weight > 0 || !by_lines))
            fleet_go_at(fleet, container, fleet_key_task(fleet->least[i]),
                        by_lines ? (uint64_t)rate_in_line(fleet, container, weight)
                                 : container->most);
    }
}
