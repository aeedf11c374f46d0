/*
 * When something of which task is due: a heap, so that an agent with thousands of tasks finds the next
 * one at once. It forgets nothing by itself: who takes an entry out asks the task whether it still
 * stands.
 */
#ifndef BERTH_CORE_TIMERS_H
#define BERTH_CORE_TIMERS_H

#include "core/unit.h"

struct timer {
    int64_t at_usec;
    int32_t task;
};

struct timers {
    struct timer *list; /* a binary heap, the earliest first */
    int n_list, cap_list;
};

void timers_finish(struct timers *timers);
void timers_add(struct timers *timers, int64_t at_usec, int32_t task);

/* The earliest, or NULL; among equals any. Valid until the next change. */
const struct timer *timers_first(const struct timers *timers);
void timers_drop_first(struct timers *timers);

#endif
