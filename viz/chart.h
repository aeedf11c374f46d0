/*
 * A picture with axes as data: panels one above the other over one horizontal axis, in them lines, boxes and
 * points, and its gnuplot script. It must never know what the numbers mean.
 */
#ifndef BERTH_VIZ_CHART_H
#define BERTH_VIZ_CHART_H

#include "file/buffer.h"
#include "viz/palette.h"

#include <stdbool.h>

/* How a line goes from point to point. CHART_AREA is filled down to 0, in a shade of the line's colour. */
enum chart_style { CHART_STEPS, CHART_AREA, CHART_LINE, CHART_POINTS };
#define CHART_AREA_SHADE 70

struct chart_point {
    double x, y;
    bool apart; /* no line leads here from the point before */
};

struct chart_line {
    char name[64];
    enum paint paint;
    enum chart_style style;
    bool dashed;
    struct chart_point *points;
    int n_points, cap_points;
};

struct chart_box {
    double x0, x1, y0, y1;
    enum paint paint;
    int shade; /* per cent of the colour, the rest is white */
    bool hatched;
    bool behind; /* a ground for others, which letters on a terminal leave out */
};

/* Words at a height of the panel's axis (an axis of names), or inside the panel where `inside`. */
struct chart_word {
    char text[64];
    double x, y;
    bool inside;
};

struct chart_panel {
    char title[96];
    char unit[48];  /* along the vertical axis */
    double y_max;   /* 0: as high as the data */
    double x_max;   /* 0: the chart's */
    bool counts;    /* the unit is a whole thing: no halves on the axis */
    int height;     /* pixels */
    bool downwards; /* rows from the top; the vertical axis has words instead of numbers */
    bool log_x;
    struct chart_line *lines;
    int n_lines, cap_lines;
    struct chart_box *boxes;
    int n_boxes, cap_boxes;
    struct chart_word *words;
    int n_words, cap_words;
};

/* An entry of the legend that no line makes by itself. */
struct chart_key {
    char text[64];
    enum paint paint;
    int shade;
    bool hatched;
};

struct chart {
    char title[200];
    char subtitle[400];
    char x_label[96];
    double x_max; /* 0: as far as the data */
    struct chart_panel *panels;
    int n_panels, cap_panels;
    struct chart_key *keys;
    int n_keys, cap_keys;
    char empty[96]; /* said where there is nothing to draw */
};

struct chart_panel *chart_add_panel(struct chart *chart, const char *title, const char *unit,
                                    int height);

/* Valid until the panel's next one. A name of NULL or "" stands in no legend. */
struct chart_line *chart_add_line(struct chart_panel *panel, const char *name, enum paint paint,
                                  enum chart_style style);
void chart_add_point(struct chart_line *line, double x, double y);
/* The same behind a gap. */
void chart_add_point_apart(struct chart_line *line, double x, double y);
void chart_add_box(struct chart_panel *panel, const struct chart_box *box);
void chart_add_word(struct chart_panel *panel, const char *text, double x, double y, bool inside);
void chart_add_key(struct chart *chart, const char *text, enum paint paint, int shade,
                   bool hatched);

/* Leaves out points that a picture has no room for: of each column of a long line the first and the last, the least and
 * the greatest stay. Points stand in order of x. */
#define CHART_COLUMNS 1200
void chart_thin(struct chart *chart);

/* The whole script: data and all. `path` decides the terminal as in gnuplot_terminal(). */
void chart_script(struct buffer *script, const struct chart *chart, const char *path);
void chart_finish(struct chart *chart);

#endif
