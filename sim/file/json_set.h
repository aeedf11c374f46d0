/*
 * --set PATH=VALUE: putting values from the command line into a JSON text that was read. Knows
 * nothing of what the members mean.
 */
#ifndef BERTH_FILE_JSON_SET_H
#define BERTH_FILE_JSON_SET_H

#include "file/err.h"

#include <jansson.h>

/* Where a value was put: findings about it, or below it, say so. */
struct overlay {
    const json_t *parent;
    char *key; /* NULL: an item */
    int index;
    const char *text; /* PATH=VALUE, not owned */
};

/* Puts VALUE (JSON, else a text) at PATH: names and numbers of items, with dots between them
 * (services.0.desiredCount; services[0].desiredCount is the same). Names that have dots themselves
 * are found as they are. Everything but the last name must exist. Fills `overlay`. */
bool json_set(json_t *root, const char *text, struct overlay *overlay, struct err *err);

/* Whether PATH begins with that name. */
bool json_set_begins(const char *text, const char *name);

#endif
