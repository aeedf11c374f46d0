/*
 * The same containers for somebody who is not root: user namespaces, no limits, and that is said.
 */
#include "fixture.h"

#include "exec/cloud.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NOBODY = 65534 };

/* What the ordinary user's process tells back. */
struct report {
    bool opened;
    enum cgroup_kind kind;
    char note[256];
    struct outcome outcome;
    struct err err;
};

static struct report *report;

static bool drop_to_nobody(void)
{
    return geteuid() != 0 || (setgroups(0, NULL) == 0 && setresgid(NOBODY, NOBODY, NOBODY) == 0 &&
                              setresuid(NOBODY, NOBODY, NOBODY) == 0);
}

static _Noreturn void be_nobody(const char *group, const struct container_spec *wish)
{
    static struct fixture fixture;
    struct container_spec spec;

    if (group) {
        int fd = open(group, O_WRONLY);

        if (fd < 0 || write(fd, "0", 1) != 1) {
            _exit(1);
        }
        close(fd);
    }
    if (!drop_to_nobody()) {
        _exit(1);
    }
    report->opened = fixture_open_as_user(&fixture, &report->err);
    if (report->opened) {
        report->kind = fixture.machine.kind;
        snprintf(report->note, sizeof report->note, "%s", fixture.machine.note);
        spec = fixture_spec(&fixture, wish->argv);
        spec.user = wish->user;
        spec.limits = wish->limits;
        fixture_run(&fixture, spec, &report->outcome);
        fixture_close(&fixture);
    }
    _exit(0);
}

static bool user_namespaces_are_closed(void)
{
    FILE *file = fopen("/proc/sys/kernel/unprivileged_userns_clone", "re");
    int open_to_all = 1;

    if (file) {
        if (fscanf(file, "%d", &open_to_all) != 1) {
            open_to_all = 1;
        }
        fclose(file);
    }
    return !open_to_all;
}

/* Runs the container as nobody, in `group` (a cgroup.procs file) when given. */
static void run_as_nobody(const char *group, const char *user, const char *script,
                          struct cgroup_limits limits)
{
    const char *const argv[] = {"sh", "-c", script, NULL};
    struct container_spec wish = {.argv = argv, .user = user, .limits = limits};
    int status;
    pid_t pid;

    if (user_namespaces_are_closed()) {
        cr_skip_test("kernel.unprivileged_userns_clone is 0 here");
    }
    report = mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    cr_assert(report != MAP_FAILED);
    pid = fork();
    if (pid == 0) {
        be_nobody(group, &wish);
    }
    cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "status %d", status);
    cr_assert(report->opened, "%s", report->err.text);
}

Test(rootless, a_container_without_root)
{
    run_as_nobody(
        NULL, NULL,
        "id -u; hostname; echo $PPID; cat /proc/self/uid_map; echo x >/tmp/x && cat /tmp/x; "
        "mount -t tmpfs none /tmp 2>/dev/null || echo refused; "
        "grep NoNewPrivs /proc/self/status",
        (struct cgroup_limits){0});
    cr_expect(report->outcome.started, "%s", report->outcome.err.text);
    cr_expect(report->outcome.exit_code == 0, "%s", report->outcome.output);
    cr_expect(!strncmp(report->outcome.output, "0\nweb\n1\n", 8), "%s", report->outcome.output);
    cr_expect(strstr(report->outcome.output, "65534          1\nx\nrefused\nNoNewPrivs:\t1\n") ||
                  geteuid() != 0,
              "%s", report->outcome.output);
}

Test(rootless, another_user_inside)
{
    run_as_nobody(NULL, "1000:1000", "id -u; id -g; grep CapEff /proc/self/status; kill -USR1 1",
                  (struct cgroup_limits){0});
    cr_expect(!strcmp(report->outcome.output, "1000\n1000\nCapEff:\t0000000000000000\n"), "%s %s",
              report->outcome.output, report->outcome.err.text);
    cr_expect(report->outcome.ready);
}

Test(rootless, says_that_there_are_no_limits)
{
    run_as_nobody(NULL, NULL, "exit 3",
                  (struct cgroup_limits){.memory_bytes = 16 << 20, .pids = 4});
    cr_expect(report->outcome.exit_code == 3, "%d %s", report->outcome.exit_code,
              report->outcome.err.text);
    if (geteuid() != 0) {
        cr_skip_test("whether this user has cgroups is not known");
    }
    cr_expect(report->kind == CGROUP_NONE && !strncmp(report->note, "no limits", 9), "%s",
              report->note);
}

/* 0: its own interface, or none where it may not have one; else what went wrong. */
static int tap_as_nobody(void)
{
    struct err err, why;
    int cloud, tap;
    bool may;

    if (!drop_to_nobody() || !cloud_open(&cloud, &err)) {
        return 1;
    }
    may = cloud_has_taps(&why);
    if (!cloud_tap(cloud, 0, &tap, &err)) {
        return 2;
    }
    return (tap >= 0) != may ? 3 : may || strstr(why.text, "/dev/net/tun: ") ? 0 : 4;
}

/* A virtual machine of theirs then boots without a network, instead of not at all. */
Test(rootless, guests_do_without_interfaces_where_those_are_for_root_only)
{
    int status;
    pid_t pid;

    if (user_namespaces_are_closed()) {
        cr_skip_test("kernel.unprivileged_userns_clone is 0 here");
    }
    pid = fork();
    if (pid == 0) {
        _exit(tap_as_nobody());
    }
    cr_assert(waitpid(pid, &status, 0) == pid && status == 0, "status %d", WEXITSTATUS(status));
}

/*
 * As `systemd-run --user --scope -p Delegate=yes` would: a group that belongs to nobody, with
 * nobody in it.
 */
static bool delegate(char *procs, size_t size)
{
    static const char *const files[] = {"", "/cgroup.procs", "/cgroup.subtree_control"};
    const char *group = "/sys/fs/cgroup/berth-delegated";
    char path[128];
    int fd = open("/sys/fs/cgroup/cgroup.subtree_control", O_WRONLY);

    if (fd < 0 || write(fd, "+cpu +memory +pids", 18) != 18 || mkdir(group, 0755) != 0) {
        return false;
    }
    close(fd);
    for (size_t i = 0; i < 3; i++) {
        snprintf(path, sizeof path, "%s%s", group, files[i]);
        if (chown(path, NOBODY, NOBODY) != 0) {
            return false;
        }
    }
    snprintf(procs, size, "%s/cgroup.procs", group);
    return true;
}

Test(rootless, delegated_groups_have_limits)
{
    struct cgroup_machine machine;
    char procs[128];
    struct err err;

    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    if (geteuid() != 0 || machine.kind != CGROUP_V2) {
        cr_skip_test("needs root to delegate, and cgroup version 2 alone; here it is %s",
                     cgroup_kind_name(machine.kind));
    }
    cr_assert(delegate(procs, sizeof procs));
    run_as_nobody(procs, NULL, "berth-work --memory 67108864",
                  (struct cgroup_limits){.memory_bytes = 32 << 20});
    cr_expect(report->kind == CGROUP_V2, "%s", report->note);
    cr_expect(report->outcome.exit_code == 137 && report->outcome.oom_killed, "%d %s",
              report->outcome.exit_code, report->outcome.err.text);
    for (int i = 0; i < 10000 && rmdir("/sys/fs/cgroup/berth-delegated/berth-home") != 0; i++) {
        usleep(1000);
    }
    cr_expect(rmdir("/sys/fs/cgroup/berth-delegated") == 0);
}
