/*
 * Every total is the distance of two moments. What the teardown does at the end of a run counts as
 * never.
 */
#include "file/totals.h"

#include "file/memory.h"
#include "file/phases.h"

#include <stdlib.h>

const char *const totals_names[] = {"registration", "boot",     "startup", "completion",
                                    "stop",         "makespan", NULL};

static int64_t registration(const struct story *story, int id)
{
    const struct story_instance *row = &story->instances[id];

    return row->registered_at_usec == USEC_NEVER || row->registered_at_usec > story->end_usec
               ? USEC_NEVER
               : row->registered_at_usec - row->launch_at_usec;
}

static int64_t stop(const struct story *story, const struct story_task *row)
{
    bool told = row->stop_at_usec != USEC_NEVER && row->stopped_at_usec != USEC_NEVER &&
                row->stop_at_usec <= row->stopped_at_usec;

    return !told || row->torn_down || row->stopped_at_usec > story->end_usec
               ? USEC_NEVER
               : row->stopped_at_usec - row->stop_at_usec;
}

static void later(const struct story *story, int64_t at_usec, int64_t *last_usec)
{
    if (at_usec != USEC_NEVER && at_usec <= story->end_usec && at_usec > *last_usec)
        *last_usec = at_usec;
}

static int64_t makespan(const struct story *story)
{
    int64_t last_usec = 0;

    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *row = &story->tasks[i];

        if (!row->torn_down)
            later(story, row->stopped_at_usec, &last_usec);
        for (int c = 0; c < row->n_containers; c++)
            later(story, row->containers[c].ready_at_usec, &last_usec);
    }
    return last_usec > 0 ? last_usec : USEC_NEVER;
}

int64_t totals_of(const struct story *story, enum total total, int id)
{
    switch (total) {
    case TOTAL_REGISTRATION:
        return id < story->n_instances ? registration(story, id) : USEC_NEVER;
    case TOTAL_BOOT:
        return id < story->n_tasks ? phases_of_machine(story, story->tasks[id].machine, PHASE_BOOT)
                                   : USEC_NEVER;
    case TOTAL_STARTUP:
        return id < story->n_tasks ? phases_of_task(story, &story->tasks[id], PHASE_STARTUP)
                                   : USEC_NEVER;
    case TOTAL_COMPLETION:
        return id < story->n_tasks ? phases_of_task(story, &story->tasks[id], PHASE_COMPLETION)
                                   : USEC_NEVER;
    case TOTAL_STOP:
        return id < story->n_tasks ? stop(story, &story->tasks[id]) : USEC_NEVER;
    default:
        return makespan(story);
    }
}

int totals_count(const struct story *story, enum total total)
{
    return total == TOTAL_REGISTRATION ? story->n_instances
           : total == TOTAL_MAKESPAN   ? 1
                                       : story->n_tasks;
}

static int by_value(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;

    return a < b ? -1 : a > b;
}

int64_t totals_median(const struct story *story, enum total total)
{
    int n = totals_count(story, total), n_known = 0;
    int64_t *usec = memory_zeroed((size_t)n, sizeof *usec);
    int64_t median = USEC_NEVER;

    for (int id = 0; id < n; id++) {
        int64_t one = totals_of(story, total, id);

        if (one != USEC_NEVER)
            usec[n_known++] = one;
    }
    if (n_known > 0) {
        qsort(usec, (size_t)n_known, sizeof *usec, by_value);
        median = usec[(n_known - 1) / 2] + (usec[n_known / 2] - usec[(n_known - 1) / 2]) / 2;
    }
    free(usec);
    return median;
}
