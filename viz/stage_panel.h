/*
 * The stage's side panel, its predict mode and what differs between its two runs: everything of the view that
 * waits for a log to be replayed. It must never know a window, a driver or the computer's clock.
 */
#ifndef BERTH_VIZ_STAGE_PANEL_H
#define BERTH_VIZ_STAGE_PANEL_H

#include "viz/stage.h"

void stage_panel_init(struct stage *stage);
void stage_panel_finish(struct stage *stage);

/* A run that goes on has grown: before its scenes are made anew, and after. What was asked, answered and scored
 * stays. */
void stage_panel_release(struct stage *stage);
void stage_panel_take(struct stage *stage);

/* After the scenes have moved and before they are laid out: holds back what is to be predicted, outlines what
 * differs, leaves room for the panel. `text` of `size` bytes takes what is to be said of differences. */
void stage_panel_prepare(struct stage *stage, struct layout_view *view, char *text, size_t size);

/* After they are laid out: the panel. */
void stage_panel_draw(struct stage *stage);

/* What a key of the table means while there is something to predict; false: what it always means. */
bool stage_panel_key(struct stage *stage, enum keys_act act, int amount);

/* Something was clicked at, or taken with Enter. True where it was an answer. */
bool stage_panel_pick(struct stage *stage, const struct layout_pick *pick);

/* Time stops before each placement that is to be predicted. */
void stage_panel_clamp(struct stage *stage);

/* Rolls the panel. */
void stage_panel_scroll(struct stage *stage, int steps);

#endif
