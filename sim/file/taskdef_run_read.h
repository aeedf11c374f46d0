/*
 * Reading what only a real container needs (ECS API: ContainerDefinition, LinuxParameters, Volume,
 * ...). Findings say what is wrong; what is wrong is left out.
 */
#ifndef BERTH_FILE_TASKDEF_RUN_READ_H
#define BERTH_FILE_TASKDEF_RUN_READ_H

#include "file/json_read.h"

/* The task's part: volumes, pidMode, ipcMode. `definition` is the node of the whole definition. */
void taskdef_run_read(const struct node *definition, struct taskdef_run *run);

/* One container's part, after the task's. What it has from other containers is read by
 * taskdef_order_read(). */
void taskdef_run_read_container(const struct node *object, const struct taskdef_run *task,
                                struct container_run *run);

#endif
