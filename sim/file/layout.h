/*
 * Where a machine has the images that a scenario names: OCI image layouts and tarballs of root file
 * systems, and what layers they are of. Unpacks nothing, and knows nothing of who runs them.
 */
#ifndef BERTH_FILE_LAYOUT_H
#define BERTH_FILE_LAYOUT_H

#include <jansson.h>
#include <stdbool.h>

/* How long a text of what is wrong gets. */
#define LAYOUT_WRONG 400

/* This machine's architecture as images name it. */
extern const char layout_machine[];

/* The OCI image layout that `name`, a folder or folder:tag, means: beside the scenario, else in
 * `image_folder` (or NULL), which has berth's own. NULL where there is none, or `name` is NULL; else
 * its path, with the tag: free() it. */
char *layout_find(const char *scenario_path, const char *name, const char *image_folder);

/* The folder of such a path, to be free()d, and the tag behind it or NULL. A folder whose own name has
 * a colon comes first. */
char *layout_split(const char *path, const char **tag);

/* The one of an index's descriptors that is for this machine and has the tag (annotation
 * org.opencontainers.image.ref.name). Without a tag there must be only one image. NULL with what is
 * wrong, and what there is instead. */
json_t *layout_choose(const json_t *index, const char *tag, char wrong[LAYOUT_WRONG]);

/* Whether the layout at that path has the image; where it cannot be read at all that is left to who
 * pulls it. */
bool layout_check(const char *path, char wrong[LAYOUT_WRONG]);

/* The tarball of a root file system, beside the scenario. NULL where it cannot be read; else free() it. */
char *layout_rootfs(const char *scenario_path, const char *name);

/* The layers of the image at that path as a scenario says them, `{"digest", "size"}` each with the size
 * that stands in the layout; NULL where that cannot be read. */
json_t *layout_layers(const char *path);

#endif
