/*
 * Kinds that count something over time: utilization, services, queue. They must never know how charts are
 * drawn.
 */
#include "viz/life.h"
#include "viz/plots.h"
#include "viz/series.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_PIXELS 220
#define SERVICES_MAX 8

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* When the task's room is free again for others. */
static int64_t freed_usec(const struct story_task *task)
{
    return least(task->stop_at_usec, task->stopped_at_usec);
}

/* Utilization ------------------------------------------------------------------------------------ */

/* Per cent of what is registered, moment by moment. */
static void divide(struct series *part, struct series *whole, int64_t end_usec,
                   struct series *ratio)
{
    int i = 0, j = 0;
    series_close(part, end_usec);
    series_close(whole, end_usec);
    while (i < part->n_points || j < whole->n_points) {
        int64_t a = i < part->n_points ? part->points[i].at_usec : USEC_NEVER;
        int64_t b = j < whole->n_points ? whole->points[j].at_usec : USEC_NEVER;
        int64_t at_usec = least(a, b), of;
        i += a == at_usec;
        j += b == at_usec;
        of = j > 0 ? whole->points[j - 1].value : 0;
        series_set(ratio, at_usec, of > 0 && i > 0 ? part->points[i - 1].value * 10000 / of : 0);
    }
}

static void fill_share(struct chart_panel *panel, const struct plots_run *runs, int run,
                       bool memory, double usec_per_x)
{
    const struct story *story = &runs[run].story;
    int64_t end_usec = plots_end_usec(story);
    struct series reserved = {0}, registered = {0}, ratio = {0};
    for (int i = 0; i < story->n_tasks; i++) {
        const struct task_definition *definition = life_definition(story, i);
        if (definition)
            series_add(&reserved, story->tasks[i].placed_at_usec, freed_usec(&story->tasks[i]),
                       memory ? taskdef_memory_mib(definition) : taskdef_cpu(definition));
    }
    for (int i = 0; i < story->n_instances; i++) {
        const struct story_instance *instance = &story->instances[i];
        series_add(&registered, instance->registered_at_usec, instance->lost_at_usec,
                   memory ? instance->memory_mib : instance->cpu);
    }
    divide(&reserved, &registered, end_usec, &ratio);
    plots_add_series(chart_add_line(panel, runs[run].name, plots_paint(runs, run), CHART_STEPS),
                     &ratio, end_usec, usec_per_x, 0.01);
    panel->lines[panel->n_lines - 1].dashed = run % 2 == 1;
    series_finish(&reserved);
    series_finish(&registered);
    series_finish(&ratio);
}

void plots_utilization(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    static const char *const titles[] = {"CPU reserved by tasks, of what the instances have",
                                         "Memory reserved by tasks, of what the instances have"};
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    for (int memory = 0; memory < 2; memory++) {
        struct chart_panel *panel =
            chart_add_panel(chart, titles[memory], "per cent", PANEL_PIXELS);
        panel->y_max = 105;
        for (int run = 0; run < n_runs; run++)
            fill_share(panel, runs, run, memory == 1, usec_per_x);
    }
}

/* Queue ------------------------------------------------------------------------------------------ */

/* What services want and do not have counts as waiting, too: no task stands for it yet. */
static void add_wants(const struct story *story, struct series *waiting)
{
    for (int i = 0; i < story->n_wants; i++) {
        const struct story_want *want = &story->wants[i];
        int64_t until_usec = USEC_NEVER;
        for (int j = i + 1; j < story->n_wants && until_usec == USEC_NEVER; j++) {
            if (story->wants[j].service == want->service)
                until_usec = story->wants[j].at_usec;
        }
        series_add(waiting, want->at_usec, until_usec, want->desired);
    }
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->service != ID_NONE)
            series_add(waiting, task->placed_at_usec, freed_usec(task), -1);
    }
}

/* A service that is being replaced has more than it wants: that does not make others wait less. */
static void not_below_zero(struct series *series, int64_t end_usec)
{
    series_close(series, end_usec);
    series->absolute = true;
    for (int i = 0; i < series->n_points; i++) {
        if (series->points[i].value < 0)
            series->points[i].value = 0;
    }
}

enum level { LEVEL_WAITING, LEVEL_STARTING, LEVEL_RUNNING, LEVELS };

static void count_level(const struct story *story, enum level level, int64_t end_usec,
                        struct series *series)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (level == LEVEL_WAITING && task->service == ID_NONE)
            series_add(series, task->accepted_at_usec,
                       least(task->placed_at_usec, task->stopped_at_usec), 1);
        else if (level == LEVEL_STARTING)
            series_add(series, task->placed_at_usec,
                       least(task->running_at_usec, task->stopped_at_usec), 1);
        else if (level == LEVEL_RUNNING)
            series_add(series, task->running_at_usec, task->stopped_at_usec, 1);
    }
    if (level == LEVEL_WAITING) {
        add_wants(story, series);
        not_below_zero(series, end_usec);
    }
}

void plots_queue(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    static const char *const titles[LEVELS] = {"Tasks that wait for room", "Tasks that start",
                                               "Tasks that run"};
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    for (int level = 0; level < LEVELS; level++) {
        struct chart_panel *panel =
            chart_add_panel(chart, titles[level], "tasks", PANEL_PIXELS * 2 / 3);
        panel->counts = true;
        for (int run = 0; run < n_runs; run++) {
            int64_t end_usec = plots_end_usec(&runs[run].story);
            struct series series = {0};
            count_level(&runs[run].story, (enum level)level, end_usec, &series);
            plots_add_series(
                chart_add_line(panel, runs[run].name, plots_paint(runs, run), CHART_STEPS), &series,
                end_usec, usec_per_x, 1);
            panel->lines[panel->n_lines - 1].dashed = run % 2 == 1;
            series_finish(&series);
        }
    }
}

/* Services --------------------------------------------------------------------------------------- */

static void fill_service(struct chart_panel *panel, const struct story *story, int32_t service,
                         double usec_per_x)
{
    int64_t end_usec = plots_end_usec(story);
    struct series desired = {0}, live = {0}, running = {0};
    panel->counts = true;
    for (int i = 0; i < story->n_wants; i++) {
        if (story->wants[i].service == service)
            series_set(&desired, story->wants[i].at_usec, story->wants[i].desired);
    }
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        if (task->service != service)
            continue;
        series_add(&live, task->placed_at_usec, task->stopped_at_usec, 1);
        series_add(&running, task->running_at_usec, task->stopped_at_usec, 1);
    }
    plots_add_series(chart_add_line(panel, "placed, not stopped", PAINT_READY, CHART_AREA), &live,
                     end_usec, usec_per_x, 1);
    plots_add_series(chart_add_line(panel, "running", PAINT_RUNNING, CHART_AREA), &running,
                     end_usec, usec_per_x, 1);
    plots_add_series(chart_add_line(panel, "desired", PAINT_INK, CHART_STEPS), &desired, end_usec,
                     usec_per_x, 1);
    panel->lines[panel->n_lines - 1].dashed = true;
    series_finish(&desired);
    series_finish(&live);
    series_finish(&running);
}

void plots_services(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    int n = story->n_services < SERVICES_MAX ? story->n_services : SERVICES_MAX;
    char title[96];
    for (int i = 0; i < n; i++) {
        snprintf(title, sizeof title, "Service %.40s%s", story->services[i].name,
                 i == n - 1 && n < story->n_services ? " (and more that are not shown)" : "");
        fill_service(
            chart_add_panel(chart, title, "tasks", n > 2 ? PANEL_PIXELS / 2 : PANEL_PIXELS), story,
            i, usec_per_x);
    }
    if (n == 0) {
        chart_add_panel(chart, "", "tasks", PANEL_PIXELS);
        snprintf(chart->empty, sizeof chart->empty, "there is no service in this run");
    }
}
