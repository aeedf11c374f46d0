/*
 * Sentences are broken between words, tables get columns as wide as their cells. Rows that do not fit
 * are passed over as a whole. It must never know what the rows say.
 */
#include "viz/layout_panel.h"

#include "core/array.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS_MAX 12
#define COLUMN_GAP 2 /* letters between two columns */

/* The part of the picture that is being filled. */
struct page {
    struct layout *layout;
    const struct panel *panel;
    struct shape_rect area; /* inside its margins */
    int y;                  /* where the next line stands, before it is scrolled */
    int scroll;
};

static int size_of(const struct page *page, enum panel_style style)
{
    const struct layout_sizes *sizes = &page->layout->sizes;
    return style == PANEL_TITLE ? sizes->normal : sizes->small;
}

static enum paint paint_of(enum panel_style style)
{
    switch (style) {
    case PANEL_FAINT:
        return PAINT_FAINT;
    case PANEL_BAD:
        return PAINT_FAILED;
    case PANEL_GOOD:
        return PAINT_SIM;
    default:
        return PAINT_INK;
    }
}

static bool is_bold(enum panel_style style)
{
    return style != PANEL_TEXT && style != PANEL_FAINT;
}

/* Whether a line of that height is on the page, and where. */
static bool find_line(const struct page *page, int high, int *y)
{
    *y = page->area.y + page->y - page->scroll;
    return *y >= page->area.y && *y + high <= page->area.y + page->area.height;
}

static void add_link(struct page *page, const struct panel_row *row, int y, int high)
{
    if (row->link.thing == LAYOUT_NOTHING)
        return;
    struct shape_rect rect = {page->area.x, y, page->area.width, high};
    *ARRAY_ADD(page->layout, places) = (struct layout_place){row->link, rect};
}

/* One line's text, from `x` on; `n` bytes of it. */
static void write_line(struct page *page, const struct panel_row *row, int x, int width, int y,
                       const char *text, size_t n)
{
    char line[512];
    snprintf(line, sizeof line, "%.*s", (int)n, text);
    enum paint paint = row->link.thing != LAYOUT_NOTHING && row->style != PANEL_BAD
                           ? PAINT_SIM
                           : paint_of(row->style);
    shapes_text(&page->layout->shapes, paint, x, y, width, size_of(page, row->style),
                is_bold(row->style), line);
}

/* The bytes of the next line of at most so many letters: up to a space where there is one. */
static size_t line_length(const char *text, int letters)
{
    const char *end = shape_skip(text, letters);
    if (*end == '\0')
        return (size_t)(end - text);
    for (const char *at = end; at > text; at--) {
        if (*at == ' ')
            return (size_t)(at - text);
    }
    return (size_t)(end - text);
}

/* Text between words broken into lines from `x` on; returns the pixels they take from the page's `y`. */
static int add_broken(struct page *page, const struct panel_row *row, int x, const char *text,
                      size_t length)
{
    int size = size_of(page, row->style), high = shape_line(size), from = page->y, used = 0;
    int width = page->area.x + page->area.width - x, letters = width / shape_advance(size);
    const char *end = text + length;
    while (text < end && letters > 0) {
        char rest[512];
        int y;
        snprintf(rest, sizeof rest, "%.*s", (int)(end - text), text);
        size_t n = line_length(rest, letters);
        if (n == 0)
            break;
        page->y = from + used;
        if (find_line(page, high, &y)) {
            write_line(page, row, x, width, y, rest, n);
            add_link(page, row, y, high);
        }
        used += high;
        text += n;
        text += strspn(text, " ");
    }
    page->y = from;
    return used;
}

/* One without words is a gap. */
static void add_sentence(struct page *page, const struct panel_row *row)
{
    const char *text = panel_text(page->panel, row);
    page->y += *text == '\0' ? shape_line(size_of(page, row->style)) / 2
                             : add_broken(page, row, page->area.x, text, strlen(text));
}

/* A part begins: some room, its words, a line to the right. */
static void add_head(struct page *page, const struct panel_row *row)
{
    int size = size_of(page, row->style), high = shape_line(size), y;
    const char *text = panel_text(page->panel, row);
    page->y += page->layout->sizes.gap;
    if (find_line(page, high, &y)) {
        write_line(page, row, page->area.x, page->area.width, y, text, strlen(text));
        int used = (shape_letters(text) + 1) * shape_advance(size);
        shapes_add(
            &page->layout->shapes, SHAPE_FILL, PAINT_RULE,
            (struct shape_rect){page->area.x + used, y + high / 2, page->area.width - used, 1});
    }
    page->y += high;
}

static bool is_table(const struct page *page, int row)
{
    return row < page->panel->n_rows &&
           strchr(panel_text(page->panel, &page->panel->rows[row]), '\t') != NULL;
}

static int next_cell(const char *text, const char **cell)
{
    *cell = text;
    return (int)strcspn(text, "\t");
}

static int cell_letters(const char *cell, int length)
{
    int n = 0;
    for (int i = 0; i < length; i++)
        n += ((unsigned char)cell[i] & 0xC0) != 0x80;
    return n;
}

static bool is_number(const char *cell, int length)
{
    if (length > 2 && memcmp(cell + length - 2, " s", 2) == 0)
        length -= 2;
    return length > 0 && (cell[0] == '-' || (cell[0] >= '0' && cell[0] <= '9')) &&
           (length == 1 || (cell[length - 1] >= '0' && cell[length - 1] <= '9'));
}

/* Letters of each column over the rows of one table. */
static int measure(const struct page *page, int first, int last, int *columns)
{
    int n = 0;
    memset(columns, 0, COLUMNS_MAX * sizeof *columns);
    for (int r = first; r < last; r++) {
        const char *text = panel_text(page->panel, &page->panel->rows[r]), *cell;
        for (int c = 0; c < COLUMNS_MAX; c++) {
            int length = next_cell(text, &cell), letters = cell_letters(cell, length);
            columns[c] = letters > columns[c] ? letters : columns[c];
            n = c + 1 > n ? c + 1 : n;
            if (cell[length] == '\0')
                break;
            text = cell + length + 1;
        }
    }
    return n;
}

static void add_cells(struct page *page, const struct panel_row *row, const int *columns, int n)
{
    int size = size_of(page, row->style), high = shape_line(size), y, used = high;
    int advance = shape_advance(size), x = page->area.x, right = x + page->area.width;
    const char *text = panel_text(page->panel, row), *cell;
    bool shown = find_line(page, high, &y);
    if (shown && row->mark)
        shapes_add(&page->layout->shapes, SHAPE_FILL, PAINT_PENDING,
                   (struct shape_rect){x - 2, y, page->area.width + 4, high});
    for (int c = 0; c < n && x < right; c++) {
        int length = next_cell(text, &cell), letters = cell_letters(cell, length);
        int wide = columns[c] * advance, room = right - x < wide ? right - x : wide;
        int pad = is_number(cell, length) ? room - letters * advance : 0;
        if (cell[length] == '\0') {
            int broken = add_broken(page, row, x + (c < n - 1 ? pad : 0), cell, (size_t)length);
            used = broken > used ? broken : used;
            break;
        }
        if (shown)
            write_line(page, row, x + (pad > 0 ? pad : 0), room, y, cell, (size_t)length);
        x += wide + COLUMN_GAP * advance;
        text = cell + length + 1;
    }
    if (shown)
        add_link(page, row, y, high);
    page->y += used;
}

/* Adds the table that begins at a row; returns the row after it. */
static int add_table(struct page *page, int first)
{
    int columns[COLUMNS_MAX], last = first;
    while (is_table(page, last))
        last++;
    int n = measure(page, first, last, columns);
    for (int r = first; r < last; r++)
        add_cells(page, &page->panel->rows[r], columns, n);
    return last;
}

static void add_rows(struct page *page)
{
    page->y = 0;
    for (int r = 0; r < page->panel->n_rows;) {
        const struct panel_row *row = &page->panel->rows[r];
        if (is_table(page, r)) {
            r = add_table(page, r);
            continue;
        }
        if (row->style == PANEL_HEAD)
            add_head(page, row);
        else
            add_sentence(page, row);
        r++;
    }
}

/* What is beyond the page's ends is said, so that nobody takes a part for the whole. */
static void add_ends(struct page *page)
{
    struct shapes *shapes = &page->layout->shapes;
    int size = page->layout->sizes.small, wide = shape_advance(size);
    int x = page->area.x + page->area.width - wide;
    if (page->scroll > 0)
        shapes_text(shapes, PAINT_FAINT, x, page->area.y, wide, size, true, "\xE2\x96\xB2");
    if (page->y - page->scroll > page->area.height)
        shapes_text(shapes, PAINT_FAINT, x, page->area.y + page->area.height - shape_line(size),
                    wide, size, true, "\xE2\x96\xBC");
}

int layout_panel(struct layout *layout, const struct panel *panel, int scroll)
{
    struct shape_rect rect = layout->panel;
    int margin = layout->sizes.gap;
    if (rect.width < 1 || rect.height < 1)
        return 0;
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_PANEL, rect);
    shapes_add(&layout->shapes, SHAPE_FRAME, PAINT_RULE, rect);
    struct page page = {.layout = layout, .panel = panel, .area = shape_inset(rect, margin)};
    /* Once without a page, to learn its length. */
    page.scroll = 1 << 29;
    int n_shapes = layout->shapes.n_list, n_texts = layout->shapes.n_texts;
    int n_places = layout->n_places;
    add_rows(&page);
    layout->shapes.n_list = n_shapes;
    layout->shapes.n_texts = n_texts;
    layout->n_places = n_places;
    int most = page.y > page.area.height ? page.y - page.area.height : 0;
    page.scroll = scroll < 0 ? 0 : scroll > most ? most : scroll;
    add_rows(&page);
    add_ends(&page);
    return page.scroll;
}
