/*
 * The scene as text: zones, capacity providers, instances, tasks, containers, and what waits; for terminals, for
 * those who cannot see pictures, and for tests. It must never know who reads it.
 */
#ifndef BERTH_VIZ_SCENE_TEXT_H
#define BERTH_VIZ_SCENE_TEXT_H

#include "file/buffer.h"
#include "viz/scene.h"

/* Adds the scene, line by line, to `text`. */
void scene_text(const struct scene *scene, struct buffer *text);

#endif
