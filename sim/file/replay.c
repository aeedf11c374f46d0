/*
 * The replay. It trusts nothing in a record before it has looked: the machines themselves take any
 * event, so what is checked here is order, and that each letter was written by its sender.
 */
#include "file/replay.h"

#include "core/array.h"
#include "core/strategies.h"
#include "file/codec.h"
#include "file/difference.h"
#include "file/fatal.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A message between machines and who had it when. */
struct replay_letter {
    int32_t sender;
    int32_t receiver;
    int64_t seq; /* of the record that sent it, or where it came early, received it */
    int64_t at_usec;
    struct message message;
};

struct replay_machine {
    int64_t seq; /* of its last record; 0: none yet */
    int64_t at_usec;
    bool killed;                    /* lost without having been terminated */
    struct replay_letter **letters; /* by number - 1; NULL: received, or not for a machine */
    int n_letters, cap_letters;
};

void replay_init(struct replay *replay, uint64_t seed, int64_t epoch_usec)
{
    *replay = (struct replay){0};
    scheduler_init(&replay->scheduler, seed);
    replay->scheduler.cluster.epoch_usec = epoch_usec;
    fatal_about(&replay->scheduler.cluster);
    run_summary_init(&replay->summary);
}

static void destroy_letter(struct replay_letter *letter)
{
    if (letter)
        message_finish(&letter->message);
    free(letter);
}

void replay_finish(struct replay *replay)
{
    for (int i = 0; i < replay->n_agents; i++)
        agent_finish(&replay->agents[i]);
    for (int i = 0; i < replay->n_machines; i++) {
        for (int j = 0; j < replay->machines[i].n_letters; j++)
            destroy_letter(replay->machines[i].letters[j]);
        free(replay->machines[i].letters);
    }
    for (int i = 0; i < replay->n_early; i++)
        message_finish(&replay->early[i].message);
    fatal_about(NULL);
    scheduler_finish(&replay->scheduler);
    outputs_finish(&replay->outputs);
    free(replay->agents);
    free(replay->machines);
    free(replay->early);
    *replay = (struct replay){0};
}

/* How people name the machine: "s" is for the log. */
static const char *machine_name(int32_t machine, char name[16])
{
    if (machine == ID_NONE)
        return strcpy(name, "scheduler");
    snprintf(name, 16, "i%" PRId64, (int64_t)machine + 1);
    return name;
}

static const char *role(int32_t machine)
{
    return machine == ID_NONE ? "the scheduler" : "the agent";
}

/* Fails with "i1 event 4 (containerStarted t1) at 1.203 s: WHAT". */
static bool differs(struct err *err, const struct record *record, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

static bool differs(struct err *err, const struct record *record, const char *format, ...)
{
    struct buffer event = {0};
    char what[700], name[16], seconds[32];
    va_list args;

    va_start(args, format);
    vsnprintf(what, sizeof what, format, args);
    va_end(args);
    difference_event(&event, &record->event);
    err_set(err, EXIT_ANSWER, "%s event %" PRId64 " (%.60s) at %s s: %s",
            machine_name(record->machine, name), record->seq, event.text,
            buffer_seconds(record->at_usec, seconds, sizeof seconds), what);
    buffer_finish(&event);
    return false;
}

static struct replay_machine *machine_of(struct replay *replay, int32_t machine)
{
    while (machine + 1 >= replay->n_machines)
        ARRAY_ADD(replay, machines);
    return &replay->machines[machine + 1];
}

/* The record is the next one of a machine that exists, and an event of its kind. */
static bool check_order(struct replay *replay, const struct record *record, struct err *err)
{
    const struct replay_machine *machine;
    bool is_agent = record->machine != ID_NONE;

    if (record->at_usec < 0 || record->at_usec > USEC_MAX)
        return differs(err, record, "it comes before the run");
    if (record->machine >= replay->scheduler.cluster.n_instances)
        return differs(err, record, "no such instance was launched");
    machine = machine_of(replay, record->machine);
    if (record->seq != machine->seq + 1)
        return differs(err, record, "it follows event %" PRId64 " of the same machine",
                       machine->seq);
    if (record->at_usec < machine->at_usec)
        return differs(err, record, "it comes before the event before it");
    if (!message_is_for(record->event.kind, is_agent ? PARTY_AGENT : PARTY_SCHEDULER))
        return differs(err, record, "that is no event of %s",
                       is_agent ? "an agent" : "the scheduler");
    if (is_agent && record->seq == 1 && record->event.kind != MESSAGE_BOOT)
        return differs(err, record, "an agent's first event is its boot");
    if (record->event.kind == MESSAGE_BOOT && record->event.as.boot.instance != record->machine)
        return differs(err, record, "it is the boot of another instance");
    return true;
}

/* Letters -------------------------------------------------------------------------------------- */

/* The agent's end of a letter. */
static int32_t agent_of(const struct message *message)
{
    switch (message->kind) {
    case MESSAGE_PLACE_TASK:
        return message->as.place_task.instance;
    case MESSAGE_STOP_TASK:
        return message->as.stop_task.instance;
    case MESSAGE_HEARTBEAT:
        return message->as.heartbeat.instance;
    case MESSAGE_REGISTER:
        return message->as.register_instance.instance;
    default:
        assert(message->kind == MESSAGE_TASK_STATE);
        return message->as.task_state.instance;
    }
}

static bool is_letter(enum message_kind kind)
{
    return message_types[kind].from != PARTY_WORLD && message_types[kind].to != PARTY_WORLD;
}

static bool letter_differs(struct err *err, const struct record *received, int32_t sender,
                           const struct message *sent)
{
    struct buffer what = {0};
    char name[16];

    difference_members(&what, sent, &received->event, "it sent", "was received");
    differs(err, received, "it is not what %s sent as its message %" PRId64 ": %s",
            sender == ID_NONE ? "the scheduler" : machine_name(sender, name), received->event.id,
            what.text);
    buffer_finish(&what);
    return false;
}

/* The event comes from another machine: it must be what that one sent, and come once. */
static bool receive(struct replay *replay, const struct record *record, struct err *err)
{
    const struct message *event = &record->event;
    bool to_agent = record->machine != ID_NONE;
    int32_t agent = agent_of(event);
    struct replay_machine *sender;
    struct replay_letter *letter;
    char path[256];

    if (to_agent && agent != record->machine)
        return differs(err, record, "it is meant for another instance");
    if (agent < 0 || agent >= replay->scheduler.cluster.n_instances)
        return differs(err, record, "it comes from an instance that was never launched");
    sender = machine_of(replay, to_agent ? ID_NONE : agent);
    if (event->id < 1)
        return differs(err, record, "it carries no number of its sender");
    if (event->id > sender->n_letters) {
        letter = ARRAY_ADD(replay, early);
        *letter = (struct replay_letter){.sender = to_agent ? ID_NONE : agent,
                                         .receiver = record->machine,
                                         .seq = record->seq,
                                         .at_usec = record->at_usec};
        message_copy(&letter->message, event);
        return true;
    }
    letter = sender->letters[event->id - 1];
    if (!letter)
        return differs(err, record, "%s sent no message %" PRId64 ", or it was received before",
                       to_agent ? "the scheduler" : "the agent", event->id);
    if (!message_equal(&letter->message, event, path, sizeof path))
        return letter_differs(err, record, letter->sender, &letter->message);
    destroy_letter(letter);
    sender->letters[event->id - 1] = NULL;
    return true;
}

static bool same_letter(const struct replay_letter *early, int32_t sender, int64_t id)
{
    return early->sender == sender && early->message.id == id;
}

/* A letter that was received before it was sent, as far as the log's order goes. */
static bool match_early(struct replay *replay, int32_t sender, const struct message *sent,
                        bool *matched, struct err *err)
{
    char path[256];

    *matched = false;
    for (int i = 0; i < replay->n_early; i++) {
        struct replay_letter *early = &replay->early[i];
        struct record received = {.machine = early->receiver,
                                  .seq = early->seq,
                                  .at_usec = early->at_usec,
                                  .event = early->message};

        if (!same_letter(early, sender, sent->id))
            continue;
        if (!message_equal(sent, &early->message, path, sizeof path))
            return letter_differs(err, &received, sender, sent);
        message_finish(&early->message);
        memmove(early, early + 1, (size_t)(--replay->n_early - i) * sizeof *early);
        *matched = true;
        return true;
    }
    return true;
}

/* Keeps what the machine sent until it is received. */
static bool post(struct replay *replay, const struct record *record, const struct message *sent,
                 struct err *err)
{
    struct replay_machine *machine = machine_of(replay, record->machine);
    struct replay_letter *letter;
    bool matched = true;

    if (sent->id == 0)
        return true;
    assert(sent->id == machine->n_letters + 1);
    if (is_letter(sent->kind) && !match_early(replay, record->machine, sent, &matched, err))
        return false;
    machine = machine_of(replay, record->machine);
    *ARRAY_ADD(machine, letters) = NULL;
    if (matched)
        return true;
    letter = malloc(sizeof *letter);
    assert(letter != NULL);
    *letter = (struct replay_letter){
        .sender = record->machine, .seq = record->seq, .at_usec = record->at_usec};
    letter->receiver = record->machine == ID_NONE ? agent_of(sent) : ID_NONE;
    message_copy(&letter->message, sent);
    machine->letters[machine->n_letters - 1] = letter;
    return true;
}

/* Steps ---------------------------------------------------------------------------------------- */

static bool compare_outputs(struct replay *replay, const struct record *record, struct err *err)
{
    const struct outputs *logged = &record->outputs, *fresh = &replay->outputs;
    char path[256];

    for (int i = 0; i < logged->n_messages || i < fresh->n_messages; i++) {
        struct buffer what = {0};
        char says[40];

        if (i < logged->n_messages && i < fresh->n_messages &&
            message_equal(&logged->messages[i], &fresh->messages[i], path, sizeof path))
            continue;
        snprintf(says, sizeof says, "%s says", role(record->machine));
        difference_messages(&what, i < logged->n_messages ? &logged->messages[i] : NULL,
                            i < fresh->n_messages ? &fresh->messages[i] : NULL, "log says", says);
        differs(err, record, "output %d: %s", i + 1, what.text);
        buffer_finish(&what);
        return false;
    }
    return true;
}

static void step_machine(struct replay *replay, const struct record *record)
{
    replay->outputs.n_messages = 0;
    if (record->machine == ID_NONE) {
        scheduler_step(&replay->scheduler, record->at_usec, &record->event, &replay->outputs);
        return;
    }
    while (replay->n_agents <= record->machine)
        agent_init(ARRAY_ADD(replay, agents), &replay->scheduler.cluster.taskdefs);
    agent_step(&replay->agents[record->machine], record->at_usec, &record->event, &replay->outputs);
}

/* An instance that nobody terminated was killed, by a fault or a crash. */
static void note_loss(struct replay *replay, const struct message *event)
{
    const struct cluster *cluster = &replay->scheduler.cluster;
    int32_t id = event->kind == MESSAGE_INSTANCE_LOST ? event->as.instance_lost.instance : ID_NONE;

    if (id >= 0 && id < cluster->n_instances &&
        cluster->instances[id].status != INSTANCE_INACTIVE &&
        !cluster->instances[id].terminate_is_open)
        machine_of(replay, id)->killed = true;
}

bool replay_step(struct replay *replay, const struct record *record, struct err *err)
{
    struct replay_machine *machine;

    if (!check_order(replay, record, err) ||
        (is_letter(record->event.kind) && !receive(replay, record, err)))
        return false;
    note_loss(replay, &record->event);
    step_machine(replay, record);
    machine = machine_of(replay, record->machine);
    machine->seq = record->seq;
    machine->at_usec = record->at_usec;
    run_summary_add(&replay->summary, record);
    if (!compare_outputs(replay, record, err))
        return false;
    for (int i = 0; i < replay->outputs.n_messages; i++)
        if (!post(replay, record, &replay->outputs.messages[i], err))
            return false;
    return true;
}

bool replay_can_step(const struct message *event, const char *path, struct err *err)
{
    const char *missing = strategies_missing(event);

    return !missing ||
           err_set(
               err, EXIT_INPUT,
               "%s: this run places by the strategy \"%s\", which this berth does not have: add "
               "it to sim/core/strategies.c, or use the berth that made the run",
               path, missing);
}

/* The end -------------------------------------------------------------------------------------- */

static bool is_gone(const struct replay *replay, int32_t agent)
{
    return replay->scheduler.cluster.instances[agent].status == INSTANCE_INACTIVE;
}

/* What a machine received, its sender must have sent, unless the sender's last lines are lost. */
static bool check_early(struct replay *replay, struct err *err)
{
    for (int i = 0; i < replay->n_early; i++) {
        const struct replay_letter *early = &replay->early[i];
        struct record received = {.machine = early->receiver,
                                  .seq = early->seq,
                                  .at_usec = early->at_usec,
                                  .event = early->message};
        char name[16];

        if (!replay->truncated && !machine_of(replay, early->sender)->killed)
            return differs(err, &received, "%s never sent it", machine_name(early->sender, name));
    }
    return true;
}

/* What was sent was received, unless the agent at the other end is gone. */
static bool check_letters(struct replay *replay, struct err *err)
{
    for (int m = 0; m < replay->n_machines; m++) {
        for (int i = 0; i < replay->machines[m].n_letters; i++) {
            const struct replay_letter *letter = replay->machines[m].letters[i];
            char from[16], to[16];

            if (!letter || is_gone(replay, agent_of(&letter->message)))
                continue;
            return err_set(
                err, EXIT_ANSWER, "%s event %" PRId64 ": %s never received the %s it sent",
                machine_name(letter->sender, from), letter->seq, machine_name(letter->receiver, to),
                message_kind_names[letter->message.kind]);
        }
    }
    return true;
}

static bool check_count(const char *name, int64_t logged, int64_t fresh, struct err *err)
{
    return logged == fresh ||
           err_set(err, EXIT_ANSWER, "summary: %s: log says %" PRId64 ", the replay says %" PRId64,
                   name, logged, fresh);
}

static bool check_summary(const struct run_summary *logged, const struct run_summary *fresh,
                          struct err *err)
{
    if (!check_count("events", logged->events, fresh->events, err) ||
        !check_count("decisions", logged->decisions, fresh->decisions, err) ||
        !check_count("machines", logged->machines, fresh->machines, err) ||
        !check_count("tasks", logged->tasks, fresh->tasks, err) ||
        !check_count("instances", logged->instances, fresh->instances, err) ||
        !check_count("micro_vms", logged->micro_vms, fresh->micro_vms, err) ||
        !check_count("end", logged->end_usec, fresh->end_usec, err))
        return false;
    return logged->state_hash == fresh->state_hash ||
           err_set(err, EXIT_ANSWER,
                   "summary: state_hash: log says %016" PRIx64 ", the replay says %016" PRIx64,
                   logged->state_hash, fresh->state_hash);
}

bool replay_end(struct replay *replay, const struct run_summary *summary, struct err *err)
{
    replay->truncated = summary == NULL;
    run_summary_close(&replay->summary, &replay->scheduler);
    if (!check_early(replay, err))
        return false;
    return !summary ||
           (check_letters(replay, err) && check_summary(summary, &replay->summary, err));
}

/* Files ---------------------------------------------------------------------------------------- */

/* A record as it stands in a file: first that it is the next one, then that nobody changed it. */
static bool step_logged(struct replay *replay, struct runlog_reader *reader,
                        const struct record *record, struct err *err)
{
    if (!check_order(replay, record, err))
        return false;
    if (!runlog_digest_holds(reader))
        return differs(err, record, "it was changed after it was written (its digest is wrong)");
    return replay_step(replay, record, err);
}

/* Puts file and line in front, and where another berth wrote the log, says so. */
static bool in_file(struct err *err, const char *path, const struct runlog_reader *reader)
{
    const char *version = runlog_header(reader)->version;
    struct err inner = *err;

    err_set(err, EXIT_ANSWER, "%s:%d: %.800s", path, runlog_line(reader), inner.text);
    if (version && strcmp(version, BERTH_VERSION) != 0) {
        size_t n = strlen(err->text);

        snprintf(err->text + n, sizeof err->text - n,
                 " (the log is from berth %.20s, this is " BERTH_VERSION ")", version);
    }
    return false;
}

static bool replay_records(struct replay *replay, const char *path, struct runlog_reader *reader,
                           struct err *err)
{
    struct record record;
    enum runlog_item item;

    while ((item = runlog_next(reader, &record, err)) == RUNLOG_RECORD) {
        if (!replay_can_step(&record.event, path, err))
            return false;
        if (!step_logged(replay, reader, &record, err))
            return in_file(err, path, reader);
    }
    if (item == RUNLOG_SUMMARY) /* once more, for what may stand behind it */
        item = runlog_next(reader, &record, err);
    if (item == RUNLOG_ERROR) {
        if (err->code == EXIT_INPUT)
            err->code = EXIT_ANSWER;
        return false;
    }
    return replay_end(replay, runlog_summary(reader), err) || in_file(err, path, reader);
}

bool replay_file(struct replay *replay, const char *path, struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    bool ok;

    if (!reader) {
        replay_init(replay, 0, 0);
        return false;
    }
    replay_init(replay, runlog_header(reader)->seed, runlog_header(reader)->epoch_usec);
    if (runlog_header(reader)->log >= LOG_ALL)
        ok = replay_records(replay, path, reader, err);
    else
        ok = err_set(err, EXIT_INPUT,
                     "%s: this log was written with --log=%s; to replay a run, write it with "
                     "--log=all",
                     path, log_level_names[runlog_header(reader)->log]);
    runlog_finish(reader);
    return ok;
}

void replay_describe(const struct replay *replay, struct buffer *text)
{
    buffer_add(text,
               "replay: identical (%" PRId64 " events, %" PRId64 " decisions, %" PRId64
               " machines)\n",
               replay->summary.events, replay->summary.decisions, replay->summary.machines);
    for (int i = 1; i < replay->n_machines; i++) {
        const struct replay_machine *machine = &replay->machines[i];

        if (machine->killed && machine->seq > 0)
            buffer_add(text, "i%d was killed after its event %" PRId64 ": replayed up to there\n",
                       i, machine->seq);
        else if (machine->killed)
            buffer_add(text, "i%d was killed before its first event\n", i);
    }
    if (replay->truncated)
        buffer_add_text(text, "the log has no summary, the run was cut short: replayed up to its "
                              "last whole line\n");
}
