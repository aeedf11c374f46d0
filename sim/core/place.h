/*
 * Placement: which instance takes a task. Filters first (status, agent, CPU, memory, ports), then
 * constraints, then the strategy's rules as successive narrowing, the lowest index last (ECS
 * developer guide, task-placement). This is the plain way: one pass over the cluster for each
 * question, so that it can be read, and shown as a table to whoever asks why.
 */
#ifndef BERTH_CORE_PLACE_H
#define BERTH_CORE_PLACE_H

#include "core/cluster.h"

struct placement {
    int32_t instance; /* ID_NONE: none takes it */
    int32_t rule;     /* as in struct place_task */
};

/* Where a task of the definition goes now by the request's strategy and constraints, never by the index: the way that
 * the index is checked against. `task` is the index that the task has or will get: it keys the random draw. Changes
 * nothing. */
struct placement place_task_plainly(const struct cluster *cluster, int request, int taskdef,
                                    int task);

/* The same, by the index where there is one for it. */
static inline struct placement place_task(const struct cluster *cluster, int request, int taskdef,
                                          int task)
{
    struct placement placement = place_index_find(cluster, request, taskdef, task);

    return placement.instance != PLACE_PLAINLY
               ? placement
               : place_task_plainly(cluster, request, taskdef, task);
}

/* Why no instance takes it: the one that fails the latest filter by the least, what it lacks and how
 * much of it (CPU units, MiB, a port number, the number of an attribute, by reason; of memberOf
 * PLACE_LACK_GAVE_UP where its expression gave up, which is nearer than one that it does not meet: there the
 * expression is to blame). */
#define PLACE_LACK_GAVE_UP (-1)
struct place_miss {
    enum place_reason reason;
    int32_t nearest; /* ID_NONE: there is no instance */
    int64_t lack;
};
struct place_miss place_nearest_miss(const struct cluster *cluster, int request, int taskdef);

/* The task of a service's deployment (ID_NONE: of any) to stop first when it has too many (ECS developer guide,
 * task-placement-strategies), of those that need no replacement. Tasks that never ran go first. ID_NONE
 * where it has none. */
int place_victim(const struct cluster *cluster, int service, int deployment);

/* Among whom it chooses, lowest index first: those that never ran, of these the ones without an instance, or
 * else all. `victims` has room for all of the service; returns how many. */
int place_list_victims(const struct cluster *cluster, int service, int deployment,
                       int32_t *victims);

/* Whether the instance meets every memberOf of the definition and the request: for DAEMON services, which
 * take all such instances. */
bool place_matches(const struct cluster *cluster, int request, int taskdef, int instance);

/* What keeps one instance from taking the task, PLACE_FITS where nothing does; `lack` says how
 * much. */
enum place_reason place_filter(const struct cluster *cluster, int request, int taskdef,
                               int instance, int64_t *lack);

/* The first memberOf that the instance does not meet, of the definition's and then the request's: its expression
 * as written, and compiled. NULL where it meets all. */
const char *place_unmet(const struct cluster *cluster, int request, int taskdef, int instance,
                        const struct query **query);

/* The value that a strategy rule gives each of the candidates: the least wins. Of an own strategy it
 * is the score with its sign turned, so that the highest score wins. */
void place_values(const struct cluster *cluster, int request, const struct strategy_rule *rule,
                  int taskdef, int task, const int32_t *candidates, int n_candidates,
                  int64_t *values);

/* The whole reasoning of one placement, for explanations. Release with place_table_finish(). */
struct place_table {
    struct placement placement;
    struct place_miss miss; /* of a task that none takes */
    int32_t n_candidates;   /* instances that passed every filter and constraint */
    int32_t n_instances;
    enum place_reason *reasons; /* by instance */
    int64_t *lacks;
    int32_t n_rules;
    int64_t *values; /* [rule * n_instances + instance]; of candidates that reached that rule */
    bool *reached;   /* likewise: the instance was still a candidate when the rule was applied */
};
void place_explain(const struct cluster *cluster, int request, int taskdef, int task,
                   struct place_table *table);
void place_table_finish(struct place_table *table);

/* Random placement: the first of PLACE_DRAWS drawn instances that is a candidate; where none is, the
 * candidate with the least lot. So every candidate is as likely as any other, and whoever knows
 * whether an instance is a candidate need not list them all. */
#define PLACE_DRAWS 256
int32_t place_draw(const struct cluster *cluster, int task, int n);
uint64_t place_lot(const struct cluster *cluster, int task, int instance);

/* Tasks of the group on the instance that are meant to run: a stopping one no longer spreads anything. */
int place_own_tasks(const struct cluster *cluster, int instance, int32_t task_group);

/* Whether the instance has all that the definition's requiresAttributes name; else `lack` is the number
 * of the first one that it lacks, from 1. */
bool place_has_required(const struct cluster *cluster, const struct task_definition *definition,
                        int instance, int64_t *lack);

/* What the instance lacks for the definition besides CPU and memory: PLACE_FITS, PLACE_GPU, PLACE_PORTS
 * or PLACE_ENI; `lack` as in struct place_miss. */
enum place_reason place_lacks_extra(const struct instance *instance,
                                    const struct task_definition *definition, int64_t *lack);

#endif
