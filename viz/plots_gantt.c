/*
 * Who was where, when. Few tasks are drawn one by one, in the slots of their instances, with their phases; of many,
 * each instance is a row and its colour how much of its CPU was reserved. It must never know how charts are
 * drawn.
 */
#include "viz/life.h"
#include "viz/parts.h"
#include "viz/plots.h"
#include "viz/series.h"
#include "viz/track.h"

#include "core/array.h"
#include "file/memory.h"

#include <stdio.h>
#include <stdlib.h>

#define LANE_PIXELS 22
#define LANES_MAX 120
#define TASKS_MAX 600
#define GAP 0.5 /* of a lane, between instances */
#define BOOT_SHADE 60
#define THERE_SHADE 30

#define ROWS_MAX 60
#define ROW_PIXELS 14
#define COLUMNS 240
#define SHADES 5

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static const char *describe_instance(const struct story *story, int32_t id, char *text, size_t size)
{
    const struct story_instance *instance = &story->instances[id];
    if (story_is_micro_vm(story, id))
        snprintf(text, size, "%s %.16s", story_task_name(instance->bound_task),
                 story_place_name(story, id));
    else
        snprintf(text, size, "%s %.16s", story_instance_name(id),
                 instance->group >= 0 && instance->group < story->n_groups
                     ? story_type(story, instance)
                     : "");
    return text;
}

/* One by one ------------------------------------------------------------------------------------- */

/* The lanes of one instance: when each is free again. */
struct lanes {
    int64_t *free_usec;
    int n_free_usec, cap_free_usec;
    double top;
};

struct placed {
    int32_t task, instance;
    int64_t from_usec;
    int lane;
};

static int compare_placed(const void *left, const void *right)
{
    const struct placed *a = left, *b = right;
    if (a->from_usec != b->from_usec)
        return a->from_usec < b->from_usec ? -1 : 1;
    return a->task < b->task ? -1 : a->task > b->task;
}

static int list_placed(const struct story *story, struct placed *placed)
{
    int n = 0;
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->placed_at_usec <= track_end_usec(story) && task->instance >= 0 &&
            task->instance < story->n_instances)
            placed[n++] = (struct placed){i, task->instance, task->placed_at_usec, 0};
    }
    qsort(placed, (size_t)n, sizeof *placed, compare_placed);
    return n;
}

static int take_lane(struct lanes *lanes, int64_t from_usec, int64_t until_usec)
{
    int i = 0;
    while (i < lanes->n_free_usec && lanes->free_usec[i] > from_usec)
        i++;
    if (i == lanes->n_free_usec)
        ARRAY_ADD(lanes, free_usec);
    lanes->free_usec[i] = until_usec;
    return i;
}

/* A task's time on its instance as boxes, a part each. */
static void add_task(struct chart_panel *panel, const struct plots_run *run,
                     const struct placed *placed, double top, double usec_per_x)
{
    const struct story *story = &run->story;
    const struct story_task *task = &story->tasks[placed->task];
    const struct task_definition *definition = life_definition(story, placed->task);
    int64_t end_usec = least(track_end_usec(story), task->stopped_at_usec);
    struct part_span spans[PARTS];
    int n = parts_of_task(story, placed->task, run->header.mode == RUN_EXEC, spans);
    char text[64];
    for (int i = 0; i < n; i++) {
        const struct part_span *span = &spans[i];
        int64_t from_usec =
            span->from_usec < task->placed_at_usec ? task->placed_at_usec : span->from_usec;
        struct chart_box box = {.x0 = (double)from_usec / usec_per_x,
                                .x1 = (double)span->to_usec / usec_per_x,
                                .y0 = top + 0.08,
                                .y1 = top + 0.92,
                                .paint = parts_rows[span->part].paint,
                                .shade = 100,
                                .hatched = span->modelled};
        if (from_usec < span->to_usec)
            chart_add_box(panel, &box);
    }
    snprintf(text, sizeof text, "%s %.12s", story_task_name(placed->task),
             definition ? definition->family : "");
    if (end_usec - task->placed_at_usec > track_end_usec(story) / 14)
        chart_add_word(panel, text, (double)task->placed_at_usec / usec_per_x, top + 0.5, true);
}

/* How long there was the instance itself, behind its tasks: boots, and then is there. */
static void add_instance(struct chart_panel *panel, const struct plots_run *run, int32_t id,
                         double top, double bottom, double usec_per_x)
{
    const struct story_instance *instance = &run->story.instances[id];
    int64_t end_usec = least(track_end_usec(&run->story), track_gone_usec(&run->story, id));
    int64_t there_usec = least(instance->registered_at_usec, end_usec);
    const int64_t moments[] = {instance->launch_at_usec, there_usec, end_usec};
    for (int i = 0; i < 2; i++) {
        struct chart_box box = {.x0 = (double)moments[i] / usec_per_x,
                                .x1 = (double)moments[i + 1] / usec_per_x,
                                .y0 = top,
                                .y1 = bottom,
                                .paint = i == 0 ? PAINT_MEMORY : PAINT_WAIT,
                                .shade = i == 0 ? BOOT_SHADE : THERE_SHADE,
                                .hatched = i == 0 && run->header.mode == RUN_EXEC &&
                                           instance->boot_modelled,
                                .behind = true};
        if (moments[i] < moments[i + 1])
            chart_add_box(panel, &box);
    }
}

static void add_failures(struct chart_panel *panel, const struct story *story,
                         const struct placed *placed, const struct lanes *lanes, int n,
                         double usec_per_x)
{
    struct chart_line *line = chart_add_line(panel, "failed or lost", PAINT_FAILED, CHART_POINTS);
    for (int i = 0; i < n; i++) {
        int64_t at_usec = story->tasks[placed[i].task].stopped_at_usec;
        if (at_usec <= track_end_usec(story) && life_task_fails(story, placed[i].task))
            chart_add_point(line, (double)at_usec / usec_per_x,
                            lanes[placed[i].instance].top + placed[i].lane + 0.5);
    }
}

/* Gives each instance its place; returns how high all of them are. */
static double stack(struct chart_panel *panel, const struct story *story, struct lanes *lanes)
{
    double top = 0;
    char text[64];
    for (int i = 0; i < story->n_instances; i++) {
        int n = lanes[i].n_free_usec > 0 ? lanes[i].n_free_usec : 1;
        lanes[i].top = top;
        chart_add_word(panel, describe_instance(story, i, text, sizeof text), 0, top + n / 2.0,
                       false);
        top += n + GAP;
    }
    return top > 0 ? top : 1;
}

/* False, and nothing drawn, where there are too many lanes. */
static bool draw_tasks(struct chart *chart, const struct plots_run *run, double usec_per_x)
{
    const struct story *story = &run->story;
    struct placed *placed = memory_zeroed((size_t)story->n_tasks, sizeof *placed);
    struct lanes *lanes = memory_zeroed((size_t)story->n_instances, sizeof *lanes);
    int n = list_placed(story, placed), n_lanes = 0;
    for (int i = 0; i < n; i++)
        placed[i].lane = take_lane(&lanes[placed[i].instance], placed[i].from_usec,
                                   story->tasks[placed[i].task].stopped_at_usec);
    for (int i = 0; i < story->n_instances; i++)
        n_lanes += lanes[i].n_free_usec > 0 ? lanes[i].n_free_usec : 1;
    if (n_lanes <= LANES_MAX) {
        struct chart_panel *panel = chart_add_panel(chart, "", "", 0);
        panel->downwards = true;
        panel->y_max = stack(panel, story, lanes);
        panel->height = (int)(panel->y_max * LANE_PIXELS);
        for (int i = 0; i < story->n_instances; i++)
            add_instance(panel, run, i, lanes[i].top,
                         i + 1 < story->n_instances ? lanes[i + 1].top - GAP : panel->y_max - GAP,
                         usec_per_x);
        for (int i = 0; i < n; i++)
            add_task(panel, run, &placed[i], lanes[placed[i].instance].top + placed[i].lane,
                     usec_per_x);
        add_failures(panel, story, placed, lanes, n, usec_per_x);
    }
    for (int i = 0; i < story->n_instances; i++)
        free(lanes[i].free_usec);
    free(lanes);
    free(placed);
    return n_lanes <= LANES_MAX;
}

static void add_keys(struct chart *chart, const struct story *story)
{
    bool hatched = false;
    for (int part = 0; part < PARTS; part++)
        chart_add_key(chart, parts_rows[part].name, parts_rows[part].paint, 100, false);
    chart_add_key(chart, "boot", PAINT_MEMORY, BOOT_SHADE, false);
    if (story->n_micro_vms < story->n_instances)
        chart_add_key(chart, "instance", PAINT_WAIT, THERE_SHADE, false);
    for (int i = 0; i < chart->panels[0].n_boxes; i++)
        hatched = hatched || chart->panels[0].boxes[i].hatched;
    if (hatched)
        chart_add_key(chart, "modelled", PAINT_FAINT, 100, true);
}

/* Many ------------------------------------------------------------------------------------------- */

/* Instances first .. end - 1 of the list share a row; all that is on one of Fargate's providers has one, too, which is
 * full where most of its tasks ran. */
struct band {
    int first, end;
    int32_t group; /* of micro-VMs, or ID_NONE */
    int64_t cpu;   /* that they have */
    struct series reserved;
};

struct bands {
    struct band *list;
    int n;
    int32_t *instances; /* container instances, in order */
    int n_instances;
    int *row_of; /* by instance and micro-VM */
};

/* The share of a column's time that was reserved, in steps of a shade; -1: none of it. */
static int shade_of(const struct band *band, int column, int64_t end_usec)
{
    int64_t from_usec = end_usec * column / COLUMNS, to_usec = end_usec * (column + 1) / COLUMNS;
    int64_t middle_usec = from_usec + (to_usec - from_usec) / 2;
    int64_t reserved = series_at(&band->reserved, middle_usec);
    if (reserved <= 0 || band->cpu <= 0)
        return -1;
    return (int)(reserved >= band->cpu ? SHADES - 1 : reserved * SHADES / band->cpu);
}

/* Neighbours of one shade are one box. */
static void add_band(struct chart_panel *panel, const struct band *band, int row, int64_t end_usec,
                     double usec_per_x)
{
    for (int column = 0; column < COLUMNS;) {
        int shade = shade_of(band, column, end_usec), next = column + 1;
        while (next < COLUMNS && shade_of(band, next, end_usec) == shade)
            next++;
        if (shade >= 0) {
            struct chart_box box = {.x0 = (double)end_usec / usec_per_x * column / COLUMNS,
                                    .x1 = (double)end_usec / usec_per_x * next / COLUMNS,
                                    .y0 = row + 0.06,
                                    .y1 = row + 0.94,
                                    .paint = PAINT_RUNNING,
                                    .shade = 100 * (shade + 1) / SHADES};
            chart_add_box(panel, &box);
        }
        column = next;
    }
}

static void make_instance_bands(const struct story *story, struct bands *bands)
{
    bands->instances = memory_zeroed((size_t)story->n_instances, sizeof *bands->instances);
    bands->row_of = memory_zeroed((size_t)story->n_instances, sizeof *bands->row_of);
    for (int32_t i = 0; i < story->n_instances; i++) {
        if (!story_is_micro_vm(story, i))
            bands->instances[bands->n_instances++] = i;
    }
    bands->n = bands->n_instances < ROWS_MAX ? bands->n_instances : ROWS_MAX;
    bands->list = memory_zeroed((size_t)bands->n + (size_t)story->n_groups, sizeof *bands->list);
    for (int row = 0; row < bands->n; row++) {
        struct band *band = &bands->list[row];
        band->first = (int)((int64_t)bands->n_instances * row / bands->n);
        band->end = (int)((int64_t)bands->n_instances * (row + 1) / bands->n);
        band->group = ID_NONE;
        for (int i = band->first; i < band->end; i++) {
            band->cpu += story->instances[bands->instances[i]].cpu;
            bands->row_of[bands->instances[i]] = row;
        }
    }
}

static void make_bands(const struct story *story, struct bands *bands)
{
    make_instance_bands(story, bands);
    for (int32_t g = 0; g < story->n_groups; g++) {
        bool some = false;
        for (int i = 0; i < story->n_instances; i++) {
            if (!story_is_micro_vm(story, i) || story->instances[i].group != g)
                continue;
            bands->row_of[i] = bands->n;
            some = true;
        }
        if (some)
            bands->list[bands->n++] = (struct band){.group = g};
    }
}

static void collect(const struct story *story, struct bands *bands)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        const struct task_definition *definition = life_definition(story, i);
        if (definition && task->instance >= 0 && task->instance < story->n_instances)
            series_add(&bands->list[bands->row_of[task->instance]].reserved, task->placed_at_usec,
                       track_freed_usec(task), taskdef_cpu(definition));
    }
    for (int row = 0; row < bands->n; row++) {
        struct band *band = &bands->list[row];
        series_close(&band->reserved, track_end_usec(story));
        for (int i = 0; band->group != ID_NONE && i < band->reserved.n_points; i++) {
            if (band->reserved.points[i].value > band->cpu)
                band->cpu = band->reserved.points[i].value;
        }
    }
}

static void name_band(struct chart_panel *panel, const struct story *story,
                      const struct bands *bands, int row)
{
    const struct band *band = &bands->list[row];
    const char *provider = band->group != ID_NONE ? story_provider(story, band->group) : NULL;
    char text[64];
    if (band->group == ID_NONE && bands->n > 30 && row % 5 != 0)
        return;
    if (band->group != ID_NONE)
        snprintf(text, sizeof text, "%.40s", provider ? provider : "Fargate");
    else if (band->end - band->first == 1)
        describe_instance(story, bands->instances[band->first], text, sizeof text);
    else
        snprintf(text, sizeof text, "i%d - i%d", bands->instances[band->first] + 1,
                 bands->instances[band->end - 1] + 1);
    chart_add_word(panel, text, 0, row + 0.5, false);
}

static void draw_bands(struct chart *chart, const struct story *story, double usec_per_x)
{
    struct bands bands = {0};
    make_bands(story, &bands);
    struct chart_panel *panel =
        chart_add_panel(chart, "CPU that tasks reserve", "", bands.n * ROW_PIXELS);
    char text[64];
    panel->downwards = true;
    panel->y_max = bands.n;
    collect(story, &bands);
    for (int row = 0; row < bands.n; row++) {
        add_band(panel, &bands.list[row], row, track_end_usec(story), usec_per_x);
        name_band(panel, story, &bands, row);
        series_finish(&bands.list[row].reserved);
    }
    for (int shade = 0; shade < SHADES; shade++) {
        snprintf(text, sizeof text, shade < SHADES - 1 ? "up to %d %%" : "up to %d %% and more",
                 100 * (shade + 1) / SHADES);
        chart_add_key(chart, text, PAINT_RUNNING, 100 * (shade + 1) / SHADES, false);
    }
    free(bands.list);
    free(bands.instances);
    free(bands.row_of);
}

void plots_gantt(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    if (story->n_instances == 0) {
        chart_add_panel(chart, "", "", 120);
        snprintf(chart->empty, sizeof chart->empty, "there is no instance in this run");
        return;
    }
    if (story->n_tasks <= TASKS_MAX && draw_tasks(chart, &runs[0], usec_per_x))
        add_keys(chart, story);
    else
        draw_bands(chart, story, usec_per_x);
}
