/*
 * The instances' part of the picture: boxes whose area is their capacity, zone by zone, with the
 * tasks in them. It must never know what stands around it.
 */
#ifndef BERTH_VIZ_LAYOUT_BOX_H
#define BERTH_VIZ_LAYOUT_BOX_H

#include "viz/layout.h"

/* Lays out all instances of a scene in `area`; every instance of the run has its place from the
 * start. */
void layout_boxes(struct layout *layout, const struct scene *scene, int which,
                  const struct layout_view *view, struct shape_rect area);

#endif
