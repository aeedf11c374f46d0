/*
 * Texts by number.
 */
#include "core/names.h"

#include "core/unit.h"
#include "records.h"

#include <criterion/criterion.h>
#include <stdio.h>

Test(names, numbers_come_in_order_and_stay)
{
    static const struct {
        const char *text;
        int32_t name;
    } rows[] = {{"b", 0}, {"a", 1}, {"b", 0}, {"", 2}, {"B", 3}, {"a", 1}, {"ab", 4}, {"", 2}};
    struct names names = {0};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect_eq(names_intern(&names, rows[i].text), rows[i].name, "'%s'", rows[i].text);
        cr_expect_eq(names_find(&names, rows[i].text), rows[i].name, "'%s'", rows[i].text);
        cr_expect_str_eq(names_text(&names, rows[i].name), rows[i].text);
    }
    cr_expect_eq(names.n_texts, 5);
    names_finish(&names);
    records_expect_no_leak();
}

Test(names, looking_adds_nothing)
{
    struct names names = {0};

    cr_expect_eq(names_find(&names, "a"), ID_NONE, "where nothing is");
    names_intern(&names, "a");
    cr_expect_eq(names_find(&names, "b"), ID_NONE);
    cr_expect_eq(names.n_texts, 1);
    names_finish(&names);
    cr_expect_eq(names_find(&names, "a"), ID_NONE, "after the end");
}

Test(names, keeps_its_own_copy)
{
    struct names names = {0};
    char text[] = "first";

    names_intern(&names, text);
    text[0] = 'F';
    cr_expect_eq(names_find(&names, "first"), 0);
    cr_expect_eq(names_find(&names, text), ID_NONE);
    names_finish(&names);
}

Test(names, many)
{
    struct names names = {0};
    char text[20];

    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < 20000; i++) {
            snprintf(text, sizeof text, "service:%d", i);
            cr_assert_eq(names_intern(&names, text), i);
        }
    }
    for (int i = 0; i < 20000; i++) {
        snprintf(text, sizeof text, "service:%d", i);
        cr_assert_str_eq(names_text(&names, i), text);
    }
    names_finish(&names);
    records_expect_no_leak();
}
