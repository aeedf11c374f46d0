/*
 * How long it takes to start a container, run busybox /bin/true in it with CPU, memory and process
 * limits, and have nothing left of it: berth's library in this process beside crun, runc,
 * bubblewrap (without limits) and a bare process. All take turns, so that noise hits them alike;
 * only ratios of one run count.
 */
#include "exec/cgroup.h"
#include "exec/container.h"
#include "exec/image.h"
#include "exec/sweep.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

enum { MEMORY_BYTES = 256 << 20, PIDS = 64, QUOTA_CPU = 512, TIMES_MAX = 1000 };

/* What is measured in; made once. */
struct bench {
    struct sweep_run run;
    struct cgroup_machine machine;
    struct container_host *host;
    struct image image;
    char instance[64], task[96];
    char bundle[320];
    char root[320];    /* of crun, runc and bubblewrap: the same busybox, without an overlay */
    int old_groups_fd; /* a mount namespace that crun accepts; -1 = ours */
    int64_t stage_sum_usec[STAGE_N];
    int rounds;
};

struct peer {
    const char *name;
    const char *program; /* that must be there; NULL = always */
    bool (*once)(struct bench *bench);
    bool present;
    int64_t usec[2][TIMES_MAX];
};

static int64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * INT64_C(1000000) + now.tv_nsec / 1000;
}

/* ---- the peers ---- */

static bool ended_well(pid_t pid)
{
    int status;

    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static bool run_program(const struct bench *bench, char *const *argv)
{
    pid_t pid = vfork();

    if (pid == 0) {
        if (bench->old_groups_fd >= 0 && setns(bench->old_groups_fd, CLONE_NEWNS) != 0) {
            _exit(126);
        }
        execvp(argv[0], argv);
        _exit(127);
    }
    return ended_well(pid);
}

static bool run_oci(struct bench *bench, const char *program)
{
    char *argv[] = {
        (char *)(uintptr_t)program, "run", "--bundle", bench->bundle, "berth-bench", NULL};

    return run_program(bench, argv);
}

static bool once_crun(struct bench *bench)
{
    return run_oci(bench, "crun");
}

static bool once_runc(struct bench *bench)
{
    return run_oci(bench, "runc");
}

static bool once_bubblewrap(struct bench *bench)
{
    char *argv[] = {"bwrap", "--unshare-all", "--ro-bind", bench->root, "/", "--proc",
                    "/proc", "--dev",         "/dev",      "/bin/true", NULL};

    return run_program(bench, argv);
}

static bool once_spawn(struct bench *bench)
{
    char path[400];
    char *argv[] = {"true", NULL};
    pid_t pid;

    snprintf(path, sizeof path, "%s/bin/busybox", bench->root);
    return posix_spawn(&pid, path, NULL, NULL, argv, environ) == 0 && ended_well(pid);
}

/* Waits for the container to be removed; true when it had exited with 0. */
static bool see_it_through(struct bench *bench)
{
    struct container_event event;
    bool fine = false;

    for (;;) {
        poll(&(struct pollfd){.fd = container_host_fd(bench->host), .events = POLLIN}, 1, -1);
        while (container_host_next(bench->host, &event)) {
            if (event.kind == CONTAINER_REMOVED) {
                return fine;
            }
            if (event.kind == CONTAINER_FAILED) {
                err_report(&event.err);
                container_remove(event.container);
            }
            if (event.kind == CONTAINER_EXITED) {
                fine = event.exit_code == 0;
                container_remove(event.container);
            }
            if (event.kind == CONTAINER_STARTED) {
                const int64_t *stages = container_stages(event.container);

                for (int i = 0; i < STAGE_N; i++) {
                    bench->stage_sum_usec[i] += stages[i] ? stages[i] - stages[STAGE_CREATE] : 0;
                }
                bench->rounds++;
            }
        }
    }
}

/*
 * As the agent does it: the task's group, the container with its own, start to finish, both groups
 * gone.
 */
static bool once_berth(struct bench *bench)
{
    static const char *const argv[] = {"/bin/true", NULL};
    struct cgroup_limits task = {.quota_cpu = QUOTA_CPU, .memory_bytes = MEMORY_BYTES};
    struct container_spec spec = {
        .name = "true",
        .task_group = bench->task,
        .limits = {.weight_cpu = QUOTA_CPU, .memory_bytes = MEMORY_BYTES, .pids = PIDS},
        .layers = (const char *const *)bench->image.layers,
        .argv = argv,
    };
    struct container *container;
    struct err err;
    bool fine = cgroup_make(&bench->machine, bench->task, true, &task, &err) &&
                container_create(bench->host, &spec, NULL, &container, &err) &&
                container_start(container, &err);

    if (!fine) {
        err_report(&err);
        return false;
    }
    fine = see_it_through(bench);
    return cgroup_remove(&bench->machine, bench->task) && fine;
}

static struct peer peers[] = {
    {.name = "berth", .once = once_berth},
    {.name = "crun", .program = "crun", .once = once_crun},
    {.name = "runc", .program = "runc", .once = once_runc},
    {.name = "bubblewrap", .program = "bwrap", .once = once_bubblewrap},
    {.name = "spawn", .once = once_spawn},
};

enum { N_PEERS = sizeof peers / sizeof *peers };

/* ---- what they need ---- */

static bool write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "we");
    bool fine = file && fputs(text, file) >= 0;

    return (!file || fclose(file) == 0) && fine;
}

/*
 * As berth's container, but the root file system is the folder itself and there is no system call
 * filter.
 */
static const char config[] =
    "{\"ociVersion\":\"1.0.0\",\"process\":{\"terminal\":false,\"user\":{\"uid\":0,\"gid\":0},"
    "\"args\":[\"/bin/true\"],\"env\":[\"PATH=/bin\"],\"cwd\":\"/\",\"noNewPrivileges\":true,"
    "\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_KILL\"],\"effective\":[\"CAP_CHOWN\","
    "\"CAP_KILL\"],"
    "\"permitted\":[\"CAP_CHOWN\",\"CAP_KILL\"]}},"
    "\"root\":{\"path\":\"%s\",\"readonly\":true},\"hostname\":\"true\",\"mounts\":["
    "{\"destination\":\"/proc\",\"type\":\"proc\",\"source\":\"proc\"},"
    "{\"destination\":\"/"
    "dev\",\"type\":\"tmpfs\",\"source\":\"tmpfs\",\"options\":[\"nosuid\",\"mode=755\"]},"
    "{\"destination\":\"/dev/"
    "pts\",\"type\":\"devpts\",\"source\":\"devpts\",\"options\":[\"nosuid\",\"noexec\","
    "\"newinstance\",\"ptmxmode=0666\",\"mode=0620\",\"gid=5\"]},"
    "{\"destination\":\"/dev/"
    "shm\",\"type\":\"tmpfs\",\"source\":\"shm\",\"options\":[\"nosuid\",\"noexec\",\"nodev\"]},"
    "{\"destination\":\"/"
    "sys\",\"type\":\"sysfs\",\"source\":\"sysfs\",\"options\":[\"nosuid\",\"noexec\",\"nodev\","
    "\"ro\"]}],"
    "\"linux\":{\"resources\":{\"memory\":{\"limit\":%d},\"cpu\":{\"shares\":%d,\"quota\":%d,"
    "\"period\":100000},"
    "\"pids\":{\"limit\":%d}},\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":"
    "\"ipc\"},"
    "{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/"
    "latency_stats\","
    "\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/"
    "firmware\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/"
    "sysrq-trigger\"]}}\n";

static bool make_bundle(struct bench *bench)
{
    char path[400], text[sizeof config + 400];

    snprintf(bench->bundle, sizeof bench->bundle, "%s/bundle", bench->run.folder);
    snprintf(path, sizeof path, "%s/config.json", bench->bundle);
    snprintf(text, sizeof text, config, bench->root, MEMORY_BYTES, QUOTA_CPU,
             QUOTA_CPU * 100000 / 1024, PIDS);
    return mkdir(bench->bundle, 0755) == 0 && write_text(path, text);
}

/* In a mount namespace of its own: /sys/fs/cgroup with the version 1 hierarchies only. */
static void show_v1_only(const char *folder)
{
    static const char *const names[] = {"cpu",     "cpuacct", "cpuset", "memory", "devices",
                                        "freezer", "blkio",   "pids",   "systemd"};
    char from[512], to[512];

    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("tmpfs", folder, "tmpfs", 0, NULL) != 0) {
        _exit(1);
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        snprintf(from, sizeof from, "/sys/fs/cgroup/%s", names[i]);
        snprintf(to, sizeof to, "%s/%s", folder, names[i]);
        if (mkdir(to, 0755) == 0) {
            mount(from, to, NULL, MS_BIND, NULL);
        }
    }
    if (mount(folder, "/sys/fs/cgroup", NULL, MS_BIND | MS_REC, NULL) != 0) {
        _exit(1);
    }
}

/*
 * crun refuses a hybrid machine, so it gets to see its version 1 half. Returns the namespace, or
 * -1.
 */
static int open_old_groups(const struct bench *bench)
{
    char folder[400], path[64], byte;
    int done[2], fd = -1;
    pid_t pid;

    snprintf(folder, sizeof folder, "%s/v1", bench->run.folder);
    if (bench->machine.kind != CGROUP_HYBRID || mkdir(folder, 0755) != 0 ||
        pipe2(done, O_CLOEXEC)) {
        return -1;
    }
    pid = fork();
    if (pid == 0) {
        show_v1_only(folder);
        if (write(done[1], "k", 1) == 1) {
            pause();
        }
        _exit(1);
    }
    close(done[1]);
    if (pid > 0 && read(done[0], &byte, 1) == 1) {
        snprintf(path, sizeof path, "/proc/%d/ns/mnt", pid);
        fd = open(path, O_RDONLY | O_CLOEXEC);
    }
    close(done[0]);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    return fd;
}

static bool bench_open(struct bench *bench, struct err *err)
{
    char base[256], store[400];

    if (!sweep_base(base, sizeof base, err) ||
        !cgroup_open(&bench->machine, cgroup_backend_wanted(), err) ||
        !sweep_open(&bench->run, base, err)) {
        return false;
    }
    snprintf(store, sizeof store, "%s/store", bench->run.folder);
    snprintf(bench->instance, sizeof bench->instance, "berth-%s-bench", bench->run.id);
    snprintf(bench->task, sizeof bench->task, "%s/t1", bench->instance);
    if (!image_builtin(store, NULL, WORK_PROGRAM, &bench->image, err)) {
        return false;
    }
    snprintf(bench->root, sizeof bench->root, "%s", bench->image.layers[0]);
    if (!make_bundle(bench)) {
        return err_errno(err, errno, "cannot make a bundle for crun");
    }
    bench->old_groups_fd = open_old_groups(bench);
    return cgroup_make(&bench->machine, bench->instance, true, &(struct cgroup_limits){0}, err) &&
           container_host_open(&bench->host, bench->run.folder, bench->instance, &bench->machine,
                               err);
}

static bool bench_close(struct bench *bench, struct err *err)
{
    struct sweep_counts counts = {0};

    if (bench->host) {
        container_host_close(bench->host);
    }
    cgroup_remove(&bench->machine, bench->instance);
    image_finish(&bench->image);
    return sweep_close(&bench->run, &bench->machine, &counts, err);
}

/* ---- measuring and telling ---- */

static bool in_path(const char *program)
{
    char command[200];

    snprintf(command, sizeof command, "command -v %s >/dev/null", program);
    return system(command) == 0;
}

static void find_peers(struct bench *bench)
{
    for (size_t i = 0; i < N_PEERS; i++) {
        peers[i].present = !peers[i].program || in_path(peers[i].program);
        if (peers[i].present && !peers[i].once(bench)) {
            fprintf(stderr, "start: %s does not work here and is left out\n", peers[i].name);
            peers[i].present = false;
        }
    }
}

/* `way` 0: one after the other; 1: after 200 ms in which nothing happened. */
static bool measure(struct bench *bench, int way, int times)
{
    for (int n = 0; n < times; n++) {
        for (size_t i = 0; i < N_PEERS; i++) {
            int64_t begin_usec;

            if (!peers[i].present) {
                continue;
            }
            if (way == 1) {
                usleep(200000);
            }
            begin_usec = now_usec();
            if (!peers[i].once(bench)) {
                fprintf(stderr, "start: %s failed\n", peers[i].name);
                return false;
            }
            peers[i].usec[way][n] = now_usec() - begin_usec;
        }
    }
    return true;
}

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static int64_t median(int64_t *usec, int n)
{
    qsort(usec, (size_t)n, sizeof *usec, by_value);
    return usec[n / 2];
}

static void tell(bool json, int way, int times)
{
    static const char *const ways[] = {"sequence", "idle"};
    int64_t ours = median(peers[0].usec[way], times);

    for (size_t i = 0; i < N_PEERS; i++) {
        int64_t usec = peers[i].present ? median(peers[i].usec[way], times) : 0;

        if (!peers[i].present) {
            continue;
        }
        if (json) {
            printf("{\"bench\":\"start\",\"case\":\"%s-%s\",\"size\":%d,\"value\":%.3f,\"unit\":"
                   "\"ms\"",
                   peers[i].name, ways[way], times, (double)usec / 1e3);
            if (i == 0 && peers[1].present) {
                printf(",\"against\":\"crun\",\"ratio\":%.3f",
                       (double)ours / (double)median(peers[1].usec[way], times));
            }
            printf("}\n");
        } else {
            printf("%-9s %-11s %8.3f ms   berth takes %5.2f of it\n", ways[way], peers[i].name,
                   (double)usec / 1e3, (double)ours / (double)usec);
        }
    }
}

static void tell_stages(const struct bench *bench)
{
    printf("\nmean of when each stage begins, after container_create():\n");
    for (int i = 0; i < STAGE_N && bench->rounds; i++) {
        if (bench->stage_sum_usec[i] || i == STAGE_CREATE) {
            printf("%-12s %8.3f ms\n", container_stage_name(i),
                   (double)bench->stage_sum_usec[i] / bench->rounds / 1e3);
        }
    }
}

static bool measure_all(struct bench *bench, bool json, int times, int idle_times)
{
    find_peers(bench);
    if (!peers[0].present || !measure(bench, 0, times) || !measure(bench, 1, idle_times)) {
        return false;
    }
    tell(json, 0, times);
    tell(json, 1, idle_times);
    if (!json) {
        tell_stages(bench);
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct bench bench = {.old_groups_fd = -1};
    struct err err;
    bool json = false, fine;
    int times = 100, idle_times = 20;

    for (int i = 1; i < argc; i++) {
        if (!strcmp(argv[i], "--json")) {
            json = true;
        } else if (sscanf(argv[i], "--times=%d", &times) != 1 &&
                   sscanf(argv[i], "--idle-times=%d", &idle_times) != 1) {
            fprintf(stderr, "usage: start [--json] [--times=N] [--idle-times=N]   (N up to %d)\n",
                    TIMES_MAX);
            return EXIT_INPUT;
        }
    }
    if (times < 1 || times > TIMES_MAX || idle_times < 1 || idle_times > TIMES_MAX) {
        fprintf(stderr, "start: between 1 and %d times\n", TIMES_MAX);
        return EXIT_INPUT;
    }
    if (!bench_open(&bench, &err)) {
        return err_report(&err);
    }
    fine = measure_all(&bench, json, times, idle_times);
    if (!bench_close(&bench, &err)) {
        return err_report(&err);
    }
    return fine ? EXIT_FINE : EXIT_ANSWER;
}
