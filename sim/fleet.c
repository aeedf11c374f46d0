/*
 * Every duration here is a draw keyed by what it belongs to, so no container's fate depends on the
 * order in which others were asked about. An entry of the queue that the world has overtaken (its
 * container was killed meanwhile) is told by its time: a container has one `wake_usec`.
 */
#include "fleet.h"

#include "core/array.h"
#include "core/cluster.h"

#include <assert.h>
#include <stdlib.h>

#define EXIT_TERMINATED (128 + 15)
#define EXIT_KILLED (128 + 9)

void fleet_init(struct fleet *fleet, const struct scenario *scenario, uint64_t seed,
                struct queue *queue, const struct cluster *cluster)
{
    *fleet = (struct fleet){
        .scenario = scenario,
        .seed = seed,
        .queue = queue,
        .cluster = cluster,
        .free_container = ID_NONE,
    };
}

static void empty_instance(struct fleet_instance *instance)
{
    if (instance->up)
        agent_finish(&instance->agent);
    instance->up = false;
    share_finish(&instance->share);
    free(instance->images);
    instance->images = NULL;
    instance->n_images = instance->cap_images = 0;
}

void fleet_finish(struct fleet *fleet)
{
    for (int i = 0; i < fleet->n_instances; i++)
        empty_instance(&fleet->instances[i]);
    free(fleet->instances);
    free(fleet->containers);
    free(fleet->tasks);
    *fleet = (struct fleet){0};
}

/* Containers ----------------------------------------------------------------------------------- */

static int64_t draw_key(int32_t task, int container)
{
    return (int64_t)task * 16 + container;
}

static int64_t cost(const struct fleet *fleet, const struct distribution *cost,
                    enum draw_purpose purpose, int32_t task, int container)
{
    return distribution_sample(cost, fleet->seed, purpose, draw_key(task, container), 0);
}

static const struct scenario_taskdef *taskdef_of(const struct fleet *fleet, int32_t task)
{
    return &fleet->scenario->taskdefs[fleet->cluster->tasks[task].taskdef];
}

static struct fleet_container *find(struct fleet *fleet, int32_t task, int container)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    while (i != ID_NONE && fleet->containers[i].container != container)
        i = fleet->containers[i].next;
    return i == ID_NONE ? NULL : &fleet->containers[i];
}

static struct fleet_container *find_or_add(struct fleet *fleet, int32_t task, int container)
{
    struct fleet_container *found = find(fleet, task, container);
    int32_t i;

    if (found)
        return found;
    while (fleet->n_tasks <= task)
        *ARRAY_ADD(fleet, tasks) = ID_NONE;
    i = fleet->free_container;
    if (i == ID_NONE) {
        ARRAY_ADD(fleet, containers);
        i = fleet->n_containers - 1;
    } else {
        fleet->free_container = fleet->containers[i].next;
    }
    fleet->containers[i] = (struct fleet_container){
        .wake_usec = USEC_NEVER, .next = fleet->tasks[task], .container = (uint8_t)container};
    fleet->tasks[task] = i;
    return &fleet->containers[i];
}

static void forget_task(struct fleet *fleet, int32_t task)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    while (i != ID_NONE) {
        int32_t next = fleet->containers[i].next;

        fleet->containers[i].next = fleet->free_container;
        fleet->free_container = i;
        i = next;
    }
    if (task < fleet->n_tasks)
        fleet->tasks[task] = ID_NONE;
}

/* The container is in that phase for so long. */
static void enter(struct fleet *fleet, struct fleet_container *container, int32_t task,
                  enum fleet_phase phase, int64_t usec)
{
    container->phase = (uint8_t)phase;
    container->wake_usec = usec == USEC_NEVER ? USEC_NEVER : fleet->now_usec + usec;
    if (usec != USEC_NEVER)
        queue_push(fleet->queue, container->wake_usec,
                   FLEET_CONTAINER | (uint32_t)container->container << FLEET_WHAT_BITS, task);
}

/* Somebody came or went: the next completion may be another. */
static void queue_share(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];

    if (instance->share.next_usec == instance->share_usec)
        return;
    instance->share_usec = instance->share.next_usec;
    if (instance->share_usec != USEC_NEVER)
        queue_push(fleet->queue, instance->share_usec, FLEET_SHARE, id);
}

static void end_by_signal(struct fleet *fleet, struct fleet_container *container, int32_t task,
                          int32_t exit_code)
{
    int32_t id = fleet->cluster->tasks[task].instance;

    if (container->phase == PHASE_WORKING) {
        share_remove(&fleet->instances[id].share, fleet->now_usec, task, container->container);
        queue_share(fleet, id);
    }
    container->exit_code = exit_code;
    enter(fleet, container, task, PHASE_EXITING,
          cost(fleet, &fleet->scenario->costs.stop, DRAW_STOP, task, container->container));
}

/* False where it does not run. One that is just being started ends as soon as it has started. */
static bool kill_container(struct fleet *fleet, struct fleet_container *container, int32_t task,
                           int32_t exit_code)
{
    switch (container->phase) {
    case PHASE_STARTING:
        container->exit_code = exit_code;
        return true;
    case PHASE_GETTING_READY:
    case PHASE_WORKING:
    case PHASE_IDLING:
        end_by_signal(fleet, container, task, exit_code);
        return true;
    default:
        return false;
    }
}

/* Agents' orders ------------------------------------------------------------------------------- */

/* Each image crosses the network once for each instance (ECS_IMAGE_PULL_BEHAVIOR=once): whoever
 * asks while it is on its way waits for it. */
static int64_t pull_usec(struct fleet *fleet, struct fleet_instance *instance, int32_t task,
                         int container)
{
    const struct costs *costs = &fleet->scenario->costs;
    int32_t image = taskdef_of(fleet, task)->images[container];
    struct fleet_image *cached;
    int64_t bytes, usec;

    for (int i = 0; i < instance->n_images; i++)
        if (instance->images[i].image == image) {
            usec = instance->images[i].here_at_usec - fleet->now_usec;
            return usec > 0 ? usec : 0;
        }
    bytes = fleet->scenario->images[image].size_bytes;
    usec = cost(fleet, &costs->pull, DRAW_PULL, task, container) +
           bytes / costs->pull_bytes_per_sec * USEC_PER_SEC +
           bytes % costs->pull_bytes_per_sec * USEC_PER_SEC / costs->pull_bytes_per_sec;
    cached = ARRAY_ADD(instance, images);
    cached->image = image;
    cached->here_at_usec = fleet->now_usec + usec;
    return usec;
}

void fleet_order(struct fleet *fleet, int32_t instance, const struct message *action)
{
    const struct costs *costs = &fleet->scenario->costs;
    int32_t task = action->as.order.task;
    int c = action->as.order.container;

    switch (action->kind) {
    case MESSAGE_PULL_IMAGE:
        enter(fleet, find_or_add(fleet, task, c), task, PHASE_PULLING,
              pull_usec(fleet, &fleet->instances[instance], task, c));
        break;
    case MESSAGE_CREATE_CONTAINER:
        enter(fleet, find_or_add(fleet, task, c), task, PHASE_CREATING,
              cost(fleet, &costs->create, DRAW_CREATE, task, c));
        break;
    case MESSAGE_START_CONTAINER:
        enter(fleet, find_or_add(fleet, task, c), task, PHASE_STARTING,
              cost(fleet, &costs->start, DRAW_START, task, c));
        break;
    case MESSAGE_SIGNAL_CONTAINER: {
        struct fleet_container *container =
            find(fleet, action->as.signal.task, action->as.signal.container);

        if (container)
            kill_container(fleet, container, action->as.signal.task,
                           action->as.signal.signal == SIGNAL_KILL ? EXIT_KILLED : EXIT_TERMINATED);
        break;
    }
    case MESSAGE_REMOVE_TASK:
        forget_task(fleet, action->as.remove_task.task);
        break;
    default:
        assert(!"an action for the world");
    }
}

/* Lives of containers -------------------------------------------------------------------------- */

/* A container's own limit, else its task's; 0: none. */
static int64_t memory_limit_bytes(const struct task_definition *definition, int container)
{
    int64_t own = definition->containers[container].memory_mib;

    if (definition->memory_mib && (own == 0 || definition->memory_mib < own))
        own = definition->memory_mib;
    return own << 20;
}

/* It runs: it touches its memory first, which is where the kernel may end it. */
static void begin(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct scenario_taskdef *taskdef = taskdef_of(fleet, task);
    const struct behaviour *behaviour = &taskdef->behaviours[container->container];
    int64_t limit = memory_limit_bytes(taskdef->definition, container->container);

    if (container->exit_code != 0) {
        end_by_signal(fleet, container, task, container->exit_code);
    } else if (limit > 0 && behaviour->memory_bytes > limit) {
        container->oom = true;
        end_by_signal(fleet, container, task, EXIT_KILLED);
    } else {
        enter(fleet, container, task, PHASE_GETTING_READY,
              cost(fleet, &behaviour->ready, DRAW_READY, task, container->container));
    }
}

static void idle(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    enter(fleet, container, task, PHASE_IDLING,
          taskdef_of(fleet, task)->behaviours[container->container].idle_usec);
}

static void work(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct scenario_taskdef *taskdef = taskdef_of(fleet, task);
    int32_t id = fleet->cluster->tasks[task].instance;
    int64_t usec = cost(fleet, &taskdef->behaviours[container->container].work, DRAW_WORK, task,
                        container->container);

    if (usec == 0) {
        idle(fleet, container, task);
        return;
    }
    enter(fleet, container, task, PHASE_WORKING, USEC_NEVER);
    share_add(&fleet->instances[id].share, fleet->now_usec, task, taskdef->definition,
              container->container, usec);
    queue_share(fleet, id);
}

static void finish_work(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];
    int32_t task, container;

    while (instance->share.next_usec <= fleet->now_usec &&
           share_take_finished(&instance->share, fleet->now_usec, &task, &container))
        idle(fleet, find(fleet, task, container), task);
    instance->share_usec = USEC_NEVER;
    queue_share(fleet, id);
}

static void tell_fact(struct message *event, enum message_kind kind, int32_t task, int container)
{
    *event = message_new(kind);
    event->as.fact.task = task;
    event->as.fact.container = container;
}

static void tell_exit(struct fleet *fleet, struct message *event, int32_t task,
                      struct fleet_container *container)
{
    const struct behaviour *behaviour = &taskdef_of(fleet, task)->behaviours[container->container];

    *event = message_new(MESSAGE_CONTAINER_EXITED);
    event->as.exited.task = task;
    event->as.exited.container = container->container;
    event->as.exited.exit_code =
        container->phase == PHASE_EXITING ? container->exit_code : behaviour->exit_code;
    event->as.exited.oom = container->oom;
    container->phase = PHASE_EXITED;
    container->wake_usec = USEC_NEVER;
}

/* A phase is over. */
static bool wake(struct fleet *fleet, const struct queue_entry *entry, struct message *event)
{
    int32_t task = entry->id;
    int c = (int)(entry->what >> FLEET_WHAT_BITS);
    struct fleet_container *container = find(fleet, task, c);

    if (!container || container->wake_usec != entry->at_usec)
        return false;
    container->wake_usec = USEC_NEVER;
    switch (container->phase) {
    case PHASE_PULLING:
        container->phase = PHASE_IDLE_AGENT;
        tell_fact(event, MESSAGE_IMAGE_PULLED, task, c);
        return true;
    case PHASE_CREATING:
        container->phase = PHASE_IDLE_AGENT;
        tell_fact(event, MESSAGE_CONTAINER_CREATED, task, c);
        return true;
    case PHASE_STARTING:
        begin(fleet, container, task);
        tell_fact(event, MESSAGE_CONTAINER_STARTED, task, c);
        return true;
    case PHASE_GETTING_READY:
        work(fleet, container, task);
        tell_fact(event, MESSAGE_CONTAINER_READY, task, c);
        return true;
    case PHASE_IDLING:
    case PHASE_EXITING:
        tell_exit(fleet, event, task, container);
        return true;
    default:
        return false;
    }
}

/* Instances ------------------------------------------------------------------------------------ */

void fleet_launch(struct fleet *fleet, const struct launch_instance *launch)
{
    const struct scenario *scenario = fleet->scenario;
    int32_t type_id = scenario->groups[launch->group].type;
    const struct instance_type *type = &scenario->types[type_id];
    struct fleet_instance *instance;
    int64_t boot_usec;

    assert(launch->instance == fleet->n_instances);
    instance = ARRAY_ADD(fleet, instances);
    instance->type = type_id;
    instance->share_usec = USEC_NEVER;
    share_init(&instance->share, type->cpu);
    boot_usec = distribution_sample(type->boot_given ? &type->boot : &scenario->costs.boot,
                                    fleet->seed, DRAW_BOOT, launch->instance, 0);
    queue_push(fleet->queue, fleet->now_usec + boot_usec, FLEET_BOOTED, launch->instance);
}

/* Power off: all that is on it is gone at once, somebody hears of it after `usec`. */
static void power_off(struct fleet *fleet, int32_t id, int64_t usec)
{
    const struct instance *instance = &fleet->cluster->instances[id];

    for (int32_t t = instance->first_task; t != ID_NONE;
         t = fleet->cluster->tasks[t].next_on_instance)
        forget_task(fleet, t);
    fleet->instances[id].gone = true;
    empty_instance(&fleet->instances[id]);
    queue_push(fleet->queue, fleet->now_usec + usec, FLEET_LOST, id);
}

void fleet_terminate(struct fleet *fleet, int32_t id)
{
    if (!fleet->instances[id].gone)
        power_off(fleet, id,
                  distribution_sample(&fleet->scenario->costs.teardown, fleet->seed, DRAW_TEARDOWN,
                                      id, 0));
}

static bool boot(struct fleet *fleet, int32_t id, struct message *event)
{
    struct fleet_instance *instance = &fleet->instances[id];
    const struct instance_type *type = &fleet->scenario->types[instance->type];

    if (instance->gone)
        return false;
    agent_init(&instance->agent, &fleet->cluster->taskdefs);
    instance->up = true;
    *event = message_new(MESSAGE_BOOT);
    event->as.boot.instance = id;
    event->as.boot.epoch = fleet->cluster->instances[id].epoch;
    event->as.boot.cpu = type->cpu;
    event->as.boot.memory_mib = type->memory_mib;
    return true;
}

/* Faults --------------------------------------------------------------------------------------- */

static bool kill_task(struct fleet *fleet, int32_t task, int only)
{
    int32_t i = task >= 0 && task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;
    bool hit = false;

    for (; i != ID_NONE; i = fleet->containers[i].next)
        if (only == ID_NONE || fleet->containers[i].container == only)
            hit |= kill_container(fleet, &fleet->containers[i], task, EXIT_KILLED);
    return hit;
}

bool fleet_fault(struct fleet *fleet, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_KILL_TASK:
        return kill_task(fleet, fault->task, ID_NONE);
    case FAULT_KILL_CONTAINER:
        return fault->container != ID_NONE && kill_task(fleet, fault->task, fault->container);
    case FAULT_KILL_INSTANCE:
        if (fault->instance < 0 || fault->instance >= fleet->n_instances ||
            fleet->instances[fault->instance].gone)
            return false;
        power_off(fleet, fault->instance, 0);
        return true;
    }
    return false;
}

bool fleet_event(struct fleet *fleet, const struct queue_entry *entry, int32_t *machine,
                 struct message *event)
{
    fleet->now_usec = entry->at_usec;
    *machine = entry->id;
    switch (entry->what & ((1 << FLEET_WHAT_BITS) - 1)) {
    case FLEET_BOOTED:
        return boot(fleet, entry->id, event);
    case FLEET_LOST:
        *machine = ID_NONE;
        *event = message_new(MESSAGE_INSTANCE_LOST);
        event->as.instance_lost.instance = entry->id;
        return true;
    case FLEET_SHARE:
        if (fleet->instances[entry->id].share_usec == entry->at_usec)
            finish_work(fleet, entry->id);
        return false;
    case FLEET_CONTAINER:
        *machine = fleet->cluster->tasks[entry->id].instance;
        return wake(fleet, entry, event);
    }
    assert(!"a fleet's entry");
    return false;
}
