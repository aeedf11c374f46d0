/*
 * Quantities as people write them: "90s", "1.5m", "512MiB", "4xm5.large". Exact integer arithmetic,
 * every overflow is an answer. Knows nothing of where the text stands.
 */
#ifndef BERTH_FILE_UNITS_H
#define BERTH_FILE_UNITS_H

#include <stdint.h>

/* Longest duration and largest size that berth takes: sums of some thousand of them still fit. */
#define UNITS_DURATION_MAX_USEC (INT64_C(100) * 365 * 24 * 3600 * 1000000)
#define UNITS_SIZE_MAX_BYTES (INT64_C(1) << 50)

/* "300ms", "90s", "1.5m", "2h": microseconds, parts of one are cut off. Returns NULL, or what is
 * wrong with the text ("has no unit; ..."), which fits behind the quoted text. */
const char *units_duration(const char *text, int64_t *usec);

/* "512MiB", "1GiB", "40MB": bytes, likewise. */
const char *units_size(const char *text, int64_t *bytes);

/* "200/s", "90/min", "2.5/h", "10/d": requests in a million seconds, likewise. At most a thousand
 * million a second. */
const char *units_rate(const char *text, int64_t *rate);

/* ECS's own spellings of a task's size (ECS API, RegisterTaskDefinition): "256", "1 vCPU", ".5
 * vcpu" in CPU units; "512", "2GB", "0.5 GB" in MiB. */
const char *units_task_cpu(const char *text, int32_t *cpu);
const char *units_task_memory(const char *text, int32_t *memory_mib);

/* "4xm5.large": 4 and "m5.large"; a name without a number counts once. `name` points into `text`.
 */
const char *units_count_of(const char *text, int32_t *count, const char **name);

/* "t7" with the letter 't': 6. The numbers outside start at 1. */
const char *units_id(const char *text, char letter, int32_t *id);

#endif
