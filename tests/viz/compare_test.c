/*
 * Two runs phase by phase: durations, errors, what counts, and where they part.
 */
#include "viz/compare.h"
#include "viz/compare_print.h"
#include "viz/gnuplot.h"
#include "viz/plot.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static struct sample runs[2];
static struct compare compare;

static void set_up(void)
{
    for (int i = 0; i < 2; i++) {
        sample_init(&runs[i], i == 0 ? RUN_SIM : RUN_EXEC);
        sample_taskdef(&runs[i], "web", 256, 128, 1);
        sample_taskdef(&runs[i], "job", 256, 128, 1);
    }
}

static void tear_down(void)
{
    for (int i = 0; i < 2; i++)
        sample_finish(&runs[i]);
}

TestSuite(compare, .init = set_up, .fini = tear_down);

static void compare_runs(int first, int second)
{
    static const char *const names[] = {"sim.run", "exec.run"};
    const char *const paths[] = {names[first], names[second]};
    const struct story *const stories[] = {&runs[first].story, &runs[second].story};
    const struct run_header *const headers[] = {&runs[first].header, &runs[second].header};
    compare_init(&compare, paths, stories, headers);
}

/* A web task that starts, in so many milliseconds a phase, and a job that also ends. */
static void two_tasks(void)
{
    static const int64_t web[2][4] = {{100, 10, 20, 300}, {200, 8, 20, 400}};
    static const int64_t job[2][4] = {{0, 10, 20, 0}, {0, 8, 25, 0}};
    static const int64_t ends[2] = {3030, 3233};
    for (int i = 0; i < 2; i++) {
        struct story_task *task = sample_task(&runs[i], 0, 0, MS(1000));
        sample_start(task, MS(web[i][0]), MS(web[i][1]), MS(web[i][2]), MS(web[i][3]));
        task = sample_task(&runs[i], 1, 1, MS(1000));
        sample_start(task, MS(job[i][0]), MS(job[i][1]), MS(job[i][2]), MS(job[i][3]));
        sample_exit(task, MS(ends[i]), 0);
    }
}

Test(compare, every_phase_and_its_error)
{
    static const struct {
        int32_t task, container;
        enum phase phase;
        int64_t sim, real, permille;
    } expected[] = {
        {0, 0, PHASE_PULL, MS(100), MS(200), -500},
        {0, 0, PHASE_CREATE, MS(10), MS(8), 250},
        {0, 0, PHASE_START, MS(20), MS(20), 0},
        {0, 0, PHASE_READY, MS(300), MS(400), -250},
        {0, ID_NONE, PHASE_STARTUP, MS(430), MS(628), -315},
        {1, 0, PHASE_PULL, 0, 0, 0},
        {1, 0, PHASE_CREATE, MS(10), MS(8), 250},
        {1, 0, PHASE_START, MS(20), MS(25), -200},
        {1, 0, PHASE_READY, 0, 0, 0},
        {1, 0, PHASE_RUN, MS(2000), MS(2200), -91},
        {1, ID_NONE, PHASE_STARTUP, MS(30), MS(33), -91},
        {1, ID_NONE, PHASE_COMPLETION, MS(2030), MS(2233), -91},
    };
    two_tasks();
    for (int order = 0; order < 2; order++) {
        compare_runs(order, 1 - order);
        cr_expect_str_eq(compare_side_name(&compare, 0), "simulated", "whatever the order");
        cr_assert_eq(compare.n_rows, (int)(sizeof expected / sizeof expected[0]));
        for (int i = 0; i < compare.n_rows; i++) {
            const struct compare_row *row = &compare.rows[i];
            cr_expect(row->task == expected[i].task && row->container == expected[i].container &&
                          row->phase == expected[i].phase,
                      "row %d", i);
            cr_expect_eq(row->usec[0], expected[i].sim, "row %d", i);
            cr_expect_eq(row->usec[1], expected[i].real, "row %d", i);
            cr_expect_eq(row->error_permille, expected[i].permille, "row %d: %lld", i,
                         (long long)row->error_permille);
            cr_expect_eq(row->mark, COMPARE_COUNTED, "row %d", i);
        }
        compare_finish(&compare);
    }
}

Test(compare, medians_are_of_what_counts)
{
    two_tasks();
    runs[1].story.tasks[0].containers[0].create_modelled = true;
    compare_runs(0, 1);
    cr_expect_eq(compare.medians[PHASE_PULL].n, 2);
    cr_expect_eq(compare.medians[PHASE_PULL].usec[0], MS(50), "the middle of 0 and 100");
    cr_expect_eq(compare.medians[PHASE_PULL].error_permille, 250);
    cr_expect_eq(compare.medians[PHASE_CREATE].n, 1, "one was modelled");
    cr_expect_eq(compare.medians[PHASE_CREATE].usec[1], MS(8));
    cr_expect_eq(compare.medians[PHASE_STOP].n, 0);
    compare_finish(&compare);
}

Test(compare, modelled_phases_are_marked_and_not_counted)
{
    two_tasks();
    runs[1].story.tasks[0].containers[0].pull_modelled = true;
    runs[0].story.tasks[1].containers[0].pull_modelled = true; /* of a simulation: says nothing */
    compare_runs(0, 1);
    cr_expect_eq(compare.rows[0].mark, COMPARE_MODELLED);
    cr_expect_eq(compare.rows[4].mark, COMPARE_MODELLED, "200 of the 628 ms were not measured");
    cr_expect_eq(compare.n_modelled, 2);
    cr_expect_eq(compare.n_counted, 10);
    cr_expect_eq(compare_measured_permille(&compare), 833);
    compare_finish(&compare);
}

Test(compare, the_teardown_is_left_out)
{
    two_tasks();
    for (int i = 0; i < 2; i++) {
        struct story_task *task = &runs[i].story.tasks[0];
        task->stop_at_usec = runs[i].story.end_usec;
        task->torn_down = true;
        task->containers[0].term_at_usec = runs[i].story.end_usec + MS(1);
        task->containers[0].exited_at_usec = runs[i].story.end_usec + MS(20);
        task->containers[0].exit_code = 143;
        task->stopped_at_usec = runs[i].story.end_usec + MS(30);
        task->stop_code = STOP_USER_INITIATED;
    }
    compare_runs(0, 1);
    cr_expect_eq(compare.n_rows, 12, "nothing more than without it");
    compare_finish(&compare);
}

Test(compare, a_stop_is_a_phase_and_no_run)
{
    two_tasks();
    for (int i = 0; i < 2; i++) {
        struct story_task *task = &runs[i].story.tasks[0];
        task->stop_at_usec = task->containers[0].term_at_usec = MS(4000);
        task->containers[0].exited_at_usec = task->stopped_at_usec = MS(4000 + 100 * (i + 1));
        task->stop_code = STOP_USER_INITIATED;
    }
    compare_runs(0, 1);
    const struct compare_row *row = &compare.rows[4];
    cr_expect_eq(row->phase, PHASE_STOP);
    cr_expect_eq(row->usec[0], MS(100));
    cr_expect_eq(row->error_permille, -500);
    cr_expect_eq(compare.medians[PHASE_COMPLETION].n, 1, "only the job ended by itself");
    compare_finish(&compare);
}

static char *printed(void (*print)(FILE *, const struct compare *))
{
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    print(out, &compare);
    fclose(out);
    return text;
}

/* From when the last container was ready: at 1430 and 1628 ms. */
Test(compare, a_first_request_is_a_phase)
{
    two_tasks();
    for (int i = 0; i < 2; i++) {
        runs[i].story.tasks[0].first_answer_at_usec = MS(2028);
        runs[i].story.tasks[1].first_answer_at_usec = MS(1001); /* it had not been ready */
    }
    compare_runs(0, 1);
    const struct compare_row *row = &compare.rows[5];
    cr_expect(row->task == 0 && row->container == ID_NONE && row->phase == PHASE_FIRST_REQUEST);
    cr_expect(row->usec[0] == MS(598) && row->usec[1] == MS(400));
    cr_expect_eq(row->error_permille, 495);
    cr_expect_eq(compare.medians[PHASE_FIRST_REQUEST].n, 2);
    cr_expect_eq(compare.medians[PHASE_FIRST_REQUEST].usec[1], MS(200), "of 400 and 0");
    char *text = printed(compare_print);
    cr_expect(strstr(text, "first request    598 ms  400 ms +50 %\n"), "%s", text);
    free(text);
    text = printed(compare_print_json);
    cr_expect(strstr(text, "\"phase\":\"first request\",\"usec\":[598000,400000]"), "%s", text);
    free(text);
    compare_finish(&compare);
    runs[1].story.tasks[0].containers[0].ready_modelled = true;
    compare_runs(0, 1);
    cr_expect_eq(compare.rows[5].mark, COMPARE_MODELLED, "nobody measured when it was ready");
    compare_finish(&compare);
}

Test(compare, what_happened_in_one_run_only)
{
    two_tasks();
    runs[1].story.tasks[1].containers[0].exited_at_usec = NEVER;
    runs[1].story.tasks[1].stopped_at_usec = NEVER;
    runs[1].story.tasks[1].stop_code = STOP_NONE;
    compare_runs(0, 1);
    cr_expect_eq(compare.n_one, 2, "run and completion");
    cr_expect_eq(compare.medians[PHASE_RUN].n, 0);
    compare_finish(&compare);
}

Test(compare, noise_below_the_grain_is_no_error)
{
    two_tasks();
    runs[1].story.tasks[1].containers[0].pulled_at_usec += COMPARE_GRAIN_USEC - 1;
    compare_runs(0, 1);
    cr_expect_eq(compare.rows[5].error_permille, 0);
    compare_finish(&compare);
    runs[1].story.tasks[1].containers[0].pulled_at_usec += 1;
    compare_runs(0, 1);
    cr_expect_eq(compare.rows[5].error_permille, -1000, "nothing simulated where there was some");
    compare_finish(&compare);
}

Test(compare, two_simulations_change_from_the_first)
{
    two_tasks();
    runs[1].header.mode = RUN_SIM;
    compare_runs(0, 1);
    cr_expect_str_eq(compare_side_name(&compare, 0), "first");
    cr_expect_str_eq(compare_error_name(&compare), "change");
    cr_expect_eq(compare.rows[0].error_permille, 1000, "from 100 to 200 ms");
    compare_finish(&compare);
}

static struct story_task *add_stopped(int run, int32_t instance, int64_t at, int64_t stopped)
{
    struct story_task *task = sample_task(&runs[run], 1, instance, MS(at));
    sample_start(task, 0, 0, 0, 0);
    sample_exit(task, MS(stopped), 0);
    return task;
}

Test(compare, names_the_first_difference)
{
    /* In the real run t2 stops before t1, so t3 goes elsewhere. */
    add_stopped(0, 0, 1000, 3000);
    add_stopped(0, 1, 1000, 3100);
    add_stopped(0, 0, 3050, 5000);
    add_stopped(1, 0, 1000, 3200);
    add_stopped(1, 1, 1000, 3150);
    add_stopped(1, 1, 3180, 5000);
    compare_runs(0, 1);
    cr_expect_eq(compare.n_placed, 3);
    cr_expect_eq(compare.n_same, 2);
    cr_expect_eq(compare.first_displaced, 2);
    cr_assert(compare.difference.found);
    const struct scene_event *a = &compare.sides[0].index.events[compare.difference.events[0]];
    const struct scene_event *b = &compare.sides[1].index.events[compare.difference.events[1]];
    cr_expect(a->kind == SCENE_STOPPED && a->id == 0);
    cr_expect(b->kind == SCENE_STOPPED && b->id == 1);
    compare_finish(&compare);
}

Test(compare, equal_runs_do_not_differ)
{
    two_tasks();
    runs[1].story.tasks[1].containers[0].exited_at_usec = MS(3030);
    compare_runs(0, 1);
    cr_expect(!compare.difference.found);
    cr_expect_eq(compare.n_same, 2);
    compare_finish(&compare);
}

Test(compare, prints_tables)
{
    two_tasks();
    runs[1].story.tasks[0].containers[0].create_modelled = true;
    runs[1].story.tasks[0].instance = 1;
    compare_runs(0, 1);
    char *text = printed(compare_print);
    static const char *const words[] = {
        "simulated   sim.run, seed 1\n",
        "real        exec.run, seed 1\n",
        "task         phase      simulated    real error\n",
        "t1 web i1|i2 pull          100 ms  200 ms -50 %\n",
        "             create       10.0 ms  8.0 ms     ~\n",
        "t2 job i2    pull            0 us    0 us   0 %\n",
        "             completion    2.03 s  2.23 s  -9 %\n",
        "medians    counted simulated    real median error  p95\n",
        "placement   1 of 2 tasks on the same instance\n",
        "first: t1 on i1 at 1.000 s (simulated), on i2 at 1.000 s (real)\n",
        "because     the first event that differs is\n"
        "            simulated  t1 web placed on i1 at 1.000 s\n"
        "            real       t1 web placed on i2 at 1.000 s\n",
        ("startup          2|2    230 ms 331 ms        430 ms   628 ms      101 ms 0.500 +101 ms "
         "+/-1.24 s ~\n"),
        "measured    83 % of the compared phases (10 of 12); ~ was modelled",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cr_expect(strstr(text, words[i]), "%s is not in:\n%s", words[i], text);
    free(text);
    compare_finish(&compare);
}

Test(compare, prints_the_first_tasks_of_many)
{
    for (int i = 0; i < 100; i++) {
        sample_start(sample_task(&runs[0], 0, 0, MS(1000)), 1, 1, 1, 1);
        sample_start(sample_task(&runs[1], 0, 0, MS(1000)), 1, 1, 1, 1);
    }
    compare_runs(0, 1);
    char *text = printed(compare_print);
    cr_expect(strstr(text, "\nt24 web"));
    cr_expect(!strstr(text, "\nt25 web"));
    cr_expect(strstr(text, "... and 76 more (--json has them all)\n"));
    free(text);
    text = printed(compare_print_json);
    cr_expect(strstr(text, "\"task\":\"t100\""));
    free(text);
    compare_finish(&compare);
}

Test(compare, durations_have_three_digits)
{
    static const struct {
        int64_t usec;
        const char *text;
    } rows[] = {
        {0, "0 us"},         {999, "999 us"},     {1000, "1.0 ms"},      {1049, "1.0 ms"},
        {99949, "99.9 ms"},  {99950, "100 ms"},   {999499, "999 ms"},    {999500, "1.00 s"},
        {1004999, "1.00 s"}, {1005000, "1.01 s"}, {61000000, "61.00 s"}, {NEVER, "-"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[32];
        cr_expect_str_eq(compare_print_duration(text, sizeof text, rows[i].usec), rows[i].text);
    }
}

/* The bytes of a picture drawn from the two runs. */
static char *draw(const char *suffix, long *size)
{
    char path[64], *bytes;
    struct err err = {0};
    struct buffer script = {0};
    snprintf(path, sizeof path, "compare-test-%d.%s", (int)getpid(), suffix);
    compare_runs(0, 1);
    plot_compare(&script, &compare, path);
    compare_finish(&compare);
    cr_assert(gnuplot_run(&script, path, &err), "%s", err.text);
    buffer_finish(&script);
    FILE *in = fopen(path, "rb");
    cr_assert(in);
    fseek(in, 0, SEEK_END);
    *size = ftell(in);
    rewind(in);
    bytes = calloc((size_t)*size + 1, 1);
    cr_assert_eq(fread(bytes, 1, (size_t)*size, in), (size_t)*size);
    fclose(in);
    unlink(path);
    return bytes;
}

static void draw_twice(const char *suffix, const char *begins)
{
    long sizes[2];
    char *pictures[2];
    for (int i = 0; i < 2; i++)
        pictures[i] = draw(suffix, &sizes[i]);
    cr_expect(memcmp(pictures[0], begins, strlen(begins)) == 0);
    cr_expect(sizes[0] == sizes[1] && memcmp(pictures[0], pictures[1], (size_t)sizes[0]) == 0,
              "the same picture, byte for byte");
    free(pictures[0]);
    free(pictures[1]);
}

Test(compare, draws_pictures_that_do_not_change)
{
    two_tasks();
    runs[1].story.tasks[0].containers[0].pull_modelled = true;
    draw_twice("svg", "<?xml");
    draw_twice("png", "\x89PNG");
}

Test(compare, draws_empty_runs_and_single_tasks)
{
    for (int i = 0; i < 2; i++)
        runs[i].story.n_instances = 0;
    draw_twice("svg", "<?xml");
    for (int i = 0; i < 2; i++) {
        runs[i].story.n_instances = 2;
        runs[i].story.end_usec = 0;
    }
    draw_twice("svg", "<?xml");
    sample_task(&runs[0], 0, 0, 0);
    draw_twice("png", "\x89PNG");
}

Test(compare, draws_any_text)
{
    two_tasks();
    free(runs[0].header.title);
    runs[0].header.title =
        strdup("it's \"50%\" `touch hacked` @x {/Bold a_b^c} \\n <b> & caf\xC3\xA9\nline");
    long size;
    char *picture = draw("svg", &size);
    cr_expect(strstr(picture, "it&apos;s") || strstr(picture, "it's"));
    cr_expect(strstr(picture, "`touch hacked` @x {/Bold a_b^c} \\n"));
    cr_expect(access("hacked", F_OK) != 0);
    free(picture);
}

Test(gnuplot, says_what_is_wrong)
{
    struct err err = {0};
    struct buffer script = {0};
    cr_expect(!gnuplot_draws("picture.jpg", &err));
    cr_expect_eq(err.code, EXIT_INPUT);
    buffer_add_text(&script, "set terminal svg\nplot nonsense(\n");
    cr_expect(!gnuplot_run(&script, "never.svg", &err));
    cr_expect_eq(err.code, EXIT_MACHINE);
    cr_expect(strstr(err.text, "gnuplot failed"), "%s", err.text);
    cr_expect(access("never.svg", F_OK) != 0);
    buffer_clear(&script);
    buffer_add_text(&script, "set terminal svg\nplot x\n");
    cr_expect(!gnuplot_run(&script, "/no/such/folder/x.svg", &err));
    cr_expect(strstr(err.text, "/no/such/folder/x.svg"), "%s", err.text);
    setenv("PATH", "/nowhere", 1);
    cr_expect(!gnuplot_run(&script, "never.svg", &err));
    cr_expect(strstr(err.text, "install gnuplot-nox"), "%s", err.text);
    buffer_finish(&script);
}
