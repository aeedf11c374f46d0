/*
 * Each task costs one replay of the log up to its placement, so only the last few of a short log are
 * looked at.
 */
#include "file/why.h"

#include "file/explain.h"

#define EVENTS_MAX 20000
#define TRIES_MAX 8

static int registered_at(const struct story *story, int64_t at_usec)
{
    int n = 0;

    for (int i = 0; i < story->n_instances; i++)
        n += story->instances[i].registered_at_usec <= at_usec &&
             story->instances[i].lost_at_usec > at_usec;
    return n;
}

static void say(struct buffer *text, const struct explain *explain)
{
    const struct request *request = &explain->cluster->requests[explain->request];
    int32_t preferred = explain->preferred;
    const char *liked = story_instance_name(preferred);
    char rule[96];

    buffer_add(text, "%s -> %s: %s prefers %s, but %s ", story_task_name(explain->task),
               story_instance_name(explain->table.placement.instance),
               explain_rule(&request->strategy[0], rule, sizeof rule), liked, liked);
    explain_keeps_out(explain, preferred, text);
}

static bool try_task(struct buffer *text, const char *path, int32_t task)
{
    struct explain explain;
    struct err err;
    bool found = explain_task(&explain, path, task, USEC_NEVER, &err) &&
                 explain.kind == EXPLAIN_PLACED && explain.preferred != ID_NONE &&
                 explain.table.reasons[explain.preferred] != PLACE_FITS &&
                 explain.cluster->requests[explain.request].n_strategy > 0;

    if (found)
        say(text, &explain);
    explain_finish(&explain);
    return found;
}

int32_t why_line(struct buffer *text, const char *path, const struct story *story)
{
    int tries = 0;

    if (story->n_events > EVENTS_MAX)
        return ID_NONE;
    for (int t = story->n_tasks - 1; t >= 0 && tries < TRIES_MAX; t--) {
        const struct story_task *task = &story->tasks[t];

        if (task->placed_at_usec == USEC_NEVER || registered_at(story, task->placed_at_usec) < 2)
            continue;
        tries++;
        if (try_task(text, path, t))
            return t;
    }
    return ID_NONE;
}
