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

/* ---- what a second program in the same container needs too ---- */

enum { INIT_OTHERS_MAX = 7 };

/* Closes everything but the doors of `entry` and `others`; 0, 1 and 2 become `null_fd`. */
void init_keep_descriptors(const struct cgroup_entry *entry, const int *others, size_t n_others,
                           int null_fd);

/* SIGKILL when the thread that made us ends, also if it just has. */
void init_die_with(int parent_pidfd);

/* The usual limits and the specification's; true when one was refused. */
bool init_set_rlimits(const struct container_spec *spec);

/* Version 1: enters the groups. 0, or -1 with errno. */
int init_join(const struct cgroup_entry *entry);

/* The value of PATH, "" without one. */
const char *init_path_of(const char *const *env);

/* Becomes the program argv[0], looked up in env's PATH; returns only when it failed, with errno. */
void init_execute(const char *const *argv, const char *const *env);

#endif
