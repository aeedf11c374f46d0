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
static bool balancers_are_sound(const struct cluster *cluster, const struct create_service *call)
{
    for (int i = 0; i < call->n_balancers; i++) {
        const struct load_balancer *balancer = &call->balancers[i];

        if (!balancer->container ||
            !cluster_in_range(balancer->target_group, cluster->n_target_groups) ||
            (balancer->alternate != ID_NONE &&
             !cluster_in_range(balancer->alternate, cluster->n_target_groups)) ||
            balancer->alternate == balancer->target_group ||
            !is_within(balancer->container_port, 1, 65535))
            return false;
        for (int j = 0; j < i; j++)
            if (call->balancers[j].target_group == balancer->target_group ||
                call->balancers[j].alternate == balancer->target_group ||
                (balancer->alternate != ID_NONE &&
                 (call->balancers[j].alternate == balancer->alternate ||
                  call->balancers[j].target_group == balancer->alternate)))
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

static bool is_valid(const struct cluster *cluster, const struct create_service *call)
{
    struct service service = describe(call);

    return call->service == cluster->n_services && call->name &&
           is_within(call->desired, 0, CLUSTER_COUNT_MAX) && call->grace_sec >= 0 &&
           (call->scheduling == SCHEDULING_REPLICA ||
            (call->n_strategy == 0 && call->n_providers == 0)) &&
           balancers_are_sound(cluster, call) && is_sound(&service.settings, &service);
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
    if (is_valid(cluster, call))
        request = capacity_add_request(cluster, event, call->service);
    if (request == ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
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

static void take_update(struct scheduler *scheduler, const struct update_service *call,
                        struct outputs *outputs)
{
    struct service *service = &scheduler->cluster.services[call->service];
    const struct create_service *created =
        &scheduler->cluster.requests[service->request].call.as.create_service;

    take_settings(call->deployment, &service->settings);
    take_alarm_names(&scheduler->cluster, service, call->deployment);
    take(call->desired, &service->desired);
    if (call->grace_sec != ID_NONE)
        service->grace_usec = call->grace_sec * USEC_PER_SEC;
    if (call->rebalancing != REBALANCING_UNSAID)
        service->rebalances = call->rebalancing == REBALANCING_ENABLED;
    service->rebalances = service->rebalances && rebalance_is_compatible(created, service) &&
                          scheduler->cluster.requests[service->request].provider == ID_NONE;
    service->deployments[service->primary].said_stuck = false;
    if (call->force || call->n_providers > 0 ||
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
    struct service_settings settings;
    const struct service *service;
    int request;

    if (!cluster_in_range(call->service, cluster->n_services) ||
        (call->taskdef != ID_NONE &&
         !cluster_in_range(call->taskdef, cluster->taskdefs.n_definitions))) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_NOT_FOUND);
        return;
    }
    service = &cluster->services[call->service];
    if (scheduler->ending || service->status != SERVICE_ACTIVE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INACTIVE);
        return;
    }
    settings = service->settings;
    take_settings(call->deployment, &settings);
    if (!is_within(call->desired, ID_NONE, CLUSTER_COUNT_MAX) || call->grace_sec < ID_NONE ||
        (call->desired != ID_NONE && service->scheduling == SCHEDULING_DAEMON) ||
        !is_sound(&settings, service) ||
        (call->n_providers > 0 && service->scheduling == SCHEDULING_DAEMON)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    request = service->request;
    if (call->n_providers > 0)
        request = capacity_renew_request(cluster, request, call->providers, call->n_providers);
    if (request == ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    cluster->services[call->service].request = request;
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
