/*
 * Real runs of tasks in each networkMode, by root and by an ordinary user: who reaches whom.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <string.h>
#include <unistd.h>

TestSuite(modes, .init = runs_set_up, .fini = runs_tear_down);

static void run_as(bool nobody)
{
    struct runs_program outcome;
    char printed[1024];

    runs_start_as(&outcome, nobody, EXEC_PROGRAM,
                  (const char *[]){"exec", TESTS "/modes.json", "-o", "x.run", NULL});
    runs_wait_for(&outcome);
    cr_expect(runs_exit_code(&outcome) == 0, "%s%s", outcome.out, outcome.errors);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
    runs_read("x.run.logs/t3.ask.log", printed, sizeof printed);
    cr_expect_str_eq(printed,
                     "neighbour answers\nmapped answers\nhost answers\nnobody is silent\n");
    runs_read("x.run.logs/t4.alone.log", printed, sizeof printed);
    cr_expect_str_eq(printed, "lo\nreaches nobody\n");
}

Test(modes, each_reaches_whom_it_should)
{
    run_as(false);
}

Test(modes, without_root_too)
{
    struct runs_program doctor;

    if (geteuid() != 0) {
        cr_skip_test("the other test is an ordinary user's already");
    }
    runs_start_as(&doctor, true, EXEC_PROGRAM, (const char *[]){"doctor", NULL});
    runs_wait_for(&doctor);
    if (runs_exit_code(&doctor) != 0) {
        cr_skip_test("not for an ordinary user here: %s", runs_diagnosis(&doctor));
    }
    run_as(true);
}
