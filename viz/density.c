/*
 * Integers all the way. It must never know a window or what is in a picture.
 */
#include "viz/density.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Dots per inch that are a pixel to a point everywhere on X. */
#define DPI_ONE 96

#define QUARTER 25

static int64_t divide_down(int64_t value, int64_t by)
{
    return value >= 0 ? value / by : -((-value + by - 1) / by);
}

/* To the next quarter, kept within what is drawn well. */
static int whole_quarters(int64_t percent)
{
    int64_t rounded = (percent + QUARTER / 2) / QUARTER * QUARTER;
    return rounded < DENSITY_ONE    ? DENSITY_ONE
           : rounded > DENSITY_MOST ? DENSITY_MOST
                                    : (int)rounded;
}

/* The number after the name at a line's beginning; 0: there is none. */
static double resource(const char *resources, const char *name)
{
    size_t length = strlen(name);
    while (resources && *resources != '\0') {
        if (strncmp(resources, name, length) == 0)
            return strtod(resources + length, NULL);
        resources = strchr(resources, '\n');
        resources += resources != NULL;
    }
    return 0;
}

/* Whether it is a number that a density can be made of; NaN is none. */
static bool is_sane(double value)
{
    return value > 0 && value < 10000;
}

int density_of_screen(const struct density_screen *screen)
{
    if (screen->window > 0 && screen->pixels > screen->window)
        return whole_quarters((int64_t)screen->pixels * DENSITY_ONE / screen->window);
    double scale = screen->gdk_scale ? strtod(screen->gdk_scale, NULL) : 0;
    if (is_sane(scale))
        return whole_quarters((int64_t)(scale * DENSITY_ONE));
    double dpi = resource(screen->resources, "Xft.dpi:");
    return is_sane(dpi) ? whole_quarters((int64_t)(dpi * DENSITY_ONE / DPI_ONE)) : DENSITY_ONE;
}

bool density_read(const char *text, int *percent)
{
    double value;
    char rest;
    if (strcmp(text, "auto") == 0) {
        *percent = 0;
        return true;
    }
    if (sscanf(text, "%lf%c", &value, &rest) != 1 ||
        !(value >= 1 && value * DENSITY_ONE <= DENSITY_MOST))
        return false;
    *percent = (int)(value * DENSITY_ONE + 0.5);
    return true;
}

int density_points(int pixels, int percent)
{
    return (int)(((int64_t)pixels * DENSITY_ONE + percent - 1) / percent);
}

int density_pixels(int points, int percent)
{
    return (int)divide_down((int64_t)points * percent, DENSITY_ONE);
}

int density_point_at(int at, int window, int pixels, int percent)
{
    if (window < 1)
        return at;
    int64_t pixel = divide_down((int64_t)at * pixels, window);
    /* The last point that begins in this pixel or before it. */
    return (int)divide_down((pixel + 1) * DENSITY_ONE - 1, percent);
}
