/*
 * Arrays keep what they hold while they grow, small and large.
 */
#include "core/array.h"

#include <criterion/criterion.h>
#include <stdint.h>
#include <stdlib.h>

#define N 300000 /* of three int64: from nothing to more than a large page, several times over */

struct record {
    int64_t number, none, twice;
};

Test(array, grows_past_large_pages_and_begins_with_nothing)
{
    struct {
        struct record *records;
        int n_records, cap_records;
    } owner = {0};

    for (int i = 0; i < N; i++) {
        struct record *record = ARRAY_ADD(&owner, records);

        cr_assert(record->number == 0 && record->none == 0 && record->twice == 0);
        *record = (struct record){i, 0, 2 * (int64_t)i};
    }
    cr_assert((uintptr_t)owner.records % ARRAY_LINE == 0);
    for (int i = 0; i < N; i++)
        cr_assert(owner.records[i].number == i && owner.records[i].twice == 2 * (int64_t)i);
    free(owner.records);
}

/* An owner that forgets its elements keeps the room; what comes anew finds no trace of them. */
Test(array, clears_what_is_used_again)
{
    struct {
        int64_t *numbers;
        int n_numbers, cap_numbers;
    } owner = {0};

    for (int again = 0; again < 2; again++) {
        for (int i = 0; i < N; i++) {
            int64_t *number = ARRAY_ADD(&owner, numbers);

            cr_assert(*number == 0);
            *number = ~INT64_C(0);
        }
        owner.n_numbers = 0;
    }
    free(owner.numbers);
}

Test(array, zeros_begin_where_lines_and_large_pages_do)
{
    const size_t sizes[] = {8, 4096, (size_t)5 << 20};

    for (int i = 0; i < 3; i++) {
        void *memory;
        char *zeros = array_zeros(sizes[i], &memory);
        size_t sum = 0;

        cr_assert((uintptr_t)zeros % ARRAY_LINE == 0);
        for (size_t at = 0; at < sizes[i]; at++)
            sum += zeros[at] != 0;
        cr_assert(sum == 0);
        zeros[sizes[i] - 1] = 1;
        free(memory);
    }
}
