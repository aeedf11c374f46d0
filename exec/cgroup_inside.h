/*
 * What the files of cgroup share among themselves; nobody else includes it.
 */
#ifndef BERTH_EXEC_CGROUP_INSIDE_H
#define BERTH_EXEC_CGROUP_INSIDE_H

#include "exec/cgroup.h"

#include <stdbool.h>
#include <stddef.h>

enum { CGROUP_SETTINGS_MAX = 8 };

/* One file of a group and what is written to it. */
struct cgroup_setting {
    enum cgroup_place place; /* on version 1; on version 2 its file stands in CGROUP_UNIFIED */
    const char *file;
    const char *what; /* for the error */
    char text[48];
};

/* The files and texts that set the limits on this machine, at most CGROUP_SETTINGS_MAX. */
size_t cgroup_settings(const struct cgroup_machine *machine, const struct cgroup_limits *limits,
                       struct cgroup_setting *list);

/* What no kernel would take, said better than the kernel does. */
bool cgroup_limits_check(const char *path, const struct cgroup_limits *limits, struct err *err);

/* Version 2: finds the base below the open root, and passes on what it may. */
bool cgroup_open_v2(struct cgroup_machine *machine, const char *mount, struct err *err);

/* Version 2: gives the children of the group at `at` what the machine limits. */
bool cgroup_pass_on(const struct cgroup_machine *machine, int at, const char *subtree_control);

int cgroup_open_folder(int at, const char *path);
bool cgroup_write_at(int at, const char *file, const char *text);

/* A whole small file as a string; "" and false when it is not there. */
bool cgroup_read_at(int at, const char *file, char *text, size_t size);

#endif
