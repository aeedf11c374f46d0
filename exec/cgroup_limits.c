/*
 * The one table of what limits are called in version 1 and version 2 and how their values differ.
 * libcgroup has none.
 */
#include "exec/cgroup_inside.h"

#include <inttypes.h>
#include <stdio.h>

enum {
    PERIOD_USEC = 100000,    /* of the CFS quota, Docker's and the kernel's default */
    QUOTA_FLOOR_USEC = 1000, /* kernel, sched/core.c: min_cfs_quota_period */
    SHARES_MIN = 2,
    SHARES_MAX = 262144,
};

int64_t cgroup_weight(int64_t shares)
{
    return 1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN);
}

static struct cgroup_setting *setting(struct cgroup_setting *list, size_t *n,
                                      enum cgroup_place place, const char *file, const char *what)
{
    list[*n] = (struct cgroup_setting){.place = place, .file = file, .what = what};
    return &list[(*n)++];
}

static void set_number(struct cgroup_setting *setting, int64_t value)
{
    snprintf(setting->text, sizeof setting->text, "%" PRId64, value);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void cpu_settings(bool v2, const struct cgroup_limits *limits, struct cgroup_setting *list,
                         size_t *n)
{
    int64_t quota_usec = limits->quota_cpu * PERIOD_USEC / 1024;
    int64_t shares = clamp(limits->weight_cpu, SHARES_MIN, SHARES_MAX);

    if (limits->weight_cpu) {
        set_number(setting(list, n, CGROUP_CPU, v2 ? "cpu.weight" : "cpu.shares", "CPU weight"),
                   v2 ? cgroup_weight(shares) : shares);
    }
    if (limits->quota_cpu && v2) {
        snprintf(setting(list, n, CGROUP_CPU, "cpu.max", "CPU quota")->text, sizeof list->text,
                 "%" PRId64 " %d", quota_usec, PERIOD_USEC);
    } else if (limits->quota_cpu) {
        /* The kernel's default period is ours, so it need not be written. */
        set_number(setting(list, n, CGROUP_CPU, "cpu.cfs_quota_us", "CPU quota"), quota_usec);
    }
}

/* Version 1 limits memory and swap together, version 2 swap alone, and has no swappiness. */
static void swap_settings(bool v2, const struct cgroup_limits *limits, struct cgroup_setting *list,
                          size_t *n)
{
    struct cgroup_setting *swap =
        setting(list, n, CGROUP_MEMORY, v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
                "swap limit");

    if (limits->swap_bytes < 0) {
        snprintf(swap->text, sizeof swap->text, v2 ? "max" : "-1");
    } else {
        set_number(swap, limits->swap_bytes + (v2 ? 0 : limits->memory_bytes));
    }
    if (limits->swappiness > 0 && !v2) {
        set_number(setting(list, n, CGROUP_MEMORY, "memory.swappiness", "swappiness"),
                   limits->swappiness - 1);
    }
}

size_t cgroup_settings(const struct cgroup_machine *machine, const struct cgroup_limits *limits,
                       struct cgroup_setting *list)
{
    bool v2 = machine->kind == CGROUP_V2;
    size_t n = 0;

    if (machine->limits_cpu) {
        cpu_settings(v2, limits, list, &n);
    }
    if (limits->memory_bytes && machine->limits_memory) {
        set_number(setting(list, &n, CGROUP_MEMORY, v2 ? "memory.max" : "memory.limit_in_bytes",
                           "memory limit"),
                   limits->memory_bytes);
        if (machine->swap) {
            swap_settings(v2, limits, list, &n);
        }
    }
    if (limits->reserved_bytes && machine->limits_memory) {
        set_number(setting(list, &n, CGROUP_MEMORY,
                           v2 ? "memory.low" : "memory.soft_limit_in_bytes", "memory reservation"),
                   limits->reserved_bytes);
    }
    if (limits->pids && machine->limits_pids) {
        set_number(setting(list, &n, CGROUP_PIDS, "pids.max", "process limit"), limits->pids);
    }
    for (size_t i = 0; v2 && i < n; i++) {
        list[i].place = CGROUP_UNIFIED;
    }
    return n;
}

bool cgroup_limits_check(const char *path, const struct cgroup_limits *limits, struct err *err)
{
    if (limits->quota_cpu && limits->quota_cpu * PERIOD_USEC / 1024 < QUOTA_FLOOR_USEC) {
        return err_set(err, EXIT_MACHINE,
                       "cgroup %s: %" PRId64
                       " CPU units are below the kernel's floor of 11 (1 ms of "
                       "every 100 ms)",
                       path, limits->quota_cpu);
    }
    return true;
}
