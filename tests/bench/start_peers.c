/*
 * Who else starts the same: crun (with and without cgroups), runc, bubblewrap (without limits) and a
 * bare process. Each start is a program of theirs, waited for until it has ended; all that it needs is
 * made once, in the run's folder.
 */
#include "start.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- starting them ---- */

static pid_t run_program(const struct bench *bench, char *const *argv)
{
    pid_t pid = vfork();

    if (pid == 0) {
        if (bench->old_groups_fd >= 0 && setns(bench->old_groups_fd, CLONE_NEWNS) != 0) {
            _exit(126);
        }
        execvp(argv[0], argv);
        _exit(127);
    }
    return pid;
}

/* `option` NULL: none. */
static pid_t run_oci(const struct bench *bench, const char *program, const char *option,
                     const char *bundle, int i)
{
    char name[32], folder[400];
    const char *argv[8] = {program};
    int n = 1;

    snprintf(name, sizeof name, "berth-bench-%d", i);
    snprintf(folder, sizeof folder, "%s/%s", bench->run.folder, bundle);
    if (option) {
        argv[n++] = option;
    }
    argv[n++] = "run";
    argv[n++] = "--bundle";
    argv[n++] = folder;
    argv[n] = name;
    return run_program(bench, (char *const *)(uintptr_t)argv);
}

static pid_t spawn_crun(struct bench *bench, int i)
{
    return run_oci(bench, "crun", NULL, "bundle", i);
}

static pid_t spawn_crun_free(struct bench *bench, int i)
{
    return run_oci(bench, "crun", "--cgroup-manager=disabled", "bundle-free", i);
}

static pid_t spawn_runc(struct bench *bench, int i)
{
    return run_oci(bench, "runc", NULL, "bundle", i);
}

static pid_t spawn_bubblewrap(struct bench *bench, int i)
{
    char *argv[] = {"bwrap", "--unshare-all", "--ro-bind", bench->root, "/", "--proc",
                    "/proc", "--dev",         "/dev",      "/bin/true", NULL};

    (void)i;
    return run_program(bench, argv);
}

static pid_t spawn_bare(struct bench *bench, int i)
{
    char path[400];
    char *argv[] = {path, "true", NULL};

    (void)i;
    snprintf(path, sizeof path, "%s/bin/busybox", bench->root);
    return run_program(bench, argv);
}

bool peers_go(struct bench *bench, pid_t (*spawn)(struct bench *, int), int first, int n)
{
    pid_t pids[LIVES_MAX];
    int status;
    bool fine = true;

    for (int i = 0; i < n; i++) {
        pids[i] = spawn(bench, first + i);
    }
    for (int i = 0; i < n; i++) {
        fine = pids[i] > 0 && waitpid(pids[i], &status, 0) == pids[i] && status == 0 && fine;
    }
    return fine;
}

const struct way way_crun = {.name = "crun", .program = "crun", .spawn = spawn_crun};
const struct way way_crun_free = {.name = "crun-free", .program = "crun", .spawn = spawn_crun_free};
const struct way way_runc = {.name = "runc", .program = "runc", .spawn = spawn_runc};
const struct way way_bubblewrap = {
    .name = "bubblewrap", .program = "bwrap", .spawn = spawn_bubblewrap};
const struct way way_bare = {.name = "spawn", .spawn = spawn_bare};

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
    "\"linux\":{%s\"namespaces\":[{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":"
    "\"ipc\"},"
    "{\"type\":\"uts\"},{\"type\":\"mount\"},{\"type\":\"cgroup\"}],"
    "\"maskedPaths\":[\"/proc/acpi\",\"/proc/asound\",\"/proc/kcore\",\"/proc/keys\",\"/proc/"
    "latency_stats\","
    "\"/proc/timer_list\",\"/proc/timer_stats\",\"/proc/sched_debug\",\"/proc/scsi\",\"/sys/"
    "firmware\"],"
    "\"readonlyPaths\":[\"/proc/bus\",\"/proc/fs\",\"/proc/irq\",\"/proc/sys\",\"/proc/"
    "sysrq-trigger\"]}}\n";

static bool make_bundle(struct bench *bench, const char *name, const char *resources)
{
    char path[400], text[sizeof config + 800];

    snprintf(path, sizeof path, "%s/%s", bench->run.folder, name);
    snprintf(text, sizeof text, config, bench->root, resources);
    if (mkdir(path, 0755) != 0) {
        return false;
    }
    snprintf(path, sizeof path, "%s/%s/config.json", bench->run.folder, name);
    return write_text(path, text);
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

bool peers_open(struct bench *bench, struct err *err)
{
    char resources[300];

    snprintf(resources, sizeof resources,
             "\"resources\":{\"memory\":{\"limit\":%d},\"cpu\":{\"shares\":%d,\"quota\":%d,"
             "\"period\":100000},\"pids\":{\"limit\":%d}},",
             MEMORY_BYTES, QUOTA_CPU, QUOTA_CPU * 100000 / 1024, PIDS);
    if (!make_bundle(bench, "bundle", resources) || !make_bundle(bench, "bundle-free", "")) {
        return err_errno(err, errno, "cannot make a bundle for crun");
    }
    bench->old_groups_fd = open_old_groups(bench);
    return true;
}
