/*
 * The four conditions, and their reverse for stopping.
 */
#include "core/depend.h"

static enum depend_state check_one(const struct agent_container *on,
                                   enum container_condition condition)
{
    bool stopped = on->status == CONTAINER_STOPPED;
    bool ran = on->exit_code != ID_NONE;

    switch (condition) {
    case CONDITION_START:
        return on->status >= CONTAINER_RUNNING ? DEPEND_MET : DEPEND_WAITS;
    case CONDITION_COMPLETE:
        return !stopped ? DEPEND_WAITS : ran ? DEPEND_MET : DEPEND_NEVER;
    case CONDITION_SUCCESS:
        return !stopped ? DEPEND_WAITS : ran && on->exit_code == 0 ? DEPEND_MET : DEPEND_NEVER;
    case CONDITION_HEALTHY:
        if (stopped)
            return DEPEND_NEVER;
        return on->status >= CONTAINER_RUNNING && on->ready ? DEPEND_MET : DEPEND_WAITS;
    }
    return DEPEND_NEVER;
}

enum depend_state depend_check(const struct task_definition *definition,
                               const struct agent_container *containers, int container,
                               int *culprit)
{
    const struct container_definition *wanted = &definition->containers[container];
    enum depend_state state = DEPEND_MET;

    for (int i = 0; i < wanted->n_depends; i++) {
        const struct container_depend *depend = &wanted->depends[i];
        enum depend_state one = check_one(&containers[depend->container], depend->condition);

        if (one == DEPEND_NEVER) {
            *culprit = depend->container;
            return DEPEND_NEVER;
        }
        if (one == DEPEND_WAITS)
            state = DEPEND_WAITS;
    }
    return state;
}

bool depend_may_stop(const struct task_definition *definition,
                     const struct agent_container *containers, int container)
{
    for (int other = 0; other < definition->n_containers; other++) {
        const struct container_definition *dependent = &definition->containers[other];

        for (int i = 0; i < dependent->n_depends; i++)
            if (dependent->depends[i].container == container &&
                containers[other].status != CONTAINER_STOPPED)
                return false;
    }
    return true;
}
