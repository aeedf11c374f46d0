/*
 * Sources are walked to folder by folder, without following links; targets are looked up when the
 * container's root is all there is.
 */
#include "exec/mounts.h"

#include "exec/populate.h"
#include "exec/rootfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* ---- sources ---- */

/* Goes one folder down, made when missing; closes `fd`. */
static int step_down(int fd, const char *name)
{
    int next = -1, why;

    if (strcmp(name, "..") == 0) {
        errno = EINVAL;
    } else if (mkdirat(fd, name, 0755) == 0 || errno == EEXIST) {
        next = openat(fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    }
    why = errno;
    close(fd);
    errno = why;
    return next;
}

static int walk(const char *volumes, const char *source)
{
    int fd = open(volumes, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    char name[NAME_MAX + 1];

    while (fd >= 0 && *source) {
        size_t length = strcspn(source, "/");

        if (length > NAME_MAX) {
            close(fd);
            errno = ENAMETOOLONG;
            return -1;
        }
        snprintf(name, sizeof name, "%.*s", (int)length, source);
        source += length + (source[length] == '/');
        if (length > 0 && strcmp(name, ".") != 0) {
            fd = step_down(fd, name);
        }
    }
    return fd;
}

int mounts_take(const char *volumes, const struct container_mount *mount, int *source)
{
    mode_t mask;
    int fd;

    if (!mount->source) {
        return 0;
    }
    mask = umask(0);
    fd = volumes ? walk(volumes, mount->source) : -1;
    umask(mask);
    if (fd < 0) {
        return rootfs_at(mount->source, -1);
    }
    *source = open_tree(fd, "", AT_EMPTY_PATH | OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
    close(fd);
    return rootfs_at(mount->source, *source < 0 ? -1 : 0);
}

/* ---- targets ---- */

static void make_folders(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; path[i] && i < sizeof part; i++) {
        if (path[i] == '/') {
            snprintf(part, sizeof part, "%.*s", (int)i, path);
            mkdir(part, 0755);
        }
    }
    mkdir(path, 0755);
}

/*
 * What the kernel shows of itself is masked here and there: nothing is laid over it. Nor over /,
 * which everything is in.
 */
static int find_target(const char *path)
{
    struct statfs fs;
    struct stat is, root;
    int fd;

    make_folders(path);
    fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    if (fstatfs(fd, &fs) == 0 && fstat(fd, &is) == 0 && stat("/", &root) == 0 &&
        fs.f_type != PROC_SUPER_MAGIC && fs.f_type != SYSFS_MAGIC &&
        (is.st_dev != root.st_dev || is.st_ino != root.st_ino)) {
        return fd;
    }
    close(fd);
    errno = EPERM;
    return -1;
}

static int put_tmpfs(const struct container_mount *mount_, int target)
{
    char path[64], options[256], size[40] = "";

    if (mount_->size_bytes > 0) {
        snprintf(size, sizeof size, ",size=%lld", (long long)mount_->size_bytes);
    }
    if (snprintf(options, sizeof options, "mode=1777%s%s%s", size, mount_->options ? "," : "",
                 mount_->options ? mount_->options : "") >= (int)sizeof options) {
        errno = ENAMETOOLONG;
        return -1;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", target);
    return mount("tmpfs", path, "tmpfs", MS_NOSUID | MS_NODEV | mount_->flags, options);
}

static int put_folder(const struct container_mount *mount, int source, int target)
{
    struct mount_attr attributes = {.attr_set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV |
                                                (mount->read_only ? MOUNT_ATTR_RDONLY : 0)};

    if (mount->fill && populate(target, source) != 0) {
        return -1;
    }
    if (mount_setattr(source, "", AT_EMPTY_PATH, &attributes, sizeof attributes) != 0) {
        return -1;
    }
    return move_mount(source, "", target, "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH);
}

int mounts_put(const struct container_mount *mount, int source)
{
    mode_t mask = umask(0);
    int target = find_target(mount->path), status = -1, why;

    umask(mask);
    if (target >= 0) {
        status = source < 0 ? put_tmpfs(mount, target) : put_folder(mount, source, target);
    }
    why = errno;
    if (target >= 0) {
        close(target);
    }
    if (source >= 0) {
        close(source);
    }
    errno = why;
    return rootfs_at(mount->path, status);
}
