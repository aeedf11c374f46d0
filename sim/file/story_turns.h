/*
 * The part of the story that most tasks never have: restarts, health, bindings, waiting in an agent's
 * queue, disconnections. For story_add() alone.
 */
#ifndef BERTH_FILE_STORY_TURNS_H
#define BERTH_FILE_STORY_TURNS_H

#include "file/story.h"

/* Takes what it can use of the next record, after the rest of the story has. */
void story_turns_add(struct story *story, const struct record *record);

#endif
