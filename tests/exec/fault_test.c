/*
 * What a scenario breaks is broken in a real run too, and comes out as it does in a simulated one.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(fault, .init = runs_set_up, .fini = runs_tear_down);
TestSuite(slow, .init = runs_set_up, .fini = runs_tear_down);

/* Both runs of a scenario whose expectations hold in both. */
static void run_both(const char *scenario, const char *log, struct story *simulated,
                     struct story *real)
{
    struct runs_program outcome;

    runs_simulate(scenario);
    RUNS_RUN(&outcome, "exec", scenario, "-o", log);
    cr_expect(runs_exit_code(&outcome) == 0, "%s%s", outcome.out, outcome.errors);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
    cr_assert(runs_load(simulated, "sim.run", NULL) && runs_load(real, log, NULL));
    cr_assert(simulated->n_tasks == real->n_tasks && real->n_tasks > 0, "%d tasks, %d for real",
              simulated->n_tasks, real->n_tasks);
    for (int t = 0; t < real->n_tasks; t++) {
        const struct story_task *a = &simulated->tasks[t], *b = &real->tasks[t];

        cr_expect(a->stop_code == b->stop_code, "t%d: %s, for real %s", t + 1,
                  stop_code_names[a->stop_code], stop_code_names[b->stop_code]);
        cr_expect(a->instance == b->instance, "t%d", t + 1);
        cr_expect(a->waited_lack == b->waited_lack, "t%d", t + 1);
        for (int c = 0; c < a->n_containers && !a->torn_down; c++) {
            cr_expect(a->containers[c].exit_code == b->containers[c].exit_code, "t%d: %d, %d",
                      t + 1, a->containers[c].exit_code, b->containers[c].exit_code);
        }
    }
}

/* A container, a task, a Spot instance, a zone, the registry; and one that is not there. */
Test(fault, each_kind)
{
    struct story simulated, real;
    char errors[16384];

    run_both(TESTS "/kinds.json", "x.run", &simulated, &real);
    runs_read("errors", errors, sizeof errors);
    cr_expect(strstr(errors, "the fault found nothing to hit") != NULL, "%s", errors);
    cr_expect(real.tasks[0].containers[1].exit_code == 137, "the one beside it lived on");
    cr_expect(real.tasks[0].stop_code == STOP_ESSENTIAL_CONTAINER_EXITED);
    cr_expect(real.tasks[1].stop_code == STOP_INFRASTRUCTURE_HEALTH, "its zone is gone");
    cr_expect(real.tasks[4].containers[0].started_at_usec == USEC_NEVER, "no registry, no image");
    cr_expect(real.instances[1].lost_at_usec != USEC_NEVER &&
              real.instances[2].lost_at_usec != USEC_NEVER);
    story_finish(&simulated);
    story_finish(&real);
}

/* The second ledger: what ECS counts as free is not, while the old task's grace period lasts. */
Test(fault, replacements_wait_for_what_is_stopping)
{
    struct story simulated, real;
    int n_waited[PLACE_ENI + 1] = {0};

    run_both(SCENARIOS "/grace.json", "x.run", &simulated, &real);
    for (int t = 0; t < real.n_tasks; t++) {
        const struct story_task *task = &real.tasks[t];

        n_waited[task->waited_lack]++;
        if (task->waited_for == ID_NONE)
            continue;
        cr_expect(task->admitted_at_usec >= real.tasks[task->waited_for].stopped_at_usec ||
                      task->admitted_at_usec >=
                          real.tasks[task->waited_for].containers[0].exited_at_usec,
                  "t%d", t + 1);
    }
    cr_expect(n_waited[PLACE_MEMORY] == 1 && n_waited[PLACE_GPU] == 1 &&
              n_waited[PLACE_PORTS] == 1);
    story_finish(&simulated);
    story_finish(&real);
}

/* ECS restarts no container that has run for less than a minute: this takes its time. */
Test(slow, a_container_is_restarted_by_its_policy)
{
    struct story simulated, real;
    const struct story_task *task;

    run_both(TESTS "/restart.json", "x.run", &simulated, &real);
    task = &real.tasks[0];
    cr_expect(task->containers[0].n_restarts == 1 &&
              simulated.tasks[0].containers[0].n_restarts == 1);
    cr_expect(task->containers[0].exit_code == 137, "the second time it ended too early");
    cr_expect(task->containers[1].n_restarts == 0, "an exit code to be ignored");
    story_finish(&simulated);
    story_finish(&real);
}
