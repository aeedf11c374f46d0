/*
 * Schedules as texts, and the calendar under them.
 */
#include "core/schedule.h"

#include <stddef.h>
#include <string.h>

#define MINUTE_SEC 60
#define HOUR_SEC 3600
#define DAY_SEC INT64_C(86400)

#define FIRST_YEAR SCHEDULE_FIRST_YEAR
#define LAST_YEAR SCHEDULE_LAST_YEAR

/* Days since 1970 of a date; years begin in March here, so that the odd day comes last. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t y = month > 2 ? year : year - 1;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return y * 365 + y / 4 - y / 100 + y / 400 + of_year - 719468;
}

static void date_of(int64_t days, int64_t *year, int64_t *month, int64_t *day)
{
    *year = FIRST_YEAR + days / 366;
    while (days_of(*year + 1, 1, 1) <= days)
        ++*year;
    *month = 1;
    while (*month < 12 && days_of(*year, *month + 1, 1) <= days)
        ++*month;
    *day = days - days_of(*year, *month, 1) + 1;
}

/* One to `most` digits; false where there is none. Goes past them. */
static bool parse_number(const char **text, int most, int *value)
{
    int n = 0;

    *value = 0;
    for (; n < most && **text >= '0' && **text <= '9'; n++, ++*text)
        *value = *value * 10 + (**text - '0');
    return n > 0;
}

/* Numbers between the characters of a form, in which # stands for each. */
static bool parse_form(const char *text, const char *form, int most, int *numbers)
{
    for (; *form; form++) {
        if (*form != '#' ? *form != *text++ : !parse_number(&text, most, numbers++))
            return false;
    }
    return !*text;
}

static bool is_within(int value, int least, int most)
{
    return value >= least && value <= most;
}

static bool parse_at(const char *text, struct schedule *schedule)
{
    int n[6]; /* year, month, day, hour, minute, second */
    int64_t year, month, day;

    if (!parse_form(text, "at(#-#-#T#:#:#)", 4, n) || !is_within(n[0], FIRST_YEAR, LAST_YEAR) ||
        !is_within(n[1], 1, 12) || !is_within(n[2], 1, 31) || !is_within(n[3], 0, 23) ||
        !is_within(n[4], 0, 59) || !is_within(n[5], 0, 59))
        return false;
    date_of(days_of(n[0], n[1], n[2]), &year, &month, &day);
    if (month != n[1]) /* February 31 */
        return false;
    schedule->type = SCHEDULE_AT;
    schedule->at_sec =
        days_of(n[0], n[1], n[2]) * DAY_SEC + n[3] * HOUR_SEC + n[4] * MINUTE_SEC + n[5];
    return true;
}

static bool parse_rate(const char *text, struct schedule *schedule)
{
    static const struct {
        const char *form;
        int64_t sec;
    } units[] = {{"rate(# minute)", MINUTE_SEC}, {"rate(# minutes)", MINUTE_SEC},
                 {"rate(# hour)", HOUR_SEC},     {"rate(# hours)", HOUR_SEC},
                 {"rate(# day)", DAY_SEC},       {"rate(# days)", DAY_SEC}};
    int count;

    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (!parse_form(text, units[i].form, 6, &count) || count < 1)
            continue;
        schedule->type = SCHEDULE_RATE;
        schedule->every_sec = count * units[i].sec;
        return true;
    }
    return false;
}

/* A field of a cron expression: what it counts, and from where. */
struct cron_field {
    int least, most;
    const char *names; /* three letters each, NULL: none */
};

/* A number or a name within the field; goes past it. */
static bool parse_value(const char **text, const struct cron_field *field, int *value)
{
    if (parse_number(text, 4, value))
        return is_within(*value, field->least, field->most);
    for (int i = 0; field->names && field->names[3 * i]; i++) {
        if (strncmp(*text, field->names + 3 * i, 3) != 0)
            continue;
        *value = field->least + i;
        *text += 3;
        return true;
    }
    return false;
}

/* One item of a list: *, ?, a value, a range, each with a step; marks what it means. */
static bool parse_item(const char **text, const struct cron_field *field, bool *marks)
{
    int first = field->least, last = field->most, step = 1;

    if (**text == '*' || **text == '?') {
        ++*text;
    } else if (!parse_value(text, field, &first)) {
        return false;
    } else if (**text == '-') {
        ++*text;
        if (!parse_value(text, field, &last) || last < first)
            return false;
    } else if (**text != '/') {
        last = first;
    }
    if (**text == '/') {
        ++*text;
        if (!parse_number(text, 4, &step) || step < 1)
            return false;
    }
    for (int i = first; i <= last; i += step)
        marks[i - field->least] = true;
    return true;
}

/* A list of items, up to a space or the closing bracket. */
static bool parse_field(const char **text, const struct cron_field *field, bool *marks)
{
    while (parse_item(text, field, marks)) {
        if (**text != ',')
            return true;
        ++*text;
    }
    return false;
}

static uint64_t bits(const bool *marks, int n, int shift)
{
    uint64_t all = 0;

    for (int i = 0; i < n; i++)
        if (marks[i])
            all |= UINT64_C(1) << (i + shift);
    return all;
}

static bool parse_cron(const char *text, struct schedule *schedule)
{
    static const struct cron_field fields[6] = {
        {0, 59, NULL},
        {0, 23, NULL},
        {1, 31, NULL},
        {1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"},
        {1, 7, "SUNMONTUEWEDTHUFRISAT"},
        {FIRST_YEAR, LAST_YEAR, NULL},
    };
    bool marks[6][LAST_YEAR - FIRST_YEAR + 1] = {{false}};

    text += strlen("cron(");
    for (int i = 0; i < 6; i++)
        if (!parse_field(&text, &fields[i], marks[i]) || *text++ != (i < 5 ? ' ' : ')'))
            return false;
    if (*text)
        return false;
    schedule->type = SCHEDULE_CRON;
    schedule->minutes = bits(marks[0], 60, 0);
    schedule->hours = (uint32_t)bits(marks[1], 24, 0);
    schedule->days = (uint32_t)bits(marks[2], 31, 1);
    schedule->months = (uint32_t)bits(marks[3], 12, 1);
    schedule->weekdays = (uint32_t)bits(marks[4], 7, 0);
    for (int y = 0; y <= LAST_YEAR - FIRST_YEAR; y++)
        if (marks[5][y])
            schedule->years[y / 64] |= UINT64_C(1) << (y % 64);
    return true;
}

bool schedule_parse(const char *text, struct schedule *schedule, const char **wrong)
{
    *schedule = (struct schedule){0};
    *wrong =
        "wanted \"at(2026-01-01T09:00:00)\", \"rate(5 minutes)\" or \"cron(0 9 ? * MON-FRI *)\": "
        "minute, hour, day, month, weekday, year";
    if (!text)
        return false;
    if (strncmp(text, "at(", 3) == 0)
        return parse_at(text, schedule);
    if (strncmp(text, "rate(", 5) == 0)
        return parse_rate(text, schedule);
    return strncmp(text, "cron(", 5) == 0 && parse_cron(text, schedule);
}

/* The first minute of the day that matches, from that second of the day on; -1: none. */
static int64_t match_in_day(const struct schedule *schedule, int64_t from_sec)
{
    for (int64_t minute = (from_sec + MINUTE_SEC - 1) / MINUTE_SEC; minute < 24 * 60; minute++)
        if ((schedule->hours >> (minute / 60) & 1) && (schedule->minutes >> (minute % 60) & 1))
            return minute * MINUTE_SEC;
    return -1;
}

static bool has_year(const struct schedule *schedule, int64_t year)
{
    int64_t bit = year - FIRST_YEAR;

    return bit >= 0 && year <= LAST_YEAR && (schedule->years[bit / 64] >> (bit % 64) & 1);
}

static int64_t next_cron(const struct schedule *schedule, int64_t after_sec)
{
    int64_t day = (after_sec + 1) / DAY_SEC, from_sec = (after_sec + 1) % DAY_SEC;
    int64_t last_day = days_of(LAST_YEAR + 1, 1, 1);

    for (; day < last_day; day++, from_sec = 0) {
        int64_t year, month, of_month, found;

        date_of(day, &year, &month, &of_month);
        if (!has_year(schedule, year) || !(schedule->months >> month & 1) ||
            !(schedule->days >> of_month & 1) || !(schedule->weekdays >> ((day + 4) % 7) & 1))
            continue;
        found = match_in_day(schedule, from_sec);
        if (found >= 0)
            return day * DAY_SEC + found;
    }
    return INT64_MAX;
}

int64_t schedule_next(const struct schedule *schedule, int64_t start_sec, int64_t after_sec)
{
    if (schedule->type == SCHEDULE_AT)
        return schedule->at_sec > after_sec ? schedule->at_sec : INT64_MAX;
    if (after_sec < 0 || after_sec > days_of(LAST_YEAR + 1, 1, 1) * DAY_SEC)
        return INT64_MAX;
    if (schedule->type == SCHEDULE_CRON)
        return next_cron(schedule, after_sec);
    if (start_sec > after_sec)
        return start_sec;
    return start_sec + ((after_sec - start_sec) / schedule->every_sec + 1) * schedule->every_sec;
}
