/*
 * See warm.h. Whoever needs that memory meanwhile gets it: those who touch it are the first that a kernel out of
 * memory ends.
 */
#include "exec/warm.h"

#include "exec/fargate.h"
#include "exec/loop.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define PAGE 4096
#define LONGEST_USEC 3000000

enum { PROCESSES_MOST = 32 };

static void be_first_to_end(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

    if (fd >= 0) {
        (void)!write(fd, "1000", 4);
        close(fd);
    }
}

static void touch(int64_t bytes)
{
    int64_t end_usec = loop_clock_usec() + LONGEST_USEC;
    char *memory =
        mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED) {
        return;
    }
    for (int64_t at = 0; at < bytes; at += PAGE) {
        if (at % MIB == 0 && loop_clock_usec() > end_usec) {
            return;
        }
        ((volatile char *)memory)[at] = 1;
    }
}

static pid_t begin_touching(int64_t bytes)
{
    pid_t pid = fork();

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        be_first_to_end();
        touch(bytes);
        _exit(EXIT_FINE);
    }
    return pid;
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* A number in a group's file; INT64_MAX where there is none, as where "max" stands there. */
static int64_t number_in(const char *folder, const char *name)
{
    char path[PATH_MAX];
    long long number;
    FILE *file;
    int n;

    snprintf(path, sizeof path, "%s/%s", folder, name);
    file = fopen(path, "re");
    n = file ? fscanf(file, "%lld", &number) : 0;
    if (file) {
        fclose(file);
    }
    return n == 1 ? number : INT64_MAX;
}

/* What that group and those above may still have. */
static int64_t left_in(const char *mount, char *group, const char *limit, const char *used)
{
    int64_t left = INT64_MAX;
    char folder[PATH_MAX], *slash;

    for (;;) {
        int64_t most, now;

        snprintf(folder, sizeof folder, "%s%s", mount, group);
        most = number_in(folder, limit);
        now = number_in(folder, used);
        if (most < INT64_MAX && now < INT64_MAX) {
            left = least(left, most > now ? most - now : 0);
        }
        slash = strrchr(group, '/');
        if (!slash) {
            return left;
        }
        *slash = '\0';
    }
}

/* What this process's own groups leave it, of either version of cgroups. */
static int64_t left_in_groups(void)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    int64_t left = INT64_MAX;
    char line[PATH_MAX], *group;

    while (file && fgets(line, sizeof line, file)) {
        line[strcspn(line, "\n")] = '\0';
        group = strchr(line, '/');
        if (group && strstr(line, ":memory:")) {
            left = least(left, left_in("/sys/fs/cgroup/memory", group, "memory.limit_in_bytes",
                                       "memory.usage_in_bytes"));
        } else if (group && strncmp(line, "0::", 3) == 0) {
            left = least(left, left_in("/sys/fs/cgroup", group, "memory.max", "memory.current"));
        }
    }
    if (file) {
        fclose(file);
    }
    return left;
}

int64_t warm_most(void)
{
    return least(capacity_unused_bytes(), left_in_groups()) / 2;
}

void warm_memory(int64_t bytes)
{
    const int64_t most = warm_most();
    int64_t n = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
    pid_t pids[PROCESSES_MOST];

    bytes = least(bytes, most);
    n = least(n, PROCESSES_MOST);
    n = bytes < n ? 0 : n;
    for (int64_t i = 0; i < n; i++) {
        pids[i] = begin_touching(bytes / n);
    }
    for (int64_t i = 0; i < n; i++) {
        if (pids[i] > 0) {
            waitpid(pids[i], NULL, 0);
        }
    }
}

static int64_t within(int64_t bytes, int64_t limit_mib)
{
    return limit_mib > 0 && limit_mib * MIB < bytes ? limit_mib * MIB : bytes;
}

/* Of one task. Who goes beyond its limit gets no further. */
static int64_t task_bytes(const struct plans *plans, int32_t taskdef)
{
    const struct scenario_taskdef *row = &plans->scenario->taskdefs[taskdef];
    int64_t sum = 0;

    for (int c = 0; c < row->definition->n_containers; c++) {
        sum += within(row->behaviours[c].memory_bytes, row->definition->containers[c].memory_mib);
    }
    return scale_down(plans->scale, within(sum, row->definition->memory_mib));
}

int64_t warm_wanted(const struct plans *plans)
{
    const int64_t most =
        scale_down(plans->scale, capacity_of_scenario(plans->scenario).memory_bytes);
    int64_t sum = 0;
    int n;
    struct task_use *uses = task_uses(plans->scenario, &n);

    for (int i = 0; i < n; i++) {
        int64_t bytes = task_bytes(plans, uses[i].taskdef);

        sum = uses[i].n > 0 && bytes > (most - sum) / uses[i].n ? most : sum + uses[i].n * bytes;
    }
    free(uses);
    return sum;
}
