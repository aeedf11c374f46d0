/*
 * Taking privileges away: capabilities, user and group, no_new_privs. What is left is Docker's
 * default set without CAP_MKNOD, because berth does not filter devices by cgroup. It must never
 * give anything.
 */
#ifndef BERTH_EXEC_PRIVILEGE_H
#define BERTH_EXEC_PRIVILEGE_H

#include "exec/user.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/capability.h>

struct privilege_set {
    uint64_t own;  /* what this process has, a bit each: it cannot give more */
    cap_t payload; /* what the payload keeps while it is root */
    cap_t first;   /* what pid 1 keeps: CAP_KILL, to forward signals to another user's process */
};

/* Prepared once, so that the child asks for no memory. */
bool privilege_prepare(struct privilege_set *set, struct err *err);
void privilege_finish(struct privilege_set *set);

/*
 * The capability that ECS calls so ("NET_ADMIN", with or without "CAP_"), or -1. `givable`: berth
 * gives it on top of the usual ones: it has a meaning only in namespaces of the container's own.
 */
int privilege_find(const char *name, bool *givable);

/* These return 0, or -1 with errno, and run between clone and exec. */

/*
 * Nothing that the process starts can ever have more than the usual set, with `add` and without
 * `drop` (a bit each). In pid 1, outside the payload's CPU quota.
 */
int privilege_bound(uint64_t add, uint64_t drop);

/*
 * Becomes the user, with no more than the payload's set, and no new privileges for ever. `groups`:
 * set the supplementary groups too (a user namespace without root forbids it).
 */
int privilege_become(const struct privilege_set *set, const struct user_identity *user,
                     bool groups, uint64_t add, uint64_t drop);

/* Leaves pid 1 what it needs and makes it readable and traceable by nobody. */
int privilege_drop_first(const struct privilege_set *set);

#endif
