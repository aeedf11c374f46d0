/*
 * Requests, one by one: they come from the scenario's sources, a balancer gives each to a target, the
 * target's container serves it or lets it wait in line, and what became of it is counted. Single
 * requests live here and never reach the scheduler. Learns from others which targets there are and
 * which containers serve.
 */
#ifndef BERTH_TRAFFIC_H
#define BERTH_TRAFFIC_H

#include "core/message.h"
#include "fleet.h"
#include "model/balancer.h"
#include "model/histogram.h"
#include "model/share.h"
#include "model/station.h"
#include "model/world.h"
#include "queue.h"

/* Its entries of the queue. */
enum traffic_what {
    TRAFFIC_ARRIVAL = 64, /* id: source */
    TRAFFIC_DONE,         /* id: request */
    TRAFFIC_PROBE,        /* id: prober */
    TRAFFIC_WHATS,
};

/* What becomes of a request, by the code that its client sees. */
enum traffic_end {
    TRAFFIC_OK = 200,
    TRAFFIC_BROKEN = 502,    /* refused, or cut off while it was out */
    TRAFFIC_NO_TARGET = 503, /* also: the line was full */
    TRAFFIC_TIMEOUT = 504,
};

/* What has ended, of one target group. */
struct traffic_count {
    int64_t n_requests;       /* that reached a target */
    int64_t n_errors;         /* of those */
    int64_t n_rejected;       /* that found none */
    struct histogram latency; /* of those that went well, from the scheduled arrival */
};

struct traffic_group {
    int64_t interval_usec, timeout_usec; /* of health checks; interval 0: none */
    struct balancer balancer;
    int32_t *stations; /* by target */
    int n_stations, cap_stations;
    struct traffic_count period; /* since traffic_begin_period() */
};

/* CPU time that a request being served still needs, in the fixed point of model/share. */
struct traffic_work {
    share_wide left;
    int32_t request;
};

/* A container behind a balancer. */
struct traffic_station {
    struct station line;
    const struct request_behaviour *behaviour;
    int32_t task;
    uint8_t container;
    bool open;                  /* it serves */
    struct traffic_work *works; /* being served with CPU time to go */
    int n_works, cap_works;
    share_wide given; /* to model/share: what the nearest completion needs of all */
    share_wide used;  /* CPU time that its requests have had, in the same fixed point */
    int32_t next_of_task;
};

/* Whoever asks one target for its health, again and again. The answer comes through the container's
 * line, as a request's does: one that is overloaded fails its checks. */
struct traffic_prober {
    int32_t group, task;
    int32_t station;
    bool over;         /* deregistered */
    bool awaits;       /* a probe is out */
    bool passed;       /* the last one did */
    int32_t request;   /* that probe's, or ID_NONE */
    int64_t sent_usec; /* the last one */
    int64_t wake_usec; /* its time-out, or the next one */
};

/* What a prober saw. */
struct traffic_result {
    int32_t group, task;
    bool passed;
};

struct traffic_source {
    const struct load_source *load;
    struct arrivals arrivals;
    bool over;
    struct sampler work, wait;
    uint64_t route_stream;
    int32_t from, to; /* target groups that get its requests, ID_NONE: nobody does */
    int32_t permille; /* of them go to `to` */
};

struct traffic {
    struct queue *queue;
    uint64_t seed;
    struct fleet *fleet;       /* NULL: every request has a CPU of its own */
    const struct flow *flow;   /* NULL: requests come one by one; else sources send none */
    struct runlog_writer *log; /* gets every request that ends; NULL: nobody does */
    int64_t now_usec;
    struct traffic_source *sources;
    int n_sources, cap_sources;
    struct traffic_group *groups;
    int n_groups, cap_groups;
    struct traffic_station *stations;
    int n_stations, cap_stations;
    int32_t *tasks; /* first station by task */
    int n_tasks, cap_tasks;
    struct visits pool;
    struct traffic_prober *probers;
    int n_probers, cap_probers;
    struct traffic_result *results; /* emptied by whoever reads them */
    int n_results, cap_results;
};

void traffic_init(struct traffic *traffic, struct queue *queue, struct fleet *fleet, uint64_t seed);
void traffic_finish(struct traffic *traffic);

/* The next target group. Returns its index. Health checks: one each interval, 0 for none. */
int32_t traffic_add_group(struct traffic *traffic, enum balancer_algorithm algorithm,
                          int64_t slow_start_usec, int64_t interval_usec, int64_t timeout_usec);

/* The next source, which begins at once to count time. Its requests go to `group` (ID_NONE: to
 * nobody) until traffic_shift(). `load` outlives the traffic. */
int32_t traffic_add_source(struct traffic *traffic, const struct load_source *load, int32_t group);

/* From now on so many thousandths of its requests go to group `to`, the others to `from`. */
void traffic_shift(struct traffic *traffic, int32_t source, int32_t from, int32_t to,
                   int32_t permille);

/* A container serves from now on. `behaviour` outlives it. */
void traffic_open(struct traffic *traffic, int64_t at_usec, int32_t task, int container,
                  const struct request_behaviour *behaviour);

/* It does not any more: what it has is broken off, what comes is refused. */
void traffic_close(struct traffic *traffic, int64_t at_usec, int32_t task, int container);

/* Targets of a group; a new one is on hold, and probed from now on. Registering one twice, or setting
 * one that is not registered, does nothing. */
void traffic_register(struct traffic *traffic, int64_t at_usec, int32_t group, int32_t task,
                      int container);
void traffic_set(struct traffic *traffic, int64_t at_usec, int32_t group, int32_t task,
                 enum balancer_use use);

/* Deregistered for good: what it still has is cut off. */
void traffic_forget(struct traffic *traffic, int64_t at_usec, int32_t group, int32_t task);

/* No more arrivals; what is out is not counted any more by whoever reads logs. */
void traffic_end(struct traffic *traffic);

/* One of its entries of the queue. */
void traffic_event(struct traffic *traffic, const struct queue_entry *entry);

/* The fleet has done what it was given for that container. */
void traffic_worked(struct traffic *traffic, int64_t at_usec, int32_t task, int container);

/* CPU time that the task's requests have had since the last call. */
int64_t traffic_take_cpu(struct traffic *traffic, int64_t at_usec, int32_t task);

#endif
