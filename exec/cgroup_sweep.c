/*
 * Killing what runs in groups and removing whole trees of them: for containers that must die now,
 * and for what a dead run left behind. Works on names alone and must never touch a group whose name
 * it was not given.
 */
#include "exec/cgroup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum {
    RETRIES = 1000, /* of 1 ms: a process that is being killed leaves its group within some */
};

static void pause_1_ms(void)
{
    nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
}

static bool write_file(int root, const char *path, const char *file, const char *text)
{
    char name[CGROUP_PATH_MAX + 64];
    int fd;
    bool fine;

    snprintf(name, sizeof name, "%s/%s", path, file);
    fd = openat(root, name, O_WRONLY | O_CLOEXEC);
    if (fd < 0) {
        return false;
    }
    fine = write(fd, text, strlen(text)) == (ssize_t)strlen(text);
    close(fd);
    return fine;
}

static DIR *open_group(int root, const char *path)
{
    int fd = openat(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return fd >= 0 ? fdopendir(fd) : NULL;
}

/* Sends `signal` (0 = none) to every process of this one group and returns their number. */
static int signal_group(int root, const char *path, int signal)
{
    char name[CGROUP_PATH_MAX + 64];
    int fd, n = 0, pid;
    FILE *processes;

    snprintf(name, sizeof name, "%s/cgroup.procs", path);
    fd = openat(root, name, O_RDONLY | O_CLOEXEC);
    processes = fd >= 0 ? fdopen(fd, "r") : NULL;
    while (processes && fscanf(processes, "%d", &pid) == 1) {
        n++;
        /*
         * 0: a process of a PID namespace that we cannot see, and kill() would take it as "our
         * group".
         */
        if (signal && pid > 0) {
            kill(pid, signal);
        }
    }
    if (processes) {
        fclose(processes);
    }
    return n;
}

static int signal_tree(int root, const char *path, int signal)
{
    int n = signal_group(root, path, signal);
    DIR *folder = open_group(root, path);
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        char below[CGROUP_PATH_MAX];

        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below) {
            n += signal_tree(root, below, signal);
        }
    }
    if (folder) {
        closedir(folder);
    }
    return n;
}

/*
 * Version 1 has no kill of a whole group: hold it still, so that nothing forks away, and kill each.
 */
static int kill_each(int freezer, int root, const char *path)
{
    int found = signal_tree(root, path, 0);

    for (int i = 0; i < RETRIES; i++) {
        if (freezer >= 0) {
            write_file(freezer, path, "freezer.state", "FROZEN");
        }
        if (signal_tree(root, path, SIGKILL) == 0) {
            break;
        }
        /* A frozen process ignores SIGKILL until it is thawed. */
        if (freezer >= 0) {
            write_file(freezer, path, "freezer.state", "THAWED");
        }
        pause_1_ms();
    }
    if (freezer >= 0) {
        write_file(freezer, path, "freezer.state", "THAWED");
    }
    return found;
}

int cgroup_kill(const struct cgroup_machine *machine, const char *path)
{
    int unified = machine->roots[CGROUP_UNIFIED], freezer = machine->roots[CGROUP_FREEZER];
    int found = 0;

    if (unified >= 0) {
        found = signal_tree(unified, path, 0);
        return write_file(unified, path, "cgroup.kill", "1") ? found : kill_each(-1, unified, path);
    }
    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0) {
            int here = kill_each(freezer, machine->roots[place], path);

            found = here > found ? here : found;
        }
    }
    return found;
}

/* Removes a group with all below, deepest first. Returns how many, -1 when one stays busy. */
static int remove_tree(int root, const char *path)
{
    DIR *folder = open_group(root, path);
    struct dirent *entry;
    int n = 0;

    while (folder && (entry = readdir(folder))) {
        char below[CGROUP_PATH_MAX];
        int here = 0;

        if (entry->d_type == DT_DIR && entry->d_name[0] != '.' &&
            snprintf(below, sizeof below, "%s/%s", path, entry->d_name) < (int)sizeof below) {
            here = remove_tree(root, below);
        }
        if (here < 0) {
            closedir(folder);
            return -1;
        }
        n += here;
    }
    if (folder) {
        closedir(folder);
    }
    for (int i = 0; i < RETRIES; i++) {
        if (unlinkat(root, path, AT_REMOVEDIR) == 0) {
            return n + 1;
        }
        if (errno != EBUSY) {
            return n;
        }
        pause_1_ms();
    }
    return -1;
}

/* The next group of this hierarchy whose name has the prefix; NULL when there is none. */
static const char *next_group(DIR *folder, const char *prefix)
{
    struct dirent *entry;

    while ((entry = readdir(folder))) {
        if (entry->d_type == DT_DIR && !strncmp(entry->d_name, prefix, strlen(prefix))) {
            return entry->d_name;
        }
    }
    return NULL;
}

static bool sweep_place(const struct cgroup_machine *machine, enum cgroup_place place,
                        const char *prefix, struct cgroup_swept *here, struct err *err)
{
    DIR *folder = open_group(machine->roots[place], ".");
    const char *name;

    while (folder && (name = next_group(folder, prefix))) {
        int groups;

        here->processes += cgroup_kill(machine, name);
        groups = remove_tree(machine->roots[place], name);
        if (groups < 0) {
            err_set(err, EXIT_MACHINE, "cgroup %s still has processes after 1 s of killing", name);
            closedir(folder);
            return false;
        }
        here->groups += groups;
    }
    if (folder) {
        closedir(folder);
    }
    return true;
}

bool cgroup_sweep(const struct cgroup_machine *machine, const char *prefix,
                  struct cgroup_swept *swept, struct err *err)
{
    struct cgroup_swept total = {0};

    for (int place = CGROUP_PLACES; place-- > 0;) {
        struct cgroup_swept here = {0};

        if (machine->roots[place] < 0) {
            continue;
        }
        if (!sweep_place(machine, place, prefix, &here, err)) {
            return false;
        }
        /* A group has a folder in every hierarchy: count it once. */
        total.processes += here.processes;
        total.groups = here.groups > total.groups ? here.groups : total.groups;
    }
    swept->processes += total.processes;
    swept->groups += total.groups;
    return true;
}

/* ---- what nobody is in ---- */

static bool is_named(char (*names)[CGROUP_NAME_MAX], int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (strcmp(names[i], name) == 0) {
            return true;
        }
    }
    return false;
}

int cgroup_names(const struct cgroup_machine *machine, const char *prefix,
                 char (*names)[CGROUP_NAME_MAX], int most)
{
    const char *name;
    int n = 0;

    for (int place = 0; place < CGROUP_PLACES; place++) {
        DIR *folder = machine->roots[place] >= 0 ? open_group(machine->roots[place], ".") : NULL;

        while (folder && n < most && (name = next_group(folder, prefix))) {
            if (strlen(name) < CGROUP_NAME_MAX && !is_named(names, n, name)) {
                snprintf(names[n++], CGROUP_NAME_MAX, "%s", name);
            }
        }
        if (folder) {
            closedir(folder);
        }
    }
    return n;
}

int cgroup_remove_idle(const struct cgroup_machine *machine, const char *name)
{
    int n = 0;

    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0 && signal_tree(machine->roots[place], name, 0) > 0) {
            return 0;
        }
    }
    for (int place = 0; place < CGROUP_PLACES; place++) {
        int here = machine->roots[place] >= 0 ? remove_tree(machine->roots[place], name) : 0;

        n = here > n ? here : n;
    }
    return n;
}
