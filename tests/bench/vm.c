/*
 * Virtual machines beside each other: booted from scratch, with a kernel that was unpacked before, and
 * restored from a snapshot; and what a guest's operating system takes of its memory.
 *
 *     vm [--json] [ROUNDS]
 */
#include "exec/vm_snapshot.h"
#include "exec/vm_trial.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PATIENCE_USEC INT64_C(60000000)
#define MEMORY_MIB 128

enum { ROUNDS_MAX = 50 };

struct series {
    int64_t total_usec[ROUNDS_MAX], firmware_usec[ROUNDS_MAX], kernel_usec[ROUNDS_MAX],
        user_usec[ROUNDS_MAX], system_bytes[ROUNDS_MAX], host_bytes[ROUNDS_MAX];
};

static char folder[] = "/tmp/berth-bench-vm-XXXXXX";
static bool json;

static int by_value(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return left < right ? -1 : left > right;
}

static int64_t median(int64_t *values, int n)
{
    qsort(values, (size_t)n, sizeof *values, by_value);
    return values[n / 2];
}

static void keep(struct series *series, int i, const struct vm_trial *trial)
{
    series->total_usec[i] = trial->total_usec;
    series->firmware_usec[i] = trial->firmware_usec;
    series->kernel_usec[i] = trial->kernel_usec;
    series->user_usec[i] = trial->user_usec;
    series->system_bytes[i] = trial->system_bytes;
    series->host_bytes[i] = trial->host_bytes;
}

static bool measure(const struct vm_kit *kit, int n_rounds, struct series series[VM_STARTS],
                    struct err *err)
{
    struct vm_order order = {.start = VM_UNCOMPRESSED,
                             .memory_mib = MEMORY_MIB,
                             .cpus = 1,
                             .folder = folder,
                             .network = true,
                             .tap_fd = -1,
                             .qmp_fd = -1};
    struct vm_snapshot snapshot;
    struct vm_trial trial;

    if (!vm_snapshot_make(&snapshot, kit, &order, PATIENCE_USEC, err)) {
        return false;
    }
    for (int i = 0; i < n_rounds; i++) {
        for (int start = 0; start < VM_STARTS; start++) {
            order.start = start;
            order.memory_file = start == VM_RESTORE ? snapshot.memory_file : NULL;
            order.state_file = snapshot.state_file;
            if (!vm_trial_run(kit, &order, PATIENCE_USEC, &trial, err)) {
                return false;
            }
            keep(&series[start], i, &trial);
        }
    }
    return true;
}

static void row(const char *what, double value, const char *unit, double against)
{
    if (!json) {
        return;
    }
    printf("{\"bench\": \"vm\", \"case\": \"%s\", \"size\": %d, \"value\": %.6f, \"unit\": \"%s\"",
           what, MEMORY_MIB, value, unit);
    if (against > 0) {
        printf(", \"against\": \"scratch\", \"ratio\": %.4f", value / against);
    }
    printf("}\n");
}

static void show(struct series series[VM_STARTS], int n)
{
    double scratch = (double)median(series[VM_BOOT].total_usec, n) / 1e6;

    if (!json) {
        printf("%d MiB, median of %d, seconds\n%-13s %8s %6s %9s %7s %7s   %s\n", MEMORY_MIB, n, "",
               "total", "ratio", "firmware", "kernel", "user", "system / host memory, MiB");
    }
    for (int start = 0; start < VM_STARTS; start++) {
        struct series *of = &series[start];
        double total = (double)median(of->total_usec, n) / 1e6;
        double system = (double)median(of->system_bytes, n) / (1 << 20);
        double host = (double)median(of->host_bytes, n) / (1 << 20);
        char name[64];

        row(vm_start_names[start], total, "s", start == VM_BOOT ? 0 : scratch);
        snprintf(name, sizeof name, "%s, memory of the guest's system", vm_start_names[start]);
        row(name, system, "MiB", 0);
        snprintf(name, sizeof name, "%s, memory that qemu holds", vm_start_names[start]);
        row(name, host, "MiB", 0);
        if (!json) {
            printf("%-13s %8.3f %6.3f %9.3f %7.3f %7.3f   %.0f / %.0f\n", vm_start_names[start],
                   total, total / scratch, (double)median(of->firmware_usec, n) / 1e6,
                   (double)median(of->kernel_usec, n) / 1e6, (double)median(of->user_usec, n) / 1e6,
                   system, host);
        }
    }
    if (!json) {
        printf("restored against booted: %.3f (to reach: at most 0.06)\n",
               (double)median(series[VM_RESTORE].total_usec, n) / 1e6 / scratch);
    }
}

int main(int argc, char **argv)
{
    static struct series series[VM_STARTS];
    struct programs programs = {.agent = AGENT_PROGRAM, .work = WORK_PROGRAM};
    struct vm_kit kit;
    struct err err;
    char command[64];
    int n_rounds = 5;
    bool ok;

    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--json") == 0) {
            json = true;
        } else {
            n_rounds = atoi(argv[i]);
        }
    }
    if (n_rounds < 1 || n_rounds > ROUNDS_MAX) {
        fprintf(stderr, "usage: vm [--json] [ROUNDS], 1 to %d of them\n", ROUNDS_MAX);
        return EXIT_INPUT;
    }
    setenv("BERTH_GUEST_DIR", GUEST_FOLDER, 0);
    if (!mkdtemp(folder)) {
        perror(folder);
        return EXIT_MACHINE;
    }
    ok = vm_kit_make(&kit, folder, &programs, &err) && measure(&kit, n_rounds, series, &err);
    snprintf(command, sizeof command, "rm -rf %s", folder);
    if (system(command) != 0) {
        fprintf(stderr, "%s is left\n", folder);
    }
    if (!ok) {
        return err_report(&err);
    }
    show(series, n_rounds);
    return EXIT_FINE;
}
