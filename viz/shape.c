/*
 * The list and the font's measures. It must never know what the picture shows.
 */
#include "viz/shape.h"

#include "core/array.h"
#include "viz/density.h"

#include <stdlib.h>
#include <string.h>

/* DejaVu Sans Mono, hhea and hmtx tables: units of 2048 per em. */
#define FONT_EM 2048
#define FONT_ADVANCE 1233
#define FONT_LINE 2384

int shape_advance(int size)
{
    return (size * FONT_ADVANCE + FONT_EM / 2) / FONT_EM;
}

int shape_line(int size)
{
    return (size * FONT_LINE + FONT_EM - 1) / FONT_EM;
}

void shapes_clear(struct shapes *shapes)
{
    shapes->n_list = shapes->n_texts = 0;
}

void shapes_finish(struct shapes *shapes)
{
    free(shapes->list);
    free(shapes->texts);
    *shapes = (struct shapes){0};
}

void shapes_add(struct shapes *shapes, enum shape_kind kind, enum paint paint,
                struct shape_rect rect)
{
    if (rect.width > 0 && rect.height > 0)
        *ARRAY_ADD(shapes, list) = (struct shape){.kind = kind, .paint = paint, .rect = rect};
}

void shapes_clip(struct shapes *shapes, struct shape_rect rect)
{
    *ARRAY_ADD(shapes, list) = (struct shape){.kind = SHAPE_CLIP, .rect = rect};
}

static bool starts_letter(char byte)
{
    return ((unsigned char)byte & 0xC0) != 0x80;
}

int shape_letters(const char *text)
{
    int n = 0;
    for (; *text != '\0'; text++)
        n += starts_letter(*text);
    return n;
}

const char *shape_skip(const char *text, int n)
{
    while (*text != '\0' && (n > 0 || !starts_letter(*text))) {
        n -= starts_letter(*text);
        text++;
    }
    return text;
}

static void keep(struct shapes *shapes, const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++)
        *ARRAY_ADD(shapes, texts) = text[i];
}

int shapes_text(struct shapes *shapes, enum paint paint, int x, int y, int width, int size,
                bool bold, const char *text)
{
    static const char ellipsis[] = "\xE2\x80\xA6";
    int room = width / shape_advance(size), letters = shape_letters(text);
    if (room < 1 || letters < 1)
        return 0;
    int shown = letters <= room ? letters : room;
    struct shape shape = {
        .kind = SHAPE_TEXT,
        .paint = paint,
        .rect = {x, y, shown * shape_advance(size), shape_line(size)},
        .size = size,
        .bold = bold,
        .text = shapes->n_texts,
    };
    bool cut = letters > room && room > 1;
    keep(shapes, text, (size_t)(shape_skip(text, cut ? shown - 1 : shown) - text));
    if (cut)
        keep(shapes, ellipsis, strlen(ellipsis));
    keep(shapes, "", 1);
    *ARRAY_ADD(shapes, list) = shape;
    return shape.rect.width;
}

static int density_of(const struct shapes *shapes)
{
    return shapes->density > 0 ? shapes->density : DENSITY_ONE;
}

int shapes_measure(const struct shapes *shapes, int points)
{
    return density_pixels(points, density_of(shapes));
}

int shapes_stroke(const struct shapes *shapes)
{
    /* A pixel and a half would look bold as two. */
    return (density_of(shapes) + DENSITY_ONE / 4) / DENSITY_ONE;
}

/* By its edges, so that what touches still does; nothing is lost. */
static struct shape_rect enlarged(struct shape_rect rect, int density)
{
    int left = density_pixels(rect.x, density),
        right = density_pixels(rect.x + rect.width, density);
    int top = density_pixels(rect.y, density),
        bottom = density_pixels(rect.y + rect.height, density);
    return (struct shape_rect){left, top, right - left, bottom - top};
}

void shapes_enlarge(struct shapes *pixels, const struct shapes *shapes)
{
    int density = density_of(shapes);
    shapes_clear(pixels);
    pixels->theme = shapes->theme;
    pixels->density = density;
    for (int i = 0; i < shapes->n_list; i++) {
        struct shape shape = shapes->list[i];
        shape.rect = enlarged(shape.rect, density);
        shape.size = density_pixels(shape.size, density);
        *ARRAY_ADD(pixels, list) = shape;
    }
    keep(pixels, shapes->texts, (size_t)shapes->n_texts);
}

const char *shapes_text_of(const struct shapes *shapes, const struct shape *shape)
{
    return shapes->texts + shape->text;
}

struct shape_rect shape_inset(struct shape_rect rect, int by)
{
    return (struct shape_rect){rect.x + by, rect.y + by, rect.width - 2 * by, rect.height - 2 * by};
}

struct shape_rect shape_meet(struct shape_rect a, struct shape_rect b)
{
    int left = a.x > b.x ? a.x : b.x, top = a.y > b.y ? a.y : b.y;
    int right = a.x + a.width < b.x + b.width ? a.x + a.width : b.x + b.width;
    int bottom = a.y + a.height < b.y + b.height ? a.y + a.height : b.y + b.height;
    if (right <= left || bottom <= top)
        return (struct shape_rect){left, top, 0, 0};
    return (struct shape_rect){left, top, right - left, bottom - top};
}

bool shape_contains(struct shape_rect rect, int x, int y)
{
    return x >= rect.x && x < rect.x + rect.width && y >= rect.y && y < rect.y + rect.height;
}
