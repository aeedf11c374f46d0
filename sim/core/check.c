/*
 * The invariants, each a function that recounts what the state keeps. Slow on purpose: the point is
 * that nothing here is shared with the code that is checked.
 */
#include "core/check.h"

#include "core/check_inside.h"

#include <assert.h>
#include <stdlib.h>

static bool wanted(const struct task *task)
{
    return task->desired == TASK_RUNNING;
}

/* It takes room in the placement's ledger. */
static bool holds_room(const struct task *task)
{
    return wanted(task) || task->is_deregistering;
}

static bool placement_ledger(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int i = 0; i < cluster->n_instances; i++) {
        const struct instance *instance = &cluster->instances[i];
        int64_t cpu = 0, memory_mib = 0;
        int n = 0, enis = 0;

        for (int t = 0; t < cluster->n_tasks; t++) {
            const struct task *task = &cluster->tasks[t];
            const struct task_definition *definition =
                taskdefs_get(&cluster->taskdefs, task->taskdef);

            if (task->instance != i || task->last == TASK_STOPPED)
                continue;
            n++;
            enis += definition->network_mode == NETWORK_AWSVPC;
            cpu += holds_room(task) ? taskdef_cpu(definition) : 0;
            memory_mib += holds_room(task) ? taskdef_memory_mib(definition) : 0;
        }
        if (n != instance->n_tasks || cpu != instance->cpu_reserved ||
            memory_mib != instance->memory_reserved_mib)
            FAIL(finding, "i%d keeps %d tasks, %d CPU units, %d MiB; recounted %d, %lld, %lld",
                 i + 1, instance->n_tasks, instance->cpu_reserved, instance->memory_reserved_mib, n,
                 (long long)cpu, (long long)memory_mib);
        if (enis != instance->enis_reserved)
            FAIL(finding, "i%d keeps %d network interfaces, recounted %d", i + 1,
                 instance->enis_reserved, enis);
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
        if (instance->enis != ID_NONE && instance->enis_reserved > instance->enis)
            FAIL(finding, "i%d: %d of %d network interfaces attached", i + 1,
                 instance->enis_reserved, instance->enis);
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

static int count_newest(const struct instance *instance)
{
    int n = 0;

    for (int i = 0; i < instance->n_newest; i++)
        n += instance->newest[i] != ID_NONE;
    return n;
}

static bool instance_lists(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    int n = 0;

    for (int i = 0; i < cluster->n_instances; i++) {
        const struct instance *instance = &cluster->instances[i];
        int32_t newer = DETAILS_OF_NOBODY, n_listed = 0;

        for (int t = cluster_newest_on(cluster, instance); t != ID_NONE;
             t = cluster_older_on(cluster, t)) {
            if (n_listed++ == instance->n_tasks)
                FAIL(finding, "i%d: lists more than %d tasks", i + 1, instance->n_tasks);
            if (cluster->tasks[t].instance != i || cluster->tasks[t].last == TASK_STOPPED)
                FAIL(finding, "i%d: t%d does not belong in its list", i + 1, t + 1);
            if (n_listed <= count_newest(instance))
                continue;
            if (cluster_details(cluster, t)->newer_here != newer)
                FAIL(finding, "i%d: t%d does not know the newer one in its list", i + 1, t + 1);
            newer = cluster->tasks[t].details;
        }
        if (n_listed != instance->n_tasks)
            FAIL(finding, "i%d: counts %d tasks, lists %d", i + 1, instance->n_tasks, n_listed);
        n += n_listed;
    }
    for (int t = 0; t < cluster->n_tasks; t++)
        n -= cluster->tasks[t].instance != ID_NONE && cluster->tasks[t].last != TASK_STOPPED;
    if (n != 0)
        FAIL(finding, "%d tasks too many in the instances' lists", n);
    return true;
}

/* What is counted of the tasks of a service, or of one of its deployments. */
struct counts {
    int n_live, n_wanted, n_running, n_healthy, n_outdated;
};

static void count(struct counts *counts, const struct task *task)
{
    counts->n_live += task->last != TASK_STOPPED;
    counts->n_wanted += wanted(task);
    counts->n_running += wanted(task) && task->last == TASK_RUNNING;
    counts->n_healthy += wanted(task) && task->is_healthy;
    counts->n_outdated += wanted(task) && task->is_outdated;
}

static bool deployment_counts(const struct cluster *cluster, int s, const struct finding *finding)
{
    const struct service *service = &cluster->services[s];

    for (int d = 0; d < service->n_deployments; d++) {
        const struct deployment *kept = &service->deployments[d];
        struct counts counts = {0};

        for (int t = 0; t < cluster->n_tasks; t++)
            if (cluster->requests[cluster->tasks[t].request].service == s &&
                cluster->tasks[t].deployment == d)
                count(&counts, &cluster->tasks[t]);
        if (counts.n_live != kept->n_live || counts.n_wanted != kept->n_wanted ||
            counts.n_running != kept->n_running || counts.n_healthy != kept->n_healthy ||
            counts.n_outdated != kept->n_outdated)
            FAIL(finding,
                 "s%d deployment %d keeps live %d, wanted %d, running %d, healthy %d, to replace "
                 "%d; recounted %d, %d, %d, %d, %d",
                 s + 1, d, kept->n_live, kept->n_wanted, kept->n_running, kept->n_healthy,
                 kept->n_outdated, counts.n_live, counts.n_wanted, counts.n_running,
                 counts.n_healthy, counts.n_outdated);
        if (kept->status == DEPLOYMENT_INACTIVE && counts.n_live > 0)
            FAIL(finding, "s%d deployment %d is over and has %d tasks", s + 1, d, counts.n_live);
        if ((kept->status == DEPLOYMENT_PRIMARY) != (d == service->primary))
            FAIL(finding, "s%d: deployment %d is %s, number %d is primary", s + 1, d,
                 deployment_status_names[kept->status], service->primary);
    }
    return true;
}

static bool service_counts(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int s = 0; s < cluster->n_services; s++) {
        const struct service *service = &cluster->services[s];
        struct counts counts = {0};
        int n_listed = 0;

        for (int t = 0; t < cluster->n_tasks; t++)
            if (cluster->requests[cluster->tasks[t].request].service == s)
                count(&counts, &cluster->tasks[t]);
        for (int t = service->first_task; t != ID_NONE;
             t = cluster_details(cluster, t)->next_of_service)
            n_listed++;
        if (counts.n_wanted != service->n_wanted || counts.n_running != service->n_running ||
            counts.n_live != service->n_live || counts.n_healthy != service->n_healthy ||
            n_listed != counts.n_live)
            FAIL(finding,
                 "s%d keeps %d wanted, %d running, %d healthy, %d live; recounted %d, %d, %d, %d, "
                 "listed %d",
                 s + 1, service->n_wanted, service->n_running, service->n_healthy, service->n_live,
                 counts.n_wanted, counts.n_running, counts.n_healthy, counts.n_live, n_listed);
        if (!deployment_counts(cluster, s, finding))
            return false;
    }
    return true;
}

/* Said anew: what makes a service's task healthy, and what makes it one to replace. */
static bool tasks_are_judged(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int t = 0; t < cluster->n_tasks && !scheduler->ending; t++) {
        const struct task *task = &cluster->tasks[t];
        int s = cluster->requests[task->request].service;
        bool draining, fails = task->health == HEALTH_UNHEALTHY, passes = true;

        if (s == ID_NONE || !wanted(task) || task->instance == ID_NONE ||
            cluster->instances[task->instance].status == INSTANCE_DEREGISTERING)
            continue; /* it goes with its instance */
        for (int i = cluster_details(cluster, t)->first_target; i != ID_NONE;
             i = cluster->targets[i].next_of_task) {
            fails = fails || cluster->targets[i].status == TARGET_UNHEALTHY;
            passes = passes && cluster->targets[i].status == TARGET_HEALTHY;
        }
        draining = cluster->instances[task->instance].status == INSTANCE_DRAINING;
        if (task->is_healthy && (fails || !passes || task->last != TASK_RUNNING))
            FAIL(finding, "t%d is taken for healthy", t + 1);
        if (task->is_unhealthy && !fails)
            FAIL(finding, "t%d is taken for unhealthy", t + 1);
        if (task->is_outdated != (task->is_unhealthy || draining))
            FAIL(finding, "t%d: nobody knows whether it is to be replaced", t + 1);
    }
    return true;
}

static bool limits_hold(const struct service *service)
{
    return service->scheduling == SCHEDULING_REPLICA &&
           service->settings.strategy == DEPLOYMENT_ROLLING && service->status == SERVICE_ACTIVE &&
           service->deployments[service->primary].stage == STAGE_NONE;
}

/* What the scheduler itself did in this step has kept within the percentages: the roundings are
 * written out once more. */
static bool service_limits(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int s = 0; s < cluster->n_services && !scheduler->ending; s++) {
        const struct service *service = &cluster->services[s];
        int64_t desired = service->desired;

        if (!limits_hold(service))
            continue;
        if (service->started_step == scheduler->n_steps &&
            (int64_t)service->n_live * 100 > desired * service->settings.max_percent)
            FAIL(finding, "s%d has started tasks, and %d live of %d at %d %%", s + 1,
                 service->n_live, service->desired, service->settings.max_percent);
        if (service->replaced_step == scheduler->n_steps &&
            (int64_t)service->n_healthy * 100 < desired * service->settings.min_percent)
            FAIL(finding, "s%d has stopped a healthy task, and %d are healthy of %d at %d %%",
                 s + 1, service->n_healthy, service->desired, service->settings.min_percent);
    }
    return true;
}

/* A DAEMON service never has two tasks that are meant to run on one instance. */
static bool daemons_are_alone(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int s = 0; s < cluster->n_services; s++) {
        if (cluster->services[s].scheduling != SCHEDULING_DAEMON)
            continue;
        for (int a = cluster->services[s].first_task; a != ID_NONE;
             a = cluster_details(cluster, a)->next_of_service)
            for (int b = cluster_details(cluster, a)->next_of_service; b != ID_NONE;
                 b = cluster_details(cluster, b)->next_of_service)
                if (wanted(&cluster->tasks[a]) && wanted(&cluster->tasks[b]) &&
                    cluster->tasks[a].instance == cluster->tasks[b].instance)
                    FAIL(finding, "s%d has t%d and t%d on i%d", s + 1, a + 1, b + 1,
                         cluster->tasks[a].instance + 1);
    }
    return true;
}

static bool target_groups_count(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;

    for (int b = 0; b < cluster->n_target_groups; b++) {
        int32_t n[TARGET_UNUSED + 1] = {0};

        for (int i = 0; i < cluster->n_targets; i++) {
            const struct target *target = &cluster->targets[i];

            if (target->target_group != b)
                continue;
            n[target->status]++;
            if (cluster->tasks[target->task].last == TASK_STOPPED &&
                target->status != TARGET_UNUSED)
                FAIL(finding, "t%d has stopped and is %s in b%d", target->task + 1,
                     target_status_names[target->status], b + 1);
        }
        for (int status = 0; status <= TARGET_UNUSED; status++)
            if (n[status] != cluster->target_groups[b].n_targets[status])
                FAIL(finding, "b%d keeps %d %s, recounted %d", b + 1,
                     cluster->target_groups[b].n_targets[status], target_status_names[status],
                     n[status]);
    }
    return true;
}

static bool decisions_closed_once(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    int64_t n = 0;

    for (int i = 0; i < cluster->n_instances; i++)
        n += cluster->instances[i].launch_is_open + cluster->instances[i].terminate_is_open;
    for (int t = 0; t < cluster->n_tasks; t++) {
        const struct task_details *details = cluster_details(cluster, t);

        n += details->place_is_open + details->stop_is_open;
        if (cluster->tasks[t].last == TASK_STOPPED &&
            (details->place_is_open || details->stop_is_open))
            FAIL(finding, "t%d has stopped and has an open decision", t + 1);
        if (wanted(&cluster->tasks[t]) && details->stop_is_open)
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
        n_launching +=
            cluster->instances[i].status == INSTANCE_LAUNCHING && !cluster->instances[i].is_vm;
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

/* Each task has a record of its own or none, none when it has STOPPED, and each record is somebody's or free. */
static bool details_are_own(const struct scheduler *scheduler, const struct finding *finding)
{
    const struct cluster *cluster = &scheduler->cluster;
    const struct task_details *of_nobody = &cluster->details[DETAILS_OF_NOBODY];
    bool *taken = calloc((size_t)cluster->n_details, sizeof *taken);
    int n = 1, twice = ID_NONE, strange = ID_NONE;

    assert(taken != NULL);
    for (int t = 0; t < cluster->n_tasks; t++) {
        int32_t details = cluster->tasks[t].details;

        if (details == DETAILS_OF_NOBODY)
            continue;
        if (cluster->tasks[t].last == TASK_STOPPED || taken[details])
            twice = t;
        strange = cluster->details[details].task == t ? strange : t;
        taken[details] = true;
        n++;
    }
    for (int i = 0; i < cluster->n_free_details; i++) {
        n += !taken[cluster->free_details[i]];
        taken[cluster->free_details[i]] = true;
    }
    free(taken);
    if (twice != ID_NONE)
        FAIL(finding, "t%d has not the details of a task of its status, or another's", twice + 1);
    if (n != cluster->n_details)
        FAIL(finding, "%d records of details, %d of tasks or free", cluster->n_details, n);
    if (strange != ID_NONE)
        FAIL(finding, "t%d has details that say they are another's", strange + 1);
    if (of_nobody->task != ID_NONE || of_nobody->place_is_open || of_nobody->stop_is_open ||
        of_nobody->placed_at_usec != 0 || of_nobody->running_usec != 0 ||
        of_nobody->next_of_service != ID_NONE || of_nobody->prev_of_service != ID_NONE ||
        of_nobody->first_target != ID_NONE)
        FAIL(finding, "something was written of tasks of which nothing is known");
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
        {"a task's details are its own", details_are_own},
        {"an instance's list holds its tasks", instance_lists},
        {"a service's counts equal their recounts", service_counts},
        {"a service's tasks are judged", tasks_are_judged},
        {"a service stays within its percentages", service_limits},
        {"an instance has one task of a DAEMON service", daemons_are_alone},
        {"a target group's counts equal their recounts", target_groups_count},
        {"each decision is closed once", decisions_closed_once},
        {"totals equal their recounts", totals},
        {"a task is where its status says", tasks_are_somewhere},
        {"groups count their instances and keep their bounds", check_groups},
        {"an instance that is to go goes", check_leaving},
        {"strategies count their tasks", check_chains},
        {"a task is where its capacity provider is", check_homes},
        {"nothing is billed twice", check_bill},
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
