/*
 * What was not done for a while, counted by hand: steps that have become cold, and memory that nobody had used.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>

/* Cold ------------------------------------------------------------------------------------------ */

/* 30 ms where it was not done for a second, 10 ms where it has just been. */
Test(fleet_rest, what_was_not_done_for_a_while_is_cold)
{
    run(COSTS "'child': {'cpu': '10ms', 'cold': '30ms'}, 'coldAfter': '1s'}, " BOX(
        4) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': "
                                                                "{'work': '1s'}},"
                                                                "'timeline': [" RUN(
                                                                    "a", "1s",
                                                                    1) ", " RUN("a", "1500ms",
                                                                                1) ", " RUN("a",
                                                                                            "9s",
                                                                                            1) "]");
    assert_usec(life(1, 0)->started_at_usec, SECOND + 30 * MSEC, "the first");
    assert_usec(life(2, 0)->started_at_usec, SECOND * 3 / 2 + 10 * MSEC, "soon after");
    assert_usec(life(3, 0)->started_at_usec, 9 * SECOND + 30 * MSEC, "much later");
    trial_end();
}

/* Of the 20 ms that cold costs more it is a quarter for each of four: after 490 ms the first two. */
Test(fleet_rest, it_becomes_cold_in_parts)
{
    run(COSTS "'child': {'cpu': '10ms', 'cold': '30ms'}, 'coldAfter': {'samples': ['100ms', "
              "'490ms', '491ms', "
              "'9s']}}, " BOX(4) "'instances': '1xbox', 'taskDefinitions': [" JOB(
                  "a", "") "],"
                           "'behaviour': {'a/c': {'work': '1s'}}, 'timeline': [" RUN(
                               "a", "1s", 1) ", " RUN("a", "1520ms", 1) "]");
    assert_usec(life(2, 0)->started_at_usec, 1540 * MSEC, "10 ms more");
    trial_end();
}

/* What the kernel does behind removals it does for those together that are removed together: it takes 40 ms for one
 * alone, on the CPU where another works meanwhile, and 10 ms each for two. */
Test(fleet_rest, the_kernel_clears_up_for_many_at_once)
{
    run_on("1", "'coldAfter': '3ms', 'clear': {'cpu': '10ms', 'cold': '40ms'}",
           JOB("ends", "") "," JOB("works", ""),
           "'ends/c': {'idle': '0s'}, 'works/c': {'work': '1s', 'idle': '0s'}",
           RUN("works", "1s", 1) "," RUN("ends", "1500ms",
                                         1) "," RUN("works", "4s", 1) "," RUN("ends", "4500ms", 3));
    assert_usec(worked_usec(1), 1040 * MSEC, "one ended beside it");
    assert_usec(worked_usec(3), 1060 * MSEC, "three did");
    trial_end();
}

#define ENDS(at, instance)                                                                         \
    "{'at': '" at "', 'startTask': {'taskDefinition': 'ends', 'containerInstances': ['" instance   \
    "']}}"

/* What has gone 15 of 20 ms ago is three quarters cold, whichever instance of a host it was on. */
Test(fleet_rest, what_one_instance_has_done_is_near_for_another)
{
    run(COSTS
        "'coldAfter': {'uniform': {'min': '0s', 'max': '20ms'}}, 'host': {'cpus': 1}, 'clear': "
        "{'cpu': '10ms', 'cold': "
        "'40ms'}}, " BOX(1) "'instances': '2xbox', 'taskDefinitions': [" JOB("ends", "") "," JOB(
            "works", "") "], 'behaviour': {'ends/c': {'idle': '0s'}, "
                         "'works/c': {'work': '1s', 'idle': '0s'}}, "
                         "'timeline': [" RUN("works", "1s", 1) "," ENDS("1500ms", "i1") "," ENDS(
                             "1515ms", "i2") "," ENDS("1540ms", "i1") "]");
    assert_usec(worked_usec(1), 1000 * MSEC + 40000 + 32500 + 40000, "three ended beside it");
    trial_end();
}

/* Rested ---------------------------------------------------------------------------------------- */

#define COOLING "'coolsIn': {'samples': ['1s', '2s', '3s', '4s']}"

/* Loading a program takes 10 ms, and up to 8 ms more after a rest of the whole host: all of that where nobody did it
 * before, a half after 2.5 s, nothing right after another. */
Test(fleet_rest, what_nobody_used_for_long_costs_more)
{
    static const int64_t takes_usec[] = {18 * MSEC, 14 * MSEC, 10 * MSEC};

    run_on("2", COOLING ", 'exec': {'cpu': '10ms', 'afterRest': '8ms'}", JOB("a", ""),
           "'a/c': {'idle': '100ms'}",
           RUN("a", "1s", 1) "," RUN("a", "3520ms", 1) "," RUN("a", "3540ms", 1));
    for (int t = 1; t <= 3; t++)
        assert_usec(life(t, 0)->started_at_usec - life(t, 0)->start_at_usec, takes_usec[t - 1],
                    "a start");
    trial_end();
}

/* A container's end takes up to 8 ms more for what it has not used itself: each of two that have idled for 2.5 s a
 * half of that, on a CPU each, told to end or not; none where it has just worked. */
Test(fleet_rest, what_a_container_did_not_use_for_long_costs_more)
{
    run_on("2", COOLING ", 'end': {'cpu': '10ms', 'afterRest': '8ms'}",
           JOB("idles", "") "," JOB("works", ""),
           "'idles/c': {'idle': '2500ms'}, 'works/c': {'work': '2500ms', 'idle': '0s'}",
           RUN("idles", "1s", 2) "," RUN("works", "9s", 1) "," RUN(
               "idles", "20s", 1) ", {'at': '22400ms', 'fault': {'killTask': 't4'}}");
    for (int t = 1; t <= 2; t++)
        assert_usec(life(t, 0)->exited_at_usec, 3514 * MSEC, "idle for 2.5 s");
    assert_usec(life(3, 0)->exited_at_usec, 11510 * MSEC, "at work until then");
    assert_usec(life(4, 0)->exited_at_usec, 22414 * MSEC, "killed after 2.4 s");
    trial_end();
}

/* An agent that has had nothing to do for 2.5 s takes 4 ms more for the first that it hears, and only for that. */
Test(fleet_rest, an_agent_that_has_rested_is_slower_at_first)
{
    run_on("2", COOLING ", 'agentQueue': true, 'agentEvent': {'cpu': '1ms', 'afterRest': '8ms'}",
           JOB("a", ""), "'a/c': {'idle': '9s'}", RUN("a", "2500ms", 1) "," RUN("a", "2600ms", 1));
    assert_usec(life(1, 0)->pull_at_usec, 2505 * MSEC, "the first");
    assert_usec(life(2, 0)->pull_at_usec, 2601 * MSEC, "the second, soon after");
    trial_end();
}

/* The memory of a container that ended 2.5 s before is given to the first that comes then, which takes 4 ms more of
 * up to 8; to the second nobody's. */
Test(fleet_rest, memory_that_nobody_had_for_long_costs_more)
{
    run_on("2", COOLING ", 'child': {'cpu': '10ms'}, 'fresh': {'cpu': '0s', 'afterRest': '8ms'}",
           JOB("a", ""), "'a/c': {'idle': '1s'}", RUN("a", "1s", 1) "," RUN("a", "4518ms", 2));
    assert_usec(life(1, 0)->started_at_usec, 1018 * MSEC, "nobody's");
    assert_usec(life(2, 0)->started_at_usec, 4532 * MSEC, "the first's, which ended at 2.018 s");
    assert_usec(life(3, 0)->started_at_usec, 4536 * MSEC, "nobody's");
    trial_end();
}

/* Told to end after 2.5 s a container costs its agent 4 ms more of up to 8, a second signal after 2 s nothing more;
 * and its removal 8 ms more of up to 16. */
Test(fleet_rest, a_container_costs_more_once_for_its_rest)
{
    run_on(
        "2",
        COOLING ", 'agentQueue': true, 'stop': '0s', 'signal': {'cpu': '1ms', 'afterRest': "
                "'8ms'}, 'remove': {'cpu': '1ms', 'afterRest': '16ms'}",
        JOB("a", ", 'stopTimeout': 2") "," JOB("b", ""),
        "'a/c': {'idle': 'forever', 'stop': '9s'}, 'b/c': {'idle': '9s'}",
        RUN("a", "1s", 1) ", {'at': '3500ms', 'stopTask': {'task': 't1'}}, {'at': '3501ms', "
                          "'runTask': {'taskDefinition': 'b', 'count': 1}}," RUN("b", "5509ms", 1));
    assert_usec(life(2, 0)->created_at_usec, 3505 * MSEC, "behind a signal of 5 ms");
    assert_usec(life(1, 0)->exited_at_usec, 5501 * MSEC, "one of 1 ms");
    assert_usec(life(3, 0)->created_at_usec, 5510 * MSEC, "behind a removal of 9 ms");
    trial_end();
}

/* A wait for memory counts too; without a host there is nobody who leaves memory to others. */
Test(fleet_rest, memory_may_be_waited_for)
{
    run_on("2", COOLING ", 'fresh': {'wait': '3ms', 'afterRest': '8ms'}", JOB("a", ""),
           "'a/c': {'idle': '1s'}", RUN("a", "1s", 1));
    assert_usec(life(1, 0)->started_at_usec - life(1, 0)->start_at_usec, 11 * MSEC, "3 and 8 ms");
    trial_end();
    run(COSTS "'coolsIn': '1s', 'fresh': {'wait': '3ms', 'afterRest': '8ms'}}, " BOX(
        2) "'instances': '1xbox', 'taskDefinitions': [" JOB("a", "") "], 'timeline': [" RUN("a",
                                                                                            "9s",
                                                                                            1) "]");
    assert_usec(life(1, 0)->started_at_usec - life(1, 0)->start_at_usec, 3 * MSEC, "no host");
    trial_end();
}
