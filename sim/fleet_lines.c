/*
 * How many work in each processor's line. Who comes joins the shortest line; a processor that has none left takes
 * one from the longest; and the kernel evens lines out that have differed by two for a while. Who of a line
 * went over to another is not kept, but how many are left in each.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

/* A host's processors have one line each from the first moment on. */
static void open_lines(struct fleet *fleet)
{
    int n = (int)(fleet->costs.host_cpu / CPU_UNITS_PER_VCPU);

    while (fleet->n_lines < n)
        *ARRAY_ADD(fleet, lines) = 0;
}

static int longest(const struct fleet *fleet)
{
    int longest = 0;

    for (int i = 1; i < fleet->n_lines; i++)
        if (fleet->lines[i] > fleet->lines[longest])
            longest = i;
    return longest;
}

static int shortest(const struct fleet *fleet)
{
    int shortest = 0;

    for (int i = 1; i < fleet->n_lines; i++)
        if (fleet->lines[i] < fleet->lines[shortest])
            shortest = i;
    return shortest;
}

static int32_t difference(const struct fleet *fleet)
{
    return fleet->lines[longest(fleet)] - fleet->lines[shortest(fleet)];
}

static void move_one(struct fleet *fleet)
{
    int from = longest(fleet), to = shortest(fleet);

    fleet->lines[from]--;
    fleet->lines[to]++;
}

/* The kernel has looked at them meanwhile, if it has been long enough. */
static void even_lines(struct fleet *fleet)
{
    if (fleet->uneven_usec == USEC_NEVER ||
        fleet->now_usec - fleet->uneven_usec < fleet->costs.balance_usec)
        return;
    while (difference(fleet) > 1)
        move_one(fleet);
    fleet->uneven_usec = USEC_NEVER;
}

static void look_at_lines(struct fleet *fleet)
{
    while (fleet->lines[shortest(fleet)] == 0 && fleet->lines[longest(fleet)] > 1)
        move_one(fleet);
    if (difference(fleet) < 2)
        fleet->uneven_usec = USEC_NEVER;
    else if (fleet->uneven_usec == USEC_NEVER)
        fleet->uneven_usec = fleet->now_usec;
}

static int32_t threads_at_work(const struct fleet_container *container)
{
    return (container->working_cpu + CPU_UNITS_PER_VCPU - 1) / CPU_UNITS_PER_VCPU;
}

void fleet_come_to_lines(struct fleet *fleet, struct fleet_container *container)
{
    if (!fleet_knows_lines(fleet, &fleet->costs))
        return;
    open_lines(fleet);
    even_lines(fleet);
    container->line = shortest(fleet);
    for (int32_t n = threads_at_work(container); n > 0; n--)
        fleet->lines[shortest(fleet)]++;
    look_at_lines(fleet);
}

void fleet_leave_lines(struct fleet *fleet, struct fleet_container *container)
{
    int line = container->line;

    if (!fleet_knows_lines(fleet, &fleet->costs))
        return;
    even_lines(fleet);
    for (int32_t n = threads_at_work(container); n > 0; n--) {
        fleet->lines[fleet->lines[line] > 0 ? line : longest(fleet)]--;
        line = longest(fleet);
    }
    look_at_lines(fleet);
}

struct fleet_shortest fleet_shortest_lines(struct fleet *fleet)
{
    int first;
    int32_t second = INT32_MAX;

    open_lines(fleet);
    even_lines(fleet);
    first = shortest(fleet);
    for (int i = 0; i < fleet->n_lines; i++)
        if (i != first && fleet->lines[i] < second)
            second = fleet->lines[i];
    return (struct fleet_shortest){fleet->lines[first], second};
}
