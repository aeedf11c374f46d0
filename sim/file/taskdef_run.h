/*
 * What only a real container needs from its definition: what to run, as whom, with which files and
 * limits. Read and checked by ECS's rules and kept as ECS has it; how much of it a machine can do is
 * the executor's to say. No machine of the core ever sees it.
 */
#ifndef BERTH_FILE_TASKDEF_RUN_H
#define BERTH_FILE_TASKDEF_RUN_H

#include <stdbool.h>
#include <stdint.h>

/* ECS API: UlimitName, in the order of its table (taskdef_run.c). */
enum ulimit_name {
    ULIMIT_CORE,
    ULIMIT_CPU,
    ULIMIT_DATA,
    ULIMIT_FSIZE,
    ULIMIT_LOCKS,
    ULIMIT_MEMLOCK,
    ULIMIT_MSGQUEUE,
    ULIMIT_NICE,
    ULIMIT_NOFILE,
    ULIMIT_NPROC,
    ULIMIT_RSS,
    ULIMIT_RTPRIO,
    ULIMIT_RTTIME,
    ULIMIT_SIGPENDING,
    ULIMIT_STACK,
};
extern const char *const ulimit_names[];

/* In setrlimit()'s units; -1: unlimited. */
struct run_ulimit {
    enum ulimit_name name;
    int64_t soft, hard;
};

struct run_tmpfs {
    char *path;
    int32_t size_mib;
    int32_t n_options; /* mount options such as "noexec" */
    char **options;
};

/* mountPoints. */
struct run_mount {
    int32_t volume; /* index in taskdef_run.volumes */
    char *path;     /* in the container */
    bool readonly;
};

/* volumesFrom: all mounts of another container, which is created first (CONDITION_CREATE). */
struct run_volumes_from {
    int32_t container; /* index in the same definition */
    bool readonly;
};

/* extraHosts: a line of /etc/hosts. */
struct run_host {
    char *hostname;
    char *address;
};

/* links: another container of the task under a name, which is started first (CONDITION_START). */
struct run_link {
    int32_t container;
    char *alias; /* its own name where the definition gives none */
};

/* systemControls: "net.core.somaxconn" = "1024"; only those that belong to a namespace. */
struct run_control {
    char *name;
    char *value;
};

struct run_label {
    char *name;
    char *value;
};

struct container_run {
    int32_t n_entry_point;
    char **entry_point;
    int32_t n_command;
    char **command;
    int32_t n_environment; /* "NAME=value" */
    char **environment;
    char *working_directory; /* or NULL, likewise below */
    char *user;              /* user, user:group, uid, uid:gid, ... */
    char *hostname;
    bool readonly_root;
    bool privileged; /* a real run refuses it: it would be root on this machine */
    bool interactive;
    bool pseudo_terminal;
    bool disable_networking;

    /* healthCheck: a command line for /bin/sh -c (CMD-SHELL: exactly one text), or a program with its
     * arguments (CMD). None where the container has no check. */
    bool health_shell;
    int32_t n_health_command;
    char **health_command;

    int32_t n_ulimits;
    struct run_ulimit *ulimits;
    int32_t n_controls;
    struct run_control *controls;

    /* linuxParameters */
    int32_t n_add; /* capabilities as ECS writes them: "NET_ADMIN", "ALL" */
    char **add;
    int32_t n_drop;
    char **drop;
    int32_t n_tmpfs;
    struct run_tmpfs *tmpfs;
    int32_t shared_memory_mib; /* of /dev/shm; 0: not given */
    int32_t max_swap_mib;      /* -1: not given; 0: no swap */
    int32_t swappiness;        /* 0 to 100; -1: not given */
    bool init_process;         /* a process 1 that reaps and forwards signals */

    int32_t n_mounts;
    struct run_mount *mounts;
    int32_t n_volumes_from;
    struct run_volumes_from *volumes_from;
    int32_t n_links;
    struct run_link *links;
    int32_t n_hosts;
    struct run_host *hosts;
    int32_t n_dns_servers;
    char **dns_servers;
    int32_t n_dns_search;
    char **dns_search;
    int32_t n_labels; /* dockerLabels */
    struct run_label *labels;
    char *log_driver; /* or NULL; a real run writes files, whatever it is */
};

enum volume_kind {
    VOLUME_TASK,   /* an empty folder that lives and dies with the task */
    VOLUME_HOST,   /* `source_path` of the instance */
    VOLUME_SHARED, /* a named folder of the instance that outlives the task (scope shared) */
    VOLUME_REMOTE, /* EFS, S3, FSx, EBS: a real run puts an empty VOLUME_TASK in its place and says so */
};

struct run_volume {
    char *name;
    enum volume_kind kind;
    char *source_path;  /* VOLUME_HOST: absolute */
    bool autoprovision; /* VOLUME_SHARED: made where it does not exist */
};

enum pid_mode { PID_CONTAINER, PID_TASK, PID_HOST };
enum ipc_mode { IPC_CONTAINER, IPC_TASK, IPC_HOST, IPC_NONE };

struct taskdef_run {
    enum pid_mode pid_mode; /* whose processes a container sees */
    enum ipc_mode ipc_mode;
    int32_t n_volumes;
    struct run_volume *volumes;
    int32_t n_containers;
    struct container_run *containers; /* parallel to the task definition's */
};

void taskdef_run_destroy(struct taskdef_run *run);

#endif
