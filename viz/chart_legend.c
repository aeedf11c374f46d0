/*
 * What stands above a chart's panels: a row for each legend, as many as it takes, of swatches and words at
 * their pixels. It must never know what the numbers mean.
 */
#include "viz/chart_legend.h"

#include "core/array.h"
#include "viz/gnuplot.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEAD_PIXELS 92 /* with a legend of one row */
#define ROW_PIXELS 22
#define SIDE_PIXELS 14
#define SWATCH_PIXELS 28 /* with the room behind it */
#define LETTER_PIXELS 9

static void add_screen(struct buffer *script, int height, int x, int y)
{
    buffer_add(script, "screen %.4f, screen %.4f", (double)x / CHART_WIDTH, 1 - (double)y / height);
}

void chart_words(struct buffer *script, int height, const char *text, int x, int y,
                 const char *look)
{
    buffer_add_text(script, "set label ");
    gnuplot_quote(script, text);
    buffer_add_text(script, " at ");
    add_screen(script, height, x, y);
    buffer_add(script, " %s\n", look);
}

static void add_swatch(struct buffer *script, int height, int x, int y, int high, const char *look)
{
    buffer_add_text(script, "set object rectangle from ");
    add_screen(script, height, x, y + high / 2);
    buffer_add_text(script, " to ");
    add_screen(script, height, x + 22, y - high / 2);
    buffer_add(script, " %s\n", look);
}

static void add_cross(struct buffer *script, int height, int x, int y, enum paint paint)
{
    buffer_add_text(script, "set label '' at ");
    add_screen(script, height, x, y);
    buffer_add(script, " point pointtype 2 pointsize 1.5 linewidth 2.5 linecolor rgb '#%06X'\n",
               palette_rgb(paint));
}

/* Letters, not bytes. */
static int text_pixels(const char *text)
{
    int n = 0;
    for (; *text; text++)
        n += ((unsigned char)*text & 0xC0) != 0x80;
    return n * LETTER_PIXELS;
}

/* An entry of the legend: a line's or a key's. */
struct entry {
    const struct chart_line *line; /* or NULL */
    const struct chart_key *key;
};

struct legend {
    struct entry *entries;
    int n_entries, cap_entries;
};

static bool is_named_before(const struct chart *chart, int p, int l)
{
    const struct chart_line *line = &chart->panels[p].lines[l];
    for (int before = 0; before <= p; before++) {
        for (int i = 0; i < (before < p ? chart->panels[before].n_lines : l); i++) {
            const struct chart_line *other = &chart->panels[before].lines[i];
            if (other->n_points > 0 && strcmp(other->name, line->name) == 0 &&
                other->paint == line->paint)
                return true;
        }
    }
    return false;
}

static struct legend list_legend(const struct chart *chart)
{
    struct legend legend = {0};
    for (int p = 0; p < chart->n_panels; p++) {
        for (int l = 0; l < chart->panels[p].n_lines; l++) {
            const struct chart_line *line = &chart->panels[p].lines[l];
            if (line->name[0] && line->n_points > 0 && !is_named_before(chart, p, l))
                *ARRAY_ADD(&legend, entries) = (struct entry){line, NULL};
        }
    }
    for (int i = 0; i < chart->n_keys; i++)
        *ARRAY_ADD(&legend, entries) = (struct entry){NULL, &chart->keys[i]};
    return legend;
}

static const char *entry_text(const struct entry *entry)
{
    return entry->line ? entry->line->name : entry->key->text;
}

/* Where the entry goes, which is where the one before it ended; `x` and `row` move on. Returns its own x. */
static int next_place(const struct entry *entry, int *x, int *row)
{
    int wide = SWATCH_PIXELS + text_pixels(entry_text(entry)), at;
    if (*x > SIDE_PIXELS && *x + wide > CHART_WIDTH - SIDE_PIXELS) {
        *x = SIDE_PIXELS;
        ++*row;
    }
    at = *x;
    *x += wide + 16;
    return at;
}

static int count_rows(const struct chart *chart)
{
    struct legend legend = list_legend(chart);
    int x = SIDE_PIXELS, row = 0;
    for (int i = 0; i < legend.n_entries; i++)
        next_place(&legend.entries[i], &x, &row);
    free(legend.entries);
    return row + 1;
}

int chart_head_pixels(const struct chart *chart)
{
    return HEAD_PIXELS + (count_rows(chart) - 1) * ROW_PIXELS;
}

static void add_line_swatch(struct buffer *script, int height, const struct chart_line *line, int x,
                            int y)
{
    char look[96];
    if (line->style == CHART_POINTS) {
        add_cross(script, height, x + 11, y, line->paint);
        return;
    }
    snprintf(look, sizeof look, "fillcolor rgb '#%06X' fillstyle solid noborder",
             line->style == CHART_AREA ? palette_shaded(line->paint, CHART_AREA_SHADE)
                                       : palette_rgb(line->paint));
    add_swatch(script, height, x, y, line->style == CHART_AREA ? 13 : 4, look);
    if (!line->dashed)
        return;
    snprintf(look, sizeof look, "fillcolor rgb '#%06X' fillstyle solid noborder",
             palette_rgb(PAINT_PAPER));
    buffer_add_text(script, "# a gap: the line is dashed\n");
    add_swatch(script, height, x + 9, y, 6, look);
}

void chart_legend(struct buffer *script, const struct chart *chart, int height)
{
    struct legend legend = list_legend(chart);
    int x = SIDE_PIXELS, row = 0;
    char look[96];
    for (int i = 0; i < legend.n_entries; i++) {
        const struct entry *entry = &legend.entries[i];
        int at = next_place(entry, &x, &row), y = HEAD_PIXELS - 14 + row * ROW_PIXELS;
        if (entry->line) {
            add_line_swatch(script, height, entry->line, at, y);
        } else {
            snprintf(look, sizeof look, "fillcolor rgb '#%06X' fillstyle solid noborder",
                     palette_shaded(entry->key->paint, entry->key->shade));
            add_swatch(script, height, at, y, 13, entry->key->hatched ? GNUPLOT_HATCHING : look);
        }
        chart_words(script, height, entry_text(entry), at + SWATCH_PIXELS, y,
                    "left front font 'DejaVu Sans,13'");
    }
    free(legend.entries);
}
