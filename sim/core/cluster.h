/*
 * The state of the cluster as the scheduler knows it: flat arrays of instances, tasks, services and
 * placement requests, tied together by indexes. Every number that could be recounted from the tasks
 * is kept up to date here and recounted by core_check(). Says nothing about who decides what.
 */
#ifndef BERTH_CORE_CLUSTER_H
#define BERTH_CORE_CLUSTER_H

#include "core/array.h"
#include "core/ledger.h"
#include "core/message.h"
#include "core/names.h"
#include "core/place_index.h"
#include "core/query.h"

#include <assert.h>

/* Container instance status (ECS API: ContainerInstance.status), with LAUNCHING before the agent's
 * first registration, BOUND for Fargate's micro-VMs and INACTIVE once the machine is gone. */
enum instance_status {
    INSTANCE_LAUNCHING,
    INSTANCE_ACTIVE,
    INSTANCE_BOUND, /* a micro-VM: takes no task but its own */
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

/* What tasks of a service (or ID_NONE) are to pay for their part of an instance: an amount of the ledger. */
struct debt {
    int32_t service;
    unsigned __int128 amount;
};

/* So many of an instance's tasks, those placed last, stand in its record: a line of memory. The others, where there are
 * more, are linked through their details. */
#define INSTANCE_NEWEST (ARRAY_LINE / (int)sizeof(int32_t))

/* What placing and stopping a task touches stands first, side by side. */
struct instance {
    uint8_t status; /* enum instance_status */
    bool agent_connected;
    bool is_vm; /* a micro-VM on Fargate, for the bound task */
    bool spot;
    bool interrupted; /* its Spot warning has come */
    bool leaving;     /* to be terminated once its tasks have stopped */
    bool billed;      /* its whole time stands in the ledger */
    bool is_free;     /* billed: Spot, taken back so soon that nobody pays */
    int32_t group;
    int32_t epoch;           /* of the agent: 1 from the launch on */
    int32_t cpu, memory_mib; /* registered */
    /* Taken by tasks whose desired status is RUNNING: the placement's ledger. What stopping tasks
     * still hold is the agent's ledger, where a task placed too early waits. */
    int32_t cpu_reserved, memory_reserved_mib;
    int64_t rate;    /* LEDGER_UNIT-ths of nano-dollars per hour */
    int32_t n_tasks; /* here and not STOPPED */
    int32_t older;   /* details of the newest of those that are linked */
    int32_t type;    /* of the group's: 0 is its first */
    int32_t zone;    /* index in the group's zones, or ID_NONE */
    int32_t bound_task;
    bool scaled_out;                        /* launched by its capacity provider */
    bool launch_is_open, terminate_is_open; /* decisions that have no answer yet */
    uint8_t n_newest;
    int32_t newest[INSTANCE_NEWEST]; /* oldest first; ID_NONE: has left */
    int64_t launched_at_usec;
    int64_t drain_until_usec;   /* leaving: terminated by then at the latest */
    int64_t registered_at_usec; /* its agent's last registration; means nothing while LAUNCHING */
    int64_t bound_at_usec;      /* when its bound task was placed on it */
    int32_t next_up, prev_up;   /* of the same group, until INACTIVE */
    int32_t gpus, gpus_reserved;
    int32_t enis, enis_reserved; /* tasks in awsvpc; `enis` ID_NONE: any number */
    int32_t n_ports, cap_ports;
    struct port_use *ports;
    int n_debts, cap_debts;
    struct debt
        *debts; /* of its tasks so far, while it may yet be free: of Spot until it is billed */
    int64_t unused[5];
};
static_assert(sizeof(struct instance) % ARRAY_LINE == 0, "or records would share lines of memory");

/* What a task is placed by: one per service, and one for all RunTask calls that say the same. */
struct request {
    struct message call; /* its copy: texts and lists below may point into it */
    bool is_shared;      /* of all RunTask calls that say the same */
    uint64_t digest;     /* of a RunTask call, whatever its count */
    int32_t task_group;  /* name: service:<name>, family:<family> or the caller's */
    int32_t service;     /* or ID_NONE */
    /* With a capacity provider strategy there is one request for each of its shares, in a chain; `group`
     * are the instances that alone take its tasks. */
    int32_t provider, group; /* or ID_NONE */
    int32_t next_share;      /* or ID_NONE */
    int32_t chain;           /* the first of its chain */
    struct provider_share share;
    int32_t n_wanted; /* its tasks with desired status RUNNING */
    int32_t n_given;  /* its tasks so far, RunTask's refused ones too */
    int32_t *zones;   /* micro-VMs by zone of its group, NULL before the first */
    int32_t n_strategy;
    const struct strategy_rule *strategy; /* ECS's default where the call gave none */
    int32_t n_constraints;
    const struct placement_constraint *constraints;
    struct query **queries; /* one per constraint, NULL for distinctInstance */
};

/* What is known of a task for ever: there are millions of them. */
struct task {
    int32_t taskdef;
    int32_t request;
    int32_t instance;      /* ID_NONE while PROVISIONING */
    int32_t deployment;    /* number within its service, or ID_NONE */
    int32_t details;       /* cluster_details() */
    uint8_t stop_code : 4; /* enum stop_code */
    uint8_t health : 4;    /* enum health_status, of the last report */
    uint8_t last;          /* enum task_status */
    uint8_t desired;       /* enum task_status: RUNNING or STOPPED */
    /* Still runs while the balancer drains its connections: desired STOPPED, but holding its room. */
    bool is_deregistering : 1;
    bool reached_running : 1;
    bool is_protected : 1; /* from scale-in and deployments */
    /* Of a service's task that is meant to run, as service_health.c judges */
    bool is_healthy : 1;
    bool is_unhealthy : 1; /* failed its checks: to be replaced */
    bool is_outdated : 1;  /* to be replaced: unhealthy, or its instance is draining */
    bool was_healthy : 1;  /* at any time */
    bool has_failed : 1;   /* the circuit breaker has counted it */
};

/* What is known of it, if anything is, until it is STOPPED; its record is then used for another. */
struct task_details {
    int64_t report;         /* the number of the last one about it */
    int64_t placed_at_usec; /* where somebody pays for it */
    int64_t running_usec;   /* when it was RUNNING first */
    int32_t task;
    int32_t newer_here, older_here; /* details: its neighbours, if it is linked on its instance */
    int32_t next_of_service, prev_of_service;
    int32_t first_target;             /* in the balancer's groups, or ID_NONE */
    uint8_t stop_reason;              /* enum stop_reason, once it is to stop */
    bool place_is_open, stop_is_open; /* decisions that have no answer yet */
    int64_t unused;
};
static_assert(sizeof(struct task_details) == ARRAY_LINE, "or two of them would have to come");

/* The record of all tasks of which nothing is known, as yet or any more: nobody writes there. Also what stands before
 * the first and behind the last on an instance, so that nobody need ask: what it has for neighbours means nothing. */
#define DETAILS_OF_NOBODY 0

enum service_status { SERVICE_ACTIVE, SERVICE_DRAINING, SERVICE_INACTIVE };

/* A service's DeploymentConfiguration, every member said. */
struct service_settings {
    enum deployment_strategy strategy;
    int32_t min_percent, max_percent;
    struct circuit_breaker breaker;
    bool has_alarms, alarms_roll_back;
    int32_t bake_minutes;
    int32_t canary_permille, canary_bake_minutes;
    int32_t step_permille, step_bake_minutes;
};

/* One deployment of a service: its tasks are those of one definition (core/deployment.c). */
struct deployment {
    int32_t taskdef;
    int32_t request; /* the first of its chain */
    enum deployment_status status;
    enum rollout_state rollout;
    enum lifecycle_stage stage;
    enum deployment_reason reason;
    bool was_completed;
    bool has_run; /* one of its tasks was RUNNING */
    bool is_rollback;
    bool is_alternate; /* its targets stand in the alternate target groups */
    int32_t n_balancers;
    const struct load_balancer *balancers; /* belong to a request */
    bool is_left; /* a shift took all of its traffic away, or never gave it any for good */
    bool said_stuck;
    int32_t n_live;   /* its tasks that are not STOPPED */
    int32_t n_wanted; /* of those, desired RUNNING; the next three are of these */
    int32_t n_running;
    int32_t n_healthy;
    int32_t n_outdated;
    int32_t n_failed;        /* as the circuit breaker counts */
    int32_t permille;        /* of production traffic, where a stage moves it */
    int64_t due_usec;        /* when its stage goes on; USEC_NEVER */
    uint64_t ignored_alarms; /* a bit each: were in ALARM when it began */
};

struct service {
    const char *name; /* belongs to its request */
    enum service_status status;
    enum scheduling_strategy scheduling;
    struct service_settings settings;
    int32_t taskdef; /* the primary deployment's */
    int32_t desired; /* of a DAEMON service: the instances that get one */
    int32_t request;
    int64_t grace_usec;
    bool rebalances;
    int32_t n_balancers;
    const struct load_balancer *balancers; /* belong to a request; the next deployment's */
    int32_t n_alarm_names, cap_alarm_names;
    int32_t *alarm_names;
    int32_t n_deployments, cap_deployments;
    struct deployment *deployments;
    int32_t primary;   /* the newest deployment, or the one rolled back to */
    int32_t serving;   /* the deployment that has the production traffic; ID_NONE: none yet */
    int32_t n_wanted;  /* its tasks with desired status RUNNING */
    int32_t n_running; /* of those, last status RUNNING */
    int32_t n_healthy; /* of those, healthy */
    int32_t n_live;    /* its tasks that are not STOPPED */
    int32_t first_task;
    int32_t n_victims; /* scale-in stops so far: keys the random draw */
    /* Throttling of tasks that never reach RUNNING (ECS developer guide, service-throttle-logic). */
    int32_t n_failures;    /* in a row */
    int32_t n_crashes;     /* tasks in a row that ran and ended before they were healthy */
    int64_t retry_at_usec; /* no new task before it; 0: at once */
    bool on_agenda, is_blocked;
    bool is_steady; /* and that was said */
    bool said_rebalancing;
    bool is_rebalancing; /* a task more than desired starts in the zone that has fewest */
    struct wait said;    /* the last MESSAGE_WAIT about it */
    /* What it did in this step, for service events and for core_check() */
    int32_t n_started, first_started, n_stopped, first_stopped;
    int64_t started_step, replaced_step; /* when it last started a task, stopped a healthy one */
    /* Auto scaling (core/scaling.c) */
    bool is_scalable, suspend_in, suspend_out, suspend_scheduled;
    int32_t min_capacity, max_capacity;
    int32_t out_base; /* the desired count before the scale-out that is cooling down */
    int64_t out_until_usec, in_until_usec;
};

/* A target group and the targets in it, by their state. */
struct target_group {
    struct create_target_group spec; /* a copy */
    int64_t interval_usec, timeout_usec;
    int32_t healthy_threshold, unhealthy_threshold;
    int64_t deregistration_delay_usec, slow_start_usec;
    int32_t n_targets[TARGET_UNUSED + 1];
};

/* A task's container behind a balancer. */
struct target {
    int32_t target_group;
    int32_t task;
    int32_t next_of_task;
    enum target_status status;
    int32_t n_passed, n_failed; /* in a row */
    int64_t due_usec;           /* DRAINING: until then */
};

/* What follows from a definition once and for all. */
struct taskdef_facts {
    int32_t cpu, memory_mib; /* that a task takes */
    bool takes_extras;       /* host ports, GPUs or a network interface */
    bool is_checked;         /* an essential container has a health check */
    struct query **queries;  /* the compiled memberOf expressions, in its order */
};

/* A group of instances and how its launches go. */
struct group {
    struct instance_group spec;
    int32_t desired;    /* the number of instances that it should have */
    int32_t n_in;       /* that it has: up and not leaving */
    int32_t n_spot;     /* of those, Spot */
    int32_t first_up;   /* its instances that are not INACTIVE, the newest first */
    int32_t n_launched; /* ever: the zones' turn */
    int32_t n_missing;  /* lost and not yet launched again */
    int32_t n_spot_launched;
    int32_t provider;      /* its capacity provider, or ID_NONE */
    int32_t n_failures;    /* launches in a row that never registered */
    int32_t n_short;       /* in a row that did not live long, nor had a task run on them */
    bool given_up;         /* after too many nothing is launched any more */
    int64_t retry_at_usec; /* no launch before it */
};

/* A capacity provider and what it remembers between two datapoints. */
struct provider {
    struct create_capacity_provider spec;
    bool is_fargate;
    int64_t datapoint_at_usec; /* the next one, USEC_NEVER without managed scaling */
    int32_t n_high, n_low;     /* datapoints in a row above and below the target */
    int64_t next_token_usec;   /* Fargate: when its bucket of launches would be full again */
    int64_t n_victims;         /* instances chosen to go so far: keys the lot */
};

struct cluster {
    uint64_t seed;
    int64_t now_usec; /* of the step */
    struct place_index *index;
    int64_t epoch_usec; /* when the run starts, since 1970: gives dates a meaning */
    struct taskdefs taskdefs;
    struct taskdef_facts *taskdef_facts; /* by definition */
    int n_taskdef_facts, cap_taskdef_facts;
    struct names names;
    struct instance *instances;
    int n_instances, cap_instances;
    struct group *groups;
    int n_groups, cap_groups;
    struct provider *providers;
    int n_providers, cap_providers;
    struct message *defaults; /* MESSAGE_PUT_CLUSTER_PROVIDERS: the last one counts */
    int n_defaults, cap_defaults;
    struct ledger ledger;
    struct request *requests;
    int n_requests, cap_requests;
    int32_t
        *request_slots; /* of RunTask calls by digest: open addressing, a power of two, ID_NONE */
    int n_request_slots;
    struct task *tasks;
    int n_tasks, cap_tasks;
    struct task_details *details; /* of tasks that live and of which something is known */
    int n_details, cap_details;
    int32_t *free_details; /* used again from the last one on: caches still know it */
    int n_free_details, cap_free_details;
    struct service *services;
    int n_services, cap_services;
    struct target_group *target_groups;
    int n_target_groups, cap_target_groups;
    struct target *targets; /* all that ever were */
    int n_targets, cap_targets;
};

/* More than any machine has; keeps the index's keys within 64 bits. */
#define INSTANCE_CPU_MAX ((1 << 20) - 1)
#define INSTANCE_MEMORY_MAX_MIB ((1 << 25) - 1)

/* Beyond any cluster that fits in memory; keeps sums of counts within 32 bits. */
#define CLUSTER_COUNT_MAX 1000000

/* Has memory bring what placing and stopping a task touches of the instance. (Always inlined: gcc leaves out calls of
 * functions that do nothing else.) */
static inline __attribute__((always_inline)) void
cluster_fetch_instance(const struct cluster *cluster, int instance)
{
    __builtin_prefetch(&cluster->instances[instance], 1);
    __builtin_prefetch(cluster->instances[instance].newest, 1);
}

/* Something will happen to the task, soon or next. Has memory bring what that touches, in two steps, as the second
 * follows from what the first has brought. */
static inline __attribute__((always_inline)) void cluster_foresee(const struct cluster *cluster,
                                                                  int id, bool is_next)
{
    const struct task *task = &cluster->tasks[id];

    if (!is_next) {
        __builtin_prefetch(task, 1);
        __builtin_prefetch(&task->desired, 1); /* one of four records lies in two lines */
        return;
    }
    __builtin_prefetch(&cluster->details[task->details], 1);
    if (task->instance != ID_NONE)
        cluster_fetch_instance(cluster, task->instance);
}

/* What is known of a task until it is STOPPED; of one that is, nothing. Good until cluster_open_details(). */
static inline const struct task_details *cluster_details(const struct cluster *cluster, int task)
{
    return &cluster->details[cluster->tasks[task].details];
}

/* The same of a task that is not STOPPED, to be written to. */
struct task_details *cluster_open_details(struct cluster *cluster, int task);

/* The task placed last of those on the instance, and the one placed before a task there; ID_NONE. */
int32_t cluster_newest_on(const struct cluster *cluster, const struct instance *instance);
int32_t cluster_older_on(const struct cluster *cluster, int task);

/* Whether it is the index of one of `n` things. */
static inline bool cluster_in_range(int id, int n)
{
    return id >= 0 && id < n;
}

void cluster_init(struct cluster *cluster, uint64_t seed);
void cluster_finish(struct cluster *cluster);

/* Registers a copy of the definition and its compiled expressions. False where one does not parse. */
bool cluster_add_taskdef(struct cluster *cluster, const struct task_definition *definition);

/* The request of a MESSAGE_CREATE_SERVICE or MESSAGE_RUN_TASK, with ECS's default strategies:
 * a service spreads over zones, then over instances by its own tasks (ECS developer guide,
 * ecs_services); RunTask takes any (scheduling_tasks). ID_NONE where an expression does not parse, a
 * rule names no attribute or this berth has no strategy of that name. */
int cluster_add_request(struct cluster *cluster, const struct message *call, int service);

/* Compiles the memberOf expressions of a list, one slot a constraint, NULL for the others; false where
 * one is wrong. The caller releases them with cluster_destroy_queries(). */
bool cluster_compile(const struct placement_constraint *constraints, int n,
                     struct query ***queries);
void cluster_destroy_queries(struct query **queries, int n);

/* The same, always a new one. */
int cluster_add_own_request(struct cluster *cluster, const struct message *call, int service);

/* The size and price that the group's type has: `type` 0 is its first one. */
struct group_type cluster_type(const struct cluster *cluster, int group, int type);

/* A new task of one of a service's deployments, by one of its requests. */
int cluster_add_service_task(struct cluster *cluster, int service, int deployment, int request);

/* Adds a deployment to a service, all counts zero; returns its number. */
int cluster_add_deployment(struct service *service, int taskdef);

/* The deployment of a service's task. */
struct deployment *cluster_deployment(const struct cluster *cluster, const struct task *task);

/* How a service's task is judged; keeps the counts. `outdated`: to be replaced. */
void cluster_judge(struct cluster *cluster, int task, bool healthy, bool unhealthy, bool outdated);

/* The service's tasks from now on, whatever their deployment, are placed by the strategy and the constraints of that
 * request of its (cluster_add_own_request). */
void cluster_replace_placement(struct cluster *cluster, int service, int request);

/* Its connections are drained first: desired STOPPED, but it keeps its room until it is retired. */
void cluster_deregister(struct cluster *cluster, int task, enum stop_code code);

/* An instance's status, connection or size has changed by other ways than these moves. */
void cluster_note_instance(struct cluster *cluster, int instance);

/* The value of an instance's attribute: NULL where it has none, "" for one without a value. Knows
 * the built-in ecs.availability-zone and ecs.instance-type besides its group's own. */
const char *cluster_attribute(const struct cluster *cluster, int instance, const char *name);

/* Whether the port is in use on the instance. */
bool cluster_port_used(const struct instance *instance, int32_t port, enum port_protocol protocol);

#endif
