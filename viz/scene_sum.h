/*
 * What every instance's tasks are doing, added up: kept up to date from change to change, and kept
 * whole at checkpoints, so that any moment is near one. It must never know pixels or names.
 */
#ifndef BERTH_VIZ_SCENE_SUM_H
#define BERTH_VIZ_SCENE_SUM_H

#include "file/story.h"
#include "viz/life.h"

/* Tasks of one instance, or of all. A trace that another task has covered counts no more. */
struct scene_sum {
    int32_t n[LIVES];
    int64_t cpu, memory_mib; /* reserved by those that are not stopped */
};

/* A task's life goes on: LIFE_WAITING stands for not being on an instance, before and after. */
struct scene_change {
    int64_t at_usec;
    int32_t task;
    uint8_t from, to;
};

struct scene_changes {
    const struct story *story;
    struct scene_change *list; /* in order of time */
    int n_list, cap_list;
    struct scene_sum *checkpoints; /* before change 0, `step`, 2 * `step`, ...: n_sums each */
    int n_checkpoints, step;
    int n_sums; /* one per instance, and that of all */
};

/* A moment's sums. */
struct scene_sums {
    struct scene_sum *sums; /* by instance; the last: of all */
    int at;                 /* so many changes have happened */
};

/* Adds the changes of a placed task, whose place another takes at `covered_at_usec`. */
void scene_sum_add_task(struct scene_changes *changes, const struct story *story, int32_t task,
                        int64_t covered_at_usec);

/* Once all are added. */
void scene_sum_close(struct scene_changes *changes, const struct story *story);
void scene_sum_finish(struct scene_changes *changes);

/* Starts before everything. */
void scene_sum_init(struct scene_sums *sums, const struct scene_changes *changes);

/* Goes to a moment, by the shortest way. */
void scene_sum_move(struct scene_sums *sums, const struct scene_changes *changes, int64_t at_usec);

#endif
