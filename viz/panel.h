/*
 * What a side panel says, as rows without pixels: titles, sentences, tables. It must never know where
 * it stands in a picture or what a window is.
 */
#ifndef BERTH_VIZ_PANEL_H
#define BERTH_VIZ_PANEL_H

#include "file/explain.h"
#include "viz/layout.h"

enum panel_style {
    PANEL_TITLE,
    PANEL_HEAD, /* begins a part */
    PANEL_TEXT,
    PANEL_FAINT,
    PANEL_STRONG,
    PANEL_GOOD, /* an answer that was right */
    PANEL_BAD,
};

/* Cells of a table are separated by tabs; rows with cells that follow each other are one table, whose
 * last column is as wide as there is room. */
struct panel_row {
    enum panel_style style;
    bool mark;               /* the row that was chosen */
    int text;                /* where it starts in the panel's texts */
    struct layout_pick link; /* what a click on it leads to; LAYOUT_NOTHING: nothing */
};

struct panel {
    struct panel_row *rows;
    int n_rows, cap_rows;
    char *texts;
    int n_texts, cap_texts;
};

void panel_clear(struct panel *panel);
void panel_finish(struct panel *panel);

/* Adds a row. It may be changed until the next one is added. */
struct panel_row *panel_add(struct panel *panel, enum panel_style style, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
const char *panel_text(const struct panel *panel, const struct panel_row *row);

#endif
