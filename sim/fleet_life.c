/*
 * Containers' lives: started, touching their memory, working on a share of their instance's CPUs,
 * idling, ended. An entry of the queue that the world has overtaken (its container was killed
 * meanwhile) is told by its time: a container has one `wake_usec`.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "fleet_parts.h"

#include <assert.h>

/* Chosen: a command run inside a container. */
#define PROBE_USEC (20 * USEC_PER_MSEC)

#define WEIGHT_MIN 2
#define WEIGHT_MAX 262144

#define MIB (INT64_C(1) << 20)

/* Records --------------------------------------------------------------------------------------- */

struct fleet_container *fleet_find(const struct fleet *fleet, int32_t task, int container)
{
    int32_t i = task >= 0 && task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;

    while (i != ID_NONE && fleet->containers[i].container != container)
        i = fleet->containers[i].next;
    return i == ID_NONE ? NULL : &fleet->containers[i];
}

struct fleet_container *fleet_find_or_add(struct fleet *fleet, int32_t task, int container)
{
    struct fleet_container *found = fleet_find(fleet, task, container);
    int32_t i, group = ID_NONE;

    if (found)
        return found;
    while (fleet->n_tasks <= task)
        *ARRAY_ADD(fleet, tasks) = ID_NONE;
    if (fleet->tasks[task] != ID_NONE)
        group = fleet->containers[fleet->tasks[task]].share_group;
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
                                                    .evened_usec = USEC_NEVER,
                                                    .least_at = ID_NONE,
                                                    .least_left_usec = USEC_NEVER,
                                                    .awaits_passing = ID_NONE,
                                                    .next = fleet->tasks[task],
                                                    .worker = ID_NONE,
                                                    .share_group = group,
                                                    .container = (uint8_t)container};
    if (fleet->n_left_usec > 0 &&
        fleet_shares_host(fleet, task)) /* the last that came back first */
        fleet->containers[i].left_usec = fleet->left_usec[--fleet->n_left_usec];
    fleet->tasks[task] = i;
    fleet_count_memory(fleet, fleet_costs_of(fleet, task)->container_bytes);
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

/* CPU time -------------------------------------------------------------------------------------- */

static int32_t instance_of(const struct fleet *fleet, int32_t task)
{
    return fleet->cluster->tasks[task].instance;
}

static uint32_t container_weight(const struct container_definition *container)
{
    if (container->cpu < WEIGHT_MIN)
        return WEIGHT_MIN;
    return container->cpu > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)container->cpu;
}

/* Weight of a task's cgroup (agent/api/task/task_linux.go): the sum over its containers, each at
 * least 2, at most 262144; with a task-level cpu the agent sets the quota only and the weight stays
 * the kernel's 1024. */
static uint32_t task_weight(const struct task_definition *definition)
{
    uint64_t sum = 0;

    if (definition->cpu > 0)
        return WEIGHT_DEFAULT;
    for (int i = 0; i < definition->n_containers; i++)
        sum += container_weight(&definition->containers[i]);
    return sum > WEIGHT_MAX ? WEIGHT_MAX : (uint32_t)sum;
}

bool fleet_weighs_least(const struct fleet *fleet, int32_t task)
{
    return task_weight(fleet_taskdef(fleet, task)->definition) == WEIGHT_MIN;
}

/* A task's group in its instance's. A container that is alone and without a quota needs none: it is
 * its task. */
static int32_t group_of(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;
    int32_t id = instance_of(fleet, task), group;
    int32_t parent = fleet->instances[id].share_group;
    int64_t phase = definition->cpu > 0
                        ? (int64_t)draw_below(fleet->luck, DRAW_PERIOD, task, 0, SHARE_PERIOD_USEC)
                        : SHARE_PHASE_NONE;

    parent = parent == ID_NONE ? SHARE_ROOT : parent;
    if (definition->cpu == 0 && definition->n_containers == 1)
        return parent;
    if (container->share_group != ID_NONE)
        return container->share_group;
    group = share_add_group(fleet_share(fleet, id), parent, task_weight(definition),
                            definition->cpu > 0
                                ? (uint64_t)definition->cpu * (SHARE_ONE_CPU / CPU_UNITS_PER_VCPU)
                                : SHARE_RATE_MAX,
                            phase);
    for (int32_t i = fleet->tasks[task]; i != ID_NONE; i = fleet->containers[i].next)
        fleet->containers[i].share_group = group;
    return group;
}

static void add_worker(struct fleet *fleet, struct fleet_container *container, int32_t task,
                       int threads, int64_t cpu_usec)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;
    int32_t id = instance_of(fleet, task), group = group_of(fleet, container, task);
    bool alone = definition->cpu == 0 && definition->n_containers == 1;

    container->worker =
        share_add_worker(fleet_share(fleet, id), fleet->now_usec, group,
                         alone ? task_weight(definition)
                               : container_weight(&definition->containers[container->container]),
                         (uint64_t)threads * SHARE_ONE_CPU, cpu_usec,
                         fleet_key(task, container->container) << WHO_BITS | WHO_CONTAINER);
}

static int32_t cpu_for(const struct task_definition *definition, int threads)
{
    int32_t cpu = threads * CPU_UNITS_PER_VCPU;

    return definition->cpu > 0 && definition->cpu < cpu ? definition->cpu : cpu;
}

int32_t fleet_work_cpu(const struct fleet *fleet, int32_t task, int c)
{
    const struct scenario_taskdef *taskdef = fleet_taskdef(fleet, task);

    return cpu_for(taskdef->definition, taskdef->behaviours[c].threads);
}

/* On as many CPUs as it has threads for what it does, or its task's quota allows. */
static void begin_work(struct fleet *fleet, struct fleet_container *container, int32_t task,
                       int threads)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;
    struct fleet_instance *instance = &fleet->instances[instance_of(fleet, task)];

    container->working_cpu = cpu_for(definition, threads);
    fleet->working_cpu += container->working_cpu;
    fleet->n_working++;
    instance->working_cpu += container->working_cpu;
    instance->working_weight += task_weight(definition);
    fleet->n_at_work += instance->n_working++ == 0;
    fleet_come_to_lines(fleet, container);
    fleet_fill_up(fleet, container, task);
}

/* Its worker is gone. */
static void end_burning(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    struct fleet_instance *instance = &fleet->instances[instance_of(fleet, task)];

    container->worker = ID_NONE;
    container->burns_usec = 0;
    container->evened_usec = USEC_NEVER;
    fleet_leave_least(fleet, container);
    if (container->working_cpu == 0)
        return;
    fleet->working_cpu -= container->working_cpu;
    fleet->n_working--;
    instance->working_cpu -= container->working_cpu;
    instance->working_weight -= task_weight(fleet_taskdef(fleet, task)->definition);
    fleet->n_at_work -= --instance->n_working == 0;
    fleet_leave_lines(fleet, container);
    container->working_cpu = 0;
}

/* The container burns CPU time of its own, which ends the phase. */
static void burn(struct fleet *fleet, struct fleet_container *container, int32_t task,
                 enum fleet_phase phase, int threads, int64_t cpu_usec)
{
    const struct task_definition *definition = fleet_taskdef(fleet, task)->definition;

    fleet_enter(fleet, container, task, phase, USEC_NEVER);
    container->burns_usec = cpu_usec;
    if (cpu_usec == 0) {
        fleet_worked(fleet, task, container->container);
        return;
    }
    add_worker(fleet, container, task, threads, cpu_usec);
    container->most = container->line_rate = (uint64_t)threads * SHARE_ONE_CPU;
    if (phase != PHASE_EXECUTING)
        fleet_come_to_least(fleet, container, task);
    if (phase != PHASE_LEAVING)
        fleet_join_line(fleet, container, task, task_weight(definition));
    if (phase == PHASE_WORKING || phase == PHASE_TOUCHING)
        begin_work(fleet, container, task, threads);
    fleet_queue_share(fleet, instance_of(fleet, task));
}

/* Counts what its present phase has burnt so far. */
static void take_burnt(struct fleet *fleet, struct fleet_container *container, int32_t instance)
{
    int64_t left_usec;

    if (container->burns_usec == 0 || container->worker == ID_NONE)
        return;
    left_usec = (int64_t)(share_worker_left(fleet_share(fleet, instance), fleet->now_usec,
                                            container->worker) /
                          SHARE_ONE_CPU);
    container->burnt_usec += container->burns_usec - left_usec;
    container->burns_usec = left_usec;
}

int64_t fleet_take_cpu(struct fleet *fleet, int64_t at_usec, int32_t task)
{
    int64_t sum_usec = 0;

    if (task >= fleet->n_tasks)
        return 0;
    fleet->now_usec = at_usec;
    for (int32_t i = fleet->tasks[task]; i != ID_NONE; i = fleet->containers[i].next) {
        struct fleet_container *container = &fleet->containers[i];

        take_burnt(fleet, container, instance_of(fleet, task));
        sum_usec += container->burnt_usec;
        container->burnt_usec = 0;
    }
    return sum_usec;
}

static void stop_burning(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    int32_t id = instance_of(fleet, task);

    if (container->worker == ID_NONE)
        return;
    take_burnt(fleet, container, id);
    share_remove_worker(fleet_share(fleet, id), fleet->now_usec, container->worker);
    end_burning(fleet, container, task);
    fleet_queue_share(fleet, id);
}

void fleet_serve(struct fleet *fleet, int64_t at_usec, int32_t task, int c, int threads,
                 share_wide left)
{
    struct fleet_container *container = fleet_find(fleet, task, c);
    int32_t id = instance_of(fleet, task);

    fleet->now_usec = at_usec;
    if (!container)
        return;
    container->since_usec = at_usec;
    if (threads == 0) {
        stop_burning(fleet, container, task);
        return;
    }
    if (container->worker == ID_NONE)
        add_worker(fleet, container, task, threads, 0);
    share_change_worker(fleet_share(fleet, id), at_usec, container->worker,
                        (uint64_t)threads * SHARE_ONE_CPU, left);
    fleet_queue_share(fleet, id);
}

share_wide fleet_left(struct fleet *fleet, int64_t at_usec, int32_t task, int c)
{
    const struct fleet_container *container = fleet_find(fleet, task, c);

    if (!container || container->worker == ID_NONE)
        return 0;
    return share_worker_left(fleet_share(fleet, instance_of(fleet, task)), at_usec,
                             container->worker);
}

/* Phases ---------------------------------------------------------------------------------------- */

static int64_t rested_usec(const struct fleet *fleet, const struct fleet_container *container)
{
    if (container->phase >= PHASE_STOPPING)
        return container->rested_usec;
    if (container->phase != PHASE_IDLING && container->phase != PHASE_GETTING_READY)
        return 0;
    return container->worker == ID_NONE ? fleet->now_usec - container->since_usec : 0;
}

int64_t fleet_rested_usec(const struct fleet *fleet, int32_t task, int c)
{
    const struct fleet_container *container = fleet_find(fleet, task, c);

    return container ? rested_usec(fleet, container) : 0;
}

void fleet_enter(struct fleet *fleet, struct fleet_container *container, int32_t task,
                 enum fleet_phase phase, int64_t usec)
{
    container->rested_usec = rested_usec(fleet, container);
    container->since_usec = fleet->now_usec;
    container->phase = (uint8_t)phase;
    container->wake_usec = usec == USEC_NEVER ? USEC_NEVER : fleet->now_usec + usec;
    if (usec != USEC_NEVER)
        queue_push(fleet->queue, container->wake_usec,
                   FLEET_CONTAINER | (uint32_t)container->container << FLEET_WHAT_BITS, task);
}

static struct step_draw draw_now(const struct fleet *fleet, enum cost_step step,
                                 const struct fleet_container *container, int32_t task)
{
    return fleet_draw(fleet, step, task, container->container, container->n_starts - 1);
}

static struct step_draw draw_start(struct fleet *fleet, enum cost_step step,
                                   const struct fleet_container *container, int32_t task)
{
    return fleet_draw_now(fleet, step, task, container->container, container->n_starts - 1);
}

static int64_t behaviour_usec(const struct fleet *fleet, const struct distribution *duration,
                              enum draw_purpose purpose, const struct fleet_container *container,
                              int32_t task)
{
    return distribution_sample(duration, fleet->seed, purpose,
                               fleet_key(task, container->container), container->n_starts - 1);
}

static const struct behaviour *behaviour_of(const struct fleet *fleet,
                                            const struct fleet_container *container, int32_t task)
{
    return &fleet_taskdef(fleet, task)->behaviours[container->container];
}

/* Its process is gone; after a while the agent knows. */
static void end(struct fleet *fleet, struct fleet_container *container, int32_t task,
                int32_t exit_code)
{
    struct step_draw seen = draw_now(fleet, COST_EXIT, container, task);

    close_container(fleet, container, task);
    stop_burning(fleet, container, task);
    fleet_let_go(fleet, container, task);
    container->touched_bytes = 0;
    container->exit_code = exit_code;
    if (!fleet_hears_itself(fleet))
        seen.wait_usec += seen.cpu_usec;
    if (seen.wait_usec > 0) {
        fleet_enter(fleet, container, task, PHASE_ENDED, seen.wait_usec);
        return;
    }
    fleet_enter(fleet, container, task, PHASE_EXITED, USEC_NEVER);
    fleet_tell(fleet, task, container->container, MESSAGE_CONTAINER_EXITED, false);
}

static int64_t bytes_usec(int64_t bytes, int64_t usec_per_mib)
{
    return bytes / MIB * usec_per_mib + bytes % MIB * usec_per_mib / MIB;
}

/* Its processes end, which is work, most of all for the memory it had. */
static void leave(struct fleet *fleet, struct fleet_container *container, int32_t task,
                  int32_t exit_code, bool by_signal)
{
    struct step_draw takes = draw_start(fleet, COST_END, container, task), more;

    /* SIGKILL goes to the first process itself, which tells nothing then: the agent sees when all is over. */
    container->passing_usec = by_signal && exit_code == EXIT_KILLED && !container->oom
                                  ? 0
                                  : fleet_passing_usec(fleet, task, takes.cpu_usec);
    takes.cpu_usec -= container->passing_usec;
    if (by_signal) {
        more = draw_start(fleet, container->oom ? COST_END_BY_MEMORY : COST_END_BY_SIGNAL,
                          container, task);
        takes.wait_usec += more.wait_usec;
        takes.cpu_usec += more.cpu_usec;
    }
    close_container(fleet, container, task);
    container->exit_code = exit_code;
    container->exec_usec =
        takes.cpu_usec +
        bytes_usec(container->touched_bytes, fleet_costs_of(fleet, task)->free_usec_per_mib);
    if (takes.wait_usec > 0)
        fleet_enter(fleet, container, task, PHASE_LEAVING, takes.wait_usec);
    else
        burn(fleet, container, task, PHASE_LEAVING, 1, container->exec_usec);
}

static void end_by_signal(struct fleet *fleet, struct fleet_container *container, int32_t task,
                          int32_t exit_code)
{
    struct step_draw takes = draw_now(fleet, COST_STOP, container, task);

    close_container(fleet, container, task);
    stop_burning(fleet, container, task);
    container->exit_code = exit_code;
    fleet_enter(fleet, container, task, PHASE_EXITING, takes.wait_usec + takes.cpu_usec);
}

/* Asked to end, it serves and works no more, and takes as long as it takes. */
static void end_by_request(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    int64_t stop_usec = behaviour_of(fleet, container, task)->stop_usec;

    if (stop_usec == 0) {
        end_by_signal(fleet, container, task, EXIT_TERMINATED);
        return;
    }
    close_container(fleet, container, task);
    stop_burning(fleet, container, task);
    fleet_enter(fleet, container, task, PHASE_STOPPING, stop_usec);
}

bool fleet_kill(struct fleet *fleet, struct fleet_container *container, int32_t task,
                int32_t exit_code)
{
    switch (container->phase) {
    case PHASE_STARTING:
    case PHASE_EXECUTING:
        container->exit_code = exit_code;
        return true;
    case PHASE_TOUCHING:
    case PHASE_GETTING_READY:
    case PHASE_WORKING:
    case PHASE_IDLING:
        if (exit_code == EXIT_TERMINATED)
            end_by_request(fleet, container, task);
        else
            end_by_signal(fleet, container, task, exit_code);
        return true;
    case PHASE_STOPPING:
        if (exit_code != EXIT_TERMINATED)
            end_by_signal(fleet, container, task, exit_code);
        return true;
    default:
        return false;
    }
}

bool fleet_kill_task(struct fleet *fleet, int32_t task, int only)
{
    int32_t i = task >= 0 && task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;
    bool hit = false;

    for (; i != ID_NONE; i = fleet->containers[i].next)
        if (only == ID_NONE || fleet->containers[i].container == only)
            hit |= fleet_kill(fleet, &fleet->containers[i], task, EXIT_KILLED);
    return hit;
}

void fleet_create(struct fleet *fleet, int32_t task, int c)
{
    fleet_enter(fleet, fleet_find_or_add(fleet, task, c), task, PHASE_CREATING, USEC_NEVER);
}

/* It runs for the first time, or again by its restart policy. */
void fleet_start(struct fleet *fleet, int32_t task, int c)
{
    struct fleet_container *container = fleet_find_or_add(fleet, task, c);

    container->exit_code = 0;
    container->oom = false;
    container->n_starts++;
    fleet_enter(fleet, container, task, PHASE_STARTING, USEC_NEVER);
}

/* A part of its start is done: the agent's, what goes one at a time, its first process's. Then its
 * program is loaded, in its own groups. */
void fleet_started(struct fleet *fleet, int32_t id)
{
    struct fleet_duty *duty = &fleet->duties[id];
    struct fleet_container *container = fleet_find(fleet, duty->task, duty->container);
    int32_t task = duty->task;
    enum fleet_duty_kind kind = (enum fleet_duty_kind)duty->kind;
    const struct step_cost *locked = &fleet_costs_of(fleet, task)->steps[COST_LOCKED];
    struct step_draw takes, fresh;
    int64_t turns_usec;

    if (!container || container->phase != PHASE_STARTING) {
        fleet_free_duty(fleet, id);
        return;
    }
    if (kind == DUTY_START &&
        !(distribution_is_zero(&locked->wait) && distribution_is_zero(&locked->cpu))) {
        duty->kind = DUTY_LOCKED;
        fleet_lock(fleet, id);
    } else if (kind != DUTY_CHILD) {
        duty->kind = DUTY_CHILD;
        takes = draw_start(fleet, COST_CHILD, container, task);
        if (container->n_starts == 1) {
            fresh = draw_start(fleet, COST_FRESH, container, task);
            takes.wait_usec += fresh.wait_usec;
            takes.cpu_usec += fresh.cpu_usec;
        }
        turns_usec = fleet_turns_usec(fleet, container, task, false);
        takes.wait_usec += turns_usec;
        fleet_begin(fleet, id, takes);
        fleet_wait_for_turns(fleet, id, turns_usec);
    } else {
        takes = draw_start(fleet, COST_EXEC, container, task);
        fleet_did(fleet, COST_CHILD, task);
        fleet_free_duty(fleet, id);
        container->exec_usec = takes.cpu_usec;
        if (takes.wait_usec > 0)
            fleet_enter(fleet, container, task, PHASE_STARTING, takes.wait_usec);
        else
            burn(fleet, container, task, PHASE_EXECUTING, 1, takes.cpu_usec);
    }
}

/* It runs: it touches its memory first, which is where the kernel may end it. */
static void begin(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct behaviour *behaviour = behaviour_of(fleet, container, task);
    int64_t limit =
        fleet_memory_limit(fleet_taskdef(fleet, task)->definition, container->container);
    int64_t bytes = behaviour->memory_bytes;

    container->started_usec = fleet->now_usec;
    fleet_tell(fleet, task, container->container, MESSAGE_CONTAINER_STARTED, false);
    if (container->exit_code != 0) {
        end_by_signal(fleet, container, task, container->exit_code);
        return;
    }
    if (limit > 0 && bytes > limit)
        bytes = limit;
    container->touched_bytes = bytes;
    burn(fleet, container, task, PHASE_TOUCHING, 1,
         bytes_usec(bytes, fleet_costs_of(fleet, task)->touch_usec_per_mib));
}

static void get_ready(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct behaviour *behaviour = behaviour_of(fleet, container, task);

    if (fleet_hold(fleet, container, task, behaviour->memory_bytes))
        fleet_enter(fleet, container, task, PHASE_GETTING_READY,
                    behaviour_usec(fleet, &behaviour->ready, DRAW_READY, container, task));
}

/* It serves while it idles. */
static void idle(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    open_container(fleet, container, task);
    fleet_enter(fleet, container, task, PHASE_IDLING,
                behaviour_of(fleet, container, task)->idle_usec);
}

static void work(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct behaviour *behaviour = behaviour_of(fleet, container, task);
    int64_t usec = behaviour_usec(fleet, &behaviour->work, DRAW_WORK, container, task);

    if (fleet->instances[instance_of(fleet, task)].is_vm || fleet_has_machine(fleet, task))
        usec = usec / fleet->scenario->costs.vm.speed_permille * 1000 +
               usec % fleet->scenario->costs.vm.speed_permille * 1000 /
                   fleet->scenario->costs.vm.speed_permille;
    burn(fleet, container, task, PHASE_WORKING, behaviour->threads, usec);
}

/* Its turn to work comes, at once where a CPU is idle. Who has touched memory until now, for longer than a slice, is at
 * work already. */
static void queue_for_work(struct fleet *fleet, struct fleet_container *container, int32_t task)
{
    const struct behaviour *behaviour = behaviour_of(fleet, container, task);
    bool goes_on = distribution_is_zero(&behaviour->ready) &&
                   bytes_usec(container->touched_bytes,
                              fleet_costs_of(fleet, task)->touch_usec_per_mib) > SLICE_USEC;
    int64_t turns_usec = goes_on || distribution_is_zero(&behaviour->work)
                             ? 0
                             : fleet_turns_usec(fleet, container, task, true);

    if (turns_usec == 0)
        work(fleet, container, task);
    else
        fleet_wait_to_work(fleet, container, task, turns_usec);
}

/* What it burnt CPU time for is done. */
void fleet_worked(struct fleet *fleet, int32_t task, int c)
{
    struct fleet_container *container = fleet_find(fleet, task, c);

    container->burnt_usec += container->burns_usec;
    end_burning(fleet, container, task);
    switch (container->phase) {
    case PHASE_EXECUTING:
        fleet_did(fleet, COST_EXEC, task);
        begin(fleet, container, task);
        break;
    case PHASE_TOUCHING:
        get_ready(fleet, container, task);
        break;
    case PHASE_WORKING:
        idle(fleet, container, task);
        break;
    case PHASE_LEAVING:
        fleet_did(fleet, COST_END, task);
        fleet_pass(fleet, container, task);
        end(fleet, container, task, container->exit_code);
        break;
    default:
        notice(fleet, task, c, FLEET_SERVED);
    }
}

/* A phase is over. */
void fleet_wake(struct fleet *fleet, const struct queue_entry *entry)
{
    int32_t task = entry->id;
    int c = (int)(entry->what >> FLEET_WHAT_BITS);
    struct fleet_container *container = fleet_find(fleet, task, c);

    if (!container || container->wake_usec != entry->at_usec)
        return;
    container->wake_usec = USEC_NEVER;
    switch (container->phase) {
    case PHASE_PULLING:
        container->phase = PHASE_IDLE_AGENT;
        fleet_tell(fleet, task, c, MESSAGE_IMAGE_PULLED, false);
        break;
    case PHASE_STARTING:
        burn(fleet, container, task, PHASE_EXECUTING, 1, container->exec_usec);
        break;
    case PHASE_GETTING_READY:
        fleet_tell(fleet, task, c, MESSAGE_CONTAINER_READY, false);
        fleet_keep(fleet, task, c);
        queue_for_work(fleet, container, task);
        break;
    case PHASE_WORKING:
        work(fleet, container, task);
        break;
    case PHASE_IDLING:
        leave(fleet, container, task, behaviour_of(fleet, container, task)->exit_code, false);
        break;
    case PHASE_STOPPING:
        end_by_signal(fleet, container, task, EXIT_TERMINATED);
        break;
    case PHASE_EXITING:
        leave(fleet, container, task, container->exit_code, true);
        break;
    case PHASE_LEAVING:
        burn(fleet, container, task, PHASE_LEAVING, 1, container->exec_usec);
        break;
    case PHASE_ENDED:
        container->phase = PHASE_EXITED;
        fleet_tell(fleet, task, c, MESSAGE_CONTAINER_EXITED, false);
        break;
    default:
        break;
    }
}

void fleet_forget_task(struct fleet *fleet, int32_t task)
{
    int32_t i = task < fleet->n_tasks ? fleet->tasks[task] : ID_NONE;
    int32_t group = ID_NONE;
    bool shares_host = i != ID_NONE && fleet_shares_host(fleet, task);

    if (i != ID_NONE)
        fleet->tasks[task] = ID_NONE; /* nobody finds what is freed now */
    while (i != ID_NONE) {
        struct fleet_container *container = &fleet->containers[i];
        int32_t next = container->next;

        close_container(fleet, container, task);
        stop_burning(fleet, container, task);
        fleet_let_go(fleet, container, task);
        fleet_count_memory(fleet, -fleet_costs_of(fleet, task)->container_bytes);
        group = container->share_group;
        if (container->n_starts > 0)
            container->left_usec = fleet->now_usec;
        if (container->left_usec > 0 && shares_host)
            *ARRAY_ADD(fleet, left_usec) = container->left_usec;
        container->next = fleet->free_container;
        fleet->free_container = i;
        i = next;
    }
    fleet_end_machine(fleet, task);
    if (group != ID_NONE)
        share_remove_group(fleet_share(fleet, instance_of(fleet, task)), group);
}

/* Signals and probes ---------------------------------------------------------------------------- */

void fleet_signal(struct fleet *fleet, int32_t task, int c, int32_t signal)
{
    struct fleet_container *container = fleet_find(fleet, task, c);

    if (container)
        fleet_kill(fleet, container, task, signal == SIGNAL_KILL ? EXIT_KILLED : EXIT_TERMINATED);
}

void fleet_probe(struct fleet *fleet, int32_t task, int c, int32_t probe)
{
    struct fleet_container *container = fleet_find(fleet, task, c);

    if (!container)
        return;
    container->probe = probe;
    container->probed_usec = fleet->now_usec + PROBE_USEC;
    fleet->n_probes++;
    queue_push(fleet->queue, container->probed_usec, FLEET_PROBED | (uint32_t)c << FLEET_WHAT_BITS,
               task);
}

/* It has become ready and is not past the time until which it stays well. */
static bool is_healthy(const struct fleet *fleet, const struct fleet_container *container,
                       int32_t task)
{
    int64_t after_usec = behaviour_of(fleet, container, task)->unhealthy_after_usec;

    return (container->phase == PHASE_WORKING || container->phase == PHASE_IDLING) &&
           fleet->now_usec - container->started_usec < after_usec;
}

int32_t fleet_instance_of(const struct fleet *fleet, int32_t task)
{
    return fleet->cluster->tasks[task].instance;
}

const struct task_definition *fleet_definition(const struct fleet *fleet, int32_t task)
{
    return fleet_taskdef(fleet, task)->definition;
}

double fleet_cpus(const struct fleet *fleet, int32_t instance)
{
    return (double)fleet->instances[instance].cpu / CPU_UNITS_PER_VCPU;
}

bool fleet_is_healthy(struct fleet *fleet, int64_t at_usec, int32_t task, int container)
{
    const struct fleet_container *found = fleet_find(fleet, task, container);

    fleet->now_usec = at_usec;
    return found && is_healthy(fleet, found, task);
}

/* False where the container has ended, or been asked again, before it could answer. */
bool fleet_answer_probe(struct fleet *fleet, const struct queue_entry *entry, struct message *event)
{
    int c = (int)(entry->what >> FLEET_WHAT_BITS);
    struct fleet_container *container = fleet_find(fleet, entry->id, c);

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
