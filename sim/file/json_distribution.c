/*
 * Reading distributions of durations, and steps that are made of them. Knows nothing of what takes so
 * long.
 */
#include "core/array.h"
#include "file/json_read.h"
#include "file/units.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES_MAX 1000000

/* Two durations by name. */
static bool two_durations(struct node *node, const struct grammar *grammar, const char *first,
                          const char *second, struct distribution *out)
{
    struct node a, b;

    if (!node_object(node, grammar))
        return false;
    a = node_member(node, first);
    b = node_member(node, second);
    return node_duration(&a, &out->a_usec) && node_duration(&b, &out->b_usec);
}

/* Likewise, `low` not above `high`. */
static bool a_range(struct node *node, const struct grammar *grammar, const char *low,
                    const char *high, struct distribution *out)
{
    struct node a, b;

    if (!two_durations(node, grammar, low, high, out))
        return false;
    if (out->a_usec <= out->b_usec)
        return true;
    a = node_member(node, low);
    b = node_member(node, high);
    node_error(&b, "%s is less than %s, %s", node_found(&b), low, node_found(&a));
    return false;
}

static bool read_lognormal(struct node *node, struct distribution *out)
{
    struct node median;

    if (!a_range(node, &lognormal_grammar, "median", "p99", out))
        return false;
    if (out->a_usec > 0)
        return true;
    median = node_member(node, "median");
    node_error(&median, "a lognormal distribution's median is more than 0");
    return false;
}

static bool read_uniform(struct node *node, struct distribution *out)
{
    return a_range(node, &uniform_grammar, "min", "max", out);
}

static bool read_normal(struct node *node, struct distribution *out)
{
    return two_durations(node, &normal_grammar, "mean", "sd", out);
}

static bool read_exponential(struct node *node, struct distribution *out)
{
    struct node mean;

    if (!node_object(node, &exponential_grammar))
        return false;
    mean = node_member(node, "mean");
    return node_duration(&mean, &out->a_usec);
}

static bool with_shape(struct node *node, const struct grammar *grammar, const char *name,
                       struct distribution *out)
{
    struct node size, shape;
    double value;

    if (!node_object(node, grammar))
        return false;
    size = node_member(node, name);
    shape = node_member(node, "shape");
    if (!node_duration(&size, &out->a_usec) ||
        !node_decimal(&shape, (double)DISTRIBUTION_SHAPE_MIN / DISTRIBUTION_SHAPE_ONE,
                      (double)DISTRIBUTION_SHAPE_MAX / DISTRIBUTION_SHAPE_ONE, &value))
        return false;
    out->shape = (int64_t)(value * DISTRIBUTION_SHAPE_ONE + 0.5);
    return true;
}

static bool read_gamma(struct node *node, struct distribution *out)
{
    return with_shape(node, &gamma_grammar, "mean", out);
}

static bool read_weibull(struct node *node, struct distribution *out)
{
    return with_shape(node, &weibull_grammar, "scale", out);
}

static bool read_constant(struct node *node, struct distribution *out)
{
    return node_duration(node, &out->a_usec);
}

/* Samples ---------------------------------------------------------------------------------------- */

static json_t *sample_of_line(const struct node *node, const char *file, int number, char *line)
{
    int64_t usec;
    const char *wrong = units_duration(line, &usec);

    if (wrong)
        node_error(node, "%.200s, line %d: \"%.60s\" %s", file, number, line, wrong);
    return wrong ? NULL : json_string(line);
}

static bool read_samples(struct node *node, struct distribution *out)
{
    struct reading *reading = node->document->reading;
    bool from_file = json_is_string(node->value);
    size_t n;
    int64_t *usec;

    if (from_file && !node_inline_lines(node, "samples", SAMPLES_MAX, sample_of_line))
        return false;
    if (!json_is_array(node->value)) {
        node_error(node, "found %s, wanted a list of durations or a file's name", node_found(node));
        return false;
    }
    n = json_array_size(node->value);
    if (n < 1 || n > SAMPLES_MAX) {
        node_error(node, "found %zu values, wanted 1 to %d", n, SAMPLES_MAX);
        return false;
    }
    *ARRAY_ADD(reading, samples) = usec = memory_zeroed(n, sizeof *usec);
    for (size_t i = 0; i < n; i++) {
        struct node item = node_item(node, i);

        if (!node_duration(&item, &usec[i]))
            return false;
    }
    out->samples.usec = usec;
    out->samples.n = (int32_t)n;
    return true;
}

/* Kinds ------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    enum distribution_kind kind;
    bool (*read)(struct node *, struct distribution *);
} kinds[] = {
    {"lognormal", DISTRIBUTION_LOGNORMAL, read_lognormal},
    {"uniform", DISTRIBUTION_UNIFORM, read_uniform},
    {"exponential", DISTRIBUTION_EXPONENTIAL, read_exponential},
    {"normal", DISTRIBUTION_NORMAL, read_normal},
    {"gamma", DISTRIBUTION_GAMMA, read_gamma},
    {"weibull", DISTRIBUTION_WEIBULL, read_weibull},
    {"samples", DISTRIBUTION_EMPIRICAL, read_samples},
    {"constant", DISTRIBUTION_CONSTANT, read_constant},
};
#define N_KINDS (sizeof kinds / sizeof kinds[0])

/* The one kind that is given, or N_KINDS after an error. */
static size_t find_kind(const struct node *node)
{
    size_t found = N_KINDS, n = 0;

    for (size_t i = 0; i < N_KINDS; i++)
        if (json_object_get(node->value, kinds[i].name)) {
            found = i;
            n++;
        }
    if (n == 1)
        return found;
    node_error(node,
               "wanted exactly one of lognormal, uniform, exponential, normal, gamma, weibull, "
               "samples, constant");
    return N_KINDS;
}

bool node_distribution(const struct node *given, struct distribution *out)
{
    struct node node = *given, child;
    struct distribution read = {.kind = DISTRIBUTION_CONSTANT};
    size_t kind;

    if (!node.value)
        return false;
    if (!json_is_object(node.value)) {
        if (!node_duration(&node, &read.a_usec))
            return false;
    } else {
        if (!node_object(&node, &distribution_grammar) || (kind = find_kind(&node)) == N_KINDS)
            return false;
        child = node_member(&node, kinds[kind].name);
        read.kind = kinds[kind].kind;
        if (!kinds[kind].read(&child, &read))
            return false;
    }
    *out = read;
    return true;
}

bool node_step(const struct node *given, struct step_cost *out)
{
    struct node node = *given, wait, cpu, cold, rest;
    struct step_cost read = {.wait = distribution_constant(0), .cpu = distribution_constant(0)};

    if (!node.value)
        return false;
    if (!json_object_get(node.value, "wait") && !json_object_get(node.value, "cpu")) {
        if (!node_distribution(&node, &read.wait))
            return false;
    } else {
        if (!node_object(&node, &step_grammar))
            return false;
        wait = node_member(&node, "wait");
        cpu = node_member(&node, "cpu");
        cold = node_member(&node, "cold");
        rest = node_member(&node, "afterRest");
        if ((wait.value && !node_distribution(&wait, &read.wait)) ||
            (cpu.value && !node_distribution(&cpu, &read.cpu)) ||
            (cold.value && !node_distribution(&cold, &read.cold)) ||
            (rest.value && !node_duration(&rest, &read.after_rest_usec)))
            return false;
        read.has_cold = cold.value != NULL;
    }
    *out = read;
    return true;
}

bool node_rate(const struct node *node, int64_t *bytes_per_sec)
{
    int64_t bytes;

    if (json_is_string(node->value) && strcmp(json_string_value(node->value), "any") == 0) {
        *bytes_per_sec = BYTES_PER_SEC_ANY;
        return true;
    }
    if (!node_size(node, &bytes))
        return false;
    if (bytes < 1) {
        node_error(node, "found %s; nothing would ever be pulled", node_found(node));
        return false;
    }
    *bytes_per_sec = bytes;
    return true;
}
