/*
 * Going through the things of a picture by keyboard: one after the other, to the next one in a direction, from match
 * to match. It must never know a window, nor which keys ask for that.
 */
#include "viz/stage_things.h"

#include "viz/camera.h"

#include <limits.h>
#include <stdlib.h>

static bool same(const struct layout_pick *a, const struct layout_pick *b)
{
    return a->thing == b->thing && a->scene == b->scene && a->id == b->id;
}

int stage_things_place(const struct stage *stage, const struct layout_pick *pick)
{
    for (int i = 0; i < stage->layout.n_places; i++) {
        if (same(&stage->layout.places[i].pick, pick))
            return i;
    }
    return -1;
}

/* A place in the order in which Tab goes through them: instance by instance, each before its tasks, then what
 * waits. */
struct stop {
    int scene, position, rank, at;
};

static int by_order(const void *a, const void *b)
{
    const struct stop *left = a, *right = b;
    if (left->scene != right->scene)
        return left->scene < right->scene ? -1 : 1;
    if (left->position != right->position)
        return left->position < right->position ? -1 : 1;
    if (left->rank != right->rank)
        return left->rank < right->rank ? -1 : 1;
    return left->at < right->at ? -1 : left->at > right->at;
}

static struct stop stop_of(const struct stage *stage, int at)
{
    const struct layout_pick *pick = &stage->layout.places[at].pick;
    const struct scene_index *index = stage->scenes[pick->scene]->index;
    struct stop stop = {pick->scene, INT_MAX, 0, at};
    int32_t instance = pick->thing == LAYOUT_INSTANCE ? pick->id
                       : pick->thing == LAYOUT_TASK   ? index->story->tasks[pick->id].instance
                                                      : ID_NONE;
    if (instance >= 0 && instance < index->story->n_instances)
        stop.position = index->position[instance];
    stop.rank = pick->thing == LAYOUT_TASK ? pick->id + 1 : 0;
    return stop;
}

void stage_things_next(struct stage *stage, int direction)
{
    int n = stage->layout.n_places, focused = stage_things_place(stage, &stage->look.focus),
        at = -1;
    struct stop *stops = calloc((size_t)n + 1, sizeof *stops);
    for (int i = 0; i < n; i++)
        stops[i] = stop_of(stage, i);
    qsort(stops, (size_t)n, sizeof *stops, by_order);
    for (int i = 0; i < n && focused >= 0; i++)
        at = stops[i].at == focused ? i : at;
    if (at < 0)
        at = direction > 0 ? n - 1 : 0;
    if (n > 0)
        stage->look.focus = stage->layout.places[stops[(at + direction + n) % n].at].pick;
    free(stops);
}

/* How far a place lies in a direction: sideways counts double. -1: it does not. */
static int64_t distance(struct shape_rect from, struct shape_rect to, int right, int down)
{
    int64_t x = (2 * to.x + to.width) - (2 * from.x + from.width);
    int64_t y = (2 * to.y + to.height) - (2 * from.y + from.height);
    int64_t ahead = right ? x * right : y * down, aside = right ? y : x;
    return ahead <= 0 ? -1 : ahead * ahead + 4 * aside * aside;
}

void stage_things_near(struct stage *stage, int right, int down)
{
    int at = stage_things_place(stage, &stage->look.focus), best = -1;
    int64_t least = 0;
    if (at < 0) {
        stage_things_next(stage, 1);
        return;
    }
    for (int i = 0; i < stage->layout.n_places; i++) {
        const struct layout_place *place = &stage->layout.places[i];
        int64_t far = distance(stage->layout.places[at].rect, place->rect, right, down);
        /* Of one kind: tasks lie inside instances. */
        if (place->pick.thing == stage->look.focus.thing && far >= 0 && (best < 0 || far < least)) {
            best = i;
            least = far;
        }
    }
    if (best >= 0)
        stage->look.focus = stage->layout.places[best].pick;
}

/* Moves the camera until the thing can be seen. Where it stands when everything fits tells where it is; a tile too
 * small for that stands for its instance. */
static void show(struct stage *stage, const struct layout_pick *pick)
{
    stage_draw(stage);
    if (stage_things_place(stage, pick) >= 0)
        return;
    struct layout_camera camera = camera_bounded(stage->look.camera);
    struct layout_pick shown = *pick;
    stage->look.camera = (struct layout_camera){0};
    stage_draw(stage);
    int at = stage_things_place(stage, &shown);
    if (at < 0 && shown.thing == LAYOUT_TASK) {
        shown.thing = LAYOUT_INSTANCE;
        shown.id = stage->scenes[pick->scene]->index->story->tasks[pick->id].instance;
        at = stage_things_place(stage, &shown);
    }
    struct shape_rect area = stage->layout.boxes[pick->scene];
    if (at >= 0) {
        struct shape_rect rect = stage->layout.places[at].rect;
        int x = rect.x + rect.width / 2, y = rect.y + rect.height / 2;
        stage->look.camera = camera_centred(stage->look.camera, area, rect);
        stage->look.camera = camera_zoomed(stage->look.camera, area, camera.zoom_thousandths, x, y);
        stage_draw(stage);
        at = stage_things_place(stage, &shown);
        if (at >= 0)
            stage->look.camera =
                camera_centred(stage->look.camera, area, stage->layout.places[at].rect);
    } else {
        stage->look.camera = camera;
    }
    stage_draw(stage);
}

/* All things that match, in order: tasks of the first run, its instances, then the second's. */
static bool match_at(const struct stage *stage, int at, struct layout_pick *pick)
{
    for (int i = 0; i < stage->n_scenes; i++) {
        const struct story *story = stage->scenes[i]->index->story;
        if (at < story->n_tasks) {
            *pick = (struct layout_pick){LAYOUT_TASK, i, at};
            return stage->filters[i].tasks[at] &&
                   story->tasks[at].placed_at_usec <= stage->clock.at_usec;
        }
        at -= story->n_tasks;
        if (at < story->n_instances) {
            *pick = (struct layout_pick){LAYOUT_INSTANCE, i, at};
            return stage->filters[i].instances[at] && stage->filters[i].n_tasks == 0;
        }
        at -= story->n_instances;
    }
    return false;
}

static int match_position(const struct stage *stage, const struct layout_pick *pick)
{
    int at = 0;
    for (int i = 0; i < pick->scene; i++)
        at += stage->scenes[i]->index->story->n_tasks + stage->scenes[i]->index->story->n_instances;
    if (pick->thing == LAYOUT_INSTANCE)
        at += stage->scenes[pick->scene]->index->story->n_tasks;
    return pick->thing == LAYOUT_NOTHING ? -1 : at + pick->id;
}

void stage_things_match(struct stage *stage, int direction)
{
    int all = 0;
    stage_draw(stage);
    if (!stage->filtered)
        return;
    for (int i = 0; i < stage->n_scenes; i++)
        all +=
            stage->scenes[i]->index->story->n_tasks + stage->scenes[i]->index->story->n_instances;
    int at = match_position(stage, &stage->look.focus);
    if (at < 0 && direction < 0)
        at = 0;
    for (int i = 0; i < all; i++) {
        struct layout_pick pick;
        at = (at + direction + all) % all;
        if (match_at(stage, at, &pick)) {
            stage->look.focus = pick;
            show(stage, &pick);
            return;
        }
    }
}

void stage_things_pin(struct stage *stage, const struct layout_pick *pick)
{
    if (same(&stage->look.pinned, pick))
        stage->look.pinned = (struct layout_pick){0};
    else
        stage->look.pinned = *pick;
}

void stage_things_pin_focus(struct stage *stage)
{
    const struct layout_place *place =
        layout_place_at(&stage->layout, stage->pointer_x, stage->pointer_y);
    if (stage->look.focus.thing != LAYOUT_NOTHING)
        stage_things_pin(stage, &stage->look.focus);
    else if (place)
        stage_things_pin(stage, &place->pick);
}
