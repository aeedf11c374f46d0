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
    int32_t instance;   /* ID_NONE: none takes it, see the nearest miss */
    int32_t candidates; /* instances that passed every filter and constraint */
    int32_t rule;       /* as in struct place_task */
    /* Where none takes it: the instance that fails the latest filter by the least, what it lacks
     * and how much of it (CPU units, MiB, a port number, by reason). */
    enum place_reason reason;
    int32_t nearest;
    int64_t lack;
};

/* Where a task of the definition goes now by the request's strategy and constraints. `task` is the
 * index that the task has or will get: it keys the random draw. Changes nothing. */
struct placement place_task(const struct cluster *cluster, int request, int taskdef, int task);

/* The running task of a service to stop first when it has too many (ECS developer guide,
 * task-placement-strategies): of `taskdef` only, or of any definition where that is ID_NONE.
 * Tasks that never ran go first. ID_NONE where it has none. */
int place_victim(const struct cluster *cluster, int service, int taskdef);

/* What keeps one instance from taking the task, PLACE_FITS where nothing does; `lack` says how
 * much. */
enum place_reason place_filter(const struct cluster *cluster, int request, int taskdef,
                               int instance, int64_t *lack);

/* The value that a strategy rule gives each of the candidates: the least wins. */
void place_values(const struct cluster *cluster, int request, const struct strategy_rule *rule,
                  int task, const int32_t *candidates, int n_candidates, int64_t *values);

/* The whole reasoning of one placement, for explanations. Release with place_table_finish(). */
struct place_table {
    struct placement placement;
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

#endif
