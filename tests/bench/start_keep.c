/*
 * What containers of berth cost while they run, and what is left of them when whoever started them is
 * killed: their memory beyond the payload's, the time until the last process has gone, and what the next
 * command of berth still finds.
 */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_MSEC 10000

static int64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- memory ---- */

static int64_t pss_bytes(int pid)
{
    long kib = 0;
    char path[64], line[128];
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", pid);
    file = fopen(path, "re");
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

/* What the containers' first processes hold, and what this one has taken more. */
int64_t keep_memory_bytes(struct bench *bench, int n)
{
    int pids[LIVES_MAX];
    int64_t bytes = -1, before_bytes = pss_bytes(getpid());

    if (start_sleepers(bench, n, pids)) {
        bytes = pss_bytes(getpid()) - before_bytes;
        bytes = bytes > 0 ? bytes : 0;
        for (int i = 0; i < n; i++) {
            bytes += pss_bytes(pids[i]);
        }
        bytes /= n;
    }
    clear_sleepers(bench);
    return bytes;
}

/* ---- the end of whoever started them ---- */

/* Tells the containers' first processes, and waits to be killed. */
static void live(int n, int out)
{
    static struct bench bench;
    int pids[LIVES_MAX];
    struct err err;

    if (!bench_open(&bench, &err)) {
        err_report(&err);
    } else if (start_sleepers(&bench, n, pids) &&
               write(out, pids, (size_t)n * sizeof *pids) == (ssize_t)((size_t)n * sizeof *pids)) {
        pause();
    }
    _exit(1);
}

/* The first process of a PID namespace ends after all others in it. */
static bool see_ends(const int *pidfds, int n)
{
    for (int i = 0; i < n; i++) {
        if (poll(&(struct pollfd){.fd = pidfds[i], .events = POLLIN}, 1, PATIENCE_MSEC) != 1) {
            return false;
        }
    }
    return true;
}

static bool kill_it(pid_t pid, int n, int in, struct kept *kept)
{
    int pids[LIVES_MAX], pidfds[LIVES_MAX];
    bool fine = read(in, pids, (size_t)n * sizeof *pids) == (ssize_t)((size_t)n * sizeof *pids);
    int64_t begin_usec;

    for (int i = 0; i < n; i++) {
        pidfds[i] = fine ? (int)syscall(SYS_pidfd_open, pids[i], 0) : -1;
        fine = fine && pidfds[i] >= 0;
    }
    begin_usec = now_usec();
    kill(pid, SIGKILL);
    fine = fine && see_ends(pidfds, n);
    kept->ended_usec = now_usec() - begin_usec;
    for (int i = 0; i < n && pidfds[i] >= 0; i++) {
        close(pidfds[i]);
    }
    waitpid(pid, NULL, 0);
    return fine;
}

/* As the next command does; a second time there is nothing to do. */
static bool sweep(struct kept *kept, struct err *err)
{
    struct cgroup_machine machine;
    struct sweep_counts swept = {0}, left = {0};
    int64_t begin_usec;
    char base[256];
    bool ok;

    if (!sweep_base(base, sizeof base, err) ||
        !cgroup_open(&machine, cgroup_backend_wanted(), err)) {
        return false;
    }
    begin_usec = now_usec();
    ok = sweep_dead(base, &machine, &swept, err);
    kept->swept_usec = now_usec() - begin_usec;
    ok = ok && sweep_dead(base, &machine, &left, err);
    kept->left = left.processes + left.groups + left.folders;
    cgroup_close(&machine);
    return ok;
}

bool keep_killed(int n, struct kept *kept, struct err *err)
{
    int words[2];
    pid_t pid;
    bool fine;

    if (pipe2(words, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        return err_errno(err, errno, "cannot start who is to be killed");
    }
    if (pid == 0) {
        live(n, words[1]);
    }
    close(words[1]);
    fine = kill_it(pid, n, words[0], kept);
    close(words[0]);
    return sweep(kept, err) &&
           (fine || err_set(err, EXIT_MACHINE, "containers outlived who had started them"));
}
