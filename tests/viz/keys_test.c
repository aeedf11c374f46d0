/*
 * The table of keys has no key twice, and the help says all of it, whatever the window's size.
 */
#include "viz/keys.h"

#include "viz/help.h"

#include <criterion/criterion.h>
#include <string.h>

Test(keys, every_key_has_one_meaning)
{
    char seen[128][24];
    int n = 0;
    for (const struct keys_row *row = keys_table; row->keys; row++) {
        if (row->act == KEYS_TITLE)
            continue;
        cr_expect(row->help && *row->help, "%s has words", row->keys);
        for (int back = 0; back < 2; back++) {
            const char *at = back ? row->back : row->keys;
            while (at && *at != '\0') {
                int amount = 0;
                size_t length = strcspn(at, " ");
                cr_assert(length < sizeof seen[0] && n < 128);
                snprintf(seen[n], sizeof seen[n], "%.*s", (int)length, at);
                for (int i = 0; i < n; i++)
                    cr_expect_str_neq(seen[i], seen[n]);
                cr_expect_eq(keys_find(seen[n], &amount), row, "%s", seen[n]);
                cr_expect_eq(amount, back ? -1 : 1, "%s", seen[n]);
                n++;
                at += length + (at[length] == ' ');
            }
        }
    }
    int amount;
    cr_expect_gt(n, 30);
    cr_expect_null(keys_find("", &amount));
    cr_expect_null(keys_find("Righ", &amount));
    cr_expect_null(keys_find("Righty", &amount));
}

static bool has_text(const struct layout *layout, const char *text)
{
    for (int i = 0; i < layout->shapes.n_list; i++) {
        const struct shape *shape = &layout->shapes.list[i];
        if (shape->kind == SHAPE_TEXT && strcmp(shapes_text_of(&layout->shapes, shape), text) == 0)
            return true;
    }
    return false;
}

Test(keys, help_shows_every_row)
{
    static const int sizes[][2] = {{1280, 720}, {800, 600}, {320, 240}, {3840, 2160}, {400, 2000}};
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        int width = sizes[s][0], height = sizes[s][1], pages = 1;
        struct layout layout = {.sizes = {11, 14, 18, 5}};
        for (int page = 0; page < pages; page++) {
            if (page == 0)
                shapes_add(&layout.shapes, SHAPE_FILL, PAINT_PAPER,
                           (struct shape_rect){0, 0, width, height});
            pages = help_add(&layout, width, height, page);
            cr_assert(pages >= 1 && pages < 9);
        }
        for (const struct keys_row *row = keys_table; row->keys; row++)
            cr_expect(has_text(&layout, row->act == KEYS_TITLE ? row->keys : row->help),
                      "%dx%d: %s", width, height, row->keys);
        for (int i = 0; i < layout.shapes.n_list; i++) {
            const struct shape *shape = &layout.shapes.list[i];
            cr_expect(shape->rect.x >= 0 && shape->rect.x + shape->rect.width <= width &&
                          shape->rect.y >= 0 && shape->rect.y + shape->rect.height <= height,
                      "%dx%d: shape %d lies in the picture", width, height, i);
            cr_expect(shape->kind != SHAPE_TEXT ||
                          !strstr(shapes_text_of(&layout.shapes, shape), "\xE2\x80\xA6"),
                      "%dx%d: nothing is cut off", width, height);
            cr_expect(shape->kind != SHAPE_TEXT || shape->size >= 9, "%dx%d: can be read", width,
                      height);
        }
        cr_expect(width < 800 || pages == 1, "%dx%d: %d pages", width, height, pages);
        layout_finish(&layout);
    }
    struct layout tiny = {.sizes = {9, 11, 14, 3}};
    shapes_add(&tiny.shapes, SHAPE_FILL, PAINT_PAPER, (struct shape_rect){0, 0, 64, 64});
    cr_expect_gt(help_add(&tiny, 64, 64, 0), 5);
    layout_finish(&tiny);
}
