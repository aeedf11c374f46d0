/*
 * States by paint, pattern and sign, so that no one needs colours to tell them apart. It must never
 * know instances.
 */
#include "viz/layout_tile.h"

#include <stdio.h>

/* The smallest letters that can be read. */
#define LETTERS_LEAST 9

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

enum paint layout_paint(enum life life)
{
    return life == LIFE_FAILED ? PAINT_FAILED : looks[life].fill;
}

void layout_swatch(struct layout *layout, enum life life, struct shape_rect rect)
{
    struct shapes *shapes = &layout->shapes;
    /* A frame would hide what is no larger than it. */
    if (rect.width < TILE_FRAMED_LEAST || rect.height < TILE_FRAMED_LEAST) {
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

void layout_odd(struct layout *layout, struct shape_rect rect)
{
    shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_FAILED, rect);
    shapes_add(&layout->shapes, SHAPE_DASHED, PAINT_FAILED, shape_inset(rect, 1));
}

const char layout_draining_mark[] = "\xE2\x96\xBC"; /* triangle down */

void layout_draining(struct layout *layout, struct shape_rect rect)
{
    bool framed = rect.width >= TILE_FRAMED_LEAST && rect.height >= TILE_FRAMED_LEAST;
    shapes_add(&layout->shapes, SHAPE_STRIPES, PAINT_STOPPING_STRIPE, shape_inset(rect, framed));
}

/* How wide a gauge is in a tile of that width; 0: it has no room. */
static int gauge_width(struct shape_rect rect)
{
    if (rect.width < TILE_FRAMED_LEAST || rect.height < TILE_FRAMED_LEAST)
        return 0;
    return rect.width < 4 * TILE_FRAMED_LEAST ? 4 : 6;
}

/* At the right edge: a tile that has none is one whose use nobody knows. */
void layout_gauge(struct layout *layout, int32_t level, struct shape_rect rect)
{
    struct shapes *shapes = &layout->shapes;
    int wide = gauge_width(rect);
    struct shape_rect gauge = {rect.x + rect.width - wide, rect.y, wide, rect.height};
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, gauge);
    shapes_add(shapes, SHAPE_FRAME, PAINT_INK, gauge);
    gauge = shape_inset(gauge, 1);
    int used = (int)((int64_t)gauge.height * (level > 1000 ? 1000 : level) / 1000);
    gauge.y += gauge.height - used;
    gauge.height = used;
    shapes_add(shapes, SHAPE_FILL, PAINT_INK, gauge);
}

struct shape_rect layout_system(struct layout *layout, struct shape_rect inside, const char *word,
                                int32_t mib, int32_t whole_mib)
{
    struct shapes *shapes = &layout->shapes;
    struct shape_rect block = inside;
    int size = layout->sizes.small, line = shape_line(size);
    char text[32];
    block.width = (int)((int64_t)inside.width * mib / whole_mib);
    if (block.width < 2)
        block.width = 2;
    if (block.width > inside.width * 3 / 4)
        block.width = inside.width * 3 / 4;
    inside.width -= block.width;
    block.x += inside.width;
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, block);
    shapes_add(shapes, SHAPE_STRIPES, PAINT_FAINT, block);
    shapes_add(shapes, SHAPE_FRAME, PAINT_FAINT, block);
    snprintf(text, sizeof text, "%d MiB", mib);
    int letters = shape_letters(text) > 6 ? shape_letters(text) : 6;
    int wide = letters * shape_advance(size) + 4;
    if (block.width < wide + 4 || block.height < 2 * line + 4)
        return inside;
    struct shape_rect sign = {block.x + 2, block.y + 2, wide, 2 * line};
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, sign);
    shapes_text(shapes, PAINT_INK, sign.x + 2, sign.y, wide, size, true, word);
    shapes_text(shapes, PAINT_INK, sign.x + 2, sign.y + line, wide, size, false, text);
    return inside;
}

/* What is left of its tile beside what a task's own machine takes. */
static struct shape_rect add_machine(struct layout *layout, const struct scene_task *task,
                                     struct shape_rect rect)
{
    bool ended = task->state == LIFE_DONE || task->state == LIFE_FAILED;
    if (task->machine_mib < 1 || ended || rect.width < TILE_FRAMED_LEAST ||
        rect.height < TILE_FRAMED_LEAST)
        return rect;
    struct shape_rect left =
        layout_system(layout, shape_inset(rect, 1), "own VM", task->machine_mib, task->memory_mib);
    return (struct shape_rect){rect.x, rect.y, left.width + 1, rect.height};
}

static const char *tile_mark(const struct scene_task *task)
{
    return task->draining ? layout_draining_mark : looks[task->state].mark;
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
    const char *mark = tile_mark(task);
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

/* How much of what it reserves the task uses, in thousandths; ID_NONE: nobody has observed it. */
static int32_t level_of(const struct scene *scene, const struct scene_task *task)
{
    if (task->state != LIFE_RUNNING)
        return ID_NONE;
    struct scene_use use =
        scene_use(&scene->index->observed, scene->index->story, task->task, scene->at_usec);
    return use.cpu != ID_NONE ? use.cpu : use.memory;
}

/* What a run that observes its services tells of a task's use. False: there is nothing to be told. */
static bool use_text(char *text, size_t size, const struct scene *scene,
                     const struct scene_task *task)
{
    int32_t level = level_of(scene, task);
    if (task->state != LIFE_RUNNING || scene->index->observed.n_list == 0)
        return false;
    if (level == ID_NONE)
        snprintf(text, size, "use unknown");
    else
        snprintf(text, size, "uses %d %%", (int)level / 10);
    return true;
}

/* Below the name, as far as there is room: phase, containers, reservation, use. */
static void tile_details(struct layout *layout, const struct scene *scene,
                         const struct scene_task *task, struct shape_rect rect)
{
    int size = layout->sizes.small, line = shape_line(size);
    int n = task->n_containers > 1 ? task->n_containers : 0;
    bool ended = task->state == LIFE_DONE || task->state == LIFE_FAILED;
    char text[160];
    for (int i = 0; i < n + 3 && (i + 1) * line <= rect.height; i++) {
        if (i == 0)
            snprintf(text, sizeof text, "%s", tile_phase(task));
        else if (i <= n)
            container_text(text, sizeof text, scene_container(scene, task, i - 1));
        else if (i == n + 1 && !ended)
            snprintf(text, sizeof text, "%d cpu, %d MiB", task->cpu, task->memory_mib);
        else if (i != n + 2 || !use_text(text, sizeof text, scene, task))
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
    /* Who it is matters most. */
    while (size > LETTERS_LEAST &&
           (2 + shape_letters(task->name)) * shape_advance(size) > rect.width)
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

/* The part that is not used is veiled. Returns what the gauge leaves of the tile's width. */
static int add_level(struct layout *layout, int32_t level, struct shape_rect rect)
{
    struct shape_rect idle = shape_inset(rect, rect.width > 2 && rect.height > 2);
    if (level == ID_NONE)
        return rect.width;
    idle.height -= (int)((int64_t)idle.height * (level > 1000 ? 1000 : level) / 1000);
    shapes_add(&layout->shapes, SHAPE_VEIL, PAINT_PAPER, idle);
    layout_gauge(layout, level, rect);
    return rect.width - gauge_width(rect);
}

void layout_tile(struct layout *layout, const struct scene *scene, const struct scene_task *task,
                 struct shape_rect rect, int nominal)
{
    layout_swatch(layout, task->state, rect);
    rect = add_machine(layout, task, rect);
    int wide = add_level(layout, level_of(scene, task), rect);
    if (task->draining)
        layout_draining(layout, (struct shape_rect){rect.x, rect.y, wide, rect.height});
    int margin = layout->sizes.gap / 2 + 1;
    tile_text(layout, scene, task,
              (struct shape_rect){rect.x + margin, rect.y + 1, wide - 2 * margin, rect.height - 2},
              nominal);
}
