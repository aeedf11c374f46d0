/*
 * Between the scheduler and the traffic of a real run: what is decided about target groups and targets
 * is told to the balancer and to the prober, what was seen of requests and probes goes back as events.
 * It must never decide nor judge.
 */
#ifndef BERTH_EXEC_INGRESS_H
#define BERTH_EXEC_INGRESS_H

#include "core/scheduler.h"
#include "exec/controller.h"
#include "exec/haproxy.h"
#include "exec/load.h"
#include "model/histogram.h"

/* A task's first good answer. */
struct ingress_first {
    bool answered;
    int64_t at_usec; /* until it has been told of; then 0 */
};

/* One target group's requests that ended in the present period. */
struct ingress_group {
    int64_t n_requests, n_errors, n_rejected;
    struct histogram latency;     /* of those that went well, from the scheduled arrival */
    struct ingress_first *firsts; /* by task */
    int n_firsts, cap_firsts;
};

/* Where a source's requests go, as the balancer was told. */
struct ingress_route {
    int32_t from, to;
    int32_t permille;
};

struct ingress_target {
    int32_t group, task;
    bool in_use;
    bool leaves; /* it is to be removed from the balancer as soon as it can be */
};

/* What the balancer's statistics said of a target, when last read, and at the last observation. */
struct ingress_served {
    struct haproxy_server now;
    int64_t n_sessions_before, n_errors_before;
    bool is_there; /* the balancer still has it */
};

struct ingress {
    const struct controller_job *job;
    const struct cluster *cluster;
    struct haproxy haproxy;
    struct load load;             /* .fd -1: this scenario has no target groups */
    struct ingress_group *groups; /* one for each of the scenario's */
    struct ingress_route *routes; /* likewise of its sources */
    struct ingress_target *targets;
    int n_targets, cap_targets;
    struct target_probed *results; /* not asked for yet */
    int n_results, cap_results;
    struct ingress_served
        *served; /* in order of registration; dropped once told of for the last time */
    int n_served, cap_served;
    struct target_group_metrics *rows; /* scratch of ingress_observe() */
    struct target_metrics *target_rows;
    int n_target_rows, cap_target_rows;
    struct latency_bin *bins;
    int n_bins, cap_bins;
    bool over; /* the run ends: what requests do is no longer counted */
    bool failed;
    struct err err;
};

/* Starts balancer, prober and load where the scenario has target groups. All borrowed. */
bool ingress_open(struct ingress *ingress, const struct controller_job *job,
                  const struct cluster *cluster, int64_t origin_usec, struct err *err);
void ingress_close(struct ingress *ingress);

/* What the scheduler has decided, or been told (a target group, the end). Others are ignored. */
void ingress_hear(struct ingress *ingress, const struct message *message);

/* Reads what has come: call when load.fd is readable, and before an observation. */
void ingress_take(struct ingress *ingress);

/* Removes targets that could not be removed before; the CLOCK_MONOTONIC time at which to call again. */
int64_t ingress_advance(struct ingress *ingress);

/* The next probe's result for the scheduler; false: there is none (more). */
bool ingress_result(struct ingress *ingress, struct message *event);

/* Adds the target groups' rows of the period that ends now, and begins the next one. They live until
 * the next call. */
void ingress_observe(struct ingress *ingress, struct observe *observe);

#endif
