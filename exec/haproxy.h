/*
 * The balancer of a real run: one HAProxy in the run's cloud, told through its runtime socket who gets
 * requests. It checks nobody's health and judges nothing: it routes by what it is told. It must never
 * know what a scheduler is.
 */
#ifndef BERTH_EXEC_HAPROXY_H
#define BERTH_EXEC_HAPROXY_H

#include "core/message.h"
#include "exec/helper.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Debian's package puts it there. */
#define HAPROXY_PROGRAM "/usr/sbin/haproxy"

/* Where it listens, at the cloud's own address. */
enum { HAPROXY_PORT = 80 };

/* Of a request, by whose values it is routed: its source's number, and its own between 0 and 999. */
#define HAPROXY_SOURCE "berth-source"
#define HAPROXY_DRAW "berth-draw"

/* Of every answer: the target group it went to, and "t4" where a target got it. */
#define HAPROXY_GROUP "berth-group"
#define HAPROXY_TARGET "berth-target"

struct haproxy {
    struct helper helper;
    char folder[280]; /* of its configuration, maps and socket: below the run's */
};

#define HAPROXY_NONE ((struct haproxy){.helper = {.fd = -1}})

/* Whether it is installed; else `err` says how to get it. */
bool haproxy_find(struct err *err);

/* Starts it with that many sources, which reach nobody yet, and these target groups, which are empty.
 * Waits until it answers. */
bool haproxy_start(struct haproxy *haproxy, const struct helper_place *place,
                   const struct create_target_group *const *groups, int n_groups, int n_sources,
                   struct err *err);
void haproxy_stop(struct haproxy *haproxy, const struct cgroup_machine *cgroups);

/* A target that gets no request yet. Address in host byte order. */
bool haproxy_add(const struct haproxy *haproxy, int32_t group, int32_t task, uint32_t address,
                 int32_t port, int64_t slow_start_usec, struct err *err);

/* It gets new requests, or finishes those that it has. */
bool haproxy_use(const struct haproxy *haproxy, int32_t group, int32_t task, bool use,
                 struct err *err);

/* Cuts off what it still has, and forgets it. `gone` false: it could not yet; call again soon. */
bool haproxy_remove(const struct haproxy *haproxy, int32_t group, int32_t task, bool *gone,
                    struct err *err);

/* What it has counted of a target since it was added, and how it stands now (its `show stat`). */
struct haproxy_server {
    int32_t group, task;
    int64_t n_sessions; /* given to it */
    int64_t n_errors;   /* 5xx, no connection, no whole answer */
    int32_t n_open, n_queued;
    int32_t n_most; /* that it had at once */
    bool in_use;
};

/* All targets that it knows, to free(); in no order. */
bool haproxy_statistics(const struct haproxy *haproxy, struct haproxy_server **servers, int *n,
                        struct err *err);

/* The servers of such an answer, a table in CSV whose first line names its columns: for tests too. NULL, and
 * `n` 0, where it has none of ours. */
struct haproxy_server *haproxy_read_statistics(const char *table, int *n);

/* So many thousandths of a source's requests go to group `to`, the rest to `from`. */
bool haproxy_route(const struct haproxy *haproxy, int source, int32_t from, int32_t to,
                   int permille, struct err *err);

#endif
