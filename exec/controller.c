/*
 * The controller's loop. Machines are indexed as the scheduler's instances; time is CLOCK_MONOTONIC
 * since the run began, read once per step.
 */
#include "exec/controller.h"

#include "core/array.h"
#include "exec/loop.h"
#include "exec/machine.h"
#include "file/script.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* An agent that was told to finish has no containers left to wait for. */
#define FINISH_USEC (10 * USEC_PER_SEC)

/* What a stopping container may take beyond its stop timeout. */
#define STOP_SLACK_USEC (10 * USEC_PER_SEC)

struct controller {
    const struct controller_job *job;
    struct controller_result *result;
    struct scheduler scheduler;
    struct script script;
    struct loop loop;
    struct outputs outputs;
    struct message *inbox; /* from `first` on: events that wait to be stepped with, owned */
    int n_inbox, cap_inbox, first;
    struct machine **machines; /* by instance */
    int n_machines, cap_machines;
    int64_t origin_usec;
    int64_t seq;
    int64_t give_up_usec; /* CLOCK_MONOTONIC: what still lives is killed then */
    int n_signals;
    bool failed; /* this machine cannot go on: `err` says why */
    struct err err;
};

static int64_t now_usec(const struct controller *controller)
{
    return loop_clock_usec() - controller->origin_usec;
}

static void talk(const struct controller *controller, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

static void talk(const struct controller *controller, const char *format, ...)
{
    va_list arguments;

    if (controller->job->talk) {
        va_start(arguments, format);
        vfprintf(stderr, format, arguments);
        va_end(arguments);
    }
}

static void deliver(struct controller *controller, const struct message *event)
{
    message_copy(ARRAY_ADD(controller, inbox), event);
}

static void deliver_lost(struct controller *controller, int32_t instance)
{
    struct message event = message_new(MESSAGE_INSTANCE_LOST);

    event.as.instance_lost.instance = instance;
    deliver(controller, &event);
}

static void end_run(struct controller *controller)
{
    struct message event = message_new(MESSAGE_END);

    if (!controller->script.ended) {
        controller->script.ended = true;
        deliver(controller, &event);
    }
}

static void fail(struct controller *controller, const struct err *err)
{
    if (!controller->failed) {
        controller->failed = true;
        controller->err = *err;
    }
    end_run(controller);
}

/* ---- machines ---- */

static struct machine *machine_of(struct controller *controller, int32_t instance)
{
    return instance >= 0 && instance < controller->n_machines ? controller->machines[instance]
                                                              : NULL;
}

static const struct instance_type *type_of(const struct controller *controller, int32_t instance)
{
    const struct scenario *scenario = controller->job->scenario;
    int32_t group = controller->scheduler.cluster.instances[instance].group;

    return &scenario->types[scenario->groups[group].type];
}

static void launch(struct controller *controller, int32_t instance)
{
    const struct instance_type *type = type_of(controller, instance);
    int64_t boot_usec = type->boot_given
                            ? distribution_sample(&type->boot, controller->job->plans->seed,
                                                  DRAW_BOOT, instance, 0)
                            : 0;
    struct machine *machine = malloc(sizeof *machine);

    assert(machine != NULL && instance == controller->n_machines);
    machine_init(machine, instance, loop_clock_usec() + boot_usec, boot_usec > 0);
    *ARRAY_ADD(controller, machines) = machine;
}

/* Waits for the agent to take more where it has not taken all yet. */
static void flush(struct controller *controller, struct machine *machine)
{
    struct err err;

    if (!loop_watch(&controller->loop, machine->channel.fd, machine->instance,
                    channel_flush(&machine->channel), &err)) {
        fail(controller, &err);
    }
}

/* What an agent needs to know before anything else, and the event that starts its machine. */
static void introduce(struct controller *controller, struct machine *machine)
{
    const struct controller_job *job = controller->job;
    const struct instance *instance = &controller->scheduler.cluster.instances[machine->instance];
    const struct instance_type *type = type_of(controller, machine->instance);
    struct message boot = message_new(MESSAGE_BOOT);
    struct setup setup = {
        .instance = machine->instance,
        .origin_usec = controller->origin_usec,
        .folder = machine->folder,
        .group = machine->group,
        .work_program = (char *)job->work_program,
        .boot_modelled = machine->boot_modelled,
        .jitter_usec = job->jitter_usec,
        .jitter_seed = (int64_t)(job->plans->seed & INT64_MAX),
    };

    channel_send(&machine->channel, WORD_SETUP, &setup_schema, &setup);
    for (int i = 0; i < job->scenario->n_taskdefs; i++) {
        channel_send(&machine->channel, WORD_PLAN, &plan_schema, &job->plans->list[i]);
    }
    boot.as.boot = (struct boot){machine->instance, instance->epoch, type->cpu, type->memory_mib};
    channel_send_message(&machine->channel, &boot);
    flush(controller, machine);
}

static void boot(struct controller *controller, struct machine *machine)
{
    const struct controller_job *job = controller->job;
    const struct instance_type *type = type_of(controller, machine->instance);
    struct cgroup_limits limits = plans_instance_limits(job->plans, type);
    struct err err;

    if (machine_boot(machine, job->run, job->cgroups, type->name, &limits, job->agent_program,
                     &err)) {
        introduce(controller, machine);
    } else {
        machine->state = MACHINE_GONE;
        deliver_lost(controller, machine->instance);
        fail(controller, &err);
    }
}

/* False where there is no such machine (any more). */
static bool kill_instance(struct controller *controller, int32_t instance)
{
    struct machine *machine = machine_of(controller, instance);

    if (!machine || machine->state == MACHINE_GONE) {
        return false;
    }
    if (machine->state == MACHINE_UP) {
        machine_kill(machine); /* SIGCHLD brings the rest */
    } else {
        machine->state = MACHINE_GONE;
        deliver_lost(controller, instance);
    }
    return true;
}

static void kill_all(struct controller *controller)
{
    for (int i = 0; i < controller->n_machines; i++) {
        kill_instance(controller, i);
    }
}

static void terminate(struct controller *controller, int32_t instance)
{
    struct machine *machine = machine_of(controller, instance);

    if (machine && machine->state == MACHINE_UP) {
        channel_send(&machine->channel, WORD_FINISH, &nothing_schema, NULL);
        machine->kill_at_usec = loop_clock_usec() + FINISH_USEC;
        flush(controller, machine);
    } else {
        kill_instance(controller, instance);
    }
}

/* ---- acting on decisions and faults ---- */

static void send_task(struct controller *controller, const struct message *message,
                      int32_t instance)
{
    struct machine *machine = machine_of(controller, instance);
    struct duty duty;

    if (!machine || machine->state != MACHINE_UP) {
        return; /* the scheduler will hear that it is lost */
    }
    if (message->kind == MESSAGE_PLACE_TASK) {
        duty = plans_duty(controller->job->plans, message->as.place_task.task,
                          message->as.place_task.taskdef);
        channel_send(&machine->channel, WORD_DUTY, &duty_schema, &duty);
        free(duty.containers);
    }
    channel_send_message(&machine->channel, message);
    flush(controller, machine);
}

static void act(struct controller *controller, const struct message *decision)
{
    switch (decision->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        launch(controller, decision->as.launch_instance.instance);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        terminate(controller, decision->as.terminate_instance.instance);
        break;
    case MESSAGE_PLACE_TASK:
        send_task(controller, decision, decision->as.place_task.instance);
        break;
    case MESSAGE_STOP_TASK:
        send_task(controller, decision, decision->as.stop_task.instance);
        break;
    default:
        break; /* said to the user, by the log */
    }
}

/* False where there is nothing to hit, as below. */
static bool kill_task(struct controller *controller, const struct fault *fault)
{
    const struct cluster *cluster = &controller->scheduler.cluster;
    struct fault_order order = {fault->task, ID_NONE};
    const struct task *task;
    struct machine *machine;

    if (fault->task < 0 || fault->task >= cluster->n_tasks) {
        return false;
    }
    task = &cluster->tasks[fault->task];
    machine = task->last == TASK_STOPPED ? NULL : machine_of(controller, task->instance);
    if (fault->kind == FAULT_KILL_CONTAINER) {
        order.container = taskdef_container(taskdefs_get(&cluster->taskdefs, task->taskdef),
                                            fault->container_name);
        if (order.container == ID_NONE) {
            return false;
        }
    }
    if (!machine || machine->state != MACHINE_UP) {
        return false;
    }
    channel_send(&machine->channel, WORD_FAULT, &fault_order_schema, &order);
    flush(controller, machine);
    return true;
}

static void do_fault(struct controller *controller, const struct fault *fault)
{
    const struct scenario *scenario = controller->job->scenario;
    bool hit = fault->kind == FAULT_KILL_INSTANCE ? kill_instance(controller, fault->instance)
                                                  : kill_task(controller, fault);

    if (!hit) {
        fprintf(stderr, "%s:%d: warning: the fault found nothing to hit\n", scenario->path,
                scenario->timeline[controller->script.next_entry - 1].line);
    }
}

/* ---- stepping ---- */

/* Stopping takes at most the sum of a task's stop timeouts, one container after the other. */
static int64_t stop_bound_usec(const struct scenario *scenario)
{
    int64_t most_usec = 0;

    for (int i = 0; i < scenario->n_taskdefs; i++) {
        const struct task_definition *definition = scenario->taskdefs[i].definition;
        int64_t sum_usec = 0;

        for (int j = 0; j < definition->n_containers; j++) {
            sum_usec += definition->containers[j].stop_timeout_usec;
        }
        most_usec = sum_usec > most_usec ? sum_usec : most_usec;
    }
    return most_usec + STOP_SLACK_USEC;
}

static void write_record(struct controller *controller, const struct record *record)
{
    runlog_write(controller->job->log, record);
    run_summary_add(&controller->result->summary, record);
}

static void step(struct controller *controller, const struct message *event)
{
    struct record record = {.machine = ID_NONE, .seq = ++controller->seq, .event = *event};

    record.at_usec = now_usec(controller);
    controller->outputs.n_messages = 0;
    scheduler_step(&controller->scheduler, record.at_usec, event, &controller->outputs);
    record.outputs = controller->outputs;
    write_record(controller, &record);
    if (event->kind == MESSAGE_END) {
        controller->give_up_usec =
            loop_clock_usec() + stop_bound_usec(controller->job->scenario);
        talk(controller, "stopping what still runs ...\n");
    }
    for (int i = 0; i < controller->outputs.n_messages; i++) {
        act(controller, &controller->outputs.messages[i]);
    }
}

static void step_inbox(struct controller *controller)
{
    struct message event = controller->inbox[controller->first++];

    step(controller, &event);
    message_finish(&event);
    if (controller->first == controller->n_inbox) {
        controller->first = controller->n_inbox = 0;
    }
}

/* Boots the machines whose time has come and kills those whose time is over; returns when to look
 * again. */
static int64_t look_after_machines(struct controller *controller)
{
    int64_t next_usec = INT64_MAX;

    for (int i = 0; i < controller->n_machines; i++) {
        struct machine *machine = controller->machines[i];

        if (machine->state == MACHINE_BOOTING && machine->boot_at_usec <= loop_clock_usec()) {
            boot(controller, machine);
        }
        if (machine->state == MACHINE_BOOTING && machine->boot_at_usec < next_usec) {
            next_usec = machine->boot_at_usec;
        }
        if (machine->state == MACHINE_UP && machine->kill_at_usec <= loop_clock_usec()) {
            machine_kill(machine);
            machine->kill_at_usec = INT64_MAX;
        }
        if (machine->state == MACHINE_UP && machine->kill_at_usec < next_usec) {
            next_usec = machine->kill_at_usec;
        }
    }
    if (controller->give_up_usec <= loop_clock_usec()) {
        controller->give_up_usec = INT64_MAX;
        kill_all(controller);
    }
    return controller->give_up_usec < next_usec ? controller->give_up_usec : next_usec;
}

static int64_t to_clock(const struct controller *controller, int64_t at_usec)
{
    return at_usec == USEC_NEVER ? INT64_MAX : controller->origin_usec + at_usec;
}

/* Does everything that is to be done now; returns when to look again at the latest. */
static int64_t advance(struct controller *controller)
{
    const struct message tick = message_new(MESSAGE_TICK);

    for (;;) {
        int64_t look_usec = look_after_machines(controller);
        int64_t deadline_usec = scheduler_deadline(&controller->scheduler);
        struct script_step next = {.item = SCRIPT_END, .at_usec = USEC_NEVER};

        if (controller->first < controller->n_inbox) {
            step_inbox(controller);
            continue;
        }
        if (deadline_usec <= now_usec(controller)) {
            step(controller, &tick);
            continue;
        }
        if (!controller->script.ended) {
            next = script_next(&controller->script, &controller->scheduler, now_usec(controller));
        }
        if (next.item == SCRIPT_EVENT) {
            step(controller, next.event);
            continue;
        }
        if (next.item == SCRIPT_FAULT) {
            do_fault(controller, next.fault);
            continue;
        }
        if (to_clock(controller, deadline_usec) < look_usec) {
            look_usec = to_clock(controller, deadline_usec);
        }
        if (next.item == SCRIPT_WAIT && to_clock(controller, next.at_usec) < look_usec) {
            look_usec = to_clock(controller, next.at_usec);
        }
        return look_usec;
    }
}

/* ---- what comes in ---- */

static bool take_record(struct controller *controller, const struct machine *machine,
                        const struct line *line, struct err *err)
{
    struct record record;

    if (!codec_read_record(line->json, line->length, &record, err)) {
        return false;
    }
    if (record.machine != machine->instance) {
        record_finish(&record);
        return err_set(err, EXIT_BUG, "an agent's record is not its own");
    }
    write_record(controller, &record);
    for (int i = 0; i < record.outputs.n_messages; i++) {
        const struct message *output = &record.outputs.messages[i];

        if (message_types[output->kind].to == PARTY_SCHEDULER) {
            deliver(controller, output);
        }
    }
    record_finish(&record);
    return true;
}

static bool take_finished(struct controller *controller, const struct line *line, struct err *err)
{
    struct finished finished;

    if (!codec_read_struct(line->json, line->length, &finished_schema, &finished, err)) {
        return false;
    }
    if (finished.error) {
        struct err why;

        err_set(&why, EXIT_MACHINE, "%s", finished.error);
        fail(controller, &why);
    }
    schema_finish(&finished_schema, &finished);
    return true;
}

/* Reads all that an agent has said. One that talks nonsense is killed: its instance is lost. */
static void hear(struct controller *controller, struct machine *machine)
{
    struct line line;
    struct err err;
    bool ok = true;

    channel_fill(&machine->channel);
    while (ok && channel_next(&machine->channel, &line)) {
        if (line.word == WORD_RECORD) {
            ok = take_record(controller, machine, &line, &err);
        } else if (line.word == WORD_FINISHED) {
            ok = take_finished(controller, &line, &err);
        } else {
            ok = err_set(&err, EXIT_BUG, "a line for agents");
        }
    }
    if (!ok) {
        fprintf(stderr, "berth: i%d's agent talks nonsense (%s) and is ended\n",
                machine->instance + 1, err.text);
        channel_reject(&machine->channel);
    }
    if (machine->channel.closed) {
        loop_forget(&controller->loop, machine->channel.fd);
        machine_kill(machine);
    }
}

static struct machine *machine_with_pid(struct controller *controller, pid_t pid)
{
    for (int i = 0; i < controller->n_machines; i++) {
        struct machine *machine = controller->machines[i];

        if (machine->state == MACHINE_UP && machine->pid == pid) {
            return machine;
        }
    }
    return NULL;
}

/* Agents that died, and orphans of theirs, which come to us as the nearest subreaper. */
static void reap(struct controller *controller)
{
    pid_t pid;

    while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
        struct machine *machine = machine_with_pid(controller, pid);

        if (machine) {
            hear(controller, machine);
            machine_bury(machine, controller->job->run, controller->job->cgroups);
            deliver_lost(controller, machine->instance);
        }
    }
}

static void take_signal(struct controller *controller, int signal)
{
    if (signal == SIGCHLD) {
        reap(controller);
        return;
    }
    controller->n_signals++;
    controller->result->interrupted |= !controller->script.ended;
    end_run(controller);
    if (controller->n_signals > 1) {
        kill_all(controller);
    }
}

static void take(struct controller *controller, const struct loop_ready *ready)
{
    struct machine *machine;

    if (ready->tag == LOOP_SIGNAL) {
        take_signal(controller, ready->signal);
        return;
    }
    machine = ready->tag >= 0 ? machine_of(controller, (int32_t)ready->tag) : NULL;
    if (!machine || machine->state != MACHINE_UP) {
        return;
    }
    if (ready->writable) {
        flush(controller, machine);
    }
    if (ready->readable) {
        hear(controller, machine);
    }
}

/* ---- the whole run ---- */

static bool is_over(const struct controller *controller)
{
    if (!controller->script.ended || !scheduler_ended(&controller->scheduler)) {
        return false;
    }
    for (int i = 0; i < controller->n_machines; i++) {
        if (controller->machines[i]->state != MACHINE_GONE) {
            return false;
        }
    }
    return true;
}

static void run(struct controller *controller)
{
    struct loop_ready ready[64];

    while (true) {
        int64_t look_usec = advance(controller);
        int n;

        runlog_flush(controller->job->log);
        if (is_over(controller)) {
            return;
        }
        loop_alarm(&controller->loop, look_usec);
        n = loop_wait(&controller->loop, ready, 64);
        for (int i = 0; i < n; i++) {
            take(controller, &ready[i]);
        }
    }
}

static bool open_loop(struct controller *controller, struct err *err)
{
    sigset_t signals;

    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGHUP);
    sigaddset(&signals, SIGCHLD);
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    return loop_open(&controller->loop, &signals, err);
}

bool controller_run(const struct controller_job *job, struct controller_result *result,
                    struct err *err)
{
    struct controller controller = {.job = job, .result = result, .give_up_usec = INT64_MAX};

    *result = (struct controller_result){0};
    run_summary_init(&result->summary);
    if (!open_loop(&controller, err)) {
        return false;
    }
    scheduler_init(&controller.scheduler, job->plans->seed);
    script_init(&controller.script, job->scenario);
    controller.origin_usec = loop_clock_usec();
    run(&controller);
    run_summary_close(&result->summary, &controller.scheduler);
    for (int i = 0; i < controller.n_machines; i++) {
        free(controller.machines[i]);
    }
    free(controller.machines);
    free(controller.inbox);
    outputs_finish(&controller.outputs);
    scheduler_finish(&controller.scheduler);
    loop_close(&controller.loop);
    if (controller.failed) {
        *err = controller.err;
    }
    return !controller.failed;
}
