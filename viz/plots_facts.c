/*
 * Kinds that show what the scheduler was told or decided at moments: latency, CPU used, capacity and its reasons, cost.
 * They must never know how charts are drawn.
 */
#include "viz/plots.h"

#include "viz/life.h"
#include "viz/series.h"
#include "viz/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PANEL_PIXELS 200
#define PANELS_MAX 6
#define TURNS_MAX 40 /* more words would cover each other */

/* A value over a period, with a gap where none was before. The periods of a real run do not end to the microsecond. */
static void add_period(struct chart_line *line, const struct story_fact *fact, double usec_per_x,
                       double value)
{
    double from = (double)track_period_usec(fact) / usec_per_x;
    double to = (double)fact->at_usec / usec_per_x;
    if (line->n_points > 0 && from - line->points[line->n_points - 1].x > (to - from) / 2)
        chart_add_point_apart(line, from, value);
    else
        chart_add_point(line, from, value);
    chart_add_point(line, to, value);
}

/* Requests ----------------------------------------------------------------------------------------- */

static const char *target_group_name(const struct story *story, int32_t group)
{
    for (int i = 0; i < story->n_facts; i++) {
        const struct message *message = &story->facts[i].message;
        if (message->kind == MESSAGE_CREATE_TARGET_GROUP &&
            message->as.create_target_group.target_group == group)
            return message->as.create_target_group.name ? message->as.create_target_group.name : "";
    }
    return "";
}

static void add_percentile(struct chart_panel *panel, const struct plots_run *run, int32_t group,
                           int permille, const char *name, enum paint paint, double usec_per_x)
{
    struct chart_line *line = chart_add_line(panel, name, paint, CHART_LINE);
    for (int i = 0; i < run->story.n_facts; i++) {
        const struct target_group_metrics *metrics = track_requests(&run->story.facts[i], group);
        int64_t usec = metrics ? track_latency_usec(metrics, permille) : -1;
        if (usec >= 0)
            add_period(line, &run->story.facts[i], usec_per_x, (double)usec / USEC_PER_MSEC);
    }
}

enum rate { RATE_REQUESTS, RATE_FAILED };

static void add_rate(struct chart_panel *panel, const struct plots_run *run, int32_t group,
                     enum rate rate, const char *name, enum paint paint, double usec_per_x)
{
    struct chart_line *line = chart_add_line(panel, name, paint, CHART_LINE);
    for (int i = 0; i < run->story.n_facts; i++) {
        const struct story_fact *fact = &run->story.facts[i];
        const struct target_group_metrics *metrics = track_requests(fact, group);
        if (!metrics || fact->message.as.observe.period_usec <= 0)
            continue;
        int64_t failed = metrics->n_errors + metrics->n_rejected;
        int64_t n = rate == RATE_FAILED ? failed : metrics->n_requests + metrics->n_rejected;
        add_period(line, fact, usec_per_x,
                   (double)n * USEC_PER_SEC / (double)fact->message.as.observe.period_usec);
    }
}

static void fill_group(struct chart *chart, const struct plots_run *runs, int n_runs, int32_t group,
                       double usec_per_x)
{
    static const struct {
        const char *name;
        int permille;
        enum paint paint;
    } lines[] = {
        {"p50", 500, PAINT_RUNNING}, {"p95", 950, PAINT_STOPPING_STRIPE}, {"p99", 990, PAINT_REAL}};
    char title[96];
    snprintf(title, sizeof title, "Latency of %.40s%s", target_group_name(&runs[0].story, group),
             n_runs > 1 ? ", 95th percentile" : "");
    struct chart_panel *panel = chart_add_panel(chart, title, "milliseconds", PANEL_PIXELS);
    for (size_t i = 0; i < sizeof lines / sizeof lines[0] && n_runs == 1; i++)
        add_percentile(panel, &runs[0], group, lines[i].permille, lines[i].name, lines[i].paint,
                       usec_per_x);
    for (int run = 0; run < n_runs && n_runs > 1; run++)
        add_percentile(panel, &runs[run], group, 950, runs[run].name, plots_paint(runs, run),
                       usec_per_x);
    snprintf(title, sizeof title, "Requests to %.40s", target_group_name(&runs[0].story, group));
    panel = chart_add_panel(chart, title, "a second", PANEL_PIXELS / 2);
    for (int run = 0; run < n_runs; run++) {
        add_rate(panel, &runs[run], group, RATE_REQUESTS, n_runs > 1 ? runs[run].name : "requests",
                 n_runs > 1 ? plots_paint(runs, run) : PAINT_SIM, usec_per_x);
        add_rate(panel, &runs[run], group, RATE_FAILED, "failed", PAINT_FAILED, usec_per_x);
        panel->lines[panel->n_lines - 1].dashed = true;
    }
}

void plots_latency(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    int n = 0;
    for (int i = 0; i < story->n_facts; i++) {
        const struct message *message = &story->facts[i].message;
        if (message->kind == MESSAGE_CREATE_TARGET_GROUP && n++ < PANELS_MAX / 2)
            fill_group(chart, runs, n_runs, message->as.create_target_group.target_group,
                       usec_per_x);
    }
    plots_say_first(chart, PANELS_MAX / 2, n, "target groups");
    if (n == 0)
        plots_say_nothing(chart, "milliseconds",
                          "there is no target group, so nobody asks anything in this run");
}

/* CPU ---------------------------------------------------------------------------------------------- */

enum use { USE_USED, USE_THROTTLED };

/* CPUs that the service's tasks used, or were kept from using, in a period; all its definitions together. */
static bool used_cpus(const struct observe *observe, int32_t service, enum use use, double *cpus)
{
    bool some = false;
    int64_t usec = 0;
    for (int i = 0; i < observe->n_services; i++) {
        const struct service_metrics *metrics = &observe->services[i];
        if (metrics->service != service)
            continue;
        usec += use == USE_USED ? metrics->cpu_usec : metrics->throttled_usec;
        some = true;
    }
    *cpus = observe->period_usec > 0 ? (double)usec / (double)observe->period_usec : 0;
    return some;
}

static void add_use(struct chart_panel *panel, const struct story *story, int32_t service,
                    enum use use, const char *name, enum paint paint, double usec_per_x)
{
    struct chart_line *line = chart_add_line(panel, name, paint, CHART_LINE);
    for (int i = 0; i < story->n_facts; i++) {
        double cpus;
        if (story->facts[i].message.kind == MESSAGE_OBSERVE &&
            used_cpus(&story->facts[i].message.as.observe, service, use, &cpus))
            add_period(line, &story->facts[i], usec_per_x, cpus);
    }
}

static void add_reserved(struct chart_panel *panel, const struct story *story, int32_t service,
                         double usec_per_x)
{
    struct series series = {0};
    for (int i = 0; i < story->n_tasks; i++) {
        const struct story_task *task = &story->tasks[i];
        const struct task_definition *definition = life_definition(story, i);
        if (definition && task->service == service)
            series_add(&series, task->placed_at_usec, task->stopped_at_usec,
                       taskdef_cpu(definition));
    }
    plots_add_series(chart_add_line(panel, "reserved", PAINT_WAIT, CHART_AREA), &series,
                     track_end_usec(story), usec_per_x, 1.0 / 1024);
    series_finish(&series);
}

void plots_cpu(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    char title[96];
    for (int i = 0; i < story->n_services && i < PANELS_MAX; i++) {
        snprintf(title, sizeof title, "CPU of %.40s", story->services[i].name);
        struct chart_panel *panel = chart_add_panel(chart, title, "CPUs", PANEL_PIXELS);
        add_reserved(panel, story, i, usec_per_x);
        add_use(panel, story, i, USE_USED, "used", PAINT_CPU, usec_per_x);
        add_use(panel, story, i, USE_THROTTLED, "throttled", PAINT_FAILED, usec_per_x);
    }
    plots_say_first(chart, PANELS_MAX, story->n_services, "services");
    if (story->n_services == 0)
        plots_say_nothing(chart, "CPUs", "there is no service in this run");
}

/* Capacity ----------------------------------------------------------------------------------------- */

/* What Fargate runs its tasks in stands beside the instances, and is none. */
static void count_micro_vms(struct chart_panel *panel, const struct plots_run *runs, int n_runs,
                            int run, double usec_per_x)
{
    const struct story *story = &runs[run].story;
    struct series up = {0};
    char name[80];
    if (story->n_micro_vms == 0)
        return;
    snprintf(name, sizeof name, n_runs > 1 ? "%.50s: micro-VMs" : "%.0sFargate's micro-VMs",
             runs[run].name);
    track_instances(story, true, &up);
    struct chart_line *line = chart_add_line(
        panel, name, n_runs > 1 ? plots_paint(runs, run) : PAINT_MEMORY, CHART_STEPS);
    line->dashed = n_runs > 1;
    plots_add_series(line, &up, track_end_usec(story), usec_per_x, 1);
    series_finish(&up);
}

static void count_instances(struct chart *chart, const struct plots_run *runs, int n_runs,
                            double usec_per_x)
{
    bool some_micro = false, all_micro = true;
    for (int run = 0; run < n_runs; run++) {
        const struct story *story = &runs[run].story;
        some_micro |= story->n_micro_vms > 0;
        all_micro &= story->n_micro_vms > 0 && story->n_micro_vms == story->n_instances;
    }
    struct chart_panel *panel = chart_add_panel(chart,
                                                all_micro    ? "Micro-VMs"
                                                : some_micro ? "Instances and micro-VMs"
                                                             : "Instances",
                                                all_micro    ? "micro-VMs"
                                                : some_micro ? "machines"
                                                             : "instances",
                                                PANEL_PIXELS * 3 / 4);
    panel->counts = true;
    for (int run = 0; run < n_runs && !all_micro; run++) {
        const struct story *story = &runs[run].story;
        struct series up = {0};
        track_instances(story, false, &up);
        plots_add_series(chart_add_line(panel, n_runs > 1 ? runs[run].name : "registered",
                                        n_runs > 1 ? plots_paint(runs, run) : PAINT_RUNNING,
                                        CHART_STEPS),
                         &up, track_end_usec(story), usec_per_x, 1);
        series_finish(&up);
    }
    for (int run = 0; run < n_runs; run++)
        count_micro_vms(panel, runs, n_runs, run, usec_per_x);
}

static const struct capacity_state *state_of(const struct story_fact *fact, int32_t provider)
{
    return fact->message.kind == MESSAGE_CAPACITY && fact->message.as.capacity.provider == provider
               ? &fact->message.as.capacity
               : NULL;
}

enum capacity_value { CAPACITY_N, CAPACITY_M, CAPACITY_DESIRED, CAPACITY_METRIC, CAPACITY_TARGET };

static double value_of(const struct capacity_state *state, enum capacity_value value)
{
    switch (value) {
    case CAPACITY_N:
        return state->n;
    case CAPACITY_M:
        return state->m;
    case CAPACITY_DESIRED:
        return state->desired;
    case CAPACITY_METRIC:
        return state->metric_centi / 100.0;
    default:
        return state->target;
    }
}

static void add_value(struct chart_panel *panel, const struct story *story, int32_t provider,
                      enum capacity_value value, const char *name, enum paint paint)
{
    struct chart_line *line = chart_add_line(panel, name, paint, CHART_STEPS);
    line->dashed = value == CAPACITY_TARGET || value == CAPACITY_DESIRED;
    for (int i = 0; i < story->n_facts; i++) {
        const struct capacity_state *state = state_of(&story->facts[i], provider);
        if (state)
            chart_add_point(line, (double)story->facts[i].at_usec, value_of(state, value));
    }
}

/* Where the metric made it scale, and, of one run, by how many instances. */
static void add_turns(struct chart_panel *panel, const struct story *story, int32_t provider,
                      bool says_how)
{
    struct chart_line *line = chart_add_line(panel, "scales", PAINT_FAILED, CHART_POINTS);
    char text[32];
    for (int i = 0; i < story->n_facts; i++) {
        const struct capacity_state *state = state_of(&story->facts[i], provider);
        if (!state || (state->verdict != CAPACITY_OUT && state->verdict != CAPACITY_IN))
            continue;
        chart_add_point(line, (double)story->facts[i].at_usec, state->metric_centi / 100.0);
        snprintf(text, sizeof text, " %+d", (int)(state->desired - state->from));
        if (says_how && line->n_points <= TURNS_MAX)
            chart_add_word(panel, text, (double)story->facts[i].at_usec,
                           state->metric_centi / 100.0, true);
    }
}

/* From microseconds to the chart's unit. */
static void scale_x(struct chart_panel *panel, double usec_per_x)
{
    for (int l = 0; l < panel->n_lines; l++) {
        for (int i = 0; i < panel->lines[l].n_points; i++)
            panel->lines[l].points[i].x /= usec_per_x;
    }
    for (int i = 0; i < panel->n_words; i++)
        panel->words[i].x /= usec_per_x;
}

/* Of one run: everything. */
static void fill_alone(struct chart_panel *instances, struct chart_panel *metric,
                       const struct story *story, int32_t provider)
{
    add_value(instances, story, provider, CAPACITY_N, "N, run", PAINT_RUNNING);
    add_value(instances, story, provider, CAPACITY_M, "M, needed", PAINT_REAL);
    add_value(instances, story, provider, CAPACITY_DESIRED, "desired", PAINT_INK);
    add_value(metric, story, provider, CAPACITY_METRIC, "metric", PAINT_SIM);
}

/* The provider of that name in another run. */
static int32_t provider_of(const struct story *story, const char *name)
{
    for (int32_t i = 0; i < story->n_providers; i++) {
        if (strcmp(story->providers[i].name, name) == 0)
            return i;
    }
    return ID_NONE;
}

/* Of several: N as a line of the run's colour, M dashed. */
static void fill_run(struct chart_panel *instances, struct chart_panel *metric,
                     const struct plots_run *runs, int run, const char *provider_name)
{
    int32_t provider = provider_of(&runs[run].story, provider_name);
    char name[80];
    add_value(instances, &runs[run].story, provider, CAPACITY_N, runs[run].name,
              plots_paint(runs, run));
    snprintf(name, sizeof name, "%.50s: M", runs[run].name);
    add_value(instances, &runs[run].story, provider, CAPACITY_M, name, plots_paint(runs, run));
    instances->lines[instances->n_lines - 1].dashed = true;
    add_value(metric, &runs[run].story, provider, CAPACITY_METRIC, runs[run].name,
              plots_paint(runs, run));
}

static void fill_provider(struct chart *chart, const struct plots_run *runs, int n_runs,
                          const struct create_capacity_provider *provider, double usec_per_x)
{
    struct chart_panel panels[2] = {{.height = PANEL_PIXELS, .counts = true, .unit = "instances"},
                                    {.height = PANEL_PIXELS, .unit = "per cent"}};
    snprintf(panels[0].title, sizeof panels[0].title,
             "%.40s: instances that run (N) and are needed (M)", provider->name);
    snprintf(panels[1].title, sizeof panels[1].title,
             "%.40s: CapacityProviderReservation = M / N x 100", provider->name);
    for (int run = 0; run < n_runs; run++) {
        if (n_runs == 1)
            fill_alone(&panels[0], &panels[1], &runs[run].story, provider->provider);
        else
            fill_run(&panels[0], &panels[1], runs, run, provider->name);
    }
    add_value(&panels[1], &runs[0].story, provider->provider, CAPACITY_TARGET, "target", PAINT_INK);
    for (int run = 0; run < n_runs; run++)
        add_turns(&panels[1], &runs[run].story, provider_of(&runs[run].story, provider->name),
                  n_runs == 1);
    for (int i = 0; i < 2; i++) {
        scale_x(&panels[i], usec_per_x);
        *chart_add_panel(chart, "", "", 0) = panels[i];
    }
}

void plots_capacity(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    const struct story *story = &runs[0].story;
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    int n = 0;
    count_instances(chart, runs, n_runs, usec_per_x);
    for (int i = 0; i < story->n_facts; i++) {
        const struct message *message = &story->facts[i].message;
        if (message->kind == MESSAGE_CREATE_CAPACITY_PROVIDER &&
            message->as.create_capacity_provider.managed_scaling && n++ < PANELS_MAX / 2)
            fill_provider(chart, runs, n_runs, &message->as.create_capacity_provider, usec_per_x);
    }
    plots_say_first(chart, PANELS_MAX / 2, n, "capacity providers");
}

/* Cost --------------------------------------------------------------------------------------------- */

/* What it has come to: the rate's sum, without the minimum that a short life is billed. */
static void add_sum(struct chart_line *line, const struct series *rate, int64_t end_usec,
                    double usec_per_x)
{
    double dollars = 0;
    for (int i = 0; i < rate->n_points; i++) {
        int64_t until_usec = i + 1 < rate->n_points ? rate->points[i + 1].at_usec : end_usec;
        chart_add_point(line, (double)rate->points[i].at_usec / usec_per_x, dollars);
        dollars += (double)rate->points[i].value * 1e-9 *
                   (double)(until_usec - rate->points[i].at_usec) / (3600.0 * USEC_PER_SEC);
    }
    chart_add_point(line, (double)end_usec / usec_per_x, dollars);
}

static bool has_price(const struct plots_run *runs, int n_runs)
{
    for (int run = 0; run < n_runs; run++) {
        if (track_has_price(&runs[run].story))
            return true;
    }
    return false;
}

void plots_cost(struct chart *chart, const struct plots_run *runs, int n_runs)
{
    double usec_per_x = plots_time_axis(chart, plots_last_usec(runs, n_runs));
    if (!has_price(runs, n_runs)) {
        plots_say_nothing(chart, "$", "nothing has a price in this run");
        return;
    }
    chart_add_panel(chart, "What the capacity costs", "$ an hour", PANEL_PIXELS);
    chart_add_panel(chart, "What it has cost", "$", PANEL_PIXELS);
    for (int run = 0; run < n_runs; run++) {
        const struct story *story = &runs[run].story;
        struct series rate = {0};
        track_price(story, &rate);
        add_sum(
            chart_add_line(&chart->panels[1], runs[run].name, plots_paint(runs, run), CHART_LINE),
            &rate, track_end_usec(story), usec_per_x);
        plots_add_series(
            chart_add_line(&chart->panels[0], runs[run].name, plots_paint(runs, run), CHART_STEPS),
            &rate, track_end_usec(story), usec_per_x, 1e-9);
        series_finish(&rate);
    }
}
