/*
 * Integers all the way: the same camera gives the same pixels on every machine. It must never know
 * what is in the area, a key or a mouse.
 */
#include "viz/camera.h"

#define WHOLE 1000000

static int32_t bounded(int64_t centre, int32_t zoom_thousandths)
{
    int64_t half = (int64_t)WHOLE * 1000 / zoom_thousandths / 2;
    return (int32_t)(centre < half ? half : centre > WHOLE - half ? WHOLE - half : centre);
}

struct layout_camera camera_bounded(struct layout_camera camera)
{
    if (camera.zoom_thousandths == 0)
        return (struct layout_camera){CAMERA_ZOOM_LEAST, WHOLE / 2, WHOLE / 2};
    if (camera.zoom_thousandths < CAMERA_ZOOM_LEAST)
        camera.zoom_thousandths = CAMERA_ZOOM_LEAST;
    if (camera.zoom_thousandths > CAMERA_ZOOM_MOST)
        camera.zoom_thousandths = CAMERA_ZOOM_MOST;
    camera.x = bounded(camera.x, camera.zoom_thousandths);
    camera.y = bounded(camera.y, camera.zoom_thousandths);
    return camera;
}

/* So many pixels in millionths of a side that is `side` pixels long when everything fits. */
static int64_t millionths(int64_t pixels, int side, int32_t zoom_thousandths)
{
    return side > 0 ? pixels * WHOLE * 1000 / side / zoom_thousandths : 0;
}

struct layout_camera camera_zoomed(struct layout_camera camera, struct shape_rect area,
                                   int32_t zoom_thousandths, int x, int y)
{
    camera = camera_bounded(camera);
    int right = x - area.x - area.width / 2, down = y - area.y - area.height / 2;
    int64_t at_x = camera.x + millionths(right, area.width, camera.zoom_thousandths);
    int64_t at_y = camera.y + millionths(down, area.height, camera.zoom_thousandths);
    camera.zoom_thousandths = zoom_thousandths < CAMERA_ZOOM_LEAST  ? CAMERA_ZOOM_LEAST
                              : zoom_thousandths > CAMERA_ZOOM_MOST ? CAMERA_ZOOM_MOST
                                                                    : zoom_thousandths;
    camera.x = (int32_t)(at_x - millionths(right, area.width, camera.zoom_thousandths));
    camera.y = (int32_t)(at_y - millionths(down, area.height, camera.zoom_thousandths));
    return camera_bounded(camera);
}

struct layout_camera camera_moved(struct layout_camera camera, struct shape_rect area, int right,
                                  int down)
{
    camera = camera_bounded(camera);
    camera.x -= (int32_t)millionths(right, area.width, camera.zoom_thousandths);
    camera.y -= (int32_t)millionths(down, area.height, camera.zoom_thousandths);
    return camera_bounded(camera);
}

struct layout_camera camera_centred(struct layout_camera camera, struct shape_rect area,
                                    struct shape_rect on)
{
    return camera_moved(camera, area, area.x + area.width / 2 - on.x - on.width / 2,
                        area.y + area.height / 2 - on.y - on.height / 2);
}

static int pixel(int64_t units, int64_t whole, int32_t centre, int32_t zoom_thousandths, int start,
                 int side)
{
    if (whole < 1)
        return start;
    /* Of the area's left edge first, rounded down: every line moves alike when the camera does. */
    int64_t enlarged = (int64_t)side * zoom_thousandths;
    int64_t left = (int64_t)centre * enlarged / WHOLE / 1000 - side / 2;
    return (int)(start - left + units * enlarged / whole / 1000);
}

int camera_x(const struct layout_camera *camera, struct shape_rect area, int64_t units,
             int64_t whole)
{
    return pixel(units, whole, camera->x, camera->zoom_thousandths, area.x, area.width);
}

int camera_y(const struct layout_camera *camera, struct shape_rect area, int64_t units,
             int64_t whole)
{
    return pixel(units, whole, camera->y, camera->zoom_thousandths, area.y, area.height);
}
