/*
 * What the kernel does by itself behind containers that come and go, at once or later: nobody waits for its threads,
 * and they have processors that others want.
 */
#include "exec/calibrate_inside.h"

#include "exec/kernel_threads.h"
#include "exec/loop.h"
#include "exec/rehearse.h"

#include <assert.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* It looks after things every half a second, and now and then it does more. */
#define LOOK_USEC 500000
enum { LOOKS = 2 };

void calibrate_behind_nothing(struct calibration *calibration)
{
    struct kernel_threads threads;
    int64_t before_usec, used_usec, least_usec = INT64_MAX;

    usleep(CALIBRATE_QUIET_USEC);
    kernel_threads_open(&threads);
    for (int i = 0; i < LOOKS; i++) {
        before_usec = kernel_threads_used_usec(&threads);
        usleep(LOOK_USEC);
        used_usec = kernel_threads_used_usec(&threads) - before_usec;
        least_usec = used_usec < least_usec ? used_usec : least_usec;
    }
    kernel_threads_close(&threads);
    calibration->kernel_idle_usec = least_usec;
}

int64_t calibrate_behind_usec(const struct calibration *calibration, int64_t used_usec,
                              int64_t in_usec)
{
    int64_t usec = used_usec - calibration->kernel_idle_usec * in_usec / LOOK_USEC;

    return usec > 0 ? usec : 0;
}

enum { CURVE_MOST = 32 };

/* How much of its own work it has done by when since all were removed; times from the order to end on. */
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

/* What it has put off, behind containers that on average were removed half way through their removals. */
static void add_clearing(struct calibration *calibration, const struct rehearse_times *times,
                         const struct curve *curve, enum measured clear)
{
    enum { PARTS = 20 };
    int64_t removed_usec = (times->exited_usec + times->ended_usec) / 2;
    int64_t all_usec = curve->used_usec[curve->n - 1];

    series_add(&calibration->series[clear], all_usec / times->n);
    for (int i = 0; i < PARTS && all_usec > 0; i++) {
        series_add(&calibration->series[MEASURED_CLEAR_WAIT],
                   when_done(curve, all_usec * (2 * i + 1) / (2 * PARTS)) - removed_usec);
    }
}

/* While they came, while they ended and were removed, and after that, each. Threads that have come since are the last's. */
static void add_crowd(struct calibration *calibration, const struct rehearse_times *times,
                      bool network)
{
    const enum measured behind = network ? MEASURED_BEHIND_NETWORK_CPU : MEASURED_BEHIND_CPU;
    const enum measured clear = network ? MEASURED_CLEAR_NETWORK_CPU : MEASURED_CLEAR_CPU;
    struct series *series = calibration->series;
    struct curve curve = {0};
    struct kernel_threads threads;

    series_add(&series[behind],
               calibrate_behind_usec(calibration, times->kernel_usec, times->all_usec) / times->n);
    series_add(&series[MEASURED_BEHIND_END_CPU],
               calibrate_behind_usec(calibration, times->kernel_ended_usec - times->kernel_end_usec,
                                     times->ended_usec) /
                   times->n);
    add_point(&curve, times->ended_usec, 0);
    kernel_threads_open(&threads);
    while (curve.n < CURVE_MOST) {
        int64_t at_usec;

        usleep(CALIBRATE_QUIET_USEC / CURVE_MOST);
        kernel_threads_look(&threads);
        at_usec = loop_clock_usec() - times->end_usec;
        add_point(&curve, at_usec,
                  calibrate_behind_usec(
                      calibration, kernel_threads_used_usec(&threads) - times->kernel_ended_usec,
                      at_usec - times->ended_usec));
    }
    kernel_threads_close(&threads);
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

/* ---- for one after the other ---- */

enum { WATCH_MOST = 256 };

/* What its process and this one share. */
struct calibrate_watch {
    pid_t pid;
    int64_t every_usec;
    atomic_bool over;
    int n;
    int64_t used_usec[WATCH_MOST];
};

static void watch_threads(struct calibrate_watch *watch)
{
    struct kernel_threads threads;
    int64_t next_usec = loop_clock_usec(), before_usec, usec;

    kernel_threads_open(&threads);
    before_usec = kernel_threads_used_usec(&threads);
    while (!atomic_load(&watch->over) && watch->n < WATCH_MOST) {
        next_usec += watch->every_usec;
        usec = next_usec - loop_clock_usec();
        usleep(usec > 0 ? (useconds_t)usec : 0);
        usec = kernel_threads_used_usec(&threads);
        watch->used_usec[watch->n++] = usec - before_usec;
        before_usec = usec;
    }
    kernel_threads_close(&threads);
}

struct calibrate_watch *calibrate_behind_watch(int64_t every_usec)
{
    struct calibrate_watch *watch =
        mmap(NULL, sizeof *watch, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    pid_t pid;

    assert(watch != MAP_FAILED);
    watch->every_usec = every_usec;
    pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        watch_threads(watch);
        _exit(EXIT_FINE);
    }
    watch->pid = pid;
    return watch;
}

/* Of what was used each time: without the first quarter, in which the run begins and the kernel puts off, and the last;
 * and without the most and the least of what is left, since it does something else now and then. */
static int64_t mean_of_most(const struct calibrate_watch *watch)
{
    enum { LEAST = 200, MOST = 800, STEP = 50 };
    struct series series = {0};
    int64_t sum_usec = 0;
    int n = 0, first = watch->n / 4;

    if (watch->n > first + 1) {
        series_add_all(&series, watch->used_usec + first, watch->n - 1 - first);
    }
    for (int permille = LEAST; permille <= MOST; permille += STEP) {
        sum_usec += series_quantile(&series, permille);
        n++;
    }
    return sum_usec / n;
}

void calibrate_behind_watched(struct calibration *calibration, struct calibrate_watch *watch)
{
    int64_t usec;

    atomic_store(&watch->over, true);
    if (watch->pid > 0) {
        waitpid(watch->pid, NULL, 0);
    }
    usec = calibrate_behind_usec(calibration, mean_of_most(watch), watch->every_usec);
    if (usec > 0) {
        series_add(&calibration->series[MEASURED_KERNEL_COLD_CPU], usec);
    }
    munmap(watch, sizeof *watch);
}
