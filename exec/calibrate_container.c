/*
 * What is measured of containers and their agents, in which order, and rounds of rehearse.c as such; those of containers
 * built before they are asked for.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>

/* What is not begun by then in a hurry is left out, since all of it was looked at before. */
#define LAST_LOOK_USEC INT64_C(12500000)

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

/* A machine is as quick in one half minute as in the next, but for some hundredths; from second to second a container may
 * take a tenth more or less (guests, above all). So everything is looked at again and again, each time between
 * all else. */
struct looks {
    struct crowd *crowds;
    struct alone *alone;
    int n; /* at crowds and whole runs, in between */
};

static bool in_between(struct calibration *calibration, const struct looks *looks, struct err *err)
{
    if (!calibrate_touch(calibration, err)) {
        return false;
    }
    calibrate_background(calibration);
    for (int i = 0; i < looks->n; i++) {
        if (!calibrate_crowds(calibration, looks->crowds, err) ||
            !calibrate_agents(calibration, err)) {
            return false;
        }
    }
    return true;
}

static bool alone(struct calibration *calibration, const struct looks *looks, struct err *err)
{
    for (int n = calibration->quick ? 1 : 2; n > 0; n--) {
        if (!calibrate_alone(calibration, looks->alone, err)) {
            return false;
        }
    }
    return true;
}

/* What differs most from one look to the next, where there is time for more. */
static bool once_more(struct calibration *calibration, struct err *err)
{
    return calibrate_hurries(calibration) ||
           (calibrate_touch(calibration, err) && calibrate_share(calibration, err));
}

static bool last_look(struct calibration *calibration, const struct looks *looks, struct err *err)
{
    return !calibrate_has_time(calibration, LAST_LOOK_USEC) ||
           (alone(calibration, looks, err) && once_more(calibration, err) &&
            in_between(calibration, looks, err));
}

static bool look(struct calibration *calibration, const struct looks *looks, struct err *err)
{
    struct looks first = *looks;

    if (calibrate_hurries(calibration)) { /* not before all else, when much is cold */
        first.n = 0;
    }
    return in_between(calibration, &first, err) && alone(calibration, looks, err) &&
           once_more(calibration, err) && in_between(calibration, looks, err) &&
           parked(calibration, err) && calibrate_share(calibration, err) &&
           calibrate_prepared(calibration, err) && last_look(calibration, looks, err);
}

bool calibrate_containers(struct calibration *calibration, struct err *err)
{
    struct looks looks = {.alone = calibrate_alone_begin(), .n = calibration->quick ? 1 : 2};
    bool ok;

    looks.crowds = calibrate_crowds_begin(calibration);
    ok = look(calibration, &looks, err);
    calibrate_crowds_end(calibration, looks.crowds, ok);
    calibrate_alone_end(calibration, looks.alone, ok);
    if (!ok) {
        return false;
    }
    calibrate_cold_after(calibration);
    return calibrate_memory(calibration, err);
}
