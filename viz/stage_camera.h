/*
 * The stage's camera, which all runs share: closer, further away, aside. It must never know a window, nor which keys
 * ask for that.
 */
#ifndef BERTH_VIZ_STAGE_CAMERA_H
#define BERTH_VIZ_STAGE_CAMERA_H

#include "viz/stage.h"

/* The boxes of the run under a point, else of the first. */
struct shape_rect stage_camera_area(const struct stage *stage, int x, int y);

/* So many steps in, or out where they are negative; the point stays where it is, else the middle of the boxes. */
void stage_camera_zoom(struct stage *stage, int x, int y, int steps);

/* In (1) or out (-1) at the thing that has the focus, which comes into the middle, else at the pointer. */
void stage_camera_zoom_focus(struct stage *stage, int direction);

/* To the right (1) or left (-1), down (1) or up (-1). */
void stage_camera_pan(struct stage *stage, int right, int down);

#endif
