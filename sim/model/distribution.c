/*
 * Sampling of durations. The elementary functions are written out here, each a fixed chain of IEEE
 * additions, multiplications and divisions, because the C library's differ between machines and a
 * run must be the same to the byte everywhere.
 */
#include "model/distribution.h"

#include <assert.h>
#include <float.h>
#include <string.h>

_Static_assert(FLT_EVAL_METHOD == 0, "doubles must be evaluated as doubles");

#define LN2_HIGH 6.93147180369123816490e-01 /* fdlibm: the low bits are zero, so k * LN2_HIGH is */
#define LN2_LOW 1.90821492927058770002e-10  /* exact */
#define Z99 2.3263478740408408              /* the standard normal's 99th percentile */

/* Natural logarithm of a normal number above 0: x = 2^k m with m in [sqrt(1/2), sqrt(2)), and
 * log(m) = 2 atanh((m - 1) / (m + 1)) by its series. */
static double natural_log(double x)
{
    uint64_t bits;
    int k;
    double m, s, square, sum = 0;

    memcpy(&bits, &x, sizeof bits);
    k = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0xfffffffffffff)) | UINT64_C(0x3ff0000000000000);
    memcpy(&m, &bits, sizeof m);
    if (m > 1.4142135623730951) {
        m *= 0.5;
        k++;
    }
    s = (m - 1) / (m + 1);
    square = s * s;
    for (int power = 23; power >= 3; power -= 2)
        sum = (sum + 1.0 / power) * square;
    return k * LN2_HIGH + (k * LN2_LOW + (2 * s * sum + 2 * s));
}

/* e^x for |x| below 700: x = k ln 2 + r, and Taylor's series for r. */
static double exponential(double x)
{
    double scale = x * 1.4426950408889634;
    int k = (int)(scale < 0 ? scale - 0.5 : scale + 0.5);
    double r = (x - k * LN2_HIGH) - k * LN2_LOW;
    double sum = 1;
    uint64_t bits = (uint64_t)(1023 + k) << 52;
    double power;

    for (int i = 14; i >= 1; i--)
        sum = 1 + sum * (r / i);
    memcpy(&power, &bits, sizeof power);
    return sum * power;
}

static double polynomial(const double *coefficients, int n, double x)
{
    double sum = coefficients[n - 1];

    for (int i = n - 2; i >= 0; i--)
        sum = sum * x + coefficients[i];
    return sum;
}

/* The z below which a standard normal falls with probability p: M. J. Wichura, "Algorithm AS 241:
 * The percentage points of the normal distribution", Applied Statistics 37 (1988), PPND16. */
static double normal_quantile(double p)
{
    static const double a[] = {3.3871328727963666080e0, 1.3314166789178437745e2,
                               1.9715909503065514427e3, 1.3731693765509461125e4,
                               4.5921953931549871457e4, 6.7265770927008700853e4,
                               3.3430575583588128105e4, 2.5090809287301226727e3};
    static const double b[] = {1.0,
                               4.2313330701600911252e1,
                               6.8718700749205790830e2,
                               5.3941960214247511077e3,
                               2.1213794301586595867e4,
                               3.9307895800092710610e4,
                               2.8729085735721942674e4,
                               5.2264952788528545610e3};
    static const double c[] = {1.42343711074968357734e0,  4.63033784615654529590e0,
                               5.76949722146069140550e0,  3.64784832476320460504e0,
                               1.27045825245236838258e0,  2.41780725177450611770e-1,
                               2.27238449892691845833e-2, 7.74545014278341407640e-4};
    static const double d[] = {1.0,
                               2.05319162663775882187e0,
                               1.67638483018380384940e0,
                               6.89767334985100004550e-1,
                               1.48103976427480074590e-1,
                               1.51986665636164571966e-2,
                               5.47593808499534494600e-4,
                               1.05075007164441684324e-9};
    static const double e[] = {6.65790464350110377720e0,  5.46378491116411436990e0,
                               1.78482653991729133580e0,  2.96560571828504891230e-1,
                               2.65321895265761230930e-2, 1.24266094738807843860e-3,
                               2.71155556874348757815e-5, 2.01033439929228813265e-7};
    static const double f[] = {1.0,
                               5.99832206555887937690e-1,
                               1.36929880922735805310e-1,
                               1.48753612908506148525e-2,
                               7.86869131145613259100e-4,
                               1.84631831751005468180e-5,
                               1.42151175831644588870e-7,
                               2.04426310338993978564e-15};
    double q = p - 0.5;
    double r, z;

    if (q >= -0.425 && q <= 0.425) {
        r = 0.180625 - q * q;
        return q * polynomial(a, 8, r) / polynomial(b, 8, r);
    }
    r = -natural_log(q < 0 ? p : 1 - p);
    r = exponential(0.5 * natural_log(r)); /* the square root */
    if (r <= 5)
        z = polynomial(c, 8, r - 1.6) / polynomial(d, 8, r - 1.6);
    else
        z = polynomial(e, 8, r - 5) / polynomial(f, 8, r - 5);
    return q < 0 ? -z : z;
}

static int64_t whole_usec(double usec)
{
    return usec >= (double)USEC_MAX ? USEC_MAX : (int64_t)(usec + 0.5);
}

struct distribution distribution_constant(int64_t usec)
{
    return (struct distribution){.kind = DISTRIBUTION_CONSTANT, .a_usec = usec};
}

static int64_t lognormal(const struct distribution *distribution, double p)
{
    double median = (double)distribution->a_usec;
    double sigma;

    assert(distribution->a_usec > 0 && distribution->b_usec >= distribution->a_usec);
    sigma = natural_log((double)distribution->b_usec / median) / Z99;
    return whole_usec(median * exponential(sigma * normal_quantile(p)));
}

/* The middle of one of 2^52 equal slices of (0, 1): never 0, never 1, symmetric. */
static double fraction(uint64_t bits)
{
    return ((double)(bits >> 12) + 0.5) * 0x1p-52;
}

static double power(double x, double exponent)
{
    double logarithm = exponent * natural_log(x);

    return logarithm < -700 ? 0 : logarithm > 700 ? (double)USEC_MAX : exponential(logarithm);
}

static double shape_of(const struct distribution *distribution)
{
    assert(distribution->shape >= DISTRIBUTION_SHAPE_MIN &&
           distribution->shape <= DISTRIBUTION_SHAPE_MAX);
    return (double)distribution->shape / DISTRIBUTION_SHAPE_ONE;
}

/* A gamma variate of mean `shape` for a shape of at least 1: G. Marsaglia, W. W. Tsang, "A simple
 * method for generating gamma variables", ACM TOMS 26 (2000). The key's word is the root of a stream
 * of its own, of which a try takes two. */
static double standard_gamma(double shape, uint64_t word)
{
    double d = shape - 1.0 / 3, c = power(9 * d, -0.5);

    for (;;) {
        double x, v, u;

        word = draw_mix(word);
        x = normal_quantile(fraction(word));
        word = draw_mix(word);
        u = fraction(word);
        v = 1 + c * x;
        if (v <= 0)
            continue;
        v = v * v * v;
        if (natural_log(u) < 0.5 * x * x + d - d * v + d * natural_log(v))
            return d * v;
    }
}

static int64_t gamma_usec(const struct distribution *distribution, uint64_t word)
{
    double shape = shape_of(distribution), factor = 1;

    if (shape < 1) { /* the paper's note on small shapes */
        factor = power(fraction(word), 1 / shape);
        factor *= standard_gamma(shape + 1, ~word);
    } else {
        factor = standard_gamma(shape, word);
    }
    return whole_usec((double)distribution->a_usec * factor / shape);
}

static int64_t weibull_usec(const struct distribution *distribution, double p)
{
    return whole_usec((double)distribution->a_usec *
                      power(-natural_log(p), 1 / shape_of(distribution)));
}

static int64_t normal_usec(const struct distribution *distribution, double p)
{
    double usec = (double)distribution->a_usec + (double)distribution->b_usec * normal_quantile(p);

    return usec < 0 ? 0 : whole_usec(usec);
}

int64_t distribution_from_bits(const struct distribution *distribution, uint64_t bits)
{
    switch (distribution->kind) {
    case DISTRIBUTION_CONSTANT:
        return distribution->a_usec;
    case DISTRIBUTION_UNIFORM:
        return distribution->a_usec +
               (int64_t)draw_bits_below(
                   bits, (uint64_t)(distribution->b_usec - distribution->a_usec) + 1);
    case DISTRIBUTION_EMPIRICAL:
        return distribution->samples.usec[draw_bits_below(bits, (uint64_t)distribution->samples.n)];
    case DISTRIBUTION_EXPONENTIAL:
        return whole_usec((double)distribution->a_usec * -natural_log(fraction(bits)));
    case DISTRIBUTION_NORMAL:
        return normal_usec(distribution, fraction(bits));
    case DISTRIBUTION_GAMMA:
        return gamma_usec(distribution, bits);
    case DISTRIBUTION_WEIBULL:
        return weibull_usec(distribution, fraction(bits));
    case DISTRIBUTION_LOGNORMAL:
        break;
    }
    return lognormal(distribution, fraction(bits));
}

int64_t distribution_permille_within(const struct distribution *distribution, int64_t usec)
{
    const uint64_t step = UINT64_MAX / 100;
    int64_t n = 0;

    if (distribution->kind == DISTRIBUTION_UNIFORM)
        return usec >= distribution->b_usec ? 1000
               : usec <= distribution->a_usec
                   ? 0
                   : (int64_t)((unsigned __int128)(usec - distribution->a_usec) * 1000 /
                               (uint64_t)(distribution->b_usec - distribution->a_usec));
    if (distribution->kind == DISTRIBUTION_EMPIRICAL) {
        int32_t total = distribution->samples.n, every = total > 1000 ? total / 1000 : 1,
                looked = 0;

        for (int32_t i = 0; i < total; i += every, looked++)
            n += distribution->samples.usec[i] <= usec;
        return n * 1000 / looked;
    }
    for (uint64_t i = 0; i < 100; i++)
        n += distribution_from_bits(distribution, step / 2 + i * step) <= usec;
    return n * 10;
}

int64_t distribution_sample(const struct distribution *distribution, uint64_t seed,
                            enum draw_purpose purpose, int64_t entity, int64_t n)
{
    if (distribution->kind == DISTRIBUTION_CONSTANT)
        return distribution->a_usec;
    return distribution_from_bits(distribution, draw_bits(seed, purpose, entity, n));
}

bool distribution_is_zero(const struct distribution *distribution)
{
    return distribution->kind == DISTRIBUTION_CONSTANT && distribution->a_usec == 0;
}
