/*
 * See warm.h. Whoever needs that memory meanwhile gets it: those who touch it are the first that a kernel out of
 * memory ends.
 */
#include "exec/warm.h"

#include "exec/fargate.h"
#include "exec/loop.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
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

void warm_memory(int64_t bytes)
{
    const int64_t most = capacity_unused_bytes() / 2;
    int64_t n = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
    pid_t pids[PROCESSES_MOST];

    bytes = bytes < most ? bytes : most;
    n = n < PROCESSES_MOST ? n : PROCESSES_MOST;
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

static int64_t least(int64_t bytes, int64_t limit_mib)
{
    return limit_mib > 0 && limit_mib * MIB < bytes ? limit_mib * MIB : bytes;
}

/* Of one task. Who goes beyond its limit gets no further. */
static int64_t task_bytes(const struct plans *plans, int32_t taskdef)
{
    const struct scenario_taskdef *row = &plans->scenario->taskdefs[taskdef];
    int64_t sum = 0;

    for (int c = 0; c < row->definition->n_containers; c++) {
        sum += least(row->behaviours[c].memory_bytes, row->definition->containers[c].memory_mib);
    }
    return scale_down(plans->scale, least(sum, row->definition->memory_mib));
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
