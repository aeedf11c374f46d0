/*
 * What all benchmarks share: a clock, and rows that people or programs can read. A row names what
 * was measured and, where something was measured beside it in the same run, that and the ratio.
 */
#ifndef BERTH_BENCH_H
#define BERTH_BENCH_H

#include <sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

/* Compiles a floor, which then measures the same; see floor_clock.h. */
#define BENCH_FLOOR_CC "cc -w -O3 -march=native -include '" BENCH_FOLDER "/floor_clock.h'"

/* CPU time: what else the machine does matters less. */
static inline double bench_seconds(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* This process, and what it starts, stays on one CPU, as another's caches know nothing of it; where that is
 * not allowed, it does not. */
static inline void bench_stay(void)
{
    cpu_set_t here;

    CPU_ZERO(&here);
    CPU_SET((size_t)sched_getcpu(), &here);
    sched_setaffinity(0, sizeof here, &here);
}

static inline bool bench_wants_json(int argc, char **argv)
{
    return argc > 1 && strcmp(argv[1], "--json") == 0;
}

static inline void bench_title(bool json, const char *title, const char *unit)
{
    if (!json)
        printf("%s\n%-24s %10s %12s   %s\n", title, "case", "size", unit, "beside it");
}

/* `against` NULL: nothing was measured beside it; else its name and value. */
static inline void bench_row(bool json, const char *bench, const char *name, int64_t size,
                             double value, const char *unit, const char *against,
                             double against_value)
{
    if (!json) {
        printf("%-24s %10lld %12.1f", name, (long long)size, value);
        if (against)
            printf("   %.2f times %s (%.1f)", value / against_value, against, against_value);
        printf("\n");
        return;
    }
    printf("{\"bench\":\"%s\",\"case\":\"%s\",\"size\":%lld,\"value\":%.3f,\"unit\":\"%s\"", bench,
           name, (long long)size, value, unit);
    if (against)
        printf(",\"against\":\"%s\",\"ratio\":%.4f", against, value / against_value);
    printf("}\n");
}

#endif
