/*
 * What the kernel does by itself behind containers that come and go, at once or later: nobody waits for its threads,
 * and they have processors that others want.
 */
#include "exec/calibrate_inside.h"

#include "exec/kernel_threads.h"
#include "exec/loop.h"
#include "exec/rehearse.h"

#include <assert.h>
#include <unistd.h>

/* It looks after things every half a second. */
#define IDLE_USEC 500000

void calibrate_behind_nothing(struct calibration *calibration)
{
    int64_t used_usec;

    usleep(CALIBRATE_QUIET_USEC);
    used_usec = kernel_threads_cpu_usec();
    usleep(IDLE_USEC);
    calibration->kernel_idle_usec = kernel_threads_cpu_usec() - used_usec;
}

int64_t calibrate_behind_usec(const struct calibration *calibration, int64_t used_usec,
                              int64_t in_usec)
{
    int64_t usec = used_usec - calibration->kernel_idle_usec * in_usec / IDLE_USEC;

    return usec > 0 ? usec : 0;
}

enum { CURVE_MOST = 32 };

/* How much of its own work it has done by when, from the moment on at which all were told to end. */
struct curve {
    int n;
    int64_t at_usec[CURVE_MOST], used_usec[CURVE_MOST];
};

static void add_point(struct curve *curve, int64_t at_usec, int64_t used_usec)
{
    int64_t before_usec = curve->n > 0 ? curve->used_usec[curve->n - 1] : 0;

    assert(curve->n < CURVE_MOST);
    curve->at_usec[curve->n] = at_usec;
    curve->used_usec[curve->n++] = used_usec > before_usec ? used_usec : before_usec;
}

/* When that much was done, as if it went evenly from point to point. */
static int64_t when_done(const struct curve *curve, int64_t used_usec)
{
    int i = 1;

    while (i < curve->n - 1 && curve->used_usec[i] < used_usec) {
        i++;
    }
    if (curve->used_usec[i] == curve->used_usec[i - 1]) {
        return curve->at_usec[i];
    }
    return curve->at_usec[i - 1] + (curve->at_usec[i] - curve->at_usec[i - 1]) *
                                       (used_usec - curve->used_usec[i - 1]) /
                                       (curve->used_usec[i] - curve->used_usec[i - 1]);
}

/* What it has put off. It clears up behind containers that on average ended half way. */
static void add_clearing(struct calibration *calibration, const struct rehearse_times *times,
                         const struct curve *curve, enum measured clear)
{
    enum { PARTS = 20 };
    int64_t all_usec = curve->used_usec[curve->n - 1];

    series_add(&calibration->series[clear], all_usec / times->n);
    for (int i = 0; i < PARTS && all_usec > 0; i++) {
        series_add(&calibration->series[MEASURED_CLEAR_WAIT],
                   when_done(curve, all_usec * (2 * i + 1) / (2 * PARTS)) - times->exited_usec / 2);
    }
}

/* While they came, while they ended, and after that, each. */
static void add_crowd(struct calibration *calibration, const struct rehearse_times *times,
                      bool network)
{
    const enum measured behind = network ? MEASURED_BEHIND_NETWORK_CPU : MEASURED_BEHIND_CPU;
    const enum measured clear = network ? MEASURED_CLEAR_NETWORK_CPU : MEASURED_CLEAR_CPU;
    struct series *series = calibration->series;
    struct curve curve = {0};

    series_add(&series[behind],
               calibrate_behind_usec(calibration, times->kernel_usec, times->all_usec) / times->n);
    series_add(&series[MEASURED_BEHIND_END_CPU],
               calibrate_behind_usec(calibration,
                                     times->kernel_exited_usec - times->kernel_end_usec,
                                     times->exited_usec) /
                   times->n);
    add_point(&curve, times->exited_usec, 0);
    add_point(&curve, times->ended_usec,
              calibrate_behind_usec(calibration,
                                    times->kernel_ended_usec - times->kernel_exited_usec,
                                    times->ended_usec - times->exited_usec));
    while (curve.n < CURVE_MOST) {
        int64_t at_usec;

        usleep(CALIBRATE_QUIET_USEC / CURVE_MOST);
        at_usec = loop_clock_usec() - times->end_usec;
        add_point(&curve, at_usec,
                  calibrate_behind_usec(calibration,
                                        kernel_threads_cpu_usec() - times->kernel_exited_usec,
                                        at_usec - times->exited_usec));
    }
    add_clearing(calibration, times, &curve, clear);
}

void calibrate_behind_crowd(struct calibration *calibration, const struct rehearse_times *times,
                            bool network)
{
    if (times->kernel_ended_usec > 0) {
        add_crowd(calibration, times, network);
    } else { /* it cannot be seen here */
        usleep(CALIBRATE_QUIET_USEC);
    }
}
