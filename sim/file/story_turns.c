/*
 * The part of the story that most tasks never have: restarts, health, bindings, waiting in an agent's
 * queue, disconnections. The agents' own records tell most; where a log holds the scheduler's alone, what
 * agents reported has to do.
 */
#include "file/story_parts.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static struct story_turn *turn(struct story *story, int64_t at_usec, enum story_turn_kind kind)
{
    struct story_turn *added = ARRAY_ADD(story, turns);

    *added = (struct story_turn){.at_usec = at_usec,
                                 .kind = kind,
                                 .task = ID_NONE,
                                 .instance = ID_NONE,
                                 .container = ID_NONE};
    return added;
}

static void container_turn(struct story *story, int64_t at_usec, enum story_turn_kind kind,
                           int32_t task, int32_t container, int32_t value)
{
    struct story_turn *added = turn(story, at_usec, kind);

    added->task = task;
    added->container = container;
    added->value = value;
}

static void instance_turn(struct story *story, int64_t at_usec, enum story_turn_kind kind,
                          int32_t instance, bool value)
{
    struct story_turn *added = turn(story, at_usec, kind);

    added->instance = instance;
    added->value = value;
}

/* What agents report ---------------------------------------------------------------------------- */

static void keep_bindings(struct story_container *container, int32_t n,
                          const struct network_binding *bindings)
{
    if (container->n_bindings > 0 || n <= 0)
        return;
    container->bindings = malloc((size_t)n * sizeof *bindings);
    assert(container->bindings != NULL);
    memcpy(container->bindings, bindings, (size_t)n * sizeof *bindings);
    container->n_bindings = n;
}

static void container_state(struct story *story, int64_t at_usec, int32_t task, int32_t i,
                            const struct container_state *state)
{
    struct story_container *container = story_container_of(story, task, i);

    if (!container)
        return;
    keep_bindings(container, state->n_bindings, state->bindings);
    if (state->n_restarts > container->n_restarts) {
        container->n_restarts = state->n_restarts;
        container_turn(story, at_usec, TURN_RESTARTED, task, i, state->exit_code);
    }
    if (state->health != container->health && state->health != HEALTH_UNKNOWN)
        container_turn(story, at_usec, TURN_HEALTH, task, i, (int32_t)state->health);
    container->health = state->health;
}

static void task_state(struct story *story, int64_t at_usec, const struct task_state *report)
{
    for (int i = 0; i < report->n_containers; i++)
        container_state(story, at_usec, report->task, i, &report->containers[i]);
}

/* The scheduler's records ----------------------------------------------------------------------- */

static void connection(struct story *story, int64_t at_usec, int32_t id, bool connected)
{
    struct story_instance *instance = story_instance_of(story, id);

    if (!instance || instance->connected == connected)
        return;
    instance->connected = connected;
    if (instance->registered_at_usec < at_usec && instance->lost_at_usec == USEC_NEVER)
        instance_turn(story, at_usec, TURN_CONNECTED, id, connected);
}

static void drains(struct story *story, int64_t at_usec, int32_t id, bool draining)
{
    struct story_instance *instance = story_instance_of(story, id);

    if (!instance || instance->draining == draining)
        return;
    instance->draining = draining;
    instance_turn(story, at_usec, TURN_DRAINING, id, draining);
}

/* As the scheduler takes it: once, and of Spot instances only. */
static void warned(struct story *story, int64_t at_usec, const struct spot_warning *warning)
{
    struct story_instance *instance = story_instance_of(story, warning->instance);

    if (!instance || !instance->spot || instance->interrupted || story->end_usec != USEC_NEVER)
        return;
    instance->interrupted = true;
    instance_turn(story, at_usec, TURN_WARNED, warning->instance, 0);
}

/* Its records are in the log: what the scheduler hears of it is old. */
static bool speaks_itself(struct story *story, int32_t id)
{
    const struct story_instance *instance = story_instance_of(story, id);

    return instance && instance->booted_at_usec != USEC_NEVER;
}

static void scheduler_event(struct story *story, const struct record *record)
{
    const struct message *event = &record->event;

    switch (event->kind) {
    case MESSAGE_REGISTER:
        connection(story, record->at_usec, event->as.register_instance.instance, true);
        break;
    case MESSAGE_AGENT_DISCONNECTED:
        connection(story, record->at_usec, event->as.agent_disconnected.instance, false);
        break;
    case MESSAGE_TASK_STATE:
        if (!speaks_itself(story, event->as.task_state.instance))
            task_state(story, record->at_usec, &event->as.task_state);
        break;
    case MESSAGE_UPDATE_INSTANCE_STATE:
        if (!record_is_refused(record))
            drains(story, record->at_usec, event->as.update_instance_state.instance,
                   event->as.update_instance_state.draining);
        break;
    case MESSAGE_SPOT_WARNING:
        warned(story, record->at_usec, &event->as.spot_warning);
        break;
    case MESSAGE_UPDATE_TASK_PROTECTION:
        if (!record_is_refused(record) &&
            story_task_of(story, event->as.update_task_protection.task))
            container_turn(story, record->at_usec, TURN_PROTECTED,
                           event->as.update_task_protection.task, ID_NONE,
                           event->as.update_task_protection.enabled);
        break;
    default:
        break;
    }
}

/* The agents' records --------------------------------------------------------------------------- */

static const struct task_definition *definition_of(const struct story *story,
                                                   const struct story_task *task)
{
    return taskdefs_get(&story->taskdefs, task->taskdef);
}

/* It has come to the agent and is not admitted at once: what is it that the instance lacks? */
static void queued(struct story *story, int32_t machine, struct story_task *task)
{
    const struct story_instance *instance = story_instance_of(story, machine);
    const struct task_definition *definition = definition_of(story, task);

    if (!instance)
        return;
    if (taskdef_cpu(definition) > instance->cpu - instance->cpu_held)
        task->waited_lack = PLACE_CPU;
    else if (taskdef_memory_mib(definition) > instance->memory_mib - instance->memory_held_mib)
        task->waited_lack = PLACE_MEMORY;
    else if (taskdef_gpus(definition, 1) > 0)
        task->waited_lack = PLACE_GPU;
    else if (taskdef_has_host_ports(definition))
        task->waited_lack = PLACE_PORTS;
}

static bool is_ordered(const struct record *record, int32_t task)
{
    for (int i = 0; i < record->outputs.n_messages; i++) {
        const struct message *output = &record->outputs.messages[i];

        if ((output->kind == MESSAGE_PULL_IMAGE && output->as.order.task == task) ||
            (output->kind == MESSAGE_BOOT_MACHINE && output->as.boot_machine.task == task) ||
            (output->kind == MESSAGE_CREATE_CONTAINER && output->as.create.task == task))
            return true;
    }
    return false;
}

/* `left`: the task that ended in the same step, or ID_NONE. */
static void admitted(struct story *story, const struct record *record, int32_t id, int32_t left)
{
    struct story_task *task = story_task_of(story, id);
    struct story_instance *instance = story_instance_of(story, record->machine);

    if (!task || !instance || task->admitted_at_usec != USEC_NEVER)
        return;
    task->admitted_at_usec = record->at_usec;
    instance->cpu_held += taskdef_cpu(definition_of(story, task));
    instance->memory_held_mib += taskdef_memory_mib(definition_of(story, task));
    if (task->received_at_usec != USEC_NEVER && record->at_usec > task->received_at_usec)
        task->waited_for = left;
}

static void removed(struct story *story, int32_t machine, int32_t id)
{
    const struct story_task *task = story_task_of(story, id);
    struct story_instance *instance = story_instance_of(story, machine);

    if (!task || !instance || task->admitted_at_usec == USEC_NEVER)
        return;
    instance->cpu_held -= taskdef_cpu(definition_of(story, task));
    instance->memory_held_mib -= taskdef_memory_mib(definition_of(story, task));
}

/* A container that has run before starts again. */
static void started(struct story *story, int64_t at_usec, const struct container_order *order)
{
    struct story_container *container = story_container_of(story, order->task, order->container);

    if (!container || container->exited_at_usec == USEC_NEVER)
        return;
    if (++container->n_restarts_ordered > container->n_restarts) {
        container->n_restarts = container->n_restarts_ordered;
        container_turn(story, at_usec, TURN_RESTARTED, order->task, order->container,
                       container->exit_code);
    }
    container->exited_at_usec = USEC_NEVER;
    container->exit_code = ID_NONE;
    container->oom = false;
}

static void created(struct story *story, const struct create_container *create)
{
    struct story_container *container = story_container_of(story, create->task, create->container);

    if (!container)
        return;
    container->gpus = create->gpus;
    keep_bindings(container, create->n_bindings, create->bindings);
}

/* A passed probe makes the container healthy at once, unless it comes too late to count. */
static void probed(struct story *story, int64_t at_usec, const struct container_probed *answer)
{
    const struct story_task *task = story_task_of(story, answer->task);
    struct story_container *container = story_container_of(story, answer->task, answer->container);
    const struct health_check *check =
        container ? definition_of(story, task)->containers[answer->container].health : NULL;

    if (!check || !answer->healthy || container->health == HEALTH_HEALTHY ||
        container->probe_at_usec == USEC_NEVER ||
        at_usec - container->probe_at_usec >= check->timeout_usec)
        return;
    container->health = HEALTH_HEALTHY;
    container_turn(story, at_usec, TURN_HEALTH, answer->task, answer->container, HEALTH_HEALTHY);
}

static void agent_event(struct story *story, const struct record *record)
{
    const struct message *event = &record->event;
    struct story_task *task;

    if (event->kind == MESSAGE_PLACE_TASK) {
        task = story_task_of(story, event->as.place_task.task);
        if (task && task->received_at_usec == record->at_usec &&
            !is_ordered(record, event->as.place_task.task))
            queued(story, record->machine, task);
    } else if (event->kind == MESSAGE_CONTAINER_PROBED) {
        probed(story, record->at_usec, &event->as.probed);
    } else if (event->kind == MESSAGE_IMAGE_PULLED && event->as.fact.error &&
               story_container_of(story, event->as.fact.task, event->as.fact.container)) {
        container_turn(story, record->at_usec, TURN_PULL_FAILED, event->as.fact.task,
                       event->as.fact.container, 0);
    }
}

static void agent_actions(struct story *story, const struct record *record)
{
    struct story_container *container;
    int32_t left = ID_NONE;

    for (int i = 0; i < record->outputs.n_messages; i++) {
        const struct message *output = &record->outputs.messages[i];

        switch (output->kind) {
        case MESSAGE_REMOVE_TASK:
            left = output->as.remove_task.task;
            removed(story, record->machine, left);
            break;
        case MESSAGE_BOOT_MACHINE:
            admitted(story, record, output->as.boot_machine.task, left);
            break;
        case MESSAGE_PULL_IMAGE:
            admitted(story, record, output->as.order.task, left);
            break;
        case MESSAGE_CREATE_CONTAINER:
            admitted(story, record, output->as.create.task, left);
            created(story, &output->as.create);
            break;
        case MESSAGE_START_CONTAINER:
            started(story, record->at_usec, &output->as.order);
            break;
        case MESSAGE_PROBE_CONTAINER:
            container =
                story_container_of(story, output->as.probe.task, output->as.probe.container);
            if (container)
                container->probe_at_usec = record->at_usec;
            break;
        case MESSAGE_TASK_STATE:
            task_state(story, record->at_usec, &output->as.task_state);
            break;
        default:
            break;
        }
    }
}

void story_turns_add(struct story *story, const struct record *record)
{
    if (record->machine == ID_NONE) {
        scheduler_event(story, record);
        for (int i = 0; i < record->outputs.n_messages; i++)
            if (record->outputs.messages[i].kind == MESSAGE_DRAIN_INSTANCE)
                drains(story, record->at_usec,
                       record->outputs.messages[i].as.drain_instance.instance, true);
        return;
    }
    agent_event(story, record);
    agent_actions(story, record);
}
