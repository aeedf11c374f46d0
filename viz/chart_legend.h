/*
 * A chart's legend, and the signs it is made of, as gnuplot objects. It must never know what the numbers mean.
 */
#ifndef BERTH_VIZ_CHART_LEGEND_H
#define BERTH_VIZ_CHART_LEGEND_H

#include "file/buffer.h"
#include "viz/chart.h"

#define CHART_WIDTH 1280

/* Words at so many pixels from the upper left of a picture so high; `look` is gnuplot's. */
void chart_words(struct buffer *script, int height, const char *text, int x, int y,
                 const char *look);

/* Above the first panel: titles, and as many rows of the legend as there must be. */
int chart_head_pixels(const struct chart *chart);

void chart_legend(struct buffer *script, const struct chart *chart, int height);

#endif
