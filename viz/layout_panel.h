/*
 * A side panel in a picture: its rows in the room that the layout has left for it. It must never know
 * what the rows say.
 */
#ifndef BERTH_VIZ_LAYOUT_PANEL_H
#define BERTH_VIZ_LAYOUT_PANEL_H

#include "viz/panel.h"

/* Adds the panel's shapes and the places of its links to a layout that has just been made. `scroll`:
 * pixels that are passed over at its top, kept within what there is. Returns the scroll that is kept. */
int layout_panel(struct layout *layout, const struct panel *panel, int scroll);

#endif
