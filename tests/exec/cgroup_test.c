/*
 * Groups through both backends: what is written arrives in the kernel, and nothing is removed while
 * it is busy.
 */
#include "exec/cgroup.h"
#include "fixture.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const enum cgroup_backend backends[] = {CGROUP_BY_FD, CGROUP_BY_LIBRARY};
static const char *const backend_names[] = {"fd", "libcgroup"};

static void open_or_skip(struct cgroup_machine *machine, enum cgroup_backend backend)
{
    struct err err;

    cr_assert(cgroup_open(machine, backend, &err), "%s", err.text);
    if (machine->kind == CGROUP_NONE) {
        cr_skip_test("%s", machine->note);
    }
}

/* A file of a group as the kernel has it, with version 1's or version 2's name. */
static void read_file(const struct cgroup_machine *machine, const char *path,
                      enum cgroup_place place, const char *v1, const char *v2, char *text,
                      size_t size)
{
    bool is_v2 = machine->kind == CGROUP_V2;
    char name[CGROUP_PATH_MAX + 64];
    ssize_t n = 0;
    int fd;

    snprintf(name, sizeof name, "%s/%s", path, is_v2 ? v2 : v1);
    fd = openat(machine->roots[is_v2 ? CGROUP_UNIFIED : place], name, O_RDONLY);
    if (fd >= 0) {
        n = read(fd, text, size - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
}

Test(cgroup, weight_of_shares)
{
    static const struct {
        int64_t shares, weight;
    } cases[] = {{2, 1}, {1024, 39}, {262144, 10000}, {512, 20}, {2048, 79}};

    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(cgroup_weight(cases[i].shares) == cases[i].weight, "%ld gives %ld",
                  (long)cases[i].shares, (long)cgroup_weight(cases[i].shares));
    }
}

Test(cgroup, limits_arrive_in_the_kernel)
{
    static const struct {
        enum cgroup_place place;
        const char *v1, *v2, *text_v1, *text_v2;
    } wanted[] = {
        {CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max", "25000", "25000 100000"},
        {CGROUP_CPU, "cpu.shares", "cpu.weight", "512", "20"},
        {CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", "67108864", "67108864"},
        {CGROUP_MEMORY, "memory.soft_limit_in_bytes", "memory.low", "33554432", "33554432"},
        {CGROUP_PIDS, "pids.max", "pids.max", "17", "17"},
    };
    const struct cgroup_limits limits = {.quota_cpu = 256,
                                         .weight_cpu = 512,
                                         .memory_bytes = 64 << 20,
                                         .reserved_bytes = 32 << 20,
                                         .pids = 17};

    for (size_t b = 0; b < 2; b++) {
        struct cgroup_machine machine;
        struct err err;

        open_or_skip(&machine, backends[b]);
        cr_assert(cgroup_make(&machine, "berth-test-i1", true, &(struct cgroup_limits){0}, &err),
                  "%s", err.text);
        cr_assert(cgroup_make(&machine, "berth-test-i1/t1", true, &limits, &err), "%s", err.text);
        for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
            char text[128];

            read_file(&machine, "berth-test-i1/t1", wanted[i].place, wanted[i].v1, wanted[i].v2,
                      text, sizeof text);
            cr_expect(
                !strcmp(text, machine.kind == CGROUP_V2 ? wanted[i].text_v2 : wanted[i].text_v1),
                "%s, %s: [%s]", backend_names[b], wanted[i].v2, text);
        }
        cr_expect(cgroup_remove(&machine, "berth-test-i1/t1"), "%s", backend_names[b]);
        cr_expect(cgroup_remove(&machine, "berth-test-i1"), "%s", backend_names[b]);
        cr_expect(cgroup_remove(&machine, "berth-test-i1"), "what is gone is gone");
        cgroup_close(&machine);
    }
}

/* The kernel keeps these limits where there is nothing to swap to, too. */
Test(cgroup, swap_limits_arrive_in_the_kernel)
{
    const struct cgroup_limits limits = {
        .memory_bytes = 64 << 20, .swap_bytes = 16 << 20, .swappiness = 30 + 1};
    const struct cgroup_limits free_limits = {.memory_bytes = 256 << 20, .swap_bytes = -1};
    struct cgroup_machine machine;
    struct err err;
    char text[128];

    open_or_skip(&machine, CGROUP_BY_FD);
    if (!machine.limits_memory ||
        (machine.kind != CGROUP_V2 &&
         faccessat(machine.roots[CGROUP_MEMORY], "memory.memsw.limit_in_bytes", F_OK, 0) != 0)) {
        cr_skip_test("this kernel does not count what is swapped");
    }
    machine.swap = true;
    cr_assert(cgroup_make(&machine, "berth-test-i1", true, &free_limits, &err), "%s", err.text);
    cr_assert(cgroup_make(&machine, "berth-test-i1/t1", true, &limits, &err), "%s", err.text);
    read_file(&machine, "berth-test-i1/t1", CGROUP_MEMORY, "memory.memsw.limit_in_bytes",
              "memory.swap.max", text, sizeof text);
    cr_expect_str_eq(text, machine.kind == CGROUP_V2 ? "16777216" : "83886080");
    if (machine.kind != CGROUP_V2) {
        read_file(&machine, "berth-test-i1/t1", CGROUP_MEMORY, "memory.swappiness", "", text,
                  sizeof text);
        cr_expect_str_eq(text, "30");
    }
    cr_expect(cgroup_remove(&machine, "berth-test-i1/t1"));
    cr_expect(cgroup_remove(&machine, "berth-test-i1"));
    cgroup_close(&machine);
}

Test(cgroup, instance_group_limits)
{
    const struct cgroup_limits limits = {.quota_cpu = 1024, .memory_bytes = 1 << 30};
    struct cgroup_machine machine;
    struct err err;
    char text[128];

    open_or_skip(&machine, CGROUP_BY_FD);
    cr_assert(cgroup_make(&machine, "berth-test-i2", true, &limits, &err), "%s", err.text);
    read_file(&machine, "berth-test-i2", CGROUP_CPU, "cpu.cfs_quota_us", "cpu.max", text,
              sizeof text);
    cr_expect(!strcmp(text, machine.kind == CGROUP_V2 ? "100000 100000" : "100000"), "%s", text);
    read_file(&machine, "berth-test-i2", CGROUP_MEMORY, "memory.limit_in_bytes", "memory.max", text,
              sizeof text);
    cr_expect(!strcmp(text, "1073741824"), "%s", text);
    cr_expect(cgroup_remove(&machine, "berth-test-i2"));
    cgroup_close(&machine);
}

Test(cgroup, impossible_limits_are_explained)
{
    static const struct {
        struct cgroup_limits limits;
        const char *says;
    } cases[] = {
        {{.quota_cpu = 10}, "below the kernel's floor of 11"},
        {{.pids = -5}, "process limit"},
    };
    struct cgroup_machine machine;
    struct err err;

    open_or_skip(&machine, CGROUP_BY_FD);
    cr_assert(cgroup_make(&machine, "berth-test-i3", true, &(struct cgroup_limits){0}, &err));
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cr_expect(!cgroup_make(&machine, "berth-test-i3/t1", false, &cases[i].limits, &err));
        cr_expect(strstr(err.text, cases[i].says), "%s", err.text);
        cr_expect(err.code == EXIT_MACHINE);
    }
    cr_expect(
        !cgroup_make(&machine, "berth-test-none/t1", false, &(struct cgroup_limits){0}, &err));
    cr_expect(cgroup_remove(&machine, "berth-test-i3"), "a failed cgroup_make() left something");
    cgroup_close(&machine);
}

Test(cgroup, busy_groups_are_not_removed)
{
    for (size_t b = 0; b < 2; b++) {
        struct cgroup_machine machine;
        struct err err;
        pid_t pid;

        open_or_skip(&machine, backends[b]);
        cr_assert(cgroup_make(&machine, "berth-test-i4", false, &(struct cgroup_limits){0}, &err),
                  "%s", err.text);
        pid = fixture_sleeper_in(&machine, "berth-test-i4");
        cr_expect(!cgroup_remove(&machine, "berth-test-i4") && errno == EBUSY, "%s",
                  backend_names[b]);
        cr_expect(kill(pid, 0) == 0);
        cr_expect(cgroup_kill(&machine, "berth-test-i4") == 1, "%s", backend_names[b]);
        waitpid(pid, NULL, 0);
        while (!cgroup_remove(&machine, "berth-test-i4")) {
            usleep(1000);
        }
        cgroup_close(&machine);
    }
}

Test(cgroup, both_backends_read_the_same)
{
    struct cgroup_usage usage[2] = {0};
    struct cgroup_machine machine;
    struct err err;
    pid_t pid;

    open_or_skip(&machine, CGROUP_BY_FD);
    cr_assert(cgroup_make(&machine, "berth-test-i5", false,
                          &(struct cgroup_limits){.quota_cpu = 512}, &err));
    pid = fixture_sleeper_in(&machine, "berth-test-i5");
    usleep(20000);
    for (size_t b = 0; b < 2; b++) {
        machine.backend = backends[b];
        cr_expect(cgroup_read(&machine, "berth-test-i5", &usage[b], &err), "%s", err.text);
    }
    cr_expect(usage[0].cpu_usec == usage[1].cpu_usec, "%ld and %ld", (long)usage[0].cpu_usec,
              (long)usage[1].cpu_usec);
    cr_expect(usage[0].peak_bytes == usage[1].peak_bytes);
    cr_expect(usage[0].pids == (machine.limits_pids ? 1 : 0) && usage[1].pids == usage[0].pids);
    cr_expect(usage[0].oom_kills == 0 && usage[1].oom_kills == 0);
    cgroup_kill(&machine, "berth-test-i5");
    waitpid(pid, NULL, 0);
    machine.backend = CGROUP_BY_FD;
    while (!cgroup_remove(&machine, "berth-test-i5")) {
        usleep(1000);
    }
    cgroup_close(&machine);
}

Test(cgroup, sweeps_trees_by_prefix)
{
    struct cgroup_machine machine;
    struct cgroup_swept swept = {0};
    struct err err;
    pid_t pid;

    open_or_skip(&machine, CGROUP_BY_FD);
    cr_assert(cgroup_make(&machine, "berth-testa-i1", true, &(struct cgroup_limits){0}, &err));
    cr_assert(cgroup_make(&machine, "berth-testa-i1/t1", true, &(struct cgroup_limits){0}, &err));
    cr_assert(
        cgroup_make(&machine, "berth-testa-i1/t1/c-x", false, &(struct cgroup_limits){0}, &err));
    cr_assert(cgroup_make(&machine, "berth-testb-i1", true, &(struct cgroup_limits){0}, &err));
    pid = fixture_sleeper_in(&machine, "berth-testa-i1/t1/c-x");
    cr_expect(cgroup_sweep(&machine, "berth-testa-", &swept, &err), "%s", err.text);
    cr_expect(swept.processes == 1 && swept.groups == 3, "%d processes, %d groups", swept.processes,
              swept.groups);
    cr_expect(waitpid(pid, NULL, 0) == pid);
    cr_expect(cgroup_make(&machine, "berth-testa-i1", false, &(struct cgroup_limits){0}, &err),
              "%s", err.text);
    cr_expect(cgroup_remove(&machine, "berth-testa-i1"));
    cr_expect(!cgroup_make(&machine, "berth-testb-i1", false, &(struct cgroup_limits){0}, &err),
              "the other run's group was swept too");
    cr_expect(cgroup_remove(&machine, "berth-testb-i1"));
    cgroup_close(&machine);
}

/* A process that is held still (as a killed executor may have left it) dies too. */
Test(cgroup, kills_the_frozen)
{
    struct cgroup_machine machine;
    struct err err;
    int fd;
    pid_t pid;

    open_or_skip(&machine, CGROUP_BY_FD);
    if (machine.roots[CGROUP_UNIFIED] < 0) {
        cr_skip_test("no version 2 tree here: freezing is tried in a container's own test");
    }
    cr_assert(cgroup_make(&machine, "berth-test-i6", false, &(struct cgroup_limits){0}, &err));
    pid = fixture_sleeper_in(&machine, "berth-test-i6");
    fd = openat(machine.roots[CGROUP_UNIFIED], "berth-test-i6/cgroup.freeze", O_WRONLY);
    cr_assert(fd >= 0 && write(fd, "1", 1) == 1);
    close(fd);
    cr_expect(cgroup_kill(&machine, "berth-test-i6") == 1);
    cr_expect(waitpid(pid, NULL, 0) == pid);
    while (!cgroup_remove(&machine, "berth-test-i6")) {
        usleep(1000);
    }
    cgroup_close(&machine);
}

/*
 * Version 1 without a version 2 tree beside it: what a hybrid machine shows when that tree is not
 * used.
 */
Test(cgroup, version_1_alone_freezes_kills_and_thaws)
{
    struct cgroup_machine hybrid, machine;
    struct cgroup_swept swept = {0};
    struct err err;
    pid_t pid;

    open_or_skip(&hybrid, CGROUP_BY_FD);
    if (hybrid.kind != CGROUP_HYBRID) {
        cr_skip_test("cgroup %s: no version 1 hierarchies to try", cgroup_kind_name(hybrid.kind));
    }
    machine = hybrid;
    machine.kind = CGROUP_V1;
    machine.roots[CGROUP_UNIFIED] = -1;
    machine.roots[CGROUP_CPUACCT] = open("/sys/fs/cgroup/cpuacct", O_RDONLY | O_DIRECTORY);
    machine.roots[CGROUP_FREEZER] = open("/sys/fs/cgroup/freezer", O_RDONLY | O_DIRECTORY);
    cr_assert(machine.roots[CGROUP_FREEZER] >= 0);
    cr_assert(cgroup_make(&machine, "berth-testv1-i1", true, &(struct cgroup_limits){0}, &err),
              "%s", err.text);
    cr_assert(cgroup_make(&machine, "berth-testv1-i1/c-x", false,
                          &(struct cgroup_limits){.pids = 9}, &err),
              "%s", err.text);
    pid = fixture_sleeper_in(&machine, "berth-testv1-i1/c-x");
    cr_expect(cgroup_sweep(&machine, "berth-testv1-", &swept, &err), "%s", err.text);
    cr_expect(swept.processes == 1 && swept.groups == 2, "%d processes, %d groups", swept.processes,
              swept.groups);
    cr_expect(waitpid(pid, NULL, 0) == pid);
    cgroup_close(&hybrid);
}
