/*
 * Paints shapes as an SVG text: the same rectangles at the same places, and text as text. It must never
 * know what the shapes mean.
 */
#ifndef BERTH_VIZ_PAINTER_SVG_H
#define BERTH_VIZ_PAINTER_SVG_H

#include "file/buffer.h"
#include "file/err.h"
#include "viz/shape.h"

/* Appends a whole SVG document. */
void painter_svg_draw(struct buffer *svg, const struct shapes *shapes, int width, int height);

/* Writes it to a file. */
bool painter_svg_save(const char *path, const struct shapes *shapes, int width, int height,
                      struct err *err);

#endif
