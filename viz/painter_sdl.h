/*
 * Paints shapes into memory, in as many pixels as a point of them has, with SDL_ttf's letters. Needs no
 * display, no driver and no SDL_Init(): a window shows the same pixels that a picture file gets. It must never
 * know what the shapes mean.
 */
#ifndef BERTH_VIZ_PAINTER_SDL_H
#define BERTH_VIZ_PAINTER_SDL_H

#include "file/err.h"
#include "viz/shape.h"

#include <stdint.h>

struct painter_sdl;

/* NULL where the font is missing. */
struct painter_sdl *painter_sdl_create(struct err *err);
void painter_sdl_destroy(struct painter_sdl *painter);

/* Draws the list from its first shape to its last and returns width * height pixels 0xFFRRGGBB, row
 * by row from the top: the painter's own, until its next call; it must not be written to. Only parts in which the
 * list says something else than in the last call are drawn again. */
uint32_t *painter_sdl_draw(struct painter_sdl *painter, const struct shapes *shapes, int width,
                           int height);

/* The next call draws everything anew instead of what has changed since the last one. */
void painter_sdl_forget(struct painter_sdl *painter);

/* Where the last call has drawn: fills up to `most` rectangles, returns how many there are. */
int painter_sdl_changed(const struct painter_sdl *painter, struct shape_rect *rects, int most);

#endif
