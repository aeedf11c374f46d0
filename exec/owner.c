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

static bool caller(uid_t *uid, gid_t *gid)
{
    long user, group;

    if (geteuid() != 0 || !number("SUDO_UID", &user) || !number("SUDO_GID", &group)) {
        return false;
    }
    *uid = (uid_t)user;
    *gid = (gid_t)group;
    return true;
}

bool owner_give_at(int folder_fd, const char *name)
{
    struct stat is;
    uid_t uid;
    gid_t gid;
    bool given;
    int fd;

    if (!caller(&uid, &gid)) {
        return false;
    }
    fd = openat(folder_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    /* A second name could be a file of somebody else's, linked here to be given away. */
    given = fstat(fd, &is) == 0 && S_ISREG(is.st_mode) && is.st_nlink == 1 && is.st_uid == 0 &&
            fchown(fd, uid, gid) == 0;
    close(fd);
    return given;
}

bool owner_give(const char *path)
{
    return owner_give_at(AT_FDCWD, path);
}

bool owner_give_folder(int fd)
{
    uid_t uid;
    gid_t gid;

    return caller(&uid, &gid) && fchown(fd, uid, gid) == 0;
}
