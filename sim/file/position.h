/*
 * Where in a text a JSON value stands. jansson forgets positions after parsing, so the text is
 * scanned a second time when the first finding needs one. It only ever sees text that jansson has
 * accepted.
 */
#ifndef BERTH_FILE_POSITION_H
#define BERTH_FILE_POSITION_H

#include <stddef.h>

struct position {
    int line, column; /* from 1; columns are characters, as editors count them */
};

struct positions;

/* Scans `length` bytes of valid JSON, which must outlive the result. Free with
 * positions_destroy(). */
struct positions *positions_scan(const char *text, size_t length);
void positions_destroy(struct positions *positions);

/* Places are numbers; the whole text's value is place 0. The member or item of a place, or -1. */
int positions_member(const struct positions *positions, int place, const char *key);
int positions_item(struct positions *positions, int place, int index);

/* Where a place's value begins, and where its name does (the value, for an item of a list). */
struct position positions_value(const struct positions *positions, int place);
struct position positions_key(const struct positions *positions, int place);

#endif
