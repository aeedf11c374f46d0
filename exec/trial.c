/*
 * The child that tries, the pipe through which it answers, and the settings that are known to forbid
 * it.
 */
#include "exec/trial.h"

#include "exec/container.h"
#include "exec/image.h"
#include "exec/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_USEC 5000000

struct answer {
    bool ok;
    struct trial trial;
    struct err err;
};

struct attempt {
    struct container_host *host;
    struct image image;
    int ends[2]; /* what the container says */
    char group[64];
};

/* Waits for one kind of event; false when it failed or took too long. */
static bool wait_for(struct container_host *host, enum container_event_kind kind, struct err *err)
{
    int64_t until_usec = loop_clock_usec() + PATIENCE_USEC;
    struct container_event event;

    while (loop_clock_usec() < until_usec) {
        struct pollfd wait = {.fd = container_host_fd(host), .events = POLLIN};

        poll(&wait, 1, 100);
        while (container_host_next(host, &event)) {
            if (event.kind == kind) {
                return true;
            }
            if (event.kind == CONTAINER_FAILED) {
                *err = event.err;
                return false;
            }
        }
    }
    return err_set(err, EXIT_MACHINE, "a container did not answer within 5 s");
}

static bool read_words(int fd, struct trial *trial, struct err *err)
{
    char text[256];
    ssize_t n = read(fd, text, sizeof text - 1);
    long long kib;

    text[n > 0 ? n : 0] = '\0';
    if (sscanf(text, "%63[^\n]\nMemTotal: %lld", trial->kernel, &kib) != 2) {
        return err_set(err, EXIT_MACHINE, "a container ran, but said only \"%.200s\"", text);
    }
    trial->memory_bytes = kib * 1024;
    return true;
}

static bool run_container(struct attempt *attempt, struct trial *trial, struct err *err)
{
    static const char *const argv[] = {"sh", "-c", "uname -r; grep MemTotal: /proc/meminfo", NULL};
    struct container_spec spec = {
        .name = "trial",
        .task_group = attempt->group,
        .limits = {.quota_cpu = 1024, .weight_cpu = 1024, .memory_bytes = 64 << 20},
        .layers = (const char *const *)attempt->image.layers,
        .argv = argv,
        .output_fd = attempt->ends[1],
    };
    int64_t begin_usec = loop_clock_usec();
    struct container *container;

    if (!container_create(attempt->host, &spec, NULL, &container, err) ||
        !container_start(container, err) || !wait_for(attempt->host, CONTAINER_EXITED, err)) {
        return false;
    }
    trial->took_usec = loop_clock_usec() - begin_usec;
    return read_words(attempt->ends[0], trial, err);
}

static bool attempt(const struct sweep_run *run, struct cgroup_machine *cgroups,
                    const struct programs *programs, struct trial *trial, struct err *err)
{
    struct attempt one = {0};
    char folder[sizeof run->folder + 16], store[sizeof folder + 16];
    bool ok;

    snprintf(one.group, sizeof one.group, "berth-%s-trial", run->id);
    snprintf(folder, sizeof folder, "%s/trial", run->folder);
    snprintf(store, sizeof store, "%s/images", folder);
    if (mkdir(folder, 0700) != 0 || pipe2(one.ends, O_CLOEXEC | O_NONBLOCK) != 0) {
        return err_errno(err, errno, "cannot make %s", folder);
    }
    if (!image_builtin(store, NULL, programs->work, &one.image, err) ||
        !cgroup_make(cgroups, one.group, true, &(struct cgroup_limits){0}, err) ||
        !container_host_open(&one.host, folder, one.group, cgroups, err)) {
        return false;
    }
    ok = run_container(&one, trial, err);
    container_host_close(one.host);
    return ok;
}

static _Noreturn void try_in_child(const struct sweep_run *run, struct cgroup_machine *cgroups,
                                   const struct programs *programs, int fd)
{
    struct answer answer = {0};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    answer.ok = attempt(run, cgroups, programs, &answer.trial, &answer.err);
    if (write(fd, &answer, sizeof answer) != sizeof answer) {
        _exit(EXIT_MACHINE);
    }
    _exit(EXIT_FINE);
}

static long setting(const char *path, long missing)
{
    FILE *file = fopen(path, "re");
    long value = missing;

    if (file) {
        if (fscanf(file, "%ld", &value) != 1) {
            value = missing;
        }
        fclose(file);
    }
    return value;
}

const char *trial_remedy(void)
{
    if (geteuid() == 0) {
        return "";
    }
    if (setting("/proc/sys/kernel/unprivileged_userns_clone", 1) == 0) {
        return "sudo sysctl -w kernel.unprivileged_userns_clone=1, or sudo berth ...";
    }
    if (setting("/proc/sys/user/max_user_namespaces", 1) == 0) {
        return "sudo sysctl -w user.max_user_namespaces=15000, or sudo berth ...";
    }
    if (setting("/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0) == 1) {
        return "sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0, or sudo berth ...";
    }
    return "";
}

bool trial_run(const struct sweep_run *run, struct cgroup_machine *cgroups,
               const struct programs *programs, struct trial *trial, struct err *err)
{
    struct answer answer = {0};
    struct cgroup_swept swept;
    char prefix[64];
    struct err none;
    ssize_t n = 0;
    int ends[2];
    pid_t pid;

    if (pipe2(ends, O_CLOEXEC) != 0 || (pid = fork()) < 0) {
        return err_errno(err, errno, "cannot start a process");
    }
    if (pid == 0) {
        try_in_child(run, cgroups, programs, ends[1]);
    }
    close(ends[1]);
    n = read(ends[0], &answer, sizeof answer);
    close(ends[0]);
    waitpid(pid, NULL, 0);
    snprintf(prefix, sizeof prefix, "berth-%s-trial", run->id);
    cgroup_sweep(cgroups, prefix, &swept, &none);
    if (n != sizeof answer) {
        return err_set(err, EXIT_BUG, "the trial of a container ended without an answer");
    }
    if (!answer.ok) {
        return err_set(err, EXIT_MACHINE, "no container can run here: %.600s%s%s", answer.err.text,
                       trial_remedy()[0] ? "; remedy: " : "", trial_remedy());
    }
    *trial = answer.trial;
    return true;
}
