/*
 * See builtin.h. Plain files, folders and links; nothing is mounted.
 */
#include "exec/builtin.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static bool make_folders(int root, struct err *err)
{
    static const struct {
        const char *path;
        mode_t mode;
    } folders[] = {{"bin", 0755}, {"dev", 0755}, {"etc", 0755},  {"proc", 0555}, {"root", 0700},
                   {"srv", 0755}, {"sys", 0555}, {"tmp", 01777}, {"var", 0755}};

    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        if (mkdirat(root, folders[i].path, 0755) != 0 ||
            fchmodat(root, folders[i].path, folders[i].mode, 0) != 0) {
            return err_errno(err, errno, "cannot make /%s of a root file system", folders[i].path);
        }
    }
    return true;
}

static bool write_file(int root, const char *path, const char *text, struct err *err)
{
    int fd = openat(root, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool fine = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0) {
        close(fd);
    }
    return fine || err_errno(err, errno, "cannot write /%s of a root file system", path);
}

static bool write_files(int root, struct err *err)
{
    return write_file(root, "etc/passwd",
                      "root:x:0:0:root:/root:/bin/sh\n"
                      "nobody:x:65534:65534:nobody:/:/bin/false\n",
                      err) &&
           write_file(root, "etc/group", "root:x:0:\ntty:x:5:\nnogroup:x:65534:\n", err) &&
           write_file(root, "etc/hosts", "127.0.0.1 localhost\n::1 localhost\n", err);
}

static bool copy_program(int root, const char *from, const char *to, struct err *err)
{
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = in < 0 ? -1 : openat(root, to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    ssize_t n = out < 0 ? -1 : 1;

    while (n > 0) {
        n = sendfile(out, in, NULL, 1 << 20);
    }
    if (n == 0 && fchmod(out, 0755) != 0) {
        n = -1;
    }
    if (n < 0) {
        err_errno(err, errno, "cannot copy %s to /%s of a root file system", from, to);
    }
    if (in >= 0) {
        close(in);
    }
    if (out >= 0) {
        close(out);
    }
    return n == 0;
}

/* Starts `busybox --list`; returns a stream of names. */
static FILE *list_commands(const char *busybox, pid_t *pid)
{
    char *argv[] = {(char *)(uintptr_t)busybox, "--list", NULL};
    posix_spawn_file_actions_t actions;
    int ends[2], status;

    if (pipe2(ends, O_CLOEXEC) != 0) {
        return NULL;
    }
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1);
    status = posix_spawn(pid, busybox, &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    close(ends[1]);
    if (status != 0) {
        close(ends[0]);
        errno = status;
        return NULL;
    }
    return fdopen(ends[0], "r");
}

static bool link_commands(int root, const char *busybox, struct err *err)
{
    pid_t pid;
    FILE *names = list_commands(busybox, &pid);
    char name[64], path[80];
    int status;

    if (!names) {
        return err_errno(err, errno, "cannot run %s (remedy: apt-get install busybox-static)",
                         busybox);
    }
    while (fgets(name, sizeof name, names)) {
        name[strcspn(name, "\n")] = '\0';
        snprintf(path, sizeof path, "bin/%s", name);
        if (strcmp(name, "busybox") && !strchr(name, '/')) {
            symlinkat("busybox", root, path);
        }
    }
    fclose(names);
    waitpid(pid, &status, 0);
    return status == 0 || err_set(err, EXIT_MACHINE, "%s --list failed", busybox);
}

bool builtin_make(const char *folder, const char *busybox, const char *work, struct err *err)
{
    int root = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    mode_t mask = umask(0);
    bool fine;

    if (root < 0) {
        fine = err_errno(err, errno, "cannot open %s", folder);
    } else {
        fine = fchmod(root, 0755) == 0 && make_folders(root, err) && write_files(root, err) &&
               copy_program(root, busybox, "bin/busybox", err) &&
               copy_program(root, work, "bin/berth-work", err) && link_commands(root, busybox, err);
        close(root);
    }
    umask(mask);
    return fine;
}
