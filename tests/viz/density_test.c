/*
 * Screens as people have them and as they are told wrongly, and every pixel in its point.
 */
#include "viz/density.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <limits.h>

static int of(int window, int pixels, const char *gdk_scale, const char *resources)
{
    struct density_screen screen = {window, pixels, gdk_scale, resources};
    return density_of_screen(&screen);
}

Test(density, a_window_with_more_pixels_than_units_tells_its_screens)
{
    cr_expect(eq(int, of(1280, 2560, NULL, NULL), 200));
    cr_expect(eq(int, of(1280, 1920, NULL, NULL), 150));
    cr_expect(eq(int, of(1000, 1260, NULL, NULL), 125), "to whole quarters");
    cr_expect(eq(int, of(1280, 12800, NULL, NULL), 400));
    cr_expect(eq(int, of(1280, 2560, "3", "Xft.dpi:\t96"), 200), "before what others are told");
    cr_expect(eq(int, of(1280, 1280, NULL, NULL), 100));
    cr_expect(eq(int, of(0, 0, NULL, NULL), 100));
}

Test(density, else_it_is_what_other_programs_are_told)
{
    cr_expect(
        eq(int, of(800, 800, NULL, "Xft.antialias:\t1\nXft.dpi:\t192\nXft.rgba: none\n"), 200));
    cr_expect(eq(int, of(800, 800, NULL, "Xft.dpi: 144"), 150));
    cr_expect(eq(int, of(800, 800, NULL, "Xft.dpi:\t96.5\n"), 100));
    cr_expect(eq(int, of(800, 800, NULL, "Xft.dpi:\t72\n"), 100),
              "no picture is coarser than its points");
    cr_expect(eq(int, of(800, 800, NULL, "*Xft.dpi:\t192\nmy.Xft.dpi:\t192\n"), 100));
    cr_expect(eq(int, of(800, 800, "2", "Xft.dpi:\t144"), 200));
    cr_expect(eq(int, of(800, 800, "", "Xft.dpi:\t144"), 150));
    static const char *const odd[] = {"",
                                      "Xft.dpi:",
                                      "Xft.dpi:\tlarge",
                                      "Xft.dpi:\tnan",
                                      "Xft.dpi:\tinf",
                                      "Xft.dpi:\t-192",
                                      "Xft.dpi:\t1e300",
                                      "\n\n"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        cr_expect(eq(int, of(800, 800, NULL, odd[i]), 100), "%s", odd[i]);
        cr_expect(eq(int, of(800, 800, odd[i], NULL), 100), "%s", odd[i]);
    }
}

Test(density, a_density_is_read)
{
    static const struct {
        const char *text;
        int percent; /* -1: none */
    } rows[] = {{"1", 100},  {"2", 200},   {"1.5", 150}, {"1.25", 125}, {"4", 400}, {"auto", 0},
                {"0", -1},   {"0.99", -1}, {"4.1", -1},  {"-2", -1},    {"2x", -1}, {"", -1},
                {"nan", -1}, {"inf", -1},  {"2 ", -1},   {"Auto", -1}};
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int percent = -1;
        bool read = density_read(rows[i].text, &percent);
        cr_expect(eq(int, read, rows[i].percent >= 0), "%s", rows[i].text);
        cr_expect(eq(int, percent, rows[i].percent), "%s", rows[i].text);
    }
}

Test(density, points_cover_all_pixels_and_lie_on_them)
{
    for (int percent = 100; percent <= 400; percent += 25) {
        for (int pixels = 1; pixels < 700; pixels++) {
            int points = density_points(pixels, percent);
            cr_assert(le(int, pixels, density_pixels(points, percent)));
            cr_assert(lt(int, density_pixels(points - 1, percent), pixels));
            /* Every pixel belongs to the point that was drawn on it. */
            int at = density_point_at(pixels, 700, 700, percent);
            cr_assert(le(int, density_pixels(at, percent), pixels));
            cr_assert(lt(int, pixels, density_pixels(at + 1, percent)));
        }
    }
}

Test(density, a_pointer_comes_in_the_windows_units)
{
    cr_expect(eq(int, density_point_at(300, 1280, 1280, 100), 300));
    cr_expect(eq(int, density_point_at(300, 1280, 1280, 200), 150), "X: units are pixels");
    cr_expect(eq(int, density_point_at(300, 640, 1280, 200), 300), "Wayland: units are points");
    cr_expect(eq(int, density_point_at(300, 640, 1280, 400), 150),
              "and another density was asked for");
    cr_expect(eq(int, density_point_at(-1, 640, 1280, 200), -1), "outside stays outside");
    cr_expect(eq(int, density_point_at(7, 0, 0, 200), 7));
    cr_expect(eq(int, density_pixels(-3, 150), -5));
    cr_expect(eq(int, density_pixels(16384, 400), 65536));
}
