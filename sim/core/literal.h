/*
 * Texts that stand for numbers: dates, dotted versions, decimals and counts, read and compared
 * exactly, without floating point. Knows nothing of who wrote them or what they are compared for.
 */
#ifndef BERTH_CORE_LITERAL_H
#define BERTH_CORE_LITERAL_H

#include <stdbool.h>
#include <stdint.h>

/* Reads 2018-06-18, 2018-06-18T22:28:28, 2018-06-18T22:28:28Z or 2018-06-18T22:28:28+00:00 into
 * microseconds since 1970 UTC (ECS developer guide, cluster-query-language); no zone means UTC. */
bool literal_date(const char *text, int64_t *usec);

/* Reads digits alone, up to 18 of them. */
bool literal_count(const char *text, int64_t *count);

/* Numbers with dots between, such as 1.14.5, compared part by part; a missing part is 0. */
bool literal_is_version(const char *text);
int literal_compare_versions(const char *a, const char *b);

/* Digits with an optional sign and fraction, of any length, compared by value. */
bool literal_is_decimal(const char *text);
int literal_compare_decimals(const char *a, const char *b);

#endif
