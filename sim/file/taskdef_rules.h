/*
 * What ECS demands of a task definition beyond the shape of its members (ECS API,
 * RegisterTaskDefinition and ContainerDefinition; ECS developer guide, task-cpu-memory-error).
 */
#ifndef BERTH_FILE_TASKDEF_RULES_H
#define BERTH_FILE_TASKDEF_RULES_H

#include "file/json_read.h"

/* Task-level CPU: 0.125 to 192 vCPU. Memory has no stated limit: 32 TiB is above any instance. */
#define TASKDEF_CPU_MIN 128
#define TASKDEF_CPU_MAX 196608
#define TASKDEF_MEMORY_MAX_MIB (32 * 1024 * 1024)

/* Where a definition gives no stopTimeout (amazon-ecs-agent, agent/config/config.go). */
#define TASKDEF_STOP_TIMEOUT_SECONDS 30

/* Adds an error for every rule that does not hold. `node` is the definition's object. */
void taskdef_check(const struct node *node, const struct task_definition *definition,
                   const struct taskdef_run *run);

#endif
