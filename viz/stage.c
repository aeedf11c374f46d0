/*
 * Each act of the table of keys is a case of one switch. Everything that is drawn comes from the look, the clock and
 * the pointer. It must never know a window, a driver or the computer's clock.
 */
#include "viz/stage.h"

#include "viz/camera.h"
#include "viz/help.h"
#include "viz/keys.h"
#include "viz/scene_tell.h"
#include "viz/stage_panel.h"
#include "viz/stage_things.h"
#include "viz/tip.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points that a press may tremble and still be a click. */
#define TREMBLE 4

void stage_init(struct stage *stage, struct scene *const *scenes,
                struct chronicle *const *chronicles, const char *const *paths, int n_scenes,
                const struct stage_look *look, int64_t at_usec)
{
    const struct scene_index *indexes[LAYOUT_SCENES];
    *stage = (struct stage){
        .scenes = scenes,
        .chronicles = chronicles,
        .paths = paths,
        .n_scenes = n_scenes,
        .look = *look,
        .pointer_x = -1,
        .pointer_y = -1,
    };
    for (int i = 0; i < n_scenes; i++)
        indexes[i] = scenes[i]->index;
    clock_init(&stage->clock, indexes, n_scenes);
    clock_seek(&stage->clock, at_usec);
    stage_panel_init(stage);
}

void stage_finish(struct stage *stage)
{
    stage_panel_finish(stage);
    clock_finish(&stage->clock);
    layout_finish(&stage->layout);
    for (int i = 0; i < LAYOUT_SCENES; i++)
        filter_finish(&stage->filters[i]);
}

void stage_release_runs(struct stage *stage)
{
    stage_panel_release(stage);
}

void stage_take_runs(struct stage *stage)
{
    const struct scene_index *indexes[LAYOUT_SCENES];
    struct clock before = stage->clock;
    for (int i = 0; i < stage->n_scenes; i++)
        indexes[i] = stage->scenes[i]->index;
    clock_init(&stage->clock, indexes, stage->n_scenes);
    stage->clock.playing = before.playing;
    stage->clock.speed = before.speed;
    clock_seek(&stage->clock, before.at_usec >= before.length_usec ? USEC_NEVER : before.at_usec);
    clock_finish(&before);
    stage_panel_take(stage);
}

bool stage_advance(struct stage *stage, int64_t real_usec)
{
    bool moved = clock_advance(&stage->clock, real_usec);
    stage_panel_clamp(stage);
    return moved;
}

/* The picture -------------------------------------------------------------------------------------- */

static const char *filter_text(const struct stage *stage)
{
    return stage->prompt == STAGE_FILTER ? stage->typed : stage->look.filter;
}

static void filter_scenes(struct stage *stage, struct layout_view *view)
{
    stage->filtered = false;
    for (int i = 0; i < stage->n_scenes; i++) {
        if (!filter_apply(&stage->filters[i], stage->scenes[i], filter_text(stage)))
            continue;
        stage->filtered = true;
        view->filters[i].tasks = stage->filters[i].tasks;
        view->filters[i].instances = stage->filters[i].instances;
    }
}

/* A line in a box at the lower end of the boxes. */
static void add_line(struct stage *stage, const char *text, bool strong)
{
    struct shapes *shapes = &stage->layout.shapes;
    const struct shape_rect *area = &stage->layout.boxes[0];
    int size = stage->layout.sizes.normal, room = stage->look.width - area->x - 4;
    int wide = shape_letters(text) * shape_advance(size) + size;
    struct shape_rect box = {area->x, area->y + area->height - shape_line(size) - 6,
                             wide < room ? wide : room, shape_line(size) + 6};
    shapes_add(shapes, SHAPE_FILL, PAINT_TIP, box);
    shapes_add(shapes, SHAPE_FRAME, PAINT_INK, box);
    shapes_text(shapes, PAINT_INK, box.x + size / 2, box.y + 3, box.width - size, size, strong,
                text);
}

static void add_words(struct stage *stage)
{
    char text[FILTER_TEXT + 128];
    int tasks = 0, instances = 0;
    for (int i = 0; i < stage->n_scenes; i++) {
        tasks += stage->filters[i].n_tasks;
        instances += stage->filters[i].n_instances;
    }
    if (stage->said[0] != '\0') {
        add_line(stage, stage->said, false);
    } else if (stage->prompt == STAGE_TIME) {
        snprintf(text, sizeof text, "go to: %s\xE2\x96\x8F  12s, 1:30, 50%%, end, +5s",
                 stage->typed);
        add_line(stage, text, true);
    } else if (stage->prompt == STAGE_FILTER && !stage->filtered) {
        snprintf(text, sizeof text,
                 "/%s\xE2\x96\x8F  a family, task, instance, service, state, zone", stage->typed);
        add_line(stage, text, true);
    } else if (stage->filtered) {
        snprintf(text, sizeof text, "/%s%s  %d task%s, %d instance%s", filter_text(stage),
                 stage->prompt == STAGE_FILTER ? "\xE2\x96\x8F" : "", tasks, tasks == 1 ? "" : "s",
                 instances, instances == 1 ? "" : "s");
        add_line(stage, text, true);
    }
}

/* The run's first placement of this moment, and how many there are. */
static int32_t placed_now(const struct scene *scene, int32_t *first)
{
    const struct scene_index *index = scene->index;
    int32_t n = 0;
    for (int i = scene_tell_count(index, scene->at_usec) - 1;
         i >= 0 && index->events[i].at_usec == scene->at_usec; i--) {
        if (index->events[i].kind != SCENE_PLACED)
            continue;
        int32_t nth = index->story->tasks[index->events[i].id].nth_placed;
        *first = n == 0 || nth < *first ? nth : *first;
        n++;
    }
    return n;
}

/* Of several placements at this moment those that have not been stepped to are not seen yet: the first run's come
 * first. The last one seen is what has just happened. */
static void hold_placements(struct stage *stage)
{
    int32_t left = stage->clock.shown, all = clock_placed(&stage->clock);
    if (left >= all || stage->guess.state != GUESS_OFF)
        return;
    for (int i = 0; i < stage->n_scenes; i++) {
        struct scene *scene = stage->scenes[i];
        int32_t first = 0, n = placed_now(scene, &first), seen = n < left ? n : left;
        left -= seen;
        if (seen == n)
            continue;
        scene_hold(scene, first + seen);
        scene_tell_placement(scene->latest, sizeof scene->latest, scene->index, scene->at_usec,
                             first + seen - 1);
        snprintf(scene->latest + strlen(scene->latest),
                 sizeof scene->latest - strlen(scene->latest), "  (%d of %d placements now)",
                 (int)seen, (int)n);
    }
}

void stage_draw(struct stage *stage)
{
    char state[32], differences[160];
    struct layout_view view = {
        .width = stage->look.width,
        .height = stage->look.height,
        .length_usec = stage->clock.length_usec,
        .state = clock_tell(&stage->clock, state, sizeof state),
        .pointer_x = stage->pointer_x,
        .pointer_y = stage->pointer_y,
        .theme = stage->look.theme,
        .camera = stage->look.camera,
        .pinned = stage->look.pinned,
        .focus = stage->look.focus,
        .scale_percent = stage->look.scale_percent,
        .strips = stage->look.strips,
    };
    for (int i = 0; i < stage->n_scenes; i++) {
        scene_move(stage->scenes[i], stage->clock.at_usec);
        view.chronicles[i] = stage->chronicles[i];
    }
    hold_placements(stage);
    stage_panel_prepare(stage, &view, differences, sizeof differences);
    filter_scenes(stage, &view);
    stage->layout.shapes.density = stage->look.density;
    layout_make(&stage->layout, (const struct scene *const *)stage->scenes, stage->n_scenes, &view);
    stage_panel_draw(stage);
    tip_add(&stage->layout, (const struct scene *const *)stage->scenes, &view);
    add_words(stage);
    if (stage->help > 0 &&
        help_add(&stage->layout, view.width, view.height, stage->help - 1) < stage->help) {
        stage->help = 1; /* the window has grown meanwhile */
        help_add(&stage->layout, view.width, view.height, 0);
    }
}

/* Camera ------------------------------------------------------------------------------------------- */

/* The run under a point, else the first. */
static struct shape_rect area_at(const struct stage *stage, int x, int y)
{
    for (int i = 0; i < stage->n_scenes; i++) {
        if (shape_contains(stage->layout.boxes[i], x, y))
            return stage->layout.boxes[i];
    }
    return stage->layout.boxes[0];
}

static void zoom(struct stage *stage, int x, int y, int steps)
{
    struct shape_rect area = area_at(stage, x, y);
    struct layout_camera camera = camera_bounded(stage->look.camera);
    int64_t thousandths = camera.zoom_thousandths;
    for (; steps > 0 && thousandths < CAMERA_ZOOM_MOST; steps--)
        thousandths = thousandths * 5 / 4;
    for (; steps < 0 && thousandths > CAMERA_ZOOM_LEAST; steps++)
        thousandths = thousandths * 4 / 5;
    if (!shape_contains(area, x, y)) {
        x = area.x + area.width / 2;
        y = area.y + area.height / 2;
    }
    stage->look.camera = camera_zoomed(camera, area, (int32_t)thousandths, x, y);
}

/* The thing that is looked at, if there is one, comes into the middle. */
static void zoom_by_key(struct stage *stage, int direction)
{
    int at = stage_things_place(stage, &stage->look.focus), x = stage->pointer_x,
        y = stage->pointer_y;
    if (at >= 0) {
        const struct layout_place *place = &stage->layout.places[at];
        struct shape_rect area = stage->layout.boxes[place->pick.scene];
        struct shape_rect middle = {place->rect.x + place->rect.width / 2,
                                    place->rect.y + place->rect.height / 2, 0, 0};
        zoom(stage, middle.x, middle.y, 2 * direction);
        stage->look.camera = camera_centred(stage->look.camera, area, middle);
        return;
    }
    zoom(stage, x, y, 2 * direction);
}

static void pan(struct stage *stage, int right, int down)
{
    struct shape_rect area = stage->layout.boxes[0];
    stage->look.camera =
        camera_moved(stage->look.camera, area, -right * area.width / 8, -down * area.height / 8);
}

/* Prompts ------------------------------------------------------------------------------------------ */

static void ask(struct stage *stage, enum stage_prompt prompt)
{
    stage->prompt = prompt;
    snprintf(stage->typed, sizeof stage->typed, "%s",
             prompt == STAGE_FILTER ? stage->look.filter : "");
}

static void take_filter(struct stage *stage)
{
    int matches = 0;
    snprintf(stage->look.filter, sizeof stage->look.filter, "%s", stage->typed);
    stage->prompt = STAGE_NOTHING;
    stage->look.focus = (struct layout_pick){0};
    stage_draw(stage);
    for (int i = 0; i < stage->n_scenes; i++)
        matches += stage->filters[i].n_tasks + stage->filters[i].n_instances;
    if (stage->filtered && matches == 0) {
        int64_t first_usec = USEC_NEVER;
        for (int i = 0; i < stage->n_scenes; i++) {
            int64_t usec = filter_first_usec(stage->scenes[i], stage->look.filter);
            first_usec = usec < first_usec ? usec : first_usec;
        }
        if (first_usec <= stage->clock.length_usec)
            clock_seek(&stage->clock, first_usec);
    }
    stage_things_match(stage, 1);
}

static void take_time(struct stage *stage)
{
    int64_t at_usec;
    const char *wrong = clock_read(&stage->clock, stage->typed, &at_usec);
    stage->prompt = STAGE_NOTHING;
    if (wrong) {
        snprintf(stage->said, sizeof stage->said, "\"%.40s\" %.100s", stage->typed, wrong);
        return;
    }
    stage->clock.playing = false;
    clock_seek(&stage->clock, at_usec);
}

static void erase(char *text)
{
    size_t length = strlen(text);
    while (length > 0 && ((unsigned char)text[--length] & 0xC0) == 0x80)
        ;
    text[length] = '\0';
}

/* A key writes what its name is, but for those that have names. */
static bool key_writes(const char *key)
{
    return strcmp(key, "Space") == 0 || shape_letters(key) == 1;
}

static bool type_key(struct stage *stage, const char *key)
{
    size_t used = strlen(stage->typed);
    if (strcmp(key, "Escape") == 0) {
        stage->prompt = STAGE_NOTHING;
    } else if (strcmp(key, "Enter") == 0) {
        if (stage->prompt == STAGE_FILTER)
            take_filter(stage);
        else
            take_time(stage);
    } else if (strcmp(key, "Backspace") == 0) {
        erase(stage->typed);
    } else if (key_writes(key) && used + strlen(key) + 1 < sizeof stage->typed) {
        snprintf(stage->typed + used, sizeof stage->typed - used, "%s",
                 strcmp(key, "Space") == 0 ? " " : key);
    } else {
        return false;
    }
    return true;
}

/* Keys --------------------------------------------------------------------------------------------- */

static void jump_to_mark(struct stage *stage, int direction)
{
    int64_t at_usec = chronicle_next((const struct chronicle *const *)stage->chronicles,
                                     stage->n_scenes, stage->clock.at_usec, direction);
    stage->clock.playing = false;
    if (at_usec != USEC_NEVER)
        clock_seek(&stage->clock, at_usec);
}

/* One thing after the other, the last first. */
static void go_back(struct stage *stage)
{
    if (stage->help > 0)
        stage->help = 0;
    else if (stage->look.filter[0] != '\0')
        stage->look.filter[0] = '\0';
    else if (stage->look.focus.thing != LAYOUT_NOTHING)
        stage->look.focus = (struct layout_pick){0};
    else
        stage->look.pinned = (struct layout_pick){0};
}

/* Its first page, the next, and none after the last. */
static void next_help(struct stage *stage)
{
    int pages = help_add(&stage->layout, stage->look.width, stage->look.height, 0);
    stage->help = stage->help < pages ? stage->help + 1 : 0;
}

static void change_speed(struct stage *stage, int direction)
{
    char speed[16];
    clock_change_speed(&stage->clock, direction);
    if (!stage->clock.playing)
        snprintf(stage->said, sizeof stage->said, "Space plays %s",
                 clock_tell_speed(&stage->clock, speed, sizeof speed));
}

/* The moment of the command is that of the picture: time stands still from here on. */
static void wish_command(struct stage *stage)
{
    stage->clock.playing = false;
    if (stage->guess.state != GUESS_OFF)
        snprintf(stage->said, sizeof stage->said, "a prediction has no command: p ends it");
    else
        stage->wishes.command = true;
}

static void act_on_time(struct stage *stage, enum keys_act act, int amount)
{
    struct clock *clock = &stage->clock;
    switch (act) {
    case KEYS_PLAY:
        clock_toggle(clock);
        break;
    case KEYS_DECISION:
        clock_step_decision(clock, amount);
        break;
    case KEYS_EVENT:
        clock_step(clock, &clock->events, amount);
        break;
    case KEYS_MARK:
        jump_to_mark(stage, amount);
        break;
    case KEYS_TENTH:
        clock_seek(clock, clock->at_usec + amount * (clock->length_usec / 10));
        break;
    case KEYS_START:
        clock->playing = false;
        clock_seek(clock, amount > 0 ? clock->length_usec : 0);
        break;
    case KEYS_SPEED:
        change_speed(stage, amount);
        break;
    default:
        ask(stage, STAGE_TIME);
        break;
    }
}

static void act_on_things(struct stage *stage, enum keys_act act, int amount)
{
    switch (act) {
    case KEYS_NEXT:
        stage_things_next(stage, amount);
        break;
    case KEYS_NEAR_X:
        stage_things_near(stage, amount, 0);
        break;
    case KEYS_NEAR_Y:
        stage_things_near(stage, 0, amount);
        break;
    case KEYS_PIN:
        stage_things_pin_focus(stage);
        break;
    case KEYS_MATCH:
        stage_things_match(stage, amount);
        break;
    default:
        ask(stage, STAGE_FILTER);
        break;
    }
}

static void act_on_picture(struct stage *stage, enum keys_act act, int amount)
{
    struct stage_look *look = &stage->look;
    switch (act) {
    case KEYS_ZOOM:
        zoom_by_key(stage, amount);
        break;
    case KEYS_FIT:
        look->camera = (struct layout_camera){0};
        break;
    case KEYS_PAN_X:
        pan(stage, amount, 0);
        break;
    case KEYS_PAN_Y:
        pan(stage, 0, amount);
        break;
    case KEYS_THEME:
        look->theme = (enum theme)((look->theme + 1) % THEMES);
        break;
    case KEYS_SCALE:
        look->scale_percent += 10 * amount;
        look->scale_percent = look->scale_percent < 50    ? 50
                              : look->scale_percent > 400 ? 400
                                                          : look->scale_percent;
        break;
    default:
        look->strips = !look->strips;
        break;
    }
}

static void act(struct stage *stage, enum keys_act what, int amount)
{
    switch (what) {
    case KEYS_TITLE:
        break;
    case KEYS_PLAY:
    case KEYS_DECISION:
    case KEYS_EVENT:
    case KEYS_MARK:
    case KEYS_TENTH:
    case KEYS_START:
    case KEYS_SPEED:
    case KEYS_TIME:
        act_on_time(stage, what, amount);
        break;
    case KEYS_NEXT:
    case KEYS_NEAR_X:
    case KEYS_NEAR_Y:
    case KEYS_PIN:
    case KEYS_FILTER:
    case KEYS_MATCH:
        act_on_things(stage, what, amount);
        break;
    case KEYS_ZOOM:
    case KEYS_FIT:
    case KEYS_PAN_X:
    case KEYS_PAN_Y:
    case KEYS_THEME:
    case KEYS_SCALE:
    case KEYS_STRIPS:
        act_on_picture(stage, what, amount);
        break;
    case KEYS_PREDICT:
    case KEYS_SCROLL:
        break;
    case KEYS_FULL_SCREEN:
        stage->wishes.full_screen = true;
        break;
    case KEYS_COMMAND:
        wish_command(stage);
        break;
    case KEYS_HELP:
        next_help(stage);
        break;
    case KEYS_BACK:
        go_back(stage);
        break;
    case KEYS_QUIT:
        stage->wishes.close = true;
        break;
    }
}

bool stage_key(struct stage *stage, const char *key)
{
    int amount;
    bool said = stage->said[0] != '\0';
    stage->said[0] = '\0';
    if (stage->prompt != STAGE_NOTHING)
        return type_key(stage, key) || said;
    if (said && strcmp(key, "Escape") == 0)
        return true;
    const struct keys_row *row = keys_find(key, &amount);
    if (!row)
        return said;
    if (row->act != KEYS_HELP && row->act != KEYS_BACK)
        stage->help = 0;
    if (!stage_panel_key(stage, row->act, amount))
        act(stage, row->act, amount);
    stage_panel_clamp(stage);
    return true;
}

void stage_keys(struct stage *stage, const char *keys)
{
    char key[32];
    while (*(keys += strspn(keys, " ")) != '\0') {
        size_t length = strcspn(keys, " ");
        int amount;
        snprintf(key, sizeof key, "%.*s", (int)length, keys);
        stage_settle(stage); /* what a key means may depend on where things are */
        if (keys_find(key, &amount) || strcmp(key, "Backspace") == 0 || key_writes(key)) {
            stage_key(stage, key);
            keys += length;
            continue;
        }
        /* A word: letter by letter. */
        const char *end = keys + length;
        while (keys < end) {
            const char *next = shape_skip(keys, 1);
            snprintf(key, sizeof key, "%.*s", (int)(next - keys), keys);
            stage_key(stage, key);
            keys = next;
        }
    }
}

/* Pointer ------------------------------------------------------------------------------------------ */

static void seek_to(struct stage *stage, int x)
{
    clock_seek(&stage->clock, layout_time_at(&stage->layout, x));
    stage_panel_clamp(stage);
}

void stage_point(struct stage *stage, int x, int y)
{
    int right = x - stage->pointer_x, down = y - stage->pointer_y;
    stage->pointer_x = x;
    stage->pointer_y = y;
    stage->look.focus = (struct layout_pick){0};
    if (stage->scrubbing)
        seek_to(stage, x);
    if (!stage->panning)
        return;
    stage->dragged |= abs(x - stage->pressed_x) > TREMBLE || abs(y - stage->pressed_y) > TREMBLE;
    if (stage->dragged)
        stage->look.camera = camera_moved(
            stage->look.camera, area_at(stage, stage->pressed_x, stage->pressed_y), right, down);
}

void stage_press(struct stage *stage, int x, int y)
{
    stage_point(stage, x, y);
    stage->said[0] = '\0';
    stage->pressed_x = x;
    stage->pressed_y = y;
    stage->dragged = false;
    stage->scrubbing = shape_contains(shape_inset(stage->layout.time_line, -6), x, y) ||
                       shape_contains(stage->layout.strips, x, y);
    stage->panning = !stage->scrubbing;
    if (stage->scrubbing)
        seek_to(stage, x);
}

void stage_release(struct stage *stage, int x, int y)
{
    bool clicked = stage->panning && !stage->dragged;
    stage->scrubbing = stage->panning = false;
    if (!clicked)
        return;
    if (stage->help > 0) {
        stage->help = 0;
        return;
    }
    const struct layout_place *place = layout_place_at(&stage->layout, x, y);
    if (place && stage_panel_pick(stage, &place->pick))
        return;
    if (place)
        stage_things_pin(stage, &place->pick);
    else if (!shape_contains(stage->layout.panel, x, y))
        stage->look.pinned = (struct layout_pick){0};
}

void stage_wheel(struct stage *stage, int x, int y, int steps)
{
    if (shape_contains(stage->layout.time_line, x, y) ||
        shape_contains(stage->layout.strips, x, y)) {
        for (; steps != 0; steps += steps > 0 ? -1 : 1)
            clock_step_decision(&stage->clock, steps > 0 ? -1 : 1);
        return;
    }
    if (shape_contains(stage->layout.panel, x, y))
        stage_panel_scroll(stage, 3 * steps);
    else
        zoom(stage, x, y, steps);
}
