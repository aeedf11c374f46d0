/*
 * How much works in each processor's line: CPU units, a thread's are those of one processor. What comes joins the
 * shortest line; a processor that has none left takes from the longest; and the kernel evens lines out that
 * have differed by two for a while. Who of a line went over to another is not kept, but how much is left in each.
 */
#include "core/array.h"
#include "fleet_parts.h"

#define THREAD ((int64_t)CPU_UNITS_PER_VCPU)

/* A host's processors have one line each from the first moment on. */
static void open_lines(struct fleet *fleet)
{
    int n = (int)(fleet->costs.host_cpu / CPU_UNITS_PER_VCPU);

    while (fleet->n_lines < n)
        *ARRAY_ADD(fleet, lines) = 0;
}

int32_t fleet_longest(const int64_t *lines, int n)
{
    int32_t found = 0;

    for (int32_t i = 1; i < n; i++)
        if (lines[i] > lines[found])
            found = i;
    return found;
}

int32_t fleet_shortest(const int64_t *lines, int n)
{
    int32_t found = 0;

    for (int32_t i = 1; i < n; i++)
        if (lines[i] < lines[found])
            found = i;
    return found;
}

static int find_longest(const struct fleet *fleet)
{
    return fleet_longest(fleet->lines, fleet->n_lines);
}

static int find_shortest(const struct fleet *fleet)
{
    return fleet_shortest(fleet->lines, fleet->n_lines);
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Threads go over from the longest line to the shortest, as long as they differ by that much and the shortest has no
 * more than `most`. */
static void move(struct fleet *fleet, int64_t difference, int64_t most)
{
    int from, to;

    while (from = find_longest(fleet), to = find_shortest(fleet),
           fleet->lines[to] <= most && fleet->lines[from] - fleet->lines[to] >= difference) {
        int64_t part = least(THREAD, fleet->lines[from] - THREAD);

        fleet->lines[from] -= part;
        fleet->lines[to] += part;
    }
}

/* The kernel has looked at them meanwhile, if it has been long enough. */
static void even_lines(struct fleet *fleet)
{
    if (fleet->uneven_usec == USEC_NEVER ||
        fleet->now_usec - fleet->uneven_usec < fleet->costs.balance_usec)
        return;
    move(fleet, 2 * THREAD, INT64_MAX);
    fleet->uneven_usec = USEC_NEVER;
}

static void look_at_lines(struct fleet *fleet)
{
    move(fleet, THREAD + 1, 0);
    if (fleet->lines[find_longest(fleet)] - fleet->lines[find_shortest(fleet)] < 2 * THREAD)
        fleet->uneven_usec = USEC_NEVER;
    else if (fleet->uneven_usec == USEC_NEVER)
        fleet->uneven_usec = fleet->now_usec;
}

/* So many threads more in each line, or fewer. */
static void add_to_all(struct fleet *fleet, int64_t n_threads)
{
    for (int i = 0; i < fleet->n_lines && n_threads != 0; i++)
        fleet->lines[i] += n_threads * THREAD;
}

void fleet_come_to_lines(struct fleet *fleet, struct fleet_container *container)
{
    int64_t cpu = container->working_cpu, each;

    if (!fleet_knows_lines(fleet, &fleet->costs))
        return;
    open_lines(fleet);
    even_lines(fleet);
    container->line = find_shortest(fleet);
    each = cpu / THREAD / fleet->n_lines;
    add_to_all(fleet, each);
    for (cpu -= each * THREAD * fleet->n_lines; cpu > 0; cpu -= THREAD)
        fleet->lines[find_shortest(fleet)] += least(cpu, THREAD);
    look_at_lines(fleet);
}

void fleet_leave_lines(struct fleet *fleet, struct fleet_container *container)
{
    int64_t cpu = container->working_cpu, each;
    int line = container->line;

    if (!fleet_knows_lines(fleet, &fleet->costs))
        return;
    even_lines(fleet);
    each = least(cpu / THREAD / fleet->n_lines, fleet->lines[find_shortest(fleet)] / THREAD);
    add_to_all(fleet, -each);
    cpu -= each * THREAD * fleet->n_lines;
    for (int64_t part; cpu > 0; cpu -= part) {
        part = least(cpu, least(THREAD, fleet->lines[line]));
        fleet->lines[line] -= part;
        line = find_longest(fleet);
    }
    look_at_lines(fleet);
}

int64_t fleet_threads(int64_t cpu)
{
    return (cpu + THREAD - 1) / THREAD;
}

struct fleet_lengths fleet_line_lengths(struct fleet *fleet)
{
    struct fleet_lengths lengths = {0, 0, 0};
    int shortest;

    open_lines(fleet);
    even_lines(fleet);
    shortest = find_shortest(fleet);
    lengths.shortest = fleet_threads(fleet->lines[shortest]);
    lengths.longest = fleet_threads(fleet->lines[find_longest(fleet)]);
    for (int i = 0; i < fleet->n_lines; i++)
        if (i != shortest && (lengths.next == 0 || fleet_threads(fleet->lines[i]) < lengths.next))
            lengths.next = fleet_threads(fleet->lines[i]);
    return lengths;
}
