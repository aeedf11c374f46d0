/*
 * qemu "migrates" the guest to a file, without its memory, which is in a file of its own already
 * (x-ignore-shared). It does so while the guest runs: so whoever takes the file runs on by itself.
 */
#include "exec/vm_snapshot.h"

#include "exec/loop.h"
#include "exec/qmp.h"
#include "exec/vm_trial.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

static bool save(const struct vm_snapshot *snapshot, int fd, struct err *err)
{
    static struct qmp qmp;
    char text[sizeof snapshot->state_file + 64];

    snprintf(text, sizeof text, "{\"uri\": \"exec:cat >'%s'\"}", snapshot->state_file);
    if (!qmp_open(&qmp, fd, err) ||
        !qmp_execute(&qmp, "migrate-set-capabilities",
                     "{\"capabilities\": [{\"capability\": \"x-ignore-shared\", \"state\": true}]}",
                     NULL, 0, err) ||
        !qmp_execute(&qmp, "migrate", text, NULL, 0, err)) {
        return false;
    }
    for (int tries = 0; tries < 1000; tries++) {
        if (!qmp_execute(&qmp, "query-migrate", NULL, text, sizeof text, err)) {
            return false;
        }
        if (strstr(text, "\"completed\"")) {
            return true;
        }
        if (strstr(text, "\"failed\"")) {
            return err_set(err, EXIT_MACHINE, "qemu cannot save a guest: %.200s", text);
        }
        poll(NULL, 0, 10);
    }
    return err_set(err, EXIT_MACHINE, "qemu takes too long to save a guest");
}

static bool boot_and_save(const struct vm_snapshot *snapshot, const struct vm_kit *kit,
                          struct vm_order *order, const int pair[2], int64_t patience_usec,
                          struct err *err)
{
    struct channel channel;
    struct hello hello = {0};
    struct vm vm;
    bool ok;

    order->qmp_fd = pair[1];
    if (!vm_start(kit, order, &vm, err)) {
        return false;
    }
    channel_open(&channel, vm.fd);
    ok = vm_trial_await(&vm, &channel, order->start, patience_usec, &hello, err) &&
         save(snapshot, pair[0], err);
    schema_finish(&hello_schema, &hello);
    kill(vm.pid, SIGKILL);
    waitpid(vm.pid, NULL, 0);
    channel_close(&channel);
    return ok;
}

bool vm_snapshot_make(struct vm_snapshot *snapshot, const struct vm_kit *kit,
                      const struct vm_order *order, int64_t patience_usec, struct err *err)
{
    struct vm_order own = *order;
    int64_t begin_usec = loop_clock_usec();
    int pair[2];
    bool ok;

    *snapshot = (struct vm_snapshot){.memory_mib = order->memory_mib, .cpus = order->cpus};
    snprintf(snapshot->memory_file, sizeof snapshot->memory_file, "%s/memory-%lldM-%d",
             order->folder, (long long)order->memory_mib, order->cpus);
    snprintf(snapshot->state_file, sizeof snapshot->state_file, "%s/state-%lldM-%d", order->folder,
             (long long)order->memory_mib, order->cpus);
    own.start = VM_UNCOMPRESSED;
    own.memory_file = snapshot->memory_file;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) {
        return err_errno(err, errno, "cannot make a socket for qemu");
    }
    ok = boot_and_save(snapshot, kit, &own, pair, patience_usec, err);
    close(pair[0]);
    close(pair[1]);
    snapshot->took_usec = loop_clock_usec() - begin_usec;
    return ok;
}
