/*
 * Times as their distribution: for each time, the share of tasks that took at most so long. It must never
 * know how charts are drawn.
 */
#include "viz/plots.h"

#include "core/array.h"
#include "file/phases.h"

#include <stdio.h>
#include <stdlib.h>

#define PANEL_PIXELS 260

/* More points than this cannot be told apart. */
#define POINTS_MAX 1000

struct times {
    int64_t *usec;
    int n_usec, cap_usec;
};

static int compare_times(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return a < b ? -1 : a > b;
}

static void collect(const struct story *story, bool startup, struct times *times)
{
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        int64_t usec = USEC_NEVER;
        if (startup)
            usec = phases_of_task(story, task, PHASE_STARTUP);
        else if (task->placed_at_usec != USEC_NEVER &&
                 task->accepted_at_usec <= task->placed_at_usec)
            usec = task->placed_at_usec - task->accepted_at_usec;
        if (usec != USEC_NEVER && usec >= 0)
            *ARRAY_ADD(times, usec) = usec;
    }
    if (times->n_usec > 1)
        qsort(times->usec, (size_t)times->n_usec, sizeof *times->usec, compare_times);
}

static void add_line(struct chart_panel *panel, const struct plots_run *runs, int run, bool startup)
{
    struct chart_line *line =
        chart_add_line(panel, runs[run].name, plots_paint(runs, run), CHART_STEPS);
    struct times times = {0};
    collect(&runs[run].story, startup, &times);
    line->dashed = run % 2 == 1;
    if (times.n_usec > 0)
        chart_add_point(line, 0, 0);
    /* every single one, or the ends of so many equal parts */
    int n = times.n_usec < POINTS_MAX ? times.n_usec : POINTS_MAX;
    for (int k = 1; k <= n; k++) {
        int64_t rank = (int64_t)times.n_usec * k / n;
        chart_add_point(line, (double)times.usec[rank - 1] / USEC_PER_SEC,
                        100.0 * (double)rank / times.n_usec);
    }
    free(times.usec);
}

/* All lines go on to the right edge of their panel. */
static void reach_the_end(struct chart_panel *panel)
{
    for (int i = 0; i < panel->n_lines; i++) {
        const struct chart_line *line = &panel->lines[i];
        if (line->n_points > 0 && line->points[line->n_points - 1].x > panel->x_max)
            panel->x_max = line->points[line->n_points - 1].x;
    }
    panel->x_max = panel->x_max > 0 ? panel->x_max * 1.03 : 1;
    for (int i = 0; i < panel->n_lines; i++) {
        if (panel->lines[i].n_points > 0)
            chart_add_point(&panel->lines[i], panel->x_max, 100);
    }
}

void plots_ecdf(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    static const char *const titles[] = {
        "Start-up: from its placement until a task's last container is ready",
        "Waiting: from when a task was accepted until it was placed"};
    for (int waiting = 0; waiting < 2; waiting++) {
        struct chart_panel *panel = chart_add_panel(
            chart, titles[waiting],
            waiting ? "per cent of those placed" : "per cent of those started", PANEL_PIXELS);
        panel->y_max = 103;
        for (int run = 0; run < n_runs; run++)
            add_line(panel, runs, run, waiting == 0);
        reach_the_end(panel);
    }
    snprintf(chart->x_label, sizeof chart->x_label, "seconds");
}
