/*
 * See store.h.
 */
#include "exec/store.h"

#include <errno.h>
#include <linux/magic.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>

bool store_open(const char *path, bool own_mounts, bool *mounted, struct err *err)
{
    struct statfs fs;

    *mounted = false;
    if (mkdir(path, 0755) != 0 && errno != EEXIST) {
        return err_errno(err, errno, "cannot make %s", path);
    }
    if (!own_mounts || (statfs(path, &fs) == 0 && fs.f_type == TMPFS_MAGIC)) {
        return true;
    }
    *mounted = mount("berth-images", path, "tmpfs", 0, "mode=0755") == 0;
    return *mounted || err_errno(err, errno, "cannot mount %s", path);
}

void store_close(const char *path, bool mounted)
{
    if (mounted) {
        umount2(path, MNT_DETACH);
    }
}
