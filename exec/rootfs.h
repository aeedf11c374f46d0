/*
 * The container's root file system: an overlay over the image's layers, made and made / in the
 * container's own mount namespace, with /dev, /proc and /sys as Docker gives them. Everything
 * returns 0 or -1 with errno, and `rootfs_detail` says at which path; no memory is asked for. It
 * must never touch a mount of the host.
 */
#ifndef BERTH_EXEC_ROOTFS_H
#define BERTH_EXEC_ROOTFS_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Descriptors of host things that are needed inside when they cannot be made there (without root).
 * -1 = not needed.
 */
struct rootfs_loans {
    int nodes[6]; /* of /dev, as detached mounts */
    int sys;
};

/* The path or name at which the last function of this file failed. */
extern char rootfs_detail[96];

/* Remembers the path where `status` is not 0, and returns it. */
int rootfs_at(const char *path, int status);

/*
 * Mounts a scratch tmpfs at `mount_point` and in it the overlay of `layers` (lowest first); goes
 * there.
 */
int rootfs_mount(const char *mount_point, const char *const *layers, bool user_namespace);

/* Without root: borrows what cannot be made. */
int rootfs_borrow(struct rootfs_loans *loans, bool user_namespace);

/*
 * Makes the working directory /. The host's tree stays reachable for mounting until
 * rootfs_detach().
 */
int rootfs_pivot(void);

/* `shm_bytes`: of /dev/shm; 0: Docker's 64 MiB. */
int rootfs_dev(struct rootfs_loans *loans, bool user_namespace, int64_t shm_bytes);

/* `controls`: "net.core.somaxconn=1024", NULL-ended or NULL, set before /proc/sys is read-only. */
int rootfs_proc(const char *const *controls);
int rootfs_sys(struct rootfs_loans *loans);

/*
 * The files of /etc that name hosts, in place of the image's. NULL: not.
 */
int rootfs_names(const char *hosts, const char *hostname, const char *resolv_conf);

/* Lets go of the host's tree. */
int rootfs_detach(void);

int rootfs_read_only(void);

/*
 * Pure version 2: the process's own cgroup namespace under /sys/fs/cgroup, read-only. Where the
 * kernel refuses there is none.
 */
void rootfs_cgroup(void);

#endif
