/*
 * Volumes and tmpfs of a container. Whoever writes into a volume may put links there, and whoever
 * makes an image may put some on the way to where it is mounted: neither leads anywhere. Everything
 * returns 0 or -1 with errno, rootfs_detail says where; no memory is asked for.
 */
#ifndef BERTH_EXEC_MOUNTS_H
#define BERTH_EXEC_MOUNTS_H

#include "exec/container.h"

/* Before the pivot: takes hold of the source, made when missing. `source` stays -1 for a tmpfs. */
int mounts_take(const char *volumes, const struct container_mount *mount, int *source);

/* With nothing of the host left: mounts it, and closes `source`. */
int mounts_put(const struct container_mount *mount, int source);

#endif
