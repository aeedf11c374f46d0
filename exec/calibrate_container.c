/*
 * What is measured of containers, in which order, and rounds of rehearse.c as such; those of containers built before
 * they are asked for.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

int calibrate_next_round(struct calibration *calibration, const struct rehearse_round *round)
{
    int index = calibration->n_rounds + 1;

    calibration->n_rounds += round->agents > 0 ? round->agents : 1;
    return index;
}

bool calibrate_rehearse(struct calibration *calibration, const struct rehearse_round *round,
                        struct rehearse_times *times, struct err *err)
{
    int index = calibrate_next_round(calibration, round);

    memset(times, 0, sizeof *times);
    if (!rehearse(&calibration->run, &calibration->cgroups, &calibration->programs,
                  calibration->cloud_fd, index, round, times, err)) {
        return false;
    }
    series_add(&calibration->series[MEASURED_PULL], times->first_pull_usec);
    series_add(&calibration->series[MEASURED_PULL_CPU], times->first_pull_cpu_usec);
    return true;
}

void *calibrate_keep(size_t size)
{
    void *kept = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

    assert(kept != MAP_FAILED);
    return kept;
}

void calibrate_let_go(void *kept, size_t size)
{
    munmap(kept, size);
}

/* ---- built, and waiting for a word ---- */

static bool parked(struct calibration *calibration, struct err *err)
{
    static const struct {
        enum measured what;
        bool at_once;
        int64_t rest_usec;
        int n, n_quick;
    } rows[] = {{MEASURED_PARKED, false, 0, 30, 5},
                {MEASURED_PARKED_IDLE, false, CALIBRATE_IDLE_USEC, 10, 2},
                {MEASURED_PARKED_AT_ONCE, true, 0, 28, 28}};
    struct rehearse_times times;

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct rehearse_round round = {.family = "none",
                                             .n = calibration->quick ? rows[i].n_quick : rows[i].n,
                                             .at_once = rows[i].at_once,
                                             .rest_usec = rows[i].rest_usec,
                                             .parked = true};
        struct series *series = &calibration->series[rows[i].what];

        if (!calibrate_rehearse(calibration, &round, &times, err)) {
            return false;
        }
        if (rows[i].at_once) {
            series_add(series, times.all_usec / times.n);
        } else {
            series_add_all(series, times.usec[REHEARSED_PARKED], times.n);
        }
    }
    return true;
}

/* What changes from second to second, as the speed of a guest's processors may, is looked at three times, apart from
 * each other: `n_crowds`: how often at crowds. */
static bool in_between(struct calibration *calibration, struct crowd *crowds, int n_crowds,
                       struct err *err)
{
    if (!calibrate_touch(calibration, err)) {
        return false;
    }
    calibrate_background(calibration);
    for (; n_crowds > 0; n_crowds--) {
        if (!calibrate_crowds(calibration, crowds, err)) {
            return false;
        }
    }
    return true;
}

bool calibrate_containers(struct calibration *calibration, struct err *err)
{
    /* in a hurry not before all else, when much is cold */
    const int n_crowds = calibration->quick ? 1 : 2;
    const int n_first = calibrate_hurries(calibration) ? 0 : n_crowds;
    struct crowd *crowds = calibrate_crowds_begin(calibration);
    bool ok = in_between(calibration, crowds, n_first, err) && calibrate_alone(calibration, err) &&
              in_between(calibration, crowds, n_crowds, err) && parked(calibration, err) &&
              in_between(calibration, crowds, n_crowds, err);

    calibrate_crowds_end(calibration, crowds, ok);
    if (!ok) {
        return false;
    }
    calibrate_cold_after(calibration);
    return calibrate_memory(calibration, err);
}
