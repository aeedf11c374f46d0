/*
 * Run folders and their locks. A second lock, on the base folder, keeps a run that is just being
 * made from looking dead.
 */
#include "exec/sweep.h"

#include "exec/tree.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ID_LENGTH = 5, ORPHANS_MAX = 256 };

/* No vowels: a name that can be read out and does not spell anything. */
static const char letters[] = "bcdfghjkmnpqrstvwxz23456789";

bool sweep_base(char *base, size_t size, struct err *err)
{
    const char *runtime = getenv("XDG_RUNTIME_DIR");
    int n;

    if (geteuid() == 0) {
        n = snprintf(base, size, "/run/berth");
    } else if (runtime && runtime[0] == '/') {
        n = snprintf(base, size, "%s/berth", runtime);
    } else {
        n = snprintf(base, size, "/tmp/berth-%u", (unsigned)geteuid());
    }
    return (n > 0 && (size_t)n < size) ||
           err_set(err, EXIT_MACHINE, "XDG_RUNTIME_DIR is too long a name: %.200s", runtime);
}

/*
 * Makes the base and locks it: in /tmp somebody else may have made it before us, to read or lead us
 * astray.
 */
static int lock_base(const char *base, struct err *err)
{
    struct stat is;
    int fd;

    if (mkdir(base, 0700) != 0 && errno != EEXIST) {
        err_errno(err, errno, "cannot make %s", base);
        return -1;
    }
    fd = open(base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &is) != 0) {
        err_errno(err, errno, "cannot open %s", base);
    } else if (is.st_uid != geteuid() || is.st_mode & 022) {
        err_set(err, EXIT_MACHINE, "%s is not yours alone: remove it, or set XDG_RUNTIME_DIR",
                base);
    } else if (flock(fd, LOCK_EX) != 0) {
        err_errno(err, errno, "cannot lock %s", base);
    } else {
        return fd;
    }
    if (fd >= 0) {
        close(fd);
    }
    return -1;
}

static bool draw_id(char *id, struct err *err)
{
    unsigned char bytes[ID_LENGTH];

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        return err_errno(err, errno, "no random name for the run");
    }
    for (int i = 0; i < ID_LENGTH; i++) {
        id[i] = letters[bytes[i] % (sizeof letters - 1)];
    }
    id[ID_LENGTH] = '\0';
    return true;
}

static bool make_run(struct sweep_run *run, int base_fd, const char *base, struct err *err)
{
    do {
        if (!draw_id(run->id, err)) {
            return false;
        }
    } while (mkdirat(base_fd, run->id, 0700) != 0 && errno == EEXIST);
    if ((size_t)snprintf(run->folder, sizeof run->folder, "%s/%s", base, run->id) >=
        sizeof run->folder) {
        unlinkat(base_fd, run->id, AT_REMOVEDIR);
        return err_set(err, EXIT_MACHINE, "%s is too long a name", base);
    }
    return true;
}

bool sweep_open(struct sweep_run *run, const char *base, struct err *err)
{
    char path[sizeof run->folder + 8];
    int base_fd = lock_base(base, err);
    bool fine;

    if (base_fd < 0) {
        return false;
    }
    run->lock_fd = -1;
    fine = make_run(run, base_fd, base, err);
    if (fine) {
        snprintf(path, sizeof path, "%s/lock", run->folder);
        run->lock_fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        fine = (run->lock_fd >= 0 && flock(run->lock_fd, LOCK_EX | LOCK_NB) == 0) ||
               err_errno(err, errno, "cannot lock %s", path);
    }
    close(base_fd);
    return fine;
}

/* What a run leaves has its id in its name. */
static bool remove_run(int base_fd, const char *id, const struct cgroup_machine *machine,
                       struct sweep_counts *counts, struct err *err)
{
    char prefix[64];
    struct cgroup_swept swept = {0};

    snprintf(prefix, sizeof prefix, "berth-%.32s-", id);
    if (machine->kind != CGROUP_NONE && !cgroup_sweep(machine, prefix, &swept, err)) {
        return false;
    }
    counts->processes += swept.processes;
    counts->groups += swept.groups;
    if (!tree_remove(base_fd, id)) {
        return err_errno(err, errno, "cannot remove the folder of run %s", id);
    }
    counts->folders++;
    return true;
}

bool sweep_close(struct sweep_run *run, const struct cgroup_machine *machine,
                 struct sweep_counts *counts, struct err *err)
{
    char base[sizeof run->folder];
    int base_fd;
    bool fine;

    snprintf(base, sizeof base, "%s", run->folder);
    *strrchr(base, '/') = '\0';
    base_fd = lock_base(base, err);
    if (base_fd < 0) {
        return false;
    }
    fine = remove_run(base_fd, run->id, machine, counts, err);
    close(run->lock_fd);
    close(base_fd);
    return fine;
}

/*
 * Whether this is a run, and a dead one: a folder without a lock file died while it was being made
 * or removed.
 */
static bool is_dead(int base_fd, const char *id, bool *is_run)
{
    char path[300];
    int fd;
    bool dead;

    *is_run = strlen(id) == ID_LENGTH && strspn(id, letters) == ID_LENGTH;
    if (!*is_run) {
        return false;
    }
    snprintf(path, sizeof path, "%s/lock", id);
    fd = openat(base_fd, path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0) {
        return errno == ENOENT;
    }
    dead = flock(fd, LOCK_EX | LOCK_NB) == 0;
    close(fd);
    return dead;
}

bool sweep_dead(const char *base, const struct cgroup_machine *machine, struct sweep_counts *counts,
                struct err *err)
{
    int base_fd = lock_base(base, err);
    DIR *folder = base_fd >= 0 ? fdopendir(dup(base_fd)) : NULL;
    struct dirent *entry;
    bool fine = base_fd >= 0;

    while (fine && folder && (entry = readdir(folder))) {
        bool is_run;

        if (is_dead(base_fd, entry->d_name, &is_run)) {
            counts->runs_dead++;
            fine = remove_run(base_fd, entry->d_name, machine, counts, err);
        } else if (is_run) {
            counts->runs_alive++;
        }
    }
    if (folder) {
        closedir(folder);
    }
    if (base_fd >= 0) {
        close(base_fd);
    }
    return fine;
}

/* ---- groups without a folder ---- */

/* A link of /proc/PID/fd that leads to the lock of run `id`, wherever its folder is. */
static bool is_lock(int fds, const char *name, const char *id)
{
    char path[512], end[32];
    ssize_t n = readlinkat(fds, name, path, sizeof path - 1);
    int length = snprintf(end, sizeof end, "/%s/lock", id);

    if (n < length) {
        return false;
    }
    path[n] = '\0';
    return strcmp(path + n - length, end) == 0;
}

static bool holds_lock(int proc, const char *pid, const char *id)
{
    char path[300];
    int fd;
    DIR *fds;
    struct dirent *entry;
    bool holds = false;

    snprintf(path, sizeof path, "%s/fd", pid);
    fd = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fds = fd >= 0 ? fdopendir(fd) : NULL;
    while (fds && !holds && (entry = readdir(fds))) {
        holds = is_lock(fd, entry->d_name, id);
    }
    if (fds) {
        closedir(fds);
    }
    return holds;
}

/* Without /proc nobody knows: then it does. */
static bool lives_elsewhere(const char *id)
{
    DIR *proc = opendir("/proc");
    bool lives = proc == NULL;
    struct dirent *entry;

    while (proc && !lives && (entry = readdir(proc))) {
        lives =
            isdigit((unsigned char)entry->d_name[0]) && holds_lock(dirfd(proc), entry->d_name, id);
    }
    if (proc) {
        closedir(proc);
    }
    return lives;
}

/* The id in a group's name, "berth-<id>-...". */
static bool read_id(const char *group, char id[ID_LENGTH + 1])
{
    const char *at = group + strlen("berth-");

    snprintf(id, ID_LENGTH + 1, "%s", at);
    return strspn(at, letters) == ID_LENGTH && at[ID_LENGTH] == '-';
}

bool sweep_orphans(const char *base, const struct cgroup_machine *machine,
                   struct sweep_counts *counts, struct err *err)
{
    static char names[ORPHANS_MAX][CGROUP_NAME_MAX];
    int n = cgroup_names(machine, "berth-", names, ORPHANS_MAX);
    int base_fd = lock_base(base, err);

    for (int i = 0; i < n && base_fd >= 0; i++) {
        char id[ID_LENGTH + 1];

        if (read_id(names[i], id) && faccessat(base_fd, id, F_OK, 0) != 0 && !lives_elsewhere(id)) {
            counts->groups += cgroup_remove_idle(machine, names[i]);
        }
    }
    if (base_fd >= 0) {
        close(base_fd);
    }
    return base_fd >= 0;
}
