/*
 * A health check's command, run beside the payload of a container: in its namespaces and groups, as
 * its user and with no more rights, for so long and no longer. It must never know what its answer
 * is good for.
 */
#ifndef BERTH_EXEC_PROBE_H
#define BERTH_EXEC_PROBE_H

#include "exec/cgroup.h"
#include "exec/container.h"
#include "exec/privilege.h"
#include "exec/seccomp.h"
#include "exec/user.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* Ends a probe with its command, soon and without a trace. */
enum { PROBE_STOP_SIGNAL = SIGTERM };

/* All that it needs, made before the fork. */
struct probe_job {
    const struct container_spec *spec;
    const struct container_probe *probe;
    const char *const *env; /* complete */
    const struct cgroup_entry *entry;
    const struct seccomp_filter *filter;
    const struct privilege_set *privileges;
    struct user_identity user;
    bool user_namespace;
    int payload_pidfd, parent_pidfd, null_fd;
};

/*
 * A pidfd of the payload, which is the first child of the container's pid 1: unlike pid 1 it is as
 * the container is. -1 with errno when it is gone.
 */
int probe_payload(pid_t first);

/*
 * The life of a process forked for one probe: enters the namespaces, starts the command in them,
 * waits, and ends with an enum container_probe_result as its exit code. All signals are blocked.
 */
_Noreturn void probe_main(const struct probe_job *job);

#endif
