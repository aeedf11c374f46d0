/*
 * The keys, shown over the picture. It must never know what they do.
 */
#ifndef BERTH_VIZ_HELP_H
#define BERTH_VIZ_HELP_H

#include "viz/layout.h"

/* Adds it on top of all that the layout has by now, with as large letters as fit; where even the smallest legible
 * ones do not, page by page (from 0). Returns how many pages there are. */
int help_add(struct layout *layout, int width, int height, int page);

#endif
