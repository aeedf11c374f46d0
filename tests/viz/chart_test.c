/*
 * Of lines with more points than a picture has room for the outline stays; short ones stay as they are; so do gaps.
 */
#include "viz/chart.h"

#include <criterion/criterion.h>
#include <string.h>

static struct chart chart;

static struct chart_line *new_line(void)
{
    return chart_add_line(chart_add_panel(&chart, "panel", "unit", 100), "line", PAINT_SIM,
                          CHART_LINE);
}

static void tear_down(void)
{
    chart_finish(&chart);
}

TestSuite(chart, .fini = tear_down);

Test(chart, a_million_points_keep_their_outline)
{
    struct chart_line *line = new_line();
    double least = 0, most = 0;
    for (int i = 0; i < 1000000; i++)
        chart_add_point(line, i * 0.5, i == 777777 ? 50 : i == 333333 ? -50 : i % 17);
    chart_thin(&chart);
    cr_assert(line->n_points <= 4 * CHART_COLUMNS + 4, "%d points", line->n_points);
    cr_assert(line->n_points >= CHART_COLUMNS);
    cr_assert(line->points[0].x == 0 && line->points[line->n_points - 1].x == 999999 * 0.5);
    for (int i = 0; i < line->n_points; i++) {
        cr_assert(i == 0 || line->points[i - 1].x < line->points[i].x, "point %d", i);
        least = line->points[i].y < least ? line->points[i].y : least;
        most = line->points[i].y > most ? line->points[i].y : most;
    }
    cr_assert(least == -50 && most == 50, "%g to %g", least, most);
}

Test(chart, a_line_that_fits_stays_as_it_is)
{
    struct chart_line *line = new_line();
    for (int i = 0; i < 4 * CHART_COLUMNS; i++)
        chart_add_point(line, i, i % 2);
    chart_thin(&chart);
    cr_assert_eq(line->n_points, 4 * CHART_COLUMNS);
}

Test(chart, many_points_of_one_moment_are_a_few)
{
    struct chart_line *line = new_line();
    for (int i = 0; i < 10000; i++)
        chart_add_point(line, 3, i % 100);
    chart_thin(&chart);
    cr_assert(line->n_points <= 4 && line->points[0].y == 0, "%d points", line->n_points);
    new_line();
    chart_thin(&chart); /* without a point */
}

Test(chart, a_gap_between_columns_stays)
{
    struct chart_line *line = new_line();
    for (int i = 0; i < 100000; i++)
        chart_add_point(line, i, i % 17);
    chart_add_point_apart(line, 150000, 1);
    for (int i = 150001; i < 200000; i++)
        chart_add_point(line, i, i % 17);
    chart_thin(&chart);
    int n_apart = 0;
    for (int i = 0; i < line->n_points; i++) {
        n_apart += line->points[i].apart;
        cr_assert(line->points[i].apart == (line->points[i].x == 150000), "point %d", i);
    }
    cr_assert_eq(n_apart, 1);
}

static const char *script_of(struct buffer *script)
{
    buffer_clear(script);
    chart_script(script, &chart, "a.svg");
    return script->text;
}

Test(chart, a_gap_is_drawn_as_one)
{
    struct buffer script = {0};
    struct chart_line *line = new_line();
    chart_add_point(line, 1, 2);
    chart_add_point(line, 3, 2);
    chart_add_point_apart(line, 7, 5);
    chart_add_point(line, 9, 5);
    cr_assert(strstr(script_of(&script), "1 2\n3 2\n\n7 5\n9 5\n"), "%s", script.text);
    line->points[2].apart = false;
    cr_assert(strstr(script_of(&script), "1 2\n3 2\n7 5\n9 5\n"), "%s", script.text);
    buffer_finish(&script);
}
