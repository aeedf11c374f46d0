/*
 * How work shares what it runs on: CPUs by weight and quota as the kernel's fair scheduler does it in
 * nested groups, or bandwidth by weight and limit (max-min fairness over a tree of links). Whatever
 * one member leaves unused goes to the others. Event-driven: it says when the next work is done, and a
 * change costs the logarithm of the members of each group that it touches. Knows work and weights, not
 * what the work is. All in integers, so that completions fall on the same microsecond everywhere.
 */
#ifndef BERTH_MODEL_SHARE_H
#define BERTH_MODEL_SHARE_H

#include "core/unit.h"

#include <stdbool.h>

/* Rates are amounts per microsecond: a CPU's worth, or bytes, in this fixed point. */
#define SHARE_ONE (UINT64_C(1) << 32)
#define SHARE_ONE_CPU SHARE_ONE
#define SHARE_RATE_MAX (UINT64_C(1) << 50) /* of a capacity or limit: none */

/* The group that holds all others. */
#define SHARE_ROOT 0

/* Of a group: as many as its members' weights together. Bandwidth is then shared fairly among all the
 * flows of all groups. */
#define SHARE_WEIGHT_OF_MEMBERS 0

/* Of a group: its limit is a link's, never exceeded. Another phase makes it a CFS quota: at full speed
 * until its part of a period is used, then not at all until the next period. */
#define SHARE_PHASE_NONE (-1)
#define SHARE_PERIOD_USEC (100 * USEC_PER_MSEC) /* CFS's (ECS agent/config/config.go) */
/* Of an exact share; others go by the average, in which a thousand periods cost as much as one. */
#define SHARE_QUOTAS_MOST 64

__extension__ typedef unsigned __int128 share_wide;

struct share {
    uint64_t capacity;
    int64_t next_usec; /* when share_take_finished() is to be asked next, USEC_NEVER */
    bool exact; /* set before any group: its first SHARE_QUOTAS_MOST quotas go period by period */
    struct share_quota *quotas;
    int n_quotas, cap_quotas;
    struct share_node *nodes;
    int n_nodes, cap_nodes;
    int32_t free_node;
};

/* `capacity` is the root's rate, at most SHARE_RATE_MAX. */
void share_init(struct share *share, uint64_t capacity);
void share_finish(struct share *share);

/* A group in another, without members. `limit` is a rate; SHARE_RATE_MAX: none. `phase_usec` is in
 * [0, SHARE_PERIOD_USEC): when its periods begin; or SHARE_PHASE_NONE. */
int32_t share_add_group(struct share *share, int32_t parent, uint32_t weight, uint64_t limit,
                        int64_t phase_usec);
/* Whether its quota is used up, so that nobody in it goes on before its next period: as of the last call with a time.
 * Never of one that goes by the average. */
bool share_stands_still(const struct share *share, int32_t group);
/* Whether any group's is. */
bool share_has_still(const struct share *share);
/* It has no members any more. */
void share_remove_group(struct share *share, int32_t group);

/* `amount` (microseconds of one CPU, or bytes) at no more than the rate `cap` begins to be worked off
 * in the group. Times never go back. `who` is the caller's. */
int32_t share_add_worker(struct share *share, int64_t at_usec, int32_t group, uint32_t weight,
                         uint64_t cap, int64_t amount, int64_t who);
/* It ends before it is done. */
void share_remove_worker(struct share *share, int64_t at_usec, int32_t worker);

/* From now on it goes no faster than `cap` and has `left` to do, in amounts times SHARE_ONE. */
void share_change_worker(struct share *share, int64_t at_usec, int32_t worker, uint64_t cap,
                         share_wide left);
share_wide share_worker_left(struct share *share, int64_t at_usec, int32_t worker);

/* Takes out one that is done at `at_usec`. False where there is none (more). */
bool share_take_finished(struct share *share, int64_t at_usec, int64_t *who);

#endif
