/*
 * What an explanation says of an expression that does not select an instance: the subjects whose values
 * decided, no others, and what the instance has there.
 */
#include "core/query_blame.h"

#include "core/query.h"
#include "query_world.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void write_value(const struct query_value *value, char *text, size_t size)
{
    if (value->kind == QUERY_VALUE_ABSENT)
        snprintf(text, size, "%s%s -", value->subject, value->attribute);
    else if (value->kind == QUERY_VALUE_TEXT)
        snprintf(text, size, "%s%s '%s'", value->subject, value->attribute, value->text);
    else
        snprintf(text, size, "%s%s %" PRId64, value->subject, value->attribute, value->number);
}

/* "attribute:stack 'prod', runningTasksCount 2" */
static void find_blame(const char *expression, int instance, char *found, size_t size)
{
    struct query_value values[QUERY_VALUES_MAX];
    struct query_error error = {0};
    struct query *query = query_parse(expression, &error);
    struct cluster cluster;
    int n;

    cr_assert(query != NULL, "%s: %s", expression, error.text);
    query_world_init(&cluster);
    n = query_blame(query, &cluster, instance, values, QUERY_VALUES_MAX);
    cr_assert(n <= QUERY_VALUES_MAX);
    cr_expect_eq(n == 0, query_matches(query, &cluster, instance), "%s", expression);
    *found = 0;
    for (int i = 0; i < n; i++) {
        size_t used = strlen(found);

        used += (size_t)snprintf(found + used, size - used, "%s", i ? ", " : "");
        write_value(&values[i], found + used, size - used);
    }
    cluster_finish(&cluster);
    query_destroy(query);
}

/* What holds on all that are asked about. */
#define H "attribute:disks exists"

static const struct row {
    const char *expression;
    int instance; /* from 1 */
    const char *blame;
} rows[] = {
    {"attribute:stack == prod", 1, ""},
    {"attribute:stack == prod", 3, "attribute:stack 'test'"},
    {"attribute:rack == r1", 1, "attribute:rack -"},
    {"attribute:spot == yes", 1, "attribute:spot ''"},
    {"not attribute:spot exists", 1, "attribute:spot ''"},
    {"agentConnected == true", 2, "agentConnected 'false'"},
    {"agentVersion < 1.14.5", 1, "agentVersion '1.74.1'"},
    {"ec2InstanceId in [i1, i2]", 4, "ec2InstanceId 'i4'"},
    {"registeredAt > 2018-06-19", 3, "registeredAt 1529366400000000"},
    {"registeredAt > 2018-06-19", 5, "registeredAt -"},
    {"runningTasksCount > 2", 4, "runningTasksCount 2"},
    {"task:group == x", 6, "task:group -"},
    {"task:group == x", 1, "task:group 'service:production', task:group 'database'"},
    {"task:group == x", 4, "task:group 'service:production'"},
    /* Of `and` the side that does not hold, the left one where neither does. */
    {H " and attribute:stack == x", 1, "attribute:stack 'prod'"},
    {"attribute:stack == x and " H, 1, "attribute:stack 'prod'"},
    {"attribute:stack == x and attribute:load == 7", 1, "attribute:stack 'prod'"},
    {H " and " H " and attribute:load == 7", 1, "attribute:load '-1.50'"},
    /* Of `or` all sides. */
    {"attribute:stack == x or attribute:load == 7", 1,
     "attribute:stack 'prod', attribute:load '-1.50'"},
    {"attribute:stack == x or attribute:stack == y or attribute:load == 7", 1,
     "attribute:stack 'prod', attribute:load '-1.50'"},
    {"attribute:stack == x or " H " and attribute:load == 7", 1,
     "attribute:stack 'prod', attribute:load '-1.50'"},
    {"(" H " and attribute:load == 7) or (" H " and attribute:rack == a)", 1,
     "attribute:load '-1.50', attribute:rack -"},
    {"(attribute:stack == x or attribute:rack == a) and " H, 1,
     "attribute:stack 'prod', attribute:rack -"},
    {"(" H " or attribute:rack == a) and attribute:load == 7", 1, "attribute:load '-1.50'"},
    /* Behind `not`, what holds is to blame. */
    {"not (" H " and attribute:stack == prod)", 1, "attribute:disks '10', attribute:stack 'prod'"},
    {"not (attribute:rack exists or attribute:stack == prod)", 1, "attribute:stack 'prod'"},
    {"!(!(attribute:stack == x))", 1, "attribute:stack 'prod'"},
    {H " and not (" H " and not attribute:rack exists)", 1,
     "attribute:disks '10', attribute:rack -"},
    /* What gave up. */
    {H " and attribute:long =~ '(a+)+b'", 3,
     "attribute:long 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaac'"},
};

Test(query_blame, names_what_decided_and_nothing_else)
{
    char found[512];

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        find_blame(rows[i].expression, rows[i].instance - 1, found, sizeof found);
        cr_expect_str_eq(found, rows[i].blame, "%s on i%d: found %s, wanted %s", rows[i].expression,
                         rows[i].instance, found, rows[i].blame);
    }
}

Test(query_blame, counts_what_it_has_no_room_for)
{
    struct query_error error;
    struct query *query =
        query_parse("attribute:a exists or attribute:b exists or attribute:c exists", &error);
    struct query_value value;
    struct cluster cluster;

    query_world_init(&cluster);
    cr_assert_eq(query_blame(query, &cluster, 0, &value, 1), 3);
    cr_assert_str_eq(value.attribute, "a");
    cr_assert_eq(query_blame(query, &cluster, 0, NULL, 0), 3);
    cluster_finish(&cluster);
    query_destroy(query);
}
