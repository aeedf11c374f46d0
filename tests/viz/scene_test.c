/*
 * What is to be seen at a moment, as data.
 */
#include "viz/scene.h"
#include "viz/scene_tell.h"

#include "sample.h"

#include <criterion/criterion.h>
#include <stdio.h>

static struct sample sample;
static struct scene_index made;
static struct scene scene;

/* t1, t2 web on i1, t3 job on i2 until 4 s, a fourth task waits from 5 s to 7 s for i2. i2 is lost
 * at 8 s. */
static void set_up(void)
{
    sample_init(&sample, RUN_SIM);
    int web = sample_taskdef(&sample, "web", 256, 128, 1);
    int job = sample_taskdef(&sample, "job", 1024, 512, 1);
    sample_start(sample_task(&sample, web, 0, MS(1000)), MS(100), MS(10), MS(20), MS(300));
    sample_start(sample_task(&sample, web, 0, MS(1000)), MS(100), MS(10), MS(20), MS(300));
    struct story_task *task = sample_task(&sample, job, 1, MS(2000));
    sample_start(task, 0, MS(10), MS(20), 0);
    sample_exit(task, MS(7000), 0);
    task = sample_task(&sample, job, 1, MS(7000));
    task->accepted_at_usec = MS(5000);
    sample_start(task, 0, MS(10), MS(20), 0);
    task->stopped_at_usec = sample.story.instances[1].lost_at_usec = MS(8000);
    task->stop_code = STOP_INFRASTRUCTURE_HEALTH;
    struct story_note *note = ARRAY_ADD(&sample.story, notes);
    note->at_usec = MS(5000);
    note->message = message_new(MESSAGE_WAIT);
    note->message.as.wait.task = 3;
    note->message.as.wait.reason = PLACE_CPU;
    note->message.as.wait.nearest = 0;
    note->message.as.wait.lack = 512;
    scene_index_init(&made, &sample.story, &sample.header);
    scene_init(&scene, &made);
}

static void tear_down(void)
{
    scene_finish(&scene);
    scene_index_finish(&made);
    sample_finish(&sample);
}

/* Numbers the placements as a log does. */
static void number_placements(void)
{
    for (int t = 0; t < sample.story.n_tasks; t++)
        sample.story.tasks[t].nth_placed = t;
}

TestSuite(scene, .init = set_up, .fini = tear_down);

/* The whole scene in one line: "a[i1 ready 512/256 t1:running] b[...] waits[...]". */
static const char *as_text(void)
{
    static const char *const states[] = {"booting", "ready", "gone"};
    static char text[1024];
    size_t used = 0;
    for (int z = 0; z < made.n_zones; z++) {
        const struct scene_zone *zone = &made.zones[z];
        for (int i = zone->first_instance; i < zone->first_instance + zone->n_instances; i++) {
            const struct scene_instance *host = &scene.instances[i];
            if (!scene.present[i])
                continue;
            used += (size_t)snprintf(text + used, sizeof text - used, "%s[%s %s %d/%d", zone->name,
                                     host->name, states[host->state], host->cpu_reserved,
                                     host->memory_reserved_mib);
            for (int t = made.first_of[host->instance]; t < made.first_of[host->instance + 1];
                 t++) {
                struct scene_task task;
                if (scene_task(&scene, made.by_instance[t], &task))
                    used += (size_t)snprintf(text + used, sizeof text - used, " %s:%s:%s",
                                             task.name, life_names[task.state], task.phase);
            }
            used += (size_t)snprintf(text + used, sizeof text - used, "] ");
        }
    }
    for (int w = 0; w < scene.n_waits; w++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s %s %s", scene.waits[w].name,
                                 scene.waits[w].family, scene.waits[w].lacks);
    text[used] = '\0';
    return text;
}

static const struct {
    int64_t at_usec;
    const char *scene, *latest;
} rows[] = {
    {0, "a[i1 booting 0/0] b[i2 booting 0/0] ", "0.000 s  i1 launched, i2 launched"},
    {MS(100), "a[i1 ready 0/0] b[i2 ready 0/0] ", "0.100 s  i1 registered, i2 registered"},
    {MS(1000), "a[i1 ready 512/256 t1:pending:pulling t2:pending:pulling] b[i2 ready 0/0] ",
     "1.000 s  t1 web placed on i1, t2 web placed on i1"},
    {MS(2500),
     "a[i1 ready 512/256 t1:running:ready t2:running:ready] b[i2 ready 1024/512 t3:running:ready] ",
     "2.030 s  t3 job started, t3 job ready, t3 job RUNNING"},
    {MS(5000),
     "a[i1 ready 512/256 t1:running:ready t2:running:ready] b[i2 ready 1024/512 t3:running:ready] "
     "t4 job RESOURCE:CPU: i1 lacks 512 CPU units",
     "5.000 s  no room for t4: RESOURCE:CPU"},
    {MS(7000),
     "a[i1 ready 512/256 t1:running:ready t2:running:ready] b[i2 ready 1024/512 "
     "t4:pending:creating] ",
     "7.000 s  t4 job placed on i2, t4 job has its image, t3 job exited 0, t3 job STOPPED"},
    {MS(8000),
     "a[i1 ready 512/256 t1:running:ready t2:running:ready] b[i2 gone 0/0 t4:failed:ready] ",
     "8.000 s  i2 LOST, t4 job STOPPED (failed)"},
    {MS(10000),
     "a[i1 ready 512/256 t1:running:ready t2:running:ready] b[i2 gone 0/0 t4:failed:ready] ",
     "10.000 s  the end"},
};
#define N_ROWS (int)(sizeof rows / sizeof rows[0])

Test(scene, follows_the_story)
{
    for (int i = 0; i < N_ROWS; i++) {
        scene_move(&scene, rows[i].at_usec);
        cr_expect_str_eq(as_text(), rows[i].scene, "at %lld", (long long)rows[i].at_usec);
        cr_expect_str_eq(scene.latest, rows[i].latest, "at %lld", (long long)rows[i].at_usec);
    }
}

Test(scene, is_the_same_from_wherever_one_comes)
{
    for (int i = N_ROWS - 1; i >= 0; i--) {
        for (int from = 0; from < N_ROWS; from++) {
            scene_move(&scene, rows[from].at_usec);
            scene_move(&scene, rows[i].at_usec);
            cr_expect_str_eq(as_text(), rows[i].scene, "at %lld", (long long)rows[i].at_usec);
        }
    }
}

Test(scene, keeps_every_place)
{
    struct scene_slot before[4];
    memcpy(before, made.slots, sizeof before);
    for (int i = 0; i < N_ROWS; i++) {
        scene_move(&scene, rows[i].at_usec);
        for (int t = 0; t < sample.story.n_tasks; t++) {
            struct scene_task task;
            if (scene_task(&scene, t, &task))
                cr_expect(memcmp(&task.slot, &before[t], sizeof before[0]) == 0);
        }
        cr_expect_eq(scene.instances[0].instance, 0);
        cr_expect_eq(scene.instances[1].instance, 1);
    }
}

Test(scene, tells_about_things)
{
    struct scene_line lines[16];
    scene_move(&scene, MS(8000));
    struct scene_task failed;
    cr_assert(scene_task(&scene, 3, &failed));
    int n = scene_tell_task(&scene, &failed, lines, 16);
    static const char *const task[] = {
        "t4 job on i2",      "failed (ready)",    "reserves 1024 CPU units, 512 MiB",
        "placed    7.000 s", "running   7.030 s", "stopped   8.000 s",
    };
    cr_assert_eq(n, 6);
    for (int i = 0; i < n; i++)
        cr_expect_str_eq(lines[i].text, task[i]);
    n = scene_tell_instance(&scene, &scene.instances[1], lines, 16);
    static const char *const instance[] = {
        "i2 box, zone b",
        "gone",
        "reserved 0 of 1024 CPU units",
        "reserved 0 of 1024 MiB",
        "launched  0.000 s",
        "ready     0.100 s",
        "lost      8.000 s",
    };
    cr_assert_eq(n, 7);
    for (int i = 0; i < n; i++)
        cr_expect_str_eq(lines[i].text, instance[i]);
    cr_expect_eq(scene_tell_instance(&scene, &scene.instances[1], lines, 3), 3,
                 "no more than asked");
}

Test(scene, says_what_the_nearest_lacks)
{
    static const struct {
        enum place_reason reason;
        int32_t nearest;
        int64_t lack;
        const char *text;
    } lacks[] = {
        {PLACE_CPU, 1, 128, "RESOURCE:CPU: i2 lacks 128 CPU units"},
        {PLACE_MEMORY, 0, 64, "RESOURCE:MEMORY: i1 lacks 64 MiB"},
        {PLACE_PORTS, 0, 80, "RESOURCE:PORTS: port 80 is taken on i1"},
        {PLACE_NO_INSTANCE, ID_NONE, 0, "there is no instance"},
    };
    for (size_t i = 0; i < sizeof lacks / sizeof lacks[0]; i++) {
        char text[96];
        scene_tell_lack(text, sizeof text, lacks[i].reason, lacks[i].nearest, lacks[i].lack);
        cr_expect_str_eq(text, lacks[i].text);
    }
}

Test(scene, a_service_waits_until_its_next_task_is_placed)
{
    struct story_service *service = ARRAY_ADD(&sample.story, services);
    service->name = strdup("shop");
    service->taskdef = 0;
    struct story_note *note = ARRAY_ADD(&sample.story, notes);
    note->at_usec = MS(3000);
    note->message = message_new(MESSAGE_WAIT);
    note->message.as.wait.service = 0;
    note->message.as.wait.reason = PLACE_NO_INSTANCE;
    sample.story.tasks[3].service = 0;
    scene_move(&scene, MS(3000));
    cr_assert_eq(scene.n_waits, 1);
    cr_expect_str_eq(scene.waits[0].name, "next shop");
    cr_expect_str_eq(scene.waits[0].lacks, "there is no instance");
    scene_move(&scene, MS(7000));
    cr_expect_eq(scene.n_waits, 0);
}

Test(scene, an_empty_run_has_an_empty_scene)
{
    struct sample empty;
    struct scene_index nothing;
    struct scene view;
    memset(&empty, 0, sizeof empty);
    story_init(&empty.story);
    scene_index_init(&nothing, &empty.story, &empty.header);
    scene_init(&view, &nothing);
    scene_move(&view, 0);
    cr_expect(!scene_task(&view, 0, &(struct scene_task){0}));
    cr_expect_null(scene_instance(&view, 0));
    cr_expect_str_eq(view.latest, "");
    cr_expect_eq(scene_index_length_usec(&nothing), 1);
    scene_finish(&view);
    scene_index_finish(&nothing);
}

Test(scene, a_broken_log_names_groups_that_are_not_there)
{
    sample.story.instances[0].group = 77;
    sample.story.instances[1].zone = 77;
    struct scene_index broken;
    struct scene view;
    scene_index_init(&broken, &sample.story, &sample.header);
    scene_init(&view, &broken);
    scene_move(&view, MS(5000));
    cr_expect_eq(broken.n_zones, 1);
    cr_expect_str_eq(view.instances[0].type, "");
    scene_finish(&view);
    scene_index_finish(&broken);
}

/* Two tasks are placed at 1 s: before the second one only the first is there, and moving shows both. */
Test(scene, goes_back_within_a_moment)
{
    number_placements();
    scene_move(&scene, MS(1000));
    char *whole = strdup(as_text());
    scene_hold(&scene, 1);
    cr_assert(strstr(as_text(), "a[i1 ready 256/128 t1:"), "%s", as_text());
    cr_assert(!strstr(as_text(), "t2:"), "%s", as_text());
    scene_hold(&scene, 0);
    cr_assert(strstr(as_text(), "a[i1 ready 0/0]"), "%s", as_text());
    scene_hold(&scene, 1);
    cr_assert(strstr(as_text(), "a[i1 ready 256/128 t1:"), "%s", as_text());
    scene_move(&scene, MS(1000));
    cr_assert_str_eq(as_text(), whole);
    free(whole);
}
