/*
 * Axes as people write them, and the points that they make.
 */
#include "sweep_grid.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* All values of one axis, with blanks between them; the error's text where it is refused. */
static const char *read_axis(const char *text)
{
    static char found[1024];
    struct sweep_grid grid = {0};
    struct err err = {0};

    found[0] = '\0';
    if (!sweep_grid_add(&grid, text, &err)) {
        snprintf(found, sizeof found, "%s", err.text);
    } else {
        for (int i = 0; i < grid.axes[0].n_values && i < 20; i++) {
            strcat(found, i ? " " : "");
            strcat(found, grid.axes[0].values[i]);
        }
    }
    sweep_grid_finish(&grid);
    return found;
}

Test(sweep_grid, values_of_an_axis)
{
    static const struct {
        const char *text, *values;
    } rows[] = {
        {"a.b=1", "1"},
        {"a.b=1,2,4", "1 2 4"},
        {"a=x", "x"},
        {"a=1..4", "1 2 3 4"},
        {"a=4..1", "4 3 2 1"},
        {"a=0..100..25", "0 25 50 75 100"},
        {"a=0..9..4", "0 4 8"},
        {"a=10..0..-5", "10 5 0"},
        {"a=1s..3s", "1s 2s 3s"},
        {"a=100ms..300ms..100ms", "100ms 200ms 300ms"},
        {"a=100ms..300ms..100", "100ms 200ms 300ms"},
        {"a=-2..1", "-2 -1 0 1"},
        {"a=1,5..7,9", "1 5 6 7 9"},
        {"a=\"x,y\",z", "\"x,y\" z"},
        {"a=[1,2],[3]", "[1,2] [3]"},
        {"a={\"b\":[1,{\"c\":2}]},{}", "{\"b\":[1,{\"c\":2}]} {}"},
        {"a=x=y", "x=y"},
        /* no ranges: taken as they stand */
        {"a=1.5", "1.5"},
        {"a=1..", "1.."},
        {"a=x..y", "x..y"},
        {"a=1s..3m", "1s..3m"},
        {"a=1..5..0", "1..5..0"},
        {"a=1..5..-1", "1..5..-1"},
        {"a=99999999999999999999..1", "99999999999999999999..1"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect_str_eq(read_axis(rows[i].text), rows[i].values, "%s", rows[i].text);
}

Test(sweep_grid, mistakes_are_named)
{
    static const struct {
        const char *text, *says;
    } rows[] = {
        {"a", "wanted PATH=VALUE"},
        {"=1", "wanted PATH=VALUE"},
        {"a=", "wanted PATH=VALUE"},
        {"a=1\n2", "one line"},
        {"a=1..1000000", "too many values"},
        {"a=-9223372036854775808..9223372036854775807", "too many values"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_expect(strstr(read_axis(rows[i].text), rows[i].says) != NULL, "%s: %s", rows[i].text,
                  read_axis(rows[i].text));
}

Test(sweep_grid, the_last_axis_changes_fastest)
{
    static const char *const expected[] = {"a=1 b.c=x", "a=1 b.c=y", "a=1 b.c=z",
                                           "a=2 b.c=x", "a=2 b.c=y", "a=2 b.c=z"};
    struct sweep_grid grid = {0};
    struct err err;

    cr_assert(sweep_grid_add(&grid, "a=1,2", &err));
    cr_assert(sweep_grid_add(&grid, "b.c=x,y,z", &err));
    cr_assert_eq(grid.n_points, 6);
    for (int point = 0; point < grid.n_points; point++) {
        char *left = sweep_grid_text(&grid, point, 0), *right = sweep_grid_text(&grid, point, 1);
        char text[64];

        snprintf(text, sizeof text, "%s %s", left, right);
        cr_expect_str_eq(text, expected[point]);
        free(left);
        free(right);
    }
    cr_expect(!sweep_grid_add(&grid, "a=3", &err), "named twice");
    cr_expect(!sweep_grid_add(&grid, "d=1..50000", &err), "too many points");
    cr_expect_eq(grid.n_points, 6);
    sweep_grid_finish(&grid);
}
