/*
 * A virtual machine on its way up, whoever it is for: whether it still moves, how it came up when its
 * first word is heard, and what to answer. It must never start or end one.
 */
#ifndef BERTH_EXEC_RISE_H
#define BERTH_EXEC_RISE_H

#include "core/message.h"
#include "exec/protocol.h"
#include "exec/vm.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct rise {
    int64_t look_usec; /* CLOCK_MONOTONIC: when to look at it again */
    int64_t cpu_usec,
        since_usec; /* CPU time that it had when it was last seen to use some, and when */
};

/* It was started then. */
struct rise rise_begin(int64_t started_usec);

/* Whether it hangs: it has used `patience_usec` of CPU time without a word, or nearly none for so long.
 * Elapsed time alone says nothing where many boot at once. Sets when to ask again. */
bool rise_hangs(struct rise *rise, pid_t pid, int64_t patience_usec);

/* How the machine came up, of which the hello was the first word. The texts stay the hello's. */
struct boot_course rise_course(const struct vm *vm, bool kvm, const struct hello *hello);

/* What to tell a guest that said hello. `clock_usec` is the time of the run. Texts live until the next
 * call. */
struct setup_guest rise_answer(const struct hello *hello, int64_t clock_usec, const char *hostname,
                               bool disks);

#endif
