/*
 * Integers all the way. It must never know pixels or words.
 */
#include "viz/scene_use.h"

#include "core/array.h"

#include <stdlib.h>

void scene_use_init(struct scene_observed *observed, const struct story *story)
{
    *observed = (struct scene_observed){0};
    for (int i = 0; i < story->n_facts; i++) {
        if (story->facts[i].message.kind == MESSAGE_OBSERVE)
            *ARRAY_ADD(observed, list) = i;
    }
}

void scene_use_finish(struct scene_observed *observed)
{
    free(observed->list);
    *observed = (struct scene_observed){0};
}

static const struct story_fact *latest(const struct scene_observed *observed,
                                       const struct story *story, int64_t at_usec)
{
    int low = 0, high = observed->n_list;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (story->facts[observed->list[middle]].at_usec <= at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &story->facts[observed->list[low - 1]] : NULL;
}

static const struct service_metrics *metrics_of(const struct observe *observe,
                                                const struct story_task *task)
{
    for (int i = 0; i < observe->n_services; i++) {
        if (observe->services[i].service == task->service &&
            observe->services[i].taskdef == task->taskdef)
            return &observe->services[i];
    }
    return NULL;
}

/* `part` of `whole` in thousandths; the product of CPU time and units needs more than 64 bits. */
static int32_t thousandths(__int128 part, __int128 whole)
{
    if (whole <= 0 || part < 0)
        return ID_NONE;
    __int128 share = part * 1000 / whole;
    return share > 100000 ? 100000 : (int32_t)share;
}

struct scene_use scene_use(const struct scene_observed *observed, const struct story *story,
                           int32_t task, int64_t at_usec)
{
    static const struct scene_use nothing = {ID_NONE, ID_NONE};
    const struct story_task *row = &story->tasks[task];
    const struct story_fact *fact = latest(observed, story, at_usec);
    const struct task_definition *definition = story_definition(story, row->taskdef);
    if (!fact || !definition || row->service == ID_NONE || row->running_at_usec > fact->at_usec)
        return nothing;
    const struct observe *observe = &fact->message.as.observe;
    if (at_usec - fact->at_usec >= 2 * observe->period_usec)
        return nothing;
    const struct service_metrics *metrics = metrics_of(observe, row);
    if (!metrics || metrics->n_tasks < 1)
        return nothing;
    return (struct scene_use){
        .cpu = thousandths((__int128)metrics->cpu_usec * 1024,
                           (__int128)metrics->running_usec * taskdef_cpu(definition)),
        .memory = thousandths(metrics->memory_bytes, (__int128)metrics->n_tasks *
                                                         taskdef_memory_mib(definition) * 1048576),
    };
}
