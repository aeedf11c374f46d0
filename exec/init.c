/*
 * The start path, step by step, as a reader should know it: what pid 1 does, then what the
 * payload's process does. The order of the steps is the order of the file. What fails is told with
 * its stage; nobody is left running.
 */
#include "exec/init.h"

#include "exec/mounts.h"
#include "exec/namespace.h"
#include "exec/rootfs.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t init_now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- telling ---- */

static struct record record_of(const struct init_job *job, enum record_kind kind)
{
    struct record record = {.kind = kind, .at_usec = init_now_usec()};

    memcpy(record.stages, job->stages, sizeof record.stages);
    return record;
}

/* The agent reads until the end of the pipe; when it is gone, so are we. */
static void tell(int fd, const struct record *record)
{
    ssize_t wrote;

    do {
        wrote = write(fd, record, sizeof *record);
    } while (wrote < 0 && errno == EINTR);
}

static enum container_stage current_stage;

static void enter(struct init_job *job, enum container_stage stage)
{
    current_stage = stage;
    job->stages[stage] = init_now_usec();
}

/* Ends this process with the reason: a failed pid 1 takes the whole container with it. */
static _Noreturn void fail(const struct init_job *job, int fd, const char *detail)
{
    struct record record = record_of(job, RECORD_FAILED);

    record.error = errno;
    record.stage = current_stage;
    snprintf(record.detail, sizeof record.detail, "%s", detail);
    tell(fd, &record);
    _exit(1);
}

static void must(const struct init_job *job, int status, const char *detail)
{
    if (status != 0) {
        fail(job, job->status_fd, detail);
    }
}

/* ---- pid 1: before the payload ---- */

/* Closes everything but what is in `keep`, which must be in ascending order. */
static void close_others(const int *keep, size_t n)
{
    unsigned next = 3;

    for (size_t i = 0; i < n; i++) {
        if ((unsigned)keep[i] > next) {
            close_range(next, (unsigned)keep[i] - 1, 0);
        }
        next = (unsigned)keep[i] + 1;
    }
    close_range(next, ~0u, 0);
}

static size_t insert_sorted(int *list, size_t n, int fd)
{
    size_t at = n;

    if (fd < 3) {
        return n;
    }
    for (; at > 0 && list[at - 1] > fd; at--) {
        list[at] = list[at - 1];
    }
    list[at] = fd;
    return n + 1;
}

void init_keep_descriptors(const struct cgroup_entry *entry, const int *others, size_t n_others,
                           int null_fd)
{
    int keep[CGROUP_PLACES + 1 + INIT_OTHERS_MAX];
    size_t n = insert_sorted(keep, 0, entry->payload_fd);

    assert(n_others <= INIT_OTHERS_MAX);
    for (size_t i = 0; i < n_others; i++) {
        n = insert_sorted(keep, n, others[i]);
    }
    for (size_t i = 0; i < entry->n_tasks; i++) {
        n = insert_sorted(keep, n, entry->tasks[i]);
    }
    for (int fd = 0; fd < 3; fd++) {
        dup2(null_fd, fd);
    }
    close_others(keep, n);
}

/*
 * The kernel kills us when the thread that cloned us ends. It may have ended before we asked for
 * that, and getppid() is 0 in a new PID namespace: its pidfd knows. berth-init does it again.
 */
void init_die_with(int parent_pidfd)
{
    struct pollfd parent = {.fd = parent_pidfd, .events = POLLIN};

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (poll(&parent, 1, 0) != 0) {
        _exit(1);
    }
}

static void build_root(struct init_job *job)
{
    struct rootfs_loans loans;
    int sources[CONTAINER_MOUNTS_MAX];

    enter(job, STAGE_ROOTFS);
    for (size_t i = 0; i < job->spec->n_mounts; i++) {
        sources[i] = -1;
        must(job, mounts_take(job->spec->volumes, &job->spec->mounts[i], &sources[i]),
             rootfs_detail);
    }
    must(job, rootfs_borrow(&loans, job->user_namespace), rootfs_detail);
    must(job, rootfs_mount(job->mount_point, job->spec->layers, job->user_namespace),
         rootfs_detail);
    enter(job, STAGE_PIVOT);
    must(job, rootfs_pivot(), rootfs_detail);
    enter(job, STAGE_DEV);
    must(job, rootfs_dev(&loans, job->user_namespace, job->spec->shm_bytes), rootfs_detail);
    enter(job, STAGE_PROC);
    must(job, rootfs_proc(job->spec->controls), rootfs_detail);
    enter(job, STAGE_SYS);
    must(job, rootfs_sys(&loans), rootfs_detail);
    must(job, rootfs_detach(), rootfs_detail);
    for (size_t i = 0; i < job->spec->n_mounts; i++) {
        must(job, mounts_put(&job->spec->mounts[i], sources[i]), rootfs_detail);
    }
}

/* Docker makes a working directory that is missing; so do we, with what is above it. */
static void make_working_directory(const char *path)
{
    char part[PATH_MAX];

    for (size_t i = 1; path[i] && i < sizeof part; i++) {
        if (path[i] == '/') {
            snprintf(part, sizeof part, "%.*s", (int)i, path);
            mkdir(part, 0755);
        }
    }
    mkdir(path, 0755);
}

static void go_to_work(const struct init_job *job)
{
    const char *cwd = job->spec->cwd && job->spec->cwd[0] ? job->spec->cwd : "/";

    if (chdir(cwd) != 0) {
        make_working_directory(cwd);
        must(job, chdir(cwd), cwd);
    }
    if (job->spec->read_only) {
        must(job, rootfs_read_only(), rootfs_detail);
    }
}

/*
 * True when one was refused: raising a hard limit needs CAP_SYS_RESOURCE, which CI's machine lacks.
 */
bool init_set_rlimits(const struct container_spec *spec)
{
    /* A core would land in the container's memory; 1024:4096 is what ECS gives by default. */
    static const struct container_rlimit usual[] = {{RLIMIT_CORE, 0, 0},
                                                    {RLIMIT_NOFILE, 1024, 4096}};
    bool refused = false;

    for (size_t i = 0; i < sizeof usual / sizeof *usual + spec->n_rlimits; i++) {
        const struct container_rlimit *wanted = i < 2 ? &usual[i] : &spec->rlimits[i - 2];
        struct rlimit limit = {.rlim_cur = wanted->soft, .rlim_max = wanted->hard};

        if (setrlimit(wanted->resource, &limit) != 0 && i >= 2) {
            refused = true;
        }
    }
    return refused;
}

/* ---- the payload's process ---- */

static void payload_must(const struct init_job *job, int report_fd, int status, const char *detail)
{
    if (status != 0) {
        fail(job, report_fd, detail);
    }
}

/*
 * Version 1: only a process that enters by itself, through `tasks`, is not made to wait
 * milliseconds.
 */
int init_join(const struct cgroup_entry *entry)
{
    for (size_t i = 0; i < entry->n_tasks; i++) {
        if (write(entry->tasks[i], "0", 1) != 1) {
            return -1;
        }
    }
    return 0;
}

const char *init_path_of(const char *const *env)
{
    for (; *env; env++) {
        if (!strncmp(*env, "PATH=", 5)) {
            return *env + 5;
        }
    }
    return "";
}

/*
 * Returns only when it failed, with errno. As execvpe(), which asks for memory and searches the
 * parent's PATH.
 */
void init_execute(const char *const *words, const char *const *variables)
{
    const char *name = words[0];
    char *const *argv = (char *const *)(uintptr_t)words;
    char *const *env = (char *const *)(uintptr_t)variables;
    int best = ENOENT;
    char file[PATH_MAX];

    if (strchr(name, '/')) {
        execve(name, argv, env);
        return;
    }
    for (const char *part = init_path_of(variables); *part;) {
        size_t length = strcspn(part, ":");

        snprintf(file, sizeof file, "%.*s/%s", (int)length, length ? part : ".", name);
        execve(file, argv, env);
        if (errno != ENOENT && errno != ENOTDIR) {
            best = errno;
        }
        part += length + (part[length] == ':');
    }
    errno = best;
}

static void wait_at(int gate_fd)
{
    char word;

    while (gate_fd > 0 && read(gate_fd, &word, 1) < 0 && errno == EINTR) {
    }
}

/* The memory is that of pid 1, which sleeps meanwhile. */
static _Noreturn void payload_main(struct init_job *job, int report_fd,
                                   const struct namespace_spawn *spawn)
{
    sigset_t none;
    struct record progress;

    namespace_spawned(spawn);
    umask(022);
    if (job->output_fd >= 0) {
        dup2(job->output_fd, 1);
        dup2(job->output_fd, 2);
    }
    enter(job, STAGE_JOIN);
    payload_must(job, report_fd, init_join(job->entry), "tasks");
    payload_must(job, report_fd, unshare(CLONE_NEWCGROUP), "cgroup namespace");
    if (job->unified) {
        rootfs_cgroup();
    }
    setsid(); /* after joining: a group with CPU limits is no autogroup */
    enter(job, STAGE_PRIVILEGES);
    payload_must(job, report_fd,
                 privilege_become(job->privileges, &job->user, !job->user_namespace,
                                  job->spec->add_capabilities, job->spec->drop_capabilities),
                 "user");
    enter(job, STAGE_SECCOMP);
    payload_must(job, report_fd, seccomp_filter_load(job->filter), "filter");
    wait_at(job->spec->gate_fd);
    enter(job, STAGE_EXEC);
    for (int number = 1; number < NSIG; number++) {
        signal(number,
               SIG_DFL); /* what whoever started berth ignored (nohup) is no matter of its */
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    progress = record_of(job, RECORD_STARTED);
    tell(report_fd, &progress);
    init_execute(job->spec->argv, job->env);
    fail(job, report_fd, job->spec->argv[0]);
}

/* ---- pid 1: starting the payload and what follows ---- */

/* Starts the payload and tells how that went. Returns its process id. */
static pid_t start_payload(struct init_job *job, bool rlimit_refused)
{
    struct namespace_spawn spawn;
    struct record record;
    int report[2];
    pid_t payload;

    enter(job, STAGE_PAYLOAD);
    must(job, pipe2(report, O_CLOEXEC), "pipe");
    /*
     * We sleep until it has executed its program or is gone: then all it had to say is in the pipe.
     */
    namespace_spawn_begin(&spawn, job->entry->payload_fd);
    payload = namespace_spawn(&spawn);
    if (payload == 0) {
        payload_main(job, report[1], &spawn);
    }
    namespace_spawn_end(&spawn);
    if (payload < 0) {
        errno = -payload;
        fail(job, job->status_fd, "clone3");
    }
    close(report[1]);
    while (read(report[0], &record, sizeof record) == sizeof record) {
        if (record.kind == RECORD_FAILED) {
            tell(job->status_fd, &record);
            _exit(1);
        }
        memcpy(job->stages, record.stages, sizeof job->stages);
    }
    close(report[0]);
    if (!job->stages[STAGE_EXEC]) { /* killed on the way, without a word */
        current_stage = STAGE_PAYLOAD;
        errno = ECHILD;
        fail(job, job->status_fd, "killed");
    }
    record = record_of(job, RECORD_STARTED);
    record.rlimit_refused = rlimit_refused;
    tell(job->status_fd, &record);
    return payload;
}

/*
 * From here on pid 1 is a program of two pages instead of a copy of the agent. Nobody may read its
 * file, so nobody inside may look into the process either (prctl(2), PR_SET_DUMPABLE).
 */
static _Noreturn void become_program(const struct init_job *job, pid_t payload)
{
    char number[16];
    char *argv[] = {"berth-init", number, NULL}, *env[] = {NULL};
    /* Out of the way of the numbers it expects; all else closes itself. */
    int program = fcntl(job->program_fd, F_DUPFD_CLOEXEC, RECORD_PARENT_FD + 1);
    int status = fcntl(job->status_fd, F_DUPFD_CLOEXEC, RECORD_PARENT_FD + 1);
    int parent = fcntl(job->parent_pidfd, F_DUPFD_CLOEXEC, RECORD_PARENT_FD + 1);

    dup2(status, RECORD_STATUS_FD);
    dup2(parent, RECORD_PARENT_FD);
    snprintf(number, sizeof number, "%d", payload);
    execveat(program, "", argv, env, AT_EMPTY_PATH);
    _exit(1); /* the agent sees the pipe end, and says that the container was killed */
}

/*
 * A payload of another user may send us its SIGUSR1 when that user is our real one; it survives
 * exec.
 */
static void let_payload_signal_us(const struct init_job *job)
{
    if (job->user.uid != 0 && !job->user_namespace) {
        must(job, setresuid(job->user.uid, (uid_t)-1, (uid_t)-1), "real user id");
    }
}

_Noreturn void init_main(struct init_job *job)
{
    bool rlimit_refused;
    pid_t payload;

    enter(job, STAGE_INIT);
    /*
     * Out of the agent's process group, so that Ctrl-C is the agent's to handle. A session of its
     * own would be an autogroup of its own too (sched(7)), which on a busy machine doubles the
     * time until the payload runs.
     */
    setpgid(0, 0);
    umask(0);
    init_keep_descriptors(job->entry,
                          (const int[]){job->status_fd, job->parent_pidfd, job->program_fd,
                                        job->output_fd, job->spec->gate_fd},
                          5, job->null_fd);
    init_die_with(job->parent_pidfd);
    if (job->user_namespace) {
        enter(job, STAGE_USER_NAMESPACE);
        must(job, namespace_map_user(job->user.uid, job->outer_uid, job->user.gid, job->outer_gid),
             "uid_map");
    }
    build_root(job);
    enter(job, STAGE_NETWORK);
    if (job->spec->network_fd <= 0) {
        must(job, namespace_lo_up(), "lo");
    }
    must(job, rootfs_names(job->spec->hosts, job->spec->hostname, job->spec->resolv_conf),
         rootfs_detail);
    enter(job, STAGE_HOSTNAME);
    must(job, sethostname(job->spec->hostname, strlen(job->spec->hostname)), job->spec->hostname);
    enter(job, STAGE_WORKDIR);
    go_to_work(job);
    rlimit_refused = init_set_rlimits(job->spec);
    must(job, privilege_bound(job->spec->add_capabilities, job->spec->drop_capabilities),
         "bounding set");
    let_payload_signal_us(job);
    payload = start_payload(job, rlimit_refused);
    privilege_drop_first(job->privileges);
    become_program(job, payload);
}
