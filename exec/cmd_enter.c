/*
 * `berth enter [RUN] -- COMMAND`: a look at a living run from its network's side. Only the network
 * is another's: files and rights are the caller's own.
 */
#include "exec/command.h"

#include "exec/cloud.h"
#include "exec/sweep.h"
#include "file/err.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char help[] =
    "Examples:\n"
    "  berth enter -- busybox wget -qO- http://10.213.0.11:8080/\n"
    "  berth enter k3f9x -- sh\n"
    "\n"
    "Usage: berth enter [RUN] -- COMMAND [ARGUMENT]...\n"
    "\n"
    "Runs a command inside the network of a run that goes on, where instances and tasks have "
    "their\n"
    "addresses: i1 is 10.213.0.11, a task t1 in awsvpc mode is 10.213.128.1. RUN is the name that\n"
    "`berth exec` says; without one it is the only run there is.\n"
    "\n"
    "Options:\n"
    "  -h, --help                this text\n";

/* The network of run `id` (NULL: of any that has one); counts those it saw. -1 where there is none. */
static int open_run(const char *base, const char *id, int *n_seen)
{
    DIR *folder = opendir(base);
    struct dirent *entry;
    char path[600];
    int found = -1;

    *n_seen = 0;
    while (folder && (entry = readdir(folder))) {
        int fd = -1;

        if (entry->d_name[0] != '.' && (!id || strcmp(entry->d_name, id) == 0)) {
            snprintf(path, sizeof path, "%s/%s/cloud", base, entry->d_name);
            fd = open(path, O_RDONLY | O_CLOEXEC);
        }
        /* The link of a run that died may lead to anything by now. */
        if (fd >= 0 && cloud_is_network(fd)) {
            ++*n_seen;
            if (found >= 0) {
                close(found);
            }
            found = fd;
        } else if (fd >= 0) {
            close(fd);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return found;
}

static bool enter(const char *id, struct err *err)
{
    char base[256];
    int fd, n_seen;
    bool ok;

    if (!sweep_base(base, sizeof base, err)) {
        return false;
    }
    fd = open_run(base, id, &n_seen);
    if (fd < 0) {
        return err_set(err, EXIT_INPUT, "no run %s%shas a network now", id ? id : "",
                       id ? " " : "");
    }
    if (n_seen > 1) {
        close(fd);
        return err_set(err, EXIT_INPUT, "%d runs go on: say which (berth enter RUN -- ...)",
                       n_seen);
    }
    ok = cloud_enter_owner(fd, err) &&
         (setns(fd, CLONE_NEWNET) == 0 || err_errno(err, errno, "cannot enter the run's network"));
    close(fd);
    return ok;
}

int cmd_enter(int argc, char **argv)
{
    int at = 1;
    const char *id = NULL;
    struct err err;

    if (argc > 1 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0)) {
        fputs(help, stdout);
        return EXIT_FINE;
    }
    if (at < argc && strcmp(argv[at], "--") != 0) {
        id = argv[at++];
    }
    if (at + 1 >= argc || strcmp(argv[at], "--") != 0) {
        fprintf(stderr,
                "Usage: berth enter [RUN] -- COMMAND [ARGUMENT]...   (berth enter --help)\n");
        return EXIT_INPUT;
    }
    if (!enter(id, &err)) {
        return err_report(&err);
    }
    execvp(argv[at + 1], argv + at + 1);
    err_errno(&err, errno, "cannot execute %s", argv[at + 1]);
    err.code = EXIT_INPUT;
    return err_report(&err);
}
