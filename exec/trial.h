/*
 * One container, to see whether this machine can run any: the only question that cannot be answered
 * by reading version numbers and settings. It must never leave anything behind, whatever happens.
 */
#ifndef BERTH_EXEC_TRIAL_H
#define BERTH_EXEC_TRIAL_H

#include "exec/cgroup.h"
#include "exec/program.h"
#include "exec/sweep.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>

struct trial {
    char kernel[64];      /* what `uname -r` said inside */
    int64_t memory_bytes; /* what /proc/meminfo said inside that the machine has */
    int64_t took_usec;    /* from creating it until it had ended */
};

/* Asks for both in a container of the built-in root file system, with a limit of each kind that
 * this machine knows, from a child process of its own. False with the reason and, where one is
 * known, the remedy. Takes some twenty milliseconds. */
bool trial_run(const struct sweep_run *run, struct cgroup_machine *cgroups,
               const struct programs *programs, struct trial *trial, struct err *err);

/* How an ordinary user gets user namespaces on this machine, or "" where nothing forbids them. */
const char *trial_remedy(void);

#endif
