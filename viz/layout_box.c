/*
 * All boxes are equally high and as wide as their capacity asks, in rows, zone by zone. Of all
 * numbers of rows, and of zones side by side or one below the other, the one is taken that gives
 * the largest well-shaped boxes. It must never know what stands around the boxes.
 */
#include "viz/layout_box.h"

#include "core/array.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The wanted width of a box in tenths of its height: more makes it no better. */
#define SHAPE_WANTED 16

/* The smallest letters that can be read. */
#define LETTERS_LEAST 9

/* Pixels from which on a tile has a frame. */
#define FRAMED_LEAST 5

/* How the boxes are packed: pixels. */
struct grid {
    bool columns; /* zones side by side */
    int rows;     /* in all, or of the zone with most */
    int height;   /* of a box */
    int width;    /* of a box of the largest capacity */
    int score;
};

struct packing {
    const struct scene_index *index;
    struct shape_rect area;
    int gap, label;   /* label: a zone's heading */
    int64_t *weights; /* by position: capacity in millionths of the largest */
    int64_t least;
};

static void weigh(struct packing *packing, const struct scene *scene)
{
    int n = scene->index->story->n_instances;
    int64_t cpu_most = 1, memory_most = 1, most = 1;
    for (int i = 0; i < n; i++) {
        cpu_most = scene->instances[i].cpu > cpu_most ? scene->instances[i].cpu : cpu_most;
        memory_most = scene->instances[i].memory_mib > memory_most ? scene->instances[i].memory_mib
                                                                   : memory_most;
    }
    packing->weights = calloc((size_t)n + 1, sizeof *packing->weights);
    for (int i = 0; i < n; i++) {
        packing->weights[i] = (scene->instances[i].cpu * INT64_C(500000) / cpu_most) +
                              (scene->instances[i].memory_mib * INT64_C(500000) / memory_most);
        most = packing->weights[i] > most ? packing->weights[i] : most;
    }
    packing->least = SCENE_WHOLE;
    for (int i = 0; i < n; i++) {
        packing->weights[i] = packing->weights[i] * SCENE_WHOLE / most;
        if (packing->weights[i] < packing->least)
            packing->least = packing->weights[i];
    }
}

static int box_width(const struct packing *packing, int position, int width)
{
    int64_t pixels = packing->weights[position] * width / SCENE_WHOLE;
    return pixels < 2 ? 2 : (int)pixels;
}

/* Rows that a zone needs when a full box is `width` wide and a row has `room`. */
static int zone_rows(const struct packing *packing, int zone, int width, int room)
{
    const struct scene_zone *row = &packing->index->zones[zone];
    int rows = 1, x = 0;
    for (int i = row->first_instance; i < row->first_instance + row->n_instances; i++) {
        int wide = box_width(packing, i, width);
        if (x > 0 && x + wide > room) {
            rows++;
            x = 0;
        }
        x += wide + packing->gap;
    }
    return rows;
}

static int zone_room(const struct packing *packing, bool columns)
{
    int zones = packing->index->n_zones;
    if (!columns || zones == 0)
        return packing->area.width;
    return (packing->area.width - (zones - 1) * packing->gap * 2) / zones;
}

static int needed_rows(const struct packing *packing, bool columns, int width)
{
    int rows = 0, room = zone_room(packing, columns);
    for (int z = 0; z < packing->index->n_zones; z++) {
        int own = zone_rows(packing, z, width, room);
        if (!columns)
            rows += own;
        else if (own > rows)
            rows = own;
    }
    return rows;
}

/* The widest boxes that need no more than these rows. */
static struct grid fit(const struct packing *packing, bool columns, int rows)
{
    struct grid grid = {.columns = columns, .rows = rows};
    int labels = packing->label * (columns ? 1 : packing->index->n_zones);
    grid.height = (packing->area.height - labels - (rows - 1) * packing->gap) / rows;
    if (grid.height < 1)
        return grid;
    int low = 0, high = zone_room(packing, columns);
    while (low < high) {
        int middle = low + (high - low + 1) / 2;
        if (needed_rows(packing, columns, middle) <= rows)
            low = middle;
        else
            high = middle - 1;
    }
    grid.width = low;
    int narrow = (int)(packing->least * low / SCENE_WHOLE);
    int high_enough = grid.height * SHAPE_WANTED / 10;
    grid.score = low == 0 ? 0 : (narrow < high_enough ? narrow : high_enough) + 1;
    return grid;
}

static struct grid best_grid(const struct packing *packing)
{
    struct grid best = {.rows = 1, .height = 1, .width = 1};
    int most = packing->index->story->n_instances + packing->index->n_zones;
    /* Large clusters need not try every number of rows. */
    for (int rows = 1; rows <= most; rows += 1 + rows / 16) {
        for (int columns = 1; columns >= 0; columns--) {
            struct grid grid = fit(packing, columns, rows);
            if (grid.score > best.score)
                best = grid;
        }
    }
    return best;
}

static const struct {
    const char *mark;
    enum paint fill, stripe;
} looks[LIVES] = {
    [LIFE_WAITING] = {"\xE2\x80\xA6", PAINT_WAIT, PAINT_WAIT},                 /* ellipsis */
    [LIFE_PENDING] = {"\xE2\x97\x8B", PAINT_PENDING, PAINT_PENDING_STRIPE},    /* circle */
    [LIFE_RUNNING] = {"\xE2\x96\xB6", PAINT_RUNNING, PAINT_RUNNING},           /* triangle */
    [LIFE_STOPPING] = {"\xE2\x96\xA0", PAINT_STOPPING, PAINT_STOPPING_STRIPE}, /* square */
    [LIFE_DONE] = {"\xE2\x9C\x93", PAINT_PANEL, PAINT_PANEL},                  /* tick */
    [LIFE_FAILED] = {"\xE2\x9C\x97", PAINT_PANEL, PAINT_PANEL},                /* cross */
};

const char *layout_mark(enum life life)
{
    return looks[life].mark;
}

void layout_swatch(struct layout *layout, enum life life, struct shape_rect rect)
{
    struct shapes *shapes = &layout->shapes;
    /* A frame would hide what is no larger than it. */
    if (rect.width < FRAMED_LEAST || rect.height < FRAMED_LEAST) {
        shapes_add(shapes, SHAPE_FILL, life == LIFE_FAILED ? PAINT_FAILED : looks[life].fill, rect);
        return;
    }
    shapes_add(shapes, SHAPE_FILL, looks[life].fill, rect);
    if (looks[life].stripe != looks[life].fill)
        shapes_add(shapes, SHAPE_STRIPES, looks[life].stripe, rect);
    if (life == LIFE_DONE || life == LIFE_FAILED)
        shapes_add(shapes, SHAPE_DASHED, life == LIFE_FAILED ? PAINT_FAILED : PAINT_RULE, rect);
    else
        shapes_add(shapes, SHAPE_FRAME, PAINT_INK, rect);
}

static enum paint tile_ink(const struct scene_task *task)
{
    return task->state == LIFE_FAILED ? PAINT_FAILED
           : task->state == LIFE_DONE ? PAINT_FAINT
                                      : PAINT_INK;
}

static const char *tile_phase(const struct scene_task *task)
{
    bool ended = task->state == LIFE_DONE || task->state == LIFE_FAILED;
    return ended ? life_names[task->state] : task->phase;
}

/* As much of mark, name and family as has room. Returns the pixels it takes. */
static int tile_name(struct layout *layout, const struct scene_task *task, struct shape_rect rect,
                     int size)
{
    const char *mark = looks[task->state].mark;
    int room = rect.width / shape_advance(size);
    char text[160];
    snprintf(text, sizeof text, "%s %s %s", mark, task->name, task->family);
    if (shape_letters(text) > room)
        snprintf(text, sizeof text, "%s %s", mark, task->name);
    if (shape_letters(text) > room)
        snprintf(text, sizeof text, "%s", mark);
    return shapes_text(&layout->shapes, tile_ink(task), rect.x, rect.y, rect.width, size, true,
                       text);
}

/* Name at the left and phase at the right, in a tile that has room for no more than a line. */
static void tile_line(struct layout *layout, const struct scene_task *task, struct shape_rect rect,
                      int size)
{
    int less = size < layout->sizes.small ? size : layout->sizes.small;
    int wide = shape_letters(tile_phase(task)) * shape_advance(less);
    rect.y += (rect.height - shape_line(size)) / 2;
    int used = tile_name(layout, task, rect, size);
    if (used + shape_advance(size) + wide <= rect.width)
        shapes_text(&layout->shapes, tile_ink(task), rect.x + rect.width - wide,
                    rect.y + (shape_line(size) - shape_line(less)) / 2, wide, less, false,
                    tile_phase(task));
}

static void container_text(char *text, size_t size, struct scene_container container)
{
    snprintf(text, size, "%s %s %s", looks[container.state].mark, container.name, container.phase);
}

/* Below the name, as far as there is room: phase, containers, reservation. */
static void tile_details(struct layout *layout, const struct scene *scene,
                         const struct scene_task *task, struct shape_rect rect)
{
    int size = layout->sizes.small, line = shape_line(size);
    int n = task->n_containers > 1 ? task->n_containers : 0;
    char text[160];
    for (int i = 0; i < n + 2 && (i + 1) * line <= rect.height; i++) {
        if (i == 0)
            snprintf(text, sizeof text, "%s", tile_phase(task));
        else if (i <= n)
            container_text(text, sizeof text, scene_container(scene, task, i - 1));
        else if (task->state != LIFE_DONE && task->state != LIFE_FAILED)
            snprintf(text, sizeof text, "%d cpu, %d MiB", task->cpu, task->memory_mib);
        else
            return;
        shapes_text(&layout->shapes, tile_ink(task), rect.x, rect.y + i * line, rect.width, size,
                    false, text);
    }
}

/* `nominal` is the tile's height before rounding to pixels: equal tiles get equal letters. */
static void tile_text(struct layout *layout, const struct scene *scene,
                      const struct scene_task *task, struct shape_rect rect, int nominal)
{
    const struct layout_sizes *sizes = &layout->sizes;
    int size = nominal >= shape_line(sizes->normal) + 4 ? sizes->normal : sizes->small;
    /* A line's own margins may go: the tile's frame keeps it apart. */
    while (size > LETTERS_LEAST && shape_line(size) > rect.height + 2)
        size--;
    int line = shape_line(size);
    if (line > rect.height + 2)
        return;
    if (line + shape_line(sizes->small) > rect.height) {
        tile_line(layout, task, rect, size);
        return;
    }
    tile_name(layout, task, rect, size);
    tile_details(layout, scene, task,
                 (struct shape_rect){rect.x, rect.y + line, rect.width, rect.height - line});
}

/* What is being laid out: one scene with what the viewer wants of it. */
struct stage {
    struct layout *layout;
    const struct scene *scene;
    int which;
    const struct layout_filter *filter;
    const struct layout_pick *pinned;
};

/* Answers the pointer, and shows whether it matches the filter, differs or is pinned. */
static void add_place(const struct stage *stage, enum layout_thing thing, int32_t id,
                      struct shape_rect rect)
{
    struct shapes *shapes = &stage->layout->shapes;
    const struct layout_filter *filter = stage->filter;
    const bool *match = thing == LAYOUT_TASK ? filter->tasks : filter->instances;
    const bool *odd = thing == LAYOUT_TASK ? filter->odd_tasks : filter->odd_instances;
    const struct layout_pick *pinned = stage->pinned;
    *ARRAY_ADD(stage->layout, places) = (struct layout_place){{thing, stage->which, id}, rect};
    if (match && !match[id])
        shapes_add(shapes, SHAPE_VEIL, PAINT_PAPER, rect);
    if (odd && odd[id]) {
        shapes_add(shapes, SHAPE_FRAME, PAINT_FAILED, rect);
        shapes_add(shapes, SHAPE_DASHED, PAINT_FAILED, shape_inset(rect, 1));
    }
    if (pinned->thing == thing && pinned->scene == stage->which && pinned->id == id) {
        for (int i = 0; i < 3; i++)
            shapes_add(shapes, SHAPE_FRAME, i < 2 ? PAINT_INK : PAINT_PAPER, shape_inset(rect, i));
    }
}

static void add_tile(const struct stage *stage, int32_t id, struct shape_rect inside)
{
    struct layout *layout = stage->layout;
    struct scene_task task;
    if (!scene_task(stage->scene, id, &task))
        return;
    const struct scene_slot *slot = &task.slot;
    int left = (int)((int64_t)slot->x * inside.width / SCENE_WHOLE);
    int right = (int)((int64_t)(slot->x + slot->width) * inside.width / SCENE_WHOLE);
    int top = (int)((int64_t)slot->y * inside.height / SCENE_WHOLE);
    int bottom = (int)((int64_t)(slot->y + slot->height) * inside.height / SCENE_WHOLE);
    struct shape_rect rect = {inside.x + left, inside.y + top, right - left, bottom - top};
    if (rect.width > FRAMED_LEAST + 1 && rect.height > FRAMED_LEAST + 1)
        rect = shape_inset(rect, 1);
    else if (rect.height > 1)
        rect.height--;
    layout_swatch(layout, task.state, rect);
    int margin = layout->sizes.gap / 2 + 1;
    tile_text(
        layout, stage->scene, &task,
        (struct shape_rect){rect.x + margin, rect.y + 1, rect.width - 2 * margin, rect.height - 2},
        (int)((int64_t)slot->height * inside.height / SCENE_WHOLE));
    add_place(stage, LAYOUT_TASK, id, rect);
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
static struct shape_rect box_head(struct layout *layout, const struct scene_instance *instance,
                                  struct shape_rect rect)
{
    const struct layout_sizes *sizes = &layout->sizes;
    struct shape_rect inside = shape_inset(rect, sizes->gap / 2 + 1);
    int line = shape_line(sizes->normal), bar = shape_line(sizes->small);
    char text[96];
    if (rect.height < line * 3)
        return shape_inset(rect, 1);
    snprintf(text, sizeof text, "%s %s", instance->name, instance->type);
    if (shape_letters(text) * shape_advance(sizes->normal) > inside.width)
        snprintf(text, sizeof text, "%s", instance->name);
    shapes_text(&layout->shapes, instance->state == SCENE_HOST_GONE ? PAINT_FAINT : PAINT_INK,
                inside.x, inside.y, inside.width, sizes->normal, true, text);
    int used = line;
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

static void add_box(const struct stage *stage, int position, struct shape_rect rect)
{
    struct layout *layout = stage->layout;
    const struct scene *scene = stage->scene;
    const struct scene_index *index = scene->index;
    const struct scene_instance *instance = &scene->instances[position];
    struct shapes *shapes = &layout->shapes;
    if (!scene->present[position])
        return;
    bool gone = instance->state == SCENE_HOST_GONE;
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, rect);
    add_place(stage, LAYOUT_INSTANCE, instance->instance, rect);
    struct shape_rect inside = box_head(layout, instance, rect);
    if (instance->state == SCENE_HOST_BOOTING)
        shapes_add(shapes, SHAPE_STRIPES, PAINT_RULE, inside);
    for (int i = index->first_of[instance->instance]; i < index->first_of[instance->instance + 1];
         i++)
        add_tile(stage, index->by_instance[i], inside);
    shapes_add(shapes, gone ? SHAPE_DASHED : SHAPE_FRAME, gone ? PAINT_FAINT : PAINT_INK, rect);
    const char *word = instance->state == SCENE_HOST_BOOTING ? "booting"
                       : gone                                ? "\xE2\x9C\x97 LOST"
                                                             : NULL;
    int size = layout->sizes.normal;
    if (word && inside.height >= shape_line(size) + 4) {
        int wide = shape_letters(word) * shape_advance(size);
        struct shape_rect sign = {inside.x + (inside.width - wide) / 2 - 4,
                                  inside.y + (inside.height - shape_line(size)) / 2 - 2, wide + 8,
                                  shape_line(size) + 4};
        if (sign.x < inside.x)
            return;
        shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, sign);
        shapes_add(shapes, SHAPE_FRAME, gone ? PAINT_FAILED : PAINT_FAINT, sign);
        shapes_text(shapes, gone ? PAINT_FAILED : PAINT_FAINT, sign.x + 4, sign.y + 2, wide, size,
                    true, word);
    }
}

static void zone_heading(struct layout *layout, const struct scene_zone *zone, int x, int y,
                         int width)
{
    char text[96];
    snprintf(text, sizeof text, "zone %s", zone->name);
    int used =
        shapes_text(&layout->shapes, PAINT_FAINT, x, y, width, layout->sizes.small, true, text);
    struct shape_rect rule = {x + used + layout->sizes.gap, y + shape_line(layout->sizes.small) / 2,
                              width - used - layout->sizes.gap, 1};
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE, rule);
}

void layout_boxes(struct layout *layout, const struct scene *scene, int which,
                  const struct layout_view *view, struct shape_rect area)
{
    const struct scene_index *index = scene->index;
    const struct stage stage = {layout, scene, which, &view->filters[which], &view->pinned};
    if (index->story->n_instances == 0 || area.width < 1 || area.height < 1)
        return;
    bool zoned = index->n_zones > 1 || index->zones[0].name[0] != '\0';
    struct packing packing = {.index = index, .area = area, .gap = layout->sizes.gap};
    packing.label = zoned ? shape_line(layout->sizes.small) + 2 : 0;
    weigh(&packing, scene);
    struct grid grid = best_grid(&packing);
    int room = zone_room(&packing, grid.columns), x = area.x, y = area.y;
    for (int z = 0; z < index->n_zones; z++) {
        const struct scene_zone *zone = &index->zones[z];
        if (zoned && zone->name[0] != '\0')
            zone_heading(layout, zone, x, y, room);
        y += packing.label;
        int left = x;
        for (int i = zone->first_instance; i < zone->first_instance + zone->n_instances; i++) {
            int wide = box_width(&packing, i, grid.width);
            if (left > x && left + wide > x + room) {
                left = x;
                y += grid.height + packing.gap;
            }
            add_box(&stage, i, (struct shape_rect){left, y, wide, grid.height});
            left += wide + packing.gap;
        }
        y += grid.height + packing.gap;
        if (grid.columns) {
            x += room + 2 * packing.gap;
            y = area.y;
        }
    }
    free(packing.weights);
}
