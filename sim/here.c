/*
 * A build folder has the executor's things beside the simulator's.
 */
#include "here.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *here_images(void)
{
    static char path[PATH_MAX + 32];
    char here[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", here, sizeof here - 1);

    if (n <= 0)
        return NULL;
    here[n] = '\0';
    *strrchr(here, '/') = '\0';
    snprintf(path, sizeof path, "%s/../exec/images", here);
    if (access(path, X_OK) != 0)
        snprintf(path, sizeof path, "%s/images", BERTH_DATADIR);
    return access(path, X_OK) == 0 ? path : NULL;
}
