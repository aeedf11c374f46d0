/*
 * The frame around the boxes: headings, the lane of what waits, the last event in words, and the
 * time line that all runs of the picture share. It must never know who paints or what a window is.
 */
#include "viz/layout.h"

#include "core/array.h"
#include "viz/layout_box.h"
#include "viz/scene_tell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TIP_LINES 16

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static struct layout_sizes sizes_for(int width, int height)
{
    int small = clamp(width / 98 < height / 55 ? width / 98 : height / 55, 9, 26);
    return (struct layout_sizes){small, small * 5 / 4, small * 8 / 5, clamp(small / 2, 3, 12)};
}

/* What kind of run it is, unmistakably: colour, words, and for real runs a doubled frame. */
static int add_badge(struct layout *layout, const struct scene_index *index, struct shape_rect area)
{
    bool real = index->mode == RUN_EXEC;
    const char *word = real ? "FOR REAL" : "SIMULATED";
    enum paint paint = real ? PAINT_REAL : PAINT_SIM;
    int size = layout->sizes.normal, margin = layout->sizes.gap;
    int wide = shape_letters(word) * shape_advance(size) + 2 * margin;
    struct shape_rect rect = {area.x, area.y, wide < area.width ? wide : area.width,
                              shape_line(size) + 4};
    shapes_add(&layout->shapes, SHAPE_FILL, paint, rect);
    if (real)
        shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_PAPER, shape_inset(rect, 2));
    shapes_text(&layout->shapes, PAINT_PAPER, rect.x + margin, rect.y + 2, rect.width - margin,
                size, true, word);
    return rect.width + margin;
}

static int add_heading(struct layout *layout, const struct scene *scene, struct shape_rect area)
{
    const struct layout_sizes *sizes = &layout->sizes;
    const struct scene_index *index = scene->index;
    int x = area.x + add_badge(layout, index, area);
    int right = area.x + area.width, y = area.y + 2;
    char text[128], scale[40] = "";
    if (index->scale_denominator > 1 || index->scale_numerator > 1)
        snprintf(scale, sizeof scale, "scale %d/%d, ", index->scale_numerator,
                 index->scale_denominator);
    if (index->story->n_tasks == 0)
        snprintf(text, sizeof text, "%sno task in this run", scale);
    else
        snprintf(text, sizeof text, "%s%d running, %d waiting", scale, scene->n_running,
                 scene->n_waits);
    int wide = shape_letters(text) * shape_advance(sizes->small);
    int title = shape_letters(index->title) * shape_advance(sizes->normal);
    if (x + title + sizes->gap + wide <= right) {
        int drop = (shape_line(sizes->normal) - shape_line(sizes->small)) / 2;
        shapes_text(&layout->shapes, PAINT_FAINT, right - wide, y + drop, wide, sizes->small, false,
                    text);
    }
    shapes_text(&layout->shapes, PAINT_INK, x, y, right - x, sizes->normal, true, index->title);
    return shape_line(sizes->normal) + 4 + sizes->gap;
}

/* One thing that waits: who, what it needs, and the nearest miss. */
static void add_waiter(struct layout *layout, const struct scene_wait *wait, struct shape_rect rect)
{
    struct shapes *shapes = &layout->shapes;
    int size = layout->sizes.small, margin = layout->sizes.gap / 2 + 1;
    char text[160];
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, rect);
    shapes_add(shapes, SHAPE_DASHED, PAINT_INK, rect);
    snprintf(text, sizeof text, "%s %s %s", layout_mark(LIFE_WAITING), wait->name,
             wait->task != ID_NONE ? wait->family : "");
    int y = rect.y + 2, wide = rect.width - 2 * margin;
    int used = shapes_text(shapes, PAINT_INK, rect.x + margin, y, wide, size, true, text);
    if (wait->cpu > 0 || wait->memory_mib > 0) {
        snprintf(text, sizeof text, "%d cpu, %d MiB", wait->cpu, wait->memory_mib);
        used += shape_advance(size);
        shapes_text(shapes, PAINT_INK, rect.x + margin + used, y, wide - used, size, false, text);
    }
    shapes_text(shapes, PAINT_FAINT, rect.x + margin, y + shape_line(size), wide, size, false,
                wait->lacks);
}

static void add_lane(struct layout *layout, const struct scene *scene, struct shape_rect area)
{
    const struct layout_sizes *sizes = &layout->sizes;
    struct shapes *shapes = &layout->shapes;
    int wide = 42 * shape_advance(sizes->small), x = area.x;
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, area);
    int label = shapes_text(shapes, PAINT_FAINT, x + sizes->gap, area.y + 3,
                            area.width - sizes->gap, sizes->small, true, "waiting") +
                2 * sizes->gap;
    char text[64];
    snprintf(text, sizeof text, scene->n_waits > 0 ? "%d" : "nobody", scene->n_waits);
    shapes_text(shapes, PAINT_FAINT, x + sizes->gap, area.y + 3 + shape_line(sizes->small), label,
                sizes->small, false, text);
    x += label;
    for (int i = 0; i < scene->n_waits; i++) {
        int room = area.x + area.width - x - sizes->gap;
        int rest = scene->n_waits - i;
        if (room < wide && i > 0) {
            snprintf(text, sizeof text, "+%d", rest);
            shapes_text(shapes, PAINT_FAINT, x, area.y + 3, room, sizes->small, true, text);
            return;
        }
        struct shape_rect rect = {x, area.y + 2, wide < room ? wide : room, area.height - 4};
        add_waiter(layout, &scene->waits[i], rect);
        x += rect.width + sizes->gap;
    }
}

/* One run: heading, boxes, lane, last event. */
static void add_run(struct layout *layout, const struct scene *scene, int which,
                    const struct layout_view *view, struct shape_rect area)
{
    const struct layout_sizes *sizes = &layout->sizes;
    int head = add_heading(layout, scene, area);
    area.y += head;
    area.height -= head;
    int said = shape_line(sizes->small) + 2, lane = 2 * shape_line(sizes->small) + 8;
    if (area.height > 5 * said) {
        area.height -= said;
        shapes_text(&layout->shapes, PAINT_INK, area.x, area.y + area.height + 2, area.width,
                    sizes->small, false, scene->latest);
    }
    if (area.height > 3 * lane) {
        area.height -= lane + sizes->gap;
        add_lane(
            layout, scene,
            (struct shape_rect){area.x, area.y + area.height + sizes->gap / 2, area.width, lane});
    }
    layout->boxes[which] = area;
    layout_boxes(layout, scene, which, view, area);
    if (scene->index->story->n_instances == 0)
        shapes_text(&layout->shapes, PAINT_FAINT, area.x + sizes->gap,
                    area.y + area.height / 2 - shape_line(sizes->normal) / 2,
                    area.width - 2 * sizes->gap, sizes->normal, true, "This run has no instance.");
}

static int time_x(const struct layout *layout, int64_t at_usec)
{
    const struct shape_rect *line = &layout->time_line;
    int64_t length = layout->length_usec;
    /* Scaled down first, so that a run of a hundred years does not overflow. */
    while (length > INT64_C(1) << 40) {
        length >>= 1;
        at_usec >>= 1;
    }
    return line->x + (int)(at_usec * (line->width - 1) / length);
}

/* Round steps: 1, 2 or 5 times a power of ten, at most `most` of them. */
static int64_t tick_usec(int64_t length_usec, int most)
{
    static const int factors[] = {1, 2, 5};
    if (most < 1)
        most = 1;
    for (int64_t power = 1;; power *= 10) {
        for (int i = 0; i < 3; i++) {
            if (length_usec / (power * factors[i]) <= most)
                return power * factors[i];
        }
    }
}

static void tick_text(char *text, size_t size, int64_t at_usec, int64_t step_usec)
{
    if (step_usec % USEC_PER_SEC == 0)
        snprintf(text, size, "%lld s", (long long)(at_usec / USEC_PER_SEC));
    else if (step_usec >= USEC_PER_MSEC)
        scene_tell_time(text, size, at_usec);
    else
        snprintf(text, size, "%lld us", (long long)at_usec);
}

static void add_ticks(struct layout *layout, int y)
{
    const struct shape_rect *line = &layout->time_line;
    int size = layout->sizes.small;
    int64_t step = tick_usec(layout->length_usec, line->width / (14 * shape_advance(size)));
    for (int64_t i = 0; i <= layout->length_usec / step; i++) {
        int64_t at = i * step;
        char text[32];
        tick_text(text, sizeof text, at, step);
        int x = time_x(layout, at), wide = shape_letters(text) * shape_advance(size);
        shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                   (struct shape_rect){x, line->y, 1, line->height + 3});
        int left = clamp(x - wide / 2, line->x, line->x + line->width - wide);
        shapes_text(&layout->shapes, PAINT_FAINT, left, y, wide, size, false, text);
    }
}

enum mark { MARK_NONE, MARK_STOP = 1, MARK_PLACED = 2, MARK_FAILED = 4, MARK_END = 8 };

static int mark_of(const struct scene_event *event)
{
    if (event->failure)
        return MARK_FAILED;
    if (event->kind == SCENE_PLACED)
        return MARK_PLACED;
    if (event->kind == SCENE_STOPPED || event->kind == SCENE_LOST)
        return MARK_STOP;
    return event->kind == SCENE_END ? MARK_END : MARK_NONE;
}

/* One run's marks in its row: placements rise, stops hang, failures are crosses. Only one of a kind
 * per pixel. */
static void add_marks(struct layout *layout, const struct scene_index *index, struct shape_rect row)
{
    struct shapes *shapes = &layout->shapes;
    int size = clamp(row.height - 4, 7, layout->sizes.normal);
    int last_x = -1, seen = 0, cross_end = 0;
    for (int i = 0; i < index->n_events; i++) {
        int mark = mark_of(&index->events[i]);
        int x = time_x(layout, index->events[i].at_usec);
        if (x != last_x)
            seen = 0;
        last_x = x;
        if (mark == MARK_NONE || (seen & mark))
            continue;
        seen |= mark;
        int half = row.height / 2, left = x - shape_advance(size) / 2;
        if (mark == MARK_PLACED) {
            shapes_add(shapes, SHAPE_FILL, PAINT_RUNNING,
                       (struct shape_rect){x - 1, row.y + 1, 3, half - 1});
        } else if (mark == MARK_STOP) {
            shapes_add(shapes, SHAPE_FILL, PAINT_FAINT,
                       (struct shape_rect){x, row.y + half, 2, half - 1});
        } else if (mark == MARK_END) {
            shapes_add(shapes, SHAPE_FILL, PAINT_INK, (struct shape_rect){x, row.y, 2, row.height});
        } else if (left >= cross_end) {
            shapes_text(shapes, PAINT_FAILED, left, row.y + (row.height - shape_line(size)) / 2,
                        shape_advance(size), size, true, layout_mark(LIFE_FAILED));
            cross_end = left + shape_advance(size);
        }
    }
}

static void add_time_line(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                          struct shape_rect area)
{
    struct shapes *shapes = &layout->shapes;
    const struct layout_sizes *sizes = &layout->sizes;
    int label = n_scenes > 1 ? 5 * shape_advance(sizes->small) : 0;
    layout->time_line = (struct shape_rect){area.x + label + 4, area.y, area.width - label - 8,
                                            area.height - shape_line(sizes->small) - 4};
    const struct shape_rect *line = &layout->time_line;
    if (line->width < 2 || line->height < 4)
        return;
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, *line);
    add_ticks(layout, line->y + line->height + 3);
    for (int i = 0; i < n_scenes; i++) {
        const struct scene_index *index = scenes[i]->index;
        int high = line->height / n_scenes;
        struct shape_rect row = {line->x, line->y + i * high, line->width, high};
        int end = time_x(layout, scene_index_length_usec(index));
        shapes_add(shapes, SHAPE_STRIPES, PAINT_RULE,
                   (struct shape_rect){end, row.y, row.x + row.width - end - 1, row.height});
        if (label > 0)
            shapes_text(shapes, index->mode == RUN_EXEC ? PAINT_REAL : PAINT_SIM, area.x,
                        row.y + (high - shape_line(sizes->small)) / 2, label, sizes->small, true,
                        index->mode == RUN_EXEC ? "real" : "sim");
        add_marks(layout, index, row);
    }
    shapes_add(shapes, SHAPE_FRAME, PAINT_RULE, *line);
    int x = time_x(layout, scenes[0]->at_usec);
    shapes_add(shapes, SHAPE_FILL, PAINT_INK,
               (struct shape_rect){x - 1, line->y - 3, 3, line->height + 6});
    shapes_add(shapes, SHAPE_FILL, PAINT_INK, (struct shape_rect){x - 4, line->y - 5, 9, 4});
}

/* The clock, what it does, and the signs' meaning. */
static void add_status(struct layout *layout, const struct scene *const *scenes,
                       const struct layout_view *view, struct shape_rect area)
{
    const struct layout_sizes *sizes = &layout->sizes;
    struct shapes *shapes = &layout->shapes;
    char now[32], whole[32], text[128];
    shapes_text(shapes, PAINT_INK, area.x, area.y, area.width, sizes->large, true,
                scene_tell_time(now, sizeof now, scenes[0]->at_usec));
    scene_tell_time(whole, sizeof whole, view->length_usec);
    /* The clock's width is that of its last moment, so that nothing moves while it runs. */
    int x = area.x + (shape_letters(whole) + 1) * shape_advance(sizes->large);
    int drop = (shape_line(sizes->large) - shape_line(sizes->small)) / 2;
    snprintf(text, sizeof text, "of %s%s%s", whole, view->state ? ", " : "",
             view->state ? view->state : "");
    shapes_text(shapes, PAINT_FAINT, x, area.y + drop, area.x + area.width - x, sizes->small, false,
                text);
    int legend = 0, advance = shape_advance(sizes->small);
    for (int life = LIFE_PENDING; life < LIVES; life++)
        legend += (shape_letters(life_names[life]) + 4) * advance + advance / 2 + 2;
    x += (shape_letters(text) + 2) * advance;
    if (x + legend - 2 * advance > area.x + area.width)
        return;
    x = area.x + area.width - legend + 2 * advance;
    for (int life = LIFE_PENDING; life < LIVES; life++) {
        struct shape_rect swatch = {x, area.y + drop - 1, 2 * advance + 2,
                                    shape_line(sizes->small) + 2};
        layout_swatch(layout, life, swatch);
        shapes_text(shapes, life == LIFE_FAILED ? PAINT_FAILED : PAINT_INK, x + advance / 2 + 1,
                    area.y + drop, advance, sizes->small, true, layout_mark(life));
        x += swatch.width + advance / 2;
        x += shapes_text(shapes, PAINT_FAINT, x, area.y + drop, area.width, sizes->small, false,
                         life_names[life]);
        x += 2 * advance;
    }
}

static int tell(const struct scene *scene, const struct layout_pick *pick, struct scene_line *lines)
{
    struct scene_task task;
    if (pick->thing == LAYOUT_TASK && scene_task(scene, pick->id, &task))
        return scene_tell_task(scene, &task, lines, TIP_LINES);
    const struct scene_instance *instance =
        pick->thing == LAYOUT_INSTANCE ? scene_instance(scene, pick->id) : NULL;
    return instance ? scene_tell_instance(scene, instance, lines, TIP_LINES) : 0;
}

static void add_tip(struct layout *layout, const struct scene *const *scenes,
                    const struct layout_view *view)
{
    const struct layout_place *place = layout_place_at(layout, view->pointer_x, view->pointer_y);
    if (!place)
        return;
    struct scene_line lines[TIP_LINES];
    int n = tell(scenes[place->pick.scene], &place->pick, lines);
    int size = layout->sizes.normal, letters = 0;
    for (int i = 0; i < n; i++) {
        int own = shape_letters(lines[i].text);
        letters = own > letters ? own : letters;
    }
    struct shape_rect rect = {view->pointer_x + 14, view->pointer_y + 14,
                              letters * shape_advance(size) + 12, n * shape_line(size) + 8};
    rect.x = clamp(rect.x, 0, view->width > rect.width ? view->width - rect.width : 0);
    rect.y = clamp(rect.y, 0, view->height > rect.height ? view->height - rect.height : 0);
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_TIP, rect);
    shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_INK, rect);
    for (int i = 0; i < n; i++)
        shapes_text(&layout->shapes, PAINT_INK, rect.x + 6, rect.y + 4 + i * shape_line(size),
                    rect.width - 12, size, i == 0, lines[i].text);
}

/* Cuts `high` pixels off the lower end. */
static struct shape_rect take_below(struct shape_rect *all, int high)
{
    all->height -= high;
    return (struct shape_rect){all->x, all->y + all->height, all->width, high};
}

/* Divides the picture: from below the keys, the charts, the time line and the clock; a panel at the
 * right; what is left is the runs'. */
static void add_frame(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                      const struct layout_view *view, struct shape_rect *all)
{
    static const char keys[] = "space play/pause   \xE2\x86\x90 \xE2\x86\x92 step   + - speed   "
                               "Home End   click the time line   q quit";
    const struct layout_sizes *sizes = &layout->sizes;
    int row = shape_line(sizes->small), line = (n_scenes > 1 ? 2 * row : row * 3 / 2) + row + 4;
    if (view->state && view->height > 20 * sizes->small) {
        struct shape_rect help = take_below(all, row);
        shapes_text(&layout->shapes, PAINT_FAINT, help.x, help.y, help.width, sizes->small, false,
                    keys);
    }
    layout->strips = (struct shape_rect){0};
    if (view->strips && view->height > 30 * sizes->small)
        layout->strips = take_below(all, view->height / 5);
    struct shape_rect time_line = take_below(all, line);
    struct shape_rect status = take_below(all, shape_line(sizes->large) + sizes->gap);
    add_status(layout, scenes, view,
               (struct shape_rect){status.x, status.y - 3, status.width, row});
    all->height -= sizes->gap;
    add_time_line(layout, scenes, n_scenes, time_line);
    if (layout->strips.width > 0) {
        layout->strips.x = layout->time_line.x;
        layout->strips.width = layout->time_line.width;
    }
    layout->panel = (struct shape_rect){0};
    if (view->panel && all->width > 60 * shape_advance(sizes->small)) {
        layout->panel = *all;
        layout->panel.width = all->width / 3;
        all->width -= layout->panel.width + sizes->gap;
        layout->panel.x = all->x + all->width + sizes->gap;
    }
}

void layout_make(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                 const struct layout_view *view)
{
    shapes_clear(&layout->shapes);
    layout->shapes.theme = view->theme;
    layout->n_places = 0;
    layout->length_usec = view->length_usec > 0 ? view->length_usec : 1;
    layout->sizes = sizes_for(view->width, view->height);
    const struct layout_sizes *sizes = &layout->sizes;
    struct shape_rect all = {0, 0, view->width, view->height};
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_PAPER, all);
    all = shape_inset(all, sizes->gap);
    add_frame(layout, scenes, n_scenes, view, &all);
    int wide = (all.width - (n_scenes - 1) * 4 * sizes->gap) / n_scenes;
    for (int i = 0; i < n_scenes; i++) {
        struct shape_rect part = {all.x + i * (wide + 4 * sizes->gap), all.y, wide, all.height};
        if (i > 0)
            shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                       (struct shape_rect){part.x - 2 * sizes->gap, all.y, 1, all.height});
        add_run(layout, scenes[i], i, view, part);
    }
    add_tip(layout, scenes, view);
}

void layout_finish(struct layout *layout)
{
    shapes_finish(&layout->shapes);
    free(layout->places);
    *layout = (struct layout){0};
}

int64_t layout_time_at(const struct layout *layout, int x)
{
    const struct shape_rect *line = &layout->time_line;
    if (x <= line->x || line->width < 2)
        return 0;
    if (x >= line->x + line->width - 1)
        return layout->length_usec;
    int64_t pixels = line->width - 1, at = x - line->x;
    return layout->length_usec / pixels * at + layout->length_usec % pixels * at / pixels;
}

const struct layout_place *layout_place_at(const struct layout *layout, int x, int y)
{
    for (int i = layout->n_places - 1; i >= 0; i--) {
        if (shape_contains(layout->places[i].rect, x, y))
            return &layout->places[i];
    }
    return NULL;
}
