/*
 * CFS quotas taken one by one: a group runs like any other until its part of a period is used, stands still,
 * and runs again when its next period begins. Who stands still leaves what it had to the others, and who gets
 * less than its quota for a while loses it: neither is so on average, which is all that the clock of
 * share_throttle.c knows. It takes two events a period, so only few groups are looked at so closely, and none
 * for longer than a part of a period can be seen. Knows of what others want only through the rate that a group
 * has (kernel, Documentation/scheduler/sched-bwc.rst; kernel/sched/fair.c: each group's periods begin at its
 * own time).
 */
#include "model/share_node.h"

#include "core/array.h"

#include <assert.h>

#define PERIOD (SHARE_PERIOD_USEC * SHARE_TICKS)

/* Two a period: twenty seconds, of which a period is half a percent. */
#define TURNS_MOST 400

int32_t share_quota_add(struct share *share, uint64_t quota, int64_t phase_usec)
{
    if (!share->exact || phase_usec == SHARE_PHASE_NONE || quota >= SHARE_RATE_MAX ||
        share->n_quotas == SHARE_QUOTAS_MOST)
        return ID_NONE;
    *ARRAY_ADD(share, quotas) = (struct share_quota){.budget = (share_wide)quota * PERIOD,
                                                     .whole = (share_wide)quota * PERIOD,
                                                     .period_end = phase_usec * SHARE_TICKS};
    return share->n_quotas - 1;
}

void share_quota_remove(struct share *share, int32_t group)
{
    int32_t mine = share->nodes[group].quota;

    if (mine == ID_NONE)
        return;
    share->quotas[mine] = share->quotas[--share->n_quotas];
    if (mine < share->n_quotas)
        share->nodes[share->quotas[mine].group].quota = mine;
}

/* A new period begins with all of its part: what was left is lost. */
static void renew(struct share_quota *quota, int64_t now)
{
    int64_t periods = (now - quota->period_end) / PERIOD;

    quota->at = quota->period_end + periods * PERIOD;
    quota->period_end = quota->at + PERIOD;
    quota->budget = quota->whole;
}

void share_quota_advance(struct share *share, int64_t now)
{
    for (int i = 0; i < share->n_quotas; i++) {
        struct share_quota *quota = &share->quotas[i];
        struct share_node *node = &share->nodes[quota->group];
        share_wide used;

        if (now >= quota->period_end && (!node->stopped || node->n_members == 0)) {
            renew(quota, now);
            node->stopped = false;
        }
        used = now > quota->at ? (share_wide)quota->rate * (share_wide)(now - quota->at) : 0;
        quota->budget -= used < quota->budget ? used : quota->budget;
        quota->at = now;
    }
}

/* When it has to stand still if it goes on like that, or may run again. A microsecond before its period
 * ends it has not to any more: what is rounded to one must not fall into the next period. */
static share_wide turn_of(const struct share_quota *quota, const struct share_node *node)
{
    share_wide turn;

    if (node->n_members == 0)
        return SHARE_NEVER;
    if (node->stopped)
        return (share_wide)quota->period_end;
    if (quota->rate == 0)
        return SHARE_NEVER;
    turn = (share_wide)quota->at + quota->budget / quota->rate;
    if (turn + SHARE_TICKS < (share_wide)quota->period_end)
        return turn;
    if ((share_wide)quota->rate * (PERIOD - SHARE_TICKS) <= quota->whole)
        return SHARE_NEVER;
    return (share_wide)quota->period_end + quota->whole / quota->rate;
}

share_wide share_quota_settle(struct share *share)
{
    share_wide next = SHARE_NEVER;

    for (int i = 0; i < share->n_quotas; i++) {
        struct share_quota *quota = &share->quotas[i];

        quota->rate = share_rate_of(share, quota->group);
        quota->turn = turn_of(quota, &share->nodes[quota->group]);
        next = quota->turn < next ? quota->turn : next;
    }
    return next;
}

int32_t share_quota_take_turn(struct share *share, int64_t now)
{
    for (int i = 0; i < share->n_quotas; i++) {
        struct share_quota *quota = &share->quotas[i];
        struct share_node *node = &share->nodes[quota->group];

        if (quota->turn > (share_wide)now + SHARE_TICKS / 2)
            continue;
        if (node->stopped)
            renew(quota, now < quota->period_end ? quota->period_end : now);
        else
            quota->budget = 0;
        quota->n_turns++;
        return quota->group;
    }
    return ID_NONE;
}

bool share_quota_is_old(const struct share *share, int32_t group)
{
    const struct share_node *node = &share->nodes[group];

    return share->quotas[node->quota].n_turns >= TURNS_MOST && !node->stopped;
}

void share_quota_retire(struct share *share, int32_t group)
{
    struct share_node *node = &share->nodes[group];
    const struct share_quota *quota = &share->quotas[node->quota];

    node->limit = (uint64_t)(quota->whole / PERIOD);
    node->throttle.phase = quota->period_end % PERIOD / SHARE_TICKS;
    share_quota_remove(share, group);
    node->quota = ID_NONE;
}
