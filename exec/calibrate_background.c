/*
 * What other programs of this machine take while all its processors are wanted: the kernel's own threads, a
 * host's agents, whatever runs beside. Who works alone leaves them a processor; a crowd does not.
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* What profiles may say. */
#define SLOWER_LEAST 0.1
#define SLOWER_GREATEST 10

/* Long against a turn and against what wakes up now and then. */
#define BUSY_USEC 250000

/* So long it takes to begin one, with time to spare. */
#define BEGIN_USEC 1000

static int64_t clock_usec(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* Keeps the processor busy from then on. Returns what others had of it, in millionths; -1: it is not to be had. */
static int32_t burn(int cpu, int64_t begin_usec)
{
    cpu_set_t set;
    int64_t cpu_usec, all_usec;

    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    if (sched_setaffinity(0, sizeof set, &set) != 0) {
        return -1;
    }
    while (loop_clock_usec() < begin_usec) {
    }
    begin_usec = loop_clock_usec(); /* later, where another had the processor */
    cpu_usec = clock_usec(CLOCK_PROCESS_CPUTIME_ID);
    do {
        all_usec = loop_clock_usec() - begin_usec;
    } while (all_usec < BUSY_USEC);
    cpu_usec = clock_usec(CLOCK_PROCESS_CPUTIME_ID) - cpu_usec;
    return cpu_usec < all_usec ? (int32_t)((all_usec - cpu_usec) * 1000000 / all_usec) : 0;
}

static pid_t begin_burning(int cpu, int64_t begin_usec, int result_fd)
{
    pid_t pid = fork();

    if (pid == 0) {
        int32_t ppm;

        prctl(PR_SET_PDEATHSIG, SIGKILL);
        ppm = burn(cpu, begin_usec);
        _exit(ppm >= 0 && write(result_fd, &ppm, sizeof ppm) == sizeof ppm ? EXIT_FINE
                                                                           : EXIT_MACHINE);
    }
    return pid;
}

/* On every processor that this process may use, from when all have been begun. Adds what others had on average. */
static void burn_all(struct series *series)
{
    pid_t pids[CPU_SETSIZE];
    cpu_set_t allowed;
    int64_t begin_usec, sum_ppm = 0;
    int32_t ppm;
    int ends[2], n = 0, n_heard = 0;

    usleep(CALIBRATE_QUIET_USEC);
    if (sched_getaffinity(0, sizeof allowed, &allowed) != 0 || pipe2(ends, O_CLOEXEC) != 0) {
        return;
    }
    begin_usec = loop_clock_usec() + BEGIN_USEC * CPU_COUNT(&allowed);
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (CPU_ISSET(cpu, &allowed)) {
            pids[n++] = begin_burning(cpu, begin_usec, ends[1]);
        }
    }
    close(ends[1]);
    while (read(ends[0], &ppm, sizeof ppm) == sizeof ppm) {
        sum_ppm += ppm;
        n_heard++;
    }
    close(ends[0]);
    for (int i = 0; i < n; i++) {
        if (pids[i] > 0) {
            waitpid(pids[i], NULL, 0);
        }
    }
    if (n_heard > 0) {
        series_add(series, sum_ppm / n_heard);
    }
}

void calibrate_background(struct calibration *calibration)
{
    for (int n = calibration->quick ? 1 : 3; n > 0; n--) {
        burn_all(&calibration->series[MEASURED_BACKGROUND]);
    }
}

/* Now and then somebody does more for a moment: the middle look does not see that. */
double calibrate_background_part(const struct calibration *calibration)
{
    const double part =
        (double)series_quantile(&calibration->series[MEASURED_BACKGROUND], 500) / 1e6;

    return part < 0.99 ? part : 0.99;
}

double calibrate_slower(const struct calibration *calibration, int64_t together_usec,
                        int64_t alone_usec, bool all)
{
    double slower = (double)together_usec / (double)alone_usec;

    slower *= all ? 1 - calibrate_background_part(calibration) : 1;
    return slower < SLOWER_LEAST      ? SLOWER_LEAST
           : slower > SLOWER_GREATEST ? SLOWER_GREATEST
                                      : slower;
}
