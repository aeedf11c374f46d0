/*
 * The query language against mangled expressions: pieces of the language and of noise in random
 * order, and the documented examples with bytes changed. Whatever comes must be answered, by a query
 * or by an error with a place; and what is taken must obey the laws of logic.
 */
#include "core/draw.h"
#include "core/query.h"

#include "../core/query_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXTS 60000

static const char *const pieces[] = {
    "attribute:",
    "attribute:stack",
    "agentConnected",
    "agentVersion",
    "ec2InstanceId",
    "registeredAt",
    "task:group",
    "runningTasksCount",
    " == ",
    "!=",
    ">=",
    "<",
    " exists ",
    " !exists ",
    " in [",
    " not_in[",
    "]",
    ",",
    "=~",
    " !~ ",
    " matches ",
    " and ",
    " or ",
    "&&",
    "||",
    "!",
    "not ",
    "(",
    ")",
    "'",
    "\"",
    " ",
    "true",
    "prod",
    "1.14.5",
    "2018-06-18",
    "2018-06-18T22:28:28+00:00",
    "7",
    "i1",
    ".*",
    "(a+)+b",
    "[a-z",
    "\\",
    "\\p{",
    "{2,",
    "€",
    "\x80",
    "\n",
    "database",
};

static const char *const examples[] = {
    "attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d",
    "attribute:ecs.availability-zone in [us-east-1a, 'us-east-1b']",
    "not(task:group == database) or !(runningTasksCount > 1)",
    "registeredAt < 2018-02-13T00:00:00Z && agentVersion >= 1.14.5",
    "attribute:stack =~ '(?i)p(r|s)[a-o]\\w{1,3}' || agentConnected==true",
    "((ec2InstanceId in ['i1', \"i2\"]))",
};

struct dice {
    int64_t rolls;
};

static int roll(struct dice *dice, int sides)
{
    return (int)draw_below(42, DRAW_PLACEMENT_RANDOM, 1, dice->rolls++, (uint64_t)sides);
}

/* A few pieces after each other. */
static void assemble(struct dice *dice, char *text)
{
    *text = 0;
    for (int n = 1 + roll(dice, 12); n > 0; n--)
        strcat(text, pieces[roll(dice, (int)(sizeof pieces / sizeof *pieces))]);
}

/* An example with up to four bytes changed, taken out or doubled. */
static void mangle(struct dice *dice, char *text)
{
    strcpy(text, examples[roll(dice, (int)(sizeof examples / sizeof *examples))]);
    for (int n = roll(dice, 5); n > 0; n--) {
        size_t length = strlen(text);
        char *at = text + roll(dice, (int)length);

        switch (roll(dice, 3)) {
        case 0:
            *at = (char)(1 + roll(dice, 255));
            break;
        case 1:
            memmove(at, at + 1, strlen(at));
            break;
        default:
            memmove(at + 1, at, strlen(at) + 1);
            break;
        }
    }
}

static struct query *parse(const char *text)
{
    struct query_error error = {0};
    struct query *query = query_parse(text, &error);

    if (query)
        return query;
    cr_assert(error.column >= 1 && error.column <= (int)strlen(text) + 1, "%s: column %d", text,
              error.column);
    cr_assert(*error.text && strlen(error.text) < sizeof error.text, "%s", text);
    return NULL;
}

/* FORMAT with the text in it must select the same instances, or all others, and give up for the same. */
static void check_law(const char *format, const char *text, const struct query *query,
                      const struct cluster *cluster, bool inverted)
{
    char other_text[4000];
    struct query *other;

    snprintf(other_text, sizeof other_text, format, text, text);
    other = parse(other_text);
    cr_assert_not_null(other, "%s", other_text);
    cr_assert_eq(query_facts(other), query_facts(query), "%s", other_text);
    for (int i = 0; i < QUERY_WORLD_INSTANCES; i++) {
        enum query_answer expected = query_ask(query, cluster, i);

        if (inverted && expected != QUERY_GAVE_UP)
            expected = expected == QUERY_MATCHES ? QUERY_DIFFERS : QUERY_MATCHES;
        cr_assert_eq(query_ask(other, cluster, i), expected, "%s: i%d", other_text, i + 1);
    }
    query_destroy(other);
}

static bool check_text(const char *text, const struct cluster *cluster)
{
    struct query *query = parse(text);

    if (!query)
        return false;
    check_law(" ( %s\n)", text, query, cluster, false);
    check_law("not(%s)", text, query, cluster, true);
    check_law("!!(%s)", text, query, cluster, false);
    check_law("(%s) and (%s)", text, query, cluster, false);
    check_law("(%s)||(%s)", text, query, cluster, false);
    query_destroy(query);
    return true;
}

Test(query_fuzz, answers_whatever_comes)
{
    struct dice dice = {0};
    struct cluster cluster;
    int taken = 0;

    query_world_init(&cluster);
    for (int i = 0; i < TEXTS; i++) {
        char text[1000];

        if (i % 2)
            assemble(&dice, text);
        else
            mangle(&dice, text);
        taken += check_text(text, &cluster);
    }
    cluster_finish(&cluster);
    /* Where nearly all is refused, or nothing is, the texts are not worth much. */
    cr_assert(taken > TEXTS / 20 && taken < TEXTS * 19 / 20, "%d", taken);
}
