/*
 * Making, reading and removing groups, twice: through descriptors that are held open (fast), and
 * through libcgroup (the reference, and what finds the hierarchies). What is written where stands
 * once, in cgroup_settings(). It must never know what runs in a group.
 */
#include "exec/cgroup.h"

#include "exec/cgroup_inside.h"

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

/* The controller that libcgroup knows a place by. */
static const char *const controllers[CGROUP_PLACES] = {
    [CGROUP_CPU] = "cpu",   [CGROUP_CPUACCT] = "cpuacct", [CGROUP_MEMORY] = "memory",
    [CGROUP_PIDS] = "pids", [CGROUP_FREEZER] = "freezer",
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

/* ---- finding the hierarchies ---- */

static bool is_v2(const char *folder)
{
    struct statfs is;

    return statfs(folder, &is) == 0 && is.f_type == 0x63677270; /* CGROUP2_SUPER_MAGIC */
}

int cgroup_open_folder(int at, const char *path)
{
    return openat(at, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool cgroup_write_at(int at, const char *file, const char *text)
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
bool cgroup_read_at(int at, const char *file, char *text, size_t size)
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

        if (cgroup_get_subsys_mount_point(controllers[place], &mount) == 0 && mount &&
            !is_v2(mount)) {
            machine->roots[place] = cgroup_open_folder(AT_FDCWD, mount);
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

/* ---- opening ---- */

static bool machine_swaps(void)
{
    char text[4096], *line;

    cgroup_read_at(AT_FDCWD, "/proc/swaps", text, sizeof text);
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
        machine->roots[CGROUP_UNIFIED] = cgroup_open_folder(AT_FDCWD, mount);
    }
    drop_needless_places(machine);
    if (!v1 && machine->roots[CGROUP_UNIFIED] >= 0) {
        return cgroup_open_v2(machine, mount, err);
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

/* ---- through descriptors ---- */

static bool refused(const char *path, const struct cgroup_setting *setting, int why,
                    struct err *err)
{
    const char *hint = why == EINVAL && !strcmp(setting->what, "CPU quota")
                           ? " (is it more than the group above has?)"
                           : "";

    return err_errno(err, why, "cgroup %s: the kernel refused %s %s%s", path, setting->what,
                     setting->text, hint);
}

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
                           const struct cgroup_setting *list, size_t n, struct err *err)
{
    char file[CGROUP_PATH_MAX + 64];

    for (size_t i = 0; i < n; i++) {
        snprintf(file, sizeof file, "%s/%s", path, list[i].file);
        if (!cgroup_write_at(machine->roots[list[i].place], file, list[i].text)) {
            return refused(path, &list[i], errno, err);
        }
    }
    return true;
}

static bool pass_controllers_on(const struct cgroup_machine *machine, const char *path,
                                struct err *err)
{
    char file[CGROUP_PATH_MAX + 64];

    snprintf(file, sizeof file, "%s/cgroup.subtree_control", path);
    return cgroup_pass_on(machine, machine->roots[CGROUP_UNIFIED], file) ||
           err_errno(err, errno, "cgroup %s: cannot pass its controllers on", path);
}

/* ---- through libcgroup ---- */

static bool library_failed(const char *act, const char *path, int status, struct err *err)
{
    if (status == ECGOTHER) {
        return err_errno(err, cgroup_get_last_errno(), "libcgroup cannot %s %s", act, path);
    }
    return err_set(err, EXIT_MACHINE, "libcgroup cannot %s %s: %s", act, path,
                   cgroup_strerror(status));
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
                         const struct cgroup_setting *list, size_t n, struct err *err)
{
    struct cgroup *group = library_group(machine, path);
    int status = group ? 0 : ECGFAIL;

    for (size_t i = 0; i < n && !status; i++) {
        char name[16];

        snprintf(name, sizeof name, "%.*s", (int)strcspn(list[i].file, "."), list[i].file);
        status =
            cgroup_add_value_string(cgroup_get_controller(group, name), list[i].file, list[i].text);
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
    return cgroup_read_at(root, file, text, sizeof text) && !text[0];
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

static bool group_exists(const struct cgroup_machine *machine, const char *path)
{
    for (int place = 0; place < CGROUP_PLACES; place++) {
        if (machine->roots[place] >= 0 && faccessat(machine->roots[place], path, F_OK, 0) == 0) {
            return true;
        }
    }
    return false;
}

bool cgroup_make(const struct cgroup_machine *machine, const char *path, bool inner,
                 const struct cgroup_limits *limits, struct err *err)
{
    bool by_library = use_library(machine, path);
    struct cgroup_setting list[CGROUP_SETTINGS_MAX];
    size_t n = cgroup_settings(machine, limits, list);

    if (machine->kind == CGROUP_NONE) {
        return true;
    }
    if (by_library && group_exists(machine, path)) { /* to libcgroup it would be no mistake */
        return err_errno(err, EEXIST, "cannot make cgroup %s", path);
    }
    if (!cgroup_limits_check(path, limits, err) ||
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
        if (machine->roots[place] >= 0 &&
            unlinkat(machine->roots[place], path, AT_REMOVEDIR) != 0 && errno != ENOENT) {
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
    return root >= 0 && cgroup_read_at(root, name, text, size);
}

static int64_t reading_number(const struct reading *reading, enum cgroup_place place,
                              const char *file)
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

static int64_t oom_kills(const struct reading *reading)
{
    bool v2 = reading->machine->kind == CGROUP_V2;
    char text[2048];

    return reading_text(reading, CGROUP_MEMORY, v2 ? "memory.events" : "memory.oom_control", text,
                        sizeof text)
               ? key_number(text, "oom_kill")
               : 0;
}

static void read_memory(const struct reading *reading, struct cgroup_usage *usage)
{
    bool v2 = reading->machine->kind == CGROUP_V2;

    usage->memory_bytes =
        reading_number(reading, CGROUP_MEMORY, v2 ? "memory.current" : "memory.usage_in_bytes");
    usage->peak_bytes =
        reading_number(reading, CGROUP_MEMORY, v2 ? "memory.peak" : "memory.max_usage_in_bytes");
    usage->oom_kills = oom_kills(reading);
}

bool cgroup_read(const struct cgroup_machine *machine, const char *path, struct cgroup_usage *usage,
                 struct err *err)
{
    struct reading reading = {.machine = machine, .path = path};
    int status = 0;

    if (machine->kind == CGROUP_NONE) {
        return err_set(err, EXIT_MACHINE, "nothing counts what a container uses: %s",
                       machine->note);
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

bool cgroup_oom_killed(const struct cgroup_machine *machine, const char *path)
{
    const struct reading reading = {.machine = machine, .path = path};

    return machine->kind != CGROUP_NONE && oom_kills(&reading) > 0;
}
