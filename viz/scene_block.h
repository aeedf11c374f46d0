/*
 * Where the boxes of a run lie that is watched while it goes on, and whose instances nobody can count yet: blocks with
 * room for boxes of one size are put beside each other in a plane as they are needed, and nothing that is there is
 * ever moved. It must never know pixels, or the moment that is looked at.
 */
#ifndef BERTH_VIZ_SCENE_BLOCK_H
#define BERTH_VIZ_SCENE_BLOCK_H

#include "viz/scene_index.h"

/* Gives the next berth, which that instance is the first to take, its cell: depends on nothing that comes later. */
void scene_block_take(struct scene_index *index, int32_t instance, int32_t berth);

/* The largest whole number whose square is no more than that. */
int64_t scene_block_root(int64_t square);

#endif
