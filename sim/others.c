/*
 * From /proc/stat, which counts in ticks of a hundredth of a second, and is late by some.
 */
#include "others.h"

#include "core/unit.h"

#include <stdio.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

/* What ticks do not tell exactly. */
#define OWN_CPU_USEC (120 * USEC_PER_MSEC)

/* One moment of quiet. */
#define LOOK_USEC (300 * USEC_PER_MSEC)
#define LOOK_CPU_USEC (20 * USEC_PER_MSEC)

static int64_t now_usec(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * USEC_PER_SEC + now.tv_nsec / 1000;
}

static int64_t all_usec(void)
{
    FILE *file = fopen("/proc/stat", "re");
    long long user, nice, kernel, irq, softirq;
    int64_t ticks = -1;

    if (file && fscanf(file, "cpu %lld %lld %lld %*d %*d %lld %lld", &user, &nice, &kernel, &irq,
                       &softirq) == 5)
        ticks = user + nice + kernel + irq + softirq;
    if (file)
        fclose(file);
    return ticks < 0 ? -1 : ticks * (USEC_PER_SEC / sysconf(_SC_CLK_TCK));
}

static int64_t own_usec(void)
{
    struct rusage used;

    getrusage(RUSAGE_CHILDREN, &used);
    return (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * USEC_PER_SEC + used.ru_utime.tv_usec +
           used.ru_stime.tv_usec;
}

void others_begin(struct others *others)
{
    *others = (struct others){now_usec(), all_usec(), own_usec()};
}

int64_t others_used_usec(const struct others *others)
{
    int64_t all = all_usec();
    int64_t used = all - others->all_usec - (own_usec() - others->own_usec);

    return all < 0 || others->all_usec < 0 || used < 0 ? 0 : used;
}

bool others_disturbed(const struct others *others, enum others_kernel permille)
{
    int64_t took = now_usec() - others->at_usec;

    return others_used_usec(others) > OWN_CPU_USEC + took * permille / 1000;
}

void others_await_end(int64_t patience_usec)
{
    int64_t until = now_usec() + patience_usec;
    struct others others;

    do {
        others_begin(&others);
        usleep(LOOK_USEC);
    } while (others_used_usec(&others) > LOOK_CPU_USEC && now_usec() < until);
}
