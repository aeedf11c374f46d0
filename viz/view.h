/*
 * The window: keys, pointer and time in, the painted stage out. It must never know how a scene is made or laid out,
 * nor what a run is.
 */
#ifndef BERTH_VIZ_VIEW_H
#define BERTH_VIZ_VIEW_H

#include "file/err.h"
#include "viz/painter_sdl.h"
#include "viz/stage.h"

/* Shows the stage until the user closes the window, at first with the stage's own width and height. False where
 * there is no display. */
bool view_run(struct stage *stage, struct painter_sdl *painter, struct err *err);

#endif
