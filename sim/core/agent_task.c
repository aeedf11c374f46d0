/*
 * The containers of one task. agent/api/task/task.go: the task's status is the minimum over theirs,
 * and an essential one that stops takes the task with it.
 */
#include "core/agent_task.h"

#include "core/array.h"
#include "core/depend.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct task_definition *agent_task_definition(const struct agent *agent,
                                                    const struct agent_task *task)
{
    return taskdefs_get(agent->taskdefs, task->taskdef);
}

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n, size);

    assert(memory != NULL);
    return memory;
}

struct agent_task *agent_task_create(const struct agent *agent, const struct place_task *event)
{
    int n = taskdefs_get(agent->taskdefs, event->taskdef)->n_containers;
    struct agent_task *task =
        allocate(1, sizeof *task + (size_t)n * (sizeof *task->containers + sizeof *task->states +
                                                sizeof *task->claims));

    task->task = event->task;
    task->taskdef = event->taskdef;
    task->due_usec = USEC_NEVER;
    task->containers = (struct agent_container *)(task + 1);
    task->states = (struct container_state *)(task->containers + n);
    task->claims = (struct host_claim *)(task->states + n);
    for (int i = 0; i < n; i++) {
        struct agent_container *container = &task->containers[i];

        container->exit_code = ID_NONE;
        container->started_at_usec = USEC_NEVER;
        container->probe_at_usec = USEC_NEVER;
        container->answer_by_usec = USEC_NEVER;
        container->kill_at_usec = USEC_NEVER;
    }
    return task;
}

void agent_task_destroy(const struct agent *agent, struct agent_task *task)
{
    for (int i = 0; i < agent_task_definition(agent, task)->n_containers; i++)
        free(task->claims[i].bindings);
    free(task->reason);
    free(task);
}

bool agent_task_has_machine(const struct agent *agent, const struct agent_task *task)
{
    return agent_task_definition(agent, task)->machine;
}

void agent_task_admit(struct agent *agent, struct agent_task *task)
{
    const struct task_definition *definition = agent_task_definition(agent, task);

    task->admitted = true;
    host_take(&agent->host, definition, task->claims);
    for (int i = 0; i < definition->n_containers && !agent_task_has_machine(agent, task); i++)
        images_use(&agent->images, definition->containers[i].image);
}

void agent_task_stop(struct agent_task *task, enum stop_code code, const char *before,
                     const char *after)
{
    size_t size;

    if (task->stopping)
        return;
    task->stopping = true;
    task->stop_code = (uint8_t)code;
    if (!before)
        return;
    size = strlen(before) + (after ? strlen(after) : 0) + 1;
    task->reason = allocate(1, size);
    snprintf(task->reason, size, "%s%s", before, after ? after : "");
}

/* Deadlines ------------------------------------------------------------------------------------- */

static struct depend_on depend_on(const struct task_definition *definition,
                                  const struct agent_task *task, int container)
{
    const struct agent_container *on = &task->containers[container];
    const struct container_definition *defined = &definition->containers[container];

    return (struct depend_on){
        .known = (enum container_status)on->status,
        .desired = task->stopping ? CONTAINER_STOPPED : CONTAINER_RUNNING,
        .exit_code = on->exit_code,
        .has_health_check = defined->health != NULL,
        .health = (enum health_status)on->health,
        .started_at_usec = on->started_at_usec,
        .start_timeout_usec = defined->start_timeout_usec,
    };
}

/* When the first of the dependencies that keep the container from its next step has taken too long. */
static int64_t start_timeout_usec(const struct task_definition *definition,
                                  const struct agent_task *task, int container)
{
    const struct container_definition *defined = &definition->containers[container];
    int64_t least_usec = USEC_NEVER;

    if (task->stopping || task->containers[container].busy ||
        task->containers[container].started_at_usec != USEC_NEVER)
        return USEC_NEVER;
    for (int i = 0; i < defined->n_depends; i++) {
        struct depend_on on = depend_on(definition, task, defined->depends[i].container);
        int64_t at_usec = depend_times_out_usec(defined->depends[i].condition, &on);

        if (at_usec < least_usec &&
            !depend_is_resolved(defined->depends[i].condition, CONTAINER_NONE, CONTAINER_RUNNING,
                                &on, false))
            least_usec = at_usec;
    }
    return least_usec;
}

int64_t agent_task_deadline(const struct agent *agent, const struct agent_task *task)
{
    const struct task_definition *definition = agent_task_definition(agent, task);
    int64_t least_usec = USEC_NEVER;

    for (int i = 0; i < definition->n_containers; i++) {
        const struct agent_container *container = &task->containers[i];
        const int64_t timers[] = {container->probe_at_usec, container->answer_by_usec,
                                  container->kill_at_usec, start_timeout_usec(definition, task, i)};

        for (size_t k = 0; k < sizeof timers / sizeof timers[0]; k++)
            if (timers[k] < least_usec)
                least_usec = timers[k];
    }
    return least_usec;
}

/* Health ---------------------------------------------------------------------------------------- */

void agent_task_started(const struct agent *agent, struct agent_task *task, int i)
{
    const struct task_definition *definition = agent_task_definition(agent, task);
    struct agent_container *container = &task->containers[i];

    container->started_at_usec = agent->now_usec;
    container->health = HEALTH_UNKNOWN;
    container->n_failures = 0;
    if (definition->containers[i].health)
        container->probe_at_usec =
            agent->now_usec + definition->containers[i].health->interval_usec;
}

static void stop_probing(struct agent_container *container)
{
    container->probe_at_usec = USEC_NEVER;
    container->answer_by_usec = USEC_NEVER;
}

void agent_task_probed(const struct agent *agent, struct agent_task *task, int i, bool healthy)
{
    const struct health_check *check = agent_task_definition(agent, task)->containers[i].health;
    struct agent_container *container = &task->containers[i];
    bool in_start_period = agent->now_usec < container->started_at_usec + check->start_period_usec;

    container->answer_by_usec = USEC_NEVER;
    container->probe_at_usec = agent->now_usec + check->interval_usec;
    if (healthy) {
        container->n_failures = 0;
        container->health = HEALTH_HEALTHY;
    } else if (!in_start_period || container->health == HEALTH_HEALTHY) {
        container->n_failures++;
        if (container->n_failures >= check->retries)
            container->health = HEALTH_UNHEALTHY;
    }
}

/* Over the essential containers: one UNHEALTHY decides, then one UNKNOWN (ECS API: HealthCheck). */
static enum health_status task_health(const struct task_definition *definition,
                                      const struct agent_task *task)
{
    bool unknown = false;

    for (int i = 0; i < definition->n_containers; i++) {
        if (!definition->containers[i].essential)
            continue;
        if (task->containers[i].health == HEALTH_UNHEALTHY)
            return HEALTH_UNHEALTHY;
        unknown = unknown || task->containers[i].health == HEALTH_UNKNOWN;
    }
    return unknown ? HEALTH_UNKNOWN : HEALTH_HEALTHY;
}

/* Reports --------------------------------------------------------------------------------------- */

static void fill_states(const struct task_definition *definition, struct agent_task *task)
{
    for (int i = 0; i < definition->n_containers; i++) {
        const struct agent_container *container = &task->containers[i];

        task->states[i] = (struct container_state){
            .status = (enum container_status)container->status,
            .health = (enum health_status)container->health,
            .exit_code = container->exit_code,
            .oom = container->oom,
            .n_restarts = container->n_restarts,
            .n_bindings = task->claims[i].n_bindings,
            .bindings = task->claims[i].bindings,
        };
    }
}

static void report(struct agent *agent, struct agent_task *task, enum task_status status,
                   struct outputs *outputs)
{
    const struct task_definition *definition = agent_task_definition(agent, task);
    struct message message = message_new(MESSAGE_TASK_STATE);
    struct task_state *state = &message.as.task_state;

    fill_states(definition, task);
    task->reported_health = (uint8_t)task_health(definition, task);
    *state = (struct task_state){
        .instance = agent->instance,
        .epoch = agent->epoch,
        .task = task->task,
        .status = status,
        .health = (enum health_status)task->reported_health,
        .code = status == TASK_STOPPED ? (enum stop_code)task->stop_code : STOP_NONE,
        .reason = status == TASK_STOPPED ? task->reason : NULL,
        .n_containers = definition->n_containers,
        .containers = task->states,
    };
    if (agent->connected) {
        message.id = ++agent->n_reports;
        *outputs_add(outputs, MESSAGE_TASK_STATE) = message;
    } else {
        message_copy(ARRAY_ADD(agent, unsent), &message);
    }
}

static void give_back(struct agent *agent, const struct task_definition *definition,
                      struct agent_task *task, struct outputs *outputs)
{
    for (int i = 0; i < definition->n_containers && !definition->machine; i++)
        images_release(&agent->images, definition->containers[i].image, agent->now_usec);
    outputs_add(outputs, MESSAGE_REMOVE_TASK)->as.remove_task.task = task->task;
    host_give(&agent->host, definition, task->claims);
}

/* Moving up ------------------------------------------------------------------------------------- */

static void order_create(struct outputs *outputs, struct agent_task *task, int i)
{
    struct create_container *create = &outputs_add(outputs, MESSAGE_CREATE_CONTAINER)->as.create;

    create->task = task->task;
    create->container = i;
    create->gpus = task->claims[i].gpus;
    create->n_bindings = task->claims[i].n_bindings;
    create->bindings = task->claims[i].bindings;
}

static void order(struct outputs *outputs, enum message_kind kind, const struct agent_task *task,
                  int i)
{
    struct container_order *order = &outputs_add(outputs, kind)->as.order;

    order->task = task->task;
    order->container = i;
}

/* The next order for a container that may go on. */
static void order_next(struct agent *agent, const struct task_definition *definition,
                       struct agent_task *task, int i, struct outputs *outputs)
{
    struct agent_container *container = &task->containers[i];

    if (container->status < CONTAINER_PULLED) {
        int image = images_find(&agent->images, definition->containers[i].image);

        /* a machine of its own begins without any image, whatever the instance has */
        if (definition->machine ||
            images_must_pull(&agent->images, image, agent->rules.pull_behavior))
            order(outputs, MESSAGE_PULL_IMAGE, task, i);
        else
            container->status = CONTAINER_PULLED;
    }
    if (container->status == CONTAINER_PULLED)
        order_create(outputs, task, i);
    else if (container->status == CONTAINER_CREATED)
        order(outputs, MESSAGE_START_CONTAINER, task, i);
    container->busy = true;
}

/* Whether everything the container depends on lets it go on; a dependency that never will stops the
 * task. */
static bool may_go_on(const struct agent *agent, const struct task_definition *definition,
                      struct agent_task *task, int i)
{
    const struct container_definition *defined = &definition->containers[i];
    bool resolved = true;

    for (int d = 0; d < defined->n_depends; d++) {
        const struct container_depend *depend = &defined->depends[d];
        struct depend_on on = depend_on(definition, task, depend->container);
        bool met =
            depend_is_resolved(depend->condition, (enum container_status)task->containers[i].status,
                               CONTAINER_RUNNING, &on, agent->rules.pull_dependents_upfront);

        if (!met && !depend_can_resolve(depend->condition, &on)) {
            agent_task_stop(task, STOP_TASK_FAILED_TO_START,
                            "dependsOn can no longer be met: container ",
                            definition->containers[depend->container].name);
            return false;
        }
        if (!met && depend_times_out_usec(depend->condition, &on) <= agent->now_usec) {
            agent_task_stop(task, STOP_TASK_FAILED_TO_START,
                            "dependsOn was not met within startTimeout: container ",
                            definition->containers[depend->container].name);
            return false;
        }
        resolved = resolved && met;
    }
    return resolved;
}

/* Whether there is a place for containers: the instance, or the task's own machine. */
static bool has_place(const struct task_definition *definition, struct agent_task *task,
                      struct outputs *outputs)
{
    if (definition->machine && task->machine == AGENT_MACHINE_NONE) {
        task->machine = AGENT_MACHINE_BOOTS;
        outputs_add(outputs, MESSAGE_BOOT_MACHINE)->as.boot_machine.task = task->task;
    }
    return !definition->machine || task->machine == AGENT_MACHINE_UP;
}

static void move_up(struct agent *agent, const struct task_definition *definition,
                    struct agent_task *task, int i, struct outputs *outputs)
{
    const struct agent_container *container = &task->containers[i];

    if (!container->busy && container->status < CONTAINER_RUNNING &&
        may_go_on(agent, definition, task, i))
        order_next(agent, definition, task, i, outputs);
}

/* ECS API: ContainerRestartPolicy: it must have run that long, and its exit code must not be ignored. */
static bool may_restart(const struct agent *agent, const struct agent_task *task,
                        const struct container_definition *defined,
                        const struct agent_container *container)
{
    if (!defined->restart || task->stopping ||
        agent->now_usec - container->started_at_usec < defined->restart->attempt_period_usec)
        return false;
    for (int i = 0; i < defined->restart->n_ignored; i++)
        if (defined->restart->ignored[i].exit_code == container->exit_code)
            return false;
    return true;
}

void agent_task_exited(const struct agent *agent, struct agent_task *task,
                       const struct container_exited *event, struct outputs *outputs)
{
    const struct container_definition *defined =
        &agent_task_definition(agent, task)->containers[event->container];
    struct agent_container *container = &task->containers[event->container];

    container->exit_code = event->exit_code;
    container->oom = event->oom;
    container->kill_at_usec = USEC_NEVER;
    stop_probing(container);
    if (may_restart(agent, task, defined, container)) {
        container->n_restarts++;
        container->status = CONTAINER_CREATED;
        container->busy = true;
        order(outputs, MESSAGE_START_CONTAINER, task, event->container);
        return;
    }
    container->status = CONTAINER_STOPPED;
    if (defined->essential)
        agent_task_stop(task, STOP_ESSENTIAL_CONTAINER_EXITED,
                        event->oom ? "OutOfMemoryError: Container killed due to memory usage"
                                   : "Essential container in task exited",
                        NULL);
}

/* Coming down ----------------------------------------------------------------------------------- */

static void signal_container(struct outputs *outputs, const struct agent_task *task, int i,
                             enum stop_signal signal)
{
    struct signal_container *order = &outputs_add(outputs, MESSAGE_SIGNAL_CONTAINER)->as.signal;

    order->task = task->task;
    order->container = i;
    order->signal = signal;
}

/* Everything that depends on the container has stopped (verifyShutdownOrder). */
static bool may_stop(const struct task_definition *definition, const struct agent_task *task, int i)
{
    for (int other = 0; other < definition->n_containers; other++)
        for (int d = 0; d < definition->containers[other].n_depends; d++)
            if (definition->containers[other].depends[d].container == i &&
                task->containers[other].status != CONTAINER_STOPPED)
                return false;
    return true;
}

/* What runs gets SIGTERM once nobody depends on it any more; what does not run yet is stopped as it
 * is, unless an order is still out. */
static void move_down(struct agent *agent, const struct task_definition *definition,
                      struct agent_task *task, int i, struct outputs *outputs)
{
    struct agent_container *container = &task->containers[i];

    if (container->busy || container->status == CONTAINER_STOPPED || container->term_sent)
        return;
    if (container->status < CONTAINER_RUNNING) {
        container->status = CONTAINER_STOPPED;
    } else if (may_stop(definition, task, i)) {
        container->term_sent = true;
        stop_probing(container);
        container->kill_at_usec = agent->now_usec + definition->containers[i].stop_timeout_usec;
        signal_container(outputs, task, i, SIGNAL_TERM);
    }
}

static enum container_status least_status(const struct task_definition *definition,
                                          const struct agent_task *task)
{
    enum container_status least = CONTAINER_STOPPED;

    for (int i = 0; i < definition->n_containers; i++)
        if (task->containers[i].status < least)
            least = (enum container_status)task->containers[i].status;
    return least;
}

bool agent_task_advance(struct agent *agent, struct agent_task *task, struct outputs *outputs)
{
    const struct task_definition *definition = agent_task_definition(agent, task);
    enum container_status least;

    if (task->admitted && !task->stopping && has_place(definition, task, outputs))
        for (int i = 0; i < definition->n_containers && !task->stopping; i++)
            move_up(agent, definition, task, i, outputs);
    /* A container stopped as it is may free another one: look until nothing changes. */
    for (int pass = 0; pass < definition->n_containers && task->stopping; pass++)
        for (int i = 0; i < definition->n_containers; i++)
            move_down(agent, definition, task, i, outputs);
    least = least_status(definition, task);
    if (least == CONTAINER_STOPPED) {
        report(agent, task, TASK_STOPPED, outputs);
        if (task->admitted)
            give_back(agent, definition, task, outputs);
        return true;
    }
    if (task->stopping)
        return false;
    if (least >= CONTAINER_RUNNING && !task->reported_running) {
        task->reported_running = true;
        report(agent, task, TASK_RUNNING, outputs);
    } else if (task->reported_running &&
               task_health(definition, task) != (enum health_status)task->reported_health) {
        report(agent, task, TASK_RUNNING, outputs);
    }
    return false;
}

static void probe(struct agent *agent, const struct task_definition *definition,
                  struct agent_task *task, int i, struct outputs *outputs)
{
    struct agent_container *container = &task->containers[i];
    struct probe_container *order = &outputs_add(outputs, MESSAGE_PROBE_CONTAINER)->as.probe;

    order->task = task->task;
    order->container = i;
    order->probe = ++container->n_probes;
    container->probe_at_usec = USEC_NEVER;
    container->answer_by_usec = agent->now_usec + definition->containers[i].health->timeout_usec;
}

bool agent_task_tick(struct agent *agent, struct agent_task *task, struct outputs *outputs)
{
    const struct task_definition *definition = agent_task_definition(agent, task);
    bool moved = false;

    for (int i = 0; i < definition->n_containers; i++) {
        struct agent_container *container = &task->containers[i];

        if (container->kill_at_usec <= agent->now_usec) {
            container->kill_at_usec = USEC_NEVER;
            signal_container(outputs, task, i, SIGNAL_KILL);
        }
        if (container->answer_by_usec <= agent->now_usec) {
            agent_task_probed(agent, task, i, false);
            moved = true;
        }
        if (container->probe_at_usec <= agent->now_usec)
            probe(agent, definition, task, i, outputs);
        moved = moved || start_timeout_usec(definition, task, i) <= agent->now_usec;
    }
    return moved && agent_task_advance(agent, task, outputs);
}
