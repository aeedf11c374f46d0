/*
 * Changes of the cluster's state that keep its books, but for the five moves of a task's life: of those what few
 * tasks need.
 */
#include "core/cluster_moves.h"

#include "core/array.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const instance_status_names[] = {"LAUNCHING",     "ACTIVE",   "BOUND", "DRAINING",
                                             "DEREGISTERING", "INACTIVE", NULL};

/* Of a task of which nothing is known. */
static const struct task_details no_details = {.task = ID_NONE,
                                               .next_of_service = ID_NONE,
                                               .prev_of_service = ID_NONE,
                                               .first_target = ID_NONE};

void cluster_init(struct cluster *cluster, uint64_t seed)
{
    *cluster = (struct cluster){.index = place_index_create(), .seed = seed};
    *ARRAY_ADD(cluster, details) = no_details; /* DETAILS_OF_NOBODY */
}

void cluster_finish(struct cluster *cluster)
{
    place_index_destroy(cluster->index);
    for (int i = 0; i < cluster->n_instances; i++) {
        free(cluster->instances[i].ports);
        free(cluster->instances[i].debts);
    }
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
    for (int i = 0; i < cluster->n_providers; i++) {
        struct message message = {.kind = MESSAGE_CREATE_CAPACITY_PROVIDER};

        message.as.create_capacity_provider = cluster->providers[i].spec;
        message_finish(&message);
    }
    for (int i = 0; i < cluster->n_defaults; i++)
        message_finish(&cluster->defaults[i]);
    ledger_finish(&cluster->ledger);
    free(cluster->providers);
    free(cluster->defaults);
    for (int i = 0; i < cluster->n_requests; i++) {
        cluster_destroy_queries(cluster->requests[i].queries, cluster->requests[i].n_constraints);
        message_finish(&cluster->requests[i].call);
        free(cluster->requests[i].zones);
    }
    for (int i = 0; i < cluster->n_taskdef_facts; i++)
        cluster_destroy_queries(cluster->taskdef_facts[i].queries,
                                taskdefs_get(&cluster->taskdefs, i)->n_constraints);
    free(cluster->taskdef_facts);
    free(cluster->instances);
    free(cluster->groups);
    free(cluster->requests);
    free(cluster->request_slots);
    free(cluster->tasks);
    free(cluster->details);
    free(cluster->free_details);
    free(cluster->services);
    taskdefs_finish(&cluster->taskdefs);
    names_finish(&cluster->names);
    *cluster = (struct cluster){0};
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

    if (!cluster_compile(definition->constraints, definition->n_constraints, &queries))
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

struct group_type cluster_type(const struct cluster *cluster, int group, int type)
{
    const struct instance_group *spec = &cluster->groups[group].spec;

    if (type > 0)
        return spec->more_types[type - 1];
    return (struct group_type){.name = spec->type,
                               .cpu = spec->cpu,
                               .memory_mib = spec->memory_mib,
                               .gpus = spec->gpus,
                               .enis = spec->enis,
                               .price = spec->price,
                               .spot_price = spec->spot_price};
}

static struct instance *instance_of(const struct cluster *cluster, const struct task *task)
{
    return &cluster->instances[task->instance];
}

void cluster_note_instance(struct cluster *cluster, int instance)
{
    place_index_note(cluster->index, instance, ID_NONE, 0);
}

static inline struct service *service_of(const struct cluster *cluster, const struct task *task)
{
    return task->deployment == ID_NONE
               ? NULL
               : &cluster->services[cluster->requests[task->request].service];
}

int cluster_add_deployment(struct service *service, int taskdef)
{
    struct deployment *deployment = ARRAY_ADD(service, deployments);

    deployment->taskdef = taskdef;
    deployment->n_balancers = service->n_balancers;
    deployment->balancers = service->balancers;
    deployment->due_usec = USEC_NEVER;
    return service->n_deployments - 1;
}

struct deployment *cluster_deployment(const struct cluster *cluster, const struct task *task)
{
    int service = cluster->requests[task->request].service;

    return service == ID_NONE ? NULL : &cluster->services[service].deployments[task->deployment];
}

struct task_details *cluster_open_details(struct cluster *cluster, int id)
{
    struct task *task = &cluster->tasks[id];

    assert(task->last != TASK_STOPPED);
    if (task->details == DETAILS_OF_NOBODY) {
        if (cluster->n_free_details > 0) {
            task->details = cluster->free_details[--cluster->n_free_details];
        } else {
            task->details = cluster->n_details;
            (void)ARRAY_ADD(cluster, details);
        }
        cluster->details[task->details] = no_details;
        cluster->details[task->details].task = id;
    }
    return &cluster->details[task->details];
}

void cluster_close_details(struct cluster *cluster, int id)
{
    *ARRAY_ADD(cluster, free_details) = cluster->tasks[id].details;
    cluster->tasks[id].details = DETAILS_OF_NOBODY;
}

/* An instance's tasks ----------------------------------------------------------------------------- */

/* Makes room in the record for one more: where nobody has left, the oldest is linked. */
void cluster_make_place(struct cluster *cluster, struct instance *instance)
{
    uint8_t kept = 0;

    for (int i = 0; i < INSTANCE_NEWEST; i++) {
        int32_t task = instance->newest[i];

        instance->newest[kept] = task;
        kept += task != ID_NONE;
    }
    if (kept == INSTANCE_NEWEST) {
        struct task_details *oldest = cluster_open_details(cluster, instance->newest[0]);

        oldest->older_here = instance->older;
        instance->older = cluster->tasks[instance->newest[0]].details;
        cluster->details[oldest->older_here].newer_here = instance->older;
        kept--;
        memmove(instance->newest, instance->newest + 1, kept * sizeof *instance->newest);
    }
    instance->n_newest = kept;
}

/* The place of the task in the record, or -1. */
static int find_newest(const struct instance *instance, int32_t id)
{
    int i = instance->n_newest - 1;

    while (i >= 0 && instance->newest[i] != id)
        i--;
    return i;
}

/* Of those that are linked, if it is one. */
void cluster_unlink(struct cluster *cluster, struct instance *instance, int id)
{
    int32_t older = cluster_details(cluster, id)->older_here;
    int32_t newer = cluster_details(cluster, id)->newer_here;

    if (find_newest(instance, id) >= 0)
        return;
    *(newer == DETAILS_OF_NOBODY ? &instance->older : &cluster->details[newer].older_here) = older;
    cluster->details[older].newer_here = newer;
}

/* The last task in the record before that place, or else of those that are linked. */
static int32_t last_before(const struct cluster *cluster, const struct instance *instance, int i)
{
    while (--i >= 0)
        if (instance->newest[i] != ID_NONE)
            return instance->newest[i];
    return cluster->details[instance->older].task;
}

int32_t cluster_newest_on(const struct cluster *cluster, const struct instance *instance)
{
    return last_before(cluster, instance, instance->n_newest);
}

int32_t cluster_older_on(const struct cluster *cluster, int id)
{
    const struct instance *instance = &cluster->instances[cluster->tasks[id].instance];
    int i = find_newest(instance, id);

    return i >= 0 ? last_before(cluster, instance, i)
                  : cluster->details[cluster_details(cluster, id)->older_here].task;
}

int cluster_add_service_task(struct cluster *cluster, int service_id, int deployment, int request)
{
    struct service *service = &cluster->services[service_id];
    int id = cluster_add_task(cluster, service->deployments[deployment].taskdef, request);

    cluster->tasks[id].deployment = deployment;
    cluster_open_details(cluster, id)->next_of_service = service->first_task;
    if (service->first_task != ID_NONE)
        cluster_open_details(cluster, service->first_task)->prev_of_service = id;
    service->first_task = id;
    service->n_live++;
    service->n_wanted++;
    service->deployments[deployment].n_live++;
    service->deployments[deployment].n_wanted++;
    return id;
}

static const struct task_definition *definition_of(const struct cluster *cluster,
                                                   const struct task *task)
{
    return taskdefs_get(&cluster->taskdefs, task->taskdef);
}

void cluster_take_extras(struct cluster *cluster, int id)
{
    const struct task *task = &cluster->tasks[id];
    const struct task_definition *definition = definition_of(cluster, task);
    struct instance *instance = instance_of(cluster, task);

    instance->gpus_reserved += taskdef_gpus(definition, instance->gpus);
    instance->enis_reserved += definition->network_mode == NETWORK_AWSVPC;
    for (int c = 0; c < definition->n_containers; c++) {
        for (int i = 0; i < definition->containers[c].n_ports; i++) {
            int32_t port = taskdef_host_port(definition, c, i);

            if (port > 0)
                *ARRAY_ADD(instance, ports) =
                    (struct port_use){port, definition->containers[c].ports[i].protocol, id};
        }
    }
}

/* What its agent gives to the next in line by itself. A network interface it does not: that one is
 * attached by ECS, and detached after the task has stopped (DEPROVISIONING). */
void cluster_give_extras(struct cluster *cluster, int id)
{
    const struct task *task = &cluster->tasks[id];
    struct instance *instance = instance_of(cluster, task);
    int kept = 0;

    instance->gpus_reserved -= taskdef_gpus(definition_of(cluster, task), instance->gpus);
    for (int i = 0; i < instance->n_ports; i++)
        if (instance->ports[i].task != id)
            instance->ports[kept++] = instance->ports[i];
    instance->n_ports = kept;
}

void cluster_detach(struct cluster *cluster, int id)
{
    const struct task *task = &cluster->tasks[id];

    instance_of(cluster, task)->enis_reserved -=
        definition_of(cluster, task)->network_mode == NETWORK_AWSVPC;
}

/* What a task reserves of an instance counts as AWS's split cost allocation does: a vCPU as nine times a
 * GiB. */
#define CPU_WEIGHT 9

static int64_t weight(int64_t cpu, int64_t memory_mib)
{
    return CPU_WEIGHT * cpu + memory_mib;
}

static void add_debt(struct instance *instance, int service, unsigned __int128 amount)
{
    int i = 0;

    while (i < instance->n_debts && instance->debts[i].service != service)
        i++;
    if (i == instance->n_debts)
        *ARRAY_ADD(instance, debts) = (struct debt){service, 0};
    instance->debts[i].amount += amount;
}

/* Its share of its instance while it reserved it. A micro-VM is billed, and paid for, as a whole. */
void cluster_charge(struct cluster *cluster, int id)
{
    const struct task *task = &cluster->tasks[id];
    const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];
    struct instance *instance = instance_of(cluster, task);
    int service = cluster->requests[task->request].service;
    unsigned __int128 amount;

    if (instance->is_vm || instance->is_free || cluster->ledger.closed)
        return;
    amount = ledger_part(
        instance->rate, cluster->now_usec - cluster_details(cluster, id)->placed_at_usec,
        weight(facts->cpu, facts->memory_mib), weight(instance->cpu, instance->memory_mib));
    if (instance->spot && !instance->billed)
        add_debt(instance, service, amount);
    else
        ledger_pay(&cluster->ledger, cluster->groups[instance->group].provider, service, amount);
}

/* Its service no longer counts on it. */
void cluster_leave_wanted(struct cluster *cluster, int id)
{
    struct task *task = &cluster->tasks[id];
    struct service *service = service_of(cluster, task);
    struct deployment *deployment = cluster_deployment(cluster, task);

    cluster_judge(cluster, id, false, false, false);
    service->n_wanted--;
    deployment->n_wanted--;
    service->n_running -= task->last == TASK_RUNNING;
    deployment->n_running -= task->last == TASK_RUNNING;
}

void cluster_deregister(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];

    cluster_leave_counts(cluster, id, code);
    task->is_deregistering = true;
    task->last = TASK_DEACTIVATING;
    cluster_note_task(cluster, task, -1);
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

void cluster_leave_service(struct cluster *cluster, int id)
{
    struct service *service = service_of(cluster, &cluster->tasks[id]);
    int32_t next = cluster_details(cluster, id)->next_of_service;
    int32_t prev = cluster_details(cluster, id)->prev_of_service;

    if (prev == ID_NONE)
        service->first_task = next;
    else
        cluster_open_details(cluster, prev)->next_of_service = next;
    if (next != ID_NONE)
        cluster_open_details(cluster, next)->prev_of_service = prev;
    service->n_live--;
    service->deployments[cluster->tasks[id].deployment].n_live--;
}

const char *cluster_attribute(const struct cluster *cluster, int id, const char *name)
{
    const struct instance *instance = &cluster->instances[id];
    const struct instance_group *group = &cluster->groups[instance->group].spec;

    if (strcmp(name, "ecs.availability-zone") == 0)
        return instance->zone == ID_NONE ? NULL : group->zones[instance->zone].name;
    if (strcmp(name, "ecs.instance-type") == 0)
        return cluster_type(cluster, instance->group, instance->type).name;
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
