/*
 * How requests fared in two runs, target group by target group, and what the balancers gave each target. It must
 * never know how the numbers came about.
 */
#ifndef BERTH_VIZ_COMPARE_REQUESTS_H
#define BERTH_VIZ_COMPARE_REQUESTS_H

#include "file/buffer.h"
#include "viz/compare.h"

#include <stdio.h>

/* A target of one target group in both runs; NULL: the run does not have it. */
struct compare_target {
    int32_t task;
    const struct responses_target *sides[2];
};

/* The targets that one of the two groups has or both, by their tasks' numbers; for free(). */
struct compare_target *compare_requests_targets(const struct responses_group *const groups[2],
                                                int *n);

/* Two tables with an empty line behind each, of the target groups that are in both runs. Nothing where there
 * are none. */
void compare_requests_print(FILE *out, const struct compare *compare);

/* "targets":[{"target_group":"web","task":"t1","requests":[40,38],"errors":[0,0],"open_most":[3,4]},...], null where a
 * run does not have the target. */
void compare_requests_add_json(struct buffer *json, const struct compare *compare);

#endif
