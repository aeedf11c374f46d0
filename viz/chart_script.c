/*
 * Charts as gnuplot scripts that a person can read and change: data blocks first, then how the picture is laid
 * out, then one plot command for each panel. It must never know what the numbers mean.
 */
#include "viz/chart.h"
#include "viz/chart_legend.h"
#include "viz/gnuplot.h"

#include <stdio.h>
#include <string.h>

#define PANEL_HEAD_PIXELS 30
#define PANEL_FOOT_PIXELS 42 /* its axis */
#define FOOT_PIXELS 40       /* the axis' label */
#define LEFT_PIXELS 92
#define LEFT_WORDS_PIXELS 200
#define LETTER_PIXELS 11 /* of a number along the axis, for each beyond LEFT_LETTERS */
#define LEFT_LETTERS 4
#define RIGHT_PIXELS 24
#define SUBTITLE_LETTERS 136

#define BOXES "1:3:1:2:3:4 with boxxyerror "

/* What stands where on this paper. */
struct paper {
    const struct chart *chart;
    struct buffer *script;
    bool text; /* a terminal of letters: gnuplot's own legend, no places in pixels */
    int head;  /* pixels above the first panel */
    int height;
    int left;
};

/* Data ------------------------------------------------------------------------------------------- */

static bool same_look(const struct chart_box *a, const struct chart_box *b)
{
    return a->paint == b->paint && a->shade == b->shade && a->hatched == b->hatched;
}

/* The number of the first box that looks like this one: one block for each look. */
static int look_of(const struct chart_panel *panel, int i)
{
    for (int first = 0; first < i; first++) {
        if (same_look(&panel->boxes[first], &panel->boxes[i]))
            return first;
    }
    return i;
}

/* With letters a box is a line along its middle. */
static void add_box(const struct paper *paper, const struct chart_box *box)
{
    if (paper->text)
        buffer_add(paper->script, "%.10g %.10g\n%.10g %.10g\n\n", box->x0, (box->y0 + box->y1) / 2,
                   box->x1, (box->y0 + box->y1) / 2);
    else
        buffer_add(paper->script, "%.10g %.10g %.10g %.10g\n", box->x0, box->x1, box->y0, box->y1);
}

/* Whether there is a block of that number: one for each look. */
static bool has_block(const struct paper *paper, const struct chart_panel *panel, int look)
{
    return look_of(panel, look) == look && !(paper->text && panel->boxes[look].behind);
}

static void add_boxes(const struct paper *paper, int p)
{
    const struct chart_panel *panel = &paper->chart->panels[p];
    for (int look = 0; look < panel->n_boxes; look++) {
        if (!has_block(paper, panel, look))
            continue;
        buffer_add(paper->script, "$boxes_%d_%d << EOD\n", p, look);
        for (int i = look; i < panel->n_boxes; i++) {
            const struct chart_box *box = &panel->boxes[i];
            if (same_look(box, &panel->boxes[look]))
                add_box(paper, box);
        }
        buffer_add_text(paper->script, "EOD\n");
    }
}

static void add_data(const struct paper *paper)
{
    for (int p = 0; p < paper->chart->n_panels; p++) {
        const struct chart_panel *panel = &paper->chart->panels[p];
        for (int l = 0; l < panel->n_lines; l++) {
            const struct chart_line *line = &panel->lines[l];
            buffer_add(paper->script, "$line_%d_%d << EOD\n", p, l);
            for (int i = 0; i < line->n_points; i++)
                buffer_add(paper->script, "%s%.10g %.10g\n",
                           i > 0 && line->points[i].apart ? "\n" : "", line->points[i].x,
                           line->points[i].y);
            if (line->n_points == 0)
                buffer_add_text(paper->script, "NaN NaN\n");
            buffer_add_text(paper->script, "EOD\n");
        }
        add_boxes(paper, p);
    }
}

/* The head --------------------------------------------------------------------------------------- */

static void add_head(const struct paper *paper)
{
    const struct chart *chart = paper->chart;
    char text[sizeof chart->subtitle + 8], look[64];
    if (paper->text) {
        buffer_add_text(paper->script, "set key outside top center horizontal\n");
        return;
    }
    snprintf(look, sizeof look, "left front font %s",
             gnuplot_fit_title(text, sizeof text, chart->title));
    chart_words(paper->script, paper->height, text, 14, 24, look);
    gnuplot_fit(text, sizeof text, chart->subtitle, SUBTITLE_LETTERS);
    chart_words(paper->script, paper->height, text, 14, 52,
                "left front font 'DejaVu Sans,14' textcolor rgb '#5A646E'");
    chart_legend(paper->script, chart, paper->height);
    buffer_add_text(paper->script, "unset key\n");
}

/* Panels ----------------------------------------------------------------------------------------- */

static double greatest_y(const struct chart_panel *panel)
{
    double most = 0;
    for (int l = 0; l < panel->n_lines; l++) {
        for (int i = 0; i < panel->lines[l].n_points; i++)
            most = panel->lines[l].points[i].y > most ? panel->lines[l].points[i].y : most;
    }
    for (int i = 0; i < panel->n_boxes; i++)
        most = panel->boxes[i].y1 > most ? panel->boxes[i].y1 : most;
    return most;
}

static double greatest_x(const struct chart *chart)
{
    double most = chart->x_max;
    for (int p = 0; p < chart->n_panels && chart->x_max <= 0; p++) {
        const struct chart_panel *panel = &chart->panels[p];
        for (int l = 0; l < panel->n_lines; l++) {
            for (int i = 0; i < panel->lines[l].n_points; i++)
                most = panel->lines[l].points[i].x > most ? panel->lines[l].points[i].x : most;
        }
        for (int i = 0; i < panel->n_boxes; i++)
            most = panel->boxes[i].x1 > most ? panel->boxes[i].x1 : most;
    }
    return most > 0 ? most : 1;
}

static bool is_empty(const struct chart_panel *panel)
{
    for (int l = 0; l < panel->n_lines; l++) {
        if (panel->lines[l].n_points > 0)
            return false;
    }
    return panel->n_boxes == 0;
}

/* Names instead of numbers along the vertical axis. */
static void add_names(const struct paper *paper, const struct chart_panel *panel)
{
    bool first = true;
    buffer_add_text(paper->script, "set ytics nomirror scale 0 (");
    for (int i = 0; i < panel->n_words; i++) {
        if (panel->words[i].inside)
            continue;
        buffer_add_text(paper->script, first ? "" : ", ");
        gnuplot_quote(paper->script, panel->words[i].text);
        buffer_add(paper->script, " %.10g", panel->words[i].y);
        first = false;
    }
    buffer_add_text(paper->script, ")\n");
}

/* Things that are counted have no halves. */
#define WHOLE_TICS_MAX 8

static double top_of(const struct chart_panel *panel)
{
    double y_max = panel->y_max > 0 ? panel->y_max : greatest_y(panel) * 1.05;
    return y_max > 0 ? y_max : 1;
}

/* About as many as the longest number along the axis has. */
static int letters_of(double y_max)
{
    int letters = 1;
    for (; y_max >= 10 && letters < 9; y_max /= 10)
        letters++;
    for (; y_max < 1 && letters < 9; y_max *= 10)
        letters += letters == 1 ? 3 : 1;
    return letters;
}

static bool has_names(const struct chart *chart)
{
    for (int p = 0; p < chart->n_panels; p++) {
        if (chart->panels[p].downwards)
            return true;
    }
    return false;
}

static int left_of(const struct chart *chart)
{
    int most = LEFT_LETTERS;
    if (has_names(chart))
        return LEFT_WORDS_PIXELS;
    for (int p = 0; p < chart->n_panels; p++) {
        int letters = letters_of(top_of(&chart->panels[p]));
        most = letters > most ? letters : most;
    }
    return LEFT_PIXELS + (most - LEFT_LETTERS) * LETTER_PIXELS;
}

static void add_axes(const struct paper *paper, const struct chart_panel *panel, double x_max)
{
    struct buffer *script = paper->script;
    double y_max = top_of(panel);
    if (panel->x_max > 0)
        x_max = panel->x_max;
    if (panel->log_x)
        buffer_add_text(script, "set logscale x\nset xrange [*:*]\n");
    else
        buffer_add(script, "unset logscale x\nset xrange [0:%.10g]\n", x_max);
    if (panel->downwards)
        buffer_add(script, "set yrange [%.10g:0]\n", y_max);
    else
        buffer_add(script, "set yrange [0:%.10g]\n", y_max);
    buffer_add_text(script, "set xtics nomirror\n");
    if (panel->downwards)
        add_names(paper, panel);
    else
        buffer_add(script, "set ytics nomirror %s\n",
                   panel->counts && y_max <= WHOLE_TICS_MAX ? "1" : "autofreq");
    if (paper->text)
        return;
    buffer_add_text(script, "set ylabel ");
    gnuplot_quote(script, panel->unit);
    buffer_add_text(script, " offset 1.5\n");
}

static void add_x_label(const struct paper *paper, int p)
{
    if (p != paper->chart->n_panels - 1)
        return;
    buffer_add_text(paper->script, "set xlabel ");
    gnuplot_quote(paper->script, paper->chart->x_label);
    buffer_add_text(paper->script, "\n");
}

/* With letters: equal parts of the height, and the unit beside the title, where it takes no column. */
static void add_text_place(const struct paper *paper, const struct chart_panel *panel, int p)
{
    const struct chart *chart = paper->chart;
    double each = 1.0 / chart->n_panels;
    struct buffer title = {0};
    if (chart->n_panels == 1)
        buffer_add(&title, "%s, %s%s", chart->title, chart->subtitle,
                   panel->title[0] || panel->unit[0] ? ": " : "");
    buffer_add(&title, "%s%s%s", panel->title, panel->title[0] && panel->unit[0] ? ", " : "",
               panel->unit);
    buffer_add(paper->script, "unset label\nset origin 0, %.4f\nset size 1, %.4f\nset title ",
               1 - (p + 1) * each, each);
    gnuplot_quote(paper->script, title.text);
    buffer_finish(&title);
    buffer_add_text(paper->script, "\n");
    add_x_label(paper, p);
}

/* The panel's place, and its title above it. */
static void add_place(const struct paper *paper, const struct chart_panel *panel, int p, int top)
{
    struct buffer *script = paper->script;
    if (paper->text) {
        add_text_place(paper, panel, p);
        return;
    }
    buffer_add(
        script,
        "set lmargin at screen %.4f\nset rmargin at screen %.4f\nset tmargin at screen %.4f\n"
        "set bmargin at screen %.4f\n",
        (double)paper->left / CHART_WIDTH, 1 - (double)RIGHT_PIXELS / CHART_WIDTH,
        1 - (double)(top + PANEL_HEAD_PIXELS) / paper->height,
        1 - (double)(top + PANEL_HEAD_PIXELS + panel->height) / paper->height);
    buffer_add_text(script, "unset label\nunset object\n");
    if (panel->title[0])
        chart_words(paper->script, paper->height, panel->title, 14, top + PANEL_HEAD_PIXELS - 18,
                    "left front font bold.',14'");
    add_x_label(paper, p);
}

static void add_inside(const struct paper *paper, const struct chart_panel *panel)
{
    for (int i = 0; i < panel->n_words; i++) {
        if (!panel->words[i].inside)
            continue;
        buffer_add_text(paper->script, "set label ");
        gnuplot_quote(paper->script, panel->words[i].text);
        /* above the line where one goes there */
        buffer_add(paper->script,
                   " at first %.10g, first %.10g left front offset 0,%s font 'DejaVu Sans,11'\n",
                   panel->words[i].x, panel->words[i].y, panel->downwards ? "0" : "0.6");
    }
}

static const char *with_of(const struct chart_line *line)
{
    switch (line->style) {
    case CHART_STEPS:
        return "steps";
    case CHART_AREA:
        return "fillsteps";
    case CHART_LINE:
        return "lines";
    default:
        return "points";
    }
}

static void add_line(const struct paper *paper, const struct chart_panel *panel, int p, int l)
{
    const struct chart_line *line = &panel->lines[l];
    uint32_t rgb = line->style == CHART_AREA ? palette_shaded(line->paint, CHART_AREA_SHADE)
                                             : palette_rgb(line->paint);
    buffer_add(paper->script, "  $line_%d_%d using 1:2 with %s ", p, l, with_of(line));
    if (line->style == CHART_AREA)
        buffer_add(paper->script, "fillcolor rgb '#%06X' fillstyle solid noborder", rgb);
    else if (line->style == CHART_POINTS)
        buffer_add(paper->script, "linecolor rgb '#%06X' pointtype 2 pointsize 1.5 linewidth 2.5",
                   rgb);
    else
        buffer_add(paper->script, "linecolor rgb '#%06X' linewidth 2%s", rgb,
                   line->dashed ? " dashtype 2" : "");
    buffer_add_text(paper->script, " title ");
    gnuplot_quote(paper->script, line->name);
    if (!line->name[0])
        buffer_add_text(paper->script, " notitle");
}

/* How boxes of that look are drawn with letters, and what they mean. */
static void add_text_look(const struct paper *paper, const struct chart_box *box)
{
    const struct chart *chart = paper->chart;
    const struct chart_key *key = NULL;
    char text[96];
    for (int i = 0; i < chart->n_keys && !key; i++) {
        if (chart->keys[i].paint == box->paint && chart->keys[i].shade == box->shade)
            key = &chart->keys[i];
    }
    snprintf(text, sizeof text, "%s%s", key ? key->text : "", box->hatched ? ", modelled" : "");
    buffer_add(paper->script, "1:2 with lines linecolor rgb '#%06X' title ",
               palette_shaded(box->paint, box->shade));
    gnuplot_quote(paper->script, text);
}

static void add_plot(const struct paper *paper, const struct chart_panel *panel, int p)
{
    struct buffer *script = paper->script;
    const char *before = "";
    buffer_add_text(script, "plot \\\n");
    for (int look = 0; look < panel->n_boxes; look++) {
        const struct chart_box *box = &panel->boxes[look];
        if (!has_block(paper, panel, look))
            continue;
        buffer_add(script, "%s  $boxes_%d_%d using ", before, p, look);
        if (paper->text)
            add_text_look(paper, box);
        else
            buffer_add(script, BOXES "fillcolor rgb '#%06X' fillstyle solid noborder notitle",
                       palette_shaded(box->paint, box->hatched
                                                      ? box->shade * GNUPLOT_HATCHED_SHADE / 100
                                                      : box->shade));
        if (!paper->text && box->hatched)
            buffer_add(script, ", \\\n  $boxes_%d_%d using " BOXES GNUPLOT_HATCHING " notitle", p,
                       look);
        before = ", \\\n";
    }
    for (int l = 0; l < panel->n_lines; l++) {
        buffer_add_text(script, before);
        add_line(paper, panel, p, l);
        before = ", \\\n";
    }
    buffer_add_text(script, *before ? "\n" : "  NaN notitle\n");
}

static void add_panel(const struct paper *paper, int p, int top, double x_max)
{
    const struct chart_panel *panel = &paper->chart->panels[p];
    buffer_add(paper->script, "\n# panel %d\n", p + 1);
    if (p > 0)
        add_place(paper, panel, p, top);
    add_axes(paper, panel, x_max);
    add_inside(paper, panel);
    if (is_empty(panel)) {
        buffer_add_text(paper->script, "set label ");
        gnuplot_quote(paper->script, paper->chart->empty);
        buffer_add_text(paper->script, " at graph 0.5, graph 0.5 center\n");
    }
    add_plot(paper, panel, p);
}

/* The whole -------------------------------------------------------------------------------------- */

static int height_of(const struct chart *chart)
{
    int height = chart_head_pixels(chart) + FOOT_PIXELS;
    for (int p = 0; p < chart->n_panels; p++)
        height += PANEL_HEAD_PIXELS + chart->panels[p].height + PANEL_FOOT_PIXELS;
    return height;
}

void chart_script(struct buffer *script, const struct chart *chart, const char *path)
{
    struct paper paper = {
        chart,         script, gnuplot_is_text(path), chart_head_pixels(chart), height_of(chart),
        left_of(chart)};
    double x_max = greatest_x(chart);
    int top = paper.head;
    struct buffer title = {0};
    gnuplot_terminal(script, path, CHART_WIDTH, paper.height);
    add_data(&paper);
    buffer_add_text(script, "\nset border 3 linecolor rgb '#5A646E'\nset tics out\n"
                            "set grid xtics ytics linecolor rgb '#D5DADF'\nset style fill solid\n");
    if (chart->n_panels > 1) {
        buffer_add_text(script, "set multiplot");
        if (paper.text) {
            buffer_add_text(script, " title ");
            buffer_add(&title, "%s, %s", chart->title, chart->subtitle);
            gnuplot_quote(script, title.text);
            buffer_finish(&title);
        }
        buffer_add_text(script, "\n");
    }
    if (chart->n_panels > 0)
        add_place(&paper, &chart->panels[0], 0, top);
    add_head(&paper);
    for (int p = 0; p < chart->n_panels; p++) {
        add_panel(&paper, p, top, x_max);
        top += PANEL_HEAD_PIXELS + chart->panels[p].height + PANEL_FOOT_PIXELS;
    }
    buffer_add_text(script, chart->n_panels > 1 ? "unset multiplot\n" : "");
}
