/*
 * Blends with integers and moves the pen by whole pixels, so the same list gives the same bytes.
 * Letters are drawn once per size and kept. It must never know what the shapes mean.
 */
#include "viz/painter_sdl.h"

#include "core/array.h"
#include "viz/density.h"
#include "viz/painter_cells.h"

#include <SDL2/SDL_ttf.h>
#include <stdlib.h>

/* Points. */
#define STRIPE_STEP 8
#define STRIPE_WIDTH 2
#define DASH 4

static const char *const font_folders[] = {
    "/usr/share/fonts/truetype/dejavu",        /* Debian, Ubuntu */
    "/usr/share/fonts/dejavu-sans-mono-fonts", /* Fedora */
    "/usr/share/fonts/TTF",                    /* Arch */
};

struct face {
    int size;
    bool bold;
    TTF_Font *font;
};

struct glyph {
    int face;
    uint32_t letter;
    SDL_Surface *surface; /* white with the letter's shape as alpha; NULL: nothing to draw */
};

struct painter_sdl {
    struct face *faces;
    int n_faces, cap_faces;
    struct glyph *glyphs; /* open hash of cap_glyphs, a power of two */
    int n_glyphs, cap_glyphs;
    uint32_t *pixels;
    int width, height;
    struct shapes enlarged;   /* for more pixels than points */
    struct shape_rect window; /* nothing outside is drawn */
    struct painter_cells cells;
};

static TTF_Font *open_font(int size, bool bold)
{
    const char *name = bold ? "DejaVuSansMono-Bold.ttf" : "DejaVuSansMono.ttf";
    for (size_t i = 0; i < sizeof font_folders / sizeof font_folders[0]; i++) {
        char path[128];
        SDL_snprintf(path, sizeof path, "%s/%s", font_folders[i], name);
        TTF_Font *font = TTF_OpenFont(path, size);
        if (font)
            return font;
    }
    return NULL;
}

static int face_find(struct painter_sdl *painter, int size, bool bold)
{
    for (int i = 0; i < painter->n_faces; i++) {
        if (painter->faces[i].size == size && painter->faces[i].bold == bold)
            return i;
    }
    *ARRAY_ADD(painter, faces) = (struct face){size, bold, open_font(size, bold)};
    return painter->n_faces - 1;
}

struct painter_sdl *painter_sdl_create(struct err *err)
{
    if (TTF_Init() != 0) {
        err_set(err, EXIT_MACHINE, "SDL_ttf cannot start: %s", TTF_GetError());
        return NULL;
    }
    struct painter_sdl *painter = calloc(1, sizeof *painter);
    painter->cap_glyphs = 1024;
    painter->glyphs = calloc((size_t)painter->cap_glyphs, sizeof *painter->glyphs);
    for (int bold = 0; bold < 2; bold++) {
        if (painter->faces && !painter->faces[0].font)
            break;
        face_find(painter, 12, bold);
    }
    if (!painter->faces[0].font || !painter->faces[1].font) {
        err_set(err, EXIT_MACHINE,
                "the font DejaVu Sans Mono is missing: install fonts-dejavu-core");
        painter_sdl_destroy(painter);
        return NULL;
    }
    return painter;
}

void painter_sdl_destroy(struct painter_sdl *painter)
{
    if (!painter)
        return;
    for (int i = 0; i < painter->cap_glyphs; i++)
        SDL_FreeSurface(painter->glyphs[i].surface);
    for (int i = 0; i < painter->n_faces; i++) {
        if (painter->faces[i].font)
            TTF_CloseFont(painter->faces[i].font);
    }
    free(painter->glyphs);
    free(painter->faces);
    free(painter->pixels);
    painter_cells_finish(&painter->cells);
    shapes_finish(&painter->enlarged);
    free(painter);
    TTF_Quit();
}

static SDL_Surface *render(TTF_Font *font, uint32_t letter)
{
    static const SDL_Color white = {255, 255, 255, 255};
    SDL_Surface *drawn = font ? TTF_RenderGlyph32_Blended(font, letter, white) : NULL;
    if (!drawn)
        return NULL;
    SDL_Surface *surface = SDL_ConvertSurfaceFormat(drawn, SDL_PIXELFORMAT_ARGB8888, 0);
    SDL_FreeSurface(drawn);
    return surface;
}

static struct glyph *glyph_slot(struct glyph *glyphs, int cap, int face, uint32_t letter)
{
    uint32_t at = (letter * 2654435761U + (uint32_t)face * 40503U) & (uint32_t)(cap - 1);
    while (glyphs[at].letter != 0 && (glyphs[at].letter != letter || glyphs[at].face != face))
        at = (at + 1) & (uint32_t)(cap - 1);
    return &glyphs[at];
}

static void glyphs_grow(struct painter_sdl *painter)
{
    int cap = painter->cap_glyphs * 2;
    struct glyph *glyphs = calloc((size_t)cap, sizeof *glyphs);
    for (int i = 0; i < painter->cap_glyphs; i++) {
        const struct glyph *old = &painter->glyphs[i];
        if (old->letter != 0)
            *glyph_slot(glyphs, cap, old->face, old->letter) = *old;
    }
    free(painter->glyphs);
    painter->glyphs = glyphs;
    painter->cap_glyphs = cap;
}

static SDL_Surface *glyph_find(struct painter_sdl *painter, int face, uint32_t letter)
{
    struct glyph *glyph = glyph_slot(painter->glyphs, painter->cap_glyphs, face, letter);
    if (glyph->letter == 0) {
        if (painter->n_glyphs * 2 >= painter->cap_glyphs) {
            glyphs_grow(painter);
            glyph = glyph_slot(painter->glyphs, painter->cap_glyphs, face, letter);
        }
        *glyph = (struct glyph){face, letter, render(painter->faces[face].font, letter)};
        painter->n_glyphs++;
    }
    return glyph->surface;
}

/* The part of a rectangle that is to be drawn; no area where none is. */
static struct shape_rect clip(const struct painter_sdl *painter, struct shape_rect rect)
{
    return shape_meet(rect, painter->window);
}

static void fill(struct painter_sdl *painter, struct shape_rect rect, uint32_t colour)
{
    struct shape_rect part = clip(painter, rect);
    for (int y = part.y; y < part.y + part.height; y++) {
        uint32_t *row = painter->pixels + (size_t)y * (size_t)painter->width;
        for (int x = part.x; x < part.x + part.width; x++)
            row[x] = colour;
    }
}

static void frame(struct painter_sdl *painter, struct shape_rect rect, uint32_t colour, int stroke,
                  int dash)
{
    int right = rect.x + rect.width - stroke, bottom = rect.y + rect.height - stroke;
    int on = dash > 0 ? dash : rect.width + rect.height;
    for (int at = 0; at < rect.width; at += on + dash) {
        int length = at + on > rect.width ? rect.width - at : on;
        fill(painter, (struct shape_rect){rect.x + at, rect.y, length, stroke}, colour);
        fill(painter, (struct shape_rect){rect.x + at, bottom, length, stroke}, colour);
    }
    for (int at = 0; at < rect.height; at += on + dash) {
        int length = at + on > rect.height ? rect.height - at : on;
        fill(painter, (struct shape_rect){rect.x, rect.y + at, stroke, length}, colour);
        fill(painter, (struct shape_rect){right, rect.y + at, stroke, length}, colour);
    }
}

/* Where the lines lie depends on the picture, not on the rectangle, so that they do not crawl. */
static void stripes(struct painter_sdl *painter, struct shape_rect rect, uint32_t colour, int step,
                    int width)
{
    struct shape_rect part = clip(painter, rect);
    for (int y = part.y; y < part.y + part.height; y++) {
        uint32_t *row = painter->pixels + (size_t)y * (size_t)painter->width;
        for (int x = part.x; x < part.x + part.width; x++) {
            if ((x + y) % step < width)
                row[x] = colour;
        }
    }
}

static uint32_t blend(uint32_t under, uint32_t over, uint32_t alpha)
{
    uint32_t mixed = 0xFF; /* opaque */
    for (int shift = 16; shift >= 0; shift -= 8) {
        uint32_t a = under >> shift & 0xFF, b = over >> shift & 0xFF;
        mixed = mixed << 8 | (a * (255 - alpha) + b * alpha + 127) / 255;
    }
    return mixed;
}

static void veil(struct painter_sdl *painter, struct shape_rect rect, uint32_t colour)
{
    struct shape_rect part = clip(painter, rect);
    for (int y = part.y; y < part.y + part.height; y++) {
        uint32_t *row = painter->pixels + (size_t)y * (size_t)painter->width;
        for (int x = part.x; x < part.x + part.width; x++)
            row[x] = blend(row[x], colour, SHAPE_VEIL_ALPHA);
    }
}

static void stamp(struct painter_sdl *painter, const SDL_Surface *glyph, int x, int y,
                  uint32_t colour)
{
    struct shape_rect part = clip(painter, (struct shape_rect){x, y, glyph->w, glyph->h});
    for (int row = part.y; row < part.y + part.height; row++) {
        const uint32_t *from =
            (const uint32_t *)((const char *)glyph->pixels + (row - y) * glyph->pitch);
        uint32_t *to = painter->pixels + (size_t)row * (size_t)painter->width;
        for (int column = part.x; column < part.x + part.width; column++) {
            uint32_t alpha = from[column - x] >> 24;
            if (alpha > 0)
                to[column] = blend(to[column], colour, alpha);
        }
    }
}

/* The next letter of UTF-8 text; a broken sequence counts as one unknown letter. */
static uint32_t next_letter(const char **text)
{
    const unsigned char *at = (const unsigned char *)*text;
    int more = at[0] < 0x80 ? 0 : at[0] >= 0xF0 ? 3 : at[0] >= 0xE0 ? 2 : at[0] >= 0xC0 ? 1 : -1;
    uint32_t letter = more <= 0 ? at[0] : at[0] & (0x3FU >> more);
    int i = 1;
    for (; i <= more && (at[i] & 0xC0) == 0x80; i++)
        letter = letter << 6 | (at[i] & 0x3F);
    *text += i;
    return more < 0 || i <= more ? 0xFFFD : letter;
}

static void write_text(struct painter_sdl *painter, const struct shapes *shapes,
                       const struct shape *shape, uint32_t colour)
{
    int face = face_find(painter, shape->size, shape->bold);
    const char *text = shapes_text_of(shapes, shape);
    /* Each where the layout has its point: an advance of larger letters may be rounded otherwise. */
    int letters = shape_letters(text);
    for (int i = 0; *text != '\0'; i++) {
        SDL_Surface *glyph = glyph_find(painter, face, next_letter(&text));
        if (glyph)
            stamp(painter, glyph, shape->rect.x + i * shape->rect.width / letters, shape->rect.y,
                  colour);
    }
}

static void draw(struct painter_sdl *painter, const struct shapes *shapes,
                 const struct shape *shape)
{
    uint32_t colour = 0xFF000000U | palette_colour(shapes->theme, shape->paint);
    switch (shape->kind) {
    case SHAPE_FILL:
        fill(painter, shape->rect, colour);
        break;
    case SHAPE_FRAME:
        frame(painter, shape->rect, colour, shapes_stroke(shapes), 0);
        break;
    case SHAPE_DASHED:
        frame(painter, shape->rect, colour, shapes_stroke(shapes), shapes_measure(shapes, DASH));
        break;
    case SHAPE_STRIPES:
        stripes(painter, shape->rect, colour, shapes_measure(shapes, STRIPE_STEP),
                shapes_measure(shapes, STRIPE_WIDTH));
        break;
    case SHAPE_VEIL:
        veil(painter, shape->rect, colour);
        break;
    case SHAPE_TEXT:
        write_text(painter, shapes, shape, colour);
        break;
    case SHAPE_CLIP:
        break;
    }
}

/* Draws what lies in a part of the picture, in the list's order. */
static void draw_part(struct painter_sdl *painter, const struct shapes *shapes,
                      const struct painter_part *part)
{
    for (int i = 0; i < part->n_shapes; i++) {
        const struct painter_piece *piece = &painter->cells.pieces[part->shapes[i]];
        painter->window = shape_meet(part->rect, piece->visible);
        if (painter->window.width > 0)
            draw(painter, shapes, &shapes->list[piece->shape]);
    }
}

uint32_t *painter_sdl_draw(struct painter_sdl *painter, const struct shapes *shapes, int width,
                           int height)
{
    if (width != painter->width || height != painter->height) {
        free(painter->pixels);
        painter->pixels = calloc((size_t)width * (size_t)height + 1, sizeof *painter->pixels);
        painter->width = width;
        painter->height = height;
    }
    if (shapes->density > DENSITY_ONE) {
        shapes_enlarge(&painter->enlarged, shapes);
        shapes = &painter->enlarged;
    }
    painter_cells_compare(&painter->cells, shapes, width, height);
    for (int i = 0; i < painter->cells.n_parts; i++)
        draw_part(painter, shapes, &painter->cells.parts[i]);
    return painter->pixels;
}

void painter_sdl_forget(struct painter_sdl *painter)
{
    painter_cells_forget(&painter->cells);
}

int painter_sdl_changed(const struct painter_sdl *painter, struct shape_rect *rects, int most)
{
    int n = painter->cells.n_parts < most ? painter->cells.n_parts : most;
    for (int i = 0; i < n; i++)
        rects[i] = painter->cells.parts[i].rect;
    return painter->cells.n_parts;
}
