/*
 * Everything is drawn from the chronicles' columns, so a frame costs as much as the picture is wide and not as long
 * as the run is. It must never know who paints or what a window is.
 */
#include "viz/time_line.h"

#include "viz/scene_tell.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Letters of the longest strip's name with its value. */
#define LABEL_LETTERS 19
#define SECOND_LETTERS 9

static const struct {
    const char *sign;
    enum paint paint;
    int lane;
} looks[CHRONICLE_KINDS] = {
    [CHRONICLE_DEPLOYMENT] = {"\xE2\x97\x86", PAINT_DEPLOYMENT, 0}, /* diamond */
    [CHRONICLE_SCALE_OUT] = {"\xE2\x96\xB2", PAINT_SCALE, 1},       /* triangle up */
    [CHRONICLE_SCALE_IN] = {"\xE2\x96\xBC", PAINT_SCALE, 1},        /* triangle down */
    [CHRONICLE_FAULT] = {"\xE2\x9A\xA1", PAINT_FAULT, 0},           /* lightning */
    [CHRONICLE_FAILURE] = {"\xE2\x9C\x97", PAINT_FAILED, 1},        /* cross */
};

static const char *const strip_names[CHRONICLE_STRIPS] = {"utilization", "waiting", "running",
                                                          "$ an hour", "latency p95"};

const char *time_line_sign(enum chronicle_kind kind)
{
    return looks[kind].sign;
}

enum paint time_line_paint(enum chronicle_kind kind)
{
    return looks[kind].paint;
}

static int clamp(int value, int low, int high)
{
    return value < low ? low : value > high ? high : value;
}

int time_line_x(const struct layout *layout, int64_t at_usec)
{
    return layout->time_line.x +
           chronicle_column(at_usec, layout->time_line.width, layout->length_usec);
}

/* The colour of a run among those of the picture, and what it is called there. */
static enum paint run_paint(const struct scene *const *scenes, int run)
{
    enum run_mode mode = scenes[run]->index->mode;
    if (run > 0 && mode == scenes[0]->index->mode)
        return PAINT_SECOND;
    return mode == RUN_EXEC ? PAINT_REAL : PAINT_SIM;
}

static const char *run_word(const struct scene *const *scenes, int run)
{
    if (scenes[0]->index->mode == scenes[1]->index->mode)
        return run == 0 ? "left" : "right";
    return scenes[run]->index->mode == RUN_EXEC ? "real" : "sim";
}

/* Heights ------------------------------------------------------------------------------------------ */

/* Low pictures have one lane of signs, others two. */
static int lanes(const struct layout *layout, const struct layout_view *view)
{
    return view->height >= 36 * layout->sizes.small ? 2 : 1;
}

static int lane_height(const struct layout *layout)
{
    return layout->sizes.normal + 1;
}

static int row_height(const struct layout *layout, const struct layout_view *view)
{
    return lanes(layout, view) * lane_height(layout) + layout->sizes.small * 2 / 3;
}

int time_line_height(const struct layout *layout, const struct layout_view *view, int n_scenes)
{
    return n_scenes * row_height(layout, view) + shape_line(layout->sizes.small) + 4;
}

/* A strip is drawn where any of the runs has something of it. */
static int64_t strip_most(const struct layout_view *view, int strip)
{
    int64_t most = 0;
    for (int i = 0; i < LAYOUT_SCENES; i++) {
        if (view->chronicles[i] && view->chronicles[i]->most[strip] > most)
            most = view->chronicles[i]->most[strip];
    }
    return most;
}

static int n_strips(const struct layout_view *view)
{
    int n = 0;
    for (int s = 0; s < CHRONICLE_STRIPS; s++)
        n += strip_most(view, s) > 0;
    return n;
}

int time_line_strips_height(const struct layout *layout, const struct layout_view *view)
{
    int small = layout->sizes.small, n = n_strips(view), each = small * 2;
    if (!view->strips || n == 0 || view->height < 36 * small || view->width < 60 * small)
        return 0;
    return n * each + layout->sizes.gap;
}

/* Ticks -------------------------------------------------------------------------------------------- */

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
    int size = layout->sizes.small, below = layout->strips.y + layout->strips.height;
    int64_t step = tick_usec(layout->length_usec, line->width / (14 * shape_advance(size)));
    for (int64_t i = 0; i <= layout->length_usec / step; i++) {
        int64_t at = i * step;
        char text[32];
        tick_text(text, sizeof text, at, step);
        int x = time_line_x(layout, at), wide = shape_letters(text) * shape_advance(size);
        shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                   (struct shape_rect){x, line->y, 1, line->height + 3});
        if (layout->strips.height > 0)
            shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                       (struct shape_rect){x, layout->strips.y, 1, below - layout->strips.y});
        int left = clamp(x - wide / 2, line->x, line->x + line->width - wide);
        shapes_text(&layout->shapes, PAINT_FAINT, left, y, wide, size, false, text);
    }
}

/* Marks -------------------------------------------------------------------------------------------- */

/* Columns next to each other in which the same happens are one rectangle. */
static void add_activity(struct layout *layout, const struct chronicle *chronicle,
                         enum chronicle_kind kind, enum paint paint, struct shape_rect lane)
{
    int from = -1;
    for (int x = 0; x <= chronicle->width; x++) {
        bool on = x < chronicle->width && (chronicle->kinds[x] & 1U << kind);
        if (on && from < 0)
            from = x;
        if (!on && from >= 0) {
            shapes_add(&layout->shapes, SHAPE_FILL, paint,
                       (struct shape_rect){lane.x + from, lane.y,
                                           x - from < 2 && x < chronicle->width ? 2 : x - from,
                                           lane.height});
            from = -1;
        }
    }
}

/* Signs of a lane; none lies on another, what matters more goes first. */
static void add_signs(struct layout *layout, const struct chronicle *chronicle, int lane,
                      struct shape_rect row)
{
    int size = row.height, wide = shape_advance(size);
    bool *taken = calloc((size_t)chronicle->width + 1, sizeof *taken);
    for (int kind = CHRONICLE_KINDS - 1; taken && kind >= CHRONICLE_MARKS; kind--) {
        if (lane >= 0 && looks[kind].lane != lane)
            continue;
        for (int x = 0; x < chronicle->width; x++) {
            int left = clamp(x - wide / 2, 0, chronicle->width - wide);
            if (!(chronicle->kinds[x] & 1U << kind) || left < 0 || taken[left] ||
                taken[left + wide - 1])
                continue;
            memset(taken + left, true, (size_t)wide);
            shapes_text(&layout->shapes, looks[kind].paint, row.x + left,
                        row.y + (row.height - shape_line(size)) / 2, wide, size, true,
                        looks[kind].sign);
        }
    }
    free(taken);
}

static void add_row(struct layout *layout, const struct scene_index *index,
                    const struct chronicle *chronicle, int n_lanes, struct shape_rect row)
{
    int end = time_line_x(layout, scene_index_length_usec(index));
    int size = lane_height(layout), activity = row.height - n_lanes * size;
    struct shape_rect lane = {row.x, row.y + n_lanes * size, row.width, activity / 2};
    shapes_add(&layout->shapes, SHAPE_STRIPES, PAINT_RULE,
               (struct shape_rect){end, row.y, row.x + row.width - end - 1, row.height});
    if (!chronicle)
        return;
    add_activity(layout, chronicle, CHRONICLE_PLACED, PAINT_RUNNING, lane);
    lane.y += lane.height;
    add_activity(layout, chronicle, CHRONICLE_STOPPED, PAINT_FAINT, lane);
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_INK,
               (struct shape_rect){end - 1, row.y, 2, row.height});
    for (int i = 0; i < n_lanes; i++)
        add_signs(layout, chronicle, n_lanes > 1 ? i : -1,
                  (struct shape_rect){row.x, row.y + i * size, row.width, size});
}

/* Strips ------------------------------------------------------------------------------------------- */

/* The area under the numbers (`light` PAINTS: not that), and their line, both merged over equal columns. */
static void add_curve(struct layout *layout, const struct chronicle *chronicle, int strip,
                      int64_t most, enum paint paint, enum paint light, struct shape_rect rect)
{
    const int64_t *low = &chronicle->low[strip * chronicle->width];
    const int64_t *high = &chronicle->high[strip * chronicle->width];
    int below = rect.y + rect.height;
    for (int x = 0, next; x < chronicle->width; x = next) {
        next = x + 1;
        while (next < chronicle->width && low[next] == low[x] && high[next] == high[x])
            next++;
        if (high[x] < 0)
            continue;
        int top = below - 2 - (int)((__int128)high[x] * (rect.height - 2) / most);
        int bottom = below - (int)((__int128)low[x] * (rect.height - 2) / most);
        if (light != PAINTS && high[x] > 0)
            shapes_add(&layout->shapes, SHAPE_FILL, light,
                       (struct shape_rect){rect.x + x, top, next - x, below - top});
        shapes_add(&layout->shapes, SHAPE_FILL, paint,
                   (struct shape_rect){rect.x + x, top, next - x, bottom - top});
    }
}

static void add_label(struct layout *layout, const struct layout_view *view,
                      const struct scene *const *scenes, enum chronicle_strip strip,
                      struct shape_rect rect)
{
    int size = layout->sizes.small, y = rect.y + (rect.height - shape_line(size)) / 2;
    int right = rect.x + rect.width;
    for (int i = LAYOUT_SCENES - 1; i >= 0; i--) {
        const struct chronicle *chronicle = view->chronicles[i];
        char text[32];
        if (!chronicle)
            continue;
        int64_t value = series_at(&chronicle->strips[strip], scenes[i]->at_usec);
        if (chronicle_knows(chronicle, strip, value))
            chronicle_tell_value(strip, value, text, sizeof text);
        else
            snprintf(text, sizeof text, "-");
        int wide = shape_letters(text) * shape_advance(size);
        right -= wide;
        shapes_text(&layout->shapes, run_paint(scenes, i), right, y, wide, size, true, text);
        right -= shape_advance(size);
    }
    shapes_text(&layout->shapes, PAINT_FAINT, rect.x, y, right - rect.x, size, false,
                strip_names[strip]);
}

static void add_strips(struct layout *layout, const struct layout_view *view,
                       const struct scene *const *scenes, int label)
{
    struct shape_rect *all = &layout->strips;
    int n = n_strips(view), gap = layout->sizes.gap;
    int each = n > 0 ? (all->height - gap) / n : 0, y = all->y + gap;
    for (int s = 0; s < CHRONICLE_STRIPS && each > 4; s++) {
        int64_t most = strip_most(view, s);
        if (most <= 0)
            continue;
        struct shape_rect rect = {all->x, y, all->width, each - 3};
        shapes_add(&layout->shapes, SHAPE_FILL, PAINT_RULE,
                   (struct shape_rect){rect.x, rect.y + rect.height, rect.width, 1});
        for (int i = 0; i < LAYOUT_SCENES; i++) {
            if (view->chronicles[i])
                add_curve(layout, view->chronicles[i], s, most, run_paint(scenes, i),
                          i > 0                                ? PAINTS
                          : scenes[i]->index->mode == RUN_EXEC ? PAINT_REAL_LIGHT
                                                               : PAINT_SIM_LIGHT,
                          rect);
        }
        add_label(layout, view, scenes, s,
                  (struct shape_rect){rect.x - label, rect.y,
                                      label - shape_advance(layout->sizes.small), rect.height});
        y += each;
    }
}

/* All ---------------------------------------------------------------------------------------------- */

static int label_width(const struct layout *layout, int n_scenes)
{
    int advance = shape_advance(layout->sizes.small);
    if (layout->strips.height > 0)
        return (LABEL_LETTERS + (n_scenes > 1 ? SECOND_LETTERS : 0)) * advance;
    return n_scenes > 1 ? 6 * advance : 0;
}

/* Under the signs, so that it hides none. */
static void add_cursor(struct layout *layout, int64_t at_usec)
{
    const struct shape_rect *line = &layout->time_line;
    int x = time_line_x(layout, at_usec), head = layout->sizes.small / 2 + 2;
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_INK,
               (struct shape_rect){x, line->y - 3, 1, line->height + 6});
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_INK,
               (struct shape_rect){x - head / 2, line->y - 5, head | 1, 5});
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_INK,
               (struct shape_rect){x - 1, line->y + line->height, 3, 3});
    if (layout->strips.height > 0)
        shapes_add(&layout->shapes, SHAPE_FILL, PAINT_INK,
                   (struct shape_rect){x, layout->strips.y, 1, layout->strips.height});
}

void time_line_add(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                   const struct layout_view *view, struct shape_rect area)
{
    struct shapes *shapes = &layout->shapes;
    int size = layout->sizes.small, label = label_width(layout, n_scenes);
    layout->time_line = (struct shape_rect){area.x + label + 4, area.y, area.width - label - 8,
                                            area.height - shape_line(size) - 4};
    layout->strips.x = layout->time_line.x;
    layout->strips.width = layout->time_line.width;
    const struct shape_rect *line = &layout->time_line;
    if (line->width < 2 || line->height < 4)
        return;
    shapes_add(shapes, SHAPE_FILL, PAINT_PANEL, *line);
    shapes_add(shapes, SHAPE_FRAME, PAINT_RULE, *line);
    add_ticks(layout, line->y + line->height + 3);
    for (int i = 0; i < n_scenes; i++) {
        if (view->chronicles[i])
            chronicle_fit(view->chronicles[i], line->width, layout->length_usec);
    }
    if (layout->strips.height > 0)
        add_strips(layout, view, scenes, label);
    add_cursor(layout, scenes[0]->at_usec);
    for (int i = 0; i < n_scenes; i++) {
        const struct scene_index *index = scenes[i]->index;
        int high = line->height / n_scenes;
        add_row(layout, index, view->chronicles[i], lanes(layout, view),
                (struct shape_rect){line->x, line->y + i * high, line->width, high});
        if (n_scenes > 1)
            shapes_text(shapes, run_paint(scenes, i), area.x,
                        line->y + i * high + (high - shape_line(size)) / 2, label, size, true,
                        run_word(scenes, i));
    }
}
