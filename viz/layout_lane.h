/*
 * The lanes below the boxes: what waits for room, with its nearest miss, and what is on its way: boots,
 * pulls, drains, stops. It must never know what stands around it.
 */
#ifndef BERTH_VIZ_LAYOUT_LANE_H
#define BERTH_VIZ_LAYOUT_LANE_H

#include "viz/layout.h"

/* Lays the lanes out at the lower end of `area`, as far as it is high enough, and makes it smaller. */
void layout_lanes(struct layout *layout, const struct scene *scene, int which,
                  struct shape_rect *area);

#endif
