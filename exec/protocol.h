/*
 * What the controller and an agent say to each other, on one page. A line is a word and one JSON
 * object; machines' messages and records travel as they stand in a run log, the rest is what only
 * real containers need. It must never decide anything, nor know how a container is made.
 */
#ifndef BERTH_EXEC_PROTOCOL_H
#define BERTH_EXEC_PROTOCOL_H

#include "core/message.h"
#include "file/codec.h"
#include "file/err.h"
#include "file/record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The descriptor on which an agent finds the controller. */
#define PROTOCOL_FD 3

/* And where it finds the network namespace outside of all instances, if there is one. */
#define PROTOCOL_CLOUD_FD 4

/* A line longer than this is not read: no scenario comes near. */
#define PROTOCOL_LINE_MAX (64 << 20)

enum protocol_word {
    WORD_WAKE,     /* to a guest's agent, no members: it slept in a snapshot, it says HELLO again */
    WORD_SETUP,    /* to the agent, first: struct setup */
    WORD_PLAN,     /* to the agent: struct plan; before any task of that definition */
    WORD_DUTY,     /* to the agent: struct duty; before the task is placed */
    WORD_MESSAGE,  /* to the agent: an event of its machine */
    WORD_FAULT,    /* to the agent: struct fault_order; no event of its machine */
    WORD_REGISTRY, /* to the agent: struct registry_order; likewise */
    WORD_FINISH,   /* to the agent, no members: kill what lives, say FINISHED, exit */
    WORD_RECORD,   /* to the controller: one step of the agent's machine */
    WORD_FINISHED, /* to the controller: struct finished */
    WORD_HELLO,    /* to the controller, from a guest's agent before its setup: struct hello */
    WORD_CLOCK,    /* between hello and setup, both ways, some times: struct reading */
    WORD_PRINT,    /* to the controller, from a guest's agent: struct print_line */
    WORD_ORDER,    /* to the hands in a task's own machine: an action of the agent's */
    WORD_FACT,     /* from there: an event of the agent's machine */
    WORD_MODELLED, /* likewise, of which the duration that it ends was not measured */
    WORD_USED,     /* to the controller: struct used, of a task whose cgroup is a guest's */
    WORDS
};

/* A guest's agent is there. Its clock is its own. */
struct hello {
    int64_t clock_usec;      /* its CLOCK_MONOTONIC, when it said this */
    int64_t kernel_usec;     /* likewise, when the kernel started its first program */
    int64_t available_bytes; /* memory that programs could have */
    int64_t total_bytes;     /* memory that its kernel says there is */
    char *kernel;            /* its release */
};

/* What a guest asks for to find the run's time on its own clock: one trip there and back says it only
 * as well as it was quick, and the first is not. */
struct reading {
    int64_t clock_usec; /* the guest's, when it asked */
    int64_t now_usec;   /* since the run began, when it was answered */
};

/* What a guest's agent needs beyond what every agent is told. */
struct setup_guest {
    struct reading reading; /* the last: it was answered with this */
    int64_t realtime_usec;  /* CLOCK_REALTIME then */
    char *entropy;          /* as hexadecimal digits: no two guests draw alike */
    char *hostname;
    bool disks; /* it has one with images, and one to unpack them to */
};

struct setup {
    int32_t instance;
    int64_t origin_usec; /* CLOCK_MONOTONIC at which the run began; a guest finds its own */
    char *folder;        /* exists, this instance's alone; in a guest it is made, as `group` */
    char *group;         /* its cgroup, exists */
    char *work_program;  /* berth-work */
    char *prints;        /* folder for what containers print; NULL: it is thrown away */
    bool print_lines;    /* it is sent, as WORD_PRINT */
    struct setup_guest *guest; /* NULL: this machine's own kernel */
    bool hands;        /* there is no machine: it does what the agent of a task's instance orders */
    int64_t used_usec; /* how often it is said what tasks in guests have used; 0: never */
    bool boot_modelled;  /* the instance waited for a boot time that was given */
    int64_t jitter_usec; /* a test's aid: what the agent sends waits up to that long */
    int64_t jitter_seed;
};

struct text {
    char *text;
};

/* Another container of the task, by a name of its own. */
struct plan_link {
    int32_t container;
    char *alias;
};

/* RLIMIT_*; -1: unlimited. */
struct plan_limit {
    int32_t resource;
    int64_t soft, hard;
};

/* See struct container_mount; a source of the task's is below its own folder. */
struct plan_mount {
    char *path;
    char *source; /* NULL: a tmpfs */
    bool of_task;
    bool read_only;
    bool fill;
    int64_t size_bytes;
    char *options;
    int64_t flags;
};

struct plan_port {
    int32_t port;
};

/* How a container of a definition is really run. Limits are already divided by the scale. */
struct plan_container {
    char *name;
    char *image;           /* for messages */
    char *layout;          /* OCI layout (folder, folder:tag) or tarball; NULL: the built-in one */
    bool performs;         /* berth-work performs its behaviour in place of the image's program */
    int32_t n_entry_point; /* 0: the image's */
    struct text *entry_point;
    int32_t n_command; /* 0: the image's */
    struct text *command;
    int32_t n_environment;
    struct text *environment;
    char *working_directory; /* NULL: the image's; likewise below */
    char *user;
    char *hostname;
    bool readonly_root;
    bool no_network;
    int32_t n_hosts; /* lines of /etc/hosts */
    struct text *hosts;
    int32_t n_links;
    struct plan_link *links;
    int32_t n_dns_servers;
    struct text *dns_servers;
    int32_t n_dns_search;
    struct text *dns_search;
    int32_t n_limits;
    struct plan_limit *limits;
    int64_t add_capabilities, drop_capabilities; /* see struct container_spec, likewise below */
    int64_t shm_bytes;
    int32_t n_controls;
    struct text *controls;
    int32_t n_mounts;
    struct plan_mount *mounts;
    bool health_shell; /* see struct container_run */
    int32_t n_health_command;
    struct text *health_command;
    int64_t weight_cpu;
    int64_t memory_bytes;   /* 0: none */
    int64_t reserved_bytes; /* 0: none */
    int64_t swap_bytes;     /* beyond memory_bytes */
    int32_t swappiness;     /* as in struct cgroup_limits */
    /* berth-work serves requests on these ports, as its options of the same names say. */
    int32_t n_ports;
    struct plan_port *ports;
    int32_t concurrency, line;
    int64_t service_usec, service_wait_usec; /* of requests that do not say so themselves */
    int32_t draws; /* number of the header in which they do; see plans_draws() */
};

/* What a virtual machine is made of that a task has to itself: see struct vm_order and struct vm_kit. */
struct plan_guest {
    char *qemu, *vmlinuz, *vmlinux, *initramfs;
    bool kvm;
    int32_t start; /* enum vm_start */
    int64_t memory_mib;
    int32_t cpus;
    char *memory_file, *state_file; /* or NULL, likewise below */
    char *images_disk, *scratch_disk;
    char *more;
    int64_t patience_usec; /* as in rise.h */
};

struct plan {
    int32_t taskdef;
    struct task_definition *definition; /* the scenario's numbers, for the machine */
    int64_t quota_cpu;                  /* of the whole task; 0: none */
    int64_t weight_cpu;                 /* 0: none */
    int64_t memory_bytes;               /* 0: none */
    int64_t swap_bytes;                 /* of all containers */
    struct plan_guest *guest;           /* NULL: its tasks share their instance's kernel */
    int32_t n_containers;
    struct plan_container *containers;
};

/* A request's header "berth-draws-N: WORK WAIT" says what it takes, in microseconds, from containers
 * that look for the number N. */
#define BERTH_DRAWS "berth-draws-"

/* What the containers of one task do: the behaviours of its definition, sampled and scaled. */
struct duty_container {
    int64_t ready_usec;
    int64_t work_usec; /* CPU time */
    int32_t threads;   /* that share it */
    int64_t idle_usec; /* INT64_MAX: for ever */
    int64_t memory_bytes;
    int32_t exit_code;
    int64_t stop_usec;            /* from SIGTERM until it ends; INT64_MAX: for ever */
    int64_t unhealthy_after_usec; /* from its start on; INT64_MAX: never */
};

struct duty {
    int32_t task;
    int32_t taskdef;
    int32_t n_containers;
    struct duty_container *containers;
};

/* SIGKILL from outside to a task's containers, or to one. */
struct fault_order {
    int32_t task;
    int32_t container; /* ID_NONE: all */
};

/* How the registry does from now on: times are since the run began, 0: it does well. */
struct registry_order {
    int64_t slow_until_usec; /* pulls that begin before take `permille` / 1000 as long */
    int64_t permille;
    int64_t dead_until_usec; /* pulls that begin before, and those that run now, fail */
    int64_t patience_usec;   /* so much later; 0: now, as the run ends */
};

/* What a task has used in its guest, by the cgroup it has there: time since it began. */
struct used {
    int32_t task;
    int64_t cpu_usec, throttled_usec;
    int64_t memory_bytes; /* now */
};

/* Some of what a container printed. */
struct print_line {
    char *name;  /* of its file */
    char *bytes; /* as hexadecimal digits: programs print what they like */
};

struct finished {
    char *error; /* the agent could not do its work here at all; NULL: all was well */
};

extern const struct schema setup_schema, plan_schema, duty_schema, fault_order_schema,
    registry_order_schema, nothing_schema, hello_schema, print_line_schema, used_schema,
    reading_schema, finished_schema;

/* Bytes as hexadecimal digits and back. The texts are the caller's to free; NULL where `text` is no
 * such digits. */
char *protocol_hex(const void *bytes, size_t n);
char *protocol_unhex(const char *text, size_t *n);

/* One end of the line: a non-blocking stream with what is not yet sent and not yet read. */
struct channel {
    int fd;       /* owned */
    bool is_port; /* of a guest, which never ends: with its other end the guest ends */
    bool closed;  /* the other end is gone, or sent what is no line */
    struct buffer out;
    size_t n_sent;
    struct buffer in;
    size_t n_read; /* bytes of `in` that were handed out */
};

struct line {
    enum protocol_word word;
    const char *json; /* valid until the next call on the channel */
    size_t length;
};

void channel_open(struct channel *channel, int fd);
void channel_close(struct channel *channel);

/* Queues a line: WORD_MESSAGE, another that carries a message, WORD_RECORD, or a struct by its schema. */
void channel_send_message(struct channel *channel, const struct message *message);
void channel_send_event(struct channel *channel, enum protocol_word word,
                        const struct message *message);
void channel_send_record(struct channel *channel, const struct record *record);
void channel_send(struct channel *channel, enum protocol_word word, const struct schema *schema,
                  const void *what);

/* Queues bytes that are lines already: an agent's, held back by the jitter. */
void channel_send_lines(struct channel *channel, const char *lines, size_t length);

/* Sends as much as goes now. True while something is left: wait for the descriptor to be writable.
 */
bool channel_flush(struct channel *channel);

/* Reads what has come. After the other end is gone `closed` is set; whole lines stay readable. */
void channel_fill(struct channel *channel);

/* The next whole line, false where there is none. What is no line rejects the channel. */
bool channel_next(struct channel *channel, struct line *line);

/* Nothing more is read from the other end: it talks nonsense. */
void channel_reject(struct channel *channel);

#endif
