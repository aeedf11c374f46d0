/*
 * A run whose instances come one after the other: where each lies is decided when it comes, beside and not on the
 * others, as large as it is, and the whole keeps a picture's shape.
 */
#include "viz/scene_block.h"

#include "core/draw.h"
#include "sample.h"
#include "viz/layout_grid.h"

#include <criterion/criterion.h>

#define INSTANCES 200

struct cell {
    int64_t x, y, width, height;
};

/* Where an instance's box lies in the plane. */
static struct cell cell_of(const struct scene_index *index, int32_t instance)
{
    const struct scene_berth *berth = &index->berths[index->berth_of[instance]];
    const struct scene_block *block = &index->blocks[berth->block];
    return (struct cell){block->x + berth->cell % block->columns * (int64_t)block->box_width,
                         block->y + berth->cell / block->columns * (int64_t)block->box_height,
                         block->box_width, block->box_height};
}

static bool meet(const struct cell *a, const struct cell *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

static bool meet_on_screen(const struct grid_rect *a, const struct grid_rect *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

/* Three groups in two zones; some instances go and others take their places. */
static void make(struct sample *sample, uint64_t seed)
{
    sample_init(sample, RUN_SIM);
    sample_group(sample, "big", 4096, 16384);
    sample_group(sample, "odd", 2048, 1024);
    sample->story.groups[0].count = 3;
    for (int i = sample->story.n_instances; i < INSTANCES; i++) {
        int draw = (int)(draw_mix(seed * 1000 + (uint64_t)i) >> 40);
        sample_instance(sample, draw % 3, draw / 3 % 2, MS(100) * i);
        if (draw % 5 == 0)
            sample->story.instances[i].lost_at_usec = sample->story.instances[i].terminate_at_usec =
                MS(100) * (i + 10);
    }
}

static void expect_apart(const struct scene_index *index)
{
    for (int a = 0; a < index->n_berths; a++) {
        for (int b = 0; b < a; b++) {
            const struct scene_berth *berths = index->berths;
            cr_assert(berths[a].block != berths[b].block || berths[a].cell != berths[b].cell);
        }
    }
    for (int a = 0; a < index->n_blocks; a++) {
        for (int b = 0; b < a; b++) {
            const struct scene_block *one = &index->blocks[a], *other = &index->blocks[b];
            struct cell left = {one->x, one->y, one->width, one->height};
            struct cell right = {other->x, other->y, other->width, other->height};
            cr_assert(!meet(&left, &right), "blocks %d and %d", a, b);
        }
    }
}

static void expect_grid(const struct scene_index *index, int width, int height)
{
    struct layout_grid grid = {0};
    layout_grid_make(&grid, index, width, height, 6, 15, width);
    for (int a = 0; a < grid.n_berths; a++) {
        const struct grid_rect *rect = &grid.berths[a];
        cr_assert(rect->x >= 0 && rect->y >= 0 && rect->width >= GRID_UNITS &&
                  rect->height >= GRID_UNITS);
        cr_assert(rect->x + rect->width <= width * GRID_UNITS &&
                  rect->y + rect->height <= height * GRID_UNITS);
        for (int b = 0; b < a; b++)
            cr_assert(!meet_on_screen(rect, &grid.berths[b]), "%d and %d of %d", a, b,
                      grid.n_berths);
    }
    layout_grid_finish(&grid);
}

Test(scene_block, what_comes_moves_nothing)
{
    for (uint64_t seed = 1; seed <= 8; seed++) {
        struct sample sample;
        struct cell before[INSTANCES];
        int32_t berths[INSTANCES];
        int64_t width = 0, height = 0;
        make(&sample, seed);
        for (int n = 1; n <= INSTANCES; n++) {
            struct scene_index index;
            sample.story.n_instances = n;
            scene_index_init_growing(&index, &sample.story, &sample.header);
            for (int i = 0; i < n; i++) {
                struct cell now = cell_of(&index, i);
                cr_assert(i == n - 1 || (memcmp(&now, &before[i], sizeof now) == 0 &&
                                         index.berth_of[i] == berths[i]),
                          "i%d when i%d came", i + 1, n);
                before[i] = now;
                berths[i] = index.berth_of[i];
            }
            cr_assert(index.plane_width >= width && index.plane_height >= height);
            width = index.plane_width;
            height = index.plane_height;
            if (n % 20 == 0) {
                expect_apart(&index);
                expect_grid(&index, 1260, 500);
            }
            scene_index_finish(&index);
        }
        cr_expect(width * 10 > height * 12 && width < height * 5, "%lld x %lld", (long long)width,
                  (long long)height);
        sample_finish(&sample);
    }
}

Test(scene_block, boxes_get_smaller_only_when_there_is_no_room_left)
{
    struct sample sample;
    int changes = 0;
    struct grid_rect first = {0};
    sample_init(&sample, RUN_SIM);
    for (int n = 1; n <= 128; n++) {
        struct scene_index index;
        struct layout_grid grid = {0};
        if (n > sample.story.n_instances)
            sample_instance(&sample, 0, 0, MS(100) * n);
        sample.story.n_instances = n > 2 ? n : 2;
        scene_index_init_growing(&index, &sample.story, &sample.header);
        layout_grid_make(&grid, &index, 1260, 500, 6, 15, 1260);
        changes += memcmp(&first, &grid.berths[0], sizeof first) != 0;
        first = grid.berths[0];
        layout_grid_finish(&grid);
        scene_index_finish(&index);
    }
    cr_expect(changes <= 8, "%d changes of scale until there were 128", changes);
    sample_finish(&sample);
}

Test(scene_block, areas_are_capacities)
{
    struct sample sample;
    struct scene_index index;
    struct layout_grid grid = {0};
    sample_init(&sample, RUN_SIM); /* two of 1024 and 1024 */
    sample_group(&sample, "big", 4096, 4096);
    sample_instance(&sample, 1, 0, 0);
    scene_index_init_growing(&index, &sample.story, &sample.header);
    layout_grid_make(&grid, &index, 1260, 500, 6, 15, 1260);
    int64_t areas[3];
    for (int i = 0; i < 3; i++)
        areas[i] = (int64_t)grid.berths[i].width * grid.berths[i].height;
    cr_expect(llabs(areas[2] - 4 * areas[0]) < areas[2] / 50);
    cr_expect_eq(areas[0], areas[1]);
    layout_grid_finish(&grid);
    scene_index_finish(&index);
    sample_finish(&sample);
}

Test(scene_block, what_is_learnt_of_an_instance_moves_nothing)
{
    struct sample sample;
    struct scene_index before, after;
    sample_init(&sample, RUN_SIM);
    struct story_instance *rows = sample.story.instances;
    rows[0].cpu = rows[0].memory_mib = 0;
    scene_index_init_growing(&before, &sample.story, &sample.header);
    rows[0].cpu = 1000;
    rows[0].memory_mib = 900;
    rows[0].registered_at_usec = MS(5000);
    scene_index_init_growing(&after, &sample.story, &sample.header);
    for (int i = 0; i < 2; i++) {
        struct cell then = cell_of(&before, i), now = cell_of(&after, i);
        cr_expect_eq(memcmp(&then, &now, sizeof then), 0);
    }
    scene_index_finish(&before);
    scene_index_finish(&after);
    sample_finish(&sample);
}

Test(scene_block, a_log_that_tells_nothing_of_sizes_is_shown)
{
    struct sample sample;
    struct scene_index index;
    sample_init(&sample, RUN_SIM);
    for (int i = 0; i < 30; i++) {
        sample_instance(&sample, 0, 0, 0);
        struct story_instance *row = &sample.story.instances[sample.story.n_instances - 1];
        row->group = i % 2 ? 99 : ID_NONE;
        row->cpu = row->memory_mib = i % 3 ? 0 : INT32_MAX;
    }
    scene_index_init_growing(&index, &sample.story, &sample.header);
    expect_apart(&index);
    struct layout_grid grid = {0};
    layout_grid_make(&grid, &index, 640, 300, 6, 15, 640);
    for (int i = 0; i < grid.n_berths; i++)
        cr_expect(grid.berths[i].width >= GRID_UNITS && grid.berths[i].height >= GRID_UNITS);
    layout_grid_finish(&grid);
    scene_index_finish(&index);
    sample_finish(&sample);
}
