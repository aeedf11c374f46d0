/*
 * Every line is a list of items; of each item the durations in all runs are collected, waiting by
 * script is taken out of all alike, and medians are compared.
 */
#include "predict.h"

#include "file/estimate.h"
#include "file/memory.h"

#include <assert.h>
#include <stdlib.h>

/* A run's steps are written down that exactly. */
#define GRAIN_USEC 50

const double predict_bounds[TOTALS] = {
    [TOTAL_REGISTRATION] = 0.10, [TOTAL_BOOT] = 0.10, [TOTAL_STARTUP] = 0.10,
    [TOTAL_COMPLETION] = 0.05,   [TOTAL_STOP] = 0.10, [TOTAL_MAKESPAN] = 0.05,
};

/* Numbers ---------------------------------------------------------------------------------------- */

static int by_value(const void *left, const void *right)
{
    double a = *(const double *)left, b = *(const double *)right;

    return a < b ? -1 : a > b;
}

double predict_quantile(const double *sorted, int n, double part)
{
    double at = part * (n - 1);
    int below = (int)at;

    return below + 1 < n ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below])
                         : sorted[n - 1];
}

static double median(double *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return predict_quantile(values, n, 0.5);
}

/* How long an item took in some runs: sorted, scripted waiting taken out. */
struct sample {
    double *usec;
    int n;
};

static void collect(struct sample *sample, const struct story *stories, int n, enum total line,
                    int id, int64_t idle_usec)
{
    sample->n = 0;
    for (int i = 0; i < n; i++) {
        int64_t usec = totals_of(&stories[i], line, id);

        if (usec != USEC_NEVER)
            sample->usec[sample->n++] = (double)(usec > idle_usec ? usec - idle_usec : 0);
    }
    if (sample->n > 0)
        qsort(sample->usec, (size_t)sample->n, sizeof *sample->usec, by_value);
}

static double middle(const struct sample *sample)
{
    return predict_quantile(sample->usec, sample->n, 0.5);
}

static double relative(double usec, double of)
{
    double difference = usec < of ? of - usec : usec - of;

    return difference < GRAIN_USEC ? 0 : of < 1 ? 1 : difference / of;
}

/* Of five values quartiles would be two of them: where four happen to lie together they say that nothing varies. */
static double spread(const struct sample *sample)
{
    int64_t usec[PREDICT_RUNS_MOST];

    assert(sample->n <= PREDICT_RUNS_MOST);
    for (int i = 0; i < sample->n; i++)
        usec[i] = (int64_t)sample->usec[i];
    return usec[sample->n - 1] - usec[0] < GRAIN_USEC || middle(sample) < 1
               ? 0
               : estimate_of(usec, sample->n).deviation / middle(sample);
}

/* Virtual machines -------------------------------------------------------------------------------- */

static bool is_machine(const struct predict_runs *runs, int instance)
{
    for (int i = 0; i < runs->n_real; i++)
        if (instance < runs->real[i].n_instances &&
            runs->real[i].instances[instance].course.start[0])
            return true;
    return false;
}

static bool any_instance_is_machine(const struct predict_runs *runs)
{
    for (int id = 0; id < runs->real[0].n_instances; id++)
        if (is_machine(runs, id))
            return true;
    return false;
}

static bool any_task_has_machine(const struct predict_runs *runs)
{
    for (int i = 0; i < runs->n_real; i++)
        for (int id = 0; id < runs->real[i].n_tasks; id++)
            if (runs->real[i].tasks[id].machine)
                return true;
    return false;
}

/* Lines ------------------------------------------------------------------------------------------- */

/* Of one line: a value for each of its items. */
struct columns {
    double *predicted, *real, *error, *naive, *spread;
    struct sample sample;
};

static double error_of(struct columns *columns, const struct story *stories, int n, enum total line,
                       int id, int64_t idle_usec, double real_usec)
{
    collect(&columns->sample, stories, n, line, id, idle_usec);
    /* what the simulation does not have it does not predict at all */
    return columns->sample.n * 2 > n ? relative(middle(&columns->sample), real_usec) : 1;
}

static void judge_item(const struct predict_runs *runs, enum total line, int id,
                       struct columns *columns, struct predict_result *result)
{
    struct sample *sample = &columns->sample;
    int64_t idle_usec = totals_of(runs->idle, line, id);
    int at = result->n;

    if (idle_usec == USEC_NEVER)
        idle_usec = 0;
    collect(sample, runs->real, runs->n_real, line, id, idle_usec);
    if (sample->n * 2 <= runs->n_real)
        return;
    columns->real[at] = middle(sample);
    columns->spread[at] = spread(sample);
    columns->naive[at] =
        error_of(columns, runs->naive, runs->n_naive, line, id, idle_usec, columns->real[at]);
    columns->error[at] = error_of(columns, runs->predicted, runs->n_predicted, line, id, idle_usec,
                                  columns->real[at]);
    columns->predicted[at] = sample->n > 0 ? middle(sample) : 0;
    result->n_failed += sample->n * 2 <= runs->n_predicted;
    result->n++;
}

static void judge_line(const struct predict_runs *runs, enum total line, struct columns *columns,
                       struct predict_result *result)
{
    double bound = predict_bounds[line];

    for (int id = 0; id < totals_count(&runs->real[0], line); id++)
        if (line != TOTAL_REGISTRATION || !result->boots || is_machine(runs, id))
            judge_item(runs, line, id, columns, result);
    if (result->n == 0)
        return;
    result->predicted_usec = (int64_t)median(columns->predicted, result->n);
    result->real_usec = (int64_t)median(columns->real, result->n);
    result->error = median(columns->error, result->n);
    result->naive = median(columns->naive, result->n);
    result->spread = median(columns->spread, result->n);
    result->bound = bound > 1.5 * result->spread ? bound : 1.5 * result->spread;
    result->holds = result->error <= result->bound;
}

static int most(int a, int b)
{
    return a > b ? a : b;
}

void predict_judge(const struct predict_runs *runs, struct predict_result *results)
{
    const struct story *first = &runs->real[0];
    size_t n = (size_t)most(most(first->n_tasks, first->n_instances), 1);
    const bool boots[TOTALS] = {[TOTAL_REGISTRATION] = any_instance_is_machine(runs),
                                [TOTAL_BOOT] = any_task_has_machine(runs)};
    const bool any_boots = boots[TOTAL_REGISTRATION] || boots[TOTAL_BOOT];
    size_t n_runs = (size_t)most(most(runs->n_predicted, runs->n_naive), runs->n_real);
    struct columns columns = {
        .predicted = memory_zeroed(n, sizeof(double)),
        .real = memory_zeroed(n, sizeof(double)),
        .error = memory_zeroed(n, sizeof(double)),
        .naive = memory_zeroed(n, sizeof(double)),
        .spread = memory_zeroed(n, sizeof(double)),
        .sample = {memory_zeroed(n_runs, sizeof(double)), 0},
    };

    for (int line = 0; line < TOTALS; line++) {
        results[line] = (struct predict_result){.boots = boots[line]};
        judge_line(runs, line, &columns, &results[line]);
        results[line].judged =
            results[line].n > 0 &&
            (any_boots ? boots[line] && runs->boots_measured : line != TOTAL_REGISTRATION);
    }
    free(columns.predicted);
    free(columns.real);
    free(columns.error);
    free(columns.naive);
    free(columns.spread);
    free(columns.sample.usec);
}

bool predict_holds(const struct predict_result *results)
{
    bool any = false, hold = true;

    for (int line = 0; line < TOTALS; line++) {
        any |= results[line].judged;
        hold &= !results[line].judged || results[line].holds;
    }
    return any && hold;
}
