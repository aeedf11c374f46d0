/*
 * Zooming goes by fifths around a point, moving by eighths of the first run's boxes. It must never know a window, nor
 * which keys ask for that.
 */
#include "viz/stage_camera.h"

#include "viz/camera.h"
#include "viz/stage_things.h"

struct shape_rect stage_camera_area(const struct stage *stage, int x, int y)
{
    for (int i = 0; i < stage->n_scenes; i++) {
        if (shape_contains(stage->layout.boxes[i], x, y))
            return stage->layout.boxes[i];
    }
    return stage->layout.boxes[0];
}

void stage_camera_zoom(struct stage *stage, int x, int y, int steps)
{
    struct shape_rect area = stage_camera_area(stage, x, y);
    struct layout_camera camera = camera_bounded(stage->look.camera);
    int64_t thousandths = camera.zoom_thousandths;
    for (; steps > 0 && thousandths < CAMERA_ZOOM_MOST; steps--)
        thousandths = thousandths * 5 / 4;
    for (; steps < 0 && thousandths > CAMERA_ZOOM_LEAST; steps++)
        thousandths = thousandths * 4 / 5;
    if (!shape_contains(area, x, y)) {
        x = area.x + area.width / 2;
        y = area.y + area.height / 2;
    }
    stage->look.camera = camera_zoomed(camera, area, (int32_t)thousandths, x, y);
}

void stage_camera_zoom_focus(struct stage *stage, int direction)
{
    int at = stage_things_place(stage, &stage->look.focus), x = stage->pointer_x,
        y = stage->pointer_y;
    if (at >= 0) {
        const struct layout_place *place = &stage->layout.places[at];
        struct shape_rect area = stage->layout.boxes[place->pick.scene];
        struct shape_rect middle = {place->rect.x + place->rect.width / 2,
                                    place->rect.y + place->rect.height / 2, 0, 0};
        stage_camera_zoom(stage, middle.x, middle.y, 2 * direction);
        stage->look.camera = camera_centred(stage->look.camera, area, middle);
        return;
    }
    stage_camera_zoom(stage, x, y, 2 * direction);
}

void stage_camera_pan(struct stage *stage, int right, int down)
{
    struct shape_rect area = stage->layout.boxes[0];
    stage->look.camera =
        camera_moved(stage->look.camera, area, -right * area.width / 8, -down * area.height / 8);
}
