/*
 * Chips in a row, those first that have been there longest. It must never know what stands around it.
 */
#include "viz/layout_lane.h"

#include "core/array.h"
#include "viz/layout_tile.h"
#include "viz/scene_tell.h"

#include <stdio.h>

/* A lane while it fills from the left. */
struct lane {
    struct layout *layout;
    const struct scene *scene;
    int which;
    struct shape_rect rect;
    int x, left; /* where the next goes, and how many there are from it on */
    bool full;
};

static struct lane begin(struct layout *layout, const struct scene *scene, int which,
                         struct shape_rect rect, const char *word, int count, const char *none)
{
    const struct layout_sizes *sizes = &layout->sizes;
    char text[32];
    shapes_add(&layout->shapes, SHAPE_FILL, PAINT_PANEL, rect);
    if (count > 0)
        snprintf(text, sizeof text, "%d", count);
    else
        snprintf(text, sizeof text, "%s", none);
    int x = rect.x + sizes->gap, y = rect.y + 3, line = shape_line(sizes->small);
    int label = (rect.height < 2 * line ? 15 : 10) * shape_advance(sizes->small);
    if (rect.height < 2 * line) {
        int used = shapes_text(&layout->shapes, PAINT_FAINT, x, y, label, sizes->small, true, word);
        used += shape_advance(sizes->small);
        shapes_text(&layout->shapes, PAINT_FAINT, x + used, y, label - used, sizes->small, false,
                    text);
    } else {
        shapes_text(&layout->shapes, PAINT_FAINT, x, y, label, sizes->small, true, word);
        shapes_text(&layout->shapes, PAINT_FAINT, x, y + line, label, sizes->small, false, text);
    }
    return (struct lane){layout, scene, which, rect, x + label + sizes->gap, count, false};
}

/* Room for a chip of that width; false where there is none, which says how many are left out. */
static bool next(struct lane *lane, int wide, const struct layout_pick *pick,
                 struct shape_rect *rect)
{
    const struct layout_sizes *sizes = &lane->layout->sizes;
    int more = 5 * shape_advance(sizes->small);
    int room = lane->rect.x + lane->rect.width - lane->x - sizes->gap - (lane->left > 1 ? more : 0);
    if (lane->full)
        return false;
    if (room < wide) {
        char text[16];
        lane->full = true;
        snprintf(text, sizeof text, "+%d", lane->left);
        shapes_text(&lane->layout->shapes, PAINT_FAINT, lane->x, lane->rect.y + 3,
                    lane->rect.x + lane->rect.width - lane->x, sizes->small, true, text);
        return false;
    }
    *rect = (struct shape_rect){lane->x, lane->rect.y + 2, wide, lane->rect.height - 4};
    *ARRAY_ADD(lane->layout, places) = (struct layout_place){*pick, *rect};
    lane->x += wide + sizes->gap;
    lane->left--;
    return true;
}

/* One thing that waits: who, what it needs, and the nearest miss. */
static void add_waiter(struct lane *lane, int at)
{
    const struct scene_wait *wait = &lane->scene->waits[at];
    struct shapes *shapes = &lane->layout->shapes;
    int size = lane->layout->sizes.small, margin = lane->layout->sizes.gap / 2 + 1;
    int room = lane->rect.x + lane->rect.width - lane->x - lane->layout->sizes.gap;
    char name[160], needs[64];
    int n = snprintf(name, sizeof name, "%s %s %s", layout_mark(LIFE_WAITING), wait->name,
                     wait->task != ID_NONE ? wait->family : "");
    if (n >= (int)sizeof name)
        name[sizeof name - 1] = '\0';
    snprintf(needs, sizeof needs, "%d cpu, %d MiB", wait->cpu, wait->memory_mib);
    int letters = shape_letters(name) + 1 + shape_letters(needs);
    if (letters < shape_letters(wait->lacks))
        letters = shape_letters(wait->lacks);
    int wide = (letters > 48 ? 48 : letters) * shape_advance(size) + 2 * margin;
    struct layout_pick pick = {LAYOUT_WAIT, lane->which, at};
    struct shape_rect rect;
    /* The first is always shown, cut to what room there is. */
    if (!next(lane, at == 0 && wide > room ? room : wide, &pick, &rect))
        return;
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, rect);
    shapes_add(shapes, SHAPE_DASHED, PAINT_INK, rect);
    int y = rect.y + 2, inside = rect.width - 2 * margin;
    int used = shapes_text(shapes, PAINT_INK, rect.x + margin, y, inside, size, true, name);
    used += shape_advance(size);
    if (wait->cpu > 0 || wait->memory_mib > 0)
        shapes_text(shapes, PAINT_INK, rect.x + margin + used, y, inside - used, size, false,
                    needs);
    shapes_text(shapes, PAINT_FAINT, rect.x + margin, y + shape_line(size), inside, size, false,
                wait->lacks);
}

/* A chip with a mark: "i3 booting", "t7 pulling". */
static void add_chip(struct lane *lane, const struct layout_pick *pick, const char *mark,
                     enum paint paint, const char *text)
{
    struct shapes *shapes = &lane->layout->shapes;
    int size = lane->layout->sizes.small, margin = lane->layout->sizes.gap / 2 + 1;
    int sign = shape_line(size), advance = shape_advance(size);
    struct shape_rect rect;
    if (!next(lane, sign + shape_letters(text) * advance + 3 * margin, pick, &rect))
        return;
    shapes_add(shapes, SHAPE_FILL, PAINT_PAPER, rect);
    shapes_add(shapes, SHAPE_FILL, paint, (struct shape_rect){rect.x, rect.y, sign, rect.height});
    shapes_add(shapes, SHAPE_FRAME, PAINT_RULE, rect);
    shapes_text(shapes, PAINT_INK, rect.x + (sign - advance) / 2, rect.y + 1, advance, size, true,
                mark);
    shapes_text(shapes, PAINT_INK, rect.x + sign + margin, rect.y + 1, rect.width - sign, size,
                false, text);
}

static void add_host(struct lane *lane, const struct scene_instance *instance)
{
    static const struct {
        const char *mark;
        enum paint paint;
    } looks[SCENE_HOST_STATES] = {
        [SCENE_HOST_BOOTING] = {"\xE2\x97\x8B", PAINT_PENDING},
        [SCENE_HOST_DRAINING] = {"\xE2\x96\xA0", PAINT_STOPPING},
        [SCENE_HOST_DISCONNECTED] = {"?", PAINT_STOPPING_STRIPE},
        [SCENE_HOST_WARNED] = {"!", PAINT_FAILED},
    };
    struct layout_pick pick = {LAYOUT_INSTANCE, lane->which, instance->instance};
    char text[64];
    if (!looks[instance->state].mark)
        return;
    snprintf(text, sizeof text, "%s %s", instance->name, scene_host_names[instance->state]);
    add_chip(lane, &pick, looks[instance->state].mark, looks[instance->state].paint, text);
}

static void add_tasks(struct lane *lane, const struct scene_instance *instance)
{
    const struct scene_index *index = lane->scene->index;
    int first = index->first_of[instance->instance];
    int n = instance->sum->n[LIFE_PENDING] + instance->sum->n[LIFE_STOPPING];
    for (int i = index->first_of[instance->instance + 1] - 1; i >= first && n > 0 && !lane->full;
         i--) {
        struct scene_task task;
        if (!scene_task(lane->scene, index->by_instance[i], &task) ||
            (task.state != LIFE_PENDING && task.state != LIFE_STOPPING))
            continue;
        struct layout_pick pick = {LAYOUT_TASK, lane->which, task.task};
        char text[64];
        snprintf(text, sizeof text, "%s %s", task.name, task.phase);
        add_chip(lane, &pick, layout_mark(task.state), layout_paint(task.state), text);
        n--;
    }
}

/* How many are neither here nor gone. */
static int count_moving(const struct scene *scene)
{
    const struct scene_sum *all = &scene->sums.sums[scene->index->story->n_instances];
    return scene->n_hosts[SCENE_HOST_BOOTING] + scene->n_hosts[SCENE_HOST_DRAINING] +
           scene->n_hosts[SCENE_HOST_DISCONNECTED] + scene->n_hosts[SCENE_HOST_WARNED] +
           all->n[LIFE_PENDING] - scene->n_held + all->n[LIFE_STOPPING];
}

static void add_moving(struct layout *layout, const struct scene *scene, int which,
                       struct shape_rect rect)
{
    struct lane lane = begin(layout, scene, which, rect, "moving", count_moving(scene), "nothing");
    int n_instances = scene->index->story->n_instances;
    for (int i = 0; i < n_instances && lane.left > 0 && !lane.full; i++) {
        if (scene->present[i])
            add_host(&lane, &scene->instances[i]);
    }
    for (int i = 0; i < n_instances && lane.left > 0 && !lane.full; i++) {
        if (scene->present[i])
            add_tasks(&lane, &scene->instances[i]);
    }
}

static struct shape_rect take_below(struct shape_rect *area, int high, int gap)
{
    area->height -= high + gap;
    return (struct shape_rect){area->x, area->y + area->height + gap, area->width, high};
}

void layout_lanes(struct layout *layout, const struct scene *scene, int which,
                  struct shape_rect *area)
{
    int line = shape_line(layout->sizes.small), gap = layout->sizes.gap / 2;
    if (area->height > 8 * line)
        add_moving(layout, scene, which, take_below(area, line + 6, gap));
    if (area->height <= 6 * line)
        return;
    struct lane lane = begin(layout, scene, which, take_below(area, 2 * line + 8, gap), "waiting",
                             scene->n_waiting, "nobody");
    for (int i = 0; i < scene->n_waits && !lane.full; i++)
        add_waiter(&lane, i);
}
