/*
 * Making, reading and removing groups, twice: through descriptors that are held open (fast), and
 * through libcgroup (the reference, and what finds the hierarchies). What is written where stands
 * once, in limits_as_settings(). It must never know what runs in a group.
 */
#include "exec/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libcgroup.h>
#include <mntent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum {
    PERIOD_USEC = 100000,       /* of the CFS quota, Docker's and the kernel's default */
    QUOTA_FLOOR_USEC = 1000,    /* kernel, sched/core.c: min_cfs_quota_period */
    SHARES_MIN = 2,
    SHARES_MAX = 262144,
    SETTINGS_MAX = 8,
};

/* The controller that libcgroup knows a place by. */
static const char *const controllers[CGROUP_PLACES] = {
    [CGROUP_CPU] = "cpu",   [CGROUP_CPUACCT] = "cpuacct", [CGROUP_MEMORY] = "memory",
    [CGROUP_PIDS] = "pids", [CGROUP_FREEZER] = "freezer",
};

/* One file of a group and what is written to it. */
struct setting {
    enum cgroup_place place; /* on version 1; on version 2 its file stands in CGROUP_UNIFIED */
    const char *file;
    const char *what; /* for the error */
    char text[48];
};

enum cgroup_backend cgroup_backend_wanted(void)
{
    const char *wanted = getenv("BERTH_CGROUP");

    return wanted && !strcmp(wanted, "libcgroup") ? CGROUP_BY_LIBRARY : CGROUP_BY_FD;
}

const char *cgroup_kind_name(enum cgroup_kind kind)
{
    static const char *const names[] = {
        [CGROUP_NONE] = "none", [CGROUP_V1] = "v1", [CGROUP_HYBRID] = "hybrid", [CGROUP_V2] = "v2"};

    return names[kind];
}

int64_t cgroup_weight(int64_t shares)
{
    return 1 + (shares - SHARES_MIN) * 9999 / (SHARES_MAX - SHARES_MIN);
}

/* ---- finding the hierarchies ---- */

static bool is_v2(const char *folder)
{
    struct statfs is;

    return statfs(folder, &is) == 0 && is.f_type == 0x63677270; /* CGROUP2_SUPER_MAGIC */
}

static int open_folder(int at, const char *path)
{
    return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* Where the version 2 tree is mounted; libcgroup does not say when no controller is bound to it. */
static bool find_unified(char *mount, size_t size)
{
    FILE *mounts = setmntent("/proc/self/mounts", "re");
    struct mntent *entry;
    bool found = false;

    if (!mounts) {
        return false;
    }
    while (!found && (entry = getmntent(mounts))) {
        if (!strcmp(entry->mnt_type, "cgroup2")) {
            snprintf(mount, size, "%s", entry->mnt_dir);
            found = true;
        }
    }
    endmntent(mounts);
    return found;
}

/* Opens each version 1 hierarchy that we limit or follow with. True when there is at least one. */
static bool open_v1(struct cgroup_machine *machine)
{
    bool any = false;

    for (int place = 0; place < CGROUP_UNIFIED; place++) {
        char *mount = NULL;

        if (cgroup_get_subsys_mount_point(controllers[place], &mount) == 0 && mount && !is_v2(mount)) {
            machine->roots[place] = open_folder(AT_FDCWD, mount);
            any |= machine->roots[place] >= 0 && place != CGROUP_FREEZER && place != CGROUP_CPUACCT;
        }
        free(mount);
    }
    return any;
}

static void close_place(struct cgroup_machine *machine, enum cgroup_place place)
{
    if (machine->roots[place] >= 0) {
        close(machine->roots[place]);
    }
    machine->roots[place] = -1;
}

/* Leaves only the hierarchies that serve a purpose: each one costs 0.1 ms per container. */
static void drop_needless_places(struct cgroup_machine *machine)
{
    struct stat cpu, cpuacct;

    if (machine->roots[CGROUP_UNIFIED] >= 0) {
        close_place(machine, CGROUP_CPUACCT);
        close_place(machine, CGROUP_FREEZER);
        return;
    }
    /* cpu and cpuacct are one hierarchy on most distributions. */
    if (machine->roots[CGROUP_CPU] >= 0 && machine->roots[CGROUP_CPUACCT] >= 0 &&
        fstat(machine->roots[CGROUP_CPU], &cpu) == 0 &&
        fstat(machine->roots[CGROUP_CPUACCT], &cpuacct) == 0 && cpu.st_dev == cpuacct.st_dev) {
        close_place(machine, CGROUP_CPUACCT);
    }
}

/* ---- version 2: where we may make groups, and with which controllers ---- */

static bool write_at(int at, const char *file, const char *text)
{
    int fd = openat(at, file, O_WRONLY | O_CLOEXEC);
    ssize_t wrote;
    int why;

    if (fd < 0) {
        return false;
    }
    wrote = write(fd, text, strlen(text));
    why = errno;
    close(fd);
    errno = why;
    return wrote == (ssize_t)strlen(text);
}

/* Reads a whole small file as a string; "" when it is not there. */
static bool read_at(int at, const char *file, char *text, size_t size)
{
    int fd = openat(at, file, O_RDONLY | O_CLOEXEC);
    ssize_t n = -1;

    if (fd >= 0) {
        n = read(fd, text, size - 1);
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    return n >= 0;
}

static bool has_word(const char *words, const char *word)
{
    size_t length = strlen(word);

    for (const char *at = words; (at = strstr(at, word)); at += length) {
        if ((at == words || at[-1] == ' ') && (at[length] == ' ' || at[length] == '\n' || !at[length])) {
            return true;
        }
    }
    return false;
}

/* Our own version 2 group as /proc/self/cgroup has it: "/user.slice/...", "/" is the root. */
static bool own_group(char *path, size_t size)
{
    char text[4096], *line;

    if (!read_at(AT_FDCWD, "/proc/self/cgroup", text, sizeof text)) {
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
    return write_at(base, "berth-home/cgroup.procs", "0");
}

static bool enable(int at, const char *subtree_control, const char *offered, const char *name)
{
    char text[16];

    if (!has_word(offered, name)) {
        return false;
    }
    snprintf(text, sizeof text, "+%s", name);
    return write_at(at, subtree_control, text);
}

static bool enable_or_move(int base, const char *offered, const char *name)
{
    if (enable(base, "cgroup.subtree_control", offered, name)) {
        return true;
    }
    return has_word(offered, name) && errno == EBUSY && leave_inner_group(base) &&
           enable(base, "cgroup.subtree_control", offered, name);
}

/* Sets what can be limited below the base; what cannot is said in the note. */
static void enable_base(struct cgroup_machine *machine)
{
    int base = machine->roots[CGROUP_UNIFIED];
    char offered[512];

    read_at(base, "cgroup.controllers", offered, sizeof offered);
    machine->limits_cpu = enable_or_move(base, offered, "cpu");
    machine->limits_memory = enable_or_move(base, offered, "memory");
    machine->limits_pids = enable_or_move(base, offered, "pids");
    if (!machine->limits_cpu || !machine->limits_memory || !machine->limits_pids) {
        snprintf(machine->note, sizeof machine->note,
                 "no limits on%s%s%s here: cgroup /%.100s does not pass these controllers on",
                 machine->limits_cpu ? "" : " CPU", machine->limits_memory ? "" : " memory",
                 machine->limits_pids ? "" : " processes", machine->base);
    }
}

static bool open_v2(struct cgroup_machine *machine, const char *mount, struct err *err)
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
        machine->roots[CGROUP_UNIFIED] = open_folder(root, machine->base);
        close(root);
        if (machine->roots[CGROUP_UNIFIED] < 0) {
            return err_errno(err, errno, "cannot open cgroup %s/%s", mount, machine->base);
        }
    }
    enable_base(machine);
    return true;
}

static bool machine_swaps(void)
{
    char text[4096], *line;

    read_at(AT_FDCWD, "/proc/swaps", text, sizeof text);
    line = strchr(text, '\n');
    return line && line[1];
}

bool cgroup_open(struct cgroup_machine *machine, enum cgroup_backend backend, struct err *err)
{
    char mount[CGROUP_PATH_MAX] = "";
    bool v1;

    *machine = (struct cgroup_machine){.backend = backend, .swap = machine_swaps()};
    for (int place = 0; place < CGROUP_PLACES; place++) {
        machine->roots[place] = -1;
    }
    cgroup_init(); /* fails where nothing is mounted: then nothing is found below */
    v1 = open_v1(machine);
    if (find_unified(mount, sizeof mount)) {
        machine->roots[CGROUP_UNIFIED] = open_folder(AT_FDCWD, mount);
    }
    drop_needless_places(machine);
    if (!v1 && machine->roots[CGROUP_UNIFIED] >= 0) {
        return open_v2(machine, mount, err);
    }
    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0 && faccessat(machine->roots[place], ".", W_OK, AT_EACCESS)) {
            v1 = false;
        }
    }
    if (!v1) {
        cgroup_close(machine);
        snprintf(machine->note, sizeof machine->note, "no limits: %s",
                 geteuid() == 0 ? "no cgroup hierarchy that may be written is mounted here"
                                : "cgroup version 1 is for root only; remedy: run as root");
        return true;
    }
    machine->kind = machine->roots[CGROUP_UNIFIED] >= 0 ? CGROUP_HYBRID : CGROUP_V1;
    machine->limits_cpu = machine->roots[CGROUP_CPU] >= 0;
    machine->limits_memory = machine->roots[CGROUP_MEMORY] >= 0;
    machine->limits_pids = machine->roots[CGROUP_PIDS] >= 0;
    if (!machine->limits_cpu || !machine->limits_memory || !machine->limits_pids) {
        snprintf(machine->note, sizeof machine->note, "no limits on%s%s%s: not mounted here",
                 machine->limits_cpu ? "" : " CPU", machine->limits_memory ? "" : " memory",
                 machine->limits_pids ? "" : " processes");
    }
    return true;
}

void cgroup_close(struct cgroup_machine *machine)
{
    for (int place = 0; place < CGROUP_PLACES; place++) {
        close_place(machine, place);
    }
    machine->kind = CGROUP_NONE;
    machine->limits_cpu = machine->limits_memory = machine->limits_pids = false;
}

/* ---- limits: version 1 and version 2 names and values ---- */

static struct setting *setting(struct setting *list, size_t *n, enum cgroup_place place,
                               const char *file, const char *what)
{
    list[*n] = (struct setting){.place = place, .file = file, .what = what};
    return &list[(*n)++];
}

static void set_number(struct setting *setting, int64_t value)
{
    snprintf(setting->text, sizeof setting->text, "%" PRId64, value);
}

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return value < low ? low : value > high ? high : value;
}

static void cpu_settings(bool v2, const struct cgroup_limits *limits, struct setting *list, size_t *n)
{
    int64_t quota_usec = limits->quota_cpu * PERIOD_USEC / 1024;
    int64_t shares = clamp(limits->weight_cpu, SHARES_MIN, SHARES_MAX);

    if (limits->weight_cpu) {
        set_number(setting(list, n, CGROUP_CPU, v2 ? "cpu.weight" : "cpu.shares", "CPU weight"),
                   v2 ? cgroup_weight(shares) : shares);
    }
    if (limits->quota_cpu && v2) {
        snprintf(setting(list, n, CGROUP_CPU, "cpu.max", "CPU quota")->text, sizeof list->text,
                 "%" PRId64 " %d", quota_usec, PERIOD_USEC);
    } else if (limits->quota_cpu) {
        /* The kernel's default period is ours, so it need not be written. */
        set_number(setting(list, n, CGROUP_CPU, "cpu.cfs_quota_us", "CPU quota"), quota_usec);
    }
}

static size_t limits_as_settings(const struct cgroup_machine *machine,
                                 const struct cgroup_limits *limits, struct setting *list)
{
    bool v2 = machine->kind == CGROUP_V2;
    size_t n = 0;

    if (machine->limits_cpu) {
        cpu_settings(v2, limits, list, &n);
    }
    if (limits->memory_bytes && machine->limits_memory) {
        set_number(setting(list, &n, CGROUP_MEMORY, v2 ? "memory.max" : "memory.limit_in_bytes",
                           "memory limit"), limits->memory_bytes);
        if (machine->swap) {
            set_number(setting(list, &n, CGROUP_MEMORY,
                               v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes", "swap limit"),
                       v2 ? 0 : limits->memory_bytes);
        }
    }
    if (limits->reserved_bytes && machine->limits_memory) {
        set_number(setting(list, &n, CGROUP_MEMORY, v2 ? "memory.low" : "memory.soft_limit_in_bytes",
                           "memory reservation"), limits->reserved_bytes);
    }
    if (limits->pids && machine->limits_pids) {
        set_number(setting(list, &n, CGROUP_PIDS, "pids.max", "process limit"), limits->pids);
    }
    for (size_t i = 0; v2 && i < n; i++) {
        list[i].place = CGROUP_UNIFIED;
    }
    return n;
}

static bool limits_check(const char *path, const struct cgroup_limits *limits, struct err *err)
{
    if (limits->quota_cpu && limits->quota_cpu * PERIOD_USEC / 1024 < QUOTA_FLOOR_USEC) {
        return err_set(err, EXIT_MACHINE,
                       "cgroup %s: %" PRId64 " CPU units are below the kernel's floor of 11 (1 ms of "
                       "every 100 ms)", path, limits->quota_cpu);
    }
    return true;
}

static bool refused(const char *path, const struct setting *setting, int why, struct err *err)
{
    const char *hint = why == EINVAL && !strcmp(setting->what, "CPU quota")
                           ? " (is it more than the group above has?)" : "";

    return err_errno(err, why, "cgroup %s: the kernel refused %s %s%s", path, setting->what,
                     setting->text, hint);
}

/* ---- through descriptors ---- */

static bool make_folders(const struct cgroup_machine *machine, const char *path, unsigned places,
                         struct err *err)
{
    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (!(places & 1u << place) || mkdirat(machine->roots[place], path, 0755) == 0) {
            continue;
        }
        err_errno(err, errno, "cannot make cgroup %s%s%s", path, controllers[place] ? " for " : "",
                  controllers[place] ? controllers[place] : "");
        while (place-- > 0) {
            if (places & 1u << place) {
                unlinkat(machine->roots[place], path, AT_REMOVEDIR);
            }
        }
        return false;
    }
    return true;
}

static bool write_settings(const struct cgroup_machine *machine, const char *path,
                           const struct setting *list, size_t n, struct err *err)
{
    char file[CGROUP_PATH_MAX + 64];

    for (size_t i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, list[i].file);
        if (!write_at(machine->roots[list[i].place], file, list[i].text)) {
            return refused(path, &list[i], errno, err);
        }
    }
    return true;
}

static bool pass_controllers_on(const struct cgroup_machine *machine, const char *path, struct err *err)
{
    char file[CGROUP_PATH_MAX + 64], text[64];

    snprintf(file, sizeof file, "%s/cgroup.subtree_control", path);
    snprintf(text, sizeof text, "%s%s%s", machine->limits_cpu ? "+cpu " : "",
             machine->limits_memory ? "+memory " : "", machine->limits_pids ? "+pids" : "");
    if (text[0] && !write_at(machine->roots[CGROUP_UNIFIED], file, text)) {
        return err_errno(err, errno, "cgroup %s: cannot pass on %s", path, text);
    }
    return true;
}

/* ---- through libcgroup ---- */

static bool library_failed(const char *act, const char *path, int status, struct err *err)
{
    if (status == ECGOTHER) {
        return err_errno(err, cgroup_get_last_errno(), "libcgroup cannot %s %s", act, path);
    }
    return err_set(err, EXIT_MACHINE, "libcgroup cannot %s %s: %s", act, path, cgroup_strerror(status));
}

/* The group by the name that libcgroup knows it by; NULL when there is no memory for it. */
static struct cgroup *library_name(const struct cgroup_machine *machine, const char *path)
{
    char whole[2 * CGROUP_PATH_MAX];

    snprintf(whole, sizeof whole, "%s%s%s", machine->base, machine->base[0] ? "/" : "", path);
    return cgroup_new_cgroup(whole);
}

/* The same with the controllers that we use. */
static struct cgroup *library_group(const struct cgroup_machine *machine, const char *path)
{
    struct cgroup *group = library_name(machine, path);
    bool wanted[CGROUP_PLACES] = {
        [CGROUP_CPU] = machine->limits_cpu,
        [CGROUP_CPUACCT] = machine->roots[CGROUP_CPUACCT] >= 0,
        [CGROUP_MEMORY] = machine->limits_memory,
        [CGROUP_PIDS] = machine->limits_pids,
        [CGROUP_FREEZER] = machine->roots[CGROUP_FREEZER] >= 0,
    };

    for (int place = 0; group && place < CGROUP_UNIFIED; place++) {
        if (wanted[place] && !cgroup_add_controller(group, controllers[place])) {
            cgroup_free(&group);
        }
    }
    return group;
}

static bool library_make(const struct cgroup_machine *machine, const char *path,
                         const struct setting *list, size_t n, struct err *err)
{
    struct cgroup *group = library_group(machine, path);
    int status = group ? 0 : ECGFAIL;

    for (size_t i = 0; i < n && !status; i++) {
        char name[16];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(list[i].file, "."), list[i].file);
        status = cgroup_add_value_string(cgroup_get_controller(group, name), list[i].file, list[i].text);
    }
    if (!status) {
        status = cgroup_create_cgroup(group, 0);
    }
    cgroup_free(&group);
    return !status || library_failed("make", path, status, err);
}

static bool group_is_empty(int root, const char *path)
{
    char file[CGROUP_PATH_MAX + 64], text[16];

    snprintf(file, sizeof file, "%s/cgroup.procs", path);
    return read_at(root, file, text, sizeof text) && !text[0];
}

/* libcgroup moves the processes of a busy version 1 group to the root and says 0: look first. */
static void library_remove(const struct cgroup_machine *machine, const char *path)
{
    struct cgroup *group;

    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0 && !group_is_empty(machine->roots[place], path)) {
            return;
        }
    }
    group = library_group(machine, path);
    if (group) {
        /* On version 2 it removes the group and then reports that it is not there. */
        cgroup_delete_cgroup(group, 0);
    }
    cgroup_free(&group);
}

/* ---- the interface ---- */

/* The library cannot make what has no controller: the version 2 tree of a hybrid machine. */
static unsigned places_by_fd(const struct cgroup_machine *machine, bool by_library)
{
    unsigned places = 0;

    for (int place = 0; place < CGROUP_PLACES; place++) {
        bool library = by_library && (place != CGROUP_UNIFIED || machine->kind == CGROUP_V2);

        if (machine->roots[place] >= 0 && !library) {
            places |= 1u << place;
        }
    }
    return places;
}

static bool use_library(const struct cgroup_machine *machine, const char *path)
{
    bool has_controllers = machine->limits_cpu || machine->limits_memory || machine->limits_pids;
    bool instance = !strchr(path, '/') && !machine->base[0];

    return has_controllers && (machine->backend == CGROUP_BY_LIBRARY || instance);
}

bool cgroup_make(const struct cgroup_machine *machine, const char *path, bool inner,
                 const struct cgroup_limits *limits, struct err *err)
{
    bool by_library = use_library(machine, path);
    struct setting list[SETTINGS_MAX];
    size_t n = limits_as_settings(machine, limits, list);

    if (machine->kind == CGROUP_NONE) {
        return true;
    }
    if (!limits_check(path, limits, err) ||
        !make_folders(machine, path, places_by_fd(machine, by_library), err)) {
        return false;
    }
    if ((by_library ? library_make(machine, path, list, n, err)
                    : write_settings(machine, path, list, n, err)) &&
        (!inner || machine->kind != CGROUP_V2 || pass_controllers_on(machine, path, err))) {
        return true;
    }
    cgroup_remove(machine, path);
    return false;
}

bool cgroup_remove(const struct cgroup_machine *machine, const char *path)
{
    bool gone = true;

    if (machine->kind != CGROUP_NONE && use_library(machine, path)) {
        library_remove(machine, path);
    }
    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0 && unlinkat(machine->roots[place], path, AT_REMOVEDIR) != 0 &&
            errno != ENOENT) {
            gone = false;
        }
    }
    if (!gone) {
        errno = EBUSY;
    }
    return gone;
}

/* ---- reading ---- */

/* One look at a group, through either backend. */
struct reading {
    const struct cgroup_machine *machine;
    const char *path;
    struct cgroup *loaded; /* libcgroup's copy of all its files, or NULL */
};

static enum cgroup_place real_place(const struct cgroup_machine *machine, enum cgroup_place place)
{
    return machine->kind == CGROUP_V2 ? CGROUP_UNIFIED : place;
}

/* The text of a file of the group; false when this machine has no such file. */
static bool reading_text(const struct reading *reading, enum cgroup_place place, const char *file,
                         char *text, size_t size)
{
    char name[CGROUP_PATH_MAX + 64], *value = NULL;
    struct cgroup_controller *controller;
    int root = reading->machine->roots[real_place(reading->machine, place)];

    if (reading->loaded && place != CGROUP_UNIFIED) {
        controller = cgroup_get_controller(reading->loaded, controllers[place]);
        if (controller && cgroup_get_value_string(controller, file, &value) == 0) {
            snprintf(text, size, "%s", value);
        }
        free(value);
        return value;
    }
    snprintf(name, sizeof name, "%s/%s", reading->path, file);
    return root >= 0 && read_at(root, name, text, size);
}

static int64_t reading_number(const struct reading *reading, enum cgroup_place place, const char *file)
{
    char text[64];

    return reading_text(reading, place, file, text, sizeof text) ? strtoll(text, NULL, 10) : 0;
}

/* The number after `key` in a file of "key number" lines. */
static int64_t key_number(const char *text, const char *key)
{
    size_t length = strlen(key);

    for (const char *line = text; line && *line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (!strncmp(line, key, length) && line[length] == ' ') {
            return strtoll(line + length, NULL, 10);
        }
    }
    return 0;
}

static void read_cpu(const struct reading *reading, struct cgroup_usage *usage)
{
    bool v2 = reading->machine->kind == CGROUP_V2;
    char text[2048];

    if (reading_text(reading, CGROUP_UNIFIED, "cpu.stat", text, sizeof text)) {
        usage->cpu_usec = key_number(text, "usage_usec");
    } else {
        bool apart = reading->machine->roots[CGROUP_CPUACCT] >= 0;

        usage->cpu_usec =
            reading_number(reading, apart ? CGROUP_CPUACCT : CGROUP_CPU, "cpuacct.usage") / 1000;
    }
    if (v2 || reading_text(reading, CGROUP_CPU, "cpu.stat", text, sizeof text)) {
        usage->periods = key_number(text, "nr_periods");
        usage->throttled_periods = key_number(text, "nr_throttled");
        usage->throttled_usec =
            v2 ? key_number(text, "throttled_usec") : key_number(text, "throttled_time") / 1000;
    }
}

static void read_memory(const struct reading *reading, struct cgroup_usage *usage)
{
    bool v2 = reading->machine->kind == CGROUP_V2;
    char text[2048];

    usage->memory_bytes =
        reading_number(reading, CGROUP_MEMORY, v2 ? "memory.current" : "memory.usage_in_bytes");
    usage->peak_bytes =
        reading_number(reading, CGROUP_MEMORY, v2 ? "memory.peak" : "memory.max_usage_in_bytes");
    if (reading_text(reading, CGROUP_MEMORY, v2 ? "memory.events" : "memory.oom_control", text,
                     sizeof text)) {
        usage->oom_kills = key_number(text, "oom_kill");
    }
}

bool cgroup_read(const struct cgroup_machine *machine, const char *path, struct cgroup_usage *usage,
                 struct err *err)
{
    struct reading reading = {.machine = machine, .path = path};
    int status = 0;

    if (machine->kind == CGROUP_NONE) {
        return err_set(err, EXIT_MACHINE, "nothing counts what a container uses: %s", machine->note);
    }
    if (machine->backend == CGROUP_BY_LIBRARY) {
        reading.loaded = library_name(machine, path);
        status = reading.loaded ? cgroup_get_cgroup(reading.loaded) : ECGFAIL;
    }
    if (!status) {
        *usage = (struct cgroup_usage){0};
        read_cpu(&reading, usage);
        read_memory(&reading, usage);
        usage->pids = reading_number(&reading, CGROUP_PIDS, "pids.current");
    }
    cgroup_free(&reading.loaded);
    return !status || library_failed("read", path, status, err);
}

/* ---- entering ---- */

static int open_door(const struct cgroup_machine *machine, enum cgroup_place place, const char *path,
                     const char *file, int flags, struct err *err)
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
