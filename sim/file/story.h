/*
 * What happened in a run, told by task: built record by record, by the drivers as they go or from a
 * log, so that summaries, comparisons, explanations and pictures all count the same things.
 */
#ifndef BERTH_FILE_STORY_H
#define BERTH_FILE_STORY_H

#include "file/record.h"
#include "file/responses.h"
#include "file/runlog.h"

/* Moments are microseconds since the start of the run, USEC_NEVER: has not happened. */
struct story_container {
    int64_t pull_at_usec, pulled_at_usec;
    int64_t create_at_usec, created_at_usec;
    int64_t start_at_usec, started_at_usec;
    int64_t ready_at_usec;
    int64_t term_at_usec, kill_at_usec; /* SIGTERM, SIGKILL were ordered */
    int64_t exited_at_usec;             /* the last time */
    int32_t exit_code;                  /* ID_NONE: none */
    bool oom;
    int32_t n_restarts, n_restarts_ordered; /* as reported or ordered; as ordered */
    int64_t probe_at_usec;                  /* the last probe was ordered */
    enum health_status health;              /* as last heard */
    int64_t gpus;                           /* a bit each */
    int32_t n_bindings;
    struct network_binding *bindings;
    bool pull_modelled, create_modelled, start_modelled, ready_modelled, exit_modelled;
};

/* How a kernel of one's own came up: see struct boot_course. */
struct story_course {
    char start[16], accelerator[8], kernel[64]; /* start "": there is none */
    int64_t firmware_usec, kernel_usec, user_usec;
    int64_t memory_bytes, system_bytes, host_bytes, overhead_bytes, seen_bytes;
};

/* A task's own virtual machine. */
struct story_machine {
    int64_t boot_at_usec;   /* the agent ordered it */
    int64_t booted_at_usec; /* it was there */
    int64_t gone_at_usec;   /* the agent had it removed */
    struct story_course course;
};

struct story_task {
    int32_t taskdef, service, instance; /* or ID_NONE */
    int64_t accepted_at_usec;           /* it exists: PROVISIONING where there was no room yet */
    int64_t placed_at_usec;             /* the scheduler decided */
    int64_t received_at_usec;           /* the agent was told */
    int64_t admitted_at_usec;           /* it left the agent's queue: its first order was given */
    int32_t waited_for;                 /* the task whose end let it out of the queue, or ID_NONE */
    enum place_reason
        waited_lack;              /* what its instance lacked, PLACE_FITS: it stood behind others */
    int64_t running_at_usec;      /* the scheduler heard RUNNING */
    int64_t first_answer_at_usec; /* its first good answer behind a load balancer went out */
    int64_t
        drain_at_usec; /* a load balancer sends it nothing new since then: its target is DRAINING */
    int64_t stop_at_usec;    /* the scheduler decided to stop it */
    int64_t stopped_at_usec; /* the scheduler heard STOPPED, or the instance was lost */
    enum stop_code stop_code;
    int32_t stop_reason; /* of the decision to stop it, enum stop_reason; ID_NONE: there was none */
    char *reason;        /* the agent's, in ECS's words, or NULL */
    bool torn_down;      /* stopped by the end of the run */
    bool named;          /* StartTask named its instance */
    int32_t rule;        /* of its placement */
    int32_t nth_placed;  /* how many of the run's placements came before its own */
    int32_t n_containers;
    struct story_container *containers;
    struct story_machine *machine; /* NULL: its containers share their instance's kernel */
};

struct story_instance {
    int32_t group, zone, type;
    bool spot, interrupted;
    int32_t bound_task;    /* of a micro-VM on Fargate, else ID_NONE */
    int32_t n_definitions; /* task definitions registered before its launch */
    int32_t cpu, memory_mib;
    int64_t price_nanos; /* an hour, 0: it has none */
    int64_t launch_at_usec, booted_at_usec, registered_at_usec;
    int64_t lost_at_usec;              /* lost or terminated */
    int64_t warned_at_usec;            /* it was told that its Spot capacity is taken back */
    int64_t drain_at_usec;             /* the scheduler set it DRAINING by itself */
    int64_t terminate_at_usec;         /* the scheduler decided to terminate it */
    int32_t n_live;                    /* tasks placed here and not STOPPED */
    int64_t cpu_held, memory_held_mib; /* by tasks that its agent has admitted */
    bool connected, draining;
    bool torn_down; /* terminated by the end of the run */
    bool boot_modelled;
    struct story_course course;
};

/* What befell a task or an instance besides going its way. */
enum story_turn_kind {
    TURN_RESTARTED,   /* value: how the container had exited */
    TURN_HEALTH,      /* value: the container's enum health_status */
    TURN_PULL_FAILED, /* of a container */
    TURN_PROTECTED,   /* value: whether it is from now on */
    TURN_CONNECTED,   /* instance; value: whether its agent is from now on */
    TURN_DRAINING,    /* instance; value: likewise */
    TURN_WARNED,      /* instance: Spot, it will be interrupted */
};

struct story_turn {
    int64_t at_usec;
    enum story_turn_kind kind;
    int32_t task, instance, container; /* or ID_NONE */
    int32_t value;
};

struct story_service {
    char *name;
    int32_t taskdef, desired;
};

/* From that moment on the service wants that many tasks. */
struct story_want {
    int64_t at_usec;
    int32_t service, desired;
};

/* Something the scheduler said no to, or that waits. */
struct story_note {
    int64_t at_usec;
    int32_t n_placed;       /* so many tasks were placed before it: those of its own moment too */
    struct message message; /* MESSAGE_REFUSE or MESSAGE_WAIT */
    char *about;            /* what the refused call named, with a space before it; NULL: nothing */
};

/* What else the log tells and pictures show over time, as it stood in the log: what the scheduler observed, made of a
 * capacity provider's reservation, decided of services and billed, and what target groups and capacity
 * providers are called. */
struct story_fact {
    int64_t at_usec;
    struct message message;
};

/* A datapoint of a capacity provider. */
struct story_capacity {
    int64_t at_usec;
    struct capacity_state state;
};

struct story_provider {
    char *name;
    int32_t group;
};

struct story {
    struct taskdefs taskdefs;
    struct instance_group *groups;
    int n_groups, cap_groups;
    struct story_instance *instances;
    int n_instances, cap_instances; /* container instances and micro-VMs */
    int n_micro_vms;                /* of those */
    struct story_task *tasks;
    int n_tasks, cap_tasks;
    struct story_service *services;
    int n_services, cap_services;
    struct story_want *wants; /* in order of time */
    int n_wants, cap_wants;
    struct story_provider *providers;
    int n_providers, cap_providers;
    struct story_capacity *capacity; /* in order of time */
    int n_capacity, cap_capacity;
    struct message bill; /* MESSAGE_BILL once the run has ended, else MESSAGE_TICK */
    struct story_note *notes;
    int n_notes, cap_notes;
    struct story_turn *turns; /* in order of time */
    int n_turns, cap_turns;
    struct story_fact *facts; /* in order of time */
    int n_facts, cap_facts;
    struct responses responses;
    int64_t n_events, n_outputs;
    int32_t n_placed;       /* tasks, ever */
    int64_t spot_free_usec; /* of the rules */
    int64_t end_usec;       /* when MESSAGE_END came; USEC_NEVER before */
    int64_t last_usec;      /* the latest record */
};

void story_init(struct story *story);
void story_finish(struct story *story);

/* Takes the next record of any machine, in the order of a log. What a whole run cannot contain (a
 * task that nobody placed) is passed over. */
void story_add(struct story *story, const struct record *record);

/* Reads a whole log. `header` gets a copy that run_header_finish() frees; `truncated` may be NULL.
 * On failure neither needs to be finished. */
bool story_load(struct story *story, const char *path, struct run_header *header, bool *truncated,
                struct err *err);

/* The name of an instance's type. */
const char *story_type(const struct story *story, const struct story_instance *instance);

/* "t5", "i2": names as users see them. The text lives until the eighth next call. A micro-VM has no name of its
 * own: as a machine it is "t5's micro-VM", as a place to be in its capacity provider, "FARGATE". */
const char *story_task_name(int32_t task);
const char *story_instance_name(int32_t instance);
const char *story_machine_name(const struct story *story, int32_t instance);
const char *story_place_name(const struct story *story, int32_t instance);

/* Whether what was launched is the micro-VM of one task on Fargate, and no container instance: ECS shows none for
 * such a task (ECS API, Task: containerInstanceArn). False of what the story does not know. */
bool story_is_micro_vm(const struct story *story, int32_t instance);

/* Whether it had been launched by then, and had neither registered nor gone. False of what the story does not know. */
bool story_is_launching(const struct story *story, int32_t instance, int64_t at_usec);

/* Whether two runs have something in the same place: on the same instance, or on the same of Fargate's providers. */
bool story_same_place(const struct story *a, int32_t here, const struct story *b, int32_t there);

/* Whether an EC2 Spot instance was taken back so soon that it is not billed. */
bool story_is_free(const struct story *story, int32_t instance);

/* The capacity provider of a group; NULL: it has none. */
const char *story_provider(const struct story *story, int32_t group);

/* The registered definition of that number; NULL where there is none. */
const struct task_definition *story_definition(const struct story *story, int32_t taskdef);

/* Why the task stopped, or is to stop, in words: the agent's where it had some, else those that go with
 * the scheduler's reason. NULL: it does not stop, or nobody said why. */
const char *story_reason(const struct story_task *task);

/* Whether it was given up in PROVISIONING, since no capacity came for it. */
bool story_given_up(const struct story_task *task);

/* "t1's memory", "another task's port": what the task waited for in its agent's queue, in `text` of
 * `size` bytes. NULL where it did not wait, or nobody knows. */
const char *story_queued(const struct story_task *task, char *text, size_t size);

/* Status of a task at a moment, as the scheduler then knew it: TASK_PROVISIONING before its
 * placement, TASK_STOPPING from the decision to stop it. */
enum task_status story_status_at(const struct story_task *task, int64_t at_usec);

#endif
