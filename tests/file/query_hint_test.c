/*
 * Of a wrong expression what was meant is guessed where it is likely, and only there.
 */
#include "file/query_hint.h"

#include "core/draw.h"
#include "core/query.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *expression, *hint;
} rows[] = {
    {"attribute:a = b", " (did you mean ==?)"},
    {"attribute:a => 3", " (did you mean >=?)"},
    {"attribute:a EQUALS b", " (did you mean equals?)"},
    {"attribute:a mathces b.*", " (did you mean matches?)"},
    {"attribute:a like b.*", " (did you mean =~?)"},
    {"attribute:a not in [b]", " (did you mean not_in, or not before the subject?)"},
    {"registeredAt before 2026-01-01", " (did you mean <?)"},
    {"registeredAt After 2026-01-01", " (did you mean >?)"},
    {"attribute:a == b AND attribute:c == d", " (did you mean and?)"},
    {"(attribute:a == b & attribute:c == d)", " (did you mean &&?)"},
    {"attribute:a == b box", ""},
    {"attribute:a == two words", ""},
    {"NOT (attribute:a == b)", " (did you mean not?)"},
    {"runningTaskCount < 3", " (did you mean runningTasksCount?)"},
    {"AgentConnected == true", " (did you mean agentConnected?)"},
    {"task.group == a", " (did you mean task:group?)"},
    {"ecs.instance-type == m5.large", " (did you mean attribute:ecs.instance-type?)"},
    {"stack == prod", " (did you mean attribute:stack?)"},
    {"Attribute:stack == prod", " (did you mean attribute:stack?)"},
    {"attribute.stack == prod", " (did you mean attribute:stack?)"},
    {"attribute == prod", ""},
    {"attribute: == prod", ""},
    {"== prod", ""},
    {"(", ""},
    {"", ""},
    {"\xc3\xa9 == prod", ""},
    {"agentConnected == True", " (did you mean true?)"},
    {"agentConnected == 'yes'", " (did you mean true?)"},
    {"agentConnected == fasle", " (did you mean false?)"},
    {"attribute:a =~ '(b'", ""},
};

Test(query_hint, guesses_what_was_meant)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct query_error error;
        char hint[120];

        cr_assert_null(query_parse(rows[i].expression, &error), "%s", rows[i].expression);
        query_hint(rows[i].expression, &error, hint, sizeof hint);
        cr_expect_str_eq(hint, rows[i].hint, "%s: '%s'", rows[i].expression, hint);
    }
}

Test(query_hint, cuts_no_word_short)
{
    char expression[200] = "", hint[120];
    struct query_error error;

    memset(expression, 'x', 150);
    cr_assert_null(query_parse(expression, &error));
    cr_expect_str_eq(query_hint(expression, &error, hint, sizeof hint), "");
}

/* Whatever is written: the hint stays within its room. */
Test(query_hint, survives_anything)
{
    static const char *const pieces[] = {"attribute:", "attribute",
                                         "a",          " ",
                                         "==",         "=",
                                         "AND",        "and",
                                         "(",          ")",
                                         "'",          "\"",
                                         "[",          "]",
                                         ",",          "\xc3\xa9",
                                         "not",        "!",
                                         "~",          ".",
                                         ":",          "agentConnected",
                                         "True",       "registeredAt",
                                         "before",     "\xff",
                                         "\n"};
    const int n = sizeof pieces / sizeof *pieces;

    for (int i = 0; i < 20000; i++) {
        int length = (int)draw_below(1, DRAW_PLACEMENT_RANDOM, i, 0, 12);
        struct query_error error;
        struct query *query;
        char expression[200] = "", hint[40];

        for (int k = 1; k <= length; k++)
            strcat(expression, pieces[draw_below(1, DRAW_PLACEMENT_RANDOM, i, k, (uint64_t)n)]);
        memset(hint, 'x', sizeof hint);
        query = query_parse(expression, &error);
        if (!query && query_hint(expression, &error, hint, sizeof hint))
            cr_assert(memchr(hint, 0, sizeof hint) != NULL, "%s", expression);
        query_destroy(query);
    }
}
