/*
 * Which words mean which things.
 */
#include "viz/filter.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;
static struct scene_index made;
static struct scene scene;
static struct filter filter;

/* t1 web on i1 of service shop, t2 web on i2, t3 job on i1 which is done by 4 s, t4 job on i2 from 5 s on. */
static void set_up(void)
{
    sample_init(&sample, RUN_SIM);
    int web = sample_taskdef(&sample, "web-shop", 128, 128, 1);
    int job = sample_taskdef(&sample, "job", 128, 128, 1);
    struct story_service *service = ARRAY_ADD(&sample.story, services);
    *service = (struct story_service){.name = strdup("Store"), .taskdef = web};
    for (int i = 0; i < 2; i++)
        sample_start(sample_task(&sample, web, i, MS(1000)), MS(9), MS(9), MS(9), MS(9));
    sample.story.tasks[0].service = 0;
    sample_start(sample_task(&sample, job, 0, MS(2000)), MS(9), MS(9), MS(9), MS(9));
    sample_exit(&sample.story.tasks[2], MS(4000), 0);
    sample_start(sample_task(&sample, job, 1, MS(5000)), MS(9), MS(9), MS(9), MS(9));
    scene_index_init(&made, &sample.story, &sample.header);
    scene_init(&scene, &made);
    filter = (struct filter){0};
}

static void tear_down(void)
{
    filter_finish(&filter);
    scene_finish(&scene);
    scene_index_finish(&made);
    sample_finish(&sample);
}

TestSuite(filter, .init = set_up, .fini = tear_down);

Test(filter, words_mean_what_people_expect)
{
    static const struct {
        const char *text, *tasks,
            *instances; /* numbers of those that match, instances by tasks too */
        int n_instances;
    } rows[] = {
        {"web", "12", "12", 0},
        {"WEB", "12", "12", 0},
        {"job", "3", "1", 0},
        {"t1", "1", "1", 0},
        {"task:t2", "2", "2", 0},
        {"t9", "", "", 0},
        {"i1", "13", "1", 1},
        {"instance:i2", "2", "2", 1},
        {"family:i1", "", "", 0},
        {"store", "1", "1", 0},
        {"service:sto", "1", "1", 0},
        {"zone:b", "2", "2", 1},
        {"a", "13", "1", 1},
        {"running", "12", "12", 0},
        {"state:run", "12", "12", 0},
        {"done", "3", "1", 0},
        {"ready", "", "12", 2},
        {"web zone:a", "1", "1", 0},
        {"  web   running ", "12", "12", 0},
        {"web job", "", "", 0},
        {"box", "", "12", 2},
        {"type:bo state:rea", "", "12", 2},
        {"zone:", "", "", 0},
        {"x:y", "", "", 0},
        {"t", "1", "1", 0},
        {"t1x", "", "", 0},
    };
    scene_move(&scene, MS(4500));
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char tasks[8] = "", instances[8] = "";
        cr_assert(filter_apply(&filter, &scene, rows[i].text));
        for (int t = 0; t < 4; t++)
            if (filter.tasks[t])
                snprintf(tasks + strlen(tasks), 4, "%d", t + 1);
        for (int k = 0; k < 2; k++)
            if (filter.instances[k])
                snprintf(instances + strlen(instances), 4, "%d", k + 1);
        cr_expect_str_eq(tasks, rows[i].tasks, "\"%s\": tasks %s", rows[i].text, tasks);
        cr_expect_str_eq(instances, rows[i].instances, "\"%s\": instances %s", rows[i].text,
                         instances);
        cr_expect_eq(filter.n_tasks, (int)strlen(rows[i].tasks), "\"%s\"", rows[i].text);
        cr_expect_eq(filter.n_instances, rows[i].n_instances, "\"%s\": %d", rows[i].text,
                     filter.n_instances);
    }
    cr_expect(!filter_apply(&filter, &scene, ""));
    cr_expect(!filter_apply(&filter, &scene, "   "));
}

Test(filter, follows_the_time)
{
    scene_move(&scene, MS(500));
    cr_assert(filter_apply(&filter, &scene, "web"));
    cr_expect_eq(filter.n_tasks, 0);
    cr_expect_eq(filter_first_usec(&scene, "web"), MS(1000));
    cr_expect_eq(filter_first_usec(&scene, "t4"), MS(5000));
    cr_expect_eq(filter_first_usec(&scene, "job zone:b state:running"), MS(5000));
    cr_expect_eq(filter_first_usec(&scene, "nothing"), USEC_NEVER);
    cr_expect_eq(filter_first_usec(&scene, ""), USEC_NEVER);
    scene_move(&scene, MS(6000));
    cr_assert(filter_apply(&filter, &scene, "job running"));
    cr_expect_eq(filter.n_tasks, 1);
    cr_expect(filter.tasks[3]);
}
