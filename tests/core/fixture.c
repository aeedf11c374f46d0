/*
 * Builds clusters through the core's own moves, so that their books are right.
 */
#include "fixture.h"

#include "core/array.h"
#include "core/cluster_moves.h"

#include <criterion/criterion.h>

int fixture_instance(struct cluster *cluster, const char *zone, int cpu, int memory_mib)
{
    struct message message = message_new(MESSAGE_INSTANCE_GROUP), copy;
    struct zone zones[1] = {{(char *)(uintptr_t)zone}};
    struct instance *instance;

    message.as.instance_group.type = "box";
    message.as.instance_group.n_zones = zone != NULL;
    message.as.instance_group.zones = zones;
    message_copy(&copy, &message);
    ARRAY_ADD(cluster, groups)->spec = copy.as.instance_group;
    instance = ARRAY_ADD(cluster, instances);
    instance->status = INSTANCE_ACTIVE;
    instance->agent_connected = true;
    instance->epoch = 1;
    instance->group = cluster->n_groups - 1;
    instance->zone = zone ? 0 : ID_NONE;
    instance->cpu = cpu;
    instance->enis = ID_NONE;
    instance->memory_mib = memory_mib;
    return cluster->n_instances - 1;
}

int fixture_taskdef(struct cluster *cluster, const char *family, int cpu, int memory_mib,
                    int host_port)
{
    struct port_mapping port = {host_port, host_port, PROTOCOL_TCP};
    struct container_definition container = {
        .name = "main",
        .image = "image:1",
        .cpu = cpu,
        .memory_mib = memory_mib,
        .essential = true,
        .stop_timeout_usec = 30 * USEC_PER_SEC,
        .n_ports = host_port > 0,
        .ports = &port,
    };
    struct task_definition definition = {
        .family = (char *)(uintptr_t)family,
        .revision = 1,
        .n_containers = 1,
        .containers = &container,
    };

    cr_assert(cluster_add_taskdef(cluster, &definition));
    return cluster->taskdefs.n_definitions - 1;
}

int fixture_service(struct cluster *cluster, const char *name, int taskdef,
                    struct strategy_rule *strategy, int n_strategy, int *service)
{
    struct message call = message_new(MESSAGE_CREATE_SERVICE);
    struct service *added = ARRAY_ADD(cluster, services);

    *service = cluster->n_services - 1;
    call.as.create_service.name = (char *)(uintptr_t)name;
    call.as.create_service.taskdef = taskdef;
    call.as.create_service.n_strategy = n_strategy;
    call.as.create_service.strategy = strategy;
    added->request = cluster_add_request(cluster, &call, *service);
    added->name = cluster->requests[added->request].call.as.create_service.name;
    added->taskdef = taskdef;
    added->first_task = ID_NONE;
    cluster_add_deployment(added, taskdef);
    return added->request;
}

int fixture_run_task(struct cluster *cluster, int taskdef, struct strategy_rule *strategy,
                     int n_strategy, struct placement_constraint *constraints, int n_constraints)
{
    struct message call = message_new(MESSAGE_RUN_TASK);

    call.as.run_task.taskdef = taskdef;
    call.as.run_task.n_strategy = n_strategy;
    call.as.run_task.strategy = strategy;
    call.as.run_task.n_constraints = n_constraints;
    call.as.run_task.constraints = constraints;
    return cluster_add_request(cluster, &call, ID_NONE);
}

void fixture_tasks(struct cluster *cluster, int request, int taskdef, int instance, int n)
{
    for (int i = 0; i < n; i++) {
        int service = cluster->requests[request].service;
        int task = service == ID_NONE ? cluster_add_task(cluster, taskdef, request)
                                      : cluster_add_service_task(cluster, service, 0, request);

        cluster_place(cluster, task, instance);
        cluster_run(cluster, task);
    }
}
