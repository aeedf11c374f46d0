/*
 * The keyed generator. It has no state, so there is nothing to seed, save or get out of step.
 */
#include "core/draw.h"

#include <assert.h>

uint64_t draw_mix(uint64_t word)
{
    word += UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ (word >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ (word >> 27)) * UINT64_C(0x94d049bb133111eb);
    return word ^ (word >> 31);
}

uint64_t draw_bits(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n)
{
    uint64_t word = draw_mix(seed);

    word = draw_mix(word ^ (uint64_t)purpose);
    word = draw_mix(word ^ (uint64_t)entity);
    return draw_mix(word ^ (uint64_t)n);
}

uint64_t draw_below(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n,
                    uint64_t bound)
{
    uint64_t word = draw_bits(seed, purpose, entity, n);
    uint64_t limit;

    assert(bound > 0);
    /* Words below 2^64 mod bound would favour the small results: mix on until past them. */
    limit = -bound % bound;
    while (word < limit)
        word = draw_mix(word);
    return word % bound;
}
