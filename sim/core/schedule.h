/*
 * When a scheduled action is due: at(...), rate(...) and cron(...) in UTC, to the minute (Application Auto
 * Scaling user guide, application-auto-scaling-scheduled-scaling). Days are those of the Gregorian
 * calendar; no clock is asked.
 */
#ifndef BERTH_CORE_SCHEDULE_H
#define BERTH_CORE_SCHEDULE_H

#include <stdbool.h>
#include <stdint.h>

/* AWS's own bounds of a schedule's year. */
#define SCHEDULE_FIRST_YEAR 1970
#define SCHEDULE_LAST_YEAR 2199

enum schedule_type { SCHEDULE_AT, SCHEDULE_RATE, SCHEDULE_CRON };

struct schedule {
    enum schedule_type type;
    int64_t at_sec;    /* SCHEDULE_AT: since 1970 */
    int64_t every_sec; /* SCHEDULE_RATE */
    uint64_t minutes;  /* SCHEDULE_CRON: a bit for each that matches */
    uint32_t hours, days, months,
        weekdays;      /* days from 1, months from 1, weekdays from 0 = Sunday */
    uint64_t years[4]; /* from SCHEDULE_FIRST_YEAR on */
};

/* False where the text is none; `wrong` then says what it should be. */
bool schedule_parse(const char *text, struct schedule *schedule, const char **wrong);

/* The next moment after `after_sec`, for a rate in steps from `start_sec` on; both since 1970.
 * INT64_MAX: there is none. */
int64_t schedule_next(const struct schedule *schedule, int64_t start_sec, int64_t after_sec);

#endif
