/*
 * Rounds of rehearse.c in which containers come one by one: what their steps cost when they are cold, and how soon
 * after the last container they are.
 */
#include "exec/calibrate_inside.h"

#include "exec/rehearse.h"

#include <assert.h>

/* How long there is nothing to do before each container. Those of the last two are as cold as can be. */
static const struct {
    int64_t rest_usec;
    int n, n_quick;
} rests[] = {{0, 20, 8},
             {4000, 15, 8},
             {12000, 15, 8},
             {25000, 15, 8},
             {CALIBRATE_REST_USEC, 15, 8},
             {CALIBRATE_IDLE_USEC, 10, 4}};

_Static_assert(sizeof rests / sizeof rests[0] <= CALIBRATE_LIVES_MOST,
               "a crowd's and all but the last");

enum {
    RESTS = sizeof rests / sizeof rests[0],
    REST_NONE = 0,
    REST_COLD = RESTS - 2,
    REST_IDLE = RESTS - 1,
};

/* What is measured of each container that is cold. */
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
    {MEASURED_HEARD_COLD_CPU, REHEARSED_HEARD_CPU},
    {MEASURED_REMOVE, REHEARSED_REMOVE},
    {MEASURED_REMOVE_COLD_CPU, REHEARSED_REMOVE_CPU},
};

enum { COLD_ROWS = sizeof cold_rows / sizeof cold_rows[0] };

/* CPU time of a container's whole life: its parts, and what each is called in a crowd. */
static const struct {
    enum rehearsed which;
    enum measured crowd;
} parts[] = {
    {REHEARSED_CREATE_CPU, MEASURED_CREATE_CPU}, {REHEARSED_START_CPU, MEASURED_START_CPU},
    {REHEARSED_CHILD_CPU, MEASURED_CHILD_CPU},   {REHEARSED_EXEC_CPU, MEASURED_EXEC_CPU},
    {REHEARSED_EXIT_CPU, MEASURED_EXIT_CPU},     {REHEARSED_END_CPU, MEASURED_END_CPU},
    {REHEARSED_REMOVE_CPU, MEASURED_REMOVE_CPU},
};

enum { PARTS = sizeof parts / sizeof parts[0] };

struct alone {
    struct rounds rows[COLD_ROWS], wait, see; /* cold */
    struct rounds lives[REST_COLD + 1];       /* CPU time of all parts */
    struct series apart[REST_COLD + 1];       /* from a part until it comes again */
};

/* Until it is ready: from the order to start it where it was prepared before, else from that to create it. */
static void add_whole(struct calibration *calibration, enum measured what, bool prepared,
                      const struct rehearse_times *times)
{
    for (int i = 0; i < times->n; i++) {
        int64_t usec = times->usec[REHEARSED_START][i] + times->usec[REHEARSED_CHILD][i] +
                       times->usec[REHEARSED_EXEC][i];

        series_add(&calibration->series[what],
                   prepared ? usec : times->usec[REHEARSED_CREATE][i] + usec);
    }
}

static void add_waits(struct alone *alone, const struct rehearse_times *times)
{
    struct series *wait = &alone->wait.list[alone->wait.n++];
    struct series *see = &alone->see.list[alone->see.n++];

    for (int i = 0; i < times->n; i++) {
        int64_t usec = times->usec[REHEARSED_CHILD][i] + times->usec[REHEARSED_EXEC][i] -
                       times->usec[REHEARSED_CHILD_CPU][i] - times->usec[REHEARSED_EXEC_CPU][i];

        series_add(wait, usec > 0 ? usec : 0);
        /* started and ready: two of them */
        series_add(see, times->usec[REHEARSED_SEE_CPU][i] / 2);
    }
}

static void add_cold(struct alone *alone, const struct rehearse_times *times)
{
    for (int i = 0; i < COLD_ROWS; i++) {
        struct rounds *rounds = &alone->rows[i];

        assert(rounds->n < ROUNDS_MOST);
        series_add_all(&rounds->list[rounds->n++], times->usec[cold_rows[i].which], times->n);
    }
    add_waits(alone, times);
}

/* The first has rested for longer than the others. From the beginning of a part to its next there is as long as from one
 * container to the next, from its end the less the longer it takes: on average, each part by what it costs. */
static void add_lives(struct alone *alone, int rest, const struct rehearse_times *times)
{
    struct rounds *lives = &alone->lives[rest];
    int64_t sum = 0, squares = 0;

    assert(lives->n < ROUNDS_MOST);
    for (int i = 1; i < times->n; i++) {
        int64_t usec = 0;

        for (int k = 0; k < PARTS; k++) {
            int64_t part_usec = times->usec[parts[k].which][i];

            usec += part_usec;
            squares += part_usec * part_usec;
        }
        series_add(&lives->list[lives->n], usec);
        sum += usec;
    }
    lives->n++;
    series_add(&alone->apart[rest], times->apart_usec - (sum > 0 ? squares / sum : 0));
}

static bool rest_round(struct calibration *calibration, struct alone *alone, int rest,
                       struct err *err)
{
    const struct rehearse_round round = {.family = "none",
                                         .n = calibration->quick ? rests[rest].n_quick
                                                                 : rests[rest].n,
                                         .rest_usec = rests[rest].rest_usec};
    struct rehearse_times times;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    if (rest <= REST_COLD) {
        add_lives(alone, rest, &times);
    }
    if (rest >= REST_COLD) {
        add_cold(alone, &times);
    }
    if (rest == REST_NONE) {
        add_whole(calibration, MEASURED_COLD, false, &times);
        add_whole(calibration, MEASURED_PREPARED, true, &times);
    } else if (rest == REST_IDLE) {
        add_whole(calibration, MEASURED_COLD_IDLE, false, &times);
        series_add(&calibration->series[MEASURED_CONTAINER_MEMORY],
                   times.memory_bytes + times.group_bytes);
    }
    return true;
}

struct alone *calibrate_alone_begin(void)
{
    return calibrate_keep(sizeof(struct alone));
}

bool calibrate_alone(struct calibration *calibration, struct alone *alone, struct err *err)
{
    for (int rest = 0; rest < RESTS; rest++) {
        if (!rest_round(calibration, alone, rest, err)) {
            return false;
        }
    }
    return true;
}

/* Its groups are there, and nothing has happened since. */
bool calibrate_prepared(struct calibration *calibration, struct err *err)
{
    const struct rehearse_round round = {
        .family = "none", .n = calibration->quick ? 2 : 10, .prepared_usec = CALIBRATE_IDLE_USEC};
    struct rehearse_times times;

    if (!calibrate_rehearse(calibration, &round, &times, err)) {
        return false;
    }
    add_whole(calibration, MEASURED_PREPARED_IDLE, true, &times);
    return true;
}

static void take_alone(struct calibration *calibration, const struct alone *alone)
{
    for (int i = 0; i < COLD_ROWS; i++) {
        calibration->series[cold_rows[i].what] = series_middle(&alone->rows[i]);
    }
    calibration->series[MEASURED_CHILD_WAIT] = series_middle(&alone->wait);
    calibration->series[MEASURED_SEE_CPU] = series_middle(&alone->see);
    for (int rest = 0; rest <= REST_COLD; rest++) {
        const struct series lives = series_middle(&alone->lives[rest]);

        calibration->lives[rest + 1] =
            (struct calibrate_life){.apart_usec = series_quantile(&alone->apart[rest], 500),
                                    .cpu_usec = series_quantile(&lives, 500)};
    }
    calibration->n_lives = REST_COLD + 2;
}

void calibrate_alone_end(struct calibration *calibration, struct alone *alone, bool whole)
{
    if (whole) {
        take_alone(calibration, alone);
    }
    calibrate_let_go(alone, sizeof *alone);
}

/* ---- how soon they are cold ---- */

/* What costs less after a longer rest is noise: it gets the mean of both, and so on. */
static void make_rise(struct calibrate_life *lives, int n)
{
    for (int i = 1; i < n; i++) {
        int64_t sum_usec = lives[i].cpu_usec;
        int begin = i;

        while (begin > 0 && lives[begin - 1].cpu_usec > sum_usec / (i - begin + 1)) {
            begin--;
            sum_usec = 0;
            for (int k = begin; k <= i; k++) {
                sum_usec += lives[k].cpu_usec;
            }
        }
        for (int k = begin; k <= i; k++) {
            lives[k].cpu_usec = sum_usec / (i - begin + 1);
        }
    }
}

/* How far apart they come where one costs so much, on the way from one measured to the next. */
static int64_t apart_usec(const struct calibrate_life *lives, int n, int64_t cpu_usec)
{
    int i = 1;

    while (i < n - 1 && lives[i].cpu_usec < cpu_usec) {
        i++;
    }
    if (lives[i].cpu_usec <= lives[i - 1].cpu_usec) {
        return lives[i].apart_usec;
    }
    return lives[i - 1].apart_usec + (lives[i].apart_usec - lives[i - 1].apart_usec) *
                                         (cpu_usec - lives[i - 1].cpu_usec) /
                                         (lives[i].cpu_usec - lives[i - 1].cpu_usec);
}

struct series calibrate_cooling_curve(const struct calibrate_life *measured, int n)
{
    struct calibrate_life lives[CALIBRATE_LIVES_MOST];
    int64_t warm_usec, cold_usec;
    struct series after = {0};

    assert(n >= 2 && n <= CALIBRATE_LIVES_MOST);
    warm_usec = measured[0].cpu_usec;
    cold_usec = measured[n - 1].cpu_usec;
    if (cold_usec < warm_usec) {
        cold_usec = warm_usec;
    }
    for (int i = 0; i < n; i++) {
        int64_t usec = measured[i].cpu_usec;

        lives[i] = measured[i];
        lives[i].cpu_usec = usec < warm_usec ? warm_usec : usec > cold_usec ? cold_usec : usec;
    }
    make_rise(lives, n);
    for (int i = 0; i < CALIBRATE_SAMPLES; i++) {
        series_add(&after, apart_usec(lives, n,
                                      warm_usec + (cold_usec - warm_usec) * (2 * i + 1) /
                                                      (2 * CALIBRATE_SAMPLES)));
    }
    return after;
}

void calibrate_cold_after(struct calibration *calibration)
{
    calibration->lives[0].cpu_usec = 0;
    for (int i = 0; i < PARTS; i++) {
        calibration->lives[0].cpu_usec +=
            series_quantile(&calibration->series[parts[i].crowd], 500);
    }
    calibration->series[MEASURED_COLD_AFTER] =
        calibrate_cooling_curve(calibration->lives, calibration->n_lives);
}
