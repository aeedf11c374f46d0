/*
 * What a run has left behind, counted when it is over: by looking, not by remembering. It must never
 * remove anything; that is sweep.h's.
 */
#ifndef BERTH_EXEC_LEFTOVER_H
#define BERTH_EXEC_LEFTOVER_H

#include "exec/cgroup.h"

#include <stdbool.h>
#include <stdint.h>

struct leftovers {
    int processes;        /* descendants of the calling process */
    int mounts;           /* below the run's folder, as the caller sees them */
    int namespaces;       /* that those processes are in and the caller is not */
    int groups;           /* with the run's name */
    bool network_changed; /* the host's interfaces are not what they were */
};

/* A digest of the host's network interfaces: their numbers and names. */
uint64_t leftover_network(void);

/* Counts for the run with that id and folder. `network`: leftover_network() before it. The caller
 * has to be the subreaper of all it started; ended children are reaped here. */
struct leftovers leftover_count(const char *id, const char *folder,
                                const struct cgroup_machine *machine, uint64_t network);

#endif
