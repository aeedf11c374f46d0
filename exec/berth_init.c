/*
 * berth-init: pid 1 of a container while the payload runs. It reaps, forwards signals from outside
 * to the payload, and tells over the status pipe when the payload is ready and how it ended.
 * Static, a page or two, because there is one for every container; the agent carries it inside
 * itself. It must never do what could have been done before the payload started.
 *
 *     berth-init PAYLOAD-PID      with the descriptors of record.h, and all signals blocked
 */
#include "exec/bare.h"
#include "exec/record.h"

#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>

static struct record record;

static void tell(enum record_kind kind, int status)
{
    struct timespec now;

    bare_call3(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&now, 0);
    record.kind = kind;
    record.status = status;
    record.at_usec = now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
    bare_call3(SYS_write, RECORD_STATUS_FD, (long)&record, sizeof record);
}

static int64_t used_usec(const struct rusage *payload)
{
    struct timespec own;

    bare_call3(SYS_clock_gettime, CLOCK_PROCESS_CPUTIME_ID, (long)&own, 0);
    return (payload->ru_utime.tv_sec + payload->ru_stime.tv_sec + own.tv_sec) * INT64_C(1000000) +
           payload->ru_utime.tv_usec + payload->ru_stime.tv_usec + own.tv_nsec / 1000;
}

/*
 * Reaps what has died; when the payload did, tells so and ends, and the kernel ends all the rest.
 */
static void reap(long payload)
{
    struct rusage used;
    int status;
    long pid;

    while ((pid = bare_call(SYS_wait4, -1, (long)&status, WNOHANG, (long)&used, 0, 0)) > 0) {
        if (pid == payload) {
            record.used_usec = used_usec(&used);
            tell(RECORD_EXITED, status);
            bare_exit(0);
        }
    }
}

static _Noreturn void watch(long payload)
{
    const uint64_t all = ~UINT64_C(0);
    int ready = 0;

    for (;;) {
        siginfo_t info;
        long signal = bare_call(SYS_rt_sigtimedwait, (long)&all, (long)&info, 0, sizeof all, 0, 0);
        int from_outside = signal > 0 && info.si_pid == 0; /* another PID namespace: the agent */

        if (signal == SIGCHLD) {
            reap(payload);
        } else if (signal == SIGUSR1 && !from_outside && !ready) {
            ready = 1;
            tell(RECORD_READY, 0);
        } else if (from_outside) {
            bare_call3(SYS_kill, payload, signal, 0);
        }
    }
}

static _Noreturn void bare_main(int argc, char **argv)
{
    struct pollfd parent = {.fd = RECORD_PARENT_FD, .events = POLLIN};
    struct timespec now = {0};
    long payload = 0;

    for (const char *digit = argc > 1 ? argv[1] : ""; *digit; digit++) {
        payload = payload * 10 + (*digit - '0');
    }
    bare_call3(SYS_prctl, PR_SET_NAME, (long)"berth-init", 0);
    /* Executing a program may have undone this; and the agent may have died just before. */
    bare_call3(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0);
    if (payload <= 0 || bare_call(SYS_ppoll, (long)&parent, 1, (long)&now, 0, 0, 0) != 0) {
        bare_exit(1);
    }
    watch(payload);
}
