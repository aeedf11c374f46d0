/*
 * Each act of the table of keys is a case of one of four switches. It must never know a window, or how a key got here.
 */
#include "viz/help.h"
#include "viz/keys.h"
#include "viz/stage.h"
#include "viz/stage_camera.h"
#include "viz/stage_panel.h"
#include "viz/stage_things.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

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

static bool act_on_time(struct stage *stage, enum keys_act act, int amount)
{
    struct clock *clock = &stage->clock;
    switch (act) {
    case KEYS_PLAY:
        clock_toggle(clock);
        return true;
    case KEYS_DECISION:
        clock_step_decision(clock, amount);
        return true;
    case KEYS_EVENT:
        clock_step(clock, &clock->events, amount);
        return true;
    case KEYS_MARK:
        jump_to_mark(stage, amount);
        return true;
    case KEYS_TENTH:
        clock_seek(clock, clock->at_usec + amount * (clock->length_usec / 10));
        return true;
    case KEYS_START:
        clock->playing = false;
        clock_seek(clock, amount > 0 ? clock->length_usec : 0);
        return true;
    case KEYS_SPEED:
        change_speed(stage, amount);
        return true;
    case KEYS_TIME:
        ask(stage, STAGE_TIME);
        return true;
    default:
        return false;
    }
}

static bool act_on_things(struct stage *stage, enum keys_act act, int amount)
{
    switch (act) {
    case KEYS_NEXT:
        stage_things_next(stage, amount);
        return true;
    case KEYS_NEAR_X:
        stage_things_near(stage, amount, 0);
        return true;
    case KEYS_NEAR_Y:
        stage_things_near(stage, 0, amount);
        return true;
    case KEYS_PIN:
        stage_things_pin_focus(stage);
        return true;
    case KEYS_MATCH:
        stage_things_match(stage, amount);
        return true;
    case KEYS_FILTER:
        ask(stage, STAGE_FILTER);
        return true;
    default:
        return false;
    }
}

static bool act_on_picture(struct stage *stage, enum keys_act act, int amount)
{
    struct stage_look *look = &stage->look;
    switch (act) {
    case KEYS_ZOOM:
        stage_camera_zoom_focus(stage, amount);
        return true;
    case KEYS_FIT:
        look->camera = (struct layout_camera){0};
        return true;
    case KEYS_PAN_X:
        stage_camera_pan(stage, amount, 0);
        return true;
    case KEYS_PAN_Y:
        stage_camera_pan(stage, 0, amount);
        return true;
    case KEYS_THEME:
        look->theme = (enum theme)((look->theme + 1) % THEMES);
        return true;
    case KEYS_SCALE:
        look->scale_percent += 10 * amount;
        look->scale_percent = look->scale_percent < 50    ? 50
                              : look->scale_percent > 400 ? 400
                                                          : look->scale_percent;
        return true;
    case KEYS_STRIPS:
        look->strips = !look->strips;
        return true;
    default:
        return false;
    }
}

static bool act_on_view(struct stage *stage, enum keys_act act)
{
    switch (act) {
    case KEYS_FULL_SCREEN:
        stage->wishes.full_screen = true;
        return true;
    case KEYS_COMMAND:
        wish_command(stage);
        return true;
    case KEYS_HELP:
        next_help(stage);
        return true;
    case KEYS_BACK:
        go_back(stage);
        return true;
    case KEYS_QUIT:
        stage->wishes.close = true;
        return true;
    default:
        return false;
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
    /* The panel's own keys mean nothing where it has no use for them. */
    if (!stage_panel_key(stage, row->act, amount) && !act_on_time(stage, row->act, amount) &&
        !act_on_things(stage, row->act, amount) && !act_on_picture(stage, row->act, amount) &&
        !act_on_view(stage, row->act))
        assert(row->act == KEYS_PREDICT || row->act == KEYS_SCROLL);
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
