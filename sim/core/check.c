/*
 * The invariants, each a function that recounts what the state keeps. Slow on purpose: the point is
 * that nothing here is shared with the code that is checked.
 */
#include "core/check.h"

#include <stdio.h>
#include <stdlib.h>

struct finding {
    char *detail;
    size_t size;
};

#define FAIL(finding, ...)                                                                         \
    do {                                                                                           \
        snprintf((finding)->detail, (finding)->size, __VA_ARGS__);                                 \
        return false;                                                                              \
    } while (0)

static bool wanted(const struct task *task)
{
    return task->desired == TASK_RUNNING;
}

static bool placement_ledger(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int i = 0; i < cluster->n_instances; i++) {
        const struct instance *instance = &cluster->instances[i];
        int64_t cpu = 0, memory_mib = 0;
        int n = 0;

        for (int t = 0; t < cluster->n_tasks; t++) {
            const struct task *task = &cluster->tasks[t];
            const struct task_definition *definition =
                taskdefs_get(&cluster->taskdefs, task->taskdef);

            if (task->instance != i || task->last == TASK_STOPPED)
                continue;
            n++;
            cpu += wanted(task) ? taskdef_cpu(definition) : 0;
            memory_mib += wanted(task) ? taskdef_memory_mib(definition) : 0;
        }
        if (n != instance->n_tasks || cpu != instance->cpu_reserved ||
            memory_mib != instance->memory_reserved_mib)
            FAIL(finding, "i%d keeps %d tasks, %d CPU units, %d MiB; recounted %d, %lld, %lld",
                 i + 1, instance->n_tasks, instance->cpu_reserved, instance->memory_reserved_mib, n,
                 (long long)cpu, (long long)memory_mib);
    }
    return true;
}

static bool never_overcommitted(const struct scheduler *scheduler, const struct finding *finding)
{
    for (int i = 0; i < scheduler->cluster.n_instances; i++) {
        const struct instance *instance = &scheduler->cluster.instances[i];

        if (instance->cpu_reserved > instance->cpu ||
            instance->memory_reserved_mib > instance->memory_mib || instance->cpu_reserved < 0 ||
            instance->memory_reserved_mib < 0)
            FAIL(finding, "i%d: %d of %d CPU units, %d of %d MiB reserved", i + 1,
                 instance->cpu_reserved, instance->cpu, instance->memory_reserved_mib,
                 instance->memory_mib);
    }
    return true;
}

static bool port_held_once(const struct scheduler *scheduler, const struct finding *finding)
{
    for (int i = 0; i < scheduler->cluster.n_instances; i++) {
        const struct instance *instance = &scheduler->cluster.instances[i];

        for (int a = 0; a < instance->n_ports; a++)
            for (int b = a + 1; b < instance->n_ports; b++)
                if (instance->ports[a].port == instance->ports[b].port &&
                    instance->ports[a].protocol == instance->ports[b].protocol)
                    FAIL(finding, "i%d: port %d is held by t%d and t%d", i + 1,
                         instance->ports[a].port, instance->ports[a].task + 1,
                         instance->ports[b].task + 1);
    }
    return true;
}

static bool instance_lists(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int i = 0; i < cluster->n_instances; i++) {
        int n = 0, before = ID_NONE;

        for (int t = cluster->instances[i].first_task; t != ID_NONE;
             before = t, t = cluster->tasks[t].next_on_instance, n++)
            if (cluster->tasks[t].instance != i || cluster->tasks[t].last == TASK_STOPPED ||
                cluster->tasks[t].prev_on_instance != before || n > cluster->n_tasks)
                FAIL(finding, "i%d: t%d does not belong in its list", i + 1, t + 1);
        if (n != cluster->instances[i].n_tasks)
            FAIL(finding, "i%d: %d tasks in its list of %d", i + 1, n,
                 cluster->instances[i].n_tasks);
    }
    return true;
}

static bool service_counts(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int s = 0; s < cluster->n_services; s++) {
        const struct service *service = &cluster->services[s];
        int n_wanted = 0, n_running = 0, n_live = 0, n_listed = 0;

        for (int t = 0; t < cluster->n_tasks; t++) {
            const struct task *task = &cluster->tasks[t];

            if (cluster->requests[task->request].service != s)
                continue;
            n_live += task->last != TASK_STOPPED;
            n_wanted += wanted(task);
            if (wanted(task) && !service->may_be_outdated &&
                (task->taskdef != service->taskdef ||
                 cluster->instances[task->instance].status == INSTANCE_DRAINING))
                FAIL(finding, "s%d knows nothing of having to replace t%d", s + 1, t + 1);
            n_running += wanted(task) && task->last == TASK_RUNNING;
        }
        for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service)
            n_listed++;
        if (n_wanted != service->n_wanted || n_running != service->n_running ||
            n_live != service->n_live || n_listed != n_live)
            FAIL(finding,
                 "s%d keeps %d wanted, %d running, %d live; recounted %d, %d, %d, listed %d", s + 1,
                 service->n_wanted, service->n_running, service->n_live, n_wanted, n_running,
                 n_live, n_listed);
    }
    return true;
}

/* What the scheduler itself starts and stops keeps within ECS's default percentages; protected tasks
 * stay whatever the desired count says. */
static bool service_limits(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int s = 0; s < cluster->n_services && !scheduler->ending; s++) {
        const struct service *service = &cluster->services[s];
        int64_t n = service->n_wanted;

        for (int t = service->first_task; t != ID_NONE; t = cluster->tasks[t].next_of_service)
            n -= wanted(&cluster->tasks[t]) && cluster->tasks[t].is_protected;
        if (n > 2 * (int64_t)service->desired && n > service->n_running + service->desired)
            FAIL(finding, "s%d wants %d tasks of %d", s + 1, service->n_wanted, service->desired);
    }
    return true;
}

static bool decisions_closed_once(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    int64_t n = 0;

    for (int i = 0; i < cluster->n_instances; i++)
        n += (cluster->instances[i].launch_decision != 0) +
             (cluster->instances[i].terminate_decision != 0);
    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task *task = &cluster->tasks[t];

        n += (task->place_decision != 0) + (task->stop_decision != 0);
        if (task->last == TASK_STOPPED && (task->place_decision || task->stop_decision))
            FAIL(finding, "t%d has stopped and has an open decision", t + 1);
        if (wanted(task) && task->stop_decision)
            FAIL(finding, "t%d is meant to run and to stop", t + 1);
    }
    if (n != scheduler->n_open)
        FAIL(finding, "%lld decisions are open, %lld are counted", (long long)n,
             (long long)scheduler->n_open);
    if (scheduler_ended(scheduler) && n > 0)
        FAIL(finding, "%lld decisions are open after the end", (long long)n);
    return true;
}

static bool totals(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    int n_launching = 0, n_up = 0, n_placed = 0, n_waiting = 0;

    for (int i = 0; i < cluster->n_instances; i++) {
        n_launching += cluster->instances[i].status == INSTANCE_LAUNCHING;
        n_up += cluster->instances[i].status != INSTANCE_INACTIVE;
    }
    for (int t = 0; t < cluster->n_tasks; t++) {
        n_placed += cluster->tasks[t].instance != ID_NONE && cluster->tasks[t].last != TASK_STOPPED;
        n_waiting += cluster->tasks[t].last == TASK_PROVISIONING;
    }
    if (n_launching != scheduler->n_launching || n_up != scheduler->n_up ||
        n_placed != scheduler->n_placed || n_waiting != scheduler->n_waiting)
        FAIL(finding, "launching %d/%d, up %d/%d, placed %d/%d, waiting %d/%d (kept/recounted)",
             scheduler->n_launching, n_launching, scheduler->n_up, n_up, scheduler->n_placed,
             n_placed, scheduler->n_waiting, n_waiting);
    return true;
}

static bool tasks_are_somewhere(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task *task = &cluster->tasks[t];

        if ((task->last == TASK_PROVISIONING) != (task->instance == ID_NONE) &&
            task->last != TASK_STOPPED)
            FAIL(finding, "t%d is %s on i%d", t + 1, task_status_names[task->last],
                 task->instance + 1);
        if (task->instance != ID_NONE && task->last != TASK_STOPPED &&
            cluster->instances[task->instance].status == INSTANCE_INACTIVE)
            FAIL(finding, "t%d lives on i%d, which is gone", t + 1, task->instance + 1);
        if (task->last == TASK_STOPPED && wanted(task))
            FAIL(finding, "t%d has stopped and is meant to run", t + 1);
    }
    return true;
}

static bool indexes_agree(const struct scheduler *scheduler, const struct finding *finding)
{
    return place_index_check(&scheduler->cluster, finding->detail, finding->size);
}

const char *core_check(const struct scheduler *scheduler, char *detail, size_t size)
{
    static const struct {
        const char *name;
        bool (*holds)(const struct scheduler *, const struct finding *);
    } invariants[] = {
        {"placement ledger equals its recount", placement_ledger},
        {"no instance is over-committed", never_overcommitted},
        {"a port is held once per instance", port_held_once},
        {"an instance's list holds its tasks", instance_lists},
        {"a service's counts equal their recounts", service_counts},
        {"a service stays within its percentages", service_limits},
        {"each decision is closed once", decisions_closed_once},
        {"totals equal their recounts", totals},
        {"a task is where its status says", tasks_are_somewhere},
        {"every index agrees with a rebuild", indexes_agree},
    };
    const struct finding finding = {detail, size};

    for (size_t i = 0; i < sizeof invariants / sizeof invariants[0]; i++)
        if (!invariants[i].holds(scheduler, &finding))
            return invariants[i].name;
    return NULL;
}

const char *core_check_agent(const struct agent *agent, char *detail, size_t size)
{
    int64_t cpu = 0, memory_mib = 0;
    int n_queued = 0;

    for (int i = 0; i < agent->n_tasks; i++) {
        const struct agent_task *task = agent->tasks[i];
        const struct task_definition *definition = taskdefs_get(agent->taskdefs, task->taskdef);

        n_queued += !task->admitted;
        if (i > 0 && agent->tasks[i - 1]->task >= task->task)
            return "an agent's tasks stand in order";
        if (agent->n_numbers != agent->n_tasks || agent->numbers[i] != task->task)
            return "an agent knows the numbers of its tasks";
        if (agent_deadline(agent) > task->due_usec) {
            snprintf(detail, size, "t%d", task->task + 1);
            return "the agent's deadline is no later than its tasks'";
        }
        for (int c = 0; c < definition->n_containers; c++) {
            if (!task->admitted && task->containers[c].status != CONTAINER_NONE) {
                snprintf(detail, size, "t%d container %d", task->task + 1, c);
                return "a queued task has no containers";
            }
        }
        if (task->admitted) {
            cpu += taskdef_cpu(definition);
            memory_mib += taskdef_memory_mib(definition);
        }
    }
    if (n_queued != agent->n_queue)
        return "the agent's queue holds its tasks";
    if (cpu != agent->host.cpu_used || memory_mib != agent->host.memory_used_mib) {
        snprintf(detail, size, "keeps %d CPU units, %d MiB; recounted %lld, %lld",
                 agent->host.cpu_used, agent->host.memory_used_mib, (long long)cpu,
                 (long long)memory_mib);
        return "the host ledger equals its recount";
    }
    if (agent->host.cpu_used > agent->host.cpu ||
        agent->host.memory_used_mib > agent->host.memory_mib) {
        snprintf(detail, size, "%d of %d CPU units, %d of %d MiB", agent->host.cpu_used,
                 agent->host.cpu, agent->host.memory_used_mib, agent->host.memory_mib);
        return "the host ledger is never over-committed";
    }
    return NULL;
}
