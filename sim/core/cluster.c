/*
 * Changes of the cluster's state that keep its books: each task's life has five moves, and each
 * move updates every count that it touches.
 */
#include "core/cluster.h"

#include "core/array.h"
#include "core/strategies.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const instance_status_names[] = {"LAUNCHING",     "ACTIVE",   "DRAINING",
                                             "DEREGISTERING", "INACTIVE", NULL};

void cluster_init(struct cluster *cluster, uint64_t seed)
{
    *cluster = (struct cluster){.index = place_index_create(), .seed = seed};
}

static void destroy_queries(struct query **queries, int n)
{
    for (int i = 0; i < n; i++)
        query_destroy(queries[i]);
    free(queries);
}

void cluster_finish(struct cluster *cluster)
{
    place_index_destroy(cluster->index);
    for (int i = 0; i < cluster->n_instances; i++)
        free(cluster->instances[i].ports);
    for (int i = 0; i < cluster->n_groups; i++) {
        struct message message = {.kind = MESSAGE_INSTANCE_GROUP};

        message.as.instance_group = cluster->groups[i].spec;
        message_finish(&message);
    }
    for (int i = 0; i < cluster->n_services; i++) {
        free(cluster->services[i].deployments);
        free(cluster->services[i].alarm_names);
    }
    for (int i = 0; i < cluster->n_target_groups; i++) {
        struct message message = {.kind = MESSAGE_CREATE_TARGET_GROUP};

        message.as.create_target_group = cluster->target_groups[i].spec;
        message_finish(&message);
    }
    free(cluster->target_groups);
    free(cluster->targets);
    for (int i = 0; i < cluster->n_requests; i++) {
        destroy_queries(cluster->requests[i].queries, cluster->requests[i].n_constraints);
        message_finish(&cluster->requests[i].call);
    }
    for (int i = 0; i < cluster->n_taskdef_facts; i++)
        destroy_queries(cluster->taskdef_facts[i].queries,
                        taskdefs_get(&cluster->taskdefs, i)->n_constraints);
    free(cluster->taskdef_facts);
    free(cluster->instances);
    free(cluster->groups);
    free(cluster->requests);
    free(cluster->request_slots);
    free(cluster->tasks);
    free(cluster->services);
    taskdefs_finish(&cluster->taskdefs);
    names_finish(&cluster->names);
    *cluster = (struct cluster){0};
}

/* Compiles the memberOf expressions of a list, one slot a constraint; false where one is wrong. */
static bool compile_queries(const struct placement_constraint *constraints, int n,
                            struct query ***queries)
{
    struct query_error error;

    *queries = NULL;
    if (n == 0)
        return true;
    *queries = calloc((size_t)n, sizeof **queries);
    assert(*queries != NULL);
    for (int i = 0; i < n; i++) {
        if (constraints[i].type != CONSTRAINT_MEMBER_OF)
            continue;
        if (constraints[i].expression)
            (*queries)[i] = query_parse(constraints[i].expression, &error);
        if (!(*queries)[i]) {
            destroy_queries(*queries, n);
            return false;
        }
    }
    return true;
}

static bool is_checked(const struct task_definition *definition)
{
    for (int c = 0; c < definition->n_containers; c++)
        if (definition->containers[c].essential && definition->containers[c].health)
            return true;
    return false;
}

bool cluster_add_taskdef(struct cluster *cluster, const struct task_definition *definition)
{
    struct query **queries;

    if (!compile_queries(definition->constraints, definition->n_constraints, &queries))
        return false;
    *ARRAY_ADD(cluster, taskdef_facts) = (struct taskdef_facts){
        .cpu = taskdef_cpu(definition),
        .memory_mib = taskdef_memory_mib(definition),
        .takes_extras = taskdef_has_host_ports(definition) || taskdef_gpus(definition, 0) > 0 ||
                        definition->network_mode == NETWORK_AWSVPC,
        .is_checked = is_checked(definition),
        .queries = queries,
    };
    taskdefs_add(&cluster->taskdefs, definition);
    return true;
}

static const struct strategy_rule service_default[] = {
    {STRATEGY_SPREAD, BY_ATTRIBUTE, "ecs.availability-zone", NULL},
    {STRATEGY_SPREAD, BY_INSTANCE, NULL, NULL},
};
static const struct strategy_rule run_task_default[] = {{STRATEGY_RANDOM, BY_NOTHING, NULL, NULL}};

static int32_t task_group_name(struct cluster *cluster, const char *kind, const char *name)
{
    char text[512];

    snprintf(text, sizeof text, "%s%s", kind, name);
    return names_intern(&cluster->names, text);
}

static void describe_service(struct cluster *cluster, struct request *request)
{
    const struct create_service *call = &request->call.as.create_service;

    request->task_group = task_group_name(cluster, "service:", call->name);
    request->n_strategy = call->n_strategy ? call->n_strategy : 2;
    request->strategy = call->n_strategy ? call->strategy : service_default;
}

static void describe_run_task(struct cluster *cluster, struct request *request)
{
    const struct run_task *call = &request->call.as.run_task;
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, call->taskdef);

    request->task_group = call->group ? task_group_name(cluster, "", call->group)
                                      : task_group_name(cluster, "family:", definition->family);
    request->n_strategy = call->n_strategy ? call->n_strategy : 1;
    request->strategy = call->n_strategy ? call->strategy : run_task_default;
}

/* A rule that goes by an attribute says which. */
static bool strategy_is_sound(const struct strategy_rule *rules, int n)
{
    for (int i = 0; i < n; i++)
        if (rules[i].field == BY_ATTRIBUTE && !rules[i].attribute)
            return false;
    return true;
}

/* The slot of the RunTask call, or the empty one where it belongs. */
static int find_request_slot(const struct cluster *cluster, const struct message *call,
                             uint64_t digest)
{
    int mask = cluster->n_request_slots - 1, slot = (int)digest & mask;

    for (int32_t id; (id = cluster->request_slots[slot]) != ID_NONE; slot = (slot + 1) & mask)
        if (cluster->requests[id].digest == digest &&
            message_equal(&cluster->requests[id].call, call, NULL, 0))
            break;
    return slot;
}

static void grow_request_slots(struct cluster *cluster)
{
    int n = cluster->n_request_slots ? cluster->n_request_slots * 2 : 16;

    cluster->request_slots = realloc(cluster->request_slots, (size_t)n * sizeof(int32_t));
    assert(cluster->request_slots != NULL);
    cluster->n_request_slots = n;
    for (int i = 0; i < n; i++)
        cluster->request_slots[i] = ID_NONE;
    for (int i = 0; i < cluster->n_requests; i++) {
        const struct request *request = &cluster->requests[i];

        if (request->service == ID_NONE)
            cluster->request_slots[find_request_slot(cluster, &request->call, request->digest)] = i;
    }
}

static int make_request(struct cluster *cluster, const struct message *call, int service)
{
    bool is_service = call->kind == MESSAGE_CREATE_SERVICE;
    int32_t n_constraints =
        is_service ? call->as.create_service.n_constraints : call->as.run_task.n_constraints;
    const struct placement_constraint *constraints =
        is_service ? call->as.create_service.constraints : call->as.run_task.constraints;
    struct query **queries;
    struct request *request;

    if (is_service ? !strategy_is_sound(call->as.create_service.strategy,
                                        call->as.create_service.n_strategy)
                   : !strategy_is_sound(call->as.run_task.strategy, call->as.run_task.n_strategy))
        return ID_NONE;
    if (strategies_missing(call) || !compile_queries(constraints, n_constraints, &queries))
        return ID_NONE;
    request = ARRAY_ADD(cluster, requests);
    message_copy(&request->call, call);
    request->service = service;
    request->queries = queries;
    request->n_constraints = n_constraints;
    if (is_service) {
        request->constraints = request->call.as.create_service.constraints;
        describe_service(cluster, request);
    } else {
        request->constraints = request->call.as.run_task.constraints;
        describe_run_task(cluster, request);
    }
    return cluster->n_requests - 1;
}

int cluster_add_request(struct cluster *cluster, const struct message *call, int service)
{
    struct message alike;
    uint64_t digest;
    int slot, id;

    if (call->kind == MESSAGE_CREATE_SERVICE)
        return make_request(cluster, call, service);
    alike = *call;
    alike.id = 0;
    alike.as.run_task.count = 1;
    digest = message_digest(&alike, 0);
    if (cluster->n_requests * 2 >= cluster->n_request_slots)
        grow_request_slots(cluster);
    slot = find_request_slot(cluster, &alike, digest);
    if (cluster->request_slots[slot] != ID_NONE)
        return cluster->request_slots[slot];
    id = make_request(cluster, &alike, ID_NONE);
    if (id == ID_NONE)
        return ID_NONE;
    cluster->requests[id].digest = digest;
    cluster->request_slots[slot] = id;
    return id;
}

static struct instance *instance_of(const struct cluster *cluster, const struct task *task)
{
    return &cluster->instances[task->instance];
}

static void note_task(struct cluster *cluster, const struct task *task, int delta)
{
    place_index_note(cluster->index, task->instance, cluster->requests[task->request].task_group,
                     delta);
}

void cluster_note_instance(struct cluster *cluster, int instance)
{
    place_index_note(cluster->index, instance, ID_NONE, 0);
}

static struct service *service_of(const struct cluster *cluster, const struct task *task)
{
    int service = cluster->requests[task->request].service;

    return service == ID_NONE ? NULL : &cluster->services[service];
}

int cluster_add_deployment(struct service *service, int taskdef)
{
    struct deployment *deployment = ARRAY_ADD(service, deployments);

    deployment->taskdef = taskdef;
    deployment->due_usec = USEC_NEVER;
    return service->n_deployments - 1;
}

struct deployment *cluster_deployment(const struct cluster *cluster, const struct task *task)
{
    int service = cluster->requests[task->request].service;

    return service == ID_NONE ? NULL : &cluster->services[service].deployments[task->deployment];
}

int cluster_add_task(struct cluster *cluster, int taskdef, int request)
{
    struct task *task = ARRAY_ADD(cluster, tasks);

    *task = (struct task){
        .taskdef = taskdef,
        .request = request,
        .instance = ID_NONE,
        .next_on_instance = ID_NONE,
        .prev_on_instance = ID_NONE,
        .next_of_service = ID_NONE,
        .prev_of_service = ID_NONE,
        .desired = TASK_RUNNING,
        .last = TASK_PROVISIONING,
        .deployment = ID_NONE,
        .first_target = ID_NONE,
    };
    return cluster->n_tasks - 1;
}

int cluster_add_service_task(struct cluster *cluster, int service_id, int deployment)
{
    struct service *service = &cluster->services[service_id];
    int id = cluster_add_task(cluster, service->deployments[deployment].taskdef, service->request);
    struct task *task = &cluster->tasks[id];

    task->deployment = deployment;
    task->next_of_service = service->first_task;
    if (service->first_task != ID_NONE)
        cluster->tasks[service->first_task].prev_of_service = id;
    service->first_task = id;
    service->n_live++;
    service->n_wanted++;
    service->deployments[deployment].n_live++;
    service->deployments[deployment].n_wanted++;
    return id;
}

static void take_extras(struct instance *instance, const struct task_definition *definition,
                        int task)
{
    instance->gpus_reserved += taskdef_gpus(definition, instance->gpus);
    instance->enis_reserved += definition->network_mode == NETWORK_AWSVPC;
    for (int c = 0; c < definition->n_containers; c++) {
        for (int i = 0; i < definition->containers[c].n_ports; i++) {
            int32_t port = taskdef_host_port(definition, c, i);

            if (port > 0)
                *ARRAY_ADD(instance, ports) =
                    (struct port_use){port, definition->containers[c].ports[i].protocol, task};
        }
    }
}

static void give_extras(struct instance *instance, const struct task_definition *definition,
                        int task)
{
    int kept = 0;

    instance->gpus_reserved -= taskdef_gpus(definition, instance->gpus);
    instance->enis_reserved -= definition->network_mode == NETWORK_AWSVPC;
    for (int i = 0; i < instance->n_ports; i++)
        if (instance->ports[i].task != task)
            instance->ports[kept++] = instance->ports[i];
    instance->n_ports = kept;
}

void cluster_place(struct cluster *cluster, int id, int instance_id)
{
    struct task *task = &cluster->tasks[id];
    struct instance *instance = &cluster->instances[instance_id];
    const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];

    assert(task->last == TASK_PROVISIONING && task->desired == TASK_RUNNING);
    task->instance = instance_id;
    task->last = TASK_PENDING;
    task->next_on_instance = instance->first_task;
    if (instance->first_task != ID_NONE)
        cluster->tasks[instance->first_task].prev_on_instance = id;
    instance->first_task = id;
    instance->n_tasks++;
    instance->cpu_reserved += facts->cpu;
    instance->memory_reserved_mib += facts->memory_mib;
    if (facts->takes_extras)
        take_extras(instance, taskdefs_get(&cluster->taskdefs, task->taskdef), id);
    note_task(cluster, task, 1);
}

static void give_room(struct cluster *cluster, int id)
{
    struct task *task = &cluster->tasks[id];
    const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];
    struct instance *instance = instance_of(cluster, task);

    instance->cpu_reserved -= facts->cpu;
    instance->memory_reserved_mib -= facts->memory_mib;
    if (facts->takes_extras)
        give_extras(instance, taskdefs_get(&cluster->taskdefs, task->taskdef), id);
}

/* Its service no longer counts on it. */
static void leave_counts(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];
    struct service *service = service_of(cluster, task);

    assert(task->desired == TASK_RUNNING);
    cluster_judge(cluster, id, false, false, false);
    task->desired = TASK_STOPPED;
    task->stop_code = (uint8_t)code;
    if (service) {
        struct deployment *deployment = cluster_deployment(cluster, task);

        service->n_wanted--;
        deployment->n_wanted--;
        service->n_running -= task->last == TASK_RUNNING;
        deployment->n_running -= task->last == TASK_RUNNING;
    }
}

void cluster_deregister(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];

    leave_counts(cluster, id, code);
    task->is_deregistering = true;
    task->last = TASK_DEACTIVATING;
    note_task(cluster, task, -1);
}

void cluster_retire(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];
    bool counted = !task->is_deregistering;

    if (counted)
        leave_counts(cluster, id, code);
    task->is_deregistering = false;
    if (task->instance != ID_NONE) {
        give_room(cluster, id);
        note_task(cluster, task, counted ? -1 : 0);
    }
}

void cluster_judge(struct cluster *cluster, int id, bool healthy, bool unhealthy, bool outdated)
{
    struct task *task = &cluster->tasks[id];
    struct service *service = service_of(cluster, task);
    struct deployment *deployment;

    if (!service)
        return;
    deployment = cluster_deployment(cluster, task);
    service->n_healthy += healthy - task->is_healthy;
    deployment->n_healthy += healthy - task->is_healthy;
    deployment->n_outdated += outdated - task->is_outdated;
    task->is_healthy = healthy;
    task->is_unhealthy = unhealthy;
    task->is_outdated = outdated;
}

void cluster_run(struct cluster *cluster, int id)
{
    struct task *task = &cluster->tasks[id];
    struct service *service = service_of(cluster, task);

    assert(task->last == TASK_PENDING);
    task->last = TASK_RUNNING;
    task->reached_running = true;
    if (cluster_in_range(task->instance, cluster->n_instances))
        cluster->groups[cluster->instances[task->instance].group].n_short = 0;
    if (service && task->desired == TASK_RUNNING) {
        service->n_running++;
        cluster_deployment(cluster, task)->n_running++;
    }
}

static void leave_instance(struct cluster *cluster, struct task *task)
{
    struct instance *instance = instance_of(cluster, task);

    if (task->prev_on_instance == ID_NONE)
        instance->first_task = task->next_on_instance;
    else
        cluster->tasks[task->prev_on_instance].next_on_instance = task->next_on_instance;
    if (task->next_on_instance != ID_NONE)
        cluster->tasks[task->next_on_instance].prev_on_instance = task->prev_on_instance;
    instance->n_tasks--;
}

static void leave_service(struct cluster *cluster, struct service *service, struct task *task)
{
    if (task->prev_of_service == ID_NONE)
        service->first_task = task->next_of_service;
    else
        cluster->tasks[task->prev_of_service].next_of_service = task->next_of_service;
    if (task->next_of_service != ID_NONE)
        cluster->tasks[task->next_of_service].prev_of_service = task->prev_of_service;
    service->n_live--;
    service->deployments[task->deployment].n_live--;
}

void cluster_stop(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];
    struct service *service = service_of(cluster, task);

    assert(task->last != TASK_STOPPED);
    if (task->desired == TASK_RUNNING || task->is_deregistering)
        cluster_retire(cluster, id, code);
    task->last = TASK_STOPPED;
    if (task->instance != ID_NONE) {
        leave_instance(cluster, task);
        note_task(cluster, task, 0);
    }
    if (service)
        leave_service(cluster, service, task);
}

const char *cluster_attribute(const struct cluster *cluster, int id, const char *name)
{
    const struct instance *instance = &cluster->instances[id];
    const struct instance_group *group = &cluster->groups[instance->group].spec;

    if (strcmp(name, "ecs.availability-zone") == 0)
        return instance->zone == ID_NONE ? NULL : group->zones[instance->zone].name;
    if (strcmp(name, "ecs.instance-type") == 0)
        return group->type;
    if (strcmp(name, "ecs.os-type") == 0)
        return "linux";
    for (int i = 0; i < group->n_attributes; i++)
        if (strcmp(group->attributes[i].name, name) == 0)
            return group->attributes[i].value ? group->attributes[i].value : "";
    return NULL;
}

bool cluster_port_used(const struct instance *instance, int32_t port, enum port_protocol protocol)
{
    for (int i = 0; i < instance->n_ports; i++)
        if (instance->ports[i].port == port && instance->ports[i].protocol == protocol)
            return true;
    return false;
}
