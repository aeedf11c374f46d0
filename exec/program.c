/*
 * See program.h. BERTH_DATADIR is where images are when installed.
 */
#include "exec/program.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static bool find(char path[PATH_MAX], const char *folder, const char *name, struct err *err)
{
    if (snprintf(path, PATH_MAX, "%s/%s", folder, name) < PATH_MAX && access(path, X_OK) == 0) {
        return true;
    }
    return err_errno(err, errno, "%s is missing (build or install berth again)", path);
}

bool programs_find(struct programs *programs, struct err *err)
{
    char folder[PATH_MAX - 32], *slash;
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    struct err none;

    if (n < 0) {
        return err_errno(err, errno, "cannot read /proc/self/exe");
    }
    folder[n] = '\0';
    slash = strrchr(folder, '/');
    *slash = '\0';
    if (!find(programs->images, folder, "images", &none) &&
        !find(programs->images, BERTH_DATADIR, "images", &none)) {
        programs->images[0] = '\0';
    }
    return find(programs->agent, folder, "berth-agent", err) &&
           find(programs->work, folder, "berth-work", err);
}
