/*
 * Colours that mean different things look different, also to people who see them otherwise: contrast after the
 * simulation of Machado, Oliveira and Fernandes (2009), severity 1, and distances in CIE L*a*b*.
 */
#include "viz/palette.h"

#include <criterion/criterion.h>
#include <math.h>

enum sight { SIGHT_FULL, SIGHT_PROTANOPIA, SIGHT_DEUTERANOPIA, SIGHT_TRITANOPIA, SIGHTS };

static const char *const sight_names[] = {"full sight", "protanopia", "deuteranopia", "tritanopia"};

/* G. M. Machado et al., A Physiologically-based Model for Simulation of Color Vision Deficiency, on linear RGB. */
static const double sights[SIGHTS][3][3] = {
    {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
    {{0.152286, 1.052583, -0.204868},
     {0.114503, 0.786281, 0.099216},
     {-0.003882, -0.048116, 1.051998}},
    {{0.367322, 0.860646, -0.227968},
     {0.280085, 0.672501, 0.047413},
     {-0.011820, 0.042940, 0.968881}},
    {{1.255528, -0.076749, -0.178779},
     {-0.078411, 0.930809, 0.147602},
     {0.004733, 0.691367, 0.303900}},
};

static double linear(uint32_t byte)
{
    double value = byte / 255.0;
    return value <= 0.04045 ? value / 12.92 : pow((value + 0.055) / 1.055, 2.4);
}

static void see(uint32_t colour, enum sight sight, double seen[3])
{
    double rgb[3] = {linear(colour >> 16 & 255), linear(colour >> 8 & 255), linear(colour & 255)};
    for (int i = 0; i < 3; i++) {
        double sum = 0;
        for (int j = 0; j < 3; j++)
            sum += sights[sight][i][j] * rgb[j];
        seen[i] = sum < 0 ? 0 : sum > 1 ? 1 : sum;
    }
}

static double bend(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIE 1976, white D65. */
static void to_lab(const double rgb[3], double lab[3])
{
    double x = bend((0.4124 * rgb[0] + 0.3576 * rgb[1] + 0.1805 * rgb[2]) / 0.9505);
    double y = bend(0.2126 * rgb[0] + 0.7152 * rgb[1] + 0.0722 * rgb[2]);
    double z = bend((0.0193 * rgb[0] + 0.1192 * rgb[1] + 0.9505 * rgb[2]) / 1.089);
    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
}

static double distance(uint32_t a, uint32_t b, enum sight sight)
{
    double seen[3], left[3], right[3];
    see(a, sight, seen);
    to_lab(seen, left);
    see(b, sight, seen);
    to_lab(seen, right);
    return sqrt(pow(left[0] - right[0], 2) + pow(left[1] - right[1], 2) +
                pow(left[2] - right[2], 2));
}

/* WCAG 2.1: relative luminance. */
static double contrast(uint32_t a, uint32_t b)
{
    double light[2];
    for (int i = 0; i < 2; i++) {
        uint32_t colour = i ? b : a;
        light[i] = 0.2126 * linear(colour >> 16 & 255) + 0.7152 * linear(colour >> 8 & 255) +
                   0.0722 * linear(colour & 255) + 0.05;
    }
    return light[0] > light[1] ? light[0] / light[1] : light[1] / light[0];
}

/* What may stand beside each other and must not be taken for the other; 10 is well above a just noticeable 2.3. */
Test(palette, what_differs_looks_different_to_everybody)
{
    static const enum paint groups[][6] = {
        {PAINT_RUNNING, PAINT_PENDING, PAINT_STOPPING, PAINT_PANEL, PAINTS},
        {PAINT_RUNNING, PAINT_PENDING_STRIPE, PAINT_STOPPING_STRIPE, PAINT_FAILED, PAINTS},
        {PAINT_PENDING, PAINT_PENDING_STRIPE, PAINTS},
        {PAINT_STOPPING, PAINT_STOPPING_STRIPE, PAINTS},
        {PAINT_SIM, PAINT_REAL, PAINTS},
        {PAINT_SIM, PAINT_SECOND, PAINTS},
        {PAINT_REAL, PAINT_SECOND, PAINTS},
        {PAINT_SIM_LIGHT, PAINT_REAL_LIGHT, PAINT_PAPER, PAINTS},
        {PAINT_CPU, PAINT_MEMORY, PAINT_PAPER, PAINTS},
        {PAINT_DEPLOYMENT, PAINT_SCALE, PAINT_FAULT, PAINT_PANEL, PAINTS},
        {PAINT_DEPLOYMENT, PAINT_FAILED, PAINT_PANEL, PAINTS},
        {PAINT_PULL, PAINT_CREATE, PAINT_READY, PAINT_RUNNING, PAINT_WAIT, PAINTS},
    };
    for (int theme = 0; theme < THEMES; theme++) {
        for (size_t g = 0; g < sizeof groups / sizeof groups[0]; g++) {
            for (int i = 0; groups[g][i] != PAINTS; i++) {
                for (int j = 0; j < i; j++) {
                    for (int sight = 0; sight < SIGHTS; sight++) {
                        double far = distance(palette_colour((enum theme)theme, groups[g][i]),
                                              palette_colour((enum theme)theme, groups[g][j]),
                                              (enum sight)sight);
                        cr_expect(far >= 10, "%s, %s, group %zu: %d and %d are only %.1f apart",
                                  theme_names[theme], sight_names[sight], g, j, i, far);
                    }
                }
            }
        }
    }
}

/* WCAG 2.1, 1.4.3: 4.5 for text, 3 for large or bold text and 1.4.11: 3 for signs. */
Test(palette, letters_can_be_read)
{
    static const struct {
        enum paint ink, on;
        double least;
    } rows[] = {
        {PAINT_INK, PAINT_PAPER, 7},        {PAINT_INK, PAINT_PANEL, 7},
        {PAINT_INK, PAINT_TIP, 7},          {PAINT_INK, PAINT_RUNNING, 4.5},
        {PAINT_INK, PAINT_PENDING, 4.5},    {PAINT_INK, PAINT_STOPPING, 4.5},
        {PAINT_FAINT, PAINT_PAPER, 4.5},    {PAINT_FAINT, PAINT_PANEL, 4.5},
        {PAINT_PAPER, PAINT_SIM, 4.5},      {PAINT_PAPER, PAINT_REAL, 3},
        {PAINT_SIM, PAINT_PAPER, 4.5},      {PAINT_SECOND, PAINT_PAPER, 4.5},
        {PAINT_REAL, PAINT_PAPER, 3},       {PAINT_FAILED, PAINT_PANEL, 3},
        {PAINT_DEPLOYMENT, PAINT_PANEL, 3}, {PAINT_SCALE, PAINT_PANEL, 3},
        {PAINT_FAULT, PAINT_PANEL, 3},      {PAINT_FOCUS, PAINT_PAPER, 3},
        {PAINT_FOCUS, PAINT_PANEL, 3},
    };
    for (int theme = 0; theme < THEMES; theme++) {
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            double has = contrast(palette_colour((enum theme)theme, rows[i].ink),
                                  palette_colour((enum theme)theme, rows[i].on));
            cr_expect(has >= rows[i].least, "%s: row %zu has %.2f, not %.1f", theme_names[theme], i,
                      has, rows[i].least);
        }
    }
}

Test(palette, plots_are_printed_in_the_light_theme)
{
    for (int paint = 0; paint < PAINTS; paint++)
        cr_expect_eq(palette_rgb((enum paint)paint),
                     palette_colour(THEME_LIGHT, (enum paint)paint));
}
