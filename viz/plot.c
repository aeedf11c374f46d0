/*
 * A Gantt chart: rows from the top, a low one for an instance's heading and one for a task with
 * two bars. All data stands in the script, so the script alone draws the picture. It must never
 * know how gnuplot is run.
 */
#include "viz/plot.h"

#include "core/array.h"
#include "file/memory.h"
#include "viz/gnuplot.h"
#include "viz/life.h"
#include "viz/palette.h"
#include "viz/parts.h"
#include "viz/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WIDTH 1280
#define ROW_PIXELS 38   /* a task with its two bars */
#define HEAD_PIXELS 116 /* title and legend */
#define FOOT_PIXELS 76  /* axis */

struct bar {
    struct part_span span;
    int side;
    int row; /* of its task, from 0 */
};

/* Where in the picture a task or an instance's heading stands: tenths of a row from the top. */
struct row {
    bool heading;
    int32_t id;
    int top;
};

struct chart {
    const struct compare *compare;
    struct row *rows;
    int n_rows, cap_rows;
    struct bar *bars;
    int n_bars, cap_bars;
    int n_tasks, n_left_out;
    int height; /* tenths of a row */
    int64_t end_usec;
};

#define TENTHS_HEADING 7
#define TENTHS_TASK 10

static void add_bars(struct chart *chart, int side, int32_t id, int row)
{
    const struct story *story = chart->compare->sides[side].story;
    bool real = chart->compare->sides[side].header->mode == RUN_EXEC;
    struct part_span spans[PARTS];
    int n = id < story->n_tasks ? parts_of_task(story, id, real, spans) : 0;
    for (int i = 0; i < n; i++)
        *ARRAY_ADD(chart, bars) = (struct bar){spans[i], side, row};
}

static void add_row(struct chart *chart, bool heading, int32_t id)
{
    *ARRAY_ADD(chart, rows) = (struct row){heading, id, chart->height};
    chart->height += heading ? TENTHS_HEADING : TENTHS_TASK;
}

/* The run that placed the task first; NULL: none did. */
static const struct story *home_story(const struct chart *chart, int32_t task)
{
    for (int s = 0; s < 2; s++) {
        const struct story *story = chart->compare->sides[s].story;
        if (task < story->n_tasks && story->tasks[task].placed_at_usec <= track_end_usec(story))
            return story;
    }
    return NULL;
}

/* The instance whose heading a task stands under: that of the first run that placed it. */
static int32_t home(const struct chart *chart, int32_t task)
{
    const struct story *story = home_story(chart, task);
    return story ? story->tasks[task].instance : ID_NONE;
}

/* Whether that instance of a run is where the task stands. */
static bool is_home(const struct chart *chart, int32_t task, const struct story *story,
                    int32_t instance)
{
    const struct story *first = home_story(chart, task);
    return first && story_same_place(first, first->tasks[task].instance, story, instance);
}

/* The tasks of instance i are first[i] .. first[i + 1] - 1 of `tasks`, in their own order. */
struct homes {
    int *first;
    int32_t *tasks;
};

static struct homes sort_by_home(const struct chart *chart, int n_instances, int n_tasks)
{
    struct homes homes = {memory_zeroed((size_t)n_instances + 2, sizeof *homes.first),
                          memory_zeroed((size_t)n_tasks, sizeof *homes.tasks)};
    for (int t = 0; t < n_tasks; t++) {
        if (home(chart, t) != ID_NONE)
            homes.first[home(chart, t) + 2]++;
    }
    for (int i = 2; i <= n_instances + 1; i++)
        homes.first[i] += homes.first[i - 1];
    for (int t = 0; t < n_tasks; t++) {
        if (home(chart, t) != ID_NONE)
            homes.tasks[homes.first[home(chart, t) + 1]++] = t;
    }
    return homes;
}

static void fill_chart(struct chart *chart)
{
    const struct story *a = chart->compare->sides[0].story, *b = chart->compare->sides[1].story;
    int n_instances = a->n_instances > b->n_instances ? a->n_instances : b->n_instances;
    int n_tasks = a->n_tasks > b->n_tasks ? a->n_tasks : b->n_tasks;
    chart->end_usec = track_end_usec(a) > track_end_usec(b) ? track_end_usec(a) : track_end_usec(b);
    struct homes homes = sort_by_home(chart, n_instances, n_tasks);
    for (int i = 0; i < n_instances; i++) {
        int n = homes.first[i + 1] - homes.first[i];
        int n_fit = chart->n_tasks + n <= PLOT_TASKS ? n : PLOT_TASKS - chart->n_tasks;
        if (n_fit > 0 || (n == 0 && chart->n_tasks < PLOT_TASKS && i < PLOT_TASKS))
            add_row(chart, true, i);
        for (int k = 0; k < n_fit; k++) {
            int32_t task = homes.tasks[homes.first[i] + k];
            add_row(chart, false, task);
            for (int s = 0; s < 2; s++)
                add_bars(chart, s, task, chart->n_rows - 1);
        }
        chart->n_tasks += n_fit;
        chart->n_left_out += n - n_fit;
    }
    free(homes.first);
    free(homes.tasks);
}

static void add_seconds(struct buffer *script, int64_t usec)
{
    buffer_add(script, "%" PRId64 ".%06" PRId64, usec / USEC_PER_SEC, usec % USEC_PER_SEC);
}

/* Tenths of a row as gnuplot's y, which grows downwards here; `hundredths` more. */
static void add_y(struct buffer *script, int tenths, int hundredths)
{
    int y = tenths * 10 + hundredths;
    buffer_add(script, "%s%d.%02d", y < 0 ? "-" : "", abs(y) / 100, abs(y) % 100);
}

/* The upper bar of a task is the first run's, the lower one the second's. */
static int bar_top(int side)
{
    return side == 0 ? 10 : 51;
}

#define BAR_HIGH 37

static void add_data(struct buffer *script, const struct chart *chart, int part, bool modelled)
{
    buffer_add(script, "$part%d%s << EOD\n", part, modelled ? "m" : "");
    int n = 0;
    for (int i = 0; i < chart->n_bars; i++) {
        const struct bar *bar = &chart->bars[i];
        if (bar->span.part != (enum part)part || bar->span.modelled != modelled)
            continue;
        int top = chart->rows[bar->row].top;
        add_seconds(script, bar->span.from_usec);
        buffer_add_text(script, " ");
        add_y(script, top, bar_top(bar->side));
        buffer_add_text(script, " ");
        add_seconds(script, bar->span.from_usec);
        buffer_add_text(script, " ");
        add_seconds(script, bar->span.to_usec);
        buffer_add_text(script, " ");
        add_y(script, top, bar_top(bar->side));
        buffer_add_text(script, " ");
        add_y(script, top, bar_top(bar->side) + BAR_HIGH);
        buffer_add_text(script, "\n");
        n++;
    }
    /* Keeps the legend whole where there is nothing to draw. */
    if (n == 0)
        buffer_add_text(script, "NaN NaN NaN NaN NaN NaN\n");
    buffer_add_text(script, "EOD\n");
}

/* Crosses where tasks failed and instances were lost before the end. */
static void add_failures(struct buffer *script, const struct chart *chart)
{
    buffer_add_text(script, "$failed << EOD\nNaN NaN\n");
    for (int i = 0; i < chart->n_rows; i++) {
        const struct row *row = &chart->rows[i];
        for (int s = 0; s < 2; s++) {
            const struct story *story = chart->compare->sides[s].story;
            int64_t at_usec = USEC_NEVER;
            if (row->heading && row->id < story->n_instances &&
                story->instances[row->id].terminate_at_usec == USEC_NEVER)
                at_usec = story->instances[row->id].lost_at_usec;
            else if (!row->heading && row->id < story->n_tasks && life_task_fails(story, row->id))
                at_usec = story->tasks[row->id].stopped_at_usec;
            if (at_usec > track_end_usec(story))
                continue;
            add_seconds(script, at_usec);
            buffer_add_text(script, " ");
            add_y(script, row->top, row->heading ? 35 : bar_top(s) + BAR_HIGH / 2);
            buffer_add_text(script, "\n");
        }
    }
    buffer_add_text(script, "EOD\n");
}

static void add_label(struct buffer *script, const char *text, const char *x, int tenths,
                      int hundredths, const char *look)
{
    buffer_add_text(script, "set label ");
    gnuplot_quote(script, text);
    buffer_add(script, " at %s, first ", x);
    add_y(script, tenths, hundredths);
    buffer_add(script, " %s\n", look);
}

/* "i1 box, zone a" on a band across the picture. */
static void add_heading(struct buffer *script, const struct chart *chart, const struct row *row)
{
    char text[160];
    int side = row->id < chart->compare->sides[0].story->n_instances ? 0 : 1;
    const struct scene_index *index = &chart->compare->sides[side].index;
    const struct instance_group *group = scene_index_group(index, row->id);
    const char *zone = index->zones[index->zone_of[row->id]].name;
    const struct story *story = chart->compare->sides[side].story;
    bool micro = story_is_micro_vm(story, row->id);
    snprintf(text, sizeof text, "%s%s%s%s%s", story_place_name(story, row->id), micro ? "" : " ",
             micro || !group ? "" : story_type(story, &story->instances[row->id]),
             *zone ? ", zone " : "", zone);
    buffer_add_text(script, "set object rectangle from graph -0.19, first ");
    add_y(script, row->top, 8);
    buffer_add_text(script, " to graph 1, first ");
    add_y(script, row->top, 62);
    buffer_add_text(script, " noclip behind fillcolor rgb '#E9ECEF' fillstyle solid noborder\n");
    add_label(script, text, "graph -0.185", row->top, 35, "left front font bold.',14'");
}

static void add_task(struct buffer *script, const struct chart *chart, const struct row *row)
{
    const struct compare *compare = chart->compare;
    int side = row->id < compare->sides[0].story->n_tasks ? 0 : 1;
    const struct task_definition *definition = life_definition(compare->sides[side].story, row->id);
    char text[32];
    snprintf(text, sizeof text, "%s %.11s", story_task_name(row->id),
             definition ? definition->family : "");
    add_label(script, text, "graph -0.068", row->top, 50, "right front font 'DejaVu Sans,14'");
    for (int s = 0; s < 2; s++) {
        const struct story *story = compare->sides[s].story;
        if (row->id >= story->n_tasks)
            continue;
        /* Where the runs disagree, the bar says whose it is and where the task really was. */
        const char *word = !compare->mixed ? (s == 0 ? "1st" : "2nd") : s == 0 ? "sim" : "real";
        int32_t instance = story->tasks[row->id].instance;
        bool elsewhere = instance != ID_NONE && !is_home(chart, row->id, story, instance);
        snprintf(text, sizeof text, "%s%s%s", word, elsewhere ? " " : "",
                 elsewhere ? story_place_name(story, instance) : "");
        add_label(script, text, "graph -0.005", row->top, bar_top(s) + BAR_HIGH / 2,
                  elsewhere ? "right front font bold.',11' textcolor rgb '#D55E00'"
                            : "right front font 'DejaVu Sans,11' textcolor rgb '#5A646E'");
    }
}

/* Pixels from the upper left corner as gnuplot takes them: from the lower left, as parts of the
 * picture. */
static void add_screen(struct buffer *script, int x, int y, int height)
{
    buffer_add(script, "screen 0.%04d, screen 0.%04d", x * 10000 / WIDTH,
               (height - y) * 10000 / height);
}

static void add_words(struct buffer *script, const char *text, int x, int y, int height,
                      const char *look)
{
    buffer_add_text(script, "set label ");
    gnuplot_quote(script, text);
    buffer_add_text(script, " at ");
    add_screen(script, x, y, height);
    buffer_add(script, " %s\n", look);
}

static void add_title(struct buffer *script, const struct chart *chart, int height)
{
    const struct compare *compare = chart->compare;
    const struct run_header *first = compare->sides[0].header, *second = compare->sides[1].header;
    char text[400], look[64], scale[40] = "", left_out[64] = "";
    const char *title = first->title && *first->title ? first->title : "two runs";
    if (second->scale_denominator != second->scale_numerator)
        snprintf(scale, sizeof scale, ", scale %d/%d", second->scale_numerator,
                 second->scale_denominator);
    if (chart->n_left_out > 0)
        snprintf(left_out, sizeof left_out, ", first %d of %d tasks", chart->n_tasks,
                 chart->n_tasks + chart->n_left_out);
    snprintf(look, sizeof look, "left front font %s", gnuplot_fit_title(text, sizeof text, title));
    add_words(script, text, 14, 26, height, look);
    if (compare->mixed)
        snprintf(text, sizeof text,
                 "upper bar: SIMULATED, lower bar, framed: FOR REAL; seed %" PRIu64 "%s%s",
                 first->seed, scale, left_out);
    else
        snprintf(text, sizeof text,
                 "upper bar: first run (%s, seed %" PRIu64
                 "), lower bar, framed: second run (%s, seed %" PRIu64 ")%s%s",
                 first->mode == RUN_EXEC ? "FOR REAL" : "SIMULATED", first->seed,
                 second->mode == RUN_EXEC ? "FOR REAL" : "SIMULATED", second->seed, scale,
                 left_out);
    add_words(script, text, 14, 58, height,
              "left front font 'DejaVu Sans,14' textcolor rgb '#5A646E'");
}

static void add_frames(struct buffer *script, const struct chart *chart)
{
    buffer_add_text(script, "$frames << EOD\nNaN NaN NaN NaN NaN NaN\n");
    for (int i = 0; i < chart->n_bars;) {
        const struct bar *bar = &chart->bars[i];
        int64_t to_usec = bar->span.to_usec;
        int next = i + 1;
        for (; next < chart->n_bars && chart->bars[next].row == bar->row &&
               chart->bars[next].side == bar->side;
             next++)
            to_usec = chart->bars[next].span.to_usec;
        if (bar->side == 1) {
            add_seconds(script, bar->span.from_usec);
            buffer_add_text(script, " 0 ");
            add_seconds(script, bar->span.from_usec);
            buffer_add_text(script, " ");
            add_seconds(script, to_usec);
            buffer_add_text(script, " ");
            add_y(script, chart->rows[bar->row].top, bar_top(1));
            buffer_add_text(script, " ");
            add_y(script, chart->rows[bar->row].top, bar_top(1) + BAR_HIGH);
            buffer_add_text(script, "\n");
        }
        i = next;
    }
    buffer_add_text(script, "EOD\n");
}

static bool is_hatched(const struct chart *chart)
{
    for (int i = 0; i < chart->n_bars; i++) {
        if (chart->bars[i].span.modelled)
            return true;
    }
    return false;
}

/* One sign of the legend and its words. Returns where the next one goes. */
static int add_legend_item(struct buffer *script, int x, int height, const char *look,
                           const char *words)
{
    const int y = HEAD_PIXELS - 32, wide = 22, high = 13;
    if (look) {
        buffer_add_text(script, "set object rectangle from ");
        add_screen(script, x, y + high, height);
        buffer_add_text(script, " to ");
        add_screen(script, x + wide, y, height);
        buffer_add(script, " %s\n", look);
    } else {
        buffer_add_text(script, "set label '' at ");
        add_screen(script, x + wide / 2, y + high / 2, height);
        buffer_add_text(script, " point pointtype 2 pointsize 1.3 linewidth 3 linecolor rgb "
                                "'#D55E00'\n");
    }
    add_words(script, words, x + wide + 6, y + high / 2, height,
              "left front font 'DejaVu Sans,13'");
    return x + wide + 6 + (int)strlen(words) * 9 + 14;
}

static void add_legend(struct buffer *script, const struct chart *chart, int height)
{
    int x = 14;
    for (int part = 0; part < PARTS; part++) {
        char look[64];
        snprintf(look, sizeof look, "fillcolor rgb '#%06X' fillstyle solid noborder",
                 palette_rgb(parts_rows[part].paint));
        x = add_legend_item(script, x, height, look, parts_rows[part].name);
    }
    if (is_hatched(chart))
        x = add_legend_item(script, x, height, GNUPLOT_HATCHING, "modelled");
    add_legend_item(script, x, height, NULL, "failed or lost");
}

static void add_plot(struct buffer *script, const struct chart *chart)
{
    bool hatched = is_hatched(chart);
    buffer_add_text(script, "plot \\\n");
    for (int part = 0; part < PARTS; part++) {
        uint32_t rgb = palette_rgb(parts_rows[part].paint);
        buffer_add(script,
                   "  $part%d using 1:2:3:4:5:6 with boxxyerror fillcolor rgb '#%06X' fillstyle "
                   "solid noborder, \\\n",
                   part, rgb);
        if (hatched)
            buffer_add(script,
                       "  $part%dm using 1:2:3:4:5:6 with boxxyerror fillcolor rgb '#%06X' "
                       "fillstyle solid noborder, \\\n"
                       "  $part%dm using 1:2:3:4:5:6 with boxxyerror " GNUPLOT_HATCHING ", \\\n",
                       part, palette_shaded(parts_rows[part].paint, GNUPLOT_HATCHED_SHADE), part);
    }
    buffer_add_text(script, "  $frames using 1:2:3:4:5:6 with boxxyerror linecolor rgb "
                            "'#14181C' linewidth 1.5 fillstyle empty border, \\\n"
                            "  $failed using 1:2 with points pointtype 2 pointsize 1.3 linewidth 3 "
                            "linecolor rgb '#D55E00'\n");
}

void plot_compare(struct buffer *script, const struct compare *compare, const char *path)
{
    struct chart chart = {.compare = compare};
    fill_chart(&chart);
    int height =
        HEAD_PIXELS + FOOT_PIXELS + (chart.height > 0 ? chart.height : 10) * ROW_PIXELS / 10;
    gnuplot_terminal(script, path, WIDTH, height);
    add_title(script, &chart, height);
    buffer_add(script,
               "set lmargin at screen 0.17\nset rmargin at screen 0.985\n"
               "set tmargin at screen 0.%04d\nset bmargin at screen 0.%04d\n",
               (height - HEAD_PIXELS) * 10000 / height, FOOT_PIXELS * 10000 / height);
    add_legend(script, &chart, height);
    buffer_add_text(script, "set border 1 linecolor rgb '#5A646E'\nunset ytics\n"
                            "set xtics nomirror out\nset grid xtics linecolor rgb '#D5DADF'\n"
                            "set xlabel 'seconds since the start of the run'\n"
                            "set style fill solid\nunset key\n");
    buffer_add_text(script, "set xrange [0:");
    add_seconds(script, chart.end_usec + chart.end_usec / 50);
    buffer_add_text(script, "]\nset yrange [");
    add_y(script, chart.height > 0 ? chart.height : 10, 0);
    buffer_add_text(script, ":0]\n");
    for (int i = 0; i < chart.n_rows; i++) {
        if (chart.rows[i].heading)
            add_heading(script, &chart, &chart.rows[i]);
        else
            add_task(script, &chart, &chart.rows[i]);
    }
    if (chart.n_rows == 0)
        add_label(script, "no instance and no task in either run", "graph 0.5", 0, 50, "center");
    for (int part = 0; part < PARTS; part++) {
        add_data(script, &chart, part, false);
        add_data(script, &chart, part, true);
    }
    add_frames(script, &chart);
    add_failures(script, &chart);
    add_plot(script, &chart);
    free(chart.rows);
    free(chart.bars);
}
