/*
 * What the parser of cluster queries makes, query.c runs and query_blame.c looks into. Private to the
 * three: everybody else includes their headers.
 */
#ifndef BERTH_CORE_QUERY_PROGRAM_H
#define BERTH_CORE_QUERY_PROGRAM_H

#include "core/pattern.h"

#include <stdbool.h>
#include <stdint.h>

enum query_operator {
    OPERATOR_EQUALS,
    OPERATOR_NOT_EQUALS,
    OPERATOR_GREATER,
    OPERATOR_GREATER_EQUAL,
    OPERATOR_LESS,
    OPERATOR_LESS_EQUAL,
    OPERATOR_EXISTS,
    OPERATOR_NOT_EXISTS,
    OPERATOR_IN,
    OPERATOR_NOT_IN,
    OPERATOR_MATCHES,
    OPERATOR_NOT_MATCHES,
};

/* Sets of operators, by bit (ECS developer guide, cluster-query-language: "Valid operators"). The
 * guide names none for attributes, which take all, nor for task:group, which has no order. */
#define TAKES(relation) (1u << OPERATOR_##relation)
#define TAKES_EQUALITY (TAKES(EQUALS) | TAKES(NOT_EQUALS))
#define TAKES_ORDER                                                                                \
    (TAKES_EQUALITY | TAKES(GREATER) | TAKES(GREATER_EQUAL) | TAKES(LESS) | TAKES(LESS_EQUAL))
#define TAKES_MATCHING                                                                             \
    (TAKES_EQUALITY | TAKES(IN) | TAKES(NOT_IN) | TAKES(MATCHES) | TAKES(NOT_MATCHES))
#define TAKES_EXISTENCE (TAKES(EXISTS) | TAKES(NOT_EXISTS))
#define TAKES_ALL (TAKES_ORDER | TAKES_MATCHING | TAKES_EXISTENCE)

enum query_subject_kind {
    SUBJECT_ATTRIBUTE,
    SUBJECT_AGENT_CONNECTED,
    SUBJECT_AGENT_VERSION,
    SUBJECT_INSTANCE_ID,
    SUBJECT_REGISTERED_AT,
    SUBJECT_RUNNING_TASKS,
    SUBJECT_TASK_GROUP,
    QUERY_SUBJECTS,
};

struct query_subject {
    const char *name; /* an attribute's own name follows */
    unsigned fact;    /* enum query_fact */
    unsigned takes;
};
extern const struct query_subject query_subjects[QUERY_SUBJECTS];

struct argument {
    const char *text;
    int64_t number; /* of a date, microseconds since 1970, or of a count */
};

struct comparison {
    enum query_subject_kind subject;
    enum query_operator relation;
    const char *attribute;
    int first_argument, n_arguments;
    struct pattern *pattern; /* OPERATOR_MATCHES and OPERATOR_NOT_MATCHES, else NULL */
};

enum step_kind { STEP_COMPARE, STEP_INVERT, STEP_JUMP_IF_TRUE, STEP_JUMP_IF_FALSE };

struct step {
    enum step_kind kind;
    int operand; /* a comparison, or the step to go on with */
};

struct query {
    char *text; /* names and arguments point into it */
    struct step *steps;
    int n_steps, cap_steps;
    struct comparison *comparisons;
    int n_comparisons, cap_comparisons;
    struct argument *arguments;
    int n_arguments, cap_arguments;
};

struct cluster;
struct instance;

/* Whether one comparison holds; `gave_up` is set where a pattern takes too many steps. */
bool query_compare(const struct query *query, int which, const struct cluster *cluster, int id,
                   bool *gave_up);
int64_t query_count_running(const struct cluster *cluster, const struct instance *instance);

#endif
