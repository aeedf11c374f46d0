/*
 * The list of rows. It must never know what they say.
 */
#include "viz/panel.h"

#include "core/array.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void panel_clear(struct panel *panel)
{
    panel->n_rows = panel->n_texts = 0;
}

void panel_finish(struct panel *panel)
{
    free(panel->rows);
    free(panel->texts);
    *panel = (struct panel){0};
}

struct panel_row *panel_add(struct panel *panel, enum panel_style style, const char *format, ...)
{
    va_list arguments;
    char *text;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    assert(length >= 0);
    struct panel_row *row = ARRAY_ADD(panel, rows);
    row->style = style;
    row->text = panel->n_texts;
    for (int i = 0; i <= length; i++)
        *ARRAY_ADD(panel, texts) = text[i];
    free(text);
    return row;
}

const char *panel_text(const struct panel *panel, const struct panel_row *row)
{
    return panel->texts + row->text;
}
