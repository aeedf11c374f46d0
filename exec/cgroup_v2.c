/*
 * Version 2: which part of the tree is ours to use, and its rule that a group has either processes
 * or controllers for its children. Knows nothing of version 1 or of limits.
 */
#include "exec/cgroup_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += length) {
        if ((at == words || at[-1] == ' ') &&
            (at[length] == ' ' || at[length] == '\n' || !at[length])) {
            return true;
        }
    }
    return false;
}

/* Our own version 2 group as /proc/self/cgroup has it: "/user.slice/...", "/" is the root. */
static bool own_group(char *path, size_t size)
{
    char text[4096], *line;

    if (!cgroup_read_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof text)) {
        return false;
    }
    line = !strncmp(text, "0::", 3) ? text : strstr(text, "\n0::");
    if (!line) {
        return false;
    }
    line = strstr(line, "0::") + 3;
    line[strcspn(line, "\n")] = '\0';
    return (size_t)snprintf(path, size, "%s", line) < size && !strstr(line, "/..");
}

/* The highest group above us that was given to this user; false when not even our own was. */
static bool find_delegated(int mount, char *base, size_t size)
{
    char path[CGROUP_PATH_MAX], file[CGROUP_PATH_MAX + 32];
    bool found = false;

    if (!own_group(path, sizeof path)) {
        return false;
    }
    for (;;) {
        char *slash = strrchr(path, '/');
        bool ours;

        snprintf(file, sizeof file, ".%s/cgroup.subtree_control", path);
        ours = faccessat(mount, file, W_OK, AT_EACCESS) == 0;
        snprintf(file, sizeof file, ".%s/cgroup.procs", path);
        if (!ours || faccessat(mount, file, W_OK, AT_EACCESS) != 0) {
            return found;
        }
        snprintf(base, size, "%s", path + 1);
        found = true;
        if (!slash || !path[1]) {
            return found;
        }
        *slash = '\0';
    }
}

/* Version 2 gives controllers to children only of a group without processes of its own. */
static bool leave_inner_group(int base)
{
    if (mkdirat(base, "berth-home", 0755) != 0 && errno != EEXIST) {
        return false;
    }
    return cgroup_write_at(base, "berth-home/cgroup.procs", "0");
}

/*
 * Passes on what `machine` limits. All at once: "cpu" alone would be accepted by a group that has
 * processes, and turn it into one of threads, which then takes nothing else.
 */
bool cgroup_pass_on(const struct cgroup_machine *machine, int at, const char *subtree_control)
{
    char text[32];

    snprintf(text, sizeof text, "%s%s%s", machine->limits_cpu ? "+cpu " : "",
             machine->limits_memory ? "+memory " : "", machine->limits_pids ? "+pids" : "");
    return !text[0] || cgroup_write_at(at, subtree_control, text);
}

/* Sets what can be limited below the base; what cannot is said in the note. */
static void enable_base(struct cgroup_machine *machine)
{
    int base = machine->roots[CGROUP_UNIFIED];
    char offered[512];

    cgroup_read_at(base, "cgroup.controllers", offered, sizeof offered);
    machine->limits_cpu = has_word(offered, "cpu");
    machine->limits_memory = has_word(offered, "memory");
    machine->limits_pids = has_word(offered, "pids");
    if (!cgroup_pass_on(machine, base, "cgroup.subtree_control") &&
        (errno != EBUSY || !leave_inner_group(base) ||
         !cgroup_pass_on(machine, base, "cgroup.subtree_control"))) {
        machine->limits_cpu = machine->limits_memory = machine->limits_pids = false;
    }
    if (!machine->limits_cpu || !machine->limits_memory || !machine->limits_pids) {
        snprintf(machine->note, sizeof machine->note,
                 "no limits on%s%s%s here: cgroup /%.100s does not pass these controllers on",
                 machine->limits_cpu ? "" : " CPU", machine->limits_memory ? "" : " memory",
                 machine->limits_pids ? "" : " processes", machine->base);
    }
}

bool cgroup_open_v2(struct cgroup_machine *machine, const char *mount, struct err *err)
{
    int root = machine->roots[CGROUP_UNIFIED];

    machine->kind = CGROUP_V2;
    if (faccessat(root, "cgroup.subtree_control", W_OK, AT_EACCESS) != 0 ||
        faccessat(root, ".", W_OK, AT_EACCESS) != 0) {
        if (!find_delegated(root, machine->base, sizeof machine->base)) {
            cgroup_close(machine);
            snprintf(machine->note, sizeof machine->note,
                     "no limits: no cgroup was delegated to this user; remedy: run under "
                     "`systemd-run --user --scope -p Delegate=yes`, or as root");
            return true;
        }
        machine->roots[CGROUP_UNIFIED] = cgroup_open_folder(root, machine->base);
        close(root);
        if (machine->roots[CGROUP_UNIFIED] < 0) {
            return err_errno(err, errno, "cannot open cgroup %s/%s", mount, machine->base);
        }
    }
    enable_base(machine);
    return true;
}
