/*
 * Who runs what: processes take the next run from a shared counter. The folder's files are in
 * sweep_folder.c.
 */
#include "sweep.h"

#include "core/draw.h"
#include "file/memory.h"
#include "sim.h"
#include "sweep_folder.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define POLL_NSEC 50000000
#define POLLS_PER_PROGRESS 4

void sweep_plan_finish(struct sweep_plan *plan)
{
    for (int i = 0; i < plan->n_sets; i++)
        free(plan->sets[i]);
    free(plan->sets);
    free(plan->scenario);
    free(plan->instances);
    *plan = (struct sweep_plan){0};
}

/* Points --------------------------------------------------------------------------------------- */

/* The scenario as it is at a point; NULL where it cannot be read. */
static struct scenario *load_point(const struct sweep *sweep, int point, struct findings *findings)
{
    struct scenario_options options = {
        .count = sweep->plan.count,
        .instances = sweep->plan.instances,
        .n_sets = sweep->grid.n_axes,
    };
    char **sets = memory_zeroed((size_t)sweep->grid.n_axes, sizeof *sets);
    struct scenario *scenario;

    for (int i = 0; i < sweep->grid.n_axes; i++)
        sets[i] = sweep_grid_text(&sweep->grid, point, i);
    options.sets = (const char *const *)sets;
    scenario = scenario_load(sweep->plan.scenario, &options, findings);
    for (int i = 0; i < sweep->grid.n_axes; i++)
        free(sets[i]);
    free(sets);
    return scenario;
}

static uint64_t digest_text(uint64_t digest, const char *text)
{
    for (; *text; text++)
        digest = draw_mix(digest ^ (unsigned char)*text);
    return draw_mix(digest);
}

/* Every point is read before the first is run: a mistake in the last one shows at once. */
static bool check_points(struct sweep *sweep, struct findings *findings, struct err *err)
{
    for (int point = 0; point < sweep->grid.n_points; point++) {
        struct findings own = {0};
        struct scenario *scenario = load_point(sweep, point, &own);

        if (!scenario || point == 0) {
            findings_finish(findings);
            *findings = own;
        } else {
            findings_finish(&own);
        }
        if (!scenario)
            return err_set(err, EXIT_INPUT, "%s cannot be simulated", sweep->plan.scenario);
        sweep->digests[point] = digest_text(0, scenario->source);
        sweep->digest = draw_mix(sweep->digest ^ sweep->digests[point]);
        if (point == 0)
            sweep->title = memory_text(scenario->title);
        scenario_destroy(scenario);
    }
    return true;
}

static bool prepare(struct sweep *sweep, struct findings *findings, struct err *err)
{
    int64_t n_runs;

    for (int i = 0; i < sweep->plan.n_sets; i++)
        if (!sweep_grid_add(&sweep->grid, sweep->plan.sets[i], err))
            return false;
    if (sweep->grid.n_axes == 0)
        sweep->grid.n_points = 1;
    n_runs = (int64_t)sweep->grid.n_points * sweep->plan.n_seeds;
    if (n_runs > SWEEP_RUNS_MAX)
        return err_set(err, EXIT_INPUT, "%d points with %d seeds are more than %d runs",
                       sweep->grid.n_points, sweep->plan.n_seeds, SWEEP_RUNS_MAX);
    sweep->digests = memory_zeroed((size_t)sweep->grid.n_points, sizeof *sweep->digests);
    if (!check_points(sweep, findings, err))
        return false;
    sweep->n_runs = (int)n_runs;
    sweep->done = memory_zeroed((size_t)n_runs, sizeof *sweep->done);
    sweep->values = memory_zeroed((size_t)n_runs * MEASURES, sizeof *sweep->values);
    return true;
}

bool sweep_begin(struct sweep *sweep, const char *folder, struct sweep_plan *plan,
                 struct findings *findings, struct err *err)
{
    *sweep = (struct sweep){.folder = memory_text(folder), .plan = *plan};
    *plan = (struct sweep_plan){0};
    if (!prepare(sweep, findings, err) || !sweep_folder_claim(sweep, err))
        return false;
    sweep_collect(sweep);
    return true;
}

bool sweep_resume(struct sweep *sweep, const char *folder, struct findings *findings,
                  struct err *err)
{
    *sweep = (struct sweep){.folder = memory_text(folder)};
    if (!sweep_folder_plan(folder, &sweep->plan, err) || !prepare(sweep, findings, err) ||
        !sweep_folder_claim(sweep, err))
        return false;
    sweep_collect(sweep);
    return true;
}

void sweep_finish(struct sweep *sweep)
{
    sweep_plan_finish(&sweep->plan);
    sweep_grid_finish(&sweep->grid);
    free(sweep->folder);
    free(sweep->title);
    free(sweep->digests);
    free(sweep->done);
    free(sweep->values);
    *sweep = (struct sweep){0};
}

void sweep_collect(struct sweep *sweep)
{
    memset(sweep->done, 0, (size_t)sweep->n_runs * sizeof *sweep->done);
    sweep->n_done = 0;
    sweep_folder_read(sweep);
    for (int i = 0; i < sweep->n_runs; i++)
        sweep->n_done += sweep->done[i];
}

int64_t *sweep_values(const struct sweep *sweep, int point, enum measure_kind kind)
{
    int64_t *values = memory_zeroed((size_t)sweep->plan.n_seeds, sizeof *values);

    for (int i = 0; i < sweep->plan.n_seeds; i++) {
        size_t run = (size_t)point * (size_t)sweep->plan.n_seeds + (size_t)i;

        values[i] = sweep->values[run * MEASURES + (size_t)kind];
    }
    return values;
}

/* Runs ----------------------------------------------------------------------------------------- */

/* What the processes share. */
struct board {
    int next; /* of the list */
    int n_done;
    int stop; /* somebody failed */
    int failed;
    struct err err;
};

struct crew {
    const struct sweep *sweep;
    int *runs; /* still to do */
    int n_runs;
    int file;
    struct board *board;
};

/* One worker reads a point's scenario once for all of its seeds that fall to it. */
struct desk {
    int point;
    struct scenario *scenario;
};

static bool run_one(const struct crew *crew, struct desk *desk, int run, struct err *err)
{
    const struct sweep *sweep = crew->sweep;
    struct findings findings = {0};
    struct sim_options options;
    struct sim_result result;
    struct measure measure;
    bool ok;

    if (!desk->scenario || desk->point != run / sweep->plan.n_seeds) {
        scenario_destroy(desk->scenario);
        desk->point = run / sweep->plan.n_seeds;
        desk->scenario = load_point(sweep, desk->point, &findings);
        findings_finish(&findings);
        if (!desk->scenario ||
            digest_text(0, desk->scenario->source) != sweep->digests[desk->point])
            return err_set(err, EXIT_INPUT, "%s has changed meanwhile", sweep->plan.scenario);
    }
    options = sim_options_default(desk->scenario);
    options.seed = (uint64_t)(run % sweep->plan.n_seeds) + 1;
    options.tell = true;
    ok = sim_run(desk->scenario, &options, &result, err);
    if (ok && sweep->plan.warm_up_usec >= result.summary.end_usec)
        ok = err_set(err, EXIT_INPUT, "--warm-up leaves nothing of a run of %.3f s",
                     (double)result.summary.end_usec / USEC_PER_SEC);
    if (ok) {
        measure = measure_story(&result.story, sweep->plan.warm_up_usec);
        ok = sweep_folder_write(crew->file, run, &measure, err);
    }
    sim_result_finish(&result);
    return ok;
}

/* Ends with its parent, whatever ends that. */
static _Noreturn void work(const struct crew *crew, pid_t parent)
{
    struct board *board = crew->board;
    struct desk desk = {0};
    struct err err;
    int next;

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || getppid() != parent)
        _exit(EXIT_MACHINE);
    while (!__atomic_load_n(&board->stop, __ATOMIC_RELAXED) &&
           (next = __atomic_fetch_add(&board->next, 1, __ATOMIC_RELAXED)) < crew->n_runs) {
        if (!run_one(crew, &desk, crew->runs[next], &err)) {
            if (__atomic_fetch_add(&board->failed, 1, __ATOMIC_RELAXED) == 0)
                board->err = err;
            __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);
            break;
        }
        __atomic_fetch_add(&board->n_done, 1, __ATOMIC_RELAXED);
    }
    scenario_destroy(desk.scenario);
    _exit(board->failed ? EXIT_ANSWER : EXIT_FINE);
}

/* Waits for all workers; one that a signal ended stops the others. */
static bool await(struct board *board, int n_workers, int total, sweep_progress *progress)
{
    const struct timespec pause = {0, POLL_NSEC};
    bool killed = false;

    for (int polls = 0; n_workers > 0; polls++) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG);

        if (pid > 0) {
            n_workers--;
            if (WIFSIGNALED(status)) {
                killed = true;
                __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);
            }
        } else if (pid < 0 && errno != EINTR) {
            break;
        } else {
            nanosleep(&pause, NULL);
        }
        if (progress && polls % POLLS_PER_PROGRESS == 0)
            progress(__atomic_load_n(&board->n_done, __ATOMIC_RELAXED), total);
    }
    return !killed;
}

static bool run_list(struct crew *crew, int n_jobs, sweep_progress *progress, struct err *err)
{
    struct board *board =
        mmap(NULL, sizeof *board, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int n_workers = 0;
    pid_t self = getpid(), forked = 0;
    bool ok;

    if (board == MAP_FAILED)
        return err_errno(err, errno, "cannot share memory between processes");
    crew->board = board;
    fflush(NULL);
    for (; n_workers < n_jobs && n_workers < crew->n_runs; n_workers++) {
        forked = fork();
        if (forked < 0)
            break;
        if (forked == 0)
            work(crew, self);
    }
    if (forked < 0)
        __atomic_store_n(&board->stop, 1, __ATOMIC_RELAXED);
    ok = await(board, n_workers, crew->n_runs, progress);
    if (forked < 0)
        ok = err_errno(err, EAGAIN, "cannot start a process");
    else if (!ok)
        err_set(err, EXIT_MACHINE,
                "a process of the sweep was killed; what it had finished is kept");
    else if (board->failed)
        ok = false, *err = board->err;
    munmap(board, sizeof *board);
    return ok;
}

bool sweep_run(struct sweep *sweep, struct sweep_shard shard, int n_jobs, sweep_progress *progress,
               struct err *err)
{
    struct crew crew = {.sweep = sweep};
    bool ok = true;

    assert(shard.index >= 0 && shard.index < shard.count && n_jobs > 0);
    crew.file = sweep_folder_open(sweep->folder, shard, err);
    if (crew.file < 0)
        return false;
    sweep_collect(sweep);
    crew.runs = memory_zeroed((size_t)sweep->n_runs, sizeof *crew.runs);
    for (int i = shard.index; i < sweep->n_runs; i += shard.count)
        if (!sweep->done[i])
            crew.runs[crew.n_runs++] = i;
    if (crew.n_runs > 0)
        ok = run_list(&crew, n_jobs, progress, err);
    free(crew.runs);
    if (close(crew.file) != 0 && ok)
        ok = err_errno(err, errno, "cannot write into %s", sweep->folder);
    sweep_collect(sweep);
    return ok;
}
