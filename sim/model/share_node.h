/*
 * The inside of a share: nodes of its tree, the heaps they stand in, and the clock of a group whose
 * quota is used up now and then. Only share*.c include this.
 */
#ifndef BERTH_MODEL_SHARE_NODE_H
#define BERTH_MODEL_SHARE_NODE_H

#include "model/share.h"

/* Time inside is finer than a microsecond: a quota's part of a period is no whole number of them. */
#define SHARE_TICKS INT64_C(1024)

/* A level is a rate per weight, in a fixed point of its own. */
#define SHARE_LEVEL_BITS 24
#define SHARE_LEVEL_MAX (~(share_wide)0)

/* The key of what never comes. */
#define SHARE_NEVER (~(share_wide)0)

/* Of the members of a group, and ID_NONE: in none. */
enum share_heap {
    HEAP_FINISH,  /* FLUID ones by the virtual time at which their next work is done */
    HEAP_TIME,    /* the others by the group's time */
    HEAP_LIMIT,   /* FLUID ones by the level at which they change */
    HEAP_RELEASE, /* FIXED ones by the level below which they get less, highest first */
    HEAPS,
};

/* A node stands in one of the first two heaps with the first slot, in one of the others with the
 * second. */
#define SLOT_OF(heap) ((heap) / 2)

enum share_state {
    SHARE_IDLE,  /* a group without members that work */
    SHARE_FLUID, /* gets its weight times the level of its group */
    SHARE_FIXED, /* gets all that it can use: less than that */
};

struct share_slot {
    share_wide key;
    int32_t child, next, prev; /* pairing heap; prev: the parent of a first child */
};

/* Running and standing still by turns. Ticks are the parent's, but for `run`. */
struct share_throttle {
    int64_t phase;      /* SHARE_PHASE_NONE: no quota */
    int64_t period_end; /* the next time at which it may run anew */
    int64_t run_left;   /* ticks it may run until then */
    int64_t run;        /* ticks it may run in each period after that */
    uint64_t speed;     /* its rate while it runs */
    uint64_t budget;    /* left when it was last stopped, in the period that ends at saved_end */
    int64_t saved_end;
    bool on;
};

/* The same looked at period by period, in ticks; budgets are rates times ticks. */
struct share_quota {
    int32_t group;
    uint64_t rate;     /* at which it uses its budget now */
    share_wide whole;  /* budget of a period */
    share_wide budget; /* left at `at` */
    share_wide turn;   /* when it stops, or runs again; SHARE_NEVER */
    int64_t at;
    int64_t period_end; /* a new period begins */
    int32_t n_turns;    /* taken so far */
};

struct share_node {
    struct share_slot slots[2];
    int8_t heaps[2]; /* in which it stands: enum share_heap or ID_NONE */
    bool is_group;
    bool watched; /* looked at with every change of its group */
    bool stopped; /* its quota is used up: its members stand still */
    uint8_t state;
    int32_t parent;
    int32_t watched_next, watched_prev;
    uint64_t weight;
    uint64_t limit; /* rate */

    /* a worker's */
    share_wide left; /* FIXED: at the time `seen`; rate times ticks */
    int64_t who;

    /* a group's */
    share_wide demand; /* the rate that its members could use */
    uint64_t rate;     /* what it got when it was last looked at, on average */
    uint64_t fixed;    /* sum of the rates of FIXED members */
    uint64_t fluid;    /* sum of the weights of FLUID members */
    uint64_t weights;  /* of all that work */
    share_wide level, virtual_time;
    share_wide base; /* the parent's virtual time when ours was last brought up to it */
    int64_t at;      /* its own time */
    int64_t seen;    /* the parent's time then; a worker: as of which `left` is */
    int32_t tops[HEAPS];
    int32_t watched_first;
    int32_t n_members, n_fixed, n_watched;
    int32_t quota; /* in the share's quotas, ID_NONE */
    struct share_throttle throttle;
};

/* share_heap.c */
void share_heap_put(struct share *share, int32_t group, enum share_heap heap, int32_t node,
                    share_wide key);
void share_heap_take(struct share *share, int32_t group, int32_t node, int slot);

/* share.c: what it gets now; it and all above it are brought up to date. */
uint64_t share_rate_of(struct share *share, int32_t group);

/* share_quota.c */
/* ID_NONE: this one is no exact share's, or it has too many already. Its group is to be set. */
int32_t share_quota_add(struct share *share, uint64_t quota, int64_t phase_usec);
void share_quota_remove(struct share *share, int32_t group);
/* Up to now everybody had the rate found by share_quota_settle(); that gives the next turn. */
void share_quota_advance(struct share *share, int64_t now);
share_wide share_quota_settle(struct share *share);
/* A group that has to stand still or may run again now, ID_NONE: none. */
int32_t share_quota_take_turn(struct share *share, int64_t now);
/* It has had as many turns as are looked at: from now on its group, which is in no other at the moment,
 * goes by the average. */
bool share_quota_is_old(const struct share *share, int32_t group);
void share_quota_retire(struct share *share, int32_t group);

/* share_throttle.c */
/* How far its own time goes while the parent's goes from `seen` to `now`; takes note of it. */
int64_t share_throttle_advance(struct share_throttle *throttle, int64_t seen, int64_t now);
/* The first time of the parent at which its own has gone on by `ticks`, since `seen`. */
share_wide share_throttle_invert(const struct share_throttle *throttle, int64_t seen,
                                 int64_t ticks);
/* From `now` on it has to stop now and then: `rate` is what it used on average before. */
void share_throttle_begin(struct share_throttle *throttle, int64_t now, uint64_t quota,
                          uint64_t rate);
void share_throttle_end(struct share_throttle *throttle);
/* While it runs it gets `speed`, from now on. */
void share_throttle_set_speed(struct share_throttle *throttle, uint64_t quota, uint64_t speed);

#endif
