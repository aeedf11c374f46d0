/*
 * What a scenario asks for, so far as one can know before it runs, and what of that goes to Fargate: each such
 * task will be a virtual machine of its own. It must never know how one is made.
 */
#ifndef BERTH_EXEC_FARGATE_H
#define BERTH_EXEC_FARGATE_H

#include "file/scenario.h"

#include <stdbool.h>
#include <stdint.h>

/* Tasks of one definition, if all of them ran at once. */
struct task_use {
    int32_t taskdef;
    int64_t n;
};

/* All of them, and those on Fargate, where daemons never are; free() the list. Services count with the most that
 * somebody wants of them, daemons on all instances, calls with all their tasks; what scaling policies and deployments
 * add is not known yet. */
struct task_use *task_uses(const struct scenario *scenario, int *n);
struct task_use *fargate_uses(const struct scenario *scenario, int *n);

/* A micro-VM as a type of instance: of its task's size. */
struct instance_type fargate_type(const struct scenario *scenario, int32_t taskdef);

#endif
