/*
 * What a run has cost and how its capacity followed its tasks, for people and for programs. Made from the story
 * alone.
 */
#ifndef BERTH_FILE_COST_H
#define BERTH_FILE_COST_H

#include "file/buffer.h"
#include "file/story.h"

#include <stdio.h>

/* "$0.003056": nano-dollars for people, in `text` of `size` bytes. */
const char *cost_dollars(int64_t nanos, char *text, size_t size);

/* What an instance costs runs from its launch until it is lost or told to terminate (shutting down costs
 * nothing), a micro-VM's from its task's arrival to its end; the end of the run ends both. False where it
 * never began, or where nobody pays for it. Without the minimum that a short life is billed. */
bool cost_span(const struct story *story, const struct story_instance *instance, int64_t *from_usec,
               int64_t *to_usec);

/* A number of the bill. What has no price does not cost nothing: nobody knows. */
enum cost_kind { COST_TOTAL, COST_IDLE, COST_PROVIDER, COST_SERVICE };
struct cost_row {
    enum cost_kind kind;
    const char *name; /* of the provider or service; borrowed */
    int64_t nanos;
    bool is_known;   /* else a part of it, or all, has no price */
    bool is_partial; /* and `nanos` are of the other part */
};

/* The whole bill in that order of kinds; free() the rows. None before the run has ended, and where
 * nothing has a price. */
struct cost_row *cost_rows(const struct story *story, int *n);

/* "cost" and "capacity", a line for each provider and service; nothing where nothing has a price. */
void cost_print(FILE *out, const struct story *story);

/* `"cost": {...}` with dollars as decimal numbers; null where nothing has a price. */
void cost_add_json(struct buffer *json, const struct story *story);

/* The name of a provider, "(no provider)" for ID_NONE. */
const char *cost_provider(const struct story *story, int32_t provider);

/* Every datapoint of the capacity provider of that name with what it led to, and why. False where the run has
 * none of that name. */
bool cost_explain(struct buffer *text, const struct story *story, const char *name);
bool cost_explain_json(struct buffer *json, const struct story *story, const char *name);

#endif
