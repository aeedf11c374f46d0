/*
 * Real runs that somebody disturbs: parts of them are killed, interrupted, or never come up.
 */
#include "runs.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

TestSuite(disturbed, .init = runs_set_up, .fini = runs_tear_down);

Test(disturbed, payload_is_killed)
{
    pid_t pids[RUNS_PIDS_MAX];
    struct runs_program outcome;
    struct story story;
    int n_killed = 0;

    RUNS_START(&outcome, "exec", RUNS_QUIET, "-o", "x.run");
    runs_wait_until_ready("x.run", 4, 4);
    cr_assert(runs_descendants(outcome.pid, "berth-work", pids) == 4);
    kill(pids[0], SIGKILL);
    runs_wait_until_ready("x.run", 5, 4);
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "x.run", NULL));
    cr_expect(runs_count_torn_down(&story) == 4, "the service had four again");
    cr_expect(story.n_tasks == 5, "%d tasks", story.n_tasks);
    for (int i = 0; i < story.n_tasks; i++) {
        n_killed += story.tasks[i].containers[0].exit_code == 137 && !story.tasks[i].torn_down;
    }
    cr_expect(n_killed == 1, "%d were seen to be killed", n_killed);
    story_finish(&story);
}

Test(disturbed, agent_is_killed)
{
    pid_t agents[RUNS_PIDS_MAX], pids[RUNS_PIDS_MAX];
    struct runs_program outcome;
    struct story story;
    int n_lost = 0, n_pids;

    RUNS_START(&outcome, "exec", RUNS_QUIET, "-o", "x.run");
    runs_wait_until_ready("x.run", 4, 4);
    cr_assert(runs_children(outcome.pid, "berth-agent", agents) == 2);
    n_pids = runs_descendants(agents[0], NULL, pids);
    cr_expect(n_pids == 5, "%d: two containers, each with its pid 1, and mapped ports", n_pids);
    kill(agents[0], SIGKILL);
    runs_expect_gone(pids, n_pids);
    runs_wait_until_ready("x.run", 6, 4);
    runs_end_in_order(&outcome);
    cr_assert(runs_load(&story, "x.run", NULL));
    cr_expect(runs_count_torn_down(&story) == 4, "the service had four again");
    for (int i = 0; i < story.n_instances; i++) {
        n_lost += !story.instances[i].torn_down && story.instances[i].lost_at_usec != USEC_NEVER;
    }
    cr_expect(n_lost == 1 && story.n_instances == 3, "lost and replaced: %d of %d", n_lost,
              story.n_instances);
    story_finish(&story);
}

Test(disturbed, controller_is_killed)
{
    struct runs_program outcome, clean;
    pid_t pids[RUNS_PIDS_MAX];
    struct story story;
    bool truncated;
    char id[16];
    int n;

    RUNS_START(&outcome, "exec", RUNS_QUIET, "-o", "x.run");
    runs_wait_until_ready("x.run", 4, 4);
    runs_id(id);
    n = runs_descendants(outcome.pid, NULL, pids);
    cr_expect(n == 2 * 2 + 4 * 2, "%d: two agents with their ports, four containers", n);
    kill(outcome.pid, SIGKILL);
    runs_expect_gone(pids, n);
    runs_wait_for(&outcome);
    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    cr_assert(runs_load(&story, "x.run", &truncated), "its log can be read up to there");
    cr_expect(truncated && story.n_tasks == 4);
    story_finish(&story);
    cr_expect(runs_folder_exists(id));
    RUNS_RUN(&clean, "clean");
    cr_expect(runs_exit_code(&clean) == 0);
    cr_expect(!runs_folder_exists(id) && runs_count_groups(id) == 0,
              "nothing at all after the next command");
}

/* What a scenario kills is killed, and what it cannot find is said. */
Test(disturbed, faults)
{
    struct runs_program outcome;
    struct story story;

    RUNS_START(
        &outcome, "exec", RUNS_QUIET, "-o", "x.run", "--set",
        "timeline=[{\"at\":\"2s\",\"fault\":{\"killInstance\":\"i1\"}},"
        "{\"at\":\"3s\",\"fault\":{\"killContainer\":{\"task\":\"t2\",\"container\":\"web\"}}},"
        "{\"at\":\"3s\",\"fault\":{\"killTask\":\"t99\"}}]");
    runs_wait_until_ready("x.run", 7, 4);
    runs_end_in_order(&outcome);
    cr_expect(strstr(outcome.errors, "found nothing to hit") != NULL, "%s", outcome.errors);
    cr_assert(runs_load(&story, "x.run", NULL));
    cr_expect(runs_count_torn_down(&story) == 4, "the service had four again");
    cr_assert(story.n_tasks == 7 && story.n_instances == 3, "%d tasks on %d instances",
              story.n_tasks, story.n_instances);
    cr_expect(!story.instances[0].torn_down && story.instances[0].lost_at_usec != USEC_NEVER);
    cr_expect(story.tasks[0].stop_code == STOP_INFRASTRUCTURE_HEALTH &&
              story.tasks[2].stop_code == STOP_INFRASTRUCTURE_HEALTH);
    cr_expect(story.tasks[1].containers[0].exit_code == 137);
    story_finish(&story);
}

/* Whatever the reason: there is an end to it, it is said, and it is no success. */
Test(disturbed, agents_that_never_come_up_are_given_up)
{
    struct runs_program outcome;
    char command[1200];

    snprintf(command, sizeof command,
             "cd %s && cp %s berth-exec && cp %s berth-work && printf '#!/bin/sh\\nexit 1\\n' "
             ">berth-agent && chmod 755 berth-agent",
             runs_folder, EXEC_PROGRAM, WORK_PROGRAM);
    cr_assert(system(command) == 0);
    snprintf(command, sizeof command, "%s/berth-exec", runs_folder);
    runs_start_as(&outcome, false, command,
                  (const char *[]){
                      "exec", SCENARIOS "/first.json", "-o", "x.run", "--set", "until=20s", "--set",
                      "instances=[{\"type\":\"box\",\"count\":1}]", "--set", "expect=[]", NULL});
    runs_wait_for(&outcome);
    cr_expect(runs_exit_code(&outcome) == EXIT_ANSWER, "%d: %s", runs_exit_code(&outcome),
              outcome.errors);
    cr_expect(strstr(outcome.out, "GAVE UP  instances of 1 group failed at every launch"), "%s",
              outcome.out);
    cr_expect(!strstr(outcome.out, "i6 "), "five tries are enough: %s", outcome.out);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
}

Test(disturbed, interrupted)
{
    struct runs_program outcome;
    struct story story;
    bool truncated;

    RUNS_START(&outcome, "exec", RUNS_QUIET, "-o", "x.run");
    runs_wait_until_ready("x.run", 4, 4);
    runs_end_in_order(&outcome);
    cr_expect(strstr(outcome.out, "(interrupted)") != NULL);
    cr_assert(runs_load(&story, "x.run", &truncated));
    cr_expect(!truncated, "the log is complete");
    for (int i = 0; i < story.n_tasks; i++) {
        cr_expect(story.tasks[i].stopped_at_usec != USEC_NEVER);
        cr_expect(story.tasks[i].containers[0].exit_code == 143, "asked to stop, not killed");
    }
    story_finish(&story);
}

Test(disturbed, interrupted_twice)
{
    struct runs_program outcome;
    time_t begin = time(NULL);

    RUNS_START(&outcome, "exec", TESTS "/own.json", "-o", "x.run", "--set", "until=300s", "--set",
               "timeline[4].at=299s", "--set",
               "taskDefinitions[3].containerDefinitions[0].stopTimeout=120");
    runs_wait_until_ready("x.run", 4, 1); /* the deaf one */
    kill(outcome.pid, SIGTERM);
    runs_pause_ms(200);
    kill(outcome.pid, SIGTERM);
    runs_wait_for(&outcome);
    cr_expect(time(NULL) - begin < 100, "nobody waits for the one that ignores SIGTERM");
    cr_expect(runs_exit_code(&outcome) == 130, "%d: %s", runs_exit_code(&outcome), outcome.out);
    runs_expect_identical(&outcome);
    runs_expect_nothing_left(&outcome);
}
