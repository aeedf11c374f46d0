/*
 * The second scan: a tree of places, flat, in the order of the text.
 */
#include "file/position.h"

#include "core/array.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

struct place {
    int first, next; /* child and sibling, or -1 */
    size_t key_at;   /* with its quotes; length 0: an item of a list */
    size_t key_length;
    struct position key, value;
};

struct positions {
    const char *text;
    size_t length;
    struct place *places;
    int n_places, cap_places;
    /* the scan */
    size_t at;
    struct position now;
    /* the item last asked for: lists are mostly asked in order */
    int list, item, item_index;
};

static char peek(const struct positions *scan)
{
    return scan->at < scan->length ? scan->text[scan->at] : '\0';
}

static void advance(struct positions *scan)
{
    unsigned char byte = (unsigned char)scan->text[scan->at++];

    if (byte == '\n') {
        scan->now.line++;
        scan->now.column = 1;
    } else if ((peek(scan) & 0xc0) != 0x80) {
        /* what follows begins a new character */
        scan->now.column++;
    }
}

static void skip_space(struct positions *scan)
{
    while (peek(scan) == ' ' || peek(scan) == '\t' || peek(scan) == '\n' || peek(scan) == '\r')
        advance(scan);
}

static void skip_string(struct positions *scan)
{
    advance(scan);
    while (peek(scan) != '"') {
        assert(scan->at < scan->length);
        if (peek(scan) == '\\')
            advance(scan);
        advance(scan);
    }
    advance(scan);
}

static void skip_word(struct positions *scan)
{
    while (scan->at < scan->length && !strchr(" \t\r\n,]}", peek(scan)))
        advance(scan);
}

static int scan_value(struct positions *scan);

static void scan_children(struct positions *scan, int place, char close)
{
    int last = -1;

    advance(scan);
    for (skip_space(scan); peek(scan) != close; skip_space(scan)) {
        size_t key_at = scan->at, key_length = 0;
        struct position key = scan->now;
        int child;

        if (close == '}') {
            skip_string(scan);
            key_length = scan->at - key_at;
            skip_space(scan);
            advance(scan); /* the colon */
            skip_space(scan);
        }
        child = scan_value(scan);
        scan->places[child].key_at = key_at;
        scan->places[child].key_length = key_length;
        scan->places[child].key = key;
        if (last < 0)
            scan->places[place].first = child;
        else
            scan->places[last].next = child;
        last = child;
        skip_space(scan);
        if (peek(scan) == ',')
            advance(scan);
    }
    advance(scan);
}

static int scan_value(struct positions *scan)
{
    struct place *place = ARRAY_ADD(scan, places);
    int number = scan->n_places - 1;

    *place = (struct place){.first = -1, .next = -1, .key = scan->now, .value = scan->now};
    if (peek(scan) == '{')
        scan_children(scan, number, '}');
    else if (peek(scan) == '[')
        scan_children(scan, number, ']');
    else if (peek(scan) == '"')
        skip_string(scan);
    else
        skip_word(scan);
    return number;
}

struct positions *positions_scan(const char *text, size_t length)
{
    struct positions *scan = calloc(1, sizeof *scan);

    assert(scan != NULL);
    scan->text = text;
    scan->length = length;
    scan->now = (struct position){1, 1};
    scan->list = -1;
    skip_space(scan);
    scan_value(scan);
    return scan;
}

void positions_destroy(struct positions *positions)
{
    if (!positions)
        return;
    free(positions->places);
    free(positions);
}

static int is_key(const struct positions *positions, const struct place *place, const char *key)
{
    const char *text = positions->text + place->key_at;
    json_t *decoded;
    int equal;

    if (place->key_length < 2)
        return 0;
    if (!memchr(text, '\\', place->key_length))
        return strlen(key) == place->key_length - 2 &&
               memcmp(text + 1, key, place->key_length - 2) == 0;
    decoded = json_loadb(text, place->key_length, JSON_DECODE_ANY, NULL);
    equal = decoded && strcmp(json_string_value(decoded), key) == 0;
    json_decref(decoded);
    return equal;
}

int positions_member(const struct positions *positions, int place, const char *key)
{
    int child = positions->places[place].first;

    while (child >= 0 && !is_key(positions, &positions->places[child], key))
        child = positions->places[child].next;
    return child;
}

int positions_item(struct positions *positions, int place, int index)
{
    int child = positions->places[place].first, i = 0;

    if (positions->list == place && positions->item_index <= index) {
        child = positions->item;
        i = positions->item_index;
    }
    for (; child >= 0 && i < index; i++)
        child = positions->places[child].next;
    if (child >= 0) {
        positions->list = place;
        positions->item = child;
        positions->item_index = index;
    }
    return child;
}

struct position positions_value(const struct positions *positions, int place)
{
    return positions->places[place].value;
}

struct position positions_key(const struct positions *positions, int place)
{
    return positions->places[place].key;
}
