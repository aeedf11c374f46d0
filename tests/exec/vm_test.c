/*
 * Guests brought up one by one, outside of any run: the kernel that is unpacked, the three ways to
 * start and their order, and many boots in a row.
 */
#include "exec/vm_disk.h"
#include "exec/vm_kernel.h"
#include "exec/vm_snapshot.h"
#include "exec/vm_trial.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_USEC INT64_C(60000000)

static char folder[] = "/tmp/berth-vm-XXXXXX";
static struct vm_kit kit;

static void set_up(void)
{
    struct programs programs = {.agent = AGENT_PROGRAM, .work = WORK_PROGRAM};
    struct err err;

    cr_assert(mkdtemp(folder) != NULL);
    setenv("BERTH_GUEST_DIR", GUEST_FOLDER, 0);
    if (!vm_kit_find(&kit, &err)) {
        cr_skip_test("no virtual machines here: %s", err.text);
    }
    cr_assert(vm_kit_make(&kit, folder, &programs, &err), "%s", err.text);
}

static void tear_down(void)
{
    char command[64];

    snprintf(command, sizeof command, "rm -rf %s", folder);
    cr_expect(system(command) == 0);
}

TestSuite(vm, .init = set_up, .fini = tear_down);

static struct vm_order order_of(enum vm_start start)
{
    return (struct vm_order){.start = start,
                             .memory_mib = 128,
                             .cpus = 1,
                             .folder = folder,
                             .network = true,
                             .tap_fd = -1,
                             .qmp_fd = -1};
}

static void bring_up(const struct vm_order *order, struct vm_trial *trial)
{
    struct err err;

    cr_assert(vm_trial_run(&kit, order, PATIENCE_USEC, trial, &err), "%s", err.text);
    cr_expect(trial->memory_bytes == INT64_C(128) << 20);
    cr_expect(trial->system_bytes > INT64_C(50) << 20, "what the kernel keeps is counted, too");
    cr_expect(trial->system_bytes < trial->memory_bytes);
    /* Of a snapshot the host gives only what was touched since. */
    cr_expect(trial->host_bytes >
              (order->start == VM_RESTORE ? INT64_C(16) << 20 : trial->system_bytes));
}

/* In an evening ten: twenty boots in a row, and none is left hanging. */
static int rounds(void)
{
    const char *text = getenv("BERTH_VM_ROUNDS");

    return text ? atoi(text) : 4;
}

/* By CPU time: how long it takes beside other tests says nothing. By the least of the rounds: a busy machine makes
 * some of them slower, and none faster. */
Test(vm, starts_in_a_row_are_in_order)
{
    struct vm_order orders[VM_STARTS];
    struct vm_snapshot snapshot;
    int64_t least[VM_STARTS] = {0};
    struct vm_trial trial;
    struct err err;

    for (int start = 0; start < VM_STARTS; start++) {
        orders[start] = order_of(start);
    }
    cr_assert(vm_snapshot_make(&snapshot, &kit, &orders[VM_UNCOMPRESSED], PATIENCE_USEC, &err),
              "%s", err.text);
    orders[VM_RESTORE].memory_file = snapshot.memory_file;
    orders[VM_RESTORE].state_file = snapshot.state_file;
    for (int round = 0; round < rounds(); round++) {
        for (int start = 0; start < VM_STARTS; start++) {
            bring_up(&orders[start], &trial);
            least[start] =
                round > 0 && least[start] < trial.cpu_usec ? least[start] : trial.cpu_usec;
            cr_log_info("%s: %.2f s, %.2f s of CPU time", vm_start_names[start],
                        (double)trial.total_usec / 1e6, (double)trial.cpu_usec / 1e6);
        }
    }
    cr_expect(waitpid(-1, NULL, WNOHANG) < 0, "nobody is left");
    cr_expect(least[VM_BOOT] > least[VM_UNCOMPRESSED], "%lld and %lld us",
              (long long)least[VM_BOOT], (long long)least[VM_UNCOMPRESSED]);
    cr_expect(least[VM_UNCOMPRESSED] > least[VM_RESTORE], "%lld and %lld us",
              (long long)least[VM_UNCOMPRESSED], (long long)least[VM_RESTORE]);
}

/* A kernel whose first program sleeps says nothing, and is given up; so is one that is no more. */
Test(vm, silence_is_an_error)
{
    struct vm_order order = order_of(VM_UNCOMPRESSED);
    struct vm_trial trial;
    struct err err = {0};

    order.more = "rdinit=/bin/busybox -- sleep 1000";
    cr_expect(!vm_trial_run(&kit, &order, 1500000, &trial, &err));
    cr_expect(strstr(err.text, "does not come up (uncompressed): no sign of life after"), "%s",
              err.text);
    cr_expect(strstr(err.text, "said last: nothing"), "%s", err.text);
    order.more = "rdinit=/no/such/program";
    cr_expect(!vm_trial_run(&kit, &order, PATIENCE_USEC, &trial, &err));
    cr_expect(strstr(err.text, "panic") != NULL, "%s", err.text);
    cr_expect(waitpid(-1, NULL, WNOHANG) < 0, "nobody is left");
}

Test(vm, damaged_kernels_are_refused)
{
    char from[64], to[64];
    unsigned char bytes[8192] = {0};
    struct err err = {0};
    int fd;

    snprintf(from, sizeof from, "%s/kernel", folder);
    snprintf(to, sizeof to, "%s/unpacked", folder);
    cr_expect(!vm_kernel_unpack("/no/such/file", to, &err));
    for (int i = 0; i < 64; i++) { /* a head as it should be, with wild numbers */
        memcpy(bytes + 0x202, "HdrS", 4);
        for (size_t j = 0x240; j < 0x250; j++) {
            bytes[j] = (unsigned char)((unsigned)i * 37 + j * 11 * (unsigned)i);
        }
        bytes[0x1f1] = (unsigned char)(i * 5);
        fd = open(from, O_WRONLY | O_CREAT | O_TRUNC, 0600);
        cr_assert(fd >= 0 && write(fd, bytes, sizeof bytes) == sizeof bytes && close(fd) == 0);
        cr_expect(!vm_kernel_unpack(from, to, &err));
        cr_expect(err.code == EXIT_MACHINE);
        cr_expect(access(to, F_OK) != 0, "nothing is left");
    }
}

Test(vm, disks_hold_what_they_are_given)
{
    char disk[64], staging[64];
    char *sources[] = {"/bin/busybox", folder};
    struct err err;
    struct stat is;

    snprintf(disk, sizeof disk, "%s/disk", folder);
    snprintf(staging, sizeof staging, "%s/staging", folder);
    cr_assert(vm_disk_make(disk, staging, sources, 1, &err), "%s", err.text);
    cr_expect(stat(disk, &is) == 0 && is.st_size > 2 << 20);
    cr_expect(access(staging, F_OK) != 0);
    sources[0] = "/no/such/image";
    cr_expect(!vm_disk_make(disk, staging, sources, 1, &err));
    cr_expect(access(staging, F_OK) != 0);
}
