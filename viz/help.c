/*
 * Rows of the table of keys, section by section, poured into columns. It must never know what the keys do.
 */
#include "viz/help.h"

#include "viz/keys.h"

#include <stdio.h>
#include <string.h>

#define KEY_LETTERS 22
#define HELP_LETTERS 34
#define COLUMN_LETTERS (KEY_LETTERS + HELP_LETTERS + 2)
#define COLUMNS_MOST 3
#define LETTERS_LEAST 5

/* Arrows for the keys that have them on their caps. */
static void add_name(char *text, size_t size, const char *key, size_t length)
{
    static const struct {
        const char *name, *shown;
    } arrows[] = {{"Right", "\xE2\x86\x92"},
                  {"Left", "\xE2\x86\x90"},
                  {"Up", "\xE2\x86\x91"},
                  {"Down", "\xE2\x86\x93"}};
    size_t used = strlen(text);
    for (size_t i = 0; i < sizeof arrows / sizeof arrows[0]; i++) {
        size_t own = strlen(arrows[i].name);
        if (length >= own && strncmp(key + length - own, arrows[i].name, own) == 0 &&
            (length == own || key[length - own - 1] == '+')) {
            snprintf(text + used, size - used, "%.*s%s", (int)(length - own), key, arrows[i].shown);
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

static int count_lines(void)
{
    int n = 0;
    for (const struct keys_row *row = keys_table; row->keys; row++)
        n += row->act == KEYS_TITLE && n > 0 ? 2 : 1;
    return n;
}

/* Where the first `columns` columns are cut: at titles, each at most so many lines long. */
static int lines_of(int columns)
{
    for (int most = 4;; most++) {
        int used = 0, column = 1, section;
        for (const struct keys_row *row = keys_table; row->keys; row += section) {
            for (section = 1; row[section].keys && row[section].act != KEYS_TITLE; section++)
                ;
            int own = section + (used > 0);
            if (used > 0 && used + own > most) {
                column++;
                used = 0;
                own = section;
            }
            used += own;
            if (used > most)
                column = columns + 1;
        }
        if (column <= columns || most > count_lines())
            return most;
    }
}

static void add_row(struct layout *layout, const struct keys_row *row, int x, int y, int size)
{
    struct shapes *shapes = &layout->shapes;
    int advance = shape_advance(size);
    char text[96];
    if (row->act == KEYS_TITLE) {
        shapes_text(shapes, PAINT_FAINT, x, y, COLUMN_LETTERS * advance, size, true, row->keys);
        return;
    }
    name_keys(text, sizeof text, row);
    shapes_text(shapes, PAINT_INK, x, y, KEY_LETTERS * advance, size, true, text);
    shapes_text(shapes, PAINT_INK, x + KEY_LETTERS * advance, y, HELP_LETTERS * advance, size,
                false, row->help);
}

static void pour(struct layout *layout, int x, int y, int size, int most)
{
    int line = shape_line(size), used = 0, section;
    for (const struct keys_row *row = keys_table; row->keys; row += section) {
        for (section = 1; row[section].keys && row[section].act != KEYS_TITLE; section++)
            ;
        if (used > 0 && used + 1 + section > most) {
            x += COLUMN_LETTERS * shape_advance(size);
            used = 0;
        }
        used += used > 0;
        for (int i = 0; i < section; i++)
            add_row(layout, &row[i], x, y + (used + i) * line, size);
        used += section;
    }
}

void help_add(struct layout *layout, int width, int height)
{
    struct shapes *shapes = &layout->shapes;
    int best = 0, columns = 1;
    for (int n = 1; n <= COLUMNS_MOST; n++) {
        int size = layout->sizes.normal;
        while (size > LETTERS_LEAST &&
               (n * COLUMN_LETTERS * shape_advance(size) + 4 * size > width ||
                (lines_of(n) + 2) * shape_line(size) > height))
            size--;
        if (size > best) {
            best = size;
            columns = n;
        }
    }
    int most = lines_of(columns), line = shape_line(best);
    struct shape_rect box = {0, 0, columns * COLUMN_LETTERS * shape_advance(best) + 2 * best,
                             (most + 1) * line};
    box.x = width > box.width ? (width - box.width) / 2 : 0;
    box.y = height > box.height ? (height - box.height) / 2 : 0;
    shapes_add(shapes, SHAPE_VEIL, PAINT_PAPER, (struct shape_rect){0, 0, width, height});
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, box);
    shapes_add(shapes, SHAPE_FRAME, PAINT_INK, box);
    pour(layout, box.x + best, box.y + line / 2, best, most);
}
