/*
 * What signs and patterns mean, in a line. It must never know what else is in the picture.
 */
#ifndef BERTH_VIZ_LAYOUT_LEGEND_H
#define BERTH_VIZ_LAYOUT_LEGEND_H

#include "viz/layout.h"

/* At the right of the area; what these runs have no example of is left out, and where not all has room the parts of
 * life go first. */
void layout_legend(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                   struct shape_rect area);

#endif
