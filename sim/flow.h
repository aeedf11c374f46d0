/*
 * Requests as a flow, for days and weeks: in each stretch of time between two changes every source's
 * expected requests are shared out among the balancers' targets, and model/fluid says how they fare.
 * CPU time of requests goes by instance; containers' own work neither slows them nor is slowed here.
 */
#ifndef BERTH_FLOW_H
#define BERTH_FLOW_H

#include "model/fluid.h"
#include "traffic.h"

struct flow_station {
    const struct fluid_service *service; /* NULL: closed so far */
    const struct request_behaviour *behaviour;
    double requests; /* of the stretch */
    double backlog;
    double there; /* in it at the end of the last stretch */
};

struct flow_group {
    double n_sent, n_errors, n_rejected; /* not counted yet: whole ones are, with the period */
    double offered;                      /* in the stretch */
    struct fluid_latency latency;
};

struct flow_host {
    double cpus, wanted, weights;
};

struct flow {
    struct traffic *traffic;
    struct fleet *fleet;
    int64_t at_usec;               /* all is told up to here */
    struct flow_station *stations; /* beside the traffic's */
    int n_stations, cap_stations;
    struct flow_group *groups;
    int n_groups, cap_groups;
    struct flow_host *hosts; /* by instance */
    int n_hosts, cap_hosts;
    struct flow_known {
        const struct request_behaviour *behaviour;
        struct fluid_service *service;
    } * known;
    int n_known, cap_known;
};

void flow_init(struct flow *flow, struct traffic *traffic, struct fleet *fleet);
void flow_finish(struct flow *flow);

/* Tells what happened until now: before anything about targets or containers changes, and at least every
 * few seconds, as rates change. */
void flow_advance(struct flow *flow, int64_t at_usec);

/* What is in that container is cut off: call before traffic_close() and traffic_forget(). */
void flow_cut(struct flow *flow, int32_t group, int32_t task);

/* Adds whole requests to the groups' periods. */
void flow_count(struct flow *flow);

/* How long a probe has to wait there. */
double flow_delay_usec(const struct flow *flow, int32_t station);

#endif
