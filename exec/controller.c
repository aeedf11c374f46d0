/*
 * The controller's loop. Time is CLOCK_MONOTONIC since the run began, read once per step.
 */
#include "exec/controller.h"

#include "core/array.h"
#include "exec/crew.h"
#include "exec/ingress.h"
#include "exec/observe.h"
#include "file/fatal.h"
#include "file/script.h"

#include <assert.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* What a stopping container may take beyond its stop timeout. */
#define STOP_SLACK_USEC (10 * USEC_PER_SEC)

/* Above all instances' tags. */
#define TAG_LOAD (INT64_C(1) << 40)

struct controller {
    const struct controller_job *job;
    struct controller_result *result;
    struct scheduler scheduler;
    struct script script;
    struct loop loop;
    struct outputs outputs;
    struct message *inbox; /* from `first` on: events that wait to be stepped with, owned */
    int n_inbox, cap_inbox, first;
    struct crew crew;
    struct ingress ingress;
    struct observer observer;
    int64_t origin_usec;
    int64_t seq;
    int64_t give_up_usec; /* CLOCK_MONOTONIC: what still lives is killed then */
    int n_signals;
};

static int64_t now_usec(const struct controller *controller)
{
    return loop_clock_usec() - controller->origin_usec;
}

/* How far it is, on one line that is written over and over. Returns when to do so again. */
static int64_t show_progress(const struct controller *controller)
{
    const struct cluster *cluster = &controller->scheduler.cluster;
    int64_t now = now_usec(controller);
    int n_running = 0, n_waiting = 0;

    if (!controller->job->talk) {
        return INT64_MAX;
    }
    for (int i = 0; i < cluster->n_tasks; i++) {
        n_running += cluster->tasks[i].last == TASK_RUNNING;
        n_waiting += cluster->tasks[i].last < TASK_RUNNING;
    }
    fprintf(stderr, "\r\033[K%4.0f s  %d running, %d on their way%s", (double)now / USEC_PER_SEC,
            n_running, n_waiting, controller->scheduler.ending ? ", stopping" : "");
    return controller->origin_usec + (now / USEC_PER_SEC + 1) * USEC_PER_SEC;
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

/* When a run's time is up. */
static int64_t until_usec(const struct controller *controller)
{
    return controller->job->until_usec > 0 ? controller->job->until_usec : INT64_MAX;
}

static int64_t sooner(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static void end_run(struct controller *controller)
{
    struct message event = message_new(MESSAGE_END);

    if (!controller->script.ended) {
        controller->script.ended = true;
        deliver(controller, &event);
    }
}

/* ---- acting on decisions and faults ---- */

static void launch(struct controller *controller, const struct launch_instance *launch)
{
    const struct cluster *cluster = &controller->scheduler.cluster;

    controller->crew.used_usec = observe_used_usec(&controller->observer);
    crew_launch(&controller->crew, launch, cluster->instances[launch->instance].epoch);
}

static void act(struct controller *controller, const struct message *decision)
{
    switch (decision->kind) {
    case MESSAGE_LAUNCH_INSTANCE:
        launch(controller, &decision->as.launch_instance);
        break;
    case MESSAGE_TERMINATE_INSTANCE:
        crew_terminate(&controller->crew, decision->as.terminate_instance.instance);
        break;
    case MESSAGE_PLACE_TASK:
        crew_send(&controller->crew, decision->as.place_task.instance, decision);
        break;
    case MESSAGE_STOP_TASK:
        crew_send(&controller->crew, decision->as.stop_task.instance, decision);
        break;
    case MESSAGE_HEARTBEAT:
        crew_send(&controller->crew, decision->as.heartbeat.instance, decision);
        break;
    default:
        ingress_hear(&controller->ingress, decision); /* the rest asks nothing of the world */
    }
}

/* False where there is nothing to hit, as below. */
static bool kill_task(struct controller *controller, const struct fault *fault)
{
    const struct cluster *cluster = &controller->scheduler.cluster;
    struct fault_order order = {fault->task, ID_NONE};
    const struct task *task;

    if (fault->task < 0 || fault->task >= cluster->n_tasks) {
        return false;
    }
    task = &cluster->tasks[fault->task];
    if (fault->kind == FAULT_KILL_CONTAINER) {
        order.container = fault->container;
    }
    return task->last != TASK_STOPPED &&
           (fault->kind == FAULT_KILL_TASK || order.container != ID_NONE) &&
           crew_fault(&controller->crew, task->instance, &order);
}

static void harm_registry(struct controller *controller, const struct fault *fault)
{
    struct registry_order order = controller->crew.registry;
    int64_t now = now_usec(controller);
    int64_t until_usec = fault->for_usec < INT64_MAX - now ? now + fault->for_usec : INT64_MAX;

    order.patience_usec = PULL_INACTIVITY_USEC;
    if (fault->kind == FAULT_DEAD_REGISTRY) {
        order.dead_until_usec = until_usec;
    } else {
        order.slow_until_usec = until_usec;
        order.permille = fault->factor_permille;
    }
    crew_registry(&controller->crew, &order);
}

/* Both ends notice at once, as with a closed socket. */
static bool cut_agent(struct controller *controller, const struct fault *fault)
{
    struct message event = message_new(MESSAGE_AGENT_DISCONNECTED);

    if (!crew_cut(&controller->crew, fault->instance, fault->for_usec)) {
        return false;
    }
    event.as.agent_disconnected.instance = fault->instance;
    deliver(controller, &event);
    return true;
}

static void do_fault(struct controller *controller, const struct fault *fault)
{
    const struct scenario *scenario = controller->job->scenario;
    bool hit;

    switch (fault->kind) {
    case FAULT_KILL_INSTANCE:
    case FAULT_KILL_AGENT: /* what runs there dies with it */
        hit = crew_kill(&controller->crew, fault->instance);
        break;
    case FAULT_CUT_AGENT:
        hit = cut_agent(controller, fault);
        break;
    case FAULT_SLOW_REGISTRY:
    case FAULT_DEAD_REGISTRY:
        harm_registry(controller, fault);
        return;
    case FAULT_INTERRUPT_SPOT: /* the script has done it */
        hit = fault->instance != ID_NONE;
        break;
    default:
        hit = kill_task(controller, fault);
    }

    if (!hit && controller->script.next_entry > 0) {
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

static void step(struct controller *controller, const struct message *event);

/* What has been seen since the last time. */
static void observe(struct controller *controller)
{
    struct message event;

    if (observe_event(&controller->observer, now_usec(controller), &event)) {
        step(controller, &event);
    }
}

static void step(struct controller *controller, const struct message *event)
{
    struct record record = {.machine = ID_NONE, .event = *event};

    if (event->kind == MESSAGE_END) {
        observe(controller);
        controller->result->waiting = scheduler_waiting(&controller->scheduler);
        controller->result->given_up = scheduler_given_up(&controller->scheduler);
    }
    record.seq = ++controller->seq;
    record.at_usec = now_usec(controller);
    controller->outputs.n_messages = 0;
    scheduler_step(&controller->scheduler, record.at_usec, event, &controller->outputs);
    record.outputs = controller->outputs;
    write_record(controller, &record);
    if (event->kind == MESSAGE_END) {
        crew_restore(&controller->crew);
        crew_registry(&controller->crew, &(struct registry_order){0});
        controller->give_up_usec = sooner(
            until_usec(controller), loop_clock_usec() + stop_bound_usec(controller->job->scenario));
    }
    ingress_hear(&controller->ingress, event);
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

static int64_t to_clock(const struct controller *controller, int64_t at_usec)
{
    return at_usec == USEC_NEVER ? INT64_MAX : controller->origin_usec + at_usec;
}

/* Logs what an agent did, and keeps what it reports for the scheduler. */
static void take_record(struct controller *controller, const struct record *record)
{
    write_record(controller, record);
    for (int i = 0; i < record->outputs.n_messages; i++) {
        const struct message *output = &record->outputs.messages[i];

        if (message_types[output->kind].to == PARTY_SCHEDULER) {
            deliver(controller, output);
        }
    }
}

static void hear(struct controller *controller, int32_t instance)
{
    struct record record;

    while (crew_hear(&controller->crew, instance, &record)) {
        take_record(controller, &record);
        record_finish(&record);
    }
}

/* Looks after the machines; returns when to do so again at the latest. */
static int64_t advance_crew(struct controller *controller)
{
    int64_t look_usec, now = loop_clock_usec();
    int32_t instance;

    if (controller->give_up_usec <= now) {
        controller->give_up_usec = INT64_MAX;
        controller->result->cut |= !controller->script.ended;
        end_run(controller);
        crew_kill_all(&controller->crew);
    }
    look_usec = crew_advance(&controller->crew);
    while ((instance = crew_next_restored(&controller->crew)) != ID_NONE) {
        hear(controller, instance);
    }
    while ((instance = crew_next_lost(&controller->crew)) != ID_NONE) {
        deliver_lost(controller, instance);
    }
    if (controller->crew.failed) {
        end_run(controller);
    }
    return look_usec < controller->give_up_usec ? look_usec : controller->give_up_usec;
}

/* Likewise after balancer, prober and load. */
static int64_t advance_ingress(struct controller *controller)
{
    int64_t look_usec = ingress_advance(&controller->ingress);
    struct message event;

    while (ingress_result(&controller->ingress, &event)) {
        deliver(controller, &event);
    }
    if (controller->ingress.failed) {
        end_run(controller);
    }
    return look_usec;
}

/* Does everything that is to be done now; returns when to look again at the latest. */
static int64_t advance(struct controller *controller)
{
    const struct message tick = message_new(MESSAGE_TICK);

    for (;;) {
        int64_t look_usec = sooner(advance_crew(controller), advance_ingress(controller));
        int64_t observe_usec = observe_deadline(&controller->observer, now_usec(controller));
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
        if (observe_usec <= now_usec(controller)) {
            observe(controller);
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
        look_usec = sooner(look_usec, to_clock(controller, sooner(deadline_usec, observe_usec)));
        if (next.item == SCRIPT_WAIT) {
            look_usec = sooner(look_usec, to_clock(controller, next.at_usec));
        }
        return look_usec;
    }
}

/* ---- what comes in ---- */

static void reap(struct controller *controller)
{
    int32_t instance;

    while ((instance = crew_reap(&controller->crew)) != ID_NONE) {
        hear(controller, instance);
        crew_bury(&controller->crew, instance);
    }
}

static void take_signal(struct controller *controller, int signal)
{
    if (signal == SIGCHLD) {
        reap(controller);
        return;
    }
    controller->n_signals++;
    controller->result->signalled = true;
    controller->result->interrupted |= !controller->script.ended;
    end_run(controller);
    if (controller->n_signals > 1) {
        crew_kill_all(&controller->crew);
    }
}

static void take(struct controller *controller, const struct loop_ready *ready)
{
    if (ready->tag == LOOP_SIGNAL) {
        take_signal(controller, ready->signal);
    } else if (ready->tag == TAG_LOAD) {
        ingress_take(&controller->ingress);
        if (controller->ingress.failed) {
            loop_forget(&controller->loop, controller->ingress.load.fd);
        }
    } else if (ready->tag >= 0) {
        if (ready->writable) {
            crew_flush(&controller->crew, (int32_t)ready->tag);
        }
        if (ready->readable) {
            hear(controller, (int32_t)ready->tag);
        }
    }
}

/* ---- the whole run ---- */

static bool is_over(const struct controller *controller)
{
    return controller->script.ended && scheduler_ended(&controller->scheduler) &&
           crew_all_gone(&controller->crew);
}

static void run(struct controller *controller)
{
    struct loop_ready ready[64];
    int64_t show_usec = 0;

    while (true) {
        int64_t look_usec = advance(controller);
        int n;

        if (show_usec <= loop_clock_usec()) {
            show_usec = show_progress(controller);
        }

        runlog_flush(controller->job->log);
        if (is_over(controller)) {
            break;
        }
        loop_alarm(&controller->loop, look_usec < show_usec ? look_usec : show_usec);
        n = loop_wait(&controller->loop, ready, 64);
        for (int i = 0; i < n; i++) {
            take(controller, &ready[i]);
        }
    }
    if (controller->job->talk) {
        fprintf(stderr, "\r\033[K");
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

static bool watch_load(struct controller *controller, struct err *err)
{
    int fd = controller->ingress.load.fd;

    return fd < 0 || loop_watch(&controller->loop, fd, TAG_LOAD, false, err);
}

bool controller_run(const struct controller_job *job, struct controller_result *result,
                    struct err *err)
{
    struct controller controller = {.job = job, .result = result};
    bool failed, ready;

    *result = (struct controller_result){0};
    run_summary_init(&result->summary);
    if (!open_loop(&controller, err)) {
        return false;
    }
    controller.give_up_usec = until_usec(&controller);
    scheduler_init(&controller.scheduler, job->plans->seed);
    controller.scheduler.cluster.epoch_usec = job->scenario->epoch_usec;
    script_init(&controller.script, job->scenario);
    controller.origin_usec = loop_clock_usec();
    crew_init(&controller.crew, job, &controller.loop, controller.origin_usec);
    observe_init(&controller.observer, &controller.scheduler, &controller.crew,
                 &controller.ingress);
    ready = ingress_open(&controller.ingress, job, &controller.scheduler.cluster,
                         controller.origin_usec, err) &&
            watch_load(&controller, err);
    if (ready) {
        fatal_about(&controller.scheduler.cluster);
        run(&controller);
        fatal_about(NULL);
    }
    failed = controller.crew.failed || controller.ingress.failed;
    if (failed) {
        *err = controller.crew.failed ? controller.crew.err : controller.ingress.err;
    }
    observe_finish(&controller.observer);
    ingress_close(&controller.ingress);
    run_summary_close(&result->summary, &controller.scheduler);
    free(controller.inbox);
    script_finish(&controller.script);
    outputs_finish(&controller.outputs);
    scheduler_finish(&controller.scheduler);
    loop_close(&controller.loop);
    crew_finish(&controller.crew);
    return ready && !failed;
}
