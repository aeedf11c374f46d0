/*
 * Shapes to pixels: exactly where the list says, the same every time, in the picture only.
 */
#include "viz/painter_sdl.h"

#include "viz/picture.h"

#include <criterion/criterion.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WIDTH 64
#define HEIGHT 48

static struct painter_sdl *painter;
static struct shapes shapes;

static void set_up(void)
{
    struct err err = {0};
    painter = painter_sdl_create(&err);
    cr_assert(painter, "%s", err.text);
    shapes = (struct shapes){0};
    shapes_add(&shapes, SHAPE_FILL, PAINT_PAPER, (struct shape_rect){0, 0, WIDTH, HEIGHT});
}

static void tear_down(void)
{
    shapes_finish(&shapes);
    painter_sdl_destroy(painter);
}

TestSuite(painter_sdl, .init = set_up, .fini = tear_down);

static int count(const uint32_t *pixels, enum paint paint, struct shape_rect rect)
{
    int n = 0;
    for (int y = rect.y; y < rect.y + rect.height; y++) {
        for (int x = rect.x; x < rect.x + rect.width; x++)
            n += pixels[y * WIDTH + x] == (0xFF000000U | palette_rgb(paint));
    }
    return n;
}

static const struct shape_rect all = {0, 0, WIDTH, HEIGHT};

Test(painter_sdl, draws_where_it_is_told)
{
    static const struct {
        enum shape_kind kind;
        struct shape_rect rect;
        int pixels;
    } rows[] = {
        {SHAPE_FILL, {3, 4, 10, 5}, 50},      {SHAPE_FRAME, {3, 4, 10, 5}, 26},
        {SHAPE_FRAME, {3, 4, 1, 1}, 1},       {SHAPE_DASHED, {0, 0, 16, 1}, 9},
        {SHAPE_STRIPES, {8, 8, 8, 8}, 16},    {SHAPE_FILL, {-5, -5, 10, 10}, 25},
        {SHAPE_FILL, {60, 40, 100, 100}, 32}, {SHAPE_FRAME, {-5, -5, 200, 200}, 0},
        {SHAPE_FILL, {100, 100, 5, 5}, 0},    {SHAPE_STRIPES, {-100, 0, 50, 50}, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        shapes.n_list = 1;
        shapes_add(&shapes, rows[i].kind, PAINT_INK, rows[i].rect);
        const uint32_t *pixels = painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT);
        cr_expect_eq(count(pixels, PAINT_INK, all), rows[i].pixels, "row %zu: %d", i,
                     count(pixels, PAINT_INK, all));
    }
}

Test(painter_sdl, letters_keep_to_their_measures)
{
    for (int size = 9; size <= 38; size++) {
        for (int bold = 0; bold < 2; bold++) {
            static const char text[] = "|";
            int advance = shape_advance(size), line = shape_line(size);
            shapes.n_list = 1;
            shapes_text(&shapes, PAINT_INK, 0, 0, WIDTH, size, bold, text);
            const uint32_t *pixels = painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT);
            int outside =
                count(pixels, PAINT_PAPER, all) -
                count(pixels, PAINT_PAPER, (struct shape_rect){0, 0, advance + 1, line + 2});
            cr_expect_eq(outside, WIDTH * HEIGHT - (advance + 1) * (line + 2), "size %d", size);
            cr_expect(count(pixels, PAINT_PAPER, all) < WIDTH * HEIGHT, "size %d is drawn", size);
        }
    }
}

Test(painter_sdl, knows_every_sign_that_is_used)
{
    static const char *const signs[] = {
        "\xE2\x80\xA6", "\xE2\x97\x8B", "\xE2\x96\xB6", "\xE2\x96\xA0",
        "\xE2\x9C\x93", "\xE2\x9C\x97", "\xE2\x86\x90", "\xE2\x86\x91",
        "\xE2\x86\x92", "\xE2\x86\x93", "\xE2\x96\xB2", "\xE2\x96\xBC",
        "\xE2\x97\x86", "\xE2\x9A\xA1", "\xE2\x96\x8F", "\xC3\xA9"};
    uint32_t unknown[WIDTH * HEIGHT];
    shapes_text(&shapes, PAINT_INK, 0, 0, WIDTH, 20, true, "\xF3\xBF\xBF\xBD"); /* private use */
    memcpy(unknown, painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT), sizeof unknown);
    for (size_t i = 0; i < sizeof signs / sizeof signs[0]; i++) {
        shapes.n_list = 1;
        shapes_text(&shapes, PAINT_INK, 0, 0, WIDTH, 20, true, signs[i]);
        const uint32_t *pixels = painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT);
        cr_expect(count(pixels, PAINT_PAPER, all) < WIDTH * HEIGHT, "sign %zu", i);
        cr_expect(memcmp(pixels, unknown, sizeof unknown) != 0, "sign %zu is in the font", i);
    }
}

Test(painter_sdl, broken_text_is_drawn_as_unknown_letters)
{
    static const char *const texts[] = {"\xC3", "\xE2\x80", "\x80\x80", "\xFF\xFE", "a\xF0\x9F"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        shapes.n_list = 1;
        shapes_text(&shapes, PAINT_INK, 0, 0, WIDTH, 12, false, texts[i]);
        painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT);
    }
    cr_expect_eq(shapes.n_list, 2);
}

Test(painter_sdl, a_picture_comes_back_from_its_file)
{
    char path[64];
    struct err err = {0};
    snprintf(path, sizeof path, "painter-test-%d.png", (int)getpid());
    shapes_text(&shapes, PAINT_INK, 2, 2, WIDTH, 20, true, "berth");
    const uint32_t *pixels = painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT);
    cr_assert(picture_save(path, pixels, WIDTH, HEIGHT, &err), "%s", err.text);
    png_image image = {.version = PNG_IMAGE_VERSION};
    png_byte bytes[WIDTH * HEIGHT * 3];
    cr_assert(png_image_begin_read_from_file(&image, path));
    image.format = PNG_FORMAT_RGB;
    cr_assert(png_image_finish_read(&image, NULL, bytes, 0, NULL));
    for (int i = 0; i < WIDTH * HEIGHT; i++) {
        uint32_t rgb =
            (uint32_t)bytes[3 * i] << 16 | (uint32_t)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        cr_assert_eq(rgb, pixels[i] & 0xFFFFFF, "pixel %d", i);
    }
    unlink(path);
    cr_expect(!picture_save("/no/such/folder/x.png", pixels, WIDTH, HEIGHT, &err));
    cr_expect_eq(err.code, EXIT_INPUT);
    cr_expect(strstr(err.text, "/no/such/folder/x.png"), "%s", err.text);
}

static int some(int most)
{
    return rand() % most;
}

/* From picture to picture a part of the shapes changes, comes or goes. */
static void change_shapes(void)
{
    static const char *const words[] = {"t1 web", "\xE2\x96\xB6 t12 job", "0.500 s", "lack"};
    shapes_clear(&shapes);
    shapes.theme = some(8) == 0 ? THEME_DARK : THEME_LIGHT;
    shapes_add(&shapes, SHAPE_FILL, PAINT_PAPER, all);
    static int seed;
    srand((unsigned)(seed += some(3)));
    for (int i = 0, n = 10 + some(20); i < n; i++) {
        struct shape_rect rect = {some(WIDTH + 20) - 10, some(HEIGHT + 20) - 10, some(40),
                                  some(40)};
        if (some(9) == 0)
            shapes_clip(&shapes, rect);
        else if (some(3) == 0)
            shapes_text(&shapes, PAINT_INK, rect.x, rect.y, 60, 8 + some(12), some(2),
                        words[some(4)]);
        else
            shapes_add(&shapes, (enum shape_kind)some(SHAPE_TEXT), (enum paint)some(PAINTS), rect);
    }
    srand((unsigned)(seed * 7919 + some(1000)));
}

Test(painter_sdl, drawing_what_has_changed_gives_what_drawing_all_gives)
{
    struct err err = {0};
    struct painter_sdl *plain = painter_sdl_create(&err);
    struct shape_rect rects[64];
    int kept = 0;
    for (int i = 0; i < 500; i++) {
        change_shapes();
        int height = i % 50 == 49 ? HEIGHT - 1 : HEIGHT; /* the window changes too */
        painter_sdl_forget(plain);
        const uint32_t *whole = painter_sdl_draw(plain, &shapes, WIDTH, height);
        const uint32_t *pixels = painter_sdl_draw(painter, &shapes, WIDTH, height);
        kept += painter_sdl_changed(painter, rects, 64) == 0;
        cr_assert(memcmp(whole, pixels, (size_t)(WIDTH * height) * sizeof *pixels) == 0,
                  "picture %d", i);
    }
    cr_expect(kept > 20, "the same list is not drawn twice: %d", kept);
    painter_sdl_destroy(plain);
}

/* Odd places and sizes, one over the other, some beyond the picture. */
static void add_odd_shapes(bool with_stripes)
{
    static const enum shape_kind kinds[] = {SHAPE_FILL, SHAPE_FRAME, SHAPE_DASHED, SHAPE_VEIL,
                                            SHAPE_STRIPES};
    uint32_t draw = 12345;
    for (int i = 0; i < 60; i++) {
        int at[4];
        for (int j = 0; j < 4; j++) {
            draw = draw * 1103515245 + 12345;
            at[j] = (int)(draw >> 16 & 63);
        }
        shapes_add(&shapes, kinds[i % (4 + with_stripes)], (enum paint)(i % PAINTS),
                   (struct shape_rect){at[0] - 8, at[1] - 8, at[2], at[3]});
        if (i == 30)
            shapes_clip(&shapes, (struct shape_rect){5, 3, 40, 40});
    }
}

Test(painter_sdl, twice_as_dense_is_the_same_picture_in_four_times_the_pixels)
{
    add_odd_shapes(false);
    uint32_t plain[WIDTH * HEIGHT];
    memcpy(plain, painter_sdl_draw(painter, &shapes, WIDTH, HEIGHT), sizeof plain);
    shapes.density = 200;
    const uint32_t *dense = painter_sdl_draw(painter, &shapes, 2 * WIDTH, 2 * HEIGHT);
    for (int y = 0; y < 2 * HEIGHT; y++) {
        for (int x = 0; x < 2 * WIDTH; x++)
            cr_assert_eq(dense[y * 2 * WIDTH + x], plain[y / 2 * WIDTH + x / 2], "%d, %d", x, y);
    }
}

Test(painter_sdl, what_touches_still_does_at_any_density)
{
    for (int i = 0; i < WIDTH; i++)
        shapes_add(&shapes, SHAPE_FILL, i % 2 ? PAINT_RUNNING : PAINT_INK,
                   (struct shape_rect){i, 0, 1, HEIGHT});
    for (int density = 100; density <= 400; density += 25) {
        int width = WIDTH * density / 100, height = HEIGHT * density / 100;
        shapes.density = density;
        const uint32_t *pixels = painter_sdl_draw(painter, &shapes, width, height);
        for (int i = 0; i < width * height; i++)
            cr_assert(pixels[i] == (0xFF000000U | palette_rgb(PAINT_RUNNING)) ||
                          pixels[i] == (0xFF000000U | palette_rgb(PAINT_INK)),
                      "density %d", density);
    }
}

Test(painter_sdl, dense_text_takes_its_lines_place)
{
    for (int density = 100; density <= 400; density += 25) {
        shapes.n_list = 1;
        shapes_text(&shapes, PAINT_INK, 4, 3, WIDTH, 11, true, "berth 1");
        struct shape_rect at = shapes.list[1].rect;
        shapes.density = density;
        int width = WIDTH * density / 100, height = HEIGHT * density / 100;
        const uint32_t *pixels = painter_sdl_draw(painter, &shapes, width, height);
        int left = width, right = 0, top = height, bottom = 0;
        for (int i = 0; i < width * height; i++) {
            if (pixels[i] == (0xFF000000U | palette_rgb(PAINT_PAPER)))
                continue;
            left = i % width < left ? i % width : left;
            right = i % width > right ? i % width : right;
            top = i / width < top ? i / width : top;
            bottom = i / width > bottom ? i / width : bottom;
        }
        cr_expect(left >= (at.x - 1) * density / 100 && left <= (at.x + 3) * density / 100);
        int end = (at.x + at.width) * density / 100;
        cr_expect(right <= end && right >= end - 4 * density / 100, "%d: %d of %d", density, right,
                  end);
        cr_expect(top >= at.y * density / 100 && bottom < (at.y + at.height) * density / 100,
                  "%d: %d to %d", density, top, bottom);
    }
}
