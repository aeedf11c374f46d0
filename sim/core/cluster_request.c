/*
 * What tasks are placed by: a service's request, and one for all RunTask calls that say the same, with
 * ECS's default strategies where they name none and their expressions compiled.
 */
#include "core/array.h"
#include "core/cluster.h"
#include "core/strategies.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

void cluster_destroy_queries(struct query **queries, int n)
{
    for (int i = 0; i < n; i++)
        query_destroy(queries[i]);
    free(queries);
}

bool cluster_compile(const struct placement_constraint *constraints, int n, struct query ***queries)
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
            cluster_destroy_queries(*queries, n);
            return false;
        }
    }
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

        if (request->is_shared)
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
    if (strategies_missing(call) || !cluster_compile(constraints, n_constraints, &queries))
        return ID_NONE;
    request = ARRAY_ADD(cluster, requests);
    message_copy(&request->call, call);
    request->service = service;
    request->provider = request->group = request->next_share = ID_NONE;
    request->chain = cluster->n_requests - 1;
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
    cluster->requests[id].is_shared = true;
    cluster->requests[id].digest = digest;
    cluster->request_slots[slot] = id;
    return id;
}

int cluster_add_own_request(struct cluster *cluster, const struct message *call, int service)
{
    return make_request(cluster, call, service);
}

static void swap_placement(struct cluster *cluster, int id, int by)
{
    struct request *request = &cluster->requests[id], *other = &cluster->requests[by];
    struct request old = *request;

    request->call = other->call;
    request->n_strategy = other->n_strategy;
    request->strategy = other->strategy;
    request->n_constraints = other->n_constraints;
    request->constraints = other->constraints;
    request->queries = other->queries;
    other->call = old.call;
    other->n_strategy = old.n_strategy;
    other->strategy = old.strategy;
    other->n_constraints = old.n_constraints;
    other->constraints = old.constraints;
    other->queries = old.queries;
    place_index_forget(cluster->index, id);
}

/* What was placed by before lives on in a request of its own: names and lists of others point into it. */
static void replace_chain(struct cluster *cluster, int first, int by)
{
    struct message call = cluster->requests[by].call;

    for (int r = first; r != ID_NONE; r = cluster->requests[r].next_share) {
        int copy = make_request(cluster, &call, cluster->requests[by].service);

        assert(copy != ID_NONE); /* it was one already */
        swap_placement(cluster, r, copy);
    }
}

void cluster_replace_placement(struct cluster *cluster, int id, int by)
{
    const struct service *service = &cluster->services[id];
    int last = ID_NONE;

    for (int d = 0; d < service->n_deployments; d++) {
        const struct deployment *deployment = &service->deployments[d];

        if (deployment->status == DEPLOYMENT_INACTIVE || deployment->request == last)
            continue;
        last = deployment->request;
        replace_chain(cluster, last, by);
    }
    if (service->request != last)
        replace_chain(cluster, service->request, by);
}
