/*
 * What differs between two scenes, told and marked: a task elsewhere, in another state, in one run only.
 */
#include "viz/differ.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample samples[2];
static struct scene_index indexes[2];
static struct scene shown[2];
static const struct scene *const scenes[2] = {&shown[0], &shown[1]};
static struct differ differ;

/* t1 is alike, t2 on another instance, t3 starts later in the second run, t4 is in the first only. */
static void set_up(void)
{
    for (int i = 0; i < 2; i++) {
        sample_init(&samples[i], RUN_SIM);
        int web = sample_taskdef(&samples[i], "web", 128, 128, 1);
        sample_start(sample_task(&samples[i], web, 0, MS(1000)), 0, MS(10), MS(10), 0);
        sample_start(sample_task(&samples[i], web, i, MS(1000)), 0, MS(10), MS(10), 0);
        sample_start(sample_task(&samples[i], web, 0, MS(1000)), 0, MS(10), MS(10 + 500 * i), 0);
        if (i == 0)
            sample_start(sample_task(&samples[i], web, 1, MS(1000)), 0, MS(10), MS(10), 0);
        scene_index_init(&indexes[i], &samples[i].story, &samples[i].header);
        scene_init(&shown[i], &indexes[i]);
    }
    differ_init(&differ, scenes);
}

static void tear_down(void)
{
    differ_finish(&differ);
    for (int i = 0; i < 2; i++) {
        scene_finish(&shown[i]);
        scene_index_finish(&indexes[i]);
        sample_finish(&samples[i]);
    }
}

TestSuite(differ, .init = set_up, .fini = tear_down);

static const char *told_at(int64_t at_usec)
{
    static char text[160];
    scene_move(&shown[0], at_usec);
    scene_move(&shown[1], at_usec);
    differ_update(&differ, scenes);
    return differ_tell(&differ, text, sizeof text);
}

Test(differ, marks_and_counts)
{
    cr_assert_str_eq(told_at(MS(500)), "no difference now");
    cr_assert_str_eq(told_at(MS(1200)),
                     "1 task on another instance, 1 in another state, 1 in one run only");
    cr_assert(!differ.tasks[0][0] && !differ.tasks[1][0]);
    cr_assert(differ.tasks[0][1] && differ.tasks[1][1]);
    cr_assert(differ.tasks[0][2] && differ.tasks[1][2]);
    cr_assert(differ.tasks[0][3]);
    cr_assert_str_eq(told_at(MS(3000)), "1 task on another instance, 1 in one run only");
    cr_assert(!differ.tasks[0][2] && !differ.tasks[1][2]);
}

Test(differ, instances_differ_too)
{
    samples[1].story.instances[1].lost_at_usec = MS(2000);
    cr_assert_null(strstr(told_at(MS(1900)), "instance in another state"));
    cr_assert(strstr(told_at(MS(2100)), "1 instance in another state"));
    cr_assert(differ.instances[0][1] && differ.instances[1][1] && !differ.instances[0][0]);
}

Test(differ, a_short_text_is_cut)
{
    char text[12];
    told_at(MS(1200));
    cr_assert_str_eq(differ_tell(&differ, text, sizeof text), "1 task on a");
}
