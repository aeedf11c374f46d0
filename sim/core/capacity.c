/*
 * Strategies (ECS API, CapacityProviderStrategyItem; ECS developer guide, cluster-capacity-providers).
 * What becomes of fractions ECS does not say: here every prefix of the tasks is as near to the weights as
 * it can be.
 */
#include "core/capacity.h"

#include "core/array.h"
#include "core/decide.h"
#include "core/fargate.h"

#include <string.h>

static bool provider_is_sound(const struct cluster *cluster,
                              const struct create_capacity_provider *call)
{
    const struct group *group;

    if (call->provider != cluster->n_providers || !call->name ||
        !cluster_in_range(call->group, cluster->n_groups))
        return false;
    group = &cluster->groups[call->group];
    if (group->provider != ID_NONE || group->spec.kind == GROUP_FIXED ||
        (call->managed_scaling && group->spec.kind != GROUP_AUTO_SCALING))
        return false;
    for (int i = 0; i < cluster->n_providers; i++)
        if (strcmp(cluster->providers[i].spec.name, call->name) == 0)
            return false;
    /* ECS API: ManagedScaling; managedTerminationProtection needs managed scaling. */
    return !call->managed_scaling
               ? !call->termination_protection
               : call->target_capacity >= 1 && call->target_capacity <= 100 &&
                     call->minimum_step >= 1 && call->maximum_step >= call->minimum_step &&
                     call->maximum_step <= 10000 && call->warmup_usec >= 0 &&
                     call->warmup_usec <= USEC_MAX;
}

void capacity_create(struct scheduler *scheduler, const struct message *event,
                     struct outputs *outputs)
{
    const struct create_capacity_provider *call = &event->as.create_capacity_provider;
    struct cluster *cluster = &scheduler->cluster;
    struct provider *provider;
    struct message copy;

    if (scheduler->ending || !provider_is_sound(cluster, call)) {
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
        return;
    }
    message_copy(&copy, event);
    provider = ARRAY_ADD(cluster, providers);
    provider->spec = copy.as.create_capacity_provider;
    provider->is_fargate = cluster->groups[call->group].spec.kind == GROUP_FARGATE;
    provider->datapoint_at_usec = USEC_NEVER;
    cluster->groups[call->group].provider = call->provider;
    if (call->managed_scaling) {
        provider->datapoint_at_usec = scheduler->now_usec + scheduler->rules.metric_period_usec;
        decide_by(scheduler, provider->datapoint_at_usec);
    }
}

static bool share_is_sound(const struct cluster *cluster, const struct provider_share *shares,
                           int n, int i)
{
    const struct provider_share *share = &shares[i];

    if (!cluster_in_range(share->provider, cluster->n_providers) || share->base < 0 ||
        share->base > CAPACITY_BASE_MAX || share->weight < 0 ||
        share->weight > CAPACITY_WEIGHT_MAX ||
        cluster->providers[share->provider].is_fargate !=
            cluster->providers[shares[0].provider].is_fargate)
        return false;
    for (int j = i + 1; j < n; j++)
        if (shares[j].provider == share->provider || (share->base > 0 && shares[j].base > 0))
            return false;
    return true;
}

static bool strategy_is_sound(const struct cluster *cluster, const struct provider_share *shares,
                              int n)
{
    int weights = 0;

    if (n > CAPACITY_SHARES_MAX)
        return false;
    for (int i = 0; i < n; i++) {
        if (!share_is_sound(cluster, shares, n, i))
            return false;
        weights += shares[i].weight;
    }
    return n == 0 || weights > 0;
}

void capacity_put_default(struct scheduler *scheduler, const struct message *event,
                          struct outputs *outputs)
{
    const struct put_cluster_providers *call = &event->as.put_cluster_providers;
    struct cluster *cluster = &scheduler->cluster;

    if (scheduler->ending || !strategy_is_sound(cluster, call->strategy, call->n_strategy))
        decide_refuse(scheduler, outputs, event->kind,
                      scheduler->ending ? REFUSED_INACTIVE : REFUSED_INVALID);
    else
        message_copy(ARRAY_ADD(cluster, defaults), event);
}

/* Requests ------------------------------------------------------------------------------------- */

/* A task on Fargate says its size, which is one of a few, and has an interface of its own (ECS developer guide,
 * AWS_Fargate: task CPU and memory, network mode), and a machine of its own anyway. */
static bool fits_fargate(const struct cluster *cluster, int taskdef)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);

    return definition->network_mode == NETWORK_AWSVPC && !definition->machine &&
           fargate_has_size(definition->cpu, definition->memory_mib);
}

bool capacity_takes(const struct cluster *cluster, int request, int taskdef)
{
    return !capacity_is_fargate(cluster, request) || fits_fargate(cluster, taskdef);
}

/* For tasks of that definition. */
static int add_chain(struct cluster *cluster, const struct message *call, int taskdef, int service,
                     const struct provider_share *shares, int n)
{
    int first = ID_NONE, last = ID_NONE;

    if (!strategy_is_sound(cluster, shares, n) ||
        (n > 0 && cluster->providers[shares[0].provider].is_fargate &&
         !fits_fargate(cluster, taskdef)))
        return ID_NONE;
    for (int i = 0; i < n || i == 0; i++) {
        int id = n > 0 ? cluster_add_own_request(cluster, call, service)
                       : cluster_add_request(cluster, call, service);
        struct request *request;

        if (id == ID_NONE)
            return ID_NONE; /* it is the first: the others are alike */
        request = &cluster->requests[id];
        if (n > 0) {
            request->share = shares[i];
            request->provider = shares[i].provider;
            request->group = cluster->providers[shares[i].provider].spec.group;
        }
        if (i > 0)
            cluster->requests[last].next_share = id;
        else
            first = id;
        request->chain = first;
        last = id;
    }
    return first;
}

/* The strategy that a call asks for, or the cluster's default where it asks for nothing. */
static const struct provider_share *find_shares(const struct cluster *cluster, bool ec2,
                                                const struct provider_share *own, int *n)
{
    const struct put_cluster_providers *put;

    if (*n > 0 || ec2 || cluster->n_defaults == 0)
        return own;
    put = &cluster->defaults[cluster->n_defaults - 1].as.put_cluster_providers;
    *n = put->n_strategy;
    return put->strategy;
}

int capacity_add_request(struct cluster *cluster, const struct message *call, int service)
{
    const struct provider_share *shares;
    int n, taskdef;

    if (call->kind == MESSAGE_CREATE_SERVICE) {
        taskdef = call->as.create_service.taskdef;
        n = call->as.create_service.n_providers;
        shares = find_shares(cluster,
                             call->as.create_service.launch_type_ec2 ||
                                 call->as.create_service.scheduling == SCHEDULING_DAEMON,
                             call->as.create_service.providers, &n);
    } else {
        taskdef = call->as.run_task.taskdef;
        n = call->as.run_task.n_providers;
        shares = find_shares(cluster, call->as.run_task.launch_type_ec2,
                             call->as.run_task.providers, &n);
    }
    return add_chain(cluster, call, taskdef, service, shares, n);
}

int capacity_renew_request(struct cluster *cluster, int request, int taskdef,
                           const struct provider_share *shares, int n)
{
    struct provider_share same[CAPACITY_SHARES_MAX];
    struct message call;
    int renewed;

    if (n == 0 && cluster->requests[request].provider == ID_NONE)
        return request;
    if (n == 0) {
        shares = same;
        for (int r = request; r != ID_NONE; r = cluster->requests[r].next_share)
            same[n++] = cluster->requests[r].share;
    }
    message_copy(&call, &cluster->requests[request].call); /* requests move */
    renewed = add_chain(cluster, &call, taskdef, cluster->requests[request].service, shares, n);
    message_finish(&call);
    return renewed;
}

int capacity_next_request(const struct cluster *cluster, int request)
{
    bool run_task = cluster->requests[request].service == ID_NONE;
    int64_t least_tasks = 0, least_weight = 0;
    int best = ID_NONE;

    if (cluster->requests[request].next_share == ID_NONE)
        return request;
    for (int r = request; r != ID_NONE; r = cluster->requests[r].next_share) {
        const struct request *one = &cluster->requests[r];
        int64_t n = run_task ? one->n_given : one->n_wanted;

        if (n < one->share.base)
            return r;
        n += 1 - one->share.base;
        /* n / weight < least_tasks / least_weight, without fractions */
        if (one->share.weight > 0 &&
            (best == ID_NONE || n * least_weight < least_tasks * one->share.weight)) {
            best = r;
            least_tasks = n;
            least_weight = one->share.weight;
        }
    }
    return best;
}

bool capacity_waits(const struct cluster *cluster, int request)
{
    int provider = cluster->requests[request].provider;

    return provider != ID_NONE && (cluster->providers[provider].spec.managed_scaling ||
                                   cluster->providers[provider].is_fargate);
}

bool capacity_is_fargate(const struct cluster *cluster, int request)
{
    int provider = cluster->requests[request].provider;

    return provider != ID_NONE && cluster->providers[provider].is_fargate;
}

bool capacity_is_full(const struct scheduler *scheduler)
{
    return scheduler->n_waiting - scheduler->n_waiting_fargate >=
           scheduler->rules.provisioning_limit;
}

bool capacity_is_empty(const struct cluster *cluster, int id)
{
    for (int t = cluster_newest_on(cluster, &cluster->instances[id]); t != ID_NONE;
         t = cluster_older_on(cluster, t)) {
        const struct message *call = &cluster->requests[cluster->tasks[t].request].call;

        if (call->kind != MESSAGE_CREATE_SERVICE ||
            call->as.create_service.scheduling != SCHEDULING_DAEMON)
            return false;
    }
    return true;
}
