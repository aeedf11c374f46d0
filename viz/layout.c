/*
 * The frame around the boxes: headings, the lane of what waits, the last event in words, and the
 * time line that all runs of the picture share. It must never know who paints or what a window is.
 */
#include "viz/layout.h"

#include "core/array.h"
#include "viz/layout_box.h"
#include "viz/layout_lane.h"
#include "viz/layout_legend.h"
#include "viz/scene_tell.h"
#include "viz/time_line.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

/* `scale_percent` is what the viewer wants besides: 0 is 100. */
static struct layout_sizes sizes_for(int width, int height, int scale_percent)
{
    int small = clamp(width / 98 < height / 55 ? width / 98 : height / 55, 9, 26);
    if (scale_percent > 0)
        small = clamp(small * scale_percent / 100, 7, 80);
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
    const char *live = index->broken ? "LOG BROKEN, " : index->live ? "LIVE, " : "";
    if (index->scale_denominator > 1 || index->scale_numerator > 1)
        snprintf(scale, sizeof scale, "scale %d/%d, ", index->scale_numerator,
                 index->scale_denominator);
    if (index->story->n_tasks == 0)
        snprintf(text, sizeof text, "%s%sno task in this run", live, scale);
    else
        snprintf(text, sizeof text, "%s%s%d running, %d waiting", live, scale, scene->n_running,
                 scene->n_waiting);
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

/* One run: heading, boxes, lane, last event. */
static void add_run(struct layout *layout, const struct scene *scene, int which,
                    const struct layout_view *view, struct shape_rect area)
{
    const struct layout_sizes *sizes = &layout->sizes;
    int head = add_heading(layout, scene, area);
    area.y += head;
    area.height -= head;
    int said = shape_line(sizes->small) + 2;
    if (area.height > 5 * said) {
        area.height -= said;
        shapes_text(&layout->shapes, PAINT_INK, area.x, area.y + area.height + 2, area.width,
                    sizes->small, false, scene->latest);
    }
    layout_lanes(layout, scene, which, &area);
    layout->boxes[which] = area;
    layout_boxes(layout, scene, which, view, area);
    if (scene->index->story->n_instances == 0)
        shapes_text(&layout->shapes, PAINT_FAINT, area.x + sizes->gap,
                    area.y + area.height / 2 - shape_line(sizes->normal) / 2,
                    area.width - 2 * sizes->gap, sizes->normal, true, "This run has no instance.");
}

/* The clock, what it does, and the signs' meaning. */
static void add_status(struct layout *layout, const struct scene *const *scenes, int n_scenes,
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
    bool says = view->state && *view->state;
    snprintf(text, sizeof text, "of %s%s%s", whole, says ? ", " : "", says ? view->state : "");
    shapes_text(shapes, PAINT_FAINT, x, area.y + drop, area.x + area.width - x, sizes->small, false,
                text);
    x += (shape_letters(text) + 2) * shape_advance(sizes->small);
    layout_legend(
        layout, scenes, n_scenes,
        (struct shape_rect){x, area.y + drop, area.x + area.width - x, shape_line(sizes->small)});
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
    const struct layout_sizes *sizes = &layout->sizes;
    int row = shape_line(sizes->small);
    layout->strips = take_below(all, time_line_strips_height(layout, view));
    struct shape_rect time_line = take_below(all, time_line_height(layout, view, n_scenes));
    struct shape_rect status = take_below(all, shape_line(sizes->large) + sizes->gap);
    add_status(layout, scenes, n_scenes, view,
               (struct shape_rect){status.x, status.y - 3, status.width, row});
    all->height -= sizes->gap;
    time_line_add(layout, scenes, n_scenes, view, time_line);
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
    layout->sizes = sizes_for(view->width, view->height, view->scale_percent);
    const struct layout_sizes *sizes = &layout->sizes;
    struct shape_rect all = {0, 0, view->width, view->height};
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_PAPER, all);
    all = shape_inset(all, sizes->gap);
    add_frame(layout, scenes, n_scenes, view, &all);
    int gaps = (n_scenes - 1) * 4 * sizes->gap, wide = (all.width - gaps) / n_scenes;
    layout->plan_width = (view->width - 2 * sizes->gap - gaps) / n_scenes;
    for (int i = 0; i < n_scenes; i++) {
        struct shape_rect part = {all.x + i * (wide + 4 * sizes->gap), all.y, wide, all.height};
        if (i > 0)
            shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                       (struct shape_rect){part.x - 2 * sizes->gap, all.y, 1, all.height});
        add_run(layout, scenes[i], i, view, part);
    }
}

void layout_finish(struct layout *layout)
{
    shapes_finish(&layout->shapes);
    free(layout->places);
    for (int i = 0; i < LAYOUT_SCENES; i++)
        layout_grid_finish(&layout->grids[i]);
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
