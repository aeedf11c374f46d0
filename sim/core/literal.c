/*
 * Reading and comparing numbers as text: digits are compared by length and then byte by byte, so
 * that no length overflows.
 */
#include "core/literal.h"

#include "core/unit.h"

#include <stddef.h>
#include <string.h>

static const char digits[] = "0123456789";

static int sign(int64_t difference)
{
    return (difference > 0) - (difference < 0);
}

/* Reads exactly `n` digits and moves on. */
static bool read_digits(const char **at, int n, int *value)
{
    *value = 0;
    for (; n > 0; n--, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        *value = *value * 10 + (**at - '0');
    }
    return true;
}

static bool read_mark(const char **at, char mark)
{
    if (**at != mark)
        return false;
    (*at)++;
    return true;
}

static int days_of_month(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

    return days[month - 1] + (month == 2 && leap);
}

/* Days from 1970-01-01 in the Gregorian calendar, also before its introduction. */
static int64_t days_since_1970(int year, int month, int day)
{
    /* Counting years from March puts the leap day at the end. 306 days lie between March and the
     * next January, 719468 between March of year 0 and 1970. */
    int64_t y = month > 2 ? year : year - 1;
    int64_t since_march = (month + 9) % 12;
    int64_t day_of_year = (since_march * 306 + 5) / 10 + day - 1;
    int64_t y400 = (y + 400) % 400;

    return (y - y400) / 400 * 146097 + y400 * 365 + y400 / 4 - y400 / 100 + day_of_year - 719468;
}

static bool read_clock(const char **at, int *seconds)
{
    int hour, minute, second;

    if (!read_digits(at, 2, &hour) || !read_mark(at, ':') || !read_digits(at, 2, &minute) ||
        !read_mark(at, ':') || !read_digits(at, 2, &second) || hour > 23 || minute > 59 ||
        second > 59)
        return false;
    *seconds = (hour * 60 + minute) * 60 + second;
    return true;
}

/* Z, +hh:mm, -hh:mm or nothing. */
static bool read_zone(const char **at, int *offset_seconds)
{
    int direction = **at == '-' ? -1 : 1;
    int hour, minute;

    *offset_seconds = 0;
    if (**at == 0 || read_mark(at, 'Z'))
        return true;
    if (**at != '+' && **at != '-')
        return false;
    (*at)++;
    if (!read_digits(at, 2, &hour) || !read_mark(at, ':') || !read_digits(at, 2, &minute) ||
        hour > 23 || minute > 59)
        return false;
    *offset_seconds = direction * (hour * 60 + minute) * 60;
    return true;
}

bool literal_date(const char *text, int64_t *usec)
{
    int year, month, day, clock = 0, zone = 0;

    if (!read_digits(&text, 4, &year) || !read_mark(&text, '-') || !read_digits(&text, 2, &month) ||
        !read_mark(&text, '-') || !read_digits(&text, 2, &day) || month < 1 || month > 12 ||
        day < 1 || day > days_of_month(year, month))
        return false;
    if (read_mark(&text, 'T') && (!read_clock(&text, &clock) || !read_zone(&text, &zone)))
        return false;
    if (*text)
        return false;
    *usec = (days_since_1970(year, month, day) * 86400 + clock - zone) * USEC_PER_SEC;
    return true;
}

bool literal_count(const char *text, int64_t *count)
{
    size_t length = strspn(text, digits);

    if (length == 0 || length > 18 || text[length])
        return false;
    *count = 0;
    for (; *text; text++)
        *count = *count * 10 + (*text - '0');
    return true;
}

/* Compares the whole numbers that two texts begin with and moves both past them. */
static int compare_whole(const char **a, const char **b)
{
    size_t length_a, length_b;
    int order;

    *a += strspn(*a, "0");
    *b += strspn(*b, "0");
    length_a = strspn(*a, digits);
    length_b = strspn(*b, digits);
    order = length_a == length_b ? sign(memcmp(*a, *b, length_a)) : length_a < length_b ? -1 : 1;
    *a += length_a;
    *b += length_b;
    return order;
}

bool literal_is_version(const char *text)
{
    size_t length;

    while ((length = strspn(text, digits)) > 0 && text[length] == '.')
        text += length + 1;
    return length > 0 && text[length] == 0;
}

int literal_compare_versions(const char *a, const char *b)
{
    while (*a || *b) {
        int order = compare_whole(&a, &b);

        if (order)
            return order;
        a += *a == '.';
        b += *b == '.';
    }
    return 0;
}

bool literal_is_decimal(const char *text)
{
    text += *text == '-';
    if (*text == '.' || strspn(text, digits) == 0)
        return false;
    text += strspn(text, digits);
    if (*text == 0)
        return true;
    return *text == '.' && strspn(text + 1, digits) > 0 && text[1 + strspn(text + 1, digits)] == 0;
}

static int compare_fractions(const char *a, const char *b)
{
    for (; *a || *b; a += *a != 0, b += *b != 0) {
        int order = sign((*a ? *a : '0') - (*b ? *b : '0'));

        if (order)
            return order;
    }
    return 0;
}

static int compare_magnitudes(const char *a, const char *b)
{
    int order = compare_whole(&a, &b);

    return order ? order : compare_fractions(a + (*a == '.'), b + (*b == '.'));
}

int literal_compare_decimals(const char *a, const char *b)
{
    bool minus_a = *a == '-', minus_b = *b == '-';

    if (minus_a && minus_b)
        return compare_magnitudes(b + 1, a + 1);
    /* Of two opposite signs only -0 is not the smaller. */
    if (minus_a)
        return strspn(a + 1, "0.") == strlen(a + 1) && strspn(b, "0.") == strlen(b) ? 0 : -1;
    if (minus_b)
        return -literal_compare_decimals(b, a);
    return compare_magnitudes(a, b);
}
