/*
 * In which part of its life a task or a container of a run is at a moment, in the few words that a
 * picture has room for. Everything that draws or compares runs asks here. It must never know how
 * the answer is shown.
 */
#ifndef BERTH_VIZ_LIFE_H
#define BERTH_VIZ_LIFE_H

#include "file/story.h"

enum life {
    LIFE_WAITING, /* accepted, not placed */
    LIFE_PENDING, /* placed, not running yet */
    LIFE_RUNNING,
    LIFE_STOPPING,
    LIFE_DONE, /* stopped as intended: exit code 0, or told to */
    LIFE_FAILED,
    LIVES,
};

/* "pending", "running", ... */
extern const char *const life_names[];

/* Whether the task's end (if it has come) was nobody's wish: it could not start, an essential
 * container exited with another code than 0 or ran out of memory, or its instance was lost. */
bool life_task_fails(const struct story *story, int32_t task);

enum life life_task(const struct story *story, int32_t task, int64_t at_usec);
enum life life_container(const struct story_container *container, int64_t at_usec);

/* "pulling", "created", "ready": what a container does at a moment. */
const char *life_phase(const struct story_container *container, int64_t at_usec);

/* The phase of the container of a task that is furthest behind; "sent" before its agent knew of
 * it. */
const char *life_task_phase(const struct story_task *task, int64_t at_usec);

/* Its task definition; NULL for a task of which the log tells nothing but its number. */
const struct task_definition *life_definition(const struct story *story, int32_t task);

#endif
