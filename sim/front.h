/*
 * Between the scheduler and the traffic of a simulation: what is decided about target groups and
 * targets is told to the balancers, what the fleet's containers do to their lines, and what was counted
 * goes back as rows of an observation. Decides nothing.
 */
#ifndef BERTH_FRONT_H
#define BERTH_FRONT_H

#include "core/scheduler.h"
#include "flow.h"

struct front {
    const struct scenario *scenario;
    const struct cluster *cluster;
    struct fleet *fleet;
    struct traffic traffic;
    bool by_rate; /* requests are a flow: */
    struct flow flow;
    struct target_group_metrics *rows; /* scratch of front_observe() */
    int n_rows, cap_rows;
    struct latency_bin *bins;
    int n_bins, cap_bins;
    struct target_metrics *targets; /* likewise */
    int n_targets, cap_targets;
};

/* The scenario's sources begin; their requests find nobody until there are targets. */
void front_init(struct front *front, const struct scenario *scenario, uint64_t seed,
                struct queue *queue, struct fleet *fleet, const struct cluster *cluster);
void front_finish(struct front *front);

/* What the scheduler has decided at `at_usec`, or been told (a target group). Others are ignored. */
void front_hear(struct front *front, int64_t at_usec, const struct message *message);

/* How often front_settle() is to be called at least, USEC_NEVER: not at all. */
int64_t front_step_usec(const struct front *front, int64_t metric_period_usec);

/* Tells what a flow has become up to now. */
void front_settle(struct front *front, int64_t at_usec);

/* One of the traffic's entries of the queue. */
void front_event(struct front *front, const struct queue_entry *entry);

/* Reads the fleet's notices: call after everything that the fleet was told or has done. */
void front_look(struct front *front, int64_t at_usec);

/* The next probe's result for the scheduler; false: there is none (more). */
bool front_result(struct front *front, struct message *event);

/* CPU time that the task's requests have had since the last call. */
int64_t front_take_cpu(struct front *front, int64_t at_usec, int32_t task);

/* Adds the target groups' rows of the period that ends now, and begins the next one. They live until
 * the next call. */
void front_observe(struct front *front, struct observe *observe);

#endif
