/*
 * What happened in a run, told by task: built record by record, by the drivers as they go or from a
 * log, so that summaries, comparisons, explanations and pictures all count the same things.
 */
#ifndef BERTH_FILE_STORY_H
#define BERTH_FILE_STORY_H

#include "file/record.h"
#include "file/runlog.h"

/* Moments are microseconds since the start of the run, USEC_NEVER: has not happened. */
struct story_container {
    int64_t pull_at_usec, pulled_at_usec;
    int64_t create_at_usec, created_at_usec;
    int64_t start_at_usec, started_at_usec;
    int64_t ready_at_usec;
    int64_t term_at_usec, kill_at_usec; /* SIGTERM, SIGKILL were ordered */
    int64_t exited_at_usec;
    int32_t exit_code; /* ID_NONE: none */
    bool oom;
    bool pull_modelled, create_modelled, start_modelled, ready_modelled, exit_modelled;
};

struct story_task {
    int32_t taskdef, service, instance; /* or ID_NONE */
    int64_t accepted_at_usec;           /* it exists: PROVISIONING where there was no room yet */
    int64_t placed_at_usec;             /* the scheduler decided */
    int64_t received_at_usec;           /* the agent was told */
    int64_t running_at_usec;            /* the scheduler heard RUNNING */
    int64_t stop_at_usec;               /* the scheduler decided to stop it */
    int64_t stopped_at_usec;            /* the scheduler heard STOPPED, or the instance was lost */
    enum stop_code stop_code;
    char *reason;             /* ECS's words, or NULL */
    bool torn_down;           /* stopped by the end of the run */
    int32_t rule; /* of its placement */
    int32_t n_containers;
    struct story_container *containers;
};

struct story_instance {
    int32_t group, zone;
    int32_t cpu, memory_mib;
    int64_t launch_at_usec, booted_at_usec, registered_at_usec;
    int64_t lost_at_usec; /* lost or terminated */
    int32_t n_live;       /* tasks placed here and not STOPPED */
    bool torn_down;       /* terminated by the end of the run */
    bool boot_modelled;
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
    struct message message; /* MESSAGE_REFUSE or MESSAGE_WAIT */
};

struct story {
    struct taskdefs taskdefs;
    struct instance_group *groups;
    int n_groups, cap_groups;
    struct story_instance *instances;
    int n_instances, cap_instances;
    struct story_task *tasks;
    int n_tasks, cap_tasks;
    struct story_service *services;
    int n_services, cap_services;
    struct story_want *wants; /* in order of time */
    int n_wants, cap_wants;
    struct story_note *notes;
    int n_notes, cap_notes;
    int64_t n_events, n_outputs;
    int64_t end_usec;  /* when MESSAGE_END came; USEC_NEVER before */
    int64_t last_usec; /* the latest record */
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

/* "t5", "i2": names as users see them. The text lives until the eighth next call. */
const char *story_task_name(int32_t task);
const char *story_instance_name(int32_t instance);

/* Status of a task at a moment, as the scheduler then knew it: TASK_PROVISIONING before its
 * placement, TASK_STOPPING from the decision to stop it. */
enum task_status story_status_at(const struct story_task *task, int64_t at_usec);

#endif
