/*
 * Finding the moment. The scheduler's own records are enough, so a log of the scheduler alone will
 * do; what it decides on the way must be what it decided in the run.
 */
#include "file/inquiry.h"

#include "core/capacity.h"
#include "core/cluster_moves.h"
#include "core/cluster_trial.h"
#include "file/replay.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* Opening and closing ---------------------------------------------------------------------------- */

/* From the log's beginning, with a fresh scheduler. */
static bool begin(struct inquiry *inquiry, struct err *err)
{
    const struct run_header *header;

    inquiry->reader = runlog_open(inquiry->path, err);
    if (!inquiry->reader)
        return false;
    header = runlog_header(inquiry->reader);
    scheduler_init(&inquiry->scheduler, header->seed);
    inquiry->scheduler.cluster.epoch_usec = header->epoch_usec;
    inquiry->n_records = 0;
    inquiry->has_ahead = inquiry->at_end = false;
    return header->log != LOG_SUMMARY ||
           err_set(err, EXIT_INPUT,
                   "%s: this log was written with --log=summary; to explain a run, write it with "
                   "--log=tasks or --log=all",
                   inquiry->path);
}

static void forget(struct inquiry *inquiry)
{
    if (inquiry->has_answer)
        explain_finish(&inquiry->answer);
    if (inquiry->has_trial)
        cluster_trial_finish(&inquiry->trial);
    inquiry->has_answer = inquiry->has_trial = false;
}

static void leave(struct inquiry *inquiry)
{
    forget(inquiry);
    scheduler_finish(&inquiry->scheduler);
    if (inquiry->reader)
        runlog_finish(inquiry->reader);
    inquiry->reader = NULL;
}

bool inquiry_open(struct inquiry *inquiry, const char *path, struct story *story, struct err *err)
{
    struct stat about;

    *inquiry = (struct inquiry){.path = strdup(path), .story = story};
    assert(inquiry->path != NULL);
    inquiry->n_bytes = stat(path, &about) == 0 ? about.st_size : 0;
    if (begin(inquiry, err))
        return true;
    inquiry->state = INQUIRY_FAILED;
    inquiry->err = *err;
    return false;
}

void inquiry_close(struct inquiry *inquiry)
{
    if (inquiry->reader)
        leave(inquiry);
    outputs_finish(&inquiry->outputs);
    free(inquiry->path);
    *inquiry = (struct inquiry){0};
}

/* Answers ------------------------------------------------------------------------------------------ */

static const struct task *task_of(const struct inquiry *inquiry)
{
    const struct cluster *cluster = &inquiry->scheduler.cluster;
    int32_t task = inquiry->answer.task;

    return task < cluster->n_tasks ? &cluster->tasks[task] : NULL;
}

static enum inquiry_state fail(struct inquiry *inquiry)
{
    return inquiry->state = INQUIRY_FAILED;
}

static enum explain_chooser chooser_of(const struct inquiry *inquiry, const struct message *event)
{
    const struct cluster *cluster = &inquiry->scheduler.cluster;
    const struct task *task = task_of(inquiry);
    int32_t service = cluster->requests[task->request].service;

    if (cluster->instances[task->instance].is_vm)
        return EXPLAIN_BY_VM;
    if (service != ID_NONE && cluster->services[service].scheduling == SCHEDULING_DAEMON)
        return EXPLAIN_BY_DAEMON;
    return event->kind == MESSAGE_START_TASK ? EXPLAIN_BY_CALL : EXPLAIN_BY_RULES;
}

/* What the last step placed from output `first` on is taken back on a copy: what is left is the cluster on
 * which that decision was made, as a step stops before it places. */
static void take_back(struct inquiry *inquiry, int first)
{
    cluster_trial_init(&inquiry->trial, &inquiry->scheduler.cluster);
    inquiry->has_trial = true;
    for (int i = inquiry->outputs.n_messages - 1; i >= first; i--) {
        const struct message *output = &inquiry->outputs.messages[i];

        if (output->kind == MESSAGE_PLACE_TASK &&
            inquiry->trial.tasks[output->as.place_task.task].last != TASK_STOPPED)
            cluster_stop(&inquiry->trial, output->as.place_task.task, STOP_NONE);
    }
}

static enum inquiry_state answer_decision(struct inquiry *inquiry, const struct record *record,
                                          int output)
{
    const struct place_task *decision = &inquiry->outputs.messages[output].as.place_task;
    struct explain *answer = &inquiry->answer;
    struct placement *placement = &answer->table.placement;

    answer->kind = EXPLAIN_PLACED;
    answer->seq = record->seq;
    answer->at_usec = record->at_usec;
    answer->taskdef = decision->taskdef;
    answer->request = task_of(inquiry)->request;
    answer->chooser = chooser_of(inquiry, &record->event);
    take_back(inquiry, output);
    explain_make_table(answer, &inquiry->trial);
    inquiry->has_answer = true;
    if (answer->chooser != EXPLAIN_BY_RULES)
        *placement = (struct placement){decision->instance, decision->rule};
    if (placement->instance == decision->instance && placement->rule == decision->rule)
        return inquiry->state = INQUIRY_ANSWERED;
    err_set(&inquiry->err, EXIT_BUG,
            "this is a bug in berth: asked again, the placement of t%d goes to i%d",
            answer->task + 1, placement->instance + 1);
    return fail(inquiry);
}

static enum inquiry_state answer_wait(struct inquiry *inquiry, int64_t at_usec)
{
    struct explain *answer = &inquiry->answer;

    answer->kind = EXPLAIN_WAITING;
    answer->at_usec = at_usec;
    answer->taskdef = task_of(inquiry)->taskdef;
    answer->request = task_of(inquiry)->request;
    if (capacity_is_fargate(&inquiry->scheduler.cluster, answer->request))
        answer->chooser = EXPLAIN_BY_VM;
    explain_make_table(answer, &inquiry->scheduler.cluster);
    inquiry->has_answer = true;
    return inquiry->state = INQUIRY_ANSWERED;
}

/* Work --------------------------------------------------------------------------------------------- */

static bool is_waiting(const struct inquiry *inquiry)
{
    const struct task *task = task_of(inquiry);

    return task && task->last == TASK_PROVISIONING;
}

/* It waited, and was stopped in the last step. */
static bool was_given_up(const struct inquiry *inquiry)
{
    const struct task *task = task_of(inquiry);

    return task && task->last == TASK_STOPPED && task->instance == ID_NONE;
}

static bool step(struct inquiry *inquiry, const struct record *record)
{
    const struct outputs *logged = &record->outputs;
    bool same = record->at_usec >= inquiry->scheduler.now_usec;
    char member[256];

    if (!replay_can_step(&record->event, inquiry->path, &inquiry->err))
        return false;
    inquiry->outputs.n_messages = 0;
    if (same)
        scheduler_step(&inquiry->scheduler, record->at_usec, &record->event, &inquiry->outputs);
    inquiry->n_records++;
    same = same && inquiry->outputs.n_messages == logged->n_messages;
    for (int i = 0; same && i < logged->n_messages; i++)
        same = message_equal(&logged->messages[i], &inquiry->outputs.messages[i], member,
                             sizeof member);
    return same || err_set(&inquiry->err, EXIT_ANSWER,
                           "%s: the scheduler would decide otherwise at its event %" PRId64
                           "; berth replay %s says more",
                           inquiry->path, record->seq, inquiry->path);
}

static int find_decision(const struct inquiry *inquiry)
{
    for (int i = 0; i < inquiry->outputs.n_messages; i++)
        if (inquiry->outputs.messages[i].kind == MESSAGE_PLACE_TASK &&
            inquiry->outputs.messages[i].as.place_task.task == inquiry->answer.task)
            return i;
    return ID_NONE;
}

/* The next of the scheduler's records towards the answer. */
static enum inquiry_state follow(struct inquiry *inquiry, const struct record *record)
{
    int64_t until_usec = inquiry->answer.until_usec;
    bool waits = is_waiting(inquiry);
    int output;

    /* It will not live to be placed, or is not asked about any longer. */
    if (waits && (record->at_usec > until_usec || record->event.kind == MESSAGE_END))
        return answer_wait(inquiry, record->at_usec < until_usec ? record->at_usec : until_usec);
    if (record->at_usec > until_usec)
        return inquiry->state = INQUIRY_NOTHING;
    inquiry->has_ahead = false;
    if (!step(inquiry, record))
        return fail(inquiry);
    output = find_decision(inquiry);
    if (output != ID_NONE)
        return answer_decision(inquiry, record, output);
    return waits && was_given_up(inquiry) ? answer_wait(inquiry, record->at_usec) : INQUIRY_WORKING;
}

/* Reads the next of the scheduler's records. False at the log's end, and on an error. */
static bool read_ahead(struct inquiry *inquiry)
{
    enum runlog_item item;

    while (!inquiry->has_ahead) {
        item = runlog_next(inquiry->reader, &inquiry->ahead, &inquiry->err);
        if (item == RUNLOG_ERROR)
            fail(inquiry);
        if (item != RUNLOG_RECORD) {
            inquiry->at_end = true;
            return false;
        }
        if (inquiry->story)
            story_add(inquiry->story, &inquiry->ahead);
        inquiry->has_ahead = inquiry->ahead.machine == ID_NONE;
    }
    return true;
}

/* The log is over: of one that was cut short, some still wait. */
static enum inquiry_state end(struct inquiry *inquiry)
{
    int64_t now_usec = inquiry->scheduler.now_usec;

    if (inquiry->state == INQUIRY_FAILED)
        return INQUIRY_FAILED;
    return is_waiting(inquiry) ? answer_wait(inquiry, now_usec)
                               : (inquiry->state = INQUIRY_NOTHING);
}

enum inquiry_state inquiry_work(struct inquiry *inquiry, int64_t n_records)
{
    while (inquiry->state == INQUIRY_WORKING && n_records != 0) {
        if (!read_ahead(inquiry))
            return end(inquiry);
        follow(inquiry, &inquiry->ahead);
        n_records -= n_records > 0;
    }
    return inquiry->state;
}

/* Whether the scheduler has stepped past what is to be known. */
static bool is_past(const struct inquiry *inquiry)
{
    const struct task *task = task_of(inquiry);

    return (task && task->last != TASK_PROVISIONING) ||
           (inquiry->n_records > 0 && inquiry->scheduler.now_usec > inquiry->answer.until_usec);
}

void inquiry_ask(struct inquiry *inquiry, int32_t task, int64_t until_usec)
{
    if (inquiry->state == INQUIRY_FAILED)
        return;
    forget(inquiry);
    inquiry->answer =
        (struct explain){.task = task, .until_usec = until_usec, .preferred = ID_NONE};
    inquiry->state = INQUIRY_WORKING;
    if (!is_past(inquiry))
        return;
    leave(inquiry);
    inquiry->story = NULL;
    if (!begin(inquiry, &inquiry->err))
        fail(inquiry);
}

struct explain inquiry_take(struct inquiry *inquiry)
{
    inquiry->has_answer = false;
    return inquiry->answer;
}

bool inquiry_tell_rest(struct inquiry *inquiry)
{
    inquiry->has_ahead = false;
    while (!inquiry->at_end && inquiry->state != INQUIRY_FAILED && read_ahead(inquiry))
        inquiry->has_ahead = false;
    return inquiry->state != INQUIRY_FAILED;
}

int inquiry_permille(const struct inquiry *inquiry)
{
    int64_t n = inquiry->reader ? runlog_bytes(inquiry->reader) : 0;

    if (n >= inquiry->n_bytes || inquiry->n_bytes < 1)
        return 1000;
    return (int)(n * 1000 / inquiry->n_bytes);
}
