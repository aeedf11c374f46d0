/*
 * Who waits for room, from when to when: worked out once, so that any moment's queue is found without
 * walking through all that ever waited. It must never know pixels or words.
 */
#ifndef BERTH_VIZ_SCENE_WAIT_H
#define BERTH_VIZ_SCENE_WAIT_H

#include "file/story.h"

/* What a note says holds from `at_usec` until a newer note about the same thing, its placement or its
 * end. */
struct scene_waiter {
    int64_t at_usec, until_usec;
    int64_t since_usec; /* it has waited, with the older notes */
    int32_t note;
};

struct scene_waiters {
    struct scene_waiter *list; /* who has waited longest first */
    int n_list, cap_list;
    int64_t *begins, *ends;             /* each in order of time */
    int64_t *block_begins, *block_ends; /* of so many in the list the first and the last */
};

void scene_wait_init(struct scene_waiters *waiters, const struct story *story);
void scene_wait_finish(struct scene_waiters *waiters);

/* How many wait at a moment. */
int scene_wait_count(const struct scene_waiters *waiters, int64_t at_usec);

/* Those that have waited longest, at most `most`: their positions in the list. Returns how many. */
int scene_wait_list(const struct scene_waiters *waiters, int64_t at_usec, int *positions, int most);

#endif
