/*
 * What tasks use of what they reserve, as far as the run has observed it: services are observed once a
 * period, each of its tasks is taken to use the same. It must never know pixels or words.
 */
#ifndef BERTH_VIZ_SCENE_USE_H
#define BERTH_VIZ_SCENE_USE_H

#include "file/story.h"

/* In thousandths of the reservation; ID_NONE: nobody knows. */
struct scene_use {
    int32_t cpu, memory;
};

struct scene_observed {
    int32_t *list; /* observations among the story's facts, in order of time */
    int n_list, cap_list;
};

void scene_use_init(struct scene_observed *observed, const struct story *story);
void scene_use_finish(struct scene_observed *observed);

/* What the latest observation before or at a moment says of a running task. One that is older than two
 * periods says nothing. */
struct scene_use scene_use(const struct scene_observed *observed, const struct story *story,
                           int32_t task, int64_t at_usec);

#endif
