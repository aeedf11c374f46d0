/*
 * What each step of an instance's, a task's and a container's life costs. A step waits (for a disk,
 * a lock, somebody else's answer) and burns CPU: waiting takes the same time however crowded the
 * machine is, CPU time takes longer when others want it too. Where a step runs is the step's own;
 * who shares that place with it is not known here.
 */
#ifndef BERTH_MODEL_COSTS_H
#define BERTH_MODEL_COSTS_H

#include "model/distribution.h"

/* Append only: draws are keyed by these numbers. */
enum cost_step {
    /* an instance, in this order */
    COST_API,       /* the call that launches it */
    COST_PENDING,   /* until the machine is switched on */
    COST_FIRMWARE,  /* until the kernel begins */
    COST_KERNEL,    /* until the first program runs */
    COST_USERSPACE, /* until the agent is started */
    COST_AGENT,     /* until the agent sends its registration */
    COST_REGISTER,  /* until the cluster has taken it */
    COST_TEARDOWN,  /* an instance's end */

    COST_MESSAGE,         /* scheduler to agent and back, one way */
    COST_AGENT_EVENT,     /* the agent takes one message or fact */
    COST_SCHEDULER_EVENT, /* the scheduler takes one message */

    /* a task, in this order */
    COST_PROVISION, /* placed until its agent is told */
    COST_ENI,       /* awsvpc: its network interface, before the first pull */
    COST_PULL,      /* fixed part of a pull */
    COST_CREATE,    /* the agent makes a container */
    COST_NETWORK,   /* likewise, more where it gets a network of its own */
    COST_START,     /* the agent starts it */
    COST_CHILD,     /* its first process prepares, beside the agent */
    COST_LOCKED,    /* likewise, where the whole host does one at a time */
    COST_EXEC,      /* until it runs, under its own limits */
    COST_STOP,      /* a signal until the process has ended */
    COST_EXIT,      /* a process has ended until the agent knows */
    COST_REMOVE,    /* the agent removes a container */
    COST_STAND_IN, /* an instance makes the file system that stands in for images not there, once */
    COST_END,      /* a container's processes on their way out; see end_later_permille */
    COST_BEHIND,   /* the kernel's own work behind a creation: nobody waits for it */
    COST_BEHIND_END,     /* likewise, at once behind the end of a container's processes */
    COST_CLEAR,          /* likewise behind its removal: groups, mounts */
    COST_DISCONNECT,     /* COST_REMOVE, more where it had a network of its own */
    COST_SIGNAL,         /* the agent sends a signal */
    COST_END_BY_SIGNAL,  /* COST_END, more where a signal ends it */
    COST_END_BY_MEMORY,  /* likewise, more where the kernel ends it for its memory */
    COST_FRESH,          /* COST_CHILD, more for the memory that a container is given */
    COST_BEHIND_NETWORK, /* COST_BEHIND, more where a container gets a network of its own */
    COST_CLEAR_NETWORK,  /* COST_CLEAR, more where it had one */
    COST_KEEP,           /* the agent keeps what a container has printed, when that is ready */
    COST_STEPS,
};

struct step_cost {
    struct distribution wait, cpu;
    struct distribution cold; /* CPU time where the same was not done for a while before */
    bool has_cold;            /* else it is as `cpu` */
    int64_t after_rest_usec;  /* CPU time more after a rest in which all that it needs has cooled */
};

/* The ways in which a virtual machine comes to run. */
enum boot_path { BOOT_SCRATCH, BOOT_UNCOMPRESSED, BOOT_RESTORE, BOOT_PATHS };
extern const char *const boot_path_names[];

enum vm_step {
    VM_VMM,      /* the program that holds it starts */
    VM_FIRMWARE, /* as an instance's */
    VM_KERNEL,
    VM_USERSPACE,
    VM_AGENT, /* until the agent inside is there */
    VM_STEPS,
};

struct vm_costs {
    struct step_cost paths[BOOT_PATHS][VM_STEPS];
    bool told[BOOT_PATHS];  /* by whoever wrote costs down; else they are a named profile's */
    int64_t os_bytes;       /* of its memory: the guest's operating system */
    int64_t overhead_bytes; /* of the host's, beyond its memory */
    int64_t speed_permille; /* work done inside, of what the host does in the same time */
    int64_t
        together_permille; /* CPU time of a boot where as many boot as there are CPUs, of one's */
    struct costs *inside;  /* what its agent's steps cost; NULL: as outside. Owned by who read it */
};

enum machines { MACHINES_SLICES, MACHINES_VMS };
extern const char *const machines_names[];

/* How the micro-VM of one task on Fargate comes up where a scenario's `fargate` does not say. */
enum micro_boot {
    MICRO_BOOT_WHOLE,  /* in one piece: the steps of an instance are those of a large machine */
    MICRO_BOOT_STEPS,  /* in the steps of an instance */
    MICRO_BOOT_MACHINE /* as a virtual machine of one's own */
};

#define BYTES_PER_SEC_ANY INT64_MAX

struct costs {
    struct step_cost steps[COST_STEPS];
    bool agent_queue; /* an agent does its steps (create, start, events) one after the other */
    int64_t
        agent_together_permille; /* CPU time of COST_AGENT where as many start as a host has CPUs, of one's */
    int64_t create_alone_permille;  /* of COST_CREATE, what only one on a host does at a time */
    int64_t network_alone_permille; /* of COST_NETWORK likewise */
    int64_t end_later_permille; /* of COST_END, what comes when an agent in a queue knows already */
    struct distribution cold_after; /* a while: how long caches remember a step, each part of it */
    struct distribution cools_in; /* how long memory that nobody uses stays at hand, 0: for ever */
    int64_t balance_usec;     /* what comes to busy CPUs stays so long in one's line; 0: in none */
    int64_t overbalance_usec; /* so often too many are moved of those who weigh least; 0: never */
    struct distribution start_turns;      /* what a start waits where work keeps all CPUs busy */
    struct distribution work_turns;       /* likewise work, beside what it shares */
    struct distribution least_work_turns; /* of a task that weighs as little as any can */
    struct distribution agent_turn;       /* what an agent at work waits when they become busy */
    struct distribution
        ready_turn; /* until it hears that who works on the last idle CPU is ready */
    struct distribution
        ready_beside; /* likewise where one CPU more is idle, and the kernel has its own to do */
    bool contention;  /* else everything takes as long as if it were alone */

    /* pulls: each of these is shared by all that go through it at once */
    int64_t layer_bytes_per_sec;    /* one layer's connection */
    int64_t network_bytes_per_sec;  /* an instance's */
    int64_t registry_bytes_per_sec; /* the registry's, to all instances together */
    int64_t disk_bytes_per_sec;     /* an instance's */
    int64_t unpack_bytes_per_sec;   /* decompressing, per second of CPU */
    bool pull_queue;                /* an instance pulls one image after the other */

    int64_t touch_usec_per_mib; /* CPU time of touching memory for the first time */
    int64_t free_usec_per_mib;  /* of giving it back, when its process ends */
    int64_t image_size_bytes;   /* of an image that the scenario does not mention */
    int64_t os_bytes;           /* memory of an instance's operating system */
    int64_t agent_bytes;        /* of the agent */
    int64_t container_bytes;    /* of what each container needs beside its own */

    int32_t host_cpu;       /* CPU units of the one host that all instances are parts of; 0: none */
    int32_t background_ppm; /* of its CPUs other programs have where all are wanted */
    bool host_session; /* agents and what they start are one group among the instances' there */
    enum machines machines;
    enum micro_boot micro_boot;
    enum boot_path path;
    struct vm_costs vm;
};

/* The named profiles, ended by NULL; the first is the default. Each figure's source stands beside it
 * in costs.c. */
extern const char *const costs_names[];

/* The profile with that number in costs_names. */
struct costs costs_find(int profile);

/* The first. */
struct costs costs_default(void);

/* Nothing takes any time but work, which takes as long in a virtual machine as outside. */
struct costs costs_none(void);

/* How much memory a virtual machine is given so that so much is left for containers: its system's
 * comes on top, and what a kernel needs to keep account of more. And what it takes of its host. MiB. */
int64_t costs_guest_mib(const struct vm_costs *costs, int64_t containers_mib);
int64_t costs_guest_takes_mib(const struct vm_costs *costs, int64_t containers_mib);

/* The names of steps as scenarios write them, by enum cost_step; of a VM's likewise. */
extern const char *const cost_step_names[COST_STEPS];
extern const char *const vm_step_names[VM_STEPS];

/* Of a step that waits only. */
void costs_set(struct costs *costs, enum cost_step step, const struct distribution *wait);

/* From the launch decision until the agent starts takes that, however it comes about. */
void costs_set_boot(struct costs *costs, const struct distribution *boot);

/* Whether it never takes anything. */
bool costs_is_free(const struct step_cost *cost);

/* So many thousandths of it, rounded down; USEC_MAX where it would be more. */
int64_t costs_part_usec(int64_t usec, int64_t permille);

/* One draw of a step. Entity and n as in enum draw_purpose. */
struct step_draw {
    int64_t wait_usec, cpu_usec;
};
struct step_draw costs_draw(const struct costs *costs, enum cost_step step, uint64_t seed,
                            int64_t entity, int64_t n);
/* Likewise where the same was not done for a while. */
struct step_draw costs_draw_cold(const struct costs *costs, enum cost_step step, uint64_t seed,
                                 int64_t entity, int64_t n);
/* CPU time more of a step when nobody has used for so long what it needs: the host of a guest takes back memory
 * piece by piece. */
int64_t costs_rested(const struct costs *costs, enum cost_step step, int64_t rest_usec);
struct step_draw costs_draw_vm(const struct costs *costs, enum vm_step step, uint64_t seed,
                               int64_t entity, int64_t n);

#endif
