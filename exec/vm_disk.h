/*
 * Disks of virtual machines, as files: one that holds files of this machine, read-only, and an empty
 * one to write to. It must never know what the files are, nor who reads them.
 */
#ifndef BERTH_EXEC_VM_DISK_H
#define BERTH_EXEC_VM_DISK_H

#include "file/err.h"

#include <stdbool.h>

/* What a guest may write, of which the machine gives as much as it does write. */
#define VM_DISK_SCRATCH_MIB 4096

/* Makes an ext4 file system at `path` with `n` folders or files of this machine in it, named 0, 1,
 * ...; they are copied by way of `staging`, which is made and removed. */
bool vm_disk_make(const char *path, const char *staging, char *const *sources, int n,
                  struct err *err);

/* An empty one of VM_DISK_SCRATCH_MIB; sparse. */
bool vm_disk_make_empty(const char *path, struct err *err);

#endif
