/*
 * In order of time, and where moments are the same in the order that was asked for.
 */
#include "viz/time_sort.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

struct item {
    int64_t at_usec;
    int number, kind;
};

static int by_kind(const void *a, const void *b)
{
    return ((const struct item *)a)->kind - ((const struct item *)b)->kind;
}

Test(time_sort, agrees_with_comparing)
{
    static const int64_t ranges[] = {1, 10, 70000, INT64_C(1) << 40, INT64_MAX};
    srand(5);
    for (int r = 0; r < 10; r++) {
        struct item items[2000];
        const int n = r < 5 ? 2000 : 256; /* few go another way */
        for (int i = 0; i < n; i++) {
            int64_t wide = (int64_t)rand() << 32 | rand();
            items[i] = (struct item){wide % ranges[r % 5] - (r % 3 == 1 ? 5 : 0), i, rand()};
        }
        time_sort(items, n, sizeof *items, r % 2 ? by_kind : NULL);
        for (int i = 1; i < n; i++) {
            cr_assert(items[i - 1].at_usec <= items[i].at_usec);
            if (items[i - 1].at_usec == items[i].at_usec)
                cr_assert(r % 2 ? items[i - 1].kind <= items[i].kind
                                : items[i - 1].number < items[i].number);
        }
    }
    time_sort(NULL, 0, sizeof(struct item), NULL);
}
