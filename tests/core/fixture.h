/*
 * Small clusters for tests of the core: instances of given sizes, definitions of one container.
 */
#ifndef BERTH_TESTS_CORE_FIXTURE_H
#define BERTH_TESTS_CORE_FIXTURE_H

#include "core/scheduler.h"

/* Adds one ACTIVE instance (a group of its own) to the cluster; zone NULL: none. Returns its index. */
int fixture_instance(struct cluster *cluster, const char *zone, int cpu, int memory_mib);

/* Registers a definition of one essential container; host_port 0: none. Returns its id. */
int fixture_taskdef(struct cluster *cluster, const char *family, int cpu, int memory_mib,
                    int host_port);

/* Adds a request of a service (its index is returned in `service`) with that strategy. */
int fixture_service(struct cluster *cluster, const char *name, int taskdef,
                    struct strategy_rule *strategy, int n_strategy, int *service);

/* Adds a request of RunTask. */
int fixture_run_task(struct cluster *cluster, int taskdef, struct strategy_rule *strategy,
                     int n_strategy, struct placement_constraint *constraints, int n_constraints);

/* Puts `n` running tasks of the request on the instance. */
void fixture_tasks(struct cluster *cluster, int request, int taskdef, int instance, int n);

#endif
