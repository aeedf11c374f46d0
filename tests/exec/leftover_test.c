/*
 * Counting what is left finds what is there: a process, its namespaces, a mount, a group.
 */
#include "exec/leftover.h"

#include <criterion/criterion.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static struct cgroup_machine cgroups;
static char folder[] = "/tmp/berth-left-XXXXXX";

static void set_up(void)
{
    struct err err;

    cr_assert(cgroup_open(&cgroups, CGROUP_BY_FD, &err), "%s", err.text);
    cr_assert(mkdtemp(folder) != NULL);
}

static void tear_down(void)
{
    cgroup_close(&cgroups);
    rmdir(folder);
}

TestSuite(leftover, .init = set_up, .fini = tear_down);

static struct leftovers count(void)
{
    return leftover_count("zzzzz", folder, &cgroups, leftover_network());
}

Test(leftover, nothing)
{
    struct leftovers left = count();

    cr_expect(left.processes == 0 && left.mounts == 0 && left.namespaces == 0 && left.groups == 0 &&
              !left.network_changed);
}

Test(leftover, processes_and_their_namespaces)
{
    struct leftovers left;
    int ends[2];
    pid_t pid;
    char byte;

    cr_assert(pipe(ends) == 0);
    pid = fork();
    if (pid == 0) {
        if (unshare(CLONE_NEWUSER | CLONE_NEWUTS) != 0 || fork() < 0) {
            _exit(1);
        }
        prctl(PR_SET_PDEATHSIG, SIGKILL); /* the grandchild goes with the child */
        cr_assert(write(ends[1], "x", 1) == 1);
        pause();
    }
    cr_assert(read(ends[0], &byte, 1) == 1 && read(ends[0], &byte, 1) == 1, "no namespaces here");
    left = count();
    cr_expect(left.processes == 2, "%d: a child and its child", left.processes);
    cr_expect(left.namespaces == 2, "%d: user and uts, counted once", left.namespaces);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

Test(leftover, groups)
{
    struct err err;

    if (cgroups.kind == CGROUP_NONE) {
        cr_skip_test("%s", cgroups.note);
    }
    cr_assert(cgroup_make(&cgroups, "berth-zzzzz-i1-box", true, &(struct cgroup_limits){0}, &err),
              "%s", err.text);
    cr_expect(count().groups > 0);
    cr_expect(cgroup_remove(&cgroups, "berth-zzzzz-i1-box"));
    cr_expect(count().groups == 0);
}

Test(leftover, mounts)
{
    if (mount("none", folder, "tmpfs", 0, "size=4k") != 0) {
        cr_skip_test("only root mounts");
    }
    cr_expect(count().mounts == 1);
    cr_assert(umount(folder) == 0);
    cr_expect(count().mounts == 0);
}
