/*
 * How containers end, counted by hand: what an end takes, when their agent tells of it and removes what is
 * left, and what another life takes.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* Its processes' end takes 20 ms, and 1 ms for each of its 30 MiB. */
Test(fleet_end, leaving_is_work)
{
    run(COSTS "'end': {'cpu': '20ms'}, 'freePerMiB': '1ms'}, " BOX(
        1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "], 'behaviour': {'a/c': "
                                                                "{'work': '1s', 'memory': '30MiB', "
                                                                "'idle': '0s'}}, 'timeline': [" RUN(
                                                                    "a", "1s", 2) "]");
    for (int t = 1; t <= 2; t++)
        assert_usec(worked_usec(t), 2100 * MSEC, "two at once, on half a CPU each");
    trial_end();
}

/* The agent takes 5 ms to tell it, and an end that is told 30 ms more than one that comes by itself. */
Test(fleet_end, who_is_told_to_end_has_more_to_do)
{
    run(COSTS
        "'agentQueue': true, 'signal': {'cpu': '5ms'}, 'end': {'cpu': '20ms'}, "
        "'endBySignal': {'cpu': '30ms'}}, " BOX(2) "'instances': '1xbox', 'taskDefinitions': [" JOB(
            "a", "") ", " JOB("b", "") "], 'behaviour': {'a/c': {'idle': '500ms'}, 'b/c': {'idle': "
                                       "'forever'}}, "
                                       "'timeline': [" RUN("a", "1s", 1) ", " RUN(
                                           "b", "1s", 1) ", {'at': '2s', "
                                                         "'stopTask': {'task': 't2'}}]");
    assert_usec(life(1, 0)->exited_at_usec, 1520 * MSEC, "by itself");
    assert_usec(life(2, 0)->exited_at_usec, 2055 * MSEC, "told");
    trial_end();
}

/* A kill for memory costs 7 ms more than an end by itself, whatever a signal costs. */
Test(fleet_end, who_is_killed_for_its_memory_has_more_to_do)
{
    run(COSTS "'end': {'cpu': '20ms'}, 'endBySignal': {'cpu': '30ms'}, 'endByMemory': {'cpu': "
              "'7ms'}}, " BOX(2) "'instances': '1xbox', 'taskDefinitions': [" JOB(
                  "a", "") "], "
                           "'behaviour': {'a/c': {'memory': '101MiB', 'idle': '0s'}}, "
                           "'timeline': [" RUN("a", "1s", 1) "]");
    cr_expect(life(1, 0)->oom);
    assert_usec(life(1, 0)->exited_at_usec, 1027 * MSEC, "killed");
    trial_end();
}

/* What is left of a task is removed once it is empty, for 50 ms: the agent has said before that it has stopped, and
 * starts what it is told to only then. It waits for all containers at once. */
Test(fleet_end, an_agent_tells_of_an_end_before_it_removes_what_is_left)
{
    static const struct {
        const char *costs;
        int64_t waits_usec;
    } cases[] = {{"'remove': {'cpu': '25ms'}", 0},
                 {"'remove': {'wait': '1ms', 'cpu': '25ms'}", 1 * MSEC},
                 {"'remove': {'wait': '1ms', 'cpu': '20ms'}, 'disconnect': {'wait': '2ms', 'cpu': "
                  "'5ms'}",
                  3 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000];

        snprintf(text, sizeof text,
                 COSTS "'agentQueue': true, %s}, " BOX(
                     2) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', 'networkMode': "
                        "'bridge', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': "
                        "10, 'memory': 100}, {'name': 'd', 'image': 'x', 'cpu': 10, 'memory': "
                        "100}]}, " JOB("b", "") "],"
                                                "'behaviour': {'a/c': {'idle': '500ms'}, 'a/d': "
                                                "{'idle': '500ms'}, 'b/c': {'idle': '1s'}},"
                                                "'timeline': [" RUN("a", "1s", 1) ", " RUN(
                                                    "b", "1510ms", 1) "]",
                 cases[i].costs);
        run(text);
        assert_usec(result.story.tasks[0].stopped_at_usec, 1500 * MSEC, "told");
        assert_usec(life(2, 0)->started_at_usec, 1550 * MSEC + cases[i].waits_usec, "after that");
        trial_end();
    }
}

/* The agent removes what is left of one, for 100 ms, when two others end: of these it tells as soon as it knows of both, and
 * not after their removals. */
Test(fleet_end, who_waits_for_an_end_waits_for_no_removal)
{
    run_on("2", "'agentQueue': true, 'remove': {'cpu': '100ms'}",
           JOB("a", "") "," JOB("b", "") "," JOB("c", ""),
           "'a/c': {'idle': '500ms'}, 'b/c': {'idle': '550ms'}, 'c/c': {'idle': '580ms'}",
           RUN("a", "1s", 1) "," RUN("b", "1s", 1) "," RUN("c", "1s", 1));
    assert_usec(result.story.tasks[0].stopped_at_usec, 1500 * MSEC, "at once");
    assert_usec(result.story.tasks[1].stopped_at_usec, 1600 * MSEC, "behind the first's removal");
    assert_usec(result.story.tasks[2].stopped_at_usec, 1600 * MSEC, "likewise");
    trial_end();
}

/* Its first life ends after a minute, beside one that works. For another container our agent has the only processor for
 * 3 s more than for the first; a cloud's agent restarts the one that it has. It takes as long where nobody is in the way:
 * two minutes are over then before the second life is, else after it. */
Test(fleet_end, an_agent_of_ours_makes_anew_what_is_restarted)
{
    static const struct {
        const char *costs;
        int64_t worked_usec;
        int n_restarts;
    } cases[] = {
        {"'agentQueue': true, 'create': {'cpu': '1s'}, 'remove': {'cpu': '2s'}", 74 * SECOND, 1},
        {"'agentQueue': true, 'contention': false, 'create': {'cpu': '1s'}, 'remove': {'cpu': "
         "'2s'}",
         70 * SECOND, 1},
        {"'agentQueue': false, 'create': {'cpu': '1s'}, 'remove': {'cpu': '2s'}", 70 * SECOND, 2}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_on("1", cases[i].costs,
               JOB("works", "") ", {'family': 'again', 'containerDefinitions': [{'name': 'c', "
                                "'image': 'x', 'cpu': 10, 'memory': 100, 'restartPolicy': "
                                "{'enabled': true, 'restartAttemptPeriod': 60}}]}",
               "'works/c': {'work': '70s', 'idle': '0s'}, 'again/c': {'idle': '61s'}",
               RUN("works", "1s", 1) "," RUN("again", "1s",
                                             1) ", {'at': '126s', 'stopTask': {'task': 't2'}}");
        assert_usec(worked_usec(1), cases[i].worked_usec, cases[i].costs);
        cr_expect_eq(life(2, 0)->n_restarts_ordered, cases[i].n_restarts, "%s", cases[i].costs);
        trial_end();
    }
}

/* An end of 40 ms, of which the last 30 come when the agent knows already. */
#define LATER "'end': {'cpu': '40ms'}, 'endLater': 0.75"
#define A_IDLES "'a/c': {'idle': '500ms'}"
#define IDLES A_IDLES ", 'b/c': {'idle': '1s'}"

Test(fleet_end, an_agent_knows_of_an_end_before_it_is_over)
{
    static const struct {
        const char *costs;
        int64_t exited_usec;
    } cases[] = {{"'agentQueue': true, " LATER, 1510 * MSEC},
                 {"'agentQueue': false, " LATER, 1540 * MSEC},
                 {"'agentQueue': true, 'contention': false, " LATER, 1540 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        run_on("1", cases[i].costs, JOB("a", ""), A_IDLES, RUN("a", "1s", 1));
        assert_usec(life(1, 0)->exited_at_usec, cases[i].exited_usec, cases[i].costs);
        trial_end();
    }
}

/* One container's end begins 10 ms after the other's: it is over at 1.55 s, and the removal, of 25 ms for each, begins
 * then. */
Test(fleet_end, a_removal_waits_until_all_ends_are_over)
{
    static const char *const idles[] = {
        "'a/c': {'idle': '500ms'}, 'a/d': {'idle': '510ms'}, 'b/c': {'idle': '1s'}",
        "'a/c': {'idle': '510ms'}, 'a/d': {'idle': '500ms'}, 'b/c': {'idle': '1s'}"};

    for (size_t i = 0; i < sizeof idles / sizeof idles[0]; i++) {
        run_on("3", LATER ", 'agentQueue': true, 'remove': {'cpu': '25ms'}",
               "{'family': 'a', 'networkMode': 'host', 'containerDefinitions': [{'name': 'c', "
               "'image': 'x', 'memory': 100}, {'name': 'd', 'image': 'x', 'memory': 100}]}, " JOB(
                   "b", ""),
               idles[i], RUN("a", "1s", 1) "," RUN("b", "1560ms", 1));
        assert_usec(life(1, i == 0)->exited_at_usec, 1520 * MSEC, "the agent knows");
        assert_usec(life(2, 0)->started_at_usec, 1600 * MSEC, "twice 25 ms from 1.55 s on");
        trial_end();
    }
}

/* SIGKILL hits the first process, too: of that the agent hears when all is over. A container that is killed for its memory
 * has one that tells. */
Test(fleet_end, of_a_kill_an_agent_knows_when_it_is_over)
{
    run_on("1", LATER ", 'agentQueue': true", JOB("a", ""), A_IDLES,
           RUN("a", "1s", 1) ", {'at': '1200ms', 'fault': {'killTask': 't1'}}");
    assert_usec(life(1, 0)->exited_at_usec, 1240 * MSEC, "killed");
    trial_end();
    run_on("1", LATER ", 'agentQueue': true", JOB("a", ""),
           "'a/c': {'memory': '101MiB', 'idle': '0s'}", RUN("a", "1s", 1));
    cr_expect(life(1, 0)->oom);
    assert_usec(life(1, 0)->exited_at_usec, 1010 * MSEC, "for its memory");
    trial_end();
}

/* It goes while an end is not over that its removal waits for: nothing comes after. */
Test(fleet_end, an_instance_may_go_while_an_end_is_not_over)
{
    run_on("2", "'end': {'cpu': '4s'}, 'endLater': 0.75, 'agentQueue': true", JOB("a", ""), A_IDLES,
           RUN("a", "1s", 1) ", {'at': '3s', 'fault': {'killInstance': 'i1'}}, "
                             "{'at': '9s', 'runTask': {'taskDefinition': 'a', 'count': 1}}");
    assert_usec(life(1, 0)->exited_at_usec, 2500 * MSEC, "the agent knew");
    trial_end();
}

/* Beside one of twice its weight, 512, its own 10 ms take 30; the 30 that follow weigh 1024, as all that an agent does, and
 * take 45. The removal that comes then takes 37.5, in which the agent starts nothing. */
Test(fleet_end, what_is_left_of_an_end_is_under_no_limit)
{
#define HEAVY(family, cpu)                                                                         \
    "{'family': '" family "', 'networkMode': 'host', 'containerDefinitions': [{'name': 'c', "      \
    "'image': 'x', 'cpu': " cpu ", 'memory': 100}]}"
    run(COSTS LATER ", 'agentQueue': true, 'remove': {'cpu': '25ms'}}, " BOX(
        1) "'instances': '1xbox', "
           "'taskDefinitions': [" HEAVY("a", "256") "," HEAVY("w", "512") ", " JOB(
               "b", "") "], 'behaviour': "
                        "{" IDLES ", 'w/c': {'work': "
                        "'9s'}}, 'timeline': "
                        "[" RUN("w", "1s", 1) "," RUN("a", "1s", 1) "," RUN("b", "1595ms", 1) "]");
    assert_usec(life(2, 0)->exited_at_usec, 1530 * MSEC, "a third of a CPU");
    assert_usec(life(3, 0)->started_at_usec, 1612500, "two thirds, and two thirds");
    trial_end();
}

/* It begins at 1.54 s and shares the only CPU with the other from then on. */
Test(fleet_end, the_kernels_work_comes_behind_all_of_an_end)
{
    run_on("1", LATER ", 'agentQueue': true, 'behindEnd': {'cpu': '300ms'}",
           JOB("a", "") "," JOB("b", ""), "'a/c': {'idle': '500ms'}, 'b/c': {'work': '100ms'}",
           RUN("a", "1s", 1) "," RUN("b", "1545ms", 1));
    assert_usec(worked_usec(2), 220 * MSEC, "half of it, as of its own end");
    trial_end();
}

/* Three lives end at 62, 123 and 130 s, and the last of their ends, of 100 s, is over at 230 s. */
Test(fleet_end, a_removal_waits_for_all_lives)
{
    run_on(
        "4", "'end': {'cpu': '100s'}, 'endLater': 1, 'agentQueue': true, 'remove': {'cpu': '25ms'}",
        "{'family': 'a', 'networkMode': 'host', 'containerDefinitions': [{'name': 'c', 'image': "
        "'x', 'memory': 100, 'restartPolicy': {'enabled': true, 'restartAttemptPeriod': "
        "60}}]}, " JOB("b", ""),
        "'a/c': {'idle': '61s'}, 'b/c': {'idle': '1s'}",
        RUN("a", "1s", 1) ", {'at': '130s', 'stopTask': {'task': 't1'}}, " RUN("b", "230010ms", 1));
    cr_expect_eq(life(1, 0)->n_restarts_ordered, 2);
    assert_usec(life(2, 0)->started_at_usec, 230025 * MSEC, "behind the removal");
    trial_end();
}
