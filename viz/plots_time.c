/*
 * Kinds that count something over time: utilization, queue. They must never know how charts are
 * drawn.
 */
#include "viz/plots.h"
#include "viz/series.h"
#include "viz/track.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_PIXELS 220

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
    bool fargate_alone = true;
    for (int run = 0; run < n_runs; run++)
        fargate_alone &= runs[run].story.n_micro_vms > 0 &&
                         runs[run].story.n_micro_vms == runs[run].story.n_instances;
    if (fargate_alone) {
        plots_say_nothing(chart, "per cent",
                          "all tasks are on Fargate: there is no instance in this run");
        return;
    }
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
