/*
 * dependsOn: what a container waits for, and the order in which containers stop
 * (agent/engine/dependencygraph/graph.go). Looks at one task's containers and nothing else.
 */
#ifndef BERTH_CORE_DEPEND_H
#define BERTH_CORE_DEPEND_H

#include "core/agent.h"

enum depend_state {
    DEPEND_MET,
    DEPEND_WAITS,
    DEPEND_NEVER, /* cannot be met any more: the task fails */
};

/* Whether a container may be pulled, created and started now. Where never, `culprit` is the container
 * it depends on in vain. START: that one runs or has stopped. COMPLETE: it has exited. SUCCESS: it has
 * exited with 0. HEALTHY: it runs and has said that it is ready. */
enum depend_state depend_check(const struct task_definition *definition,
                               const struct agent_container *containers, int container,
                               int *culprit);

/* Whether every container that depends on this one has stopped, so that it may be asked to. */
bool depend_may_stop(const struct task_definition *definition,
                     const struct agent_container *containers, int container);

#endif
