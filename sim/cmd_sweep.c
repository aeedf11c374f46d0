/*
 * `berth sweep SCENARIO --set PATH=...`: many simulations, and a table of what came of them.
 */
#include "command.h"

#include "file/buffer.h"
#include "file/memory.h"
#include "file/options.h"
#include "file/units.h"
#include "sweep.h"
#include "sweep_slurm.h"
#include "sweep_table.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define SHARDS_MAX 10000
#define SEEDS 10 /* where nobody says how many */

static const char about[] =
    "Simulates a scenario at every combination of values, with every seed, and prints a table. An "
    "axis\n"
    "is PATH=VALUE,VALUE,...; 1..8 stands for 1,2,...,8, and 0..100..25 for steps of 25. The same\n"
    "seed is the same world at every point, as far as tasks have the same numbers.\n"
    "\n"
    "Everything goes into a folder: the file \"sweep\" says what is run, \"runs.*\" have a line "
    "for each\n"
    "run, \"table.csv\" is the table. A sweep that was stopped goes on where it was, with the same "
    "command or\n"
    "with berth sweep FOLDER, and ends with the same table. --shard K/N runs every Nth run only, "
    "so that\n"
    "machines that share the folder share the work; whoever finishes last prints the table. "
    "--slurm\n"
    "writes and submits a job array of shards and waits for it.\n"
    "\n"
    "Columns of the CSV: the axes by their paths, seeds, and for each measure its mean over the "
    "seeds\n"
    "and, as NAME_ci95, the half of its 95 % confidence interval: placed, unplaced (tasks), "
    "waited_p50,\n"
    "waited_p95 (seconds), instances (the most that held a task at the same time), cpu, memory "
    "(per cent\n"
    "that tasks reserved of the instances that held any), instance_hours (how long instances held "
    "a task),\n"
    "cost (dollars; the whole bill, warm-up and empty instances with it). What is not known, such "
    "as a cost\n"
    "where nothing has a price, is empty.";

static const char examples[] =
    "  berth sweep scenarios/first.json --set instances.0.count=1..4 --seeds 20\n"
    "  berth sweep lab.json --set behaviour.job/job.work=1s,2s,4s --set instances.0.count=2..8..2\n"
    "  berth sweep lab.sweep                        go on with it, or print its table again\n"
    "  berth sweep lab.json --set services.0.desiredCount=1..50 --slurm --shards 16\n";

struct wish {
    int64_t seeds, jobs, shards, count;
    const char *folder, *shard, *instances, *warm_up;
    bool slurm, json;
    struct option_texts sets;
};

/* Progress ------------------------------------------------------------------------------------- */

static time_t begun;
static int done_before = -1;

static void show_progress(int done, int total)
{
    double left;

    if (done_before < 0)
        done_before = done;
    left = done > done_before ? (double)(time(NULL) - begun) / (done - done_before) * (total - done)
                              : -1;
    fprintf(stderr, "\r\033[K%d of %d simulations", done, total);
    if (left >= 0)
        fprintf(stderr, ", about %.0f s left", left);
    fflush(stderr);
}

/* What was asked ------------------------------------------------------------------------------- */

/* lab.json -> lab.sweep, in this folder. */
static char *default_folder(const char *scenario)
{
    const char *name = strrchr(scenario, '/') ? strrchr(scenario, '/') + 1 : scenario;
    const char *dot = strrchr(name, '.');
    int length = dot && dot > name ? (int)(dot - name) : (int)strlen(name);
    char *folder = memory_zeroed((size_t)length + 7, 1);

    snprintf(folder, (size_t)length + 7, "%.*s.sweep", length, name);
    return folder;
}

/* "2/4" */
static bool read_shard(const char *text, struct sweep_shard *shard, struct err *err)
{
    char end;

    if (sscanf(text, "%d/%d%c", &shard->index, &shard->count, &end) != 2 || shard->count < 1 ||
        shard->count > SHARDS_MAX || shard->index < 1 || shard->index > shard->count)
        return err_set(err, EXIT_INPUT, "--shard %s: wanted K/N with K from 1 to N, N at most %d",
                       text, SHARDS_MAX);
    shard->index--;
    return true;
}

static bool make_plan(const struct wish *wish, const char *path, struct sweep_plan *plan,
                      struct err *err)
{
    const char *wrong = NULL;

    plan->n_seeds = wish->seeds ? (int)wish->seeds : SEEDS;
    plan->count = (int32_t)wish->count;
    if (wish->warm_up && (wrong = units_duration(wish->warm_up, &plan->warm_up_usec)) != NULL)
        return err_set(err, EXIT_INPUT, "--warm-up \"%s\" %s", wish->warm_up, wrong);
    plan->scenario = realpath(path, NULL);
    if (!plan->scenario)
        return err_set(err, EXIT_INPUT, "cannot read %s: %s", path, strerror(errno));
    plan->instances = wish->instances ? memory_text(wish->instances) : NULL;
    plan->sets = memory_zeroed((size_t)wish->sets.n_texts, sizeof *plan->sets);
    plan->n_sets = plan->cap_sets = wish->sets.n_texts;
    for (int i = 0; i < plan->n_sets; i++)
        plan->sets[i] = memory_text(wish->sets.texts[i]);
    return true;
}

/* The first option given that says what is run, or NULL. */
static const char *option_of_plan(const struct wish *wish)
{
    return wish->sets.n_texts > 0 ? "--set"
           : wish->seeds          ? "--seeds"
           : wish->folder         ? "-o"
           : wish->warm_up        ? "--warm-up"
           : wish->count          ? "--count"
           : wish->instances      ? "--instances"
                                  : NULL;
}

static bool open_sweep(const struct wish *wish, const char *path, struct sweep *sweep,
                       struct findings *findings, struct err *err)
{
    struct sweep_plan plan = {0};
    char *folder;
    bool ok;

    *sweep = (struct sweep){0};
    if (sweep_is_folder(path)) {
        const char *option = option_of_plan(wish);

        if (option)
            return err_set(err, EXIT_INPUT,
                           "%s says itself what is run: leave out %s, or name the scenario", path,
                           option);
        return sweep_resume(sweep, path, findings, err);
    }
    folder = wish->folder ? memory_text(wish->folder) : default_folder(path);
    ok = make_plan(wish, path, &plan, err) && sweep_begin(sweep, folder, &plan, findings, err);
    sweep_plan_finish(&plan);
    free(folder);
    return ok;
}

/* What comes of it ----------------------------------------------------------------------------- */

static bool print_results(const struct sweep *sweep, const struct wish *wish, struct err *err)
{
    struct buffer path = {0};
    bool ok;

    if (sweep->n_done < sweep->n_runs) {
        fprintf(stderr, "%d of %d simulations are done; the table comes with the last one\n",
                sweep->n_done, sweep->n_runs);
        return true;
    }
    buffer_add(&path, "%s/table.csv", sweep->folder);
    ok = sweep_table_csv(sweep, path.text, err);
    if (ok && wish->json)
        sweep_table_json(stdout, sweep);
    else if (ok)
        sweep_table_print(stdout, sweep);
    if (ok)
        fprintf(stderr, "table   %s\n", path.text);
    buffer_finish(&path);
    return ok;
}

static bool run(struct sweep *sweep, const struct wish *wish, struct sweep_shard shard,
                struct err *err)
{
    sweep_progress *progress = isatty(STDERR_FILENO) ? show_progress : NULL;
    int n_shards = wish->shards < sweep->n_runs ? (int)wish->shards : sweep->n_runs;
    bool ok;

    begun = time(NULL);
    if (sweep->n_done == sweep->n_runs)
        return true;
    ok = wish->slurm ? sweep_slurm(sweep, n_shards, progress, err)
                     : sweep_run(sweep, shard, (int)wish->jobs, progress, err);
    if (progress)
        fprintf(stderr, "\r\033[K");
    return ok;
}

static int sweep(const struct wish *wish, const char *path)
{
    struct sweep_shard shard = {0, 1};
    struct findings findings = {0};
    struct sweep sweep = {0};
    struct err err;
    bool ok = !wish->shard || read_shard(wish->shard, &shard, &err);

    ok = ok && open_sweep(wish, path, &sweep, &findings, &err);
    findings_print(&findings, stderr);
    ok = ok && run(&sweep, wish, shard, &err) && print_results(&sweep, wish, &err);
    findings_finish(&findings);
    sweep_finish(&sweep);
    return ok ? EXIT_FINE : err_report(&err);
}

int cmd_sweep(int argc, char **argv)
{
    struct wish wish = {.shards = 8, .jobs = sysconf(_SC_NPROCESSORS_ONLN)};
    const struct option_row rows[] = {
        {"set", 0, OPTION_TEXTS, &wish.sets, "PATH=VALUE,...",
         "an axis; with a single value, a change for all points", 0, NULL},
        {"seeds", 0, OPTION_COUNT, &wish.seeds, "N", "seeds 1 to N at each point; default: 10", 1,
         NULL},
        {"jobs", 0, OPTION_COUNT, &wish.jobs, "N", "processes at once; default: one for each CPU",
         1, NULL},
        {"output", 'o', OPTION_TEXT, &wish.folder, "FOLDER",
         "where all of it goes; default: the scenario's name with .sweep", 0, NULL},
        {"warm-up", 0, OPTION_TEXT, &wish.warm_up, "DURATION",
         "measure only what comes after so long, such as 30s", 0, NULL},
        {"shard", 0, OPTION_TEXT, &wish.shard, "K/N", "only the Kth of N parts of the runs", 0,
         NULL},
        {"slurm", 0, OPTION_FLAG, &wish.slurm, NULL, "as a Slurm job array, one job for each shard",
         0, NULL},
        {"shards", 0, OPTION_COUNT, &wish.shards, "N", "shards of --slurm; default: 8", 1, NULL},
        {"count", 0, OPTION_COUNT, &wish.count, "N", "tasks of a bare task definition", 1, NULL},
        {"instances", 0, OPTION_TEXT, &wish.instances, "NxTYPE",
         "instances to run it on, such as 4xm5.large", 0, NULL},
        {"json", 0, OPTION_FLAG, &wish.json, NULL, "one JSON object instead of the table", 0, NULL},
    };
    const struct options options = {
        .command = "sweep",
        .usage = "SCENARIO|FOLDER [OPTION]...",
        .about = about,
        .examples = examples,
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = 1,
    };
    int n_operands, code = EXIT_INPUT;

    if (options_parse(&options, argc, argv, &n_operands, &code)) {
        code = EXIT_INPUT;
        if (wish.seeds > SWEEP_SEEDS_MAX || wish.shards > SHARDS_MAX || wish.jobs > 1024)
            fprintf(stderr, "berth sweep: at most %d seeds, %d shards and 1024 jobs\n",
                    SWEEP_SEEDS_MAX, SHARDS_MAX);
        else if (wish.slurm && wish.shard)
            fprintf(stderr, "berth sweep: --slurm makes its own shards: leave out --shard\n");
        else
            code = sweep(&wish, argv[0]);
    }
    free(wish.sets.texts);
    return code;
}
