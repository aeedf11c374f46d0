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
    *ARRAY_ADD(line, points) = (struct chart_point){x, y};
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
