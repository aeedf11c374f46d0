/*
 * The scheduler's step: what each event does to the cluster, and the one order in which
 * consequences follow. Deciding itself is in place.c (where), service.c (how many) and decide.c
 * (how it is said).
 */
#include "core/scheduler.h"

#include "core/array.h"
#include "core/bill.h"
#include "core/capacity.h"
#include "core/decide.h"
#include "core/draw.h"
#include "core/group.h"
#include "core/instance.h"
#include "core/scaling.h"
#include "core/service.h"
#include "core/target.h"
#include "core/task.h"

#include <assert.h>
#include <stdlib.h>

void scheduler_init(struct scheduler *scheduler, uint64_t seed)
{
    *scheduler = (struct scheduler){.heartbeat_at_usec = USEC_NEVER, .deadline_usec = USEC_NEVER};
    scheduler->rules = scheduler_rules_default;
    cluster_init(&scheduler->cluster, seed);
}

void scheduler_finish(struct scheduler *scheduler)
{
    cluster_finish(&scheduler->cluster);
    free(scheduler->waiting);
    free(scheduler->emptied);
    free(scheduler->agenda);
    free(scheduler->blocked);
    free(scheduler->protections);
    timers_finish(&scheduler->judgements);
    timers_finish(&scheduler->drains);
    scaling_finish(scheduler);
    free(scheduler->leaving);
    free(scheduler->bill.providers);
    free(scheduler->bill.services);
    free(scheduler->bill.hours);
    *scheduler = (struct scheduler){0};
}

int64_t scheduler_deadline(const struct scheduler *scheduler)
{
    return scheduler->deadline_usec;
}

bool scheduler_settled(const struct scheduler *scheduler)
{
    return scheduler->n_launching == 0;
}

bool scheduler_ended(const struct scheduler *scheduler)
{
    return scheduler->ending && scheduler->n_up == 0 && scheduler->n_placed == 0;
}

int64_t scheduler_waiting(const struct scheduler *scheduler)
{
    int64_t n = scheduler->n_waiting;

    for (int i = 0; i < scheduler->cluster.n_services; i++) {
        const struct service *service = &scheduler->cluster.services[i];

        if (service->is_blocked && service->desired > service->n_wanted)
            n += service->desired - service->n_wanted;
    }
    return n;
}

int scheduler_given_up(const struct scheduler *scheduler)
{
    int n = 0;

    for (int g = 0; g < scheduler->cluster.n_groups; g++)
        n += scheduler->cluster.groups[g].given_up;
    return n;
}

bool scheduler_idle(const struct scheduler *scheduler)
{
    bool missing = false;

    if (scheduler->n_placed > 0)
        return false;
    for (int g = 0; g < scheduler->cluster.n_groups; g++) {
        const struct group *group = &scheduler->cluster.groups[g];

        missing = missing || (!group->given_up && group->n_in < group->desired);
    }
    for (int i = 0; i < scheduler->n_waiting; i++)
        missing =
            missing || capacity_waits(&scheduler->cluster,
                                      scheduler->cluster.tasks[scheduler->waiting[i].task].request);
    return scheduler->n_waiting == 0 || (scheduler->n_launching == 0 && !missing);
}

/* The end -------------------------------------------------------------------------------------- */

static void end(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    scheduler->ending = true;
    scheduler->n_waiting = scheduler->n_waiting_fargate = 0;
    for (int t = 0; t < cluster->n_tasks; t++)
        if (cluster->tasks[t].desired == TASK_RUNNING)
            decide_stop(scheduler, outputs, t, STOP_USER_INITIATED, STOP_FOR_END);
        else if (cluster->tasks[t].is_deregistering)
            decide_stop_drained(scheduler, outputs, t);
    for (int i = 0; i < cluster->n_instances; i++)
        *ARRAY_ADD(scheduler, emptied) = i;
    instance_bill_all(scheduler);
    bill_tell(scheduler, outputs);
}

/* The step ------------------------------------------------------------------------------------- */

static void beat(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    if (scheduler->now_usec >= scheduler->heartbeat_at_usec) {
        for (int i = 0; i < cluster->n_instances; i++) {
            struct heartbeat *call;

            if (!cluster->instances[i].agent_connected)
                continue;
            call = &decide(scheduler, outputs, MESSAGE_HEARTBEAT)->as.heartbeat;
            call->instance = i;
            call->epoch = cluster->instances[i].epoch;
        }
        scheduler->heartbeat_at_usec = scheduler->now_usec + SCHEDULER_HEARTBEAT_USEC;
    }
    decide_by(scheduler, scheduler->heartbeat_at_usec);
}

/* Finds what is due, and the next deadline. */
static void tick(struct scheduler *scheduler, struct outputs *outputs)
{
    scheduler->deadline_usec = USEC_NEVER;
    if (scheduler->ending)
        return;
    service_tick(scheduler, outputs);
    target_tick(scheduler, outputs);
    scaling_tick(scheduler, outputs);
    task_end_protections(scheduler);
    task_give_up_waiting(scheduler, outputs);
    beat(scheduler, outputs);
}

/* Time constants are positive, so that nothing spins; those of health may be none at all. */
static void set_rules(struct scheduler *scheduler, const struct message *event,
                      struct outputs *outputs)
{
    const struct scheduler_rules *rules = &event->as.rules;
    const int64_t positive[] = {rules->metric_period_usec,
                                rules->minute_usec,
                                rules->throttle_first_usec,
                                rules->throttle_longest_usec,
                                rules->health_check_interval_usec,
                                rules->health_check_timeout_usec,
                                rules->healthy_threshold,
                                rules->unhealthy_threshold,
                                rules->scale_out_datapoints,
                                rules->scale_in_datapoints,
                                rules->capacity_out_datapoints,
                                rules->capacity_in_datapoints,
                                rules->provisioning_timeout_usec,
                                rules->fargate_burst,
                                rules->fargate_per_sec};
    const int64_t others[] = {rules->healthy_after_usec,      rules->deregistration_delay_usec,
                              rules->scale_out_cooldown_usec, rules->scale_in_cooldown_usec,
                              rules->step_cooldown_usec,      rules->provisioning_limit,
                              rules->drain_timeout_usec,      rules->billing_minimum_usec,
                              rules->spot_warning_usec,       rules->spot_free_usec};
    bool sound = !scheduler->ending && rules->fargate_burst <= CLUSTER_COUNT_MAX &&
                 rules->fargate_per_sec <= USEC_PER_SEC;

    for (size_t i = 0; i < sizeof positive / sizeof positive[0]; i++)
        sound = sound && positive[i] > 0 && positive[i] <= USEC_MAX;
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        sound = sound && others[i] >= 0 && others[i] <= USEC_MAX;
    if (sound)
        scheduler->rules = *rules;
    else
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
}

static void apply(struct scheduler *scheduler, const struct message *event, struct outputs *outputs)
{
    switch (event->kind) {
    case MESSAGE_INSTANCE_GROUP:
        group_add(scheduler, event, outputs);
        break;
    case MESSAGE_REGISTER_TASK_DEFINITION:
        task_register_definition(scheduler, event, outputs);
        break;
    case MESSAGE_CREATE_SERVICE:
        service_create(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_SERVICE:
        service_update(scheduler, event, outputs);
        break;
    case MESSAGE_DELETE_SERVICE:
        service_delete(scheduler, event, outputs);
        break;
    case MESSAGE_RUN_TASK:
        task_run(scheduler, event, outputs);
        break;
    case MESSAGE_START_TASK:
        task_start(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_INSTANCE_STATE:
        instance_update_state(scheduler, event, outputs);
        break;
    case MESSAGE_UPDATE_TASK_PROTECTION:
        task_protect(scheduler, event, outputs);
        break;
    case MESSAGE_RULES:
        set_rules(scheduler, event, outputs);
        break;
    case MESSAGE_CREATE_CAPACITY_PROVIDER:
        capacity_create(scheduler, event, outputs);
        break;
    case MESSAGE_PUT_CLUSTER_PROVIDERS:
        capacity_put_default(scheduler, event, outputs);
        break;
    case MESSAGE_SPOT_WARNING:
        instance_warn(scheduler, &event->as.spot_warning, outputs);
        break;
    case MESSAGE_AGENT_DISCONNECTED:
        instance_disconnect(scheduler, event->as.agent_disconnected.instance);
        break;
    case MESSAGE_STOP_TASK_CALL:
        task_stop(scheduler, event, outputs);
        break;
    case MESSAGE_INSTANCE_LOST:
        instance_lose(scheduler, outputs, event->as.instance_lost.instance);
        break;
    case MESSAGE_REGISTER:
        instance_register(scheduler, &event->as.register_instance);
        break;
    case MESSAGE_TASK_STATE:
        task_report(scheduler, &event->as.task_state, event->id, outputs);
        break;
    case MESSAGE_CREATE_TARGET_GROUP:
        target_create_group(scheduler, event, outputs);
        break;
    case MESSAGE_TARGET_PROBED:
        target_probed(scheduler, &event->as.target_probed, outputs);
        break;
    case MESSAGE_OBSERVE:
        scaling_observe(scheduler, event, outputs);
        break;
    case MESSAGE_REGISTER_SCALABLE_TARGET:
        scaling_register(scheduler, event, outputs);
        break;
    case MESSAGE_PUT_SCALING_POLICY:
        scaling_put_policy(scheduler, event, outputs);
        break;
    case MESSAGE_PUT_SCHEDULED_ACTION:
        scaling_put_action(scheduler, event, outputs);
        break;
    case MESSAGE_PUT_METRIC_ALARM:
        alarm_put(scheduler, event, outputs);
        break;
    case MESSAGE_END:
        if (!scheduler->ending)
            end(scheduler, outputs);
        break;
    default:
        break; /* a tick, or nothing that concerns the scheduler */
    }
}

void scheduler_foresee(const struct scheduler *scheduler, const struct message *event, bool is_next)
{
    const struct cluster *cluster = &scheduler->cluster;

    if (event->kind == MESSAGE_TASK_STATE &&
        cluster_in_range(event->as.task_state.task, cluster->n_tasks))
        cluster_foresee(cluster, event->as.task_state.task, is_next);
}

/* The order of a step: the event, then stops, then starts of those who wait longest, then of services, then
 * capacity providers, then instances. Written here and nowhere else. */
void scheduler_step(struct scheduler *scheduler, int64_t at_usec, const struct message *event,
                    struct outputs *outputs)
{
    assert(at_usec >= scheduler->now_usec);
    scheduler->now_usec = scheduler->cluster.now_usec = at_usec;
    scheduler->n_steps++;
    scheduler->room = false;
    if (at_usec >= scheduler->deadline_usec || event->kind == MESSAGE_TICK)
        tick(scheduler, outputs);
    apply(scheduler, event, outputs);
    service_stop_surplus(scheduler, outputs);
    service_start_daemons(scheduler, outputs);
    if (scheduler->room)
        task_place_waiting(scheduler, outputs);
    service_start_missing(scheduler, outputs);
    if (!scheduler->ending)
        capacity_scale(scheduler, outputs);
    group_launch_missing(scheduler, outputs);
    instance_terminate_leaving(scheduler, outputs);
    for (int i = 0; i < scheduler->n_emptied; i++)
        instance_terminate_empty(scheduler, outputs, scheduler->emptied[i]);
    scheduler->n_emptied = 0;
}

/* The state's digest --------------------------------------------------------------------------- */

static uint64_t fold(uint64_t digest, int64_t value)
{
    return draw_mix(digest ^ (uint64_t)value);
}

static uint64_t hash_instance(uint64_t digest, const struct instance *instance)
{
    const int64_t values[] = {instance->status,
                              instance->agent_connected,
                              instance->epoch,
                              instance->group,
                              instance->zone,
                              instance->type,
                              instance->spot + 2 * instance->interrupted + 4 * instance->leaving,
                              instance->bound_task,
                              instance->rate,
                              instance->cpu,
                              instance->memory_mib,
                              instance->cpu_reserved,
                              instance->memory_reserved_mib,
                              instance->gpus_reserved,
                              instance->enis_reserved,
                              instance->n_tasks,
                              instance->launch_is_open,
                              instance->terminate_is_open};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

static uint64_t hash_task(uint64_t digest, const struct task *task,
                          const struct task_details *details)
{
    const int64_t values[] = {task->taskdef,         task->request,      task->instance,
                              task->desired,         task->last,         task->stop_code,
                              task->reached_running, task->is_protected, details->place_is_open,
                              details->stop_is_open, task->health,       task->is_healthy,
                              task->is_outdated,     task->deployment,   details->running_usec};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    return digest;
}

static uint64_t hash_service(uint64_t digest, const struct service *service)
{
    const int64_t values[] = {
        service->status,        service->taskdef,        service->desired,
        service->request,       service->n_wanted,       service->n_running,
        service->n_live,        service->n_victims,      service->n_failures,
        service->retry_at_usec, service->n_healthy,      service->primary,
        service->serving,       service->out_until_usec, service->in_until_usec,
        service->min_capacity,  service->max_capacity};

    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        digest = fold(digest, values[i]);
    for (int i = 0; i < service->n_deployments; i++) {
        const struct deployment *deployment = &service->deployments[i];

        digest = fold(digest, deployment->status * 1000 + deployment->rollout * 100 +
                                  (int64_t)deployment->stage);
        digest = fold(digest, deployment->n_failed);
        digest = fold(digest, deployment->due_usec);
        digest = fold(digest, deployment->permille);
    }
    return digest;
}

static uint64_t hash_target(uint64_t digest, const struct target *target)
{
    digest = fold(digest, target->task * 10 + (int64_t)target->status);
    digest = fold(digest, target->n_passed);
    digest = fold(digest, target->n_failed);
    return fold(digest, target->due_usec);
}

static uint64_t hash_provider(uint64_t digest, const struct provider *provider)
{
    digest = fold(digest, provider->datapoint_at_usec);
    digest = fold(digest, provider->n_high);
    digest = fold(digest, provider->n_low);
    return fold(digest, provider->next_token_usec);
}

uint64_t scheduler_hash(const struct scheduler *scheduler)
{
    const struct cluster *cluster = &scheduler->cluster;
    uint64_t digest = fold(0, (int64_t)cluster->seed);

    digest = fold(digest, scheduler->now_usec);
    digest = fold(digest, scheduler->n_decisions);
    digest = fold(digest, scheduler->heartbeat_at_usec);
    for (int i = 0; i < cluster->n_instances; i++)
        digest = hash_instance(digest, &cluster->instances[i]);
    for (int i = 0; i < cluster->n_tasks; i++)
        digest = hash_task(digest, &cluster->tasks[i], cluster_details(cluster, i));
    for (int i = 0; i < cluster->n_services; i++)
        digest = hash_service(digest, &cluster->services[i]);
    for (int i = 0; i < scheduler->n_waiting; i++)
        digest = fold(fold(digest, scheduler->waiting[i].task), scheduler->waiting[i].vm);
    for (int i = 0; i < scheduler->n_alarms; i++)
        digest = fold(digest, (int64_t)scheduler->alarms[i].watch.status);
    for (int i = 0; i < scheduler->n_actions; i++)
        digest = fold(digest, scheduler->actions[i].due_usec);
    for (int i = 0; i < cluster->n_targets; i++)
        digest = hash_target(digest, &cluster->targets[i]);
    for (int i = 0; i < cluster->n_providers; i++)
        digest = hash_provider(digest, &cluster->providers[i]);
    for (int i = 0; i < cluster->n_groups; i++)
        digest = fold(fold(digest, cluster->groups[i].desired), cluster->groups[i].n_in);
    digest = ledger_hash(&cluster->ledger, digest);
    return digest;
}
