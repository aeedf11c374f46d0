/*
 * The heap gives out what was put in, the earliest first.
 */
#include "core/timers.h"

#include "core/draw.h"

#include <criterion/criterion.h>

Test(timers, come_out_in_order_of_time)
{
    struct timers timers = {0};
    int64_t last_usec = 0, sum = 0;
    int n_in = 0, n_out = 0;

    cr_assert(timers_first(&timers) == NULL);
    for (int64_t i = 0; i < 5000; i++) {
        timers_add(&timers, last_usec + (int64_t)draw_below(1, DRAW_PULL, i, 0, 1000), (int32_t)i);
        n_in++;
        sum += i;
        while (timers.n_list > 0 && draw_below(1, DRAW_STOP, i, n_out, 100) < 45) {
            const struct timer *first = timers_first(&timers);

            cr_assert(first->at_usec >= last_usec);
            for (int k = 0; k < timers.n_list; k++)
                cr_assert(timers.list[k].at_usec >= first->at_usec);
            last_usec = first->at_usec;
            sum -= first->task;
            timers_drop_first(&timers);
            n_out++;
        }
    }
    while (timers.n_list > 0) {
        cr_assert(timers_first(&timers)->at_usec >= last_usec);
        last_usec = timers_first(&timers)->at_usec;
        sum -= timers_first(&timers)->task;
        timers_drop_first(&timers);
        n_out++;
    }
    cr_assert(n_in == n_out && sum == 0);
    timers_finish(&timers);
}
