/*
 * Keys and pointer in, pictures out, byte by byte, without a window.
 */
#include "viz/stage.h"

#include "viz/camera.h"
#include "viz/keys.h"
#include "viz/painter_sdl.h"

#include "sample.h"

#include <criterion/criterion.h>

#define WIDTH 640
#define HEIGHT 480

static struct sample sample;
static struct scene_index made;
static struct scene scene;
static struct chronicle chronicle;
static struct stage stage;
static struct painter_sdl *painter;
static struct scene *scenes[] = {&scene};
static struct chronicle *chronicles[] = {&chronicle};
static const char *const paths[] = {"a run's.run"};
static const struct stage_look look = {
    .width = WIDTH, .height = HEIGHT, .scale_percent = 100, .strips = true};

static void set_up(void)
{
    struct err err;
    sample_init(&sample, RUN_SIM);
    int web = sample_taskdef(&sample, "web", 256, 128, 1);
    int job = sample_taskdef(&sample, "job", 512, 512, 1);
    for (int i = 0; i < 4; i++)
        sample_start(sample_task(&sample, web, i % 2, MS(1000 + 500 * i)), MS(100), MS(10), MS(20),
                     MS(300));
    sample_start(sample_task(&sample, job, 0, MS(4000)), MS(100), MS(10), MS(20), MS(300));
    sample_exit(&sample.story.tasks[4], MS(7000), 1);
    for (int i = 0; i < 3; i++)
        sample_start(sample_task(&sample, web, 0, MS(8000)), MS(100), MS(10), MS(20), MS(300));
    scene_index_init(&made, &sample.story, &sample.header);
    scene_init(&scene, &made);
    chronicle_init(&chronicle, &made, NULL);
    stage_init(&stage, scenes, chronicles, paths, 1, &look, 0);
    painter = painter_sdl_create(&err);
    cr_assert(painter != NULL);
}

static void tear_down(void)
{
    painter_sdl_destroy(painter);
    stage_finish(&stage);
    chronicle_finish(&chronicle);
    scene_finish(&scene);
    scene_index_finish(&made);
    sample_finish(&sample);
}

TestSuite(stage, .init = set_up, .fini = tear_down);

/* The picture's digest, FNV-1a. */
static uint64_t look_at(struct stage *at)
{
    uint64_t digest = 14695981039346656037U;
    stage_draw(at);
    const uint32_t *pixels =
        painter_sdl_draw(painter, &at->layout.shapes, at->look.width, at->look.height);
    for (int i = 0; i < at->look.width * at->look.height; i++)
        digest = (digest ^ pixels[i]) * 1099511628211U;
    return digest;
}

static bool shows(const char *text)
{
    stage_draw(&stage);
    for (int i = 0; i < stage.layout.shapes.n_list; i++) {
        const struct shape *shape = &stage.layout.shapes.list[i];
        if (shape->kind == SHAPE_TEXT && strstr(shapes_text_of(&stage.layout.shapes, shape), text))
            return true;
    }
    return false;
}

Test(stage, every_way_to_a_moment_shows_the_same)
{
    int n = stage.clock.decisions.n_usec;
    cr_assert_gt(n, 6);
    for (int i = 0; i < n; i++) {
        int64_t at_usec = stage.clock.decisions.usec[i];
        char time[40];
        clock_seek(&stage.clock, at_usec);
        uint64_t jumped = look_at(&stage);
        /* Stepping there. */
        stage_key(&stage, "Home");
        for (int k = 0; stage.clock.at_usec < at_usec || stage.clock.shown != CLOCK_ALL; k++) {
            cr_assert_lt(k, 2 * n);
            stage_key(&stage, "Right");
            look_at(&stage);
        }
        cr_expect_eq(stage.clock.at_usec, at_usec);
        cr_expect_eq(look_at(&stage), jumped, "stepped to %d", i);
        /* Backwards from the end. */
        stage_key(&stage, "End");
        while (stage.clock.at_usec > at_usec) {
            stage_key(&stage, "Left");
            look_at(&stage);
        }
        cr_expect_eq(look_at(&stage), jumped, "stepped back to %d", i);
        /* Event by event. */
        stage_key(&stage, "Home");
        while (stage.clock.at_usec < at_usec)
            stage_key(&stage, ".");
        cr_expect_eq(look_at(&stage), jumped, "event by event to %d", i);
        /* Played: 700 frames a second and more, and paused there. */
        stage_key(&stage, "Home");
        stage_key(&stage, "Space");
        while (stage.clock.at_usec < at_usec) {
            int64_t left = at_usec - stage.clock.at_usec;
            stage_advance(&stage, left < 77777 ? left : 77777);
            look_at(&stage);
        }
        if (stage.clock.playing)
            stage_key(&stage, "Space");
        cr_expect_eq(look_at(&stage), jumped, "played to %d", i);
        /* Typed. */
        snprintf(time, sizeof time, "g %lldus Enter", (long long)at_usec);
        stage_keys(&stage, time);
        cr_expect_eq(look_at(&stage), jumped, "typed %s", time);
    }
}

Test(stage, placements_of_one_moment_come_one_by_one)
{
    struct buffer text = {0};
    uint64_t seen[3];
    clock_seek(&stage.clock, MS(7500));
    uint64_t before = look_at(&stage);
    for (int i = 0; i < 3; i++) {
        stage_key(&stage, "Right");
        cr_expect_eq(stage.clock.at_usec, MS(8000));
        seen[i] = look_at(&stage);
        cr_expect_neq(seen[i], i == 0 ? before : seen[i - 1]);
        cr_expect(shows("t6 web"), "after step %d", i);
        cr_expect_eq(shows("t7 web"), i >= 1, "after step %d", i);
        cr_expect_eq(shows("t8 web"), i >= 2, "after step %d", i);
        if (i == 1) {
            cr_expect(shows("8.000 s  t7 web placed on i1  (2 of 3 placements now)"));
            stage_command(&stage, &text);
            cr_expect(strstr(text.text, " --at 8s --placed 2 ") != NULL, "%s", text.text);
        }
    }
    buffer_finish(&text);
    clock_seek(&stage.clock, MS(8000));
    cr_expect_eq(look_at(&stage), seen[2], "all of them is the moment itself");
    stage_key(&stage, "Left");
    cr_expect_eq(look_at(&stage), seen[1], "and backwards one by one");
    stage_key(&stage, "Left");
    cr_expect_eq(look_at(&stage), seen[0]);
    stage_key(&stage, "Left");
    cr_expect_eq(stage.clock.at_usec, MS(4000));
}

Test(stage, keys_go_through_things_and_pin_them)
{
    clock_seek(&stage.clock, MS(5000));
    stage_keys(&stage, "Tab");
    cr_expect_eq(stage.look.focus.thing, LAYOUT_INSTANCE);
    cr_expect_eq(stage.look.focus.id, 0);
    cr_expect(shows("reserved 1024 of 1024 CPU units"), "what has the focus is told about");
    stage_keys(&stage, "Shift+Right");
    cr_expect_eq(stage.look.focus.thing, LAYOUT_INSTANCE);
    cr_expect_eq(stage.look.focus.id, 1, "i2 is to the right of i1");
    stage_keys(&stage, "Shift+Right");
    cr_expect_eq(stage.look.focus.id, 1, "nothing is to the right of it");
    stage_keys(&stage, "Shift+Left");
    cr_expect_eq(stage.look.focus.id, 0);
    stage_keys(&stage, "Tab Tab");
    struct layout_pick focus = stage.look.focus;
    cr_expect_eq(focus.thing, LAYOUT_TASK);
    cr_expect_eq(focus.id, 2, "t1, then t3: the tasks of i1 in order");
    stage_keys(&stage, "Enter");
    cr_expect(memcmp(&focus, &stage.look.pinned, sizeof focus) == 0);
    stage_keys(&stage, "Tab");
    cr_expect(memcmp(&focus, &stage.look.pinned, sizeof focus) == 0, "the pin stays");
    stage_keys(&stage, "Escape Escape");
    cr_expect_eq(stage.look.pinned.thing, LAYOUT_NOTHING, "focus, then pin are let go");
    stage_keys(&stage, "Shift+Tab");
    cr_expect_neq(stage.look.focus.thing, LAYOUT_NOTHING, "the last thing");
}

Test(stage, filters_while_one_types)
{
    clock_seek(&stage.clock, MS(5000));
    uint64_t before = look_at(&stage);
    stage_keys(&stage, "/");
    cr_expect(shows("a family, task, instance"));
    stage_keys(&stage, "jobx");
    cr_expect(shows("/jobx\xE2\x96\x8F  0 tasks, 0 instances"));
    stage_keys(&stage, "Backspace");
    cr_expect(shows("/job\xE2\x96\x8F  1 task, 0 instances"));
    stage_keys(&stage, "Enter");
    cr_expect_eq(stage.prompt, STAGE_NOTHING);
    cr_expect_eq(stage.look.focus.thing, LAYOUT_TASK);
    cr_expect_eq(stage.look.focus.id, 4);
    cr_expect(shows("/job  1 task, 0 instances"));
    stage_keys(&stage, "Escape Escape");
    cr_expect_eq(look_at(&stage), before, "as if nothing had been");
    stage_keys(&stage, "/web Enter n n");
    cr_expect_eq(stage.look.focus.id, 2);
    stage_keys(&stage, "N");
    cr_expect_eq(stage.look.focus.id, 1);
    stage_keys(&stage, "N N");
    cr_expect_eq(stage.look.focus.id, 3, "round and round");
    stage_keys(&stage, "/ Escape");
    cr_expect_str_eq(stage.look.filter, "web", "a prompt that is left changes nothing");
    /* Not there yet: to the moment at which it comes. */
    stage_keys(&stage, "Escape Escape Home /t5 Enter");
    cr_expect_eq(stage.clock.at_usec, MS(4000));
    cr_expect_eq(stage.look.focus.id, 4);
}

Test(stage, a_wrong_time_is_answered)
{
    stage_keys(&stage, "g 5x Enter");
    cr_expect(shows("\"5x\" has an unknown unit"));
    stage_keys(&stage, "g 5 Enter");
    cr_expect_eq(stage.clock.at_usec, MS(5000));
    cr_expect(!shows("unknown unit"));
    stage_keys(&stage, "g -2s Enter");
    cr_expect_eq(stage.clock.at_usec, MS(3000));
}

Test(stage, speed_is_told_and_a_command_stops_time)
{
    stage_keys(&stage, "+");
    cr_expect(shows("Space plays x2"));
    stage_keys(&stage, "Space");
    cr_expect(shows("playing x2"));
    cr_expect(!shows("Space plays"));
    stage_keys(&stage, "- -");
    cr_expect(shows("playing x1/2"));
    stage_keys(&stage, "y");
    cr_expect(stage.wishes.command && !stage.clock.playing);
    cr_expect(!shows("x1/2"), "a picture that rests has no speed");
    stage.wishes.command = false;
    stage_keys(&stage, "p y");
    cr_expect(!stage.wishes.command);
    cr_expect(shows("a prediction has no command"));
}

Test(stage, marks_tenths_and_ends)
{
    stage_keys(&stage, "]");
    cr_expect_eq(stage.clock.at_usec, MS(7000), "the failure");
    stage_keys(&stage, "] PageUp");
    cr_expect_eq(stage.clock.at_usec, MS(6000));
    stage_keys(&stage, "End [");
    cr_expect_eq(stage.clock.at_usec, MS(7000));
    stage_keys(&stage, "Home PageDown");
    cr_expect_eq(stage.clock.at_usec, MS(1000));
}

Test(stage, the_pointer_does_what_keys_do)
{
    clock_seek(&stage.clock, MS(5000));
    look_at(&stage);
    struct shape_rect line = stage.layout.time_line, strips = stage.layout.strips;
    cr_assert_gt(strips.height, 0);
    stage_press(&stage, line.x + line.width - 1, line.y + 2);
    cr_expect_eq(stage.clock.at_usec, MS(10000));
    stage_point(&stage, line.x + line.width / 2, 3);
    cr_expect(llabs(stage.clock.at_usec - MS(5000)) < MS(20), "dragged, wherever the pointer is");
    stage_release(&stage, line.x, 3);
    stage_point(&stage, line.x, 3);
    cr_expect(llabs(stage.clock.at_usec - MS(5000)) < MS(20), "let go");
    stage_press(&stage, strips.x, strips.y + 2);
    stage_release(&stage, strips.x, strips.y + 2);
    cr_expect_eq(stage.clock.at_usec, 0, "charts are a time line too");
    stage_wheel(&stage, line.x + 5, line.y + 2, -1);
    cr_expect_eq(stage.clock.at_usec, MS(1000), "the wheel steps");
    clock_seek(&stage.clock, MS(5000));
    look_at(&stage);
    struct layout_place place = stage.layout.places[1];
    stage_press(&stage, place.rect.x + 3, place.rect.y + 3);
    stage_release(&stage, place.rect.x + 3, place.rect.y + 3);
    cr_expect(memcmp(&stage.look.pinned, &place.pick, sizeof place.pick) == 0, "a click pins");
    stage_press(&stage, 1, 1);
    stage_release(&stage, 1, 1);
    cr_expect_eq(stage.look.pinned.thing, LAYOUT_NOTHING, "and one beside lets go");
    stage_point(&stage, line.x + 700 * line.width / 1000, line.y + 5);
    cr_expect(shows("t5 job STOPPED (failed)"), "a mark is told about");
}

Test(stage, zooms_at_the_pointer_and_moves)
{
    clock_seek(&stage.clock, MS(5000));
    uint64_t whole = look_at(&stage);
    struct shape_rect area = stage.layout.boxes[0];
    stage_wheel(&stage, area.x + 10, area.y + 10, 3);
    cr_expect_gt(stage.look.camera.zoom_thousandths, 1800);
    cr_expect_lt(stage.look.camera.x, 500000, "where the pointer was");
    int32_t x = stage.look.camera.x;
    stage_press(&stage, area.x + 100, area.y + 100);
    stage_point(&stage, area.x + 50, area.y + 100);
    stage_release(&stage, area.x + 50, area.y + 100);
    cr_expect_gt(stage.look.camera.x, x, "dragged to the left, the right comes in");
    cr_expect_eq(stage.look.pinned.thing, LAYOUT_NOTHING, "a drag is no click");
    stage_point(&stage, -1, -1);
    stage_key(&stage, "0");
    cr_expect_eq(look_at(&stage), whole);
    stage_keys(&stage, "z z Ctrl+Right Down Up Ctrl+Left Z x");
    stage_keys(&stage, "0");
    cr_expect_eq(look_at(&stage), whole);
}

Test(stage, themes_letters_and_charts)
{
    uint64_t light = look_at(&stage);
    stage_key(&stage, "d");
    uint64_t dark = look_at(&stage);
    stage_key(&stage, "d");
    cr_expect(light != dark && look_at(&stage) != dark && look_at(&stage) != light);
    stage_keys(&stage, "d Ctrl++ Ctrl++ Ctrl++");
    int small = stage.layout.sizes.small;
    stage_draw(&stage);
    cr_expect_lt(small, stage.layout.sizes.small + 1);
    cr_expect_eq(stage.look.scale_percent, 130);
    for (int i = 0; i < 60; i++)
        stage_key(&stage, "Ctrl+-");
    cr_expect_eq(stage.look.scale_percent, 50);
    for (int i = 0; i < 5; i++)
        stage_key(&stage, "Ctrl++");
    cr_expect_eq(look_at(&stage), light);
    stage_key(&stage, "c");
    look_at(&stage);
    cr_expect_eq(stage.layout.strips.height, 0);
    stage_keys(&stage, "c ?");
    cr_expect(look_at(&stage) != light);
    cr_expect(shows("this help"));
    stage_keys(&stage, "Escape");
    cr_expect_eq(look_at(&stage), light);
}

/* Every key, many times, in any order: nothing breaks, and the same look and time give the same picture. */
Test(stage, any_keys_are_fine)
{
    static const char *const others[] = {"Enter", "Backspace", "a", "5", "\xC3\xA9", "", "Ctrl+z"};
    const char *names[64];
    char copies[64][24];
    int n = 0;
    for (const struct keys_row *row = keys_table; row->keys; row++) {
        if (row->act == KEYS_TITLE || row->act == KEYS_QUIT)
            continue;
        for (int back = 0; back < (row->back ? 2 : 1); back++) {
            const char *name = back ? row->back : row->keys;
            snprintf(copies[n], sizeof copies[n], "%.*s", (int)strcspn(name, " "), name);
            names[n] = copies[n];
            n++;
        }
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        names[n++] = others[i];
    uint32_t random = 12345;
    for (int i = 0; i < 1500; i++) {
        random = random * 1664525 + 1013904223;
        stage_key(&stage, names[(random >> 8) % (uint32_t)n]);
        if (i % 8 == 0) {
            stage.look.width = 64 + (int)(random >> 20) % 700;
            stage.look.height = 64 + (int)(random >> 12) % 500;
        }
        stage_draw(&stage);
        if (i % 5 == 0)
            stage_wheel(&stage, (int)(random >> 9) % WIDTH, (int)(random >> 18) % HEIGHT,
                        (int)(random >> 7) % 7 - 3);
    }
    stage.prompt = STAGE_NOTHING;
    stage.said[0] = '\0';
    stage.help = 0;
    stage.pointer_x = stage.pointer_y = -1;
    stage.clock.playing = false;
    struct stage other;
    stage_init(&other, scenes, chronicles, paths, 1, &stage.look, stage.clock.at_usec);
    other.clock.shown = stage.clock.shown;
    other.panel_scroll = stage.panel_scroll;
    cr_expect_eq(look_at(&other), look_at(&stage));
    stage_finish(&other);
}

Test(stage, says_itself_as_a_command)
{
    struct buffer text = {0};
    stage_command(&stage, &text);
    cr_expect_str_eq(text.text, "berth view 'a run'\\''s.run' --at 0s --size 640x480");
    buffer_finish(&text);
    clock_seek(&stage.clock, 5200001);
    stage.look.camera = (struct layout_camera){2500, 400000, 612345};
    snprintf(stage.look.filter, sizeof stage.look.filter, "state:running $x");
    stage.look.pinned = (struct layout_pick){LAYOUT_TASK, 1, 6};
    stage.look.focus = (struct layout_pick){LAYOUT_INSTANCE, 0, 0};
    stage.look.theme = THEME_DARK;
    stage.look.scale_percent = 150;
    stage.look.strips = false;
    stage_command(&stage, &text);
    cr_expect_str_eq(text.text,
                     "berth view 'a run'\\''s.run' --at 5.200001s --zoom 2.5@0.4,0.612345 --filter "
                     "'state:running $x' --pin 2:t7 --focus i1 --theme dark --scale 150% "
                     "--no-charts --size 640x480");
    buffer_finish(&text);
}

Test(stage, reads_what_it_says)
{
    static const char *const wrong_picks[] = {"",     "t",    "t0",           "7",  "x7", "t7x",
                                              "3:t1", "0:t1", "t99999999999", ":t1"};
    static const char *const wrong_zooms[] = {"",
                                              "x",
                                              "0.5",
                                              "257",
                                              "2@",
                                              "2@1",
                                              "2@0.5,",
                                              "2@0.5,x",
                                              "2@2,0.5",
                                              "2x",
                                              "2@0.5,0.5x",
                                              "-1",
                                              "99999999999999999999"};
    struct layout_pick pick;
    struct layout_camera camera;
    cr_expect(stage_read_pick("2:i12", &pick));
    cr_expect(pick.thing == LAYOUT_INSTANCE && pick.scene == 1 && pick.id == 11);
    cr_expect(stage_read_pick("w3", &pick) && pick.thing == LAYOUT_WAIT && pick.id == 2);
    for (size_t i = 0; i < sizeof wrong_picks / sizeof wrong_picks[0]; i++)
        cr_expect(!stage_read_pick(wrong_picks[i], &pick), "\"%s\"", wrong_picks[i]);
    cr_expect(stage_read_zoom("2.5@0.4,0.6", &camera));
    cr_expect(camera.zoom_thousandths == 2500 && camera.x == 400000 && camera.y == 600000);
    cr_expect(stage_read_zoom("256", &camera) && camera.zoom_thousandths == 256000);
    cr_expect(stage_read_zoom("1", &camera) && camera.x == 500000);
    for (size_t i = 0; i < sizeof wrong_zooms / sizeof wrong_zooms[0]; i++)
        cr_expect(!stage_read_zoom(wrong_zooms[i], &camera), "\"%s\"", wrong_zooms[i]);
}
