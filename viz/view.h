/*
 * The window: keys, pointer and time in, the painted scene out. It must never know how a scene is
 * made or laid out, nor what a run is.
 */
#ifndef BERTH_VIZ_VIEW_H
#define BERTH_VIZ_VIEW_H

#include "file/err.h"
#include "viz/clock.h"
#include "viz/layout.h"
#include "viz/painter_sdl.h"
#include "viz/scene.h"

/* Shows the scenes until the user closes the window. False where there is no display. */
bool view_run(struct scene *const *scenes, int n_scenes, struct clock *clock,
              struct painter_sdl *painter, int width, int height, struct err *err);

#endif
