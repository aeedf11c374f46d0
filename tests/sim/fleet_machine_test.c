/*
 * Virtual machines, of instances and of tasks, counted by hand: how long they boot, alone and beside each other.
 */
#include "fleet_trial.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

/* Of instances ---------------------------------------------------------------------------------- */

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
Test(fleet_machine, machines_start_in_their_order)
{
    int64_t slice = ready_usec("'machines': 'slices'");
    int64_t scratch = ready_usec("'machines': 'vms', 'path': 'scratch'");
    int64_t uncompressed = ready_usec("'machines': 'vms', 'path': 'uncompressed'");
    int64_t restore = ready_usec("'machines': 'vms', 'path': 'restore'");

    cr_assert(slice < restore && restore < uncompressed && uncompressed < scratch);
    cr_assert(restore * 100 < scratch * 6, "at most 0.06 of a boot");
}

/* Emulated ones on two CPUs: four boots take twice as long as two. */
Test(fleet_machine, boots_contend)
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
Test(fleet_machine, boots_at_once_may_be_slower)
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

/* The group's own isolation goes before what costs say of all machines. */
Test(fleet_machine, a_group_may_be_virtual_machines)
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

/* Of tasks -------------------------------------------------------------------------------------- */

/* Each task of the family boots one of its own, whose steps the log tells and whose memory its instance
 * gives; what runs inside costs what it costs inside. */
Test(fleet_machine, a_task_may_be_in_a_virtual_machine)
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
Test(fleet_machine, a_machine_of_a_task_may_cost_nothing)
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

/* Two tasks' machines on two processors make all of them busy, and their kernels take twice as
 * long; one alone does not, nor one that comes when the other has been stopped while it booted. */
Test(fleet_machine, machines_of_tasks_that_boot_together_are_slower)
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
