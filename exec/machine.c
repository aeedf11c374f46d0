/*
 * Starting and burying one agent process. The agent gets one end of a socket pair as descriptor 3,
 * so there is no name that a stranger could connect to and no agent that outlives its controller
 * unnoticed.
 */
#include "exec/machine.h"

#include "exec/tree.h"

#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

extern char **environ;

void machine_init(struct machine *machine, int32_t instance, int64_t boot_at_usec,
                  bool boot_modelled)
{
    *machine = (struct machine){
        .state = MACHINE_BOOTING,
        .instance = instance,
        .boot_at_usec = boot_at_usec,
        .boot_modelled = boot_modelled,
        .kill_at_usec = INT64_MAX,
        .channel = {.fd = -1},
    };
}

/* "berth-k3f9-i1-": no other instance's group begins so. */
static void group_prefix(const struct machine *machine, const struct sweep_run *run, char *text,
                         size_t size)
{
    snprintf(text, size, "berth-%s-i%d-", run->id, machine->instance + 1);
}

static void name_group(struct machine *machine, const struct sweep_run *run, const char *type)
{
    size_t n;

    group_prefix(machine, run, machine->group, sizeof machine->group);
    n = strlen(machine->group);
    for (; *type && n < sizeof machine->group - 1; type++) {
        machine->group[n++] = isalnum((unsigned char)*type) || *type == '.' ? *type : '-';
    }
    machine->group[n] = '\0';
}

/* The agent in a process group of its own: Ctrl-C at the terminal is for the controller alone. */
static int spawn(pid_t *pid, const char *program, int fd, int cloud_fd)
{
    char *argv[] = {"berth-agent", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none;
    int result;

    sigemptyset(&none);
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    /* The cloud's number is above both, so none is overwritten before it is used. */
    posix_spawn_file_actions_adddup2(&actions, fd, PROTOCOL_FD);
    if (cloud_fd >= 0) {
        posix_spawn_file_actions_adddup2(&actions, cloud_fd, PROTOCOL_CLOUD_FD);
    }
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    result = posix_spawn(pid, program, &actions, &attributes, argv, environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return result;
}

static bool start_agent(struct machine *machine, const char *program, int cloud_fd, struct err *err)
{
    int pair[2], result;

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(err, errno, "cannot make a socket for the agent");
    }
    result = spawn(&machine->pid, program, pair[1], cloud_fd);
    close(pair[1]);
    if (result != 0) {
        close(pair[0]);
        return err_errno(err, result, "cannot start %s", program);
    }
    channel_open(&machine->channel, pair[0]);
    machine->state = MACHINE_UP;
    return true;
}

/* Names and makes its folder and its cgroup, in which there will be groups, never processes. */
static bool make_place(struct machine *machine, const struct sweep_run *run,
                       const struct cgroup_machine *cgroups, const char *type,
                       const struct cgroup_limits *limits, struct err *err)
{
    assert(machine->state == MACHINE_BOOTING);
    name_group(machine, run, type);
    snprintf(machine->folder, sizeof machine->folder, "%s/i%d", run->folder, machine->instance + 1);
    if (mkdir(machine->folder, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", machine->folder);
    }
    if (!cgroup_make(cgroups, machine->group, true, limits, err)) {
        rmdir(machine->folder);
        return false;
    }
    return true;
}

static void remove_place(const struct machine *machine, const struct cgroup_machine *cgroups)
{
    cgroup_remove(cgroups, machine->group);
    tree_remove(AT_FDCWD, machine->folder);
}

bool machine_boot(struct machine *machine, const struct sweep_run *run,
                  const struct cgroup_machine *cgroups, const char *type,
                  const struct cgroup_limits *limits, const char *agent_program, int cloud_fd,
                  struct err *err)
{
    if (!make_place(machine, run, cgroups, type, limits, err)) {
        return false;
    }
    if (!start_agent(machine, agent_program, cloud_fd, err)) {
        remove_place(machine, cgroups);
        return false;
    }
    return true;
}

bool machine_boot_vm(struct machine *machine, const struct sweep_run *run,
                     const struct cgroup_machine *cgroups, const char *type,
                     const struct cgroup_limits *limits, const struct vm_kit *kit,
                     const struct vm_order *order, struct err *err)
{
    struct vm_order own = *order;
    char group[sizeof machine->group + 8];

    if (!make_place(machine, run, cgroups, type, limits, err)) {
        return false;
    }
    snprintf(group, sizeof group, "%s/vm", machine->group);
    own.folder = machine->folder;
    own.cgroups = cgroups;
    own.group = group;
    if (!cgroup_make(cgroups, group, false, &(struct cgroup_limits){0}, err) ||
        !vm_start(kit, &own, &machine->vm, err)) {
        cgroup_remove(cgroups, group);
        remove_place(machine, cgroups);
        return false;
    }
    machine->is_vm = true;
    machine->pid = machine->vm.pid;
    machine->state = MACHINE_RISING;
    machine->rise = rise_begin(machine->vm.started_usec);
    channel_open(&machine->channel, machine->vm.fd);
    return true;
}

void machine_kill(const struct machine *machine)
{
    /* Not reaped yet, so the number is still that process's. */
    if (machine->state == MACHINE_UP || machine->state == MACHINE_RISING) {
        kill(machine->pid, SIGKILL);
    }
}

void machine_bury(struct machine *machine, const struct sweep_run *run,
                  const struct cgroup_machine *cgroups)
{
    struct cgroup_swept swept = {0};
    struct err err;
    char prefix[128];

    if (machine->state == MACHINE_UP || machine->state == MACHINE_RISING) {
        group_prefix(machine, run, prefix, sizeof prefix);
        cgroup_sweep(cgroups, prefix, &swept, &err); /* what stays, the run's end removes */
        channel_close(&machine->channel);
        if (machine->is_vm && machine->vm.qmp_fd >= 0) {
            close(machine->vm.qmp_fd);
        }
    }
    machine->state = MACHINE_GONE;
}
