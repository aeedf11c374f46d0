/*
 * The stage's focus and pin: which thing of the picture is meant. It must never know a window, nor which keys ask for
 * that.
 */
#ifndef BERTH_VIZ_STAGE_THINGS_H
#define BERTH_VIZ_STAGE_THINGS_H

#include "viz/stage.h"

/* The position of a thing among the layout's places; -1: it is not in the picture. */
int stage_things_place(const struct stage *stage, const struct layout_pick *pick);

/* Moves the focus to the next (1) or the previous (-1) thing, in reading order. */
void stage_things_next(struct stage *stage, int direction);

/* To the nearest thing of the same kind to the right (1) or left (-1), or below (1) or above (-1). */
void stage_things_near(struct stage *stage, int right, int down);

/* To the next or the previous match of the filter, which the camera then shows. */
void stage_things_match(struct stage *stage, int direction);

/* Pins a thing, or lets it go where it is pinned; likewise what has the focus, else what is under the pointer. */
void stage_things_pin(struct stage *stage, const struct layout_pick *pick);
void stage_things_pin_focus(struct stage *stage);

#endif
