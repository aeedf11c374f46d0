/*
 * Containers that wait for each other come up and go in the same order simulated and real.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(order, .init = runs_set_up, .fini = runs_tear_down);

enum { TURNS_MAX = 64 };

/* What happened to a container, with what must not be compared left out: when. */
struct turn {
    int64_t at_usec;
    int task, container;
    const char *what;
};

static int add_turn(struct turn *turns, int n, int task, int container, const char *what,
                    int64_t at_usec)
{
    if (at_usec != USEC_NEVER && n < TURNS_MAX)
        turns[n++] = (struct turn){at_usec, task, container, what};
    return n;
}

/* Whether the one has to come before the other: by far, or because it was waited for. */
static bool must_precede(const struct turn *a, const struct turn *b)
{
    bool waited_for = strcmp(a->what, "exited") == 0 && strcmp(b->what, "told to stop") == 0;

    return a->task == b->task && a->at_usec < b->at_usec &&
           (waited_for || b->at_usec - a->at_usec > 200000);
}

/* The states of the first tasks' containers. */
static int turns_of(const struct story *story, int n_tasks, struct turn *turns)
{
    int n = 0;

    for (int t = 0; t < n_tasks && t < story->n_tasks; t++) {
        const struct story_task *task = &story->tasks[t];

        for (int c = 0; c < task->n_containers; c++) {
            const struct story_container *container = &task->containers[c];

            n = add_turn(turns, n, t, c, "started", container->started_at_usec);
            n = add_turn(turns, n, t, c, "told to stop", container->term_at_usec);
            n = add_turn(turns, n, t, c, "exited", container->exited_at_usec);
        }
        n = add_turn(turns, n, t, task->n_containers, "RUNNING", task->running_at_usec);
        n = add_turn(turns, n, t, task->n_containers, "STOPPED", task->stopped_at_usec);
    }
    return n;
}

/* Containers that wait for each other's SUCCESS and HEALTHY, and go in reverse. */
Test(order, sidecars_as_simulated)
{
    struct turn simulated[TURNS_MAX], real[TURNS_MAX];
    struct runs_program outcome;
    struct story a, b;
    int n, n_real, n_ordered = 0;

    runs_simulate(SCENARIOS "/sidecars.json");
    RUNS_RUN(&outcome, "exec", SCENARIOS "/sidecars.json");
    cr_expect(runs_exit_code(&outcome) == 0, "%d: %s", runs_exit_code(&outcome), outcome.out);
    runs_expect_identical(&outcome);
    cr_assert(runs_load(&a, "sim.run", NULL) && runs_load(&b, "sidecars.exec.run", NULL));
    n = turns_of(&a, 3, simulated);
    n_real = turns_of(&b, 3, real);
    cr_expect(n == n_real && n > 20, "%d turns simulated, %d real", n, n_real);
    for (int i = 0; i < n && i < n_real; i++) {
        cr_assert(simulated[i].task == real[i].task &&
                  simulated[i].container == real[i].container &&
                  strcmp(simulated[i].what, real[i].what) == 0);
        for (int j = 0; j < n && j < n_real; j++) {
            if (must_precede(&simulated[i], &simulated[j])) {
                n_ordered++;
                cr_expect(real[i].at_usec <= real[j].at_usec,
                          "t%d: container %d %s before container %d %s", real[i].task + 1,
                          real[i].container, real[i].what, real[j].container, real[j].what);
            }
        }
    }
    cr_expect(n_ordered > 60, "only %d pairs", n_ordered);
    story_finish(&a);
    story_finish(&b);
}
