/*
 * Where every berth of a run lies in its area when everything fits: worked out once for an area's size and
 * kept, so that zooming and playing move nothing. Of a run that goes on the boxes lie as in its plane, which is
 * stretched over the area: it gets denser when it must hold more than there was room for. It must never know
 * moments, tasks or paint.
 */
#ifndef BERTH_VIZ_LAYOUT_GRID_H
#define BERTH_VIZ_LAYOUT_GRID_H

#include "viz/scene_index.h"

/* Of a pixel: small boxes have sizes of their own too. */
#define GRID_UNITS 64

struct grid_rect {
    int32_t x, y, width, height; /* units from the area's upper left corner */
};

/* What stands over some boxes. */
struct grid_heading {
    struct grid_rect rect; /* no height: it needs none */
    int section;
};

struct layout_grid {
    int width, height, gap, label, plan; /* what it was made for: pixels */
    uint64_t serial;
    struct grid_rect *berths;
    struct grid_heading *headings;
    int n_berths, n_headings;
};

/* Works it out, unless it is done: for an area of so many pixels, gaps of at most `gap` and headings
 * of `label` pixels' height. How things stand beside each other is decided as if the area were `plan` pixels wide: it
 * stays when a panel takes some of the width. */
void layout_grid_make(struct layout_grid *grid, const struct scene_index *index, int width,
                      int height, int gap, int label, int plan);
void layout_grid_finish(struct layout_grid *grid);

#endif
