/*
 * Sums, fractions and the kernel's floors. The floor of a CPU quota is the kernel's own (1 ms,
 * kernel/sched/core.c, min_cfs_quota_period); below 4 MiB a root file system's page tables alone
 * get a container killed.
 */
#include "exec/scale.h"

#include "exec/fargate.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#define MIB (INT64_C(1) << 20)
#define FLOOR_CPU 11 /* ECS units: 1 ms of every 100 ms is 10.24 */
#define FLOOR_MEMORY_BYTES (4 * MIB)

struct capacity capacity_of_machine(void)
{
    struct capacity capacity = {CPU_UNITS_PER_VCPU, 0};
    struct sysinfo info;
    cpu_set_t cpus;

    if (sched_getaffinity(0, sizeof cpus, &cpus) == 0) {
        capacity.cpu = (int64_t)CPU_COUNT(&cpus) * CPU_UNITS_PER_VCPU;
    }
    if (sysinfo(&info) == 0) {
        capacity.memory_bytes = (int64_t)info.totalram * info.mem_unit;
    }
    return capacity;
}

static int64_t meminfo_bytes(const char *name)
{
    FILE *file = fopen("/proc/meminfo", "re");
    const size_t length = strlen(name);
    char line[128];
    long long kib = 0;

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, name, length) == 0) {
            kib = strtoll(line + length, NULL, 10);
        }
    }
    if (file) {
        fclose(file);
    }
    return kib * 1024;
}

int64_t capacity_free_bytes(void)
{
    return meminfo_bytes("MemAvailable:");
}

int64_t capacity_unused_bytes(void)
{
    return meminfo_bytes("MemFree:");
}

struct capacity capacity_of_scenario(const struct scenario *scenario)
{
    struct capacity sum = {0, 0};
    int n_uses;
    struct task_use *uses = fargate_uses(scenario, &n_uses);

    for (int i = 0; i < n_uses; i++) {
        const struct instance_type type = fargate_type(scenario, uses[i].taskdef);

        sum.cpu += uses[i].n * type.cpu;
        sum.memory_bytes += uses[i].n * type.memory_mib * MIB;
    }
    free(uses);
    for (int i = 0; i < scenario->n_groups; i++) {
        const struct scenario_group *group = &scenario->groups[i];
        const struct instance_type *type = &scenario->types[group->type];
        int64_t count = group->kind == GROUP_AUTO_SCALING ? group->maximum : group->count;

        sum.cpu += count * type->cpu;
        sum.memory_bytes += count * type->memory_mib * MIB;
    }
    return sum;
}

int64_t scale_down(struct scale scale, int64_t amount)
{
    int64_t whole = amount / scale.denominator, rest = amount % scale.denominator;
    int64_t scaled = whole * scale.numerator + rest * scale.numerator / scale.denominator;

    return scaled == 0 && amount > 0 ? 1 : scaled;
}

int64_t scale_up(struct scale scale, int64_t amount)
{
    int64_t whole = amount / scale.numerator, rest = amount % scale.numerator;

    return whole * scale.denominator + rest * scale.denominator / scale.numerator;
}

static bool fits(struct scale scale, const struct capacity *wanted, const struct capacity *machine)
{
    return scale_down(scale, wanted->cpu) <= machine->cpu &&
           scale_down(scale, wanted->memory_bytes) <= machine->memory_bytes;
}

/* The largest 1/k that fits. */
static struct scale largest(const struct capacity *wanted, const struct capacity *machine)
{
    struct scale scale = {1, 1};

    while (!fits(scale, wanted, machine)) {
        scale.denominator++;
    }
    return scale;
}

const char *capacity_text(char *text, size_t size, const struct capacity *capacity)
{
    double cpus = (double)capacity->cpu / CPU_UNITS_PER_VCPU;
    double mib = (double)capacity->memory_bytes / (double)MIB;
    bool small = mib < 1024;
    double memory = small ? mib : mib / 1024;

    snprintf(text, size, "%.*f CPU%s and %.*f %s", cpus == (double)(int64_t)cpus ? 0 : 2, cpus,
             cpus == 1 ? "" : "s", memory == (double)(int64_t)memory || memory >= 100 ? 0 : 1,
             memory, small ? "MiB" : "GiB");
    return text;
}

static bool parse(struct scale *scale, const char *text, struct err *err)
{
    int n = 0;

    if (sscanf(text, "%d/%d%n", &scale->numerator, &scale->denominator, &n) != 2 ||
        text[n] != '\0' || scale->numerator < 1 || scale->denominator < scale->numerator ||
        scale->denominator > 100000) {
        return err_set(err, EXIT_INPUT,
                       "--scale %s: wanted a fraction up to 1/1 such as 1/4, or auto", text);
    }
    return true;
}

bool scale_choose(struct scale *scale, const char *text, const struct scenario *scenario,
                  const struct capacity *machine, struct err *err)
{
    struct capacity wanted = capacity_of_scenario(scenario);
    struct scale fitting = largest(&wanted, machine);
    struct scale chosen = {1, 1};
    char wants[64], has[64], scaled[64];

    if (text != NULL && strcmp(text, "auto") == 0) {
        *scale = fitting;
        return true;
    }
    if (text != NULL && !parse(&chosen, text, err)) {
        return false;
    }
    if (!fits(chosen, &wanted, machine)) {
        struct capacity at_scale = {scale_down(chosen, wanted.cpu),
                                    scale_down(chosen, wanted.memory_bytes)};

        snprintf(scaled, sizeof scaled, "%s%s", text ? " at " : "", text ? text : "");
        return err_set(
            err, EXIT_MACHINE, "%s needs %s%s, this machine has %s: --scale %d/%d or --scale auto",
            scenario->path, capacity_text(wants, sizeof wants, &at_scale), scaled,
            capacity_text(has, sizeof has, machine), fitting.numerator, fitting.denominator);
    }
    *scale = chosen;
    return true;
}

static bool check_cpu(struct scale scale, int64_t cpu, const char *what, struct err *err)
{
    if (cpu > 0 && scale_down(scale, cpu) < FLOOR_CPU) {
        return err_set(
            err, EXIT_MACHINE,
            "%s: %lld CPU units at scale %d/%d are less than 1 ms of CPU time in 100 ms, "
            "the least the kernel can hold it to: choose a larger --scale",
            what, (long long)cpu, scale.numerator, scale.denominator);
    }
    return true;
}

static bool check_memory(struct scale scale, int64_t memory_mib, const char *what, struct err *err)
{
    if (memory_mib > 0 && scale_down(scale, memory_mib * MIB) < FLOOR_MEMORY_BYTES) {
        return err_set(err, EXIT_MACHINE,
                       "%s: %lld MiB at scale %d/%d are less than the 4 MiB a container needs: "
                       "choose a larger --scale",
                       what, (long long)memory_mib, scale.numerator, scale.denominator);
    }
    return true;
}

bool scale_check(struct scale scale, const struct scenario *scenario, struct err *err)
{
    char what[512];

    for (int i = 0; i < scenario->n_groups; i++) {
        const struct instance_type *type = &scenario->types[scenario->groups[i].type];

        if (scenario->groups[i].kind == GROUP_FARGATE) {
            continue; /* as large as its tasks */
        }
        snprintf(what, sizeof what, "instance type %s", type->name);
        if (!check_cpu(scale, type->cpu, what, err) ||
            !check_memory(scale, type->memory_mib, what, err)) {
            return false;
        }
    }
    for (int i = 0; i < scenario->n_taskdefs; i++) {
        const struct task_definition *task = scenario->taskdefs[i].definition;

        snprintf(what, sizeof what, "task definition %s", task->family);
        if (task->machine && scale.numerator != scale.denominator) {
            return err_set(
                err, EXIT_MACHINE,
                "%s is run in virtual machines of its tasks' own, whose kernels do not get "
                "smaller: it runs at scale 1/1 only, or with --set isolation.%s=container",
                what, task->family);
        }
        if (!check_cpu(scale, task->cpu, what, err) ||
            !check_memory(scale, task->memory_mib, what, err)) {
            return false;
        }
        for (int j = 0; j < task->n_containers; j++) {
            snprintf(what, sizeof what, "task definition %s, container %s", task->family,
                     task->containers[j].name);
            if (!check_memory(scale, task->containers[j].memory_mib, what, err)) {
                return false;
            }
        }
    }
    return true;
}
