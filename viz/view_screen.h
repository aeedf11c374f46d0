/*
 * A window's pixels, and what its screen says of their density. It must never know what the window shows.
 */
#ifndef BERTH_VIZ_VIEW_SCREEN_H
#define BERTH_VIZ_VIEW_SCREEN_H

#include <SDL2/SDL.h>

/* Pixels of what can be drawn on in a window. */
void view_screen_pixels(SDL_Window *window, int *width, int *height);

/* Shows 0xFFRRGGBB pixels, as many as can be drawn on. */
void view_screen_show(SDL_Window *window, uint32_t *pixels, int width, int height);

/* Pixels of a point in percent, as viz/density.h has them. */
int view_screen_density(SDL_Window *window);

#endif
