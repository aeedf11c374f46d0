/*
 * A box of lines beside what they are about, kept within the picture. It must never know who paints.
 */
#include "viz/tip.h"

#include "viz/scene_tell.h"
#include "viz/time_line.h"

#include <stdio.h>
#include <string.h>

#define TIP_LINES 16

/* Pixels around the pointer in which a mark is meant. */
#define NEAR 5

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

static int tell_thing(const struct scene *scene, const struct layout_pick *pick,
                      struct scene_line *lines)
{
    struct scene_task task;
    if (pick->thing == LAYOUT_TASK && scene_task(scene, pick->id, &task))
        return scene_tell_task(scene, &task, lines, TIP_LINES);
    const struct scene_instance *instance =
        pick->thing == LAYOUT_INSTANCE ? scene_instance(scene, pick->id) : NULL;
    return instance ? scene_tell_instance(scene, instance, lines, TIP_LINES) : 0;
}

/* The first mark at or after a moment. */
static int mark_from(const struct chronicle *chronicle, int64_t at_usec)
{
    int low = 0, high = chronicle->n_marks;
    while (low < high) {
        int middle = low + (high - low) / 2;
        if (chronicle->marks[middle].at_usec < at_usec)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

/* The moment at x, and the marks near it. */
static int tell_time(const struct layout *layout, const struct layout_view *view, int x,
                     struct scene_line *lines)
{
    int n = 1;
    scene_tell_time(lines[0].text, sizeof lines[0].text, layout_time_at(layout, x));
    int64_t from_usec = layout_time_at(layout, x - NEAR),
            to_usec = layout_time_at(layout, x + NEAR);
    for (int c = 0; c < LAYOUT_SCENES; c++) {
        const struct chronicle *chronicle = view->chronicles[c];
        for (int i = chronicle ? mark_from(chronicle, from_usec) : 0;
             chronicle && i < chronicle->n_marks && chronicle->marks[i].at_usec <= to_usec; i++) {
            const struct chronicle_mark *mark = &chronicle->marks[i];
            if (n == TIP_LINES) {
                snprintf(lines[n - 1].text, sizeof lines[0].text, "and more");
                return n;
            }
            char what[96], when[32];
            chronicle_tell(chronicle, mark, what, sizeof what);
            snprintf(lines[n++].text, sizeof lines[0].text, "%s %s  %.60s",
                     time_line_sign(mark->kind), scene_tell_time(when, sizeof when, mark->at_usec),
                     what);
        }
    }
    return n;
}

static void add_box(struct layout *layout, const struct scene_line *lines, int n, int x, int y,
                    const struct layout_view *view)
{
    int size = layout->sizes.normal, letters = 0;
    for (int i = 0; i < n; i++) {
        int own = shape_letters(lines[i].text);
        letters = own > letters ? own : letters;
    }
    struct shape_rect rect = {x + 14, y + 14, letters * shape_advance(size) + 12,
                              n * shape_line(size) + 8};
    /* Beside the thing rather than on it. */
    if (rect.y + rect.height > view->height)
        rect.y = y - 8 - rect.height;
    if (rect.x + rect.width > view->width)
        rect.x = x - 8 - rect.width;
    rect.x = clamp(rect.x, 0, view->width > rect.width ? view->width - rect.width : 0);
    rect.y = clamp(rect.y, 0, view->height > rect.height ? view->height - rect.height : 0);
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_TIP, rect);
    shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_INK, rect);
    for (int i = 0; i < n; i++)
        shapes_text(&layout->shapes, PAINT_INK, rect.x + 6, rect.y + 4 + i * shape_line(size),
                    rect.width - 12, size, i == 0, lines[i].text);
}

static const struct layout_place *place_of(const struct layout *layout,
                                           const struct layout_pick *pick)
{
    for (int i = layout->n_places - 1; i >= 0 && pick->thing != LAYOUT_NOTHING; i--) {
        const struct layout_pick *own = &layout->places[i].pick;
        if (own->thing == pick->thing && own->id == pick->id && own->scene == pick->scene)
            return &layout->places[i];
    }
    return NULL;
}

void tip_add(struct layout *layout, const struct scene *const *scenes,
             const struct layout_view *view)
{
    const struct layout_place *place = place_of(layout, &view->focus);
    int x = view->pointer_x, y = view->pointer_y, n = 0;
    struct scene_line lines[TIP_LINES];
    if (place) {
        x = place->rect.x + place->rect.width / 2;
        y = place->rect.y + place->rect.height / 2;
        for (int i = 1; i <= 3; i++)
            shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_FOCUS, shape_inset(place->rect, -i));
    } else if (x >= 0 && y >= 0) {
        place = layout_place_at(layout, x, y);
    }
    if (place)
        n = tell_thing(scenes[place->pick.scene], &place->pick, lines);
    else if (x >= 0 &&
             (shape_contains(layout->time_line, x, y) || shape_contains(layout->strips, x, y)))
        n = tell_time(layout, view, x, lines);
    if (n > 0)
        add_box(layout, lines, n, x, y, view);
}
