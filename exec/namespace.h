/*
 * Namespaces: making a process in new ones, mapping the user, bringing up lo. Everything returns 0
 * or -1 with errno, asks for no memory and is fit to run between clone and exec. It must never know
 * what the process is for.
 */
#ifndef BERTH_EXEC_NAMESPACE_H
#define BERTH_EXEC_NAMESPACE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * mount, pid, uts, ipc and net (and user); the cgroup namespace is the payload's, once it has
 * joined.
 */
uint64_t namespace_flags(bool user_namespace);

/*
 * fork() into the namespaces in `flags` (CLONE_*), into the version 2 cgroup `cgroup_fd` (-1 =
 * stay), with a pidfd when `pidfd` is not NULL. With `wait` the parent sleeps until the child has
 * executed a program or is gone.
 */
pid_t namespace_fork(uint64_t flags, int cgroup_fd, int *pidfd, bool wait);

/*
 * From inside a new user namespace: `uid` and `gid` in it are the outer ones, and nobody else
 * exists.
 */
int namespace_map_user(uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid);

/* Brings up lo in the calling process's network namespace. */
int namespace_lo_up(void);

#endif
