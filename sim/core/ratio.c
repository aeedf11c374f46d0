/*
 * Arithmetic of fractions.
 */
#include "core/ratio.h"

struct ratio ratio_of(__int128 num, __int128 den)
{
    while (num > INT64_MAX / 2 || den > INT64_MAX / 2) {
        num /= 2;
        den /= 2;
    }
    return (struct ratio){(int64_t)num, den > 0 ? (int64_t)den : 1};
}

int ratio_compare(struct ratio value, __int128 milli)
{
    __int128 left = (__int128)value.num * 1000, right = milli * value.den;

    return left < right ? -1 : left > right;
}

int ratio_order(struct ratio a, struct ratio b)
{
    __int128 left = (__int128)a.num * b.den, right = (__int128)b.num * a.den;

    return left < right ? -1 : left > right;
}

int64_t ratio_milli(struct ratio value)
{
    __int128 milli = (__int128)value.num * 1000 / value.den;

    return milli > INT64_MAX ? INT64_MAX : (int64_t)milli;
}

int32_t ratio_scale(int32_t count, struct ratio value, int64_t milli)
{
    /* Within 128 bits: 20 + 63 + 10 bits above, 63 + 50 below. */
    __int128 num = (__int128)count * value.num * 1000;
    __int128 den = (__int128)value.den * milli;
    __int128 scaled = num / den + (num % den > 0);

    return scaled > INT32_MAX ? INT32_MAX : (int32_t)scaled;
}
