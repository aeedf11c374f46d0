/*
 * SDL tells an X screen's millimetres, which monitors get wrong; what people and desktops set instead stands in the X
 * server's resources, which SDL does not tell. Xlib is there where SDL uses it, so it is asked without being linked.
 * It must never know what the window shows.
 */
#include "viz/view_screen.h"

#include "viz/density.h"

#include <SDL2/SDL_syswm.h>

void view_screen_pixels(SDL_Window *window, int *width, int *height)
{
#if SDL_VERSION_ATLEAST(2, 26, 0)
    SDL_GetWindowSizeInPixels(window, width, height);
#else
    SDL_Surface *surface = SDL_GetWindowSurface(window);
    *width = surface ? surface->w : 0;
    *height = surface ? surface->h : 0;
#endif
}

static void show_by_renderer(SDL_Window *window, SDL_Surface *drawn)
{
    /* Where SDL has made the window's surface out of a renderer, there can be no second one. */
    SDL_Renderer *renderer = SDL_GetRenderer(window);
    if (!renderer)
        renderer = SDL_CreateRenderer(window, -1, 0);
    SDL_Texture *texture = renderer ? SDL_CreateTextureFromSurface(renderer, drawn) : NULL;
    if (texture && SDL_RenderCopy(renderer, texture, NULL, NULL) == 0)
        SDL_RenderPresent(renderer);
    SDL_DestroyTexture(texture);
}

void view_screen_show(SDL_Window *window, uint32_t *pixels, int width, int height)
{
    int wide, high;
    SDL_Surface *drawn = SDL_CreateRGBSurfaceWithFormatFrom(pixels, width, height, 32, width * 4,
                                                            SDL_PIXELFORMAT_RGB888);
    if (!drawn)
        return;
    SDL_GetWindowSize(window, &wide, &high);
    /* A window's surface has a pixel to each of the window's units: that is too coarse where there are more. */
    if (wide != width || high != height) {
        show_by_renderer(window, drawn);
    } else {
        SDL_Surface *shown = SDL_GetWindowSurface(window);
        if (shown && SDL_BlitSurface(drawn, NULL, shown, NULL) == 0)
            SDL_UpdateWindowSurface(window);
    }
    SDL_FreeSurface(drawn);
}

/* The X server's own text, as it was when the window's connection was made; NULL: it has none, or is no X server. */
static const char *x_resources(SDL_Window *window)
{
#ifdef SDL_VIDEO_DRIVER_X11
    SDL_SysWMinfo info;
    SDL_VERSION(&info.version);
    if (!SDL_GetWindowWMInfo(window, &info) || info.subsystem != SDL_SYSWM_X11)
        return NULL;
    void *library = SDL_LoadObject("libX11.so.6");
    if (!library)
        return NULL;
    char *(*resource_string)(Display *);
    *(void **)&resource_string = SDL_LoadFunction(library, "XResourceManagerString");
    const char *text = resource_string ? resource_string(info.info.x11.display) : NULL;
    SDL_UnloadObject(library); /* SDL's own keeps it, and the text is the connection's */
    return text;
#else
    (void)window;
    return NULL;
#endif
}

int view_screen_density(SDL_Window *window)
{
    int height;
    struct density_screen screen = {.gdk_scale = SDL_getenv("GDK_SCALE"),
                                    .resources = x_resources(window)};
    SDL_GetWindowSize(window, &screen.window, &height);
    view_screen_pixels(window, &screen.pixels, &height);
    return density_of_screen(&screen);
}
