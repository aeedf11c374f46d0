/*
 * Whoever can lock such a folder knows that its owner is dead. One that was just made is not locked yet
 * and may be taken for a dead one's: its owner looks again once it has the lock.
 */
#include "file/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define NAME "berth-scratch-"
#define TRIES 100

static const char *base(void)
{
    const char *folder = getenv("TMPDIR");

    return folder && *folder ? folder : "/tmp";
}

static int open_folder(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int remove_one(const char *path, const struct stat *is, int kind, struct FTW *where)
{
    (void)is;
    (void)kind;
    (void)where;
    remove(path);
    return 0;
}

static void remove_all(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

/* The folder whose descriptor that is still has its name. */
static bool is_there(const char *path, int fd)
{
    struct stat is, named;

    return fstat(fd, &is) == 0 && lstat(path, &named) == 0 && is.st_ino == named.st_ino &&
           is.st_dev == named.st_dev;
}

bool scratch_open(struct scratch *scratch, struct err *err)
{
    scratch_sweep();
    for (int i = 0; i < TRIES; i++) {
        snprintf(scratch->folder, sizeof scratch->folder, "%.200s/" NAME "XXXXXX", base());
        if (!mkdtemp(scratch->folder))
            break;
        scratch->lock_fd = open_folder(scratch->folder);
        if (scratch->lock_fd >= 0 && flock(scratch->lock_fd, LOCK_EX) == 0 &&
            is_there(scratch->folder, scratch->lock_fd))
            return true;
        if (scratch->lock_fd >= 0)
            close(scratch->lock_fd);
    }
    return err_errno(err, errno, "cannot make a folder like %s", scratch->folder);
}

void scratch_close(struct scratch *scratch)
{
    remove_all(scratch->folder);
    close(scratch->lock_fd);
}

static bool is_mine(int fd)
{
    struct stat is;

    return fstat(fd, &is) == 0 && is.st_uid == geteuid();
}

static bool sweep_one(const char *path)
{
    int fd = open_folder(path);
    bool dead = fd >= 0 && is_mine(fd) && flock(fd, LOCK_EX | LOCK_NB) == 0;

    if (dead)
        remove_all(path);
    if (fd >= 0)
        close(fd);
    return dead;
}

int scratch_sweep(void)
{
    DIR *folder = opendir(base());
    struct dirent *entry;
    char path[600];
    int n = 0;

    while (folder && (entry = readdir(folder))) {
        if (strncmp(entry->d_name, NAME, strlen(NAME)) != 0)
            continue;
        if (snprintf(path, sizeof path, "%.300s/%s", base(), entry->d_name) < (int)sizeof path)
            n += sweep_one(path);
    }
    if (folder)
        closedir(folder);
    return n;
}
