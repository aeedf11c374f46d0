/*
 * The page from top to bottom, each part a function. It must never know who made the runs.
 */
#include "viz/page.h"

#include "file/expect.h"
#include "viz/compare_print.h"
#include "viz/gnuplot.h"
#include "viz/life.h"
#include "viz/track.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tasks of one run that the page lists; of more, the pictures and the exports speak. */
#define TASKS_MAX 200

/* For a screen, light or dark, and for paper. */
static const char style[] =
    ":root{--paper:#fff;--ink:#14181c;--faint:#5a646e;--rule:#d5dadf;--panel:#f6f7f8;--good:#"
    "00785a;--bad:#b34700}\n"
    "@media(prefers-color-scheme:dark){:root{--paper:#14181c;--ink:#e9ecef;--faint:#a8b0b8;--rule:#"
    "3a424a;"
    "--panel:#1e242a;--good:#4dbb9b;--bad:#f0a060}}\n"
    "body{margin:2rem auto;max-width:82rem;padding:0 1rem;background:var(--paper);color:var(--ink);"
    "font:16px/1.5 'DejaVu Sans',system-ui,sans-serif}\n"
    "h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2.5rem 0 .5rem;border-bottom:1px "
    "solid var(--rule)}\n"
    "p.how{color:var(--faint);margin:.2rem 0 1rem}\n"
    "table{border-collapse:collapse;font-size:.9rem}th,td{text-align:left;padding:.15rem .9rem "
    ".15rem 0;"
    "border-bottom:1px solid "
    "var(--rule);vertical-align:top}td.n,th.n{text-align:right}td.n{white-space:nowrap}\n"
    "pre{background:var(--panel);padding:.8rem;overflow-x:auto;font:13px/1.4 'DejaVu Sans "
    "Mono',monospace}\n"
    "figure{margin:1rem 0;background:#fff;border:1px solid "
    "var(--rule);border-radius:4px;padding:.4rem}\n"
    "figure "
    "svg{display:block;width:100%;height:auto}figcaption{color:#5a646e;font-size:.85rem;padding:."
    "2rem .6rem}\n"
    ".good{color:var(--good)}.bad{color:var(--bad)}nav a{margin-right:1rem}a{color:inherit}\n"
    "@media "
    "print{:root{--paper:#fff;--ink:#000;--panel:#fff;--rule:#bbb}body{margin:0;max-width:none;"
    "font-size:11pt}"
    "h2,summary{break-after:avoid}figure,tr{break-inside:avoid}nav{display:none}"
    "details::details-content{content-visibility:visible;block-size:auto}"
    "pre{white-space:pre-wrap;padding:0;font-size:7pt}}\n"
    "@page{margin:12mm}\n";

static void add_text(struct buffer *page, const char *text)
{
    for (; text && *text; text++) {
        switch (*text) {
        case '<':
            buffer_add_text(page, "&lt;");
            break;
        case '>':
            buffer_add_text(page, "&gt;");
            break;
        case '&':
            buffer_add_text(page, "&amp;");
            break;
        case '"':
            buffer_add_text(page, "&quot;");
            break;
        default:
            /* what HTML cannot hold at all */
            if ((unsigned char)*text >= ' ' || *text == '\n' || *text == '\t')
                buffer_add_bytes(page, text, 1);
        }
    }
}

static void add_cell(struct buffer *page, const char *text)
{
    buffer_add_text(page, "<td>");
    add_text(page, text);
    buffer_add_text(page, "</td>");
}

static void add_count(struct buffer *page, int64_t count)
{
    buffer_add(page, "<td class=n>%" PRId64 "</td>", count);
}

static void add_duration(struct buffer *page, int64_t usec)
{
    char text[32];
    buffer_add(page, "<td class=n>%s</td>", compare_print_duration(text, sizeof text, usec));
}

/* The head ----------------------------------------------------------------------------------------- */

static const char *mode_name(const struct plots_run *run)
{
    return run->header.mode == RUN_EXEC ? "FOR REAL" : "SIMULATED";
}

static void add_head(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    const char *title =
        runs[0].header.title && *runs[0].header.title ? runs[0].header.title : runs[0].path;
    buffer_add_text(page, "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                          "<meta name=viewport content=\"width=device-width\">\n"
                          "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'; "
                          "style-src 'unsafe-inline'; img-src data:\">\n<title>");
    add_text(page, title);
    buffer_add(page, "</title>\n<style>\n%s</style>\n</head>\n<body>\n<h1>", style);
    add_text(page, title);
    buffer_add_text(page, "</h1>\n<p class=how>");
    for (int i = 0; i < n_runs; i++)
        buffer_add(page, "%s%s, seed %" PRIu64, i ? "; " : "", mode_name(&runs[i]),
                   runs[i].header.seed);
    buffer_add_text(
        page, "</p>\n<nav><a href=#outcome>What came of it</a> <a href=#pictures>Pictures</a>");
    if (n_runs > 1)
        buffer_add_text(page, " <a href=#comparison>Comparison</a>");
    buffer_add_text(
        page, " <a href=#tasks>Tasks</a> <a href=#scenario>Scenario</a> <a href=#repeat>How to "
              "repeat it</a></nav>\n");
}

/* What came of it ---------------------------------------------------------------------------------- */

static int count_refused(const struct story *story)
{
    int n = 0;
    for (int i = 0; i < story->n_notes; i++)
        n += story->notes[i].message.kind == MESSAGE_REFUSE;
    return n;
}

static void add_outcome(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    buffer_add_text(
        page,
        "<h2 id=outcome>What came of it</h2>\n<table>\n<tr><th>run<th>how<th class=n>lasted<th "
        "class=n>instances<th class=n>tasks<th class=n>placed<th class=n>failed<th "
        "class=n>refused<th class=n>median start-up<th class=n>makespan</tr>\n");
    for (int i = 0; i < n_runs; i++) {
        const struct story *story = &runs[i].story;
        int64_t n_placed = 0, n_failed = 0;
        for (int t = 0; t < story->n_tasks; t++) {
            n_placed += story->tasks[t].placed_at_usec != USEC_NEVER;
            n_failed += life_task_fails(story, t) &&
                        story->tasks[t].stopped_at_usec <= track_end_usec(story);
        }
        buffer_add_text(page, "<tr>");
        add_cell(page, runs[i].path);
        buffer_add(page, "<td>%s%s</td>", mode_name(&runs[i]),
                   runs[i].truncated ? ", cut short" : "");
        add_duration(page, track_end_usec(story));
        add_count(page, story->n_instances - story->n_micro_vms);
        add_count(page, story->n_tasks);
        add_count(page, n_placed);
        add_count(page, n_failed);
        add_count(page, count_refused(story));
        add_duration(page, totals_median(story, TOTAL_STARTUP));
        add_duration(page, totals_median(story, TOTAL_MAKESPAN));
        buffer_add_text(page, "</tr>\n");
    }
    buffer_add_text(page, "</table>\n");
}

/* Each expectation of the scenario in each run. */
static void add_expectations(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    struct findings findings = {0};
    struct scenario *scenario =
        runs[0].header.scenario ? scenario_parse(runs[0].header.scenario, runs[0].path, &findings)
                                : NULL;
    char found[256];
    findings_finish(&findings);
    if (scenario && scenario->n_expects > 0) {
        buffer_add_text(page, "<table>\n<tr><th>expected");
        for (int i = 0; i < n_runs; i++) {
            buffer_add_text(page, "<th>");
            add_text(page, runs[i].name);
        }
        buffer_add_text(page, "</tr>\n");
        for (int e = 0; e < scenario->n_expects; e++) {
            buffer_add_text(page, "<tr>");
            add_cell(page, scenario->expects[e].text);
            for (int i = 0; i < n_runs; i++) {
                if (runs[i].truncated || !runs[i].header.scenario ||
                    strcmp(runs[i].header.scenario, runs[0].header.scenario) != 0) {
                    add_cell(page, runs[i].truncated ? "not known" : "-");
                    continue;
                }
                bool holds =
                    expect_holds(&scenario->expects[e], &runs[i].story, found, sizeof found);
                buffer_add(page, "<td class=%s>%s", holds ? "good" : "bad",
                           holds ? "\u2713 holds" : "\u2717 ");
                add_text(page, holds ? "" : found);
                buffer_add_text(page, "</td>");
            }
            buffer_add_text(page, "</tr>\n");
        }
        buffer_add_text(page, "</table>\n");
    }
    if (scenario)
        scenario_destroy(scenario);
}

/* Pictures ----------------------------------------------------------------------------------------- */

/* From its first tag on: a prologue of XML has no place within HTML. */
static void add_svg(struct buffer *page, const struct buffer *svg)
{
    const char *from = svg->length > 0 ? strstr(svg->text, "<svg") : NULL;
    if (from)
        buffer_add_text(page, from);
}

/* Of one run among several the caption says which one: `of`, or NULL. */
static bool add_picture(struct buffer *page, const struct plots_kind *kind,
                        const struct plots_run *runs, int n_runs, const char *of, struct err *err)
{
    struct buffer script = {0}, svg = {0};
    struct chart chart;
    plots_fill(&chart, kind, runs, n_runs);
    chart_script(&script, &chart, "page.svg");
    bool ok = gnuplot_render(&script, &svg, err);
    if (ok) {
        buffer_add_text(page, "<figure>\n");
        add_svg(page, &svg);
        buffer_add_text(page, "<figcaption>");
        add_text(page, kind->name);
        buffer_add_text(page, ": ");
        add_text(page, kind->about);
        buffer_add_text(page, of ? "; of " : "");
        add_text(page, of);
        buffer_add_text(page, "</figcaption>\n</figure>\n");
    }
    buffer_finish(&svg);
    buffer_finish(&script);
    chart_finish(&chart);
    return ok;
}

static bool add_pictures(struct buffer *page, const struct plots_run *runs, int n_runs,
                         struct err *err)
{
    buffer_add_text(page, "<h2 id=pictures>Pictures</h2>\n");
    for (const struct plots_kind *kind = plots_kinds; kind->name; kind++) {
        bool each = kind->runs_max == 1 && n_runs > 1;
        int n = n_runs < kind->runs_max ? n_runs : kind->runs_max;
        for (int i = 0; i < (each ? n_runs : 1); i++) {
            if (!add_picture(page, kind, &runs[i], n, each ? runs[i].path : NULL, err))
                return false;
        }
    }
    return true;
}

/* The rest ----------------------------------------------------------------------------------------- */

static void add_comparison(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    const int reference = plots_reference(runs, n_runs);
    const struct plots_run *first = &runs[reference], *second = &runs[reference == 0];
    const char *const paths[2] = {first->path, second->path};
    const struct story *const stories[2] = {&first->story, &second->story};
    const struct run_header *const headers[2] = {&first->header, &second->header};
    const struct story *others[PLOTS_RUNS_MAX];
    struct compare compare;
    char *text = NULL;
    size_t size = 0;
    int n_others = 0;
    FILE *out = open_memstream(&text, &size);
    if (!out)
        abort();
    for (int i = 0; i < n_runs; i++) {
        if (i != reference)
            others[n_others++] = &runs[i].story;
    }
    compare_init(&compare, paths, stories, headers);
    compare.others = others;
    compare.n_others = n_others;
    compare_print(out, &compare);
    fclose(out);
    buffer_add_text(page, "<h2 id=comparison>Comparison</h2>\n<pre>");
    add_text(page, text);
    buffer_add_text(page, "</pre>\n");
    free(text);
    compare_finish(&compare);
}

static void add_task(struct buffer *page, const struct story *story, int32_t id)
{
    const struct story_task *task = &story->tasks[id];
    const struct task_definition *definition = life_definition(story, id);
    const char *reason = story_reason(task);
    buffer_add_text(page, "<tr>");
    add_cell(page, story_task_name(id));
    add_cell(page, definition ? definition->family : "");
    add_cell(page, task->instance != ID_NONE ? story_place_name(story, task->instance) : "");
    add_duration(page, task->accepted_at_usec);
    add_duration(page, task->placed_at_usec);
    add_duration(page, task->running_at_usec);
    add_duration(page, task->torn_down ? USEC_NEVER : task->stopped_at_usec);
    add_cell(page, task->torn_down || task->stop_code == STOP_NONE ? "" : reason ? reason : "");
    buffer_add_text(page, "</tr>\n");
}

static void add_tasks(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    buffer_add_text(page, "<h2 id=tasks>Tasks</h2>\n");
    for (int i = 0; i < n_runs; i++) {
        const struct story *story = &runs[i].story;
        int n = story->n_tasks < TASKS_MAX ? story->n_tasks : TASKS_MAX;
        buffer_add(page, "<details%s><summary>", i == 0 ? " open" : "");
        add_text(page, runs[i].path);
        buffer_add(page, ": %d %s", story->n_tasks, story->n_tasks == 1 ? "task" : "tasks");
        if (n < story->n_tasks)
            buffer_add(page, ", the first %d", n);
        buffer_add_text(
            page, "</summary>\n<table>\n<tr><th>task<th>family<th>instance<th class=n>asked for<th "
                  "class=n>placed<th class=n>running<th class=n>stopped<th>why</tr>\n");
        for (int t = 0; t < n; t++)
            add_task(page, story, t);
        buffer_add_text(page, "</table>\n</details>\n");
    }
}

static void new_line(struct buffer *page, int depth)
{
    buffer_add_text(page, "\n");
    for (int i = 0; i < depth; i++)
        buffer_add_text(page, "  ");
}

/* One line of JSON as many, for people. */
static void add_json(struct buffer *page, const char *text)
{
    int depth = 0;
    bool quoted = false;
    for (; *text; text++) {
        char now[2] = {*text, '\0'};
        if (quoted) {
            add_text(page, now);
            if (*text == '\\' && text[1]) {
                now[0] = *++text;
                add_text(page, now);
            } else if (*text == '"') {
                quoted = false;
            }
        } else if ((*text == '{' || *text == '[') && (text[1] == '}' || text[1] == ']')) {
            buffer_add_bytes(page, text++, 2);
        } else if (*text == '{' || *text == '[') {
            buffer_add_bytes(page, text, 1);
            new_line(page, ++depth);
        } else if (*text == '}' || *text == ']') {
            new_line(page, --depth);
            buffer_add_bytes(page, text, 1);
        } else if (*text == ',') {
            buffer_add_bytes(page, text, 1);
            new_line(page, depth);
        } else {
            quoted = *text == '"';
            add_text(page, now);
            buffer_add_text(page, *text == ':' ? " " : "");
        }
    }
}

/* The first run with the same scenario; -1: the log has none. */
static int first_with(const struct plots_run *runs, int run)
{
    int first = 0;
    if (!runs[run].header.scenario)
        return -1;
    while (first < run && (!runs[first].header.scenario ||
                           strcmp(runs[first].header.scenario, runs[run].header.scenario) != 0))
        first++;
    return first;
}

/* "scenario.json", "scenario-2.json": what to call the scenario of a run that is the first with it. */
static void add_file_name(struct buffer *page, const struct plots_run *runs, int first)
{
    int number = 1;
    for (int i = 0; i < first; i++)
        number += first_with(runs, i) == i;
    if (number > 1)
        buffer_add(page, "scenario-%d.json", number);
    else
        buffer_add_text(page, "scenario.json");
}

static void add_scenario(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    buffer_add_text(page, "<h2 id=scenario>Scenario</h2>\n");
    for (int i = 0; i < n_runs; i++) {
        if (first_with(runs, i) != i)
            continue;
        buffer_add(page, "<details%s><summary><code>", i == 0 ? " open" : "");
        add_file_name(page, runs, i);
        buffer_add_text(page, "</code>, of ");
        add_text(page, runs[i].path);
        buffer_add_text(page, "</summary><pre>");
        add_json(page, runs[i].header.scenario);
        buffer_add_text(page, "</pre></details>\n");
    }
}

static void add_repeat(struct buffer *page, const struct plots_run *runs, int n_runs)
{
    buffer_add_text(page,
                    "<h2 id=repeat>How to repeat it</h2>\n<p>Save what stands above under its "
                    "name, such as <code>scenario.json</code>, then</p>\n<pre>");
    for (int i = 0; i < n_runs; i++) {
        const struct run_header *header = &runs[i].header;
        buffer_add(page, "berth %s ", header->mode == RUN_EXEC ? "exec" : "sim");
        add_file_name(page, runs, first_with(runs, i) < 0 ? 0 : first_with(runs, i));
        if (header->mode == RUN_SIM)
            buffer_add(page, " --seed %" PRIu64, header->seed);
        if (header->scale_denominator != header->scale_numerator)
            buffer_add(page, " --scale %d/%d", header->scale_numerator, header->scale_denominator);
        char *word = buffer_shell_word(runs[i].path);
        buffer_add_text(page, " -o ");
        add_text(page, word);
        free(word);
        buffer_add_text(page, "      # berth ");
        add_text(page, header->version);
        if (header->started) {
            buffer_add_text(page, ", ");
            add_text(page, header->started);
        }
        if (header->host) {
            buffer_add_text(page, ", ");
            add_text(page, header->host);
        }
        buffer_add_text(page, "\n");
    }
    buffer_add_text(
        page,
        "</pre>\n<p class=how>The log of a simulation has the same bytes for the same scenario, "
        "seed "
        "and version; the log of a real run can be replayed: <code>berth replay RUN</code>.</p>\n");
}

bool page_write(struct buffer *page, const struct plots_run *runs, int n_runs, struct err *err)
{
    add_head(page, runs, n_runs);
    add_outcome(page, runs, n_runs);
    add_expectations(page, runs, n_runs);
    if (!add_pictures(page, runs, n_runs, err))
        return false;
    if (n_runs > 1)
        add_comparison(page, runs, n_runs);
    add_tasks(page, runs, n_runs);
    add_scenario(page, runs, n_runs);
    add_repeat(page, runs, n_runs);
    buffer_add_text(page, "</body>\n</html>\n");
    return true;
}
