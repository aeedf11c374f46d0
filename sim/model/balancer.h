/*
 * How a load balancer picks a target: round robin, least outstanding requests or weighted random,
 * with slow start. It routes by the state it is given and judges nobody's health. Source of the
 * rules: Application Load Balancer user guide, target groups.
 */
#ifndef BERTH_MODEL_BALANCER_H
#define BERTH_MODEL_BALANCER_H

#include "core/unit.h"

#include <stdbool.h>

enum balancer_algorithm {
    BALANCER_ROUND_ROBIN,
    BALANCER_LEAST_OUTSTANDING,
    BALANCER_WEIGHTED_RANDOM,
};

/* What a target is good for now. */
enum balancer_use {
    BALANCER_GONE,  /* not registered (any more) */
    BALANCER_HOLD,  /* gets nothing new: initial, draining */
    BALANCER_SPARE, /* unhealthy: gets requests while nobody is in use (fail open) */
    BALANCER_IN_USE,
};

struct balancer_target {
    int32_t task;
    uint8_t use;               /* enum balancer_use */
    bool warm;                 /* its slow start is over, or it needed none */
    int32_t outstanding;       /* requests that it has and has not answered */
    int32_t n_most;            /* that it had so far at once */
    int64_t in_use_usec;       /* since when it has been in use */
    int64_t credit;            /* of weighted round robin */
    int64_t n_given, n_errors; /* requests since its caller last looked, as it counts them */
    int64_t first_usec;        /* likewise: its first good answer; 0: not since then */
    bool answered;             /* there has been one */
};

/* Targets keep their index for ever, so a request may hold it beyond the target's registration. */
struct balancer {
    enum balancer_algorithm algorithm;
    int64_t slow_start_usec; /* 0: none */
    uint64_t stream;         /* of random picks */
    struct balancer_target *targets;
    int n_targets, cap_targets;
    int32_t *routed; /* targets that get requests now, in order of registration */
    int n_routed, cap_routed;
    int cursor; /* in routed: whose turn it is */
    int n_cold; /* of the routed: those in slow start */
    bool open;  /* `routed` are the spare ones: nobody is in use */
};

void balancer_init(struct balancer *balancer, enum balancer_algorithm algorithm,
                   int64_t slow_start_usec, uint64_t stream);
void balancer_finish(struct balancer *balancer);

/* Registers a task, on hold. Returns its index. */
int32_t balancer_add(struct balancer *balancer, int32_t task);

/* The registered target of that task, or ID_NONE. */
int32_t balancer_find(const struct balancer *balancer, int32_t task);

/* Slow start begins when a target comes into use, but only where at least one warm target is in use
 * already. */
void balancer_set(struct balancer *balancer, int64_t at_usec, int32_t target,
                  enum balancer_use use);

/* The target of the n-th request, which is to be counted as outstanding by the caller; ID_NONE:
 * there is none. */
int32_t balancer_pick(struct balancer *balancer, int64_t at_usec, int64_t n);

/* The share of a routed target's requests now, in millionths of one warm target's: 1000000 or, in
 * slow start, less. */
int64_t balancer_weight(const struct balancer *balancer, int64_t at_usec, int32_t target);

#endif
