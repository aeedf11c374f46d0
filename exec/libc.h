/*
 * System calls that the C library of Ubuntu 22.04 (glibc 2.35) has no function for yet. With a newer
 * library this file is empty.
 */
#ifndef BERTH_EXEC_LIBC_H
#define BERTH_EXEC_LIBC_H

#include <features.h>

#if !__GLIBC_PREREQ(2, 36)

#include <stddef.h>
#include <sys/mount.h>
#include <linux/mount.h> /* after sys/mount.h, whose names it would turn into numbers */
#include <sys/syscall.h>
#include <unistd.h>

#define P_PIDFD 3

static inline int open_tree(int folder, const char *path, unsigned int flags)
{
    return (int)syscall(SYS_open_tree, folder, path, flags);
}

static inline int move_mount(int from, const char *from_path, int to, const char *to_path,
                             unsigned int flags)
{
    return (int)syscall(SYS_move_mount, from, from_path, to, to_path, flags);
}

static inline int mount_setattr(int folder, const char *path, unsigned int flags,
                                struct mount_attr *attributes, size_t size)
{
    return (int)syscall(SYS_mount_setattr, folder, path, flags, attributes, size);
}

#endif

#endif
