/*
 * Boxes as far as the camera shows them: small ones as a cell that fills up, larger ones with what
 * their machine's own system takes, and a tile for each task. It must never know what stands around
 * the boxes.
 */
#include "viz/layout_box.h"

#include "core/array.h"
#include "viz/camera.h"
#include "viz/layout_grid.h"
#include "viz/layout_tile.h"

#include <stdio.h>

/* Pixels of a box's height and width from which on its tasks are drawn one by one. */
#define TILES_LEAST 22

/* And from which on a cell has a frame. */
#define CELL_FRAMED_LEAST 9

/* What is being laid out: one scene with what the viewer wants of it. */
struct stage {
    struct layout *layout;
    const struct scene *scene;
    int which;
    const struct layout_filter *filter;
    const struct layout_pick *pinned;
    const struct layout_grid *grid;
    struct layout_camera camera;
    struct shape_rect area;
};

static void add_place(const struct stage *stage, enum layout_thing thing, int32_t id,
                      struct shape_rect rect)
{
    *ARRAY_ADD(stage->layout, places) = (struct layout_place){{thing, stage->which, id}, rect};
}

/* Whether the thing matches the filter, differs or is pinned. */
static void show_wishes(const struct stage *stage, enum layout_thing thing, int32_t id,
                        struct shape_rect rect)
{
    struct shapes *shapes = &stage->layout->shapes;
    const struct layout_filter *filter = stage->filter;
    const bool *match = thing == LAYOUT_TASK ? filter->tasks : filter->instances;
    const bool *odd = thing == LAYOUT_TASK ? filter->odd_tasks : filter->odd_instances;
    const struct layout_pick *pinned = stage->pinned;
    if (match && !match[id])
        shapes_add(shapes, SHAPE_VEIL, PAINT_PAPER, rect);
    if (odd && odd[id])
        layout_odd(stage->layout, rect);
    if (pinned->thing == thing && pinned->scene == stage->which && pinned->id == id) {
        for (int i = 0; i < 3; i++)
            shapes_add(shapes, SHAPE_FRAME, i < 2 ? PAINT_INK : PAINT_PAPER, shape_inset(rect, i));
    }
}

static bool meets(struct shape_rect a, struct shape_rect b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

/* Where the camera shows a part of the grid. */
static struct shape_rect on_screen(const struct stage *stage, const struct grid_rect *part)
{
    int64_t wide = (int64_t)stage->area.width * GRID_UNITS;
    int64_t high = (int64_t)stage->area.height * GRID_UNITS;
    const struct layout_camera *camera = &stage->camera;
    int left = camera_x(camera, stage->area, part->x, wide);
    int top = camera_y(camera, stage->area, part->y, high);
    int right = camera_x(camera, stage->area, part->x + part->width, wide);
    int bottom = camera_y(camera, stage->area, part->y + part->height, high);
    return (struct shape_rect){left, top, right > left ? right - left : 1,
                               bottom > top ? bottom - top : 1};
}

static void add_tile(const struct stage *stage, int32_t id, struct shape_rect inside)
{
    struct scene_task task;
    if (!scene_task(stage->scene, id, &task))
        return;
    const struct scene_slot *slot = &task.slot;
    int left = (int)((int64_t)slot->x * inside.width / SCENE_WHOLE);
    int right = (int)((int64_t)(slot->x + slot->width) * inside.width / SCENE_WHOLE);
    int top = (int)((int64_t)slot->y * inside.height / SCENE_WHOLE);
    int bottom = (int)((int64_t)(slot->y + slot->height) * inside.height / SCENE_WHOLE);
    struct shape_rect rect = {inside.x + left, inside.y + top, right - left, bottom - top};
    if (rect.width > TILE_FRAMED_LEAST + 1 && rect.height > TILE_FRAMED_LEAST + 1)
        rect = shape_inset(rect, 1);
    else if (rect.height > 1)
        rect.height--;
    if (!meets(rect, stage->area))
        return;
    layout_tile(stage->layout, stage->scene, &task, rect,
                (int)((int64_t)slot->height * inside.height / SCENE_WHOLE));
    add_place(stage, LAYOUT_TASK, id, rect);
    show_wishes(stage, LAYOUT_TASK, id, rect);
}

static bool is_past(const struct scene_instance *instance)
{
    return instance->state == SCENE_HOST_GONE || instance->state == SCENE_HOST_TERMINATED;
}

/* What is not as usual with an instance that runs, at the right of its name. Returns the width. */
static int add_sign(struct layout *layout, const struct scene_instance *instance,
                    struct shape_rect inside)
{
    static const char *const words[SCENE_HOST_STATES] = {
        [SCENE_HOST_DRAINING] = "\xE2\x96\xA0 DRAINING",
        [SCENE_HOST_DISCONNECTED] = "? disconnected",
        [SCENE_HOST_WARNED] = "! Spot warning",
    };
    int size = layout->sizes.small;
    const char *word = words[instance->state];
    if (!word)
        return 0;
    int wide = shape_letters(word) * shape_advance(size) + 8;
    if (wide > inside.width * 2 / 3)
        wide = shape_advance(size) + 8;
    struct shape_rect sign = {inside.x + inside.width - wide, inside.y, wide, shape_line(size) + 2};
    bool warned = instance->state == SCENE_HOST_WARNED;
    shapes_add(&layout->shapes, SHAPE_FILL, warned ? PAINT_PAPER : PAINT_STOPPING, sign);
    shapes_add(&layout->shapes, SHAPE_FRAME, warned ? PAINT_FAILED : PAINT_INK, sign);
    shapes_text(&layout->shapes, warned ? PAINT_FAILED : PAINT_INK, sign.x + 4, sign.y + 1,
                wide - 8 + shape_advance(size) / 2, size, true, word);
    return wide + layout->sizes.gap;
}

/* One reserved-of-capacity bar with its words when they have room. Returns the height used. */
static int add_bar(struct layout *layout, struct shape_rect rect, const char *word, int32_t used,
                   int32_t whole, enum paint paint)
{
    struct shapes *shapes = &layout->shapes;
    int size = layout->sizes.small, words = 17 * shape_advance(size);
    bool with_words = rect.height >= shape_line(size) && rect.width > words + 24;
    char text[48];
    if (with_words) {
        snprintf(text, sizeof text, "%s %d/%d", word, used, whole);
        shapes_text(shapes, PAINT_FAINT, rect.x, rect.y, words, size, false, text);
        rect.x += words;
        rect.width -= words;
        rect = (struct shape_rect){rect.x, rect.y + rect.height / 4, rect.width, rect.height / 2};
    }
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, rect);
    if (whole > 0) {
        struct shape_rect filled = rect;
        int64_t share = (int64_t)used * rect.width / whole;
        filled.width = share > rect.width ? rect.width : (int)share;
        shapes_add(shapes, SHAPE_FILL, paint, filled);
    }
    shapes_add(shapes, SHAPE_FRAME, PAINT_RULE, rect);
    return rect.height;
}

/* Name and bars. Returns what is left for the tasks. */
static struct shape_rect box_head(struct layout *layout, const struct scene *scene,
                                  const struct scene_instance *instance, struct shape_rect rect)
{
    const struct story_instance *row = &scene->index->story->instances[instance->instance];
    const struct layout_sizes *sizes = &layout->sizes;
    struct shape_rect inside = shape_inset(rect, sizes->gap / 2 + 1);
    int line = shape_line(sizes->normal), bar = shape_line(sizes->small);
    char text[96];
    if (rect.height < line * 3)
        return shape_inset(rect, 1);
    int sign = add_sign(layout, instance, inside);
    bool micro = story_is_micro_vm(scene->index->story, instance->instance);
    if (micro)
        snprintf(text, sizeof text, "micro-VM%s", row->spot ? " spot" : "");
    else
        snprintf(text, sizeof text, "%s %s%s", instance->name, instance->type,
                 row->spot ? " spot" : "");
    if (shape_letters(text) * shape_advance(sizes->normal) > inside.width - sign)
        snprintf(text, sizeof text, "%s", micro ? "VM" : instance->name);
    shapes_text(&layout->shapes, is_past(instance) ? PAINT_FAINT : PAINT_INK, inside.x, inside.y,
                inside.width - sign, sizes->normal, true, text);
    int used = line;
    if (micro) /* made to measure: its task reserves all of it */
        return (struct shape_rect){inside.x, inside.y + used, inside.width, inside.height - used};
    bool with_words = inside.height > line + 11 * bar;
    int high = with_words ? bar : 4;
    add_bar(layout, (struct shape_rect){inside.x, inside.y + used, inside.width, high}, "cpu",
            instance->cpu_reserved, instance->cpu, PAINT_CPU);
    used += high + (with_words ? 0 : 1);
    add_bar(layout, (struct shape_rect){inside.x, inside.y + used, inside.width, high}, "mem",
            instance->memory_reserved_mib, instance->memory_mib, PAINT_MEMORY);
    used += high + sizes->gap / 2;
    return (struct shape_rect){inside.x, inside.y + used, inside.width, inside.height - used};
}

/* What the machine's own system takes, at the right. Returns what is left for the tasks. */
static struct shape_rect system_block(const struct stage *stage,
                                      const struct scene_instance *instance,
                                      struct shape_rect inside)
{
    const struct scene_capacity *capacity = &stage->scene->index->capacity[instance->instance];
    if (capacity->system_mib < 1 || instance->state == SCENE_HOST_BOOTING || is_past(instance))
        return inside;
    return layout_system(stage->layout, inside, "system", capacity->system_mib,
                         capacity->memory_mib);
}

/* The part of the box that is reserved, thousandths: of CPU or of memory, whichever is more. */
static int reserved(const struct scene_instance *instance)
{
    int64_t cpu = instance->cpu > 0 ? (int64_t)instance->cpu_reserved * 1000 / instance->cpu : 0;
    int64_t memory = instance->memory_mib > 0
                         ? (int64_t)instance->memory_reserved_mib * 1000 / instance->memory_mib
                         : 0;
    int64_t share = cpu > memory ? cpu : memory;
    return share > 1000 ? 1000 : (int)share;
}

/* A box too small for tiles: it fills from below, by what its tasks do. */
static void add_cell(const struct stage *stage, const struct scene_instance *instance,
                     struct shape_rect rect)
{
    static const enum life order[] = {LIFE_RUNNING, LIFE_STOPPING, LIFE_PENDING};
    struct shapes *shapes = &stage->layout->shapes;
    const struct scene_sum *sum = instance->sum;
    struct shape_rect inside =
        shape_inset(rect, rect.width >= CELL_FRAMED_LEAST && rect.height >= CELL_FRAMED_LEAST);
    int n = sum->n[LIFE_RUNNING] + sum->n[LIFE_STOPPING] + sum->n[LIFE_PENDING];
    int share = reserved(instance), below = 0, counted = 0;
    for (int i = 0; i < 3 && n > 0; i++) {
        counted += sum->n[order[i]];
        int top = (int)((int64_t)inside.height * share * counted / n / 1000);
        /* A single task is to be seen in any box. */
        if (top == below && sum->n[order[i]] > 0 && top < inside.height)
            top++;
        struct shape_rect part = {inside.x, inside.y + inside.height - top, inside.width,
                                  top - below};
        shapes_add(shapes, SHAPE_FILL, layout_paint(order[i]), part);
        if (order[i] == LIFE_PENDING && part.height > 2)
            shapes_add(shapes, SHAPE_STRIPES, PAINT_PENDING_STRIPE, part);
        below = top;
    }
    if (instance->state == SCENE_HOST_BOOTING)
        shapes_add(shapes, SHAPE_STRIPES, PAINT_RULE, inside);
    if (instance->state == SCENE_HOST_DRAINING)
        shapes_add(shapes, SHAPE_STRIPES, PAINT_STOPPING_STRIPE, inside);
    int mark = rect.height / 4 < 5 ? rect.height / 4 : 5;
    if (sum->n[LIFE_FAILED] > 0 && !is_past(instance))
        shapes_add(shapes, SHAPE_FILL, PAINT_FAILED,
                   (struct shape_rect){rect.x + rect.width - mark - 1, rect.y + 1, mark, mark});
}

/* A word in the middle of a box. */
static void add_word(struct layout *layout, struct shape_rect inside, enum paint paint,
                     const char *word)
{
    int size = layout->sizes.normal, wide = shape_letters(word) * shape_advance(size);
    struct shape_rect sign = {inside.x + (inside.width - wide) / 2 - 4,
                              inside.y + (inside.height - shape_line(size)) / 2 - 2, wide + 8,
                              shape_line(size) + 4};
    if (sign.x < inside.x || sign.y < inside.y)
        return;
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_PAPER, sign);
    shapes_add(&layout->shapes, SHAPE_FRAME, paint, sign);
    shapes_text(&layout->shapes, paint, sign.x + 4, sign.y + 2, wide, size, true, word);
}

static void add_contents(const struct stage *stage, const struct scene_instance *instance,
                         struct shape_rect rect)
{
    const struct scene_index *index = stage->scene->index;
    struct layout *layout = stage->layout;
    struct shape_rect inside = box_head(layout, stage->scene, instance, rect);
    if (instance->state == SCENE_HOST_BOOTING)
        shapes_add(&layout->shapes, SHAPE_STRIPES, PAINT_RULE, inside);
    if (instance->state == SCENE_HOST_DRAINING || instance->state == SCENE_HOST_WARNED)
        shapes_add(&layout->shapes, SHAPE_STRIPES, PAINT_STOPPING, inside);
    struct shape_rect tiles = system_block(stage, instance, inside);
    for (int i = index->first_of[instance->instance]; i < index->first_of[instance->instance + 1];
         i++)
        add_tile(stage, index->by_instance[i], tiles);
    if (instance->state == SCENE_HOST_BOOTING)
        add_word(layout, inside, PAINT_FAINT, "booting");
    else if (instance->state == SCENE_HOST_GONE)
        add_word(layout, inside, PAINT_FAILED, "\xE2\x9C\x97 LOST");
    else if (instance->state == SCENE_HOST_TERMINATED)
        add_word(layout, inside, PAINT_FAINT, "terminated");
}

static void add_edge(const struct stage *stage, const struct scene_instance *instance,
                     struct shape_rect rect)
{
    struct shapes *shapes = &stage->layout->shapes;
    bool dashed = is_past(instance) || instance->state == SCENE_HOST_DISCONNECTED;
    enum paint paint = instance->state == SCENE_HOST_GONE         ? PAINT_FAILED
                       : instance->state == SCENE_HOST_TERMINATED ? PAINT_RULE
                       : instance->state == SCENE_HOST_WARNED     ? PAINT_FAILED
                       : rect.height < TILES_LEAST                ? PAINT_RULE
                                                                  : PAINT_INK;
    if (rect.width < CELL_FRAMED_LEAST || rect.height < CELL_FRAMED_LEAST) {
        if (instance->state == SCENE_HOST_GONE)
            shapes_add(shapes, SHAPE_FILL, PAINT_FAILED, rect);
        return;
    }
    shapes_add(shapes, dashed ? SHAPE_DASHED : SHAPE_FRAME, paint, rect);
    if (instance->state == SCENE_HOST_WARNED && rect.height >= TILES_LEAST)
        shapes_add(shapes, SHAPE_FRAME, paint, shape_inset(rect, 1));
}

static void add_box(const struct stage *stage, const struct scene_instance *instance)
{
    const struct grid_rect *berth =
        &stage->grid->berths[stage->scene->index->berth_of[instance->instance]];
    struct shape_rect rect = on_screen(stage, berth);
    if (!meets(rect, stage->area))
        return;
    bool tiles = rect.width >= TILES_LEAST && rect.height >= TILES_LEAST;
    shapes_add(&stage->layout->shapes, SHAPE_FILL, tiles ? PAINT_PANEL : PAINT_CELL, rect);
    /* A box's own place lies under its tasks'. */
    if (tiles) {
        add_place(stage, LAYOUT_INSTANCE, instance->instance, rect);
        add_contents(stage, instance, rect);
        add_edge(stage, instance, rect);
        show_wishes(stage, LAYOUT_INSTANCE, instance->instance, rect);
    } else {
        add_cell(stage, instance, rect);
        add_edge(stage, instance, rect);
        add_place(stage, LAYOUT_INSTANCE, instance->instance, rect);
        show_wishes(stage, LAYOUT_INSTANCE, instance->instance, rect);
    }
}

/* A place that somebody has at some time: so that it is seen where there is room to come. */
static void add_berth(const struct stage *stage, int berth)
{
    struct shape_rect rect = on_screen(stage, &stage->grid->berths[berth]);
    if (rect.width >= TILES_LEAST && rect.height >= TILES_LEAST && meets(rect, stage->area))
        shapes_add(&stage->layout->shapes, SHAPE_DASHED, PAINT_RULE, rect);
}

/* Stays in sight while its boxes are. */
static void add_heading(const struct stage *stage, const struct grid_heading *heading)
{
    const struct scene_index *index = stage->scene->index;
    const char *zone = index->zones[index->sections[heading->section].zone].name;
    const char *provider = scene_index_section(index, heading->section);
    const struct layout_sizes *sizes = &stage->layout->sizes;
    struct shape_rect rect = on_screen(stage, &heading->rect);
    char text[160];
    snprintf(text, sizeof text, "%s%s%s%s", *zone ? "zone " : "", zone,
             *zone && *provider ? " \xC2\xB7 " : "", provider);
    if (*text == '\0' || !meets(rect, stage->area))
        return;
    if (rect.x < stage->area.x) {
        rect.width -= stage->area.x - rect.x;
        rect.x = stage->area.x;
    }
    if (rect.width > stage->area.x + stage->area.width - rect.x)
        rect.width = stage->area.x + stage->area.width - rect.x;
    int y = rect.y + rect.height - shape_line(sizes->small) - 2;
    int used = shapes_text(&stage->layout->shapes, PAINT_FAINT, rect.x, y, rect.width, sizes->small,
                           true, text);
    shapes_add(&stage->layout->shapes, SHAPE_FILL, PAINT_RULE,
               (struct shape_rect){rect.x + used + sizes->gap, y + shape_line(sizes->small) / 2,
                                   rect.width - used - sizes->gap, 1});
}

static bool has_headings(const struct scene_index *index)
{
    for (int s = 0; s < index->n_sections; s++) {
        if (*index->zones[index->sections[s].zone].name || *scene_index_section(index, s))
            return true;
    }
    return false;
}

void layout_boxes(struct layout *layout, const struct scene *scene, int which,
                  const struct layout_view *view, struct shape_rect area)
{
    const struct scene_index *index = scene->index;
    if (index->story->n_instances == 0 || area.width < 1 || area.height < 1)
        return;
    struct layout_grid *grid = &layout->grids[which];
    layout_grid_make(grid, index, area.width, area.height, layout->sizes.gap,
                     has_headings(index) ? shape_line(layout->sizes.small) + 2 : 0,
                     layout->plan_width);
    const struct stage stage = {layout,
                                scene,
                                which,
                                &view->filters[which],
                                &view->pinned,
                                grid,
                                camera_bounded(view->camera),
                                area};
    shapes_clip(&layout->shapes, area);
    for (int b = 0; b < index->n_berths; b++)
        add_berth(&stage, b);
    for (int i = 0; i < grid->n_headings; i++) {
        if (grid->headings[i].rect.height > 0)
            add_heading(&stage, &grid->headings[i]);
    }
    for (int i = 0; i < index->story->n_instances; i++) {
        if (scene->present[i])
            add_box(&stage, &scene->instances[i]);
    }
    shapes_clip(&layout->shapes, (struct shape_rect){0, 0, view->width, view->height});
}
