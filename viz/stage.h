/*
 * The view without its window: what is looked at, from where and when, and what keys and pointer change of it. The
 * same run, look and time give the same picture, whatever was done before. It must never know a window, a driver or
 * the computer's clock.
 */
#ifndef BERTH_VIZ_STAGE_H
#define BERTH_VIZ_STAGE_H

#include "file/buffer.h"
#include "viz/clock.h"
#include "viz/differ.h"
#include "viz/filter.h"
#include "viz/guess.h"
#include "viz/keys.h"
#include "viz/layout.h"
#include "viz/panel.h"
#include "viz/why.h"

/* All that makes a picture besides the runs and the time; each has an option of `berth view`. */
struct stage_look {
    int width, height; /* points */
    int density;       /* pixels of a point in percent; 0: DENSITY_ONE */
    int wished;        /* density that was asked for; 0: none, it is the screen's, or a picture's */
    int scale_percent; /* of letters */
    enum theme theme;
    struct layout_camera camera;
    char filter[FILTER_TEXT];
    struct layout_pick pinned, focus;
    bool strips;
};

enum stage_prompt { STAGE_NOTHING, STAGE_FILTER, STAGE_TIME };

/* Points of a picture's side. */
#define STAGE_SIDE_LEAST 64
#define STAGE_SIDE_MOST 16384

/* What only the window can do; it takes the wish and sets it back. */
struct stage_wishes {
    bool close, full_screen, command;
};

struct stage {
    struct scene *const *scenes;
    struct chronicle *const *chronicles;
    const char *const *paths;
    int n_scenes;
    struct clock clock;
    struct stage_look look;
    struct layout layout;
    struct filter filters[LAYOUT_SCENES];
    bool filtered;
    enum stage_prompt prompt;
    char typed[FILTER_TEXT];
    char said[160];           /* until the next key */
    int help;                 /* its page, from 1; 0: it is not shown */
    int pointer_x, pointer_y; /* -1: nowhere */
    int pressed_x, pressed_y; /* where the button went down */
    bool scrubbing, panning,
        dragged; /* the time line's cursor; the boxes, once moved by some pixels */
    struct stage_wishes wishes;
    struct why whys[LAYOUT_SCENES]; /* of each run */
    struct differ differ;           /* of two */
    struct guess guess;             /* of the first */
    struct panel panel;
    int panel_scroll;
};

/* All that is given must outlive the stage. The clock starts at `at_usec`. */
void stage_init(struct stage *stage, struct scene *const *scenes,
                struct chronicle *const *chronicles, const char *const *paths, int n_scenes,
                const struct stage_look *look, int64_t at_usec);
void stage_finish(struct stage *stage);

/* Around a change of the runs: what is kept of them is let go, and taken anew. Who stands at the end goes along with
 * it. */
void stage_release_runs(struct stage *stage);
void stage_take_runs(struct stage *stage);

/* A key, as keys.h names it. Returns whether it means anything now. */
bool stage_key(struct stage *stage, const char *key);

/* Keys one after another: "Right Right /web Enter"; each word is a key's name, or what it writes. */
void stage_keys(struct stage *stage, const char *keys);

/* The pointer, in points of the picture; -1, -1: it has left. */
void stage_point(struct stage *stage, int x, int y);
void stage_press(struct stage *stage, int x, int y);
void stage_release(struct stage *stage, int x, int y);
void stage_wheel(struct stage *stage, int x, int y, int steps);

/* So much real time has passed; returns whether the picture has changed. */
bool stage_advance(struct stage *stage, int64_t real_usec);

/* The picture now: stage->layout.shapes. */
void stage_draw(struct stage *stage);

/* Whether a part of the picture is still being computed; a slice of that: returns whether the picture has
 * changed; all of it, and the picture. */
bool stage_is_busy(const struct stage *stage);
bool stage_work(struct stage *stage);
void stage_settle(struct stage *stage);

/* The command that shows this picture. */
void stage_command(const struct stage *stage, struct buffer *text);

/* "t7", "i2", of the second run "2:t7". Returns false where it is none. */
bool stage_read_pick(const char *text, struct layout_pick *pick);

/* "2.5", "2.5@0.4,0.6". Likewise. */
bool stage_read_zoom(const char *text, struct layout_camera *camera);

#endif
