/*
 * The hands that step a scheduler.
 */
#include "steps.h"

#include "core/check.h"

#include <criterion/criterion.h>

struct scheduler scheduler;
struct outputs outputs;
int64_t now_usec;

void steps_step(const struct message *event)
{
    char detail[256];
    const char *broken;

    outputs.n_messages = 0;
    scheduler_step(&scheduler, now_usec, event, &outputs);
    broken = core_check(&scheduler, detail, sizeof detail);
    cr_assert(!broken, "at %lld us: %s: %s", (long long)now_usec, broken, detail);
}

void steps_until(int64_t at_usec)
{
    struct message tick = message_new(MESSAGE_TICK);

    while (scheduler_deadline(&scheduler) <= at_usec) {
        now_usec = scheduler_deadline(&scheduler);
        steps_step(&tick);
    }
    now_usec = at_usec;
}

void steps_begin(int n)
{
    struct message group = message_new(MESSAGE_INSTANCE_GROUP);
    struct zone zones[] = {{"a"}, {"b"}};

    now_usec = 0;
    scheduler_init(&scheduler, 1);
    group.as.instance_group = (struct instance_group){.group = 0,
                                                      .type = "box",
                                                      .cpu = 4096,
                                                      .memory_mib = 4096,
                                                      .enis = ID_NONE,
                                                      .count = n,
                                                      .n_zones = 2,
                                                      .zones = zones};
    steps_step(&group);
    for (int i = 0; i < n; i++) {
        struct message call = message_new(MESSAGE_REGISTER);

        call.as.register_instance =
            (struct register_instance){.instance = i, .epoch = 1, .cpu = 4096, .memory_mib = 4096};
        steps_step(&call);
    }
}

void steps_finish(void)
{
    scheduler_finish(&scheduler);
    outputs_finish(&outputs);
}

const struct message *steps_said(enum message_kind kind, int n)
{
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == kind && n-- == 0)
            return &outputs.messages[i];
    return NULL;
}

int steps_count(enum message_kind kind)
{
    int n = 0;

    while (steps_said(kind, n))
        n++;
    return n;
}

bool steps_said_event(enum service_event_code code)
{
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == MESSAGE_SERVICE_EVENT &&
            outputs.messages[i].as.service_event.code == code)
            return true;
    return false;
}

int steps_define(int cpu, bool checked)
{
    struct health_check health = {5 * USEC_PER_SEC, USEC_PER_SEC, 0, 3};
    struct container_definition container = {.name = "web",
                                             .image = "i",
                                             .cpu = cpu,
                                             .memory_mib = 64,
                                             .essential = true,
                                             .health = checked ? &health : NULL};
    struct task_definition definition = {
        .family = "web", .revision = 1, .n_containers = 1, .containers = &container};
    struct message event = message_new(MESSAGE_REGISTER_TASK_DEFINITION);

    event.as.register_task_definition.taskdef = scheduler.cluster.taskdefs.n_definitions;
    event.as.register_task_definition.definition = &definition;
    steps_step(&event);
    return scheduler.cluster.taskdefs.n_definitions - 1;
}

struct message steps_service(const char *name, int taskdef, int desired)
{
    struct message call = message_new(MESSAGE_CREATE_SERVICE);

    call.as.create_service.name = (char *)(uintptr_t)name;
    call.as.create_service.taskdef = taskdef;
    call.as.create_service.desired = desired;
    return call;
}

struct deployment_configuration steps_configuration(void)
{
    return (struct deployment_configuration){.minimum_healthy_percent = ID_NONE,
                                             .maximum_percent = ID_NONE,
                                             .bake_minutes = ID_NONE,
                                             .canary_permille = ID_NONE,
                                             .canary_bake_minutes = ID_NONE,
                                             .step_permille = ID_NONE,
                                             .step_bake_minutes = ID_NONE};
}

struct service *steps_create(const struct message *call)
{
    struct message event = *call;

    event.as.create_service.service = scheduler.cluster.n_services;
    steps_step(&event);
    cr_assert(steps_count(MESSAGE_REFUSE) == 0);
    return &scheduler.cluster.services[event.as.create_service.service];
}

void steps_update(int service, int taskdef, int desired)
{
    struct message event = message_new(MESSAGE_UPDATE_SERVICE);

    event.as.update_service.service = service;
    event.as.update_service.taskdef = taskdef;
    event.as.update_service.desired = desired;
    steps_step(&event);
}

int steps_target_group(const char *name, int delay_sec)
{
    struct message event = message_new(MESSAGE_CREATE_TARGET_GROUP);

    event.as.create_target_group.target_group = scheduler.cluster.n_target_groups;
    event.as.create_target_group.name = (char *)(uintptr_t)name;
    event.as.create_target_group.port = 80;
    event.as.create_target_group.deregistration_delay_sec = delay_sec;
    steps_step(&event);
    return event.as.create_target_group.target_group;
}

void steps_report(int task, enum task_status status, enum health_status health)
{
    struct message event = message_new(MESSAGE_TASK_STATE);

    event.as.task_state.instance = scheduler.cluster.tasks[task].instance;
    event.as.task_state.epoch = 1;
    event.as.task_state.task = task;
    event.as.task_state.status = status;
    event.as.task_state.health = health;
    event.as.task_state.code = status == TASK_STOPPED ? STOP_ESSENTIAL_CONTAINER_EXITED : STOP_NONE;
    steps_step(&event);
}

void steps_run_all(void)
{
    for (int t = 0; t < scheduler.cluster.n_tasks; t++)
        if (scheduler.cluster.tasks[t].last == TASK_PENDING &&
            scheduler.cluster.tasks[t].desired == TASK_RUNNING)
            steps_report(t, TASK_RUNNING, HEALTH_UNKNOWN);
}

void steps_stop_all(void)
{
    for (int t = 0; t < scheduler.cluster.n_tasks; t++)
        if (cluster_details(&scheduler.cluster, t)->stop_is_open)
            steps_report(t, TASK_STOPPED, HEALTH_UNKNOWN);
}

void steps_probe(int target_group, int task, bool passed)
{
    struct message event = message_new(MESSAGE_TARGET_PROBED);

    event.as.target_probed = (struct target_probed){target_group, task, passed};
    steps_step(&event);
}

void steps_observe(int percent)
{
    struct service_metrics rows[8];
    struct message event = message_new(MESSAGE_OBSERVE);
    int n = 0;

    for (int s = 0; s < scheduler.cluster.n_services && n < 8; s++) {
        const struct service *service = &scheduler.cluster.services[s];
        int64_t cpu = scheduler.cluster.taskdef_facts[service->taskdef].cpu;

        if (service->n_running == 0)
            continue;
        rows[n++] = (struct service_metrics){.service = s,
                                             .taskdef = service->taskdef,
                                             .n_tasks = service->n_running,
                                             .running_usec = service->n_running * 60 * USEC_PER_SEC,
                                             .cpu_usec = service->n_running * 60 * USEC_PER_SEC *
                                                         cpu * percent / 100 / 1024};
    }
    event.as.observe =
        (struct observe){.period_usec = 60 * USEC_PER_SEC, .n_services = n, .services = rows};
    steps_step(&event);
}
