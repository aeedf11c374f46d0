/*
 * A handler may do little, but it may execute a program: this one again, which finds a dead run, since
 * the lock went with what was executed before, and removes it as every start does. The children are
 * still there then, and are its own.
 */
#include "exec/ended.h"

#include "exec/cgroup.h"
#include "exec/sweep.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
enum { N_SIGNALS = sizeof signals / sizeof *signals };

static pid_t watcher;

static void end_by(int number)
{
    sigset_t all;

    sigfillset(&all);
    signal(number, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &all, NULL);
    raise(number);
    _exit(128 + number);
}

/* The other signals are blocked until the end: a second Ctrl-C waits for it. */
static void become_clean(int number)
{
    char name[] = "berth-exec", command[] = "ended";
    char text[] = {(char)('0' + number / 10), (char)('0' + number % 10), '\0'};
    char *const words[] = {name, command, text, NULL};

    if (getpid() == watcher) { /* a child that has it from us just ends */
        execv("/proc/self/exe", words);
    }
    end_by(number);
}

void ended_watch(void)
{
    struct sigaction action = {.sa_handler = become_clean}, before;

    watcher = getpid();
    for (int i = 0; i < N_SIGNALS; i++) {
        sigaddset(&action.sa_mask, signals[i]);
    }
    for (int i = 0; i < N_SIGNALS; i++) {
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) {
            sigaction(signals[i], &action, NULL);
        }
    }
}

/* ---- the program that it becomes ---- */

/* They may hold the run's lock. Theirs become ours where we were the reaper of all. */
static void end_children(void)
{
    char path[64];
    FILE *file;
    int pid, n;

    snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    do {
        file = fopen(path, "re");
        n = 0;
        while (file && fscanf(file, "%d", &pid) == 1) {
            kill(pid, SIGKILL);
            waitpid(pid, NULL, 0);
            n++;
        }
        if (file) {
            fclose(file);
        }
    } while (n > 0);
}

static bool clean(struct err *err)
{
    struct cgroup_machine cgroups;
    struct sweep_counts counts = {0};
    char base[256];
    bool ok;

    if (!cgroup_open(&cgroups, cgroup_backend_wanted(), err)) {
        return false;
    }
    ok = sweep_base(base, sizeof base, err) && sweep_dead(base, &cgroups, &counts, err);
    cgroup_close(&cgroups);
    return ok;
}

int ended_main(int argc, char **argv)
{
    int number = argc > 1 ? atoi(argv[1]) : 0;
    struct err err;

    if (number <= 0 || number > 64) {
        return EXIT_INPUT;
    }
    end_children();
    if (!clean(&err)) {
        err_report(&err);
    }
    fprintf(stderr, "berth: ended by %s\n", number == SIGINT ? "Ctrl-C" : strsignal(number));
    end_by(number);
    return 128 + number;
}
