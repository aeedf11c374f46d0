/*
 * What the parts of the story share: its things by their number, and who takes which of a log's records,
 * the scheduler's (story_scheduler.c), the agents' (story_agents.c), and of both what most tasks never have
 * (story_turns.c). Only story*.c include this.
 */
#ifndef BERTH_FILE_STORY_PARTS_H
#define BERTH_FILE_STORY_PARTS_H

#include "file/story.h"

/* Things by their number, NULL where nobody spoke of them. */
static inline struct story_task *story_task_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_tasks ? &story->tasks[id] : NULL;
}

static inline struct story_instance *story_instance_of(struct story *story, int32_t id)
{
    return id >= 0 && id < story->n_instances ? &story->instances[id] : NULL;
}

static inline struct story_container *story_container_of(struct story *story, int32_t task_id,
                                                         int32_t container)
{
    struct story_task *task = story_task_of(story, task_id);

    return task && container >= 0 && container < task->n_containers ? &task->containers[container]
                                                                    : NULL;
}

/* The first time counts. */
static inline void story_once(int64_t *at_usec, int64_t now_usec)
{
    if (*at_usec == USEC_NEVER)
        *at_usec = now_usec;
}

/* story_scheduler.c */
/* Takes what the scheduler heard, then what it decided. */
void story_scheduler_add(struct story *story, const struct record *record);

/* story_agents.c */
/* Takes what an agent heard, then what it did. */
void story_agents_add(struct story *story, const struct record *record);

/* story_turns.c */
/* Takes what it can use of the next record, after the rest of the story has. */
void story_turns_add(struct story *story, const struct record *record);

#endif
