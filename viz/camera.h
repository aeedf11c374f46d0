/*
 * Looking closer at a part of an area, and moving about in it. A camera knows millionths of the area
 * and how many times it is enlarged; this room turns them into pixels and back. It must never know
 * what is in the area, a key or a mouse.
 */
#ifndef BERTH_VIZ_CAMERA_H
#define BERTH_VIZ_CAMERA_H

#include "viz/layout.h"

#define CAMERA_ZOOM_LEAST 1000
#define CAMERA_ZOOM_MOST 256000

/* The same camera within its bounds: nothing beyond the area's edges is shown. */
struct layout_camera camera_bounded(struct layout_camera camera);

/* Sets the zoom; what was at a point of the picture stays there, as far as the bounds allow. */
struct layout_camera camera_zoomed(struct layout_camera camera, struct shape_rect area,
                                   int32_t zoom_thousandths, int x, int y);

/* Moves what is shown by so many pixels: to the right and down where they are positive. */
struct layout_camera camera_moved(struct layout_camera camera, struct shape_rect area, int right,
                                  int down);

/* The same zoom, with a rectangle of the picture as it is now in the middle. */
struct layout_camera camera_centred(struct layout_camera camera, struct shape_rect area,
                                    struct shape_rect on);

/* Where in the picture a line stands that is so many `units` of `whole` into the area. */
int camera_x(const struct layout_camera *camera, struct shape_rect area, int64_t units,
             int64_t whole);
int camera_y(const struct layout_camera *camera, struct shape_rect area, int64_t units,
             int64_t whole);

#endif
