/*
 * See capacity_steps.h.
 */
#include "capacity_steps.h"

#include <criterion/criterion.h>

int capacity_group(enum group_kind kind, int least, int count, int most, int spot_percent)
{
    static struct zone zones[2] = {{(char *)"a"}, {(char *)"b"}};
    struct message call = message_new(MESSAGE_INSTANCE_GROUP);
    int group = scheduler.cluster.n_groups;

    call.as.instance_group = (struct instance_group){.group = group,
                                                     .kind = kind,
                                                     .type = (char *)"box",
                                                     .cpu = 1024,
                                                     .memory_mib = 1024,
                                                     .enis = ID_NONE,
                                                     .price = 360000000,
                                                     .spot_price = 90000000,
                                                     .count = count,
                                                     .minimum = least,
                                                     .maximum = most,
                                                     .replace = kind != GROUP_FARGATE,
                                                     .spot_percent = spot_percent,
                                                     .n_zones = 2,
                                                     .zones = zones};
    steps_step(&call);
    return group;
}

struct message capacity_provider_call(const char *name, int group)
{
    struct message call = message_new(MESSAGE_CREATE_CAPACITY_PROVIDER);

    call.as.create_capacity_provider =
        (struct create_capacity_provider){.provider = scheduler.cluster.n_providers,
                                          .name = (char *)(uintptr_t)name,
                                          .group = group,
                                          .managed_scaling = true,
                                          .target_capacity = 100,
                                          .minimum_step = 1,
                                          .maximum_step = 10000,
                                          .draining = true};
    return call;
}

int capacity_provider(const char *name, int group)
{
    struct message call = capacity_provider_call(name, group);

    call.as.create_capacity_provider.managed_scaling =
        scheduler.cluster.groups[group].spec.kind == GROUP_AUTO_SCALING;
    steps_step(&call);
    return call.as.create_capacity_provider.provider;
}

/* Those that are launching come up. */
void capacity_register_all(void)
{
    for (int i = 0; i < scheduler.cluster.n_instances; i++) {
        struct message here = message_new(MESSAGE_REGISTER);

        if (scheduler.cluster.instances[i].status != INSTANCE_LAUNCHING)
            continue;
        here.as.register_instance.instance = i;
        here.as.register_instance.epoch = scheduler.cluster.instances[i].epoch;
        here.as.register_instance.cpu = 1024;
        here.as.register_instance.memory_mib = 1024;
        steps_step(&here);
    }
}

void capacity_run(int taskdef, int count, const struct provider_share *shares, int n)
{
    struct message call = message_new(MESSAGE_RUN_TASK);

    call.as.run_task.taskdef = taskdef;
    call.as.run_task.count = count;
    call.as.run_task.n_providers = n;
    call.as.run_task.providers = (struct provider_share *)(uintptr_t)shares;
    steps_step(&call);
}

int capacity_count(int provider)
{
    int n = 0;

    for (int t = 0; t < scheduler.cluster.n_tasks; t++)
        n += scheduler.cluster.tasks[t].desired == TASK_RUNNING &&
             scheduler.cluster.requests[scheduler.cluster.tasks[t].request].provider == provider;
    return n;
}

const struct capacity_state *capacity_datapoint(void)
{
    int64_t period_usec = scheduler.rules.metric_period_usec;
    const struct message *said;

    steps_until((now_usec / period_usec + 1) * period_usec);
    said = steps_said(MESSAGE_CAPACITY, 0);
    cr_assert(said != NULL, "no datapoint at %lld", (long long)now_usec);
    return &said->as.capacity;
}

int capacity_fargate_definition(void)
{
    struct container_definition container = {
        .name = (char *)"c", .image = (char *)"i", .essential = true, .stop_timeout_usec = 1};
    struct task_definition definition = {.family = (char *)"far",
                                         .revision = 1,
                                         .network_mode = NETWORK_AWSVPC,
                                         .cpu = 256,
                                         .memory_mib = 512,
                                         .n_containers = 1,
                                         .containers = &container};
    struct message call = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    call.as.register_task_definition.taskdef = scheduler.cluster.taskdefs.n_definitions;
    call.as.register_task_definition.definition = &definition;
    steps_step(&call);
    return call.as.register_task_definition.taskdef;
}
