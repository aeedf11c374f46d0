/*
 * What is said about the thing under the pointer, or under the keyboard's focus. It must never know who paints.
 */
#ifndef BERTH_VIZ_TIP_H
#define BERTH_VIZ_TIP_H

#include "viz/layout.h"

/* Adds it on top of all that the layout has by now. */
void tip_add(struct layout *layout, const struct scene *const *scenes,
             const struct layout_view *view);

#endif
