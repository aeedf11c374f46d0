/*
 * The root file system that needs no image: busybox with a link for each of its commands,
 * berth-work, and the few files a program expects. Used for containers whose image is not there,
 * and by the image that is made with the build.
 */
#ifndef BERTH_EXEC_BUILTIN_H
#define BERTH_EXEC_BUILTIN_H

#include "file/err.h"

#include <stdbool.h>

/* Debian's busybox-static puts it there. */
#define BUILTIN_BUSYBOX "/bin/busybox"

/*
 * Fills the existing empty folder. `busybox` is run once, to list its commands: it must be static.
 */
bool builtin_make(const char *folder, const char *busybox, const char *work, struct err *err);

#endif
