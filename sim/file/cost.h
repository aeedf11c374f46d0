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
