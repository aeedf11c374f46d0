/*
 * The agent's step: an event changes one task, then that task moves as far as it can, then the queue
 * does. Every move of a container is an order to the world, and waits for the world's answer.
 */
#include "core/agent.h"

#include "core/agent_task.h"
#include "core/array.h"
#include "core/draw.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void agent_init(struct agent *agent, const struct taskdefs *taskdefs)
{
    *agent = (struct agent){.taskdefs = taskdefs,
                            .instance = ID_NONE,
                            .deadline_usec = USEC_NEVER,
                            .heartbeat_by_usec = USEC_NEVER,
                            .clean_at_usec = USEC_NEVER};
}

static void drop_messages(struct message *messages, int *n)
{
    for (int i = 0; i < *n; i++)
        message_finish(&messages[i]);
    *n = 0;
}

/* What the last step's outputs pointed to. */
static void bury_gone(struct agent *agent)
{
    for (int i = 0; i < agent->n_gone; i++)
        agent_task_destroy(agent, agent->gone[i]);
    agent->n_gone = 0;
    drop_messages(agent->sent, &agent->n_sent);
}

static void finish_rules(struct agent *agent)
{
    schema_finish(&agent_rules_schema, &agent->rules);
}

void agent_finish(struct agent *agent)
{
    bury_gone(agent);
    drop_messages(agent->unsent, &agent->n_unsent);
    for (int i = 0; i < agent->n_tasks; i++)
        agent_task_destroy(agent, agent->tasks[i]);
    free(agent->tasks);
    free(agent->numbers);
    free(agent->queue);
    free(agent->due);
    free(agent->gone);
    free(agent->unsent);
    free(agent->sent);
    host_finish(&agent->host);
    images_finish(&agent->images);
    timers_finish(&agent->timers);
    finish_rules(agent);
    *agent = (struct agent){0};
}

int64_t agent_deadline(const struct agent *agent)
{
    return agent->deadline_usec;
}

/* Tasks by number ------------------------------------------------------------------------------- */

/* Where the task stands among the agent's, or would stand. */
static int place_of(const struct agent *agent, int32_t id)
{
    int low = 0, high = agent->n_tasks;

    /* Most are the youngest when they come. */
    if (high == 0 || agent->numbers[high - 1] < id)
        return high;
    while (low < high) {
        int middle = low + (high - low) / 2;

        if (agent->numbers[middle] < id)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static struct agent_task *find_task(const struct agent *agent, int32_t id)
{
    int at = place_of(agent, id);

    return at < agent->n_tasks && agent->numbers[at] == id ? agent->tasks[at] : NULL;
}

static void add_task(struct agent *agent, struct agent_task *task)
{
    int at = place_of(agent, task->task), n = agent->n_tasks;

    (void)ARRAY_ADD(agent, tasks);
    (void)ARRAY_ADD(agent, numbers);
    memmove(&agent->tasks[at + 1], &agent->tasks[at],
            (size_t)(n - at) * sizeof(struct agent_task *));
    memmove(&agent->numbers[at + 1], &agent->numbers[at], (size_t)(n - at) * sizeof(int32_t));
    agent->tasks[at] = task;
    agent->numbers[at] = task->task;
    task->arrival = agent->n_arrived++;
    *ARRAY_ADD(agent, queue) = task->task;
}

static void leave_queue(struct agent *agent, int32_t id)
{
    int at = 0;

    while (agent->queue[at] != id)
        at++;
    agent->n_queue--;
    memmove(&agent->queue[at], &agent->queue[at + 1],
            (size_t)(agent->n_queue - at) * sizeof *agent->queue);
}

/* The task has ended: its last report stays readable until the next step. */
static void remove_task(struct agent *agent, struct agent_task *task)
{
    int at = place_of(agent, task->task);

    if (!task->admitted)
        leave_queue(agent, task->task);
    agent->n_tasks--;
    agent->n_numbers--;
    memmove(&agent->tasks[at], &agent->tasks[at + 1],
            (size_t)(agent->n_tasks - at) * sizeof(struct agent_task *));
    memmove(&agent->numbers[at], &agent->numbers[at + 1],
            (size_t)(agent->n_numbers - at) * sizeof(int32_t));
    *ARRAY_ADD(agent, gone) = task;
}

/* The agent's deadline comes no later than the task's. */
static void watch(struct agent *agent, struct agent_task *task)
{
    int64_t at_usec = agent_task_deadline(agent, task);

    if (at_usec >= task->due_usec)
        return;
    task->due_usec = at_usec;
    timers_add(&agent->timers, at_usec, task->task);
}

static void advance(struct agent *agent, struct agent_task *task, struct outputs *outputs)
{
    if (agent_task_advance(agent, task, outputs))
        remove_task(agent, task);
    else
        watch(agent, task);
}

/* The container that an event is about, or NULL where this agent has none such. */
static struct agent_container *find_container(const struct agent *agent, int id, int container,
                                              struct agent_task **task)
{
    *task = find_task(agent, id);
    if (!*task || container < 0 || container >= agent_task_definition(agent, *task)->n_containers)
        return NULL;
    return &(*task)->containers[container];
}

/* The connection -------------------------------------------------------------------------------- */

/* ecs-agent/acs/session: the control plane is to be heard within a minute and up to one more. */
static void expect_heartbeat(struct agent *agent)
{
    int64_t jitter_usec = 0;

    if (agent->rules.heartbeat_timeout_usec <= 0)
        return;
    if (agent->rules.heartbeat_jitter_usec > 0)
        jitter_usec = (int64_t)draw_below(0, DRAW_HEARTBEAT, agent->instance, agent->n_connects,
                                          (uint64_t)agent->rules.heartbeat_jitter_usec);
    agent->heartbeat_by_usec = agent->now_usec + agent->rules.heartbeat_timeout_usec + jitter_usec;
}

static void report_instance(struct agent *agent, struct outputs *outputs)
{
    struct message *message = outputs_add(outputs, MESSAGE_REGISTER);

    message->id = ++agent->n_reports;
    message->as.register_instance = (struct register_instance){
        .instance = agent->instance,
        .epoch = agent->epoch,
        .cpu = agent->host.cpu,
        .memory_mib = agent->host.memory_mib,
        .gpus = agent->host.gpus,
        .n_reserved = agent->rules.n_reserved,
        .reserved = agent->rules.reserved,
    };
}

static bool rules_are_sound(const struct agent_rules *rules)
{
    return rules->heartbeat_timeout_usec <= USEC_MAX / 2 &&
           rules->heartbeat_jitter_usec <= USEC_MAX / 2 && rules->image_cleanup_usec <= USEC_MAX &&
           rules->first_dynamic_port >= 0 && rules->last_dynamic_port <= 65535;
}

/* What tasks can have: of an instance with a kernel of its own, what that leaves of its memory, as it
 * was found when it had come up (an agent registers what its system sees: amazon-ecs-agent, README). */
static int32_t memory_for_tasks(const struct boot *event)
{
    const struct boot_course *course = event->course;
    int64_t left_bytes, left_mib;

    if (!course || event->for_task != ID_NONE || course->memory_bytes < course->system_bytes)
        return event->memory_mib;
    left_bytes =
        course->left_bytes > 0 ? course->left_bytes : course->memory_bytes - course->system_bytes;
    left_mib = left_bytes >> 20;
    return left_mib < event->memory_mib ? (int32_t)left_mib : event->memory_mib;
}

static void boot(struct agent *agent, const struct boot *event, struct outputs *outputs)
{
    if (agent->booted || event->cpu < 0 || event->memory_mib < 0 ||
        (event->rules && !rules_are_sound(event->rules)))
        return;
    agent->booted = true;
    agent->connected = true;
    agent->instance = event->instance;
    agent->epoch = event->epoch;
    schema_copy(&agent_rules_schema, &agent->rules,
                event->rules ? event->rules : &agent_rules_default);
    host_init(&agent->host, event->cpu, memory_for_tasks(event), event->gpus, &agent->rules);
    if (agent->rules.image_cleanup_usec > 0)
        agent->clean_at_usec = agent->now_usec + agent->rules.image_cleanup_usec;
    report_instance(agent, outputs);
    expect_heartbeat(agent);
}

static void disconnect(struct agent *agent)
{
    agent->connected = false;
    agent->heartbeat_by_usec = USEC_NEVER;
}

/* The same agent again: it says who it is, then everything that happened meanwhile, in order. */
static void reconnect(struct agent *agent, struct outputs *outputs)
{
    if (!agent->booted || agent->connected)
        return;
    agent->connected = true;
    agent->n_connects++;
    report_instance(agent, outputs);
    for (int i = 0; i < agent->n_unsent; i++) {
        struct message *message = outputs_add(outputs, agent->unsent[i].kind);

        *message = agent->unsent[i];
        message->id = ++agent->n_reports;
        *ARRAY_ADD(agent, sent) = agent->unsent[i];
    }
    agent->n_unsent = 0;
    expect_heartbeat(agent);
}

/* Events about tasks ---------------------------------------------------------------------------- */

static void accept_task(struct agent *agent, const struct place_task *event)
{
    if (!agent->booted || event->instance != agent->instance || event->epoch != agent->epoch ||
        event->taskdef < 0 || event->taskdef >= agent->taskdefs->n_definitions ||
        find_task(agent, event->task))
        return;
    add_task(agent, agent_task_create(agent, event));
}

static void stop_task(struct agent *agent, const struct stop_task *event, struct outputs *outputs)
{
    struct agent_task *task = find_task(agent, event->task);

    if (!task || event->instance != agent->instance || event->epoch != agent->epoch)
        return;
    agent_task_stop(task, event->code, NULL, NULL);
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
    struct agent_task *task;
    struct agent_container *container = find_container(agent, fact->task, fact->container, &task);
    const struct container_definition *definition;
    bool worked = !fact->error;

    if (!container || !container->busy || container->status != from)
        return;
    definition = &agent_task_definition(agent, task)->containers[fact->container];
    if (event->kind == MESSAGE_IMAGE_PULLED && !agent_task_has_machine(agent, task))
        worked = images_pulled(&agent->images, definition->image, worked,
                               agent->rules.pull_behavior, agent->now_usec);
    container->busy = false;
    container->status = (uint8_t)(worked ? to : CONTAINER_STOPPED);
    if (!worked && definition->essential)
        agent_task_stop(task, STOP_TASK_FAILED_TO_START, failure_words(event->kind), fact->error);
    if (worked && to == CONTAINER_RUNNING)
        agent_task_started(agent, task, fact->container);
    advance(agent, task, outputs);
}

/* Its containers can begin; without it they cannot. */
static void machine_booted(struct agent *agent, const struct machine_booted *event,
                           struct outputs *outputs)
{
    struct agent_task *task = find_task(agent, event->task);

    if (!task || task->machine != AGENT_MACHINE_BOOTS)
        return;
    task->machine = AGENT_MACHINE_UP;
    if (event->error)
        agent_task_stop(task, STOP_TASK_FAILED_TO_START,
                        "ResourceInitializationError: ", event->error);
    advance(agent, task, outputs);
}

static void container_exited(struct agent *agent, const struct container_exited *event,
                             struct outputs *outputs)
{
    struct agent_task *task;
    struct agent_container *container = find_container(agent, event->task, event->container, &task);

    if (!container || container->status != CONTAINER_RUNNING)
        return;
    agent_task_exited(agent, task, event, outputs);
    advance(agent, task, outputs);
}

static void container_probed(struct agent *agent, const struct container_probed *event,
                             struct outputs *outputs)
{
    struct agent_task *task;
    struct agent_container *container = find_container(agent, event->task, event->container, &task);

    if (!container || container->status != CONTAINER_RUNNING ||
        container->answer_by_usec == USEC_NEVER || event->probe != container->n_probes)
        return;
    agent_task_probed(agent, task, event->container, event->healthy);
    advance(agent, task, outputs);
}

/* Deadlines ------------------------------------------------------------------------------------- */

static void clean_images(struct agent *agent, struct outputs *outputs)
{
    for (int i = 0; i < agent->rules.images_per_cleanup; i++) {
        const char *image = images_clean(&agent->images, &agent->rules, agent->now_usec);

        if (!image)
            break;
        outputs_add(outputs, MESSAGE_REMOVE_IMAGE)->as.remove_image.image =
            (char *)(uintptr_t)image;
    }
    agent->clean_at_usec = agent->now_usec + agent->rules.image_cleanup_usec;
}

static int compare_arrivals(const void *a, const void *b)
{
    const struct agent_task *const *x = a, *const *y = b;

    return (*x)->arrival < (*y)->arrival ? -1 : (*x)->arrival > (*y)->arrival;
}

/* The tasks of which something is due, in order of their arrival. */
static void find_due(struct agent *agent)
{
    const struct timer *first;

    agent->n_due = 0;
    while ((first = timers_first(&agent->timers)) && first->at_usec <= agent->now_usec) {
        struct agent_task *task = find_task(agent, first->task);

        if (task && task->due_usec == first->at_usec) {
            task->due_usec = USEC_NEVER;
            *ARRAY_ADD(agent, due) = task;
        }
        timers_drop_first(&agent->timers);
    }
    if (agent->n_due > 1)
        qsort(agent->due, (size_t)agent->n_due, sizeof(struct agent_task *), compare_arrivals);
}

static void pass_deadlines(struct agent *agent, struct outputs *outputs)
{
    if (agent->now_usec >= agent->heartbeat_by_usec) {
        disconnect(agent);
        outputs_add(outputs, MESSAGE_RECONNECT);
    }
    if (agent->now_usec >= agent->clean_at_usec)
        clean_images(agent, outputs);
    find_due(agent);
    for (int i = 0; i < agent->n_due; i++) {
        if (agent_task_tick(agent, agent->due[i], outputs))
            remove_task(agent, agent->due[i]);
        else
            watch(agent, agent->due[i]);
    }
}

/* The first entry that still stands; a task that has put its deadline off gets a later one. */
static int64_t next_due_usec(struct agent *agent)
{
    const struct timer *first;

    while ((first = timers_first(&agent->timers))) {
        struct agent_task *task = find_task(agent, first->task);

        if (!task || task->due_usec != first->at_usec) {
            timers_drop_first(&agent->timers);
            continue;
        }
        if (agent_task_deadline(agent, task) == first->at_usec)
            return first->at_usec;
        timers_drop_first(&agent->timers);
        task->due_usec = USEC_NEVER;
        watch(agent, task);
    }
    return USEC_NEVER;
}

static void find_deadline(struct agent *agent)
{
    agent->deadline_usec = next_due_usec(agent);
    if (agent->heartbeat_by_usec < agent->deadline_usec)
        agent->deadline_usec = agent->heartbeat_by_usec;
    if (agent->clean_at_usec < agent->deadline_usec)
        agent->deadline_usec = agent->clean_at_usec;
}

/* The step -------------------------------------------------------------------------------------- */

static void apply(struct agent *agent, const struct message *event, struct outputs *outputs)
{
    switch (event->kind) {
    case MESSAGE_BOOT:
        boot(agent, &event->as.boot, outputs);
        break;
    case MESSAGE_CONNECTED:
        reconnect(agent, outputs);
        break;
    case MESSAGE_DISCONNECTED:
        disconnect(agent);
        break;
    case MESSAGE_HEARTBEAT:
        if (agent->connected)
            expect_heartbeat(agent);
        break;
    case MESSAGE_PLACE_TASK:
        accept_task(agent, &event->as.place_task);
        break;
    case MESSAGE_STOP_TASK:
        stop_task(agent, &event->as.stop_task, outputs);
        break;
    case MESSAGE_MACHINE_BOOTED:
        machine_booted(agent, &event->as.machine_booted, outputs);
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
    case MESSAGE_CONTAINER_EXITED:
        container_exited(agent, &event->as.exited, outputs);
        break;
    case MESSAGE_CONTAINER_PROBED:
        container_probed(agent, &event->as.probed, outputs);
        break;
    default:
        break; /* a tick, a fact for the log alone, or nothing that concerns an agent */
    }
}

/* The head of the queue must fit before anything behind it is looked at. */
static void run_queue(struct agent *agent, struct outputs *outputs)
{
    while (agent->n_queue > 0) {
        struct agent_task *task = find_task(agent, agent->queue[0]);

        if (host_lacks(&agent->host, agent_task_definition(agent, task)) != PLACE_FITS)
            return;
        leave_queue(agent, task->task);
        agent_task_admit(agent, task);
        advance(agent, task, outputs);
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
        pass_deadlines(agent, outputs);
    run_queue(agent, outputs);
    find_deadline(agent);
}
