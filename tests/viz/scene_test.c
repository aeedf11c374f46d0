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

/* After the story has been changed. */
static void reopen(void)
{
    scene_finish(&scene);
    scene_index_finish(&made);
    scene_index_init(&made, &sample.story, &sample.header);
    scene_init(&scene, &made);
}

TestSuite(scene, .init = set_up, .fini = tear_down);

/* The whole scene in one line: "a[i1 ready 512/256 t1:running] b[...] waits[...]". */
static const char *as_text(void)
{
    static char text[1024];
    size_t used = 0;
    for (int z = 0; z < made.n_zones; z++) {
        const struct scene_zone *zone = &made.zones[z];
        for (int i = zone->first_instance; i < zone->first_instance + zone->n_instances; i++) {
            const struct scene_instance *host = &scene.instances[i];
            if (!scene.present[i])
                continue;
            used += (size_t)snprintf(text + used, sizeof text - used, "%s[%s %s %d/%d", zone->name,
                                     host->name, scene_host_names[host->state], host->cpu_reserved,
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
        {PLACE_GPU, 0, 1, "RESOURCE:GPU: i1 lacks 1 GPU"},
        {PLACE_PORTS, 0, 80, "RESOURCE:PORTS: port 80 is taken on i1"},
        {PLACE_ENI, 2, 1, "RESOURCE:ENI: i3"},
        {PLACE_DISTINCT, 2, 0, "distinctInstance: not met by i3"},
        {PLACE_NO_INSTANCE, ID_NONE, 0, "there is no instance"},
        {PLACE_MISSING, ID_NONE, 0, "MISSING: there is no such instance"},
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
    reopen();
    scene_move(&scene, MS(3000));
    cr_assert_eq(scene.n_waits, 1);
    cr_expect_str_eq(scene.waits[0].name, "next shop");
    cr_expect_str_eq(scene.waits[0].lacks, "there is no instance");
    scene_move(&scene, MS(7000));
    cr_expect_eq(scene.n_waits, 0);
}

/* The log's order tells what came before in the same moment: the third that was placed is not the one that
 * the service waits for after it. It waits until it wants no more than it has. */
Test(scene, a_service_waits_beside_those_placed_in_the_same_moment)
{
    struct story_service *service = ARRAY_ADD(&sample.story, services);
    service->name = strdup("shop");
    service->taskdef = 0;
    struct story_note *note = ARRAY_ADD(&sample.story, notes);
    note->at_usec = MS(7000);
    note->n_placed = sample.story.tasks[3].nth_placed + 1;
    note->message = message_new(MESSAGE_WAIT);
    note->message.as.wait.service = 0;
    sample.story.tasks[3].service = 0;
    sample.story.tasks[3].placed_at_usec = MS(7000);
    sample.story.tasks[3].stop_at_usec = sample.story.tasks[3].stopped_at_usec = USEC_NEVER;
    *ARRAY_ADD(&sample.story, wants) = (struct story_want){MS(7000), 0, 5};
    *ARRAY_ADD(&sample.story, wants) = (struct story_want){MS(7500), 0, 2};
    *ARRAY_ADD(&sample.story, wants) = (struct story_want){MS(8000), 0, 1};
    reopen();
    scene_move(&scene, MS(7000));
    cr_expect_eq(scene.n_waits, 1);
    scene_move(&scene, MS(7900));
    cr_expect_eq(scene.n_waits, 1);
    scene_move(&scene, MS(8000));
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

/* A run with much coming and going: instances of two sizes that are launched again where others were
 * lost, tasks that end or fail, and services that wait. */
static void make_busy(struct sample *busy)
{
    srand(3);
    sample_init(busy, RUN_SIM);
    sample_group(busy, "big", 2048, 2048);
    int kinds[] = {sample_taskdef(busy, "web", 256, 128, 1),
                   sample_taskdef(busy, "job", 64, 64, 2)};
    for (int i = 0; i < 60; i++) {
        sample_instance(busy, i % 2, i % 2, MS(100 * i));
        struct story_instance *row = &busy->story.instances[i + 2];
        if (i % 3 == 0) {
            row->lost_at_usec = row->launch_at_usec + MS(rand() % 3000);
            row->terminate_at_usec = i % 2 ? row->lost_at_usec - 1 : NEVER;
        }
    }
    struct story_service *service = ARRAY_ADD(&busy->story, services);
    service->name = strdup("shop");
    for (int i = 0; i < 3000; i++) {
        struct story_task *task = sample_task(busy, kinds[i % 2], rand() % 62, MS(rand() % 9900));
        task->service = i % 5 ? ID_NONE : 0;
        sample_start(task, MS(rand() % 50), MS(3), MS(4), MS(5));
        if (i % 3)
            sample_exit(task, task->running_at_usec + MS(rand() % 4000), i % 7 == 0);
        task->torn_down = i % 11 == 0;
    }
    for (int i = 0; i < 500; i++) {
        struct story_note *note = ARRAY_ADD(&busy->story, notes);
        note->at_usec = MS(20 * i);
        note->message = message_new(MESSAGE_WAIT);
        note->message.as.wait.task = i % 4 ? rand() % 3000 : ID_NONE;
        note->message.as.wait.service = i % 4 ? ID_NONE : 0;
        note->message.as.wait.reason = PLACE_NO_INSTANCE;
    }
}

static void expect_equal(const struct scene *a, const struct scene *b)
{
    int64_t at_usec = a->at_usec;
    int n = a->index->story->n_instances;
    cr_assert_eq(memcmp(a->present, b->present, (size_t)n), 0);
    cr_assert_eq(memcmp(a->sums.sums, b->sums.sums, (size_t)(n + 1) * sizeof *a->sums.sums), 0,
                 "sums at %lld", (long long)at_usec);
    for (int i = 0; i < n; i++) {
        if (a->present[i])
            cr_assert(a->instances[i].state == b->instances[i].state &&
                      a->instances[i].cpu_reserved == b->instances[i].cpu_reserved);
    }
    cr_assert_eq(a->n_waits, b->n_waits);
    cr_assert_eq(a->n_waiting, b->n_waiting);
    for (int i = 0; i < a->n_waits; i++)
        cr_assert(a->waits[i].task == b->waits[i].task &&
                  a->waits[i].since_usec == b->waits[i].since_usec);
    cr_assert_str_eq(a->latest, b->latest);
}

Test(scene, any_way_to_a_moment_gives_what_a_fresh_scene_gives)
{
    struct sample busy;
    struct scene_index index;
    struct scene wanders;
    make_busy(&busy);
    scene_index_init(&index, &busy.story, &busy.header);
    scene_init(&wanders, &index);
    cr_expect(index.changes.n_checkpoints > 3);
    for (int i = 0; i < 400; i++) {
        int64_t at_usec = i % 3 ? wanders.at_usec + MS(rand() % 200 - 100) : MS(rand() % 10600);
        struct scene fresh;
        scene_init(&fresh, &index);
        scene_move(&fresh, at_usec < 0 ? 0 : at_usec);
        scene_move(&wanders, at_usec < 0 ? 0 : at_usec);
        expect_equal(&wanders, &fresh);
        scene_finish(&fresh);
    }
    scene_finish(&wanders);
    scene_index_finish(&index);
    sample_finish(&busy);
}

/* By the definition: life_task() of every task. */
Test(scene, sums_are_what_one_counts)
{
    struct sample busy;
    struct scene_index index;
    struct scene seen;
    make_busy(&busy);
    scene_index_init(&index, &busy.story, &busy.header);
    scene_init(&seen, &index);
    for (int64_t at_usec = MS(10500); at_usec >= 0; at_usec -= MS(700)) {
        int n[LIVES] = {0}, cpu = 0;
        scene_move(&seen, at_usec);
        for (int t = 0; t < busy.story.n_tasks; t++) {
            struct scene_task task;
            if (!scene_task(&seen, t, &task))
                continue;
            n[task.state]++;
            cpu += task.state == LIFE_DONE || task.state == LIFE_FAILED ? 0 : task.cpu;
        }
        const struct scene_sum *sum = &seen.sums.sums[busy.story.n_instances];
        for (int life = LIFE_PENDING; life < LIVES; life++)
            cr_expect_eq(sum->n[life], n[life], "%s at %lld: %d, not %d", life_names[life],
                         (long long)at_usec, sum->n[life], n[life]);
        cr_expect_eq(sum->cpu, cpu);
        cr_expect_eq(seen.n_running, n[LIFE_RUNNING]);
    }
    scene_finish(&seen);
    scene_index_finish(&index);
    sample_finish(&busy);
}

Test(scene, a_berth_holds_one_instance_at_a_time)
{
    struct sample busy;
    struct scene_index index;
    struct scene seen;
    make_busy(&busy);
    scene_index_init(&index, &busy.story, &busy.header);
    scene_init(&seen, &index);
    cr_expect(index.n_berths < busy.story.n_instances, "some are used again");
    for (int64_t at_usec = 0; at_usec <= MS(10000); at_usec += MS(50)) {
        int32_t holder[64];
        memset(holder, -1, sizeof holder);
        scene_move(&seen, at_usec);
        for (int i = 0; i < busy.story.n_instances; i++) {
            if (!scene_instance(&seen, i))
                continue;
            int32_t berth = index.berth_of[i];
            cr_expect_eq(holder[berth], -1, "i%d and i%d at %lld", i + 1, holder[berth] + 1,
                         (long long)at_usec);
            cr_expect_eq(index.berths[berth].cpu, index.capacity[i].cpu);
            holder[berth] = i;
        }
    }
    scene_finish(&seen);
    scene_index_finish(&index);
    sample_finish(&busy);
}

Test(scene, a_task_whose_target_drains_runs_and_says_so)
{
    struct sample drained;
    struct scene_index index;
    struct scene seen;
    struct scene_task task;
    sample_init(&drained, RUN_SIM);
    struct story_task *row =
        sample_task(&drained, sample_taskdef(&drained, "web", 128, 64, 1), 0, 0);
    row->running_at_usec = MS(100);
    row->drain_at_usec = MS(500);
    row->stop_at_usec = MS(900);
    drained.story.end_usec = MS(2000);
    scene_index_init(&index, &drained.story, &drained.header);
    cr_expect(index.drains);
    scene_init(&seen, &index);
    static const struct {
        int64_t at_usec;
        bool draining;
    } moments[] = {{MS(50), false}, {MS(499), false}, {MS(500), true},
                   {MS(899), true}, {MS(900), false}, {MS(100), false}};
    for (size_t i = 0; i < sizeof moments / sizeof moments[0]; i++) {
        scene_move(&seen, moments[i].at_usec);
        cr_assert(scene_task(&seen, 0, &task));
        cr_expect_eq(task.draining, moments[i].draining, "at %lld", (long long)moments[i].at_usec);
        cr_expect_eq(strcmp(task.phase, "draining") == 0, moments[i].draining);
    }
    scene_finish(&seen);
    scene_index_finish(&index);
    sample_finish(&drained);
}
