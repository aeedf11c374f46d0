/*
 * Tiles are columns' first-fit intervals: a task takes one column (or several, when it is large) at
 * the lowest height that nobody holds during its life. Places never change, so a box whose tasks
 * come and go in odd sizes may need more height than there is; then the whole box is drawn smaller,
 * once and for all. It must never know the moment that is looked at.
 */
#include "viz/scene_place.h"

#include "core/array.h"
#include "viz/scene_pile.h"

#include <assert.h>
#include <stdlib.h>

#define COLUMNS_MAX 64

/* From so many tiles on their number is seen less than their shape. */
#define MANY 11

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
    for (int32_t i = 0; i < story->instances[instance].n_definitions; i++) {
        const struct task_definition *definition = taskdefs_get(&story->taskdefs, i);
        if (definition->revision != 1)
            continue;
        shares += share_of(&story->instances[instance], definition);
        n++;
    }
    return n > 0 ? (int32_t)(shares / n) : 0;
}

static int fitting(int32_t share, int columns)
{
    return (int)((SCENE_WHOLE + SLACK) / ((int64_t)share * columns)) * columns;
}

/* A tile's text wants it about three times as wide as high: width / height is WHOLE / columns / height. */
static int64_t shape_percent(int32_t share, int columns)
{
    return (int64_t)SCENE_WHOLE * 100 / columns / ((int64_t)share * columns);
}

/* So that at least so many fit, in the best shape. */
static int shaped(int32_t share, int least)
{
    int best = 1;
    int64_t best_distance = INT64_MAX;
    for (int columns = 1; columns <= COLUMNS_MAX; columns++) {
        int64_t shape = shape_percent(share, columns);
        int64_t distance = shape > 300 ? shape - 300 : (300 - shape) * 2;
        /* In an upright sliver nothing can be read. */
        if (columns > 1 && shape < 100)
            break;
        if (fitting(share, columns) >= least && distance < best_distance) {
            best = columns;
            best_distance = distance;
        }
    }
    return best;
}

int scene_columns(int32_t share)
{
    assert(share > 0);
    int most = fitting(share, 1), best = shaped(share, most);
    /* A large prime number of them are thin lines. Where they do not fill the box anyway, one fewer does
     * little harm. */
    if (best == 1 && most >= MANY && (int64_t)most * share < SCENE_WHOLE - SLACK)
        best = shaped(share, most - 1);
    return best;
}

/* A box being filled; tasks are told by their position in the order of placement. */
struct filling {
    const struct story *story;
    const int32_t *tasks;
    struct scene_slot *slots;
    struct piles piles;
    struct pile_tile *tiles;
    int32_t *leaving; /* those of now that stop, a heap: the first to do so on top */
    int n_leaving, cap_leaving;
};

static int64_t stops_usec(const struct filling *filling, int at)
{
    return filling->story->tasks[filling->tasks[filling->leaving[at]]].stopped_at_usec;
}

static void swap(int32_t *a, int32_t *b)
{
    int32_t task = *a;
    *a = *b;
    *b = task;
}

static void add_leaving(struct filling *filling, int32_t id)
{
    *ARRAY_ADD(filling, leaving) = id;
    for (int i = filling->n_leaving - 1;
         i > 0 && stops_usec(filling, i) < stops_usec(filling, (i - 1) / 2); i = (i - 1) / 2)
        swap(&filling->leaving[i], &filling->leaving[(i - 1) / 2]);
}

static int32_t pop_leaving(struct filling *filling)
{
    int32_t first = filling->leaving[0];
    filling->leaving[0] = filling->leaving[--filling->n_leaving];
    for (int i = 0, child = 1; child < filling->n_leaving; i = child, child = 2 * i + 1) {
        if (child + 1 < filling->n_leaving &&
            stops_usec(filling, child + 1) < stops_usec(filling, child))
            child++;
        if (stops_usec(filling, child) >= stops_usec(filling, i))
            break;
        swap(&filling->leaving[i], &filling->leaving[child]);
    }
    return first;
}

/* Tasks that have stopped by now leave only their trace. */
static void leave(struct filling *filling, int64_t now_usec)
{
    while (filling->n_leaving > 0 && stops_usec(filling, 0) <= now_usec)
        piles_leave(&filling->piles, &filling->tiles[pop_leaving(filling)]);
}

static void cover(struct filling *filling, const struct pile_tile *tile, int64_t now_usec)
{
    int32_t covered;
    while ((covered = piles_trace(&filling->piles, tile)) >= 0) {
        filling->slots[filling->tasks[covered]].covered_at_usec = now_usec;
        piles_forget(&filling->piles, &filling->tiles[covered]);
    }
}

static struct pile_tile find_place(struct filling *filling, int32_t id)
{
    int columns = filling->piles.n_columns;
    int64_t height = (int64_t)scene_share(filling->story, filling->tasks[id]) * columns;
    int span = (int)((height + SCENE_WHOLE - 1) / SCENE_WHOLE);
    struct pile_tile best = {0};
    for (int at = 0; at + span <= columns; at++) {
        struct pile_tile tile = {at, span, 0, (int32_t)(height / span), id};
        tile.y = piles_lowest(&filling->piles, &tile);
        if (best.span == 0 || tile.y + tile.height < best.y + best.height)
            best = tile;
        if (best.y + best.height <= SCENE_WHOLE + SLACK)
            break;
    }
    return best;
}

static void place(struct filling *filling, int32_t id)
{
    const struct story_task *task = &filling->story->tasks[filling->tasks[id]];
    leave(filling, task->placed_at_usec);
    struct pile_tile tile = filling->tiles[id] = find_place(filling, id);
    cover(filling, &tile, task->placed_at_usec);
    piles_put(&filling->piles, &tile);
    if (task->stopped_at_usec != USEC_NEVER)
        add_leaving(filling, id);
}

void scene_place(const struct story *story, const int32_t *tasks, int n_tasks, int32_t share,
                 struct scene_slot *slots)
{
    struct filling filling = {.story = story, .tasks = tasks, .slots = slots};
    int64_t top = SCENE_WHOLE;
    filling.tiles = calloc((size_t)n_tasks + 1, sizeof *filling.tiles);
    piles_init(&filling.piles, scene_columns(share));
    for (int32_t i = 0; i < n_tasks; i++) {
        const struct pile_tile *tile = &filling.tiles[i];
        slots[tasks[i]].covered_at_usec = USEC_NEVER;
        place(&filling, i);
        top = tile->y + tile->height > top ? tile->y + tile->height : top;
    }
    int32_t column = SCENE_WHOLE / filling.piles.n_columns;
    for (int i = 0; i < n_tasks; i++) {
        const struct pile_tile *tile = &filling.tiles[i];
        struct scene_slot *slot = &slots[tasks[i]];
        slot->x = tile->column * column;
        slot->width = tile->span * column;
        slot->y = (int32_t)(tile->y * SCENE_WHOLE / top);
        slot->height = (int32_t)(tile->height * (int64_t)SCENE_WHOLE / top);
    }
    piles_finish(&filling.piles);
    free(filling.tiles);
    free(filling.leaving);
}
