/*
 * Zooming and moving: what is under the pointer stays there, and nothing beyond the edges is shown.
 */
#include "viz/camera.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static const struct shape_rect area = {10, 20, 800, 400};
static const struct layout_camera all = {0};

Test(camera, everything_fits_at_first)
{
    struct layout_camera camera = camera_bounded(all);
    cr_expect_eq(camera.zoom_thousandths, 1000);
    cr_expect_eq(camera_x(&camera, area, 0, 100), 10);
    cr_expect_eq(camera_x(&camera, area, 100, 100), 810);
    cr_expect_eq(camera_y(&camera, area, 0, 7), 20);
    cr_expect_eq(camera_y(&camera, area, 7, 7), 420);
    cr_expect_eq(camera_y(&camera, area, 7, 0), 20, "an area of nothing");
}

Test(camera, what_is_under_the_pointer_stays_there)
{
    struct layout_camera camera = all;
    for (int32_t zoom = 1000; zoom <= 64000; zoom += 777) {
        camera = camera_zoomed(camera, area, zoom, 610, 120);
        /* The point three quarters to the right, one quarter down. */
        cr_expect(abs(camera_x(&camera, area, 750, 1000) - 610) <= 1 + zoom / 1000, "%d", zoom);
        cr_expect(abs(camera_y(&camera, area, 250, 1000) - 120) <= 1 + zoom / 1000, "%d", zoom);
    }
}

Test(camera, keeps_within_the_edges)
{
    srand(1);
    struct layout_camera camera = all;
    for (int i = 0; i < 10000; i++) {
        int x = rand() % 4000 - 2000, y = rand() % 4000 - 2000;
        camera = i % 2 ? camera_moved(camera, area, x, y)
                       : camera_zoomed(camera, area, rand() % 600000 - 1000, x, y);
        cr_assert(camera_x(&camera, area, 0, 1) <= area.x + 1);
        cr_assert(camera_y(&camera, area, 0, 1) <= area.y + 1);
        cr_assert(camera_x(&camera, area, 1, 1) >= area.x + area.width - 2);
        cr_assert(camera_y(&camera, area, 1, 1) >= area.y + area.height - 2);
    }
    struct layout_camera wild = camera_bounded((struct layout_camera){-5, INT32_MIN, INT32_MAX});
    cr_expect_eq(wild.zoom_thousandths, 1000);
    cr_expect_eq(wild.x, 500000);
}

Test(camera, moves_by_pixels_and_to_things)
{
    struct layout_camera camera = camera_zoomed(all, area, 4000, 410, 220);
    int before = camera_x(&camera, area, 1, 2);
    camera = camera_moved(camera, area, 37, 0);
    cr_expect(abs(camera_x(&camera, area, 1, 2) - before - 37) <= 1);
    struct shape_rect thing = {700, 300, 20, 10};
    int x = camera_x(&camera, area, 1, 2);
    camera = camera_centred(camera, area, thing);
    cr_expect(abs(camera_x(&camera, area, 1, 2) - (x - 710 + 410)) <= 1);
}
