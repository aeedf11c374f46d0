/*
 * Each number is counted once for the whole run, from the story alone. It must never know how anything is drawn.
 */
#include "viz/track.h"

#include "file/cost.h"
#include "viz/life.h"

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t track_end_usec(const struct story *story)
{
    int64_t end_usec = story->end_usec == USEC_NEVER ? story->last_usec : story->end_usec;
    return end_usec > 0 ? end_usec : 1;
}

int64_t track_freed_usec(const struct story_task *task)
{
    return least(task->stop_at_usec, task->stopped_at_usec);
}

int64_t track_gone_usec(const struct story *story, int32_t id)
{
    const struct story_instance *instance = &story->instances[id];
    int32_t task = instance->bound_task;
    if (!story_is_micro_vm(story, id) || task >= story->n_tasks ||
        story->tasks[task].instance != id)
        return instance->lost_at_usec;
    return least(instance->lost_at_usec, story->tasks[task].stopped_at_usec);
}

/* Reserved ----------------------------------------------------------------------------------------- */

/* Hundredths of a per cent of what is registered, moment by moment. */
static void divide(struct series *part, struct series *whole, int64_t end_usec,
                   struct series *ratio)
{
    int i = 0, j = 0;
    series_close(part, end_usec);
    series_close(whole, end_usec);
    while (i < part->n_points || j < whole->n_points) {
        int64_t a = i < part->n_points ? part->points[i].at_usec : USEC_NEVER;
        int64_t b = j < whole->n_points ? whole->points[j].at_usec : USEC_NEVER;
        int64_t at_usec = least(a, b), of;
        i += a == at_usec;
        j += b == at_usec;
        of = j > 0 ? whole->points[j - 1].value : 0;
        series_set(ratio, at_usec, of > 0 && i > 0 ? part->points[i - 1].value * 10000 / of : 0);
    }
}

void track_share(const struct story *story, bool memory, struct series *share)
{
    struct series reserved = {0}, registered = {0};
    for (int i = 0; i < story->n_tasks; i++) {
        const struct task_definition *definition = life_definition(story, i);
        if (definition && !story_is_micro_vm(story, story->tasks[i].instance))
            series_add(&reserved, story->tasks[i].placed_at_usec,
                       track_freed_usec(&story->tasks[i]),
                       memory ? taskdef_memory_mib(definition) : taskdef_cpu(definition));
    }
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        if (!story_is_micro_vm(story, i))
            series_add(&registered, instance->registered_at_usec, instance->lost_at_usec,
                       memory ? instance->memory_mib : instance->cpu);
    }
    divide(&reserved, &registered, track_end_usec(story), share);
    series_close(share, track_end_usec(story));
    series_finish(&reserved);
    series_finish(&registered);
}

/* Tasks -------------------------------------------------------------------------------------------- */

/* What services want and do not have counts as waiting, too: no task stands for it yet. */
static void add_wants(const struct story *story, struct series *waiting)
{
    for (int i = 0; i < story->n_wants; i++) {
        const struct story_want *want = &story->wants[i];
        int64_t until_usec = USEC_NEVER;
        for (int j = i + 1; j < story->n_wants && until_usec == USEC_NEVER; j++) {
            if (story->wants[j].service == want->service)
                until_usec = story->wants[j].at_usec;
        }
        series_add(waiting, want->at_usec, until_usec, want->desired);
    }
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->service != ID_NONE)
            series_add(waiting, task->placed_at_usec, track_freed_usec(task), -1);
    }
}

/* A service that is being replaced has more than it wants: that does not make others wait less. */
static void not_below_zero(struct series *series)
{
    series->absolute = true;
    for (int i = 0; i < series->n_points; i++) {
        if (series->points[i].value < 0)
            series->points[i].value = 0;
    }
}

void track_level(const struct story *story, enum track_level level, struct series *series)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (level == TRACK_WAITING && task->service == ID_NONE)
            series_add(series, task->accepted_at_usec,
                       least(task->placed_at_usec, task->stopped_at_usec), 1);
        else if (level == TRACK_STARTING)
            series_add(series, task->placed_at_usec,
                       least(task->running_at_usec, task->stopped_at_usec), 1);
        else if (level == TRACK_RUNNING)
            series_add(series, task->running_at_usec, task->stopped_at_usec, 1);
    }
    if (level == TRACK_WAITING)
        add_wants(story, series);
    series_close(series, track_end_usec(story));
    not_below_zero(series);
}

/* Instances ---------------------------------------------------------------------------------------- */

void track_instances(const struct story *story, bool micro_vms, struct series *series)
{
    for (int i = 0; i < story->n_instances; i++) {
        if (story_is_micro_vm(story, i) == micro_vms)
            series_add(series, story->instances[i].registered_at_usec, track_gone_usec(story, i),
                       1);
    }
    series_close(series, track_end_usec(story));
    series->absolute = true;
}

bool track_has_price(const struct story *story)
{
    for (int i = 0; i < story->n_instances; i++) {
        if (story->instances[i].price_nanos > 0)
            return true;
    }
    return false;
}

void track_price(const struct story *story, struct series *series)
{
    for (int i = 0; i < story->n_instances; i++) {
        int64_t from_usec, to_usec;
        if (cost_span(story, &story->instances[i], &from_usec, &to_usec))
            series_add(series, from_usec, to_usec, story->instances[i].price_nanos);
    }
    series_close(series, track_end_usec(story));
    series->absolute = true;
}

/* Requests ----------------------------------------------------------------------------------------- */

const struct target_group_metrics *track_requests(const struct story_fact *fact,
                                                  int32_t target_group)
{
    const struct observe *observe = &fact->message.as.observe;
    if (fact->message.kind != MESSAGE_OBSERVE)
        return NULL;
    for (int i = 0; i < observe->n_target_groups; i++) {
        if (observe->target_groups[i].target_group == target_group)
            return &observe->target_groups[i];
    }
    return NULL;
}

int64_t track_latency_usec(const struct target_group_metrics *metrics, int permille)
{
    int64_t all = 0, passed = 0;
    for (int i = 0; i < metrics->n_latency; i++)
        all += metrics->latency[i].count;
    for (int i = 0; i < metrics->n_latency; i++) {
        passed += metrics->latency[i].count;
        if (passed * 1000 >= all * permille)
            return metrics->latency[i].upto_usec;
    }
    return -1;
}

int64_t track_period_usec(const struct story_fact *fact)
{
    int64_t from_usec = fact->at_usec - fact->message.as.observe.period_usec;
    return from_usec > 0 ? from_usec : 0;
}

void track_slowest(const struct story *story, struct series *series)
{
    for (int i = 0; i < story->n_facts; i++) {
        const struct story_fact *fact = &story->facts[i];
        int64_t slowest_usec = 0;
        for (int g = 0;
             fact->message.kind == MESSAGE_OBSERVE && g < fact->message.as.observe.n_target_groups;
             g++) {
            int64_t usec = track_latency_usec(&fact->message.as.observe.target_groups[g], 950);
            slowest_usec = usec > slowest_usec ? usec : slowest_usec;
        }
        if (slowest_usec > 0)
            series_add(series, track_period_usec(fact), fact->at_usec, slowest_usec);
    }
    series_close(series, track_end_usec(story));
    series->absolute = true;
}
