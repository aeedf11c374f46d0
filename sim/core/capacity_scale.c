/*
 * Managed scaling (ECS developer guide, cluster-auto-scaling): once a period each provider's
 * CapacityProviderReservation = M / N x 100 is held against its target. N are the instances that run, M
 * those that are needed. Each datapoint is told with all that it was made of, whatever it led to.
 */
#include "core/array.h"
#include "core/capacity.h"
#include "core/decide.h"
#include "core/draw.h"
#include "core/instance.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What a task wants, so far as it decides how many fit on an instance. */
struct want {
    int32_t cpu, memory_mib;
    int32_t gpus; /* GPUS_ALL: every one */
    bool eni, alone;
    int32_t taskdef; /* of the first such task; tells host ports apart */
};

/* PROVISIONING tasks with identical requirements. */
struct want_group {
    struct want want;
    int32_t n;
};

struct want_groups {
    struct want_group *list;
    int n_list, cap_list;
};

static bool is_alone(const struct cluster *cluster, int request_id,
                     const struct task_definition *definition)
{
    const struct request *request = &cluster->requests[request_id];

    for (int i = 0; i < request->n_constraints; i++)
        if (request->constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE)
            return true;
    for (int i = 0; i < definition->n_constraints; i++)
        if (definition->constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE)
            return true;
    return taskdef_has_host_ports(definition);
}

static struct want want_of(const struct cluster *cluster, const struct task *task)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, task->taskdef);

    return (struct want){
        .cpu = cluster->taskdef_facts[task->taskdef].cpu,
        .memory_mib = cluster->taskdef_facts[task->taskdef].memory_mib,
        /* all GPUs, a number of them, or none: told apart by what it takes of 1 and of 1000 */
        .gpus = taskdef_gpus(definition, 1000) == 1000 ? GPUS_ALL : taskdef_gpus(definition, 1000),
        .eni = definition->network_mode == NETWORK_AWSVPC,
        .alone = is_alone(cluster, task->request, definition),
        .taskdef = task->taskdef,
    };
}

static bool equal_wants(const struct want *a, const struct want *b)
{
    return a->cpu == b->cpu && a->memory_mib == b->memory_mib && a->gpus == b->gpus &&
           a->eni == b->eni && a->alone == b->alone && (!a->alone || a->taskdef == b->taskdef);
}

static void add_want(struct want_groups *groups, const struct want *want)
{
    for (int i = 0; i < groups->n_list; i++) {
        if (equal_wants(&groups->list[i].want, want)) {
            groups->list[i].n++;
            return;
        }
    }
    *ARRAY_ADD(groups, list) = (struct want_group){*want, 1};
}

static void limit(int64_t *n, int64_t there, int64_t wanted)
{
    if (wanted > 0 && there / wanted < *n)
        *n = there / wanted;
}

/* How many such tasks fit on an empty instance of the type. */
static int32_t count_fitting(const struct group_type *type, int32_t reserved_mib,
                             const struct want *want)
{
    int64_t n = INT32_MAX;

    limit(&n, type->cpu, want->cpu);
    limit(&n, type->memory_mib - reserved_mib, want->memory_mib);
    limit(&n, type->gpus, want->gpus == GPUS_ALL ? (type->gpus > 0 ? type->gpus : 1) : want->gpus);
    if (want->eni && type->enis != ID_NONE)
        limit(&n, type->enis, 1);
    if (want->alone && n > 1)
        n = 1;
    return n < 0 ? 0 : (int32_t)n;
}

/* The number on the largest type; 0 where one does not fit on the smallest (on each type there is). */
static int32_t count_per_instance(const struct cluster *cluster, int group, const struct want *want)
{
    const struct instance_group *spec = &cluster->groups[group].spec;
    int32_t most = 0;

    for (int t = 0; t <= spec->n_more_types; t++) {
        struct group_type type = cluster_type(cluster, group, t);
        int32_t n = count_fitting(&type, spec->reserved_mib, want);

        if (n == 0)
            return 0;
        most = n > most ? n : most;
    }
    return most;
}

/* The instances that the largest of the groups of waiting tasks needs: a lower bound, not the sum. */
static void count_waiting(const struct scheduler *scheduler, const struct provider *provider,
                          struct capacity_state *state)
{
    const struct cluster *cluster = &scheduler->cluster;
    struct want_groups groups = {0};

    for (int i = 0; i < scheduler->n_waiting; i++) {
        const struct task *task = &cluster->tasks[scheduler->waiting[i].task];
        struct want want;

        if (cluster->requests[task->request].provider != state->provider)
            continue;
        want = want_of(cluster, task);
        add_want(&groups, &want);
        state->n_waiting++;
    }
    for (int i = 0; i < groups.n_list; i++) {
        const struct want_group *group = &groups.list[i];
        int32_t per_instance = count_per_instance(cluster, provider->spec.group, &group->want);
        int32_t needed;

        if (per_instance == 0) {
            state->n_skipped += group->n;
            continue;
        }
        needed = (group->n - 1) / per_instance + 1;
        if (needed <= state->needed)
            continue;
        state->needed = needed;
        state->per_instance = per_instance;
        state->largest = group->n;
        state->largest_taskdef = group->want.taskdef;
    }
    free(groups.list);
}

static void count_instances(const struct cluster *cluster, int group, struct capacity_state *state)
{
    for (int i = cluster->groups[group].first_up; i != ID_NONE; i = cluster->instances[i].next_up) {
        const struct instance *instance = &cluster->instances[i];

        if (instance->leaving || instance->status == INSTANCE_DEREGISTERING)
            continue;
        if (instance->status == INSTANCE_LAUNCHING) {
            state->n_starting++;
            continue;
        }
        state->n++;
        state->n_empty += capacity_is_empty(cluster, i);
    }
}

/* An instance that its provider launched is inside its warm-up: the next step out is held. */
static bool is_warming_up(const struct scheduler *scheduler, const struct provider *provider)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int i = cluster->groups[provider->spec.group].first_up; i != ID_NONE;
         i = cluster->instances[i].next_up)
        if (cluster->instances[i].scaled_out && !cluster->instances[i].leaving &&
            scheduler->now_usec - cluster->instances[i].launched_at_usec <
                provider->spec.warmup_usec)
            return true;
    return false;
}

/* M and the metric, with their special cases: none runs and none is needed is 100, none runs and some are
 * needed is 200; while tasks wait that fit nowhere, M is N. */
static void measure(const struct scheduler *scheduler, const struct provider *provider,
                    struct capacity_state *state)
{
    int32_t step;

    count_instances(&scheduler->cluster, provider->spec.group, state);
    count_waiting(scheduler, provider, state);
    step = state->needed < provider->spec.minimum_step   ? provider->spec.minimum_step
           : state->needed > provider->spec.maximum_step ? provider->spec.maximum_step
                                                         : state->needed;
    if (state->needed > 0)
        state->m = state->n + step;
    else
        state->m = state->n - (state->n_waiting > 0 ? 0 : state->n_empty);
    if (state->n > 0)
        state->metric_centi = (int32_t)((int64_t)state->m * 10000 / state->n);
    else
        state->metric_centi = state->m > 0 ? 20000 : 10000;
}

/* Target tracking takes a capacity of zero for one. */
static int32_t wanted_capacity(const struct capacity_state *state)
{
    if (state->n == 0)
        return state->m > 0 ? 2 : 0;
    return (int32_t)(((int64_t)state->m * 100 + state->target - 1) / state->target);
}

static void scale_out(const struct scheduler *scheduler, struct provider *provider,
                      struct group *group, struct capacity_state *state)
{
    int32_t wanted = wanted_capacity(state);

    if (++provider->n_high < scheduler->rules.capacity_out_datapoints)
        state->verdict = CAPACITY_NO_CHANGE;
    else if (group->desired >= group->spec.maximum)
        state->verdict = CAPACITY_AT_MAXIMUM;
    else if (is_warming_up(scheduler, provider))
        state->verdict = CAPACITY_WARMING_UP;
    else if (wanted <= group->desired)
        state->verdict = CAPACITY_NO_CHANGE;
    else
        state->verdict = CAPACITY_OUT;
    if (state->verdict == CAPACITY_OUT)
        group->desired = wanted < group->spec.maximum ? wanted : group->spec.maximum;
}

/* Who goes ---------------------------------------------------------------------------------------- */

static bool may_go(const struct cluster *cluster, const struct provider *provider, int id)
{
    const struct instance *instance = &cluster->instances[id];

    if (instance->leaving ||
        (instance->status != INSTANCE_ACTIVE && instance->status != INSTANCE_DRAINING))
        return false;
    if (provider->spec.termination_protection)
        return capacity_is_empty(cluster, id);
    return !cluster->groups[instance->group].spec.protect;
}

static int count_zone(const struct cluster *cluster, int group, int32_t zone)
{
    int n = 0;

    for (int i = cluster->groups[group].first_up; i != ID_NONE; i = cluster->instances[i].next_up)
        n += cluster->instances[i].zone == zone && !cluster->instances[i].leaving;
    return n;
}

#define HOUR_USEC (3600 * USEC_PER_SEC)

static int64_t until_next_hour(const struct scheduler *scheduler, int id)
{
    return HOUR_USEC -
           (scheduler->now_usec - scheduler->cluster.instances[id].launched_at_usec) % HOUR_USEC;
}

/* Keeps the victims with the least value; returns whether that chose one of several. */
static bool narrow(int32_t *victims, int *n, const int64_t *values)
{
    int64_t least = INT64_MAX;
    int kept = 0, before = *n;

    for (int i = 0; i < before; i++)
        least = values[i] < least ? values[i] : least;
    for (int i = 0; i < before; i++)
        if (values[i] == least)
            victims[kept++] = victims[i];
    *n = kept;
    return before > 1 && kept == 1;
}

/* The Auto Scaling group's default termination policy: the zone with most instances, then whoever is
 * closest to its next hour, then chance. ID_NONE where none may go. */
static int choose_victim(struct scheduler *scheduler, struct provider *provider,
                         enum termination_rule *rule)
{
    const struct cluster *cluster = &scheduler->cluster;
    int group = provider->spec.group, n = 0, victim;
    int32_t *victims = calloc((size_t)cluster->groups[group].n_in + 1, sizeof *victims);
    int64_t *values = calloc((size_t)cluster->groups[group].n_in + 1, sizeof *values);

    assert(victims != NULL && values != NULL);
    for (int i = cluster->groups[group].first_up; i != ID_NONE; i = cluster->instances[i].next_up)
        if (may_go(cluster, provider, i))
            victims[n++] = i;
    *rule = CHOSEN_ALONE;
    for (int i = 0; i < n; i++)
        values[i] = -count_zone(cluster, group, cluster->instances[victims[i]].zone);
    if (narrow(victims, &n, values))
        *rule = CHOSEN_BY_ZONE;
    for (int i = 0; i < n; i++)
        values[i] = until_next_hour(scheduler, victims[i]);
    if (narrow(victims, &n, values))
        *rule = CHOSEN_BY_HOUR;
    if (n > 1)
        *rule = CHOSEN_BY_LOT;
    victim = n == 0 ? ID_NONE
                    : victims[draw_below(cluster->seed, DRAW_TERMINATION, group,
                                         provider->n_victims++, (uint64_t)n)];
    free(victims);
    free(values);
    return victim;
}

static bool let_one_go(struct scheduler *scheduler, struct provider *provider,
                       struct outputs *outputs)
{
    enum termination_rule rule;
    int victim = choose_victim(scheduler, provider, &rule);
    int64_t until_usec = scheduler->now_usec;

    if (victim == ID_NONE)
        return false;
    if (provider->spec.draining) {
        until_usec += scheduler->rules.drain_timeout_usec;
        instance_drain(scheduler, outputs, victim, DRAINED_TO_SCALE, rule);
    }
    instance_leave(scheduler, victim, until_usec);
    scheduler->cluster.groups[provider->spec.group].desired--;
    return true;
}

/* Once begun, a scale-in goes on each period: one instance, or of larger groups less than half. */
static void scale_in(struct scheduler *scheduler, struct provider *provider,
                     struct capacity_state *state, struct outputs *outputs)
{
    struct group *group = &scheduler->cluster.groups[provider->spec.group];
    int32_t wanted = wanted_capacity(state);
    int32_t slowest = group->desired - (group->desired > 2 ? (group->desired - 1) / 2 : 1);

    state->low_datapoints = ++provider->n_low;
    if (wanted < slowest)
        wanted = slowest;
    if (wanted < group->spec.minimum)
        wanted = group->spec.minimum;
    if (provider->n_low < scheduler->rules.capacity_in_datapoints)
        state->verdict = CAPACITY_LOW;
    else if (group->desired <= group->spec.minimum)
        state->verdict = CAPACITY_AT_MINIMUM;
    else if (wanted >= group->desired)
        state->verdict = CAPACITY_NO_CHANGE;
    else
        state->verdict = CAPACITY_PROTECTED;
    if (state->verdict != CAPACITY_PROTECTED)
        return;
    while (group->desired > wanted && let_one_go(scheduler, provider, outputs))
        state->verdict = CAPACITY_IN;
}

static void take_datapoint(struct scheduler *scheduler, int id, struct outputs *outputs)
{
    struct provider *provider = &scheduler->cluster.providers[id];
    struct group *group = &scheduler->cluster.groups[provider->spec.group];
    struct message *said = decide(scheduler, outputs, MESSAGE_CAPACITY);
    struct capacity_state state = said->as.capacity;
    int64_t needed, target;
    int said_at = outputs->n_messages - 1;

    state.provider = id;
    state.target = provider->spec.target_capacity;
    state.from = group->desired;
    measure(scheduler, provider, &state);
    needed = (int64_t)state.m * 100;
    target = (int64_t)state.target * state.n;
    state.verdict = state.n_skipped > 0 && state.n_skipped == state.n_waiting ? CAPACITY_NEVER_FITS
                                                                              : CAPACITY_STEADY;
    if (needed > target) {
        provider->n_low = 0;
        scale_out(scheduler, provider, group, &state);
    } else {
        provider->n_high = 0;
        if (needed < target)
            scale_in(scheduler, provider, &state, outputs);
        else
            provider->n_low = 0;
    }
    state.desired = group->desired;
    outputs->messages[said_at].as.capacity = state;
}

void capacity_scale(struct scheduler *scheduler, struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;

    for (int i = 0; i < cluster->n_providers; i++) {
        struct provider *provider = &cluster->providers[i];

        if (provider->datapoint_at_usec <= scheduler->now_usec) {
            take_datapoint(scheduler, i, outputs);
            /* A late datapoint does not shift the ones after it. */
            provider->datapoint_at_usec += (scheduler->now_usec - provider->datapoint_at_usec) /
                                               scheduler->rules.metric_period_usec *
                                               scheduler->rules.metric_period_usec +
                                           scheduler->rules.metric_period_usec;
        }
        decide_by(scheduler, provider->datapoint_at_usec);
    }
}
