/*
 * The doors through which a new process enters its groups. Which door decides how long it takes:
 * writing a process id to cgroup.procs costs ten milliseconds on an idle machine, these cost a
 * tenth of one.
 */
#include "exec/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int open_door(const struct cgroup_machine *machine, enum cgroup_place place,
                     const char *path, const char *file, int flags, struct err *err)
{
    char name[CGROUP_PATH_MAX + 64];
    int fd;

    snprintf(name, sizeof name, "%s%s%s", path, file ? "/" : "", file ? file : "");
    fd = openat(machine->roots[place], name, flags | O_CLOEXEC);
    if (fd < 0) {
        err_errno(err, errno, "cannot enter cgroup %s", name);
    }
    return fd;
}

bool cgroup_entry_open(const struct cgroup_machine *machine, const char *path, const char *start,
                       struct cgroup_entry *entry, struct err *err)
{
    const int folder = O_RDONLY | O_DIRECTORY;

    *entry = (struct cgroup_entry){.first_fd = -1, .payload_fd = -1};
    if (machine->kind == CGROUP_V2) {
        entry->payload_fd = open_door(machine, CGROUP_UNIFIED, path, NULL, folder, err);
        entry->first_fd = open_door(machine, CGROUP_UNIFIED, start, NULL, folder, err);
        if (entry->first_fd >= 0 && entry->payload_fd >= 0) {
            return true;
        }
        cgroup_entry_close(entry);
        return false;
    }
    for (int place = 0; place < CGROUP_PLACES; place++) {
        int fd;

        if (machine->roots[place] < 0) {
            continue;
        }
        fd = place == CGROUP_UNIFIED ? open_door(machine, place, path, NULL, folder, err)
                                     : open_door(machine, place, path, "tasks", O_WRONLY, err);
        if (fd < 0) {
            cgroup_entry_close(entry);
            return false;
        }
        if (place == CGROUP_UNIFIED) {
            entry->first_fd = fd;
        } else {
            entry->tasks[entry->n_tasks++] = fd;
        }
    }
    return true;
}

void cgroup_entry_close(struct cgroup_entry *entry)
{
    if (entry->first_fd >= 0) {
        close(entry->first_fd);
    }
    if (entry->payload_fd >= 0) {
        close(entry->payload_fd);
    }
    for (size_t i = 0; i < entry->n_tasks; i++) {
        close(entry->tasks[i]);
    }
    *entry = (struct cgroup_entry){.first_fd = -1, .payload_fd = -1};
}
