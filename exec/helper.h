/*
 * A process of the controller's own beside the instances: in the run's cloud, in a cgroup of its own,
 * in a process group of its own, and dead as soon as the controller is. It must never know what the
 * process does.
 */
#ifndef BERTH_EXEC_HELPER_H
#define BERTH_EXEC_HELPER_H

#include "exec/cgroup.h"
#include "exec/sweep.h"
#include "file/err.h"

#include <stdbool.h>
#include <sys/types.h>

struct helper {
    pid_t pid;
    int fd; /* a pidfd, so that its number is never another's; -1: it does not run */
    char group[64];
};

#define HELPER_NONE ((struct helper){.fd = -1})

/* Where helpers live. All borrowed. */
struct helper_place {
    const struct sweep_run *run;
    const struct cgroup_machine *cgroups;
    int cloud_fd;
};

/* Forks. Returns 0 in the child, which has descriptors 0 to 2 and `keep_fd` alone (-1: none), no
 * blocked signal, and must end with _exit() or exec; the child's process number in the parent; -1 with
 * `err`. The child ends itself with 126 where it cannot get to its place. */
pid_t helper_fork(struct helper *helper, const char *name, const struct helper_place *place,
                  int keep_fd, struct err *err);

/* Kills and reaps it and removes its group; nothing where it does not run. */
void helper_stop(struct helper *helper, const struct cgroup_machine *cgroups);

#endif
