/*
 * dependsOn: what a container waits for, and the order in which containers stop
 * (agent/engine/dependencygraph/graph.go). The rules are functions of two containers' states and know
 * nothing of the agent around them.
 */
#ifndef BERTH_CORE_DEPEND_H
#define BERTH_CORE_DEPEND_H

#include "core/message.h"

/* What the rules look at of the container that is depended on. */
struct depend_on {
    enum container_status known, desired;
    int32_t exit_code; /* ID_NONE: not known */
    bool has_health_check;
    enum health_status health;
    int64_t started_at_usec;    /* USEC_NEVER: it has not */
    int64_t start_timeout_usec; /* 0: none */
};

/* Whether the dependency could ever be met (verifyContainerOrderingStatusResolvable). */
bool depend_can_resolve(enum container_condition condition, const struct depend_on *on);

/* Whether it is met now for a container that is at `known` and is to get to `desired`. With
 * `pull_upfront` (ECS_PULL_DEPENDENT_CONTAINERS_UPFRONT) nothing stands against a pull. */
bool depend_is_resolved(enum container_condition condition, enum container_status known,
                        enum container_status desired, const struct depend_on *on,
                        bool pull_upfront);

/* When the dependency will have taken too long: its startTimeout, counted from its own start, for
 * every condition but START. USEC_NEVER: no such limit applies. */
int64_t depend_times_out_usec(enum container_condition condition, const struct depend_on *on);

/* The first two containers' indexes of a dependsOn cycle, or false where there is none. A cyclic
 * definition never starts (ValidDependencies). */
bool depend_has_cycle(const struct task_definition *definition, int *container, int *on);

#endif
