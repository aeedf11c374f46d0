/*
 * Quantities are exact, and what is no quantity is said to be none.
 */
#include "file/units.h"

#include <criterion/criterion.h>
#include <string.h>

struct row {
    const char *text;
    int64_t value; /* where `wrong` is NULL */
    const char *wrong;
};

static const struct row durations[] = {
    {"90s", 90000000, NULL},
    {"1.5m", 90000000, NULL},
    {"300ms", 300000, NULL},
    {"2h", INT64_C(7200000000), NULL},
    {"0s", 0, NULL},
    {".5s", 500000, NULL},
    {"0.1s", 100000, NULL},
    {"1.0000019s", 1000001, NULL},
    {"7us", 7, NULL},
    {"2 min", 120000000, NULL},
    {"36500d", UNITS_DURATION_MAX_USEC, NULL},
    {"36500.00001d", 0, "longer than 100 years"},
    {"99999999999999999999999999999s", 0, "too large"},
    {"-1s", 0, "negative"},
    {"1", 0, "no unit"},
    {"1x", 0, "unknown unit"},
    {"1S", 0, "unknown unit"},
    {"1s1s", 0, "unknown unit"},
    {"", 0, "does not begin with a number"},
    {"s", 0, "does not begin with a number"},
    {".s", 0, "does not begin with a number"},
    {" 1s", 0, "does not begin with a number"},
    {"nan", 0, "does not begin with a number"},
    {"inf", 0, "does not begin with a number"},
    {"1e3s", 0, "unknown unit"},
};

static const struct row sizes[] = {
    {"512MiB", INT64_C(512) << 20, NULL},
    {"1GiB", INT64_C(1) << 30, NULL},
    {"1.5GiB", INT64_C(3) << 29, NULL},
    {"40MB", 40000000, NULL},
    {"1kB", 1000, NULL},
    {"10B", 10, NULL},
    {"1024TiB", UNITS_SIZE_MAX_BYTES, NULL},
    {"1025TiB", 0, "larger than 1024TiB"},
    {"512M", 0, "unknown unit"},
    {"512mib", 0, "unknown unit"},
    {"512", 0, "no unit"},
    {"-512MiB", 0, "negative"},
};

static void check(const struct row *row, const char *wrong, int64_t value)
{
    if (row->wrong)
        cr_assert(wrong && strstr(wrong, row->wrong), "\"%s\": found %s, wanted %s", row->text,
                  wrong ? wrong : "nothing wrong", row->wrong);
    else
        cr_assert(!wrong && value == row->value, "\"%s\": %lld, %s", row->text, (long long)value,
                  wrong ? wrong : "fine");
}

Test(units, durations)
{
    for (size_t i = 0; i < sizeof durations / sizeof durations[0]; i++) {
        int64_t usec = -1;
        const char *wrong = units_duration(durations[i].text, &usec);

        check(&durations[i], wrong, usec);
    }
}

Test(units, sizes)
{
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        int64_t bytes = -1;
        const char *wrong = units_size(sizes[i].text, &bytes);

        check(&sizes[i], wrong, bytes);
    }
}

/* ECS API, RegisterTaskDefinition: cpu and memory of a task. */
Test(units, task_sizes)
{
    static const struct row cpus[] = {
        {"256", 256, NULL},
        {"1 vCPU", 1024, NULL},
        {".5 vcpu", 512, NULL},
        {"0.25vCPU", 256, NULL},
        {"1.5", 0, "not a whole"},
        {"1 CPU", 0, "no CPU size"},
        {"99999999999", 0, "too large"},
        {"-1", 0, "negative"},
    };
    static const struct row memories[] = {
        {"512", 512, NULL},
        {"2GB", 2048, NULL},
        {"0.5 GB", 512, NULL},
        {"3 gb", 3072, NULL},
        {"512MiB", 0, "no memory size"},
        {"", 0, "does not begin"},
    };

    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        int32_t cpu = -1;
        const char *wrong = units_task_cpu(cpus[i].text, &cpu);

        check(&cpus[i], wrong, cpu);
    }
    for (size_t i = 0; i < sizeof memories / sizeof memories[0]; i++) {
        int32_t mib = -1;
        const char *wrong = units_task_memory(memories[i].text, &mib);

        check(&memories[i], wrong, mib);
    }
}

Test(units, counts_of_instances)
{
    static const struct {
        const char *text;
        int32_t count;
        const char *name, *wrong;
    } rows[] = {
        {"4xm5.large", 4, "m5.large", NULL},
        {"m5.large", 1, "m5.large", NULL},
        {"12xx1.32xlarge", 12, "x1.32xlarge", NULL},
        {"x1.32xlarge", 1, "x1.32xlarge", NULL},
        {"0xbox", 0, "box", NULL},
        {"4x", 0, NULL, "names no instance type"},
        {"", 0, NULL, "is empty"},
        {"99999999999xbox", 0, NULL, "too many"},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t count = -1;
        const char *name = "", *wrong = units_count_of(rows[i].text, &count, &name);

        if (rows[i].wrong)
            cr_assert(wrong && strstr(wrong, rows[i].wrong), "\"%s\"", rows[i].text);
        else
            cr_assert(!wrong && count == rows[i].count && strcmp(name, rows[i].name) == 0,
                      "\"%s\": %d of \"%s\"", rows[i].text, (int)count, name);
    }
}

Test(units, ids)
{
    static const struct {
        const char *text;
        int32_t id;
    } rows[] = {
        {"t1", 0},
        {"t10", 9},
        {"t2147483647", 2147483646},
        {"t2147483648", -1},
        {"t0", -1},
        {"t01", -1},
        {"t", -1},
        {"i1", -1},
        {"t1x", -1},
        {"", -1},
        {"t-1", -1},
        {"T1", -1},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        int32_t id = -1;
        const char *wrong = units_id(rows[i].text, 't', &id);

        cr_assert(id == rows[i].id && !wrong == (rows[i].id >= 0), "\"%s\": %d", rows[i].text,
                  (int)id);
    }
}
