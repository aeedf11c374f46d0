/*
 * Sums in whole numbers, rounded once at the end.
 */
#include "file/estimate.h"

#include <assert.h>
#include <stddef.h>

__extension__ typedef __int128 wide;

double estimate_t(int freedom)
{
    static const double points[] = {12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306,
                                    2.262,  2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
                                    2.110,  2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064,
                                    2.060,  2.056, 2.052, 2.048, 2.045, 2.042};
    const double z = 1.959964, z3 = z * z * z, z5 = z3 * z * z;
    double n = freedom;

    assert(freedom > 0);
    if (freedom <= (int)(sizeof points / sizeof points[0]))
        return points[freedom - 1];
    /* Cornish and Fisher's series: right to three decimals from here on */
    return z + (z3 + z) / (4 * n) + (5 * z5 + 16 * z3 + 3 * z) / (96 * n * n);
}

/* Newton's way: from above, until it gets no less. */
static double square_root(double square)
{
    double root = square > 1 ? square : 1, next = (root + square / root) / 2;

    while (next < root) {
        root = next;
        next = (root + square / root) / 2;
    }
    return root;
}

struct estimate estimate_of_difference(const int64_t *left, const int64_t *right, int n)
{
    struct estimate estimate = {0};
    wide sum = 0, squares = 0;

    assert(n > 0);
    for (int i = 0; i < n; i++) {
        wide value = (wide)left[i] - (right ? right[i] : 0);

        if (left[i] == ESTIMATE_UNKNOWN || (right && right[i] == ESTIMATE_UNKNOWN))
            return (struct estimate){.is_unknown = true};
        sum += value;
        squares += value * value;
    }
    estimate.mean = (double)sum / n;
    estimate.has_interval = n > 1;
    if (n > 1 && squares * n > sum * sum) {
        double variance_of_mean = (double)(squares * n - sum * sum) / ((double)n * n * (n - 1));

        estimate.deviation = square_root(variance_of_mean * n);
        estimate.half = estimate_t(n - 1) * square_root(variance_of_mean);
    }
    return estimate;
}

struct estimate estimate_of(const int64_t *values, int n)
{
    return estimate_of_difference(values, NULL, n);
}

bool estimate_holds_zero(const struct estimate *estimate)
{
    double distance = estimate->mean < 0 ? -estimate->mean : estimate->mean;

    return !estimate->has_interval || distance <= estimate->half;
}
