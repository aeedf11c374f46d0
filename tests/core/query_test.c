/*
 * The query language: what the guide documents, what berth decided where it is silent, and every
 * error with its column. Random expressions against an independent reading are in
 * query_random_test.c.
 */
#include "core/query.h"

#include "query_world.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The instances that an expression selects, such as "1 3", or "error". */
static void select_instances(const char *expression, char *selected)
{
    struct query_error error = {0};
    struct query *query = query_parse(expression, &error);
    struct cluster cluster;

    if (!query) {
        sprintf(selected, "error at %d: %.200s", error.column, error.text);
        return;
    }
    *selected = 0;
    query_world_init(&cluster);
    for (int i = 0; i < QUERY_WORLD_INSTANCES; i++)
        if (query_matches(query, &cluster, i))
            sprintf(selected + strlen(selected), "%s%d", *selected ? " " : "", i + 1);
    cluster_finish(&cluster);
    query_destroy(query);
}

static const struct selection {
    const char *expression;
    const char *instances;
} selections[] = {
    /* The guide's own examples. */
    {"attribute:ecs.instance-type == t2.small", "1 2"},
    {"attribute:ecs.availability-zone in [us-east-1a, us-east-1b]", "1 2 4"},
    {"attribute:ecs.instance-type =~ g2.* and attribute:ecs.availability-zone != us-east-1d", "4"},
    {"task:group == service:production", "1 4"},
    {"not(task:group == database)", "3 4 5 6"},
    {"runningTasksCount == 1", "3"},
    {"agentVersion < 1.14.5", ""},
    {"registeredAt < 2018-02-13", ""},
    {"ec2InstanceId in ['i1', 'i4']", "1 4"},
    {"attribute:stack != prod", "3 4"},
    {"(attribute:stack == prod or attribute:stack == test) and runningTasksCount < 1", "2"},
    /* As people write them: without spaces. */
    {"ec2InstanceId in ['i1'] and agentConnected==true", "1"},
    {"attribute:ecs.os-type==linux", "1 2 3 4 5 6"},
    {"ec2InstanceId in [i1,i4]", "1 4"},
    {"attribute:stack==prod&&!task:group==database||ec2InstanceId==i6", "6"},
    {" \t\nattribute:stack\n==\r'prod' ", "1 2"},

    /* Every operator in every spelling. */
    {"attribute:stack equals prod", "1 2"},
    {"attribute:stack not_equals prod", "3 4"},
    {"attribute:disks > 9", "1 2"},
    {"attribute:disks greater_than 9", "1 2"},
    {"attribute:disks >= 9", "1 2 3 4"},
    {"attribute:disks greater_than_equal 9", "1 2 3 4"},
    {"attribute:disks < 10", "3 4"},
    {"attribute:disks less_than 10", "3 4"},
    {"attribute:disks <= 9", "3 4"},
    {"attribute:disks less_than_equal 9", "3 4"},
    {"attribute:rack exists", "3 4"},
    {"attribute:rack !exists", "1 2 5 6"},
    {"attribute:rack not_exists", "1 2 5 6"},
    {"attribute:stack in [prod]", "1 2"},
    {"attribute:stack !in [prod, 'dev']", "3 4"},
    {"attribute:stack not_in [ prod ]", "3 4"},
    {"attribute:stack=~p.*", "1 2"},
    {"attribute:stack matches p.*", "1 2"},
    {"attribute:stack !~ p.*", "3 4"},
    {"attribute:stack not_matches p.*", "3 4"},

    /* Absence never matches, and a missing value is not absence. */
    {"attribute:nothing != a", ""},
    {"attribute:nothing !in [a]", ""},
    {"attribute:nothing !~ a", ""},
    {"not(attribute:nothing == a)", "1 2 3 4 5 6"},
    {"attribute:spot exists", "1 2"},
    {"attribute:spot == ''", "1 2"},
    {"attribute:spot != a", "1 2"},
    {"attribute:ecs.availability-zone !exists", "5 6"},

    /* Attributes compare by number where both are numbers, else by byte; == is of texts. */
    {"attribute:load < -1.25", "1 2"},
    {"attribute:load <= 0.2500", "1 2 3 4"},
    {"attribute:load == 0.250", ""},
    {"attribute:stack > prod", "3 4"},
    /* By version where both are numbers with dots between; r-1.5 is none. */
    {"attribute:kernel > 5.9.1", "1 2"},
    {"attribute:kernel >= 5.10", "1 2"},
    {"attribute:kernel < 5.10.0", "3 4"},
    {"attribute:kernel == 5.10", ""},
    {"attribute:rack < 1.5.0", ""},
    {"attribute:disks > '9 '", ""},

    /* The other subjects. */
    {"agentConnected == false", "2 5"},
    {"agentConnected != false", "1 3 4 6"},
    {"agentConnected in [true, false]", "1 2 3 4 5 6"},
    {"agentConnected !in [true]", "2 5"},
    {"agentConnected =~ t.*", "1 3 4 6"},
    {"agentConnected !~ t.*", "2 5"},
    {"ec2InstanceId =~ 'i[2-3]'", "2 3"},
    {"ec2InstanceId !~ i[2-5]", "1 6"},
    {"ec2InstanceId != i6", "1 2 3 4 5"},
    {"ec2InstanceId !in [i1, i2, i3]", "4 5 6"},
    {"agentVersion >= 1.9.0", "1 2 3 4 5 6"},
    {"agentVersion == 1.74.1.0", "1 2 3 4 5 6"},
    {"agentVersion != 1.74.1", ""},
    {"agentVersion > 1.74", "1 2 3 4 5 6"},
    {"agentVersion <= 1.100", "1 2 3 4 5 6"},
    {"agentVersion > 2", ""},
    {"runningTasksCount >= 2", "1 4"},
    {"runningTasksCount < 1", "2 5 6"},
    {"runningTasksCount != 0", "1 3 4"},
    {"runningTasksCount <= 1", "2 3 5 6"},
    {"task:group == family:job", "3"},
    {"task:group == database", "1 2"},
    {"task:group != database", "1 3 4"},
    {"task:group in [database, family:job]", "1 2 3"},
    {"task:group !in [service:production, database]", "3"},
    {"task:group =~ 's.*'", "1 4"},
    {"task:group !~ s.*", "1 2 3"},
    {"task:group exists", "1 2 3 4"},
    {"task:group !exists", "5 6"},

    /* Dates in their four forms; what has not registered has none. */
    {"registeredAt >= 2018-06-18", "1 2 3 4 6"},
    {"registeredAt < 2018-06-19", "1 2 4 6"},
    {"registeredAt >= '2018-06-19'", "3"},
    {"registeredAt == 2018-06-18T01:00:00", "2"},
    {"registeredAt == 2018-06-18T01:00:00Z", "2"},
    {"registeredAt == 2018-06-18T01:00:00+00:00", "2"},
    {"registeredAt == 2018-06-18T06:30:00+05:30", "2"},
    {"registeredAt == 2018-06-17T18:00:00-07:00", "2"},
    {"registeredAt > 2018-06-18T00:00:02Z and registeredAt < 2018-06-18T00:00:03Z", "4"},
    {"registeredAt != 2018-06-18", "2 3 4 6"},
    {"registeredAt <= 2018-06-18T00:00:07", "1 4 6"},
    {"registeredAt > 1969-12-31 && registeredAt < 9999-12-31", "1 2 3 4 6"},

    /* How expressions combine. */
    {"ec2InstanceId == i1 or ec2InstanceId == i2 and ec2InstanceId == i3", "1"},
    {"(ec2InstanceId == i1 or ec2InstanceId == i2) and ec2InstanceId != i1", "2"},
    {"ec2InstanceId == i1 || ec2InstanceId == i2 && ec2InstanceId == i3", "1"},
    {"not ec2InstanceId == i1 and ec2InstanceId in [i1, i2]", "2"},
    {"!ec2InstanceId == i1 && ec2InstanceId in [i1, i2]", "2"},
    {"!!(ec2InstanceId == i1)", "1"},
    {"not not ! ec2InstanceId == i1", "2 3 4 5 6"},
    {"!(ec2InstanceId == i1)and(ec2InstanceId in[i1,i2])", "2"},
    {"((((ec2InstanceId == i5))))", "5"},
    {"ec2InstanceId==i1 or ec2InstanceId==i2 or ec2InstanceId==i3 or not ec2InstanceId=~.*",
     "1 2 3"},

    /* Arguments: quoted, bare, and with the language's own signs in quotes. */
    {"attribute:stack == \"prod\"", "1 2"},
    {"attribute:stack in ['test', \"prod\", x]", "1 2 3 4"},
    {"attribute:stack != 'a and (b or c) && [d]'", "1 2 3 4"},
    {"attribute:stack == 'and'", ""},
    {"attribute:stack == exists", ""},

    /* Patterns describe the whole text; quoted ones may hold parentheses. */
    {"attribute:stack =~ pro", ""},
    {"attribute:stack =~ p|prod", "1 2"},
    {"attribute:stack =~ 'test|(p|pr)od'", "1 2 3 4"},
    {"attribute:ecs.instance-type =~ [gm][25]\\..*", "3 4 5 6"},
    {"attribute:ecs.instance-type =~ '(?i)T2\\.\\w{3,5}'", "1 2"},
    {"attribute:ecs.instance-type =~ '\\Qt2.\\E.*+'", "1 2"},
    {"attribute:stack =~ '\\p{Ll}+'", "1 2 3 4"},
    {"attribute:stack =~ '(?<first>t).*\\1'", "3 4"},
    {"attribute:stack =~ '\\x{70}r[^]a]d'", "1 2"},
    {"attribute:spot =~ ''", "1 2"},
    {"attribute:spot =~ .+", ""},
    /* A search that explodes selects nothing, whatever stands around it; one that is not needed is none. */
    {"attribute:long =~ '(a+)+b'", ""},
    {"attribute:long !~ '(a+)+b'", ""},
    {"not(attribute:long =~ '(a+)+b') and attribute:long exists", ""},
    {"not(attribute:long !~ '(a+)+b') and attribute:long exists", ""},
    {"attribute:long =~ '(a+)+b' or attribute:stack == test", ""},
    {"attribute:stack == test or attribute:long =~ '(a+)+b'", "3 4"},
    {"attribute:long =~ '(a+)+c'", "3 4"},
};

Test(query, selects)
{
    for (size_t i = 0; i < sizeof selections / sizeof *selections; i++) {
        char selected[300];

        select_instances(selections[i].expression, selected);
        cr_expect_str_eq(selected, selections[i].instances, "%s: selects '%s', not '%s'",
                         selections[i].expression, selected, selections[i].instances);
    }
}

static const struct mistake {
    const char *expression;
    int column;
    const char *text; /* a part of the message */
} mistakes[] = {
    {"", 1, "expected a subject"},
    {"   ", 4, "found the end"},
    {"stack == prod", 1, "expected a subject (attribute:NAME, agentConnected, "},
    {"Attribute:stack == prod", 1, "expected a subject"},
    {"attribute:== prod", 11, "expected the name of an attribute, found '=='"},
    {"attribute:a:b == prod", 12, "expected an operator"},
    {"task:groups == a", 1, "expected a subject"},
    {"attribute:stack", 16, "expected an operator (==, !="},
    {"attribute:stack = prod", 17, "expected an operator"},
    {"attribute:stack === prod", 19, "expected an argument"},
    {"attribute:stack ! in [a]", 17, "expected an operator"},
    {"attribute:stack inside [a]", 17, "expected an operator"},
    {"attribute:stack EQUALS a", 17, "expected an operator"},
    {"attribute:stack ==", 19, "expected an argument, found the end"},
    {"attribute:stack == [a]", 20, "a list belongs to in and !in only"},
    {"attribute:stack == and attribute:b == c", 20, "expected an argument, found an operator"},
    {"attribute:stack == not", 20, "expected an argument, found an operator"},
    {"attribute:stack == a b", 22, "expected 'and', 'or' or the end, found 'b'"},
    {"attribute:stack == a AND attribute:b == c", 22, "expected 'and', 'or' or the end"},
    {"attribute:stack == a & attribute:b == c", 22, "expected 'and', 'or' or the end"},
    {"attribute:stack == a and", 25, "expected a subject"},
    {"attribute:stack == a or or attribute:b == c", 25, "expected a subject"},
    {"and attribute:stack == a", 1, "expected a subject"},
    {"attribute:stack == 'a", 20, "this quote is never closed"},
    {"attribute:stack in a", 20, "expected a list such as [a, b], found 'a'"},
    {"attribute:stack in []", 21, "expected an argument"},
    {"attribute:stack in [a", 22, "expected ',' or ']', found the end"},
    {"attribute:stack in [a,]", 23, "expected an argument"},
    {"attribute:stack in [a b]", 23, "expected ',' or ']', found 'b]'"},
    {"attribute:stack exists prod", 24, "expected 'and', 'or' or the end"},
    {"(attribute:stack == a", 1, "this parenthesis is never closed"},
    {"attribute:stack == a)", 21, "no parenthesis is open here"},
    {"(attribute:stack == a b)", 23, "expected 'and', 'or' or ')', found 'b)'"},
    {"()", 2, "expected a subject"},
    {"(attribute:stack) == a", 17, "expected an operator"},
    {"attribute:stack == (a)", 20, "a parenthesis inside an argument"},
    {"attribute:stack =~ p(r|s).*", 21, "a parenthesis inside an argument"},
    {"agentConnected > true", 16, "agentConnected takes only these operators: == != in !in =~ !~"},
    {"agentConnected exists", 16, "takes only"},
    {"agentConnected == yes", 19, "expected true or false, found 'yes'"},
    {"agentConnected in [true, 'no']", 26, "expected true or false"},
    {"agentVersion in [1.2]", 14, "agentVersion takes only these operators: == != >= > <= <"},
    {"agentVersion == 1.x", 17, "expected a version such as 1.14.5, found '1.x'"},
    {"agentVersion == 1..2", 17, "expected a version"},
    {"agentVersion == 1.", 17, "expected a version"},
    {"ec2InstanceId >= i1", 15, "takes only"},
    {"registeredAt =~ 2018.*", 14, "takes only"},
    {"registeredAt < yesterday", 16, "expected a date such as 2018-06-18 or"},
    {"registeredAt < 2018-13-01", 16, "expected a date"},
    {"registeredAt < 2018-02-29", 16, "expected a date"},
    {"registeredAt < 2018-2-9", 16, "expected a date"},
    {"registeredAt < 2018-02-09T24:00:00", 16, "expected a date"},
    {"registeredAt < 2018-02-09T23:00", 16, "expected a date"},
    {"registeredAt < 2018-02-09T23:00:00+0100", 16, "expected a date"},
    {"registeredAt < 2018-02-09Z", 16, "expected a date"},
    {"registeredAt < '2018-02-09T23:00:00ZZ'", 16, "expected a date"},
    {"runningTasksCount == one", 22, "expected a whole number, 0 or more, found 'one'"},
    {"runningTasksCount > -1", 21, "expected a whole number"},
    {"runningTasksCount < 1234567890123456789", 21, "expected a whole number"},
    {"task:group > a", 12, "task:group takes only these operators: == != exists !exists in"},
    {"attribute:a =~ 'x(y'", 20, "the pattern is wrong: missing closing parenthesis"},
    {"attribute:a =~ *", 16, "the pattern is wrong: quantifier"},
    {"attribute:a =~ 'ab\\'", 20, "the pattern is wrong: \\ at end"},
    {"attribute:a =~ 'a(*ACCEPT)'", 18, "a verb"},
    {"attribute:a =~ 'a(?R)'", 18, "a kind of group"},
    {"attribute:a =~ '(?<=a)b(?P<n>c)'", 24, "a kind of group"},
    {"attribute:a =~ 'ab\\Kc'", 19, "an escape"},
    {"attribute:a =~ '[\\w\\K]'", 20, "an escape"},
    {"attribute:a =~ [a-z[0-9]]", 20, "a class inside a class"},
    {"attribute:a =~ '[a-z&&[^b]]'", 21, "an intersection of classes"},
    {"attribute:a =~ \\p{Alphabetic}", 16, "a property"},
    {"attribute:a =~ a{,3}", 17, "a { that begins no count"},
    /* Columns count characters, and what is shown is cut between characters. */
    {"attribute:stack == 'é€' b", 25, "found 'b'"},
    {"agentVersion == aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa€€€€", 17,
     "found 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...'"},
};

Test(query, explains_mistakes)
{
    for (size_t i = 0; i < sizeof mistakes / sizeof *mistakes; i++) {
        const struct mistake *mistake = &mistakes[i];
        struct query_error error = {0};
        struct query *query = query_parse(mistake->expression, &error);

        cr_expect_null(query, "%s: is taken", mistake->expression);
        query_destroy(query);
        cr_expect_eq(error.column, mistake->column, "%s: column %d, not %d (%s)",
                     mistake->expression, error.column, mistake->column, error.text);
        cr_expect_not_null(strstr(error.text, mistake->text), "%s: says '%s', not '%s'",
                           mistake->expression, error.text, mistake->text);
    }
}

/* What is said of the language is what it takes. */
Test(query, subjects_take_the_operators_that_are_said)
{
    const char *subjects[QUERY_WORDS_MAX], *operators[QUERY_WORDS_MAX];
    int n = query_words(QUERY_WANTED_SUBJECT, subjects);

    cr_assert_eq(n, 7);
    cr_expect_eq(query_operators("nothing", operators), 0);
    for (int s = 0; s < n; s++) {
        int n_operators = query_operators(subjects[s], operators);
        bool dated = strcmp(subjects[s], "registeredAt") == 0;
        bool truth = strcmp(subjects[s], "agentConnected") == 0;

        cr_expect(n_operators > 5);
        for (int i = 0; i < n_operators; i++) {
            const char *value = dated ? "2020-02-02" : truth ? "true" : "1";
            bool listed = strstr(operators[i], "in") != NULL;
            char text[100];
            struct query_error error;
            struct query *query;

            snprintf(text, sizeof text, "%s%s %s %s%s%s", subjects[s], s == 0 ? "name" : "",
                     operators[i], listed ? "[" : "", strstr(operators[i], "exists") ? "" : value,
                     listed ? "]" : "");
            query = query_parse(text, &error);
            cr_expect_not_null(query, "%s: %s", text, error.text);
            query_destroy(query);
        }
    }
}

Test(query, leaves_the_error_alone_on_success)
{
    struct query_error error = {.column = 77, .text = "as it was"};
    struct query *query = query_parse("task:group == a", &error);

    cr_assert_not_null(query);
    cr_expect_eq(error.column, 77);
    cr_expect_str_eq(error.text, "as it was");
    query_destroy(query);
}

Test(query, takes_2000_characters_and_no_more)
{
    char text[3 * QUERY_LENGTH_MAX];
    char selected[300];

    strcpy(text, "attribute:stack == '");
    for (int i = 20; i < QUERY_LENGTH_MAX - 1; i++)
        strcat(text, "é");
    strcat(text, "'");
    select_instances(text, selected);
    cr_expect_str_eq(selected, "");
    strcat(text, " ");
    select_instances(text, selected);
    cr_expect_str_eq(selected, "error at 2001: an expression has at most 2000 characters");
}

Test(query, nests_100_deep_and_no_more)
{
    char text[600] = "";
    char selected[300];

    for (int i = 0; i < QUERY_NESTING_MAX - 1; i++)
        strcat(text, i % 2 ? "(" : "!");
    strcat(text, "ec2InstanceId == i1");
    for (int i = 0; i < QUERY_NESTING_MAX - 1; i++)
        strcat(text, i % 2 ? ")" : "");
    select_instances(text, selected);
    cr_expect_str_eq(selected, "1");
    memmove(text + 1, text, strlen(text) + 1);
    text[0] = '!';
    select_instances(text, selected);
    cr_expect_str_eq(selected, "error at 101: more than 100 parentheses and nots in each other");
}

Test(query, chains_without_a_limit_of_its_own)
{
    char text[QUERY_LENGTH_MAX + 1] = "ec2InstanceId==i2";
    char selected[300];

    for (int i = 0; i < 130; i++)
        strcat(text, "||task:group==a");
    select_instances(text, selected);
    cr_expect_str_eq(selected, "2");
}

static const struct {
    const char *expression;
    unsigned facts;
    bool is_static;
} kinds[] = {
    {"attribute:a == b", QUERY_USES_ATTRIBUTE, true},
    {"ec2InstanceId == i1", QUERY_USES_INSTANCE_ID, true},
    {"agentVersion > 1", QUERY_USES_AGENT_VERSION, true},
    {"attribute:a == b or not ec2InstanceId == i1", QUERY_USES_ATTRIBUTE | QUERY_USES_INSTANCE_ID,
     true},
    {"registeredAt > 2018-01-01", QUERY_USES_REGISTERED_AT, false},
    {"agentConnected == true", QUERY_USES_AGENT_CONNECTED, false},
    {"runningTasksCount == 1", QUERY_USES_RUNNING_TASKS, false},
    {"attribute:a == b and (attribute:c == d or task:group == e)",
     QUERY_USES_ATTRIBUTE | QUERY_USES_TASK_GROUP, false},
};

Test(query, knows_what_it_depends_on)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct query_error error;
        struct query *query = query_parse(kinds[i].expression, &error);

        cr_assert_not_null(query, "%s", kinds[i].expression);
        cr_expect_eq(query_facts(query), kinds[i].facts, "%s", kinds[i].expression);
        cr_expect_eq(query_is_static(query), kinds[i].is_static, "%s", kinds[i].expression);
        query_destroy(query);
    }
}
