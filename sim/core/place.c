/*
 * The rules of placement, each once. Every function reads the cluster as it is; nothing is kept.
 */
#include "core/place.h"

#include "core/draw.h"
#include "core/place_index.h"
#include "core/strategies.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *allocate(int n, size_t size)
{
    void *memory = calloc(n ? (size_t)n : 1, size);

    assert(memory != NULL);
    return memory;
}

int place_own_tasks(const struct cluster *cluster, int instance, int32_t task_group)
{
    int n = 0;

    for (int t = cluster_newest_on(cluster, &cluster->instances[instance]); t != ID_NONE;
         t = cluster_older_on(cluster, t)) {
        const struct task *task = &cluster->tasks[t];

        n += task->desired == TASK_RUNNING &&
             cluster->requests[task->request].task_group == task_group;
    }
    return n;
}

static bool port_taken(const struct instance *instance, const struct task_definition *definition,
                       int64_t *port)
{
    for (int c = 0; c < definition->n_containers; c++) {
        for (int i = 0; i < definition->containers[c].n_ports; i++) {
            *port = taskdef_host_port(definition, c, i);
            if (*port > 0 && cluster_port_used(instance, (int32_t)*port,
                                               definition->containers[c].ports[i].protocol))
                return true;
        }
    }
    return false;
}

enum place_reason place_lacks_extra(const struct instance *instance,
                                    const struct task_definition *definition, int64_t *lack)
{
    *lack = taskdef_gpus(definition, instance->gpus) -
            ((int64_t)instance->gpus - instance->gpus_reserved);
    if (*lack > 0)
        return PLACE_GPU;
    *lack = 0;
    if (taskdef_has_host_ports(definition) && port_taken(instance, definition, lack))
        return PLACE_PORTS;
    *lack = 1;
    if (definition->network_mode == NETWORK_AWSVPC && instance->enis != ID_NONE &&
        instance->enis_reserved >= instance->enis)
        return PLACE_ENI;
    *lack = 0;
    return PLACE_FITS;
}

static enum place_reason resources_fit(const struct cluster *cluster, int taskdef,
                                       const struct instance *instance, int64_t *lack)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);

    *lack = taskdef_cpu(definition) - ((int64_t)instance->cpu - instance->cpu_reserved);
    if (*lack > 0)
        return PLACE_CPU;
    *lack = taskdef_memory_mib(definition) -
            ((int64_t)instance->memory_mib - instance->memory_reserved_mib);
    if (*lack > 0)
        return PLACE_MEMORY;
    return place_lacks_extra(instance, definition, lack);
}

static enum place_reason constraints_met(const struct cluster *cluster,
                                         const struct placement_constraint *constraints,
                                         struct query *const *queries, int n, int task_group,
                                         int instance, int64_t *lack)
{
    enum query_answer answer;

    for (int i = 0; i < n; i++) {
        if (constraints[i].type == CONSTRAINT_DISTINCT_INSTANCE) {
            if (place_own_tasks(cluster, instance, task_group) > 0)
                return PLACE_DISTINCT;
            continue;
        }
        answer = query_ask(queries[i], cluster, instance);
        *lack = answer == QUERY_GAVE_UP ? PLACE_LACK_GAVE_UP : 0;
        if (answer != QUERY_MATCHES)
            return PLACE_MEMBER_OF;
    }
    return PLACE_FITS;
}

bool place_has_required(const struct cluster *cluster, const struct task_definition *definition,
                        int instance, int64_t *lack)
{
    for (int i = 0; i < definition->n_requires; i++) {
        const struct attribute *required = &definition->requires[i];
        const char *value = cluster_attribute(cluster, instance, required->name);

        *lack = i + 1;
        if (!value || (required->value && strcmp(value, required->value) != 0))
            return false;
    }
    *lack = 0;
    return true;
}

enum place_reason place_filter(const struct cluster *cluster, int request_id, int taskdef,
                               int instance_id, int64_t *lack)
{
    const struct request *request = &cluster->requests[request_id];
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);
    const struct instance *instance = &cluster->instances[instance_id];
    enum place_reason reason;

    *lack = 0;
    if (instance->is_vm)
        return PLACE_NO_INSTANCE;
    if (request->group != ID_NONE && instance->group != request->group)
        return PLACE_PROVIDER;
    if (instance->status != INSTANCE_ACTIVE)
        return PLACE_INACTIVE;
    if (!instance->agent_connected)
        return PLACE_AGENT;
    reason = resources_fit(cluster, taskdef, instance, lack);
    if (reason != PLACE_FITS)
        return reason;
    if (!place_has_required(cluster, definition, instance_id, lack))
        return PLACE_ATTRIBUTE;
    reason =
        constraints_met(cluster, definition->constraints, cluster->taskdef_facts[taskdef].queries,
                        definition->n_constraints, request->task_group, instance_id, lack);
    if (reason != PLACE_FITS)
        return reason;
    return constraints_met(cluster, request->constraints, request->queries, request->n_constraints,
                           request->task_group, instance_id, lack);
}

/* The first of the expressions that does not select the instance, or n. */
static int first_unmet(const struct cluster *cluster, struct query *const *queries, int n,
                       int instance)
{
    int i = 0;

    while (i < n && (!queries[i] || query_matches(queries[i], cluster, instance)))
        i++;
    return i;
}

const char *place_unmet(const struct cluster *cluster, int request_id, int taskdef, int instance,
                        const struct query **query)
{
    const struct request *request = &cluster->requests[request_id];
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);
    struct query *const *queries = cluster->taskdef_facts[taskdef].queries;
    int i = first_unmet(cluster, queries, definition->n_constraints, instance);

    if (i < definition->n_constraints) {
        *query = queries[i];
        return definition->constraints[i].expression;
    }
    i = first_unmet(cluster, request->queries, request->n_constraints, instance);
    if (i == request->n_constraints)
        return NULL;
    *query = request->queries[i];
    return request->constraints[i].expression;
}

bool place_matches(const struct cluster *cluster, int request, int taskdef, int instance)
{
    const struct query *query;

    return !place_unmet(cluster, request, taskdef, instance, &query);
}

static bool same_class(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* Tasks of the group on all instances that share the attribute's value with each candidate.
 * Instances without the attribute are one class. */
static void spread_values(const struct cluster *cluster, int task_group, const char *attribute,
                          const int32_t *candidates, int n_candidates, int64_t *values)
{
    const char **classes = allocate(n_candidates, sizeof *classes);
    int64_t *totals = allocate(n_candidates, sizeof *totals);
    int *class_of = allocate(n_candidates, sizeof *class_of);
    int n_classes = 0;

    for (int i = 0; i < n_candidates; i++) {
        const char *value = cluster_attribute(cluster, candidates[i], attribute);
        int c = 0;

        while (c < n_classes && !same_class(classes[c], value))
            c++;
        if (c == n_classes)
            classes[n_classes++] = value;
        class_of[i] = c;
    }
    for (int i = 0; i < cluster->n_instances; i++) {
        const char *value = cluster_attribute(cluster, i, attribute);

        for (int c = 0; c < n_classes; c++)
            if (same_class(classes[c], value))
                totals[c] += place_own_tasks(cluster, i, task_group);
    }
    for (int i = 0; i < n_candidates; i++)
        values[i] = totals[class_of[i]];
    free(classes);
    free(totals);
    free(class_of);
}

int32_t place_draw(const struct cluster *cluster, int task, int n)
{
    return (int32_t)draw_below(cluster->seed, DRAW_PLACEMENT_RANDOM, task, n,
                               (uint64_t)cluster->n_instances);
}

uint64_t place_lot(const struct cluster *cluster, int task, int instance)
{
    return draw_bits(cluster->seed, DRAW_PLACEMENT_LOT, task, instance);
}

/* The position of an instance in an ascending list, or ID_NONE. */
static int position_of(const int32_t *candidates, int n, int32_t instance)
{
    int low = 0;

    while (n > 0) {
        int half = n / 2;

        if (candidates[low + half] < instance) {
            low += half + 1;
            n -= half + 1;
        } else if (candidates[low + half] == instance) {
            return low + half;
        } else {
            n = half;
        }
    }
    return ID_NONE;
}

static int drawn_position(const struct cluster *cluster, int task, const int32_t *candidates, int n)
{
    uint64_t least = UINT64_MAX;
    int drawn = 0;

    for (int i = 0; i < PLACE_DRAWS; i++) {
        int position = position_of(candidates, n, place_draw(cluster, task, i));

        if (position != ID_NONE)
            return position;
    }
    for (int i = 0; i < n; i++) {
        uint64_t lot = place_lot(cluster, task, candidates[i]);

        if (lot < least) {
            least = lot;
            drawn = i;
        }
    }
    return drawn;
}

static void own_values(const struct cluster *cluster, int task_group,
                       const struct strategy_rule *rule, int taskdef, const int32_t *candidates,
                       int n_candidates, int64_t *values)
{
    const struct task_definition *definition = taskdefs_get(&cluster->taskdefs, taskdef);
    const struct strategy *strategy = strategies_find(rule->name);
    const struct strategy_view view = {cluster, task_group};
    const struct strategy_task task = {taskdef_cpu(definition), taskdef_memory_mib(definition),
                                       definition->family};

    assert(strategy != NULL);
    for (int i = 0; i < n_candidates; i++) {
        int64_t score = strategy->score(&view, &task, candidates[i]);

        values[i] = score == INT64_MIN ? INT64_MAX : -score; /* the very least has no opposite */
    }
}

void place_values(const struct cluster *cluster, int request_id, const struct strategy_rule *rule,
                  int taskdef, int task, const int32_t *candidates, int n_candidates,
                  int64_t *values)
{
    const struct request *request = &cluster->requests[request_id];
    int drawn = ID_NONE;

    if (rule->type == STRATEGY_SPREAD && rule->field == BY_ATTRIBUTE) {
        spread_values(cluster, request->task_group, rule->attribute, candidates, n_candidates,
                      values);
        return;
    }
    if (rule->type == STRATEGY_OWN) {
        own_values(cluster, request->task_group, rule, taskdef, candidates, n_candidates, values);
        return;
    }
    if (rule->type == STRATEGY_RANDOM)
        drawn = drawn_position(cluster, task, candidates, n_candidates);
    for (int i = 0; i < n_candidates; i++) {
        const struct instance *instance = &cluster->instances[candidates[i]];

        if (rule->type == STRATEGY_SPREAD)
            values[i] = place_own_tasks(cluster, candidates[i], request->task_group);
        else if (rule->type == STRATEGY_RANDOM)
            values[i] = i != drawn;
        else if (rule->field == BY_CPU)
            values[i] = (int64_t)instance->cpu - instance->cpu_reserved;
        else
            values[i] = (int64_t)instance->memory_mib - instance->memory_reserved_mib;
    }
}

/* Keeps the candidates with the least value; returns how many. */
static int keep_least(int32_t *candidates, int n, const int64_t *values)
{
    int64_t least = INT64_MAX;
    int kept = 0;

    for (int i = 0; i < n; i++)
        if (values[i] < least)
            least = values[i];
    for (int i = 0; i < n; i++)
        if (values[i] == least)
            candidates[kept++] = candidates[i];
    return kept;
}

/* A later filter is nearer; in the same one the smaller lack; then the lower index. Machines that are
 * gone for good are no miss at all, nor are micro-VMs. */
static void note_miss(const struct cluster *cluster, struct place_miss *miss, int instance,
                      enum place_reason reason, int64_t lack)
{
    if (cluster->instances[instance].status == INSTANCE_INACTIVE || reason == PLACE_NO_INSTANCE)
        return;
    if (miss->nearest != ID_NONE &&
        (reason < miss->reason ||
         (reason == miss->reason &&
          (reason == PLACE_PORTS || reason == PLACE_ATTRIBUTE || lack >= miss->lack))))
        return;
    *miss = (struct place_miss){reason, instance, lack};
}

struct place_miss place_nearest_miss(const struct cluster *cluster, int request, int taskdef)
{
    struct place_miss miss = {PLACE_NO_INSTANCE, ID_NONE, 0};

    for (int i = 0; i < cluster->n_instances; i++) {
        int64_t lack;
        enum place_reason reason = place_filter(cluster, request, taskdef, i, &lack);

        note_miss(cluster, &miss, i, reason, lack);
    }
    return miss;
}

/* The plain placement, which place_explain() looks over the shoulder of. */
static struct placement reason_about(const struct cluster *cluster, int request_id, int taskdef,
                                     int task, struct place_table *table)
{
    const struct request *request = &cluster->requests[request_id];
    struct placement placement = {ID_NONE, ID_NONE};
    int32_t *candidates = allocate(cluster->n_instances, sizeof *candidates);
    int64_t *values = allocate(cluster->n_instances, sizeof *values);
    int n = 0;

    for (int i = 0; i < cluster->n_instances; i++) {
        int64_t lack;
        enum place_reason reason = place_filter(cluster, request_id, taskdef, i, &lack);

        if (table) {
            table->reasons[i] = reason;
            table->lacks[i] = lack;
            table->n_candidates += reason == PLACE_FITS;
        }
        if (reason == PLACE_FITS)
            candidates[n++] = i;
    }
    for (int r = 0; r < request->n_strategy && n > 1; r++) {
        place_values(cluster, request_id, &request->strategy[r], taskdef, task, candidates, n,
                     values);
        for (int i = 0; table && i < n; i++) {
            table->values[r * table->n_instances + candidates[i]] = values[i];
            table->reached[r * table->n_instances + candidates[i]] = true;
        }
        n = keep_least(candidates, n, values);
        placement.rule = n == 1 ? r : request->n_strategy;
    }
    if (n > 0)
        placement.instance = candidates[0];
    free(candidates);
    free(values);
    return placement;
}

struct placement place_task_plainly(const struct cluster *cluster, int request, int taskdef,
                                    int task)
{
    return reason_about(cluster, request, taskdef, task, NULL);
}

/* What the rules would say of the only candidate: nothing is decided by it. */
static void value_alone(const struct cluster *cluster, int request, int taskdef, int task,
                        struct place_table *table)
{
    for (int r = 0; r < table->n_rules; r++) {
        int cell = r * table->n_instances + table->placement.instance;

        place_values(cluster, request, &cluster->requests[request].strategy[r], taskdef, task,
                     &table->placement.instance, 1, &table->values[cell]);
        table->reached[cell] = true;
    }
}

void place_explain(const struct cluster *cluster, int request, int taskdef, int task,
                   struct place_table *table)
{
    int n = cluster->n_instances;
    int n_rules = cluster->requests[request].n_strategy;

    *table = (struct place_table){
        .n_instances = n,
        .n_rules = n_rules,
        .reasons = allocate(n, sizeof *table->reasons),
        .lacks = allocate(n, sizeof *table->lacks),
        .values = allocate(n * n_rules, sizeof *table->values),
        .reached = allocate(n * n_rules, sizeof *table->reached),
    };
    table->placement = reason_about(cluster, request, taskdef, task, table);
    if (table->n_candidates == 1)
        value_alone(cluster, request, taskdef, task, table);
    if (table->placement.instance == ID_NONE)
        table->miss = place_nearest_miss(cluster, request, taskdef);
}

void place_table_finish(struct place_table *table)
{
    free(table->reasons);
    free(table->lacks);
    free(table->values);
    free(table->reached);
    *table = (struct place_table){0};
}

/* What stopping the task would leave: the rule's order of placement, the other way round. Least
 * first. */
static void victim_values(const struct cluster *cluster, int request_id,
                          const struct strategy_rule *rule, const int32_t *victims, int n,
                          int64_t *values)
{
    int32_t *instances;

    if (rule->type == STRATEGY_RANDOM) {
        memset(values, 0, (size_t)n * sizeof *values);
        return;
    }
    instances = allocate(n, sizeof *instances);
    for (int i = 0; i < n; i++)
        instances[i] = cluster->tasks[victims[i]].instance;
    if (rule->type != STRATEGY_OWN)
        place_values(cluster, request_id, rule, ID_NONE, 0, instances, n, values);
    for (int i = 0; i < n; i++) {
        const struct task_definition *definition =
            taskdefs_get(&cluster->taskdefs, cluster->tasks[victims[i]].taskdef);

        if (rule->type == STRATEGY_OWN) /* it may look at the task, and each may be another */
            place_values(cluster, request_id, rule, cluster->tasks[victims[i]].taskdef, 0,
                         &instances[i], 1, &values[i]);
        if (rule->type == STRATEGY_BINPACK)
            values[i] +=
                rule->field == BY_CPU ? taskdef_cpu(definition) : taskdef_memory_mib(definition);
        values[i] = -values[i];
    }
    free(instances);
}

/* PROVISIONING tasks go before all others; they are on no instance that could be compared. */
static int keep_unplaced(const struct cluster *cluster, int32_t *victims, int n)
{
    int kept = 0;

    for (int i = 0; i < n; i++)
        if (cluster->tasks[victims[i]].instance == ID_NONE)
            victims[kept++] = victims[i];
    return kept > 0 ? kept : n;
}

int place_list_victims(const struct cluster *cluster, int service, int deployment, int32_t *victims)
{
    int n = 0, n_fresh = 0;

    for (int t = cluster->services[service].first_task; t != ID_NONE;
         t = cluster_details(cluster, t)->next_of_service) {
        const struct task *task = &cluster->tasks[t];

        if (task->desired == TASK_RUNNING && !task->is_protected && !task->is_outdated &&
            (deployment == ID_NONE || task->deployment == deployment)) {
            victims[n++] = t;
            n_fresh += task->last != TASK_RUNNING;
        }
    }
    for (int i = 0, kept = 0; n_fresh > 0 && i < n; i++)
        if (cluster->tasks[victims[i]].last != TASK_RUNNING)
            victims[kept++] = victims[i];
    n = n_fresh > 0 ? n_fresh : n;
    n = keep_unplaced(cluster, victims, n);
    for (int i = 0; i < n / 2; i++) { /* the list runs from the newest to the oldest */
        int32_t other = victims[n - 1 - i];

        victims[n - 1 - i] = victims[i];
        victims[i] = other;
    }
    return n;
}

int place_victim(const struct cluster *cluster, int service_id, int deployment)
{
    const struct service *service = &cluster->services[service_id];
    const struct request *request = &cluster->requests[service->request];
    int32_t *victims = allocate(service->n_live, sizeof *victims);
    int64_t *values = allocate(service->n_live, sizeof *values);
    int n = place_list_victims(cluster, service_id, deployment, victims);
    int victim = ID_NONE;

    for (int r = 0;
         r < request->n_strategy && n > 1 && cluster->tasks[victims[0]].instance != ID_NONE; r++) {
        victim_values(cluster, service->request, &request->strategy[r], victims, n, values);
        n = keep_least(victims, n, values);
    }
    if (n > 0)
        victim = victims[draw_below(cluster->seed, DRAW_VICTIM_RANDOM, service_id,
                                    service->n_victims, (uint64_t)n)];
    free(victims);
    free(values);
    return victim;
}
