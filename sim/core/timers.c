/*
 * A binary heap in an array: the children of i stand at 2 i + 1 and 2 i + 2.
 */
#include "core/timers.h"

#include "core/array.h"

#include <assert.h>
#include <stdlib.h>

void timers_finish(struct timers *timers)
{
    free(timers->list);
    *timers = (struct timers){0};
}

void timers_add(struct timers *timers, int64_t at_usec, int32_t task)
{
    int i;

    ARRAY_ADD(timers, list);
    for (i = timers->n_list - 1; i > 0 && timers->list[(i - 1) / 2].at_usec > at_usec;
         i = (i - 1) / 2)
        timers->list[i] = timers->list[(i - 1) / 2];
    timers->list[i] = (struct timer){at_usec, task};
}

const struct timer *timers_first(const struct timers *timers)
{
    return timers->n_list > 0 ? &timers->list[0] : NULL;
}

void timers_drop_first(struct timers *timers)
{
    struct timer last;
    int i = 0, n = timers->n_list - 1;

    assert(n >= 0);
    last = timers->list[n];
    timers->n_list = n;
    for (int child = 1; child < n; child = 2 * i + 1) {
        child += child + 1 < n && timers->list[child + 1].at_usec < timers->list[child].at_usec;
        if (timers->list[child].at_usec >= last.at_usec)
            break;
        timers->list[i] = timers->list[child];
        i = child;
    }
    if (n > 0)
        timers->list[i] = last;
}
