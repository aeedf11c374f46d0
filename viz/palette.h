/*
 * The colours of every picture that berth makes, by what they mean. They are Okabe and Ito's set,
 * which people with any kind of colour blindness can tell apart, and never the only sign of
 * anything: a shape or a letter always says the same. It must never know what is drawn.
 */
#ifndef BERTH_VIZ_PALETTE_H
#define BERTH_VIZ_PALETTE_H

#include <stdint.h>

enum paint {
    PAINT_PAPER, /* the background */
    PAINT_PANEL, /* a box's inside */
    PAINT_CELL,  /* likewise, of a box that is too small for a frame */
    PAINT_INK,
    PAINT_FAINT, /* text of less weight */
    PAINT_RULE,  /* thin lines */
    PAINT_TIP,   /* a tooltip's background */
    PAINT_SIM,
    PAINT_REAL,
    PAINT_CPU,
    PAINT_MEMORY,
    PAINT_WAIT,
    PAINT_PULL,
    PAINT_CREATE,
    PAINT_READY, /* getting ready */
    PAINT_PENDING,
    PAINT_PENDING_STRIPE,
    PAINT_RUNNING,
    PAINT_STOPPING,
    PAINT_STOPPING_STRIPE,
    PAINT_FAILED,
    PAINT_SIM_LIGHT, /* areas under a curve */
    PAINT_REAL_LIGHT,
    PAINT_SECOND,     /* of two runs of one mode */
    PAINT_DEPLOYMENT, /* marks of the time line */
    PAINT_SCALE,
    PAINT_FAULT,
    PAINT_FOCUS, /* around what the keyboard points at */
    PAINTS,
};

enum theme {
    THEME_LIGHT, /* on paper and on plots */
    THEME_DARK,
    THEME_PROJECTOR, /* light, with more contrast */
    THEMES,
};

/* "light", "dark", "projector" */
extern const char *const theme_names[];

/* 0xRRGGBB. The light theme's. */
uint32_t palette_rgb(enum paint paint);
uint32_t palette_colour(enum theme theme, enum paint paint);

/* The colour mixed with white, of which `shade` per cent are left. */
uint32_t palette_shaded(enum paint paint, int shade);

#endif
