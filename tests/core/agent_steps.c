/*
 * Each step is checked; what it says stays readable until the next one.
 */
#include "agent_steps.h"

#include "core/check.h"

#include <criterion/criterion.h>

struct taskdefs taskdefs;
struct agent agent;
struct outputs outputs;
int64_t now_usec;

void steps_step(const struct message *event)
{
    char detail[256];
    const char *broken;

    outputs.n_messages = 0;
    agent_step(&agent, now_usec, event, &outputs);
    broken = core_check_agent(&agent, detail, sizeof detail);
    cr_assert(!broken, "%s: %s", broken, detail);
}

const struct message *steps_said(enum message_kind kind)
{
    for (int i = 0; i < outputs.n_messages; i++)
        if (outputs.messages[i].kind == kind)
            return &outputs.messages[i];
    return NULL;
}

/* The last step ordered exactly this of this container. */
bool steps_ordered(enum message_kind kind, int task, int container)
{
    const struct message *message = steps_said(kind);

    return message && message->as.order.task == task && message->as.order.container == container;
}

bool steps_signalled(int task, int container, enum stop_signal signal)
{
    const struct message *message = steps_said(MESSAGE_SIGNAL_CONTAINER);

    return message && message->as.signal.task == task &&
           message->as.signal.container == container && message->as.signal.signal == signal;
}

bool steps_reported(int task, enum task_status status)
{
    const struct message *message = steps_said(MESSAGE_TASK_STATE);

    return message && message->as.task_state.task == task &&
           message->as.task_state.status == status;
}

void steps_place(int task, int taskdef)
{
    struct message event = message_new(MESSAGE_PLACE_TASK);

    event.as.place_task =
        (struct place_task){.task = task, .instance = 0, .epoch = 1, .taskdef = taskdef};
    steps_step(&event);
}

void steps_tick(void)
{
    struct message event = message_new(MESSAGE_TICK);

    steps_step(&event);
}

/* Lets the next probe fall due and answers it. */
void steps_answer_probe(int task, int container, bool healthy)
{
    struct message event = message_new(MESSAGE_CONTAINER_PROBED);

    now_usec = agent_deadline(&agent);
    steps_tick();
    cr_assert(steps_said(MESSAGE_PROBE_CONTAINER));
    event.as.probed = (struct container_probed){
        task, container, steps_said(MESSAGE_PROBE_CONTAINER)->as.probe.probe, healthy};
    steps_step(&event);
}

void steps_pass_probe(int task, int container)
{
    steps_answer_probe(task, container, true);
}

void steps_stop(int task)
{
    struct message event = message_new(MESSAGE_STOP_TASK);

    event.as.stop_task = (struct stop_task){
        .task = task, .epoch = 1, .code = STOP_USER_INITIATED, .reason = STOP_FOR_USER};
    steps_step(&event);
}

void steps_fact(enum message_kind kind, int task, int container, const char *error)
{
    struct message event = message_new(kind);

    event.as.fact = (struct container_fact){task, container, (char *)(uintptr_t)error};
    steps_step(&event);
}

void steps_exited(int task, int container, int exit_code, bool oom)
{
    struct message event = message_new(MESSAGE_CONTAINER_EXITED);

    event.as.exited = (struct container_exited){task, container, exit_code, oom};
    steps_step(&event);
}

/* Pulls, creates and starts a container whose pull has been ordered. */
void steps_bring_up(int task, int container)
{
    steps_fact(MESSAGE_IMAGE_PULLED, task, container, NULL);
    steps_fact(MESSAGE_CONTAINER_CREATED, task, container, NULL);
    steps_fact(MESSAGE_CONTAINER_STARTED, task, container, NULL);
}

void steps_begin(const struct boot *boot)
{
    struct message event = message_new(MESSAGE_BOOT);

    now_usec = 0;
    agent_init(&agent, &taskdefs);
    event.as.boot = *boot;
    steps_step(&event);
}

void steps_finish(void)
{
    agent_finish(&agent);
    taskdefs_finish(&taskdefs);
    outputs_finish(&outputs);
    outputs = (struct outputs){0};
}
