/*
 * Where everything of one scene, or of two in step, stands in a picture of a given size. The result
 * is a list of shapes for any painter and a list of places that a pointer can be over. It must
 * never know who paints or what a window is.
 */
#ifndef BERTH_VIZ_LAYOUT_H
#define BERTH_VIZ_LAYOUT_H

#include "viz/scene.h"
#include "viz/shape.h"

/* What the picture is told besides the scenes. */
struct layout_view {
    int width, height;
    int64_t length_usec;      /* of the longest run */
    const char *state;        /* "paused", "playing x2"; NULL: a still picture, without the keys */
    int pointer_x, pointer_y; /* -1: nowhere */
};

enum layout_thing { LAYOUT_TASK, LAYOUT_INSTANCE };

/* A place that answers the pointer: later ones lie on top of earlier ones. */
struct layout_place {
    enum layout_thing thing;
    int scene; /* which of the two */
    int at;    /* position in the scene's tasks or instances */
    struct shape_rect rect;
};

/* Text sizes that follow the picture's size, so that a projector's picture has a projector's
 * letters. */
struct layout_sizes {
    int small, normal, large, gap;
};

struct layout {
    struct shapes shapes;
    struct layout_place *places;
    int n_places, cap_places;
    struct shape_rect time_line; /* its inside: x is time */
    int64_t length_usec;
    struct layout_sizes sizes;
};

/* One or two scenes at one moment. Arrays of `layout` are reused from call to call. */
void layout_make(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                 const struct layout_view *view);
void layout_finish(struct layout *layout);

/* The moment at that x of the time line, kept within the run. */
int64_t layout_time_at(const struct layout *layout, int x);

/* The thing on top at a point, or NULL. */
const struct layout_place *layout_place_at(const struct layout *layout, int x, int y);

#endif
