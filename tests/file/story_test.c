/*
 * The story tells what the machines did: every moment, every count, in whatever order the machines'
 * records stand.
 */
#include "file/story.h"

#include "sample.h"
#include "tiny.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <unistd.h>

#define SEC USEC_PER_SEC
#define MSEC USEC_PER_MSEC

static struct tiny run;
static struct story story;

static void tell(void)
{
    tiny_whole_run(&run);
    story_init(&story);
    for (int i = 0; i < run.n_records; i++)
        story_add(&story, &run.records[i]);
}

static void forget(void)
{
    story_finish(&story);
    tiny_finish(&run);
}

TestSuite(story, .init = tell, .fini = forget);

Test(story, counts_are_those_of_the_run)
{
    cr_assert(story.n_tasks == run.summary.tasks);
    cr_assert(story.n_instances == run.summary.instances);
    cr_assert(story.n_events == run.summary.events);
    cr_assert(story.n_outputs == run.summary.decisions);
    cr_assert(story.end_usec == 34 * SEC && run.summary.end_usec == 34 * SEC);
    cr_assert(story.last_usec > 34 * SEC);
    cr_assert(story.n_groups == 1 && story.taskdefs.n_definitions == 5);
    cr_assert_str_eq(story.groups[0].zones[1].name, "b");
    cr_assert(story.n_services == 1, "the refused one does not exist");
    cr_assert_str_eq(story.services[0].name, "web");
    cr_assert(story.services[0].desired == 0, "it was deleted");
}

/* The scheduler's own state at the end is the measure. */
Test(story, tasks_are_where_the_scheduler_put_them)
{
    const struct cluster *cluster = &run.scheduler.cluster;

    for (int i = 0; i < story.n_tasks; i++) {
        cr_assert(story.tasks[i].taskdef == cluster->tasks[i].taskdef);
        cr_assert(story.tasks[i].instance == cluster->tasks[i].instance, "t%d", i + 1);
        cr_assert(story.tasks[i].stop_code == (enum stop_code)cluster->tasks[i].stop_code,
                  "t%d: %d, not %d", i + 1, story.tasks[i].stop_code, cluster->tasks[i].stop_code);
        cr_assert((story.tasks[i].running_at_usec != USEC_NEVER) ==
                  cluster->tasks[i].reached_running);
        cr_assert(story.tasks[i].stopped_at_usec != USEC_NEVER);
    }
    for (int i = 0; i < story.n_instances; i++) {
        cr_assert(story.instances[i].n_live == 0);
        cr_assert(story.instances[i].zone == cluster->instances[i].zone);
        cr_assert(story.instances[i].lost_at_usec != USEC_NEVER);
    }
}

Test(story, the_moments_of_a_task_are_those_of_the_world)
{
    const struct story_task *task = &story.tasks[0];
    const struct story_container *container = &task->containers[0];
    int64_t got = 2 * SEC + MSEC;

    cr_assert(task->service == 0 && task->n_containers == 1);
    cr_assert(task->accepted_at_usec == 2 * SEC && task->placed_at_usec == 2 * SEC);
    cr_assert(task->received_at_usec == got);
    cr_assert(container->pull_at_usec == got);
    cr_assert(container->pulled_at_usec == got + 200 * MSEC);
    cr_assert(container->create_at_usec == got + 200 * MSEC);
    cr_assert(container->created_at_usec == got + 220 * MSEC);
    cr_assert(container->start_at_usec == got + 220 * MSEC);
    cr_assert(container->started_at_usec == got + 250 * MSEC);
    cr_assert(container->ready_at_usec == got + 350 * MSEC);
    cr_assert(task->running_at_usec == got + 252 * MSEC);
}

/* The first word about a task's waiting. */
static const struct story_note *first_wait(int32_t task)
{
    for (int i = 0; i < story.n_notes; i++)
        if (story.notes[i].message.kind == MESSAGE_WAIT &&
            story.notes[i].message.as.wait.task == task)
            return &story.notes[i];
    return NULL;
}

Test(story, a_task_without_room_waits_and_says_what_for)
{
    int n_waited = 0, n_never = 0;

    for (int i = 0; i < story.n_tasks; i++) {
        const struct story_task *task = &story.tasks[i];

        if (task->placed_at_usec == task->accepted_at_usec)
            continue;
        cr_assert(story_status_at(task, task->accepted_at_usec) == TASK_PROVISIONING);
        cr_assert(first_wait(i) != NULL, "t%d waited without a word", i + 1);
        cr_assert(first_wait(i)->at_usec == task->accepted_at_usec);
        cr_assert(first_wait(i)->message.as.wait.reason == PLACE_CPU);
        n_waited++;
        n_never += task->placed_at_usec == USEC_NEVER && task->torn_down &&
                   task->stopped_at_usec == story.end_usec;
    }
    cr_assert(n_never == 3 && n_waited > n_never, "%d waited, %d for ever", n_waited, n_never);
}

Test(story, every_end_has_its_reason)
{
    int n_failed = 0, n_exited = 0, n_lost = 0, n_user = 0, n_service = 0, n_torn = 0, n_killed = 0;

    for (int i = 0; i < story.n_tasks; i++) {
        const struct story_task *task = &story.tasks[i];

        n_torn += task->torn_down;
        n_failed += task->stop_code == STOP_TASK_FAILED_TO_START;
        n_exited += task->stop_code == STOP_ESSENTIAL_CONTAINER_EXITED;
        n_lost += task->stop_code == STOP_INFRASTRUCTURE_HEALTH;
        n_user += task->stop_code == STOP_USER_INITIATED && !task->torn_down;
        n_service += task->stop_code == STOP_SERVICE_SCHEDULER_INITIATED;
        if (task->stop_code == STOP_TASK_FAILED_TO_START)
            cr_assert(task->reason != NULL && strstr(task->reason, "CannotPullContainerError"));
        for (int c = 0; c < task->n_containers; c++)
            n_killed += task->containers[c].kill_at_usec != USEC_NEVER &&
                        task->containers[c].exit_code == 137 &&
                        task->containers[c].kill_at_usec == task->containers[c].term_at_usec + SEC;
    }
    cr_assert(n_failed == 1 && n_exited > 0 && n_lost > 0 && n_user == 1 && n_service > 0,
              "%d failed, %d exited, %d lost, %d stopped, %d by the service", n_failed, n_exited,
              n_lost, n_user, n_service);
    cr_assert(n_torn > 0 && n_killed > 0, "%d torn down, %d killed", n_torn, n_killed);
}

Test(story, instances_boot_register_and_go)
{
    const struct story_instance *first = &story.instances[0], *killed = &story.instances[1];

    cr_assert(first->launch_at_usec == 0 && first->booted_at_usec == SEC);
    cr_assert(first->registered_at_usec == SEC + 2 * MSEC && first->boot_modelled);
    cr_assert(first->cpu == 1024 && first->memory_mib == 1024 && first->torn_down);
    cr_assert(killed->lost_at_usec == 10 * SEC && !killed->torn_down);
    cr_assert(story.n_instances == 3 && story.instances[2].launch_at_usec == 10 * SEC);
}

Test(story, status_follows_the_moments)
{
    const struct story_task task = {
        .placed_at_usec = 10, .running_at_usec = 20, .stop_at_usec = 30, .stopped_at_usec = 40};
    static const struct {
        int64_t at_usec;
        enum task_status status;
    } cases[] = {{0, TASK_PROVISIONING}, {9, TASK_PROVISIONING}, {10, TASK_PENDING},
                 {19, TASK_PENDING},     {20, TASK_RUNNING},     {29, TASK_RUNNING},
                 {30, TASK_STOPPING},    {39, TASK_STOPPING},    {40, TASK_STOPPED}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        cr_assert(story_status_at(&task, cases[i].at_usec) == cases[i].status, "at %d",
                  (int)cases[i].at_usec);
}

static void assert_same(const struct story_container *a, const struct story_container *b)
{
    struct story_container same = *a;

    cr_assert(a->n_bindings == b->n_bindings);
    cr_assert(a->n_bindings == 0 ||
              memcmp(a->bindings, b->bindings, (size_t)a->n_bindings * sizeof *a->bindings) == 0);
    same.bindings = b->bindings;
    cr_assert(memcmp(&same, b, sizeof same) == 0);
}

Test(story, agents_records_may_come_late)
{
    struct story late;

    story_init(&late);
    for (int m = ID_NONE; m < TINY_INSTANCES; m++)
        for (int i = 0; i < run.n_records; i++)
            if (run.records[i].machine == m)
                story_add(&late, &run.records[i]);
    cr_assert(late.n_tasks == story.n_tasks);
    for (int i = 0; i < late.n_tasks; i++) {
        cr_assert(late.tasks[i].stopped_at_usec == story.tasks[i].stopped_at_usec);
        cr_assert(late.tasks[i].received_at_usec == story.tasks[i].received_at_usec);
        for (int c = 0; c < late.tasks[i].n_containers; c++)
            assert_same(&late.tasks[i].containers[c], &story.tasks[i].containers[c]);
    }
    story_finish(&late);
}

Test(story, a_log_tells_the_same_whole_or_cut)
{
    char path[] = "/tmp/berth-story-test-XXXXXX";
    int fd = mkstemp(path);
    struct run_header header;
    struct story loaded;
    struct err err = {0};
    bool truncated = true;

    cr_assert(fd >= 0);
    close(fd);
    tiny_write(&run, path, true);
    cr_assert(story_load(&loaded, path, &header, &truncated, &err), "%s", err.text);
    cr_assert(!truncated && loaded.n_events == story.n_events);
    cr_assert(loaded.n_tasks == story.n_tasks && loaded.end_usec == story.end_usec);
    cr_assert(loaded.tasks[0].first_answer_at_usec == 17 * SEC);
    cr_assert(loaded.tasks[1].first_answer_at_usec == USEC_NEVER);
    cr_assert_str_eq(header.title, "tiny");
    cr_assert(header.seed == TINY_SEED && header.host == NULL);
    run_header_finish(&header);
    story_finish(&loaded);
    tiny_write(&run, path, false);
    cr_assert(story_load(&loaded, path, &header, &truncated, &err), "%s", err.text);
    cr_assert(truncated && loaded.n_events == story.n_events);
    run_header_finish(&header);
    story_finish(&loaded);
    unlink(path);
    cr_assert(!story_load(&loaded, path, &header, NULL, &err) && err.code == EXIT_INPUT);
}

static void claim_first_answer(int32_t task, int64_t at_usec)
{
    struct target_metrics target = {.task = task, .first_usec = at_usec};
    struct target_group_metrics row = {.n_targets = 1, .targets = &target};
    struct record record = {
        .machine = ID_NONE, .at_usec = 19 * SEC, .event = message_new(MESSAGE_OBSERVE)};

    record.event.as.observe.n_target_groups = 1;
    record.event.as.observe.target_groups = &row;
    story_add(&story, &record);
}

Test(story, the_first_answer_of_several_target_groups_counts)
{
    static const int64_t claims_sec[] = {18, 20, -3, 0};

    for (int i = 0; i < 4; i++)
        claim_first_answer(0, claims_sec[i] * SEC);
    cr_expect_eq(story.tasks[0].first_answer_at_usec, 17 * SEC,
                 "one is later, one to come, two cannot be");
    claim_first_answer(0, 16 * SEC);
    claim_first_answer(story.n_tasks, 16 * SEC);
    claim_first_answer(ID_NONE, 16 * SEC);
    cr_expect_eq(story.tasks[0].first_answer_at_usec, 16 * SEC);
}

Test(story, absurd_records_are_passed_over)
{
    for (int i = 0; i < 60 * MESSAGE_KINDS; i++) {
        struct message output = sample_message(i / 2 % MESSAGE_KINDS, i);
        struct record record = {.machine = i % 4 - 1,
                                .seq = i,
                                .at_usec = i,
                                .event = sample_message(i % MESSAGE_KINDS, i + 1),
                                .outputs = {&output, 1, 1}};

        if (i % 5 == 0)
            record.machine = INT32_MAX - 1;
        story_add(&story, &record);
        message_finish(&record.event);
        message_finish(&output);
    }
    cr_assert(story.n_instances == 3 && story.n_tasks == run.summary.tasks);
}

Test(story, names_are_those_of_the_log)
{
    char both[40];

    snprintf(both, sizeof both, "%s on %s", story_task_name(6), story_instance_name(1));
    cr_assert_str_eq(both, "t7 on i2");
}
