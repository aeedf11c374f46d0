/*
 * Placement strategies of your own. Add one function and one row of the table at the end, build, and
 * its name works in every scenario, simulated and real:
 *
 *     "placementStrategy": [ { "type": "your-name" } ]
 *     berth tournament scenarios/tournament.json --strategies your-name,best-fit,random
 *
 * Whenever a task is to be placed, berth asks your function once for each candidate: each instance
 * that has room for the task and meets all its constraints. THE HIGHEST SCORE WINS. Where several
 * have it, the next rule of the scenario decides among them, and in the end the instance with the
 * lowest number. When a service is to stop a task, one on the instance with the lowest score goes.
 *
 * What you may ask about the cluster stands in view.h: free CPU and memory, tasks, zones, attributes.
 * `view` is the cluster before the task is placed, so subtract what the task takes yourself. Scores
 * are whole numbers: multiply before you divide, as below, where 1000 stands for "all of it". Use no
 * clock, no rand() and no static variables: `berth replay` asks your function again, and it has to
 * say the same.
 */
#include "core/strategies.h"

#include <string.h>

#define ALL 1000

/* The part of `whole` that `part` is, of ALL. */
static int64_t share(int64_t part, int64_t whole)
{
    return whole > 0 ? part * ALL / whole : 0;
}

/* Best fit: the instance that would be fullest with the task on it, counting whichever of CPU and
 * memory would be scarcer there (its dominant share). Packs like binpack, but sees both. */
static int64_t strategy_best_fit(const struct strategy_view *view, const struct strategy_task *task,
                                 int instance)
{
    int64_t cpu = view_cpu(view, instance), memory_mib = view_memory_mib(view, instance);
    int64_t used_cpu = cpu - view_free_cpu(view, instance) + task->cpu;
    int64_t used_memory_mib = memory_mib - view_free_memory_mib(view, instance) + task->memory_mib;
    int64_t cpu_share = share(used_cpu, cpu), memory_share = share(used_memory_mib, memory_mib);

    return cpu_share > memory_share ? cpu_share : memory_share;
}

/* Worst fit: the instance that would be emptiest with the task on it, by the mean of the CPU share
 * and the memory share that stay free. Kubernetes calls this LeastAllocated and scores so by default
 * (kube-scheduler, noderesources/least_allocated.go; there a whole is 100). */
static int64_t strategy_worst_fit(const struct strategy_view *view,
                                  const struct strategy_task *task, int instance)
{
    int64_t free_cpu = view_free_cpu(view, instance) - task->cpu;
    int64_t free_memory_mib = view_free_memory_mib(view, instance) - task->memory_mib;

    return (share(free_cpu, view_cpu(view, instance)) +
            share(free_memory_mib, view_memory_mib(view, instance))) /
           2;
}

/* First fit: all candidates are alike, so the lowest number wins. */
static int64_t strategy_first_fit(const struct strategy_view *view,
                                  const struct strategy_task *task, int instance)
{
    (void)view;
    (void)task;
    (void)instance;
    return 0;
}

/* One row each: the name that scenarios use, the function, and one line about it. */
const struct strategy strategies[] = {
    {"best-fit", strategy_best_fit,
     "the fullest after the placement, by the scarcer of CPU and memory"},
    {"worst-fit", strategy_worst_fit,
     "the emptiest after it, by the mean of both (Kubernetes' default)"},
    {"first-fit", strategy_first_fit, "the lowest number that has room"},
    {NULL, NULL, NULL},
};

/* Nothing to change below. */

const struct strategy *strategies_find(const char *name)
{
    for (const struct strategy *strategy = strategies; strategy->name; strategy++)
        if (name && strcmp(strategy->name, name) == 0)
            return strategy;
    return NULL;
}

const char *strategies_missing(const struct message *call)
{
    const struct strategy_rule *rules = NULL;
    int n = 0;

    if (call->kind == MESSAGE_CREATE_SERVICE) {
        rules = call->as.create_service.strategy;
        n = call->as.create_service.n_strategy;
    } else if (call->kind == MESSAGE_UPDATE_SERVICE) {
        rules = call->as.update_service.strategy;
        n = call->as.update_service.n_strategy;
    } else if (call->kind == MESSAGE_RUN_TASK) {
        rules = call->as.run_task.strategy;
        n = call->as.run_task.n_strategy;
    }
    for (int i = 0; i < n; i++)
        if (rules[i].type == STRATEGY_OWN && !strategies_find(rules[i].name))
            return rules[i].name ? rules[i].name : "";
    return NULL;
}
