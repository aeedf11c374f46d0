/*
 * Control groups of version 1, hybrid and version 2 behind one small interface, and the only file
 * that names libcgroup. It must never know what a container, a task or an image is: it has groups,
 * which are paths like "berth-k3f9-i1/t3/c-web", and their limits. One thread only (libcgroup is
 * not thread-safe).
 */
#ifndef BERTH_EXEC_CGROUP_H
#define BERTH_EXEC_CGROUP_H

#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum cgroup_kind {
    CGROUP_NONE,   /* nothing this user may use: containers run, without limits */
    CGROUP_V1,     /* version 1 only */
    CGROUP_HYBRID, /* version 1 controllers, and a version 2 tree that follows processes */
    CGROUP_V2,
};

enum cgroup_backend {
    CGROUP_BY_FD,      /* mkdirat, openat and unlinkat below descriptors that are held open */
    CGROUP_BY_LIBRARY, /* libcgroup for every group: some six times slower, kept for comparison */
};

/* A hierarchy in which a group has a directory. Version 2 has CGROUP_UNIFIED alone. */
enum cgroup_place {
    CGROUP_CPU,
    CGROUP_CPUACCT, /* version 1 without a version 2 tree only: who else would count CPU time */
    CGROUP_MEMORY,
    CGROUP_PIDS,
    CGROUP_FREEZER, /* likewise: to hold a group still while it is killed */
    CGROUP_UNIFIED,
    CGROUP_PLACES
};

enum { CGROUP_PATH_MAX = 512, CGROUP_NAME_MAX = 64 };

/* What this machine offers this user. Filled by cgroup_open(), read by anyone. */
struct cgroup_machine {
    enum cgroup_kind kind;
    enum cgroup_backend backend;
    bool limits_cpu, limits_memory, limits_pids; /* what can really be limited here */
    bool swap;                                   /* the machine swaps, so swapping is limited too */
    /* where our groups begin in each hierarchy, or -1 */
    int roots[CGROUP_PLACES];
    /* version 2: that place's path below the mount, "" = root */
    char base[CGROUP_PATH_MAX];
    /* for people: what is missing and why; "" = nothing */
    char note[256];
};

/*
 * A limit of 0 is not set. A limit whose controller this machine lacks is passed over:
 * machine->note says so.
 */
struct cgroup_limits {
    int64_t quota_cpu;    /* ECS units, 1024 = one CPU: hard, as CFS quota of 100 ms periods */
    int64_t weight_cpu;   /* ECS units, read as version 1 cpu.shares, clamped to 2..262144 */
    int64_t memory_bytes; /* hard: the group is OOM-killed above it */
    /* soft (ECS memoryReservation): taken back first when the machine is short */
    int64_t reserved_bytes;
    int64_t pids;
    int64_t swap_bytes; /* beyond memory_bytes, where the machine swaps; -1: no limit */
    int swappiness;     /* 1 to 101, one more than the kernel's; 0 = not set */
};

struct cgroup_usage {
    int64_t cpu_usec;
    int64_t periods, throttled_periods, throttled_usec; /* of the CFS quota */
    int64_t memory_bytes, peak_bytes;
    int64_t oom_kills;
    int64_t pids;
};

/* The descriptors with which a new process enters its groups; see cgroup_entry_open(). */
struct cgroup_entry {
    int first_fd;             /* version 2 directory for clone3 of the container's pid 1, or -1 */
    int payload_fd;           /* version 2 directory for clone3 of the payload, or -1: inherits */
    int tasks[CGROUP_PLACES]; /* version 1: into each of these the payload itself writes "0" */
    size_t n_tasks;
};

struct cgroup_swept {
    int processes, groups;
};

/*
 * BERTH_CGROUP=libcgroup in the environment selects the library for every group, anything else fd.
 */
enum cgroup_backend cgroup_backend_wanted(void);

/*
 * Finds the hierarchies with libcgroup and opens them. Root gets the hierarchies' roots; another
 * user the highest delegated version 2 group above the calling process (which is moved into a leaf
 * of its own where version 2's rule of no inner processes asks for it), or CGROUP_NONE with the
 * reason in `note`. Fails only where cgroups exist and this user should be able to use them but the
 * kernel refuses.
 */
bool cgroup_open(struct cgroup_machine *machine, enum cgroup_backend backend, struct err *err);
void cgroup_close(struct cgroup_machine *machine);

/* "v1", "hybrid", "v2" or "none". */
const char *cgroup_kind_name(enum cgroup_kind kind);

/*
 * Makes the group `path` (its parent exists, made with `inner`) with its limits. `inner`: the group
 * will hold groups, never processes. Instance groups, whose path has no slash, are always made by
 * libcgroup when the base is the root. On failure nothing is left; the error names the limit and
 * the kernel's floor or ceiling.
 */
bool cgroup_make(const struct cgroup_machine *machine, const char *path, bool inner,
                 const struct cgroup_limits *limits, struct err *err);

/*
 * Removes an EMPTY group: true when it is gone everywhere (also when it was gone before). False
 * with errno EBUSY when a process is still leaving: try again in a few milliseconds. It is never
 * removed busy (libcgroup would then move its processes to the root group, out of their limits).
 */
bool cgroup_remove(const struct cgroup_machine *machine, const char *path);

/* Reads what the group used; values that this kernel does not offer stay 0. */
bool cgroup_read(const struct cgroup_machine *machine, const char *path, struct cgroup_usage *usage,
                 struct err *err);

/* Whether the kernel has killed something in the group for lack of memory. Reads that one file, even where libcgroup
 * does the rest: an agent asks at each exit, and the library reads all files of all controllers. */
bool cgroup_oom_killed(const struct cgroup_machine *machine, const char *path);

/*
 * Opens the doors to `path`. On version 2 pid 1 of a container enters `start`, which has a weight
 * but no quota.
 */
bool cgroup_entry_open(const struct cgroup_machine *machine, const char *path, const char *start,
                       struct cgroup_entry *entry, struct err *err);
void cgroup_entry_close(struct cgroup_entry *entry);

/*
 * Kills every process in the group and below. Returns how many it found (version 2 kills forks in
 * flight too).
 */
int cgroup_kill(const struct cgroup_machine *machine, const char *path);

/* Kills and removes every group at the base whose name begins with `prefix`, with all below. */
bool cgroup_sweep(const struct cgroup_machine *machine, const char *prefix,
                  struct cgroup_swept *swept, struct err *err);

/*
 * The groups at the base, in any hierarchy, whose name begins with `prefix`: their names, at most `most`,
 * each once. Returns how many.
 */
int cgroup_names(const struct cgroup_machine *machine, const char *prefix,
                 char (*names)[CGROUP_NAME_MAX], int most);

/*
 * Removes the group `name` at the base, with all below, if no process is in any of them: kills nothing.
 * Returns how many groups those were.
 */
int cgroup_remove_idle(const struct cgroup_machine *machine, const char *name);

/* cpu.shares of version 1 as cpu.weight of version 2: 1 + (shares - 2) * 9999 / 262142. */
int64_t cgroup_weight(int64_t shares);

#endif
