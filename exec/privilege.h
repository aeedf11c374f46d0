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
#include <sys/capability.h>

struct privilege_set {
    cap_t payload; /* what the payload keeps while it is root */
    cap_t first;   /* what pid 1 keeps: CAP_KILL, to forward signals to another user's process */
};

/* Prepared once, so that the child asks for no memory. */
bool privilege_prepare(struct privilege_set *set, struct err *err);
void privilege_finish(struct privilege_set *set);

/* These return 0, or -1 with errno, and run between clone and exec. */

/* Nothing that the process starts can ever have more. In pid 1, outside the payload's CPU quota. */
int privilege_bound(void);

/*
 * Becomes the user, with no more than the payload's set, and no new privileges for ever. `groups`:
 * set the supplementary groups too (a user namespace without root forbids it).
 */
int privilege_become(const struct privilege_set *set, const struct user_identity *user,
                     bool groups);

/* Leaves pid 1 what it needs and makes it readable and traceable by nobody. */
int privilege_drop_first(const struct privilege_set *set);

#endif
