/*
 * In which part of its life a task or container is.
 */
#include "viz/life.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;

static void set_up(void)
{
    sample_init(&sample, RUN_SIM);
    sample_taskdef(&sample, "web", 128, 128, 2);
}

static void tear_down(void)
{
    sample_finish(&sample);
}

TestSuite(life, .init = set_up, .fini = tear_down);

Test(life, goes_through_every_part_in_order)
{
    struct story_task *task = sample_task(&sample, 0, 0, MS(1000));
    sample_start(task, MS(100), MS(10), MS(20), MS(300));
    task->received_at_usec = MS(1005);
    task->stop_at_usec = MS(5000);
    task->stop_code = STOP_USER_INITIATED;
    for (int i = 0; i < 2; i++) {
        task->containers[i].term_at_usec = MS(5010);
        task->containers[i].exited_at_usec = MS(6000);
        task->containers[i].exit_code = 143;
    }
    task->stopped_at_usec = MS(6010);
    static const struct {
        int64_t at_usec;
        enum life life;
        const char *phase;
    } rows[] = {
        {MS(999), LIFE_WAITING, NULL},          {MS(1000), LIFE_PENDING, "sent"},
        {MS(1004), LIFE_PENDING, "sent"},       {MS(1005), LIFE_PENDING, "pulling"},
        {MS(1100), LIFE_PENDING, "creating"},   {MS(1110), LIFE_PENDING, "starting"},
        {MS(1130), LIFE_RUNNING, "warming up"}, {MS(1430), LIFE_RUNNING, "ready"},
        {MS(5000), LIFE_STOPPING, "ready"},     {MS(5010), LIFE_STOPPING, "stopping"},
        {MS(6000), LIFE_STOPPING, "exited"},    {MS(6010), LIFE_DONE, "exited"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_expect_eq(life_task(&sample.story, 0, rows[i].at_usec), rows[i].life, "at %lld",
                     (long long)rows[i].at_usec);
        if (rows[i].phase)
            cr_expect_str_eq(life_task_phase(task, rows[i].at_usec), rows[i].phase, "at %lld",
                             (long long)rows[i].at_usec);
    }
    cr_expect_eq(life_container(&task->containers[0], MS(1129)), LIFE_PENDING);
    cr_expect_eq(life_container(&task->containers[0], MS(1130)), LIFE_RUNNING);
    cr_expect_eq(life_container(&task->containers[0], MS(5010)), LIFE_STOPPING);
    cr_expect_eq(life_container(&task->containers[0], MS(6000)), LIFE_DONE, "143 was asked for");
}

Test(life, the_phase_is_that_of_the_container_furthest_behind)
{
    struct story_task *task = sample_task(&sample, 0, 0, 0);
    sample_start(task, MS(100), MS(10), MS(20), MS(300));
    task->containers[1].started_at_usec = task->containers[1].ready_at_usec = NEVER;
    cr_expect_str_eq(life_task_phase(task, MS(500)), "starting");
    cr_expect_str_eq(life_phase(&task->containers[0], MS(500)), "ready");
}

Test(life, tells_failures_from_ends)
{
    static const struct {
        const char *name;
        enum stop_code code;
        int32_t exit_code;
        bool oom, second_fails, lost, torn_down, fails;
    } rows[] = {
        {"exit 0", STOP_ESSENTIAL_CONTAINER_EXITED, 0, false, false, false, false, false},
        {"exit 1", STOP_ESSENTIAL_CONTAINER_EXITED, 1, false, false, false, false, true},
        {"no exit code", STOP_ESSENTIAL_CONTAINER_EXITED, ID_NONE, false, false, false, false,
         false},
        {"out of memory", STOP_ESSENTIAL_CONTAINER_EXITED, 137, true, false, false, false, true},
        {"the second one", STOP_ESSENTIAL_CONTAINER_EXITED, 0, false, true, false, false, true},
        {"could not start", STOP_TASK_FAILED_TO_START, ID_NONE, false, false, false, false, true},
        {"a user's wish", STOP_USER_INITIATED, 137, false, false, false, false, false},
        {"scaled in", STOP_SERVICE_SCHEDULER_INITIATED, 143, false, false, false, false, false},
        {"lost", STOP_NONE, ID_NONE, false, false, true, false, true},
        {"torn down", STOP_USER_INITIATED, 143, false, false, false, true, false},
        {"torn down and lost", STOP_NONE, ID_NONE, false, false, true, true, false},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct story_task *task = sample_task(&sample, 0, 0, 0);
        int32_t id = sample.story.n_tasks - 1;
        sample_start(task, 0, 0, 0, 0);
        sample_exit(task, MS(3000), rows[i].exit_code);
        task->containers[0].oom = rows[i].oom;
        if (rows[i].second_fails)
            task->containers[1].exit_code = 3;
        task->stop_code = rows[i].code;
        task->torn_down = rows[i].torn_down;
        sample.story.instances[0].lost_at_usec = rows[i].lost ? MS(3000) : NEVER;
        cr_expect_eq(life_task_fails(&sample.story, id), rows[i].fails, "%s", rows[i].name);
        if (!rows[i].torn_down)
            cr_expect_eq(life_task(&sample.story, id, MS(3000)),
                         rows[i].fails ? LIFE_FAILED : LIFE_DONE, "%s", rows[i].name);
    }
}

Test(life, the_teardown_begins_after_the_end)
{
    struct story_task *task = sample_task(&sample, 0, 0, 0);
    sample_start(task, 0, 0, 0, 0);
    task->stop_at_usec = sample.story.end_usec;
    task->stopped_at_usec = sample.story.end_usec + MS(30);
    task->torn_down = true;
    cr_expect_eq(life_task(&sample.story, 0, sample.story.end_usec), LIFE_RUNNING);
    cr_expect_eq(life_task(&sample.story, 0, sample.story.end_usec + 1), LIFE_STOPPING);
    cr_expect_eq(life_task(&sample.story, 0, sample.story.end_usec + MS(30)), LIFE_DONE);
}
