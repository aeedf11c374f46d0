/*
 * How much of what a scenario asks for this machine really gives: 1/1, or less when asked. The core
 * always sees the scenario's own numbers; only limits and work of real containers are divided here.
 */
#ifndef BERTH_EXEC_SCALE_H
#define BERTH_EXEC_SCALE_H

#include "file/err.h"
#include "file/scenario.h"

#include <stdbool.h>
#include <stdint.h>

struct scale {
    int32_t numerator, denominator;
};

/* What there is, or what is asked for. */
struct capacity {
    int64_t cpu; /* ECS units: 1024 = one CPU */
    int64_t memory_bytes;
};

/* CPUs this process may run on, and all memory. */
struct capacity capacity_of_machine(void);

/* Memory that programs could have now, bytes; 0 where the kernel does not say. */
int64_t capacity_free_bytes(void);

/* Likewise without anything, cached files for one, being given up for it. */
int64_t capacity_unused_bytes(void);

/* The sum over all instances of the scenario, of groups at their largest, and over its tasks on Fargate
 * (exec/fargate.h). */
struct capacity capacity_of_scenario(const struct scenario *scenario);

/* "8 CPUs and 31.5 GiB"; returns `text`. */
const char *capacity_text(char *text, size_t size, const struct capacity *capacity);

/* `text` NULL: 1/1. "auto": the largest of 1/1, 1/2, 1/3, ... at which the scenario fits `machine`.
 * "N/M": that, at most 1/1. Fails where the scenario does not fit at that scale (EXIT_MACHINE, says
 * what it takes) or the text is no scale (EXIT_INPUT). */
bool scale_choose(struct scale *scale, const char *text, const struct scenario *scenario,
                  const struct capacity *machine, struct err *err);

/* Names the first limit that falls below what the kernel can hold a container to: 1 ms of CPU time
 * in 100 ms, 4 MiB of memory (EXIT_MACHINE). */
bool scale_check(struct scale scale, const struct scenario *scenario, struct err *err);

/* An amount at that scale, rounded down, but at least 1 where there was something. */
int64_t scale_down(struct scale scale, int64_t amount);

/* What is so much at that scale, rounded down. */
int64_t scale_up(struct scale scale, int64_t amount);

#endif
