/*
 * The five moves of a task's life: added, placed, run, retired, stopped. Each updates every count that it touches,
 * and little else happens in a busy cluster, so they stand here, to be built into whoever makes them; what few tasks
 * need is in cluster.c. Says nothing about who decides what.
 */
#ifndef BERTH_CORE_CLUSTER_MOVES_H
#define BERTH_CORE_CLUSTER_MOVES_H

#include "core/array.h"
#include "core/cluster.h"

#include <assert.h>

/* For the moves alone: what few tasks need. */
void cluster_take_extras(struct cluster *cluster, int task);
void cluster_give_extras(struct cluster *cluster, int task);
void cluster_detach(struct cluster *cluster, int task);
void cluster_charge(struct cluster *cluster, int task);
void cluster_leave_wanted(struct cluster *cluster, int task);
void cluster_leave_service(struct cluster *cluster, int task);
void cluster_make_place(struct cluster *cluster, struct instance *instance);
void cluster_unlink(struct cluster *cluster, struct instance *instance, int task);
void cluster_close_details(struct cluster *cluster, int task);

static inline void cluster_note_task(const struct cluster *cluster, const struct task *task,
                                     int delta)
{
    place_index_note(cluster->index, task->instance, task->request, delta);
}

/* A new task of a request: PROVISIONING, desired RUNNING, on no instance. Returns its index. Of no
 * service: those begin with cluster_add_service_task(). */
static inline int cluster_add_task(struct cluster *cluster, int taskdef, int request)
{
    struct task *task = ARRAY_ADD(cluster, tasks);

    static_assert(DETAILS_OF_NOBODY == 0, "as ARRAY_ADD() leaves them");
    task->taskdef = taskdef;
    task->request = request;
    task->instance = ID_NONE;
    task->deployment = ID_NONE;
    task->desired = TASK_RUNNING;
    task->last = TASK_PROVISIONING;
    cluster->requests[request].n_wanted++;
    return cluster->n_tasks - 1;
}

/* Behind those that are there. */
static inline void cluster_join_instance(struct cluster *cluster, struct instance *instance, int id)
{
    if (instance->n_newest == INSTANCE_NEWEST)
        cluster_make_place(cluster, instance);
    instance->newest[instance->n_newest++] = id;
    instance->n_tasks++;
}

static inline void cluster_leave_instance(struct cluster *cluster, struct instance *instance,
                                          int id)
{
    if (cluster->tasks[id].details != DETAILS_OF_NOBODY && instance->older != DETAILS_OF_NOBODY)
        cluster_unlink(cluster, instance, id);
    for (int i = 0; i < INSTANCE_NEWEST; i++) /* all: four at a time and no guess is sooner done */
        instance->newest[i] = instance->newest[i] == id ? ID_NONE : instance->newest[i];
    instance->n_tasks--;
}

/* Puts a PROVISIONING task on an instance and takes its CPU, memory and host ports: it is PENDING. (Always
 * inlined: where two make it, gcc would rather call it.) */
static inline __attribute__((always_inline)) void cluster_place(struct cluster *cluster, int id,
                                                                int instance_id)
{
    struct task *task = &cluster->tasks[id];
    struct instance *instance = &cluster->instances[instance_id];
    const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];

    /* One by one: both in one read would wait for the writes of cluster_add_task(), of other widths. */
    assert(task->last == TASK_PROVISIONING);
    assert(task->desired == TASK_RUNNING);
    task->instance = instance_id;
    task->last = TASK_PENDING;
    if (instance->rate > 0)
        cluster_open_details(cluster, id)->placed_at_usec = cluster->now_usec;
    if (instance->is_vm)
        instance->bound_at_usec = cluster->now_usec;
    cluster_join_instance(cluster, instance, id);
    instance->cpu_reserved += facts->cpu;
    instance->memory_reserved_mib += facts->memory_mib;
    if (facts->takes_extras)
        cluster_take_extras(cluster, id);
    place_index_note(cluster->index, instance_id, task->request, 1);
}

/* The agent reported RUNNING. */
static inline void cluster_run(struct cluster *cluster, int id)
{
    struct task *task = &cluster->tasks[id];

    assert(task->last == TASK_PENDING);
    task->last = TASK_RUNNING;
    task->reached_running = true;
    if (task->deployment != ID_NONE && task->desired == TASK_RUNNING) {
        cluster->services[cluster->requests[task->request].service].n_running++;
        cluster_deployment(cluster, task)->n_running++;
    }
    if (cluster_in_range(task->instance, cluster->n_instances))
        cluster->groups[cluster->instances[task->instance].group].n_short = 0;
}

/* Nobody counts on it any more. */
static inline void cluster_leave_counts(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];

    assert(task->desired == TASK_RUNNING);
    if (task->deployment != ID_NONE)
        cluster_leave_wanted(cluster, id);
    task->desired = TASK_STOPPED;
    task->stop_code = (uint8_t)code;
    cluster->requests[task->request].n_wanted--;
}

static inline void cluster_give_room(struct cluster *cluster, int id)
{
    const struct task *task = &cluster->tasks[id];
    const struct taskdef_facts *facts = &cluster->taskdef_facts[task->taskdef];
    struct instance *instance = &cluster->instances[task->instance];

    if (instance->rate > 0)
        cluster_charge(cluster, id);
    instance->cpu_reserved -= facts->cpu;
    instance->memory_reserved_mib -= facts->memory_mib;
    if (facts->takes_extras)
        cluster_give_extras(cluster, id);
}

/* Sets the desired status to STOPPED and gives the task's room back to placement. */
static inline void cluster_retire(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];
    bool counted = !task->is_deregistering;

    if (counted)
        cluster_leave_counts(cluster, id, code);
    task->is_deregistering = false;
    if (task->instance != ID_NONE) {
        cluster_give_room(cluster, id);
        cluster_note_task(cluster, task, counted ? -1 : 0);
    }
}

/* The task is STOPPED: it leaves its instance and its service. Retires it first where it was not. */
static inline void cluster_stop(struct cluster *cluster, int id, enum stop_code code)
{
    struct task *task = &cluster->tasks[id];
    bool has_room = task->desired == TASK_RUNNING || task->is_deregistering;

    assert(task->last != TASK_STOPPED);
    if (has_room)
        cluster_retire(cluster, id, code);
    task->last = TASK_STOPPED;
    if (task->instance != ID_NONE) {
        if (cluster->taskdef_facts[task->taskdef].takes_extras)
            cluster_detach(cluster, id);
        cluster_leave_instance(cluster, &cluster->instances[task->instance], id);
        if (!has_room) /* or it was noted right now */
            cluster_note_task(cluster, task, 0);
    }
    if (task->deployment != ID_NONE)
        cluster_leave_service(cluster, id);
    if (task->details != DETAILS_OF_NOBODY)
        cluster_close_details(cluster, id);
}

#endif
