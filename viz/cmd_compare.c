/*
 * `berth compare`: two runs side by side, as tables, JSON or a picture. Reads run logs; it must
 * never know who made them.
 */
#include "viz/command.h"

#include "file/options.h"
#include "viz/compare.h"
#include "viz/compare_print.h"
#include "viz/gnuplot.h"
#include "viz/plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct run {
    struct story story;
    struct run_header header;
};

static bool load(struct run *run, const char *path, struct err *err)
{
    bool truncated;
    if (!story_load(&run->story, path, &run->header, &truncated, err))
        return false;
    if (truncated)
        fprintf(stderr, "berth: warning: %s was cut short: compared as far as it goes\n", path);
    return true;
}

static bool draw(const struct compare *compare, const char *path, struct err *err)
{
    struct buffer script = {0};
    plot_compare(&script, compare, path);
    bool ok = gnuplot_run(&script, path, err);
    buffer_finish(&script);
    return ok;
}

/* The table comes first: it is there even where the picture cannot be drawn. */
static bool show(struct run *runs, char **paths, const char *picture, bool json, struct err *err)
{
    const char *const names[2] = {paths[0], paths[1]};
    const struct story *const stories[2] = {&runs[0].story, &runs[1].story};
    const struct run_header *const headers[2] = {&runs[0].header, &runs[1].header};
    struct compare compare;
    compare_init(&compare, names, stories, headers);
    if (!compare.same_scenario)
        fprintf(stderr,
                "berth: warning: these are runs of different scenarios: tasks are matched by "
                "their numbers all the same\n");
    if (json)
        compare_print_json(stdout, &compare);
    else
        compare_print(stdout, &compare);
    fflush(stdout);
    bool ok = !picture || draw(&compare, picture, err);
    if (ok && picture && !json)
        printf("picture     %s\n", picture);
    compare_finish(&compare);
    return ok;
}

int cmd_compare(int argc, char **argv)
{
    const char *picture = NULL;
    bool json = false;
    const struct option_row rows[] = {
        {"output", 'o', OPTION_TEXT, &picture, "FILE.svg",
         "draw both runs over one time axis (.svg, .png or .pdf)", 0, NULL},
        {"json", 0, OPTION_FLAG, &json, NULL, "all numbers, for programs", 0, NULL},
    };
    const struct options options = {
        .command = "compare",
        .usage = "RUN RUN [OPTION]...",
        .about =
            "Shows how long every phase of every task took in both runs, how far they are apart,\n"
            "and the first thing that went another way. Tasks are matched by number.",
        .examples = "  berth compare first.run first.exec.run               simulated and real\n"
                    "  berth compare first.run first.exec.run -o first.svg  with a picture\n"
                    "  berth compare seed1.run seed2.run                    any two runs\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 2,
        .operands_max = 2,
    };
    int n_runs = 0, exit_code = EXIT_FINE;
    if (!options_parse(&options, argc, argv, &n_runs, &exit_code))
        return exit_code;
    struct err err;
    struct run runs[2];
    int n_loaded = 0;
    bool ok = !picture || gnuplot_draws(picture, &err);
    while (ok && n_loaded < n_runs) {
        ok = load(&runs[n_loaded], argv[n_loaded], &err);
        n_loaded += ok;
    }
    ok = ok && show(runs, argv, picture, json, &err);
    for (int i = 0; i < n_loaded; i++) {
        story_finish(&runs[i].story);
        run_header_finish(&runs[i].header);
    }
    return ok ? EXIT_FINE : err_report(&err);
}
