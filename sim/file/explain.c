/*
 * Finding the moment. The scheduler's own records are enough, so a log of the scheduler alone will
 * do; what it decides on the way must be what it decided in the run.
 */
#include "file/explain.h"

#include "file/replay.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const struct task *task_of(const struct explain *explain)
{
    const struct cluster *cluster = &explain->scheduler.cluster;

    return explain->task < cluster->n_tasks ? &cluster->tasks[explain->task] : NULL;
}

/* Where the strategy would go if nothing but ACTIVE counted; ID_NONE where it might as well take one
 * that fits, or leaves it to chance. */
static int32_t find_preferred(const struct cluster *cluster, const struct request *request,
                              const struct explain *explain)
{
    int32_t *candidates = malloc(((size_t)cluster->n_instances + 1) * sizeof *candidates);
    int64_t *values = malloc(((size_t)cluster->n_instances + 1) * sizeof *values);
    bool free_choice = request->n_strategy == 0;
    int32_t first;
    int n = 0;

    assert(candidates != NULL && values != NULL);
    for (int i = 0; i < cluster->n_instances; i++)
        if (cluster->instances[i].status == INSTANCE_ACTIVE)
            candidates[n++] = i;
    for (int r = 0; r < request->n_strategy && n > 1; r++) {
        int64_t least = INT64_MAX;
        int kept = 0;

        free_choice |= request->strategy[r].type == STRATEGY_RANDOM;
        place_values(cluster, explain->request, &request->strategy[r], explain->taskdef,
                     explain->task, candidates, n, values);
        for (int i = 0; i < n; i++)
            least = values[i] < least ? values[i] : least;
        for (int i = 0; i < n; i++)
            if (values[i] == least)
                candidates[kept++] = candidates[i];
        n = kept;
    }
    for (int i = 0; i < n; i++)
        free_choice |= explain->table.reasons[candidates[i]] == PLACE_FITS;
    first = free_choice || n == 0 ? ID_NONE : candidates[0];
    free(candidates);
    free(values);
    return first;
}

static void make_table(struct explain *explain, const struct cluster *cluster)
{
    explain->cluster = cluster;
    place_explain(cluster, explain->request, explain->taskdef, explain->task, &explain->table);
    explain->preferred = find_preferred(cluster, &cluster->requests[explain->request], explain);
}

/* Takes back what the last step placed from output `first` on: what is left is the cluster on which
 * that decision was made, as a step stops before it places. */
static void take_back(struct explain *explain, int first)
{
    struct cluster *cluster = &explain->scheduler.cluster;

    for (int i = explain->outputs.n_messages - 1; i >= first; i--) {
        const struct message *output = &explain->outputs.messages[i];

        if (output->kind == MESSAGE_PLACE_TASK)
            cluster_stop(cluster, output->as.place_task.task, STOP_NONE);
    }
}

static bool explain_decision(struct explain *explain, const struct record *record, int output,
                             struct err *err)
{
    const struct place_task *decision = &explain->outputs.messages[output].as.place_task;
    struct placement *placement = &explain->table.placement;

    explain->kind = EXPLAIN_PLACED;
    explain->seq = record->seq;
    explain->at_usec = record->at_usec;
    explain->taskdef = decision->taskdef;
    explain->request = task_of(explain)->request;
    take_back(explain, output);
    make_table(explain, &explain->scheduler.cluster);
    explain->named = record->event.kind == MESSAGE_START_TASK;
    if (explain->named) {
        explain->preferred = ID_NONE;
        *placement = (struct placement){decision->instance, decision->rule};
    }
    return (placement->instance == decision->instance && placement->rule == decision->rule) ||
           err_set(err, EXIT_BUG,
                   "this is a bug in berth: asked again, the placement of t%d goes to i%d",
                   explain->task + 1, placement->instance + 1);
}

static void explain_wait(struct explain *explain, int64_t at_usec)
{
    explain->kind = EXPLAIN_WAITING;
    explain->at_usec = at_usec;
    explain->taskdef = task_of(explain)->taskdef;
    explain->request = task_of(explain)->request;
    make_table(explain, &explain->scheduler.cluster);
}

static bool is_waiting(const struct explain *explain)
{
    const struct task *task = task_of(explain);

    return task && task->last == TASK_PROVISIONING;
}

/* The waiting task will not live to be placed, or is not asked about any longer. */
static bool is_last_moment(const struct explain *explain, const struct message *event,
                           int64_t at_usec)
{
    return at_usec > explain->until_usec || event->kind == MESSAGE_END ||
           (event->kind == MESSAGE_STOP_TASK_CALL &&
            event->as.stop_task_call.task == explain->task);
}

static bool step(struct explain *explain, const struct record *record, const char *path,
                 struct err *err)
{
    const struct outputs *logged = &record->outputs;
    bool same = record->at_usec >= explain->scheduler.now_usec;
    char member[256];

    if (!replay_can_step(&record->event, path, err))
        return false;
    explain->outputs.n_messages = 0;
    if (same)
        scheduler_step(&explain->scheduler, record->at_usec, &record->event, &explain->outputs);
    same = same && explain->outputs.n_messages == logged->n_messages;
    for (int i = 0; same && i < logged->n_messages; i++)
        same = message_equal(&logged->messages[i], &explain->outputs.messages[i], member,
                             sizeof member);
    return same || err_set(err, EXIT_ANSWER,
                           "%s: the scheduler would decide otherwise at its event %" PRId64
                           "; berth replay %s says more",
                           path, record->seq, path);
}

static int find_decision(const struct explain *explain)
{
    for (int i = 0; i < explain->outputs.n_messages; i++)
        if (explain->outputs.messages[i].kind == MESSAGE_PLACE_TASK &&
            explain->outputs.messages[i].as.place_task.task == explain->task)
            return i;
    return ID_NONE;
}

/* The next of the scheduler's records; `*done` once the table is made. */
static bool follow(struct explain *explain, const struct record *record, const char *path,
                   bool *done, struct err *err)
{
    int output;

    if (is_last_moment(explain, &record->event, record->at_usec) && is_waiting(explain)) {
        explain_wait(explain,
                     record->at_usec < explain->until_usec ? record->at_usec : explain->until_usec);
        *done = true;
        return true;
    }
    if (!step(explain, record, path, err))
        return false;
    output = find_decision(explain);
    *done = output != ID_NONE;
    return !*done || explain_decision(explain, record, output, err);
}

static bool check_task(const struct explain *explain, const char *path, struct err *err)
{
    const struct story *story = &explain->story;
    char seconds[32];

    if (explain->task >= story->n_tasks && story->n_tasks == 0)
        return err_set(err, EXIT_INPUT, "%s: this run has no tasks", path);
    if (explain->task >= story->n_tasks)
        return err_set(err, EXIT_INPUT, "%s: this run has no t%d; its tasks are t1 to t%d", path,
                       explain->task + 1, story->n_tasks);
    if (story->tasks[explain->task].accepted_at_usec <= explain->until_usec)
        return true;
    return err_set(
        err, EXIT_INPUT, "%s: t%d does not exist at that time yet; it comes at %s s", path,
        explain->task + 1,
        buffer_seconds(story->tasks[explain->task].accepted_at_usec, seconds, sizeof seconds));
}

static bool read_run(struct explain *explain, const char *path, struct runlog_reader *reader,
                     struct err *err)
{
    struct record record;
    enum runlog_item item;
    bool done = false;

    while ((item = runlog_next(reader, &record, err)) == RUNLOG_RECORD) {
        story_add(&explain->story, &record);
        if (record.machine == ID_NONE && !done && !follow(explain, &record, path, &done, err))
            return false;
    }
    if (item == RUNLOG_ERROR || !check_task(explain, path, err))
        return false;
    if (!done && is_waiting(explain))
        explain_wait(explain, explain->story.last_usec);
    return true;
}

bool explain_task(struct explain *explain, const char *path, int32_t task, int64_t at_usec,
                  struct err *err)
{
    struct runlog_reader *reader = runlog_open(path, err);
    bool ok;

    *explain = (struct explain){.task = task, .until_usec = at_usec, .preferred = ID_NONE};
    story_init(&explain->story);
    scheduler_init(&explain->scheduler, reader ? runlog_header(reader)->seed : 0);
    if (!reader)
        return false;
    explain->scheduler.cluster.epoch_usec = runlog_header(reader)->epoch_usec;
    if (runlog_header(reader)->log == LOG_SUMMARY)
        ok = err_set(err, EXIT_INPUT,
                     "%s: this log was written with --log=summary; to explain a run, write it with "
                     "--log=tasks or --log=all",
                     path);
    else
        ok = read_run(explain, path, reader, err);
    runlog_finish(reader);
    return ok;
}

/* The request whose strategy and constraints a task of the definition would have. */
static int32_t find_request(const struct cluster *cluster, int32_t taskdef)
{
    int32_t last = ID_NONE;

    for (int i = 0; i < cluster->n_services; i++)
        if (cluster->services[i].status == SERVICE_ACTIVE &&
            cluster->services[i].taskdef == taskdef)
            return cluster->services[i].request;
    for (int t = cluster->n_tasks - 1; t >= 0; t--)
        if (cluster->tasks[t].taskdef == taskdef &&
            cluster->requests[cluster->tasks[t].request].service == ID_NONE)
            return cluster->tasks[t].request;
    for (int i = 0; i < cluster->n_requests; i++)
        if (cluster->requests[i].call.kind == MESSAGE_RUN_TASK &&
            cluster->requests[i].call.as.run_task.taskdef == taskdef)
            last = i;
    return last;
}

void explain_what_if(struct explain *explain, struct cluster *cluster, int32_t taskdef,
                     int64_t at_usec)
{
    struct message call = message_new(MESSAGE_RUN_TASK);

    *explain = (struct explain){.kind = EXPLAIN_WHAT_IF,
                                .task = cluster->n_tasks,
                                .taskdef = taskdef,
                                .at_usec = at_usec,
                                .request = find_request(cluster, taskdef)};
    story_init(&explain->story);
    scheduler_init(&explain->scheduler, 0);
    explain->own_request = explain->request == ID_NONE;
    if (explain->own_request) {
        call.as.run_task.taskdef = taskdef;
        call.as.run_task.count = 1;
        explain->request = cluster_add_request(cluster, &call, ID_NONE);
    }
    make_table(explain, cluster);
}

void explain_finish(struct explain *explain)
{
    place_table_finish(&explain->table);
    story_finish(&explain->story);
    scheduler_finish(&explain->scheduler);
    outputs_finish(&explain->outputs);
}
