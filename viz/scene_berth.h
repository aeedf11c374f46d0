/*
 * Which place an instance has: one berth for its whole life, which a later instance of the same size
 * takes when it has gone. It must never know the moment that is looked at.
 */
#ifndef BERTH_VIZ_SCENE_BERTH_H
#define BERTH_VIZ_SCENE_BERTH_H

#include "viz/scene_index.h"

/* Gives every instance its berth, section by section: the lowest that is free when it is launched. Those of a growing
 * index have their cells too, and what is added to the run's end changes none of them. */
void scene_berth_assign(struct scene_index *index);

#endif
