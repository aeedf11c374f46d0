/*
 * See rise.h.
 */
#include "exec/rise.h"

#include "exec/loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>

/* The first trip is slow, since nothing of the guest's agent has run before; then a few show a quick one. */
#define READINGS 5

struct rise rise_begin(int64_t started_usec)
{
    return (struct rise){.since_usec = started_usec};
}

/* Using less than a twentieth of a CPU is using none: a guest that waits for nothing still ticks. */
bool rise_hangs(struct rise *rise, pid_t pid, int64_t patience_usec)
{
    int64_t now_usec = loop_clock_usec(), cpu_usec = vm_cpu_usec(pid);

    rise->look_usec = now_usec + patience_usec / 20 + 1;
    if (cpu_usec - rise->cpu_usec >= patience_usec / 20) {
        rise->cpu_usec = cpu_usec;
        rise->since_usec = now_usec;
    }
    return cpu_usec >= patience_usec || now_usec - rise->since_usec >= patience_usec;
}

void rise_hear(struct rise *rise, const struct vm *vm, bool kvm, const struct hello *hello)
{
    static char accelerators[2][4] = {"tcg", "kvm"};
    int64_t took_usec = loop_clock_usec() - vm->started_usec;
    bool woke = vm->start == VM_RESTORE;

    rise->heard = true;
    snprintf(rise->kernel, sizeof rise->kernel, "%s", hello->kernel ? hello->kernel : "");
    rise->course = (struct boot_course){
        .start = (char *)(uintptr_t)vm_start_names[vm->start],
        .accelerator = accelerators[kvm],
        /* An emulated clock may run a little fast. */
        .firmware_usec = woke                            ? took_usec
                         : took_usec < hello->clock_usec ? 0
                                                         : took_usec - hello->clock_usec,
        .kernel_usec = woke ? 0 : hello->kernel_usec,
        .user_usec = woke ? 0 : hello->clock_usec - hello->kernel_usec,
        /* What the kernel keeps before it counts is as lost for tasks as what it counts. */
        .memory_bytes = vm->memory_bytes,
        .system_bytes = vm->memory_bytes - hello->available_bytes,
        .host_bytes = vm_resident_bytes(vm->pid),
        .overhead_bytes = vm_overhead_bytes(vm),
        .seen_bytes = hello->total_bytes,
    };
}

struct boot_course rise_course(struct rise *rise)
{
    struct boot_course course = rise->course;

    course.kernel = rise->kernel;
    return course;
}

bool rise_asks(struct rise *rise, struct channel *channel, const struct reading *reading)
{
    if (++rise->n_asked >= READINGS) {
        return true;
    }
    channel_send(channel, WORD_CLOCK, &reading_schema, reading);
    return false;
}

struct setup_guest rise_answer(const struct reading *reading, const char *hostname, bool disks)
{
    static char entropy[2 * 32 + 1], name[64];
    unsigned char bytes[32] = {0};
    struct timespec now;
    char *digits;

    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        abort(); /* the kernel always has 32 bytes once it has booted */
    }
    digits = protocol_hex(bytes, sizeof bytes);
    snprintf(entropy, sizeof entropy, "%s", digits);
    free(digits);
    snprintf(name, sizeof name, "%s", hostname);
    clock_gettime(CLOCK_REALTIME, &now);
    return (struct setup_guest){
        .reading = *reading,
        .realtime_usec = now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000,
        .entropy = entropy,
        .hostname = name,
        .disks = disks,
    };
}
