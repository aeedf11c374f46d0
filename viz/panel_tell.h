/*
 * What the side panel says about a thing at a moment: a task's life and its placement, an instance's
 * boot and cost, a service's deployments and events. The words of the placement are those of
 * `berth explain`. It must never know where the words are drawn.
 */
#ifndef BERTH_VIZ_PANEL_TELL_H
#define BERTH_VIZ_PANEL_TELL_H

#include "viz/panel.h"
#include "viz/why.h"

/* Fills an empty panel with what there is to say of a thing of scene number `pick->scene`; for tasks
 * `why` is asked, and its answer is shown once it is there. */
void panel_tell(struct panel *panel, const struct scene *scene, const struct layout_pick *pick,
                struct why *why);

/* The table of one placement: filters, candidates by rule, what decided. `scene` is its links' number. */
void panel_tell_placement(struct panel *panel, const struct explain *explain, int scene);

/* The service of a task, or what a waiting thing is: a place that moves with time is pinned by what it
 * stands for. */
struct layout_pick panel_tell_pick(const struct scene *scene, struct layout_pick pick);

#endif
