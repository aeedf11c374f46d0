/*
 * The child enters its cgroup by itself and then the cloud, whose owner may be another user namespace:
 * that takes its rights, so it comes last, and so does the wish to die with its parent, which a change
 * of rights forgets (prctl(2)).
 */
#include "exec/helper.h"

#include "exec/cloud.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CANNOT_ENTER = 126, REMOVALS_MAX = 200 };

static int enter_folder(int folder_fd)
{
    int fd = folder_fd < 0 ? -1 : openat(folder_fd, "cgroup.procs", O_WRONLY | O_CLOEXEC);
    bool ok = folder_fd < 0 || (fd >= 0 && write(fd, "0", 1) == 1);

    if (fd >= 0) {
        close(fd);
    }
    return ok ? 0 : -1;
}

static int enter_group(const struct cgroup_machine *cgroups, const char *group)
{
    struct cgroup_entry entry;
    struct err err;
    int status = 0;

    if (!cgroup_entry_open(cgroups, group, group, &entry, &err)) {
        return -1;
    }
    for (size_t i = 0; i < entry.n_tasks; i++) {
        status |= write(entry.tasks[i], "0", 1) == 1 ? 0 : -1;
    }
    status |= enter_folder(entry.first_fd);
    cgroup_entry_close(&entry);
    return status;
}

static void close_others(int keep_fd)
{
    if (keep_fd > 3) {
        syscall(SYS_close_range, 3u, (unsigned)keep_fd - 1, 0u);
    }
    syscall(SYS_close_range, keep_fd >= 3 ? (unsigned)keep_fd + 1 : 3u, ~0u, 0u);
}

static void enter(const struct helper *helper, const struct helper_place *place, int keep_fd,
                  pid_t parent)
{
    int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
    sigset_t none;
    struct err err;

    setpgid(0, 0);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
        enter_group(place->cgroups, helper->group) != 0 ||
        !cloud_enter_owner(place->cloud_fd, &err) || setns(place->cloud_fd, CLONE_NEWNET) != 0) {
        _exit(CANNOT_ENTER);
    }
    close_others(keep_fd);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) {
        _exit(CANNOT_ENTER);
    }
}

pid_t helper_fork(struct helper *helper, const char *name, const struct helper_place *place,
                  int keep_fd, struct err *err)
{
    pid_t parent = getpid();

    *helper = HELPER_NONE;
    snprintf(helper->group, sizeof helper->group, "berth-%s-%s", place->run->id, name);
    if (!cgroup_make(place->cgroups, helper->group, false, &(struct cgroup_limits){0}, err)) {
        return -1;
    }
    helper->pid = fork();
    if (helper->pid == 0) {
        enter(helper, place, keep_fd, parent);
        return 0;
    }
    helper->fd = helper->pid > 0 ? (int)syscall(SYS_pidfd_open, helper->pid, 0) : -1;
    if (helper->fd < 0) {
        err_errno(err, errno, "cannot start %s", name);
        if (helper->pid > 0) {
            kill(helper->pid, SIGKILL);
            waitpid(helper->pid, NULL, 0);
        }
        cgroup_remove(place->cgroups, helper->group);
        return -1;
    }
    fcntl(helper->fd, F_SETFD, FD_CLOEXEC);
    return helper->pid;
}

void helper_stop(struct helper *helper, const struct cgroup_machine *cgroups)
{
    siginfo_t info;

    if (helper->fd < 0) {
        return;
    }
    syscall(SYS_pidfd_send_signal, helper->fd, SIGKILL, NULL, 0);
    while (waitid(P_PIDFD, (id_t)helper->fd, &info, WEXITED) != 0 && errno == EINTR) {
    }
    close(helper->fd);
    for (int i = 0; i < REMOVALS_MAX && !cgroup_remove(cgroups, helper->group) && errno == EBUSY;
         i++) {
        usleep(1000);
    }
    *helper = HELPER_NONE;
}
