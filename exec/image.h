/*
 * Container images: unpacks OCI image layouts into a store of layers named by the digest of what is
 * in them, and makes the built-in root file system from busybox. It must never trust an archive
 * (names with "..", links out of the layer, devices) and never know who runs the image.
 */
#ifndef BERTH_EXEC_IMAGE_H
#define BERTH_EXEC_IMAGE_H

#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * An image ready to run. Owned by the caller, ended by image_finish(). All arrays are NULL-ended.
 */
struct image {
    /* absolute folders, LOWEST first: goes into struct container_spec as it is */
    char **layers;
    char **entrypoint; /* possibly empty */
    /* possibly empty: the command is entrypoint + (the task's own command, or cmd) */
    char **cmd;
    char **env;
    char *working_dir; /* "" = "/" */
    char *user;        /* "" = root */
    int stop_signal;   /* what asks it to end (STOPSIGNAL); SIGTERM without one */
    /* of all layers as they stand in the layout (what a pull would transfer) */
    int64_t blob_bytes;
    int64_t unpacked_bytes; /* written just now; 0 when every layer was in the store already */
    int unpacked_layers;
};

/*
 * Unpacks an image of the OCI image layout `layout`, a folder or folder:tag as layout_choose()
 * takes it, into `store` (made when missing). Every blob's size and sha256 are
 * checked. Layers that are in the store are not unpacked again; several processes may share a
 * store. Blocks: 8 MiB take some 50 ms. A hostile or damaged archive is EXIT_INPUT and leaves
 * nothing, neither in the store nor outside.
 */
bool image_unpack(const char *layout, const char *store, struct image *image, struct err *err);

/*
 * The same for a plain tarball of a root file system, compressed or not: one layer, which the store
 * keeps by the tarball's own sha256. It says nothing of what to run: the definition has to.
 */
bool image_tarball(const char *tarball, const char *store, struct image *image, struct err *err);

/*
 * Makes (once per store) the built-in root file system: busybox with all its commands, and the
 * program at `work_path` as /bin/berth-work, which is the entrypoint. `busybox_path` NULL =
 * /bin/busybox. Some milliseconds.
 */
bool image_builtin(const char *store, const char *busybox_path, const char *work_path,
                   struct image *image, struct err *err);

void image_finish(struct image *image);

#endif
