/*
 * Placement without looking at every instance. Each kind of question (strategy, constraints, host
 * ports, task group) has a lane: the instances that may be the answer, in the order in which the
 * strategy prefers them, by classes of equal attribute values. The cluster notes which instances
 * changed; a lane catches up with the notes when it is asked. Gives the same instance and the same
 * deciding rule as the plain way in place.c, only sooner.
 */
#ifndef BERTH_CORE_PLACE_INDEX_H
#define BERTH_CORE_PLACE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cluster;
struct place_index;

struct place_index *place_index_create(void);
void place_index_destroy(struct place_index *index);

/* Something about the instance changed; `delta` more tasks of `task_group` are meant to run on it. */
void place_index_note(struct place_index *index, int32_t instance, int32_t task_group,
                      int32_t delta);

/* The request's strategy or constraints have changed. */
void place_index_forget(struct place_index *index, int32_t request);

/* Something about the instance will be noted: has memory bring what the lane asked last knows of it. */
void place_index_fetch(const struct place_index *index, int32_t instance);

/* The instance for one more task and the rule that decided (as in struct place_task); ID_NONE where
 * none takes it. False where the plain way is the better one: the cluster is small, the lanes are
 * used up, or a strategy is an own one. */
bool place_index_find(const struct cluster *cluster, int request, int taskdef, int task,
                      int32_t *instance, int32_t *rule);

/* Compares every lane with one built anew; where one does not agree, `detail` says what. */
bool place_index_check(const struct cluster *cluster, char *detail, size_t size);

#endif
