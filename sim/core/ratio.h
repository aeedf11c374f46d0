/*
 * Fractions that are compared exactly, by cross-multiplication in 128 bits. What they mean is others'
 * business.
 */
#ifndef BERTH_CORE_RATIO_H
#define BERTH_CORE_RATIO_H

#include <stdint.h>

struct ratio {
    int64_t num, den; /* den > 0 */
};

/* num / den brought within 64 bits; den > 0, num >= 0. */
struct ratio ratio_of(__int128 num, __int128 den);

/* < 0, 0, > 0: the value is less than, equal to, more than so many thousandths. */
int ratio_compare(struct ratio value, __int128 milli);

/* < 0, 0, > 0: a is less than, equal to, more than b. */
int ratio_order(struct ratio a, struct ratio b);

/* Thousandths, rounded down. */
int64_t ratio_milli(struct ratio value);

/* ceil(count * value / (milli / 1000)), within 32 bits. `milli` > 0. */
int32_t ratio_scale(int32_t count, struct ratio value, int64_t milli);

#endif
