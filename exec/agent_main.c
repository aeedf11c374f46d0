/*
 * berth-agent: one agent machine over the real containers of one instance. The same few lines as
 * every driver: next event, step, log it to the controller, act. Its containers die with its main
 * thread, and it dies with its controller; so it may be killed at any moment.
 */
#include "core/agent.h"
#include "core/array.h"
#include "core/draw.h"
#include "exec/cloud.h"
#include "exec/guest.h"
#include "exec/loop.h"
#include "exec/network.h"
#include "exec/performer.h"
#include "exec/prints.h"
#include "exec/protocol.h"

#include <assert.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

enum { TAG_CONTROLLER, TAG_PERFORMER };

/* A record that the jitter holds back. */
struct held {
    int64_t at_usec; /* CLOCK_MONOTONIC: not before */
    char *line;
    size_t length;
};

struct program {
    struct channel channel;
    struct loop loop;
    struct setup setup;
    struct cgroup_machine cgroups;
    struct network *network; /* NULL: the controller gave none */
    int cloud_fd;            /* what it is attached to, -1: likewise */
    struct performer *performer;
    struct taskdefs taskdefs;
    struct agent agent;
    struct outputs outputs;
    int64_t seq;
    bool finishing;
    struct prints_out prints; /* of a guest's containers */
    struct held *held;        /* from `first_held` on, in order */
    int n_held, cap_held, first_held;
    int64_t used_at_usec; /* CLOCK_MONOTONIC: when to say again what tasks have used */
};

static int64_t now_usec(const struct program *program)
{
    return loop_clock_usec() - program->setup.origin_usec;
}

/* ---- to the controller ---- */

static void send_finished(struct program *program, char *error)
{
    struct finished finished = {error};

    channel_send(&program->channel, WORD_FINISHED, &finished_schema, &finished);
}

/* Draws how long the jitter holds the record just made, never letting it overtake. */
static void hold(struct program *program, const struct record *record)
{
    struct channel scratch = {.fd = -1};
    struct held *last =
        program->n_held > program->first_held ? &program->held[program->n_held - 1] : NULL;
    uint64_t delay_usec =
        draw_below((uint64_t)program->setup.jitter_seed, DRAW_MESSAGE, program->setup.instance,
                   record->seq, (uint64_t)program->setup.jitter_usec + 1);
    int64_t at_usec = loop_clock_usec() + (int64_t)delay_usec;
    struct held held = {last && last->at_usec > at_usec ? last->at_usec : at_usec, NULL, 0};

    channel_send_record(&scratch, record);
    held.line = scratch.out.text;
    held.length = scratch.out.length;
    *ARRAY_ADD(program, held) = held;
}

/* Lets go of what was held long enough, or of everything. */
static void release(struct program *program, bool all)
{
    while (program->first_held < program->n_held) {
        struct held *held = &program->held[program->first_held];

        if (!all && held->at_usec > loop_clock_usec()) {
            return;
        }
        channel_send_lines(&program->channel, held->line, held->length);
        free(held->line);
        program->first_held++;
    }
    program->first_held = program->n_held = 0;
}

static void send_record(struct program *program, const struct record *record)
{
    if (program->setup.jitter_usec > 0) {
        hold(program, record);
    } else {
        channel_send_record(&program->channel, record);
    }
}

/* What containers of a guest printed: the files are the controller's. */
static void send_prints(struct program *program)
{
    struct prints_out *prints = &program->prints;

    for (int i = 0; i < prints->n_list; i++) {
        struct print_line line = {prints->list[i].name,
                                  protocol_hex(prints->list[i].bytes, prints->list[i].n)};

        channel_send(&program->channel, WORD_PRINT, &print_line_schema, &line);
        free(line.bytes);
        free(prints->list[i].bytes);
    }
    prints->n_list = 0;
}

/* Returns when to do so again. */
static int64_t send_used(struct program *program)
{
    struct used used;
    int at = 0;

    if (program->setup.used_usec <= 0) {
        return INT64_MAX;
    }
    if (program->used_at_usec <= loop_clock_usec()) {
        while (performer_used(program->performer, &at, &used)) {
            channel_send(&program->channel, WORD_USED, &used_schema, &used);
        }
        program->used_at_usec = loop_clock_usec() + program->setup.used_usec;
    }
    return program->used_at_usec;
}

/* ---- stepping ---- */

static void step(struct program *program, const struct message *event, bool modelled)
{
    struct record record = {
        .machine = program->setup.instance,
        .seq = ++program->seq,
        .modelled = modelled,
        .event = *event,
    };

    record.at_usec = now_usec(program);
    program->outputs.n_messages = 0;
    agent_step(&program->agent, record.at_usec, event, &program->outputs);
    record.outputs = program->outputs;
    send_record(program, &record);
    for (int i = 0; i < program->outputs.n_messages; i++) {
        const struct message *action = &program->outputs.messages[i];

        if (message_types[action->kind].to == PARTY_WORLD) {
            performer_act(program->performer, action);
        }
    }
}

/* Steps with all that is due now; returns when to look again at the latest. */
static int64_t advance(struct program *program)
{
    const struct message tick = message_new(MESSAGE_TICK);
    struct fact fact;
    int64_t deadline_usec;

    for (;;) {
        if (performer_removes(program->performer)) {
            channel_flush(&program->channel); /* who waits for an end does not wait for removals */
        }
        if (performer_next(program->performer, &fact)) {
            if (program->setup.hands) {
                channel_send_event(&program->channel, fact.modelled ? WORD_MODELLED : WORD_FACT,
                                   &fact.event);
            } else {
                step(program, &fact.event, fact.modelled);
            }
            message_finish(&fact.event);
            continue;
        }
        if (program->setup.hands) {
            return INT64_MAX; /* whose hands they are has the deadlines */
        }
        deadline_usec = agent_deadline(&program->agent);
        if (deadline_usec > now_usec(program)) {
            break;
        }
        step(program, &tick, false);
    }
    return deadline_usec == USEC_NEVER ? INT64_MAX : program->setup.origin_usec + deadline_usec;
}

/* ---- from the controller ---- */

static bool take_plan(struct program *program, const struct line *line, struct err *err)
{
    struct plan plan;

    if (!codec_read_struct(line->json, line->length, &plan_schema, &plan, err)) {
        return false;
    }
    taskdefs_add(&program->taskdefs, plan.definition);
    performer_plan(program->performer, &plan);
    return true;
}

static bool take_duty(struct program *program, const struct line *line, struct err *err)
{
    struct duty duty;

    if (!codec_read_struct(line->json, line->length, &duty_schema, &duty, err)) {
        return false;
    }
    performer_duty(program->performer, &duty);
    return true;
}

static bool take_message(struct program *program, const struct line *line, struct err *err)
{
    struct message message;

    if (!codec_read_message(line->json, line->length, &message, err)) {
        return false;
    }
    step(program, &message, message.kind == MESSAGE_BOOT && program->setup.boot_modelled);
    message_finish(&message);
    return true;
}

/* The task's instance sends as many as there are: what they are about is checked there. */
static bool take_order(struct program *program, const struct line *line, struct err *err)
{
    struct message action;

    if (!program->setup.hands) {
        return err_set(err, EXIT_BUG, "a line for hands");
    }
    if (!codec_read_message(line->json, line->length, &action, err)) {
        return false;
    }
    performer_act(program->performer, &action);
    message_finish(&action);
    return true;
}

static bool take_fault(struct program *program, const struct line *line, struct err *err)
{
    struct fault_order order;

    if (!codec_read_struct(line->json, line->length, &fault_order_schema, &order, err)) {
        return false;
    }
    performer_fault(program->performer, &order);
    return true;
}

static bool take_registry(struct program *program, const struct line *line, struct err *err)
{
    struct registry_order order;

    if (!codec_read_struct(line->json, line->length, &registry_order_schema, &order, err)) {
        return false;
    }
    performer_registry(program->performer, &order);
    return true;
}

static bool take_line(struct program *program, const struct line *line, struct err *err)
{
    switch (line->word) {
    case WORD_PLAN:
        return take_plan(program, line, err);
    case WORD_DUTY:
        return take_duty(program, line, err);
    case WORD_MESSAGE:
        return take_message(program, line, err);
    case WORD_ORDER:
        return take_order(program, line, err);
    case WORD_FAULT:
        return take_fault(program, line, err);
    case WORD_REGISTRY:
        return take_registry(program, line, err);
    case WORD_FINISH:
        program->finishing = true;
        return true;
    default:
        return err_set(err, EXIT_BUG, "a line for controllers");
    }
}

static bool hear(struct program *program, struct err *err)
{
    struct line line;

    channel_fill(&program->channel);
    while (channel_next(&program->channel, &line)) {
        if (!take_line(program, &line, err)) {
            return false;
        }
        /* What is due now comes before the next line: an agent is never late by its own doing. */
        advance(program);
    }
    return true;
}

/* ---- the whole life ---- */

static bool wait_and_take(struct program *program, int64_t look_usec, struct err *err)
{
    struct loop_ready ready[8];
    bool more;
    int n;

    channel_flush(&program->channel); /* the controller waits for that, and nobody for the rest */
    performer_rest(program->performer);
    send_prints(program);
    more = channel_flush(&program->channel);
    if (!loop_watch(&program->loop, program->channel.fd, TAG_CONTROLLER, more, err)) {
        return false;
    }
    loop_alarm(&program->loop, look_usec);
    n = loop_wait(&program->loop, ready, 8);
    for (int i = 0; i < n; i++) {
        if (ready[i].tag == TAG_CONTROLLER && ready[i].readable && !hear(program, err)) {
            return false;
        }
    }
    return true;
}

/* Until told to finish, or until the controller is gone. */
static bool run(struct program *program, struct err *err)
{
    if (!hear(program, err)) { /* what came behind the setup */
        return false;
    }
    while (!program->finishing && !program->channel.closed) {
        int64_t look_usec = advance(program), used_usec = send_used(program);

        look_usec = used_usec < look_usec ? used_usec : look_usec;
        release(program, false);
        if (program->first_held < program->n_held &&
            program->held[program->first_held].at_usec < look_usec) {
            look_usec = program->held[program->first_held].at_usec;
        }
        if (!wait_and_take(program, look_usec, err)) {
            return false;
        }
    }
    return true;
}

static void flush_all(struct program *program)
{
    struct pollfd wait = {.fd = PROTOCOL_FD, .events = POLLOUT};

    while (channel_flush(&program->channel)) {
        poll(&wait, 1, -1);
    }
}

/* A guest's agent is heard before it is told anything: when it has booted, and when it wakes. */
static void say_hello(struct program *program)
{
    struct hello hello = guest_hello();

    channel_send(&program->channel, WORD_HELLO, &hello_schema, &hello);
    flush_all(program);
}

static bool take_setup(struct program *program, const struct line *line, struct err *err)
{
    if (line->word != WORD_SETUP) {
        return err_set(err, EXIT_BUG, "the first line is not the setup");
    }
    return codec_read_struct(line->json, line->length, &setup_schema, &program->setup, err) &&
           (!program->setup.guest ||
            guest_settle(&program->setup, &program->setup.origin_usec, err));
}

/* Asks again until the answer is the setup. */
static bool take_clock(struct program *program, const struct line *line, struct err *err)
{
    struct reading reading, next = {0};

    if (!codec_read_struct(line->json, line->length, &reading_schema, &reading, err)) {
        return false;
    }
    guest_read_clock(&reading);
    next.clock_usec = loop_clock_usec();
    channel_send(&program->channel, WORD_CLOCK, &reading_schema, &next);
    flush_all(program);
    return true;
}

static bool read_setup(struct program *program, struct err *err)
{
    struct pollfd wait = {.fd = PROTOCOL_FD, .events = POLLIN};
    struct line line;

    while (!program->channel.closed) {
        if (!channel_next(&program->channel, &line)) {
            poll(&wait, 1, -1);
            channel_fill(&program->channel);
        } else if (line.word == WORD_WAKE) {
            say_hello(program);
        } else if (line.word == WORD_CLOCK) {
            if (!take_clock(program, &line, err)) {
                return false;
            }
        } else {
            return take_setup(program, &line, err);
        }
    }
    return err_set(err, EXIT_INPUT, "berth-agent is started by `berth exec`, not by hand");
}

/* Before all else, while there is one thread and little memory. */
static bool open_network(struct program *program, struct err *err)
{
    bool is_there = cloud_is_network(PROTOCOL_CLOUD_FD);
    bool ok = !is_there ||
              network_open(&program->network, PROTOCOL_CLOUD_FD, program->setup.instance, err);

    program->cloud_fd = is_there ? fcntl(PROTOCOL_CLOUD_FD, F_DUPFD_CLOEXEC, 10) : -1;
    close(PROTOCOL_CLOUD_FD);
    return ok;
}

static bool open_program(struct program *program, struct err *err)
{
    sigset_t none;
    int fds[PERFORMER_FDS];

    sigemptyset(&none);
    if (!open_network(program, err) ||
        !cgroup_open(&program->cgroups, cgroup_backend_wanted(), err) ||
        (program->setup.guest && !cgroup_make(&program->cgroups, program->setup.group, true,
                                              &(struct cgroup_limits){0}, err)) ||
        !performer_open(&program->performer, &program->setup, &program->cgroups, program->network,
                        program->setup.print_lines ? &program->prints : NULL, err) ||
        !loop_open(&program->loop, &none, err)) {
        return false;
    }
    performer_fds(program->performer, fds);
    performer_cloud(program->performer, program->cloud_fd);
    agent_init(&program->agent, &program->taskdefs);
    for (int i = 0; i < PERFORMER_FDS; i++) {
        if (!loop_watch(&program->loop, fds[i], TAG_PERFORMER, false, err)) {
            return false;
        }
    }
    return true;
}

/* Whatever is open here the kernel closes; what must not stay are containers and their groups. */
static int finish(struct program *program)
{
    performer_close(program->performer);
    if (program->network) {
        network_close(program->network);
    }
    release(program, true);
    send_prints(program);
    send_finished(program, NULL);
    flush_all(program);
    return EXIT_FINE;
}

static int give_up(struct program *program, const struct err *err)
{
    char text[sizeof err->text + 32];

    snprintf(text, sizeof text, "i%d: %s", program->setup.instance + 1, err->text);
    release(program, true);
    send_finished(program, text);
    flush_all(program);
    return err->code;
}

/* Until its end, of which the code is returned. */
static int live(struct program *program)
{
    struct err err;

    if (!read_setup(program, &err)) {
        return guest_is_first() ? give_up(program, &err) : err_report(&err);
    }
    if (!open_program(program, &err) || !run(program, &err)) {
        return give_up(program, &err);
    }
    return finish(program);
}

static _Noreturn void live_as_guest(struct program *program)
{
    struct err err;

    codec_seed(1); /* its lines are the controller's, who means no harm */
    if (guest_begin(&err)) {
        channel_open(&program->channel, PROTOCOL_FD);
        say_hello(program);
        live(program);
    } else {
        err_report(&err);
    }
    guest_end();
}

int main(int argc, char **argv)
{
    static struct program program;
    struct err err;

    (void)argv;
    if (guest_is_first()) {
        live_as_guest(&program);
    }
    prctl(PR_SET_PDEATHSIG, SIGKILL); /* one that came too late reads the end of its socket */
    close_range(PROTOCOL_CLOUD_FD + 1, ~0U, 0);
    if (argc > 1) {
        err_set(&err, EXIT_INPUT, "berth-agent is started by `berth exec`, not by hand");
        return err_report(&err);
    }
    channel_open(&program.channel, PROTOCOL_FD);
    return live(&program);
}
