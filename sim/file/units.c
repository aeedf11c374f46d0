/*
 * Quantities as people write them. A number is read as billionths, so that a decimal fraction is
 * exact, and multiplied by its unit in 128 bits.
 */
#include "file/units.h"

#include "core/unit.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#define BILLION INT64_C(1000000000)

__extension__ typedef __int128 wide;

struct unit {
    const char *name;
    int64_t factor;
};

static const struct unit duration_units[] = {
    {"us", 1},
    {"ms", USEC_PER_MSEC},
    {"s", USEC_PER_SEC},
    {"m", 60 * USEC_PER_SEC},
    {"min", 60 * USEC_PER_SEC},
    {"h", 3600 * USEC_PER_SEC},
    {"d", 24 * 3600 * USEC_PER_SEC},
    {NULL, 0},
};

static const struct unit size_units[] = {
    {"B", 1},
    {"kB", 1000},
    {"KB", 1000},
    {"MB", 1000 * 1000},
    {"GB", 1000 * 1000 * 1000},
    {"TB", INT64_C(1000) * 1000 * 1000 * 1000},
    {"KiB", 1024},
    {"MiB", 1024 * 1024},
    {"GiB", 1024 * 1024 * 1024},
    {"TiB", INT64_C(1024) * 1024 * 1024 * 1024},
    {NULL, 0},
};

/* Reads "12", "12.5" or ".5" as billionths and moves `text` behind it and spaces. */
static const char *read_billionths(const char **text, wide *billionths)
{
    const char *at = *text;
    int64_t place = BILLION / 10;
    bool digits = false;

    if (*at == '-')
        return "is negative";
    *billionths = 0;
    for (; isdigit((unsigned char)*at); at++, digits = true) {
        if (*billionths > BILLION * (wide)UNITS_DURATION_MAX_USEC)
            return "is too large";
        *billionths = *billionths * 10 + (*at - '0') * (wide)BILLION;
    }
    if (*at == '.')
        for (at++; isdigit((unsigned char)*at); at++, digits = true, place /= 10)
            *billionths += (*at - '0') * place;
    if (!digits)
        return "does not begin with a number";
    while (*at == ' ')
        at++;
    *text = at;
    return NULL;
}

static int64_t unit_factor(const struct unit *units, const char *name)
{
    for (; units->name; units++)
        if (strcmp(units->name, name) == 0)
            return units->factor;
    return 0;
}

const char *units_duration(const char *text, int64_t *usec)
{
    wide value;
    int64_t factor;
    const char *wrong = read_billionths(&text, &value);

    if (wrong)
        return wrong;
    if (!*text)
        return "has no unit; durations look like \"300ms\", \"90s\", \"1.5m\", \"2h\"";
    factor = unit_factor(duration_units, text);
    if (!factor)
        return "has an unknown unit; durations look like \"300ms\", \"90s\", \"1.5m\", \"2h\"";
    if (value > (wide)UNITS_DURATION_MAX_USEC * BILLION / factor)
        return "is longer than 100 years";
    *usec = (int64_t)(value * factor / BILLION);
    return NULL;
}

const char *units_size(const char *text, int64_t *bytes)
{
    wide value;
    int64_t factor;
    const char *wrong = read_billionths(&text, &value);

    if (wrong)
        return wrong;
    if (!*text)
        return "has no unit; sizes look like \"512MiB\", \"1GiB\", \"40MB\"";
    factor = unit_factor(size_units, text);
    if (!factor)
        return "has an unknown unit; sizes look like \"512MiB\", \"1GiB\", \"40MB\"";
    if (value > (wide)UNITS_SIZE_MAX_BYTES * BILLION / factor)
        return "is larger than 1024TiB";
    *bytes = (int64_t)(value * factor / BILLION);
    return NULL;
}

const char *units_rate(const char *text, int64_t *rate)
{
    wide value, per;
    int64_t usec;
    const char *wrong = read_billionths(&text, &value);

    if (wrong)
        return wrong;
    if (*text != '/')
        return "has no unit; rates look like \"200/s\", \"90/min\", \"2.5/h\"";
    for (text++; *text == ' '; text++)
        ;
    usec = unit_factor(duration_units, text);
    if (!usec)
        return "has an unknown unit; rates look like \"200/s\", \"90/min\", \"2.5/h\"";
    if (value > (wide)BILLION * BILLION * BILLION / USEC_PER_SEC)
        return "is more than 1000000000/s";
    per = value * USEC_PER_SEC * USEC_PER_SEC / usec / BILLION;
    if (per > (wide)BILLION * USEC_PER_SEC)
        return "is more than 1000000000/s";
    *rate = (int64_t)per;
    return NULL;
}

/* A bare number counts as it is, one with the unit `name` counts `factor` times. */
static const char *read_task_size(const char *text, const char *name, int factor,
                                  const char *unknown, int32_t *size)
{
    wide value;
    const char *wrong = read_billionths(&text, &value);
    bool has_unit;

    if (wrong)
        return wrong;
    has_unit = *text != '\0';
    if (has_unit && strcasecmp(text, name) != 0)
        return unknown;
    if (has_unit)
        value *= factor;
    else if (value % BILLION)
        return "is not a whole number";
    if (value / BILLION > INT32_MAX)
        return "is too large";
    *size = (int32_t)(value / BILLION);
    return NULL;
}

const char *units_task_cpu(const char *text, int32_t *cpu)
{
    return read_task_size(text, "vCPU", CPU_UNITS_PER_VCPU,
                          "is no CPU size; ECS takes CPU units (\"256\") or \"0.25 vCPU\" here",
                          cpu);
}

const char *units_task_memory(const char *text, int32_t *memory_mib)
{
    return read_task_size(text, "GB", 1024,
                          "is no memory size; ECS takes MiB (\"512\") or \"0.5 GB\" here",
                          memory_mib);
}

const char *units_count_of(const char *text, int32_t *count, const char **name)
{
    const char *at = text;
    int64_t n = 0;

    while (isdigit((unsigned char)*at) && n <= INT32_MAX)
        n = n * 10 + (*at++ - '0');
    *count = 1;
    *name = text;
    if (at == text || *at != 'x') {
        if (!*text)
            return "is empty; instances look like \"4xm5.large\"";
        return n > INT32_MAX ? "counts too many" : NULL;
    }
    if (!at[1])
        return "names no instance type; instances look like \"4xm5.large\"";
    *count = (int32_t)n;
    *name = at + 1;
    return n > INT32_MAX ? "counts too many" : NULL;
}

const char *units_id(const char *text, char letter, int32_t *id)
{
    const char *at = text + 1;
    int64_t n = 0;

    if (text[0] != letter || !isdigit((unsigned char)*at) || *at == '0')
        return letter == 't' ? "is no task; tasks are named t1, t2, ..."
                             : "is no instance; instances are named i1, i2, ...";
    for (; isdigit((unsigned char)*at); at++) {
        n = n * 10 + (*at - '0');
        if (n > INT32_MAX)
            return "is too large a number";
    }
    if (*at)
        return letter == 't' ? "is no task; tasks are named t1, t2, ..."
                             : "is no instance; instances are named i1, i2, ...";
    *id = (int32_t)(n - 1);
    return NULL;
}
