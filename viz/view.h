/*
 * The window: keys, pointer and time in, the painted stage out. It must never know how a scene is made or laid out.
 */
#ifndef BERTH_VIZ_VIEW_H
#define BERTH_VIZ_VIEW_H

#include "file/err.h"
#include "viz/painter_sdl.h"
#include "viz/reel.h"
#include "viz/stage.h"

/* Shows the stage until the user closes the window, at first with the stage's own width and height. The reels are the
 * stage's; those that still go on are read on. False where there is no display. */
bool view_run(struct stage *stage, struct painter_sdl *painter, struct reel *reels, int n_reels,
              struct err *err);

#endif
