/*
 * The API calls about services: what they ask for is checked whole, then taken over or refused. What
 * follows from them is service.c's.
 */
#include "core/array.h"
#include "core/decide.h"
#include "core/service.h"

#include <string.h>

static int find_service(const struct cluster *cluster, const char *name)
{
    for (int i = 0; i < cluster->n_services; i++)
        if (cluster->services[i].status != SERVICE_INACTIVE &&
            strcmp(cluster->services[i].name, name) == 0)
            return i;
    return ID_NONE;
}

void service_create(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs)
{
    const struct create_service *call = &event->as.create_service;
    struct cluster *cluster = &scheduler->cluster;
    struct service *service;
    int request;

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
    if (call->service != cluster->n_services || !call->name || call->desired < 0 ||
        call->desired > CLUSTER_COUNT_MAX ||
        (request = cluster_add_request(cluster, event, call->service)) == ID_NONE) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    service = ARRAY_ADD(cluster, services);
    service->name = cluster->requests[request].call.as.create_service.name;
    service->status = SERVICE_ACTIVE;
    service->taskdef = call->taskdef;
    service->desired = call->desired;
    service->request = request;
    service->first_task = ID_NONE;
    service_touch(scheduler, call->service);
}

void service_update(struct scheduler *scheduler, const struct message *event,
                    struct outputs *outputs)
{
    const struct update_service *call = &event->as.update_service;
    struct cluster *cluster = &scheduler->cluster;
    struct service *service;

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
    if (call->desired != ID_NONE && (call->desired < 0 || call->desired > CLUSTER_COUNT_MAX)) {
        decide_refuse(scheduler, outputs, event->kind, REFUSED_INVALID);
        return;
    }
    if (call->desired != ID_NONE)
        service->desired = call->desired;
    if (call->taskdef != ID_NONE && call->taskdef != service->taskdef) {
        service->taskdef = call->taskdef;
        service->may_be_outdated = true;
        service->n_failures = 0; /* a new definition clears the throttle */
        service->retry_at_usec = 0;
    }
    service_touch(scheduler, call->service);
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
