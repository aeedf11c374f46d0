/*
 * Tiles keep one place for life, do not overlap while they live, and are as large as what they
 * reserve.
 */
#include "viz/scene_place.h"

#include "core/draw.h"
#include "sample.h"

#include <criterion/criterion.h>

Test(scene_place, as_many_tiles_as_fit_fit)
{
    for (int n = 1; n <= 64; n++) {
        int columns = scene_columns(SCENE_WHOLE / n);
        int rows = (SCENE_WHOLE + 1000) / (SCENE_WHOLE / n * columns);
        cr_expect_eq(columns * rows, n, "%d tiles: %d columns of %d", n, columns, rows);
    }
    cr_expect_eq(scene_columns(SCENE_WHOLE), 1);
    cr_expect_eq(scene_columns(SCENE_WHOLE / 4), 1, "four wide ones below each other");
}

Test(scene_place, no_tile_is_higher_than_wide)
{
    for (int32_t share = 1000; share <= SCENE_WHOLE; share += 7) {
        int columns = scene_columns(share);
        cr_assert(columns == 1 || (int64_t)share * columns * columns <= SCENE_WHOLE,
                  "share %d: %d columns", share, columns);
    }
    /* 19 of them fit, but would be lines: 18 are tiles. */
    cr_expect_eq(scene_columns(52083), 3);
}

Test(scene_place, the_larger_share_counts)
{
    static const struct {
        int32_t cpu, memory_mib, share;
    } rows[] = {
        {512, 128, 500000}, {128, 512, 500000},     {1024, 1024, SCENE_WHOLE},
        {0, 0, 10000},      {4096, 1, SCENE_WHOLE},
    };
    struct sample sample;
    sample_init(&sample, RUN_SIM);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int taskdef = sample_taskdef(&sample, "x", rows[i].cpu, rows[i].memory_mib, 1);
        sample_task(&sample, taskdef, 0, 0);
        cr_expect_eq(scene_share(&sample.story, (int32_t)i), rows[i].share, "row %zu", i);
    }
    sample_finish(&sample);
}

static bool live_together(const struct story_task *a, const struct story_task *b)
{
    return a->placed_at_usec < b->stopped_at_usec && b->placed_at_usec < a->stopped_at_usec;
}

static bool overlap(const struct scene_slot *a, const struct scene_slot *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* Random tasks on one instance; `equal`: all of one size, never more at a time than fit. */
static void try_world(uint64_t seed, int n, bool equal)
{
    struct sample sample;
    sample_init(&sample, RUN_SIM);
    int32_t *tasks = calloc((size_t)n, sizeof *tasks);
    struct scene_slot *slots = calloc((size_t)n, sizeof *slots);
    for (int i = 0; i < n; i++) {
        int64_t draw = (int64_t)(draw_mix(seed * 1000 + (uint64_t)i) >> 33);
        int cpu = equal ? 256 : 16 + (int)(draw % 500);
        int taskdef = sample_taskdef(&sample, "x", cpu, 16, 1);
        struct story_task *task = sample_task(&sample, taskdef, 0, i * 10);
        task->stopped_at_usec = i * 10 + (equal ? 1 + draw % 40 : 1 + draw % 200);
        tasks[i] = i;
    }
    scene_place(&sample.story, tasks, n, scene_mean_share(&sample.story, tasks, n), slots);
    for (int i = 0; i < n; i++) {
        cr_assert(slots[i].x >= 0 && slots[i].x + slots[i].width <= SCENE_WHOLE, "seed %d",
                  (int)seed);
        cr_assert(slots[i].y >= 0 && slots[i].y + slots[i].height <= SCENE_WHOLE + 64,
                  "seed %d task %d ends at %d", (int)seed, i, slots[i].y + slots[i].height);
        if (equal)
            cr_assert(llabs((int64_t)slots[i].width * slots[i].height / SCENE_WHOLE - 250000) < 100,
                      "equal tiles are never squeezed");
        for (int j = 0; j < i; j++) {
            if (overlap(&slots[i], &slots[j]))
                cr_assert(!live_together(&sample.story.tasks[i], &sample.story.tasks[j]),
                          "seed %d: %d and %d overlap", (int)seed, i, j);
        }
    }
    free(tasks);
    free(slots);
    sample_finish(&sample);
}

Test(scene_place, nobody_lies_on_anybody)
{
    for (uint64_t seed = 1; seed <= 40; seed++) {
        try_world(seed, 60, false);
        try_world(seed, 60, true);
    }
}

Test(scene_place, a_trace_lasts_until_its_place_is_taken)
{
    struct sample sample;
    sample_init(&sample, RUN_SIM);
    int taskdef = sample_taskdef(&sample, "x", 512, 16, 1);
    static const int64_t lives[][2] = {{0, 100}, {10, 300}, {200, 400}, {500, NEVER}};
    int32_t tasks[4] = {0, 1, 2, 3};
    struct scene_slot slots[4];
    for (int i = 0; i < 4; i++)
        sample_task(&sample, taskdef, 0, lives[i][0])->stopped_at_usec = lives[i][1];
    scene_place(&sample.story, tasks, 4, scene_mean_share(&sample.story, tasks, 4), slots);
    cr_expect_eq(slots[2].y, slots[0].y, "t3 takes t1's place");
    cr_expect_eq(slots[3].y, slots[0].y, "and t4 takes it from t3");
    cr_expect_eq(slots[0].covered_at_usec, 200);
    cr_expect_eq(slots[1].covered_at_usec, NEVER);
    cr_expect_eq(slots[2].covered_at_usec, 500);
    sample_finish(&sample);
}

/* More at a time than are ever seen, in no time. */
Test(scene_place, thousands_of_tasks_on_an_instance_are_placed)
{
    struct sample sample;
    enum { TASKS = 50000 };
    sample_init(&sample, RUN_SIM);
    int32_t *tasks = calloc(TASKS, sizeof *tasks);
    struct scene_slot *slots = calloc(TASKS, sizeof *slots);
    int definitions[3];
    for (int i = 0; i < 3; i++)
        definitions[i] = sample_taskdef(&sample, "x", 8 << i, 16, 1);
    for (int i = 0; i < TASKS; i++) {
        tasks[i] = i;
        sample_task(&sample, definitions[i % 3], 0, i * 10)->stopped_at_usec =
            i % 7 ? i * 10 + 200000 : NEVER;
    }
    scene_place(&sample.story, tasks, TASKS, scene_mean_share(&sample.story, tasks, TASKS), slots);
    for (int i = 0; i < TASKS; i += 97)
        cr_assert(slots[i].y >= 0 && slots[i].y + slots[i].height <= SCENE_WHOLE);
    for (int i = TASKS - 300; i < TASKS; i++) {
        for (int j = TASKS - 300; j < i; j++)
            cr_assert(!overlap(&slots[i], &slots[j]) || slots[i].height == 0);
    }
    free(tasks);
    free(slots);
    sample_finish(&sample);
}
