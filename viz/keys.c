/*
 * The table. It must never know a window, nor how anything is done.
 */
#include "viz/keys.h"

#include <stddef.h>
#include <string.h>

const struct keys_row keys_table[] = {
    {"Time", NULL, KEYS_TITLE, NULL},
    {"Space", NULL, KEYS_PLAY, "play, pause"},
    {"Right", "Left", KEYS_DECISION, "next, previous decision"},
    {".", ",", KEYS_EVENT, "next, previous event"},
    {"]", "[", KEYS_MARK, "next, previous mark"},
    {"PageDown", "PageUp", KEYS_TENTH, "a tenth of the run on, back"},
    {"End", "Home", KEYS_START, "the end, the start"},
    {"+ =", "- _", KEYS_SPEED, "faster, slower"},
    {"g", NULL, KEYS_TIME, "type a time: 12s, 1:30, 50%, +5s"},
    {"Things", NULL, KEYS_TITLE, NULL},
    {"Tab", "Shift+Tab", KEYS_NEXT, "next, previous thing"},
    {"Shift+Right", "Shift+Left", KEYS_NEAR_X, "the thing to the right, left"},
    {"Shift+Down", "Shift+Up", KEYS_NEAR_Y, "the thing below, above"},
    {"Enter", NULL, KEYS_PIN, "pin it: its story; let it go"},
    {"Shift+PageDown", "Shift+PageUp", KEYS_SCROLL, "roll the story down, up"},
    {"p", NULL, KEYS_PREDICT, "predict where tasks go"},
    {"/", NULL, KEYS_FILTER, "filter: web, state:running zone:a"},
    {"n", "N", KEYS_MATCH, "next, previous match"},
    {"Picture", NULL, KEYS_TITLE, NULL},
    {"z", "Z x", KEYS_ZOOM, "zoom in, out (or the wheel)"},
    {"0", NULL, KEYS_FIT, "show everything"},
    {"Ctrl+Right", "Ctrl+Left", KEYS_PAN_X, "move right, left (or drag)"},
    {"Down Ctrl+Down", "Up Ctrl+Up", KEYS_PAN_Y, "move down, up"},
    {"d", NULL, KEYS_THEME, "light, dark, projector"},
    {"Ctrl++ Ctrl+=", "Ctrl+-", KEYS_SCALE, "larger, smaller letters"},
    {"c", NULL, KEYS_STRIPS, "charts under the time line"},
    {"F11 f", NULL, KEYS_FULL_SCREEN, "full screen"},
    {"Other", NULL, KEYS_TITLE, NULL},
    {"y", NULL, KEYS_COMMAND, "print this picture's command"},
    {"? F1", NULL, KEYS_HELP, "this help"},
    {"Escape", NULL, KEYS_BACK, "close, clear, let go"},
    {"q Ctrl+w Ctrl+q", NULL, KEYS_QUIT, "quit"},
    {NULL, NULL, KEYS_TITLE, NULL},
};

static bool has_key(const char *keys, const char *key)
{
    size_t length = strlen(key);
    while (keys && *keys != '\0') {
        size_t own = strcspn(keys, " ");
        if (own == length && strncmp(keys, key, length) == 0)
            return true;
        keys += own + (keys[own] == ' ');
    }
    return false;
}

const struct keys_row *keys_find(const char *key, int *amount)
{
    for (const struct keys_row *row = keys_table; row->keys; row++) {
        if (row->act == KEYS_TITLE)
            continue;
        *amount = has_key(row->keys, key) ? 1 : has_key(row->back, key) ? -1 : 0;
        if (*amount != 0)
            return row;
    }
    return NULL;
}
