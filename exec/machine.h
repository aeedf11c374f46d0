/*
 * One instance of the cluster as this machine sees it: a cgroup, a folder and one berth-agent behind a socket:
 * a process, or a virtual machine's first program. It starts them, talks through them and makes sure that
 * nothing of them stays. It must never know what a scheduler or a scenario is, nor which messages mean what.
 */
#ifndef BERTH_EXEC_MACHINE_H
#define BERTH_EXEC_MACHINE_H

#include "exec/cgroup.h"
#include "exec/loop.h"
#include "exec/protocol.h"
#include "exec/rise.h"
#include "exec/sweep.h"
#include "exec/vm.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum machine_state {
    MACHINE_BOOTING, /* waits for its time: nothing of it exists */
    MACHINE_RISING,  /* its virtual machine runs, but has not been heard */
    MACHINE_UP,      /* its agent runs */
    MACHINE_GONE,
};

struct machine {
    enum machine_state state;
    int32_t instance;
    int64_t boot_at_usec; /* CLOCK_MONOTONIC */
    bool boot_modelled;
    int64_t kill_at_usec; /* CLOCK_MONOTONIC: it was asked to finish and gets killed then */
    pid_t pid;            /* of its agent, or of its virtual machine */
    struct channel channel;
    bool is_vm;
    struct vm vm;
    struct rise rise; /* MACHINE_RISING */
    char group[128];
    char folder[300];
};

/* An instance that boots at that time. */
void machine_init(struct machine *machine, int32_t instance, int64_t boot_at_usec,
                  bool boot_modelled);

/* Makes cgroup and folder and starts the agent program, which gets `cloud_fd` (-1: none). `type` is
 * its kind, for the name of its cgroup. On failure nothing is left and the state is still MACHINE_BOOTING. */
bool machine_boot(struct machine *machine, const struct sweep_run *run,
                  const struct cgroup_machine *cgroups, const char *type,
                  const struct cgroup_limits *limits, const char *agent_program, int cloud_fd,
                  struct err *err);

/* The same with a virtual machine: its state is MACHINE_RISING until a hello is heard. `order` says
 * how it starts, but for its folder and cgroup. */
bool machine_boot_vm(struct machine *machine, const struct sweep_run *run,
                     const struct cgroup_machine *cgroups, const char *type,
                     const struct cgroup_limits *limits, const struct vm_kit *kit,
                     const struct vm_order *order, struct err *err);

/* SIGKILL to the agent; its containers die with it. Its end comes as SIGCHLD. */
void machine_kill(const struct machine *machine);

/* The agent was reaped, or never ran: kills and removes whatever it left. */
void machine_bury(struct machine *machine, const struct sweep_run *run,
                  const struct cgroup_machine *cgroups);

#endif
