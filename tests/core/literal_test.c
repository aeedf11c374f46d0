/*
 * Dates, versions, decimals and counts as text: read, refused, compared.
 */
#include "core/literal.h"

#include "core/unit.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <time.h>

Test(literal, dates_agree_with_the_calendar)
{
    /* Every six days and a bit from year 0 to 9999, so that every day of the year comes up. */
    for (int64_t second = -INT64_C(62167219200); second < INT64_C(253402300800); second += 527101) {
        time_t at = (time_t)second;
        struct tm tm;
        char text[40];
        int64_t usec = 0;

        gmtime_r(&at, &tm);
        snprintf(text, sizeof text, "%04d-%02d-%02dT%02d:%02d:%02dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
        /* Criterion's own assertions cost more than the dates. */
        if (!literal_date(text, &usec) || usec != second * USEC_PER_SEC)
            cr_assert_fail("%s: %lld", text, (long long)usec);
    }
}

static const struct {
    const char *text;
    int64_t sec; /* -1: refused */
} dates[] = {
    {"1970-01-01", 0},
    {"1970-01-01T00:00:01", 1},
    {"1970-01-01T00:00:00-23:59", 86340},
    {"1970-01-02T00:30:00+00:30", 86400},
    {"2000-02-29", 951782400},
    {"2024-12-31T23:59:59Z", 1735689599},
    {"1900-02-29", -1},
    {"2100-02-29", -1},
    {"2023-02-29", -1},
    {"2023-04-31", -1},
    {"2023-00-01", -1},
    {"2023-01-00", -1},
    {"2023-01-01T", -1},
    {"2023-01-01T00:00:60", -1},
    {"2023-01-01T00:60:00", -1},
    {"2023-01-01T00:00:00+24:00", -1},
    {"2023-01-01T00:00:00+00", -1},
    {"2023-01-01T00:00:00z", -1},
    {"2023-01-01 00:00:00", -1},
    {"2023-1-1", -1},
    {" 2023-01-01", -1},
    {"2023-01-01Z", -1},
    {"", -1},
};

Test(literal, dates_are_exact)
{
    for (size_t i = 0; i < sizeof dates / sizeof *dates; i++) {
        int64_t usec = -1;
        bool taken = literal_date(dates[i].text, &usec);

        cr_expect_eq(taken, dates[i].sec >= 0, "%s", dates[i].text);
        cr_expect(!taken || usec == dates[i].sec * USEC_PER_SEC, "%s: %lld", dates[i].text,
                  (long long)usec);
    }
}

Test(literal, counts)
{
    static const char *const refused[] = {"",    "-1", "+1",   "1.0",
                                          "1e3", " 1", "0x10", "1000000000000000000"};
    int64_t count = -1;

    cr_expect(literal_count("0", &count) && count == 0);
    cr_expect(literal_count("007", &count) && count == 7);
    cr_expect(literal_count("999999999999999999", &count) && count == 999999999999999999);
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_not(literal_count(refused[i], &count), "%s", refused[i]);
}

struct ordered {
    const char *a, *b;
    int order;
};

static void check_order(const struct ordered *row, int (*compare)(const char *, const char *))
{
    cr_expect_eq(compare(row->a, row->b), row->order, "%s, %s", row->a, row->b);
    cr_expect_eq(compare(row->b, row->a), -row->order, "%s, %s", row->b, row->a);
}

Test(literal, versions)
{
    static const struct ordered rows[] = {
        {"1.14.5", "1.14.5", 0}, {"1.9.0", "1.14.5", -1},
        {"1.14", "1.14.0", 0},   {"1.14", "1.14.1", -1},
        {"2", "1.99.99", 1},     {"1.014", "1.14", 0},
        {"1.0.0.1", "1", 1},     {"99999999999999999999.1", "99999999999999999998.2", 1},
    };
    static const char *const refused[] = {"", ".", "1.", ".1", "1..2", "v1", "1.2-rc1", "1 "};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(literal_is_version(rows[i].a) && literal_is_version(rows[i].b));
        check_order(&rows[i], literal_compare_versions);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_not(literal_is_version(refused[i]), "%s", refused[i]);
}

Test(literal, decimals)
{
    static const struct ordered rows[] = {
        {"9", "10", -1},
        {"0.25", "0.2500", 0},
        {"1.5", "1.25", 1},
        {"-1.5", "-1.25", -1},
        {"-2", "1", -1},
        {"-0", "0.00", 0},
        {"-0.0", "-0", 0},
        {"-0", "0.01", -1},
        {"007", "7", 0},
        {"0.5", "0.49", 1},
        {"100.0", "99.99", 1},
        {"0.250", "0.25001", -1},
        {"-10", "-9", -1},
        {"1", "1.0", 0},
        {"-0.01", "0", -1},
        {"00", "0", 0},
        {"123456789012345678901234567890", "123456789012345678901234567891", -1},
    };
    static const char *const refused[] = {"",   "-",   ".",     ".5",  "5.",
                                          "+5", "1e3", "1.2.3", "--1", "1 "};

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        cr_expect(literal_is_decimal(rows[i].a) && literal_is_decimal(rows[i].b));
        check_order(&rows[i], literal_compare_decimals);
    }
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
        cr_expect_not(literal_is_decimal(refused[i]), "%s", refused[i]);
}
