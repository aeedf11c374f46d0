/*
 * What `berth plot` can show of runs, one row for each kind: its name, what it shows and the function that fills
 * a chart with it. Kinds read stories alone; they must never know how charts are drawn.
 */
#ifndef BERTH_VIZ_PLOTS_H
#define BERTH_VIZ_PLOTS_H

#include "file/story.h"
#include "viz/chart.h"

/* As many runs as one picture can tell apart. */
#define PLOTS_RUNS_MAX 6

struct plots_run {
    const char *path;
    char name[48]; /* "simulated", or the file's name where there are several such */
    struct story story;
    struct run_header header;
    bool truncated; /* the log was cut short: the run's end was never seen */
};

struct plots_kind {
    const char *name, *about;
    void (*fill)(struct chart *chart, const struct plots_run *runs, int n_runs);
    int runs_max; /* the first of them are drawn */
};

/* Ended by a row without a name. */
extern const struct plots_kind plots_kinds[];

#define PLOTS_KINDS_MAX 16

/* NULL: there is none of that name. */
const struct plots_kind *plots_find(const char *name);

/* The error about that name, with the nearest one that there is. Returns false. */
bool plots_unknown(const char *name, struct err *err);

/* Reads all the logs and gives the runs names that differ; one that was cut short is warned of. On failure there is
 * nothing to unload. At most PLOTS_RUNS_MAX. */
bool plots_load(struct plots_run *runs, char **paths, int n_runs, struct err *err);
void plots_unload(struct plots_run *runs, int n_runs);

/* The chart of that kind with its titles; finish it with chart_finish(). */
void plots_fill(struct chart *chart, const struct plots_kind *kind, const struct plots_run *runs,
                int n_runs);

/* The run that a comparison holds against the others: one that is alone of its mode, else the first. */
int plots_reference(const struct plots_run *runs, int n_runs);

/* The latest end of the runs. */
int64_t plots_last_usec(const struct plots_run *runs, int n_runs);

/* Says in the picture that it shows the first of them only, where it does. */
void plots_say_first(struct chart *chart, int n_shown, int n, const char *what);

/* A chart without anything but these words. */
void plots_say_nothing(struct chart *chart, const char *unit, const char *words);

/* The colour of a run among others. */
enum paint plots_paint(const struct plots_run *runs, int run);

/* A unit of time that suits the length, and its name in the chart's horizontal label. */
double plots_time_axis(struct chart *chart, int64_t end_usec);

/* The series as a line, thinned to what a picture can show, with `scale` times its values. The series is
 * closed by it. */
struct series;
void plots_add_series(struct chart_line *line, struct series *series, int64_t end_usec,
                      double usec_per_x, double scale);

/* The kinds. */
void plots_gantt(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_utilization(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_services(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_queue(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_startup(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_latency(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_cpu(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_capacity(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_cost(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_layers(struct chart *chart, const struct plots_run *runs, int n_runs);
void plots_ecdf(struct chart *chart, const struct plots_run *runs, int n_runs);

#endif
