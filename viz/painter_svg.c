/*
 * Rectangles lie on whole pixels; a frame is four strokes in the middle of its pixels, so that a viewer
 * draws what painter_sdl.c draws. Letters have the widths that the layout counted with, whatever font the
 * viewer has. It must never know what the shapes mean.
 */
#include "viz/painter_svg.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* DejaVu Sans Mono, hhea table: what is above the base line, of 2048 per em. */
#define FONT_ASCENT 1901
#define FONT_EM 2048

static void add_colour(struct buffer *svg, const struct shapes *shapes, enum paint paint)
{
    buffer_add(svg, "#%06" PRIx32, palette_colour(shapes->theme, paint));
}

static void add_rect(struct buffer *svg, const struct shapes *shapes, const struct shape *shape)
{
    const struct shape_rect *rect = &shape->rect;
    buffer_add(svg, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"", rect->x, rect->y,
               rect->width, rect->height);
    if (shape->kind == SHAPE_STRIPES)
        buffer_add(svg, "url(#stripes%d)", shape->paint);
    else
        add_colour(svg, shapes, shape->paint);
    if (shape->kind == SHAPE_VEIL)
        buffer_add(svg, "\" fill-opacity=\"%d.%03d", SHAPE_VEIL_ALPHA / 255,
                   SHAPE_VEIL_ALPHA * 1000 / 255 % 1000);
    buffer_add_text(svg, "\"/>\n");
}

static void add_frame(struct buffer *svg, const struct shapes *shapes, const struct shape *shape)
{
    const struct shape_rect *rect = &shape->rect;
    int right = rect->x + rect->width - 1, bottom = rect->y + rect->height - 1;
    buffer_add(svg,
               "<path d=\"M%d,%d.5h%dM%d,%d.5h%dM%d.5,%dv%dM%d.5,%dv%d\" fill=\"none\" stroke=\"",
               rect->x, rect->y, rect->width, rect->x, bottom, rect->width, rect->x, rect->y,
               rect->height, right, rect->y, rect->height);
    add_colour(svg, shapes, shape->paint);
    buffer_add_text(svg, shape->kind == SHAPE_DASHED ? "\" stroke-dasharray=\"4\"/>\n" : "\"/>\n");
}

/* The bytes of a whole UTF-8 letter; 0: it is none that XML takes. */
static int letter_bytes(const unsigned char *at)
{
    int n = at[0] < 0x80 ? 1 : at[0] >= 0xF0 ? 4 : at[0] >= 0xE0 ? 3 : at[0] >= 0xC2 ? 2 : 0;
    if (n == 1 && at[0] < ' ')
        return 0;
    for (int i = 1; i < n; i++) {
        if ((at[i] & 0xC0) != 0x80)
            return 0;
    }
    /* What stands for two-byte letters written longer, surrogates, and what is beyond Unicode. */
    if ((at[0] == 0xE0 && at[1] < 0xA0) || (at[0] == 0xED && at[1] >= 0xA0) ||
        (at[0] == 0xEF && at[1] == 0xBF && at[2] >= 0xBE) || (at[0] == 0xF0 && at[1] < 0x90) ||
        at[0] > 0xF4 || (at[0] == 0xF4 && at[1] >= 0x90))
        return 0;
    return n;
}

static void add_escaped(struct buffer *svg, const char *text)
{
    while (*text != '\0') {
        int n = letter_bytes((const unsigned char *)text);
        if (n == 0)
            buffer_add_text(svg, "\xEF\xBF\xBD");
        else if (*text == '&')
            buffer_add_text(svg, "&amp;");
        else if (*text == '<')
            buffer_add_text(svg, "&lt;");
        else if (*text == '>')
            buffer_add_text(svg, "&gt;");
        else
            buffer_add(svg, "%.*s", n, text);
        text += n > 0 ? n : 1;
    }
}

static void add_text(struct buffer *svg, const struct shapes *shapes, const struct shape *shape)
{
    const struct shape_rect *rect = &shape->rect;
    buffer_add(svg, "<text x=\"%d\" y=\"%d\" font-size=\"%d\" textLength=\"%d\"%s fill=\"", rect->x,
               rect->y + (shape->size * FONT_ASCENT + FONT_EM / 2) / FONT_EM, shape->size,
               rect->width, shape->bold ? " font-weight=\"bold\"" : "");
    add_colour(svg, shapes, shape->paint);
    buffer_add_text(svg, "\">");
    add_escaped(svg, shapes_text_of(shapes, shape));
    buffer_add_text(svg, "</text>\n");
}

/* A group of what is drawn within a rectangle only. */
static void begin_clip(struct buffer *svg, const struct shape_rect *rect, int number)
{
    buffer_add(svg,
               "<clipPath id=\"clip%d\"><rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\"/>"
               "</clipPath>\n<g clip-path=\"url(#clip%d)\">\n",
               number, rect->x, rect->y, rect->width, rect->height, number);
}

/* One tile a paint that is used for stripes: where the lines lie depends on the picture alone. */
static void add_patterns(struct buffer *svg, const struct shapes *shapes)
{
    bool used[PAINTS] = {false};
    for (int i = 0; i < shapes->n_list; i++) {
        if (shapes->list[i].kind == SHAPE_STRIPES)
            used[shapes->list[i].paint] = true;
    }
    buffer_add_text(svg, "<defs>\n");
    for (int paint = 0; paint < PAINTS; paint++) {
        if (!used[paint])
            continue;
        buffer_add(svg,
                   "<pattern id=\"stripes%d\" width=\"8\" height=\"8\" "
                   "patternUnits=\"userSpaceOnUse\"><path d=\"M0,0h2L0,2zM8,0v2L2,8H0z\" fill=\"",
                   paint);
        add_colour(svg, shapes, (enum paint)paint);
        buffer_add_text(svg, "\"/></pattern>\n");
    }
    buffer_add_text(svg, "</defs>\n");
}

void painter_svg_draw(struct buffer *svg, const struct shapes *shapes, int width, int height)
{
    int wide = shapes_measure(shapes, width), high = shapes_measure(shapes, height);
    buffer_add(svg,
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" "
               "viewBox=\"0 0 %d %d\" shape-rendering=\"crispEdges\" "
               "font-family=\"'DejaVu Sans Mono',monospace\" xml:space=\"preserve\">\n",
               wide, high, width, height);
    int n_clips = 0;
    add_patterns(svg, shapes);
    for (int i = 0; i < shapes->n_list; i++) {
        const struct shape *shape = &shapes->list[i];
        switch (shape->kind) {
        case SHAPE_FILL:
        case SHAPE_STRIPES:
        case SHAPE_VEIL:
            add_rect(svg, shapes, shape);
            break;
        case SHAPE_FRAME:
        case SHAPE_DASHED:
            add_frame(svg, shapes, shape);
            break;
        case SHAPE_TEXT:
            add_text(svg, shapes, shape);
            break;
        case SHAPE_CLIP:
            buffer_add_text(svg, n_clips > 0 ? "</g>\n" : "");
            begin_clip(svg, &shape->rect, n_clips++);
            break;
        }
    }
    buffer_add_text(svg, n_clips > 0 ? "</g>\n</svg>\n" : "</svg>\n");
}

bool painter_svg_save(const char *path, const struct shapes *shapes, int width, int height,
                      struct err *err)
{
    struct buffer svg = {0};
    FILE *file = fopen(path, "w");
    if (!file)
        return err_file(err, errno, "%s: cannot write the picture", path);
    painter_svg_draw(&svg, shapes, width, height);
    bool ok = fwrite(svg.text, 1, svg.length, file) == svg.length;
    int errnum = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        errnum = errno;
    }
    buffer_finish(&svg);
    return ok || err_file(err, errnum, "%s: cannot write the picture", path);
}
