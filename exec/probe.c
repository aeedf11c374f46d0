/*
 * Two processes: the first enters the namespaces and watches the time, because a process is in a
 * PID namespace only from its birth; the second, its child, is the command.
 */
#include "exec/probe.h"

#include "exec/init.h"
#include "exec/namespace.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- finding the payload ---- */

/* The first in the list of its children: orphans that pid 1 took over stand behind it. */
static pid_t first_child(pid_t parent)
{
    char path[64], text[64];
    ssize_t n;
    int fd;

    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    n = read(fd, text, sizeof text - 1);
    close(fd);
    text[n > 0 ? n : 0] = '\0';
    return (pid_t)strtol(text, NULL, 10);
}

int probe_payload(pid_t first)
{
    pid_t payload = first_child(first);
    int pidfd = payload > 0 ? (int)syscall(SYS_pidfd_open, payload, 0) : -1;

    /* It may have died in between, and its number may be another's by now. */
    if (pidfd >= 0 && first_child(first) == payload) {
        return pidfd;
    }
    if (pidfd >= 0) {
        close(pidfd);
    }
    errno = ESRCH;
    return -1;
}

/* ---- the command's process ---- */

static _Noreturn void command_main(const struct probe_job *job, int first_pidfd)
{
    struct pollfd first = {.fd = first_pidfd, .events = POLLIN};
    const char *cwd = job->spec->cwd && job->spec->cwd[0] ? job->spec->cwd : "/";
    sigset_t none;

    umask(022);
    init_set_rlimits(job->spec);
    if (init_join(job->entry) != 0 || setns(job->payload_pidfd, CLONE_NEWCGROUP) != 0 ||
        chdir(cwd) != 0 ||
        privilege_bound(job->spec->add_capabilities, job->spec->drop_capabilities) != 0) {
        _exit(CONTAINER_PROBE_FAILED);
    }
    setsid();
    if (privilege_become(job->privileges, &job->user, !job->user_namespace,
                         job->spec->add_capabilities, job->spec->drop_capabilities) != 0 ||
        seccomp_filter_load(job->filter) != 0) {
        _exit(CONTAINER_PROBE_FAILED);
    }
    /* Only now: becoming somebody else undoes it. */
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&first, 1, 0) != 0) {
        _exit(CONTAINER_PROBE_FAILED);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    init_execute(job->probe->argv, job->env);
    _exit(CONTAINER_PROBE_FAILED);
}

/* ---- the first process ---- */

static bool enter(const struct probe_job *job)
{
    int kinds = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | CLONE_NEWPID |
                (job->user_namespace ? CLONE_NEWUSER : 0);

    return setns(job->payload_pidfd, kinds) == 0;
}

/* Whether the container has that program; words that a shell does itself it always has. */
static bool has_program(const struct probe_job *job, const char *name)
{
    char file[PATH_MAX];

    if (strchr(name, '/')) {
        return access(name, F_OK) == 0;
    }
    for (const char *part = init_path_of(job->env); *part;) {
        size_t length = strcspn(part, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)length, length ? part : ".", name);
        if (access(file, F_OK) == 0) {
            return true;
        }
        part += length + (part[length] == ':');
    }
    return false;
}

/*
 * Until it has ended, or its time is over, or nobody wants to know any more: then it goes with all
 * it has started in its session. We reap it: were it left to the reaper of orphans, the container
 * could not end before that one, the machine's own pid 1, found the time.
 */
static int wait_for(pid_t command, int pidfd, int stop_fd, int64_t timeout_usec)
{
    struct pollfd wait[] = {{.fd = pidfd, .events = POLLIN}, {.fd = stop_fd, .events = POLLIN}};
    int64_t until_usec = init_now_usec() + timeout_usec;
    int status = 0;

    for (int n = 0; n == 0 || (n > 0 && !wait[0].revents) || (n < 0 && errno == EINTR);) {
        int64_t left_usec = until_usec - init_now_usec();

        if (left_usec <= 0 || (n > 0 && wait[1].revents)) {
            kill(-command, SIGKILL);
            kill(command, SIGKILL);
            break;
        }
        n = poll(wait, 2, left_usec > 1000000000 ? 1000000 : (int)(left_usec / 1000 + 1));
    }
    if (waitpid(command, &status, 0) != command || !WIFEXITED(status) || WEXITSTATUS(status) != 0) {
        return CONTAINER_PROBE_FAILED;
    }
    return CONTAINER_PROBE_PASSED;
}

_Noreturn void probe_main(const struct probe_job *job)
{
    /* Hybrid: the group that follows processes; on version 1 and 2 there is but one door. */
    int group_fd = job->entry->payload_fd >= 0 ? job->entry->payload_fd : job->entry->first_fd;
    const int others[] = {job->payload_pidfd, job->parent_pidfd, job->entry->first_fd};
    int first_pidfd, pidfd, stop_fd;
    sigset_t stop;
    pid_t command;

    setpgid(0, 0);
    init_keep_descriptors(job->entry, others, 3, job->null_fd);
    init_die_with(job->parent_pidfd);
    first_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    sigemptyset(&stop);
    sigaddset(&stop, PROBE_STOP_SIGNAL);
    stop_fd = signalfd(-1, &stop, SFD_CLOEXEC);
    if (first_pidfd < 0 || stop_fd < 0 || !enter(job)) {
        _exit(CONTAINER_PROBE_FAILED);
    }
    if (job->probe->needs && !has_program(job, job->probe->needs)) {
        _exit(CONTAINER_PROBE_NO_PROGRAM);
    }
    command = namespace_fork(0, group_fd, &pidfd);
    if (command == 0) {
        command_main(job, first_pidfd);
    }
    if (command < 0) {
        _exit(CONTAINER_PROBE_FAILED);
    }
    _exit(wait_for(command, pidfd, stop_fd, job->probe->timeout_usec));
}
