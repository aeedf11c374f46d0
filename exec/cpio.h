/*
 * An archive as the kernel takes it for its first file system ("newc"), written from front to back.
 * It must never know what the files are for.
 */
#ifndef BERTH_EXEC_CPIO_H
#define BERTH_EXEC_CPIO_H

#include "file/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct cpio {
    FILE *file;
    uint32_t n_entries;
    char last[512]; /* the folder made last, so that neighbours need not make it again */
};

/* Makes the file, which is there already or not. */
bool cpio_open(struct cpio *cpio, const char *path, struct err *err);

/* Names have no leading slash. A file's folders are added before it where they are new. */
bool cpio_add_folder(struct cpio *cpio, const char *name, struct err *err);
bool cpio_add_file(struct cpio *cpio, const char *name, const char *from, struct err *err);

/* Always closes; false where not everything could be written. */
bool cpio_close(struct cpio *cpio, struct err *err);

#endif
