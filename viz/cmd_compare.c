/*
 * `berth compare`: two runs side by side, as tables, JSON or a picture. Reads run logs; it must
 * never know who made them.
 */
#include "viz/command.h"

#include "file/options.h"
#include "file/scenario.h"
#include "viz/compare.h"
#include "viz/compare_print.h"
#include "viz/gnuplot.h"
#include "viz/plot.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* The first against the second in all detail, and against all others as a band. */
#define COMPARE_RUNS_MAX 32

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

/* One that is alone of its mode stands against all others, so it comes first. */
static void put_reference_first(struct run *runs, char **paths, int n_runs)
{
    int n_sim = 0, lone = -1;
    for (int i = 0; i < n_runs; i++)
        n_sim += runs[i].header.mode == RUN_SIM;
    for (int i = 0; i < n_runs && (n_sim == 1 || n_sim == n_runs - 1); i++) {
        if ((runs[i].header.mode == RUN_SIM) == (n_sim == 1) && lone < 0)
            lone = i;
    }
    for (; lone > 0; lone--) {
        struct run run = runs[lone];
        char *path = paths[lone];
        runs[lone] = runs[lone - 1];
        paths[lone] = paths[lone - 1];
        runs[lone - 1] = run;
        paths[lone - 1] = path;
    }
}

static bool same_scenario(const struct run *a, const struct run *b)
{
    return a->header.scenario && b->header.scenario &&
           scenario_same_world(a->header.scenario, b->header.scenario);
}

/* Every run is held against the first. */
static void warn_of_others(const struct run *runs, char **paths, int n_runs)
{
    for (int i = 1; i < n_runs; i++) {
        if (!same_scenario(&runs[0], &runs[i]))
            fprintf(stderr,
                    "berth: warning: %s and %s are runs of different scenarios: tasks are matched "
                    "by their numbers all the same\n",
                    paths[0], paths[i]);
    }
}

/* The table comes first: it is there even where the picture cannot be drawn. */
static bool show(struct run *runs, char **paths, int n_runs, const char *picture, bool json,
                 struct err *err)
{
    const char *const names[2] = {paths[0], paths[1]};
    const struct story *const stories[2] = {&runs[0].story, &runs[1].story};
    const struct run_header *const headers[2] = {&runs[0].header, &runs[1].header};
    const struct story *others[COMPARE_RUNS_MAX];
    struct compare compare;
    for (int i = 1; i < n_runs; i++)
        others[i - 1] = &runs[i].story;
    compare_init(&compare, names, stories, headers);
    compare.others = others;
    compare.n_others = n_runs - 1;
    warn_of_others(runs, paths, n_runs);
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
        .usage = "RUN RUN... [OPTION]...",
        .about =
            "Shows how long every phase of every task took in both runs, how far they are apart,\n"
            "and the first thing that went another way. Tasks are matched by number.\n"
            "\n"
            "A first request lasts from when a task is ready until it has answered one that a load "
            "balancer gave\n"
            "it: its health checks and the wait for somebody to ask are part of it.\n"
            "\n"
            "Of registration, boots of tasks' own virtual machines, start-up, completion, stop "
            "and makespan\n"
            "the whole distributions are compared: medians, 95th percentiles, Wasserstein's "
            "distance (how far\n"
            "one must be moved to be the other) and\n"
            "Kolmogorov's and Smirnov's (the greatest difference of the shares that were so "
            "quick). The mean\n"
            "difference is over pairs of equal number: in simulations with the same seed these met "
            "the same\n"
            "draws, so that the interval tells of the difference alone.\n"
            "\n"
            "With more than two runs, the one that is alone of its kind (simulated among real "
            "ones) is compared\n"
            "with the first of the others, and then with the band of all their medians.",
        .examples = "  berth compare first.run first.exec.run               simulated and real\n"
                    "  berth compare first.run first.exec.run -o first.svg  with a picture\n"
                    "  berth compare first.run real-*.run                   with the band of "
                    "several real runs\n"
                    "  berth compare binpack.run spread.run                 any two runs\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 2,
        .operands_max = COMPARE_RUNS_MAX,
    };
    int n_runs = 0, exit_code = EXIT_FINE;
    if (!options_parse(&options, argc, argv, &n_runs, &exit_code))
        return exit_code;
    struct err err;
    struct run runs[COMPARE_RUNS_MAX];
    int n_loaded = 0;
    bool ok = !picture || gnuplot_draws(picture, &err);
    while (ok && n_loaded < n_runs) {
        ok = load(&runs[n_loaded], argv[n_loaded], &err);
        n_loaded += ok;
    }
    if (ok)
        put_reference_first(runs, argv, n_runs);
    ok = ok && show(runs, argv, n_runs, picture, json, &err);
    for (int i = 0; i < n_loaded; i++) {
        story_finish(&runs[i].story);
        run_header_finish(&runs[i].header);
    }
    return ok ? EXIT_FINE : err_report(&err);
}
