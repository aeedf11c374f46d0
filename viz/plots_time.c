/*
 * Kinds that count something over time: utilization, services, queue. They must never know how charts are
 * drawn.
 */
#include "viz/plots.h"
#include "viz/series.h"
#include "viz/track.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_PIXELS 220
#define SERVICES_MAX 8

/* Utilization ------------------------------------------------------------------------------------ */

static void fill_share(struct chart_panel *panel, const struct plots_run *runs, int run,
                       bool memory, double usec_per_x)
{
    const struct story *story = &runs[run].story;
    struct series share = {0};
    track_share(story, memory, &share);
    plots_add_series(chart_add_line(panel, runs[run].name, plots_paint(runs, run), CHART_STEPS),
                     &share, track_end_usec(story), usec_per_x, 0.01);
    panel->lines[panel->n_lines - 1].dashed = run % 2 == 1;
    series_finish(&share);
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

void plots_queue(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    static const char *const titles[TRACK_LEVELS] = {"Tasks that wait for room", "Tasks that start",
                                                     "Tasks that run"};
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    for (int level = 0; level < TRACK_LEVELS; level++) {
        struct chart_panel *panel =
            chart_add_panel(chart, titles[level], "tasks", PANEL_PIXELS * 2 / 3);
        panel->counts = true;
        for (int run = 0; run < n_runs; run++) {
            int64_t end_usec = track_end_usec(&runs[run].story);
            struct series series = {0};
            track_level(&runs[run].story, (enum track_level)level, &series);
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
    int64_t end_usec = track_end_usec(story);
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
