/*
 * Where in its instance's box each task lies: tiles as large as what they reserve, each at one
 * place for its whole life, the lowest that is free when it comes. It must never know the
 * moment that is looked at.
 */
#ifndef BERTH_VIZ_SCENE_PLACE_H
#define BERTH_VIZ_SCENE_PLACE_H

#include "viz/scene_index.h"

/* What a task takes of an instance, in millionths: the larger of its share of CPU and of memory. */
int32_t scene_share(const struct story *story, int32_t task);

/* That of some tasks in the mean. */
int32_t scene_mean_share(const struct story *story, const int32_t *tasks, int n_tasks);

/* That of the task definitions that were registered before the instance was launched, in their first revisions: it is
 * known before any task is, and stays. 0: there were none. */
int32_t scene_expected_share(const struct story *story, int32_t instance);

/* Into how many columns a box is divided whose tasks take `share` each: as many tiles as fit fit,
 * and they are wide enough for a name. */
int scene_columns(int32_t share);

/* Places the tasks of one instance, given in order of their placement, in columns for those that take `share`. */
void scene_place(const struct story *story, const int32_t *tasks, int n_tasks, int32_t share,
                 struct scene_slot *slots);

#endif
