/*
 * The conditions, each in one place: whether it is met, and whether it can be.
 */
#include "core/depend.h"

static bool wants_to_start(const struct depend_on *on)
{
    return on->desired >= CONTAINER_CREATED && on->desired <= CONTAINER_STOPPED;
}

bool depend_can_resolve(enum container_condition condition, const struct depend_on *on)
{
    bool stopped = on->known == CONTAINER_STOPPED;

    switch (condition) {
    case CONDITION_SUCCESS:
        if (stopped)
            return on->exit_code == 0;
        return wants_to_start(on);
    case CONDITION_COMPLETE:
        return wants_to_start(on) || (stopped && on->exit_code != ID_NONE);
    case CONDITION_HEALTHY:
        return wants_to_start(on) && on->has_health_check && !stopped;
    case CONDITION_CREATE:
    case CONDITION_START:
        return wants_to_start(on);
    }
    return false;
}

bool depend_is_resolved(enum container_condition condition, enum container_status known,
                        enum container_status desired, const struct depend_on *on,
                        bool pull_upfront)
{
    if (pull_upfront && known < CONTAINER_PULLED)
        return true;
    switch (condition) {
    case CONDITION_CREATE:
        return on->known >= CONTAINER_CREATED && on->known <= CONTAINER_STOPPED;
    case CONDITION_START:
        return on->known <= CONTAINER_STOPPED &&
               on->known >= (desired == CONTAINER_CREATED ? CONTAINER_CREATED : CONTAINER_RUNNING);
    case CONDITION_COMPLETE:
        return on->known == CONTAINER_STOPPED && on->exit_code != ID_NONE;
    case CONDITION_SUCCESS:
        return on->known == CONTAINER_STOPPED && on->exit_code == 0;
    case CONDITION_HEALTHY:
        return on->has_health_check && on->health == HEALTH_HEALTHY;
    }
    return false;
}

int64_t depend_times_out_usec(enum container_condition condition, const struct depend_on *on)
{
    if (condition == CONDITION_START || condition == CONDITION_CREATE ||
        on->start_timeout_usec <= 0 || on->started_at_usec == USEC_NEVER)
        return USEC_NEVER;
    return on->started_at_usec + on->start_timeout_usec;
}

/* Follows dependencies depth first; `state` is 0 for new, 1 for on the way, 2 for done. */
static bool cycle_from(const struct task_definition *definition, int container, char *state,
                       int *from, int *to)
{
    const struct container_definition *wanted = &definition->containers[container];

    state[container] = 1;
    for (int i = 0; i < wanted->n_depends; i++) {
        int on = wanted->depends[i].container;

        if (state[on] == 1) {
            *from = container;
            *to = on;
            return true;
        }
        if (state[on] == 0 && cycle_from(definition, on, state, from, to))
            return true;
    }
    state[container] = 2;
    return false;
}

bool depend_has_cycle(const struct task_definition *definition, int *container, int *on)
{
    char state[TASKDEF_CONTAINERS_MAX] = {0};

    for (int i = 0; i < definition->n_containers; i++)
        if (state[i] == 0 && cycle_from(definition, i, state, container, on))
            return true;
    return false;
}
