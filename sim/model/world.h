/*
 * The world around the cluster, as data: what ECS does not define. Kinds of instances, images, how
 * containers behave, and what each step costs. The scenario reader fills it, the simulator samples
 * it; a real run performs the behaviours and models only what it says it models.
 */
#ifndef BERTH_MODEL_WORLD_H
#define BERTH_MODEL_WORLD_H

#include "model/arrivals.h"
#include "model/costs.h"

#include <stdbool.h>

struct instance_type {
    char *name;
    int32_t cpu; /* CPU units */
    int32_t memory_mib;
    int32_t gpus;
    int32_t enis;              /* tasks in awsvpc that it has interfaces for, ID_NONE: any number */
    int32_t trunk_enis;        /* likewise with trunking; 0: it has none */
    int32_t os_mib;            /* memory that its own operating system keeps, beside memory_mib */
    int64_t price, spot_price; /* nano-dollars per hour; on Fargate per vCPU */
    int64_t price_gib, spot_price_gib; /* on Fargate per GiB and hour */
    struct distribution boot;          /* from the launch decision until the agent starts */
    /* It boots in one piece, as `boot` says. A real run waits that long for an instance that is no virtual machine, and
     * marks it modelled. */
    bool boot_given;
};

/* A built-in EC2 instance type with the memory that its agent registers, or NULL; its `boot` is not
 * given. */
const struct instance_type *instance_type_find(const char *name);

/* The size in MiB of a virtual machine of this type: what its tasks can have, and its own system's part. */
int64_t instance_type_whole_mib(const struct instance_type *type);

/* All `n` built-in types, to suggest names from. */
const struct instance_type *instance_types(int *n);

/* What a registry sends of an image, compressed. */
struct layer {
    int32_t number; /* layers of the same digest have the same number, whatever image they are in */
    int64_t size_bytes;
};

struct image {
    char *name;
    int64_t size_bytes; /* of all layers together */
    int32_t n_layers;   /* at least 1 */
    struct layer *layers;
    char *oci;    /* path of an OCI image layout for real runs, or NULL */
    char *rootfs; /* path of a root file system's tarball for real runs, or NULL; not both */
};

#define IDLE_FOREVER USEC_NEVER

/* How a container serves requests once it is ready: `concurrency` at once, each for its CPU time and
 * then for a wait; others stand in line, up to `line_max`, beyond which they are turned away. */
struct request_behaviour {
    struct distribution work; /* CPU time */
    struct distribution wait; /* time without the CPU: a database, a disk */
    int32_t concurrency;
    int32_t line_max;
};

/* At once, 16 at a time, 1000 in line. */
struct request_behaviour request_behaviour_default(void);

/* One request, a flow of requests, or whichever suits their number. */
enum load_level { LOAD_AUTO, LOAD_REQUEST, LOAD_RATE };

/* Where requests come from. Open loop: they come at their times, whatever becomes of them. */
struct load_source {
    char *service;      /* whose target groups get them, or NULL: */
    char *target_group; /* by name */
    struct rate_curve curve;
    enum arrival_spacing spacing;
    int64_t from_usec, to_usec;
    int64_t timeout_usec; /* the client gives up */
};

/* What one container does, in this order: touches its memory, becomes ready, works, idles, exits.
 */
struct behaviour {
    struct distribution ready;
    struct distribution work; /* CPU time */
    int32_t threads;          /* that share its work, as long as there is some */
    int64_t idle_usec;        /* or IDLE_FOREVER: until it is stopped */
    int64_t memory_bytes;
    int32_t exit_code;
    int64_t stop_usec; /* from SIGTERM until it ends, or IDLE_FOREVER: only SIGKILL ends it */
    int64_t unhealthy_after_usec; /* from its start until its health checks fail; USEC_NEVER */
    struct request_behaviour request;
    bool given; /* by the scenario, not the default */
};

/* A pull during which nothing arrives fails after it (agent/config/config.go, imagePullInactivity-
 * Timeout). */
#define PULL_INACTIVITY_USEC (60 * USEC_PER_SEC)

/* ready at once, healthy for ever, idle 10 s, exit 0 */
struct behaviour behaviour_default(void);

#endif
