/*
 * How an invariant says what is wrong. For check.c and its parts.
 */
#ifndef BERTH_CORE_CHECK_INSIDE_H
#define BERTH_CORE_CHECK_INSIDE_H

#include "core/scheduler.h"

#include <stdio.h>

struct finding {
    char *detail;
    size_t size;
};

#define FAIL(finding, ...)                                                                         \
    do {                                                                                           \
        snprintf((finding)->detail, (finding)->size, __VA_ARGS__);                                 \
        return false;                                                                              \
    } while (0)

/* check_capacity.c */
bool check_groups(const struct scheduler *scheduler, const struct finding *finding);
bool check_leaving(const struct scheduler *scheduler, const struct finding *finding);
bool check_chains(const struct scheduler *scheduler, const struct finding *finding);
bool check_homes(const struct scheduler *scheduler, const struct finding *finding);
bool check_bill(const struct scheduler *scheduler, const struct finding *finding);

#endif
