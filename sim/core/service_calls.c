/*
 * The API calls about services: what they ask for is checked whole, then taken over or refused. What
 * follows from them is service.c's.
 */
#include "core/array.h"
#include "core/capacity.h"
#include "core/decide.h"
#include "core/deployment.h"
#include "core/service.h"

#include <string.h>

/* ECS API: DeploymentConfiguration, CanaryConfiguration, LinearConfiguration. */
#define PERCENT_MAX 1000000
#define BAKE_MINUTES_MAX 1440

static const struct service_settings replica_defaults = {
    .strategy = DEPLOYMENT_ROLLING,
    .min_percent = 100,
    .max_percent = 200,
    .breaker = {.type = THRESHOLD_BOUNDED_PERCENT, .value = 50},
    .canary_permille = 50,
    .canary_bake_minutes = 10,
    .step_permille = 100,
    .step_bake_minutes = 6,
};

static int find_service(const struct cluster *cluster, const char *name)
{
    for (int i = 0; i < cluster->n_services; i++)
        if (cluster->services[i].status != SERVICE_INACTIVE &&
            strcmp(cluster->services[i].name, name) == 0)
            return i;
    return ID_NONE;
}

static void take(int32_t said, int32_t *setting)
{
    if (said != ID_NONE)
        *setting = said;
}

/* What the call says replaces what was; the rest stays. */
static void take_settings(const struct deployment_configuration *said,
                          struct service_settings *settings)
{
    if (!said)
        return;
    if (said->strategy != DEPLOYMENT_UNSAID)
        settings->strategy = said->strategy;
    take(said->minimum_healthy_percent, &settings->min_percent);
    take(said->maximum_percent, &settings->max_percent);
    if (said->breaker)
        settings->breaker = *said->breaker;
    if (said->alarms) {
        settings->has_alarms = said->alarms->enable;
        settings->alarms_roll_back = said->alarms->rollback;
    }
    take(said->bake_minutes, &settings->bake_minutes);
    take(said->canary_permille, &settings->canary_permille);
    take(said->canary_bake_minutes, &settings->canary_bake_minutes);
    take(said->step_permille, &settings->step_permille);
    take(said->step_bake_minutes, &settings->step_bake_minutes);
}

static bool is_within(int32_t value, int32_t least, int32_t most)
{
    return value >= least && value <= most;
}

static bool is_sound(const struct service_settings *settings, const struct service *service)
{
    bool daemon = service->scheduling == SCHEDULING_DAEMON;

    if (!is_within(settings->min_percent, 0, 100) ||
        !is_within(settings->max_percent, 100, daemon ? 100 : PERCENT_MAX) ||
        !is_within(settings->bake_minutes, 0, BAKE_MINUTES_MAX) ||
        !is_within(settings->canary_permille, 1, 1000) ||
        !is_within(settings->canary_bake_minutes, 0, BAKE_MINUTES_MAX) ||
        !is_within(settings->step_permille, 30, 1000) ||
        !is_within(settings->step_bake_minutes, 0, BAKE_MINUTES_MAX) || settings->breaker.value < 1)
        return false;
    if (settings->strategy == DEPLOYMENT_ROLLING)
        return true;
    for (int i = 0; i < service->n_balancers; i++)
        if (service->balancers[i].alternate == ID_NONE)
            return false;
    return !daemon && (settings->strategy == DEPLOYMENT_BLUE_GREEN || service->n_balancers > 0);
}

/* Each group once, so that a task and a group name one target. */
static bool balancers_are_sound(const struct cluster *cluster,
                                const struct load_balancer *balancers, int n)
{
    for (int i = 0; i < n; i++) {
        const struct load_balancer *balancer = &balancers[i];

        if (!balancer->container ||
            !cluster_in_range(balancer->target_group, cluster->n_target_groups) ||
            (balancer->alternate != ID_NONE &&
             !cluster_in_range(balancer->alternate, cluster->n_target_groups)) ||
            balancer->alternate == balancer->target_group ||
            !is_within(balancer->container_port, 1, 65535))
            return false;
        for (int j = 0; j < i; j++)
            if (balancers[j].target_group == balancer->target_group ||
                balancers[j].alternate == balancer->target_group ||
                (balancer->alternate != ID_NONE &&
                 (balancers[j].alternate == balancer->alternate ||
                  balancers[j].target_group == balancer->alternate)))
                return false;
    }
    return true;
}

/* The service that the call describes, as far as it can be said before there is a request. */
static struct service describe(const struct create_service *call)
{
    struct service service = {
        .status = SERVICE_ACTIVE,
        .scheduling = call->scheduling,
        .settings = replica_defaults,
        .taskdef = call->taskdef,
        .desired = call->scheduling == SCHEDULING_DAEMON ? 0 : call->desired,
        .grace_usec = call->grace_sec * USEC_PER_SEC,
        .n_balancers = call->n_balancers,
        .balancers = call->balancers,
        .first_task = ID_NONE,
        .serving = ID_NONE,
        .started_step = -1,
        .replaced_step = -1,
    };

    if (call->scheduling == SCHEDULING_DAEMON) {
        service.settings.min_percent = 0;
        service.settings.max_percent = 100;
    }
    take_settings(call->deployment, &service.settings);
    service.rebalances =
        call->rebalancing != REBALANCING_DISABLED && rebalance_is_compatible(call, &service);
    return service;
}

/* ECS developer guide, service-rebalancing: it cannot be turned on where it is not compatible. */
static bool rebalancing_is_sound(const struct create_service *call)
{
    struct service service = describe(call);

    return call->rebalancing != REBALANCING_ENABLED || service.rebalances;
}

static bool is_valid(const struct cluster *cluster, const struct create_service *call)
{
    struct service service = describe(call);

    return call->service == cluster->n_services && call->name &&
           is_within(call->desired, 0, CLUSTER_COUNT_MAX) && call->grace_sec >= 0 &&
           (call->scheduling == SCHEDULING_REPLICA ||
            (call->n_strategy == 0 && call->n_providers == 0)) &&
           balancers_are_sound(cluster, call->balancers, call->n_balancers) &&
           is_sound(&service.settings, &service);
}

/* ECS API, LoadBalancer.containerName: one of the definition's. */
static bool have_containers(const struct cluster *cluster, const struct create_service *call,
                            int taskdef)
{
    for (int i = 0; i < call->n_balancers; i++)
        if (taskdef_container(taskdefs_get(&cluster->taskdefs, taskdef),
                              call->balancers[i].container) == ID_NONE)
            return false;
    return true;
}

static void take_alarm_names(struct cluster *cluster, struct service *service,
                             const struct deployment_configuration *said)
{
    if (!said || !said->alarms)
        return;
    service->n_alarm_names = 0;
    for (int i = 0; i < said->alarms->n_names; i++)
        if (said->alarms->names[i].name)
            *ARRAY_ADD(service, alarm_names) =
                names_intern(&cluster->names, said->alarms->names[i].name);
}

void service_create(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs)
{
    const struct create_service *call = &event->as.create_service;
    struct cluster *cluster = &scheduler->cluster;
    struct service *service;
    int request = ID_NONE;

    if (scheduler->ending) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    if (!cluster_in_range(call->taskdef, cluster->taskdefs.n_definitions)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    if (call->name && find_service(cluster, call->name) != ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_DUPLICATE);
        return;
    }
    if (is_valid(cluster, call) && !have_containers(cluster, call, call->taskdef)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_BALANCERS);
        return;
    }
    if (is_valid(cluster, call) && rebalancing_is_sound(call))
        request = capacity_add_request(cluster, event, call->service);
    if (request == ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind,
                      rebalancing_is_sound(call) ? REFUSED_INVALID : REFUSED_REBALANCING);
        return;
    }
    service = ARRAY_ADD(cluster, services);
    *service = describe(&cluster->requests[request].call.as.create_service);
    service->name = cluster->requests[request].call.as.create_service.name;
    service->request = request;
    /* The instances of another provider are no place to move to. */
    service->rebalances = service->rebalances && cluster->requests[request].provider == ID_NONE;
    take_alarm_names(cluster, service, call->deployment);
    deployment_begin(scheduler, outputs, call->service, call->taskdef);
    deployment_say_traffic(scheduler, outputs, call->service);
    service_touch(scheduler, call->service);
}

/* The service's call as it stands after the update; its lists are those of either. */
static struct message merge(const struct cluster *cluster, const struct update_service *call)
{
    struct message merged = cluster->requests[cluster->services[call->service].request].call;
    struct create_service *to = &merged.as.create_service;

    if (call->new_strategy) {
        to->n_strategy = call->n_strategy;
        to->strategy = call->strategy;
    }
    if (call->new_constraints) {
        to->n_constraints = call->n_constraints;
        to->constraints = call->constraints;
    }
    to->n_balancers = cluster->services[call->service].n_balancers;
    to->balancers = (struct load_balancer *)cluster->services[call->service].balancers;
    if (call->new_balancers) {
        to->n_balancers = call->n_balancers;
        to->balancers = call->balancers;
    }
    return merged;
}

static bool says_shift_of(const struct deployment_configuration *said,
                          enum deployment_strategy strategy)
{
    if (!said)
        return false;
    return strategy == DEPLOYMENT_CANARY
               ? said->canary_permille != ID_NONE || said->canary_bake_minutes != ID_NONE
               : said->step_permille != ID_NONE || said->step_bake_minutes != ID_NONE;
}

/* Traffic that is to be moved has somewhere to go to, on one side or the other. */
static bool can_stand_apart(const struct service *service, const struct create_service *call)
{
    const struct deployment next = {.n_balancers = call->n_balancers, .balancers = call->balancers};

    return service->serving == ID_NONE ||
           !deployment_shares_groups(&next, &service->deployments[service->serving], false) ||
           !deployment_shares_groups(&next, &service->deployments[service->serving], true);
}

/* Why the update is refused, or ID_NONE. `after`: the service with what the call says; `merged`: likewise its
 * call. */
static int find_fault(const struct cluster *cluster, const struct update_service *call,
                      const struct service *after, const struct create_service *merged)
{
    bool daemon = after->scheduling == SCHEDULING_DAEMON;
    enum deployment_strategy strategy = after->settings.strategy;
    int taskdef = call->taskdef == ID_NONE ? after->taskdef : call->taskdef;

    if (!is_within(call->desired, ID_NONE, CLUSTER_COUNT_MAX) || call->grace_sec < ID_NONE)
        return REFUSED_INVALID;
    if (daemon && (call->desired != ID_NONE || call->n_providers > 0 || call->n_strategy > 0))
        return REFUSED_DAEMON;
    if ((says_shift_of(call->deployment, DEPLOYMENT_CANARY) && strategy != DEPLOYMENT_CANARY) ||
        (says_shift_of(call->deployment, DEPLOYMENT_LINEAR) && strategy != DEPLOYMENT_LINEAR))
        return REFUSED_STRATEGY;
    if (call->new_balancers &&
        (!balancers_are_sound(cluster, merged->balancers, merged->n_balancers) ||
         (strategy != DEPLOYMENT_ROLLING && !can_stand_apart(after, merged))))
        return REFUSED_BALANCERS;
    if ((call->new_balancers || call->taskdef != ID_NONE) &&
        !have_containers(cluster, merged, taskdef))
        return REFUSED_BALANCERS;
    if (!is_sound(&after->settings, after))
        return REFUSED_INVALID;
    return call->rebalancing == REBALANCING_ENABLED && !rebalance_is_compatible(merged, after)
               ? REFUSED_REBALANCING
               : ID_NONE;
}

static bool changes_placement(const struct update_service *call)
{
    return call->new_strategy || call->new_constraints;
}

/* What is new of placement and load balancers, which `request` keeps. */
static void take_merged(struct cluster *cluster, const struct update_service *call, int request)
{
    struct service *service = &cluster->services[call->service];
    const struct create_service *kept = &cluster->requests[request].call.as.create_service;

    if (call->new_balancers) {
        service->n_balancers = kept->n_balancers;
        service->balancers = kept->balancers;
    }
    if (changes_placement(call))
        cluster_replace_placement(cluster, call->service, request);
}

static void take_update(struct scheduler *scheduler, const struct update_service *call,
                        struct outputs *outputs)
{
    struct service *service = &scheduler->cluster.services[call->service];
    const struct create_service *created =
        &scheduler->cluster.requests[service->request].call.as.create_service;

    take_settings(call->deployment, &service->settings);
    take_alarm_names(&scheduler->cluster, service, call->deployment);
    if (call->deployment && call->deployment->alarms)
        deployment_renew_alarms(scheduler, call->service);
    take(call->desired, &service->desired);
    if (call->grace_sec != ID_NONE)
        service->grace_usec = call->grace_sec * USEC_PER_SEC;
    if (call->rebalancing != REBALANCING_UNSAID)
        service->rebalances = call->rebalancing == REBALANCING_ENABLED;
    service->rebalances = service->rebalances && rebalance_is_compatible(created, service) &&
                          scheduler->cluster.requests[service->request].provider == ID_NONE;
    service->deployments[service->primary].said_stuck = false;
    /* ECS API, UpdateService: load balancers too take new tasks, placement only holds for those that come. */
    if (call->force || call->n_providers > 0 || call->new_balancers ||
        (call->taskdef != ID_NONE && call->taskdef != service->taskdef))
        deployment_begin(scheduler, outputs, call->service,
                         call->taskdef == ID_NONE ? service->taskdef : call->taskdef);
    service_touch(scheduler, call->service);
}

void service_update(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs)
{
    const struct update_service *call = &event->as.update_service;
    struct cluster *cluster = &scheduler->cluster;
    struct message merged;
    struct service after;
    int request, merged_request = ID_NONE, fault, taskdef;

    if (!cluster_in_range(call->service, cluster->n_services) ||
        (call->taskdef != ID_NONE &&
         !cluster_in_range(call->taskdef, cluster->taskdefs.n_definitions))) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    after = cluster->services[call->service];
    if (scheduler->ending || after.status != SERVICE_ACTIVE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    taskdef = call->taskdef != ID_NONE ? call->taskdef : after.taskdef;
    merged = merge(cluster, call);
    take_settings(call->deployment, &after.settings);
    after.n_balancers = merged.as.create_service.n_balancers;
    after.balancers = merged.as.create_service.balancers;
    fault = find_fault(cluster, call, &after, &merged.as.create_service);
    if (fault != ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind, (enum refusal)fault);
        return;
    }
    request = after.request;
    if (changes_placement(call) || call->new_balancers)
        merged_request = request = cluster_add_own_request(cluster, &merged, call->service);
    if (request != ID_NONE)
        request = after.request;
    if (request != ID_NONE && call->n_providers > 0)
        request =
            capacity_renew_request(cluster, request, taskdef, call->providers, call->n_providers);
    if (request == ID_NONE || !capacity_takes(cluster, request, taskdef)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    cluster->services[call->service].request = request;
    if (merged_request != ID_NONE)
        take_merged(cluster, call, merged_request);
    take_update(scheduler, call, outputs);
}

void service_delete(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs)
{
    struct cluster *cluster = &scheduler->cluster;
    int id = event->as.delete_service.service;

    if (!cluster_in_range(id, cluster->n_services)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
    } else if (cluster->services[id].status != SERVICE_ACTIVE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
    } else {
        cluster->services[id].status = SERVICE_DRAINING;
        cluster->services[id].desired = 0;
        service_touch(scheduler, id);
    }
}
