/*
 * Where an instance keeps the images that it has unpacked: a folder of its own, in memory. A disk that
 * has a moment's other work would make the first start of an instance ten times as long. It must never
 * know what is kept there.
 */
#ifndef BERTH_EXEC_STORE_H
#define BERTH_EXEC_STORE_H

#include "file/err.h"

#include <stdbool.h>

/* Makes the folder. `own_mounts`: the calling process is in a mount namespace of its own and may mount
 * there; nobody else then sees what is in it, and it is gone with the last process of that namespace.
 * Without, and where the folder is in memory anyway, it is just a folder. `*mounted` is for
 * store_close(). */
bool store_open(const char *path, bool own_mounts, bool *mounted, struct err *err);

/* Lets go of the memory. What is a mere folder stays, for whoever removes what it is in. */
void store_close(const char *path, bool mounted);

#endif
