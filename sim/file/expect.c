/*
 * Expectations, one by one. "At the end" is before the teardown: what the end of the run stops
 * counts as it was.
 */
#include "file/expect.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static enum task_status status_at(const struct story_task *task, int64_t at_usec)
{
    struct story_task alive = *task;

    if (task->torn_down)
        alive.stop_at_usec = alive.stopped_at_usec = USEC_NEVER;
    return story_status_at(&alive, at_usec);
}

static int64_t moment(const struct expect *expect, const struct story *story)
{
    if (expect->at_usec != USEC_NEVER)
        return expect->at_usec;
    return story->end_usec != USEC_NEVER ? story->end_usec : story->last_usec;
}

static int find_service(const struct story *story, const char *name)
{
    for (int i = story->n_services - 1; i >= 0; i--)
        if (strcmp(story->services[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static bool service_holds(const struct expect *expect, const struct story *story, char *found,
                          size_t size)
{
    int service = find_service(story, expect->service);
    int running = 0;

    for (int i = 0; i < story->n_tasks; i++)
        if (service != ID_NONE && story->tasks[i].service == service &&
            status_at(&story->tasks[i], moment(expect, story)) == TASK_RUNNING)
            running++;
    if (service != ID_NONE && running == expect->running)
        return true;
    if (service == ID_NONE)
        snprintf(found, size, "there is no such service");
    else
        snprintf(found, size, "%d running", running);
    return false;
}

static bool task_holds(const struct expect *expect, const struct story *story, char *found,
                       size_t size)
{
    const struct story_task *task;
    enum task_status status;

    if (expect->task < 0 || expect->task >= story->n_tasks) {
        snprintf(found, size, "there is no such task");
        return false;
    }
    task = &story->tasks[expect->task];
    if (expect->instance != ID_NONE &&
        (task->instance != expect->instance || story_is_micro_vm(story, task->instance))) {
        if (task->instance == ID_NONE)
            snprintf(found, size, "it was never placed");
        else
            snprintf(found, size, "it is on %s", story_place_name(story, task->instance));
        return false;
    }
    status = status_at(task, moment(expect, story));
    if (expect->last_status != ID_NONE && (int)status != expect->last_status) {
        snprintf(found, size, "it is %s", task_status_names[status]);
        return false;
    }
    return true;
}

/* Which bound does not hold, EXPECT_BOUNDS: all do; `value`: what there is. */
static enum expect_bound broken_bound(const struct expect *expect,
                                      const struct responses_group *group, int64_t *value)
{
    static const int permille[] = {[EXPECT_P50] = 500, [EXPECT_P95] = 950, [EXPECT_P99] = 990};

    for (int i = 0; i < EXPECT_BOUNDS; i++) {
        *value = i == EXPECT_SENT     ? group->n_sent
                 : i == EXPECT_FAILED ? group->n_failed
                                      : histogram_percentile_usec(group->latency, permille[i]);
        if (expect->bounds[i] >= 0 &&
            (i == EXPECT_SENT ? *value < expect->bounds[i] : *value > expect->bounds[i]))
            return (enum expect_bound)i;
    }
    return EXPECT_BOUNDS;
}

static bool requests_hold(const struct expect *expect, const struct story *story, char *found,
                          size_t size)
{
    static const char *const names[] = {"50", "95", "99"};
    const struct responses_group *group = responses_find(&story->responses, expect->target_group);
    enum expect_bound broken;
    int64_t value;

    if (!group) {
        snprintf(found, size, "there is no such target group");
        return false;
    }
    broken = broken_bound(expect, group, &value);
    if (broken == EXPECT_SENT)
        snprintf(found, size, "%" PRId64 " requests", value);
    else if (broken == EXPECT_FAILED)
        snprintf(found, size, "%" PRId64 " of %" PRId64 " requests failed", value, group->n_sent);
    else if (broken != EXPECT_BOUNDS)
        snprintf(found, size, "%s of 100 were answered within %.3f ms", names[broken - EXPECT_P50],
                 (double)value / USEC_PER_MSEC);
    return broken == EXPECT_BOUNDS;
}

bool expect_holds(const struct expect *expect, const struct story *story, char *found, size_t size)
{
    if (expect->target_group)
        return requests_hold(expect, story, found, size);
    return expect->service ? service_holds(expect, story, found, size)
                           : task_holds(expect, story, found, size);
}

int expect_count(const struct scenario *scenario, const struct story *story)
{
    char found[128];
    int n = 0;

    for (int i = 0; i < scenario->n_expects; i++)
        n += expect_holds(&scenario->expects[i], story, found, sizeof found);
    return n;
}

void expect_add(struct buffer *json, const struct scenario *scenario, const struct story *story)
{
    char found[128];
    bool first = true;

    buffer_add(json, "\"expect\": {\"total\": %d, \"hold\": %d, \"failed\": [", scenario->n_expects,
               expect_count(scenario, story));
    for (int i = 0; i < scenario->n_expects; i++) {
        const struct expect *expect = &scenario->expects[i];

        if (expect_holds(expect, story, found, sizeof found))
            continue;
        buffer_add(json, "%s{\"line\": %d, \"expected\": ", first ? "" : ", ", expect->line);
        buffer_add_json_string(json, expect->text);
        buffer_add_text(json, ", \"found\": ");
        buffer_add_json_string(json, found);
        buffer_add_text(json, "}");
        first = false;
    }
    buffer_add_text(json, "]}");
}
