/*
 * The messages about capacity: groups of instances, capacity providers, why instances come and go, and
 * the bill. Part of message.h, which alone includes it. Money is nano-dollars (10^-9 $), prices are
 * per hour; what is for good rounded stands in no message but the bill.
 */
#ifndef BERTH_CORE_MESSAGE_CAPACITY_H
#define BERTH_CORE_MESSAGE_CAPACITY_H

#include "core/schema.h"
#include "core/unit.h"

enum group_kind {
    GROUP_FIXED,        /* stays at its number of instances */
    GROUP_AUTO_SCALING, /* an Auto Scaling group: between minimum and maximum */
    GROUP_FARGATE,      /* one micro-VM a task, made for it and gone with it */
};

/* A further instance type of a group. */
struct group_type {
    char *name;
    int32_t cpu;
    int32_t memory_mib;
    int32_t gpus;
    int32_t enis;
    int64_t price, spot_price; /* nano-dollars per hour */
};

/* A group of instances (Auto Scaling API: CreateAutoScalingGroup). Instances take the zones in turn. A
 * lost instance is replaced when `replace` is set. `type` to `spot_price` are its first type. */
struct instance_group {
    int32_t group; /* the next free index, checked */
    enum group_kind kind;
    char *name; /* AutoScalingGroupName, or NULL */
    char *type;
    int32_t cpu;
    int32_t memory_mib;
    int32_t gpus;
    int32_t enis;              /* tasks in awsvpc that it has interfaces for, ID_NONE: any number */
    int64_t price, spot_price; /* nano-dollars per hour; GROUP_FARGATE: per vCPU */
    int64_t price_gib;         /* GROUP_FARGATE: per GiB of memory and hour */
    int32_t count;             /* DesiredCapacity at first */
    int32_t minimum, maximum;  /* GROUP_AUTO_SCALING */
    bool replace;
    bool cheapest; /* OnDemandAllocationStrategy lowest-price, else its types are in order */
    /* InstancesDistribution: beyond OnDemandBaseCapacity so many percent of the instances are Spot, of the
     * `spot_pools` cheapest types in turn. */
    int32_t on_demand_base, spot_percent, spot_pools;
    int32_t reserved_mib; /* of its memory its agents keep so much from tasks */
    bool protect;         /* NewInstancesProtectedFromScaleIn */
    bool spot_drain;      /* ECS_ENABLE_SPOT_INSTANCE_DRAINING of its agents */
    int32_t n_zones;
    struct zone *zones;
    int32_t n_attributes;
    struct attribute *attributes;
    int32_t n_more_types;
    struct group_type *more_types;
};

struct zone {
    char *name;
};

/* CreateCapacityProvider; FARGATE and FARGATE_SPOT are made so too, each of a GROUP_FARGATE. Sizes and
 * periods have been given ECS's defaults by whoever read them. */
struct create_capacity_provider {
    int32_t provider; /* the next free index, checked */
    char *name;
    int32_t group;
    bool managed_scaling;
    int32_t target_capacity; /* percent */
    int32_t minimum_step, maximum_step;
    int64_t warmup_usec;
    bool termination_protection;
    bool draining;
};

/* CapacityProviderStrategyItem. */
struct provider_share {
    int32_t provider;
    int32_t base;
    int32_t weight;
};

/* The cluster's default strategy (PutClusterCapacityProviders). */
struct put_cluster_providers {
    int32_t n_strategy;
    struct provider_share *strategy;
};

/* EC2's or Fargate's notice that a Spot instance will be interrupted. */
struct spot_warning {
    int32_t instance;
    int64_t after_usec; /* that much later it is taken */
};

enum launch_reason {
    LAUNCHED_AT_FIRST, /* the group's desired capacity when it was created */
    LAUNCHED_AGAIN,    /* in the place of a lost one */
    LAUNCHED_TO_SCALE, /* its capacity provider scaled out */
    LAUNCHED_FOR_TASK, /* a micro-VM */
};

/* Of the size that the group's type, or on Fargate the task, has. */
struct launch_instance {
    int32_t instance;
    int32_t group;
    int32_t type; /* 0: the group's first, then its further ones */
    int32_t zone; /* index in the group's zones, ID_NONE where it has none */
    bool spot;
    int32_t cpu;
    int32_t memory_mib;
    enum launch_reason reason;
    int32_t task; /* LAUNCHED_FOR_TASK */
};

enum terminate_reason {
    TERMINATED_AT_END,
    TERMINATED_TO_SCALE, /* its capacity provider scaled in */
    TERMINATED_WITH_TASK,
};

/* The Auto Scaling group's default termination policy: what chose the instance. */
enum termination_rule {
    CHOSEN_ALONE,   /* it was the only one that could go */
    CHOSEN_BY_ZONE, /* in the zone with most instances */
    CHOSEN_BY_HOUR, /* closest to its next hour */
    CHOSEN_BY_LOT,
};

struct terminate_instance {
    int32_t instance;
    enum terminate_reason reason;
};

enum drain_reason { DRAINED_TO_SCALE, DRAINED_FOR_SPOT };

/* The scheduler set an instance DRAINING by itself: managed draining, or a Spot warning. */
struct drain_instance {
    int32_t instance;
    enum drain_reason reason;
    enum termination_rule rule; /* DRAINED_TO_SCALE */
};

/* What a datapoint of CapacityProviderReservation led to. */
enum capacity_verdict {
    CAPACITY_STEADY,     /* the metric is on target */
    CAPACITY_OUT,        /* scales out, to `desired` */
    CAPACITY_IN,         /* scales in, to `desired` */
    CAPACITY_WARMING_UP, /* above target, held: an instance is inside its warm-up */
    CAPACITY_AT_MAXIMUM, /* above target, the group has its maximum */
    CAPACITY_LOW,        /* below target, not yet for long enough */
    CAPACITY_AT_MINIMUM, /* below target, the group has its minimum */
    CAPACITY_PROTECTED,  /* below target, no instance may go */
    CAPACITY_NEVER_FITS, /* what waits fits on no instance of the group's smallest type */
    CAPACITY_NO_CHANGE,  /* above or below, but the group has that size already */
};

/* One datapoint of a capacity provider with managed scaling. */
struct capacity_state {
    int32_t provider;
    int32_t n;            /* instances that run */
    int32_t m;            /* instances that are needed */
    int32_t metric_centi; /* CapacityProviderReservation in hundredths of a percent, rounded down */
    int32_t target;       /* percent */
    int32_t n_starting;   /* launched, not registered */
    int32_t n_empty;      /* of n: without a task */
    int32_t n_waiting;    /* PROVISIONING tasks */
    int32_t n_skipped;    /* of those, in groups that do not fit on the smallest type */
    int32_t largest;      /* tasks of the group of equal tasks that needs most instances */
    int32_t largest_taskdef; /* its definition, ID_NONE */
    int32_t per_instance;    /* of them fit on an instance */
    int32_t needed;          /* instances for them, before the step sizes */
    int32_t low_datapoints;  /* in a row below target */
    enum capacity_verdict verdict;
    int32_t from, desired; /* the group's desired capacity */
};

/* What one provider has cost, or the instances without one (ID_NONE). */
struct bill_provider {
    int32_t provider; /* or ID_NONE */
    int64_t nanos, idle_nanos;
    int64_t instance_usec; /* run, summed over its instances */
    int32_t n_instances;   /* launched */
};
struct bill_service {
    int32_t service; /* or ID_NONE: tasks of RunTask */
    int64_t nanos;
};
/* Hours from the start of the run. */
struct bill_hour {
    int32_t hour;
    int32_t provider; /* or ID_NONE */
    int64_t nanos;
};

/* The whole bill, when the run ends. What services pay and what is idle sum to the providers' sum. */
struct bill {
    int64_t nanos, idle_nanos;
    int32_t n_providers;
    struct bill_provider *providers;
    int32_t n_services;
    struct bill_service *services;
    int32_t n_hours;
    struct bill_hour *hours;
};

extern const char *const group_kind_names[];
extern const char *const launch_reason_names[];
extern const char *const terminate_reason_names[];
extern const char *const termination_rule_names[];
extern const char *const drain_reason_names[];
extern const char *const capacity_verdict_names[];

#endif
