/*
 * The time line that all runs of a picture share, with its marks, and the charts under it. It must never know who
 * paints or what a window is.
 */
#ifndef BERTH_VIZ_TIME_LINE_H
#define BERTH_VIZ_TIME_LINE_H

#include "viz/layout.h"

/* Pixels that they take of the picture's height; no charts where there is no room for them. */
int time_line_height(const struct layout *layout, const struct layout_view *view, int n_scenes);
int time_line_strips_height(const struct layout *layout, const struct layout_view *view);

/* Adds it in `area`, and the charts in layout->strips. Sets layout->time_line and layout->strips to where x is
 * time. */
void time_line_add(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                   const struct layout_view *view, struct shape_rect area);

/* What the sign of a mark is. */
const char *time_line_sign(enum chronicle_kind kind);
enum paint time_line_paint(enum chronicle_kind kind);

/* Where a moment stands in the picture. */
int time_line_x(const struct layout *layout, int64_t at_usec);

#endif
