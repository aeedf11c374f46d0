/*
 * A table of signs, those of every run first. It must never know what else is in the picture.
 */
#include "viz/layout_legend.h"

#include "viz/layout_tile.h"

enum sign { SIGN_LIFE, SIGN_DRAINING, SIGN_DIFFERS, SIGN_USE };

struct entry {
    enum sign sign;
    enum life life;
    const char *word;
};

#define ENTRIES_MOST (LIVES + 3)

static int list(const struct scene *const *scenes, int n_scenes, struct entry *entries)
{
    int n = 0;
    bool drains = false, observed = false;
    for (int i = 0; i < n_scenes; i++) {
        drains |= scenes[i]->index->drains;
        observed |= scenes[i]->index->observed.n_list > 0;
    }
    for (int life = LIFE_PENDING; life < LIVES; life++)
        entries[n++] = (struct entry){SIGN_LIFE, (enum life)life, life_names[life]};
    if (n_scenes > 1)
        entries[n++] = (struct entry){SIGN_DIFFERS, LIFE_DONE, "differs"};
    if (drains)
        entries[n++] = (struct entry){SIGN_DRAINING, LIFE_RUNNING, "draining"};
    if (observed)
        entries[n++] = (struct entry){SIGN_USE, LIFE_RUNNING, "use, if known"};
    return n;
}

static int width_of(const struct layout *layout, const struct entry *entry)
{
    int advance = shape_advance(layout->sizes.small);
    return (shape_letters(entry->word) + 4) * advance + advance / 2 + 2;
}

static void add_sign(struct layout *layout, const struct entry *entry, struct shape_rect rect,
                     int line)
{
    struct shapes *shapes = &layout->shapes;
    int size = layout->sizes.small, advance = shape_advance(size);
    const char *mark = "";
    switch (entry->sign) {
    case SIGN_LIFE:
        layout_swatch(layout, entry->life, rect);
        mark = layout_mark(entry->life);
        break;
    case SIGN_DRAINING:
        layout_swatch(layout, LIFE_RUNNING, rect);
        layout_draining(layout, rect);
        mark = layout_draining_mark;
        break;
    case SIGN_DIFFERS:
        layout_odd(layout, rect);
        break;
    case SIGN_USE:
        layout_swatch(layout, LIFE_RUNNING, rect);
        layout_gauge(layout, 500, rect);
        break;
    }
    shapes_text(shapes, entry->life == LIFE_FAILED ? PAINT_FAILED : PAINT_INK,
                rect.x + advance / 2 + 1, line, advance, size, true, mark);
}

void layout_legend(struct layout *layout, const struct scene *const *scenes, int n_scenes,
                   struct shape_rect area)
{
    struct entry entries[ENTRIES_MOST];
    int n = list(scenes, n_scenes, entries), wide = 0;
    int size = layout->sizes.small, advance = shape_advance(size);
    for (int i = 0; i < n; i++)
        wide += width_of(layout, &entries[i]);
    while (n > LIVES - LIFE_PENDING && wide - 2 * advance > area.width)
        wide -= width_of(layout, &entries[--n]);
    if (wide - 2 * advance > area.width)
        return;
    int x = area.x + area.width - wide + 2 * advance;
    for (int i = 0; i < n; i++) {
        struct shape_rect rect = {x, area.y - 1, 2 * advance + 2, shape_line(size) + 2};
        add_sign(layout, &entries[i], rect, area.y);
        shapes_text(&layout->shapes, PAINT_FAINT, x + rect.width + advance / 2, area.y, area.width,
                    size, false, entries[i].word);
        x += width_of(layout, &entries[i]);
    }
}
