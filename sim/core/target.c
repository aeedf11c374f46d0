/*
 * The states of targets: initial, healthy, unhealthy, draining, unused.
 */
#include "core/target.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/deployment.h"
#include "core/service.h"

#include <string.h>

static int64_t seconds_or(int32_t sec, int64_t usec)
{
    return sec == ID_NONE ? usec : sec * USEC_PER_SEC;
}

/* ELBv2: CreateTargetGroup and TargetGroupAttribute; what is not said was left to the rules. */
static bool is_sound(const struct create_target_group *call)
{
    return call->name && call->port >= 0 && call->port <= 65535 && call->interval_sec != 0 &&
           call->interval_sec >= ID_NONE && call->timeout_sec >= ID_NONE &&
           call->healthy_threshold != 0 && call->healthy_threshold >= ID_NONE &&
           call->unhealthy_threshold != 0 && call->unhealthy_threshold >= ID_NONE &&
           call->deregistration_delay_sec >= ID_NONE && call->slow_start_sec >= 0;
}

static bool name_is_taken(const struct cluster *cluster, const char *name)
{
    for (int i = 0; i < cluster->n_target_groups; i++)
        if (strcmp(cluster->target_groups[i].spec.name, name) == 0)
            return true;
    return false;
}

void target_create_group(struct scheduler *scheduler, const struct message *event,
                         struct outputs *outputs)
{
    const struct create_target_group *call = &event->as.create_target_group;
    const struct scheduler_rules *rules = &scheduler->rules;
    struct cluster *cluster = &scheduler->cluster;
    struct target_group *group;
    struct message copy;

    if (scheduler->ending || call->target_group != cluster->n_target_groups || !is_sound(call) ||
        name_is_taken(cluster, call->name)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    group = ARRAY_ADD(cluster, target_groups);
    group->spec = copy.as.create_target_group;
    group->interval_usec = seconds_or(call->interval_sec, rules->health_check_interval_usec);
    group->timeout_usec = seconds_or(call->timeout_sec, rules->health_check_timeout_usec);
    group->deregistration_delay_usec =
        seconds_or(call->deregistration_delay_sec, rules->deregistration_delay_usec);
    group->slow_start_usec = call->slow_start_sec * USEC_PER_SEC;
    group->healthy_threshold =
        call->healthy_threshold == ID_NONE ? rules->healthy_threshold : call->healthy_threshold;
    group->unhealthy_threshold = call->unhealthy_threshold == ID_NONE ? rules->unhealthy_threshold
                                                                      : call->unhealthy_threshold;
}

static void set_status(struct scheduler *scheduler, struct outputs *outputs, struct target *target,
                       enum target_status status)
{
    struct target_group *group = &scheduler->cluster.target_groups[target->target_group];
    struct target_state *said;

    group->n_targets[target->status]--;
    group->n_targets[status]++;
    target->status = status;
    target->n_passed = target->n_failed = 0;
    said = &decide(scheduler, outputs, MESSAGE_TARGET_STATE)->as.target_state;
    said->target_group = target->target_group;
    said->task = target->task;
    said->status = status;
    said->fails_open =
        group->n_targets[TARGET_HEALTHY] == 0 && group->n_targets[TARGET_UNHEALTHY] > 0;
}

static void say(struct scheduler *scheduler, struct outputs *outputs, int32_t task,
                int32_t target_group, enum service_event_code code)
{
    const struct cluster *cluster = &scheduler->cluster;
    struct service_event *event = service_say(
        scheduler, outputs, cluster->requests[cluster->tasks[task].request].service, code);

    event->count = 1;
    event->task = task;
    event->target_group = target_group;
}

static int32_t host_port_of(const struct task_state *report, int container, int32_t container_port)
{
    if (container < report->n_containers) {
        const struct container_state *state = &report->containers[container];

        for (int i = 0; i < state->n_bindings; i++)
            if (state->bindings[i].container_port == container_port)
                return state->bindings[i].host_port;
    }
    return container_port;
}

static void add(struct scheduler *scheduler, struct outputs *outputs, int32_t target_group,
                int32_t id, int container, int32_t container_port, const struct task_state *report)
{
    struct cluster *cluster = &scheduler->cluster;
    struct task_details *details = cluster_open_details(cluster, id);
    struct target_group *group = &cluster->target_groups[target_group];
    struct target *target = ARRAY_ADD(cluster, targets);
    struct register_target *call;

    *target = (struct target){.target_group = target_group,
                              .task = id,
                              .next_of_task = details->first_target,
                              .status = TARGET_INITIAL,
                              .due_usec = USEC_NEVER};
    details->first_target = cluster->n_targets - 1;
    group->n_targets[TARGET_INITIAL]++;
    call = &decide(scheduler, outputs, MESSAGE_REGISTER_TARGET)->as.register_target;
    call->target_group = target_group;
    call->task = id;
    call->instance = cluster->tasks[id].instance;
    call->container = container;
    call->container_port = container_port;
    call->host_port = host_port_of(report, container, container_port);
    if (group->spec.unchecked)
        set_status(scheduler, outputs, target, TARGET_HEALTHY);
}

void target_register(struct scheduler *scheduler, struct outputs *outputs, int id,
                     const struct task_state *report)
{
    struct cluster *cluster = &scheduler->cluster;
    const struct task *task = &cluster->tasks[id];
    const struct service *service = &cluster->services[cluster->requests[task->request].service];
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, task->taskdef);
    const struct deployment *deployment = &service->deployments[task->deployment];

    for (int i = 0; i < deployment->n_balancers; i++) {
        const struct load_balancer *balancer = &deployment->balancers[i];
        int container = taskdef_container(definition, balancer->container);
        int32_t group = deployment_group(deployment, i);

        if (container != ID_NONE && group != ID_NONE) {
            add(scheduler, outputs, group, id, container, balancer->container_port, report);
            say(scheduler, outputs, id, group, EVENT_REGISTERED);
        }
    }
}

static struct target *find(const struct cluster *cluster, int target_group, int task)
{
    if (!cluster_in_range(task, cluster->n_tasks))
        return NULL;
    for (int32_t t = cluster_details(cluster, task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task)
        if (cluster->targets[t].target_group == target_group)
            return &cluster->targets[t];
    return NULL;
}

void target_probed(struct scheduler *scheduler, const struct target_probed *probed,
                   struct outputs *outputs)
{
    struct target *target = find(&scheduler->cluster, probed->target_group, probed->task);
    const struct target_group *group;
    enum target_status status;

    if (!target || target->status == TARGET_DRAINING || target->status == TARGET_UNUSED)
        return;
    group = &scheduler->cluster.target_groups[target->target_group];
    status = target->status;
    target->n_passed = probed->passed ? target->n_passed + 1 : 0;
    target->n_failed = probed->passed ? 0 : target->n_failed + 1;
    if (status == TARGET_INITIAL && probed->passed)
        status = TARGET_HEALTHY;
    else if (status == TARGET_UNHEALTHY && target->n_passed >= group->healthy_threshold)
        status = TARGET_HEALTHY;
    else if (status != TARGET_UNHEALTHY && target->n_failed >= group->unhealthy_threshold)
        status = TARGET_UNHEALTHY;
    if (status == target->status)
        return;
    set_status(scheduler, outputs, target, status);
    service_judge(scheduler, outputs, probed->task);
}

bool target_drain(struct scheduler *scheduler, struct outputs *outputs, int task)
{
    struct cluster *cluster = &scheduler->cluster;
    bool waits = false;

    for (int32_t t = cluster_details(cluster, task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task) {
        struct target *target = &cluster->targets[t];
        int64_t delay_usec = cluster->target_groups[target->target_group].deregistration_delay_usec;

        if (target->status == TARGET_UNUSED || target->status == TARGET_DRAINING)
            continue;
        set_status(scheduler, outputs, target, delay_usec > 0 ? TARGET_DRAINING : TARGET_UNUSED);
        say(scheduler, outputs, task, target->target_group, EVENT_DEREGISTERED);
        if (delay_usec == 0)
            continue;
        target->due_usec = scheduler->now_usec + delay_usec;
        timers_add(&scheduler->drains, target->due_usec, t);
        decide_by(scheduler, target->due_usec);
        waits = true;
    }
    return waits;
}

void target_forget(struct scheduler *scheduler, struct outputs *outputs, int task)
{
    struct cluster *cluster = &scheduler->cluster;

    for (int32_t t = cluster_details(cluster, task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task) {
        cluster->targets[t].due_usec = USEC_NEVER;
        if (cluster->targets[t].status != TARGET_UNUSED)
            set_status(scheduler, outputs, &cluster->targets[t], TARGET_UNUSED);
    }
}

static bool is_draining(const struct cluster *cluster, int task)
{
    for (int32_t t = cluster_details(cluster, task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task)
        if (cluster->targets[t].status == TARGET_DRAINING)
            return true;
    return false;
}

void target_tick(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    const struct timer *first;

    while ((first = timers_first(&scheduler->drains)) && first->at_usec <= scheduler->now_usec) {
        struct target *target = &cluster->targets[first->task];

        timers_drop_first(&scheduler->drains);
        if (target->due_usec > scheduler->now_usec)
            continue; /* forgotten since */
        target->due_usec = USEC_NEVER;
        set_status(scheduler, outputs, target, TARGET_UNUSED);
        if (cluster->tasks[target->task].is_deregistering && !is_draining(cluster, target->task))
            decide_stop_drained(scheduler, outputs, target->task);
    }
    if (first)
        decide_by(scheduler, first->at_usec);
}

bool target_all_healthy(const struct cluster *cluster, int task)
{
    int32_t t = cluster_details(cluster, task)->first_target;
    bool all = t != ID_NONE;

    for (; t != ID_NONE; t = cluster->targets[t].next_of_task)
        all = all && cluster->targets[t].status == TARGET_HEALTHY;
    return all;
}

bool target_any_unhealthy(const struct cluster *cluster, int task)
{
    for (int32_t t = cluster_details(cluster, task)->first_target; t != ID_NONE;
         t = cluster->targets[t].next_of_task)
        if (cluster->targets[t].status == TARGET_UNHEALTHY)
            return true;
    return false;
}

bool target_gets_requests(const struct cluster *cluster, int target_group, int task)
{
    const struct target *target = find(cluster, target_group, task);

    if (!target)
        return false;
    return target->status == TARGET_HEALTHY ||
           (target->status == TARGET_UNHEALTHY &&
            cluster->target_groups[target_group].n_targets[TARGET_HEALTHY] == 0);
}
