/*
 * Tiles are columns' first-fit intervals: a task takes one column (or several, when it is large) at
 * the lowest height that nobody holds during its life. Places never change, so a box whose tasks
 * come and go in odd sizes may need more height than there is; then the whole box is drawn smaller,
 * once and for all. It must never know the moment that is looked at.
 */
#include "viz/scene_place.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

#define COLUMNS_MAX 64

/* Rounding loses at most this much in a column. */
#define SLACK 1000

static int32_t share_of(const struct story_instance *host, const struct task_definition *definition)
{
    int64_t cpu = host->cpu > 0 ? (int64_t)taskdef_cpu(definition) * SCENE_WHOLE / host->cpu : 0;
    int64_t memory = host->memory_mib > 0
                         ? (int64_t)taskdef_memory_mib(definition) * SCENE_WHOLE / host->memory_mib
                         : 0;
    int64_t share = cpu > memory ? cpu : memory;
    /* A task that reserves next to nothing is still there to be seen. */
    if (share < SCENE_WHOLE / 100)
        share = SCENE_WHOLE / 100;
    return share > SCENE_WHOLE ? SCENE_WHOLE : (int32_t)share;
}

int32_t scene_share(const struct story *story, int32_t task)
{
    const struct story_task *row = &story->tasks[task];
    return share_of(&story->instances[row->instance], taskdefs_get(&story->taskdefs, row->taskdef));
}

int32_t scene_mean_share(const struct story *story, const int32_t *tasks, int n_tasks)
{
    int64_t shares = 0;
    for (int i = 0; i < n_tasks; i++)
        shares += scene_share(story, tasks[i]);
    return n_tasks > 0 ? (int32_t)(shares / n_tasks) : SCENE_WHOLE;
}

int32_t scene_expected_share(const struct story *story, int32_t instance)
{
    int64_t shares = 0;
    int n = 0;
    for (int32_t i = 0; i < story->taskdefs.n_definitions; i++) {
        const struct task_definition *definition = taskdefs_get(&story->taskdefs, i);
        if (definition->revision != 1)
            continue;
        shares += share_of(&story->instances[instance], definition);
        n++;
    }
    return n > 0 ? (int32_t)(shares / n) : SCENE_WHOLE;
}

int scene_columns(int32_t share)
{
    assert(share > 0);
    int best = 1, best_fit = 0, best_shape = 0;
    for (int columns = 1; columns <= COLUMNS_MAX; columns++) {
        int64_t height = (int64_t)share * columns;
        if (height > SCENE_WHOLE)
            break;
        int fit = (int)((SCENE_WHOLE + SLACK) / height) * columns;
        /* A tile's text wants it about three times as wide as high: width / height is
         * WHOLE / columns / height, its distance from three counts either way. */
        int64_t shape = (int64_t)SCENE_WHOLE * 100 / columns / height;
        int distance = (int)(shape > 300 ? shape - 300 : (300 - shape) * 2);
        if (fit > best_fit || (fit == best_fit && distance < best_shape)) {
            best = columns;
            best_fit = fit;
            best_shape = distance;
        }
    }
    return best;
}

/* A box being filled: its tasks of now, and the stopped ones whose place nobody has taken. */
struct shelf {
    const struct story *story;
    struct scene_slot *slots;
    int columns;
    int32_t *live;
    int n_live, cap_live;
    int32_t *traces;
    int n_traces, cap_traces;
};

static bool overlap(const struct scene_slot *a, const struct scene_slot *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* The lowest height at which the slot meets no task of now. */
static void drop(const struct shelf *shelf, struct scene_slot *slot)
{
    slot->y = 0;
    for (int i = 0; i < shelf->n_live; i++) {
        const struct scene_slot *other = &shelf->slots[shelf->live[i]];
        if (overlap(slot, other)) {
            slot->y = other->y + other->height;
            i = -1; /* higher up it may meet one that was passed before */
        }
    }
}

/* Tasks that have stopped by now leave only their trace. */
static void leave(struct shelf *shelf, int64_t now_usec)
{
    int kept = 0;
    for (int i = 0; i < shelf->n_live; i++) {
        if (shelf->story->tasks[shelf->live[i]].stopped_at_usec > now_usec)
            shelf->live[kept++] = shelf->live[i];
        else
            *ARRAY_ADD(shelf, traces) = shelf->live[i];
    }
    shelf->n_live = kept;
}

static void cover(struct shelf *shelf, const struct scene_slot *slot, int64_t now_usec)
{
    int kept = 0;
    for (int i = 0; i < shelf->n_traces; i++) {
        struct scene_slot *trace = &shelf->slots[shelf->traces[i]];
        if (overlap(slot, trace))
            trace->covered_at_usec = now_usec;
        else
            shelf->traces[kept++] = shelf->traces[i];
    }
    shelf->n_traces = kept;
}

static struct scene_slot find_slot(const struct shelf *shelf, int32_t task)
{
    int64_t height = (int64_t)scene_share(shelf->story, task) * shelf->columns;
    int span = (int)((height + SCENE_WHOLE - 1) / SCENE_WHOLE);
    int32_t column = SCENE_WHOLE / shelf->columns;
    struct scene_slot best = {0};
    for (int at = 0; at + span <= shelf->columns; at++) {
        struct scene_slot slot = {at * column, 0, span * column, (int32_t)(height / span),
                                  USEC_NEVER};
        drop(shelf, &slot);
        if (best.width == 0 || slot.y + slot.height < best.y + best.height)
            best = slot;
        if (best.y + best.height <= SCENE_WHOLE + SLACK)
            break;
    }
    return best;
}

void scene_place(const struct story *story, const int32_t *tasks, int n_tasks, int32_t share,
                 struct scene_slot *slots)
{
    struct shelf shelf = {.story = story, .slots = slots, .columns = scene_columns(share)};
    int32_t top = 0;
    for (int i = 0; i < n_tasks; i++) {
        int64_t now_usec = story->tasks[tasks[i]].placed_at_usec;
        leave(&shelf, now_usec);
        struct scene_slot *slot = &slots[tasks[i]];
        *slot = find_slot(&shelf, tasks[i]);
        cover(&shelf, slot, now_usec);
        *ARRAY_ADD(&shelf, live) = tasks[i];
        if (slot->y + slot->height > top)
            top = slot->y + slot->height;
    }
    free(shelf.live);
    free(shelf.traces);
    if (top <= SCENE_WHOLE)
        return;
    for (int i = 0; i < n_tasks; i++) {
        struct scene_slot *slot = &slots[tasks[i]];
        slot->y = (int32_t)((int64_t)slot->y * SCENE_WHOLE / top);
        slot->height = (int32_t)((int64_t)slot->height * SCENE_WHOLE / top);
    }
}
