/*
 * mke2fs makes a file system with files in it without mounting anything; cp brings the files
 * together.
 */
#include "exec/vm_disk.h"

#include "exec/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

#define MIB (INT64_C(1) << 20)

/* Waits for its end; what it complains about is not ours to show. */
static bool run(const char *const argv[], struct err *err)
{
    posix_spawn_file_actions_t actions;
    pid_t pid;
    int status;

    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    status = posix_spawn(&pid, argv[0], &actions, NULL, (char **)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (status != 0) {
        return err_errno(err, status, "cannot start %s", argv[0]);
    }
    if (waitpid(pid, &status, 0) != pid || status != 0) {
        return err_set(err, EXIT_MACHINE, "%s fails on %s", argv[0], argv[1]);
    }
    return true;
}

static const char *find_mke2fs(void)
{
    return access("/usr/sbin/mke2fs", X_OK) == 0 ? "/usr/sbin/mke2fs" : "/sbin/mke2fs";
}

static bool make(const char *path, int64_t mib, const char *folder, struct err *err)
{
    char size[32];
    const char *argv[] = {find_mke2fs(),
                          path,
                          size,
                          "-q",
                          "-F",
                          "-t",
                          "ext4",
                          "-m",
                          "0",
                          "-O",
                          "^has_journal",
                          "-E",
                          "root_owner=0:0",
                          folder ? "-d" : NULL,
                          folder,
                          NULL};

    snprintf(size, sizeof size, "%lldM", (long long)mib);
    if (access(argv[0], X_OK) != 0) {
        return err_set(err, EXIT_MACHINE,
                       "images in virtual machines need mke2fs; remedy: sudo apt-get install "
                       "e2fsprogs");
    }
    return run(argv, err);
}

static int64_t found_bytes;

/* Each with room for what the file system says of it. */
static int add_size(const char *path, const struct stat *is, int kind, struct FTW *at)
{
    (void)path;
    (void)kind;
    (void)at;
    found_bytes += is->st_size + 4096;
    return 0;
}

static int64_t size_of(const char *folder)
{
    found_bytes = 0;
    nftw(folder, add_size, 16, FTW_PHYS);
    return found_bytes;
}

static bool stage(const char *staging, char *const *sources, int n, struct err *err)
{
    char to[PATH_MAX];

    if (mkdir(staging, 0755) != 0) {
        return err_errno(err, errno, "cannot make %s", staging);
    }
    for (int i = 0; i < n; i++) {
        const char *argv[] = {"/bin/cp", sources[i], to, "-rL", "--reflink=auto", NULL};

        snprintf(to, sizeof to, "%s/%d", staging, i);
        if (!run(argv, err)) {
            return false;
        }
    }
    return true;
}

bool vm_disk_make(const char *path, const char *staging, char *const *sources, int n,
                  struct err *err)
{
    bool ok = stage(staging, sources, n, err) &&
              make(path, 16 + size_of(staging) * 11 / 10 / MIB, staging, err);

    tree_remove(AT_FDCWD, staging);
    return ok;
}

bool vm_disk_make_empty(const char *path, struct err *err)
{
    return make(path, VM_DISK_SCRATCH_MIB, NULL, err);
}
