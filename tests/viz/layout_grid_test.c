/*
 * Every berth in the area, on no other, as large as its capacity.
 */
#include "viz/layout_grid.h"

#include "sample.h"

#include <criterion/criterion.h>

static struct sample sample;
static struct scene_index index_of_run;
static struct layout_grid grid;

static void make(int n_instances)
{
    sample_init(&sample, RUN_SIM);
    sample_group(&sample, "big", 4096, 4096);
    for (int i = 2; i < n_instances; i++)
        sample_instance(&sample, i % 3 == 0, i % 2, 0);
    scene_index_init(&index_of_run, &sample.story, &sample.header);
}

static void drop(void)
{
    layout_grid_finish(&grid);
    scene_index_finish(&index_of_run);
    sample_finish(&sample);
}

static bool meet(const struct grid_rect *a, const struct grid_rect *b)
{
    return a->x < b->x + b->width && b->x < a->x + a->width && a->y < b->y + b->height &&
           b->y < a->y + a->height;
}

Test(layout_grid, all_lie_in_the_area_apart_and_as_large_as_they_are)
{
    static const int numbers[] = {2, 3, 7, 40, 300},
                     sizes[][2] = {{1260, 500}, {300, 150}, {400, 900}};
    for (int n = 0; n < 5; n++) {
        make(numbers[n]);
        for (int s = 0; s < 3; s++) {
            layout_grid_make(&grid, &index_of_run, sizes[s][0], sizes[s][1], 6, 15, sizes[s][0]);
            for (int i = 0; i < grid.n_berths; i++) {
                const struct grid_rect *rect = &grid.berths[i];
                cr_expect(rect->x >= 0 && rect->y >= 15 * GRID_UNITS &&
                              rect->x + rect->width <= sizes[s][0] * GRID_UNITS &&
                              rect->y + rect->height <= sizes[s][1] * GRID_UNITS,
                          "%d of %d", i, numbers[n]);
                for (int j = 0; j < i; j++)
                    cr_expect(!meet(rect, &grid.berths[j]), "%d and %d of %d", i, j, numbers[n]);
            }
            /* Where pixels do not matter, four times the capacity is four times the area. */
            int64_t small = 0, big = 0;
            for (int i = 0; i < grid.n_berths; i++) {
                int64_t area = (int64_t)grid.berths[i].width * grid.berths[i].height;
                *(index_of_run.berths[i].cpu > 1024 ? &big : &small) = area;
            }
            if (big > 0 && small > 64 * 64 * 2000)
                cr_expect(llabs(big - 4 * small) < big / 20, "%lld and %lld", (long long)big,
                          (long long)small);
        }
        drop();
    }
}

Test(layout_grid, a_panel_changes_no_arrangement)
{
    make(8);
    struct layout_grid narrow = {0};
    layout_grid_make(&grid, &index_of_run, 1260, 500, 6, 15, 1260);
    layout_grid_make(&narrow, &index_of_run, 840, 500, 6, 15, 1260);
    cr_expect_eq(grid.headings[0].rect.y < grid.headings[1].rect.y,
                 narrow.headings[0].rect.y < narrow.headings[1].rect.y);
    cr_expect_eq(grid.headings[0].rect.x < grid.headings[1].rect.x,
                 narrow.headings[0].rect.x < narrow.headings[1].rect.x);
    layout_grid_finish(&narrow);
    drop();
}

Test(layout_grid, is_made_once)
{
    make(4);
    layout_grid_make(&grid, &index_of_run, 640, 300, 6, 15, 640);
    const struct grid_rect *before = grid.berths;
    layout_grid_make(&grid, &index_of_run, 640, 300, 6, 15, 640);
    cr_expect_eq(grid.berths, before);
    layout_grid_make(&grid, &index_of_run, 64, 3, 6, 15, 64);
    cr_expect_eq(grid.n_berths, 4, "however small");
    drop();
}
