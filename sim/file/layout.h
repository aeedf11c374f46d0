/*
 * Where a machine has the images that a scenario names: OCI image layouts and tarballs of root file
 * systems, and what layers they are of. Unpacks nothing, and knows nothing of who runs them.
 */
#ifndef BERTH_FILE_LAYOUT_H
#define BERTH_FILE_LAYOUT_H

#include <jansson.h>

/* The folder of the OCI image layout: beside the scenario, else in `image_folder` (or NULL), which has
 * berth's own. NULL where there is none, or `name` is NULL; else free() it. */
char *layout_find(const char *scenario_path, const char *name, const char *image_folder);

/* The tarball of a root file system, beside the scenario. NULL where it cannot be read; else free() it. */
char *layout_rootfs(const char *scenario_path, const char *name);

/* The layers of a layout's only or first image as a scenario says them, `{"digest", "size"}` each with
 * the size that stands in the layout; NULL where that cannot be read. */
json_t *layout_layers(const char *folder);

#endif
