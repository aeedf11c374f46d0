/*
 * Nothing left behind: an agent that is killed with SIGKILL leaves no process and no mount, and the
 * next one to look removes what remains; runs that live are left alone.
 */
#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CONTAINERS = 10 };

/* What the agent that will be killed tells us first. */
struct confession {
    char base[64];
    char id[16];
    int pids[CONTAINERS];
};

static size_t mounts_of(const char *what)
{
    FILE *mounts = fopen("/proc/self/mounts", "re");
    char line[4096];
    size_t n = 0;

    while (mounts && fgets(line, sizeof line, mounts)) {
        n += strstr(line, what) != NULL;
    }
    if (mounts) {
        fclose(mounts);
    }
    return n;
}

/* Starts containers of four processes each, tells about them and waits to be killed. */
static _Noreturn void agent(int report)
{
    const char *const argv[] = {"sh", "-c",
                                "sleep 1000 & (setsid sleep 1000 &) ; kill -USR1 1; "
                                "exec berth-work --stop forever --idle forever",
                                NULL};
    static struct fixture fixture;
    struct confession told = {0};
    struct container_event event;
    int ready = 0;

    fixture_open(&fixture);
    snprintf(told.base, sizeof told.base, "%s", fixture.base);
    snprintf(told.id, sizeof told.id, "%s", fixture.run.id);
    for (int i = 0; i < CONTAINERS; i++) {
        struct container_spec spec = fixture_spec(&fixture, argv);
        struct container *container;
        char name[8];
        struct err err;

        snprintf(name, sizeof name, "c%d", i);
        spec.name = name;
        if (!container_create(fixture.host, &spec, NULL, &container, &err) ||
            !container_start(container, &err)) {
            _exit(1);
        }
        told.pids[i] = container_pid(container);
    }
    while (ready < CONTAINERS && fixture_next(&fixture, &event)) {
        ready += event.kind == CONTAINER_READY;
    }
    if (ready == CONTAINERS && write(report, &told, sizeof told) == sizeof told) {
        pause();
    }
    _exit(1);
}

/* How many of them are still there; a zombie waiting for us to look is not. */
static int alive(const int *pids)
{
    int n = 0;

    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    for (int i = 0; i < CONTAINERS; i++) {
        n += kill(pids[i], 0) == 0;
    }
    return n;
}

static struct confession kill_an_agent(void)
{
    struct confession told;
    int report[2];
    pid_t pid;

    if (geteuid() != 0) {
        cr_skip_test("needs root: containers with limits are made as root here");
    }
    prctl(PR_SET_CHILD_SUBREAPER, 1);
    cr_assert(pipe2(report, O_CLOEXEC) == 0);
    pid = fork();
    if (pid == 0) {
        close(report[0]);
        agent(report[1]);
    }
    close(report[1]);
    cr_assert(read(report[0], &told, sizeof told) == sizeof told, "the agent did not get that far");
    close(report[0]);
    cr_assert(alive(told.pids) == CONTAINERS);
    kill(pid, SIGKILL);
    return told;
}

Test(sweep, a_killed_agent_leaves_no_process)
{
    size_t mounts = mounts_of("");
    struct confession told = kill_an_agent();
    struct cgroup_machine machine;
    struct sweep_counts counts = {0};
    int64_t begin_usec = fixture_now_usec();
    struct err err;

    while (alive(told.pids) && fixture_now_usec() - begin_usec < 30000000) {
        usleep(500);
    }
    /* Some 10 ms where nothing else runs. */
    cr_log_info("gone after %ld us", (long)(fixture_now_usec() - begin_usec));
    cr_expect(alive(told.pids) == 0, "%d live on", alive(told.pids));
    cr_expect(mounts_of("") == mounts, "mounts were left");
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    cr_expect(sweep_dead(told.base, &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.runs_dead == 1 && counts.runs_alive == 0 && counts.folders == 1);
    cr_expect(counts.processes == 0, "%d processes had to be swept", counts.processes);
    /* instance, task and containers; on pure version 2 also the group in which they start */
    cr_expect(counts.groups == 2 + CONTAINERS + (machine.kind == CGROUP_V2), "%d groups",
              counts.groups);
    counts = (struct sweep_counts){0};
    cr_expect(sweep_dead(told.base, &machine, &counts, &err) && counts.runs_dead == 0 &&
                  counts.groups == 0,
              "twice is once too often");
    cr_expect(rmdir(told.base) == 0, "%s is not empty", told.base);
    cgroup_close(&machine);
}

Test(sweep, leaves_the_living_alone)
{
    char base[] = "/tmp/berth-test-XXXXXX", path[400];
    struct sweep_run alive_run, dead_run;
    struct cgroup_machine machine;
    struct sweep_counts counts = {0};
    struct err err;

    cr_assert(mkdtemp(base));
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    cr_assert(sweep_open(&alive_run, base, &err), "%s", err.text);
    cr_assert(sweep_open(&dead_run, base, &err), "%s", err.text);
    cr_expect(strcmp(alive_run.id, dead_run.id));
    close(dead_run.lock_fd); /* as its end would */
    snprintf(path, sizeof path, "%s/kept", base);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_expect(sweep_dead(base, &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.runs_alive == 1 && counts.runs_dead == 1 && counts.folders == 1);
    cr_expect(access(alive_run.folder, F_OK) == 0, "a living run's folder was removed");
    cr_expect(access(dead_run.folder, F_OK) != 0, "a dead run's folder was left");
    cr_expect(unlink(path) == 0, "what is no run was removed");
    cr_expect(sweep_close(&alive_run, &machine, &counts, &err), "%s", err.text);
    cr_expect(rmdir(base) == 0);
    cgroup_close(&machine);
}

/* A dead run's folder may hold links: what they point at is not ours. */
Test(sweep, follows_no_links)
{
    char base[] = "/tmp/berth-test-XXXXXX", other[] = "/tmp/berth-other-XXXXXX", path[400];
    struct cgroup_machine machine;
    struct sweep_counts counts = {0};
    struct sweep_run run;
    struct err err;

    cr_assert(mkdtemp(base) && mkdtemp(other));
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    cr_assert(sweep_open(&run, base, &err), "%s", err.text);
    snprintf(path, sizeof path, "%s/link", run.folder);
    cr_assert(symlink(other, path) == 0);
    snprintf(path, sizeof path, "%s/precious", other);
    close(open(path, O_CREAT | O_WRONLY, 0600));
    cr_expect(sweep_close(&run, &machine, &counts, &err), "%s", err.text);
    cr_expect(unlink(path) == 0, "a link was followed");
    cr_expect(rmdir(other) == 0 && rmdir(base) == 0);
    cgroup_close(&machine);
}

Test(sweep, refuses_a_base_that_others_may_write)
{
    char base[] = "/tmp/berth-test-XXXXXX";
    struct sweep_run run;
    struct err err;

    cr_assert(mkdtemp(base));
    cr_assert(chmod(base, 0777) == 0);
    cr_expect(!sweep_open(&run, base, &err));
    cr_expect(strstr(err.text, "not yours alone"), "%s", err.text);
    cr_expect(rmdir(base) == 0);
}

static bool is_group(const struct cgroup_machine *machine, const char *name)
{
    char names[64][CGROUP_NAME_MAX];

    return cgroup_names(machine, name, names, 64) > 0;
}

/* Its folder went first, as that of a test whose temporary folder somebody removed. */
Test(sweep, groups_that_lost_their_run_go_when_nobody_is_in_them)
{
    char bases[2][32] = {"/tmp/berth-test-XXXXXX", "/tmp/berth-test-XXXXXX"};
    struct cgroup_machine machine;
    struct sweep_counts counts = {0}, none = {0};
    struct sweep_run run;
    char group[64], task[80];
    struct err err;
    pid_t pid;

    cr_assert(mkdtemp(bases[0]) && mkdtemp(bases[1]));
    cr_assert(cgroup_open(&machine, CGROUP_BY_FD, &err), "%s", err.text);
    if (machine.kind == CGROUP_NONE) {
        cr_skip_test("no cgroups here: %s", machine.note);
    }
    cr_assert(sweep_open(&run, bases[0], &err), "%s", err.text);
    snprintf(group, sizeof group, "berth-%s-i1", run.id);
    snprintf(task, sizeof task, "%s/t1", group);
    cr_assert(cgroup_make(&machine, group, true, &(struct cgroup_limits){0}, &err), "%s", err.text);
    cr_assert(cgroup_make(&machine, task, false, &(struct cgroup_limits){0}, &err), "%s", err.text);
    cr_expect(sweep_orphans(bases[0], &machine, &counts, &err), "%s", err.text);
    cr_expect(sweep_orphans(bases[1], &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.groups == 0 && is_group(&machine, group), "a living run's were taken");
    close(run.lock_fd);
    pid = fixture_sleeper_in(&machine, task);
    cr_expect(sweep_orphans(bases[1], &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.groups == 0 && is_group(&machine, group) && kill(pid, 0) == 0,
              "somebody was in it");
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    cr_expect(sweep_orphans(bases[0], &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.groups == 0, "its run has a folder here");
    cr_expect(sweep_orphans(bases[1], &machine, &counts, &err), "%s", err.text);
    cr_expect(counts.groups == 2 && !is_group(&machine, group), "%d groups", counts.groups);
    cr_expect(sweep_dead(bases[0], &machine, &none, &err) && none.folders == 1);
    cr_expect(rmdir(bases[0]) == 0 && rmdir(bases[1]) == 0);
    cgroup_close(&machine);
}
