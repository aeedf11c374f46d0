/*
 * What every key does, as one table: keys are looked up in it and the help is made of it, so the two cannot differ.
 * It must never know a window, nor how anything is done.
 */
#ifndef BERTH_VIZ_KEYS_H
#define BERTH_VIZ_KEYS_H

#include <stdbool.h>

/* What a key asks for; `amount` of its row is 1 or -1: forth or back, more or less, in or out. */
enum keys_act {
    KEYS_TITLE, /* no act: a heading of the table */
    KEYS_PLAY,
    KEYS_DECISION,
    KEYS_EVENT,
    KEYS_MARK,
    KEYS_TENTH, /* of the run */
    KEYS_START, /* or the end */
    KEYS_SPEED,
    KEYS_TIME, /* type one */
    KEYS_ZOOM,
    KEYS_FIT,
    KEYS_PAN_X,
    KEYS_PAN_Y,
    KEYS_NEXT, /* thing */
    KEYS_NEAR_X,
    KEYS_NEAR_Y,
    KEYS_PIN,
    KEYS_FILTER,
    KEYS_MATCH,
    KEYS_PREDICT,
    KEYS_SCROLL, /* the panel */
    KEYS_THEME,
    KEYS_SCALE,
    KEYS_STRIPS,
    KEYS_FULL_SCREEN,
    KEYS_COMMAND,
    KEYS_HELP,
    KEYS_BACK,
    KEYS_QUIT,
};

/* Keys are named by what they write ("+", "?", "y") or by their names ("Right", "Page Up" without its space),
 * with "Ctrl+" and "Shift+" before the latter. */
struct keys_row {
    const char *keys; /* several are separated by spaces; a title's text */
    const char *back; /* likewise: those for the amount -1; NULL: there is no way back */
    enum keys_act act;
    const char *help;
};

/* Ended by a row without keys. */
extern const struct keys_row keys_table[];

/* The row of a key and its amount; NULL: it does nothing. */
const struct keys_row *keys_find(const char *key, int *amount);

#endif
