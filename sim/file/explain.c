/*
 * The table of one placement, and what the strategy would have preferred. Knows nothing of how a log is
 * read.
 */
#include "file/explain.h"

#include "core/capacity.h"
#include "file/fatal.h"
#include "file/inquiry.h"

#include <assert.h>
#include <stdlib.h>

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

void explain_make_table(struct explain *explain, const struct cluster *cluster)
{
    explain->cluster = cluster;
    place_explain(cluster, explain->request, explain->taskdef, explain->task, &explain->table);
    explain->preferred =
        explain->chooser == EXPLAIN_BY_RULES
            ? find_preferred(cluster, &cluster->requests[explain->request], explain)
            : ID_NONE;
}

static bool check_task(const struct story *story, int32_t task, int64_t until_usec,
                       const char *path, struct err *err)
{
    char seconds[32];

    if (task >= story->n_tasks && story->n_tasks == 0)
        return err_set(err, EXIT_INPUT, "%s: this run has no tasks", path);
    if (task >= story->n_tasks)
        return err_set(err, EXIT_INPUT, "%s: this run has no t%d; its tasks are t1 to t%d", path,
                       task + 1, story->n_tasks);
    if (story->tasks[task].accepted_at_usec <= until_usec)
        return true;
    return err_set(err, EXIT_INPUT, "%s: t%d does not exist at that time yet; it comes at %s s",
                   path, task + 1,
                   buffer_seconds(story->tasks[task].accepted_at_usec, seconds, sizeof seconds));
}

/* The answer, and the story to its end: what became of the task is told too. */
static bool inquire(struct explain *explain, const char *path, struct err *err)
{
    struct inquiry *inquiry = explain->inquiry;
    struct story *story = explain->own_story;
    enum inquiry_state state;

    if (!inquiry_open(inquiry, path, story, err))
        return false;
    inquiry_ask(inquiry, explain->task, explain->until_usec);
    state = inquiry_work(inquiry, -1);
    if (state == INQUIRY_FAILED || !inquiry_tell_rest(inquiry)) {
        *err = inquiry->err;
        return false;
    }
    if (!check_task(story, explain->task, explain->until_usec, path, err))
        return false;
    if (state != INQUIRY_ANSWERED)
        return err_set(err, EXIT_INPUT, "%s: t%d was never placed, nor does it wait then", path,
                       explain->task + 1);
    *explain = inquiry_take(inquiry);
    explain->inquiry = inquiry;
    explain->story = explain->own_story = story;
    return true;
}

bool explain_task(struct explain *explain, const char *path, int32_t task, int64_t at_usec,
                  struct err *err)
{
    *explain = (struct explain){.task = task, .until_usec = at_usec, .preferred = ID_NONE};
    explain->inquiry = calloc(1, sizeof *explain->inquiry);
    explain->own_story = malloc(sizeof *explain->own_story);
    assert(explain->inquiry != NULL && explain->own_story != NULL);
    story_init(explain->own_story);
    fatal_about(&explain->inquiry->scheduler.cluster);
    return inquire(explain, path, err);
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
                     const struct message *like, int64_t at_usec)
{
    struct message call = like ? *like : message_new(MESSAGE_RUN_TASK);

    *explain = (struct explain){.kind = EXPLAIN_WHAT_IF,
                                .task = cluster->n_tasks,
                                .taskdef = taskdef,
                                .at_usec = at_usec,
                                .request = find_request(cluster, taskdef)};
    explain->own_request = explain->request == ID_NONE;
    if (explain->own_request) {
        call.as.run_task.taskdef = taskdef;
        call.as.run_task.count = 1;
        explain->request = capacity_add_request(cluster, &call, ID_NONE);
        if (explain->request == ID_NONE) /* the cluster's default takes no such task */
            explain->request = cluster_add_request(cluster, &call, ID_NONE);
    }
    if (cluster->requests[explain->request].provider != ID_NONE)
        explain->request =
            capacity_next_request(cluster, cluster->requests[explain->request].chain);
    if (capacity_is_fargate(cluster, explain->request))
        explain->chooser = EXPLAIN_BY_VM;
    explain_make_table(explain, cluster);
}

void explain_finish(struct explain *explain)
{
    place_table_finish(&explain->table);
    if (explain->inquiry)
        inquiry_close(explain->inquiry);
    if (explain->own_story)
        story_finish(explain->own_story);
    free(explain->inquiry);
    free(explain->own_story);
    *explain = (struct explain){0};
}
