/*
 * Folder by folder, through descriptors. What another container of the task has copied meanwhile is
 * passed over.
 */
#include "exec/populate.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { DEPTH_MAX = 64 };

/* As the kernel gives them: opendir() would ask for memory. */
struct entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* An ordinary user's containers know one user only: then owners stay what they are. */
static int finish(int fd, const struct stat *is)
{
    const struct timespec times[2] = {is->st_atim, is->st_mtim};

    if (fchown(fd, is->st_uid, is->st_gid) != 0 && errno != EPERM && errno != EINVAL) {
        return -1;
    }
    return fchmod(fd, is->st_mode & 07777) != 0 || futimens(fd, times) != 0 ? -1 : 0;
}

static int close_with(int fd, int status)
{
    int why = errno;

    close(fd);
    errno = why;
    return status;
}

static int copy_file(int from, int to, const char *name, const struct stat *is)
{
    int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC), target;
    ssize_t n = 1;

    if (source < 0) {
        return -1;
    }
    target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (target < 0) {
        return close_with(source, errno == EEXIST ? 0 : -1);
    }
    while (n > 0) {
        n = sendfile(target, source, NULL, 1 << 24);
    }
    return close_with(source, close_with(target, n < 0 ? -1 : finish(target, is)));
}

static int copy_link(int from, int to, const char *name, const struct stat *is)
{
    char target[PATH_MAX];
    ssize_t n = readlinkat(from, name, target, sizeof target - 1);

    if (n < 0) {
        return -1;
    }
    target[n] = '\0';
    if (symlinkat(target, to, name) != 0) {
        return errno == EEXIST ? 0 : -1;
    }
    return fchownat(to, name, is->st_uid, is->st_gid, AT_SYMLINK_NOFOLLOW) != 0 && errno != EPERM &&
                   errno != EINVAL
               ? -1
               : 0;
}

static int copy_content(int from, int to, int depth);

static int copy_folder(int from, int to, const char *name, int depth)
{
    int source = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), target;

    if (source < 0) {
        return -1;
    }
    target = mkdirat(to, name, 0700) == 0 || errno == EEXIST
                 ? openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
                 : -1;
    if (target < 0) {
        return close_with(source, -1);
    }
    return close_with(source, close_with(target, copy_content(source, target, depth + 1)));
}

static int copy_entry(int from, int to, const char *name, int depth)
{
    struct stat is;

    if (fstatat(from, name, &is, AT_SYMLINK_NOFOLLOW) != 0) {
        return -1;
    }
    switch (is.st_mode & S_IFMT) {
    case S_IFREG:
        return copy_file(from, to, name, &is);
    case S_IFLNK:
        return copy_link(from, to, name, &is);
    case S_IFDIR:
        return copy_folder(from, to, name, depth);
    case S_IFIFO:
        return mkfifoat(to, name, is.st_mode & 07777) == 0 || errno == EEXIST ? 0 : -1;
    default:
        return 0;
    }
}

/* The folder itself last: writing into it changes its time. */
static int copy_content(int from, int to, int depth)
{
    _Alignas(struct entry) char block[2048];
    struct stat is;
    long n;

    if (depth > DEPTH_MAX) {
        errno = ENAMETOOLONG;
        return -1;
    }
    while ((n = syscall(SYS_getdents64, from, block, sizeof block)) > 0) {
        for (long at = 0; at < n;) {
            const struct entry *entry = (const void *)(block + at);

            if (!is_dots(entry->name) && copy_entry(from, to, entry->name, depth) != 0) {
                return -1;
            }
            at += entry->length;
        }
    }
    return n < 0 || fstat(from, &is) != 0 ? -1 : finish(to, &is);
}

static bool is_empty(int folder)
{
    _Alignas(struct entry) char block[2048];
    long n = syscall(SYS_getdents64, folder, block, sizeof block);

    for (long at = 0; at < n;) {
        const struct entry *entry = (const void *)(block + at);

        if (!is_dots(entry->name)) {
            return false;
        }
        at += entry->length;
    }
    return n >= 0;
}

int populate(int from, int to)
{
    int source = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), target;

    if (source < 0) {
        return -1;
    }
    target = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (target < 0) {
        return close_with(source, -1);
    }
    return close_with(source,
                      close_with(target, is_empty(target) ? copy_content(source, target, 0) : 0));
}
