/*
 * Namespaces: making a process in new ones, mapping the user, bringing up lo. Everything returns 0
 * or -1 with errno, asks for no memory and is fit to run between clone and exec. It must never know
 * what the process is for.
 */
#ifndef BERTH_EXEC_NAMESPACE_H
#define BERTH_EXEC_NAMESPACE_H

#include <linux/sched.h>
#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/*
 * mount, pid, uts, ipc and net (and user); the cgroup namespace is the payload's, once it has
 * joined.
 */
uint64_t namespace_flags(bool user_namespace);

/*
 * fork() into the namespaces in `flags` (CLONE_*), into the version 2 cgroup `cgroup_fd` (-1 =
 * stay), with a pidfd when `pidfd` is not NULL.
 */
pid_t namespace_fork(uint64_t flags, int cgroup_fd, int *pidfd);

/* How a child of namespace_spawn() is to be made. */
struct namespace_spawn {
    struct clone_args args;
    cpu_set_t before; /* where we may run */
    bool held;
};

/* Prepares a child in the version 2 cgroup `cgroup_fd` (-1 = ours). */
void namespace_spawn_begin(struct namespace_spawn *spawn, int cgroup_fd);

/*
 * As vfork(2), with its rules: the child has our memory and our stack, and we sleep until it has executed
 * a program or is gone. Its side may only call one function that never returns, which begins with
 * namespace_spawned(). Returns twice, 0 in the child; -errno when there is none.
 */
#define namespace_spawn(spawn) namespace_clone(&(spawn)->args, sizeof(spawn)->args)
pid_t namespace_clone(struct clone_args *args, size_t size) __attribute__((returns_twice));

/* In the child. */
void namespace_spawned(const struct namespace_spawn *spawn);

/* In the parent. */
void namespace_spawn_end(const struct namespace_spawn *spawn);

/*
 * From inside a new user namespace: `uid` and `gid` in it are the outer ones, and nobody else
 * exists.
 */
int namespace_map_user(uid_t uid, uid_t outer_uid, gid_t gid, gid_t outer_gid);

/* Brings up lo in the calling process's network namespace. */
int namespace_lo_up(void);

#endif
