/*
 * The roundings of percentages: the examples that ECS's guide and API work out.
 */
#include "core/limits.h"

#include <criterion/criterion.h>

Test(limits, percentages_of_the_desired_count)
{
    static const struct {
        int32_t desired, min, max, lower, upper;
    } rows[] = {
        {4, 50, 200, 2, 8},   {2, 75, 200, 2, 4},
        {3, 100, 125, 3, 3},  {1, 100, 150, 1, 1},
        {10, 50, 100, 5, 10}, {4, 100, 100, 4, 4},
        {0, 100, 200, 0, 0},  {1, 0, 200, 0, 2},
        {3, 1, 100, 1, 3},    {1000000, 100, 1000000, 1000000, INT32_MAX},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cr_assert(limits_lower(rows[i].desired, rows[i].min) == rows[i].lower, "row %zu: %d", i,
                  limits_lower(rows[i].desired, rows[i].min));
        cr_assert(limits_upper(rows[i].desired, rows[i].max) == rows[i].upper, "row %zu: %d", i,
                  limits_upper(rows[i].desired, rows[i].max));
    }
}

Test(limits, thresholds_of_the_circuit_breaker)
{
    static const struct {
        int32_t desired, value;
        enum threshold_type type;
        int32_t threshold;
    } rows[] = {
        {1, 50, THRESHOLD_BOUNDED_PERCENT, 3},       {25, 50, THRESHOLD_BOUNDED_PERCENT, 13},
        {400, 50, THRESHOLD_BOUNDED_PERCENT, 200},   {800, 50, THRESHOLD_BOUNDED_PERCENT, 200},
        {800, 50, THRESHOLD_UNBOUNDED_PERCENT, 400}, {1, 50, THRESHOLD_UNBOUNDED_PERCENT, 1},
        {0, 50, THRESHOLD_UNBOUNDED_PERCENT, 1},     {800, 7, THRESHOLD_COUNT, 7},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const struct circuit_breaker breaker = {.type = rows[i].type, .value = rows[i].value};

        cr_assert(limits_threshold(rows[i].desired, &breaker) == rows[i].threshold, "row %zu: %d",
                  i, limits_threshold(rows[i].desired, &breaker));
    }
}

Test(limits, steps_of_traffic)
{
    static const int32_t thirds[] = {0, 300, 600, 900, 1000, 1000};

    for (int32_t i = 0; i < 6; i++)
        cr_assert(limits_shifted(300, i) == thirds[i]);
    cr_assert(limits_shifted(100, 10) == 1000 && limits_shifted(100, 9) == 900);
}
