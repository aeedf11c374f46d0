/*
 * The keys, shown over the picture. It must never know what they do.
 */
#ifndef BERTH_VIZ_HELP_H
#define BERTH_VIZ_HELP_H

#include "viz/layout.h"

/* Adds it on top of all that the layout has by now; in as many columns and with as large letters as fit. */
void help_add(struct layout *layout, int width, int height);

#endif
