/*
 * How requests fared, by target group, added up over a run from what the scheduler was told of each
 * metric period: so a simulation, a real run and a log say the same. Knows nothing of single requests.
 */
#ifndef BERTH_FILE_RESPONSES_H
#define BERTH_FILE_RESPONSES_H

#include "file/buffer.h"
#include "file/record.h"
#include "model/histogram.h"

#include <stdio.h>

/* What the balancer itself counted of one target. */
struct responses_target {
    int32_t task;
    int64_t n_requests, n_errors;
    int64_t n_most; /* that it had at once */
};

struct responses_group {
    char *name;
    struct responses_target *targets; /* in the order in which they came up */
    int n_targets, cap_targets;
    int looked_at;
    int64_t n_sent;            /* that ended: were answered, refused, cut off or given up */
    int64_t n_failed;          /* of those, without a good answer */
    struct histogram *latency; /* of the others */
};

struct responses {
    struct responses_group *groups; /* by target group */
    int n_groups, cap_groups;
};

void responses_finish(struct responses *responses);

/* Takes the next record of any machine. */
void responses_add(struct responses *responses, const struct record *record);

/* The group of that name, or NULL. */
const struct responses_group *responses_find(const struct responses *responses, const char *name);

/* The latency that so many of a thousand good answers did not exceed; 0: there were none. */
int64_t responses_percentile_usec(const struct responses_group *group, int permille);

/* Members of a JSON object, without commas around: requests_sent, requests_failed and a list target_groups
 * with percentiles in seconds and what each target was given. Nothing, and false, where there are no target
 * groups. */
bool responses_json(struct buffer *json, const struct responses *responses);

/* Two lines a group: how its requests fared, and how the balancer dealt them out (not of a flow); nothing where there
 * is none. */
void responses_print(FILE *out, const struct responses *responses);

#endif
