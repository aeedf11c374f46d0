/*
 * See guests.h.
 */
#include "exec/guests.h"

#include "file/units.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define PATIENCE_USEC (30 * USEC_PER_SEC)
#define MIB (INT64_C(1) << 20)

static bool read_patience(struct guests *guests, struct err *err)
{
    const char *text = getenv(GUESTS_PATIENCE_VARIABLE), *wrong;

    guests->patience_usec = PATIENCE_USEC;
    wrong = text ? units_duration(text, &guests->patience_usec) : NULL;
    return !wrong ||
           err_set(err, EXIT_INPUT, "%s \"%s\" %s", GUESTS_PATIENCE_VARIABLE, text, wrong);
}

bool guests_open(struct guests *guests, enum vm_start start, const struct plans *plans,
                 const struct sweep_run *run, const struct programs *programs, struct err *err)
{
    *guests = (struct guests){.plans = plans, .start = start, .more = getenv(GUESTS_MORE_VARIABLE)};
    snprintf(guests->folder, sizeof guests->folder, "%s/vm", run->folder);
    if (!read_patience(guests, err)) {
        return false;
    }
    if (mkdir(guests->folder, 0700) != 0) {
        return err_errno(err, errno, "cannot make %s", guests->folder);
    }
    return vm_kit_make(&guests->kit, guests->folder, programs, err);
}

void guests_order(const struct guests *guests, const struct instance_type *type,
                  struct vm_order *order)
{
    struct scale scale = guests->plans->scale;

    *order = (struct vm_order){
        .start = guests->start,
        .memory_mib = scale_down(scale, type->memory_mib * MIB) / MIB,
        .cpus = (int)((scale_down(scale, type->cpu) + 1023) / 1024),
        .tap_fd = -1,
        .qmp_fd = -1,
        .more = guests->more,
    };
}

struct setup_guest *guests_introduce(const struct guests *guests, const struct hello *hello,
                                     int64_t clock_usec, const char *hostname)
{
    static struct setup_guest guest;
    static char entropy[2 * 32 + 1], name[64];
    unsigned char bytes[32] = {0};
    struct timespec now;
    char *digits;

    (void)guests;
    if (getrandom(bytes, sizeof bytes, 0) != sizeof bytes) {
        abort(); /* the kernel always has 32 bytes once it has booted */
    }
    digits = protocol_hex(bytes, sizeof bytes);
    snprintf(entropy, sizeof entropy, "%s", digits);
    free(digits);
    snprintf(name, sizeof name, "%s", hostname);
    clock_gettime(CLOCK_REALTIME, &now);
    guest = (struct setup_guest){
        .hello_usec = hello->clock_usec,
        .now_usec = clock_usec,
        .realtime_usec = now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000,
        .entropy = entropy,
        .hostname = name,
    };
    return &guest;
}
