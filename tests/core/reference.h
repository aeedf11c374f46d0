/*
 * Placement once more, as ECS's developer guide tells it (task-placement, task-placement-strategies,
 * task-placement-constraints): all counts are taken anew from the list of tasks for every question.
 * Slow and plain, and not a line of it shared with sim/core/place.c; only expressions of the cluster
 * query language are left to the language itself.
 */
#ifndef BERTH_TESTS_CORE_REFERENCE_H
#define BERTH_TESTS_CORE_REFERENCE_H

#include "core/cluster.h"

struct reference {
    int32_t instance; /* ID_NONE: none takes it */
    int32_t rule;     /* as in struct place_task */
    /* Where none takes it: what the one that comes nearest lacks. */
    enum place_reason reason;
    int32_t nearest;
    int64_t lack;
};

struct reference reference_place(const struct cluster *cluster, int request, int taskdef, int task);

/* The task of the service that goes first, of that definition or (ID_NONE) of any. */
int reference_victim(const struct cluster *cluster, int service, int deployment);

#endif
