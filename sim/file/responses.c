/*
 * Counts and bins of each period come as events of the scheduler; bins are those of model/histogram.
 */
#include "file/responses.h"

#include "core/array.h"
#include "file/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void responses_finish(struct responses *responses)
{
    for (int i = 0; i < responses->n_groups; i++) {
        free(responses->groups[i].name);
        free(responses->groups[i].latency);
        free(responses->groups[i].targets);
    }
    free(responses->groups);
    *responses = (struct responses){0};
}

static void add_group(struct responses *responses, const struct create_target_group *call)
{
    struct responses_group *group;

    if (call->target_group != responses->n_groups)
        return;
    group = ARRAY_ADD(responses, groups);
    group->name = memory_text(call->name ? call->name : "");
    group->latency = memory_zeroed(1, sizeof *group->latency);
    histogram_init(group->latency);
}

/* A log may claim anything: sums stay sums. */
static int64_t sane(int64_t n)
{
    return n < 0 ? 0 : n > USEC_MAX / 1024 ? USEC_MAX / 1024 : n;
}

/* They come in the same order each time, so the next one is looked at first. */
static struct responses_target *find_target(struct responses_group *group, int32_t task)
{
    for (int i = 0; i < group->n_targets; i++) {
        group->looked_at = (group->looked_at + 1) % group->n_targets;
        if (group->targets[group->looked_at].task == task)
            return &group->targets[group->looked_at];
    }
    *ARRAY_ADD(group, targets) = (struct responses_target){.task = task};
    group->looked_at = group->n_targets - 1;
    return &group->targets[group->looked_at];
}

static void add_target(struct responses_group *group, const struct target_metrics *row)
{
    struct responses_target *target = find_target(group, row->task);

    if (target->n_requests > USEC_MAX || target->n_errors > USEC_MAX)
        return;
    target->n_requests += sane(row->n_requests);
    target->n_errors += sane(row->n_errors);
    if (target->n_most < row->n_most)
        target->n_most = row->n_most;
}

static void add_row(struct responses *responses, const struct target_group_metrics *row)
{
    struct responses_group *group;

    if (row->target_group < 0 || row->target_group >= responses->n_groups)
        return;
    group = &responses->groups[row->target_group];
    if (group->n_sent > USEC_MAX || group->n_failed > USEC_MAX)
        return;
    group->n_sent += sane(row->n_requests) + sane(row->n_rejected);
    group->n_failed += sane(row->n_errors) + sane(row->n_rejected);
    for (int i = 0; i < row->n_latency && group->latency->n < USEC_MAX; i++) {
        int32_t bucket = histogram_bucket(row->latency[i].upto_usec);

        histogram_add_bucket(group->latency, bucket, sane(row->latency[i].count));
    }
    for (int i = 0; i < row->n_targets; i++)
        add_target(group, &row->targets[i]);
}

void responses_add(struct responses *responses, const struct record *record)
{
    if (record->machine != ID_NONE)
        return;
    if (record->event.kind == MESSAGE_CREATE_TARGET_GROUP && !record_is_refused(record))
        add_group(responses, &record->event.as.create_target_group);
    else if (record->event.kind == MESSAGE_OBSERVE)
        for (int i = 0; i < record->event.as.observe.n_target_groups; i++)
            add_row(responses, &record->event.as.observe.target_groups[i]);
}

const struct responses_group *responses_find(const struct responses *responses, const char *name)
{
    for (int i = 0; i < responses->n_groups; i++)
        if (strcmp(responses->groups[i].name, name) == 0)
            return &responses->groups[i];
    return NULL;
}

int64_t responses_percentile_usec(const struct responses_group *group, int permille)
{
    return histogram_percentile_usec(group->latency, permille);
}

static void add_counts(struct buffer *json, int64_t n_sent, int64_t n_failed)
{
    buffer_add(json, "\"requests_sent\": %" PRId64 ", \"requests_failed\": %" PRId64, n_sent,
               n_failed);
}

static const struct percentile {
    const char *name;
    int permille;
} percentiles[] = {{"p50", 500}, {"p95", 950}, {"p99", 990}};
#define N_PERCENTILES (sizeof percentiles / sizeof percentiles[0])

static void add_group_json(struct buffer *json, const struct responses_group *group)
{
    buffer_add_text(json, "{\"name\": ");
    buffer_add_json_string(json, group->name);
    buffer_add_text(json, ", ");
    add_counts(json, group->n_sent, group->n_failed);
    for (size_t i = 0; i < N_PERCENTILES; i++)
        buffer_add(json, ", \"%s\": %.6f", percentiles[i].name,
                   (double)responses_percentile_usec(group, percentiles[i].permille) /
                       USEC_PER_SEC);
    buffer_add_text(json, ", \"targets\": [");
    for (int i = 0; i < group->n_targets; i++)
        buffer_add(json,
                   "%s{\"task\": \"t%d\", \"requests\": %" PRId64 ", \"errors\": %" PRId64
                   ", \"open_most\": %" PRId64 "}",
                   i > 0 ? ", " : "", (int)group->targets[i].task + 1, group->targets[i].n_requests,
                   group->targets[i].n_errors, group->targets[i].n_most);
    buffer_add_text(json, "]}");
}

bool responses_json(struct buffer *json, const struct responses *responses)
{
    int64_t n_sent = 0, n_failed = 0;

    if (responses->n_groups == 0)
        return false;
    for (int i = 0; i < responses->n_groups; i++) {
        n_sent += responses->groups[i].n_sent;
        n_failed += responses->groups[i].n_failed;
    }
    add_counts(json, n_sent, n_failed);
    buffer_add_text(json, ", \"target_groups\": [");
    for (int i = 0; i < responses->n_groups; i++) {
        buffer_add_text(json, i > 0 ? ", " : "");
        add_group_json(json, &responses->groups[i]);
    }
    buffer_add_text(json, "]");
    return true;
}

/* "38 ms", "1.25 s" */
static const char *latency_text(int64_t usec, char *text, size_t size)
{
    if (usec < USEC_PER_SEC)
        snprintf(text, size, usec < 10 * USEC_PER_MSEC ? "%.1f ms" : "%.0f ms",
                 (double)usec / USEC_PER_MSEC);
    else
        snprintf(text, size, "%.2f s", (double)usec / USEC_PER_SEC);
    return text;
}

static void print_group(FILE *out, const struct responses_group *group)
{
    char text[N_PERCENTILES][32];

    for (size_t i = 0; i < N_PERCENTILES; i++)
        latency_text(responses_percentile_usec(group, percentiles[i].permille), text[i],
                     sizeof text[i]);
    fprintf(out, "load     %s: %" PRId64 " request%s, ", group->name, group->n_sent,
            group->n_sent == 1 ? "" : "s");
    if (group->n_failed == 0)
        fputs(group->n_sent > 0 ? "none failed" : "nothing to do", out);
    else
        fprintf(out, "%" PRId64 " failed", group->n_failed);
    if (group->latency->n > 0)
        fprintf(out, "; half within %s, 95 %% within %s, 99 %% within %s", text[0], text[1],
                text[2]);
    fputc('\n', out);
}

/* More targets than that are summed up. */
#define TARGETS_NAMED 6

static void print_dealt(FILE *out, const struct responses_group *group)
{
    int64_t least = INT64_MAX, most = 0, n_open = 0;

    for (int i = 0; i < group->n_targets; i++) {
        const struct responses_target *target = &group->targets[i];

        least = target->n_requests < least ? target->n_requests : least;
        most = target->n_requests > most ? target->n_requests : most;
        n_open = target->n_most > n_open ? target->n_most : n_open;
    }
    if (most == 0)
        return;
    fprintf(out, "balanced %s: ", group->name);
    if (group->n_targets > TARGETS_NAMED)
        fprintf(out, "%d targets, %" PRId64 " to %" PRId64 " requests each", group->n_targets,
                least, most);
    for (int i = 0; i < group->n_targets && group->n_targets <= TARGETS_NAMED; i++)
        fprintf(out, "%st%d %" PRId64, i > 0 ? ", " : "", (int)group->targets[i].task + 1,
                group->targets[i].n_requests);
    for (int i = 0, n = 0; i < group->n_targets && n < TARGETS_NAMED; i++)
        if (group->targets[i].n_errors > 0)
            fprintf(out, "%st%d %" PRId64, n++ == 0 ? "; errors: " : ", ",
                    (int)group->targets[i].task + 1, group->targets[i].n_errors);
    fprintf(out, "; at most %" PRId64 " at once with one\n", n_open);
}

void responses_print(FILE *out, const struct responses *responses)
{
    for (int i = 0; i < responses->n_groups; i++) {
        print_group(out, &responses->groups[i]);
        print_dealt(out, &responses->groups[i]);
    }
}
