/*
 * See vm_trial.h.
 */
#include "exec/vm_trial.h"

#include "exec/loop.h"
#include "exec/rise.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

bool vm_trial_await(const struct vm *vm, struct channel *channel, enum vm_start start,
                    int64_t patience_usec, struct hello *hello, struct err *err)
{
    struct pollfd wait = {.fd = vm->fd, .events = POLLIN};
    struct rise rise = rise_begin(loop_clock_usec());
    struct line line;
    char words[256];

    if (start == VM_RESTORE) {
        channel_send(channel, WORD_WAKE, &nothing_schema, NULL);
        channel_flush(channel); /* a line fits into any socket */
    }
    while (!channel->closed &&
           !(rise.look_usec <= loop_clock_usec() && rise_hangs(&rise, vm->pid, patience_usec))) {
        poll(&wait, 1, 100);
        channel_fill(channel);
        if (channel_next(channel, &line) && line.word == WORD_HELLO) {
            return codec_read_struct(line.json, line.length, &hello_schema, hello, err);
        }
    }
    return err_set(
        err, EXIT_MACHINE,
        "a guest does not come up (%s): %s after %.1f s (%.1f s of CPU time). Its console said "
        "last: %s",
        vm_start_names[start], channel->closed ? "it ended" : "no sign of life",
        (double)(loop_clock_usec() - vm->started_usec) / USEC_PER_SEC,
        (double)vm_cpu_usec(vm->pid) / USEC_PER_SEC,
        vm_last_words(vm, words, sizeof words)[0] ? words : "nothing");
}

static void measure(const struct vm *vm, enum vm_start start, const struct hello *hello,
                    struct vm_trial *trial)
{
    int64_t total_usec = loop_clock_usec() - vm->started_usec;
    bool woke = start == VM_RESTORE;

    *trial = (struct vm_trial){
        .total_usec = total_usec,
        /* An emulated clock may run a little fast. */
        .firmware_usec = woke                             ? total_usec
                         : total_usec < hello->clock_usec ? 0
                                                          : total_usec - hello->clock_usec,
        .kernel_usec = woke ? 0 : hello->kernel_usec,
        .user_usec = woke ? 0 : hello->clock_usec - hello->kernel_usec,
        .cpu_usec = vm_cpu_usec(vm->pid),
        .memory_bytes = vm->memory_bytes,
        .system_bytes = vm->memory_bytes - hello->available_bytes,
        .host_bytes = vm_resident_bytes(vm->pid),
    };
}

bool vm_trial_run(const struct vm_kit *kit, const struct vm_order *order, int64_t patience_usec,
                  struct vm_trial *trial, struct err *err)
{
    struct channel channel;
    struct hello hello;
    struct vm vm;
    bool ok;

    if (!vm_start(kit, order, &vm, err)) {
        return false;
    }
    channel_open(&channel, vm.fd);
    ok = vm_trial_await(&vm, &channel, order->start, patience_usec, &hello, err);
    if (ok) {
        measure(&vm, order->start, &hello, trial);
        schema_finish(&hello_schema, &hello);
    }
    kill(vm.pid, SIGKILL);
    waitpid(vm.pid, NULL, 0);
    channel_close(&channel);
    if (vm.qmp_fd >= 0) {
        close(vm.qmp_fd);
    }
    return ok;
}
