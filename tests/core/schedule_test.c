/*
 * Schedules: what is one, and when it is next.
 */
#include "core/schedule.h"

#include <criterion/criterion.h>

/* 2026-01-01T00:00:00Z, a Thursday. */
#define EPOCH INT64_C(1767225600)

static int64_t next(const char *text, int64_t after_sec)
{
    struct schedule schedule;
    const char *wrong;

    cr_assert(schedule_parse(text, &schedule, &wrong), "%s", text);
    return schedule_next(&schedule, EPOCH, EPOCH + after_sec) - EPOCH;
}

Test(schedule, is_next_at)
{
    static const struct {
        const char *text;
        int64_t after_sec, next_sec;
    } rows[] = {
        {"at(2026-01-01T00:10:00)", 0, 600},
        {"at(2026-03-01T00:00:00)", 0, 59 * 86400},
        {"rate(5 minutes)", 0, 300},
        {"rate(5 minutes)", 300, 600},
        {"rate(1 hour)", 301, 3600},
        {"rate(2 days)", 0, 172800},
        {"cron(0 9 * * ? *)", 0, 9 * 3600},
        {"cron(0 9 * * ? *)", 9 * 3600, 33 * 3600},
        {"cron(0/15 * ? * * *)", 1, 900},
        {"cron(30,45 8-10 ? * MON-FRI *)", 0, 8 * 3600 + 1800},
        {"cron(30,45 8-10 ? * MON-FRI *)", 86400 + 11 * 3600, 4 * 86400 + 8 * 3600 + 1800},
        {"cron(0 0 1 FEB ? *)", 0, 31 * 86400},
        {"cron(0 0 29 2 ? *)", 0, (365 + 365 + 31 + 28) * 86400},
        {"cron(0 0 ? * SUN *)", 0, 3 * 86400},
        {"cron(0 0 ? * 1 *)", 0, 3 * 86400},
        {"cron(5 0 1 1 ? 2027)", 0, 365 * 86400 + 300},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        cr_assert(next(rows[i].text, rows[i].after_sec) == rows[i].next_sec, "%s after %lld: %lld",
                  rows[i].text, (long long)rows[i].after_sec,
                  (long long)next(rows[i].text, rows[i].after_sec));
}

Test(schedule, is_over)
{
    cr_assert(next("at(2025-01-01T00:10:00)", 0) == INT64_MAX - EPOCH);
    cr_assert(next("at(2026-01-01T00:10:00)", 600) == INT64_MAX - EPOCH);
    cr_assert(next("cron(5 0 1 1 ? 2025)", 0) == INT64_MAX - EPOCH);
    cr_assert(next("cron(0 0 31 2 ? *)", 0) == INT64_MAX - EPOCH, "there is no such day");
}

Test(schedule, is_none)
{
    static const char *const texts[] = {
        "",
        "at()",
        "at(2026-13-01T00:00:00)",
        "rate(0 minutes)",
        "rate(5)",
        "rate(5 weeks)",
        "rate(5 minutes",
        "cron(0 9 * * ?)",
        "cron()",
        "cron(60 0 * * ? *)",
        "cron(0 9 * * ? * *)",
        "cron(0 9-8 * * ? *)",
        "cron(0 0 L * ? *)",
        "cron(0/0 * * * ? *)",
        "cron(1, 0 * * ? *)",
        "every day",
    };
    struct schedule schedule;
    const char *wrong;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        cr_assert(!schedule_parse(texts[i], &schedule, &wrong) && wrong, "%s", texts[i]);
    cr_assert(!schedule_parse(NULL, &schedule, &wrong));
}

Test(schedule, years_between_others_do_not_count)
{
    struct schedule schedule;
    const char *wrong;

    cr_assert(schedule_parse("cron(10 0 * * ? 2026,2028)", &schedule, &wrong));
    /* after 2027-01-01T00:00:00Z comes 2028-01-01T00:10:00Z */
    cr_expect_eq(schedule_next(&schedule, 0, 1798761600), 1830298200);
    cr_expect(!schedule_parse("at(2026-02-31T00:00:00)", &schedule, &wrong), "a day that is none");
    cr_expect(schedule_parse("at(2028-02-29T00:00:00)", &schedule, &wrong));
}
