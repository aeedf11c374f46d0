/*
 * Looks at the timeline alone, then at what the simulation made of it.
 */
#include "nearby.h"

#include <inttypes.h>
#include <stdlib.h>

#define PRINTED_MAX 3

static const char *entry_name(const struct scenario_entry *entry)
{
    return entry->is_fault ? "a fault" : message_kind_names[entry->call.kind];
}

static void warn(FILE *out, int *n, const struct scenario *scenario,
                 const struct scenario_entry *entry, int64_t other_usec, const char *other)
{
    if ((*n)++ >= PRINTED_MAX)
        return;
    fprintf(out,
            "%s:%d: warning: %s at %.3f s and %s at %.3f s are nearly at once: a real run may have "
            "them the other way round\n",
            scenario->path, entry->line, entry_name(entry), (double)entry->at_usec / USEC_PER_SEC,
            other, (double)other_usec / USEC_PER_SEC);
}

/* Whether this entry asks for a placement, so that room a moment sooner or later matters. */
static bool places(const struct scenario_entry *entry)
{
    return !entry->is_fault &&
           (entry->call.kind == MESSAGE_RUN_TASK || entry->call.kind == MESSAGE_CREATE_SERVICE ||
            entry->call.kind == MESSAGE_UPDATE_SERVICE);
}

static void warn_of_ends(FILE *out, int *n, const struct scenario *scenario,
                         const struct scenario_entry *entry, const struct story *story)
{
    char other[32];

    for (int t = 0; t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        if (task->torn_down || task->stopped_at_usec == USEC_NEVER ||
            task->placed_at_usec >= entry->at_usec ||
            llabs(task->stopped_at_usec - entry->at_usec) >= NEARBY_USEC)
            continue;
        snprintf(other, sizeof other, "the end of %s", story_task_name(t));
        warn(out, n, scenario, entry, task->stopped_at_usec, other);
        return;
    }
}

int nearby_warn(FILE *out, const struct scenario *scenario, const struct story *story)
{
    int n = 0;

    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];
        const struct scenario_entry *next = entry + 1;

        if (i + 1 < scenario->n_timeline && next->at_usec > entry->at_usec &&
            next->at_usec - entry->at_usec < NEARBY_USEC)
            warn(out, &n, scenario, entry, next->at_usec, entry_name(next));
        if (places(entry))
            warn_of_ends(out, &n, scenario, entry, story);
    }
    if (n > PRINTED_MAX)
        fprintf(out, "%s: warning: and %d more such pairs\n", scenario->path, n - PRINTED_MAX);
    return n;
}
