/*
 * Task definitions as the machines see them: the members of register-task-definition that decide
 * placement and the agent's work. Revisions are immutable once registered, so both machines look
 * them up in one registry which the driver fills and owns; they never copy or change one.
 * What only a real container needs (command, environment, ...) is not here.
 */
#ifndef BERTH_CORE_TASKDEF_H
#define BERTH_CORE_TASKDEF_H

#include <stdbool.h>
#include <stdint.h>

#include "core/schema.h"

/* ECS service quotas: containers per task definition. The reader refuses more. */
#define TASKDEF_CONTAINERS_MAX 10

enum network_mode { NETWORK_BRIDGE, NETWORK_HOST, NETWORK_AWSVPC, NETWORK_NONE };
enum port_protocol { PROTOCOL_TCP, PROTOCOL_UDP };

/* dependsOn's conditions (ECS API: ContainerCondition), and the agent's own for volumesFrom. */
enum container_condition {
    CONDITION_START,
    CONDITION_COMPLETE,
    CONDITION_SUCCESS,
    CONDITION_HEALTHY,
    CONDITION_CREATE,
};

extern const char *const network_mode_names[];
extern const char *const port_protocol_names[];
extern const char *const container_condition_names[];

/* ECS API: PlacementConstraint. */
enum constraint_type { CONSTRAINT_DISTINCT_INSTANCE, CONSTRAINT_MEMBER_OF };
extern const char *const constraint_type_names[];

struct placement_constraint {
    enum constraint_type type;
    char *expression; /* cluster query language; NULL for distinctInstance */
};

/* ECS API: Attribute. */
struct attribute {
    char *name;
    char *value; /* NULL: an attribute without a value */
};

/* ECS API: HealthCheck. The command itself is the world's. */
struct health_check {
    int64_t interval_usec;
    int64_t timeout_usec;
    int64_t start_period_usec; /* 0: none */
    int32_t retries;
};

/* ECS API: ContainerRestartPolicy, where it is enabled. */
struct ignored_exit_code {
    int32_t exit_code;
};
struct restart_policy {
    int64_t attempt_period_usec;
    int32_t n_ignored;
    struct ignored_exit_code *ignored;
};

/* resourceRequirements GPU "ALL". */
#define GPUS_ALL (-1)

struct port_mapping {
    int32_t container_port;
    int32_t host_port; /* 0: dynamic */
    enum port_protocol protocol;
};

struct container_depend {
    int32_t container; /* index in the same definition */
    enum container_condition condition;
};

struct container_definition {
    char *name;
    char *image;
    int32_t cpu;                    /* CPU units, a weight; 0: none given */
    int32_t memory_mib;             /* hard limit; 0: none given */
    int32_t memory_reservation_mib; /* soft limit; 0: none given */
    bool essential;
    int64_t start_timeout_usec; /* 0: none */
    int64_t stop_timeout_usec;
    int32_t gpus;                   /* pinned to it, or GPUS_ALL */
    struct health_check *health;    /* NULL: none */
    struct restart_policy *restart; /* NULL: none, or not enabled */
    int32_t n_ports;
    struct port_mapping *ports;
    int32_t n_depends;
    struct container_depend *depends;
};

/* Its tasks each run in a virtual machine of their own, for which their instance gives so much beside
 * what the containers take: the machine's operating system, and whoever plays it (as Kubernetes'
 * RuntimeClass has it: overhead.podFixed). */
struct task_machine {
    int32_t memory_mib;
};

struct task_definition {
    char *family;
    int32_t revision;
    int32_t cpu;        /* CPU units, a ceiling; 0: none given */
    int32_t memory_mib; /* 0: none given */
    enum network_mode network_mode;
    struct task_machine *machine; /* NULL: its tasks share their instance's kernel */
    int32_t n_constraints;
    struct placement_constraint *constraints;
    int32_t n_requires;
    struct attribute *requires; /* that an instance must have; NULL values ask for none */
    int32_t n_containers;
    struct container_definition *containers;
};

extern const struct schema placement_constraint_schema;
extern const struct schema attribute_schema;
extern const struct schema task_definition_schema;

/* The registry: index is the definition's id for the whole run. */
struct taskdefs {
    struct task_definition **definitions;
    int n_definitions;
    int cap_definitions;
};

/* What one task of a definition takes from an instance (agent/api/task/task.go, ToHostResources):
 * task-level cpu where given, else the sum over containers; task-level memory where given, else per
 * container the reservation where given, else the hard limit; and the machine of one that has its
 * own. CPU units and MiB. */
int32_t taskdef_cpu(const struct task_definition *definition);
int32_t taskdef_memory_mib(const struct task_definition *definition);

/* Of that, what its containers may use. */
int32_t taskdef_containers_mib(const struct task_definition *definition);

/* GPUs that a task takes of an instance that has `available`: GPUS_ALL takes them all. */
int32_t taskdef_gpus(const struct task_definition *definition, int32_t available);

/* The definition has a static host port: outside awsvpc, on which ports sit on the task's own ENI.
 */
bool taskdef_has_host_ports(const struct task_definition *definition);

/* A container's static host port number `i`, or 0 where it takes none from the instance. */
int32_t taskdef_host_port(const struct task_definition *definition, int container, int i);

/* The index of a container's name, or ID_NONE. */
int taskdef_container(const struct task_definition *definition, const char *name);

/* Whether it can be registered: names, at least one container and one essential one, no negative
 * number, dependsOn within the definition. What a reader checks with better words, for a machine
 * that must survive any log. */
bool taskdef_is_sound(const struct task_definition *definition);

/* Deep copy; release with taskdef_destroy(). */
struct task_definition *taskdef_copy(const struct task_definition *definition);
void taskdef_destroy(struct task_definition *definition);

/* Adds a copy of `definition` and returns its id. */
int taskdefs_add(struct taskdefs *taskdefs, const struct task_definition *definition);
const struct task_definition *taskdefs_get(const struct taskdefs *taskdefs, int id);
void taskdefs_finish(struct taskdefs *taskdefs);

#endif
