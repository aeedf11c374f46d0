/*
 * Which container of a task starts after which: dependsOn, links and volumesFrom (ECS API:
 * ContainerDefinition), and what can never be.
 */
#ifndef BERTH_FILE_TASKDEF_ORDER_H
#define BERTH_FILE_TASKDEF_ORDER_H

#include "file/json_read.h"

/* Reads one container's part; all containers' names are known. */
void taskdef_order_read(const struct node *object, struct task_definition *definition,
                        int container, struct container_run *run);

/* Adds an error for every dependency that can never be met, and for a cycle. `node` is the
 * definition's object. */
void taskdef_order_check(const struct node *node, const struct task_definition *definition);

#endif
