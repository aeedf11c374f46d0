/*
 * One guest brought up and measured, outside of any run: for calibration, benchmarks and tests. It
 * must never leave anything running.
 */
#ifndef BERTH_EXEC_VM_TRIAL_H
#define BERTH_EXEC_VM_TRIAL_H

#include "exec/protocol.h"
#include "exec/vm.h"
#include "file/err.h"

#include <stdint.h>

/* Microseconds of elapsed time but for `cpu_usec`; bytes. */
struct vm_trial {
    int64_t total_usec; /* from the start of qemu until the program inside was heard */
    int64_t firmware_usec, kernel_usec, user_usec; /* see struct boot_course */
    int64_t cpu_usec;                              /* what qemu had used by then, in 10 ms */
    int64_t memory_bytes;                          /* of the machine */
    int64_t system_bytes; /* of which its kernel and system leave no more to others, idle */
    int64_t host_bytes;   /* what qemu holds of this machine's memory */
};

/* Waits for the guest's hello, after waking it where it was restored. One that hangs
 * (rise_hangs()) is given up. The hello is released with schema_finish(). */
bool vm_trial_await(const struct vm *vm, struct channel *channel, enum vm_start start,
                    int64_t patience_usec, struct hello *hello, struct err *err);

/* Starts a guest, waits for it, measures and kills it. */
bool vm_trial_run(const struct vm_kit *kit, const struct vm_order *order, int64_t patience_usec,
                  struct vm_trial *trial, struct err *err);

#endif
