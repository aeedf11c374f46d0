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
#include <string.h>

/* Chosen: a command run inside a container. */
#define PROBE_USEC (20 * USEC_PER_MSEC)

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
    free(fleet->notices);
    *fleet = (struct fleet){0};
}

/* Containers ----------------------------------------------------------------------------------- */

static int64_t draw_key(int32_t task, int container)
{
    return (int64_t)task * 16 + container;
}

/* `n`: how often the same was drawn before, in the container's earlier lives. */
static int64_t cost(const struct fleet *fleet, enum cost_step step, int32_t task, int container,
                    int32_t n)
{
    struct step_draw drawn =
        costs_draw(&fleet->scenario->costs, step, fleet->seed, draw_key(task, container), n);

    return drawn.wait_usec + drawn.cpu_usec;
}

static int64_t draw_behaviour(const struct fleet *fleet, const struct distribution *duration,
                              enum draw_purpose purpose, int32_t task, int container, int32_t n)
{
    return distribution_sample(duration, fleet->seed, purpose, draw_key(task, container), n);
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
    fleet->containers[i] = (struct fleet_container){.wake_usec = USEC_NEVER,
                                                    .started_usec = USEC_NEVER,
                                                    .probed_usec = USEC_NEVER,
                                                    .next = fleet->tasks[task],
                                                    .container = (uint8_t)container};
    fleet->tasks[task] = i;
    return &fleet->containers[i];
}

static void notice(struct fleet *fleet, int32_t task, int container, enum fleet_news news)
{
    *ARRAY_ADD(fleet, notices) = (struct fleet_notice){task, (uint8_t)container, (uint8_t)news};
}

static void open_container(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    if (!fleet->gives_notice)
        return;
    container->serves = true;
    notice(fleet, task, container->container, FLEET_OPENED);
}

static void close_container(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    if (!container->serves)
        return;
    container->serves = false;
    notice(fleet, task, container->container, FLEET_CLOSED);
}

static void forget_task(struct fleet *fleet, int32_t task)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    while (i != ID_NONE) {
        int32_t next = fleet->containers[i].next;

        close_container(fleet, &fleet->containers[i], task);
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

    if (container->serves || container->phase == PHASE_WORKING) {
        share_remove(&fleet->instances[id].share, fleet->now_usec, task, container->container);
        queue_share(fleet, id);
    }
    close_container(fleet, container, task);
    container->exit_code = exit_code;
    enter(fleet, container, task, PHASE_EXITING,
          cost(fleet, COST_STOP, task, container->container, container->n_starts - 1));
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

/* Pulls ---------------------------------------------------------------------------------------- */

static struct fleet_image *find_image(struct fleet_instance *instance, int32_t image)
{
    for (int i = 0; i < instance->n_images; i++)
        if (instance->images[i].image == image)
            return &instance->images[i];
    return NULL;
}

static void drop_image(struct fleet_instance *instance, int i)
{
    instance->n_images--;
    memmove(&instance->images[i], &instance->images[i + 1],
            (size_t)(instance->n_images - i) * sizeof *instance->images);
}

static void remove_image(struct fleet *fleet, struct fleet_instance *instance, const char *name)
{
    for (int i = instance->n_images - 1; i >= 0; i--)
        if (strcmp(fleet->scenario->images[instance->images[i].image].name, name) == 0)
            drop_image(instance, i);
}

static int64_t bytes_usec(int64_t bytes, int64_t per_sec)
{
    return bytes / per_sec * USEC_PER_SEC + bytes % per_sec * USEC_PER_SEC / per_sec;
}

static int64_t transfer_usec(const struct fleet *fleet, int32_t image)
{
    const struct costs *costs = &fleet->scenario->costs;
    int64_t bytes = fleet->scenario->images[image].size_bytes;

    return bytes_usec(bytes, costs->layer_bytes_per_sec < costs->network_bytes_per_sec
                                 ? costs->layer_bytes_per_sec
                                 : costs->network_bytes_per_sec) +
           bytes_usec(bytes, costs->unpack_bytes_per_sec);
}

/* An image's layers cross the network once for each instance: whoever asks while they are on their way
 * waits for them, whoever asks later pays for the question alone. */
static int64_t pull_usec(struct fleet *fleet, struct fleet_instance *instance, int32_t task,
                         int container)
{
    int32_t image = taskdef_of(fleet, task)->images[container];
    struct fleet_image *cached = find_image(instance, image);
    int64_t usec = cost(fleet, COST_PULL, task, container, 0);

    if (!cached)
        usec += transfer_usec(fleet, image);
    if (fleet->now_usec < fleet->registry_slow_usec)
        usec =
            usec / 1000 * fleet->registry_permille + usec % 1000 * fleet->registry_permille / 1000;
    if (cached && cached->here_at_usec > fleet->now_usec + usec)
        return cached->here_at_usec - fleet->now_usec;
    if (!cached) {
        cached = ARRAY_ADD(instance, images);
        cached->image = image;
        cached->here_at_usec = fleet->now_usec + usec;
    }
    return usec;
}

static void fail_pull(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    container->pull_fails = true;
    enter(fleet, container, task, PHASE_PULLING, PULL_INACTIVITY_USEC);
}

static void pull(struct fleet *fleet, struct fleet_instance *instance, int32_t task, int c)
{
    struct fleet_container *container = find_or_add(fleet, task, c);

    container->pull_fails = false;
    if (fleet->now_usec < fleet->registry_dead_usec)
        fail_pull(fleet, container, task);
    else
        enter(fleet, container, task, PHASE_PULLING, pull_usec(fleet, instance, task, c));
}

/* What is on its way stops coming. */
static void kill_registry(struct fleet *fleet)
{
    for (int i = 0; i < fleet->n_instances; i++)
        for (int k = fleet->instances[i].n_images - 1; k >= 0; k--)
            if (fleet->instances[i].images[k].here_at_usec > fleet->now_usec)
                drop_image(&fleet->instances[i], k);
    for (int32_t task = 0; task < fleet->n_tasks; task++)
        for (int32_t i = fleet->tasks[task]; i != ID_NONE; i = fleet->containers[i].next)
            if (fleet->containers[i].phase == PHASE_PULLING && !fleet->containers[i].pull_fails)
                fail_pull(fleet, &fleet->containers[i], task);
}

/* Agents' orders ------------------------------------------------------------------------------- */

/* It runs for the first time, or again by its restart policy. */
static void start(struct fleet *fleet, int32_t task, int c)
{
    struct fleet_container *container = find_or_add(fleet, task, c);

    container->exit_code = 0;
    container->oom = false;
    enter(fleet, container, task, PHASE_STARTING,
          cost(fleet, COST_START, task, c, container->n_starts) +
              cost(fleet, COST_CHILD, task, c, container->n_starts));
    container->n_starts++;
}

static void send_probe(struct fleet *fleet, const struct probe_container *order)
{
    struct fleet_container *container = find(fleet, order->task, order->container);

    if (!container)
        return;
    container->probe = order->probe;
    container->probed_usec = fleet->now_usec + PROBE_USEC;
    fleet->n_probes++;
    queue_push(fleet->queue, container->probed_usec,
               FLEET_PROBED | (uint32_t)order->container << FLEET_WHAT_BITS, order->task);
}

static void signal_container(struct fleet *fleet, const struct signal_container *order)
{
    struct fleet_container *container = find(fleet, order->task, order->container);

    if (container)
        kill_container(fleet, container, order->task,
                       order->signal == SIGNAL_KILL ? EXIT_KILLED : EXIT_TERMINATED);
}

void fleet_order(struct fleet *fleet, int32_t instance, const struct message *action)
{
    const struct container_order *order = &action->as.order;
    const struct create_container *create = &action->as.create;

    switch (action->kind) {
    case MESSAGE_PULL_IMAGE:
        pull(fleet, &fleet->instances[instance], order->task, order->container);
        break;
    case MESSAGE_CREATE_CONTAINER:
        enter(fleet, find_or_add(fleet, create->task, create->container), create->task,
              PHASE_CREATING, cost(fleet, COST_CREATE, create->task, create->container, 0));
        break;
    case MESSAGE_START_CONTAINER:
        start(fleet, order->task, order->container);
        break;
    case MESSAGE_PROBE_CONTAINER:
        send_probe(fleet, &action->as.probe);
        break;
    case MESSAGE_SIGNAL_CONTAINER:
        signal_container(fleet, &action->as.signal);
        break;
    case MESSAGE_REMOVE_TASK:
        forget_task(fleet, action->as.remove_task.task);
        break;
    case MESSAGE_REMOVE_IMAGE:
        remove_image(fleet, &fleet->instances[instance], action->as.remove_image.image);
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

    container->started_usec = fleet->now_usec;
    if (container->exit_code != 0) {
        end_by_signal(fleet, container, task, container->exit_code);
    } else if (limit > 0 && behaviour->memory_bytes > limit) {
        container->oom = true;
        end_by_signal(fleet, container, task, EXIT_KILLED);
    } else {
        enter(fleet, container, task, PHASE_GETTING_READY,
              draw_behaviour(fleet, &behaviour->ready, DRAW_READY, task, container->container,
                             container->n_starts - 1));
    }
}

/* It serves while it idles. */
static void idle(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    open_container(fleet, container, task);
    enter(fleet, container, task, PHASE_IDLING,
          taskdef_of(fleet, task)->behaviours[container->container].idle_usec);
}

static void work(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct scenario_taskdef *taskdef = taskdef_of(fleet, task);
    int32_t id = fleet->cluster->tasks[task].instance;
    int64_t usec = draw_behaviour(fleet, &taskdef->behaviours[container->container].work, DRAW_WORK,
                                  task, container->container, container->n_starts - 1);

    if (usec == 0) {
        idle(fleet, container, task);
        return;
    }
    enter(fleet, container, task, PHASE_WORKING, USEC_NEVER);
    share_add(&fleet->instances[id].share, fleet->now_usec, task, taskdef->definition,
              container->container, usec);
    queue_share(fleet, id);
}

void fleet_serve(struct fleet *fleet, int64_t at_usec, int32_t task, int container, int threads,
                 share_wide left)
{
    int32_t id = fleet->cluster->tasks[task].instance;

    fleet->now_usec = at_usec;
    share_serve(&fleet->instances[id].share, at_usec, task, taskdef_of(fleet, task)->definition,
                container, threads, left);
    queue_share(fleet, id);
}

share_wide fleet_left(struct fleet *fleet, int64_t at_usec, int32_t task, int container)
{
    return share_left(&fleet->instances[fleet->cluster->tasks[task].instance].share, at_usec, task,
                      container);
}

static void finish_work(struct fleet *fleet, int32_t id)
{
    struct fleet_instance *instance = &fleet->instances[id];
    int32_t task, container;

    while (instance->share.next_usec <= fleet->now_usec &&
           share_take_finished(&instance->share, fleet->now_usec, &task, &container)) {
        struct fleet_container *done = find(fleet, task, container);

        if (done->phase == PHASE_WORKING)
            idle(fleet, done, task);
        else
            notice(fleet, task, container, FLEET_SERVED);
    }
    instance->share_usec = USEC_NEVER;
    queue_share(fleet, id);
}

static void tell_fact(struct message *event, enum message_kind kind, int32_t task, int container)
{
    *event = message_new(kind);
    event->as.fact.task = task;
    event->as.fact.container = container;
}

/* It has become ready and is not past the time until which it stays well. */
static bool is_healthy(const struct fleet *fleet, const struct fleet_container *container,
                       int32_t task)
{
    int64_t after_usec =
        taskdef_of(fleet, task)->behaviours[container->container].unhealthy_after_usec;

    return (container->phase == PHASE_WORKING || container->phase == PHASE_IDLING) &&
           fleet->now_usec - container->started_usec < after_usec;
}

bool fleet_is_healthy(struct fleet *fleet, int64_t at_usec, int32_t task, int container)
{
    const struct fleet_container *found = find(fleet, task, container);

    fleet->now_usec = at_usec;
    return found && is_healthy(fleet, found, task);
}

/* False where the container has ended, or been asked again, before it could answer. */
static bool answer_probe(struct fleet *fleet, const struct queue_entry *entry,
                         struct message *event)
{
    int c = (int)(entry->what >> FLEET_WHAT_BITS);
    struct fleet_container *container = find(fleet, entry->id, c);

    fleet->n_probes--;
    if (!container || container->probed_usec != entry->at_usec)
        return false;
    container->probed_usec = USEC_NEVER;
    *event = message_new(MESSAGE_CONTAINER_PROBED);
    event->as.probed =
        (struct container_probed){.task = entry->id,
                                  .container = c,
                                  .probe = container->probe,
                                  .healthy = is_healthy(fleet, container, entry->id)};
    return container->phase < PHASE_EXITING;
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
    if (container->serves)
        share_remove(&fleet->instances[fleet->cluster->tasks[task].instance].share, fleet->now_usec,
                     task, container->container);
    close_container(fleet, container, task);
    container->phase = PHASE_EXITED;
    container->wake_usec = USEC_NEVER;
}

static char no_registry[] = "the registry does not answer";

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
        event->as.fact.error = container->pull_fails ? no_registry : NULL;
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

static int64_t boot_time(const struct fleet *fleet, const struct instance_type *type, int32_t id)
{
    int64_t usec = 0;

    if (type->boot_given)
        return distribution_sample(&type->boot, fleet->seed, DRAW_BOOT, id, 0);
    for (int i = COST_API; i <= COST_USERSPACE; i++) {
        struct step_draw drawn =
            costs_draw(&fleet->scenario->costs, (enum cost_step)i, fleet->seed, id, 0);

        usec += drawn.wait_usec + drawn.cpu_usec;
    }
    return usec;
}

void fleet_launch(struct fleet *fleet, const struct launch_instance *launch)
{
    const struct scenario *scenario = fleet->scenario;
    const struct instance_type *type = &scenario->types[scenario->groups[launch->group].type];
    struct fleet_instance *instance;
    int64_t boot_usec;

    assert(launch->instance == fleet->n_instances);
    instance = ARRAY_ADD(fleet, instances);
    instance->group = launch->group;
    instance->share_usec = USEC_NEVER;
    share_init(&instance->share, type->cpu);
    boot_usec = boot_time(fleet, type, launch->instance);
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
                  costs_draw(&fleet->scenario->costs, COST_TEARDOWN, fleet->seed, id, 0).wait_usec);
}

static bool boot(struct fleet *fleet, int32_t id, struct message *event)
{
    struct fleet_instance *instance = &fleet->instances[id];
    const struct scenario_group *group = &fleet->scenario->groups[instance->group];
    const struct instance_type *type = &fleet->scenario->types[group->type];

    if (instance->gone)
        return false;
    agent_init(&instance->agent, &fleet->cluster->taskdefs);
    instance->up = true;
    *event = message_new(MESSAGE_BOOT);
    event->as.boot.instance = id;
    event->as.boot.epoch = fleet->cluster->instances[id].epoch;
    event->as.boot.cpu = type->cpu;
    event->as.boot.memory_mib = type->memory_mib;
    event->as.boot.gpus = type->gpus;
    event->as.boot.rules = group->rules;
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

static int64_t end_of(const struct fleet *fleet, const struct fault *fault)
{
    return fault->for_usec < USEC_NEVER - fleet->now_usec ? fleet->now_usec + fault->for_usec
                                                          : USEC_NEVER;
}

bool fleet_fault(struct fleet *fleet, const struct fault *fault)
{
    switch (fault->kind) {
    case FAULT_KILL_TASK:
        return kill_task(fleet, fault->task, ID_NONE);
    case FAULT_KILL_CONTAINER:
        return fault->container != ID_NONE && kill_task(fleet, fault->task, fault->container);
    case FAULT_KILL_INSTANCE:
    case FAULT_KILL_AGENT:
        if (fault->instance < 0 || fault->instance >= fleet->n_instances ||
            fleet->instances[fault->instance].gone)
            return false;
        power_off(fleet, fault->instance, 0);
        return true;
    case FAULT_SLOW_REGISTRY:
        fleet->registry_slow_usec = end_of(fleet, fault);
        fleet->registry_permille = fault->factor_permille;
        return true;
    case FAULT_DEAD_REGISTRY:
        fleet->registry_dead_usec = end_of(fleet, fault);
        kill_registry(fleet);
        return true;
    case FAULT_KILL_ZONE: /* comes as one for each instance */
    case FAULT_CUT_AGENT: /* the links' */
        break;
    }
    assert(!"a fault for the fleet");
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
    case FLEET_PROBED:
        *machine = fleet->cluster->tasks[entry->id].instance;
        return answer_probe(fleet, entry, event);
    }
    assert(!"a fleet's entry");
    return false;
}
