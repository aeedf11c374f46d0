/*
 * Whether a run did what its scenario expects: asked of the story, so of simulations and real runs
 * alike. Knows nothing of how people are shown the answers.
 */
#ifndef BERTH_FILE_EXPECT_H
#define BERTH_FILE_EXPECT_H

#include "file/buffer.h"
#include "file/scenario.h"
#include "file/story.h"

/* Whether one expectation holds. Where not, `found` (of `size` bytes) says what was there instead.
 */
bool expect_holds(const struct expect *expect, const struct story *story, char *found, size_t size);

/* How many of the scenario's expectations hold. */
int expect_count(const struct scenario *scenario, const struct story *story);

/* Adds the member "expect" of a result's JSON: how many there are, how many hold, and those that do
 * not. */
void expect_add(struct buffer *json, const struct scenario *scenario, const struct story *story);

#endif
