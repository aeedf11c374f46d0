/*
 * A picture as a list of the few things a painter can draw: filled and framed rectangles, stripes,
 * and text of one fixed-width font. Every painter that follows the list and the font's measures
 * below draws the same picture. It must never know what the picture shows.
 */
#ifndef BERTH_VIZ_SHAPE_H
#define BERTH_VIZ_SHAPE_H

#include "viz/palette.h"

#include <stdbool.h>

enum shape_kind {
    SHAPE_FILL,
    SHAPE_FRAME,   /* one point wide, inside the rectangle */
    SHAPE_DASHED,  /* likewise */
    SHAPE_STRIPES, /* diagonal lines that rise to the right */
    SHAPE_VEIL,    /* the paint laid over what is there, SHAPE_VEIL_ALPHA of 255 */
    SHAPE_TEXT,
    SHAPE_CLIP, /* what follows is drawn within this rectangle only, until the next one */
};

#define SHAPE_VEIL_ALPHA 184

/* Points from the picture's upper left corner: see viz/density.h. */
struct shape_rect {
    int x, y, width, height;
};

struct shape {
    enum shape_kind kind;
    enum paint paint;
    struct shape_rect rect;
    int size;  /* of text: its em */
    bool bold; /* likewise */
    int text;  /* likewise: where it starts in the list's texts */
};

struct shapes {
    enum theme theme; /* whose colours the painter takes */
    int density;      /* pixels of a point in percent; 0 is DENSITY_ONE */
    struct shape *list;
    int n_list, cap_list;
    char *texts;
    int n_texts, cap_texts;
};

void shapes_clear(struct shapes *shapes);
void shapes_finish(struct shapes *shapes);

/* Adds a rectangle; one without area is left out. */
void shapes_add(struct shapes *shapes, enum shape_kind kind, enum paint paint,
                struct shape_rect rect);

/* From here on nothing is drawn outside the rectangle. */
void shapes_clip(struct shapes *shapes, struct shape_rect rect);

/* Adds UTF-8 text of at most `width` points: what is longer ends in an ellipsis, and where not even
 * one letter has room there is none. Returns the points it takes. */
int shapes_text(struct shapes *shapes, enum paint paint, int x, int y, int width, int size,
                bool bold, const char *text);

/* The same list in pixels of the density that it is meant for; `pixels` is reused from call to call. */
void shapes_enlarge(struct shapes *pixels, const struct shapes *shapes);

/* Pixels of a thin line. */
int shapes_stroke(const struct shapes *shapes);

/* A measure of a point or more, in pixels. */
int shapes_measure(const struct shapes *shapes, int points);

const char *shapes_text_of(const struct shapes *shapes, const struct shape *shape);

/* The measures of DejaVu Sans Mono: what every letter moves the pen by, and a line's height. */
int shape_advance(int size);
int shape_line(int size);

/* Letters in a UTF-8 text, and what is `n` letters into it. */
int shape_letters(const char *text);
const char *shape_skip(const char *text, int n);

/* The rectangle smaller by `by` on each side. */
struct shape_rect shape_inset(struct shape_rect rect, int by);

/* What two rectangles have in common; no area where nothing. */
struct shape_rect shape_meet(struct shape_rect a, struct shape_rect b);
bool shape_contains(struct shape_rect rect, int x, int y);

#endif
