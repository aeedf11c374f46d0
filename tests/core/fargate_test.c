/*
 * Fargate in the core: the buckets of launches, one micro-VM a task in zones by turns, and what becomes of a
 * task whose micro-VM never comes.
 */
#include "capacity_steps.h"
#include "core/fargate.h"
#include "core/group.h"

#include <criterion/criterion.h>

static const struct provider_share fargate[] = {{0, 0, 1}}, spot[] = {{1, 0, 1}};
static int taskdef;

static void begin(void)
{
    steps_begin(0);
    capacity_provider("FARGATE", capacity_group(GROUP_FARGATE, 0, 0, 0, 0));
    capacity_provider("FARGATE_SPOT", capacity_group(GROUP_FARGATE, 0, 0, 0, 100));
    taskdef = capacity_fargate_definition();
}

TestSuite(fargate, .init = begin, .fini = steps_finish);

static void lose(int instance)
{
    struct message lost = message_new(MESSAGE_INSTANCE_LOST);

    lost.as.instance_lost.instance = instance;
    steps_step(&lost);
}

Test(fargate, launches_come_from_a_bucket_of_their_own)
{
    for (int i = 0; i < 12; i++) {
        capacity_run(taskdef, 10, fargate, 1);
        capacity_run(taskdef, 10, spot, 1);
    }
    cr_expect(scheduler.cluster.groups[1].n_in == 100, "%d", scheduler.cluster.groups[1].n_in);
    cr_expect(scheduler.cluster.groups[2].n_in == 100);
    steps_until(USEC_PER_SEC / 2);
    cr_expect(scheduler.cluster.groups[1].n_in == 110, "20 a second");
    steps_until(USEC_PER_SEC);
    cr_expect(scheduler.cluster.groups[2].n_in == 120);
}

/* ECS developer guide, task-cpu-memory-error. */
Test(fargate, has_these_sizes_and_no_others)
{
    static const struct {
        int32_t cpu, mib;
        bool fits;
    } rows[] = {
        {256, 512, true},     {256, 1024, true},    {256, 1536, false},    {256, 2048, true},
        {256, 3072, false},   {512, 512, false},    {512, 3072, true},     {1024, 8192, true},
        {1024, 9216, false},  {2048, 4096, true},   {4096, 30720, true},   {8192, 20480, true},
        {8192, 18432, false}, {16384, 32768, true}, {16384, 122880, true}, {16384, 36864, false},
        {128, 512, false},    {0, 0, false},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(fargate_has_size(rows[i].cpu, rows[i].mib) == rows[i].fits, "row %zu", i);
}

Test(fargate, each_task_has_one_of_its_size_in_zones_by_turns)
{
    capacity_run(taskdef, 4, fargate, 1);
    capacity_register_all();
    for (int t = 0; t < 4; t++) {
        const struct instance *vm =
            &scheduler.cluster.instances[scheduler.cluster.tasks[t].instance];

        cr_expect(vm->bound_task == t && vm->cpu == 256 && vm->memory_mib == 512);
        cr_expect(vm->zone == t % 2);
    }
}

Test(fargate, it_goes_with_its_task)
{
    capacity_run(taskdef, 1, fargate, 1);
    capacity_register_all();
    steps_run_all();
    steps_report(0, TASK_STOPPED, HEALTH_UNKNOWN);
    cr_expect(steps_count(MESSAGE_TERMINATE_INSTANCE) == 1);
    cr_expect(steps_said(MESSAGE_TERMINATE_INSTANCE, 0)->as.terminate_instance.reason ==
              TERMINATED_WITH_TASK);
}

/* Each one that dies on the way is followed by another, later and later; then the task is given up. */
Test(fargate, what_never_comes_is_given_up)
{
    int64_t gap_usec = 0, at_usec = 0;

    capacity_run(taskdef, 1, fargate, 1);
    for (int i = 0; i < GROUP_TRIES_MAX - 1; i++) {
        lose(i);
        cr_assert(scheduler.cluster.n_instances == i + 1, "not at once");
        at_usec = now_usec;
        while (scheduler.cluster.n_instances == i + 1)
            steps_until(now_usec + USEC_PER_SEC);
        cr_expect(now_usec - at_usec >= gap_usec);
        gap_usec = now_usec - at_usec;
    }
    lose(GROUP_TRIES_MAX - 1);
    cr_expect(steps_count(MESSAGE_GIVE_UP_TASK) == 1);
    cr_expect(scheduler.cluster.tasks[0].stop_code == STOP_TASK_FAILED_TO_START);
    cr_expect(scheduler.n_waiting == 0 && scheduler.n_waiting_fargate == 0);
    cr_expect(scheduler.cluster.n_instances == GROUP_TRIES_MAX);
}

Test(fargate, spot_stops_its_task_with_a_warning)
{
    struct message warning = message_new(MESSAGE_SPOT_WARNING);

    capacity_run(taskdef, 2, spot, 1);
    capacity_register_all();
    steps_run_all();
    warning.as.spot_warning = (struct spot_warning){1, 120 * USEC_PER_SEC};
    steps_step(&warning);
    cr_expect(steps_count(MESSAGE_STOP_TASK) == 1);
    cr_expect(steps_said(MESSAGE_STOP_TASK, 0)->as.stop_task.code == STOP_SPOT_INTERRUPTION);
    cr_expect(scheduler.cluster.tasks[0].desired == TASK_RUNNING);
    steps_step(&warning);
    cr_expect(steps_count(MESSAGE_STOP_TASK) == 0, "a second warning says nothing new");
}

/* On-demand instances are never interrupted. */
Test(fargate, on_demand_is_not_warned)
{
    struct message warning = message_new(MESSAGE_SPOT_WARNING);

    capacity_run(taskdef, 1, fargate, 1);
    capacity_register_all();
    warning.as.spot_warning = (struct spot_warning){0, 120 * USEC_PER_SEC};
    steps_step(&warning);
    cr_expect(steps_count(MESSAGE_STOP_TASK) == 0);
    cr_expect(!scheduler.cluster.instances[0].interrupted);
}
