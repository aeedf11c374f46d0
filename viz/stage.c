/*
 * Everything that is drawn comes from the look, the clock and the pointer; here is too what the pointer changes of
 * them. It must never know a window, a driver or the computer's clock.
 */
#include "viz/stage.h"

#include "viz/camera.h"
#include "viz/help.h"
#include "viz/scene_tell.h"
#include "viz/stage_camera.h"
#include "viz/stage_panel.h"
#include "viz/stage_things.h"
#include "viz/tip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points that a press may tremble and still be a click. */
#define TREMBLE 4

void stage_init(struct stage *stage, struct scene *const *scenes,
                struct chronicle *const *chronicles, const char *const *paths, int n_scenes,
                const struct stage_look *look, int64_t at_usec)
{
    const struct scene_index *indexes[LAYOUT_SCENES];
    *stage = (struct stage){
        .scenes = scenes,
        .chronicles = chronicles,
        .paths = paths,
        .n_scenes = n_scenes,
        .look = *look,
        .pointer_x = -1,
        .pointer_y = -1,
    };
    for (int i = 0; i < n_scenes; i++)
        indexes[i] = scenes[i]->index;
    clock_init(&stage->clock, indexes, n_scenes);
    clock_seek(&stage->clock, at_usec);
    stage_panel_init(stage);
}

void stage_finish(struct stage *stage)
{
    stage_panel_finish(stage);
    clock_finish(&stage->clock);
    layout_finish(&stage->layout);
    for (int i = 0; i < LAYOUT_SCENES; i++)
        filter_finish(&stage->filters[i]);
}

void stage_release_runs(struct stage *stage)
{
    stage_panel_release(stage);
}

void stage_take_runs(struct stage *stage)
{
    const struct scene_index *indexes[LAYOUT_SCENES];
    struct clock before = stage->clock;
    for (int i = 0; i < stage->n_scenes; i++)
        indexes[i] = stage->scenes[i]->index;
    clock_init(&stage->clock, indexes, stage->n_scenes);
    stage->clock.playing = before.playing;
    stage->clock.speed = before.speed;
    clock_seek(&stage->clock, before.at_usec >= before.length_usec ? USEC_NEVER : before.at_usec);
    clock_finish(&before);
    stage_panel_take(stage);
}

bool stage_advance(struct stage *stage, int64_t real_usec)
{
    bool moved = clock_advance(&stage->clock, real_usec);
    stage_panel_clamp(stage);
    return moved;
}

/* The picture -------------------------------------------------------------------------------------- */

static const char *filter_text(const struct stage *stage)
{
    return stage->prompt == STAGE_FILTER ? stage->typed : stage->look.filter;
}

static void filter_scenes(struct stage *stage, struct layout_view *view)
{
    stage->filtered = false;
    for (int i = 0; i < stage->n_scenes; i++) {
        if (!filter_apply(&stage->filters[i], stage->scenes[i], filter_text(stage)))
            continue;
        stage->filtered = true;
        view->filters[i].tasks = stage->filters[i].tasks;
        view->filters[i].instances = stage->filters[i].instances;
    }
}

/* A line in a box at the lower end of the boxes. */
static void add_line(struct stage *stage, const char *text, bool strong)
{
    struct shapes *shapes = &stage->layout.shapes;
    const struct shape_rect *area = &stage->layout.boxes[0];
    int size = stage->layout.sizes.normal, room = stage->look.width - area->x - 4;
    int wide = shape_letters(text) * shape_advance(size) + size;
    struct shape_rect box = {area->x, area->y + area->height - shape_line(size) - 6,
                             wide < room ? wide : room, shape_line(size) + 6};
    shapes_add(shapes, SHAPE_FILL, PAINT_TIP, box);
    shapes_add(shapes, SHAPE_FRAME, PAINT_INK, box);
    shapes_text(shapes, PAINT_INK, box.x + size / 2, box.y + 3, box.width - size, size, strong,
                text);
}

static void add_words(struct stage *stage)
{
    char text[FILTER_TEXT + 128];
    int tasks = 0, instances = 0;
    for (int i = 0; i < stage->n_scenes; i++) {
        tasks += stage->filters[i].n_tasks;
        instances += stage->filters[i].n_instances;
    }
    if (stage->said[0] != '\0') {
        add_line(stage, stage->said, false);
    } else if (stage->prompt == STAGE_TIME) {
        snprintf(text, sizeof text, "go to: %s\xE2\x96\x8F  12s, 1:30, 50%%, end, +5s",
                 stage->typed);
        add_line(stage, text, true);
    } else if (stage->prompt == STAGE_FILTER && !stage->filtered) {
        snprintf(text, sizeof text,
                 "/%s\xE2\x96\x8F  a family, task, instance, service, state, zone", stage->typed);
        add_line(stage, text, true);
    } else if (stage->filtered) {
        snprintf(text, sizeof text, "/%s%s  %d task%s, %d instance%s", filter_text(stage),
                 stage->prompt == STAGE_FILTER ? "\xE2\x96\x8F" : "", tasks, tasks == 1 ? "" : "s",
                 instances, instances == 1 ? "" : "s");
        add_line(stage, text, true);
    }
}

/* The run's first placement of this moment, and how many there are. */
static int32_t placed_now(const struct scene *scene, int32_t *first)
{
    const struct scene_index *index = scene->index;
    int32_t n = 0;
    for (int i = scene_tell_count(index, scene->at_usec) - 1;
         i >= 0 && index->events[i].at_usec == scene->at_usec; i--) {
        if (index->events[i].kind != SCENE_PLACED)
            continue;
        int32_t nth = index->story->tasks[index->events[i].id].nth_placed;
        *first = n == 0 || nth < *first ? nth : *first;
        n++;
    }
    return n;
}

/* Of several placements at this moment those that have not been stepped to are not seen yet: the first run's come
 * first. The last one seen is what has just happened. */
static void hold_placements(struct stage *stage)
{
    int32_t left = stage->clock.shown, all = clock_placed(&stage->clock);
    if (left >= all || stage->guess.state != GUESS_OFF)
        return;
    for (int i = 0; i < stage->n_scenes; i++) {
        struct scene *scene = stage->scenes[i];
        int32_t first = 0, n = placed_now(scene, &first), seen = n < left ? n : left;
        left -= seen;
        if (seen == n)
            continue;
        scene_hold(scene, first + seen);
        scene_tell_placement(scene->latest, sizeof scene->latest, scene->index, scene->at_usec,
                             first + seen - 1);
        snprintf(scene->latest + strlen(scene->latest),
                 sizeof scene->latest - strlen(scene->latest), "  (%d of %d placements now)",
                 (int)seen, (int)n);
    }
}

void stage_draw(struct stage *stage)
{
    char state[32], differences[160];
    struct layout_view view = {
        .width = stage->look.width,
        .height = stage->look.height,
        .length_usec = stage->clock.length_usec,
        .state = clock_tell(&stage->clock, state, sizeof state),
        .pointer_x = stage->pointer_x,
        .pointer_y = stage->pointer_y,
        .theme = stage->look.theme,
        .camera = stage->look.camera,
        .pinned = stage->look.pinned,
        .focus = stage->look.focus,
        .scale_percent = stage->look.scale_percent,
        .strips = stage->look.strips,
    };
    for (int i = 0; i < stage->n_scenes; i++) {
        scene_move(stage->scenes[i], stage->clock.at_usec);
        view.chronicles[i] = stage->chronicles[i];
    }
    hold_placements(stage);
    stage_panel_prepare(stage, &view, differences, sizeof differences);
    filter_scenes(stage, &view);
    stage->layout.shapes.density = stage->look.density;
    layout_make(&stage->layout, (const struct scene *const *)stage->scenes, stage->n_scenes, &view);
    stage_panel_draw(stage);
    tip_add(&stage->layout, (const struct scene *const *)stage->scenes, &view);
    add_words(stage);
    if (stage->help > 0 &&
        help_add(&stage->layout, view.width, view.height, stage->help - 1) < stage->help) {
        stage->help = 1; /* the window has grown meanwhile */
        help_add(&stage->layout, view.width, view.height, 0);
    }
}

/* Pointer ------------------------------------------------------------------------------------------ */

static void seek_to(struct stage *stage, int x)
{
    clock_seek(&stage->clock, layout_time_at(&stage->layout, x));
    stage_panel_clamp(stage);
}

void stage_point(struct stage *stage, int x, int y)
{
    int right = x - stage->pointer_x, down = y - stage->pointer_y;
    stage->pointer_x = x;
    stage->pointer_y = y;
    stage->look.focus = (struct layout_pick){0};
    if (stage->scrubbing)
        seek_to(stage, x);
    if (!stage->panning)
        return;
    stage->dragged |= abs(x - stage->pressed_x) > TREMBLE || abs(y - stage->pressed_y) > TREMBLE;
    if (stage->dragged)
        stage->look.camera =
            camera_moved(stage->look.camera,
                         stage_camera_area(stage, stage->pressed_x, stage->pressed_y), right, down);
}

void stage_press(struct stage *stage, int x, int y)
{
    stage_point(stage, x, y);
    stage->said[0] = '\0';
    stage->pressed_x = x;
    stage->pressed_y = y;
    stage->dragged = false;
    stage->scrubbing = shape_contains(shape_inset(stage->layout.time_line, -6), x, y) ||
                       shape_contains(stage->layout.strips, x, y);
    stage->panning = !stage->scrubbing;
    if (stage->scrubbing)
        seek_to(stage, x);
}

void stage_release(struct stage *stage, int x, int y)
{
    bool clicked = stage->panning && !stage->dragged;
    stage->scrubbing = stage->panning = false;
    if (!clicked)
        return;
    if (stage->help > 0) {
        stage->help = 0;
        return;
    }
    const struct layout_place *place = layout_place_at(&stage->layout, x, y);
    if (place && stage_panel_pick(stage, &place->pick))
        return;
    if (place)
        stage_things_pin(stage, &place->pick);
    else if (!shape_contains(stage->layout.panel, x, y))
        stage->look.pinned = (struct layout_pick){0};
}

void stage_wheel(struct stage *stage, int x, int y, int steps)
{
    if (shape_contains(stage->layout.time_line, x, y) ||
        shape_contains(stage->layout.strips, x, y)) {
        for (; steps != 0; steps += steps > 0 ? -1 : 1)
            clock_step_decision(&stage->clock, steps > 0 ? -1 : 1);
        return;
    }
    if (shape_contains(stage->layout.panel, x, y))
        stage_panel_scroll(stage, 3 * steps);
    else
        stage_camera_zoom(stage, x, y, steps);
}
