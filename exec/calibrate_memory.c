/*
 * What a MiB costs that is touched for the first time, and given back at the end, and an end for want of
 * it. Memory is brought to hand before, as it is before a run (exec/warm.h).
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"
#include "exec/warm.h"

#include <assert.h>

#define TOUCHED_MIB 128 /* by the rehearsal's family "touch" */
#define TOUCHING_MOST 4

/* In a hurry they touch for no longer than this, as far as touching before it tells, and kills are looked at once if
 * it is late. */
#define TOUCH_USEC 500000
#define KILL_AGAIN_USEC INT64_C(19500000)

/* What each program took until it was ready, and what each took to end. */
static struct series touched;
static struct rounds freed;

/* Brings to hand what each agent's containers will touch, so many of them at once, for whom there is room for twice as
 * much. */
static int bring_to_hand(const struct calibration *calibration, int agents)
{
    const int64_t each = (int64_t)agents * TOUCHED_MIB << 20;
    int64_t n = warm_most() / each, begin_usec = loop_clock_usec();

    n = n < TOUCHING_MOST ? n : TOUCHING_MOST;
    if (calibrate_hurries(calibration) && n > 1) {
        int64_t most;

        warm_memory(each);
        most = TOUCH_USEC / (loop_clock_usec() - begin_usec + 1);
        n = n < most ? n : most;
        if (n <= 1) {
            return 1;
        }
    }
    n = n < 1 ? 1 : n;
    warm_memory(n * each);
    return (int)n;
}

/* Touched, and given back, by many at once, since that is what a crowd does, and for long: in its first moments, as in
 * those when others end, a MiB costs some hundredths more. */
bool calibrate_touch(struct calibration *calibration, struct err *err)
{
    const int agents = calibrate_crowd_agents();
    const struct rehearse_round round = {.family = "touch",
                                         .n = bring_to_hand(calibration, agents),
                                         .at_once = true,
                                         .rest_usec = CALIBRATE_REST_USEC,
                                         .agents = agents};
    struct rehearse_times times;

    for (int n = calibration->quick ? 1 : 2; n > 0; n--) {
        if (!calibrate_rehearse(calibration, &round, &times, err)) {
            return false;
        }
        assert(freed.n < ROUNDS_MOST);
        series_add_all(&touched, times.usec[REHEARSED_EXEC_CPU], times.n);
        series_add_all(&freed.list[freed.n++], times.usec[REHEARSED_END_CPU], times.n);
    }
    return true;
}

/* What a step took longer for the memory that was touched, of a MiB. */
static void take_beyond(struct series *series, int64_t base_usec)
{
    for (int i = 0; i < series->n; i++) {
        int64_t usec = series->values[i] - base_usec;

        series->values[i] = usec > 0 ? usec / TOUCHED_MIB : 0;
    }
}

/* CPU time of a container's whole life, which ends by itself, and how many were killed. */
static bool live(struct calibration *calibration, const char *family, int64_t *usec, int *n_oom,
                 struct err *err)
{
    const struct rehearse_round round = {.family = family,
                                         .n = 8,
                                         .at_once = true,
                                         .rest_usec = CALIBRATE_REST_USEC,
                                         .agents = calibrate_crowd_agents(),
                                         .by_itself = true};
    struct rehearse_times times;
    int64_t sum_usec = 0;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    for (int i = 0; i < times.n; i++) {
        sum_usec += times.usec[REHEARSED_LIFE_CPU][i];
    }
    *usec = sum_usec / times.n;
    *n_oom = times.n_oom;
    return true;
}

/* Of two that touch as much one wants more than it may have. A kernel that kills nobody for that (it swaps)
 * costs nothing here. */
static bool kill_for_memory(struct calibration *calibration, struct err *err)
{
    const int most = calibration->quick ? 3 : 6;

    for (int i = 0; i < most && (i == 0 || calibrate_has_time(calibration, KILL_AGAIN_USEC)); i++) {
        int64_t within_usec, beyond_usec;
        int n_within, n_beyond;

        if (!live(calibration, "within", &within_usec, &n_within, err) ||
            !live(calibration, "beyond", &beyond_usec, &n_beyond, err)) {
            return false;
        }
        series_add(&calibration->series[MEASURED_KILL_CPU],
                   n_beyond > 0 && beyond_usec > within_usec ? beyond_usec - within_usec : 0);
    }
    return true;
}

bool calibrate_memory(struct calibration *calibration, struct err *err)
{
    struct series *series = calibration->series;

    series[MEASURED_TOUCH] = touched;
    series[MEASURED_FREE] = series_middle(&freed);
    take_beyond(&series[MEASURED_TOUCH], series_quantile(&series[MEASURED_EXEC_CPU], 500));
    take_beyond(&series[MEASURED_FREE], series_quantile(&series[MEASURED_END_CPU], 500));
    return kill_for_memory(calibration, err);
}
