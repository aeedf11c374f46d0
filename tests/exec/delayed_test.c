/*
 * Real runs whose agents hear everything a little later, each time otherwise.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(delayed, .init = runs_set_up, .fini = runs_tear_down);

/* Who hears what first must not decide where tasks go. */
Test(delayed, placement)
{
    const char *wanted = getenv("BERTH_JITTER_RUNS");
    int n_runs = wanted ? atoi(wanted) : 3;
    /* Few runs: the same story, told faster. */
    const char *const quick[] = {"--set", "timeline[0].at=2s", "--set", "timeline[1].at=3s",
                                 "--set", "timeline[2].at=5s", "--set", "until=8s",
                                 "--set", "expect=[]",         NULL};

    for (int i = 0; i < n_runs; i++) {
        const char *argv[RUNS_ARGUMENTS_MAX] = {"exec", SCENARIOS "/first.json", "--seed"};
        struct runs_program outcome;
        char seed[16];
        int n = 3;

        snprintf(seed, sizeof seed, "%d", i + 1);
        argv[n++] = seed;
        for (int j = 0; !wanted && quick[j]; j++) {
            argv[n++] = quick[j];
        }
        argv[n++] = "-o";
        argv[n] = "sim.run";
        argv[0] = "sim";
        runs_start_as(&outcome, false, BERTH_PROGRAM, argv);
        runs_wait_for(&outcome);
        argv[n++] = "x.run";
        argv[n++] = "--delay-jitter";
        argv[n++] = "100ms";
        argv[0] = "exec";
        runs_start_as(&outcome, false, EXEC_PROGRAM, argv);
        runs_wait_for(&outcome);
        cr_expect(runs_exit_code(&outcome) == 0, "seed %s: %s", seed, outcome.out);
        runs_expect_identical(&outcome);
        runs_expect_same_placement("x.run", "sim.run");
    }
}
