/*
 * What the simulated machines share, counted by hand: CPUs of instances and of a host, an agent that
 * is one thread, links and layers of images, memory and whom the kernel ends for it. Every run is
 * checked after each step, logged and replayed.
 */
#include "core/draw.h"
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* CPUs ------------------------------------------------------------------------------------------ */

Test(fleet, threads_may_use_as_many_cpus)
{
    run(COSTS "}, " BOX(4) "'instances': '1xbox', 'taskDefinitions': [" JOB("one", "") ", " JOB(
        "three",
        "") "],"
            "'behaviour': {'one/c': {'work': '3s'}, 'three/c': {'work': '3s', 'threads': 3}},"
            "'timeline': [" RUN("one", "1s", 1) ", " RUN("three", "10s", 1) "]");
    assert_usec(worked_usec(1), 3 * SECOND, "one thread");
    assert_usec(worked_usec(2), 1 * SECOND, "three threads");
    trial_end();
}

/* Weights 3 to 1 on one CPU: 3/4 and 1/4. */
Test(fleet, tasks_share_by_weight)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': ["
                           "{'family': 'a', 'containerDefinitions': [{'name': 'c', 'image': 'x', "
                           "'cpu': 300, 'memory': 100}]},"
                           "{'family': 'b', 'containerDefinitions': [{'name': 'c', 'image': 'x', "
                           "'cpu': 100, 'memory': 100}]}],"
                           "'behaviour': {'a/c': {'work': '3s'}, 'b/c': {'work': '3s'}},"
                           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "1s", 1) "]");
    assert_usec(worked_usec(1), 4 * SECOND, "the heavy one");
    assert_usec(worked_usec(2), 6 * SECOND, "the light one");
    trial_end();
}

/* Two instances of 2 vCPUs on a host of 2: together they get no more than that. */
Test(fleet, instances_of_a_host_share_it)
{
    run(COSTS "'host': {'cpus': 2}}, " BOX(2) "'instances': '2xbox', 'taskDefinitions': [" JOB(
        "a", "") "],"
                 "'behaviour': {'a/c': {'work': '2s'}},"
                 "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                 "'containerInstances': ['i1', 'i2']}}, {'at': '1s', 'startTask': "
                 "{'taskDefinition': 'a', 'containerInstances': ['i1', 'i2']}}]");
    for (int t = 1; t <= 4; t++)
        assert_usec(worked_usec(t), 4 * SECOND, "four on two CPUs");
    trial_end();
}

/* Other programs have a quarter of two CPUs where both are wanted: who is alone leaves them one. */
Test(fleet, other_programs_have_their_part_of_a_host)
{
    run(COSTS "'host': {'cpus': 2, 'background': 0.25}}, " BOX(
        2) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'3s'}},"
                                                                "'timeline': [" RUN(
                                                                    "a", "1s", 1) "," RUN("a", "9s",
                                                                                          2) "]");
    assert_usec(worked_usec(1), 3 * SECOND, "alone");
    for (int t = 2; t <= 3; t++)
        assert_usec(worked_usec(t), 4 * SECOND, "both");
    trial_end();
    run_on("1", "'contention': true", JOB("a", ""), "'a/c': {'work': '3s'}", RUN("a", "1s", 1));
    assert_usec(worked_usec(1), 3 * SECOND, "nothing is said of others");
    trial_end();
}

Test(fleet, without_contention_everybody_is_alone)
{
    run(COSTS "'host': {'cpus': 1}, 'contention': false}, " BOX(
        1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'2s'}},"
                                                                "'timeline': [" RUN("a", "1s",
                                                                                    8) "]");
    for (int t = 1; t <= 8; t++)
        assert_usec(worked_usec(t), 2 * SECOND, "alone");
    trial_end();
}

/* Starting ------------------------------------------------------------------------------------- */

/* Four starts of 100 ms of CPU each on one CPU that nobody else wants: processor sharing. */
Test(fleet, starts_contend_for_cpus)
{
    run(COSTS
        "'child': {'cpu': '100ms'}}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [" JOB(
            "a", "") "],"
                     "'behaviour': {'a/c': "
                     "{'work': '1s'}},"
                     "'timeline': [" RUN("a", "1s", 4) "]");
    for (int t = 1; t <= 4; t++)
        assert_usec(life(t, 0)->started_at_usec - SECOND, 400 * MSEC, "four at once");
    trial_end();
}

/* An agent that is one thread: it makes a container (10 ms), starts it (5 ms) and only then hears of the
 * next task. Their first processes (20 ms each) run beside it; that they are done it sees when it has
 * nothing else to do: the first at 35 ms, in the midst of what it does for the third. */
Test(fleet, an_agent_does_one_thing_after_the_other)
{
    static const int started[] = {45, 60, 65, 80};

    run(COSTS
        "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, 'start': "
        "{'cpu': '5ms'}, 'child': {'cpu': '20ms'}}, " BOX(
            1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a",
                                                                "") "],"
                                                                    "'behaviour': {'a/c': {'work': "
                                                                    "'1s'}}, 'timeline': [" RUN(
                                                                        "a", "1s", 4) "]");
    for (int t = 1; t <= 4; t++) {
        assert_usec(life(t, 0)->created_at_usec - SECOND, (10 + 15 * (t - 1)) * MSEC, "created");
        assert_usec(life(t, 0)->started_at_usec - SECOND, started[t - 1] * MSEC, "started");
    }
    trial_end();
}

/* What the whole host does one at a time, for starts of two instances. */
Test(fleet, a_lock_is_the_hosts)
{
    run(COSTS "'host': {'cpus': 16}, 'locked': '10ms'}, " BOX(
        1) "'instances': '2xbox', 'taskDefinitions': [" JOB("a",
                                                            "") "],"
                                                                "'behaviour': {'a/c': {'work': "
                                                                "'1s'}},"
                                                                "'timeline': [{'at': '1s', "
                                                                "'startTask': {'taskDefinition': "
                                                                "'a', 'containerInstances': "
                                                                "['i1', 'i2']}}]");
    assert_usec(life(1, 0)->started_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->started_at_usec - SECOND, 20 * MSEC, "then the other");
    trial_end();
}

/* Of a creation of 10 ms the last 4 go one at a time on a host: the second waits for the first's. */
Test(fleet, a_part_of_a_creation_is_the_hosts)
{
    run(COSTS "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, "
              "'createAlone': 0.4}, " BOX(1) "'instances': '2xbox', 'taskDefinitions': [" JOB(
                  "a", "") "], 'behaviour': {'a/c': {'work': '1s'}},"
                           "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                           "'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->created_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->created_at_usec - SECOND, 14 * MSEC, "the other");
    trial_end();
}

/* All of it goes one at a time, and whoever has waited is slower by a half: 10 ms, then 15 more. */
Test(fleet, waiting_for_each_other_may_make_slower)
{
    run(COSTS "'agentQueue': true, 'host': {'cpus': 16}, 'create': {'cpu': '10ms'}, "
              "'createAlone': 1.5}, " BOX(1) "'instances': '2xbox', 'taskDefinitions': [" JOB(
                  "a", "") "], 'behaviour': {'a/c': {'work': '1s'}},"
                           "'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "
                           "'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->created_at_usec - SECOND, 10 * MSEC, "one");
    assert_usec(life(2, 0)->created_at_usec - SECOND, 25 * MSEC, "the other");
    trial_end();
}

/* One CPU for a job and two first processes of 100 ms each: three parts, or two, of which one is theirs. */
Test(fleet, agents_may_be_one_session)
{
#define SESSION(is)                                                                                \
    COSTS                                                                                          \
    "'host': {'cpus': 1, 'session': " is                                                           \
    "}, 'child': {'cpu': '100ms'}}, " BOX(1) "'instances': '3xbox', 'taskDefinitions': [" JOB(     \
        "a",                                                                                       \
        "") "], 'behaviour': {'a/c': "                                                             \
            "{'work': '9s'}}, 'timeline': [{'at': '1s', 'startTask': {'taskDefinition': 'a', "     \
            "'containerInstances': ['i1']}}, {'at': '2s', 'startTask': {'taskDefinition': "        \
            "'a', "                                                                                \
            "'containerInstances': ['i2', 'i3']}}]"
    run(SESSION("false"));
    assert_usec(life(2, 0)->started_at_usec - 2 * SECOND, 300 * MSEC, "each a third");
    assert_usec(life(3, 0)->started_at_usec - 2 * SECOND, 300 * MSEC, "likewise");
    trial_end();
    run(SESSION("true"));
    assert_usec(life(2, 0)->started_at_usec - 2 * SECOND, 400 * MSEC, "a half for both");
    assert_usec(life(3, 0)->started_at_usec - 2 * SECOND, 400 * MSEC, "likewise");
    trial_end();
}

/* What the kernel does behind a creation takes half of the only CPU until it is done. */
Test(fleet, nobody_waits_for_what_the_kernel_puts_off)
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

/* Behind the end of the one, half a second after both came, it takes half of the only CPU for 200 ms; what it
 * begins a second after the removal is in nobody's way. */
Test(fleet, the_kernels_work_behind_an_end_is_in_others_way)
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
Test(fleet, the_kernel_clears_up_behind_a_removal)
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
Test(fleet, the_kernel_clears_up_only_what_was_there)
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
Test(fleet, the_kernel_clears_up_behind_each_life)
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

/* Its first life ends after a minute, beside one that works. For another container our agent has the only processor for
 * 3 s more than for the first; a cloud's agent restarts the one that it has. It takes as long where nobody is in the way:
 * two minutes are over then before the second life is, else after it. */
Test(fleet, an_agent_of_ours_makes_anew_what_is_restarted)
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

/* Two tasks' machines on two processors make all of them busy, and their kernels take twice as
 * long; one alone does not, nor one that comes when the other has been stopped while it booted. */
Test(fleet, machines_of_tasks_that_boot_together_are_slower)
{
    static const struct {
        const char *run;
        int task;
        int64_t boots_usec;
    } cases[] = {
        {RUN("a", "1s", 1), 0, 6 * SECOND},
        {RUN("a", "1s", 2), 0, 11 * SECOND},
        {RUN("a", "1s", 1) ", {'at': '3s', 'stopTask': {'task': 't1'}}, " RUN("a", "20s", 1), 1,
         6 * SECOND}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const struct story_machine *machine;
        char text[2000];

        snprintf(text, sizeof text,
                 COSTS "'host': {'cpus': 2}, 'vm': {'together': 2, 'scratch': {'firmware': '1s', "
                       "'kernel': {'cpu': '5s'}}}}, " BOX(
                           2) "'instances': '1xbox', 'isolation': {'a': 'vm'}, 'taskDefinitions': "
                              "[{'family': 'a', 'networkMode': 'none', 'containerDefinitions': "
                              "[{'name': 'c', 'image': 'x', 'memory': 100}]}], 'timeline': [%s]",
                 cases[i].run);
        run(text);
        machine = result.story.tasks[cases[i].task].machine;
        assert_usec(machine->booted_at_usec - machine->boot_at_usec, cases[i].boots_usec,
                    cases[i].run);
        trial_end();
    }
}

/* It works for 1 s beside 100 ms behind its own creation, and 200 ms behind another that comes and goes meanwhile; twice
 * that where each has a network of its own. */
Test(fleet, the_kernel_does_more_for_a_network_of_its_own)
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

/* Four of those seconds are one thread's, which has as much weight as the instance: one CPU of two each. */
Test(fleet, the_kernels_own_work_is_one_threads)
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

/* Its processes' end takes 20 ms, and 1 ms for each of its 30 MiB. */
Test(fleet, leaving_is_work)
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
Test(fleet, who_is_told_to_end_has_more_to_do)
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
Test(fleet, who_is_killed_for_its_memory_has_more_to_do)
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
 * starts what it is told to only then. It waits for each container and each network. */
Test(fleet, an_agent_tells_of_an_end_before_it_removes_what_is_left)
{
    static const struct {
        const char *costs;
        int64_t waits_usec;
    } cases[] = {{"'remove': {'cpu': '25ms'}", 0},
                 {"'remove': {'wait': '1ms', 'cpu': '25ms'}", 2 * MSEC},
                 {"'remove': {'wait': '1ms', 'cpu': '20ms'}, 'disconnect': {'wait': '2ms', 'cpu': "
                  "'5ms'}",
                  6 * MSEC}};

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

/* An agent hears at once of all tasks that waited for the same image: it makes both containers (10 ms
 * each) before it starts the first (5 ms). */
Test(fleet, an_image_is_there_for_all_at_once)
{
    int64_t pulled_usec;

    run(COSTS "'agentQueue': true, 'pullQueue': true, 'networkPerSecond': '1MiB', 'create': "
              "{'cpu': '10ms'}, 'start': {'cpu': '5ms'}}, " BOX(
                  4) "'images': {'x': {'size': '1MiB'}}, 'instances': '1xbox', "
                     "'taskDefinitions': [" JOB("a", "") "], 'behaviour': {'a/c': {'work': '1s'}}, "
                                                         "'timeline': [" RUN("a", "1s", 2) "]");
    pulled_usec = life(1, 0)->pulled_at_usec;
    assert_usec(pulled_usec, 2 * SECOND, "pulled");
    assert_usec(life(1, 0)->created_at_usec - pulled_usec, 20 * MSEC, "when both are made");
    assert_usec(life(2, 0)->created_at_usec - pulled_usec, 25 * MSEC, "when the first is started");
    trial_end();
}

/* The group's own isolation goes before what costs say of all machines. */
Test(fleet, a_group_may_be_virtual_machines)
{
    run(COSTS "'vm': {'scratch': {'kernel': '5s'}}}, 'instanceTypes': {'box': {'vcpu': 1, "
              "'memory': '1GiB'}}, 'instances': [{'type': 'box', 'isolation': 'vm'}, {'type': "
              "'box', 'isolation': 'slice'}], 'taskDefinitions': [], 'until': '9s'");
    assert_usec(result.story.instances[0].registered_at_usec, 5 * SECOND, "a virtual machine");
    assert_usec(result.story.instances[0].course.kernel_usec, 5 * SECOND, "of which its kernel");
    assert_usec(result.story.instances[0].course.user_usec, 0, "and nothing else");
    cr_expect_str_eq(result.story.instances[0].course.start, "scratch");
    assert_usec(result.story.instances[1].registered_at_usec, 0, "a slice");
    cr_expect_str_empty(result.story.instances[1].course.start);
    trial_end();
}

/* Each task of the family boots one of its own, whose steps the log tells and whose memory its instance
 * gives; what runs inside costs what it costs inside. */
Test(fleet, a_task_may_be_in_a_virtual_machine)
{
    run(COSTS
        "'create': '1ms', 'vm': {'osMemory': '40MiB', 'overhead': '50MiB', 'speed': 0.5, "
        "'scratch': "
        "{'firmware': '1s', 'kernel': '5s', 'userspace': '2s'}, 'inside': {'profile': "
        "'laptop', 'create': '300ms', 'message': '0s'}}}, " BOX(
            2) "'instances': '1xbox', "
               "'isolation': {'a': 'vm'}, 'taskDefinitions': [{'family': 'a', 'networkMode': "
               "'none', "
               "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, 'memory': "
               "100}]}," JOB("b", "") "],"
                                      "'behaviour': {'a/c': {'work': '1s'}}, 'timeline': [" RUN(
                                          "a", "1s", 1) "," RUN("b", "1s", 1) "]");
    cr_assert(result.story.tasks[0].machine && !result.story.tasks[1].machine);
    assert_usec(result.story.tasks[0].machine->booted_at_usec -
                    result.story.tasks[0].machine->boot_at_usec,
                8 * SECOND, "boots");
    assert_usec(result.story.tasks[0].machine->course.kernel_usec, 5 * SECOND, "its kernel");
    assert_usec(life(1, 0)->created_at_usec - life(1, 0)->create_at_usec, 300 * MSEC, "inside");
    assert_usec(life(2, 0)->created_at_usec - life(2, 0)->create_at_usec, 1 * MSEC, "outside");
    assert_usec(life(1, 0)->exited_at_usec - life(1, 0)->ready_at_usec, 2 * SECOND, "half as fast");
    cr_expect(result.story.tasks[0].machine->gone_at_usec != USEC_NEVER);
    trial_end();
}

/* What a scenario waits for by itself is found without any costs: also where a task has its own machine. */
Test(fleet, a_machine_of_a_task_may_cost_nothing)
{
    struct sim_options options;
    struct err err = {0};

    run(COSTS "}, " BOX(2) "'instances': '1xbox', 'isolation': {'a': 'vm'}, "
                           "'taskDefinitions': [{'family': 'a', 'containerDefinitions': [{'name': "
                           "'c', 'image': 'x', 'memory': 100}]}],"
                           "'behaviour': {'a/c': {'work': '1s', 'idle': '2s'}}, 'timeline': [" RUN(
                               "a", "1s", 1) "]");
    sim_result_finish(&result);
    scenario->costs = costs_none();
    options = sim_options_default(scenario);
    options.tell = true;
    cr_assert(sim_run(scenario, &options, &result, &err), "%s", err.text);
    assert_usec(life(1, 0)->ready_at_usec, 1 * SECOND, "its machine boots at once");
    assert_usec(life(1, 0)->exited_at_usec, 4 * SECOND, "it works as outside, and waits");
    trial_end();
}

/* Touching 64 MiB at 1 ms each, then it becomes ready. */
Test(fleet, touching_memory_is_work)
{
    run(COSTS "'touchPerMiB': '1ms'}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [" JOB(
        "a", "") "],"
                 "'behaviour': {'a/c': {'memory': '64MiB', 'ready': '10ms', 'work': '1s'}},"
                 "'timeline': [" RUN("a", "1s", 2) "]");
    for (int t = 1; t <= 2; t++)
        assert_usec(life(t, 0)->ready_at_usec - life(t, 0)->started_at_usec, 138 * MSEC,
                    "two at once");
    trial_end();
}

/* Images ---------------------------------------------------------------------------------------- */

#define TWO_IMAGES                                                                                 \
    "'images': {'a': {'layers': [{'size': '10MiB', 'digest': 'base'}, {'size': '2MiB'}]},"         \
    "'b': {'layers': [{'size': '10MiB', 'digest': 'base'}, {'size': '3MiB'}]}},"                   \
    "'taskDefinitions': [{'family': 'a', 'containerDefinitions': [{'name': 'c', 'image': 'a', "    \
    "'cpu': 10, 'memory': 100}]}, {'family': 'b', 'containerDefinitions': [{'name': 'c', "         \
    "'image': 'b', 'cpu': 10, 'memory': 100}]}],"

/* 12 MiB at 1 MiB/s; of the second image only 3 MiB are not here yet. */
Test(fleet, a_layer_comes_once_for_all_images)
{
    run(COSTS "'networkPerSecond': '1MiB'}, " BOX(
        1) "'instances': '1xbox', " TWO_IMAGES
           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "30s", 1) ", " RUN("b", "60s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 13 * SECOND, "the whole");
    assert_usec(life(2, 0)->pulled_at_usec, 33 * SECOND, "the rest");
    assert_usec(life(3, 0)->pulled_at_usec, 60 * SECOND, "nothing");
    trial_end();
}

/* Two instances of 10 MiB/s at a registry of 12: max-min gives each 6, and to each of an instance's two
 * layers 3 until the smaller one is here. */
Test(fleet, a_registry_is_shared_by_instances)
{
    run(COSTS "'networkPerSecond': '10MiB', 'registryPerSecond': '12MiB'}, " BOX(
        1) "'instances': '2xbox', " TWO_IMAGES "'timeline': [{'at': '1s', 'startTask': "
           "{'taskDefinition': 'a', 'containerInstances': ['i1', 'i2']}}]");
    assert_usec(life(1, 0)->pulled_at_usec, 3 * SECOND, "12 MiB at 6 MiB/s");
    assert_usec(life(2, 0)->pulled_at_usec, 3 * SECOND, "likewise");
    trial_end();
}

/* Downloading 1 s, then unpacking 12 MiB at 4 MiB for each second of one of the two CPUs, both layers at
 * once: the larger takes 2.5 s. The disk takes 12 MiB at 3 MiB/s: the larger is there after 4 s. */
Test(fleet, unpacking_is_work_and_a_disk_is_shared)
{
    run(COSTS "'networkPerSecond': '12MiB', 'unpackPerSecond': '4MiB'}, " BOX(
        2) "'instances': '1xbox', " TWO_IMAGES "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 1 * SECOND + 1 * SECOND + 2500 * MSEC, "unpacked");
    trial_end();
    run(COSTS "'diskPerSecond': '3MiB'}, " BOX(2) "'instances': '1xbox', " TWO_IMAGES
                                                  "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 5 * SECOND, "written");
    trial_end();
}

/* One image after the other where the agent pulls so; the same image comes once. */
Test(fleet, images_may_come_one_after_the_other)
{
    run(COSTS "'pull': '1s', 'pullQueue': true}, " BOX(
        1) "'instances': '1xbox', " TWO_IMAGES
           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 2 * SECOND, "the first");
    assert_usec(life(2, 0)->pulled_at_usec, 3 * SECOND, "the second");
    trial_end();
}

Test(fleet, a_task_in_awsvpc_waits_for_its_interface)
{
    run(COSTS "'eni': '5s'}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', "
                                      "'networkMode': 'awsvpc', 'containerDefinitions': [{'name': "
                                      "'c', 'image': 'x', 'cpu': 10, 'memory': 100}]}],"
                                      "'timeline': [" RUN("a", "1s", 1) "]");
    assert_usec(life(1, 0)->pulled_at_usec, 6 * SECOND, "pulled");
    trial_end();
}

/* Memory ---------------------------------------------------------------------------------------- */

/* A task of 100 MiB: the larger of its containers goes, whoever asked last. */
Test(fleet, a_tasks_limit_ends_its_largest_container)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', 'memory': "
                           "'100', 'containerDefinitions': [{'name': 'large', 'image': 'x', "
                           "'cpu': 10}, {'name': 'small', 'image': 'x', 'cpu': 10, 'dependsOn': "
                           "[{'containerName': 'large', 'condition': 'START'}], 'essential': "
                           "false}]}],"
                           "'behaviour': {'a/large': {'memory': '70MiB', 'idle': '5s'}, "
                           "'a/small': {'memory': '40MiB', 'idle': '5s'}},"
                           "'timeline': [" RUN("a", "1s", 1) "]");
    cr_assert(life(1, 0)->oom && life(1, 0)->exit_code == 137);
    cr_assert(!life(1, 1)->oom);
    trial_end();
}

/* Soft limits promise more than the machine has: its largest container goes, others live on. */
Test(fleet, an_instances_end_of_memory_ends_its_largest_container)
{
    run(COSTS "}, " BOX(1) "'instances': '1xbox', 'taskDefinitions': [{'family': 'a', "
                           "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, "
                           "'memoryReservation': 100}]}, {'family': 'b', "
                           "'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 10, "
                           "'memoryReservation': 100}]}],"
                           "'behaviour': {'a/c': {'memory': '400MiB', 'idle': '9s'}, 'b/c': "
                           "{'memory': '300MiB', 'idle': '9s'}},"
                           "'timeline': [" RUN("a", "1s", 1) ", " RUN("b", "2s", 1) ", " RUN(
                               "b", "3s", 1) ", " RUN("b", "4s", 1) "]");
    cr_assert(life(1, 0)->oom && life(1, 0)->exit_code == 137, "400 + 3 * 300 > 1024");
    assert_usec(life(1, 0)->exited_at_usec, 4 * SECOND, "when the fourth came");
    for (int t = 2; t <= 4; t++)
        cr_assert(!life(t, 0)->oom && life(t, 0)->exit_code == 0);
    trial_end();
}

/* Machines -------------------------------------------------------------------------------------- */

static int64_t ready_usec(const char *costs)
{
    char *members;
    int64_t usec;

    cr_assert(
        asprintf(
            &members,
            "'costs': {'profile': 'laptop', 'host': {'cpus': 2}, %s}, " BOX(
                1) "'instances': '1xbox', 'taskDefinitions': [" JOB("a", "") "],"
                                                                             "'timeline': [" RUN(
                                                                                 "a", "1s", 1) "]",
            costs) > 0);
    run(members);
    usec = result.story.instances[0].registered_at_usec;
    trial_end();
    free(members);
    return usec;
}

/* A virtual machine that boots takes longest, one that goes on from a snapshot the least, and a slice of
 * a host less still. */
Test(fleet, machines_start_in_their_order)
{
    int64_t slice = ready_usec("'machines': 'slices'");
    int64_t scratch = ready_usec("'machines': 'vms', 'path': 'scratch'");
    int64_t uncompressed = ready_usec("'machines': 'vms', 'path': 'uncompressed'");
    int64_t restore = ready_usec("'machines': 'vms', 'path': 'restore'");

    cr_assert(slice < restore && restore < uncompressed && uncompressed < scratch);
    cr_assert(restore * 100 < scratch * 6, "at most 0.06 of a boot");
}

/* Emulated ones on two CPUs: four boots take twice as long as two. */
Test(fleet, boots_contend)
{
    int64_t took[2];

    for (int i = 0; i < 2; i++) {
        run(i == 0 ? COSTS "'host': {'cpus': 2}, 'machines': 'vms', 'vm': {'scratch': {'kernel': "
                           "{'cpu': '2s'}}}}, " BOX(1) "'instances': '2xbox', 'until': '60s'"
                   : COSTS "'host': {'cpus': 2}, 'machines': 'vms', 'vm': {'scratch': {'kernel': "
                           "{'cpu': '2s'}}}}, " BOX(1) "'instances': '4xbox', 'until': '60s'");
        took[i] = result.story.instances[1].registered_at_usec;
        trial_end();
    }
    assert_usec(took[0], 2 * SECOND, "two");
    assert_usec(took[1], 4 * SECOND, "four");
}

/* A step that begins while another machine boots on the only other CPU is slower by a half. */
Test(fleet, boots_at_once_may_be_slower)
{
#define TOGETHER(cpus)                                                                             \
    COSTS "'host': {'cpus': " cpus "}, 'machines': 'vms', 'vm': {'together': 1.5, 'scratch': "     \
          "{'kernel': {'cpu': '2s'}}}}, " BOX(1) "'instances': '2xbox', 'until': '60s'"
    run(TOGETHER("3"));
    assert_usec(result.story.instances[1].registered_at_usec, 2 * SECOND, "one CPU to spare");
    trial_end();
    run(TOGETHER("2"));
    assert_usec(result.story.instances[0].registered_at_usec, 2 * SECOND, "it began alone");
    assert_usec(result.story.instances[1].registered_at_usec, 3 * SECOND, "none to spare");
    trial_end();
}

/* Any instance may die while anything of this is under way. */
Test(fleet, nothing_is_left_of_an_instance_that_dies)
{
    for (int msec = 0; msec < 3000; msec += 37) {
        char *members;

        cr_assert(
            asprintf(
                &members,
                "'costs': {'profile': 'laptop', 'host': {'cpus': 1}, 'pull': '50ms', "
                "'networkPerSecond': '10MiB', 'diskPerSecond': '20MiB', 'locked': {'wait': "
                "'5ms', 'cpu': '3ms'}, 'exec': {'wait': '1ms', 'cpu': '20ms'}, 'exit': '3ms', "
                "'schedulerEvent': {'cpu': '1ms'}, 'agentEvent': {'cpu': '1ms'}, 'agentQueue': "
                "%s, 'balanceAfter': '50ms', 'startTurns': '9ms', 'workTurns': '9ms', "
                "'agentTurn': '3ms', 'create': {'cpu': '9ms'}, 'remove': {'wait': '4ms', 'cpu': "
                "'2ms'}}, " BOX(
                    1) "'instances': '2xbox', " TWO_IMAGES
                       "'behaviour': {'a/c': {'memory': '20MiB', 'work': '300ms'}},"
                       "'services': [{'serviceName': 's', 'taskDefinition': 'a', 'desiredCount': "
                       "6}], 'timeline': [{'at': '%dms', 'fault': {'killInstance': 'i1'}}], "
                       "'until': '6s'",
                msec % 2 ? "true" : "false", msec) > 0);
        run(members);
        cr_assert(result.n_missed == 0);
        trial_end();
        free(members);
    }
}

/* Random worlds --------------------------------------------------------------------------------- */

static int64_t roll(int round, int *n, int64_t bound)
{
    return (int64_t)draw_below(17, DRAW_WORK, round, (*n)++, (uint64_t)bound);
}

static const char *one_of(int round, int *n, const char *const *texts)
{
    int count = 0;

    while (texts[count])
        count++;
    return texts[roll(round, n, count)];
}

/* Some steps of random costs. */
static void print_costs(FILE *out, int round, int *n)
{
    static const char *const profiles[] = {"ec2", "laptop", "firecracker", "2012", NULL};
    static const char *const times[] = {"'0s'",
                                        "'3ms'",
                                        "{'cpu': '5ms', 'afterRest': '4ms'}",
                                        "{'wait': '2ms', 'cpu': {'normal': {'mean': '4ms', 'sd': "
                                        "'4ms'}}, 'cold': '9ms'}",
                                        "{'gamma': {'mean': '10ms', 'shape': 0.5}}",
                                        "{'weibull': {'scale': '9ms', 'shape': 0.8}}",
                                        "{'samples': ['1ms', '20ms', '0s']}",
                                        NULL};
    static const char *const spans[] = {"'0s'", "'4ms'",
                                        "{'uniform': {'min': '1ms', 'max': '200ms'}}", NULL};
    static const char *const rates[] = {"'any'", "'1MiB'", "'20MiB'", "'300KiB'", NULL};

    fprintf(out, "'costs': {'profile': '%s'", one_of(round, n, profiles));
    for (int step = 0; step < COST_STEPS; step++)
        if (roll(round, n, 3) == 0)
            fprintf(out, ", '%s': %s", cost_step_names[step], one_of(round, n, times));
    if (roll(round, n, 2))
        fprintf(out, ", 'host': {'cpus': %lld, 'background': 0.%lld}",
                1 + (long long)roll(round, n, 4), (long long)roll(round, n, 10));
    if (roll(round, n, 3) == 0)
        fprintf(out, ", 'machines': 'vms', 'path': '%s'",
                boot_path_names[roll(round, n, BOOT_PATHS)]);
    if (roll(round, n, 2))
        fprintf(out, ", 'coolsIn': {'uniform': {'min': '1ms', 'max': '9s'}}");
    if (roll(round, n, 2))
        fprintf(out,
                ", 'balanceAfter': '30ms', 'startTurns': %s, 'workTurns': %s, 'agentTurn': %s, "
                "'readyTurn': %s, 'leastWorkTurns': %s",
                one_of(round, n, spans), one_of(round, n, spans), one_of(round, n, spans),
                one_of(round, n, spans), one_of(round, n, spans));
    fprintf(out, ", 'agentQueue': %s, 'pullQueue': %s, 'contention': %s",
            roll(round, n, 2) ? "true" : "false", roll(round, n, 2) ? "true" : "false",
            roll(round, n, 4) ? "true" : "false");
    fprintf(out, ", 'networkPerSecond': %s, 'layerPerSecond': %s, 'registryPerSecond': %s",
            one_of(round, n, rates), one_of(round, n, rates), one_of(round, n, rates));
    fprintf(out, ", 'unpackPerSecond': %s, 'diskPerSecond': %s, 'touchPerMiB': '1ms'},",
            one_of(round, n, rates), one_of(round, n, rates));
}

static void print_timeline(FILE *out, int round, int *n)
{
    fprintf(out, "'timeline': [");
    for (int i = 0; i < 6; i++) {
        long long at = (long long)roll(round, n, 20000);

        fprintf(out, "%s{'at': '%lldms', ", i ? ", " : "", at);
        switch (roll(round, n, 6)) {
        case 0:
            fprintf(out, "'fault': {'killInstance': 'i%lld'}}", 1 + (long long)roll(round, n, 3));
            break;
        case 1:
            fprintf(out, "'fault': {'killTask': 't%lld'}}", 1 + (long long)roll(round, n, 9));
            break;
        case 2:
            fprintf(out, "'fault': {'deadRegistry': {'for': '2s'}}}");
            break;
        case 3:
            fprintf(out, "'fault': {'cutAgent': {'instance': 'i1', 'for': '3s'}}}");
            break;
        default:
            fprintf(out, "'runTask': {'taskDefinition': '%s', 'count': %lld}}",
                    roll(round, n, 2) ? "a" : "b", 1 + (long long)roll(round, n, 4));
        }
    }
    fprintf(out, "], 'until': '25s'");
}

/* Whatever the costs, whatever goes wrong: every invariant holds, the run ends, and it replays. */
Test(fleet, random_worlds_hold_together)
{
    for (int round = 0; round < 200; round++) {
        char *members;
        size_t length;
        FILE *out = open_memstream(&members, &length);
        int n = 0;

        cr_assert(out != NULL);
        print_costs(out, round, &n);
        fprintf(out,
                "'instanceTypes': {'box': {'vcpu': %s, 'memory': '512MiB'%s}},"
                "'instances': '2xbox',",
                roll(round, &n, 2) ? "1" : "0.5", roll(round, &n, 2) ? ", 'boot': '1s'" : "");
        fprintf(out, "'images': {'x': {'layers': [{'size': '3MiB', 'digest': 'd'}, {'size': "
                     "'1MiB'}]}, 'y': {'layers': [{'size': '3MiB', 'digest': 'd'}]}},");
        fprintf(out,
                "'taskDefinitions': [{'family': 'a', %s 'containerDefinitions': [{'name': "
                "'c', 'image': 'x', 'cpu': 100, 'memory': 100}, {'name': 's', 'image': 'y', "
                "'cpu': 20, 'memory': 60, 'essential': false}]}, {'family': 'b', "
                "'networkMode': '%s', 'containerDefinitions': [{'name': 'c', 'image': 'y', "
                "'cpu': 50, 'memoryReservation': 50}]}],",
                roll(round, &n, 2) ? "'cpu': '256', 'memory': '160'," : "",
                roll(round, &n, 2) ? "bridge" : "awsvpc");
        fprintf(out,
                "'behaviour': {'a/c': {'work': '2s', 'memory': '%lldMiB', 'threads': %lld}, "
                "'a/s': {'memory': '50MiB', 'idle': '1s'}, 'b/c': {'work': "
                "{'exponential': {'mean': '500ms'}}, 'memory': '%lldMiB', 'idle': '2s'}},",
                90 + (long long)roll(round, &n, 20), 1 + (long long)roll(round, &n, 2),
                (long long)roll(round, &n, 180));
        if (roll(round, &n, 2))
            fprintf(out, "'services': [{'serviceName': 's', 'taskDefinition': 'b', "
                         "'desiredCount': 2}],");
        print_timeline(out, round, &n);
        fclose(out);
        run(members);
        trial_end();
        free(members);
    }
}

/* What is observed ------------------------------------------------------------------------------ */

/* A service's CPU is what its tasks burn for themselves too: half a CPU's quota, all the time it works. */
Test(fleet, a_services_own_work_is_observed)
{
    int64_t cpu_usec[4] = {0};
    int n = 0;

    run(COSTS
        "}, " BOX(2) "'rules': {'metricPeriod': '10s'}, 'instances': '1xbox', 'taskDefinitions': ["
                     "{'family': 'busy', 'networkMode': 'host', 'cpu': '512', 'memory': '100', "
                     "'containerDefinitions': [{'name': 'c', 'image': 'x'}]}], "
                     "'behaviour': {'busy/c': {'work': '12s'}}, 'services': [{'serviceName': 's', "
                     "'taskDefinition': 'busy', 'desiredCount': 1}], 'until': '35s'");
    for (int i = 0; i < result.story.n_facts && n < 4; i++)
        if (result.story.facts[i].message.kind == MESSAGE_OBSERVE)
            cpu_usec[n++] = result.story.facts[i].message.as.observe.services[0].cpu_usec;
    cr_assert(n == 4, "%d", n);
    for (int i = 0; i < 2; i++)
        cr_assert(llabs(cpu_usec[i] - 5 * SECOND) <= SECOND / 10, "period %d: %lld us", i,
                  (long long)cpu_usec[i]);
    trial_end();
}
