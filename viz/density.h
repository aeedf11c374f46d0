/*
 * How many pixels of a screen make a point, the unit in which every picture is laid out and pointed at: a picture
 * looks the same on a screen with small pixels, only finer. Densities are percents: 100 is a pixel to a point, 200
 * two by two. It must never know a window or what is in a picture.
 */
#ifndef BERTH_VIZ_DENSITY_H
#define BERTH_VIZ_DENSITY_H

#include <stdbool.h>
#include <stdint.h>

#define DENSITY_ONE 100
#define DENSITY_MOST 400

/* What is known of a window and its screen. */
struct density_screen {
    int window;            /* the window's width in the units that pointers are told in */
    int pixels;            /* and in pixels of what can be drawn on */
    const char *gdk_scale; /* the environment's GDK_SCALE; NULL: it has none */
    const char *
        resources; /* the X server's, a line each: "Xft.dpi:\t192"; NULL: there is no such server */
};

/* The screen's: the window's own ratio where it has one (Wayland), else what other programs on this screen are told.
 * In whole quarters of a pixel to a point. */
int density_of_screen(const struct density_screen *screen);

/* "1", "1.5", "2"; "auto" is 0. Returns false where it is none, or beyond 1 to 4. */
bool density_read(const char *text, int *percent);

/* As many points as it takes to cover the pixels; the pixel in which a point begins. */
int density_points(int pixels, int percent);
int density_pixels(int points, int percent);

/* The point that is meant by a place in a window of so many units and pixels. */
int density_point_at(int at, int window, int pixels, int percent);

#endif
