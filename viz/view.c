/*
 * One loop: wait for input (or for the next frame while playing), move the clock, paint when
 * something has changed. The window shows the painter's own pixels, so it looks exactly as a
 * picture file would. It must never know how a scene is made or laid out.
 */
#include "viz/view.h"

#define SDL_MAIN_HANDLED
#include <SDL2/SDL.h>
#include <string.h>

#define FRAME_MSEC 16

struct view {
    struct scene *const *scenes;
    int n_scenes;
    struct clock *clock;
    struct painter_sdl *painter;
    SDL_Window *window;
    struct layout layout;
    int pointer_x, pointer_y;
    bool dragging; /* the time line's cursor */
    bool changed;
    bool closed;
};

static void paint(struct view *view)
{
    int width, height;
    SDL_GetWindowSize(view->window, &width, &height);
    SDL_Surface *shown = SDL_GetWindowSurface(view->window);
    if (!shown || width < 1 || height < 1)
        return;
    char state[32];
    struct layout_view told = {
        .width = width,
        .height = height,
        .length_usec = view->clock->length_usec,
        .state = clock_tell(view->clock, state, sizeof state),
        .pointer_x = view->pointer_x,
        .pointer_y = view->pointer_y,
    };
    for (int i = 0; i < view->n_scenes; i++)
        scene_move(view->scenes[i], view->clock->at_usec);
    layout_make(&view->layout, (const struct scene *const *)view->scenes, view->n_scenes, &told);
    uint32_t *pixels = painter_sdl_draw(view->painter, &view->layout.shapes, width, height);
    SDL_Surface *drawn = SDL_CreateRGBSurfaceWithFormatFrom(pixels, width, height, 32, width * 4,
                                                            SDL_PIXELFORMAT_RGB888);
    if (drawn && SDL_BlitSurface(drawn, NULL, shown, NULL) == 0)
        SDL_UpdateWindowSurface(view->window);
    SDL_FreeSurface(drawn);
    view->changed = false;
}

static void on_key(struct view *view, SDL_Keycode key)
{
    struct clock *clock = view->clock;
    switch (key) {
    case SDLK_SPACE:
        clock_toggle(clock);
        break;
    case SDLK_RIGHT:
        clock_step(clock, 1);
        break;
    case SDLK_LEFT:
        clock_step(clock, -1);
        break;
    case SDLK_HOME:
        clock_seek(clock, 0);
        break;
    case SDLK_END:
        clock->playing = false;
        clock_seek(clock, clock->length_usec);
        break;
    case SDLK_PLUS:
    case SDLK_EQUALS: /* the same key without shift */
    case SDLK_KP_PLUS:
        clock_change_speed(clock, 1);
        break;
    case SDLK_MINUS:
    case SDLK_KP_MINUS:
        clock_change_speed(clock, -1);
        break;
    case SDLK_q:
    case SDLK_ESCAPE:
        view->closed = true;
        break;
    default:
        return;
    }
    view->changed = true;
}

static void seek_to_pointer(struct view *view)
{
    clock_seek(view->clock, layout_time_at(&view->layout, view->pointer_x));
    view->changed = true;
}

static void on_event(struct view *view, const SDL_Event *event)
{
    switch (event->type) {
    case SDL_QUIT:
        view->closed = true;
        break;
    case SDL_WINDOWEVENT:
        if (event->window.event == SDL_WINDOWEVENT_LEAVE)
            view->pointer_x = view->pointer_y = -1;
        view->changed = true;
        break;
    case SDL_KEYDOWN:
        on_key(view, event->key.keysym.sym);
        break;
    case SDL_MOUSEMOTION:
        view->pointer_x = event->motion.x;
        view->pointer_y = event->motion.y;
        view->changed = true;
        if (view->dragging)
            seek_to_pointer(view);
        break;
    case SDL_MOUSEBUTTONDOWN:
        view->pointer_x = event->button.x;
        view->pointer_y = event->button.y;
        view->dragging = shape_contains(shape_inset(view->layout.time_line, -6), view->pointer_x,
                                        view->pointer_y);
        if (view->dragging)
            seek_to_pointer(view);
        break;
    case SDL_MOUSEBUTTONUP:
        view->dragging = false;
        break;
    default:
        break;
    }
}

static void loop(struct view *view)
{
    uint64_t before_msec = SDL_GetTicks64();
    while (!view->closed) {
        if (view->changed)
            paint(view);
        SDL_Event event;
        bool played = view->clock->playing;
        int got = played ? SDL_WaitEventTimeout(&event, FRAME_MSEC) : SDL_WaitEvent(&event);
        while (got) {
            on_event(view, &event);
            got = SDL_PollEvent(&event);
        }
        uint64_t now_msec = SDL_GetTicks64();
        /* What passed while it was paused does not count. */
        if (played && clock_advance(view->clock, (int64_t)(now_msec - before_msec) * USEC_PER_MSEC))
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

bool view_run(struct scene *const *scenes, int n_scenes, struct clock *clock,
              struct painter_sdl *painter, int width, int height, struct err *err)
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
    struct view view = {.scenes = scenes,
                        .n_scenes = n_scenes,
                        .clock = clock,
                        .painter = painter,
                        .pointer_x = -1,
                        .pointer_y = -1,
                        .changed = true};
    if (ok) {
        view.window = SDL_CreateWindow("berth", SDL_WINDOWPOS_CENTERED, SDL_WINDOWPOS_CENTERED,
                                       width, height, SDL_WINDOW_RESIZABLE);
        if (!view.window)
            ok = err_set(err, EXIT_MACHINE, "cannot open a window: %s", SDL_GetError());
    }
    if (ok) {
        loop(&view);
        layout_finish(&view.layout);
        SDL_DestroyWindow(view.window);
    }
    SDL_Quit();
    return ok;
}
