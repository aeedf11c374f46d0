/*
 * Predictions against runs, on stories made by hand: durations are known, so are errors.
 */
#include "predict.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define MS(n) ((int64_t)(n)*USEC_PER_MSEC)

/* One task a duration: placed at 0, ready and stopped by itself after so long. */
static void tell(struct story *story, int n, const int64_t *msec)
{
    *story = (struct story){.end_usec = MS(100000), .last_usec = MS(100000)};
    story->tasks = calloc((size_t)n, sizeof *story->tasks);
    story->n_tasks = n;
    for (int i = 0; i < n; i++) {
        struct story_task *task = &story->tasks[i];

        *task = (struct story_task){.placed_at_usec = 0,
                                    .stopped_at_usec = MS(msec[i]),
                                    .stop_at_usec = USEC_NEVER,
                                    .stop_code = STOP_ESSENTIAL_CONTAINER_EXITED,
                                    .n_containers = 1,
                                    .containers = calloc(1, sizeof *task->containers)};
        task->containers[0].ready_at_usec = MS(msec[i] / 2);
        task->containers[0].exited_at_usec = MS(msec[i]);
    }
}

static void forget(struct story *story)
{
    for (int i = 0; i < story->n_tasks; i++) {
        free(story->tasks[i].containers);
        free(story->tasks[i].machine);
    }
    free(story->tasks);
    free(story->instances);
}

static void judge(const int64_t *idle, const int64_t *predicted, const int64_t *naive,
                  const int64_t (*real)[2], int n_real, struct predict_result *results)
{
    struct story stories[16];
    struct predict_runs runs = {&stories[0], &stories[1], 1,      &stories[2],
                                1,           &stories[3], n_real, true};

    tell(&stories[0], 2, idle);
    tell(&stories[1], 2, predicted);
    tell(&stories[2], 2, naive);
    for (int i = 0; i < n_real; i++)
        tell(&stories[3 + i], 2, real[i]);
    predict_judge(&runs, results);
    for (int i = 0; i < 3 + n_real; i++)
        forget(&stories[i]);
}

Test(predict, an_error_is_relative_to_the_real_runs_median)
{
    const int64_t idle[] = {0, 0}, predicted[] = {110, 100}, naive[] = {50, 50};
    const int64_t real[][2] = {{100, 100}, {100, 100}, {100, 100}};
    struct predict_result results[TOTALS];

    judge(idle, predicted, naive, real, 3, results);
    cr_expect_eq(results[TOTAL_COMPLETION].n, 2);
    cr_expect_float_eq(results[TOTAL_COMPLETION].error, 0.05, 1e-9, "the median of 10 %% and 0 %%");
    cr_expect_float_eq(results[TOTAL_COMPLETION].naive, 0.5, 1e-9);
    cr_expect_float_eq(results[TOTAL_COMPLETION].spread, 0, 1e-9);
    cr_expect(results[TOTAL_COMPLETION].holds);
    cr_expect_eq(results[TOTAL_STOP].n, 0, "nobody was told to stop");
    cr_expect_eq(results[TOTAL_REGISTRATION].n, 0);
    cr_expect_float_eq(results[TOTAL_MAKESPAN].error, 0.1, 1e-9, "110 ms for 100 ms");
    cr_expect_not(results[TOTAL_MAKESPAN].holds);
}

Test(predict, scripted_waiting_is_taken_out_of_both)
{
    const int64_t idle[] = {900, 900}, predicted[] = {1010, 1010}, naive[] = {1000, 1000};
    const int64_t real[][2] = {{1000, 1000}};
    struct predict_result results[TOTALS];

    judge(idle, predicted, naive, real, 1, results);
    cr_expect_float_eq(results[TOTAL_COMPLETION].error, 0.1, 1e-9,
                       "10 ms of the 100 that are not sleep");
    cr_expect_eq(results[TOTAL_COMPLETION].real_usec, MS(100));
}

Test(predict, a_spread_of_the_real_runs_excuses)
{
    const int64_t idle[] = {0, 0}, predicted[] = {130, 130}, naive[] = {100, 100};
    const int64_t real[][2] = {{80, 80}, {80, 80}, {100, 100}, {120, 120}, {120, 120}};
    struct predict_result results[TOTALS];

    judge(idle, predicted, naive, real, 5, results);
    cr_expect_float_eq(results[TOTAL_COMPLETION].spread, 0.2, 1e-9,
                       "four times 20, squared, by four");
    cr_expect_float_eq(results[TOTAL_COMPLETION].bound, 0.3, 1e-9);
    cr_expect_float_eq(results[TOTAL_COMPLETION].error, 0.3, 1e-9);
}

Test(predict, what_is_not_predicted_at_all_is_wholly_wrong)
{
    const int64_t idle[] = {0, 0}, predicted[] = {200000, 200000}, naive[] = {100, 100};
    const int64_t real[][2] = {{100, 100}};
    struct predict_result results[TOTALS];

    judge(idle, predicted, naive, real, 1, results);
    cr_expect_eq(results[TOTAL_COMPLETION].n_failed, 2, "it ends after the end of the run");
    cr_expect_float_eq(results[TOTAL_COMPLETION].error, 1, 1e-9);
    cr_expect_not(results[TOTAL_COMPLETION].holds);
}

/* Virtual machines: what runs and simulations tell of them ----------------------------------------- */

/* Two instances, registered after so long: the second a slice, the first a machine where `is_machine`. */
static void add_instances(struct story *story, bool is_machine, int64_t machine_msec,
                          int64_t slice_msec)
{
    story->n_instances = 2;
    story->instances = calloc(2, sizeof *story->instances);
    story->instances[0].registered_at_usec = MS(machine_msec);
    story->instances[1].registered_at_usec = MS(slice_msec);
    if (is_machine)
        strcpy(story->instances[0].course.start, "scratch");
}

/* The first task's own machine. */
static void add_machine(struct story *story, int64_t msec)
{
    struct story_machine *machine = calloc(1, sizeof *machine);

    *machine = (struct story_machine){.booted_at_usec = MS(msec), .course.start = "scratch"};
    story->tasks[0].machine = machine;
}

struct world {
    bool instance, task; /* which of them are machines */
    bool measured;
    int64_t predicted_msec; /* of the machines' 1000 */
};

/* Whatever is no machine is predicted as it is. */
static void judge_machines(const struct world *world, struct predict_result *results)
{
    static const int64_t all[] = {100, 100};
    struct story stories[4]; /* idle, predicted, naive, real */
    struct predict_runs runs = {&stories[0], &stories[1], 1, &stories[2],
                                1,           &stories[3], 1, world->measured};

    for (int i = 0; i < 4; i++) {
        int64_t msec = i == 0 ? 0 : i == 1 ? world->predicted_msec : 1000;

        tell(&stories[i], 2, all);
        add_instances(&stories[i], world->instance, world->instance ? msec : 5, 5);
        if (world->task)
            add_machine(&stories[i], msec);
    }
    predict_judge(&runs, results);
    for (int i = 0; i < 4; i++)
        forget(&stories[i]);
}

Test(predict, what_is_judged_depends_on_who_boots)
{
    static const struct {
        struct world world;
        bool judged[TOTALS];
        bool holds;
    } rows[] = {
        {{.measured = true, .predicted_msec = 1000},
         {[TOTAL_STARTUP] = true, [TOTAL_COMPLETION] = true, [TOTAL_MAKESPAN] = true},
         true},
        {{.measured = false, .predicted_msec = 1000},
         {[TOTAL_STARTUP] = true, [TOTAL_COMPLETION] = true, [TOTAL_MAKESPAN] = true},
         true},
        {{.instance = true, .measured = true, .predicted_msec = 1050},
         {[TOTAL_REGISTRATION] = true},
         true},
        {{.instance = true, .measured = true, .predicted_msec = 1200},
         {[TOTAL_REGISTRATION] = true},
         false},
        {{.task = true, .measured = true, .predicted_msec = 1050}, {[TOTAL_BOOT] = true}, true},
        {{.task = true, .measured = true, .predicted_msec = 800}, {[TOTAL_BOOT] = true}, false},
        {{.instance = true, .task = true, .measured = true, .predicted_msec = 1000},
         {[TOTAL_REGISTRATION] = true, [TOTAL_BOOT] = true},
         true},
        /* with built-in figures nothing is promised, and nothing holds */
        {{.instance = true, .predicted_msec = 1000}, {0}, false},
        {{.task = true, .predicted_msec = 1000}, {0}, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct predict_result results[TOTALS];

        judge_machines(&rows[i].world, results);
        for (int line = 0; line < TOTALS; line++)
            cr_expect(results[line].judged == rows[i].judged[line], "row %zu, %s", i,
                      totals_names[line]);
        cr_expect(predict_holds(results) == rows[i].holds, "row %zu", i);
    }
}

Test(predict, a_slice_is_left_out_where_instances_are_machines)
{
    struct predict_result results[TOTALS];

    judge_machines(&(struct world){.instance = true, .measured = true, .predicted_msec = 1200},
                   results);
    cr_expect_eq(results[TOTAL_REGISTRATION].n, 1);
    cr_expect_float_eq(results[TOTAL_REGISTRATION].error, 0.2, 1e-9);
    judge_machines(&(struct world){.task = true, .measured = true, .predicted_msec = 1200},
                   results);
    cr_expect_eq(results[TOTAL_REGISTRATION].n, 2, "told, but not judged");
    cr_expect_eq(results[TOTAL_BOOT].n, 1);
    cr_expect_float_eq(results[TOTAL_BOOT].error, 0.2, 1e-9);
}

Test(predict, quantiles_lie_between_values)
{
    const double values[] = {1, 2, 3, 4};

    cr_expect_float_eq(predict_quantile(values, 4, 0.5), 2.5, 1e-9);
    cr_expect_float_eq(predict_quantile(values, 4, 0), 1, 1e-9);
    cr_expect_float_eq(predict_quantile(values, 4, 1), 4, 1e-9);
    cr_expect_float_eq(predict_quantile(values, 1, 0.3), 1, 1e-9);
}
