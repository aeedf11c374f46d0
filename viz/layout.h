/*
 * Where everything of one scene, or of two in step, stands in a picture of a given size. The result
 * is a list of shapes for any painter and a list of places that a pointer can be over. It must
 * never know who paints or what a window is.
 */
#ifndef BERTH_VIZ_LAYOUT_H
#define BERTH_VIZ_LAYOUT_H

#include "viz/chronicle.h"
#include "viz/layout_grid.h"
#include "viz/scene.h"
#include "viz/shape.h"

#define LAYOUT_SCENES 2

enum layout_thing {
    LAYOUT_NOTHING,
    LAYOUT_TASK,
    LAYOUT_INSTANCE,
    LAYOUT_WAIT,
    LAYOUT_SERVICE, /* stands in no box: a panel speaks of it */
};

/* Something that a picture shows, by its number in the story; LAYOUT_WAIT: the position in the scene's
 * waits. */
struct layout_pick {
    enum layout_thing thing;
    int scene; /* which of the two */
    int32_t id;
};

/* Which part of each run's boxes fills its area: see viz/camera.h. All zero: everything fits. */
struct layout_camera {
    int32_t zoom_thousandths; /* 1000, and 0: everything fits; 2000: twice as wide and as high */
    int32_t x, y; /* what is in the middle, in millionths of the area's width and height */
};

/* By number of the story. NULL: all match, nothing is outlined. */
struct layout_filter {
    const bool *tasks, *instances;         /* those that match; the others are dimmed */
    const bool *odd_tasks, *odd_instances; /* outlined: what differs between two runs */
};

/* What the picture is told besides the scenes. */
struct layout_view {
    int width, height;        /* points, as all that follows */
    int64_t length_usec;      /* of the longest run */
    const char *state;        /* "playing x2"; NULL or "": nothing is said */
    int pointer_x, pointer_y; /* -1: nowhere */
    enum theme theme;
    struct layout_camera camera; /* of all scenes */
    struct layout_filter filters[LAYOUT_SCENES];
    struct layout_pick pinned;
    struct layout_pick focus;                    /* the keyboard's pointer */
    struct chronicle *chronicles[LAYOUT_SCENES]; /* each run's; NULL: a bare time line */
    int scale_percent;                           /* of all letters; 0: 100 */
    bool strips;                                 /* charts under the time line */
    bool panel;                                  /* leave room for a panel at the side */
};

/* A place that answers the pointer: later ones lie on top of earlier ones. */
struct layout_place {
    struct layout_pick pick;
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
    struct shape_rect boxes[LAYOUT_SCENES]; /* where each run's boxes are: the camera's area */
    int plan_width;                         /* a run's width when there is no panel */
    struct shape_rect time_line;            /* its inside: x is time */
    struct shape_rect strips;               /* the charts' room: x is time as in the time line */
    struct shape_rect panel;                /* the panel's */
    int64_t length_usec;
    struct layout_sizes sizes;
    struct layout_grid grids[LAYOUT_SCENES]; /* kept from call to call */
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
