/*
 * Rounds of rehearse.c. In each something else is cold, or in the way; a step's price in a crowd is
 * what it costs right after the same step of another container.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"

#include <string.h>

/* What the kernel and the processors forget meanwhile is cold. */
#define COLD_USEC 20000
#define IDLE_USEC 200000

#define TOUCHED_MIB 64 /* by the rehearsal's family "touch" */

static bool rehearse_round(struct calibration *calibration, const struct rehearse_round *round,
                           struct rehearse_times *times, struct err *err)
{
    memset(times, 0, sizeof *times);
    if (!rehearse(&calibration->run, &calibration->cgroups, &calibration->programs,
                  calibration->cloud_fd, ++calibration->n_rounds, round, times, err)) {
        return false;
    }
    series_add(&calibration->series[MEASURED_PULL], times->first_pull_usec);
    series_add(&calibration->series[MEASURED_PULL_CPU], times->first_pull_cpu_usec);
    return true;
}

static void add(struct calibration *calibration, enum measured what,
                const struct rehearse_times *times, enum rehearsed which)
{
    series_add_all(&calibration->series[what], times->usec[which], times->n);
}

/* From the order to create it until it is ready. */
static void add_whole(struct calibration *calibration, enum measured what,
                      const struct rehearse_times *times)
{
    for (int i = 0; i < times->n; i++) {
        series_add(&calibration->series[what],
                   times->usec[REHEARSED_CREATE][i] + times->usec[REHEARSED_START][i] +
                       times->usec[REHEARSED_CHILD][i] + times->usec[REHEARSED_EXEC][i]);
    }
}

static void add_waits(struct calibration *calibration, const struct rehearse_times *times)
{
    for (int i = 0; i < times->n; i++) {
        int64_t usec = times->usec[REHEARSED_CHILD][i] + times->usec[REHEARSED_EXEC][i] -
                       times->usec[REHEARSED_CHILD_CPU][i] - times->usec[REHEARSED_EXEC_CPU][i];

        series_add(&calibration->series[MEASURED_CHILD_WAIT], usec > 0 ? usec : 0);
        /* started and ready: two of them */
        series_add(&calibration->series[MEASURED_SEE_CPU], times->usec[REHEARSED_SEE_CPU][i] / 2);
    }
}

static void add_cold(struct calibration *calibration, const struct rehearse_times *times)
{
    add(calibration, MEASURED_CREATE_COLD, times, REHEARSED_CREATE);
    add(calibration, MEASURED_CREATE_COLD_CPU, times, REHEARSED_CREATE_CPU);
    add(calibration, MEASURED_START_COLD, times, REHEARSED_START);
    add(calibration, MEASURED_START_COLD_CPU, times, REHEARSED_START_CPU);
    add(calibration, MEASURED_CHILD_COLD_CPU, times, REHEARSED_CHILD_CPU);
    add(calibration, MEASURED_EXEC_COLD_CPU, times, REHEARSED_EXEC_CPU);
    add(calibration, MEASURED_STOP, times, REHEARSED_STOP);
    add(calibration, MEASURED_END_CPU, times, REHEARSED_END_CPU);
    add(calibration, MEASURED_REMOVE, times, REHEARSED_REMOVE);
    add(calibration, MEASURED_REMOVE_CPU, times, REHEARSED_REMOVE_CPU);
    add_waits(calibration, times);
}

static bool alone(struct calibration *calibration, struct err *err)
{
    const bool quick = calibration->quick;
    const struct rehearse_round sequence = {"none", quick ? 15 : 40, false, 0};
    const struct rehearse_round cold = {"none", quick ? 20 : 60, false, COLD_USEC};
    const struct rehearse_round idle = {"none", quick ? 8 : 20, false, IDLE_USEC};
    struct rehearse_times times;

    if (!rehearse_round(calibration, &sequence, &times, err)) {
        return false;
    }
    add_whole(calibration, MEASURED_COLD, &times);
    if (!rehearse_round(calibration, &cold, &times, err)) {
        return false;
    }
    add_cold(calibration, &times);
    series_add(&calibration->series[MEASURED_CONTAINER_MEMORY],
               times.memory_bytes + times.group_bytes);
    if (!rehearse_round(calibration, &idle, &times, err)) {
        return false;
    }
    add_whole(calibration, MEASURED_COLD_IDLE, &times);
    add_cold(calibration, &times);
    return true;
}

/* The first of a crowd is cold, like one that is alone. */
static void add_warm(struct calibration *calibration, enum measured what,
                     const struct rehearse_times *times, enum rehearsed which)
{
    series_add_all(&calibration->series[what], times->usec[which] + 1, times->n - 1);
}

static bool crowd(struct calibration *calibration, struct err *err)
{
    const struct rehearse_round round = {"none", 40, true, COLD_USEC};
    struct rehearse_times times;

    for (int n = calibration->quick ? 2 : 5; n > 0; n--) {
        if (!rehearse_round(calibration, &round, &times, err)) {
            return false;
        }
        add_warm(calibration, MEASURED_CREATE_CPU, &times, REHEARSED_CREATE_CPU);
        add_warm(calibration, MEASURED_START_CPU, &times, REHEARSED_START_CPU);
        add_warm(calibration, MEASURED_CHILD_CPU, &times, REHEARSED_CHILD_CPU);
        add_warm(calibration, MEASURED_EXEC_CPU, &times, REHEARSED_EXEC_CPU);
        series_add(&calibration->series[MEASURED_COLD_AT_ONCE], times.all_usec / times.n);
    }
    return true;
}

/* A network of its own comes on top of what a container without one costs. */
static bool networks(struct calibration *calibration, struct err *err)
{
    const struct rehearse_round round = {"bridge", calibration->quick ? 20 : 40, true, COLD_USEC};
    struct series wall = {0}, cpu = {0};
    struct rehearse_times times;

    for (int n = calibration->quick ? 2 : 4; n > 0; n--) {
        if (!rehearse_round(calibration, &round, &times, err)) {
            return false;
        }
        series_add_all(&wall, times.usec[REHEARSED_CREATE] + 1, times.n - 1);
        series_add_all(&cpu, times.usec[REHEARSED_CREATE_CPU] + 1, times.n - 1);
    }
    calibration->series[MEASURED_NETWORK] =
        series_minus(&wall, &calibration->series[MEASURED_CREATE_CPU]);
    calibration->series[MEASURED_NETWORK_CPU] =
        series_minus(&cpu, &calibration->series[MEASURED_CREATE_CPU]);
    return true;
}

static bool memory(struct calibration *calibration, struct err *err)
{
    const struct rehearse_round round = {"touch", 12, false, COLD_USEC};
    int64_t base_usec = series_quantile(&calibration->series[MEASURED_EXEC_COLD_CPU], 500);
    struct rehearse_times times;

    if (!rehearse_round(calibration, &round, &times, err)) {
        return false;
    }
    for (int i = 0; i < times.n; i++) {
        int64_t usec = times.usec[REHEARSED_EXEC_CPU][i] - base_usec;

        series_add(&calibration->series[MEASURED_TOUCH], usec > 0 ? usec / TOUCHED_MIB : 0);
    }
    return true;
}

bool calibrate_containers(struct calibration *calibration, struct err *err)
{
    return alone(calibration, err) && crowd(calibration, err) && networks(calibration, err) &&
           memory(calibration, err);
}
