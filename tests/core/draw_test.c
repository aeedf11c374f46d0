/*
 * The keyed generator: its values are for ever, its keys are independent, its bounds are fair.
 */
#include "core/draw.h"

#include <criterion/criterion.h>

/* The first outputs of SplitMix64 from state 0, as its authors publish them. */
Test(draw, mixes_as_splitmix64)
{
    cr_expect_eq(draw_mix(0), UINT64_C(0xe220a8397b1dcdaf));
    cr_expect_eq(draw_mix(UINT64_C(0x9e3779b97f4a7c15)), UINT64_C(0x6e789e6aa1b965f4));
    cr_expect_eq(draw_mix(UINT64_C(0x3c6ef372fe94f82a)), UINT64_C(0x06c45d188009454f));
}

/* Computed by a separate program. A change here changes every run ever recorded. */
Test(draw, same_key_same_bits_for_ever)
{
    static const struct {
        uint64_t seed;
        int purpose;
        int64_t entity, n;
        uint64_t bits;
    } rows[] = {
        {0, 1, 0, 0, UINT64_C(0xd1c0270687984b37)},
        {1, 1, 0, 0, UINT64_C(0xc965d6348c188782)},
        {1, 2, 0, 0, UINT64_C(0x75693551cf81461c)},
        {1, 1, 1, 0, UINT64_C(0x3ea0a76395d91588)},
        {1, 1, 0, 1, UINT64_C(0x2de5a4e32ae6d264)},
        {42, 20, 163, 7, UINT64_C(0x35c40182313fbf7d)},
        {UINT64_MAX, 25, -1, INT64_C(1) << 40, UINT64_C(0x9c87e713e9677a57)},
    };

    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        cr_expect_eq(
            draw_bits(rows[i].seed, (enum draw_purpose)rows[i].purpose, rows[i].entity, rows[i].n),
            rows[i].bits, "row %zu", i);
    cr_expect_eq(draw_below(1, 1, 0, 0, 6), 4);
    cr_expect_eq(draw_below(1, 1, 0, 1, 6), 2);
    cr_expect_eq(draw_below(7, 2, 3, 4, 1000), 881);
    /* The second of these falls into the unfair part and is drawn again. */
    cr_expect_eq(draw_below(8, 2, 3, 4, (UINT64_C(1) << 63) + 1), UINT64_C(6932870087217562429));
    cr_expect_eq(draw_below(9, 2, 3, 4, (UINT64_C(1) << 63) + 1), UINT64_C(8686351027952210404));
}

/* A purpose keeps its number: recorded runs depend on it. */
Test(draw, purposes_keep_their_numbers)
{
    static const int numbers[][2] = {
        {DRAW_PLACEMENT_RANDOM, 1},
        {DRAW_VICTIM_RANDOM, 2},
        {DRAW_BOOT, 16},
        {DRAW_REGISTER, 17},
        {DRAW_PULL, 18},
        {DRAW_CREATE, 19},
        {DRAW_START, 20},
        {DRAW_READY, 21},
        {DRAW_WORK, 22},
        {DRAW_STOP, 23},
        {DRAW_MESSAGE, 24},
        {DRAW_TEARDOWN, 25},
    };

    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        cr_expect_eq(numbers[i][0], numbers[i][1]);
}

/* Each part of the key counts, and no part stands in for another. */
Test(draw, keys_do_not_collide)
{
    uint64_t seen[81];
    int n = 0;

    for (int seed = 0; seed < 3; seed++)
        for (int purpose = 1; purpose < 4; purpose++)
            for (int entity = 0; entity < 3; entity++)
                for (int i = 0; i < 3; i++)
                    seen[n++] = draw_bits((uint64_t)seed, (enum draw_purpose)purpose, entity, i);
    for (int a = 0; a < n; a++)
        for (int b = 0; b < a; b++)
            cr_expect_neq(seen[a], seen[b], "%d, %d", a, b);
}

/* Chi-squared over six sides: with 5 degrees of freedom 20.5 is passed once in a thousand. Along
 * each part of the key. */
Test(draw, bounds_are_fair)
{
    for (int part = 0; part < 3; part++) {
        int64_t counts[6] = {0};
        double chi_squared = 0;

        for (int i = 0; i < 60000; i++)
            counts[draw_below(part == 0 ? (uint64_t)i : 5, DRAW_WORK, part == 1 ? i : 5,
                              part == 2 ? i : 5, 6)]++;
        for (int side = 0; side < 6; side++)
            chi_squared += (double)((counts[side] - 10000) * (counts[side] - 10000)) / 10000;
        cr_expect_lt(chi_squared, 20.5, "part %d: %f", part, chi_squared);
    }
}

Test(draw, stays_below_its_bound)
{
    static const uint64_t bounds[] = {
        1, 2, 3, 1000, UINT64_C(1) << 32, (UINT64_C(1) << 63) + 1, UINT64_MAX};

    for (size_t b = 0; b < sizeof bounds / sizeof *bounds; b++)
        for (int i = 0; i < 1000; i++)
            cr_expect(draw_below(3, DRAW_PULL, i, 0, bounds[b]) < bounds[b]);
}
