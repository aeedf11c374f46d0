/*
 * What runs inside: berth's own pid 1 of a container, which mounts, starts the payload as its
 * child, forwards signals to it and tells what happened over a pipe. Between clone and exec nothing
 * here asks for memory or takes a lock. It must never know of other containers.
 */
#ifndef BERTH_EXEC_INIT_H
#define BERTH_EXEC_INIT_H

#include "exec/cgroup.h"
#include "exec/container.h"
#include "exec/privilege.h"
#include "exec/record.h"
#include "exec/seccomp.h"
#include "exec/user.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* All that pid 1 and the payload need, made before clone. */
struct init_job {
    const struct container_spec *spec;
    const char *const *env; /* complete */
    /* existing folder that is mounted over, in the new namespace only */
    const char *mount_point;
    const struct cgroup_entry *entry;
    const struct seccomp_filter *filter;
    const struct privilege_set *privileges;
    struct user_identity user;
    bool user_namespace;
    uid_t outer_uid; /* who we are outside of it */
    gid_t outer_gid;
    bool unified; /* pure version 2: the container sees its own group under /sys/fs/cgroup */
    int status_fd, parent_pidfd, null_fd, output_fd;
    int program_fd; /* berth-init, which pid 1 becomes */
    int64_t stages[STAGE_N];
};

/* The life of pid 1. All signals are blocked, everything is as in the parent but the namespaces. */
_Noreturn void init_main(struct init_job *job);

int64_t init_now_usec(void);

#endif
