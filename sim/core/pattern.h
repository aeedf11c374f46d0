/*
 * Regular expressions over short texts, the only place that knows PCRE2. ECS takes Java's
 * (java.util.regex.Pattern): what PCRE2 writes otherwise is put into its words; what it alone would take, or
 * would read differently, is refused, so that what works here works there.
 */
#ifndef BERTH_CORE_PATTERN_H
#define BERTH_CORE_PATTERN_H

#include <stddef.h>

struct pattern;

struct pattern_error {
    size_t offset; /* bytes into the expression */
    char text[200];
};

/* NO_ANSWER: the search was given up after PATTERN_STEPS_MAX steps. */
enum pattern_answer { PATTERN_DIFFERS, PATTERN_MATCHES, PATTERN_NO_ANSWER };

/* How many times PCRE2 may try and go back in one match: about a millisecond. */
#define PATTERN_STEPS_MAX 20000

/* Compiles an expression; NULL and `error` where it is wrong. Release with pattern_destroy(). */
struct pattern *pattern_compile(const char *text, struct pattern_error *error);
void pattern_destroy(struct pattern *pattern);

/* Whether the pattern describes the whole text. Working memory belongs to the pattern: not for two
 * threads at once. */
enum pattern_answer pattern_match(const struct pattern *pattern, const char *text);

#endif
