/*
 * A task's tile: as large as what it reserves, filled by what it uses, with as much text as has room.
 * It must never know instances.
 */
#ifndef BERTH_VIZ_LAYOUT_TILE_H
#define BERTH_VIZ_LAYOUT_TILE_H

#include "viz/layout.h"

/* Pixels from which on a thing has a frame. */
#define TILE_FRAMED_LEAST 12

/* The sign, the paint and the pattern that stand for a part of a task's life. */
const char *layout_mark(enum life life);
enum paint layout_paint(enum life life);
void layout_swatch(struct layout *layout, enum life life, struct shape_rect rect);

/* What lies over the swatch of a task that runs but gets nothing new. */
extern const char layout_draining_mark[];
void layout_draining(struct layout *layout, struct shape_rect rect);

/* Around what differs between two runs. */
void layout_odd(struct layout *layout, struct shape_rect rect);

/* How much is used, in thousandths of what is reserved, at the right edge of a rectangle. */
void layout_gauge(struct layout *layout, int32_t level, struct shape_rect rect);

/* What a machine takes for itself of the memory that a rectangle stands for: hatched at its right, with a word for it
 * where there is room, and never all of it. Returns what is left. */
struct shape_rect layout_system(struct layout *layout, struct shape_rect inside, const char *word,
                                int32_t mib, int32_t whole_mib);

/* `nominal` is the tile's height before rounding to pixels: equal tiles get equal letters. */
void layout_tile(struct layout *layout, const struct scene *scene, const struct scene_task *task,
                 struct shape_rect rect, int nominal);

#endif
