/*
 * Rounds of rehearse.c in which containers come one by one: cold or warm, or built before they are asked for.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"

#include <assert.h>
#include <string.h>

#define IDLE_USEC 200000

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

/* Until it is ready: from the order to create it, and from that to start it. */
static void add_whole(struct calibration *calibration, enum measured cold, enum measured prepared,
                      const struct rehearse_times *times)
{
    for (int i = 0; i < times->n; i++) {
        int64_t usec = times->usec[REHEARSED_START][i] + times->usec[REHEARSED_CHILD][i] +
                       times->usec[REHEARSED_EXEC][i];

        series_add(&calibration->series[prepared], usec);
        series_add(&calibration->series[cold], times->usec[REHEARSED_CREATE][i] + usec);
    }
}

struct series calibrate_quieter(const struct rounds *rounds)
{
    struct series result = {0};
    int rank;

    for (int i = 0; i < rounds->n; i++) {
        rank = 0;
        for (int k = 0; k < rounds->n; k++) {
            int64_t mine = series_quantile(&rounds->list[i], 500);
            int64_t other = series_quantile(&rounds->list[k], 500);

            rank += other < mine || (other == mine && k < i);
        }
        if (3 * rank < 2 * rounds->n) {
            series_add_all(&result, rounds->list[i].values, rounds->list[i].n);
        }
    }
    return result;
}

/* What is measured of each container that comes alone. */
static const struct {
    enum measured what;
    enum rehearsed which;
} cold_rows[] = {
    {MEASURED_CREATE_COLD, REHEARSED_CREATE},
    {MEASURED_CREATE_COLD_CPU, REHEARSED_CREATE_CPU},
    {MEASURED_START_COLD, REHEARSED_START},
    {MEASURED_START_COLD_CPU, REHEARSED_START_CPU},
    {MEASURED_CHILD_COLD_CPU, REHEARSED_CHILD_CPU},
    {MEASURED_EXEC_COLD_CPU, REHEARSED_EXEC_CPU},
    {MEASURED_STOP, REHEARSED_STOP},
    {MEASURED_EXIT_COLD_CPU, REHEARSED_EXIT_CPU},
    {MEASURED_END_COLD_CPU, REHEARSED_END_CPU},
    {MEASURED_REMOVE, REHEARSED_REMOVE},
    {MEASURED_REMOVE_COLD_CPU, REHEARSED_REMOVE_CPU},
};

enum { COLD_ROWS = sizeof cold_rows / sizeof cold_rows[0] };

struct cold {
    struct rounds rows[COLD_ROWS], wait, see;
};

static void add_waits(struct cold *cold, const struct rehearse_times *times)
{
    struct series *wait = &cold->wait.list[cold->wait.n++];
    struct series *see = &cold->see.list[cold->see.n++];

    for (int i = 0; i < times->n; i++) {
        int64_t usec = times->usec[REHEARSED_CHILD][i] + times->usec[REHEARSED_EXEC][i] -
                       times->usec[REHEARSED_CHILD_CPU][i] - times->usec[REHEARSED_EXEC_CPU][i];

        series_add(wait, usec > 0 ? usec : 0);
        /* started and ready: two of them */
        series_add(see, times->usec[REHEARSED_SEE_CPU][i] / 2);
    }
}

static void add_cold(struct cold *cold, const struct rehearse_times *times)
{
    for (int i = 0; i < COLD_ROWS; i++) {
        struct rounds *rounds = &cold->rows[i];

        assert(rounds->n < ROUNDS_MOST);
        series_add_all(&rounds->list[rounds->n++], times->usec[cold_rows[i].which], times->n);
    }
    add_waits(cold, times);
}

static bool alone(struct calibration *calibration, struct err *err)
{
    const bool quick = calibration->quick;
    const struct rehearse_round sequence = {.family = "none", .n = quick ? 15 : 40};
    const struct rehearse_round rest = {
        .family = "none", .n = quick ? 8 : 15, .rest_usec = CALIBRATE_REST_USEC};
    const struct rehearse_round idle = {
        .family = "none", .n = quick ? 5 : 10, .rest_usec = IDLE_USEC};
    static struct cold cold;
    struct rehearse_times times;

    cold = (struct cold){0};
    if (!calibrate_rehearse(calibration, &sequence, &times, err)) {
        return false;
    }
    add_whole(calibration, MEASURED_COLD, MEASURED_PREPARED, &times);
    for (int n = quick ? 2 : 4; n > 0; n--) {
        if (!calibrate_rehearse(calibration, &rest, &times, err)) {
            return false;
        }
        add_cold(&cold, &times);
        if (!calibrate_rehearse(calibration, &idle, &times, err)) {
            return false;
        }
        add_whole(calibration, MEASURED_COLD_IDLE, MEASURED_PREPARED_IDLE, &times);
        add_cold(&cold, &times);
    }
    series_add(&calibration->series[MEASURED_CONTAINER_MEMORY],
               times.memory_bytes + times.group_bytes);
    for (int i = 0; i < COLD_ROWS; i++) {
        calibration->series[cold_rows[i].what] = calibrate_quieter(&cold.rows[i]);
    }
    calibration->series[MEASURED_CHILD_WAIT] = calibrate_quieter(&cold.wait);
    calibration->series[MEASURED_SEE_CPU] = calibrate_quieter(&cold.see);
    return true;
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
                {MEASURED_PARKED_IDLE, false, IDLE_USEC, 10, 2},
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

/* What changes from minute to minute is looked at several times in between. */
static bool in_between(struct calibration *calibration, struct err *err)
{
    calibrate_background(calibration);
    return calibrate_touch(calibration, err);
}

bool calibrate_containers(struct calibration *calibration, struct err *err)
{
    return in_between(calibration, err) && alone(calibration, err) &&
           in_between(calibration, err) && parked(calibration, err) &&
           calibrate_crowds(calibration, err) && in_between(calibration, err) &&
           calibrate_memory(calibration, err);
}
