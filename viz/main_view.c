/*
 * `berth view`: one run or two in step, in a window or as a picture of one moment. Reads run logs;
 * it must never know who made them.
 */
#include "file/options.h"
#include "file/story.h"
#include "file/units.h"
#include "viz/clock.h"
#include "viz/layout.h"
#include "viz/painter_sdl.h"
#include "viz/picture.h"
#include "viz/scene.h"
#include "viz/scene_tell.h"
#include "viz/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MOST 2
#define SIDE_LEAST 64
#define SIDE_MOST 16384

struct run {
    struct story story;
    struct run_header header;
    struct scene_index index;
    struct scene scene;
};

struct wishes {
    const char *screenshot, *at, *size;
    int width, height;
    int64_t at_usec; /* USEC_NEVER: the end */
};

static bool read_wishes(struct wishes *wishes, struct err *err)
{
    char rest;
    if (sscanf(wishes->size, "%dx%d%c", &wishes->width, &wishes->height, &rest) != 2 ||
        wishes->width < SIDE_LEAST || wishes->height < SIDE_LEAST || wishes->width > SIDE_MOST ||
        wishes->height > SIDE_MOST)
        return err_set(err, EXIT_INPUT, "--size \"%s\": say WIDTHxHEIGHT, from %dx%d to %dx%d",
                       wishes->size, SIDE_LEAST, SIDE_LEAST, SIDE_MOST, SIDE_MOST);
    wishes->at_usec = wishes->screenshot ? USEC_NEVER : 0;
    if (!wishes->at)
        return true;
    wishes->at_usec = USEC_NEVER;
    const char *wrong =
        strcmp(wishes->at, "end") == 0 ? NULL : units_duration(wishes->at, &wishes->at_usec);
    if (wrong)
        return err_set(err, EXIT_INPUT, "--at \"%s\" %s; \"end\" is the end of the run", wishes->at,
                       wrong);
    return true;
}

static bool load(struct run *run, const char *path, struct err *err)
{
    bool truncated;
    if (!story_load(&run->story, path, &run->header, &truncated, err))
        return false;
    scene_index_init(&run->index, &run->story, &run->header);
    scene_init(&run->scene, &run->index);
    if (truncated) {
        char text[32];
        fprintf(stderr, "berth: warning: %s was cut short: shown as far as it goes, %s\n", path,
                scene_tell_time(text, sizeof text, scene_index_length_usec(&run->index)));
    }
    return true;
}

static void unload(struct run *run)
{
    scene_finish(&run->scene);
    scene_index_finish(&run->index);
    story_finish(&run->story);
    run_header_finish(&run->header);
}

static bool save_still(struct scene *const *scenes, int n_scenes, const struct clock *clock,
                       struct painter_sdl *painter, const struct wishes *wishes, struct err *err)
{
    struct layout layout = {0};
    struct layout_view told = {.width = wishes->width,
                               .height = wishes->height,
                               .length_usec = clock->length_usec,
                               .pointer_x = -1,
                               .pointer_y = -1};
    for (int i = 0; i < n_scenes; i++)
        scene_move(scenes[i], clock->at_usec);
    layout_make(&layout, (const struct scene *const *)scenes, n_scenes, &told);
    const uint32_t *pixels =
        painter_sdl_draw(painter, &layout.shapes, wishes->width, wishes->height);
    bool ok = picture_save(wishes->screenshot, pixels, wishes->width, wishes->height, err);
    layout_finish(&layout);
    return ok;
}

static bool show(struct run *runs, int n_runs, const struct wishes *wishes, struct err *err)
{
    struct scene *scenes[RUNS_MOST];
    const struct scene_index *indexes[RUNS_MOST];
    for (int i = 0; i < n_runs; i++) {
        scenes[i] = &runs[i].scene;
        indexes[i] = &runs[i].index;
    }
    struct painter_sdl *painter = painter_sdl_create(err);
    if (!painter)
        return false;
    struct clock clock;
    clock_init(&clock, indexes, n_runs);
    clock_seek(&clock, wishes->at_usec);
    bool ok = wishes->screenshot
                  ? save_still(scenes, n_runs, &clock, painter, wishes, err)
                  : view_run(scenes, n_runs, &clock, painter, wishes->width, wishes->height, err);
    clock_finish(&clock);
    painter_sdl_destroy(painter);
    return ok;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.size = "1280x720"};
    const struct option_row rows[] = {
        {"screenshot", 0, OPTION_TEXT, &wishes.screenshot, "FILE.png",
         "write a picture instead of opening a window; needs no display", 0, NULL},
        {"at", 0, OPTION_TEXT, &wishes.at, "TIME",
         "the moment to show (\"12s\", \"end\"); a window starts there", 0, NULL},
        {"size", 0, OPTION_TEXT, &wishes.size, "WxH", "of the window or picture, default 1280x720",
         0, NULL},
    };
    const struct options options = {
        .command = "view",
        .usage = "RUN [RUN2] [OPTION]...",
        .about =
            "Shows a run: instances as boxes, tasks in them as large as what they reserve, what\n"
            "waits, and a time line to click on. Two runs go side by side, by the same clock.",
        .examples =
            "  berth view first.run                      watch it: space plays, arrows step\n"
            "  berth view first.run first.exec.run       simulated and real, side by side\n"
            "  berth view first.run --screenshot first.png --at 12s\n",
        .rows = rows,
        .n_rows = sizeof rows / sizeof rows[0],
        .operands_min = 1,
        .operands_max = RUNS_MOST,
    };
    if (argc > 1 && strcmp(argv[1], "view") == 0) {
        argc--;
        argv++;
    }
    int n_runs = 0, exit_code = EXIT_FINE;
    if (!options_parse(&options, argc, argv, &n_runs, &exit_code))
        return exit_code;
    struct err err;
    struct run runs[RUNS_MOST];
    int n_loaded = 0;
    bool ok = read_wishes(&wishes, &err);
    while (ok && n_loaded < n_runs) {
        ok = load(&runs[n_loaded], argv[n_loaded], &err);
        n_loaded += ok;
    }
    if (ok && n_runs > 1 && runs[0].header.mode == runs[1].header.mode) {
        for (int i = 0; i < n_runs; i++)
            scene_index_name(&runs[i].index, base_name(argv[i]));
    }
    ok = ok && show(runs, n_runs, &wishes, &err);
    for (int i = 0; i < n_loaded; i++)
        unload(&runs[i]);
    return ok ? EXIT_FINE : err_report(&err);
}
