/*
 * Unpacks the kernel proper out of the file that firmware boots, so that a guest need not. It must
 * never trust that file: every number in it is checked.
 */
#ifndef BERTH_EXEC_VM_KERNEL_H
#define BERTH_EXEC_VM_KERNEL_H

#include "file/err.h"

#include <stdbool.h>

/* Makes `vmlinux` (an ELF file) from `vmlinuz` (a bzImage); on failure there is none. 0.2 s. */
bool vm_kernel_unpack(const char *vmlinuz, const char *vmlinux, struct err *err);

#endif
