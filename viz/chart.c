/*
 * Charts as they are filled; chart_script.c draws them. It must never know what the numbers mean.
 */
#include "viz/chart.h"

#include "core/array.h"

#include <stdio.h>
#include <stdlib.h>

struct chart_panel *chart_add_panel(struct chart *chart, const char *title, const char *unit,
                                    int height)
{
    struct chart_panel *panel = ARRAY_ADD(chart, panels);
    snprintf(panel->title, sizeof panel->title, "%s", title);
    snprintf(panel->unit, sizeof panel->unit, "%s", unit);
    panel->height = height;
    return panel;
}

struct chart_line *chart_add_line(struct chart_panel *panel, const char *name, enum paint paint,
                                  enum chart_style style)
{
    struct chart_line *line = ARRAY_ADD(panel, lines);
    snprintf(line->name, sizeof line->name, "%s", name ? name : "");
    line->paint = paint;
    line->style = style;
    return line;
}

void chart_add_point(struct chart_line *line, double x, double y)
{
    *ARRAY_ADD(line, points) = (struct chart_point){x, y, false};
}

void chart_add_point_apart(struct chart_line *line, double x, double y)
{
    *ARRAY_ADD(line, points) = (struct chart_point){x, y, true};
}

void chart_add_box(struct chart_panel *panel, const struct chart_box *box)
{
    *ARRAY_ADD(panel, boxes) = *box;
}

void chart_add_word(struct chart_panel *panel, const char *text, double x, double y, bool inside)
{
    struct chart_word *word = ARRAY_ADD(panel, words);
    snprintf(word->text, sizeof word->text, "%s", text);
    word->x = x;
    word->y = y;
    word->inside = inside;
}

void chart_add_key(struct chart *chart, const char *text, enum paint paint, int shade, bool hatched)
{
    struct chart_key *key = ARRAY_ADD(chart, keys);
    snprintf(key->text, sizeof key->text, "%s", text);
    key->paint = paint;
    key->shade = shade;
    key->hatched = hatched;
}

/* Which column a point falls into, of those between the first and the last one. */
static int column_of(const struct chart_line *line, int i)
{
    double first = line->points[0].x, wide = line->points[line->n_points - 1].x - first;
    return wide > 0 ? (int)((line->points[i].x - first) / wide * CHART_COLUMNS) : 0;
}

/* Keeps those of points from .. end - 1 that the picture needs, at `to`, which is not behind `from`. Returns
 * how many. */
static int keep(struct chart_point *points, int from, int end, int to)
{
    int least = from, most = from, kept = 0;
    for (int i = from; i < end; i++) {
        least = points[i].y < points[least].y ? i : least;
        most = points[i].y > points[most].y ? i : most;
    }
    for (int i = from; i < end; i++) {
        if (i == from || i == least || i == most || i == end - 1)
            points[to + kept++] = points[i];
    }
    return kept;
}

static void thin_line(struct chart_line *line)
{
    int n = 0, end, column;
    if (line->n_points <= 4 * CHART_COLUMNS)
        return;
    column = column_of(line, 0);
    for (int from = 0; from < line->n_points; from = end) {
        int next = column;
        for (end = from + 1; end < line->n_points && (next = column_of(line, end)) == column;)
            end++;
        column = next;
        n += keep(line->points, from, end, n);
    }
    line->n_points = n;
}

void chart_thin(struct chart *chart)
{
    for (int p = 0; p < chart->n_panels; p++) {
        for (int l = 0; l < chart->panels[p].n_lines; l++)
            thin_line(&chart->panels[p].lines[l]);
    }
}

void chart_finish(struct chart *chart)
{
    for (int p = 0; p < chart->n_panels; p++) {
        struct chart_panel *panel = &chart->panels[p];
        for (int i = 0; i < panel->n_lines; i++)
            free(panel->lines[i].points);
        free(panel->lines);
        free(panel->boxes);
        free(panel->words);
    }
    free(chart->panels);
    free(chart->keys);
    *chart = (struct chart){0};
}
