/*
 * For each question: what every instance has left, who is left after the filters and constraints, and
 * then rule by rule who is left of those.
 */
#include "reference.h"

#include "core/draw.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define DRAWS 256 /* of random placement; after that, lots */

/* What is taken on an instance by the tasks that are meant to run. */
struct taken {
    int64_t cpu, memory_mib, gpus, enis, own_tasks;
};

static int64_t cpu_of(const struct task_definition *definition)
{
    int64_t sum = 0;

    for (int i = 0; i < definition->n_containers; i++)
        sum += definition->containers[i].cpu;
    return definition->cpu > 0 ? definition->cpu : sum;
}

static int64_t memory_of(const struct task_definition *definition)
{
    int64_t sum = 0;

    for (int i = 0; i < definition->n_containers; i++)
        sum += definition->containers[i].memory_reservation_mib > 0
                   ? definition->containers[i].memory_reservation_mib
                   : definition->containers[i].memory_mib;
    return definition->memory_mib > 0 ? definition->memory_mib : sum;
}

/* "ALL" wants at least one, and then every one that is there. */
static int64_t gpus_of(const struct task_definition *definition, int64_t there)
{
    int64_t sum = 0;
    bool all = false;

    for (int i = 0; i < definition->n_containers; i++) {
        all = all || definition->containers[i].gpus == GPUS_ALL;
        sum += definition->containers[i].gpus;
    }
    if (all)
        return there > 1 ? there : 1;
    return sum;
}

/* The host port of a mapping: in bridge mode as given, in host mode the container's own. */
static int port_of(const struct task_definition *definition, const struct port_mapping *mapping)
{
    if (definition->network_mode == NETWORK_HOST)
        return mapping->container_port;
    return definition->network_mode == NETWORK_BRIDGE ? mapping->host_port : 0;
}

static const struct task_definition *definition_of(const struct cluster *cluster, int taskdef)
{
    return cluster->taskdefs.definitions[taskdef];
}

/* By instance; the caller frees it. */
static struct taken *take_stock(const struct cluster *cluster, int32_t task_group)
{
    struct taken *taken = calloc((size_t)cluster->n_instances + 1, sizeof *taken);

    assert(taken != NULL);
    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task *task = &cluster->tasks[t];
        const struct task_definition *definition = definition_of(cluster, task->taskdef);

        if (task->instance == ID_NONE || task->last == TASK_STOPPED)
            continue;
        taken[task->instance].enis += definition->network_mode == NETWORK_AWSVPC;
        if (task->desired != TASK_RUNNING)
            continue;
        taken[task->instance].cpu += cpu_of(definition);
        taken[task->instance].memory_mib += memory_of(definition);
        taken[task->instance].gpus += gpus_of(definition, cluster->instances[task->instance].gpus);
        taken[task->instance].own_tasks +=
            cluster->requests[task->request].task_group == task_group;
    }
    return taken;
}

/* The definition's tasks, meant to run, hold the port on the instance. */
static bool holds_port(const struct task_definition *definition, int port,
                       enum port_protocol protocol)
{
    for (int c = 0; c < definition->n_containers; c++)
        for (int i = 0; i < definition->containers[c].n_ports; i++)
            if (definition->containers[c].ports[i].protocol == protocol &&
                port_of(definition, &definition->containers[c].ports[i]) == port)
                return true;
    return false;
}

static bool port_is_taken(const struct cluster *cluster, int instance, int port,
                          enum port_protocol protocol)
{
    const struct instance *at = &cluster->instances[instance];

    for (int i = 0; i < at->n_ports; i++) /* those that the agent keeps for itself */
        if (at->ports[i].task == ID_NONE && at->ports[i].port == port &&
            at->ports[i].protocol == protocol)
            return true;
    for (int t = 0; t < cluster->n_tasks; t++)
        if (cluster->tasks[t].instance == instance && cluster->tasks[t].desired == TASK_RUNNING &&
            holds_port(definition_of(cluster, cluster->tasks[t].taskdef), port, protocol))
            return true;
    return false;
}

/* The first port that the task wants and that is taken, or 0. */
static int taken_port(const struct cluster *cluster, int instance,
                      const struct task_definition *definition)
{
    for (int c = 0; c < definition->n_containers; c++) {
        for (int i = 0; i < definition->containers[c].n_ports; i++) {
            const struct port_mapping *mapping = &definition->containers[c].ports[i];
            int port = port_of(definition, mapping);

            if (port > 0 && port_is_taken(cluster, instance, port, mapping->protocol))
                return port;
        }
    }
    return 0;
}

/* Which of the required attributes the instance lacks, counted from 1; 0: none. */
static int first_lacking(const struct cluster *cluster, int instance,
                         const struct task_definition *definition)
{
    for (int i = 0; i < definition->n_requires; i++) {
        const char *wanted = definition->requires[i].value;
        const char *found = cluster_attribute(cluster, instance, definition->requires[i].name);

        if (found == NULL || (wanted != NULL && strcmp(wanted, found) != 0))
            return i + 1;
    }
    return 0;
}

static enum place_reason first_unmet(const struct cluster *cluster, int instance,
                                     const struct placement_constraint *constraints,
                                     struct query **queries, int n, const struct taken *taken)
{
    for (int i = 0; i < n; i++) {
        if (constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE && taken->own_tasks > 0)
            return PLACE_DISTINCT;
        if (constraints[i].type == CONSTRAINT_MEMBER_OF &&
            !query_matches(queries[i], cluster, instance))
            return PLACE_MEMBER_OF;
    }
    return PLACE_FITS;
}

static enum place_reason short_of(int64_t wanted, int64_t there, int64_t taken,
                                  enum place_reason reason, int64_t *lack)
{
    *lack = wanted > there - taken ? wanted - (there - taken) : 0;
    return *lack > 0 ? reason : PLACE_FITS;
}

/* Why the instance does not take the task: the first reason in the guide's order. */
static enum place_reason refusal(const struct cluster *cluster, int request_id, int taskdef, int id,
                                 const struct taken *taken, int64_t *lack)
{
    const struct request *request = &cluster->requests[request_id];
    const struct task_definition *definition = definition_of(cluster, taskdef);
    const struct instance *instance = &cluster->instances[id];
    enum place_reason reason = PLACE_FITS;

    *lack = 0;
    if (instance->is_vm)
        return PLACE_NO_INSTANCE;
    if (instance->status != INSTANCE_ACTIVE)
        return PLACE_INACTIVE;
    if (!instance->agent_connected)
        return PLACE_AGENT;
    reason = short_of(cpu_of(definition), instance->cpu, taken->cpu, PLACE_CPU, lack);
    if (!reason)
        reason = short_of(memory_of(definition), instance->memory_mib, taken->memory_mib,
                          PLACE_MEMORY, lack);
    if (!reason)
        reason = short_of(gpus_of(definition, instance->gpus), instance->gpus, taken->gpus,
                          PLACE_GPU, lack);
    if (!reason && (*lack = taken_port(cluster, id, definition)) > 0)
        reason = PLACE_PORTS;
    if (!reason && definition->network_mode == NETWORK_AWSVPC && instance->enis != ID_NONE)
        reason = short_of(1, instance->enis, taken->enis, PLACE_ENI, lack);
    if (!reason && (*lack = first_lacking(cluster, id, definition)) > 0)
        reason = PLACE_ATTRIBUTE;
    if (!reason)
        reason =
            first_unmet(cluster, id, definition->constraints,
                        cluster->taskdef_facts[taskdef].queries, definition->n_constraints, taken);
    if (!reason)
        reason = first_unmet(cluster, id, request->constraints, request->queries,
                             request->n_constraints, taken);
    return reason;
}

static bool same_value(const struct cluster *cluster, const char *attribute, int a, int b)
{
    const char *x = cluster_attribute(cluster, a, attribute);
    const char *y = cluster_attribute(cluster, b, attribute);

    return x && y ? strcmp(x, y) == 0 : x == y;
}

/* The group's tasks on the instance and on all others with the same value of the attribute. */
static int64_t tasks_alike(const struct cluster *cluster, const char *attribute, int instance,
                           const struct taken *taken)
{
    int64_t n = 0;

    for (int i = 0; i < cluster->n_instances; i++)
        if (taken[i].own_tasks > 0 && same_value(cluster, attribute, i, instance))
            n += taken[i].own_tasks;
    return n;
}

/* The less, the sooner a task is placed there; by a rule that is not random. */
static int64_t value_of(const struct cluster *cluster, const struct strategy_rule *rule,
                        int instance, const struct taken *taken)
{
    const struct instance *at = &cluster->instances[instance];

    if (rule->type == STRATEGY_BINPACK)
        return rule->field == BY_CPU ? at->cpu - taken[instance].cpu
                                     : at->memory_mib - taken[instance].memory_mib;
    if (rule->field == BY_ATTRIBUTE)
        return tasks_alike(cluster, rule->attribute, instance, taken);
    return taken[instance].own_tasks;
}

static int count(const bool *left, int n)
{
    int sum = 0;

    for (int i = 0; i < n; i++)
        sum += left[i];
    return sum;
}

/* One of those left: the first that is drawn, else the one with the least lot. */
static int draw_one(const struct cluster *cluster, int task, const bool *left)
{
    int drawn = ID_NONE;

    for (int n = 0; n < DRAWS; n++) {
        int i = (int)draw_below(cluster->seed, DRAW_PLACEMENT_RANDOM, task, n,
                                (uint64_t)cluster->n_instances);

        if (left[i])
            return i;
    }
    for (int i = 0; i < cluster->n_instances; i++)
        if (left[i] &&
            (drawn == ID_NONE || draw_bits(cluster->seed, DRAW_PLACEMENT_LOT, task, i) <
                                     draw_bits(cluster->seed, DRAW_PLACEMENT_LOT, task, drawn)))
            drawn = i;
    return drawn;
}

/* Leaves only those with the least value. */
static void keep_least(bool *left, const int64_t *values, int n)
{
    int64_t least = INT64_MAX;

    for (int i = 0; i < n; i++)
        if (left[i] && values[i] < least)
            least = values[i];
    for (int i = 0; i < n; i++)
        left[i] = left[i] && values[i] == least;
}

static void apply_rule(const struct cluster *cluster, const struct strategy_rule *rule, int task,
                       const struct taken *taken, bool *left)
{
    int64_t *values = calloc((size_t)cluster->n_instances, sizeof *values);
    int drawn = rule->type == STRATEGY_RANDOM ? draw_one(cluster, task, left) : ID_NONE;

    assert(values != NULL);
    for (int i = 0; i < cluster->n_instances; i++)
        if (left[i])
            values[i] =
                rule->type == STRATEGY_RANDOM ? i != drawn : value_of(cluster, rule, i, taken);
    keep_least(left, values, cluster->n_instances);
    free(values);
}

/* A miss at a later filter is nearer, then one that lacks less; a port is lacking or not. */
static bool nearer(const struct reference *miss, enum place_reason reason, int64_t lack)
{
    if (miss->nearest == ID_NONE || reason != miss->reason)
        return miss->nearest == ID_NONE || reason > miss->reason;
    return reason != PLACE_PORTS && reason != PLACE_ATTRIBUTE && lack < miss->lack;
}

struct reference reference_place(const struct cluster *cluster, int request_id, int taskdef,
                                 int task)
{
    const struct request *request = &cluster->requests[request_id];
    struct reference answer = {ID_NONE, ID_NONE, PLACE_NO_INSTANCE, ID_NONE, 0};
    struct taken *taken = take_stock(cluster, request->task_group);
    bool *left = calloc((size_t)cluster->n_instances + 1, sizeof *left);

    assert(left != NULL);
    for (int i = 0; i < cluster->n_instances; i++) {
        int64_t lack;
        enum place_reason reason = refusal(cluster, request_id, taskdef, i, &taken[i], &lack);

        left[i] = reason == PLACE_FITS;
        if (!left[i] && cluster->instances[i].status != INSTANCE_INACTIVE &&
            reason != PLACE_NO_INSTANCE && nearer(&answer, reason, lack)) {
            answer.reason = reason;
            answer.nearest = i;
            answer.lack = lack;
        }
    }
    for (int r = 0; r < request->n_strategy && count(left, cluster->n_instances) > 1; r++) {
        apply_rule(cluster, &request->strategy[r], task, taken, left);
        answer.rule = count(left, cluster->n_instances) == 1 ? r : request->n_strategy;
    }
    for (int i = cluster->n_instances - 1; i >= 0; i--)
        if (left[i])
            answer.instance = i;
    free(left);
    free(taken);
    return answer;
}

/* Scale-in -------------------------------------------------------------------------------------- */

/* The less, the sooner the task goes: what placement likes least. With binpack that is the instance
 * that would have the most left after the stop. Random places anywhere and prefers nobody. */
static int64_t victim_value(const struct cluster *cluster, const struct strategy_rule *rule, int id,
                            const struct taken *taken)
{
    const struct task *task = &cluster->tasks[id];
    const struct task_definition *definition = definition_of(cluster, task->taskdef);
    int64_t value;

    if (rule->type == STRATEGY_RANDOM)
        return 0;
    value = value_of(cluster, rule, task->instance, taken);
    if (rule->type == STRATEGY_BINPACK)
        value += rule->field == BY_CPU ? cpu_of(definition) : memory_of(definition);
    return -value;
}

/* Those of the service that are meant to run and may be stopped; where any has never run, only such. */
static void list_tasks(const struct cluster *cluster, int service, int deployment, bool *left)
{
    bool any_fresh = false;

    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task *task = &cluster->tasks[t];

        left[t] = cluster->requests[task->request].service == service &&
                  task->desired == TASK_RUNNING && !task->is_protected &&
                  (deployment == ID_NONE || task->deployment == deployment);
        any_fresh = any_fresh || (left[t] && task->last != TASK_RUNNING);
    }
    for (int t = 0; t < cluster->n_tasks && any_fresh; t++)
        left[t] = left[t] && cluster->tasks[t].last != TASK_RUNNING;
}

int reference_victim(const struct cluster *cluster, int service, int deployment)
{
    const struct request *request = &cluster->requests[cluster->services[service].request];
    struct taken *taken = take_stock(cluster, request->task_group);
    bool *left = calloc((size_t)cluster->n_tasks + 1, sizeof *left);
    int64_t *values = calloc((size_t)cluster->n_tasks + 1, sizeof *values);
    int victim = ID_NONE, n;

    assert(left != NULL && values != NULL);
    list_tasks(cluster, service, deployment, left);
    for (int r = 0; r < request->n_strategy; r++) {
        for (int t = 0; t < cluster->n_tasks; t++)
            if (left[t])
                values[t] = victim_value(cluster, &request->strategy[r], t, taken);
        keep_least(left, values, cluster->n_tasks);
    }
    n = count(left, cluster->n_tasks);
    if (n > 0)
        n = (int)draw_below(cluster->seed, DRAW_VICTIM_RANDOM, service,
                            cluster->services[service].n_victims, (uint64_t)n) +
            1;
    for (int t = 0; t < cluster->n_tasks && n > 0; t++)
        if (left[t] && --n == 0)
            victim = t;
    free(values);
    free(left);
    free(taken);
    return victim;
}
