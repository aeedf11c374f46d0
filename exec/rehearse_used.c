/*
 * What processes have used, from clocks of their CPU time and from /proc. It must never know what they are
 * for.
 */
#include "exec/rehearse_inside.h"

#include <stdio.h>
#include <sys/resource.h>

int64_t rehearse_used_clock_usec(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

int64_t rehearse_used_own_usec(void)
{
    return rehearse_used_clock_usec(CLOCK_THREAD_CPUTIME_ID);
}

int64_t rehearse_used_children_usec(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * INT64_C(1000000) +
           used.ru_utime.tv_usec + used.ru_stime.tv_usec;
}

int rehearse_used_pids(int pid, int *pids, int most)
{
    char path[64];
    FILE *file;
    int n = 0;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, pid);
    file = fopen(path, "re");
    while (file && n < most && fscanf(file, "%d", &pids[n]) == 1) {
        n++;
    }
    if (file) {
        fclose(file);
    }
    return n;
}

int rehearse_used_last_pid(int pid)
{
    int pids[REHEARSE_MOST + 1];
    int n = rehearse_used_pids(pid, pids, REHEARSE_MOST + 1);

    return n > 0 ? pids[n - 1] : 0;
}

int64_t rehearse_used_by_usec(int pid)
{
    clockid_t clock;

    return pid > 0 && clock_getcpuclockid(pid, &clock) == 0 ? rehearse_used_clock_usec(clock) : 0;
}

int64_t rehearse_used_bytes(int pid)
{
    long kib = 0;
    char path[64], line[128];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    file = pid > 0 ? fopen(path, "re") : NULL;
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "Pss: %ld", &kib) == 1) {
            break;
        }
    }
    if (file) {
        fclose(file);
    }
    return kib * 1024;
}
