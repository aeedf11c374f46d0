/*
 * `berth plot RUN...`: pictures of one kind or more. Reads run logs; it must never know who made them.
 */
#include "viz/command.h"

#include "file/options.h"
#include "file/same_file.h"
#include "viz/gnuplot.h"
#include "viz/plots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct wish {
    const char *output, *kind, *keep;
    bool list, sixel;
};

static const char about[] = "Draws runs with gnuplot. The kind says what: berth plot --list tells "
                            "of all of them. Several runs "
                            "are drawn\n"
                            "over each other where the kind can. The picture's name decides its "
                            "format: .svg, .png or .pdf; - "
                            "draws\n"
                            "with letters on the terminal. Of several kinds each picture's name "
                            "ends in its kind. --keep FILE "
                            "writes\n"
                            "the gnuplot script, data and all, to change by hand.";

static const char examples[] =
    "  berth plot first.run --kind gantt -o gantt.svg\n"
    "  berth plot first.run first.exec.run --kind startup -o startup.png\n"
    "  berth plot first.run --kind all -o first.svg            first-gantt.svg, first-cost.svg, "
    "...\n"
    "  berth plot first.run --kind queue -o -                  on the terminal\n"
    "  berth plot first.run --kind ecdf -o ecdf.svg --keep ecdf.gp && gnuplot ecdf.gp\n";

static void list_kinds(void)
{
    for (const struct plots_kind *kind = plots_kinds; kind->name; kind++)
        printf("%-12s %s\n", kind->name, kind->about);
}

static bool keep_script(const char *path, const char *picture, const struct buffer *script,
                        struct err *err)
{
    FILE *file = fopen(path, "w");
    if (!file)
        return err_file(err, errno, "cannot write %s", path);
    const char *end = strchr(script->text, '\n');
    int first = end ? (int)(end - script->text) + 1 : 0;
    fprintf(file, "# Drawn by: gnuplot %s\n%.*s", path, first, script->text);
    if (!gnuplot_is_printed(picture)) {
        struct buffer line = {0};
        buffer_add_text(&line, "set output ");
        gnuplot_quote(&line, picture);
        fprintf(file, "%s\n", line.text);
        buffer_finish(&line);
    }
    fputs(script->text + first, file);
    bool ok = !ferror(file);
    ok = fclose(file) == 0 && ok;
    return ok || err_file(err, errno, "cannot write %s", path);
}

static bool draw(const struct wish *wish, const struct plots_kind *kind,
                 const struct plots_run *runs, int n_runs, struct err *err)
{
    struct buffer script = {0};
    struct chart chart;
    plots_fill(&chart, kind, runs, n_runs);
    if (n_runs > kind->runs_max)
        fprintf(stderr, "berth plot: warning: %s shows %d %s: the first %s\n", kind->name,
                kind->runs_max, kind->runs_max == 1 ? "run" : "runs",
                kind->runs_max == 1 ? "one" : "ones");
    chart_script(&script, &chart, wish->output);
    bool ok = gnuplot_run(&script, wish->output, err) &&
              (!wish->keep || keep_script(wish->keep, wish->output, &script, err));
    if (ok && !gnuplot_is_printed(wish->output))
        printf("picture     %s\n", wish->output);
    buffer_finish(&script);
    chart_finish(&chart);
    return ok;
}

/* pictures/first.svg and "cost": pictures/first-cost.svg, in `to`. */
static const char *name_of_kind(struct buffer *to, const char *path, const char *kind)
{
    const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
    if (!dot || (slash && dot < slash))
        dot = path + strlen(path);
    buffer_clear(to);
    buffer_add(to, "%.*s-%s%s", (int)(dot - path), path, kind, dot);
    return to->text;
}

/* One kind of several: the pictures have its name in theirs. */
static bool draw_named(const struct wish *wish, const struct plots_kind *kind,
                       const struct plots_run *runs, int n_runs, struct err *err)
{
    struct buffer output = {0}, keep = {0};
    struct wish own = *wish;
    if (!gnuplot_is_printed(wish->output))
        own.output = name_of_kind(&output, wish->output, kind->name);
    if (wish->keep)
        own.keep = name_of_kind(&keep, wish->keep, kind->name);
    bool ok = draw(&own, kind, runs, n_runs, err);
    buffer_finish(&output);
    buffer_finish(&keep);
    return ok;
}

static int plot(const struct wish *wish, const struct plots_kind *const *kinds, int n_kinds,
                char **paths, int n_paths)
{
    struct plots_run runs[PLOTS_RUNS_MAX];
    struct err err;
    if (!same_file_refuse(wish->output, paths, n_paths, &err) ||
        !same_file_refuse(wish->keep, paths, n_paths, &err) ||
        !plots_load(runs, paths, n_paths, &err))
        return err_report(&err);
    bool ok = true;
    for (int i = 0; i < n_kinds && ok; i++)
        ok = n_kinds == 1 ? draw(wish, kinds[i], runs, n_paths, &err)
                          : draw_named(wish, kinds[i], runs, n_paths, &err);
    plots_unload(runs, n_paths);
    return ok ? EXIT_FINE : err_report(&err);
}

/* "all", or names with commas between them. False where one is unknown. */
static bool read_kinds(const char *text, const struct plots_kind **kinds, int *n_kinds,
                       struct err *err)
{
    bool all = strcmp(text, "all") == 0;
    *n_kinds = 0;
    for (const struct plots_kind *kind = plots_kinds; all && kind->name; kind++)
        kinds[(*n_kinds)++] = kind;
    while (!all && text) {
        const char *comma = strchrnul(text, ',');
        char name[32];
        snprintf(name, sizeof name, "%.*s", (int)(comma - text), text);
        const struct plots_kind *kind = plots_find(name);
        if (!kind)
            return plots_unknown(name, err);
        if (*n_kinds == PLOTS_KINDS_MAX)
            return err_set(err, EXIT_INPUT, "--kind: %s and more kinds than there are", name);
        kinds[(*n_kinds)++] = kind;
        text = *comma ? comma + 1 : NULL;
    }
    return true;
}

int cmd_plot(int argc, char **argv)
{
    struct wish wish = {.kind = "gantt"};
    const struct option_row rows[] = {
        {"kind", 'k', OPTION_TEXT, &wish.kind, "KIND",
         "what to draw, some with commas between, or all; default: gantt", 0, NULL},
        {"output", 'o', OPTION_TEXT, &wish.output, "FILE", "the picture: .svg, .png, .pdf, or -", 0,
         NULL},
        {"keep", 0, OPTION_TEXT, &wish.keep, "FILE", "write the gnuplot script there, too", 0,
         NULL},
        {"sixel", 0, OPTION_FLAG, &wish.sixel, NULL,
         "with -o -: pixels, for a terminal that knows sixels", 0, NULL},
        {"list", 0, OPTION_FLAG, &wish.list, NULL, "the kinds and what they show", 0, NULL},
    };
    const struct options options = {
        .command = "plot",
        .usage = "RUN... [--kind KIND] -o FILE",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 0,
        .operands_max = PLOTS_RUNS_MAX,
    };
    const struct plots_kind *kinds[PLOTS_KINDS_MAX];
    int n_paths = 0, n_kinds = 0, exit_code = EXIT_FINE;
    struct err err;
    if (!options_parse(&options, argc, argv, &n_paths, &exit_code))
        return exit_code;
    if (wish.list) {
        list_kinds();
        return EXIT_FINE;
    }
    if (n_paths == 0 || !wish.output) {
        fprintf(stderr, n_paths == 0
                            ? "berth plot: which RUN? (see berth plot --help)\n"
                            : "berth plot: where to? -o FILE.svg, or -o - for the terminal\n");
        return EXIT_INPUT;
    }
    if (!read_kinds(wish.kind, kinds, &n_kinds, &err) || !gnuplot_draws(wish.output, &err))
        return err_report(&err);
    if (wish.sixel && gnuplot_is_text(wish.output))
        wish.output = GNUPLOT_SIXEL;
    return plot(&wish, kinds, n_kinds, argv, n_paths);
}
