/*
 * One real container on this machine: created, started, watched, stopped, removed. All containers
 * of a process share a host, whose one descriptor is readable when something happened, so that an
 * epoll loop can drive hundreds. It must never know what a task, a service or a scheduler is, nor
 * who is driving it.
 *
 *     container_host_open() .. container_create() -> container_start() -> STARTED, READY, EXITED
 *     -> container_remove() -> REMOVED .. container_host_close()
 *
 * Call everything from ONE thread that lives as long as the containers: they die with that thread.
 */
#ifndef BERTH_EXEC_CONTAINER_H
#define BERTH_EXEC_CONTAINER_H

#include "exec/cgroup.h"
#include "file/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What happens between container_create() and the payload's first instruction, in this order. */
enum container_stage {
    STAGE_CREATE,         /* in the caller's process: container_create() */
    STAGE_CGROUP,         /* the container's cgroup is made */
    STAGE_CLONE,          /* container_start(): clone3 with all namespaces */
    STAGE_INIT,           /* the container's pid 1 runs for the first time */
    STAGE_USER_NAMESPACE, /* uid and gid are mapped; only without root */
    STAGE_ROOTFS,         /* scratch tmpfs and overlay over the layers */
    STAGE_PIVOT,          /* the overlay becomes / */
    STAGE_DEV,            /* /dev with its few nodes, pts, shm */
    STAGE_PROC,           /* /proc with masked and read-only paths */
    STAGE_SYS,            /* /sys, read-only */
    STAGE_NETWORK,        /* lo is up, files that name hosts are there */
    STAGE_HOSTNAME,
    STAGE_WORKDIR,    /* working directory, rlimits, capabilities nobody inside may have */
    STAGE_PAYLOAD,    /* clone3 of the payload's process */
    STAGE_JOIN,       /* it enters its cgroups: from here on its limits hold */
    STAGE_PRIVILEGES, /* capabilities, user, no_new_privs */
    STAGE_SECCOMP,    /* the system call filter */
    STAGE_EXEC,       /* execve */
    STAGE_N
};

/*
 * An rlimit wanted for the payload. Raising a hard limit needs CAP_SYS_RESOURCE: what is refused is
 * reported.
 */
struct container_rlimit {
    int resource; /* RLIMIT_* */
    uint64_t soft, hard;
};

/*
 * A folder or a tmpfs to mount. The folder is made where it is missing and shared by all that name
 * it; no link is followed on the way to it, and none leads out of the container on the way to
 * `path`.
 */
struct container_mount {
    const char *path;    /* absolute, inside; made when missing */
    const char *source;  /* below spec.volumes, "t3/data"; NULL: a tmpfs */
    int64_t size_bytes;  /* of the tmpfs; 0: no limit but the memory's */
    const char *options; /* of the tmpfs, such as "mode=1777"; NULL: none */
    unsigned long flags; /* of the tmpfs, MS_* */
    bool read_only;
    bool fill; /* when new, it begins with what the image has there */
};

enum { CONTAINER_MOUNTS_MAX = 48 };

/*
 * What to run. Borrowed: must stay as it is until container_start() has returned. NULL and 0 are
 * defaults.
 */
struct container_spec {
    const char *name;       /* of its cgroup below the task's: letters, digits, - and _ */
    const char *task_group; /* cgroup path made by the caller with `inner`, "berth-k3f9-i1/t3" */
    struct cgroup_limits limits;
    /* absolute paths, LOWEST first (as image.h gives them), NULL-ended */
    const char *const *layers;
    /* NULL-ended, argv[0] is looked up in the PATH of `env` inside the container */
    const char *const *argv;
    const char *const *env; /* "NAME=value", NULL-ended; without PATH Docker's PATH is added */
    const char *cwd;        /* default "/"; made when missing, as Docker does */
    /* "user", "uid", "user:group": names are those of its own /etc/passwd */
    const char *user;
    const char *hostname; /* default: name */
    bool read_only;       /* read-only root file system */
    const struct container_rlimit *rlimits;
    size_t n_rlimits;
    /* a bit each, on top of the usual ones and away from them; see privilege.h for what may be */
    uint64_t add_capabilities, drop_capabilities;
    int64_t shm_bytes;           /* of /dev/shm; 0 = 64 MiB */
    const char *const *controls; /* "net.core.somaxconn=1024", NULL-ended; only of namespaces */
    const char *volumes;         /* absolute folder below which `mounts` have their sources */
    const struct container_mount *mounts;
    size_t n_mounts; /* at most CONTAINER_MOUNTS_MAX */
    /*
     * stdout and stderr of the payload; the caller may close it after container_start(); 0 = none
     */
    int output_fd;
    /*
     * Built and waiting: the payload does not run before this can be read or its other end is closed;
     * the caller may close it after container_start(); 0 = it runs at once
     */
    int gate_fd;
    /*
     * The network namespace it lives in, with lo up, borrowed; 0 = one of its own with nothing but
     * lo.
     */
    int network_fd;
    /*
     * Its /etc/hosts (with /etc/hostname) and /etc/resolv.conf; NULL: as the image has them.
     */
    const char *hosts, *resolv_conf;
};

enum container_event_kind {
    CONTAINER_STARTED, /* execve succeeded */
    CONTAINER_FAILED,  /* it did not start: `err` says why; no EXITED follows */
    CONTAINER_READY,   /* the payload sent SIGUSR1 to its parent (once; later ones are dropped) */
    CONTAINER_EXITED,  /* the payload is gone; whatever it forked is being killed */
    CONTAINER_PROBED,  /* answer to container_probe() */
    /* answer to container_remove(): nothing of it is left, the pointer is freed after this */
    CONTAINER_REMOVED,
};

enum container_probe_result {
    CONTAINER_PROBE_PASSED,     /* it ended with 0 */
    CONTAINER_PROBE_FAILED,     /* it did not, or not in time, or could not be started */
    CONTAINER_PROBE_NO_PROGRAM, /* the container lacks the program that was asked for */
};

/* A command to run beside the payload. Borrowed during container_probe(). */
struct container_probe {
    const char *const *argv; /* as in struct container_spec; what it says is thrown away */
    const char *needs;       /* a program without which it is not even started, or NULL */
    int64_t timeout_usec;    /* then it is killed */
    int32_t number;          /* given back in the event */
};

struct container_event {
    enum container_event_kind kind;
    struct container *container;
    void *owner;     /* as given to container_create() */
    int64_t at_usec; /* CLOCK_MONOTONIC at which pid 1 saw it, not: at which it was read */
    /* EXITED: 0..255; 128 + signal when killed by one, so 137 for SIGKILL and OOM */
    int exit_code;
    int signal;        /* EXITED: the signal that ended it, or 0 */
    int64_t used_usec; /* EXITED: CPU time of pid 1 and the payload until then; 0: nobody knows */
    bool oom_killed;   /* EXITED: the kernel killed something in it for lack of memory */
    int32_t probe;     /* PROBED: its number */
    enum container_probe_result result; /* PROBED */
    bool rlimit_refused;                /* STARTED: an rlimit could not be raised */
    enum container_stage stage;         /* FAILED: where */
    int error;                          /* FAILED: errno */
    struct err err;                     /* FAILED: for people */
};

struct container_host;
struct container;

/*
 * What all containers of this process share: namespace of mounts, system call filter, descriptors.
 * `folder`: existing absolute folder of the run, in which mount points are made. `group`: cgroup
 * path of the instance, "berth-k3f9-i1", made by the caller with `inner`; "<group>-start" is made
 * beside it on version 2. `machine` is borrowed. Without root everything happens in user namespaces
 * that map the caller's own uid only. As root the calling process moves into a mount namespace of
 * its own.
 */
bool container_host_open(struct container_host **host, const char *folder, const char *group,
                         struct cgroup_machine *machine, struct err *err);

/* Kills and removes all that is left, waiting for it (some milliseconds). */
void container_host_close(struct container_host *host);

/*
 * Readable (for epoll, level-triggered) when container_host_next() has something to say. Owned by
 * the host.
 */
int container_host_fd(const struct container_host *host);

/* Fills the next event; false when there is none now. Never blocks. */
bool container_host_next(struct container_host *host, struct container_event *event);

/* Makes the cgroup with its limits. `owner` is given back in events. Some 0.3 ms. */
bool container_create(struct container_host *host, const struct container_spec *spec, void *owner,
                      struct container **container, struct err *err);

/* Clones the container's pid 1 and returns at once; STARTED or FAILED follows. */
bool container_start(struct container *container, struct err *err);

/*
 * Sends a signal to the payload (SIGTERM to ask it to stop). Fine after its end: then it does
 * nothing.
 */
bool container_signal(struct container *container, int signal, struct err *err);

/*
 * Runs a command in the container that `spec`, as at its creation, is of: in its namespaces and
 * groups, with its user, environment, folder, limits and privileges. PROBED follows, unless the
 * container is removed first. A probe that is still out ends without an answer. False when the
 * container has ended.
 */
bool container_probe(struct container *container, const struct container_spec *spec,
                     const struct container_probe *probe, struct err *err);

/* Kills every process of the container, now. EXITED follows if it had started, with 137. */
void container_kill(struct container *container);

/* What it used; until REMOVED. */
bool container_usage(const struct container *container, struct cgroup_usage *usage,
                     struct err *err);

/*
 * Kills what lives, removes cgroup and memory; REMOVED follows. Legal at any time after
 * container_create().
 */
void container_remove(struct container *container);

/*
 * CLOCK_MONOTONIC microseconds at which each stage began, 0 = not (yet). Complete after STARTED or
 * FAILED.
 */
const int64_t *container_stages(const struct container *container);
const char *container_stage_name(enum container_stage stage);

/*
 * pid 1 of the container as the caller sees it, for inspection (/proc/PID/ns/...); 0 before start.
 */
int container_pid(const struct container *container);

#endif
