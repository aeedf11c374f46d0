/*
 * See warm.h. Nobody else's memory is asked for: what is free is, for a moment.
 */
#include "exec/warm.h"

#include "exec/loop.h"

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define PAGE 4096
#define LONGEST_USEC 3000000

enum { PROCESSES_MOST = 32 };

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
        touch(bytes);
        _exit(EXIT_FINE);
    }
    return pid;
}

void warm_memory(int64_t bytes)
{
    const int64_t free_bytes = capacity_free_bytes();
    int64_t n = capacity_of_machine().cpu / CPU_UNITS_PER_VCPU;
    pid_t pids[PROCESSES_MOST];

    bytes = bytes < free_bytes / 2 ? bytes : free_bytes / 2;
    n = n < PROCESSES_MOST ? n : PROCESSES_MOST;
    for (int64_t i = 0; i < n && bytes >= n; i++) {
        pids[i] = begin_touching(bytes / n);
    }
    for (int64_t i = 0; i < n && bytes >= n; i++) {
        if (pids[i] > 0) {
            waitpid(pids[i], NULL, 0);
        }
    }
}

static int64_t most_tasks(const struct message *call)
{
    switch (call->kind) {
    case MESSAGE_RUN_TASK:
        return call->as.run_task.count;
    case MESSAGE_START_TASK:
        return call->as.start_task.n_instances;
    case MESSAGE_CREATE_SERVICE:
        return call->as.create_service.desired;
    default:
        return 0;
    }
}

/* Of one task. Who goes beyond its limit gets no further. */
static int64_t task_bytes(const struct plans *plans, int32_t taskdef)
{
    const struct scenario_taskdef *row = &plans->scenario->taskdefs[taskdef];
    int64_t sum = 0;

    for (int c = 0; c < row->definition->n_containers; c++) {
        int64_t bytes = row->behaviours[c].memory_bytes;
        int64_t limit = row->definition->containers[c].memory_mib * MIB;

        sum += limit > 0 && limit < bytes ? limit : bytes;
    }
    return scale_down(plans->scale, sum);
}

/* The sum, but no more than there is. */
static int64_t more(int64_t sum, int64_t n, int64_t bytes, int64_t most)
{
    return n > 0 && bytes > (most - sum) / n ? most : sum + n * bytes;
}

int64_t warm_wanted(const struct plans *plans)
{
    const struct scenario *scenario = plans->scenario;
    const int64_t most = scale_down(plans->scale, capacity_of_scenario(scenario).memory_bytes);
    int64_t sum = 0;

    for (int i = 0; i < scenario->n_services; i++) {
        const struct message *call = &scenario->services[i];

        sum = more(sum, most_tasks(call), task_bytes(plans, call->as.create_service.taskdef), most);
    }
    for (int i = 0; i < scenario->n_timeline; i++) {
        const struct scenario_entry *entry = &scenario->timeline[i];

        if (!entry->is_fault && entry->taskdef != ID_NONE) {
            sum = more(sum, most_tasks(&entry->call), task_bytes(plans, entry->taskdef), most);
        }
    }
    return sum;
}
