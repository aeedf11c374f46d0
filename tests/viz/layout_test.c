/*
 * Where everything stands: inside the picture, at one place for life, as large as it should be.
 */
#include "viz/layout.h"
#include "viz/tip.h"

#include "sample.h"

#include <criterion/criterion.h>

struct fixture {
    struct sample sample;
    struct scene_index index;
    struct scene scene;
    struct layout layout;
};

static void open_fixture(struct fixture *fixture)
{
    scene_index_init(&fixture->index, &fixture->sample.story, &fixture->sample.header);
    scene_init(&fixture->scene, &fixture->index);
    fixture->layout = (struct layout){0};
}

static void close_fixture(struct fixture *fixture)
{
    layout_finish(&fixture->layout);
    scene_finish(&fixture->scene);
    scene_index_finish(&fixture->index);
    sample_finish(&fixture->sample);
}

/* A box twice as large as the two of sample_init(), and some tasks. */
static void make(struct fixture *fixture)
{
    sample_init(&fixture->sample, RUN_SIM);
    sample_group(&fixture->sample, "big", 2048, 2048);
    sample_instance(&fixture->sample, 1, 0, 0);
    int half = sample_taskdef(&fixture->sample, "half", 512, 128, 1);
    int quarter = sample_taskdef(&fixture->sample, "quarter", 256, 256, 3);
    for (int i = 0; i < 3; i++) {
        sample_start(sample_task(&fixture->sample, half, i, MS(1000)), MS(9), MS(9), MS(9), MS(9));
        sample_start(sample_task(&fixture->sample, quarter, i, MS(2000)), MS(9), 0, 0, 0);
    }
    open_fixture(fixture);
}

static struct layout_view view_of(int width, int height)
{
    return (struct layout_view){.width = width,
                                .height = height,
                                .length_usec = MS(10000),
                                .pointer_x = -1,
                                .pointer_y = -1};
}

static void lay_out(struct fixture *fixture, const struct layout_view *view, int64_t at_usec)
{
    const struct scene *scenes[] = {&fixture->scene};
    scene_move(&fixture->scene, at_usec);
    layout_make(&fixture->layout, scenes, 1, view);
    tip_add(&fixture->layout, scenes, view);
}

static struct shape_rect place_of(const struct fixture *fixture, enum layout_thing thing,
                                  int32_t id)
{
    for (int i = fixture->layout.n_places - 1; i >= 0; i--) {
        const struct layout_place *place = &fixture->layout.places[i];
        if (place->pick.thing == thing && place->pick.id == id)
            return place->rect;
    }
    return (struct shape_rect){0};
}

static bool has_text(const struct layout *layout, const char *text)
{
    for (int i = 0; i < layout->shapes.n_list; i++) {
        const struct shape *shape = &layout->shapes.list[i];
        if (shape->kind == SHAPE_TEXT && strstr(shapes_text_of(&layout->shapes, shape), text))
            return true;
    }
    return false;
}

static const int sizes[][2] = {{1280, 720}, {1920, 1080}, {640, 480},  {320, 240},
                               {64, 64},    {240, 1000},  {2000, 120}, {3840, 2160}};
#define N_SIZES (int)(sizeof sizes / sizeof sizes[0])

Test(layout, everything_lies_in_the_picture)
{
    struct fixture fixture;
    make(&fixture);
    for (int s = 0; s < N_SIZES; s++) {
        struct layout_view view = view_of(sizes[s][0], sizes[s][1]);
        view.state = s % 2 ? "paused" : NULL;
        lay_out(&fixture, &view, MS(3000));
        for (int i = 0; i < fixture.layout.shapes.n_list; i++) {
            struct shape_rect rect = fixture.layout.shapes.list[i].rect;
            cr_expect(rect.x >= 0 && rect.x + rect.width <= view.width, "%dx%d: shape %d at %d+%d",
                      view.width, view.height, i, rect.x, rect.width);
            if (view.height >= 240)
                cr_expect(rect.y >= 0 && rect.y + rect.height <= view.height,
                          "%dx%d: shape %d at y %d+%d", view.width, view.height, i, rect.y,
                          rect.height);
        }
    }
    close_fixture(&fixture);
}

static bool meet(struct shape_rect a, struct shape_rect b)
{
    return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height &&
           b.y < a.y + a.height;
}

Test(layout, no_text_lies_on_another)
{
    struct fixture fixture;
    make(&fixture);
    for (int s = 0; s < 4; s++) {
        struct layout_view view = view_of(sizes[s][0], sizes[s][1]);
        view.state = "playing x1000";
        lay_out(&fixture, &view, MS(3000));
        const struct shapes *shapes = &fixture.layout.shapes;
        for (int i = 0; i < shapes->n_list; i++) {
            for (int j = 0; j < i; j++) {
                if (shapes->list[i].kind == SHAPE_TEXT && shapes->list[j].kind == SHAPE_TEXT)
                    cr_expect(!meet(shapes->list[i].rect, shapes->list[j].rect), "%dx%d: %s on %s",
                              view.width, view.height, shapes_text_of(shapes, &shapes->list[i]),
                              shapes_text_of(shapes, &shapes->list[j]));
            }
        }
    }
    close_fixture(&fixture);
}

Test(layout, areas_are_capacities_and_reservations)
{
    struct fixture fixture;
    make(&fixture);
    struct layout_view view = view_of(1280, 720);
    lay_out(&fixture, &view, MS(3000));
    struct shape_rect box = place_of(&fixture, LAYOUT_INSTANCE, 0);
    struct shape_rect big = place_of(&fixture, LAYOUT_INSTANCE, 2);
    cr_expect_eq(box.height, big.height);
    cr_expect(abs(2 * box.width - big.width) <= 2, "%d and %d wide", box.width, big.width);
    struct shape_rect half = place_of(&fixture, LAYOUT_TASK, 0);
    struct shape_rect quarter = place_of(&fixture, LAYOUT_TASK, 1);
    cr_expect_eq(half.width, quarter.width);
    cr_expect(abs(half.height - 2 * quarter.height) <= 6, "%d and %d high", half.height,
              quarter.height);
    close_fixture(&fixture);
}

Test(layout, places_do_not_change_in_a_run)
{
    struct fixture fixture;
    make(&fixture);
    struct layout_view view = view_of(1280, 720);
    struct shape_rect tasks[6] = {{0}}, boxes[3] = {{0}};
    for (int64_t at_usec = 0; at_usec <= MS(10000); at_usec += MS(500)) {
        lay_out(&fixture, &view, at_usec);
        for (int i = 0; i < 6; i++) {
            struct shape_rect now = place_of(&fixture, LAYOUT_TASK, i);
            if (tasks[i].width > 0 && now.width > 0)
                cr_expect(memcmp(&tasks[i], &now, sizeof now) == 0, "t%d at %lld", i + 1,
                          (long long)at_usec);
            tasks[i] = now.width > 0 ? now : tasks[i];
        }
        for (int i = 0; i < 3; i++) {
            struct shape_rect now = place_of(&fixture, LAYOUT_INSTANCE, i);
            if (boxes[i].width > 0)
                cr_expect(memcmp(&boxes[i], &now, sizeof now) == 0, "i%d", i + 1);
            boxes[i] = now;
        }
    }
    cr_expect(tasks[5].width > 0 && boxes[2].width > 0);
    close_fixture(&fixture);
}

Test(layout, says_what_it_shows)
{
    struct fixture fixture;
    make(&fixture);
    struct layout_view view = view_of(1280, 720);
    lay_out(&fixture, &view, MS(3000));
    static const char *const words[] = {
        "SIMULATED", "A run",   "zone a",  "zone b", "i3 big", "cpu 768/1024", "mem 384/2048",
        "t1 half",   "running", "3.000 s", "nobody", "failed", "10 s",         "6 running",
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        cr_expect(has_text(&fixture.layout, words[i]), "%s", words[i]);
    struct layout_view high = view_of(1280, 2000);
    lay_out(&fixture, &high, MS(3000));
    cr_expect(has_text(&fixture.layout, "c3 ready"), "containers, where there is room");
    cr_expect(!has_text(&fixture.layout, "playing"));
    view.state = "playing x2";
    lay_out(&fixture, &view, MS(3000));
    cr_expect(has_text(&fixture.layout, "playing x2"));
    close_fixture(&fixture);
}

Test(layout, answers_the_pointer)
{
    struct fixture fixture;
    make(&fixture);
    struct layout_view view = view_of(1280, 720);
    lay_out(&fixture, &view, MS(3000));
    struct shape_rect tile = place_of(&fixture, LAYOUT_TASK, 2);
    cr_expect(!has_text(&fixture.layout, "reserves"));
    for (int corner = 0; corner < 4; corner++) {
        view.pointer_x = tile.x + (corner % 2) * (tile.width - 1);
        view.pointer_y = tile.y + (corner / 2) * (tile.height - 1);
        lay_out(&fixture, &view, MS(3000));
        cr_expect(has_text(&fixture.layout, "t3 half on i2"));
        cr_expect(has_text(&fixture.layout, "reserves 512 CPU units, 128 MiB"));
    }
    struct shape_rect box = place_of(&fixture, LAYOUT_INSTANCE, 0);
    view.pointer_x = box.x + 2;
    view.pointer_y = box.y + 2;
    lay_out(&fixture, &view, MS(3000));
    cr_expect(has_text(&fixture.layout, "reserved 768 of 1024 CPU units"));
    close_fixture(&fixture);
}

Test(layout, the_time_line_is_a_ruler)
{
    struct fixture fixture;
    make(&fixture);
    struct layout_view view = view_of(1280, 720);
    lay_out(&fixture, &view, 0);
    struct shape_rect line = fixture.layout.time_line;
    cr_expect_eq(layout_time_at(&fixture.layout, line.x - 50), 0);
    cr_expect_eq(layout_time_at(&fixture.layout, line.x), 0);
    cr_expect_eq(layout_time_at(&fixture.layout, line.x + line.width - 1), MS(10000));
    cr_expect_eq(layout_time_at(&fixture.layout, 5000), MS(10000));
    int64_t middle = layout_time_at(&fixture.layout, line.x + line.width / 2);
    cr_expect(llabs(middle - MS(5000)) < MS(20), "%lld", (long long)middle);
    /* Also over the longest run there can be. */
    view.length_usec = USEC_NEVER - 1;
    lay_out(&fixture, &view, 0);
    cr_expect_eq(layout_time_at(&fixture.layout, line.x + line.width - 1), USEC_NEVER - 1);
    close_fixture(&fixture);
}

Test(layout, two_runs_stand_side_by_side)
{
    struct fixture first, second;
    make(&first);
    make(&second);
    second.index.mode = RUN_EXEC;
    const struct scene *scenes[] = {&first.scene, &second.scene};
    scene_move(&first.scene, MS(3000));
    scene_move(&second.scene, MS(3000));
    struct layout_view view = view_of(1280, 720);
    layout_make(&first.layout, scenes, 2, &view);
    cr_expect(has_text(&first.layout, "SIMULATED"));
    cr_expect(has_text(&first.layout, "FOR REAL"));
    cr_expect(has_text(&first.layout, "real"));
    int on_the_right = 0;
    for (int i = 0; i < first.layout.n_places; i++) {
        const struct layout_place *place = &first.layout.places[i];
        cr_expect_eq(place->pick.scene, place->rect.x >= 640);
        on_the_right += place->pick.scene;
    }
    cr_expect_eq(on_the_right * 2, first.layout.n_places);
    close_fixture(&second);
    close_fixture(&first);
}

Test(layout, many_instances_and_none)
{
    struct fixture fixture;
    sample_init(&fixture.sample, RUN_SIM);
    for (int i = 2; i < 1000; i++)
        sample_instance(&fixture.sample, 0, i % 2, 0);
    open_fixture(&fixture);
    struct layout_view view = view_of(1280, 720);
    lay_out(&fixture, &view, MS(3000));
    cr_expect_eq(fixture.layout.n_places, 1000);
    int least = 1000;
    for (int i = 0; i < 1000; i++) {
        struct shape_rect rect = place_of(&fixture, LAYOUT_INSTANCE, i);
        least = rect.width < least ? rect.width : least;
        cr_expect(rect.y + rect.height < fixture.layout.time_line.y);
    }
    cr_expect(least > 12, "even the smallest can be seen: %d", least);
    close_fixture(&fixture);
    sample_init(&fixture.sample, RUN_SIM);
    fixture.sample.story.n_instances = 0;
    open_fixture(&fixture);
    lay_out(&fixture, &view, 0);
    cr_expect(has_text(&fixture.layout, "This run has no instance"));
    close_fixture(&fixture);
}

Test(shape, text_is_cut_at_letters)
{
    static const struct {
        int letters;
        const char *text, *shown;
    } rows[] = {
        {9, "abc", "abc"},
        {3, "abc", "abc"},
        {2, "abc", "a\xE2\x80\xA6"},
        {1, "abc", "a"},
        {2, "\xC3\xA9\xC3\xA9\xC3\xA9", "\xC3\xA9\xE2\x80\xA6"},
        {0, "abc", NULL},
        {3, "", NULL},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct shapes shapes = {0};
        int wide = shapes_text(&shapes, PAINT_INK, 0, 0, rows[i].letters * shape_advance(12), 12,
                               false, rows[i].text);
        cr_expect_eq(shapes.n_list, rows[i].shown != NULL, "row %zu", i);
        if (rows[i].shown) {
            cr_expect_str_eq(shapes_text_of(&shapes, &shapes.list[0]), rows[i].shown);
            cr_expect_eq(wide, shape_letters(rows[i].shown) * shape_advance(12));
        }
        shapes_finish(&shapes);
    }
}
