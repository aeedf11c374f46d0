/*
 * The SVG painter: every kind of shape at its place, text as text whatever bytes it has, the same bytes
 * for the same shapes.
 */
#include "viz/painter_svg.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct shapes shapes;

static void tear_down(void)
{
    shapes_finish(&shapes);
}

TestSuite(painter_svg, .fini = tear_down);

static char *drawn(void)
{
    struct buffer svg = {0};
    painter_svg_draw(&svg, &shapes, 200, 100);
    return svg.text;
}

static void expect(const char *words)
{
    char *text = drawn();
    cr_assert(strstr(text, words), "no %s in:\n%s", words, text);
    free(text);
}

Test(painter_svg, draws_each_kind)
{
    struct shape_rect rect = {10, 20, 30, 40};
    shapes_add(&shapes, SHAPE_FILL, PAINT_RUNNING, rect);
    expect("<rect x=\"10\" y=\"20\" width=\"30\" height=\"40\" fill=\"#");
    shapes_add(&shapes, SHAPE_FRAME, PAINT_INK, rect);
    expect("<path d=\"M10,20.5h30M10,59.5h30M10.5,20v40M39.5,20v40\" fill=\"none\" stroke=\"#");
    shapes_add(&shapes, SHAPE_DASHED, PAINT_INK, rect);
    expect("stroke-dasharray=\"4\"");
    shapes_add(&shapes, SHAPE_STRIPES, PAINT_RULE, rect);
    expect("<pattern id=\"stripes");
    expect("fill=\"url(#stripes");
    shapes_add(&shapes, SHAPE_VEIL, PAINT_PAPER, rect);
    expect("fill-opacity=\"0.721\"");
    shapes_clip(&shapes, rect);
    shapes_text(&shapes, PAINT_INK, 1, 2, 100, 12, true, "t1 web");
    expect(
        "<clipPath id=\"clip0\"><rect x=\"10\" y=\"20\" width=\"30\" height=\"40\"/></clipPath>");
    expect(
        "<text x=\"1\" y=\"13\" font-size=\"12\" textLength=\"42\" font-weight=\"bold\" fill=\"#");
    expect(">t1 web</text>\n</g>\n</svg>\n");
}

Test(painter_svg, is_the_theme_s)
{
    shapes_add(&shapes, SHAPE_FILL, PAINT_PAPER, (struct shape_rect){0, 0, 9, 9});
    for (int theme = 0; theme < THEMES; theme++) {
        char colour[16];
        shapes.theme = (enum theme)theme;
        snprintf(colour, sizeof colour, "\"#%06x\"",
                 (unsigned)palette_colour((enum theme)theme, PAINT_PAPER));
        expect(colour);
    }
}

Test(painter_svg, takes_any_text)
{
    shapes_text(&shapes, PAINT_INK, 0, 0, 190, 10, false, "a<b>&\"c\x01\xFF\xC3\xA4\xED\xA0\x80");
    expect(">a&lt;b&gt;&amp;\"c\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA4\xEF\xBF\xBD");
}

Test(painter_svg, saves_or_says_why_not)
{
    char path[] = "/tmp/berth-svg-test-XXXXXX", read[8] = "";
    struct err err = {0};
    int fd = mkstemp(path);
    cr_assert(painter_svg_save(path, &shapes, 10, 10, &err));
    cr_assert(pread(fd, read, 4, 0) == 4 && strcmp(read, "<svg") == 0);
    close(fd);
    unlink(path);
    cr_assert(!painter_svg_save("/no/such/picture.svg", &shapes, 10, 10, &err));
    cr_assert(strstr(err.text, "/no/such/picture.svg"));
}

Test(painter_svg, is_as_large_as_its_density_says)
{
    shapes.density = 150;
    shapes_add(&shapes, SHAPE_FILL, PAINT_PAPER, (struct shape_rect){0, 0, 200, 100});
    expect("width=\"300\" height=\"150\" viewBox=\"0 0 200 100\"");
    expect("<rect x=\"0\" y=\"0\" width=\"200\" height=\"100\"");
}
