/*
 * See fargate.h. A call says where its tasks go; where it says nothing the cluster's default does.
 */
#include "exec/fargate.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static bool is_fargate(const struct scenario *scenario, const struct provider_share *shares,
                       int32_t n)
{
    const struct message *provider;

    if (n == 0 || shares[0].provider < 0 || shares[0].provider >= scenario->n_providers) {
        return false;
    }
    provider = &scenario->providers[shares[0].provider];
    return scenario->groups[provider->as.create_capacity_provider.group].kind == GROUP_FARGATE;
}

/* Fargate and groups are never mixed in one strategy: the first share tells of all. */
static bool goes_there(const struct scenario *scenario, const struct provider_share *shares,
                       int32_t n, bool ec2)
{
    const struct put_cluster_providers *put;

    if (n > 0 || ec2 || !scenario->default_strategy) {
        return is_fargate(scenario, shares, n);
    }
    put = &scenario->default_strategy->as.put_cluster_providers;
    return is_fargate(scenario, put->strategy, put->n_strategy);
}

/* The most that somebody wants of a service, where it is wanted at all. */
static int64_t most_desired(const struct scenario *scenario, const struct create_service *call)
{
    int64_t most = call->desired;

    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        if (entry->call.kind == MESSAGE_UPDATE_SERVICE && entry->service && call->name &&
            strcmp(entry->service, call->name) == 0 &&
            entry->call.as.update_service.desired > most) {
            most = entry->call.as.update_service.desired;
        }
    }
    return most;
}

static void add_use(struct task_use *uses, int *n, int32_t taskdef, int64_t tasks)
{
    int i = 0;

    while (i < *n && uses[i].taskdef != taskdef) {
        i++;
    }
    if (i == *n) {
        uses[(*n)++] = (struct task_use){taskdef, 0};
    }
    uses[i].n += tasks;
}

/* Whose daemons run on each. */
static int64_t count_instances(const struct scenario *scenario)
{
    int64_t n = 0;

    for (int i = 0; i < scenario->n_groups; i++) {
        const struct scenario_group *group = &scenario->groups[i];

        n += group->kind == GROUP_FARGATE        ? 0
             : group->kind == GROUP_AUTO_SCALING ? group->maximum
                                                 : group->count;
    }
    return n;
}

/* Only what goes to Fargate, or all. */
static void add_call(const struct scenario *scenario, const struct message *message,
                     int32_t taskdef, bool fargate, struct task_use *uses, int *n)
{
    const struct create_service *service = &message->as.create_service;
    const struct run_task *run = &message->as.run_task;
    bool daemon =
        message->kind == MESSAGE_CREATE_SERVICE && service->scheduling == SCHEDULING_DAEMON;

    if (taskdef == ID_NONE) {
        return;
    }
    if (message->kind == MESSAGE_CREATE_SERVICE) {
        if (!fargate || (!daemon && goes_there(scenario, service->providers, service->n_providers,
                                               service->launch_type_ec2))) {
            add_use(uses, n, taskdef,
                    daemon ? count_instances(scenario) : most_desired(scenario, service));
        }
    } else if (message->kind == MESSAGE_RUN_TASK) {
        if (!fargate ||
            goes_there(scenario, run->providers, run->n_providers, run->launch_type_ec2)) {
            add_use(uses, n, taskdef, run->count);
        }
    } else if (message->kind == MESSAGE_START_TASK && !fargate) {
        add_use(uses, n, taskdef, message->as.start_task.n_instances);
    }
}

static struct task_use *find_uses(const struct scenario *scenario, bool fargate, int *n)
{
    struct task_use *uses = calloc((size_t)scenario->n_taskdefs + 1, sizeof *uses);

    assert(uses != NULL);
    *n = 0;
    for (int i = 0; i < scenario->n_services; i++) {
        add_call(scenario, &scenario->services[i], scenario->services[i].as.create_service.taskdef,
                 fargate, uses, n);
    }
    for (int i = 0; i < scenario->n_timeline; i++) {
        add_call(scenario, &scenario->timeline[i].call, scenario->timeline[i].taskdef, fargate,
                 uses, n);
    }
    return uses;
}

struct task_use *task_uses(const struct scenario *scenario, int *n)
{
    return find_uses(scenario, false, n);
}

struct task_use *fargate_uses(const struct scenario *scenario, int *n)
{
    return find_uses(scenario, true, n);
}

struct instance_type fargate_type(const struct scenario *scenario, int32_t taskdef)
{
    const struct task_definition *definition = scenario->taskdefs[taskdef].definition;

    return (struct instance_type){
        .name = (char *)"FARGATE",
        .cpu = definition->cpu,
        .memory_mib = definition->memory_mib,
    };
}
