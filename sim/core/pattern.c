/*
 * A scan for what Java would not take, then PCRE2 with limits. No just-in-time compiler: the
 * interpreter counts its steps, so giving up does not depend on the machine.
 */
#include "core/pattern.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#define HEAP_KIB_MAX (16 * 1024)

struct pattern {
    pcre2_code *code;
    pcre2_match_context *limits;
    pcre2_match_data *data;
};

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

/* The checks below return the construct that is refused, or NULL, and move past what they read. */

static const char *check_property(const char **at)
{
    const char *name = *at + 2;
    bool braces = *name == '{';
    size_t length;

    name += braces;
    length = strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == 1 ? 1 : 0;
    length += braces && length && name[1] >= 'a' && name[1] <= 'z';
    if (length == 0 || (braces && name[length] != '}'))
        return "a property that is no general category such as \\p{L} or \\p{Lu}";
    *at = name + length - 1 + braces;
    return NULL;
}

static const char *check_escape(const char **at)
{
    char escaped = (*at)[1];

    if (escaped == 'Q') {
        const char *end = strstr(*at + 2, "\\E");

        *at = end ? end + 1 : *at + strlen(*at) - 1;
        return NULL;
    }
    if (escaped == 'p' || escaped == 'P')
        return check_property(at);
    if (is_letter(escaped) && !is_one_of(escaped, "tnrfaecdDhHsSvVwWbBAGZzRXkEx"))
        return "an escape that is not common to Java and PCRE2";
    *at += escaped != 0;
    if (escaped == 'x' && (*at)[1] == '{' && strchr(*at, '}'))
        *at = strchr(*at, '}');
    return NULL;
}

static const char *check_group(const char *at)
{
    if (at[1] == '*')
        return "a verb; Java has none";
    if (at[1] != '?' || is_one_of(at[2], ":=!>imsx-"))
        return NULL;
    if (at[2] == '<' && (is_one_of(at[3], "=!") || is_letter(at[3])))
        return NULL;
    return "a kind of group that is not common to Java and PCRE2";
}

static const char *check_count(const char *at)
{
    static const char digits[] = "0123456789";
    size_t length = strspn(at + 1, digits);

    if (length > 0) {
        at += 1 + length;
        at += *at == ',' ? 1 + strspn(at + 1, digits) : 0;
        if (*at == '}')
            return NULL;
    }
    return "a { that begins no count such as {2} or {2,5}";
}

/* A class ends at the first ] that is not its first member. */
static const char *check_class(const char **at)
{
    *at += (*at)[1] == '^' ? 2 : 1;
    for (bool first = true; **at && (**at != ']' || first); first = false, (*at)++) {
        const char *refused = NULL;

        if (**at == '[')
            return "a class inside a class, which Java and PCRE2 read differently";
        if (strncmp(*at, "&&", 2) == 0)
            return "an intersection of classes, which PCRE2 does not know";
        if (**at == '\\')
            refused = check_escape(at);
        if (refused)
            return refused;
    }
    *at -= **at == 0;
    return NULL;
}

static bool is_common(const char *text, struct pattern_error *error)
{
    const char *refused = NULL;
    const char *start = text;

    for (const char *at = text; *at && !refused; at++) {
        start = at;
        if (*at == '\\')
            refused = check_escape(&at);
        else if (*at == '(')
            refused = check_group(at);
        else if (*at == '{')
            refused = check_count(at);
        else if (*at == '[')
            refused = check_class(&at);
    }
    if (!refused)
        return true;
    error->offset = (size_t)(start - text);
    snprintf(error->text, sizeof error->text, "the pattern has %s", refused);
    return false;
}

/* The whole text, in UTF-8. Without PCRE2's shortcuts, which change from release to release, the
 * steps of a match are the same everywhere. */
#define OPTIONS                                                                                    \
    (PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |                    \
     PCRE2_NO_START_OPTIMIZE | PCRE2_NO_AUTO_POSSESS | PCRE2_NO_DOTSTAR_ANCHOR)

static pcre2_code *compile(const char *text, struct pattern_error *error)
{
    int code;
    char reason[120] = "";
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)text, PCRE2_ZERO_TERMINATED, OPTIONS, &code,
                                         &error->offset, NULL);

    if (compiled)
        return compiled;
    pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof reason);
    snprintf(error->text, sizeof error->text, "the pattern is wrong: %s", reason);
    return NULL;
}

struct pattern *pattern_compile(const char *text, struct pattern_error *error)
{
    pcre2_code *code = is_common(text, error) ? compile(text, error) : NULL;
    struct pattern *pattern;

    if (!code)
        return NULL;
    pattern = malloc(sizeof *pattern);
    assert(pattern != NULL);
    pattern->code = code;
    pattern->limits = pcre2_match_context_create(NULL);
    pattern->data = pcre2_match_data_create(1, NULL);
    assert(pattern->limits != NULL && pattern->data != NULL);
    pcre2_set_match_limit(pattern->limits, PATTERN_STEPS_MAX);
    pcre2_set_heap_limit(pattern->limits, HEAP_KIB_MAX);
    return pattern;
}

void pattern_destroy(struct pattern *pattern)
{
    if (!pattern)
        return;
    pcre2_match_data_free(pattern->data);
    pcre2_match_context_free(pattern->limits);
    pcre2_code_free(pattern->code);
    free(pattern);
}

enum pattern_answer pattern_match(const struct pattern *pattern, const char *text)
{
    int found = pcre2_match(pattern->code, (PCRE2_SPTR)text, strlen(text), 0, 0, pattern->data,
                            pattern->limits);

    if (found >= 0)
        return PATTERN_MATCHES;
    return found == PCRE2_ERROR_NOMATCH ? PATTERN_DIFFERS : PATTERN_NO_ANSWER;
}
