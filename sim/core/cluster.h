/*
 * The state of the cluster as the scheduler knows it: flat arrays of instances, tasks, services and
 * placement requests, tied together by indexes. Every number that could be recounted from the tasks
 * is kept up to date here and recounted by core_check(). Says nothing about who decides what.
 */
#ifndef BERTH_CORE_CLUSTER_H
#define BERTH_CORE_CLUSTER_H

#include "core/message.h"
#include "core/names.h"

/* Container instance status (ECS API: ContainerInstance.status), with LAUNCHING before the agent's
 * first registration and INACTIVE once the machine is gone. */
enum instance_status {
    INSTANCE_LAUNCHING,
    INSTANCE_ACTIVE,
    INSTANCE_DRAINING,
    INSTANCE_DEREGISTERING,
    INSTANCE_INACTIVE,
};

extern const char *const instance_status_names[];

/* A host port in use on an instance; a port is held once per protocol. */
struct port_use {
    int32_t port;
    enum port_protocol protocol;
    int32_t task;
};

struct instance {
    enum instance_status status;
    bool agent_connected;
    int32_t epoch; /* of the agent: 1 from the launch on */
    int32_t group;
    int32_t zone;            /* index in the group's zones, or ID_NONE */
    int32_t cpu, memory_mib; /* registered */
    int32_t cpu_reserved, memory_reserved_mib;
    int32_t n_tasks; /* that hold resources here */
    int32_t first_task;
    int32_t n_ports, cap_ports;
    struct port_use *ports;
    int64_t launch_decision, terminate_decision; /* open ones, or 0 */
};

/* What a task may be placed by. One per service and per RunTask call. */
struct request {
    int32_t task_group; /* name: service:<name>, family:<family> or the caller's */
    int32_t service;    /* or ID_NONE */
    int32_t n_strategy;
    struct strategy_rule *strategy;
    int32_t n_constraints;
    struct placement_constraint *constraints;
};

struct task {
    int32_t taskdef;
    int32_t request;
    int32_t instance;                           /* ID_NONE while PROVISIONING */
    int32_t next_on_instance, prev_on_instance; /* while it holds resources there */
    int32_t next_of_service, prev_of_service;   /* while it is not STOPPED */
    uint8_t desired;                            /* enum task_status: RUNNING or STOPPED */
    uint8_t last;                               /* enum task_status */
    uint8_t stop_code;                          /* enum stop_code */
    bool reached_running;
    int64_t place_decision, stop_decision; /* open ones, or 0 */
};

enum service_status { SERVICE_ACTIVE, SERVICE_DRAINING, SERVICE_INACTIVE };

struct service {
    char *name;
    enum service_status status;
    int32_t taskdef;
    int32_t desired;
    int32_t request;
    int32_t n_wanted;  /* its tasks with desired status RUNNING */
    int32_t n_running; /* of those, last status RUNNING */
    int32_t n_live;    /* its tasks that are not STOPPED */
    int32_t first_task;
    int32_t n_victims; /* scale-in stops so far: keys the random draw */
    /* Throttling of tasks that never reach RUNNING (ECS developer guide, service-throttle-logic).
     */
    int32_t n_failures;    /* in a row */
    int64_t retry_at_usec; /* no new task before it; 0: at once */
    bool waiting;          /* said that there is no room, and nothing has changed since */
};

struct cluster {
    uint64_t seed;
    struct taskdefs taskdefs;
    struct names names;
    struct instance *instances;
    int n_instances, cap_instances;
    struct instance_group *groups;
    int n_groups, cap_groups;
    struct request *requests;
    int n_requests, cap_requests;
    struct task *tasks;
    int n_tasks, cap_tasks;
    struct service *services;
    int n_services, cap_services;
};

void cluster_init(struct cluster *cluster, uint64_t seed);
void cluster_finish(struct cluster *cluster);

/* Puts a new task on an instance: takes its CPU, memory and host ports there. The instance fits. */
void cluster_occupy(struct cluster *cluster, int task, int instance);

/* Gives back what a task holds on its instance (ECS: when the agent reports STOPPED). */
void cluster_release(struct cluster *cluster, int task);

/* The value of an instance's attribute: NULL where it has none, "" for one without a value. Knows
 * the built-in ecs.availability-zone and ecs.instance-type besides its group's own. */
const char *cluster_attribute(const struct cluster *cluster, int instance, const char *name);

/* Whether the port is in use on the instance. */
bool cluster_port_used(const struct instance *instance, int32_t port, enum port_protocol protocol);

#endif
