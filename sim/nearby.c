/*
 * Looks at the timeline alone, then at what the simulation made of it.
 */
#include "nearby.h"

#include <assert.h>
#include <stdlib.h>

#define PRINTED_MAX 3

static const char *entry_name(const struct scenario_entry *entry)
{
    static const char *const faults[] = {"killTask",     "killContainer", "killInstance",
                                         "killZone",     "cutAgent",      "killAgent",
                                         "slowRegistry", "deadRegistry"};

    return entry->is_fault ? faults[entry->fault.kind] : message_kind_names[entry->call.kind];
}

/* A moment that the scenario itself sets. */
struct instant {
    int64_t at_usec;
    const struct scenario_entry *entry;
    bool is_end; /* of a fault that lasts a while */
};

static bool lasts(const struct scenario_entry *entry)
{
    return entry->is_fault &&
           (entry->fault.kind == FAULT_CUT_AGENT || entry->fault.kind == FAULT_SLOW_REGISTRY ||
            entry->fault.kind == FAULT_DEAD_REGISTRY) &&
           entry->fault.for_usec < USEC_NEVER - entry->at_usec;
}

static int compare_instants(const void *a, const void *b)
{
    const struct instant *x = a, *y = b;

    if (x->at_usec != y->at_usec)
        return x->at_usec < y->at_usec ? -1 : 1;
    return x->entry < y->entry ? -1 : x->entry > y->entry;
}

/* All of them by time; those after the end of the run do not come. Free the result. */
static struct instant *list_instants(const struct scenario *scenario, int *n)
{
    struct instant *list = malloc(((size_t)scenario->n_timeline * 2 + 1) * sizeof *list);

    assert(list != NULL);
    *n = 0;
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        list[(*n)++] = (struct instant){entry->at_usec, entry, false};
        if (lasts(entry) && entry->at_usec + entry->fault.for_usec < scenario->until_usec)
            list[(*n)++] = (struct instant){entry->at_usec + entry->fault.for_usec, entry, true};
    }
    qsort(list, (size_t)*n, sizeof *list, compare_instants);
    return list;
}

static void name_instant(const struct instant *instant, char *text, size_t size)
{
    snprintf(text, size, "%s%s", instant->is_end ? "the end of " : "", entry_name(instant->entry));
}

static void warn(FILE *out, int *n, const struct scenario *scenario, const struct instant *instant,
                 int64_t other_usec, const char *other)
{
    char name[64];

    if ((*n)++ >= PRINTED_MAX)
        return;
    name_instant(instant, name, sizeof name);
    fprintf(out,
            "%s:%d: warning: %s at %.3f s and %s at %.3f s are nearly at once: a real run may have "
            "them the other way round\n",
            scenario->path, instant->entry->line, name, (double)instant->at_usec / USEC_PER_SEC,
            other, (double)other_usec / USEC_PER_SEC);
}

/* Whether this entry asks for a placement, so that room a moment sooner or later matters. */
static bool places(const struct scenario_entry *entry)
{
    return !entry->is_fault &&
           (entry->call.kind == MESSAGE_RUN_TASK || entry->call.kind == MESSAGE_START_TASK ||
            entry->call.kind == MESSAGE_CREATE_SERVICE ||
            entry->call.kind == MESSAGE_UPDATE_SERVICE ||
            entry->call.kind == MESSAGE_UPDATE_INSTANCE_STATE);
}

struct ending {
    int64_t at_usec;
    int32_t task;
};

static int compare_endings(const void *a, const void *b)
{
    const struct ending *x = a, *y = b;

    if (x->at_usec != y->at_usec)
        return x->at_usec < y->at_usec ? -1 : 1;
    return x->task < y->task ? -1 : x->task > y->task;
}

/* The tasks that stopped before the end of the run, by time. Free the result. */
static struct ending *list_endings(const struct story *story, int *n)
{
    struct ending *endings = malloc(((size_t)story->n_tasks + 1) * sizeof *endings);

    assert(endings != NULL);
    *n = 0;
    for (int t = 0; t < story->n_tasks; t++)
        if (!story->tasks[t].torn_down && story->tasks[t].stopped_at_usec != USEC_NEVER)
            endings[(*n)++] = (struct ending){story->tasks[t].stopped_at_usec, t};
    qsort(endings, (size_t)*n, sizeof *endings, compare_endings);
    return endings;
}

/* The first ending within reach of the entry of a task that was there before it, or NULL. */
static const struct ending *find_ending(const struct story *story, const struct ending *endings,
                                        int n, int64_t at_usec)
{
    int low = 0, high = n;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (endings[middle].at_usec <= at_usec - NEARBY_USEC)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < n && endings[low].at_usec < at_usec + NEARBY_USEC; low++)
        if (story->tasks[endings[low].task].placed_at_usec < at_usec)
            return &endings[low];
    return NULL;
}

int nearby_warn(FILE *out, const struct scenario *scenario, const struct story *story)
{
    int n = 0, n_endings, n_instants;
    struct ending *endings = list_endings(story, &n_endings);
    struct instant *instants = list_instants(scenario, &n_instants);

    for (int i = 0; i < n_instants; i++) {
        const struct instant *instant = &instants[i], *next = instant + 1;
        const struct ending *ending = NULL;
        char other[64];

        if (i + 1 < n_instants && next->at_usec > instant->at_usec &&
            next->at_usec - instant->at_usec < NEARBY_USEC) {
            name_instant(next, other, sizeof other);
            warn(out, &n, scenario, instant, next->at_usec, other);
        }
        if (!instant->is_end && places(instant->entry))
            ending = find_ending(story, endings, n_endings, instant->at_usec);
        if (ending) {
            snprintf(other, sizeof other, "the end of %s", story_task_name(ending->task));
            warn(out, &n, scenario, instant, ending->at_usec, other);
        }
    }
    free(endings);
    free(instants);
    if (n > PRINTED_MAX)
        fprintf(out, "%s: warning: and %d more such pairs\n", scenario->path, n - PRINTED_MAX);
    return n;
}
