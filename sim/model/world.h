/*
 * The world around the cluster, as data: what ECS does not define. Kinds of instances, images, how
 * containers behave, and what each step costs. The scenario reader fills it, the simulator samples
 * it; a real run performs the behaviours and models only what it says it models.
 */
#ifndef BERTH_MODEL_WORLD_H
#define BERTH_MODEL_WORLD_H

#include "model/distribution.h"

#include <stdbool.h>

struct instance_type {
    char *name;
    int32_t cpu; /* CPU units */
    int32_t memory_mib;
    int32_t gpus;
    int32_t enis;             /* tasks in awsvpc that it has interfaces for, ID_NONE: any number */
    struct distribution boot; /* from the launch decision until the agent starts */
    bool boot_given; /* the scenario says so: a real run waits that long and marks it modelled */
};

/* A built-in EC2 instance type with the memory that its agent registers, or NULL; its `boot` is not
 * given. */
const struct instance_type *instance_type_find(const char *name);

/* All `n` built-in types, to suggest names from. */
const struct instance_type *instance_types(int *n);

struct image {
    char *name;
    int64_t size_bytes;
    char *oci;    /* path of an OCI image layout for real runs, or NULL */
    char *rootfs; /* path of a root file system's tarball for real runs, or NULL; not both */
};

#define IDLE_FOREVER USEC_NEVER

/* What one container does, in this order: touches its memory, becomes ready, works, idles, exits.
 */
struct behaviour {
    struct distribution ready;
    struct distribution work; /* CPU time */
    int64_t idle_usec;        /* or IDLE_FOREVER: until it is stopped */
    int64_t memory_bytes;
    int32_t exit_code;
    int64_t unhealthy_after_usec; /* from its start until its health checks fail; USEC_NEVER */
    bool given;                   /* by the scenario, not the default */
};

/* A pull during which nothing arrives fails after it (agent/config/config.go, imagePullInactivity-
 * Timeout). */
#define PULL_INACTIVITY_USEC (60 * USEC_PER_SEC)

/* What each step costs where nothing else is said; a host profile replaces it. */
struct costs {
    struct distribution boot;    /* of an instance type without its own */
    struct distribution agent;   /* agent start until it sends its registration */
    struct distribution message; /* scheduler to agent and back, one way */
    struct distribution pull;    /* fixed part of a pull */
    int64_t pull_bytes_per_sec;  /* download and unpacking */
    struct distribution create;
    struct distribution start;
    struct distribution stop;     /* a signal until the exit is seen */
    struct distribution teardown; /* an instance's end */
    int64_t image_size_bytes;     /* of an image the scenario does not mention */
};

/* The default costs: an EC2 instance with the ECS agent; each figure's source stands beside it. */
struct costs costs_default(void);

/* The named profiles of costs, ended by NULL: "ec2" (the default), "laptop" (this program's own
 * containers on a two-core machine). */
extern const char *const costs_names[];

/* The profile with that number in costs_names. */
struct costs costs_find(int profile);

/* ready at once, healthy for ever, idle 10 s, exit 0 */
struct behaviour behaviour_default(void);

#endif
