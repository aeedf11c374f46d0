/*
 * ECS task definitions as files have them: read by ECS's rules (ECS API, RegisterTaskDefinition;
 * ECS developer guide, task_definition_parameters), tolerant where real files are. Knows nothing of
 * scenarios.
 */
#ifndef BERTH_FILE_TASKDEF_READ_H
#define BERTH_FILE_TASKDEF_READ_H

#include "file/json_read.h"

/* Reads one register-task-definition object (or what describe-task-definition makes of one).
 * Returns NULL after an error. Else `run` is what a real task needs of it, to be freed with
 * taskdef_run_destroy(). The revision is 0. */
struct task_definition *taskdef_read(const struct node *node, struct taskdef_run **run);

/* The definition inside {"taskDefinition": {...}}, as describe-task-definition prints it, else the
 * node itself. `inner` must live as long as the result. */
const struct node *taskdef_unwrap(const struct node *node, struct node *inner);

/* Of a task: its definition's and those of the call that starts it together (ECS API, RunTask). */
#define TASKDEF_CONSTRAINTS_MAX 10

/* Constraints of a definition (memberOf only) or of a call; false after an error. */
bool taskdef_read_constraints(struct node *list, bool of_definition,
                              struct placement_constraint **items, int32_t *n);

/* A name by ECS's rule for families and containers: 1 to 255 letters, digits, - and _. Says so
 * otherwise. */
bool taskdef_read_name(const struct node *node, const char **name);

#endif
