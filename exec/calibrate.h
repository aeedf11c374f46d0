/*
 * What this machine's starts, stops and pulls really cost, measured with the executor's own code: the
 * same files that make a run's cgroups, containers and agents make those that are measured here. It
 * must never know the simulator: what it finds goes into a host profile, which says the same in the
 * grammar of costs.
 */
#ifndef BERTH_EXEC_CALIBRATE_H
#define BERTH_EXEC_CALIBRATE_H

#include "exec/cgroup.h"
#include "exec/program.h"
#include "exec/series.h"
#include "exec/sweep.h"
#include "file/buffer.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdio.h>

struct calibration;

/* One kind of measurement each. Durations in microseconds, sizes in bytes. */
enum measured {
    /* what the kernel takes */
    MEASURED_PROCESS, /* clone, exit, wait: nothing else */
    MEASURED_NAMESPACE_PID,
    MEASURED_NAMESPACE_MOUNT,
    MEASURED_NAMESPACE_NET,
    MEASURED_NAMESPACE_IPC,
    MEASURED_NAMESPACE_UTS,
    MEASURED_NAMESPACE_CGROUP,
    MEASURED_NAMESPACES,  /* all of a container's */
    MEASURED_CGROUP_MAKE, /* a task's and a container's, with limits */
    MEASURED_CGROUP_REMOVE,
    /* a container, from the order to create it until its program is ready */
    MEASURED_COLD,         /* one after the other */
    MEASURED_COLD_IDLE,    /* after 200 ms in which nothing happened */
    MEASURED_COLD_AT_ONCE, /* many at once, per container */
    /* likewise from the order to start it, when its groups and its network were made before */
    MEASURED_PREPARED,
    MEASURED_PREPARED_IDLE,
    MEASURED_PREPARED_AT_ONCE,
    /* when it was built up to its program, which waits: from the word to go on until ready */
    MEASURED_PARKED,
    MEASURED_PARKED_IDLE,
    MEASURED_PARKED_AT_ONCE,
    /* its steps; where two follow each other, the second is CPU time alone. Cold: after idling; warm:
     * right after the same step of another container. */
    MEASURED_CREATE_COLD,
    MEASURED_CREATE_COLD_CPU,
    MEASURED_CREATE_CPU,
    MEASURED_CREATE_TOGETHER_CPU, /* likewise by several agents at once */
    MEASURED_CREATE_WAIT,         /* in a crowd: beyond its CPU time */
    MEASURED_NETWORK,
    MEASURED_NETWORK_CPU,
    MEASURED_START_COLD,
    MEASURED_START_COLD_CPU,
    MEASURED_START_CPU,
    MEASURED_CHILD_COLD_CPU,
    MEASURED_CHILD_CPU,
    MEASURED_EXEC_COLD_CPU,
    MEASURED_EXEC_CPU,
    MEASURED_CHILD_WAIT,   /* from the order to start until ready, less CPU time */
    MEASURED_START_IN_RUN, /* from the order to start until ready, by an agent in a run, alone */
    MEASURED_START_TURNS,  /* of a start, more than that where work keeps all CPUs busy */
    MEASURED_WORK_TURNS,   /* likewise of short work, more than it takes with half a CPU */
    MEASURED_LEAST_WORK_TURNS, /* of work without CPU units */
    MEASURED_READY_TURN, /* of a start on the last idle CPU, which it keeps: its agent hears later */
    MEASURED_READY_BESIDE, /* likewise where another is idle, soon after others */
    MEASURED_AGENT_TURN,   /* of an agent at work, what it waits when work comes to all CPUs */
    MEASURED_OVERBALANCE,  /* so often too many are moved of those who weigh least, 0: never */
    /* after a long rest, more than after a short one */
    MEASURED_REST_EVENT, /* the scheduler's decision until the agent creates: its events, and a pull of nothing */
    MEASURED_REST_CREATE, /* and what follows, each until it is told of */
    MEASURED_REST_CHILD,
    MEASURED_REST_EXEC,
    MEASURED_REST_FRESH, /* CPU time, of all that starts a crowd's, each */
    MEASURED_REST_SIGNAL, /* CPU time, where a crowd has rested: of the agent until it knows of an end */
    MEASURED_REST_END,    /* of the container's processes */
    MEASURED_REST_REMOVE, /* of the agent */
    MEASURED_REST_BEHIND, /* of the kernel, behind that */
    MEASURED_COLD_AFTER, /* steps of containers are cold when none was done for so long, an equal part of what that costs each */
    MEASURED_COOLS_IN,   /* memory that is not used stays at hand for so long, an equal part each */
    MEASURED_STOP,       /* SIGTERM until the agent knows */
    MEASURED_EXIT_COLD_CPU, /* the agent's CPU time of that */
    MEASURED_EXIT_CPU,      /* likewise in a crowd */
    MEASURED_END_COLD_CPU,  /* of the container's processes, likewise */
    MEASURED_REMOVE_COLD_CPU,
    MEASURED_DISCONNECT_CPU, /* likewise, more with a network, in a crowd */
    MEASURED_END_CPU,        /* of the container's processes on their way out */
    MEASURED_HEARD_COLD_CPU, /* until the agent can hear of it */
    MEASURED_HEARD_CPU,
    MEASURED_KILL_CPU, /* of their whole life, more where the kernel ends them for their memory */
    MEASURED_SEE_END_CPU, /* the agent's for an end */
    MEASURED_REMOVE,
    MEASURED_REMOVE_CPU,
    MEASURED_REMOVE_WAIT,        /* in a crowd: what all are waited for, beyond CPU time */
    MEASURED_SEE_CPU,            /* the agent takes what a container has told, each */
    MEASURED_SEE_CROWD_CPU,      /* in a crowd, all that one tells until it is ready */
    MEASURED_KEEP_CPU,           /* and keeps what it has printed by then */
    MEASURED_BEHIND_CPU,         /* of the kernel's own threads while containers come, each */
    MEASURED_BEHIND_END_CPU,     /* likewise while they end and are removed */
    MEASURED_CLEAR_CPU,          /* likewise after that */
    MEASURED_CLEAR_WAIT,         /* from a removal until that is done, an equal part each */
    MEASURED_KERNEL_COLD_CPU,    /* all three of a container that comes and goes alone */
    MEASURED_BEHIND_NETWORK_CPU, /* of MEASURED_BEHIND_CPU, more for one with a network */
    MEASURED_CLEAR_NETWORK_CPU,  /* of MEASURED_CLEAR_CPU, likewise */
    MEASURED_FREE,               /* CPU time of giving a MiB back at the end */
    MEASURED_BACKGROUND,         /* what other programs have of a CPU while all are wanted, ppm */
    MEASURED_TOUCH,              /* CPU time of a MiB touched for the first time */
    /* images */
    MEASURED_PULL, /* of the built-in root file system */
    MEASURED_PULL_CPU,
    MEASURED_UNPACK,      /* CPU time of a MiB of layers as they stand in an OCI layout */
    MEASURED_UNPACK_WAIT, /* likewise, what else it took */
    /* agents */
    MEASURED_AGENT,          /* an instance's launch until its registration is heard */
    MEASURED_AGENT_TOGETHER, /* likewise where each CPU, or 16, has one to start */
    MEASURED_MESSAGE,
    MEASURED_AGENT_EVENT,
    MEASURED_SCHEDULER_EVENT,
    MEASURED_TEARDOWN, /* an instance is told to end until it is gone */
    /* memory */
    MEASURED_CONTAINER_MEMORY, /* pid 1 beside the program, and the kernel's */
    MEASURED_AGENT_MEMORY,     /* its PSS */
    MEASURED,
};

/* Samples that stand for a series in the profile. */
#define CALIBRATE_SAMPLES 40

/* CPU time of all of a container's steps where one comes so long after the other. */
struct calibrate_life {
    int64_t apart_usec, cpu_usec;
};

enum { CALIBRATE_LIVES_MOST = 8 };

/* How long after the last one each equal part has been added of what the `n` of `measured` (2 to CALIBRATE_LIVES_MOST, the
 * nearest to each other first) cost more than the first, up to what the last costs: in between it rises evenly, and
 * what falls is noise. */
struct series calibrate_cooling_curve(const struct calibrate_life *measured, int n);

/* Among work on all CPUs, work of up to 50 ms gets on as one of its own CPU's line, work of 100 to 200 ms in
 * between, longer work as evenly as if there were no lines: measured with 3 and 5 on two CPUs. The kernel
 * looks at its lines every 32 to 64 ms where CPUs are busy (sched_domain's busy_factor) and moves somebody when
 * it has failed before. */
#define CALIBRATE_BALANCE_USEC 100000

/* What a shorter rest takes is in all costs that are measured after idling. */
#define CALIBRATE_SHORT_REST_USEC 150000

/* Of what the long rest cost more in that step, what it comes to when all has cooled; 0 where the machine
 * takes nothing back. */
int64_t calibrate_after_rest_usec(const struct calibration *calibration, enum measured what);

/* The part of all processors that other programs have where all are wanted: 0 to 0.99, which is what profiles may
 * say. */
double calibrate_background_part(const struct calibration *calibration);

/* calibrate_agent.c: CPU time of agents that start together, of what one takes alone; 1 where that is not known. */
double calibrate_agents_together(const struct calibration *calibration);

/* As many ways up as enum boot_path has. */
enum { CALIBRATE_PATHS = 3 };

/* Of a virtual machine on its way up, in order; then all of it; then bytes. */
enum machine_measured {
    MACHINE_FIRMWARE,
    MACHINE_KERNEL,
    MACHINE_USER,
    MACHINE_AGENT, /* what else it takes until it is registered */
    MACHINE_REGISTERED,
    MACHINE_SYSTEM,   /* of its memory, its operating system */
    MACHINE_HOST,     /* of the host's memory, all of it */
    MACHINE_OVERHEAD, /* likewise beyond its own memory, of which it has not touched all */
    MACHINE_MEASURED,
};

/* Of containers inside a guest; microseconds. */
enum inside_measured {
    INSIDE_CREATE, /* each of these two alone, after idling */
    INSIDE_CREATE_NETWORK,
    INSIDE_START, /* until it has started */
    INSIDE_CROWD, /* both steps, of many at once */
    INSIDE_END,   /* its process ends until its agent has heard */
    INSIDE_TOUCH, /* a MiB for the first time */
    INSIDE_READY, /* a program that has started says that it is ready */
    INSIDE_STAND_IN,
    INSIDE_FIRST, /* a guest's first container: create until ready, beyond what later ones take */
    INSIDE_MESSAGE,
    INSIDE_MEASURED,
};

/* A quick calibration leaves out at most rests, each way up and all at once. */
enum { CALIBRATE_LATE_MOST = CALIBRATE_PATHS + 2 };

/* Which virtual machines are booted to be measured. */
enum calibrate_boots {
    CALIBRATE_BOOTS_IN_TIME, /* in a quick calibration, what there is time for */
    CALIBRATE_BOOTS_ALWAYS,
    CALIBRATE_BOOTS_NEVER,
};

struct calibration {
    struct sweep_run run;
    struct cgroup_machine cgroups;
    struct programs programs;
    int64_t kernel_idle_usec; /* see calibrate_behind.c */
    int cloud_fd;             /* -1: containers have no networks here */
    int n_rounds;
    struct calibrate_life
        lives[CALIBRATE_LIVES_MOST]; /* a crowd's, then after longer and longer rests */
    int n_lives;
    int64_t crowd_rest_usec; /* so long the crowd has slept that was told to end then */
    bool quick;
    enum calibrate_boots boots;
    bool interrupted; /* by a signal: what was measured until then is no profile */
    const char *late[CALIBRATE_LATE_MOST]; /* what there was no time left for, static texts */
    int n_late;
    const char *cgroup;   /* the kind of groups that was measured, static */
    int64_t begin_usec;   /* CLOCK_MONOTONIC, as the next */
    int64_t until_usec;   /* runs are cut off then; 0: they are not */
    bool cut;             /* the last run was */
    int64_t longest_usec; /* of those that may be cut off, until now */
    double took;          /* seconds */
    struct series series[MEASURED];
    struct series machines[CALIBRATE_PATHS][MACHINE_MEASURED];
    struct series inside[INSIDE_MEASURED];
    bool session; /* agents and what they start are one group for the kernel's scheduler */
    double create_alone, network_alone; /* of a creation, what only one does at a time: 0 to 1 */
    double end_later; /* of a container's end, what comes when its agent knows already, likewise */
    double
        together; /* what a boot takes where as many boot as there are CPUs, of one; 0: unknown */
    struct series speed_permille; /* of work in a virtual machine, against outside */
};

/* Measures everything. Less than 30 s where `quick` and boots come as they fit, and `late` says what is left out; 40
 * without any boots; else two minutes. False where nothing can be measured here, or a signal came (EXIT_MACHINE).
 * Leaves nothing behind. */
bool calibrate(struct calibration *calibration, struct err *err);

/* A table for people: median, 5th and 95th percentile. */
void calibrate_print(FILE *out, const struct calibration *calibration);

/* The host profile (scenario.5, COSTS). */
void calibrate_write(struct buffer *json, const struct calibration *calibration);

#endif
