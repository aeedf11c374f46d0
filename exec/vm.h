/*
 * One virtual machine: a qemu process that boots Debian's cloud kernel, or goes on where a snapshot
 * of such a guest stands, with a line to the program inside. It must never know what runs in the
 * guest, nor what an instance or a task is.
 */
#ifndef BERTH_EXEC_VM_H
#define BERTH_EXEC_VM_H

#include "exec/cgroup.h"
#include "exec/vm_kit.h"
#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* How a guest comes to life, the slowest first. */
enum vm_start {
    VM_BOOT,         /* firmware, a kernel that unpacks itself, its drivers, our first program */
    VM_UNCOMPRESSED, /* the same kernel, unpacked before and entered at once (PVH) */
    VM_RESTORE,      /* the memory of a guest that had booted, see vm_snapshot.h */
    VM_STARTS
};

/* "scratch", "uncompressed", "restore". */
extern const char *const vm_start_names[VM_STARTS + 1];

struct vm_order {
    enum vm_start start;
    int64_t memory_mib;
    int cpus;
    const char *folder; /* for its console, exists */
    /* VM_RESTORE: the snapshot's memory and state. Else `memory_file`, where it is not NULL, is made
     * and holds the guest's memory, for a snapshot. */
    const char *memory_file, *state_file;
    bool network;            /* it has one interface */
    int tap_fd;              /* at whose other end that is; -1: nobody, as in a snapshot's making */
    const char *images_disk; /* read-only, NULL: none; likewise below */
    const char *scratch_disk; /* what is written to it is this guest's alone, and goes with it */
    int qmp_fd;               /* an end of a socket pair; -1: none */
    const char *more;         /* for the kernel's command line; NULL: nothing. A test's aid */
    /* its cgroup, which exists and may hold processes; NULL: the caller's own */
    const struct cgroup_machine *cgroups;
    const char *group;
};

struct vm {
    enum vm_start start;
    pid_t pid;
    int fd;               /* the line, a stream socket, the caller's to close; close-on-exec */
    int qmp_fd;           /* VM_RESTORE: likewise; else -1 */
    int64_t started_usec; /* CLOCK_MONOTONIC at which qemu was started */
    int64_t memory_bytes; /* that it was given */
    char console[400];    /* what the kernel printed */
};

/* What a guest needs at least: less, and the kernel does not come up. */
#define VM_MEMORY_MIN_MIB 96

/* What qemu takes beyond the guest's memory when it emulates: its code, and what it made of the
 * guest's. */
#define VM_OVERHEAD_MIB 128

/* Starts qemu, which dies with the calling thread, and does not wait for the guest. On failure
 * nothing is left. The kit and the order are borrowed for the call. */
bool vm_start(const struct vm_kit *kit, const struct vm_order *order, struct vm *vm,
              struct err *err);

/* CPU time of a process so far, -1 where it is gone. By this a boot is judged: how long one takes
 * depends on what else the machine does. */
int64_t vm_cpu_usec(pid_t pid);

/* What a process holds of the machine's memory, bytes. */
int64_t vm_resident_bytes(pid_t pid);

/* Likewise the guest's qemu, but for the guest's own memory, of which it may not hold all yet; 0: unknown. */
int64_t vm_overhead_bytes(const struct vm *vm);

/* The last line of the guest's console, for an error; "" where it said nothing. */
const char *vm_last_words(const struct vm *vm, char *text, size_t size);

#endif
