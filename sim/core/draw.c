/*
 * The keyed generator. It has no state, so there is nothing to seed, save or get out of step.
 */
#include "core/draw.h"

#include <assert.h>

uint64_t draw_stream(uint64_t seed, enum draw_purpose purpose, int64_t entity)
{
    uint64_t word = draw_mix(seed);

    word = draw_mix(word ^ (uint64_t)purpose);
    return draw_mix(word ^ (uint64_t)entity);
}

uint64_t draw_bits(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n)
{
    return draw_next(draw_stream(seed, purpose, entity), n);
}

uint64_t draw_bits_below(uint64_t bits, uint64_t bound)
{
    uint64_t limit;

    assert(bound > 0);
    /* Words below 2^64 mod bound would favour the small results: mix on until past them. */
    limit = -bound % bound;
    while (bits < limit)
        bits = draw_mix(bits);
    return bits % bound;
}

uint64_t draw_below(uint64_t seed, enum draw_purpose purpose, int64_t entity, int64_t n,
                    uint64_t bound)
{
    return draw_bits_below(draw_bits(seed, purpose, entity, n), bound);
}
