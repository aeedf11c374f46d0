/*
 * Percentages of counts.
 */
#include "core/limits.h"

static int32_t percent_up(int32_t count, int32_t percent)
{
    int64_t n = ((int64_t)count * percent + 99) / 100;

    return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

int32_t limits_lower(int32_t desired, int32_t min_percent)
{
    return percent_up(desired, min_percent);
}

int32_t limits_upper(int32_t desired, int32_t max_percent)
{
    int64_t n = (int64_t)desired * max_percent / 100;

    return n > INT32_MAX ? INT32_MAX : (int32_t)n;
}

int32_t limits_threshold(int32_t desired, const struct circuit_breaker *breaker)
{
    int32_t n;

    if (breaker->type == THRESHOLD_COUNT)
        return breaker->value;
    n = percent_up(desired, breaker->value);
    if (breaker->type == THRESHOLD_UNBOUNDED_PERCENT)
        return n > 1 ? n : 1;
    return n < 3 ? 3 : n > 200 ? 200 : n;
}

int32_t limits_shifted(int32_t step_permille, int32_t n_shifts)
{
    int64_t shifted = (int64_t)step_permille * n_shifts;

    return shifted > 1000 ? 1000 : (int32_t)shifted;
}
