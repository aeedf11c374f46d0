/*
 * Rows of the table of keys, section by section, poured into columns. It must never know what the keys do.
 */
#include "viz/help.h"

#include "viz/keys.h"

#include <stdio.h>
#include <string.h>

#define KEY_LETTERS 24
#define HELP_LETTERS 34
#define COLUMN_LETTERS (KEY_LETTERS + HELP_LETTERS + 2)
#define LETTERS_LEAST 9

/* As it stands on the keys' caps. */
static void add_name(char *text, size_t size, const char *key, size_t length)
{
    static const struct {
        const char *name, *shown;
    } caps[] = {{"Right", "\xE2\x86\x92"}, {"Left", "\xE2\x86\x90"}, {"Up", "\xE2\x86\x91"},
                {"Down", "\xE2\x86\x93"},  {"PageUp", "PgUp"},       {"PageDown", "PgDn"}};
    size_t used = strlen(text);
    for (size_t i = 0; i < sizeof caps / sizeof caps[0]; i++) {
        size_t own = strlen(caps[i].name);
        if (length >= own && strncmp(key + length - own, caps[i].name, own) == 0 &&
            (length == own || key[length - own - 1] == '+')) {
            snprintf(text + used, size - used, "%.*s%s", (int)(length - own), key, caps[i].shown);
            return;
        }
    }
    snprintf(text + used, size - used, "%.*s", (int)length, key);
}

/* The first key there and the first back: the others are for keyboards that have no such key. */
static void name_keys(char *text, size_t size, const struct keys_row *row)
{
    text[0] = '\0';
    add_name(text, size, row->keys, strcspn(row->keys, " "));
    if (row->back) {
        strncat(text, "  ", size - strlen(text) - 1);
        add_name(text, size, row->back, strcspn(row->back, " "));
    }
}

/* A page: so many columns of so many lines, of letters of a size. */
struct page {
    int size, columns, lines;
};

/* Sections stay together where a column has room for them, and have a line between them. Hands every row on with
 * where it stands, its column and its line there, from 0; returns how many columns there are. */
static int pour(struct layout *layout, const struct page *page,
                void (*use)(struct layout *, const struct page *, const struct keys_row *,
                            int column, int line, int first_column),
                int first_column)
{
    int column = 0, line = 0, section;
    for (const struct keys_row *row = keys_table; row->keys; row += section) {
        for (section = 1; row[section].keys && row[section].act != KEYS_TITLE; section++)
            ;
        line += line > 0;
        if (line > 0 && line + section > page->lines) {
            column++;
            line = 0;
        }
        for (int i = 0; i < section; i++) {
            if (line >= page->lines) {
                column++;
                line = 0;
            }
            if (use)
                use(layout, page, &row[i], column, line, first_column);
            line++;
        }
    }
    return column + 1;
}

static int page_left(const struct page *page, int column, int width)
{
    int wide = page->columns * COLUMN_LETTERS * shape_advance(page->size);
    return (width > wide ? (width - wide) / 2 : 0) +
           column * COLUMN_LETTERS * shape_advance(page->size);
}

static void add_row(struct layout *layout, const struct page *page, const struct keys_row *row,
                    int column, int line, int first_column)
{
    struct shapes *shapes = &layout->shapes;
    int size = page->size, advance = shape_advance(size);
    const struct shape_rect *all = &shapes->list[0].rect; /* the paper */
    char text[96];
    column -= first_column;
    if (column < 0 || column >= page->columns)
        return;
    int x = page_left(page, column, all->width), room = all->width - x;
    int y = (all->height - page->lines * shape_line(size)) / 2 + line * shape_line(size);
    if (row->act == KEYS_TITLE) {
        shapes_text(shapes, PAINT_FAINT, x, y, room, size, true, row->keys);
        return;
    }
    name_keys(text, sizeof text, row);
    shapes_text(shapes, PAINT_INK, x, y, KEY_LETTERS * advance, size, true, text);
    if (room > KEY_LETTERS * advance)
        shapes_text(shapes, PAINT_INK, x + KEY_LETTERS * advance, y, room - KEY_LETTERS * advance,
                    size, false, row->help);
}

/* The largest letters with which all is on one page, else the smallest. */
static struct page best_page(const struct layout *layout, int width, int height)
{
    struct page page = {.size = layout->sizes.large};
    for (;; page.size--) {
        page.lines = height / shape_line(page.size) - 2;
        page.lines = page.lines < 1 ? 1 : page.lines;
        page.columns = (width - 2 * page.size) / (COLUMN_LETTERS * shape_advance(page.size));
        page.columns = page.columns < 1 ? 1 : page.columns;
        int columns = pour(NULL, &page, NULL, 0);
        bool fits = width >= COLUMN_LETTERS * shape_advance(page.size) + page.size;
        if (fits && columns <= page.columns) {
            page.columns = columns;
            return page;
        }
        if (page.size <= LETTERS_LEAST)
            return page;
    }
}

/* The last line that anything stands on: the box is no higher than it must be. */
static int lines_used(const struct page *page)
{
    struct page shorter = *page;
    int columns = pour(NULL, page, NULL, 0);
    while (shorter.lines > 1) {
        shorter.lines--;
        if (pour(NULL, &shorter, NULL, 0) > columns)
            return shorter.lines + 1;
    }
    return 1;
}

int help_add(struct layout *layout, int width, int height, int page)
{
    struct shapes *shapes = &layout->shapes;
    struct page best = best_page(layout, width, height);
    best.lines = lines_used(&best);
    int columns = pour(NULL, &best, NULL, 0), pages = (columns + best.columns - 1) / best.columns;
    int wide = best.columns * COLUMN_LETTERS * shape_advance(best.size) + 2 * best.size;
    int high = (best.lines + 1) * shape_line(best.size);
    struct shape_rect box = {width > wide ? (width - wide) / 2 : 0,
                             height > high ? (height - high) / 2 : 0, wide < width ? wide : width,
                             high < height ? high : height};
    shapes_add(shapes, SHAPE_VEIL, PAINT_PAPER, (struct shape_rect){0, 0, width, height});
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, box);
    shapes_add(shapes, SHAPE_FRAME, PAINT_INK, box);
    pour(layout, &best, add_row, page * best.columns);
    if (pages > 1) {
        char text[48];
        snprintf(text, sizeof text, "%d of %d, ? turns", page + 1, pages);
        int room = shape_letters(text) * shape_advance(best.size);
        shapes_text(shapes, PAINT_FAINT, box.x + box.width - room - best.size / 2,
                    box.y + shape_line(best.size) / 2, room, best.size, false, text);
    }
    return pages;
}
