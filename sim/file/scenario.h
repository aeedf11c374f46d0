/*
 * A scenario file, read, checked and resolved: what the cluster is asked to do (in ECS's terms) and
 * the world it does it in. Every error names file:line:column, the JSON path, what was found and
 * what was wanted. Nothing here runs anything.
 */
#ifndef BERTH_FILE_SCENARIO_H
#define BERTH_FILE_SCENARIO_H

#include "core/message.h"
#include "file/err.h"
#include "file/taskdef_run.h"
#include "model/world.h"

#include <stdio.h>

/* One registered revision: index here = the id that the scheduler gives it. */
struct scenario_taskdef {
    struct task_definition *definition;
    struct taskdef_run *run;
    struct behaviour *behaviours; /* n_containers each */
    int32_t *images;              /* index in scenario.images */
};

/* What an instance is in a real run. */
enum isolation { ISOLATION_SLICE, ISOLATION_VM, ISOLATION_BY_COSTS };
extern const char *const isolation_names[];
/* And each task of a family: a number is whether it has a machine of its own. */
extern const char *const task_isolation_names[];

struct scenario_group {
    int32_t type; /* index in scenario.types */
    enum group_kind kind;
    char *name; /* of an Auto Scaling group, or NULL */
    int32_t n_more_types;
    int32_t *more_types; /* likewise, beside `type` */
    int32_t minimum, maximum;
    int32_t on_demand_base, spot_percent, spot_pools; /* as in struct instance_group */
    bool cheapest, protect;
    enum isolation isolation;
    int32_t count;
    bool replace;
    int32_t n_zones;
    struct zone *zones;
    int32_t n_attributes;
    struct attribute *attributes;
    struct agent_rules *rules; /* of its agents, for their boot message; NULL: ECS's own */
};

enum fault_kind {
    FAULT_KILL_TASK,      /* SIGKILL to all containers of a task */
    FAULT_KILL_CONTAINER, /* to one */
    FAULT_KILL_INSTANCE,  /* the machine goes, with all on it */
    FAULT_KILL_ZONE,  /* every machine of a zone; the script gives it as FAULT_KILL_INSTANCE each */
    FAULT_CUT_AGENT,  /* the agent's connection is cut for a time; its tasks live on */
    FAULT_KILL_AGENT, /* the agent's process dies: the instance is lost */
    FAULT_SLOW_REGISTRY, /* pulls that begin within the time take `factor_permille` / 1000 as long */
    FAULT_INTERRUPT_SPOT, /* a Spot warning, later the loss; the script gives both */
    FAULT_DEAD_REGISTRY, /* pulls that begin or run within the time fail */
};

struct fault {
    enum fault_kind kind;
    int32_t task;      /* t1 = 0, or ID_NONE */
    int32_t container; /* index in its definition, found by name at the time: see container_name */
    char *container_name;
    int32_t instance;
    char *zone;
    int64_t for_usec; /* how long it lasts, USEC_NEVER: until the end */
    int64_t factor_permille;
};

/* An entry of the timeline: one API call or one fault. `call` is a message whose ids are resolved
 * by the script at its time: services and definitions are named here. */
struct scenario_entry {
    int64_t at_usec;
    int line; /* in the file, for messages */
    bool is_fault;
    struct fault fault;
    struct message call;
    char *service;   /* name that `call` means, or NULL */
    int32_t taskdef; /* the definition that `call` means, or ID_NONE */
    /* What `call` is about where the API takes several and the core one at a time: instances of
     * UpdateContainerInstancesState, tasks of UpdateTaskProtection. The script gives one call each. */
    int32_t n_targets;
    int32_t *targets;
    int32_t n_names; /* policies that PutMetricAlarm's actions name */
    char **names;
};

/* Bounds of what an expectation says of requests, in this order in `bounds`. */
enum expect_bound { EXPECT_SENT, EXPECT_FAILED, EXPECT_P50, EXPECT_P95, EXPECT_P99, EXPECT_BOUNDS };
/* CloudWatch API, PutMetricAlarm: so many actions of an alarm. */
#define SCENARIO_ACTIONS_MAX 5

struct expect {
    int line;
    int64_t at_usec;               /* USEC_NEVER: at the end */
    char *service;                 /* or NULL: then it is about a task or requests */
    char *target_group;            /* or NULL; whose requests, in the whole run */
    int64_t bounds[EXPECT_BOUNDS]; /* at least so many SENT, at most the others; -1: not asked */
    int32_t running;
    int32_t task;        /* ID_NONE, or t1 = 0 */
    int32_t instance;    /* ID_NONE: not asked; task is (or was) on it */
    int32_t last_status; /* enum task_status, or ID_NONE: not asked */
    char *text;          /* the expectation as written, for messages */
};

struct scenario {
    char *path;
    char *title;
    char *source; /* the whole scenario as one line of JSON, task definition files inlined */
    char *unsimulated; /* what of ECS's API has no effect in it, "secrets, taskRoleArn", or NULL */
    uint64_t seed;
    int64_t epoch_usec; /* when the run starts, since 1970: as in struct cluster */
    int64_t until_usec; /* USEC_NEVER: when all is done */
    struct costs costs;
    struct costs costs_inside; /* of virtual machines, where costs.vm.inside says so */
    int64_t **samples;         /* of empirical distributions */
    int32_t n_samples;
    int32_t n_layers; /* different ones, in all images */
    struct instance_type *types;
    int32_t n_types;
    struct scenario_group *groups;
    int32_t n_groups;
    struct image *images;
    int32_t n_images;
    int32_t stand_in_layer; /* of images that the host does not have, or ID_NONE */
    struct scenario_taskdef *taskdefs;
    int32_t n_taskdefs;
    struct message *cluster_rules; /* MESSAGE_RULES, or NULL */
    struct message *target_groups; /* MESSAGE_CREATE_TARGET_GROUP each */
    int32_t n_target_groups;
    struct message *providers; /* MESSAGE_CREATE_CAPACITY_PROVIDER each */
    int32_t n_providers;
    struct message *default_strategy; /* MESSAGE_PUT_CLUSTER_PROVIDERS, or NULL */
    bool spot_ends, spot_drains;
    struct distribution spot_after; /* spot_ends: from a Spot instance's launch to its warning */
    struct message *services; /* MESSAGE_CREATE_SERVICE each */
    int32_t n_services;
    struct load_source *loads;
    int32_t n_loads;
    struct scenario_entry *scaling; /* calls made once those services are there; no times */
    int32_t n_scaling;
    enum load_level load_level;
    struct scenario_entry *timeline; /* in order of at_usec, then of the file */
    int32_t n_timeline;
    struct expect *expects;
    int32_t n_expects;
};

/* What the command line adds to a file. */
struct scenario_options {
    int32_t count;         /* of a bare task definition; 0: 1 */
    const char *instances; /* "4xm5.large", or NULL */
    int n_sets;            /* --set PATH=VALUE, applied to the JSON before it is read */
    const char *const *sets;
    const char *image_folder; /* with a host profile: where the host has berth's own images, or NULL */
    const char *host_profile; /* a file whose costs take the place of the scenario's, or NULL */
    bool no_contention;       /* everything takes as long as if it were alone */
    const char *machines;     /* costs.machines, or NULL */
    const char *boot_path;    /* costs.path, or NULL */
};

enum severity { SEVERITY_ERROR, SEVERITY_WARNING, SEVERITY_NOTE };
extern const char *const severity_names[];

/* What validation says, in the order of the files; a text has the form
 * "FILE:LINE:COL: error: PATH: what". Notes say what has no effect, once a member of ECS's API; they
 * are only made for whoever sets `wants_notes`. */
struct findings {
    bool wants_notes;
    struct finding {
        enum severity severity;
        char *text;
        char *shown; /* the same with lines below that show the place, or NULL */
        int document, line, column; /* document: 0 is the file itself, then those it names */
        int number;                 /* in the order of finding */
    } * list;
    int n_list, cap_list;
    int n_errors;
};
void findings_finish(struct findings *findings);

/* Prints them for people, one line each and, where there are any, the lines that show the place. */
void findings_print(const struct findings *findings, FILE *out);
void findings_print_one(const struct finding *finding, FILE *out);

/* Reads a scenario or a bare task definition. Returns NULL where it cannot be run: `findings` then
 * holds at least one error (a file that cannot be opened is one too). Warnings may come with
 * success. Destroy with scenario_destroy(). */
struct scenario *scenario_load(const char *path, const struct scenario_options *options,
                               struct findings *findings);

/* The same from the `source` text of a run log. */
struct scenario *scenario_parse(const char *text, const char *name, struct findings *findings);

/* The scenario that a run's log begins with; NULL where there is none or it is broken. */
struct scenario *scenario_reread(const char *text);

/* Whether two sources, as run headers have them, tell of the same tasks on the same instances: what these
 * are (costs.machines) and what they cost is left out. */
bool scenario_same_world(const char *a, const char *b);

void scenario_destroy(struct scenario *scenario);

/* A fault as the scenario spells it: "killTask t1", "cutAgent i1 for 6 s". */
void scenario_tell_fault(const struct fault *fault, char *text, size_t size);

/* Index in scenario.types of a launch's type: 0 is the group's first. */
/* Whether its instances are virtual machines: by its `isolation`, else by the costs' `machines`. */
bool scenario_group_is_vm(const struct scenario *scenario, const struct scenario_group *group);
int32_t scenario_group_type(const struct scenario_group *group, int32_t type);

#endif
