/*
 * How unevenly those share the processors that weigh as little as any can. A kernel that cannot see how little that is
 * moves nearly all of a line to another, every so often (sim/fleet_overbalance.c); how often follows from how
 * different their CPU times become.
 */
#include "exec/calibrate_inside.h"

#include "exec/scale.h"

enum { PER_CPU = 6, KEPT = 2 };

#define WATCH_USEC 400000

/* Busy processors of c are evened out every 32 ms times c at the latest (kernel, topology.c: max_interval is 2 ms for
 * each, busy_factor 16). */
#define LONGEST_USEC 32000

/* Where the kernel shares evenly, what is left of the differences looks like less than a tick. */
#define LEAST_USEC 5000

/*
 * Of n on c processors two each are alone with all but one of these, and get half of it; the m that are left share the
 * last one. With p of n alone, a task's rate differs by d between the two. Every interval T two of the m stay behind,
 * and two who were alone come to them: a task's rate in one interval and in the next are correlated by
 * r = 1 - 1 / (c - 1) - 2 / m. The variance of what it got in a time W is then W T p (1 - p) d^2 (1 + r) / (1 - r).
 * Who got most is left out: it may have been quite alone, and nobody is moved while one is.
 */
static int64_t interval_usec(const struct rehearse_times *times, double cpus)
{
    const double n = times->n, m = n - KEPT * (cpus - 1);
    const double p = 1 - m / n, d = 1.0 / KEPT - 1 / m;
    const double r = 1 - 1 / (cpus - 1) - KEPT / m;
    double sum = 0, squares = 0, most = 0, mean, moved_usec, usec;

    for (int i = 0; i < times->n; i++) {
        double got_usec = (double)times->usec[REHEARSED_SHARE_CPU][i];

        sum += got_usec;
        squares += got_usec * got_usec;
        most = got_usec > most ? got_usec : most;
    }
    mean = (sum - most) / (n - 1);
    moved_usec = most > WATCH_USEC / 2 ? WATCH_USEC - most : WATCH_USEC;
    moved_usec = moved_usec > WATCH_USEC / 4 ? moved_usec : WATCH_USEC / 4;
    usec = ((squares - most * most) / (n - 1) - mean * mean) * (n - 1) / (n - 2) /
           (moved_usec * p * (1 - p) * d * d * (1 + r) / (1 - r));
    if (usec < LEAST_USEC) {
        return 0;
    }
    return (int64_t)(usec < LONGEST_USEC * cpus ? usec : LONGEST_USEC * cpus);
}

/* None has ended meanwhile, for which there is no reason. */
static bool all_were_there(const struct rehearse_times *times)
{
    for (int i = 0; i < times->n; i++) {
        if (times->usec[REHEARSED_SHARE_CPU][i] <= 0) {
            return false;
        }
    }
    return true;
}

/* Of more processors than 21 there are not enough containers for a crowd. */
bool calibrate_share(struct calibration *calibration, struct err *err)
{
    const int cpus = (int)(capacity_of_machine().cpu / CPU_UNITS_PER_VCPU);
    const int agents = calibrate_crowd_agents(),
              most = (PER_CPU * cpus < REHEARSE_MOST ? PER_CPU * cpus : REHEARSE_MOST) / agents;
    const struct rehearse_round round = {.family = "least",
                                         .n = most,
                                         .at_once = true,
                                         .rest_usec = CALIBRATE_REST_USEC,
                                         .agents = agents,
                                         .watch_usec = WATCH_USEC};
    struct rehearse_times times;

    if (cpus < 2 || most * agents <= (KEPT + 1) * cpus) {
        return true;
    }
    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    if (all_were_there(&times)) {
        series_add(&calibration->series[MEASURED_OVERBALANCE], interval_usec(&times, cpus));
    }
    return true;
}
