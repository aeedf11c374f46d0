/*
 * What the kernel does behind containers that come and go, counted by hand: nobody waits for it, and it is in
 * the way of whoever works.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>

/* What the kernel does behind a creation takes half of the only CPU until it is done. */
Test(fleet_kernel, nobody_waits_for_what_the_kernel_puts_off)
{
    run(COSTS "'host': {'cpus': 1}, 'behind': {'cpu': '100ms'}}, " BOX(
        1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a", "") "], 'behaviour': {'a/c': "
                                                                     "{'work': '1s', 'idle': "
                                                                     "'0s'}}, 'timeline': [" RUN(
                                                                         "a", "1s", 1) "]");
    assert_usec(life(1, 0)->ready_at_usec, SECOND, "it is ready at once");
    assert_usec(worked_usec(1), 1100 * MSEC, "and works for longer");
    trial_end();
}

/* Four of those seconds are one thread's, which has as much weight as the instance: one CPU of two each. */
Test(fleet_kernel, the_kernels_own_work_is_one_threads)
{
    run(COSTS "'host': {'cpus': 2}, 'behind': {'cpu': '1s'}}, " BOX(
        2) "'instances': '1xbox', 'taskDefinitions': [" JOB("a", "") "], 'behaviour': {'a/c': "
                                                                     "{'work': '1s', 'idle': "
                                                                     "'0s'}}, 'timeline': [" RUN(
                                                                         "a", "1s", 4) "]");
    for (int t = 1; t <= 4; t++)
        assert_usec(worked_usec(t), 4000 * MSEC, "four on one CPU");
    trial_end();
}

/* Behind the end of the one, half a second after both came, it takes half of the only CPU for 200 ms; what it
 * begins a second after the removal is in nobody's way. */
Test(fleet_kernel, the_kernels_work_behind_an_end_is_in_others_way)
{
    run(COSTS
        "'host': {'cpus': 1}, 'behindEnd': {'cpu': '100ms'}, "
        "'clear': {'wait': '1s', 'cpu': '100ms'}}, " BOX(
            1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                                "") ", " JOB("b",
                                                                             "") "], 'behaviour': "
                                                                                 "{'a/c': {'idle': "
                                                                                 "'500ms'}, "
                                                                                 "'b/c': {'work': "
                                                                                 "'1s', 'idle': "
                                                                                 "'0s'}}, "
                                                                                 "'timeline': "
                                                                                 "[" RUN(
                                                                                     "a", "1s",
                                                                                     1) ", " RUN("b",
                                                                                                 "1"
                                                                                                 "s",
                                                                                                 1) "]");
    assert_usec(life(1, 0)->exited_at_usec, 1500 * MSEC, "the one ends");
    assert_usec(worked_usec(2), 1100 * MSEC, "the other works for longer");
    trial_end();
}

/* Behind a removal it takes 100 ms of the only CPU, from 1.7 s on, when another works there until 2.1 s, or from 3.5 s
 * on, when nobody does. */
Test(fleet_kernel, the_kernel_clears_up_behind_a_removal)
{
    static const struct {
        const char *costs;
        int64_t worked_usec;
    } cases[] = {{"'agentQueue': false, 'remove': {'wait': '200ms'}", 1100 * MSEC},
                 {"'agentQueue': false, 'remove': {'wait': '2s'}", 1000 * MSEC},
                 {"'agentQueue': true, 'remove': {'wait': '200ms'}", 1100 * MSEC},
                 {"'agentQueue': true, 'remove': {'wait': '2s'}", 1000 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char costs[100];

        snprintf(costs, sizeof costs, "%s, 'clear': {'cpu': '100ms'}", cases[i].costs);
        run_on("1", costs, JOB("works", "") "," JOB("ends", ""),
               "'works/c': {'work': '1s', 'idle': '0s'}, 'ends/c': {'idle': '500ms'}",
               RUN("works", "1s", 1) "," RUN("ends", "1s", 1));
        assert_usec(worked_usec(1), cases[i].worked_usec, costs);
        trial_end();
    }
}

/* One container of it is there and one never was; it clears up behind that one for 100 ms. */
Test(fleet_kernel, the_kernel_clears_up_only_what_was_there)
{
    run_on("1", "'stop': '0s', 'clear': {'cpu': '100ms'}",
           JOB("works",
               "") ", {'family': 'two', 'containerDefinitions': ["
                   "{'name': 'a', 'essential': false, 'image': 'x', 'cpu': 10, 'memory': 100}, "
                   "{'name': 'b', 'image': 'x', 'cpu': 10, 'memory': 100, 'dependsOn': "
                   "[{'containerName': 'a', 'condition': 'SUCCESS'}]}]}",
           "'works/c': {'work': '1s', 'idle': '0s'}, 'two/a': {'idle': '9s'}",
           RUN("works", "1s", 1) "," RUN("two", "1s", 1) ", {'at': '1500ms', 'stopTask': "
                                                         "{'task': 't2'}}");
    assert_usec(worked_usec(1), 1100 * MSEC, "one was");
    trial_end();
}

/* Its first life ends after 60 s, and 100 ms are for what that leaves; its network goes with its second, when it is
 * killed: 100 ms more. */
Test(fleet_kernel, the_kernel_clears_up_behind_each_life)
{
    run_on("1", "'clear': {'cpu': '100ms'}, 'clearNetwork': {'cpu': '100ms'}",
           JOB("works", "") ", {'family': 'again', 'networkMode': 'bridge', "
                            "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, "
                            "'memory': 100, 'restartPolicy': {'enabled': true, "
                            "'restartAttemptPeriod': 60}}]}",
           "'works/c': {'work': '70s', 'idle': '0s'}, 'again/c': {'idle': '60s'}",
           RUN("works", "1s", 1) "," RUN("again", "1s",
                                         1) ", {'at': '65s', 'fault': {'killTask': 't2'}}");
    assert_usec(worked_usec(1), 70300 * MSEC, "two lives and one network");
    trial_end();
}

/* It works for 1 s beside 100 ms behind its own creation, and 200 ms behind another that comes and goes meanwhile; twice
 * that where each has a network of its own. */
Test(fleet_kernel, the_kernel_does_more_for_a_network_of_its_own)
{
    static const struct {
        const char *mode;
        int64_t worked_usec;
    } cases[] = {{"host", 1300 * MSEC}, {"none", 1300 * MSEC}, {"bridge", 1600 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[2000];

        snprintf(text, sizeof text,
                 COSTS
                 "'host': {'cpus': 1}, 'behind': {'cpu': '100ms'}, 'clear': {'cpu': '100ms'}, "
                 "'behindNetwork': {'cpu': '100ms'}, 'clearNetwork': {'cpu': '100ms'}}, " BOX(
                     1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', "
                        "'networkMode': '%s', 'containerDefinitions': [{'name': 'c', 'image': "
                        "'x', 'cpu': 10, 'memory': 100}]}, {'family': 'b', 'networkMode': "
                        "'%s', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': "
                        "10, 'memory': 100}]}], 'behaviour': {'a/c': {'work': '1s', 'idle': "
                        "'0s'}, 'b/c': {'idle': '0s'}}, 'timeline': [" RUN("a", "1s", 1) ", " RUN(
                            "b", "1500ms", 1) "]",
                 cases[i].mode, cases[i].mode);
        run(text);
        assert_usec(worked_usec(1), cases[i].worked_usec, cases[i].mode);
        trial_end();
    }
}

/* They are ready at 1 s, and the agent keeps what they have printed one after the other when there is nothing else to do: for
 * 400 ms it has half of the only CPU. What it hears at 1.1 s comes in between, behind the first of these. */
Test(fleet_kernel, an_agent_keeps_what_is_printed_when_it_has_nothing_else_to_do)
{
    run_on(
        "1", "'agentQueue': true, 'keep': {'cpu': '100ms'}", JOB("idles", "") "," JOB("works", ""),
        "'idles/c': {'ready': '100ms', 'idle': '9s'}, 'works/c': {'ready': '500ms', 'work': '1s', "
        "'idle': '0s'}",
        RUN("works", "500ms", 1) "," RUN("idles", "900ms", 1) "," RUN("idles", "1100ms", 1));
    assert_usec(life(3, 0)->started_at_usec, 1200 * MSEC, "behind one");
    assert_usec(worked_usec(1), 1300 * MSEC, "all three are kept");
    trial_end();
}
