/*
 * The state of a guest that has booted and said hello, from which others go on: its memory as a file
 * that each maps for itself, and the rest of its machine. It must never know what the guest is for.
 */
#ifndef BERTH_EXEC_VM_SNAPSHOT_H
#define BERTH_EXEC_VM_SNAPSHOT_H

#include "exec/vm.h"
#include "file/err.h"

#include <stdint.h>

struct vm_snapshot {
    int64_t memory_mib;
    int cpus;
    char memory_file[400], state_file[400];
    int64_t took_usec; /* to boot the guest and to save it */
};

/* Boots a guest as `order` says (but for how, and for its files) and saves it, in order.folder.
 * `patience_usec` as in machine.h. Blocks for as long as a boot takes; on failure nothing is left but
 * files in that folder. */
bool vm_snapshot_make(struct vm_snapshot *snapshot, const struct vm_kit *kit,
                      const struct vm_order *order, int64_t patience_usec, struct err *err);

#endif
