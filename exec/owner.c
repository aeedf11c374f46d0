/*
 * See owner.h. sudo(8) leaves the caller in SUDO_UID and SUDO_GID.
 */
#include "exec/owner.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool number(const char *name, long *value)
{
    const char *text = getenv(name);
    char *end;

    if (!text || !*text) {
        return false;
    }
    *value = strtol(text, &end, 10);
    return !*end && *value > 0;
}

bool owner_give(const char *path)
{
    struct stat is;
    long uid, gid;
    bool given;
    int fd;

    if (geteuid() != 0 || !number("SUDO_UID", &uid) || !number("SUDO_GID", &gid)) {
        return false;
    }
    fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    /* A second name could be a file of somebody else's, linked here to be given away. */
    given = fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_nlink == 1 && is.st_uid == 0 &&
            fchown(fd, (uid_t)uid, (gid_t)gid) == 0;
    close(fd);
    return given;
}
