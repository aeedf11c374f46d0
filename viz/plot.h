/*
 * Pictures of runs, as gnuplot scripts. It must never know how gnuplot is run or how runs are read.
 */
#ifndef BERTH_VIZ_PLOT_H
#define BERTH_VIZ_PLOT_H

#include "file/buffer.h"
#include "viz/compare.h"

/* Tasks that one picture shows; the title says so where there are more. */
#define PLOT_TASKS 60

/* The script that draws two runs over one axis of time: instances, their tasks, and for each task a
 * bar per run with its phases; what was modelled is hatched. `path` decides the kind of picture. */
void plot_compare(struct buffer *script, const struct compare *compare, const char *path);

#endif
