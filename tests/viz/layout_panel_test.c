/*
 * A panel in a picture: sentences broken between words, tables in columns, links that answer the pointer,
 * rolling.
 */
#include "viz/layout_panel.h"

#include <criterion/criterion.h>
#include <string.h>

static struct layout layout;
static struct panel panel;

static void set_up(void)
{
    layout.panel = (struct shape_rect){100, 50, 210, 200};
    layout.sizes = (struct layout_sizes){10, 12, 16, 5};
}

static void tear_down(void)
{
    layout_finish(&layout);
    panel_finish(&panel);
}

TestSuite(layout_panel, .init = set_up, .fini = tear_down);

static const struct shape *find(const char *text)
{
    for (int i = 0; i < layout.shapes.n_list; i++) {
        const struct shape *shape = &layout.shapes.list[i];
        if (shape->kind == SHAPE_TEXT && strcmp(shapes_text_of(&layout.shapes, shape), text) == 0)
            return shape;
    }
    return NULL;
}

static int draw(int scroll)
{
    shapes_clear(&layout.shapes);
    layout.n_places = 0;
    return layout_panel(&layout, &panel, scroll);
}

/* 200 pixels hold 33 letters of six. */
Test(layout_panel, breaks_between_words)
{
    panel_add(&panel, PANEL_TEXT, "a sentence that is too long for one line of this panel");
    draw(0);
    const struct shape *first = find("a sentence that is too long for"), *next;
    cr_assert(first);
    next = find("one line of this panel");
    cr_assert(next && next->rect.x == first->rect.x &&
              next->rect.y == first->rect.y + shape_line(10));
}

Test(layout_panel, a_word_too_long_is_broken)
{
    panel_add(&panel, PANEL_TEXT, "%s", "0123456789012345678901234567890123456789");
    draw(0);
    cr_assert(find("012345678901234567890123456789012") && find("3456789"));
}

Test(layout_panel, tables_have_columns)
{
    panel_add(&panel, PANEL_FAINT, "what\thow many\t");
    panel_add(&panel, PANEL_TEXT, "CPU\t1\tsaid of it in many words, more than fit");
    panel_add(&panel, PANEL_TEXT, "memory\t1000\t");
    draw(0);
    cr_assert(find("CPU")->rect.x == find("memory")->rect.x);
    /* Numbers end under each other. */
    cr_assert(find("1")->rect.x + 6 == find("1000")->rect.x + 4 * 6);
    /* The last column is broken within itself. */
    const struct shape *said = find("said of it in");
    cr_assert(said);
    cr_assert(find("many words,") && find("many words,")->rect.x == said->rect.x);
    cr_assert(find("memory")->rect.y > find("many words,")->rect.y);
}

Test(layout_panel, links_answer_and_rolling_moves)
{
    for (int i = 0; i < 40; i++)
        panel_add(&panel, PANEL_TEXT, "row %d", i)->link =
            (struct layout_pick){LAYOUT_INSTANCE, 1, i};
    cr_assert(draw(0) == 0);
    cr_assert(find("row 0") && !find("row 39"));
    const struct shape *row = find("row 3");
    const struct layout_place *place = layout_place_at(&layout, row->rect.x + 1, row->rect.y + 1);
    cr_assert(place && place->pick.thing == LAYOUT_INSTANCE && place->pick.id == 3 &&
              place->pick.scene == 1);
    cr_assert(draw(-7) == 0);
    int most = draw(1000000);
    cr_assert(most == 40 * shape_line(10) - 190);
    cr_assert(!find("row 0") && find("row 39"));
    for (int i = 0; i < layout.shapes.n_list; i++) {
        struct shape_rect rect = layout.shapes.list[i].rect;
        cr_assert(rect.y >= 50 && rect.y + rect.height <= 250);
    }
}

Test(layout_panel, no_room_is_no_panel)
{
    panel_add(&panel, PANEL_TITLE, "t1");
    layout.panel.width = 0;
    draw(0);
    cr_assert(layout.shapes.n_list == 0);
    layout.panel = (struct shape_rect){0, 0, 8, 8};
    draw(0);
    cr_assert(!find("t1"));
}
