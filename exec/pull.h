/*
 * Unpacking images beside the agent's own work: one worker thread, one image after the other, so
 * that an image wanted twice is unpacked once. It must never start a process that outlives it, nor
 * touch a container: those belong to the agent's main thread.
 */
#ifndef BERTH_EXEC_PULL_H
#define BERTH_EXEC_PULL_H

#include "exec/image.h"
#include "file/err.h"

#include <stdbool.h>

struct puller;

/* An image that is there, or why it is not. Lives as long as the puller. */
struct pulled {
    /* as asked for: folder or folder:tag of an OCI layout, or a tarball; NULL: the built-in root file system */
    const char *layout;
    bool ok;
    struct image image; /* where ok */
    struct err err;     /* where not */
};

/* Unpacks into the folder `store`, which is made when missing. `work_program` is copied into the
 * built-in root file system and, as /berth-work, into a layer of its own, pull_work_layer(). */
bool pull_open(struct puller **puller, const char *store, const char *work_program,
               struct err *err);

/* Waits for the image in work; the store stays. */
void pull_close(struct puller *puller);

/* Readable when pull_next() has something. */
int pull_fd(const struct puller *puller);

/* The image if it is there already (or is known not to be), else NULL: then it is fetched, and
 * pull_next() will give it. */
const struct pulled *pull_image(struct puller *puller, const char *layout);

/* The next image that has come since, or NULL. Never blocks. */
const struct pulled *pull_next(struct puller *puller);

/* A folder with nothing but /berth-work in it, to be laid over any image. Exists once an image has
 * been pulled. */
const char *pull_work_layer(const struct puller *puller);

#endif
