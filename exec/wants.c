/*
 * Translation from ECS's words to the kernel's, and the few words about what has no translation.
 */
#include "exec/wants.h"

#include "exec/container.h"
#include "exec/privilege.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/mount.h>
#include <sys/resource.h>

#define MIB (INT64_C(1) << 20)

static void *allocate(int n, size_t size)
{
    void *memory = calloc((size_t)n + 1, size);

    assert(memory != NULL);
    return memory;
}

/* ---- limits ---- */

/* In the order of enum ulimit_name. */
static const int resources[] = {RLIMIT_CORE,   RLIMIT_CPU,        RLIMIT_DATA,     RLIMIT_FSIZE,
                                RLIMIT_LOCKS,  RLIMIT_MEMLOCK,    RLIMIT_MSGQUEUE, RLIMIT_NICE,
                                RLIMIT_NOFILE, RLIMIT_NPROC,      RLIMIT_RSS,      RLIMIT_RTPRIO,
                                RLIMIT_RTTIME, RLIMIT_SIGPENDING, RLIMIT_STACK};

static void fill_limits(struct plan_container *plan, const struct container_run *run)
{
    plan->n_limits = run->n_ulimits;
    plan->limits = allocate(run->n_ulimits, sizeof *plan->limits);
    for (int i = 0; i < run->n_ulimits; i++) {
        plan->limits[i] = (struct plan_limit){resources[run->ulimits[i].name], run->ulimits[i].soft,
                                              run->ulimits[i].hard};
    }
}

/* ---- capabilities ---- */

static bool is_all(const char *name)
{
    return strcasecmp(name, "ALL") == 0;
}

static void fill_capabilities(struct plan_container *plan, const struct container_run *run)
{
    bool givable;

    for (int i = 0; i < run->n_drop; i++) {
        int value = is_all(run->drop[i]) ? -1 : privilege_find(run->drop[i], &givable);

        plan->drop_capabilities |= is_all(run->drop[i]) ? INT64_MAX
                                   : value >= 0         ? INT64_C(1) << value
                                                        : 0;
    }
    for (int i = 0; i < run->n_add; i++) {
        int value = is_all(run->add[i]) ? -1 : privilege_find(run->add[i], &givable);

        if (value >= 0 && givable) {
            plan->add_capabilities |= INT64_C(1) << value;
        }
    }
}

static void tell_capabilities(const char *where, const struct container_run *run)
{
    bool givable;

    for (int i = 0; i < run->n_add; i++) {
        if (is_all(run->add[i])) {
            fprintf(stderr, "%s: warning: capability ALL is not given: only the usual ones are\n",
                    where);
        } else if (privilege_find(run->add[i], &givable) < 0 || !givable) {
            fprintf(stderr,
                    "%s: warning: capability %s is not given: it reaches beyond the container\n",
                    where, run->add[i]);
        }
    }
}

/* ---- settings ---- */

/* Those of its own network, unless that is its instance's; those of its own IPC. */
static bool control_is_own(const char *name, enum network_mode mode)
{
    static const char *const ipc[] = {"kernel.msgmax", "kernel.msgmnb",         "kernel.msgmni",
                                      "kernel.sem",    "kernel.shmall",         "kernel.shmmax",
                                      "kernel.shmmni", "kernel.shm_rmid_forced"};

    if (strncmp(name, "net.", 4) == 0) {
        return mode != NETWORK_HOST;
    }
    for (size_t i = 0; i < sizeof ipc / sizeof *ipc; i++) {
        if (strcmp(name, ipc[i]) == 0) {
            return true;
        }
    }
    return strncmp(name, "fs.mqueue.", 10) == 0;
}

static void fill_controls(struct plan_container *plan, const struct container_run *run,
                          enum network_mode mode)
{
    plan->controls = allocate(run->n_controls, sizeof *plan->controls);
    for (int i = 0; i < run->n_controls; i++) {
        const struct run_control *control = &run->controls[i];

        if (control_is_own(control->name, mode) &&
            asprintf(&plan->controls[plan->n_controls++].text, "%s=%s", control->name,
                     control->value) < 0) {
            abort();
        }
    }
}

static void tell_controls(const char *where, const struct container_run *run,
                          enum network_mode mode)
{
    for (int i = 0; i < run->n_controls; i++) {
        if (!control_is_own(run->controls[i].name, mode)) {
            fprintf(stderr,
                    "%s: warning: systemControl %s is not set: it is not the container's "
                    "own\n",
                    where, run->controls[i].name);
        }
    }
}

/* ---- mounts ---- */

/* Mount flags among a tmpfs's options (ECS API: Tmpfs.mountOptions); the rest that is data. */
static const struct mount_word {
    const char *word;
    unsigned long flag;
} words[] = {
    {"ro", MS_RDONLY},
    {"noexec", MS_NOEXEC},
    {"noatime", MS_NOATIME},
    {"nodiratime", MS_NODIRATIME},
    {"relatime", MS_RELATIME},
    {"strictatime", MS_STRICTATIME},
    {"sync", MS_SYNCHRONOUS},
    {"dirsync", MS_DIRSYNC},
    /* what is so anyway */
    {"defaults", 0},
    {"rw", 0},
    {"nosuid", 0},
    {"nodev", 0},
    {"exec", 0},
    {"async", 0},
    {"atime", 0},
    {"diratime", 0},
};

static bool find_word(const char *word, unsigned long *flag)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(word, words[i].word) == 0) {
            *flag = words[i].flag;
            return true;
        }
    }
    return false;
}

static bool is_data(const char *word)
{
    return strncmp(word, "mode=", 5) == 0 || strncmp(word, "uid=", 4) == 0 ||
           strncmp(word, "gid=", 4) == 0 || strncmp(word, "nr_inodes=", 10) == 0 ||
           strncmp(word, "nr_blocks=", 10) == 0;
}

static struct plan_mount tmpfs_mount(const struct run_tmpfs *tmpfs)
{
    struct plan_mount mount = {.path = strdup(tmpfs->path), .size_bytes = tmpfs->size_mib * MIB};
    size_t size = 1;
    char *data;

    for (int i = 0; i < tmpfs->n_options; i++) {
        size += strlen(tmpfs->options[i]) + 1;
    }
    data = allocate((int)size, 1);
    for (int i = 0; i < tmpfs->n_options; i++) {
        unsigned long flag = 0;

        if (find_word(tmpfs->options[i], &flag)) {
            mount.flags |= (int64_t)flag;
        } else if (is_data(tmpfs->options[i])) {
            strcat(strcat(data, data[0] ? "," : ""), tmpfs->options[i]);
        }
    }
    if (data[0]) {
        mount.options = data;
    } else {
        free(data);
    }
    return mount;
}

/*
 * Every volume is a folder of the instance: "host/srv/data", "shared/cache", or of the task. One of
 * Docker's begins with what the image has in its place; a folder of the host hides that.
 */
static struct plan_mount volume_mount(const struct run_volume *volume, const char *path,
                                      bool read_only)
{
    struct plan_mount mount = {
        .path = strdup(path),
        .read_only = read_only,
        .fill = volume->kind != VOLUME_HOST && volume->kind != VOLUME_REMOTE,
    };
    int n;

    switch (volume->kind) {
    case VOLUME_HOST:
        n = asprintf(&mount.source, "host/%s",
                     volume->source_path + strspn(volume->source_path, "/"));
        break;
    case VOLUME_SHARED:
        n = asprintf(&mount.source, "shared/%s", volume->name);
        break;
    default:
        mount.of_task = true;
        n = asprintf(&mount.source, "%s", volume->name);
    }
    if (n < 0) {
        abort();
    }
    return mount;
}

static void fill_volumes(struct plan_container *plan, const struct taskdef_run *run,
                         const struct container_run *container, bool read_only, int depth)
{
    for (int i = 0; i < container->n_mounts && plan->n_mounts < CONTAINER_MOUNTS_MAX; i++) {
        const struct run_mount *mount = &container->mounts[i];

        plan->mounts[plan->n_mounts++] =
            volume_mount(&run->volumes[mount->volume], mount->path, read_only || mount->readonly);
    }
    /* What the other one has from a third one comes along; a circle ends somewhere. */
    for (int i = 0; i < container->n_volumes_from && depth < TASKDEF_CONTAINERS_MAX; i++) {
        const struct run_volumes_from *from = &container->volumes_from[i];

        fill_volumes(plan, run, &run->containers[from->container], read_only || from->readonly,
                     depth + 1);
    }
}

static int compare_depth(const void *a, const void *b)
{
    const struct plan_mount *x = a, *y = b;
    size_t n_x = strlen(x->path), n_y = strlen(y->path);

    return n_x < n_y ? -1 : n_x > n_y ? 1 : strcmp(x->path, y->path);
}

static void fill_mounts(struct plan_container *plan, const struct taskdef_run *run,
                        const struct container_run *container)
{
    plan->mounts = allocate(CONTAINER_MOUNTS_MAX, sizeof *plan->mounts);
    for (int i = 0; i < container->n_tmpfs && plan->n_mounts < CONTAINER_MOUNTS_MAX; i++) {
        plan->mounts[plan->n_mounts++] = tmpfs_mount(&container->tmpfs[i]);
    }
    fill_volumes(plan, run, container, false, 0);
    /* What is mounted within another mount comes after it. */
    if (plan->n_mounts > 1)
        qsort(plan->mounts, (size_t)plan->n_mounts, sizeof *plan->mounts, compare_depth);
}

/* ---- all of it ---- */

void wants_fill(struct plan_container *plan, const struct scenario_taskdef *taskdef, int i)
{
    const struct container_run *run = &taskdef->run->containers[i];

    fill_limits(plan, run);
    fill_capabilities(plan, run);
    fill_controls(plan, run, taskdef->definition->network_mode);
    plan->shm_bytes = run->shared_memory_mib * MIB;
    fill_mounts(plan, taskdef->run, run);
}

void wants_release(struct plan_container *plan)
{
    for (int i = 0; i < plan->n_controls; i++) {
        free(plan->controls[i].text);
    }
    for (int i = 0; i < plan->n_mounts; i++) {
        free(plan->mounts[i].path);
        free(plan->mounts[i].source);
        free(plan->mounts[i].options);
    }
    free(plan->limits);
    free(plan->controls);
    free(plan->mounts);
}

bool wants_check(const struct scenario *scenario, struct err *err)
{
    for (int i = 0; i < scenario->n_taskdefs; i++) {
        const struct scenario_taskdef *taskdef = &scenario->taskdefs[i];

        for (int j = 0; j < taskdef->definition->n_containers; j++) {
            if (taskdef->run->containers[j].privileged) {
                return err_set(err, EXIT_MACHINE,
                               "%s: container %s of %s is privileged: it would be root on this "
                               "machine, which no run is given; leave it out (--set), or simulate",
                               scenario->path, taskdef->definition->containers[j].name,
                               taskdef->definition->family);
            }
        }
    }
    return true;
}

static void tell_container(const char *where, const struct container_run *run,
                           enum network_mode mode, const struct cgroup_machine *machine)
{
    tell_capabilities(where, run);
    tell_controls(where, run, mode);
    if (run->max_swap_mib > 0 && !(machine->swap && machine->limits_memory)) {
        fprintf(stderr, "%s: warning: maxSwap is not given: this machine %s\n", where,
                machine->swap ? "limits no memory" : "has no swap");
    } else if (run->max_swap_mib > 0 && run->swappiness >= 0 && machine->kind == CGROUP_V2) {
        fprintf(stderr, "%s: warning: swappiness is not given: cgroup version 2 has none\n", where);
    }
    if (run->pseudo_terminal || run->interactive) {
        fprintf(stderr, "%s: warning: no terminal and no open standard input is given\n", where);
    }
}

static void tell_task(const char *family, const struct taskdef_run *run)
{
    if (run->pid_mode != PID_CONTAINER) {
        fprintf(stderr,
                "%s: warning: pidMode is not given: each container sees its own processes "
                "only\n",
                family);
    }
    if (run->ipc_mode == IPC_TASK || run->ipc_mode == IPC_HOST) {
        fprintf(stderr, "%s: warning: ipcMode is not given: each container has its own\n", family);
    }
    for (int i = 0; i < run->n_volumes; i++) {
        if (run->volumes[i].kind == VOLUME_REMOTE) {
            fprintf(stderr,
                    "%s: warning: volume %s is an empty folder of the task: there is no "
                    "remote storage here\n",
                    family, run->volumes[i].name);
        }
    }
}

void wants_tell(const struct scenario *scenario, const struct cgroup_machine *machine)
{
    for (int i = 0; i < scenario->n_taskdefs; i++) {
        const struct scenario_taskdef *taskdef = &scenario->taskdefs[i];
        const struct task_definition *definition = taskdef->definition;

        tell_task(definition->family, taskdef->run);
        for (int j = 0; j < definition->n_containers; j++) {
            char where[300];

            snprintf(where, sizeof where, "%s/%s", definition->family,
                     definition->containers[j].name);
            tell_container(where, &taskdef->run->containers[j], definition->network_mode, machine);
        }
    }
}
