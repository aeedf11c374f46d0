/*
 * The agent's side of containers: groups, the clone, the status pipe, the end. All that can wait
 * (groups that are busy for another millisecond, processes being reaped) waits in the host's own
 * epoll set. It must never block on a container.
 */
#include "exec/container.h"

#include "exec/init.h"
#include "exec/libc.h"
#include "exec/namespace.h"
#include "exec/probe.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef MFD_EXEC
#define MFD_EXEC 0x10 /* linux/memfd.h since 6.3 */
#endif

/* Made from berth_init.c by the build. */
extern const unsigned char berth_init[];
extern const size_t berth_init_size;

enum {
    GIVE_UP_USEC = 10000000, /* on a group that cannot be removed: the sweep will find it */
    RETRY_USEC = 1000,       /* a group that is still busy is looked at again */
};

struct container {
    struct container_host *host;
    struct container *next; /* in host->all */
    void *owner;
    char group[CGROUP_PATH_MAX];
    char name[128];
    const struct container_spec *spec; /* until started */
    char **env;                        /* likewise, owned */
    struct user_identity user;
    int pid;
    int pidfd;     /* -1: not started, or reaped */
    int status_fd; /* -1: not started, or at its end */
    int probe_fd;  /* pidfd of the probe that is out, or -1 */
    int32_t probe; /* its number */
    int64_t stages[STAGE_N];
    bool started, ended;   /* the event STARTED was given; FAILED or EXITED was given */
    int64_t removing_usec; /* since when; 0 = not */
};

struct container_host {
    struct cgroup_machine *machine;
    struct container *all;
    struct seccomp_filter filter;
    struct privilege_set privileges;
    char mount_point[512];
    char start_group[CGROUP_PATH_MAX]; /* version 2: where pid 1 of each container is */
    bool user_namespace;
    int epoll_fd, timer_fd, own_pidfd, null_fd;
    int program_fd; /* berth-init */
    int home_fd;    /* our own network namespace */
};

const char *container_stage_name(enum container_stage stage)
{
    static const char *const names[STAGE_N] = {[STAGE_CREATE] = "create",
                                               [STAGE_CGROUP] = "cgroup",
                                               [STAGE_CLONE] = "clone",
                                               [STAGE_INIT] = "init",
                                               [STAGE_USER_NAMESPACE] = "user namespace",
                                               [STAGE_ROOTFS] = "rootfs",
                                               [STAGE_PIVOT] = "pivot",
                                               [STAGE_DEV] = "dev",
                                               [STAGE_PROC] = "proc",
                                               [STAGE_SYS] = "sys",
                                               [STAGE_NETWORK] = "network",
                                               [STAGE_HOSTNAME] = "hostname",
                                               [STAGE_WORKDIR] = "working directory",
                                               [STAGE_PAYLOAD] = "payload",
                                               [STAGE_JOIN] = "join",
                                               [STAGE_PRIVILEGES] = "privileges",
                                               [STAGE_SECCOMP] = "seccomp",
                                               [STAGE_EXEC] = "exec"};

    return names[stage];
}

/* ---- the host ---- */

static bool watch(const struct container_host *host, int fd, void *owner, struct err *err)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = owner};

    return epoll_ctl(host->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0 ||
           err_errno(err, errno, "cannot watch a container");
}

/* Forked children keep copies of our descriptors: without the removal epoll would go on firing. */
static void unwatch(const struct container_host *host, int *fd)
{
    if (*fd >= 0) {
        epoll_ctl(host->epoll_fd, EPOLL_CTL_DEL, *fd, NULL);
        close(*fd);
    }
    *fd = -1;
}

static void wake_after(const struct container_host *host, int64_t usec)
{
    struct itimerspec in = {.it_value.tv_nsec = usec * 1000};

    timerfd_settime(host->timer_fd, 0, &in, NULL);
}

static bool open_descriptors(struct container_host *host, struct err *err)
{
    host->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    host->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    host->own_pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
    host->null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    host->home_fd = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (host->epoll_fd < 0 || host->timer_fd < 0 || host->own_pidfd < 0 || host->null_fd < 0 ||
        host->home_fd < 0) {
        return err_errno(err, errno, "cannot prepare for containers");
    }
    return watch(host, host->timer_fd, NULL, err);
}

/* berth-init as a file that exists in memory only, to be executed and never read. */
static bool open_program(struct container_host *host, struct err *err)
{
    host->program_fd = memfd_create("berth-init", MFD_CLOEXEC | MFD_EXEC);
    if (host->program_fd < 0 && errno == EINVAL) { /* before Linux 6.3 all could be executed */
        host->program_fd = memfd_create("berth-init", MFD_CLOEXEC);
    }
    return (host->program_fd >= 0 &&
            write(host->program_fd, berth_init, berth_init_size) == (ssize_t)berth_init_size &&
            fchmod(host->program_fd, 0111) == 0) ||
           err_errno(err, errno, "cannot keep berth-init in memory");
}

/* A mount namespace of our own, so that no mount of ours is ever seen by the host. */
static bool leave_host_mounts(struct err *err)
{
    if (unshare(CLONE_NEWNS) != 0) {
        return err_errno(err, errno, "cannot make a mount namespace (is CAP_SYS_ADMIN missing?)");
    }
    return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 ||
           err_errno(err, errno, "cannot make the mounts private");
}

static bool prepare(struct container_host *host, const char *folder, const char *group,
                    struct err *err)
{
    snprintf(host->mount_point, sizeof host->mount_point, "%s/mnt", folder);
    if (mkdir(host->mount_point, 0755) != 0 && errno != EEXIST) {
        return err_errno(err, errno, "cannot make %s", host->mount_point);
    }
    if (!open_descriptors(host, err) || !open_program(host, err) ||
        !seccomp_filter_build(&host->filter, err) || !privilege_prepare(&host->privileges, err)) {
        return false;
    }
    if (!host->user_namespace && !leave_host_mounts(err)) {
        return false;
    }
    if (host->machine->kind == CGROUP_V2) {
        snprintf(host->start_group, sizeof host->start_group, "%s-start", group);
        return cgroup_make(host->machine, host->start_group, false, &(struct cgroup_limits){0},
                           err);
    }
    return true;
}

bool container_host_open(struct container_host **out, const char *folder, const char *group,
                         struct cgroup_machine *machine, struct err *err)
{
    struct container_host *host = calloc(1, sizeof *host);

    assert(host);
    *host = (struct container_host){.machine = machine,
                                    .user_namespace = geteuid() != 0,
                                    .epoll_fd = -1,
                                    .timer_fd = -1,
                                    .own_pidfd = -1,
                                    .null_fd = -1,
                                    .program_fd = -1,
                                    .home_fd = -1};
    if (!prepare(host, folder, group, err)) {
        container_host_close(host);
        return false;
    }
    *out = host;
    return true;
}

/* Kills and removes what is left. */
static void drain(struct container_host *host)
{
    struct container_event event;

    for (struct container *each = host->all; each; each = each->next) {
        if (!each->removing_usec) {
            container_remove(each);
        }
    }
    while (host->all) {
        if (!container_host_next(host, &event)) {
            poll(&(struct pollfd){.fd = host->epoll_fd, .events = POLLIN}, 1, 100);
        }
    }
}

void container_host_close(struct container_host *host)
{
    drain(host);
    if (host->start_group[0]) {
        /* Its last process was waited for, but leaves its group a moment after. */
        for (int i = 0; i < 100 && !cgroup_remove(host->machine, host->start_group); i++) {
            usleep(RETRY_USEC);
        }
    }
    seccomp_filter_finish(&host->filter);
    privilege_finish(&host->privileges);
    if (host->mount_point[0]) {
        rmdir(host->mount_point);
    }
    for (int *fd = (int[]){host->epoll_fd, host->timer_fd, host->own_pidfd, host->null_fd,
                           host->program_fd, host->home_fd},
             i = 0;
         i < 6; i++) {
        if (fd[i] >= 0) {
            close(fd[i]);
        }
    }
    free(host);
}

int container_host_fd(const struct container_host *host)
{
    return host->epoll_fd;
}

/* ---- create ---- */

static bool name_is_safe(const char *name)
{
    return name && name[0] && strlen(name) < 120 &&
           !name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")];
}

static bool has_name(const char *const *env, const char *name)
{
    size_t length = strlen(name);

    for (; env && *env; env++) {
        if (!strncmp(*env, name, length) && (*env)[length] == '=') {
            return true;
        }
    }
    return false;
}

static size_t count(const char *const *list)
{
    size_t n = 0;

    while (list && list[n]) {
        n++;
    }
    return n;
}

static char *variable(const char *name, const char *value)
{
    char *text = NULL;
    int n = asprintf(&text, "%s=%s", name, value);

    assert(n > 0);
    return text;
}

/*
 * The payload's environment: what the specification says, and what Docker adds. The strings are
 * ours.
 */
static char **make_env(const struct container *container, const struct container_spec *spec)
{
    const char *const added[][2] = {
        {"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
        {"HOSTNAME", spec->hostname ? spec->hostname : container->name},
        {"HOME", container->user.home},
    };
    const char *const *given = spec->env;
    size_t n = count(given), at = 0;
    char **env = calloc(n + 4, sizeof *env);

    assert(env);
    for (; at < n; at++) {
        env[at] = strdup(given[at]);
        assert(env[at]);
    }
    for (size_t i = 0; i < sizeof added / sizeof *added; i++) {
        if (!has_name(given, added[i][0])) {
            env[at++] = variable(added[i][0], added[i][1]);
        }
    }
    return env;
}

static void free_list(char **list)
{
    for (char **each = list; each && *each; each++) {
        free(*each);
    }
    free(list);
}

static void free_env(struct container *container)
{
    free_list(container->env);
    container->env = NULL;
}

bool container_create(struct container_host *host, const struct container_spec *spec, void *owner,
                      struct container **out, struct err *err)
{
    struct container *container;
    struct user_identity user;
    int64_t begin_usec = init_now_usec();

    if (!name_is_safe(spec->name)) {
        return err_set(err, EXIT_INPUT, "a container's name has letters, digits, - and _ only: %s",
                       spec->name ? spec->name : "(none)");
    }
    if (!spec->argv || !spec->argv[0] || !spec->layers || !spec->layers[0]) {
        return err_set(err, EXIT_INPUT, "container %s: nothing to run", spec->name);
    }
    if (!user_lookup(spec->layers, spec->user, &user, err)) {
        return false;
    }
    container = calloc(1, sizeof *container);
    assert(container);
    *container = (struct container){.host = host,
                                    .owner = owner,
                                    .spec = spec,
                                    .user = user,
                                    .pidfd = -1,
                                    .status_fd = -1,
                                    .probe_fd = -1};
    container->stages[STAGE_CREATE] = begin_usec;
    snprintf(container->name, sizeof container->name, "%s", spec->name);
    snprintf(container->group, sizeof container->group, "%s/c-%s", spec->task_group, spec->name);
    container->stages[STAGE_CGROUP] = init_now_usec();
    if (!cgroup_make(host->machine, container->group, false, &spec->limits, err)) {
        free(container);
        return false;
    }
    container->env = make_env(container, spec);
    container->next = host->all;
    host->all = container;
    *out = container;
    return true;
}

/* ---- start ---- */

/* Signals wait while we clone: one sent to pid 1 before it blocks them itself would be lost. */
static pid_t clone_init(struct container *container, struct init_job *job)
{
    uint64_t flags = namespace_flags(job->user_namespace);
    sigset_t all, before;
    pid_t pid;
    int why;

    if (job->spec->network_fd > 0) {
        /* Rather we than the child: in a user namespace of its own it may not. */
        if (setns(job->spec->network_fd, CLONE_NEWNET) != 0) {
            return -1;
        }
        flags &= ~(uint64_t)CLONE_NEWNET;
    }

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = namespace_fork(flags, job->entry->first_fd, &container->pidfd);
    if (pid == 0) {
        init_main(job);
    }
    why = errno;
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (job->spec->network_fd > 0 && setns(container->host->home_fd, CLONE_NEWNET) != 0) {
        abort(); /* nobody knows where we are */
    }
    errno = why;
    return pid;
}

static bool run(struct container *container, struct init_job *job, struct err *err)
{
    int why;

    container->stages[STAGE_CLONE] = init_now_usec();
    memcpy(job->stages, container->stages, sizeof job->stages);
    container->pid = clone_init(container, job);
    why = errno;
    if (container->pid < 0) {
        container->pid = 0;
        container->pidfd = -1;
        return err_errno(err, why, "container %s: cannot make its namespaces", container->name);
    }
    return true;
}

static struct init_job job_of(const struct container *container, const struct container_spec *spec,
                              const struct cgroup_entry *entry)
{
    const struct container_host *host = container->host;

    return (struct init_job){
        .spec = spec,
        .env = (const char *const *)container->env,
        .mount_point = host->mount_point,
        .entry = entry,
        .filter = &host->filter,
        .privileges = &host->privileges,
        .user = container->user,
        .user_namespace = host->user_namespace,
        .outer_uid = geteuid(),
        .outer_gid = getegid(),
        .unified = host->machine->kind == CGROUP_V2,
        .parent_pidfd = host->own_pidfd,
        .null_fd = host->null_fd,
        .program_fd = host->program_fd,
        .output_fd = spec->output_fd > 0 ? fcntl(spec->output_fd, F_DUPFD_CLOEXEC, 3) : -1,
    };
}

/*
 * The events carry the container's address; the lowest bits say which of its descriptors it was.
 */
enum { TAG_STATUS, TAG_PIDFD, TAG_PROBE, TAGS = 3 };

static void *tagged(struct container *container, unsigned tag)
{
    return (void *)((uintptr_t)container | tag);
}

bool container_start(struct container *container, struct err *err)
{
    struct container_host *host = container->host;
    struct container_spec spec = *container->spec;
    struct cgroup_entry entry;
    struct init_job job;
    int status[2];
    bool fine;

    assert(!container->pid);
    spec.hostname = spec.hostname ? spec.hostname : container->name;
    if (pipe2(status, O_CLOEXEC | O_NONBLOCK) != 0) {
        return err_errno(err, errno, "container %s: no pipe", container->name);
    }
    if (!cgroup_entry_open(host->machine, container->group, host->start_group, &entry, err)) {
        close(status[0]);
        close(status[1]);
        return false;
    }
    job = job_of(container, &spec, &entry);
    job.status_fd = status[1];
    fine = run(container, &job, err);
    cgroup_entry_close(&entry);
    close(status[1]);
    if (job.output_fd >= 0) {
        close(job.output_fd);
    }
    free_env(container);
    container->spec = NULL;
    container->status_fd = status[0];
    fine = fine && watch(host, container->status_fd, tagged(container, TAG_STATUS), err) &&
           watch(host, container->pidfd, tagged(container, TAG_PIDFD), err);
    if (!fine) {
        container_kill(container);
        container->ended = true; /* the caller was told */
    }
    return fine;
}

/* ---- what happens ---- */

static void fill_failure(const struct container *container, const struct record *record,
                         struct container_event *event)
{
    const char *stage;

    event->kind = CONTAINER_FAILED;
    event->stage = record->stage >= 0 && record->stage < STAGE_N ? record->stage : STAGE_INIT;
    event->error = record->error;
    stage = container_stage_name(event->stage);
    if (event->stage == STAGE_EXEC) {
        err_errno(&event->err, record->error, "container %s: cannot execute %.96s", container->name,
                  record->detail);
        event->err.code = EXIT_INPUT;
    } else {
        err_errno(&event->err, record->error, "container %s did not start: %s, %.96s",
                  container->name, stage, record->detail);
    }
}

static void fill_exit(const struct container *container, int status, struct container_event *event)
{
    event->kind = CONTAINER_EXITED;
    event->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    event->exit_code = event->signal ? 128 + event->signal : WEXITSTATUS(status);
    /* Docker's rule: OOMKilled when anything in the container's group was. */
    event->oom_killed = status && cgroup_oom_killed(container->host->machine, container->group);
}

/* Reads one record of the pipe as an event. */
static bool take_record(struct container *container, struct container_event *event)
{
    struct record record;
    ssize_t n = container->status_fd >= 0 ? read(container->status_fd, &record, sizeof record) : 0;

    if (n != sizeof record) {
        if (n >= 0) { /* the end: pid 1 is gone */
            unwatch(container->host, &container->status_fd);
        }
        return false;
    }
    event->at_usec = record.at_usec;
    if (record.kind == RECORD_STARTED || record.kind == RECORD_FAILED) {
        memcpy(container->stages, record.stages, sizeof container->stages);
    }
    if (record.kind == RECORD_FAILED) {
        fill_failure(container, &record, event);
    } else if (record.kind == RECORD_EXITED) {
        fill_exit(container, record.status, event);
        event->used_usec = record.used_usec;
    } else {
        event->kind = record.kind == RECORD_READY ? CONTAINER_READY : CONTAINER_STARTED;
        event->rlimit_refused = record.rlimit_refused;
    }
    container->started |= event->kind == CONTAINER_STARTED;
    container->ended |= event->kind == CONTAINER_FAILED || event->kind == CONTAINER_EXITED;
    return true;
}

/* pid 1 died without telling how the payload ended: it was killed, and all with it. */
static bool end_silently(struct container *container, struct container_event *event)
{
    container->ended = true;
    event->at_usec = init_now_usec();
    if (container->started) {
        fill_exit(container, SIGKILL, event);
    } else {
        struct record record = {.stage = STAGE_INIT, .error = ESRCH, .detail = "it was killed"};

        fill_failure(container, &record, event);
    }
    return true;
}

static bool take_end(struct container *container, struct container_event *event)
{
    siginfo_t info;

    if (take_record(container, event)) {
        return true; /* what it said goes first; its pidfd stays readable */
    }
    waitid(P_PIDFD, (id_t)container->pidfd, &info, WEXITED | WNOHANG);
    unwatch(container->host, &container->pidfd);
    unwatch(container->host, &container->status_fd);
    if (container->removing_usec) {
        wake_after(container->host, 1);
    }
    return !container->ended && end_silently(container, event);
}

static bool take_probe(struct container *container, struct container_event *event)
{
    siginfo_t info = {0};

    waitid(P_PIDFD, (id_t)container->probe_fd, &info, WEXITED);
    unwatch(container->host, &container->probe_fd);
    event->kind = CONTAINER_PROBED;
    event->at_usec = init_now_usec();
    event->probe = container->probe;
    event->result = info.si_code == CLD_EXITED ? (enum container_probe_result)info.si_status
                                               : CONTAINER_PROBE_FAILED;
    if (container->removing_usec) {
        wake_after(container->host, 1);
    }
    return !container->removing_usec;
}

/* The next container whose removal can be finished. */
static bool finish_removal(struct container_host *host, struct container_event *event)
{
    uint64_t times;
    ssize_t n = read(host->timer_fd, &times, sizeof times);

    (void)n;
    for (struct container **link = &host->all; *link; link = &(*link)->next) {
        struct container *container = *link;

        if (!container->removing_usec || container->pidfd >= 0 || container->probe_fd >= 0) {
            continue;
        }
        if (!cgroup_remove(host->machine, container->group) &&
            init_now_usec() < container->removing_usec + GIVE_UP_USEC) {
            wake_after(host, RETRY_USEC);
            continue;
        }
        *link = container->next;
        event->kind = CONTAINER_REMOVED;
        event->at_usec = init_now_usec();
        event->container = container;
        event->owner = container->owner;
        free_env(container);
        free(container);
        wake_after(host, 1); /* perhaps there are more */
        return true;
    }
    return false;
}

bool container_host_next(struct container_host *host, struct container_event *event)
{
    struct epoll_event ready;

    while (epoll_wait(host->epoll_fd, &ready, 1, 0) == 1) {
        uintptr_t address = (uintptr_t)ready.data.ptr;
        bool told;
        struct container *container = (struct container *)(address & ~(uintptr_t)TAGS);

        *event = (struct container_event){0};
        if (!container) {
            if (finish_removal(host, event)) {
                return true;
            }
            continue;
        }
        event->container = container;
        event->owner = container->owner;
        switch (address & TAGS) {
        case TAG_STATUS:
            told = take_record(container, event);
            break;
        case TAG_PIDFD:
            told = take_end(container, event);
            break;
        default:
            told = take_probe(container, event);
        }
        if (told) {
            return true;
        }
    }
    return false;
}

/* ---- the rest of a container's life ---- */

bool container_signal(struct container *container, int signal, struct err *err)
{
    if (container->pidfd < 0 ||
        syscall(SYS_pidfd_send_signal, container->pidfd, signal, NULL, 0) == 0 || errno == ESRCH) {
        return true;
    }
    return err_errno(err, errno, "container %s: cannot send signal %d", container->name, signal);
}

/* A probe that is out is of no interest any more. Killed, it could not reap its command. */
static void drop_probe(struct container *container)
{
    siginfo_t info;

    if (container->probe_fd >= 0) {
        syscall(SYS_pidfd_send_signal, container->probe_fd, PROBE_STOP_SIGNAL, NULL, 0);
        waitid(P_PIDFD, (id_t)container->probe_fd, &info, WEXITED);
        unwatch(container->host, &container->probe_fd);
    }
}

static pid_t fork_probe(struct container *container, const struct probe_job *job)
{
    sigset_t all, before;
    pid_t pid;

    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid = namespace_fork(0, -1, &container->probe_fd);
    if (pid == 0) {
        probe_main(job);
    }
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0) {
        container->probe_fd = -1;
    }
    return pid;
}

bool container_probe(struct container *container, const struct container_spec *spec,
                     const struct container_probe *probe, struct err *err)
{
    struct container_host *host = container->host;
    char **env = make_env(container, spec);
    struct cgroup_entry entry;
    struct probe_job job = {
        .spec = spec,
        .probe = probe,
        .env = (const char *const *)env,
        .entry = &entry,
        .filter = &host->filter,
        .privileges = &host->privileges,
        .user = container->user,
        .user_namespace = host->user_namespace,
        .payload_pidfd = container->pidfd < 0 ? -1 : probe_payload(container->pid),
        .parent_pidfd = host->own_pidfd,
        .null_fd = host->null_fd,
    };
    bool ok =
        job.payload_pidfd >= 0 || err_errno(err, ESRCH, "container %s: no probe", container->name);

    drop_probe(container);
    ok = ok && cgroup_entry_open(host->machine, container->group, host->start_group, &entry, err);
    if (ok) {
        ok = fork_probe(container, &job) > 0 ||
             err_errno(err, errno, "container %s: no probe", container->name);
        cgroup_entry_close(&entry);
    }
    container->probe = probe->number;
    ok = ok && watch(host, container->probe_fd, tagged(container, TAG_PROBE), err);
    if (job.payload_pidfd >= 0) {
        close(job.payload_pidfd);
    }
    free_list(env);
    return ok;
}

void container_kill(struct container *container)
{
    /* The end of pid 1 is the end of its namespace: no process can be missed. */
    if (container->pidfd >= 0) {
        syscall(SYS_pidfd_send_signal, container->pidfd, SIGKILL, NULL, 0);
    }
}

bool container_usage(const struct container *container, struct cgroup_usage *usage, struct err *err)
{
    return cgroup_read(container->host->machine, container->group, usage, err);
}

void container_remove(struct container *container)
{
    container->removing_usec = init_now_usec();
    container_kill(container);
    wake_after(container->host, 1);
}

const int64_t *container_stages(const struct container *container)
{
    return container->stages;
}

int container_pid(const struct container *container)
{
    return container->pid;
}
