/*
 * Lines of processors and turns, counted by hand: who waits where work keeps a host's CPUs busy.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Rates are whole parts of a CPU's millionths, so that many of them may be a little off. */
static void assert_about(int64_t got, int64_t want, const char *what)
{
    cr_assert(llabs(got - want) <= 5, "%s: %lld instead of %lld", what, (long long)got,
              (long long)want);
}

/* Lines ----------------------------------------------------------------------------------------- */

/* Two work on two CPUs; what comes then gets half of one of them, and two thirds after 100 ms. */
Test(fleet_turns, what_comes_to_busy_cpus_stands_in_the_line_of_one)
{
    run_on("2", "'balanceAfter': '100ms'",
           JOB("long", "") "," JOB("short", "") "," JOB("middle", ""),
           "'long/c': {'work': '9s'}, 'short/c': {'work': '20ms'}, 'middle/c': {'work': '200ms'}",
           RUN("long", "1s", 2) "," RUN("short", "2s", 1) "," RUN("middle", "3s",
                                                                  1) "," RUN("short", "4s", 2));
    assert_usec(worked_usec(3), 40 * MSEC, "at one half");
    assert_usec(worked_usec(4), 100 * MSEC + 225 * MSEC, "at one half, then at two thirds");
    assert_usec(worked_usec(6), 40 * MSEC, "two more: each line has two");
    trial_end();
}

/* Weights count in a line too: 30 before 10 leave a quarter. */
Test(fleet_turns, in_a_line_weights_count)
{
    run_on("1", "'balanceAfter': '100ms'",
           "{'family': 'heavy', 'containerDefinitions': [{'name': 'c', 'image': 'x', 'cpu': 30, "
           "'memory': 100}]}, " JOB("light", ""),
           "'heavy/c': {'work': '9s'}, 'light/c': {'work': '10ms'}",
           RUN("heavy", "1s", 1) "," RUN("light", "2s", 1));
    assert_usec(worked_usec(2), 40 * MSEC, "a quarter");
    trial_end();
}

#define ON(family, at, instance)                                                                   \
    "{'at': '" at "', 'startTask': {'taskDefinition': '" family                                    \
    "', 'containerInstances': ['" instance "']}}"

/* Two work in one instance, each in a line of its own, and share its weight: who comes to one of the lines from another
 * instance gets two thirds of it. Both together then use up their quota of one CPU in 75 of 100 ms, and stand still in
 * the other 25, in which it has the CPU to itself: 75 ms in 100, whenever their periods begin. */
Test(fleet_turns, in_a_line_instances_weigh_the_same)
{
    run(COSTS
        "'host': {'cpus': 2}, 'balanceAfter': '60s'}, 'instanceTypes': {'box': {'vcpu': 1, "
        "'memory': '1GiB', 'boot': '0s'}}, 'instances': '2xbox', 'taskDefinitions': [" JOB(
            "long", "") "," JOB("a", "") "," JOB("b",
                                                 "") "], 'behaviour': {'long/c': "
                                                     "{'work': '9s'}, 'a/c': {'work': "
                                                     "'300ms', 'idle': '0s'}, 'b/c': "
                                                     "{'work': '750ms', 'idle': '0s'}},"
                                                     "'timeline': [" ON("long", "1s", "i1") "," ON(
                                                         "long", "1s",
                                                         "i1") "," ON("a", "2s",
                                                                      "i2") "," ON("b", "4s",
                                                                                   "i2") "]");
    assert_about(worked_usec(4) - worked_usec(3), 600 * MSEC, "450 ms more");
    trial_end();
}

/* As soon as a CPU is idle it takes from the other's line. The long ones have 25 ms left when the third
 * comes, which takes them 33.333 ms at 3/4 each; it has then done 16.667 of its 75 ms. */
Test(fleet_turns, an_idle_cpu_takes_from_a_line)
{
    run_on("2", "'balanceAfter': '1s'", JOB("long", "") "," JOB("late", ""),
           "'long/c': {'work': '975ms'}, 'late/c': {'work': '75ms'}",
           RUN("long", "1s", 2) "," RUN("late", "1950ms", 1));
    assert_usec(worked_usec(3), 33333 + 75000 - 16666, "it goes on alone");
    trial_end();
}

/* The third stands in a line of two, until the first have ended after 600 ms more: then two have a CPU
 * each, long before lines would be evened out. */
Test(fleet_turns, with_a_processor_for_each_nobody_stands_in_a_line)
{
    run_on("2", "'balanceAfter': '10s'", JOB("a", "") "," JOB("b", ""),
           "'a/c': {'work': '500ms', 'idle': '0s'}, 'b/c': {'work': '1s', 'idle': '0s'}",
           RUN("a", "1s", 2) "," RUN("b", "1200ms", 2));
    for (int t = 1; t <= 2; t++)
        assert_usec(life(t, 0)->exited_at_usec, 1800 * MSEC, "the first");
    for (int t = 3; t <= 4; t++)
        assert_usec(life(t, 0)->exited_at_usec, 2500 * MSEC, "those who came");
    trial_end();
}

/* Of five the third stands behind one, the fifth behind two, so it gets a third and the others 5/12. When two
 * end the line of three becomes one of two, and the fourth is alone on the other CPU. */
Test(fleet_turns, lines_become_shorter_when_work_ends)
{
    run_on("2", "'balanceAfter': '10s'", JOB("a", "") "," JOB("b", ""),
           "'a/c': {'work': '500ms', 'idle': '0s'}, 'b/c': {'work': '1s', 'idle': '0s'}",
           RUN("a", "1s", 2) "," RUN("b", "1s", 3));
    for (int t = 1; t <= 2; t++)
        assert_about(life(t, 0)->exited_at_usec, 2200 * MSEC, "the first");
    assert_about(life(4, 0)->exited_at_usec, 2700 * MSEC, "500 ms alone");
    assert_about(life(3, 0)->exited_at_usec, 2950 * MSEC, "500 ms at one half, 250 ms alone");
    assert_about(life(5, 0)->exited_at_usec, 3050 * MSEC, "likewise, after 400 ms");
    trial_end();
}

/* The first two work; one comes and touches its memory, in a line of two, which takes CPU time as work does; then three
 * come: six at a third each. When the first two end (3.675 s) four are at a half each, and when it has touched all
 * (3.875 s) three share two CPUs. */
Test(fleet_turns, who_touches_memory_has_a_place_in_a_line)
{
    run_on("2", "'balanceAfter': '10s', 'touchPerMiB': '15ms'",
           JOB("a", "") "," JOB("b", "") "," JOB("touches", ""),
           "'a/c': {'work': '1s', 'idle': '0s'}, 'b/c': {'work': '2s', 'idle': '0s'}, "
           "'touches/c': {'memory': '65MiB', 'idle': '9s'}",
           RUN("a", "1s", 2) "," RUN("touches", "1100ms", 1) "," RUN("b", "1200ms", 3));
    assert_about(life(1, 0)->exited_at_usec, 3675 * MSEC, "the first");
    assert_about(life(3, 0)->ready_at_usec, 3875 * MSEC, "touched");
    for (int t = 4; t <= 6; t++)
        assert_about(life(t, 0)->exited_at_usec, 5487500, "those who came");
    trial_end();
}

/* Turns ----------------------------------------------------------------------------------------- */

/* So a start beside it waits for its turns. */
Test(fleet_turns, beside_one_that_touches_memory_turns_are_waited_for)
{
    run_on("1", "'balanceAfter': '100ms', 'startTurns': '7ms', 'touchPerMiB': '10ms'",
           JOB("touches", "") "," JOB("late", ""), "'touches/c': {'memory': '90MiB', 'idle': '9s'}",
           RUN("touches", "1s", 1) "," RUN("late", "1500ms", 1) "," RUN("late", "3s", 1));
    assert_usec(life(2, 0)->started_at_usec - 1500 * MSEC, 7 * MSEC, "beside it");
    assert_usec(life(3, 0)->started_at_usec - 3 * SECOND, 0, "when it idles");
    trial_end();
}

/* It touches with one thread, whatever it works with; and then it is at work already, and waits for nothing. */
Test(fleet_turns, who_touches_memory_does_so_on_one_cpu)
{
    run_on("2",
           "'balanceAfter': '100ms', 'startTurns': '7ms', 'workTurns': '5ms', "
           "'touchPerMiB': '10ms'",
           JOB("touches", "") "," JOB("late", ""),
           "'touches/c': {'memory': '90MiB', 'work': '2s', 'threads': 2, 'idle': '9s'}",
           RUN("touches", "1s", 1) "," RUN("late", "1500ms", 1) "," RUN("late", "2500ms", 1));
    assert_usec(life(2, 0)->started_at_usec - 1500 * MSEC, 0, "beside one thread");
    assert_usec(life(3, 0)->started_at_usec - 2500 * MSEC, 7 * MSEC, "beside two");
    assert_usec(life(1, 0)->ready_at_usec, 1900 * MSEC, "touched");
    trial_end();
}

/* Beside work on all CPUs a start waits for its turns, and so does work; where one is idle neither does. */
Test(fleet_turns, beside_work_turns_are_waited_for)
{
    run_on("1", "'balanceAfter': '100ms', 'startTurns': '7ms', 'workTurns': '5ms'",
           JOB("long", "") "," JOB("short", ""),
           "'long/c': {'work': '2s'}, 'short/c': {'work': '20ms'}",
           RUN("short", "1s", 1) "," RUN("long", "2s", 1) "," RUN("short", "3s", 1));
    assert_usec(life(1, 0)->started_at_usec, SECOND, "alone");
    assert_usec(worked_usec(1), 20 * MSEC, "alone");
    assert_usec(life(3, 0)->started_at_usec - 3 * SECOND, 7 * MSEC, "beside work");
    assert_usec(worked_usec(3), 5 * MSEC + 40 * MSEC, "beside work");
    trial_end();
}

/* Of a task that comes when so many work on two CPUs, what its start and its work wait for turns. Nobody else is
 * there whom costs could delay. */
static void wait_behind(int n, int64_t *start_usec, int64_t *work_usec)
{
    char timeline[200];
    int late = n + 1;

    snprintf(timeline, sizeof timeline, RUN("long", "1s", % d) "," RUN("late", "2s", 1), n);
    run_on("2", "'balanceAfter': '100ms', 'startTurns': '6ms', 'workTurns': '8ms'",
           JOB("long", "") "," JOB("late", ""),
           "'long/c': {'work': '9s'}, 'late/c': {'ready': '1us', 'work': '1us', 'idle': '0s'}",
           timeline);
    *start_usec = life(late, 0)->started_at_usec - 2 * SECOND;
    *work_usec = worked_usec(late) / MSEC * MSEC;
    trial_end();
}

/* Lines of one each: as measured. Of two and one: nobody leaves the shorter. Longer ones: a start waits for more at
 * once, the square root of them, and work for its part of the turns of one. */
Test(fleet_turns, longer_lines_make_starts_wait_longer_and_work_less)
{
    static const struct {
        int n;
        int64_t start_usec, work_usec;
    } rows[] = {{1, 0, 0},           {2, 6000, 8 * MSEC}, {3, 2000, 4 * MSEC},
                {4, 8485, 4 * MSEC}, {5, 8485, 4 * MSEC}, {8, 12000, 2 * MSEC}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int64_t start_usec, work_usec;

        wait_behind(rows[i].n, &start_usec, &work_usec);
        assert_usec(start_usec, rows[i].start_usec, "start");
        assert_usec(work_usec, rows[i].work_usec, "work");
    }
}

#define UNITS(family, units)                                                                       \
    "{'family': '" family "', 'containerDefinitions': [{'name': 'c', 'image': 'x', " units         \
    "'memory': 100}]}"

/* A task without CPU units weighs as little as any can, and has turns of its own kind. */
Test(fleet_turns, the_least_weight_has_turns_of_its_own)
{
    run_on("1", "'balanceAfter': '100ms', 'workTurns': '5ms', 'leastWorkTurns': '2ms'",
           UNITS("long", "") "," UNITS("least", "") "," UNITS("units", "'cpu': 3, "),
           "'long/c': {'work': '8s'}, 'least/c': {'work': '20ms'}, 'units/c': {'work': '30ms'}",
           RUN("long", "1s", 1) "," RUN("least", "2s", 1) "," RUN("units", "3s", 1));
    assert_usec(worked_usec(2), 2 * MSEC + 40 * MSEC, "without CPU units");
    assert_usec(worked_usec(3), 5 * MSEC + 50 * MSEC, "with three, beside two");
    trial_end();
}

/* Tasks of a quarter of a CPU each: eight of them are as many as two processors do, so a line is one long. */
Test(fleet_turns, quotas_count_for_what_they_allow)
{
    run_on(
        "2", "'balanceAfter': '100ms', 'startTurns': '6ms'",
        "{'family': 'part', 'cpu': '256', 'memory': '100', 'containerDefinitions': [{'name': 'c', "
        "'image': 'x'}]}," UNITS("late", ""),
        "'part/c': {'work': '9s'}, 'late/c': {'idle': '1s'}",
        RUN("part", "1s", 8) "," RUN("late", "3s", 1));
    assert_usec(life(9, 0)->started_at_usec, 3006 * MSEC, "a start");
    trial_end();
}

/* Four threads and one more: lines of three and two. When the four have ended one is left, beside an idle
 * processor, and all of that holds when the container of four is killed. */
Test(fleet_turns, threads_count_and_leave)
{
    run_on(
        "2", "'balanceAfter': '100ms', 'startTurns': '6ms'",
        JOB("four", "") "," JOB("one", "") "," JOB("late", ""),
        "'four/c': {'work': '9s', 'threads': 4}, 'one/c': {'work': '9s'}, 'late/c': {'idle': '1s'}",
        RUN("four", "1s", 1) "," RUN("one", "1s", 1) "," RUN(
            "late", "2s", 1) ", {'at': '3s', "
                             "'fault': {'killTask': 't1'}}, " RUN("late", "4s", 1) "," RUN(
                                 "one", "5s", 2) "," RUN("late", "6s", 1));
    assert_usec(life(3, 0)->started_at_usec, 2 * SECOND + 8485, "behind two");
    assert_usec(life(4, 0)->started_at_usec, 4 * SECOND, "beside an idle processor");
    assert_usec(life(7, 0)->started_at_usec, 6 * SECOND + 2000, "lines of one and two");
    trial_end();
}

/* Six that work make lines of three. Two of one line are killed: it is one long, until the lines are evened out. */
Test(fleet_turns, lines_are_evened_out_after_a_while)
{
    run_on("2", "'balanceAfter': '100ms', 'startTurns': '6ms'",
           JOB("works", "") "," JOB("late", ""),
           "'works/c': {'work': '9s'}, 'late/c': {'idle': '1s'}",
           RUN("works", "1s",
               6) ", {'at': '3s', 'fault': {'killTask': 't2'}}, {'at': '3s', 'fault': "
                  "{'killTask': 't4'}}, " RUN("late", "3050ms", 1) "," RUN("late", "3200ms", 1));
    assert_usec(life(7, 0)->started_at_usec, 3052 * MSEC, "behind one, beside three");
    assert_usec(life(8, 0)->started_at_usec, 3200 * MSEC + 8485, "behind two, beside two");
    trial_end();
}

/* A processor that has nobody left takes from the other's line: of two, two are left, one on each. */
Test(fleet_turns, an_empty_line_takes_from_the_longest)
{
    run_on("2", "'balanceAfter': '100ms', 'startTurns': '6ms'",
           JOB("works", "") "," JOB("late", ""),
           "'works/c': {'work': '9s'}, 'late/c': {'idle': '1s'}",
           RUN("works", "1s", 3) ", {'at': '3s', 'fault': {'killTask': 't2'}}, " RUN("late",
                                                                                     "3050ms", 1));
    assert_usec(life(4, 0)->started_at_usec, 3056 * MSEC, "behind one, beside one");
    trial_end();
}

/* An agent hears that a container is ready when that lets it: it works on the last idle CPU at once. Of two CPUs one
 * stays idle, so nobody waits; who only idles never keeps anybody waiting. */
Test(fleet_turns, who_goes_on_to_work_is_heard_later)
{
    static const char costs[] =
        "'balanceAfter': '100ms', 'agentQueue': true, 'agentEvent': {'cpu': '1ms'}, 'readyTurn': "
        "'3ms'";

    for (int cpus = 1; cpus <= 2; cpus++) {
        run_on(cpus == 1 ? "1" : "2", costs, JOB("idle", "") "," JOB("works", ""),
               "'idle/c': {'ready': '50ms', 'idle': '1s'}, 'works/c': {'ready': '50ms', 'work': "
               "'100ms', "
               "'idle': '1s'}",
               RUN("idle", "1s", 1) "," RUN("works", "3s", 1));
        assert_usec(life(1, 0)->ready_at_usec - life(1, 0)->started_at_usec, 50 * MSEC, "idle");
        assert_usec(life(2, 0)->ready_at_usec - life(2, 0)->started_at_usec,
                    cpus == 1 ? 54 * MSEC : 50 * MSEC, "works");
        trial_end();
    }
}

#define CLEARS                                                                                     \
    "'balanceAfter': '100ms', 'agentQueue': true, 'agentEvent': {'cpu': '1ms'}, "                  \
    "'readyTurn': '5ms', 'readyBeside': '3ms', 'clear': {'wait': '500ms', 'cpu': '1ms'}"
#define READY "'gone/c': {'idle': '0s'}, 'works/c': {'ready': '50ms', 'idle': '1s', 'work': "

/* When its agent has heard that a container is ready that works, on so many CPUs: of the second, while the kernel
 * has still to clear up behind the first; of the third, when it has. Each is ready after 50 ms. */
static void assert_heard(const char *cpus, const char *members, const char *work,
                         int64_t second_usec, int64_t third_usec)
{
    char families[400], behaviour[200];

    snprintf(families, sizeof families,
             JOB("gone", "") ", {'family': 'works', 'networkMode': 'host'%s, "
                             "'containerDefinitions': [{'name': 'c', 'image': 'x', 'memory': 9}]}",
             members);
    snprintf(behaviour, sizeof behaviour, READY "'%s'}", work);
    run_on(cpus, CLEARS, families, behaviour,
           RUN("gone", "1s", 1) "," RUN("works", "1200ms", 1) "," RUN("works", "3s", 1));
    assert_usec(life(2, 0)->ready_at_usec - life(2, 0)->started_at_usec, second_usec,
                "while the kernel has to clear up");
    assert_usec(life(3, 0)->ready_at_usec - life(3, 0)->started_at_usec, third_usec, "when it has");
    trial_end();
}

/* Where the kernel has the only CPU left an agent hears that a container is ready when that lets it, or has worked. */
Test(fleet_turns, beside_the_kernel_who_goes_on_to_work_is_heard_later)
{
    assert_heard("2", "", "100ms", 53 * MSEC, 50 * MSEC);
    assert_heard("2", "", "2ms", 52 * MSEC, 50 * MSEC);
    assert_heard("2", "", "0s", 50 * MSEC, 50 * MSEC);
    assert_heard("3", "", "100ms", 50 * MSEC, 50 * MSEC);
    assert_heard("1", "", "100ms", 56 * MSEC, 56 * MSEC);
    assert_heard("1", ", 'cpu': '256'", "100ms", 51 * MSEC, 51 * MSEC);
}

/* Of three CPUs one works already. */
Test(fleet_turns, beside_the_kernel_others_work_too)
{
    run_on("3", CLEARS, JOB("gone", "") "," JOB("works", "") "," JOB("long", ""),
           READY "'100ms'}, 'long/c': {'work': '9s'}",
           RUN("long", "500ms", 1) "," RUN("gone", "1s", 1) "," RUN("works", "1200ms", 1));
    assert_usec(life(3, 0)->ready_at_usec - life(3, 0)->started_at_usec, 53 * MSEC, "one is left");
    trial_end();
}

Test(fleet_turns, the_kernel_has_nothing_to_do_behind_an_instance_that_is_gone)
{
    run(COSTS "'host': {'cpus': 2}, " CLEARS "}, " BOX(
        1) "'instances': '2xbox', "
           "'taskDefinitions': [" JOB("gone", "") "," JOB(
               "works",
               "") "], "
                   "'behaviour': {" READY "'100ms'}}, "
                   "'timeline': [" RUN("gone", "1s",
                                       1) ","
                                          "{'at': '1100ms', 'fault': {'killInstance': 'i1'}}," RUN(
                                              "works", "1200ms", 1) "]");
    assert_usec(life(2, 0)->ready_at_usec - life(2, 0)->started_at_usec, 50 * MSEC, "at once");
    trial_end();
}

/* Runs on instances of a host where a creation takes 9 ms of CPU time. */
static void create_on(const char *cpus, const char *session, const char *timeline)
{
    char members[1200];

    snprintf(
        members, sizeof members,
        COSTS
        "'host': {'cpus': %s, 'session': %s}, 'balanceAfter': '100ms', 'agentQueue': "
        "true, 'create': {'cpu': '9ms'}}, " BOX(4) "'instances': '2xbox', 'taskDefinitions': [" JOB(
            "works", "") "," JOB("late", "") "], "
                                             "'behavi"
                                             "our': "
                                             "{'works/c': {'work': '9s'}, 'late/c': {'idle': "
                                             "'1s'}}, 'timeline': [%s]",
        cpus, session, timeline);
    run(members);
}

#define START(family, at, instance)                                                                \
    "{'at': '" at "', 'startTask': {'taskDefinition': '" family                                    \
    "', 'containerInstances': ['" instance "']}}"
#define TWO_WORK START("works", "1s", "i1") "," START("works", "1s", "i1")

static int64_t created_usec(int task)
{
    return life(task, 0)->created_at_usec - 3 * SECOND;
}

/* What an agent begins when it has slept goes as fast as can be. Then it has two thirds of a processor on which half of an
 * instance's weight is, whose other half is on the other; and all of one that is idle, or becomes so. */
Test(fleet_turns, an_agent_shares_its_processor_with_work)
{
    static const char timeline[] =
        TWO_WORK "," START("late", "3s", "i2") "," START("late", "3s", "i2");

    create_on("2", "true", timeline);
    assert_usec(created_usec(3), 9 * MSEC, "it has slept");
    assert_usec(created_usec(4), 9 * MSEC + 13500, "two thirds");
    trial_end();

    create_on("2", "false", timeline);
    assert_usec(created_usec(4), 9 * MSEC + 13500, "by itself");
    trial_end();

    create_on("3", "true", timeline);
    assert_usec(created_usec(4), 18 * MSEC, "one is idle");
    trial_end();

    create_on("2", "true",
              TWO_WORK "," START("late", "3s", "i2") "," START(
                  "late", "3s", "i2") ", {'at': '3015ms', 'fault': {'killTask': 't1'}}");
    assert_usec(created_usec(4), 15 * MSEC + 5 * MSEC, "one becomes idle");
    trial_end();
}

/* Two agents at work among three who work on three processors. As a group they have half of all, then three of five
 * parts of one each; each by itself all of one, then three of four parts. */
Test(fleet_turns, agents_share_the_weight_of_their_session)
{
    static const char timeline[] =
        TWO_WORK "," START("works", "1s", "i1") "," START("late", "3s", "i1") "," START(
            "late", "3s", "i1") "," START("late", "3s", "i2") "," START("late", "3s", "i2");

    create_on("3", "true", timeline);
    assert_usec(created_usec(5), 27 * MSEC, "a session");
    assert_usec(created_usec(7), 27 * MSEC, "a session");
    trial_end();
    create_on("3", "false", timeline);
    assert_usec(created_usec(5), 21 * MSEC, "each by itself");
    assert_usec(created_usec(7), 21 * MSEC, "each by itself");
    trial_end();
}

/* When the second task's container has started, with those costs of turns. */
static int64_t started_under_way(const char *turns, const char *costs, const char *second_at)
{
    char all[500], timeline[500];
    int64_t usec;

    snprintf(all, sizeof all, "'balanceAfter': '100ms', 'agentQueue': true, %s, %s", turns, costs);
    snprintf(timeline, sizeof timeline, RUN("long", "1s", 1) "," RUN("idle", "%s", 1), second_at);
    run_on("1", all, JOB("long", "") "," JOB("idle", ""),
           "'long/c': {'work': '2s'}, 'idle/c': {'idle': '1s'}", timeline);
    usec = life(2, 0)->started_at_usec;
    trial_end();
    return usec;
}

/* How much later than without. */
static int64_t put_off_by(const char *turns, const char *costs, const char *second_at)
{
    return started_under_way(turns, costs, second_at) -
           started_under_way("'startTurns': '0s'", costs, second_at);
}

/* The first task's work comes to the only CPU while the agent, or the start of the second, is half way. */
Test(fleet_turns, what_is_under_way_when_work_comes_is_put_off)
{
    static const char waiting[] = "'create': {'cpu': '10ms'}, 'start': '5ms'";
    static const char at_work[] = "'create': {'cpu': '10ms'}, 'child': '5ms'";
    static const char starting[] = "'child': {'cpu': '10ms'}";

    assert_usec(put_off_by("'agentTurn': '4ms'", waiting, "1s"), 0, "an agent that waits");
    assert_usec(put_off_by("'agentTurn': '4ms'", at_work, "1005ms"), 4 * MSEC, "one at work");
    assert_usec(
        put_off_by("'agentTurn': '5ms'", "'create': {'cpu': '3ms'}, 'child': '1ms'", "1002ms"), 0,
        "one at work for 4 ms only");
    assert_usec(put_off_by("'startTurns': '7ms'", starting, "1005ms"), 3500, "half of a start");
    assert_usec(put_off_by("'startTurns': '7ms'", starting, "1s"), 0, "one that is over");
}

/* Agents that do everything side by side are no threads that could lose their processor: 5 ms alone, 5 at half. */
Test(fleet_turns, an_agent_that_is_no_thread_is_not_put_off)
{
    run_on("1", "'balanceAfter': '100ms', 'agentTurn': '4ms', 'create': {'cpu': '10ms'}",
           JOB("works", "") "," JOB("idle", ""),
           "'works/c': {'ready': '495ms', 'work': '1s'}, 'idle/c': {'idle': '1s'}",
           RUN("works", "500ms", 1) "," RUN("idle", "1s", 1));
    assert_usec(life(1, 0)->ready_at_usec, 1005 * MSEC, "work comes");
    assert_usec(life(2, 0)->created_at_usec, 1015 * MSEC, "the creation goes on");
    trial_end();
}

/* An agent makes a container from 1 s on, for 10 ms. Work comes at 1.005 s and 1.007 s: the first, of 1 ms, takes
 * its processor for that; it has worked for 1 ms again when the second comes, with which it shares. */
Test(fleet_turns, an_agent_is_not_put_off_again_at_once)
{
    run_on("1",
           "'balanceAfter': '100ms', 'agentQueue': true, 'agentTurn': '4ms', 'create': {'cpu': "
           "'10ms'}",
           JOB("first", "") "," JOB("second", "") "," JOB("idle", ""),
           "'first/c': {'ready': '895ms', 'work': '1ms', 'idle': '9s'}, 'second/c': {'ready': "
           "'697ms', 'work': '50ms', 'idle': '9s'}, 'idle/c': {'idle': '1s'}",
           RUN("first", "100ms", 1) "," RUN("second", "300ms", 1) "," RUN("idle", "1s", 1));
    assert_usec(life(3, 0)->created_at_usec, 1015 * MSEC, "5 + 1 ms alone, 4 ms at one half");
    trial_end();
}

/* An agent makes a container from 1.004 s on, for 8 ms; work comes 1 ms later, with which it shares. It slept for 1 ms
 * before, and was busy for 8 ms before that, as if it had been for 8 ms in all; or it slept for longer. */
Test(fleet_turns, a_short_sleep_does_not_save_an_agent)
{
    static const struct {
        const char *text;
        int64_t created_usec;
    } cases[] = {{RUN("idle", "995ms", 1), 1023 * MSEC}, {RUN("idle", "900ms", 1), 1019 * MSEC}};

    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char timeline[1000];

        snprintf(timeline, sizeof timeline, "%s, %s, %s", RUN("works", "100ms", 1), cases[i].text,
                 RUN("idle", "1004ms", 1));
        run_on("1",
               "'balanceAfter': '100ms', 'agentQueue': true, 'agentTurn': '4ms', 'create': {'cpu': "
               "'8ms'}",
               JOB("works", "") "," JOB("idle", ""),
               "'works/c': {'ready': '897ms', 'work': '50ms', 'idle': '9s'}, 'idle/c': {'idle': "
               "'5s'}",
               timeline);
        assert_usec(life(3, 0)->created_at_usec, cases[i].created_usec, cases[i].text);
        trial_end();
    }
}

/* The first task's work ends at 1.2 s: whoever waited beside it goes on at once. */
Test(fleet_turns, nobody_waits_for_turns_beside_an_idle_processor)
{
    static const char *const turns[] = {"'balanceAfter': '100ms', 'startTurns': '500ms'",
                                        "'balanceAfter': '100ms', 'workTurns': '500ms'"};

    for (int i = 0; i < 2; i++) {
        run_on("1", turns[i], JOB("a", "") "," JOB("b", ""),
               "'a/c': {'work': '200ms', 'idle': '0s'}, 'b/c': {'work': '100ms', 'idle': '0s'}",
               RUN("a", "1s", 1) "," RUN("b", "1100ms", 1));
        assert_usec(life(1, 0)->exited_at_usec, 1200 * MSEC, turns[i]);
        assert_usec(life(2, 0)->exited_at_usec, 1300 * MSEC, turns[i]);
        trial_end();
    }
}

/* An idle processor is one's only: of the two who wait at 1.2 s the second works when the first has. An end
 * takes 5 ms, beside whoever works then. */
Test(fleet_turns, an_idle_processor_is_given_to_one)
{
    run_on("1", "'balanceAfter': '100ms', 'workTurns': '500ms', 'end': {'cpu': '5ms'}",
           JOB("a", "") "," JOB("b", ""),
           "'a/c': {'work': '200ms', 'idle': '0s'}, 'b/c': {'work': '100ms', 'idle': '0s'}",
           RUN("a", "1s", 1) "," RUN("b", "1100ms", 2));
    assert_usec(life(1, 0)->exited_at_usec, 1210 * MSEC, "the first");
    assert_usec(life(2, 0)->exited_at_usec, 1315 * MSEC, "who waited first");
    assert_usec(life(3, 0)->exited_at_usec, 1415 * MSEC, "who waited behind it");
    trial_end();
}
