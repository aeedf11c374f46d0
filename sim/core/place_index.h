/*
 * Placement without looking at every instance. Each kind of question (strategy, constraints, host
 * ports, task group) has a lane: the instances that may be the answer, in the order in which the
 * strategy prefers them, by classes of equal attribute values. The cluster notes which instances
 * changed; a lane catches up with the notes when it is asked. Gives the same instance and the same
 * deciding rule as the plain way in place.c, only sooner.
 */
#ifndef BERTH_CORE_PLACE_INDEX_H
#define BERTH_CORE_PLACE_INDEX_H

#include "core/names.h"
#include "core/unit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cluster;
struct lane;
struct placement;

#define PLACE_NOTES 16384 /* a lane further behind is built anew */

struct place_note {
    int32_t instance, request, delta;
};

/* Which lane answers for a request and a definition. */
struct place_route {
    int32_t taskdef;
    int32_t signature; /* ID_NONE: none can */
};

/* For place_index.c and the notes below. */
struct place_index {
    int n_lanes, cap_lanes;
    struct lane **lanes;
    int64_t n_notes;
    int64_t n_seen; /* by the lane that is furthest */
    int64_t turn;
    struct lane **lane_of; /* by signature; NULL: none is built */
    int n_lane_of, cap_lane_of;
    int n_routes, cap_routes;
    struct place_route *routes; /* by request */
    struct names signatures;
    struct place_note notes[PLACE_NOTES];
};

struct place_index *place_index_create(void);
void place_index_destroy(struct place_index *index);

/* Something about the instance changed; `delta` more tasks of `request` are meant to run on it. */
static inline void place_index_note(struct place_index *index, int32_t instance, int32_t request,
                                    int32_t delta)
{
    if (index->n_lanes == 0)
        return;
    /* What no lane has seen yet covers what happened since, unless something is to be counted. */
    if (delta == 0 && index->n_seen < index->n_notes &&
        index->notes[(uint64_t)(index->n_notes - 1) % PLACE_NOTES].instance == instance)
        return;
    index->notes[(uint64_t)index->n_notes++ % PLACE_NOTES] =
        (struct place_note){instance, request, delta};
}

/* The request's strategy or constraints have changed. */
void place_index_forget(struct place_index *index, int32_t request);

/* As place_task(). PLACE_PLAINLY where the plain way is the better one: the cluster is small, the lanes are used up, or
 * a strategy is an own one. */
#define PLACE_PLAINLY (-2) /* in place of an instance */
struct placement place_index_find(const struct cluster *cluster, int request, int taskdef,
                                  int task);

/* Compares every lane with one built anew; where one does not agree, `detail` says what. */
bool place_index_check(const struct cluster *cluster, char *detail, size_t size);

#endif
