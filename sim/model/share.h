/*
 * How the containers of one instance share its CPUs, as the kernel's fair scheduler does it in the
 * agent's two levels of cgroups: tasks by weight and quota, containers inside by weight, everything
 * that one leaves unused goes to the others. Knows work and weights, not what the work is. All in
 * integers, so that completions fall on the same microsecond everywhere.
 */
#ifndef BERTH_MODEL_SHARE_H
#define BERTH_MODEL_SHARE_H

#include "core/taskdef.h"
#include "core/unit.h"

/* A CPU's worth of progress per microsecond, in the fixed point of `rate` and `left`. */
#define SHARE_ONE_CPU (UINT64_C(1) << 32)

__extension__ typedef unsigned __int128 share_wide;

struct share_worker {
    int32_t task;
    int32_t container;
    uint32_t threads;     /* that can run at once */
    uint32_t weight;      /* of the container in its task */
    uint32_t task_weight; /* of the task on the instance */
    uint64_t task_quota;  /* rate that the task's containers may reach together */
    uint64_t rate;        /* now */
    share_wide left;      /* CPU-microseconds times SHARE_ONE_CPU */
};

struct share {
    uint64_t capacity;            /* rate of the whole instance */
    int64_t at_usec;              /* `left` of all workers is as of this time */
    int64_t next_usec;            /* the next completion, USEC_NEVER */
    struct share_worker *workers; /* those of one task side by side, else in order of arrival */
    int n_workers, cap_workers;
    struct share_part *parts; /* scratch */
    int cap_parts;
};

void share_init(struct share *share, int32_t cpu_units);
void share_finish(struct share *share);

/* Container `container` of a task of that definition begins `work_usec` of CPU time. It is one
 * thread: never faster than one CPU. Weights: agent/api/task/task_linux.go; a task-level cpu is a
 * quota (ECS developer guide, task_definition_parameters). */
void share_add(struct share *share, int64_t at_usec, int32_t task,
               const struct task_definition *definition, int32_t container, int64_t work_usec);

/* A container that serves requests: `threads` of them want CPU time now, `left` is what they need
 * together, in `share_worker.left`'s unit, until the first of them has its own. Replaces what was
 * said before; without threads it wants nothing. */
void share_serve(struct share *share, int64_t at_usec, int32_t task,
                 const struct task_definition *definition, int32_t container, int threads,
                 share_wide left);

/* What is left of it at `at_usec`, 0 where it wants nothing. */
share_wide share_left(struct share *share, int64_t at_usec, int32_t task, int32_t container);

/* It was killed. False where it was not working. */
bool share_remove(struct share *share, int64_t at_usec, int32_t task, int32_t container);

/* Takes out one that has finished at `at_usec`. False where there is none (more). */
bool share_take_finished(struct share *share, int64_t at_usec, int32_t *task, int32_t *container);

/* Weight of a task's cgroup (agent/api/task/task_linux.go): the sum over its containers, each at
 * least 2, at most 262144; with a task-level cpu the agent sets the quota only and the weight stays
 * the kernel's 1024. */
uint32_t share_task_weight(const struct task_definition *definition);

#endif
