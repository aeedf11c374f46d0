/*
 * What the kernel takes for the pieces that a container is made of, each by itself and back to back.
 * Needs nothing but processes and groups.
 */
#include "exec/calibrate_inside.h"

#include "exec/loop.h"
#include "exec/namespace.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process in those namespaces that ends at once. False where the kernel refuses. */
static bool one_process(uint64_t flags, int64_t *usec)
{
    int64_t begin_usec = loop_clock_usec();
    pid_t pid = namespace_fork(flags, -1, NULL);

    if (pid == 0) {
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, NULL, 0) != pid) {
        return false;
    }
    *usec = loop_clock_usec() - begin_usec;
    return true;
}

void calibrate_namespaces(struct calibration *calibration)
{
    /* Whoever is not root gets none without a user namespace: it is in every number then. */
    const uint64_t user = geteuid() == 0 ? 0 : CLONE_NEWUSER;
    const struct {
        enum measured what;
        uint64_t flags;
    } rows[] = {
        {MEASURED_PROCESS, 0},
        {MEASURED_NAMESPACE_PID, CLONE_NEWPID | user},
        {MEASURED_NAMESPACE_MOUNT, CLONE_NEWNS | user},
        {MEASURED_NAMESPACE_NET, CLONE_NEWNET | user},
        {MEASURED_NAMESPACE_IPC, CLONE_NEWIPC | user},
        {MEASURED_NAMESPACE_UTS, CLONE_NEWUTS | user},
        {MEASURED_NAMESPACE_CGROUP, CLONE_NEWCGROUP | user},
        {MEASURED_NAMESPACES, namespace_flags(user != 0)},
    };
    int64_t usec;

    for (int n = calibration->quick ? 20 : 60; n > 0; n--) {
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            if (one_process(rows[i].flags, &usec)) {
                series_add(&calibration->series[rows[i].what], usec);
            }
        }
    }
}

/* The path of our own group of processors: of the controller in version 1, else of version 2. */
static void own_group(char *path, size_t size)
{
    FILE *file = fopen("/proc/self/cgroup", "re");
    char line[512];

    snprintf(path, size, "/");
    while (file && fgets(line, sizeof line, file)) {
        char *names = strchr(line, ':'), *at = names ? strchr(names + 1, ':') : NULL;

        if (!at) {
            continue;
        }
        *at++ = '\0';
        at[strcspn(at, "\n")] = '\0';
        if (names[1] == '\0' || strcmp(names + 1, "cpu") == 0 ||
            strncmp(names + 1, "cpu,", 4) == 0) {
            snprintf(path, size, "%s", at);
            if (names[1] != '\0') {
                break; /* version 1 has it: what version 2 says of groups limits nothing */
            }
        }
    }
    if (file) {
        fclose(file);
    }
}

/* A session is one group for the scheduler: systemd's, or the kernel's own (sched(7), autogroup), which
 * is only for those that are in no other. */
void calibrate_session(struct calibration *calibration)
{
    FILE *file = fopen("/proc/sys/kernel/sched_autogroup_enabled", "re");
    char group[512];
    int enabled = 0;

    own_group(group, sizeof group);
    if (file && fscanf(file, "%d", &enabled) != 1) {
        enabled = 0;
    }
    if (file) {
        fclose(file);
    }
    calibration->session = enabled > 0 || strcmp(group, "/") != 0;
}

bool calibrate_groups(struct calibration *calibration, struct err *err)
{
    const struct cgroup_machine *machine = &calibration->cgroups;
    const struct cgroup_limits limits = {
        .quota_cpu = 1024, .weight_cpu = 1024, .memory_bytes = 64 << 20};
    char instance[64], task[80], container[96];
    bool ok = true;

    snprintf(instance, sizeof instance, "berth-%s-groups", calibration->run.id);
    snprintf(task, sizeof task, "%s/t1", instance);
    snprintf(container, sizeof container, "%s/c-c", task);
    if (!cgroup_make(machine, instance, true, &limits, err)) {
        return false;
    }
    for (int n = calibration->quick ? 20 : 60; n > 0 && ok; n--) {
        int64_t begin_usec = loop_clock_usec(), made_usec;

        ok = cgroup_make(machine, task, true, &limits, err) &&
             cgroup_make(machine, container, false, &limits, err);
        made_usec = loop_clock_usec();
        cgroup_remove(machine, container);
        cgroup_remove(machine, task);
        series_add(&calibration->series[MEASURED_CGROUP_MAKE], made_usec - begin_usec);
        series_add(&calibration->series[MEASURED_CGROUP_REMOVE], loop_clock_usec() - made_usec);
    }
    cgroup_remove(machine, instance);
    return ok;
}
