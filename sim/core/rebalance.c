/*
 * Zone rebalancing: where a service's tasks have become uneven over the zones, one task more starts
 * where fewest are, and one goes where most are once it is healthy (ECS API,
 * CreateService.availabilityZoneRebalancing; developer guide, track-service-rebalancing). Zones are
 * even while they differ by one at most.
 */
#include "core/limits.h"
#include "core/service.h"

#include <string.h>

static const char zone_attribute[] = "ecs.availability-zone";

bool rebalance_spreads_over_zones(const struct strategy_rule *rule)
{
    return rule->type == STRATEGY_SPREAD && rule->field == BY_ATTRIBUTE && rule->attribute &&
           strcmp(rule->attribute, zone_attribute) == 0;
}

bool rebalance_is_bound(const struct placement_constraint *constraints, int n)
{
    for (int i = 0; i < n; i++)
        if (constraints[i].expression && strstr(constraints[i].expression, zone_attribute))
            return true;
    return false;
}

bool rebalance_is_compatible(const struct create_service *call, const struct service *service)
{
    return service->scheduling == SCHEDULING_REPLICA && service->settings.max_percent > 100 &&
           (call->n_strategy == 0 || rebalance_spreads_over_zones(&call->strategy[0])) &&
           !rebalance_is_bound(call->constraints, call->n_constraints);
}

/* The service's tasks in the zone of that instance. */
static int32_t n_in_zone(const struct cluster *cluster, const struct service *service,
                         const char *zone)
{
    int32_t n = 0;

    for (int t = service->first_task; t != ID_NONE;
         t = cluster_details(cluster, t)->next_of_service) {
        const char *other;

        if (cluster->tasks[t].desired != TASK_RUNNING || cluster->tasks[t].instance == ID_NONE)
            continue;
        other = cluster_attribute(cluster, cluster->tasks[t].instance, zone_attribute);
        n += other && strcmp(other, zone) == 0;
    }
    return n;
}

static int32_t most_in_a_zone(const struct cluster *cluster, const struct service *service)
{
    int32_t most = 0;

    for (int i = 0; i < cluster->n_groups; i++) {
        for (int z = 0; z < cluster->groups[i].spec.n_zones; z++) {
            int32_t n = n_in_zone(cluster, service, cluster->groups[i].spec.zones[z].name);

            most = n > most ? n : most;
        }
    }
    return most;
}

bool rebalance_wants(const struct scheduler *scheduler, int id, struct placement *placement)
{
    const struct cluster *cluster = &scheduler->cluster;
    const struct service *service = &cluster->services[id];
    const char *zone;

    if (!service->rebalances || !service->is_steady || service->is_rebalancing ||
        service->desired < 2 || service->status != SERVICE_ACTIVE ||
        service->deployments[service->primary].rollout != ROLLOUT_COMPLETED ||
        service->n_live >= limits_upper(service->desired, service->settings.max_percent) ||
        most_in_a_zone(cluster, service) < 2)
        return false;
    *placement = place_task(cluster, service->request, service->taskdef, cluster->n_tasks);
    if (placement->instance == ID_NONE)
        return false;
    zone = cluster_attribute(cluster, placement->instance, zone_attribute);
    return zone && n_in_zone(cluster, service, zone) + 2 <= most_in_a_zone(cluster, service);
}
