/*
 * What all virtual machines of a run are made from: the kernel, packed and unpacked, and an
 * initramfs with our agent as its first program. It must never start anything but the dynamic
 * linker, which it asks for the agent's libraries.
 */
#ifndef BERTH_EXEC_VM_KIT_H
#define BERTH_EXEC_VM_KIT_H

#include "exec/program.h"
#include "file/err.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

/* Where things are inside the guest. */
#define VM_KIT_WORK "/bin/berth-work"
#define VM_KIT_MODULES "/modules"
#define VM_KIT_IMAGES "/images"
#define VM_KIT_FOLDER "/run/berth/instance" /* an agent's own */

/* What Debian's cloud kernels do not have built in, in the order in which it is loaded. */
#define VM_KIT_MODULE_NAMES                                                                        \
    "failover", "net_failover", "virtio_net", "virtio_blk", "overlay", "llc", "stp", "bridge",     \
        "veth"

struct vm_kit {
    char qemu[PATH_MAX];
    char source[PATH_MAX];  /* folder of the fetched kernel: see vm_kit_folder() */
    char vmlinuz[PATH_MAX]; /* as Debian packs it */
    char vmlinux[PATH_MAX]; /* unpacked */
    char initramfs[PATH_MAX];
    bool kvm;
    char why[256]; /* why it is emulated; "" with KVM */
};

/* The folder in which the kernel is, or would be: $BERTH_GUEST_DIR, `guest` in the build folder, or
 * where berth is installed. */
void vm_kit_folder(char *folder, size_t size);

/* Whether qemu and the kernel are there, without making anything; fills what it finds. False with
 * what is missing and how to get it (EXIT_MACHINE). */
bool vm_kit_find(struct vm_kit *kit, struct err *err);

/* Makes the kit's files in `folder`, which exists; asks whether KVM is usable. Some 0.3 s. */
bool vm_kit_make(struct vm_kit *kit, const char *folder, const struct programs *programs,
                 struct err *err);

#endif
