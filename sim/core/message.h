/*
 * Everything that goes into or comes out of a machine, on one page. Events, decisions and actions
 * are one tagged struct, so what the scheduler decides is, byte for byte, what the agent receives,
 * and what an agent reports is what the scheduler hears. Texts and lists in a message belong to its
 * sender and live until the sender's next step; whoever keeps a message longer copies it.
 */
#ifndef BERTH_CORE_MESSAGE_H
#define BERTH_CORE_MESSAGE_H

#include "core/message_capacity.h"
#include "core/message_services.h"
#include "core/schema.h"
#include "core/taskdef.h"
#include "core/unit.h"

/* ECS developer guide, task-lifecycle: in this order. */
enum task_status {
    TASK_PROVISIONING,
    TASK_PENDING,
    TASK_ACTIVATING,
    TASK_RUNNING,
    TASK_DEACTIVATING,
    TASK_STOPPING,
    TASK_DEPROVISIONING,
    TASK_STOPPED,
};

/* ecs-agent/api/container/status/containerstatus.go: in this order; a task's status inside the
 * agent is the minimum over its containers. */
enum container_status {
    CONTAINER_NONE,
    CONTAINER_MANIFEST_PULLED,
    CONTAINER_PULLED,
    CONTAINER_CREATED,
    CONTAINER_RUNNING,
    CONTAINER_RESOURCES_PROVISIONED,
    CONTAINER_STOPPED,
};

/* ECS API: TaskStopCode. STOP_NONE: not stopped. */
enum stop_code {
    STOP_NONE,
    STOP_TASK_FAILED_TO_START,
    STOP_ESSENTIAL_CONTAINER_EXITED,
    STOP_USER_INITIATED,
    STOP_SERVICE_SCHEDULER_INITIATED,
    STOP_SPOT_INTERRUPTION,
    STOP_TERMINATION_NOTICE,
    STOP_INFRASTRUCTURE_HEALTH,
};

/* Why the scheduler stops a task, in ECS's words where ECS has some. */
enum stop_reason {
    STOP_FOR_USER,
    STOP_FOR_SCALE_IN,
    STOP_FOR_DEPLOYMENT,
    STOP_FOR_DRAINING,
    STOP_FOR_HEALTH,
    STOP_FOR_END,
    STOP_FOR_TARGET_HEALTH,
    STOP_FOR_REBALANCING,
    STOP_FOR_SPOT,
    STOP_FOR_NO_CAPACITY,
    STOP_FOR_NEW_DEPLOYMENT, /* of the same task definition */
};

/* ECS API: PlacementStrategy; STRATEGY_OWN is one of core/strategies.c. */
enum strategy_type { STRATEGY_BINPACK, STRATEGY_SPREAD, STRATEGY_RANDOM, STRATEGY_OWN };
enum strategy_field { BY_NOTHING, BY_CPU, BY_MEMORY, BY_INSTANCE, BY_ATTRIBUTE };

struct strategy_rule {
    enum strategy_type type;
    enum strategy_field field;
    char *attribute; /* BY_ATTRIBUTE: its name without "attribute:" */
    char *name;      /* STRATEGY_OWN: its name in core/strategies.c */
};

/* Why an instance is not taken: ECS's failure reasons (ECS developer guide, api_failures_messages).
 */
enum place_reason {
    PLACE_FITS,
    PLACE_PROVIDER,    /* not of the task's capacity provider */
    PLACE_INACTIVE,    /* not ACTIVE (still launching, draining, gone) */
    PLACE_AGENT,       /* its agent is disconnected */
    PLACE_CPU,         /* RESOURCE:CPU */
    PLACE_MEMORY,      /* RESOURCE:MEMORY */
    PLACE_GPU,         /* RESOURCE:GPU */
    PLACE_PORTS,       /* RESOURCE:PORTS */
    PLACE_ENI,         /* RESOURCE:ENI: no interface left for a task in awsvpc */
    PLACE_ATTRIBUTE,   /* it lacks one of the definition's requiresAttributes */
    PLACE_MEMBER_OF,   /* a memberOf constraint is not met */
    PLACE_DISTINCT,    /* distinctInstance: the group is there already */
    PLACE_NO_INSTANCE, /* the cluster is empty; of a machine: it is no container instance */
    PLACE_MICRO_VM,    /* on Fargate: its micro-VM is still to be launched, or boots */
    PLACE_MISSING,     /* StartTask: there is no instance of that name */
};

/* Why an API call was refused as a whole. */
enum refusal {
    REFUSED_NO_CAPACITY, /* RunTask: no instance took the task; `reason` says why the nearest did
                            not */
    REFUSED_NOT_FOUND,   /* no such task, service or definition */
    REFUSED_INACTIVE,    /* the service is being deleted, the run is ending, the task has stopped */
    REFUSED_DUPLICATE,   /* the name is taken */
    REFUSED_INVALID,     /* a number out of its range */
    REFUSED_LIMIT,       /* RunTask: too many tasks are PROVISIONING in the cluster */
    REFUSED_NOT_SCALABLE, /* RegisterScalableTarget comes first, and with both bounds */
    REFUSED_BOUNDS,       /* the least capacity is above the most */
    REFUSED_DAEMON,       /* what a DAEMON service does not have */
    REFUSED_STRATEGY,     /* does not go with the service's deployment strategy */
    REFUSED_BALANCERS,    /* these load balancers, or the lack of them */
    REFUSED_REBALANCING,  /* zone rebalancing does not go with what else is said */
};

enum message_kind {
    /* To either machine: its deadline has passed. */
    MESSAGE_TICK,

    /* The ECS API and the world, to the scheduler. */
    MESSAGE_INSTANCE_GROUP,
    MESSAGE_REGISTER_TASK_DEFINITION,
    MESSAGE_CREATE_SERVICE,
    MESSAGE_UPDATE_SERVICE,
    MESSAGE_DELETE_SERVICE,
    MESSAGE_RUN_TASK,
    MESSAGE_START_TASK,
    MESSAGE_STOP_TASK_CALL,
    MESSAGE_UPDATE_INSTANCE_STATE,
    MESSAGE_UPDATE_TASK_PROTECTION,
    MESSAGE_AGENT_DISCONNECTED,
    MESSAGE_INSTANCE_LOST,
    MESSAGE_RULES,
    MESSAGE_CREATE_TARGET_GROUP,
    MESSAGE_TARGET_PROBED,
    MESSAGE_OBSERVE,
    MESSAGE_REGISTER_SCALABLE_TARGET,
    MESSAGE_PUT_SCALING_POLICY,
    MESSAGE_PUT_SCHEDULED_ACTION,
    MESSAGE_PUT_METRIC_ALARM,
    MESSAGE_CREATE_CAPACITY_PROVIDER,
    MESSAGE_PUT_CLUSTER_PROVIDERS,
    MESSAGE_SPOT_WARNING,
    MESSAGE_END,

    /* The scheduler's decisions, to the world. */
    MESSAGE_LAUNCH_INSTANCE,
    MESSAGE_TERMINATE_INSTANCE,
    MESSAGE_REFUSE,
    MESSAGE_WAIT,
    MESSAGE_REGISTER_TARGET,
    MESSAGE_TARGET_STATE,
    MESSAGE_SHIFT_TRAFFIC,
    MESSAGE_DEPLOYMENT,
    MESSAGE_SERVICE_EVENT,
    MESSAGE_SCALE,
    MESSAGE_ALARM,
    MESSAGE_DRAIN_INSTANCE,
    MESSAGE_CAPACITY,
    MESSAGE_GIVE_UP_TASK,
    MESSAGE_BILL,

    /* The scheduler's decisions, to an agent. */
    MESSAGE_PLACE_TASK,
    MESSAGE_STOP_TASK,
    MESSAGE_HEARTBEAT,

    /* An agent's reports, to the scheduler. */
    MESSAGE_REGISTER,
    MESSAGE_TASK_STATE,

    /* The world, to an agent. */
    MESSAGE_BOOT,
    MESSAGE_CONNECTED,
    MESSAGE_DISCONNECTED,
    MESSAGE_MACHINE_BOOTED,
    MESSAGE_IMAGE_PULLED,
    MESSAGE_CONTAINER_CREATED,
    MESSAGE_CONTAINER_STARTED,
    MESSAGE_CONTAINER_READY,
    MESSAGE_CONTAINER_PROBED,
    MESSAGE_CONTAINER_EXITED,

    /* An agent's actions on the world. */
    MESSAGE_BOOT_MACHINE,
    MESSAGE_PULL_IMAGE,
    MESSAGE_CREATE_CONTAINER,
    MESSAGE_START_CONTAINER,
    MESSAGE_SIGNAL_CONTAINER,
    MESSAGE_PROBE_CONTAINER,
    MESSAGE_REMOVE_TASK,
    MESSAGE_REMOVE_IMAGE,
    MESSAGE_RECONNECT,

    MESSAGE_KINDS,
};

struct register_task_definition {
    int32_t taskdef; /* the next free index, checked */
    struct task_definition *definition;
};

struct create_service {
    int32_t service; /* the next free index, checked */
    char *name;
    int32_t taskdef;
    int32_t desired; /* of a REPLICA service */
    int32_t n_strategy;
    struct strategy_rule *strategy;
    int32_t n_constraints;
    struct placement_constraint *constraints;
    enum scheduling_strategy scheduling;
    struct deployment_configuration *deployment; /* NULL: ECS's defaults */
    int32_t grace_sec;                           /* healthCheckGracePeriodSeconds */
    enum zone_rebalancing rebalancing;
    int32_t n_balancers;
    struct load_balancer *balancers;
    int32_t n_providers; /* capacityProviderStrategy; launchType FARGATE is one of FARGATE alone */
    struct provider_share *providers;
    bool launch_type_ec2; /* else, without providers, the cluster's default strategy */
};

/* ID_NONE, NULL, UNSAID: unchanged. */
struct update_service {
    int32_t service;
    int32_t taskdef;
    int32_t desired;
    bool force; /* forceNewDeployment */
    struct deployment_configuration *deployment;
    int32_t grace_sec;
    enum zone_rebalancing rebalancing;
    int32_t n_providers; /* a new capacityProviderStrategy */
    struct provider_share *providers;
    /* What is replaced, if only by nothing */
    bool new_strategy, new_constraints, new_balancers;
    int32_t n_strategy;
    struct strategy_rule *strategy;
    int32_t n_constraints;
    struct placement_constraint *constraints;
    int32_t n_balancers;
    struct load_balancer *balancers;
};

struct delete_service {
    int32_t service;
};

/* `wait`: tasks without room stay PROVISIONING until there is some, as with a capacity provider;
 * else they are refused, as ECS does. */
struct run_task {
    int32_t taskdef;
    int32_t count;
    char *group; /* NULL: family:<family> */
    bool wait;
    int32_t n_strategy;
    struct strategy_rule *strategy;
    int32_t n_constraints;
    struct placement_constraint *constraints;
    int32_t n_providers; /* as in create_service */
    struct provider_share *providers;
    bool launch_type_ec2;
};

/* On exactly these instances, by no strategy. */
struct instance_name {
    int32_t instance;
};
struct start_task {
    int32_t taskdef;
    char *group; /* NULL: family:<family> */
    int32_t n_instances;
    struct instance_name *instances;
};

/* UpdateContainerInstancesState. */
struct update_instance_state {
    int32_t instance;
    bool draining; /* else ACTIVE again */
};

/* UpdateTaskProtection. */
struct update_task_protection {
    int32_t task;
    bool enabled;
    int64_t expires_usec; /* from now on; default 2 h */
};

/* The connection to an instance's agent is gone; the instance may well live on. */
struct agent_disconnected {
    int32_t instance;
};

struct stop_task_call {
    int32_t task;
};

/* The machine under an instance is gone, with all that ran on it. */
struct instance_lost {
    int32_t instance;
};

struct refuse {
    enum message_kind call;
    enum refusal refusal;
    int32_t taskdef;          /* or ID_NONE */
    enum place_reason reason; /* REFUSED_NO_CAPACITY: what the nearest instance lacks */
    int32_t nearest;          /* that instance, or ID_NONE */
    int64_t lack;             /* CPU units, MiB or a port number, by reason */
};

/* A task of a service, or a waiting one, finds no room now. Said once until something changes. */
struct wait {
    int32_t service;          /* or ID_NONE */
    int32_t task;             /* the PROVISIONING task, or ID_NONE for a service's next one */
    enum place_reason reason; /* what the nearest instance lacks */
    int32_t nearest;
    int64_t lack;
    int32_t taskdef;
};

/* `rule` is the strategy rule that left one candidate (its index), ID_NONE where there was only one
 * candidate from the start, and the number of rules where the lowest index decided. */
struct place_task {
    int32_t task;
    int32_t instance;
    int32_t epoch; /* the agent's */
    int32_t taskdef;
    int32_t service; /* or ID_NONE */
    int32_t rule;
};

struct stop_task {
    int32_t task;
    int32_t instance;
    int32_t epoch;
    enum stop_code code;
    enum stop_reason reason;
};

/* A PROVISIONING task is given up: it is STOPPED from now on. */
struct give_up_task {
    int32_t task;
    enum stop_code code;
    enum stop_reason reason;
};

struct heartbeat {
    int32_t instance;
    int32_t epoch;
};

/* A port on the instance's own address. */
struct host_port {
    int32_t port;
    enum port_protocol protocol;
};

/* The first registration, or the same agent again after it was disconnected. */
struct register_instance {
    int32_t instance;
    int32_t epoch;
    int32_t cpu;
    int32_t memory_mib; /* without what the agent reserves for the system */
    int32_t gpus;
    int32_t n_reserved; /* ports that no task gets */
    struct host_port *reserved;
};

enum health_status { HEALTH_UNKNOWN, HEALTH_HEALTHY, HEALTH_UNHEALTHY };

/* ECS API: NetworkBinding. */
struct network_binding {
    int32_t container_port;
    int32_t host_port;
    enum port_protocol protocol;
};

struct container_state {
    enum container_status status;
    enum health_status health;
    int32_t exit_code; /* ID_NONE: none */
    bool oom;
    int32_t n_restarts;
    int32_t n_bindings;
    struct network_binding *bindings;
};

/* Only RUNNING and STOPPED are reported (agent/api/task/status). */
struct task_state {
    int32_t instance;
    int32_t epoch;
    int32_t task;
    enum task_status status;
    enum health_status health;
    enum stop_code code;
    char *reason; /* ECS's words where it stopped, else NULL */
    int32_t n_containers;
    struct container_state *containers;
};

/* ECS_IMAGE_PULL_BEHAVIOR (amazon-ecs-agent, README). */
enum pull_behavior { PULL_DEFAULT, PULL_ALWAYS, PULL_ONCE, PULL_PREFER_CACHED };

/* How an agent is configured; agent_rules_default() has ECS's own figures. */
struct agent_rules {
    enum pull_behavior pull_behavior;
    bool pull_dependents_upfront;   /* ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT */
    int32_t reserved_memory_mib;    /* ECS_RESERVED_MEMORY */
    int64_t heartbeat_timeout_usec; /* silence of the control plane until it connects anew */
    int64_t heartbeat_jitter_usec;  /* at most this much more, by instance */
    int64_t image_cleanup_usec;     /* between two clean-ups; 0: none */
    int64_t image_minimum_age_usec; /* since the pull */
    int32_t images_per_cleanup;
    int32_t first_dynamic_port, last_dynamic_port;
    int32_t n_reserved; /* ports */
    struct host_port *reserved;
};

/* How a kernel of its own came up, an instance's or a task's, and what it takes. */
struct boot_course {
    char *start;            /* "scratch", "uncompressed" or "restore" */
    char *accelerator;      /* "kvm" or "tcg" */
    char *kernel;           /* its release */
    int64_t firmware_usec;  /* machine, firmware and loader, or the reading of a snapshot */
    int64_t kernel_usec;    /* 0 where it was restored, likewise user_usec */
    int64_t user_usec;      /* from its first program to its agent */
    int64_t memory_bytes;   /* of the machine */
    int64_t system_bytes;   /* of which its kernel and system leave no more to tasks, idle */
    int64_t host_bytes;     /* what the machine beneath gives for it then; 0: unknown */
    int64_t overhead_bytes; /* likewise beyond its own memory; 0: unknown, as below */
    int64_t seen_bytes;     /* what a program inside is told that the machine has */
    int64_t left_bytes;     /* what that leaves them, at the scenario's scale; 0: the rest */
};

struct boot {
    int32_t instance;
    int32_t epoch;
    int32_t cpu;
    int32_t memory_mib; /* of its type, or of the one task that it is for */
    int32_t gpus;
    struct agent_rules *rules;  /* NULL: agent_rules_default() */
    struct boot_course *course; /* NULL: the instance has no kernel of its own */
    int32_t
        for_task; /* a micro-VM, whose own system's memory comes on top of the task's; ID_NONE */
};

/* The task's own virtual machine is there, or could not come up: `error` then says why. */
struct machine_booted {
    int32_t task;
    char *error;
    struct boot_course *course; /* NULL beside an error */
};

/* What happened to one container. `error` is NULL where it worked. */
struct container_fact {
    int32_t task;
    int32_t container;
    char *error;
};

struct container_exited {
    int32_t task;
    int32_t container;
    int32_t exit_code; /* 128 + the signal's number where a signal ended it */
    bool oom;
};

/* The answer to a probe; one that comes after the check's timeout counts for nothing. */
struct container_probed {
    int32_t task;
    int32_t container;
    int32_t probe; /* its number */
    bool healthy;
};

struct probe_container {
    int32_t task;
    int32_t container;
    int32_t probe;
};

/* With the host ports and the GPUs (a bit each) that it gets. */
struct create_container {
    int32_t task;
    int32_t container;
    int64_t gpus;
    int32_t n_bindings;
    struct network_binding *bindings;
};

struct remove_image {
    char *image;
};

/* What the agent wants done to one container. */
struct container_order {
    int32_t task;
    int32_t container;
};

enum stop_signal { SIGNAL_TERM, SIGNAL_KILL };

struct signal_container {
    int32_t task;
    int32_t container;
    enum stop_signal signal;
};

struct remove_task {
    int32_t task;
};

/* A virtual machine for that task alone, which goes with it. */
struct boot_machine {
    int32_t task;
};

struct message {
    enum message_kind kind;
    /* Scheduler's decisions are numbered 1, 2, ... and so are an agent's reports; 0 elsewhere. The
     * receiver's copy carries the sender's number: that is how a log shows that it was sent. */
    int64_t id;
    union {
        struct instance_group instance_group;
        struct register_task_definition register_task_definition;
        struct create_service create_service;
        struct update_service update_service;
        struct delete_service delete_service;
        struct run_task run_task;
        struct start_task start_task;
        struct stop_task_call stop_task_call;
        struct update_instance_state update_instance_state;
        struct update_task_protection update_task_protection;
        struct agent_disconnected agent_disconnected;
        struct instance_lost instance_lost;
        struct scheduler_rules rules;
        struct create_target_group create_target_group;
        struct target_probed target_probed;
        struct observe observe;
        struct register_scalable_target register_scalable_target;
        struct put_scaling_policy put_scaling_policy;
        struct put_scheduled_action put_scheduled_action;
        struct put_metric_alarm put_metric_alarm;
        struct create_capacity_provider create_capacity_provider;
        struct put_cluster_providers put_cluster_providers;
        struct spot_warning spot_warning;
        struct drain_instance drain_instance;
        struct capacity_state capacity;
        struct give_up_task give_up_task;
        struct bill bill;
        struct launch_instance launch_instance;
        struct terminate_instance terminate_instance;
        struct refuse refuse;
        struct wait wait;
        struct register_target register_target;
        struct target_state target_state;
        struct shift_traffic shift_traffic;
        struct deployment_state deployment;
        struct service_event service_event;
        struct scaling scale;
        struct alarm_state alarm;
        struct place_task place_task;
        struct stop_task stop_task;
        struct heartbeat heartbeat;
        struct register_instance register_instance;
        struct task_state task_state;
        struct boot boot;
        struct machine_booted machine_booted;
        struct boot_machine boot_machine;
        struct container_fact fact; /* imagePulled, containerCreated, containerStarted, ...Ready */
        struct container_exited exited;
        struct container_probed probed;
        struct container_order order; /* pullImage, startContainer */
        struct create_container create;
        struct probe_container probe;
        struct signal_container signal;
        struct remove_task remove_task;
        struct remove_image remove_image;
    } as;
};

/* Who a kind comes from and goes to. */
enum party { PARTY_WORLD, PARTY_SCHEDULER, PARTY_AGENT };

struct message_type {
    enum party from;
    enum party to;        /* PARTY_WORLD for what a machine asks of its driver */
    struct schema schema; /* of the member of `as` */
};

/* One row per kind, in the order of the enum. */
extern const struct message_type message_types[MESSAGE_KINDS];

/* Names outside: AWS's own for API calls, berth's for the rest. NULL-terminated. */
extern const char *const message_kind_names[];
extern const char *const task_status_names[];
extern const char *const container_status_names[];
extern const char *const stop_code_names[];
extern const char *const strategy_type_names[];
extern const char *const strategy_field_names[];
extern const char *const place_reason_names[];
extern const char *const refusal_names[];
extern const char *const stop_signal_names[];
extern const char *const stop_reason_names[];
extern const char *const health_status_names[];
extern const char *const pull_behavior_names[];

/* ECS's own figures (agent/config/config.go, README; ecs-agent/acs/session/session.go). */
extern const struct agent_rules agent_rules_default;
extern const struct schema agent_rules_schema;

/* A message of that kind whose members are all "nothing". */
struct message message_new(enum message_kind kind);

/* Deep copy of what it points to; release with message_finish(). */
void message_copy(struct message *to, const struct message *from);
void message_finish(struct message *message);

/* Equality and digest over kind, id and members; as schema_equal() and schema_digest(). */
bool message_equal(const struct message *a, const struct message *b, char *path, size_t path_size);
uint64_t message_digest(const struct message *message, uint64_t digest);

/* Whether the kind can be an event of that machine (PARTY_SCHEDULER or PARTY_AGENT). */
bool message_is_for(enum message_kind kind, enum party machine);

/* What a step hands back: filled by the machine, kept by the driver and used again. */
struct outputs {
    struct message *messages;
    int n_messages;
    int cap_messages;
};

/* Appends a message of that kind, all "nothing", and returns it; valid until the next append. */
struct message *outputs_add(struct outputs *outputs, enum message_kind kind);
void outputs_finish(struct outputs *outputs);

#endif
