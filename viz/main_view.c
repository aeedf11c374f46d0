/*
 * `berth view`: one run or two in step, in a window or as a picture of one moment. Reads run logs;
 * it must never know who made them.
 */
#include "file/nearest.h"
#include "file/options.h"
#include "file/story.h"
#include "file/units.h"
#include "viz/density.h"
#include "viz/film.h"
#include "viz/painter_sdl.h"
#include "viz/painter_svg.h"
#include "viz/picture.h"
#include "viz/reel.h"
#include "viz/scene.h"
#include "viz/scene_tell.h"
#include "viz/scene_text.h"
#include "viz/stage.h"
#include "viz/view.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RUNS_MOST 2
#define FPS_MOST 1000

/* The command line; texts are NULL where nothing was said. */
struct wishes {
    const char *screenshot, *at, *size, *zoom, *filter, *pin, *focus, *scale, *hidpi, *keys;
    const char *from, *to, *speed;
    int64_t fps, placed, scroll;
    struct film film;
    bool predict;
    int theme;
    bool no_charts, command, follow, text;
    struct stage_look look;
    int64_t at_usec; /* USEC_NEVER: the end */
};

static bool is_headless(const struct wishes *wishes)
{
    return wishes->screenshot || wishes->film.frames || wishes->film.film || wishes->text;
}

static bool read_size(struct wishes *wishes, struct err *err)
{
    struct stage_look *look = &wishes->look;
    char rest;
    if (sscanf(wishes->size, "%dx%d%c", &look->width, &look->height, &rest) != 2 ||
        look->width < STAGE_SIDE_LEAST || look->height < STAGE_SIDE_LEAST ||
        look->width > STAGE_SIDE_MOST || look->height > STAGE_SIDE_MOST)
        return err_set(err, EXIT_INPUT, "--size \"%s\": say WIDTHxHEIGHT, from %dx%d to %dx%d",
                       wishes->size, STAGE_SIDE_LEAST, STAGE_SIDE_LEAST, STAGE_SIDE_MOST,
                       STAGE_SIDE_MOST);
    return true;
}

/* How dense: what is asked for, of a window also in the environment; else a screen says it, and a picture has a
 * pixel to a point. */
static bool read_density(struct wishes *wishes, struct err *err)
{
    struct stage_look *look = &wishes->look;
    const char *kept = is_headless(wishes) ? NULL : getenv("BERTH_HIDPI");
    const char *asked = wishes->hidpi ? wishes->hidpi : kept && *kept ? kept : "auto";
    if (!density_read(asked, &look->wished))
        return err_set(err, EXIT_INPUT,
                       "%s \"%s\": say how many pixels a point has, from 1 to %d, or \"auto\"",
                       wishes->hidpi ? "--hidpi" : "BERTH_HIDPI", asked,
                       DENSITY_MOST / DENSITY_ONE);
    look->density = look->wished > 0 ? look->wished : DENSITY_ONE;
    if (density_pixels(look->width, look->density) > STAGE_SIDE_MOST ||
        density_pixels(look->height, look->density) > STAGE_SIDE_MOST)
        return err_set(err, EXIT_INPUT, "--size \"%s\" --hidpi \"%s\": that is more than %d pixels",
                       wishes->size, asked, STAGE_SIDE_MOST);
    return true;
}

static bool read_at(struct wishes *wishes, struct err *err)
{
    bool from_end = wishes->follow || ((wishes->screenshot || wishes->text) && !wishes->keys);
    wishes->at_usec = from_end ? USEC_NEVER : 0;
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

static bool read_moment(const char *option, const char *text, int64_t *usec, struct err *err)
{
    *usec = USEC_NEVER;
    const char *wrong = strcmp(text, "end") == 0 ? NULL : units_duration(text, usec);
    return !wrong || err_set(err, EXIT_INPUT, "--%s \"%s\" %s; \"end\" is the end of the run",
                             option, text, wrong);
}

/* "2", "0.5", "1/10": times the run's own speed, from a thousandth to a million. */
static bool read_speed(const char *text, int64_t *milli)
{
    double times, parts = 1;
    char rest[2] = "";
    if (sscanf(text, "%lf/%lf%1s", &times, &parts, rest) != 2) {
        parts = 1;
        if (sscanf(text, "%lf%1s", &times, rest) != 1)
            return false;
    }
    if (!(times > 0 && parts > 0 && times / parts >= 0.001 && times / parts <= 1e6))
        return false;
    *milli = (int64_t)(times / parts * 1000 + 0.5);
    return true;
}

static bool read_film(struct wishes *wishes, struct err *err)
{
    struct film *film = &wishes->film;
    if (!read_moment("from", wishes->from, &film->from_usec, err) ||
        !read_moment("to", wishes->to, &film->to_usec, err))
        return false;
    if (wishes->fps > FPS_MOST)
        return err_set(err, EXIT_INPUT, "--fps takes a whole number from 1 to %d", FPS_MOST);
    if (!read_speed(wishes->speed, &film->speed_milli))
        return err_set(err, EXIT_INPUT,
                       "--speed \"%s\": say how many times as fast as the run: \"10\", \"0.5\", "
                       "\"1/10\"",
                       wishes->speed);
    film->fps = (int)wishes->fps;
    return true;
}

static bool read_screenshot(const char *path, struct err *err)
{
    if (path && !picture_is(path, ".png") && !picture_is(path, ".svg"))
        return err_set(err, EXIT_INPUT,
                       "--screenshot \"%s\": a picture's name ends in .png or .svg", path);
    return true;
}

/* A service by its name, "web" or "2:web"; false with the nearest name, or NULL. */
static bool find_service(const struct reel *runs, int n_runs, const char *text,
                         struct layout_pick *pick, const char **nearest)
{
    bool of_second = n_runs > 1 && strncmp(text, "2:", 2) == 0;
    const struct story *story = &runs[of_second].story;
    const char **names = calloc((size_t)story->n_services + 1, sizeof *names);
    bool found = false;
    text += of_second ? 2 : 0;
    assert(names != NULL);
    for (int i = 0; i < story->n_services; i++) {
        names[i] = story->services[i].name;
        if (strcmp(names[i], text) == 0) {
            *pick =
                (struct layout_pick){.scene = of_second, .thing = LAYOUT_SERVICE, .id = (int32_t)i};
            found = true;
        }
    }
    *nearest = found ? NULL : nearest_name(text, names, story->n_services);
    free(names);
    return found;
}

static bool read_pick(const char *option, const char *text, const struct reel *runs, int n_runs,
                      struct layout_pick *pick, struct err *err)
{
    const char *nearest;
    if (!text || (stage_read_pick(text, pick) && pick->scene < n_runs) ||
        find_service(runs, n_runs, text, pick, &nearest))
        return true;
    return err_set(
        err, EXIT_INPUT,
        "--%s \"%s\": say a task, an instance or a service, \"t7\", \"i2\", \"s1\" or the "
        "service's name%s%s%s%s",
        option, text, n_runs > 1 ? ", of the second run \"2:t7\"" : "",
        nearest ? "; did you mean " : "", nearest ? nearest : "", nearest ? "?" : "");
}

/* Once the runs are there: they know their services. */
static bool read_picks(struct wishes *wishes, const struct reel *runs, int n_runs, struct err *err)
{
    return read_pick("pin", wishes->pin, runs, n_runs, &wishes->look.pinned, err) &&
           read_pick("focus", wishes->focus, runs, n_runs, &wishes->look.focus, err);
}

static bool read_look(struct wishes *wishes, struct err *err)
{
    struct stage_look *look = &wishes->look;
    char rest[2] = "";
    look->theme = (enum theme)wishes->theme;
    look->strips = !wishes->no_charts;
    if (wishes->zoom && !stage_read_zoom(wishes->zoom, &look->camera))
        return err_set(err, EXIT_INPUT,
                       "--zoom \"%s\": say how many times, from 1 to 256, and where: \"2.5\", "
                       "\"2.5@0.4,0.6\"",
                       wishes->zoom);
    if (wishes->filter && strlen(wishes->filter) >= sizeof look->filter)
        return err_set(err, EXIT_INPUT, "--filter takes at most %d letters",
                       (int)sizeof look->filter - 1);
    snprintf(look->filter, sizeof look->filter, "%s", wishes->filter ? wishes->filter : "");
    if (sscanf(wishes->scale, "%d%1s", &look->scale_percent, rest) < 1 || strcmp(rest, "%") != 0 ||
        look->scale_percent < 50 || look->scale_percent > 400)
        return err_set(err, EXIT_INPUT, "--scale \"%s\": say a share from 50%% to 400%%",
                       wishes->scale);
    return true;
}

static bool read_wishes(struct wishes *wishes, int n_runs, struct err *err)
{
    if (wishes->predict && n_runs > 1)
        return err_set(err, EXIT_INPUT, "--predict takes one run");
    if (wishes->predict && is_headless(wishes))
        return err_set(err, EXIT_INPUT, "--predict asks somebody: it needs a window");
    return read_size(wishes, err) && read_density(wishes, err) && read_at(wishes, err) &&
           read_look(wishes, err) && read_film(wishes, err) &&
           read_screenshot(wishes->screenshot, err);
}

static bool load(struct reel *reel, const char *path, bool follow, struct err *err)
{
    if (!reel_open(reel, path, follow, err))
        return false;
    if (!reel->ended && !follow) {
        char text[32];
        fprintf(
            stderr,
            "berth: warning: %s was cut short: shown as far as it goes, %s (while it still goes "
            "on, --follow shows what comes)\n",
            path, scene_tell_time(text, sizeof text, scene_index_length_usec(&reel->index)));
    }
    return true;
}

static bool save_still(struct stage *stage, struct painter_sdl *painter, const char *path,
                       struct err *err)
{
    const struct stage_look *look = &stage->look;
    int width = density_pixels(look->width, look->density);
    int height = density_pixels(look->height, look->density);
    stage_settle(stage);
    if (picture_is(path, ".svg"))
        return painter_svg_save(path, &stage->layout.shapes, look->width, look->height, err);
    const uint32_t *pixels = painter_sdl_draw(painter, &stage->layout.shapes, width, height);
    return picture_save(path, pixels, width, height, err);
}

/* From moment to moment within the run. */
static bool make_film(struct stage *stage, struct painter_sdl *painter, const struct film *wished,
                      struct err *err)
{
    struct film film = *wished;
    int64_t length_usec = stage->clock.length_usec;
    film.from_usec = film.from_usec < length_usec ? film.from_usec : length_usec;
    film.to_usec = film.to_usec < length_usec ? film.to_usec : length_usec;
    if (film.to_usec < film.from_usec)
        return err_set(err, EXIT_INPUT, "--to is before --from");
    return film_make(&film, stage, painter, err);
}

static void print_score(const struct stage *stage)
{
    struct buffer text = {0};
    guess_report(&stage->guess, &text);
    if (text.length > 0)
        fputs(text.text, stdout);
    buffer_finish(&text);
}

static void print_scenes(struct stage *stage)
{
    struct buffer text = {0};
    stage_draw(stage);
    for (int i = 0; i < stage->n_scenes; i++)
        scene_text(stage->scenes[i], &text);
    fputs(text.text, stdout);
    buffer_finish(&text);
}

static bool show(struct stage *stage, struct reel *runs, int n_runs, const struct wishes *wishes,
                 struct err *err)
{
    if (wishes->keys)
        stage_keys(stage, wishes->keys);
    if (wishes->command || stage->wishes.command) {
        struct buffer text = {0};
        stage->wishes.command = false;
        stage_command(stage, &text);
        printf("%s\n", text.text);
        buffer_finish(&text);
        if (!is_headless(wishes))
            return true;
    }
    if (wishes->text)
        print_scenes(stage);
    if (wishes->text && !wishes->screenshot && !wishes->film.frames && !wishes->film.film)
        return true;
    struct painter_sdl *painter = painter_sdl_create(err);
    if (!painter)
        return false;
    bool moves = wishes->film.frames || wishes->film.film, ok = true;
    if (wishes->screenshot)
        ok = save_still(stage, painter, wishes->screenshot, err);
    if (ok && moves)
        ok = make_film(stage, painter, &wishes->film, err);
    if (!is_headless(wishes)) {
        if (wishes->predict)
            stage_key(stage, "p");
        ok = view_run(stage, painter, runs, n_runs, err);
        print_score(stage);
    }
    painter_sdl_destroy(painter);
    return ok;
}

static bool set_stage(struct reel *runs, char **paths, int n_runs, const struct wishes *wishes,
                      struct err *err)
{
    struct scene *scenes[RUNS_MOST];
    struct chronicle *chronicles[RUNS_MOST];
    struct stage stage;
    for (int i = 0; i < n_runs; i++) {
        scenes[i] = &runs[i].scene;
        chronicles[i] = &runs[i].chronicle;
    }
    stage_init(&stage, scenes, chronicles, (const char *const *)paths, n_runs, &wishes->look,
               wishes->at_usec);
    stage.clock.shown = (int32_t)(wishes->placed < CLOCK_ALL ? wishes->placed : CLOCK_ALL);
    if (wishes->scroll > 0) {
        stage_settle(&stage); /* its story has all its lines only then */
        stage.panel_scroll =
            (int)(wishes->scroll < STAGE_SIDE_MOST ? wishes->scroll : STAGE_SIDE_MOST);
    }
    bool ok = show(&stage, runs, n_runs, wishes, err);
    stage_finish(&stage);
    return ok;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
    struct wishes wishes = {.size = "1280x720",
                            .placed = CLOCK_ALL,
                            .scale = "100%",
                            .from = "0s",
                            .to = "end",
                            .speed = "1",
                            .fps = 30};
    const struct option_row rows[] = {
        {"screenshot", 0, OPTION_TEXT, &wishes.screenshot, "FILE",
         "write a picture, .png or .svg, instead of opening a window; needs no display", 0, NULL},
        {"text", 0, OPTION_FLAG, &wishes.text, NULL,
         "print what there is to see instead of opening a window", 0, NULL},
        {"at", 0, OPTION_TEXT, &wishes.at, "TIME",
         "the moment to show (\"12s\", \"end\"); a window starts there", 0, NULL},
        {"placed", 0, OPTION_NUMBER, &wishes.placed, "N",
         "of several placements at that very moment show the first N", 1, NULL},
        {"size", 0, OPTION_TEXT, &wishes.size, "WxH",
         "of the window or picture in points, default 1280x720", 0, NULL},
        {"zoom", 0, OPTION_TEXT, &wishes.zoom, "N[@X,Y]",
         "look closer, N times, at a point in shares of the whole (\"2.5@0.4,0.6\")", 0, NULL},
        {"filter", 0, OPTION_TEXT, &wishes.filter, "WORDS",
         "dim what does not match: a family, task, instance, service, state or zone", 0, NULL},
        {"pin", 0, OPTION_TEXT, &wishes.pin, "THING",
         "pin a task, an instance or a service (\"t7\", \"i2\", \"s1\" or its name, of the second "
         "run "
         "\"2:t7\")",
         0, NULL},
        {"scroll", 0, OPTION_NUMBER, &wishes.scroll, "PIXELS", "roll the story of what is pinned",
         0, NULL},
        {"focus", 0, OPTION_TEXT, &wishes.focus, "THING", "point at it as the keyboard does", 0,
         NULL},
        {"theme", 0, OPTION_CHOICE, &wishes.theme, "THEME", "light, dark or projector", 0,
         theme_names},
        {"scale", 0, OPTION_TEXT, &wishes.scale, "PERCENT", "size of letters, default 100%", 0,
         NULL},
        {"hidpi", 0, OPTION_TEXT, &wishes.hidpi, "N",
         "pixels of a point, 1 to 4: \"2\" is twice as fine; \"auto\", the default, asks a "
         "window's screen",
         0, NULL},
        {"follow", 0, OPTION_FLAG, &wishes.follow, NULL,
         "of a run that still goes on: show what comes, from the end of what is there", 0, NULL},
        {"no-charts", 0, OPTION_FLAG, &wishes.no_charts, NULL, "no charts under the time line", 0,
         NULL},
        {"predict", 0, OPTION_FLAG, &wishes.predict, NULL,
         "stop before each placement and ask where the task goes; keeps score", 0, NULL},
        {"frames", 0, OPTION_TEXT, &wishes.film.frames, "DIR",
         "write the run as numbered pictures into a folder", 0, NULL},
        {"film", 0, OPTION_TEXT, &wishes.film.film, "FILE",
         "make a film (.mp4, .webm, .gif) with ffmpeg, where it is installed", 0, NULL},
        {"fps", 0, OPTION_COUNT, &wishes.fps, "N", "frames a second, default 30", 1, NULL},
        {"from", 0, OPTION_TEXT, &wishes.from, "TIME", "where frames begin, default 0s", 0, NULL},
        {"to", 0, OPTION_TEXT, &wishes.to, "TIME", "where they end, default the end", 0, NULL},
        {"speed", 0, OPTION_TEXT, &wishes.speed, "N",
         "how many times as fast as the run a film is, default 1", 0, NULL},
        {"keys", 0, OPTION_TEXT, &wishes.keys, "KEYS",
         "press these first, named as the view's help does: \"Right Right /web Enter\"", 0, NULL},
        {"command", 0, OPTION_FLAG, &wishes.command, NULL,
         "print the command of the picture instead, as the key y does", 0, NULL},
    };
    const struct options options = {
        .command = "view",
        .usage = "RUN [RUN2] [OPTION]...",
        .about =
            "Shows a run: instances as boxes, tasks in them as large as what they reserve, what\n"
            "waits, and a time line to click on. Two runs go side by side, by the same clock.\n"
            "In the window, ? shows all keys: everything can be done with them.",
        .examples =
            "  berth view first.run                      watch it: space plays, arrows step\n"
            "  berth view first.run first.exec.run       simulated and real, side by side\n"
            "  berth view first.run --screenshot first.png --at 12s\n"
            "  berth exec first.json -o live.run & berth view live.run --follow\n"
            "  berth view first.run --theme projector --scale 130%\n"
            "  berth view first.run --predict            guess where each task goes\n"
            "  berth view first.run --film first.mp4 --from 4s --to 9s --speed 0.5\n"
            "  berth view first.run --at 6s --filter state:running --pin t7\n",
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
        return err_flushed(exit_code);
    struct err err;
    struct reel runs[RUNS_MOST];
    int n_loaded = 0;
    bool ok = read_wishes(&wishes, n_runs, &err);
    while (ok && n_loaded < n_runs) {
        ok = load(&runs[n_loaded], argv[n_loaded], wishes.follow, &err);
        n_loaded += ok;
    }
    if (ok && n_runs > 1 && runs[0].header.mode == runs[1].header.mode) {
        for (int i = 0; i < n_runs; i++)
            reel_name(&runs[i], base_name(argv[i]));
    }
    ok = ok && read_picks(&wishes, runs, n_runs, &err) &&
         set_stage(runs, argv, n_runs, &wishes, &err);
    for (int i = 0; i < n_loaded; i++)
        reel_finish(&runs[i]);
    return err_flushed(ok ? EXIT_FINE : err_report(&err));
}
