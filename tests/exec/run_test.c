/*
 * Whole real runs of `berth exec` that go as they should, looked at from outside: what it says, what
 * it logs, what it leaves.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(run, .init = runs_set_up, .fini = runs_tear_down);

Test(run, first_scenario)
{
    struct runs_program outcome;
    struct story story;
    bool truncated;

    runs_simulate(SCENARIOS "/first.json");
    RUNS_RUN(&outcome, "exec", SCENARIOS "/first.json");
    cr_expect(runs_exit_code(&outcome) == 0, "%d: %s", runs_exit_code(&outcome), outcome.errors);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
    cr_expect(strstr(outcome.out, "expect   3 of 3 hold") != NULL, "%s", outcome.out);
    cr_assert(runs_load(&story, "first.exec.run", &truncated));
    cr_expect(!truncated);
    cr_expect(story.end_usec >= 15 * USEC_PER_SEC);
    cr_expect(!story.tasks[0].containers[0].pull_modelled, "an image that is here is unpacked");
    cr_expect(story.tasks[0].containers[0].exit_code == 137, "killed by the scenario");
    story_finish(&story);
    runs_expect_same_placement("first.exec.run", "sim.run");
}

/* Strategies of core/strategies.c decide a real run by name; the scenario says where each task belongs. */
Test(run, own_strategies)
{
    struct runs_program outcome;

    runs_simulate(TESTS "/strategies.json");
    RUNS_RUN(&outcome, "exec", TESTS "/strategies.json");
    cr_expect(runs_exit_code(&outcome) == 0, "%d: %s", runs_exit_code(&outcome), outcome.errors);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
    cr_expect(strstr(outcome.out, "expect   6 of 6 hold") != NULL, "%s", outcome.out);
    runs_expect_same_placement("strategies.exec.run", "sim.run");
}

/* Programs of the user's own, with all that a definition says about them, and how they end. */
Test(run, own_programs)
{
    static const struct {
        int exit_code;
        bool oom;
        enum stop_code code;
    } ends[] = {
        {3, false, STOP_ESSENTIAL_CONTAINER_EXITED},
        {ID_NONE, false, STOP_TASK_FAILED_TO_START},
        {137, true, STOP_ESSENTIAL_CONTAINER_EXITED},
        {137, false, STOP_USER_INITIATED}, /* SIGTERM is ignored, SIGKILL is not */
    };
    struct runs_program outcome;
    struct story story;

    RUNS_RUN(&outcome, "exec", TESTS "/own.json");
    cr_expect(runs_exit_code(&outcome) == 0, "%d: %s", runs_exit_code(&outcome), outcome.errors);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
    cr_assert(runs_load(&story, "own.exec.run", NULL));
    cr_assert(story.n_tasks == 4);
    cr_expect(story.instances[0].boot_modelled, "a boot time that is given is waited for");
    cr_expect(story.instances[0].booted_at_usec >= 100000);
    for (int i = 0; i < 4; i++) {
        const struct story_container *container = &story.tasks[i].containers[0];

        if (i == 2 && strstr(outcome.errors, "no limits")) {
            continue; /* nothing runs out of memory without limits */
        }
        cr_expect(container->exit_code == ends[i].exit_code, "t%d exited with %d", i + 1,
                  container->exit_code);
        cr_expect(container->oom == ends[i].oom, "t%d", i + 1);
        cr_expect(story.tasks[i].stop_code == ends[i].code, "t%d: %s", i + 1,
                  stop_code_names[story.tasks[i].stop_code]);
    }
    cr_assert(story.tasks[1].reason != NULL);
    cr_expect(strstr(story.tasks[1].reason, "/no/such/program") != NULL, "%s",
              story.tasks[1].reason);
    cr_expect(story.tasks[3].containers[0].exited_at_usec -
                      story.tasks[3].containers[0].term_at_usec >=
                  2 * USEC_PER_SEC,
              "its stop timeout");
    story_finish(&story);
}

Test(run, a_task_definition_as_it_is)
{
    struct runs_program outcome;
    struct story story;

    RUNS_START(&outcome, "exec", TESTS "/as-others-write.json", "--scale", "auto", "-o", "x.run");
    runs_wait_until_ready("x.run", 1, 2);
    runs_end_in_order(&outcome);
    cr_expect(strstr(outcome.errors, ": stand-in (this machine does not have the image)") != NULL,
              "%s", outcome.errors);
    cr_assert(runs_load(&story, "x.run", NULL));
    cr_expect(story.n_tasks == 1 && story.tasks[0].containers[0].pull_modelled);
    story_finish(&story);
}

Test(run, scale)
{
    static const char *const big = "instances[0].count=1000";
    struct runs_program outcome;

    RUNS_RUN(&outcome, "exec", SCENARIOS "/first.json", "--set", big);
    cr_expect(runs_exit_code(&outcome) == EXIT_MACHINE);
    cr_expect(strstr(outcome.errors, "needs 1000 CPUs") && strstr(outcome.errors, "--scale auto"),
              "%s", outcome.errors);
    RUNS_RUN(&outcome, "exec", SCENARIOS "/first.json", "--set", "instances[0].count=100000",
             "--scale", "auto");
    cr_expect(runs_exit_code(&outcome) == EXIT_MACHINE);
    cr_expect(strstr(outcome.errors, "instance type box") != NULL, "%s", outcome.errors);
    RUNS_RUN(&outcome, "exec", SCENARIOS "/first.json", "--set", big, "--dry-run");
    cr_expect(runs_exit_code(&outcome) == EXIT_MACHINE);
    RUNS_RUN(&outcome, "exec", SCENARIOS "/first.json", "--scale", "1/2", "--dry-run", "-o",
             "dry.run");
    cr_expect(runs_exit_code(&outcome) == EXIT_FINE, "%s", outcome.errors);
    cr_expect(strstr(outcome.out, "first.json at scale 1/2") != NULL, "%s", outcome.out);
    cr_expect(access("dry.run", F_OK) != 0, "something was run");
    RUNS_START(&outcome, "exec", RUNS_QUIET, "--scale", "1/8", "-o", "x.run");
    runs_wait_until_ready("x.run", 4, 4);
    runs_end_in_order(&outcome);
    cr_expect(strstr(outcome.out, "at scale 1/8") != NULL, "%s", outcome.out);
}

/* Files made under sudo are the caller's. */
Test(run, owner)
{
    struct runs_program outcome;
    char path[256];
    struct stat is;

    if (geteuid() != 0) {
        cr_skip_test("only root can give files away");
    }
    setenv("SUDO_UID", "65534", 1);
    setenv("SUDO_GID", "65534", 1);
    RUNS_RUN(&outcome, "exec", RUNS_QUIET, "--set", "until=1s");
    unsetenv("SUDO_UID");
    snprintf(path, sizeof path, "%s/first.exec.run", runs_folder);
    cr_assert(stat(path, &is) == 0, "%s", outcome.errors);
    cr_expect(is.st_uid == 65534 && is.st_gid == 65534);
    cr_expect(strstr(outcome.out, "(yours, not root's)") != NULL, "%s", outcome.out);
}

Test(run, ordinary_user)
{
    struct runs_program outcome;

    if (geteuid() != 0) {
        cr_skip_test("the other tests are an ordinary user's already");
    }
    runs_start_as(&outcome, true, EXEC_PROGRAM, (const char *[]){"doctor", NULL});
    runs_wait_for(&outcome);
    if (runs_exit_code(&outcome) != 0) {
        cr_skip_test("not for an ordinary user here: %s", runs_diagnosis(&outcome));
    }
    runs_start_as(&outcome, true, EXEC_PROGRAM,
                  (const char *[]){"exec", RUNS_QUIET, "-o", "x.run", NULL});
    runs_wait_until_ready("x.run", 4, 4);
    runs_end_in_order(&outcome);
}
