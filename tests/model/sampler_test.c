/*
 * The quick draws against those of model/distribution and the C library's functions.
 */
#include "model/sampler.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

Test(sampler, gives_what_the_distribution_gives)
{
    const struct distribution distributions[] = {
        {.kind = DISTRIBUTION_CONSTANT, .a_usec = 1234, .b_usec = 0},
        {.kind = DISTRIBUTION_UNIFORM, .a_usec = 100, .b_usec = 5000},
        {.kind = DISTRIBUTION_EXPONENTIAL, .a_usec = 5000000, .b_usec = 0},
        {.kind = DISTRIBUTION_LOGNORMAL, .a_usec = 18000, .b_usec = 40000},
    };
    struct sampler sampler;

    sampler_init(&sampler, draw_stream(9, DRAW_SERVICE, 4));
    for (int64_t n = 0; n < 100000; n++)
        for (int d = 0; d < 4; d++) {
            int64_t got = sampler_usec(&sampler, &distributions[d], n);
            int64_t want = distribution_sample(&distributions[d], 9, DRAW_SERVICE, 4, n);

            cr_assert(llabs(got - want) <= 1, "%d, %lld: %lld, not %lld", d, (long long)n,
                      (long long)got, (long long)want);
        }
}

Test(sampler, answers_in_any_order)
{
    struct sampler one, two;

    sampler_init(&one, 5);
    sampler_init(&two, 5);
    for (int64_t n = 0; n < 1000; n++) {
        int64_t other = n * 7919 % 1000;
        double late = sampler_unit(&two, other);

        cr_assert(sampler_unit(&one, n) == sampler_exponential(draw_next(5, n)));
        cr_assert(late == sampler_exponential(draw_next(5, other)));
    }
}

Test(sampler, takes_logarithms_to_the_last_digits)
{
    for (uint64_t i = 0; i < 200000; i++) {
        double p = ((double)(int64_t)(draw_mix(i) >> 12) + 0.5) * 0x1p-52;

        cr_assert(fabs(sampler_minus_log(p) + log(p)) <= 1e-15 - 4e-16 * log(p), "log(%a)", p);
    }
    for (int k = 0; k < 53; k++)
        cr_assert(fabs(sampler_minus_log(ldexp(1, -k)) - k * M_LN2) < 1e-14);
}

Test(sampler, falls_like_an_exponential)
{
    for (double x = 0; x < 50; x += 0.013)
        cr_assert(fabs(sampler_fall(x) - (1 - exp(-x))) < 1e-12, "x = %f", x);
}
