/*
 * Why an expression does not select an instance: what of it decided, and what the instance has there. For
 * explanations; nothing is decided by it.
 */
#ifndef BERTH_CORE_QUERY_BLAME_H
#define BERTH_CORE_QUERY_BLAME_H

#include <stdint.h>

struct cluster;
struct query;

enum query_value_kind {
    QUERY_VALUE_ABSENT,
    QUERY_VALUE_TEXT,
    QUERY_VALUE_NUMBER,
    QUERY_VALUE_DATE, /* microseconds since 1970 */
};

/* What the instance has of one subject that the expression names. */
struct query_value {
    const char *subject;   /* "attribute:", "runningTasksCount" */
    const char *attribute; /* of "attribute:" its name, else "" */
    enum query_value_kind kind;
    const char
        *text; /* the attribute's, the cluster's, or `own`; "" is an attribute without a value */
    int64_t number;
    char own[16];
};

/* The subjects whose values decided that the instance is not selected, each once, in the order of the
 * expression: of `a and b` the one that does not hold, of `a or b` both. Of task:group one for each group
 * on the instance. At most `most`; returns how many there are. 0 where the instance is selected. */
#define QUERY_VALUES_MAX 8
int query_blame(const struct query *query, const struct cluster *cluster, int instance,
                struct query_value *values, int most);

#endif
