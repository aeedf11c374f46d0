/*
 * The table of kinds, and what all of them share: names, colours and axes. It must never know how charts are
 * drawn.
 */
#include "viz/plots.h"

#include "file/nearest.h"
#include "viz/series.h"
#include "viz/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

const struct plots_kind plots_kinds[] = {
    {"gantt", "tasks on instances over time, with their phases", plots_gantt, 1},
    {"utilization", "CPU and memory that tasks reserve, of what the instances have",
     plots_utilization, PLOTS_RUNS_MAX},
    {"startup", "what starting took: the mean phases of instances and of each family's tasks",
     plots_startup, PLOTS_RUNS_MAX},
    {"ecdf", "start-up and waiting times: how many tasks were at least so quick", plots_ecdf,
     PLOTS_RUNS_MAX},
    {"services", "what each service wants, and how many of its tasks start and run", plots_services,
     1},
    {"queue", "tasks that wait for room, that start and that run", plots_queue, PLOTS_RUNS_MAX},
    {"latency", "how long requests took, and how many came and failed", plots_latency,
     PLOTS_RUNS_MAX},
    {"cpu", "CPU that each service's tasks reserve, use and are kept from using", plots_cpu, 1},
    {"capacity", "instances, and why capacity providers started and stopped them", plots_capacity,
     PLOTS_RUNS_MAX},
    {"cost", "what the capacity costs, an hour and in all", plots_cost, PLOTS_RUNS_MAX},
    {"layers", "tasks that are ready, what their operating systems take, and tasks per GiB",
     plots_layers, PLOTS_RUNS_MAX},
    {0},
};

const struct plots_kind *plots_find(const char *name)
{
    for (const struct plots_kind *kind = plots_kinds; kind->name; kind++) {
        if (strcmp(kind->name, name) == 0)
            return kind;
    }
    return NULL;
}

bool plots_unknown(const char *name, struct err *err)
{
    const char *names[32], *nearest;
    int n = 0;
    for (const struct plots_kind *kind = plots_kinds; kind->name && n < 32; kind++)
        names[n++] = kind->name;
    nearest = nearest_name(name, names, n);
    if (nearest)
        return err_set(err, EXIT_INPUT, "there is no kind \"%s\" of plot; did you mean %s?", name,
                       nearest);
    return err_set(err, EXIT_INPUT,
                   "there is no kind \"%s\" of plot; berth plot --list shows them all", name);
}

/* Names ------------------------------------------------------------------------------------------ */

static const char *mode_word(const struct plots_run *run)
{
    return run->header.mode == RUN_EXEC ? "for real" : "simulated";
}

static void name_runs(struct plots_run *runs, int n_runs)
{
    int n_sim = 0, n_real = 0;
    for (int i = 0; i < n_runs; i++) {
        n_sim += runs[i].header.mode == RUN_SIM;
        n_real += runs[i].header.mode == RUN_EXEC;
    }
    for (int i = 0; i < n_runs; i++) {
        const char *slash = strrchr(runs[i].path, '/');
        if (n_sim > 1 || n_real > 1)
            snprintf(runs[i].name, sizeof runs[i].name, "%s", slash ? slash + 1 : runs[i].path);
        else
            snprintf(runs[i].name, sizeof runs[i].name, "%s", mode_word(&runs[i]));
    }
}

void plots_unload(struct plots_run *runs, int n_runs)
{
    for (int i = 0; i < n_runs; i++) {
        story_finish(&runs[i].story);
        run_header_finish(&runs[i].header);
    }
}

bool plots_load(struct plots_run *runs, char **paths, int n_runs, struct err *err)
{
    for (int i = 0; i < n_runs; i++) {
        runs[i] = (struct plots_run){.path = paths[i]};
        if (!story_load(&runs[i].story, paths[i], &runs[i].header, &runs[i].truncated, err)) {
            plots_unload(runs, i);
            return false;
        }
        if (runs[i].truncated)
            fprintf(stderr, "berth: warning: %s was cut short: shown as far as it goes\n",
                    paths[i]);
    }
    name_runs(runs, n_runs);
    return true;
}

static void add_how(char *text, size_t size, const struct plots_run *run)
{
    size_t length = strlen(text);
    snprintf(text + length, size - length, "%s%s, seed %" PRIu64, length ? "; " : "",
             run->header.mode == RUN_EXEC ? "FOR REAL" : "SIMULATED", run->header.seed);
    length = strlen(text);
    snprintf(text + length, size - length, "%s", run->truncated ? ", cut short" : "");
    length = strlen(text);
    if (run->header.scale_denominator != run->header.scale_numerator)
        snprintf(text + length, size - length, ", scale %d/%d", run->header.scale_numerator,
                 run->header.scale_denominator);
}

void plots_fill(struct chart *chart, const struct plots_kind *kind, const struct plots_run *runs,
                int n_runs)
{
    *chart = (struct chart){0};
    if (n_runs > kind->runs_max)
        n_runs = kind->runs_max;
    snprintf(chart->title, sizeof chart->title, "%s",
             runs[0].header.title && *runs[0].header.title ? runs[0].header.title : runs[0].path);
    for (int i = 0; i < n_runs; i++)
        add_how(chart->subtitle, sizeof chart->subtitle, &runs[i]);
    snprintf(chart->empty, sizeof chart->empty, "there is nothing of this in the run");
    kind->fill(chart, runs, n_runs);
    chart_thin(chart);
}

/* What kinds share ------------------------------------------------------------------------------- */

/* Who is alone of its mode stands against all others. */
int plots_reference(const struct plots_run *runs, int n_runs)
{
    int n_sim = 0;
    for (int i = 0; i < n_runs; i++)
        n_sim += runs[i].header.mode == RUN_SIM;
    for (int i = 0; i < n_runs && (n_sim == 1 || n_sim == n_runs - 1); i++) {
        if ((runs[i].header.mode == RUN_SIM) == (n_sim == 1))
            return i;
    }
    return 0;
}

int64_t plots_last_usec(const struct plots_run *runs, int n_runs)
{
    int64_t last_usec = 1;
    for (int i = 0; i < n_runs; i++) {
        if (track_end_usec(&runs[i].story) > last_usec)
            last_usec = track_end_usec(&runs[i].story);
    }
    return last_usec;
}

void plots_say_first(struct chart *chart, int n_shown, int n, const char *what)
{
    char rest[sizeof chart->subtitle];
    if (n_shown >= n)
        return;
    memcpy(rest, chart->subtitle, sizeof rest);
    snprintf(chart->subtitle, sizeof chart->subtitle, "first %d of %d %s; %.300s", n_shown, n, what,
             rest);
}

void plots_say_nothing(struct chart *chart, const char *unit, const char *words)
{
    chart_add_panel(chart, "", unit, 200);
    snprintf(chart->empty, sizeof chart->empty, "%s", words);
}

enum paint plots_paint(const struct plots_run *runs, int run)
{
    static const enum paint others[] = {PAINT_RUNNING, PAINT_MEMORY, PAINT_STOPPING_STRIPE,
                                        PAINT_PULL,    PAINT_READY,  PAINT_INK};
    enum paint own = runs[run].header.mode == RUN_EXEC ? PAINT_REAL : PAINT_SIM;
    for (int i = 0; i < run; i++) {
        if (runs[i].header.mode == runs[run].header.mode)
            return others[run % (int)(sizeof others / sizeof others[0])];
    }
    return own;
}

double plots_time_axis(struct chart *chart, int64_t end_usec)
{
    static const struct {
        int64_t from_usec, unit_usec;
        const char *name;
    } units[] = {
        {96 * 3600 * USEC_PER_SEC, 24 * 3600 * USEC_PER_SEC, "days"},
        {3 * 3600 * USEC_PER_SEC, 3600 * USEC_PER_SEC, "hours"},
        {900 * USEC_PER_SEC, 60 * USEC_PER_SEC, "minutes"},
        {USEC_PER_SEC / 2, USEC_PER_SEC, "seconds"},
        {USEC_PER_MSEC / 2, USEC_PER_MSEC, "milliseconds"},
        {1, 1, "microseconds"},
        {0, USEC_PER_SEC, "seconds"}, /* nothing has happened */
    };
    int i = 0;
    while (end_usec < units[i].from_usec && units[i].from_usec > 0)
        i++;
    snprintf(chart->x_label, sizeof chart->x_label, "%s since the start of the run", units[i].name);
    chart->x_max = (double)end_usec / (double)units[i].unit_usec;
    return (double)units[i].unit_usec;
}

void plots_add_series(struct chart_line *line, struct series *series, int64_t end_usec,
                      double usec_per_x, double scale)
{
    series_close(series, end_usec);
    series_thin(series, end_usec, CHART_COLUMNS);
    for (int i = 0; i < series->n_points; i++)
        chart_add_point(line, (double)series->points[i].at_usec / usec_per_x,
                        (double)series->points[i].value * scale);
    if (series->n_points > 0)
        chart_add_point(line, (double)end_usec / usec_per_x,
                        (double)series->points[series->n_points - 1].value * scale);
}
