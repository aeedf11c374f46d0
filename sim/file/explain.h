/*
 * Why is this task here, why not there, why does it wait: one placement with all its reasons, made
 * by stepping a fresh scheduler to that moment of the log and asking the plain placement. Shown as
 * text for people and as JSON.
 */
#ifndef BERTH_FILE_EXPLAIN_H
#define BERTH_FILE_EXPLAIN_H

#include "core/place.h"
#include "core/query_blame.h"
#include "core/scheduler.h"
#include "file/buffer.h"
#include "file/story.h"

enum explain_kind {
    EXPLAIN_PLACED,  /* the decision that put the task where it is */
    EXPLAIN_WAITING, /* the task had no room at that moment */
    EXPLAIN_WHAT_IF, /* one more task of a definition, at that moment */
};

/* Who chose the instance: where no strategy had a say, the candidates are told all the same. */
enum explain_chooser {
    EXPLAIN_BY_RULES,
    EXPLAIN_BY_CALL,   /* StartTask named the instance */
    EXPLAIN_BY_DAEMON, /* the service wants one task on every instance */
    EXPLAIN_BY_VM,     /* Fargate: each task gets a micro-VM, no instance is looked for */
};

struct inquiry;

struct explain {
    enum explain_kind kind;
    int32_t task; /* EXPLAIN_WHAT_IF: the number that it would get */
    int32_t taskdef;
    int32_t request; /* whose strategy and constraints count */
    int64_t at_usec; /* the moment of the table */
    int64_t seq;     /* the scheduler's event that decided, 0 where none did */
    /* EXPLAIN_WHAT_IF: nobody in the run asks for such tasks: RunTask's defaults */
    bool own_request;
    enum explain_chooser chooser;
    struct place_table table;
    /* The instance that the strategy would choose if every ACTIVE one were a candidate, where that
     * is another one than it chose; else ID_NONE. */
    int32_t preferred;
    const struct cluster *cluster; /* as it was just before the decision */
    const struct story *story; /* of the run; NULL of EXPLAIN_WHAT_IF and of an inquiry's answer */
    int64_t until_usec;        /* the moment that was asked for */
    /* private: of explain_task() */
    struct inquiry *inquiry;
    struct story *own_story;
};

/* Explains where a task of a logged run is at `at_usec` (USEC_NEVER: in the end), or why it has no
 * place. Errors: no such log, no such task (then), a log that does not replay. Release with
 * explain_finish(), after a failure too. The explanation must not move in memory. */
bool explain_task(struct explain *explain, const char *path, int32_t task, int64_t at_usec,
                  struct err *err);

/* Explains where one more task of a registered definition would go in that cluster, now: by the
 * service of that definition, else by the last RunTask of it, else by `like`, a RunTask that is still to come, or
 * where that is NULL by RunTask without a strategy. May add a request to the cluster. */
void explain_what_if(struct explain *explain, struct cluster *cluster, int32_t taskdef,
                     const struct message *like, int64_t at_usec);
void explain_finish(struct explain *explain);

/* Fills the table and the preferred instance on a cluster in which the task is not placed; task, taskdef and
 * request are set. */
void explain_make_table(struct explain *explain, const struct cluster *cluster);

/* Appends the explanation, in lines, or as one JSON object in one line. */
void explain_text(const struct explain *explain, struct buffer *text);
void explain_json(const struct explain *explain, struct buffer *json);

/* The filters of the placement in the order in which they are applied, with how many instances each removed
 * and which of those lacks least (ID_NONE: it removed none). `rows` has EXPLAIN_FILTERS. */
#define EXPLAIN_FILTERS 11
struct explain_filter {
    enum place_reason reason;
    const char *about; /* "CPU", "memberOf" */
    int32_t n_removed, nearest;
};
void explain_filters(const struct explain *explain, struct explain_filter *rows);

/* The container instances that there ever were; a micro-VM is none. */
int explain_count_instances(const struct explain *explain);

/* The capacity provider of the task's request; NULL: it has none. */
const char *explain_provider(const struct explain *explain);

/* What a rule saw in an instance, as people write it. False where the instance was no candidate any more. */
bool explain_value(const struct explain *explain, int rule, int32_t instance, int64_t *value);

/* Whether the rules leave the instance as good as the chosen one: the lowest number or the lot chose. */
bool explain_is_equal(const struct explain *explain, int32_t instance);

/* Appends "i2 was the only candidate"; "binpack cpu prefers i1, but i1 lacks 384 CPU units" or nothing; both,
 * or the nearest miss. */
void explain_decider(const struct explain *explain, struct buffer *text);
void explain_preferred(const struct explain *explain, struct buffer *text);
void explain_decided(const struct explain *explain, struct buffer *text);

/* What an instance lacks for a task of the definition (NULL: not known): "lacks 256 CPU units". `text` of
 * `size` bytes. */
const char *explain_lack(const struct task_definition *definition, enum place_reason reason,
                         int64_t lack, char *text, size_t size);

/* The nearest miss of a placement that found nothing: "i1 lacks 256 CPU units (RESOURCE:CPU)". */
const char *explain_miss(const struct task_definition *definition, enum place_reason reason,
                         int32_t nearest, int64_t lack, char *text, size_t size);

/* What keeps an instance of the table out, as explain_lack(); of memberOf with the expression and what the
 * instance has: 'does not meet "attribute:rack == r1": it has attribute:rack = r7'. */
void explain_keeps_out(const struct explain *explain, int32_t instance, struct buffer *text);

/* The nearest miss of the table, as explain_miss(), of memberOf likewise. */
void explain_nearest(const struct explain *explain, struct buffer *text);

/* The memberOf that keeps an instance out, NULL where none does, and the values that it looked at: `values`
 * has QUERY_VALUES_MAX, of which the first `n_values` are filled; more are only counted. */
struct explain_unmet {
    const char *expression;
    int n_values;
};
struct explain_unmet explain_find_unmet(const struct explain *explain, int32_t instance,
                                        struct query_value *values);

/* A moment as ECS writes it: "2026-01-01T00:00:05Z". `text` of `size` bytes. */
const char *explain_date(int64_t usec, char *text, size_t size);

/* The rule as people write it: "spread attribute:ecs.availability-zone". Likewise. */
const char *explain_rule(const struct strategy_rule *rule, char *text, size_t size);

/* What the numbers of a rule count, and which wins: "CPU units left, the least wins". */
const char *explain_unit(const struct strategy_rule *rule);

#endif
