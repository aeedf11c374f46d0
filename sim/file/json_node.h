/*
 * JSON texts that know where each value stands. A node knows the way to itself, so a finding about
 * it names file, line, column and JSON path without the caller's help. Knows nothing of shapes and
 * meanings.
 */
#ifndef BERTH_FILE_JSON_NODE_H
#define BERTH_FILE_JSON_NODE_H

#include "core/names.h"
#include "file/memory.h"
#include "file/position.h"
#include "file/scenario.h"

#include <jansson.h>

struct grammar_member;
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
    char *unsimulated; /* the names of notes' members, "secrets, taskRoleArn", or NULL */
    int64_t **samples; /* of empirical distributions; until the scenario takes them */
    int n_samples, cap_samples;
};

/* One text. */
struct document {
    struct reading *reading;
    char *name; /* as findings name it */
    char *text;
    size_t length;
    json_t *root;
    struct positions *positions; /* made when first needed */
    const char *listed;          /* the root is an object of one member, which the text is; or NULL */
    int number;
};

/* Reads a file, or a copy of `length` bytes of text, as JSON; where that fails there is a finding
 * and false. `document` must be finished in either case. */
bool document_open(struct document *document, struct reading *reading, const char *path,
                   struct err *err);
bool document_parse(struct document *document, struct reading *reading, const char *name,
                    const char *text, size_t length);
void document_finish(struct document *document);

/* Takes a text that is a list for the value of that member of an object. */
void document_wrap_list(struct document *document, const char *member);

/* The path of a file that the document names: beside it. free() it. */
char *document_beside(const struct document *document, const char *name);

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

/* An error about a place in the node's text, which it shows; `column` of the character, from 1. */
void node_error_in(const struct node *node, const char *text, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* Worth knowing, wrong in no way: kept only where the reader of the findings asked for notes. At the
 * member's name. */
void node_note(const struct node *node, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The note that the member has no effect here, and its name among the others'. */
void node_unsimulated(const struct node *node, const char *name);

/* A finding placed at the member's name rather than at its value. */
void node_key_finding(const struct node *node, enum severity severity, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* The PATH=VALUE of --set that has put the node there, or NULL. */
const char *node_set_by(const struct node *node);

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
const char *node_hint(const char *nearest);

/* The same for the names from number `first` on, which may be many: "" once enough was said. */
const char *reading_hint(struct reading *reading, const char *word, const struct names *names,
                         int first);

#endif
