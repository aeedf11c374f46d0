/*
 * ECS's cluster query language: the expressions of memberOf constraints (ECS developer guide,
 * cluster-query-language). An expression is compiled once and then asked about instances. Knows the
 * cluster's state as it stands, never how it came about nor what is decided by the answer.
 *
 *     expression := term { ("or" | "||") term }
 *     term       := factor { ("and" | "&&") factor }
 *     factor     := ("not" | "!") factor | "(" expression ")" | subject operator [argument]
 *     argument   := bare | 'quoted' | "quoted", or for in and !in: "[" argument { "," argument }
 * "]"
 *
 * What the guide leaves open is decided thus: `and` binds tighter than `or`; a date without a zone
 * is UTC; =~ matches the whole text; attributes are ordered as numbers where both sides are decimal
 * numbers, else as versions where both are numbers with dots between (5.9.1 before 5.10), and byte by
 * byte elsewhere; an attribute without a value counts as empty text; a
 * comparison of what is absent never matches, whatever its operator. `task:group` stands for each
 * task on the instance in turn: task:group != a asks for a task of another group, not(task:group ==
 * a) for none of a.
 */
#ifndef BERTH_CORE_QUERY_H
#define BERTH_CORE_QUERY_H

#include <stdbool.h>

struct cluster;
struct query;

/* ECS API: PlacementConstraint.expression, in characters. */
#define QUERY_LENGTH_MAX 2000

/* How deep parentheses and nots may stand in each other. */
#define QUERY_NESTING_MAX 100

/* What every agent reports as agentVersion: the first release of ECS's agent that keeps account of
 * its host's resources as berth's agent does (amazon-ecs-agent, CHANGELOG of 1.73.0 to 1.74.1). */
#define QUERY_AGENT_VERSION "1.74.1"

/* What should have stood where an error is, as far as there are words for it. */
enum query_wanted {
    QUERY_WANTED_OTHER,
    QUERY_WANTED_SUBJECT,
    QUERY_WANTED_OPERATOR,
    QUERY_WANTED_CONNECTIVE, /* and, or, and their signs */
    QUERY_WANTED_TRUTH,      /* true or false */
};

struct query_error {
    int column; /* of the character, from 1 */
    char text[240];
    enum query_wanted wanted;
};

/* The words that begin what may stand there: at most QUERY_WORDS_MAX, returns how many. */
#define QUERY_WORDS_MAX 24
int query_words(enum query_wanted wanted, const char **words);

/* The operators that a subject takes, as query_words() names it, in the first spelling of each. */
int query_operators(const char *subject, const char **words);

/* What an answer depends on. */
enum query_fact {
    QUERY_USES_ATTRIBUTE = 1 << 0,     /* the same for all instances of one group and zone */
    QUERY_USES_INSTANCE_ID = 1 << 1,   /* i1, i2, ... */
    QUERY_USES_AGENT_VERSION = 1 << 2, /* QUERY_AGENT_VERSION */
    /* What changes while an instance lives: */
    QUERY_USES_REGISTERED_AT = 1 << 3,   /* absent until the first registration */
    QUERY_USES_AGENT_CONNECTED = 1 << 4, /* "true" or "false" */
    QUERY_USES_RUNNING_TASKS = 1 << 5,   /* those there whose desired status is RUNNING */
    QUERY_USES_TASK_GROUP = 1 << 6,      /* of those there that are not STOPPED */
};

/* Compiles an expression. NULL and `error` where it is wrong; `error` is untouched on success. The
 * caller releases the result with query_destroy(). */
struct query *query_parse(const char *text, struct query_error *error);
void query_destroy(struct query *query);

/* GAVE_UP: a pattern on the way to the answer takes more than PATTERN_STEPS_MAX steps on a text. */
enum query_answer { QUERY_DIFFERS, QUERY_MATCHES, QUERY_GAVE_UP };

/* Whether the instance is one of those that the expression selects. Allocates nothing of its own. Not for
 * two threads at once with one query: PCRE2's working memory belongs to the query. */
enum query_answer query_ask(const struct query *query, const struct cluster *cluster, int instance);

/* An expression that gives up selects nothing, with `not` before it neither. */
bool query_matches(const struct query *query, const struct cluster *cluster, int instance);

/* The enum query_fact bits of all that the expression names. */
unsigned query_facts(const struct query *query);

/* Whether the answer for an instance is the same for its whole life. */
bool query_is_static(const struct query *query);

#endif
