/*
 * One loop: wait for input (or for the next frame while playing), hand it to the stage, paint when something has
 * changed. The window shows the painter's own pixels, so it looks exactly as a picture file would. It must never
 * know how a scene is made or laid out.
 */
#include "viz/view.h"

#include "viz/density.h"
#include "viz/view_screen.h"

#define SDL_MAIN_HANDLED
#include <SDL2/SDL.h>
#include <stdio.h>
#include <string.h>

#define FRAME_MSEC 16

/* How often the logs of runs that go on are looked at. */
#define FOLLOW_MSEC 200

struct view {
    struct stage *stage;
    struct painter_sdl *painter;
    SDL_Window *window;
    bool changed;
    struct reel *reels;
    int n_reels;
    uint64_t looked_msec, pause_msec; /* when logs were last looked at, and how long not to */
};

/* The pointer comes in the window's units. */
static void to_points(const struct view *view, int *x, int *y)
{
    int width, height, wide, high, density = view->stage->look.density;
    SDL_GetWindowSize(view->window, &width, &height);
    view_screen_pixels(view->window, &wide, &high);
    *x = density_point_at(*x, width, wide, density);
    *y = density_point_at(*y, height, high, density);
}

/* Another screen may have another density. */
static void take_density(struct view *view)
{
    struct stage_look *look = &view->stage->look;
    look->density = look->wished > 0 ? look->wished : view_screen_density(view->window);
}

static void paint(struct view *view)
{
    struct stage_look *look = &view->stage->look;
    int width, height;
    view_screen_pixels(view->window, &width, &height);
    view->changed = false;
    if (width < 1 || height < 1)
        return;
    take_density(view);
    look->width = density_points(width, look->density);
    look->height = density_points(height, look->density);
    stage_draw(view->stage);
    uint32_t *pixels = painter_sdl_draw(view->painter, &view->stage->layout.shapes, width, height);
    view_screen_show(view->window, pixels, width, height);
}

/* The name of a key as the table has it, where it does not write anything; "" for those that do. */
static const char *name_key(const SDL_Keysym *key, char *name, size_t size)
{
    static const struct {
        SDL_Keycode code;
        const char *name;
    } names[] = {
        {SDLK_RIGHT, "Right"},
        {SDLK_LEFT, "Left"},
        {SDLK_UP, "Up"},
        {SDLK_DOWN, "Down"},
        {SDLK_HOME, "Home"},
        {SDLK_END, "End"},
        {SDLK_PAGEUP, "PageUp"},
        {SDLK_PAGEDOWN, "PageDown"},
        {SDLK_TAB, "Tab"},
        {SDLK_RETURN, "Enter"},
        {SDLK_KP_ENTER, "Enter"},
        {SDLK_ESCAPE, "Escape"},
        {SDLK_BACKSPACE, "Backspace"},
        {SDLK_F1, "F1"},
        {SDLK_F11, "F11"},
    };
    const char *ctrl = key->mod & KMOD_CTRL ? "Ctrl+" : "";
    const char *shift = key->mod & KMOD_SHIFT ? "Shift+" : "";
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (names[i].code == key->sym) {
            snprintf(name, size, "%s%s%s", ctrl, shift, names[i].name);
            return name;
        }
    }
    /* With Ctrl a letter writes nothing. */
    if (*ctrl && key->sym > ' ' && key->sym < 127) {
        snprintf(name, size, "%s%c", ctrl, (int)key->sym);
        return name;
    }
    if (*ctrl && (key->sym == SDLK_KP_PLUS || key->sym == SDLK_KP_MINUS)) {
        snprintf(name, size, "%s%c", ctrl, key->sym == SDLK_KP_PLUS ? '+' : '-');
        return name;
    }
    return "";
}

/* What was written, letter by letter, whatever the keyboard's language. */
static void on_text(struct view *view, const char *text)
{
    while (*text != '\0') {
        char key[16];
        const char *next = shape_skip(text, 1);
        snprintf(key, sizeof key, "%.*s", (int)(next - text), text);
        view->changed |= stage_key(view->stage, strcmp(key, " ") == 0 ? "Space" : key);
        text = next;
    }
}

static void on_window(struct view *view, uint8_t event)
{
    if (event == SDL_WINDOWEVENT_LEAVE)
        stage_point(view->stage, -1, -1);
    view->changed = true;
}

static void on_event(struct view *view, const SDL_Event *event)
{
    struct stage *stage = view->stage;
    char name[32];
    int x, y;
    switch (event->type) {
    case SDL_QUIT:
        stage->wishes.close = true;
        break;
    case SDL_WINDOWEVENT:
        on_window(view, event->window.event);
        break;
    case SDL_KEYDOWN:
        view->changed |= stage_key(stage, name_key(&event->key.keysym, name, sizeof name));
        break;
    case SDL_TEXTINPUT:
        if (!(SDL_GetModState() & (KMOD_CTRL | KMOD_LALT)))
            on_text(view, event->text.text);
        break;
    case SDL_MOUSEMOTION:
        x = event->motion.x, y = event->motion.y;
        to_points(view, &x, &y);
        stage_point(stage, x, y);
        view->changed = true;
        break;
    case SDL_MOUSEBUTTONDOWN:
    case SDL_MOUSEBUTTONUP:
        x = event->button.x, y = event->button.y;
        to_points(view, &x, &y);
        if (event->button.button == SDL_BUTTON_LEFT && event->type == SDL_MOUSEBUTTONDOWN)
            stage_press(stage, x, y);
        else if (event->button.button == SDL_BUTTON_LEFT)
            stage_release(stage, x, y);
        view->changed = true;
        break;
    case SDL_MOUSEWHEEL:
        stage_wheel(stage, stage->pointer_x, stage->pointer_y, event->wheel.y);
        view->changed = true;
        break;
    default:
        break;
    }
}

/* To the terminal, so that it can be copied from there, and to the clipboard. */
static void give_command(struct view *view)
{
    struct buffer text = {0};
    stage_command(view->stage, &text);
    printf("%s\n", text.text);
    fflush(stdout);
    bool copied = SDL_SetClipboardText(text.text) == 0;
    snprintf(view->stage->said, sizeof view->stage->said, "%s",
             copied ? "the command of this picture: on the terminal and in the clipboard"
                    : "the command of this picture: on the terminal");
    buffer_finish(&text);
}

static void grant_wishes(struct view *view)
{
    struct stage_wishes wishes = view->stage->wishes;
    view->stage->wishes = (struct stage_wishes){.close = wishes.close};
    if (wishes.command)
        give_command(view);
    if (wishes.full_screen) {
        bool full = SDL_GetWindowFlags(view->window) & SDL_WINDOW_FULLSCREEN_DESKTOP;
        SDL_SetWindowFullscreen(view->window, full ? 0 : SDL_WINDOW_FULLSCREEN_DESKTOP);
    }
}

static bool is_live(const struct view *view)
{
    for (int i = 0; i < view->n_reels; i++) {
        if (reel_is_live(&view->reels[i]))
            return true;
    }
    return false;
}

/* Reads what the runs have written meanwhile. A long run takes a while to be indexed anew: that is done less often. */
static void follow(struct view *view)
{
    uint64_t now_msec = SDL_GetTicks64();
    bool any = false, grown[LAYOUT_SCENES] = {false};
    struct err err;
    if (!is_live(view) || now_msec - view->looked_msec < FOLLOW_MSEC + view->pause_msec)
        return;
    for (int i = 0; i < view->n_reels; i++) {
        if (!reel_grow(&view->reels[i], &grown[i], &err)) {
            fprintf(stderr, "berth: %s\n", err.text);
            snprintf(view->stage->said, sizeof view->stage->said, "%.150s", err.text);
        }
        any |= grown[i];
    }
    if (any) {
        stage_release_runs(view->stage);
        for (int i = 0; i < view->n_reels; i++) {
            if (grown[i])
                reel_index(&view->reels[i]);
        }
        stage_take_runs(view->stage);
        view->changed = true;
    }
    view->looked_msec = SDL_GetTicks64();
    view->pause_msec = 8 * (view->looked_msec - now_msec);
}

static void loop(struct view *view)
{
    uint64_t before_msec = SDL_GetTicks64();
    while (!view->stage->wishes.close) {
        if (view->changed)
            paint(view);
        SDL_Event event;
        bool played = view->stage->clock.playing, busy = stage_is_busy(view->stage);
        int got = busy            ? SDL_PollEvent(&event)
                  : played        ? SDL_WaitEventTimeout(&event, FRAME_MSEC)
                  : is_live(view) ? SDL_WaitEventTimeout(&event, FOLLOW_MSEC)
                                  : SDL_WaitEvent(&event);
        while (got) {
            on_event(view, &event);
            grant_wishes(view);
            got = SDL_PollEvent(&event);
        }
        follow(view);
        if (busy)
            view->changed |= stage_work(view->stage);
        uint64_t now_msec = SDL_GetTicks64();
        /* What passed while it was paused does not count. */
        if (played && stage_advance(view->stage, (int64_t)(now_msec - before_msec) * USEC_PER_MSEC))
            view->changed = true;
        before_msec = now_msec;
    }
}

/* SDL falls back to a driver without a screen when there is none: a window that nobody sees. */
static bool has_display(struct err *err)
{
    const char *asked = SDL_getenv("SDL_VIDEODRIVER"), *driver = SDL_GetCurrentVideoDriver();
    if ((asked && *asked) || (strcmp(driver, "offscreen") != 0 && strcmp(driver, "dummy") != 0))
        return true;
    return err_set(err, EXIT_MACHINE,
                   "there is no display to open a window on (%s): use --screenshot FILE.png "
                   "--at TIME",
                   driver);
}

/* How many of a window's units make the picture's sides; no more than there are on the screen. That is known only of
 * a window, and one that nobody has seen can be made anew. */
static void measure_window(struct view *view, int *width, int *height)
{
    const struct stage_look *look = &view->stage->look;
    int units, pixels, other;
    SDL_Rect room;
    SDL_GetWindowSize(view->window, &units, &other);
    view_screen_pixels(view->window, &pixels, &other);
    take_density(view);
    pixels = pixels > 0 ? pixels : units;
    *width = density_pixels(look->width, look->density) * units / pixels;
    *height = density_pixels(look->height, look->density) * units / pixels;
    if (SDL_GetDisplayUsableBounds(SDL_GetWindowDisplayIndex(view->window), &room) != 0)
        return;
    *width = *width < room.w ? *width : room.w;
    *height = *height < room.h ? *height : room.h;
}

static SDL_Window *create_window(int width, int height, uint32_t flags)
{
    return SDL_CreateWindow("berth", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED, width, height,
                            flags | SDL_WINDOW_RESIZABLE | SDL_WINDOW_ALLOW_HIGHDPI);
}

static bool open_window(struct view *view, struct err *err)
{
    int width, height;
    view->window = create_window(STAGE_SIDE_LEAST, STAGE_SIDE_LEAST, SDL_WINDOW_HIDDEN);
    if (view->window) {
        measure_window(view, &width, &height);
        SDL_DestroyWindow(view->window);
        view->window = create_window(width, height, 0);
    }
    return view->window || err_set(err, EXIT_MACHINE, "cannot open a window: %s", SDL_GetError());
}

bool view_run(struct stage *stage, struct painter_sdl *painter, struct reel *reels, int n_reels,
              struct err *err)
{
    SDL_SetMainReady();
    /* Else SDL tries Wayland first, whose library complains on stderr where there is none. */
    const char *wayland = SDL_getenv("WAYLAND_DISPLAY");
    if (!wayland || !*wayland)
        SDL_setenv("SDL_VIDEODRIVER", "x11", 0);
    if (SDL_Init(SDL_INIT_VIDEO) != 0)
        return err_set(err, EXIT_MACHINE,
                       "there is no display to open a window on (%s): use --screenshot FILE.png "
                       "--at TIME",
                       SDL_GetError());
    bool ok = has_display(err);
    struct view view = {
        .stage = stage, .painter = painter, .changed = true, .reels = reels, .n_reels = n_reels};
    ok = ok && open_window(&view, err);
    if (ok) {
        snprintf(stage->said, sizeof stage->said, "Space plays, the arrows step, ? shows all keys");
        SDL_StartTextInput();
        loop(&view);
        SDL_DestroyWindow(view.window);
    }
    SDL_Quit();
    return ok;
}
