/*
 * The list of who is routed to is made anew on every change of a target's use, so that picking is a
 * step along it. Only while somebody is in slow start do weights matter.
 */
#include "model/balancer.h"

#include "core/array.h"
#include "core/draw.h"

#include <stdlib.h>

#define WARM INT64_C(1000000)

void balancer_init(struct balancer *balancer, enum balancer_algorithm algorithm,
                   int64_t slow_start_usec, uint64_t stream)
{
    *balancer = (struct balancer){
        .algorithm = algorithm,
        /* ELB does not combine the two. */
        .slow_start_usec = algorithm == BALANCER_LEAST_OUTSTANDING ? 0 : slow_start_usec,
        .stream = stream,
    };
}

void balancer_finish(struct balancer *balancer)
{
    free(balancer->targets);
    free(balancer->routed);
    *balancer = (struct balancer){0};
}

int32_t balancer_add(struct balancer *balancer, int32_t task)
{
    *ARRAY_ADD(balancer, targets) =
        (struct balancer_target){.task = task, .use = BALANCER_HOLD, .warm = true};
    return balancer->n_targets - 1;
}

int32_t balancer_find(const struct balancer *balancer, int32_t task)
{
    for (int32_t i = balancer->n_targets - 1; i >= 0; i--)
        if (balancer->targets[i].task == task && balancer->targets[i].use != BALANCER_GONE)
            return i;
    return ID_NONE;
}

static bool is_cold(const struct balancer *balancer, int64_t at_usec,
                    const struct balancer_target *target)
{
    return !target->warm && at_usec - target->in_use_usec < balancer->slow_start_usec;
}

static void route(struct balancer *balancer, enum balancer_use use)
{
    balancer->n_routed = 0;
    for (int32_t i = 0; i < balancer->n_targets; i++)
        if (balancer->targets[i].use == use)
            *ARRAY_ADD(balancer, routed) = i;
}

/* Who comes next keeps its turn. */
static void keep_turn(struct balancer *balancer, int32_t next)
{
    balancer->cursor = 0;
    while (balancer->cursor < balancer->n_routed && balancer->routed[balancer->cursor] < next)
        balancer->cursor++;
    if (balancer->cursor >= balancer->n_routed)
        balancer->cursor = 0;
}

static void route_anew(struct balancer *balancer)
{
    int32_t next = balancer->cursor < balancer->n_routed ? balancer->routed[balancer->cursor] : 0;

    route(balancer, BALANCER_IN_USE);
    balancer->open = balancer->n_routed == 0;
    if (balancer->open)
        route(balancer, BALANCER_SPARE);
    keep_turn(balancer, next);
}

/* Counts those in slow start, whose credits begin at nothing. */
static void count_cold(struct balancer *balancer, int64_t at_usec)
{
    balancer->n_cold = 0;
    for (int i = 0; i < balancer->n_routed; i++) {
        struct balancer_target *target = &balancer->targets[balancer->routed[i]];

        if (is_cold(balancer, at_usec, target))
            balancer->n_cold++;
        else
            target->warm = true;
        target->credit = 0;
    }
}

void balancer_set(struct balancer *balancer, int64_t at_usec, int32_t index, enum balancer_use use)
{
    struct balancer_target *target = &balancer->targets[index];
    bool others_warm = false;

    if (target->use == use)
        return;
    for (int32_t i = 0; i < balancer->n_targets && !others_warm; i++)
        others_warm = i != index && balancer->targets[i].use == BALANCER_IN_USE &&
                      !is_cold(balancer, at_usec, &balancer->targets[i]);
    target->use = (uint8_t)use;
    target->in_use_usec = at_usec;
    target->warm = use != BALANCER_IN_USE || balancer->slow_start_usec == 0 || !others_warm;
    route_anew(balancer);
    count_cold(balancer, at_usec);
}

int64_t balancer_weight(const struct balancer *balancer, int64_t at_usec, int32_t index)
{
    const struct balancer_target *target = &balancer->targets[index];
    int64_t weight;

    if (!is_cold(balancer, at_usec, target))
        return WARM;
    weight = (int64_t)((double)(at_usec - target->in_use_usec) * WARM /
                       (double)balancer->slow_start_usec);
    return weight > 1 ? weight : 1;
}

static int32_t pick_in_turn(struct balancer *balancer)
{
    int32_t target = balancer->routed[balancer->cursor];

    if (++balancer->cursor == balancer->n_routed)
        balancer->cursor = 0;
    return target;
}

/* Everybody's credit grows by its weight; the richest is picked and pays for all ("smooth" weighted
 * round robin). */
static int32_t pick_by_credit(struct balancer *balancer, int64_t at_usec)
{
    struct balancer_target *best = NULL;
    int64_t total = 0;
    int32_t picked = 0;

    for (int i = 0; i < balancer->n_routed; i++) {
        struct balancer_target *target = &balancer->targets[balancer->routed[i]];
        int64_t weight = balancer_weight(balancer, at_usec, balancer->routed[i]);

        target->credit += weight;
        total += weight;
        if (!best || target->credit > best->credit) {
            best = target;
            picked = balancer->routed[i];
        }
    }
    best->credit -= total;
    if (total == balancer->n_routed * WARM)
        count_cold(balancer, at_usec);
    return picked;
}

/* Ties go round, or the first target would get every request of an idle group. */
static int32_t pick_least(struct balancer *balancer)
{
    int best = balancer->cursor;

    for (int i = 1; i < balancer->n_routed; i++) {
        int at = (balancer->cursor + i) % balancer->n_routed;

        if (balancer->targets[balancer->routed[at]].outstanding <
            balancer->targets[balancer->routed[best]].outstanding)
            best = at;
    }
    balancer->cursor = (best + 1) % balancer->n_routed;
    return balancer->routed[best];
}

static int32_t pick_at_random(struct balancer *balancer, int64_t at_usec, int64_t n)
{
    uint64_t word = draw_next(balancer->stream, n);
    int64_t total = 0, at;

    for (int i = 0; i < balancer->n_routed; i++)
        total += balancer_weight(balancer, at_usec, balancer->routed[i]);
    at = (int64_t)((word >> 20) * (0x1p-44) * (double)total);
    for (int i = 0; i < balancer->n_routed; i++) {
        at -= balancer_weight(balancer, at_usec, balancer->routed[i]);
        if (at < 0)
            return balancer->routed[i];
    }
    return balancer->routed[balancer->n_routed - 1];
}

int32_t balancer_pick(struct balancer *balancer, int64_t at_usec, int64_t n)
{
    if (balancer->n_routed == 0)
        return ID_NONE;
    switch (balancer->algorithm) {
    case BALANCER_LEAST_OUTSTANDING:
        return pick_least(balancer);
    case BALANCER_WEIGHTED_RANDOM:
        return pick_at_random(balancer, at_usec, n);
    case BALANCER_ROUND_ROBIN:
        break;
    }
    return balancer->n_cold > 0 ? pick_by_credit(balancer, at_usec) : pick_in_turn(balancer);
}
