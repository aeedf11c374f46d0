/*
 * The agent's step: an event changes one task, then that task moves as far as it can, then the queue
 * does. Every move of a container is an order to the world, and waits for the world's answer.
 */
#include "core/agent.h"

#include "core/array.h"
#include "core/depend.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void agent_init(struct agent *agent, const struct taskdefs *taskdefs)
{
    *agent = (struct agent){.taskdefs = taskdefs, .instance = ID_NONE, .deadline_usec = USEC_NEVER};
}

static void task_finish(struct agent_task *task)
{
    free(task->containers);
    free(task->states);
    free(task->reason);
}

static void bury_gone(struct agent *agent)
{
    for (int i = 0; i < agent->n_gone; i++)
        task_finish(&agent->gone[i]);
    agent->n_gone = 0;
}

void agent_finish(struct agent *agent)
{
    bury_gone(agent);
    for (int i = 0; i < agent->n_tasks; i++)
        task_finish(&agent->tasks[i]);
    free(agent->tasks);
    free(agent->gone);
    *agent = (struct agent){0};
}

int64_t agent_deadline(const struct agent *agent)
{
    return agent->deadline_usec;
}

static const struct task_definition *definition_of(const struct agent *agent,
                                                   const struct agent_task *task)
{
    return taskdefs_get(agent->taskdefs, task->taskdef);
}

static struct agent_task *find_task(const struct agent *agent, int id)
{
    /* From the end: events are mostly about young tasks. */
    for (int i = agent->n_tasks - 1; i >= 0; i--)
        if (agent->tasks[i].task == id)
            return &agent->tasks[i];
    return NULL;
}

/* Why it stops: the first reason stays. */
static void set_reason(struct agent_task *task, const char *before, const char *after)
{
    size_t size = strlen(before) + strlen(after) + 1;

    if (task->reason)
        return;
    task->reason = malloc(size);
    assert(task->reason != NULL);
    snprintf(task->reason, size, "%s%s", before, after);
}

static void begin_stop(struct agent_task *task, enum stop_code code)
{
    if (task->stopping)
        return;
    task->stopping = true;
    task->stop_code = (uint8_t)code;
}

/* Reports -------------------------------------------------------------------------------------- */

static void report(struct agent *agent, struct agent_task *task, enum task_status status,
                   struct outputs *outputs)
{
    const struct task_definition *definition = definition_of(agent, task);
    struct message *message = outputs_add(outputs, MESSAGE_TASK_STATE);
    struct task_state *state = &message->as.task_state;

    message->id = ++agent->n_reports;
    for (int i = 0; i < definition->n_containers; i++)
        task->states[i] = (struct container_state){
            .status = (enum container_status)task->containers[i].status,
            .exit_code = task->containers[i].exit_code,
            .oom = task->containers[i].oom,
        };
    state->instance = agent->instance;
    state->epoch = agent->epoch;
    state->task = task->task;
    state->status = status;
    if (status == TASK_STOPPED) {
        state->code = (enum stop_code)task->stop_code;
        state->reason = task->reason;
    }
    state->n_containers = definition->n_containers;
    state->containers = task->states;
}

/* Admission: the host's ledger and the queue --------------------------------------------------- */

/* Both definitions take the same static host port. */
static bool ports_collide(const struct task_definition *a, const struct task_definition *b)
{
    for (int c = 0; c < a->n_containers; c++)
        for (int i = 0; i < a->containers[c].n_ports; i++)
            for (int d = 0; d < b->n_containers; d++)
                for (int j = 0; j < b->containers[d].n_ports; j++)
                    if (taskdef_host_port(a, c, i) > 0 &&
                        taskdef_host_port(a, c, i) == taskdef_host_port(b, d, j) &&
                        a->containers[c].ports[i].protocol == b->containers[d].ports[j].protocol)
                        return true;
    return false;
}

static bool fits(const struct agent *agent, const struct task_definition *definition)
{
    if (taskdef_cpu(definition) > agent->cpu - agent->cpu_used ||
        taskdef_memory_mib(definition) > agent->memory_mib - agent->memory_used_mib)
        return false;
    if (!taskdef_has_host_ports(definition))
        return true;
    for (int i = 0; i < agent->n_tasks; i++)
        if (agent->tasks[i].admitted &&
            ports_collide(definition, definition_of(agent, &agent->tasks[i])))
            return false;
    return true;
}

static void admit(struct agent *agent, struct agent_task *task)
{
    const struct task_definition *definition = definition_of(agent, task);

    task->admitted = true;
    agent->cpu_used += taskdef_cpu(definition);
    agent->memory_used_mib += taskdef_memory_mib(definition);
}

/* The task has ended: its last report stays readable until the next step. */
static void remove_task(struct agent *agent, struct agent_task *task, struct outputs *outputs)
{
    const struct task_definition *definition = definition_of(agent, task);
    int index = (int)(task - agent->tasks);

    if (task->admitted) {
        agent->cpu_used -= taskdef_cpu(definition);
        agent->memory_used_mib -= taskdef_memory_mib(definition);
        outputs_add(outputs, MESSAGE_REMOVE_TASK)->as.remove_task.task = task->task;
    }
    *ARRAY_ADD(agent, gone) = *task;
    agent->n_tasks--;
    memmove(task, task + 1, (size_t)(agent->n_tasks - index) * sizeof *task);
}

/* Moving containers ---------------------------------------------------------------------------- */

static void order(struct outputs *outputs, enum message_kind kind, struct agent_task *task,
                  int container)
{
    struct container_order *order = &outputs_add(outputs, kind)->as.order;

    order->task = task->task;
    order->container = container;
    task->containers[container].busy = true;
}

static void signal_container(struct outputs *outputs, const struct agent_task *task, int container,
                             enum stop_signal signal)
{
    struct signal_container *order = &outputs_add(outputs, MESSAGE_SIGNAL_CONTAINER)->as.signal;

    order->task = task->task;
    order->container = container;
    order->signal = signal;
}

/* One container of a task that is meant to run: the next order, where nothing stands against it. */
static void move_up(const struct task_definition *definition, struct agent_task *task, int i,
                    struct outputs *outputs)
{
    static const enum message_kind next_orders[] = {
        [CONTAINER_NONE] = MESSAGE_PULL_IMAGE,
        [CONTAINER_MANIFEST_PULLED] = MESSAGE_PULL_IMAGE,
        [CONTAINER_PULLED] = MESSAGE_CREATE_CONTAINER,
        [CONTAINER_CREATED] = MESSAGE_START_CONTAINER,
    };
    struct agent_container *container = &task->containers[i];
    int culprit = ID_NONE;

    if (container->busy || container->status >= CONTAINER_RUNNING)
        return;
    switch (depend_check(definition, task->containers, i, &culprit)) {
    case DEPEND_MET:
        order(outputs, next_orders[container->status], task, i);
        break;
    case DEPEND_NEVER:
        set_reason(task, "dependsOn can no longer be met: container ",
                   definition->containers[culprit].name);
        begin_stop(task, STOP_TASK_FAILED_TO_START);
        break;
    case DEPEND_WAITS:
        break;
    }
}

/* One container of a task that is meant to stop. What runs gets SIGTERM once nobody depends on it any
 * more; what does not run yet is stopped as it is, unless an order is still out. */
static void move_down(struct agent *agent, const struct task_definition *definition,
                      struct agent_task *task, int i, struct outputs *outputs)
{
    struct agent_container *container = &task->containers[i];

    if (container->busy || container->status == CONTAINER_STOPPED || container->term_sent)
        return;
    if (container->status < CONTAINER_RUNNING) {
        container->status = CONTAINER_STOPPED;
    } else if (depend_may_stop(definition, task->containers, i)) {
        container->term_sent = true;
        container->kill_at_usec = agent->now_usec + definition->containers[i].stop_timeout_usec;
        if (container->kill_at_usec < agent->deadline_usec)
            agent->deadline_usec = container->kill_at_usec;
        signal_container(outputs, task, i, SIGNAL_TERM);
    }
}

/* agent/api/task/task.go: a task's status is the minimum over its containers'. */
static enum container_status least_status(const struct task_definition *definition,
                                          const struct agent_task *task)
{
    enum container_status least = CONTAINER_STOPPED;

    for (int i = 0; i < definition->n_containers; i++)
        if (task->containers[i].status < least)
            least = (enum container_status)task->containers[i].status;
    return least;
}

/* Moves every container as far as it can go and reports. The task may be gone afterwards: returns
 * whether it is. */
static bool advance(struct agent *agent, struct agent_task *task, struct outputs *outputs)
{
    const struct task_definition *definition = definition_of(agent, task);
    enum container_status least;

    for (int i = 0; i < definition->n_containers && !task->stopping; i++)
        move_up(definition, task, i, outputs);
    /* A container stopped as it is may free the one it depends on: dependents have higher ranks in
     * no particular order, so look until nothing changes. */
    for (int pass = 0; pass < definition->n_containers && task->stopping; pass++)
        for (int i = 0; i < definition->n_containers; i++)
            move_down(agent, definition, task, i, outputs);
    least = least_status(definition, task);
    if (least == CONTAINER_STOPPED) {
        report(agent, task, TASK_STOPPED, outputs);
        remove_task(agent, task, outputs);
        return true;
    }
    if (least >= CONTAINER_RUNNING && !task->reported_running && !task->stopping) {
        task->reported_running = true;
        report(agent, task, TASK_RUNNING, outputs);
    }
    return false;
}

/* The head of the queue must fit before anything behind it is looked at. */
static void run_queue(struct agent *agent, struct outputs *outputs)
{
    for (int i = 0; i < agent->n_tasks; i++) {
        struct agent_task *task = &agent->tasks[i];

        if (task->admitted)
            continue;
        if (!fits(agent, definition_of(agent, task)))
            return;
        admit(agent, task);
        i -= advance(agent, task, outputs);
    }
}

/* Events --------------------------------------------------------------------------------------- */

static void boot(struct agent *agent, const struct boot *event, struct outputs *outputs)
{
    struct message *message;

    if (agent->booted || event->cpu < 0 || event->memory_mib < 0)
        return;
    agent->booted = true;
    agent->instance = event->instance;
    agent->epoch = event->epoch;
    agent->cpu = event->cpu;
    agent->memory_mib = event->memory_mib;
    message = outputs_add(outputs, MESSAGE_REGISTER);
    message->id = ++agent->n_reports;
    message->as.register_instance = (struct register_instance){
        .instance = agent->instance,
        .epoch = agent->epoch,
        .cpu = agent->cpu,
        .memory_mib = agent->memory_mib,
    };
}

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n, size);

    assert(memory != NULL);
    return memory;
}

static void accept_task(struct agent *agent, const struct place_task *event)
{
    struct agent_task *task;
    int n;

    if (!agent->booted || event->instance != agent->instance || event->epoch != agent->epoch ||
        event->taskdef < 0 || event->taskdef >= agent->taskdefs->n_definitions ||
        find_task(agent, event->task))
        return;
    task = ARRAY_ADD(agent, tasks);
    task->task = event->task;
    task->taskdef = event->taskdef;
    n = definition_of(agent, task)->n_containers;
    task->containers = allocate(n, sizeof *task->containers);
    task->states = allocate(n, sizeof *task->states);
    for (int i = 0; i < n; i++) {
        task->containers[i].exit_code = ID_NONE;
        task->containers[i].kill_at_usec = USEC_NEVER;
    }
}

static void stop_task(struct agent *agent, const struct stop_task *event, struct outputs *outputs)
{
    struct agent_task *task = find_task(agent, event->task);

    if (!task || event->instance != agent->instance || event->epoch != agent->epoch)
        return;
    begin_stop(task, event->code);
    advance(agent, task, outputs);
}

/* ECS's words for each order that can fail. */
static const char *failure_words(enum message_kind kind)
{
    switch (kind) {
    case MESSAGE_IMAGE_PULLED:
        return "CannotPullContainerError: ";
    case MESSAGE_CONTAINER_CREATED:
        return "CannotCreateContainerError: ";
    default:
        return "CannotStartContainerError: ";
    }
}

static void container_moved(struct agent *agent, const struct message *event,
                            enum container_status from, enum container_status to,
                            struct outputs *outputs)
{
    const struct container_fact *fact = &event->as.fact;
    struct agent_task *task = find_task(agent, fact->task);
    struct agent_container *container;

    if (!task || fact->container < 0 || fact->container >= definition_of(agent, task)->n_containers)
        return;
    container = &task->containers[fact->container];
    if (!container->busy || container->status != from)
        return;
    container->busy = false;
    container->status = (uint8_t)to;
    if (fact->error) {
        container->status = CONTAINER_STOPPED;
        if (definition_of(agent, task)->containers[fact->container].essential) {
            set_reason(task, failure_words(event->kind), fact->error);
            begin_stop(task, STOP_TASK_FAILED_TO_START);
        }
    }
    advance(agent, task, outputs);
}

static void container_ready(struct agent *agent, const struct container_fact *fact,
                            struct outputs *outputs)
{
    struct agent_task *task = find_task(agent, fact->task);

    if (!task || fact->container < 0 || fact->container >= definition_of(agent, task)->n_containers)
        return;
    task->containers[fact->container].ready = true;
    advance(agent, task, outputs);
}

static void container_exited(struct agent *agent, const struct container_exited *event,
                             struct outputs *outputs)
{
    struct agent_task *task = find_task(agent, event->task);
    const struct task_definition *definition;
    struct agent_container *container;

    if (!task || event->container < 0)
        return;
    definition = definition_of(agent, task);
    if (event->container >= definition->n_containers)
        return;
    container = &task->containers[event->container];
    if (container->status != CONTAINER_RUNNING)
        return;
    container->status = CONTAINER_STOPPED;
    container->exit_code = event->exit_code;
    container->oom = event->oom;
    container->kill_at_usec = USEC_NEVER;
    if (definition->containers[event->container].essential && !task->stopping) {
        set_reason(task,
                   event->oom ? "OutOfMemoryError: Container killed due to memory usage"
                              : "Essential container in task exited",
                   "");
        begin_stop(task, STOP_ESSENTIAL_CONTAINER_EXITED);
    }
    advance(agent, task, outputs);
}

/* SIGKILL to whoever has used up the stop timeout. */
static void kill_late(struct agent *agent, struct outputs *outputs)
{
    for (int t = 0; t < agent->n_tasks; t++) {
        struct agent_task *task = &agent->tasks[t];

        for (int i = 0; i < definition_of(agent, task)->n_containers; i++) {
            struct agent_container *container = &task->containers[i];

            if (container->kill_at_usec > agent->now_usec)
                continue;
            container->kill_at_usec = USEC_NEVER;
            container->kill_sent = true;
            signal_container(outputs, task, i, SIGNAL_KILL);
        }
    }
}

static void find_deadline(struct agent *agent)
{
    agent->deadline_usec = USEC_NEVER;
    for (int t = 0; t < agent->n_tasks; t++)
        for (int i = 0; i < definition_of(agent, &agent->tasks[t])->n_containers; i++)
            if (agent->tasks[t].containers[i].kill_at_usec < agent->deadline_usec)
                agent->deadline_usec = agent->tasks[t].containers[i].kill_at_usec;
}

static void apply(struct agent *agent, const struct message *event, struct outputs *outputs)
{
    switch (event->kind) {
    case MESSAGE_BOOT:
        boot(agent, &event->as.boot, outputs);
        break;
    case MESSAGE_PLACE_TASK:
        accept_task(agent, &event->as.place_task);
        break;
    case MESSAGE_STOP_TASK:
        stop_task(agent, &event->as.stop_task, outputs);
        break;
    case MESSAGE_IMAGE_PULLED:
        container_moved(agent, event, CONTAINER_NONE, CONTAINER_PULLED, outputs);
        break;
    case MESSAGE_CONTAINER_CREATED:
        container_moved(agent, event, CONTAINER_PULLED, CONTAINER_CREATED, outputs);
        break;
    case MESSAGE_CONTAINER_STARTED:
        container_moved(agent, event, CONTAINER_CREATED, CONTAINER_RUNNING, outputs);
        break;
    case MESSAGE_CONTAINER_READY:
        container_ready(agent, &event->as.fact, outputs);
        break;
    case MESSAGE_CONTAINER_EXITED:
        container_exited(agent, &event->as.exited, outputs);
        break;
    default:
        break; /* a tick, or nothing that concerns an agent */
    }
}

void agent_step(struct agent *agent, int64_t at_usec, const struct message *event,
                struct outputs *outputs)
{
    assert(at_usec >= agent->now_usec);
    agent->now_usec = at_usec;
    bury_gone(agent);
    apply(agent, event, outputs);
    if (at_usec >= agent->deadline_usec)
        kill_late(agent, outputs);
    run_queue(agent, outputs);
    if (agent->deadline_usec != USEC_NEVER)
        find_deadline(agent);
}
