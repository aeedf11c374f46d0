/*
 * Counting from /proc, the cgroup hierarchies and the list of interfaces.
 */
#include "exec/leftover.h"

#include "core/draw.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NAMESPACES_MAX = 4096 };

struct process {
    pid_t pid, parent;
    bool ours;
};

struct processes {
    struct process *list;
    int n;
};

uint64_t leftover_network(void)
{
    struct if_nameindex *interfaces = if_nameindex();
    uint64_t digest = 0;

    for (struct if_nameindex *one = interfaces; one && one->if_index; one++) {
        digest = draw_mix(digest ^ one->if_index);
        for (const char *c = one->if_name; *c; c++) {
            digest = draw_mix(digest ^ (unsigned char)*c);
        }
    }
    if_freenameindex(interfaces);
    return digest;
}

/* ---- processes ---- */

/* The parent of a living process; 0 where it is gone or a zombie. */
static pid_t parent_of(const char *pid)
{
    char path[64], line[512], state;
    char *end;
    int parent;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%.20s/stat", pid);
    file = fopen(path, "re");
    if (!file) {
        return 0;
    }
    line[0] = '\0';
    end = fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    fclose(file);
    if (!end || sscanf(end + 1, " %c %d", &state, &parent) != 2 || state == 'Z') {
        return 0;
    }
    return parent;
}

static struct processes all_processes(void)
{
    struct processes all = {NULL, 0};
    DIR *folder = opendir("/proc");
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        pid_t parent = isdigit((unsigned char)entry->d_name[0]) ? parent_of(entry->d_name) : 0;

        if (parent > 0) {
            struct process *list = realloc(all.list, (size_t)(all.n + 1) * sizeof *list);

            if (!list) {
                abort();
            }
            all.list = list;
            all.list[all.n++] = (struct process){atoi(entry->d_name), parent, false};
        }
    }
    if (folder) {
        closedir(folder);
    }
    return all;
}

/* Marks all that descend from us. */
static int mark_ours(struct processes *all)
{
    int n_ours = 0, n_before;

    do {
        n_before = n_ours;
        for (int i = 0; i < all->n; i++) {
            bool child = all->list[i].parent == getpid();

            for (int j = 0; j < all->n && !child; j++) {
                child = all->list[j].ours && all->list[j].pid == all->list[i].parent;
            }
            n_ours += child && !all->list[i].ours;
            all->list[i].ours |= child;
        }
    } while (n_ours > n_before);
    return n_ours;
}

/* ---- namespaces ---- */

static ino_t namespace_of(pid_t pid, const char *kind)
{
    char path[64];
    struct stat is;

    snprintf(path, sizeof path, "/proc/%d/ns/%s", (int)pid, kind);
    return stat(path, &is) == 0 ? is.st_ino : 0;
}

static int count_namespaces(const struct processes *all)
{
    static const char *const kinds[] = {"cgroup", "ipc", "mnt", "net", "pid", "user", "uts"};
    ino_t seen[NAMESPACES_MAX];
    int n_seen = 0;

    for (int i = 0; i < all->n; i++) {
        for (size_t k = 0; k < sizeof kinds / sizeof *kinds && all->list[i].ours; k++) {
            ino_t one = namespace_of(all->list[i].pid, kinds[k]);
            bool known = one == 0 || one == namespace_of(getpid(), kinds[k]);

            for (int j = 0; j < n_seen && !known; j++) {
                known = seen[j] == one;
            }
            if (!known && n_seen < NAMESPACES_MAX) {
                seen[n_seen++] = one;
            }
        }
    }
    return n_seen;
}

/* ---- mounts and groups ---- */

static int count_mounts(const char *folder)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;
    int n = 0;

    while (file && getline(&line, &size, file) > 0) {
        n += strstr(line, folder) != NULL;
    }
    free(line);
    if (file) {
        fclose(file);
    }
    return n;
}

static int count_groups_in(int root, const char *prefix)
{
    int fd = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), n = 0;
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        n += strncmp(entry->d_name, prefix, strlen(prefix)) == 0;
    }
    if (folder) {
        closedir(folder);
    }
    return n;
}

struct leftovers leftover_count(const char *id, const char *folder,
                                const struct cgroup_machine *machine, uint64_t network)
{
    struct leftovers left = {0};
    struct processes all;
    char prefix[64];

    while (waitpid(-1, NULL, WNOHANG) > 0) {
    }
    all = all_processes();
    left.processes = mark_ours(&all);
    left.namespaces = count_namespaces(&all);
    free(all.list);
    left.mounts = count_mounts(folder);
    snprintf(prefix, sizeof prefix, "berth-%.32s-", id);
    for (int i = 0; i < CGROUP_PLACES; i++) {
        if (machine->roots[i] >= 0) {
            left.groups += count_groups_in(machine->roots[i], prefix);
        }
    }
    left.network_changed = leftover_network() != network;
    return left;
}
