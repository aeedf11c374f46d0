/*
 * What a strategy of your own may look at: small questions about the cluster, in plain words. They
 * only read, and they know no clock, no file and no chance: so the same cluster always gives the
 * same answers, simulated and real.
 */
#ifndef BERTH_CORE_VIEW_H
#define BERTH_CORE_VIEW_H

#include "core/cluster.h"

/* The cluster as it is at the moment of the decision. Ask it with the functions below. */
struct strategy_view {
    const struct cluster *cluster;
    int32_t task_group; /* of the task that is to be placed */
};

/* The task that is to be placed: what it reserves, and its task definition's family. */
struct strategy_task {
    int32_t cpu; /* CPU units: 1024 are one vCPU */
    int32_t memory_mib;
    const char *family;
};

/* Instances are numbered from 0 on: instance 0 is i1. A view has all of them, those without room and
 * those that are gone too. */
int view_n_instances(const struct strategy_view *view);

/* Whether the instance can take tasks at all: it is ACTIVE and its agent is connected. */
bool view_is_active(const struct strategy_view *view, int instance);

/* CPU units and MiB: all that the instance has, and what no task has reserved. */
int64_t view_cpu(const struct strategy_view *view, int instance);
int64_t view_memory_mib(const struct strategy_view *view, int instance);
int64_t view_free_cpu(const struct strategy_view *view, int instance);
int64_t view_free_memory_mib(const struct strategy_view *view, int instance);

/* Tasks on the instance that are meant to run: all of them, or those of the same group (the same
 * service, or what RunTask started of the same family). */
int view_tasks(const struct strategy_view *view, int instance);
int view_group_tasks(const struct strategy_view *view, int instance);

/* Tasks of the same group on all instances of this one's zone. Looks at every instance. */
int view_group_tasks_in_zone(const struct strategy_view *view, int instance);

/* The instance's zone, "" where it has none. */
const char *view_zone(const struct strategy_view *view, int instance);

/* The value of an attribute such as "ecs.instance-type" or one of the scenario's own; NULL where the
 * instance has none of that name. */
const char *view_attribute(const struct strategy_view *view, int instance, const char *name);

#endif
