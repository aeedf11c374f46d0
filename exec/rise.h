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
    bool heard;     /* its hello was */
    int n_asked;    /* how often it has asked for the time, its hello included */
    struct boot_course course; /* heard: but for the kernel's name */
    char kernel[128];
};

/* It was started then. */
struct rise rise_begin(int64_t started_usec);

/* Whether it hangs: it has used `patience_usec` of CPU time without a word, or nearly none for so long.
 * Elapsed time alone says nothing where many boot at once. Sets when to ask again. */
bool rise_hangs(struct rise *rise, pid_t pid, int64_t patience_usec);

/* Its first word: keeps how it came up. */
void rise_hear(struct rise *rise, const struct vm *vm, bool kvm, const struct hello *hello);

/* How the machine came up. The text of the kernel stays the rise's. */
struct boot_course rise_course(struct rise *rise);

/* It asks for the time of the run, as the hello does too. True where it has asked often enough: the answer
 * is its setup. Else it is answered here. */
bool rise_asks(struct rise *rise, struct channel *channel, const struct reading *reading);

/* What to tell a guest, which had asked for the time. Texts live until the next call. */
struct setup_guest rise_answer(const struct reading *reading, const char *hostname, bool disks);

#endif
