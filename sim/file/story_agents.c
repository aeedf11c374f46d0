/*
 * The agents' records: what was done to each container, and how machines came up.
 */
#include "file/story_parts.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

static void take_course(struct story_course *to, const struct boot_course *from)
{
    *to = (struct story_course){
        .firmware_usec = from->firmware_usec,
        .kernel_usec = from->kernel_usec,
        .user_usec = from->user_usec,
        .memory_bytes = from->memory_bytes,
        .system_bytes = from->system_bytes,
        .host_bytes = from->host_bytes,
        .overhead_bytes = from->overhead_bytes,
        .seen_bytes = from->seen_bytes,
    };
    snprintf(to->start, sizeof to->start, "%s", from->start ? from->start : "scratch");
    snprintf(to->accelerator, sizeof to->accelerator, "%s",
             from->accelerator ? from->accelerator : "");
    snprintf(to->kernel, sizeof to->kernel, "%s", from->kernel ? from->kernel : "");
}

static void booted(struct story *story, const struct record *record)
{
    struct story_instance *instance = story_instance_of(story, record->machine);

    if (!instance || instance->booted_at_usec != USEC_NEVER)
        return;
    instance->booted_at_usec = record->at_usec;
    instance->boot_modelled = record->modelled;
    instance->cpu = record->event.as.boot.cpu;
    instance->memory_mib = record->event.as.boot.memory_mib;
    if (record->event.as.boot.course)
        take_course(&instance->course, record->event.as.boot.course);
}

static void machine_ordered(struct story *story, int32_t id, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, id);

    if (!task || task->machine)
        return;
    task->machine = calloc(1, sizeof *task->machine);
    assert(task->machine != NULL);
    task->machine->boot_at_usec = at_usec;
    task->machine->booted_at_usec = task->machine->gone_at_usec = USEC_NEVER;
}

static void machine_booted(struct story *story, const struct record *record)
{
    const struct machine_booted *event = &record->event.as.machine_booted;
    struct story_task *task = story_task_of(story, event->task);

    if (!task || !task->machine || event->error || task->machine->booted_at_usec != USEC_NEVER)
        return;
    task->machine->booted_at_usec = record->at_usec;
    if (event->course)
        take_course(&task->machine->course, event->course);
}

static void machine_removed(struct story *story, int32_t id, int64_t at_usec)
{
    struct story_task *task = story_task_of(story, id);

    if (task && task->machine)
        story_once(&task->machine->gone_at_usec, at_usec);
}

static void exited(struct story *story, const struct record *record)
{
    const struct container_exited *event = &record->event.as.exited;
    struct story_container *container = story_container_of(story, event->task, event->container);

    if (!container || container->exited_at_usec != USEC_NEVER)
        return;
    container->exited_at_usec = record->at_usec;
    container->exit_modelled = record->modelled;
    container->exit_code = event->exit_code;
    container->oom = event->oom;
}

/* A step of a container is done: the moment, once, and whether it was modelled. */
static void mark(int64_t *at_usec, bool *modelled, const struct record *record)
{
    if (*at_usec != USEC_NEVER)
        return;
    *at_usec = record->at_usec;
    *modelled = record->modelled;
}

static void container_fact(struct story *story, const struct record *record)
{
    const struct container_fact *fact = &record->event.as.fact;
    struct story_container *container = story_container_of(story, fact->task, fact->container);

    if (!container || fact->error)
        return;
    switch (record->event.kind) {
    case MESSAGE_IMAGE_PULLED:
        mark(&container->pulled_at_usec, &container->pull_modelled, record);
        break;
    case MESSAGE_CONTAINER_CREATED:
        mark(&container->created_at_usec, &container->create_modelled, record);
        break;
    case MESSAGE_CONTAINER_STARTED:
        mark(&container->started_at_usec, &container->start_modelled, record);
        break;
    default:
        mark(&container->ready_at_usec, &container->ready_modelled, record);
        break;
    }
}

static void agent_event(struct story *story, const struct record *record)
{
    struct story_task *task;

    switch (record->event.kind) {
    case MESSAGE_BOOT:
        booted(story, record);
        break;
    case MESSAGE_MACHINE_BOOTED:
        machine_booted(story, record);
        break;
    case MESSAGE_PLACE_TASK:
        task = story_task_of(story, record->event.as.place_task.task);
        if (task && task->received_at_usec == USEC_NEVER)
            task->received_at_usec = record->at_usec;
        break;
    case MESSAGE_IMAGE_PULLED:
    case MESSAGE_CONTAINER_CREATED:
    case MESSAGE_CONTAINER_STARTED:
    case MESSAGE_CONTAINER_READY:
        container_fact(story, record);
        break;
    case MESSAGE_CONTAINER_EXITED:
        exited(story, record);
        break;
    default:
        break;
    }
}

static void action(struct story *story, const struct message *output, int64_t at_usec)
{
    const struct container_order *order = &output->as.order;
    const struct signal_container *call = &output->as.signal;
    struct story_container *container;

    if (output->kind == MESSAGE_BOOT_MACHINE) {
        machine_ordered(story, output->as.boot_machine.task, at_usec);
        return;
    }
    if (output->kind == MESSAGE_REMOVE_TASK) {
        machine_removed(story, output->as.remove_task.task, at_usec);
        return;
    }
    if (output->kind == MESSAGE_SIGNAL_CONTAINER) {
        container = story_container_of(story, call->task, call->container);
        if (container)
            story_once(call->signal == SIGNAL_TERM ? &container->term_at_usec
                                                   : &container->kill_at_usec,
                       at_usec);
        return;
    }
    if (output->kind != MESSAGE_PULL_IMAGE && output->kind != MESSAGE_CREATE_CONTAINER &&
        output->kind != MESSAGE_START_CONTAINER)
        return;
    container = story_container_of(story, order->task, order->container);
    if (container)
        story_once(output->kind == MESSAGE_PULL_IMAGE         ? &container->pull_at_usec
                   : output->kind == MESSAGE_CREATE_CONTAINER ? &container->create_at_usec
                                                              : &container->start_at_usec,
                   at_usec);
}

void story_agents_add(struct story *story, const struct record *record)
{
    agent_event(story, record);
    for (int i = 0; i < record->outputs.n_messages; i++)
        action(story, &record->outputs.messages[i], record->at_usec);
}
