/*
 * The parts of a task's time, from the moments of its containers. It must never know how bars are drawn.
 */
#include "viz/parts.h"

#include "viz/track.h"

#include <stddef.h>

const struct part_row parts_rows[PARTS] = {
    [PART_WAIT] = {"waiting for room", PAINT_WAIT},
    [PART_BOOT] = {"booting its machine", PAINT_MEMORY},
    [PART_PULL] = {"pulling", PAINT_PULL},
    [PART_START] = {"creating, starting", PAINT_CREATE},
    [PART_READY] = {"getting ready", PAINT_READY},
    [PART_RUN] = {"running", PAINT_RUNNING},
    [PART_STOP] = {"stopping", PAINT_STOPPING_STRIPE},
};

/* The latest of a moment over a task's containers; USEC_NEVER where one has not had it. */
static int64_t latest(const struct story_task *task, size_t offset)
{
    int64_t last_usec = 0;
    for (int i = 0; i < task->n_containers; i++) {
        int64_t at_usec = *(const int64_t *)((const char *)&task->containers[i] + offset);
        if (at_usec > last_usec)
            last_usec = at_usec;
    }
    return last_usec;
}

static int64_t earliest(const struct story_task *task, size_t offset)
{
    int64_t first_usec = USEC_NEVER;
    for (int i = 0; i < task->n_containers; i++) {
        int64_t at_usec = *(const int64_t *)((const char *)&task->containers[i] + offset);
        if (at_usec < first_usec)
            first_usec = at_usec;
    }
    return first_usec;
}

static bool is_modelled(const struct story_task *task, enum part part)
{
    for (int i = 0; i < task->n_containers; i++) {
        const struct story_container *row = &task->containers[i];
        if ((part == PART_PULL && row->pull_modelled) ||
            (part == PART_START && (row->create_modelled || row->start_modelled)) ||
            (part == PART_READY && row->ready_modelled) || (part == PART_RUN && row->exit_modelled))
            return true;
    }
    return false;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When it was told to stop, or stopped by itself. */
static int64_t stop_usec(const struct story_task *task)
{
    int64_t at_usec =
        least(task->stop_at_usec, earliest(task, offsetof(struct story_container, term_at_usec)));
    if (task->stop_code == STOP_ESSENTIAL_CONTAINER_EXITED)
        at_usec = least(at_usec, latest(task, offsetof(struct story_container, exited_at_usec)));
    return at_usec;
}

static void list_ends(const struct story_task *task, int64_t *ends)
{
    ends[PART_WAIT] = earliest(task, offsetof(struct story_container, pull_at_usec));
    ends[PART_BOOT] = ends[PART_WAIT];
    if (task->machine)
        ends[PART_WAIT] = task->machine->boot_at_usec;
    if (task->machine && ends[PART_BOOT] == USEC_NEVER)
        ends[PART_BOOT] = task->machine->booted_at_usec;
    ends[PART_PULL] = latest(task, offsetof(struct story_container, pulled_at_usec));
    ends[PART_START] = latest(task, offsetof(struct story_container, started_at_usec));
    ends[PART_READY] = latest(task, offsetof(struct story_container, ready_at_usec));
    ends[PART_RUN] = stop_usec(task);
    ends[PART_STOP] = task->stopped_at_usec;
    /* nothing is known of its containers */
    if (ends[PART_WAIT] == USEC_NEVER && task->running_at_usec != USEC_NEVER) {
        ends[PART_WAIT] = ends[PART_BOOT] = ends[PART_PULL] = task->placed_at_usec;
        ends[PART_START] = ends[PART_READY] = task->running_at_usec;
    }
}

int parts_of_task(const struct story *story, int32_t id, bool real, struct part_span *spans)
{
    const struct story_task *task = &story->tasks[id];
    int64_t end_usec = least(track_end_usec(story), task->stopped_at_usec);
    int64_t from_usec = task->accepted_at_usec, ends[PARTS];
    int n = 0;
    if (task->placed_at_usec > end_usec)
        return 0;
    list_ends(task, ends);
    for (int part = 0; part < PARTS; part++) {
        int64_t to_usec = least(ends[part], end_usec);
        if (part < PART_STOP)
            to_usec = least(to_usec, ends[PART_RUN]);
        if (to_usec <= from_usec)
            continue;
        spans[n++] = (struct part_span){(enum part)part, real && is_modelled(task, (enum part)part),
                                        from_usec, to_usec};
        from_usec = to_usec;
    }
    return n;
}
