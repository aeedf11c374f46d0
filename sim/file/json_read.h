/*
 * Reading typed members out of JSON, with findings instead of failures: every function says what is
 * wrong where, and the reader goes on to find the rest. A node knows the way to itself, so a
 * finding names file, line, column and JSON path without the caller's help. Knows nothing of what
 * the members mean.
 */
#ifndef BERTH_FILE_JSON_READ_H
#define BERTH_FILE_JSON_READ_H

#include "core/names.h"
#include "file/grammar.h"
#include "file/position.h"
#include "file/scenario.h"

#include <jansson.h>

struct overlay; /* json_set.h: a value given by --set */

/* What all documents of one reading share. */
struct reading {
    struct findings *findings;
    int first_finding; /* of this reading: the list may hold others' */
    int first_error;   /* number of errors that others made */
    int n_suggestions; /* made so far */
    int n_documents;
    const struct overlay *overlays; /* values that --set has put into the JSON */
    int n_overlays;
    const struct grammar_member **said; /* "not simulated yet" is said once a member */
    int n_said, cap_said;
};

/* One text. */
struct document {
    struct reading *reading;
    char *name; /* as findings name it */
    char *text;
    size_t length;
    json_t *root;
    struct positions *positions; /* made when first needed */
    int number;
};

/* Reads a file, or a copy of `length` bytes of text, as JSON; where that fails there is a finding
 * and false. `document` must be finished in either case. */
bool document_open(struct document *document, struct reading *reading, const char *path,
                   struct err *err);
bool document_parse(struct document *document, struct reading *reading, const char *name,
                    const char *text, size_t length);
void document_finish(struct document *document);

/* A value and the way to it. Lives on the stack of whoever reads it; `value` is NULL where the
 * member is absent. */
struct node {
    const struct node *parent;
    struct document *document;
    json_t *value;
    const char *key; /* name in its object, or NULL: then it is an item */
    int index;
    bool ecs; /* in an object of ECS's API: tolerant, as its users' files need */
};

struct node node_root(struct document *document);
struct node node_member(const struct node *object, const char *name);
struct node node_item(const struct node *list, size_t index);

void node_error(const struct node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void node_warning(const struct node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The line of the node's value. */
int node_line(const struct node *node);

/* An error about the whole of a reading rather than one place in the text. */
void reading_error(struct reading *reading, const char *name, const char *path, const char *format,
                   ...) __attribute__((format(printf, 4, 5)));

int reading_errors(const struct reading *reading);

/* Puts this reading's findings into the order of the files and frees what reading took. */
void reading_finish(struct reading *reading);

/* What was found, for people: "four" in quotes, 4, an object, ... Text of the last eight calls. */
const char *node_found(const struct node *node);

/* " (did you mean NAME?)", or "" where nothing is near. Text of the last eight calls. */
const char *did_you_mean(const char *nearest);

/* The same for the names from number `first` on, which may be many: "" once enough was said. */
const char *did_you_mean_one(struct reading *reading, const char *word, const struct names *names,
                             int first);

/* The node is an object with known members only; marks it and its members as ECS's where the
 * grammar is. False (after an error) where it is no object; findings about members do not make it
 * false. Required members that are absent are errors. */
bool node_object(struct node *node, const struct grammar *grammar);

/* The number of items, 0 for an absent node. In ECS objects a single value counts as a list of
 * one, with a warning (real files carry such). */
size_t node_list(struct node *node);

/* Each of these leaves `out` alone and returns false where the member is absent (silently) or not
 * of that type (with an error). */
bool node_text(const struct node *node, const char **out);
bool node_bool(const struct node *node, bool *out);
bool node_decimal(const struct node *node, double minimum, double maximum, double *out);

enum bare_unit { BARE_NUMBER, BARE_SECONDS, BARE_MIB, BARE_CPU }; /* what ECS means by a number */
bool node_number(const struct node *node, int64_t minimum, int64_t maximum, enum bare_unit unit,
                 int64_t *out);
bool node_int(const struct node *node, int32_t minimum, int32_t maximum, enum bare_unit unit,
              int32_t *out);
bool node_duration(const struct node *node, int64_t *usec);
/* A duration, or `word` for `meaning`. */
bool node_duration_or(const struct node *node, const char *word, int64_t meaning, int64_t *usec);
bool node_size(const struct node *node, int64_t *bytes);
bool node_distribution(const struct node *node, struct distribution *out);
bool node_id(const struct node *node, char letter, int32_t *out);
/* `names` is NULL-terminated; gives the index. */
bool node_choice(const struct node *node, const char *const *names, int *out);

/* strdup() that cannot fail. */
char *text_copy(const char *text);

/* calloc() that cannot fail; never NULL, even for no items. */
void *zeroed(size_t n, size_t size);

#endif
