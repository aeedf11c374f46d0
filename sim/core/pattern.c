/*
 * Java's expressions are put into PCRE2's words, or refused, and matched with limits. No just-in-time compiler: the
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

/* What PCRE2 is given instead of what stands in the expression, and where each byte of it comes from. */
struct translation {
    const char *start, *at; /* in the expression */
    char *text;
    size_t *origins;
    size_t length, capacity;
};

static bool is_letter(char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c) != NULL;
}

static void write_bytes(struct translation *to, const char *bytes, size_t n)
{
    if (to->length + n + 1 > to->capacity) {
        to->capacity = (to->length + n + 1) * 2;
        to->text = realloc(to->text, to->capacity);
        to->origins = realloc(to->origins, to->capacity * sizeof *to->origins);
        assert(to->text != NULL && to->origins != NULL);
    }
    for (size_t i = 0; i < n; i++) {
        to->text[to->length] = bytes[i];
        to->origins[to->length++] = (size_t)(to->at - to->start);
    }
    to->text[to->length] = 0;
    to->origins[to->length] = (size_t)(to->at - to->start) + 1;
}

/* Takes over the next `n` bytes as they are. */
static void copy(struct translation *to, size_t n)
{
    for (; n > 0 && *to->at; n--, to->at++)
        write_bytes(to, to->at, 1);
}

static bool begins(const struct translation *from, const char *text)
{
    return strncmp(from->at, text, strlen(text)) == 0;
}

/* The functions below take over one construct, or return why it is refused. */

/* Java's POSIX classes, which are of ASCII alone, as members of a class; and all else. */
static const struct {
    const char *name, *members, *others;
} posix_classes[] = {
    {"Lower", "a-z", "\\x00-\\x60\\x7b-\\x{10ffff}"},
    {"Upper", "A-Z", "\\x00-\\x40\\x5b-\\x{10ffff}"},
    {"ASCII", "\\x00-\\x7f", "\\x{80}-\\x{10ffff}"},
    {"Alpha", "A-Za-z", "\\x00-\\x40\\x5b-\\x60\\x7b-\\x{10ffff}"},
    {"Digit", "0-9", "\\x00-\\x2f\\x3a-\\x{10ffff}"},
    {"Alnum", "0-9A-Za-z", "\\x00-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x{10ffff}"},
    {"Punct", "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
     "\\x00-\\x200-9A-Za-z\\x7f-\\x{10ffff}"},
    {"Graph", "\\x21-\\x7e", "\\x00-\\x20\\x7f-\\x{10ffff}"},
    {"Print", "\\x20-\\x7e", "\\x00-\\x1f\\x7f-\\x{10ffff}"},
    {"Blank", "\\x20\\x09", "\\x00-\\x08\\x0a-\\x1f\\x21-\\x{10ffff}"},
    {"Cntrl", "\\x00-\\x1f\\x7f", "\\x20-\\x7e\\x{80}-\\x{10ffff}"},
    {"XDigit", "0-9A-Fa-f", "\\x00-\\x2f\\x3a-\\x40\\x47-\\x60\\x67-\\x{10ffff}"},
    {"Space", "\\x20\\x09-\\x0d", "\\x00-\\x08\\x0e-\\x1f\\x21-\\x{10ffff}"},
};

/* The row of a POSIX class whose name stands in braces, or -1. */
static int find_posix_class(const char *name)
{
    size_t length = strcspn(name, "}");

    for (size_t i = 0; i < sizeof posix_classes / sizeof *posix_classes; i++)
        if (name[length] && strlen(posix_classes[i].name) == length &&
            strncmp(posix_classes[i].name, name, length) == 0)
            return (int)i;
    return -1;
}

static void write_posix_class(struct translation *to, int row, bool in_class)
{
    bool negated = to->at[1] == 'P';
    const char *members = negated ? posix_classes[row].others : posix_classes[row].members;

    if (!in_class)
        write_bytes(to, "[", 1);
    write_bytes(to, members, strlen(members));
    if (!in_class)
        write_bytes(to, "]", 1);
    to->at += strlen("\\p{}") + strlen(posix_classes[row].name);
}

static const char *take_property(struct translation *to, bool in_class)
{
    const char *name = to->at + 2;
    bool braces = *name == '{';
    int posix = braces ? find_posix_class(name + 1) : -1;
    size_t length;

    if (posix >= 0) {
        write_posix_class(to, posix, in_class);
        return NULL;
    }
    name += braces;
    length = is_letter(*name) && *name <= 'Z';
    length += braces && length && name[1] >= 'a' && name[1] <= 'z';
    if (length == 0 || (braces && name[length] != '}'))
        return "a property that is neither a general category such as \\p{L} or \\p{Lu} nor a "
               "POSIX "
               "class such as \\p{Alpha}";
    copy(to, (size_t)(name - to->at) + length + braces);
    return NULL;
}

static const char *take_quotation(struct translation *to)
{
    const char *end = strstr(to->at + 2, "\\E");

    copy(to, end ? (size_t)(end - to->at) + 2 : strlen(to->at));
    return NULL;
}

/* \x41, \x{41} and Java's \u0041. */
static const char *take_code_point(struct translation *to)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    size_t length = strspn(to->at + 2, digits);

    if (to->at[1] == 'u') {
        if (length < 4)
            return "a \\u without four hexadecimal digits";
        write_bytes(to, "\\x{", 3);
        write_bytes(to, to->at + 2, 4);
        write_bytes(to, "}", 1);
        to->at += 6;
        return NULL;
    }
    if (to->at[2] == '{') {
        length = strspn(to->at + 3, digits);
        if (length == 0 || to->at[3 + length] != '}')
            return "a \\x{ without hexadecimal digits and a }";
        copy(to, length + 4);
        return NULL;
    }
    if (length < 2)
        return "a \\x without two hexadecimal digits";
    copy(to, 4);
    return NULL;
}

/* Java's \0 takes three octal digits, the first up to 3, or one or two. */
static const char *take_octal(struct translation *to)
{
    char text[16];
    int value = 0, n = 0;

    while (n < 3 && to->at[2 + n] >= '0' && to->at[2 + n] <= '7' && value * 8 <= 0377 - 7)
        value = value * 8 + to->at[2 + n++] - '0';
    if (n == 0)
        return "a \\0 without octal digits";
    snprintf(text, sizeof text, "\\x{%x}", (unsigned)value);
    write_bytes(to, text, strlen(text));
    to->at += 2 + n;
    return NULL;
}

static const char *take_escape(struct translation *to, bool in_class)
{
    char escaped = to->at[1], after = escaped ? to->at[2] : 0;

    if (escaped == 'Q')
        return take_quotation(to);
    if (escaped == 'p' || escaped == 'P')
        return take_property(to, in_class);
    if (escaped == 'x' || escaped == 'u')
        return take_code_point(to);
    if (escaped == '0')
        return take_octal(to);
    if (escaped >= '1' && escaped <= '9' && after >= '0' && after <= '9')
        return "a back reference of two digits, which Java and PCRE2 read differently";
    if (escaped == 'c' && after >= 'a' && after <= 'z')
        return "a \\c with a small letter, which Java and PCRE2 read differently";
    if (is_letter(escaped) && !is_one_of(escaped, "tnrfaecdDhHsSvVwWbBAGZzRXkE"))
        return "an escape that is not common to Java and PCRE2";
    copy(to, escaped ? 2 : 1);
    return NULL;
}

/* (?i) and (?i:...): of Java's flags those that mean the same to PCRE2. */
static const char *check_flags(const char *flags)
{
    const char *end = flags + strspn(flags, "imsx-");

    for (const char *flag = flags; flag < end; flag++)
        if (memchr(flag + 1, *flag, (size_t)(end - flag - 1)))
            return "a flag that is said twice";
    if (*end == 'd' || *end == 'u' || *end == 'U')
        return "a flag of Java's that PCRE2 does not have or reads differently";
    return *end == ')' || *end == ':' ? NULL
                                      : "a kind of group that is not common to Java and PCRE2";
}

static const char *take_group(struct translation *to)
{
    const char *at = to->at, *refused = NULL;

    if (at[1] == '*')
        return "a verb; Java has none";
    if (at[1] == '?' && is_one_of(at[2], "imsx-dU"))
        refused = check_flags(at + 2);
    else if (at[1] == '?' && !is_one_of(at[2], ":=!>") &&
             (at[2] != '<' || !(is_one_of(at[3], "=!") || is_letter(at[3]))))
        refused = "a kind of group that is not common to Java and PCRE2";
    if (!refused)
        copy(to, 1);
    return refused;
}

static const char *take_count(struct translation *to)
{
    static const char digits[] = "0123456789";
    const char *at = to->at;
    size_t length = strspn(at + 1, digits);

    if (length > 0) {
        at += 1 + length;
        at += *at == ',' ? 1 + strspn(at + 1, digits) : 0;
    }
    if (length == 0 || *at != '}')
        return "a { that begins no count such as {2} or {2,5}";
    copy(to, (size_t)(at - to->at) + 1);
    return NULL;
}

/* A class ends at the first ] that is not its first member. */
static const char *take_class(struct translation *to)
{
    copy(to, to->at[1] == '^' ? 2 : 1);
    for (bool first = true; *to->at && (*to->at != ']' || first); first = false) {
        const char *refused = NULL;

        if (*to->at == '[')
            return "a class inside a class, which Java and PCRE2 read differently";
        if (begins(to, "&&"))
            return "an intersection of classes, which PCRE2 does not know";
        if (*to->at == '\\')
            refused = take_escape(to, true);
        else
            copy(to, 1);
        if (refused)
            return refused;
    }
    copy(to, 1);
    return NULL;
}

/* Java's expression as PCRE2 reads it the same; false where there is no such. */
static bool translate(struct translation *to, struct pattern_error *error)
{
    const char *refused = NULL;

    write_bytes(to, "", 0);
    while (*to->at && !refused) {
        if (*to->at == '\\')
            refused = take_escape(to, false);
        else if (*to->at == '(')
            refused = take_group(to);
        else if (*to->at == '{')
            refused = take_count(to);
        else if (*to->at == '[')
            refused = take_class(to);
        else
            copy(to, 1);
    }
    if (!refused)
        return true;
    error->offset = (size_t)(to->at - to->start);
    snprintf(error->text, sizeof error->text, "the pattern has %s", refused);
    return false;
}

/* The whole text, in UTF-8. Without PCRE2's shortcuts, which change from release to release, the
 * steps of a match are the same everywhere. */
#define OPTIONS                                                                                    \
    (PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF | PCRE2_MATCH_INVALID_UTF |                    \
     PCRE2_NO_START_OPTIMIZE | PCRE2_NO_AUTO_POSSESS | PCRE2_NO_DOTSTAR_ANCHOR)

static pcre2_code *compile(const struct translation *translation, struct pattern_error *error)
{
    int code;
    size_t offset;
    char reason[120] = "";
    pcre2_code *compiled = pcre2_compile((PCRE2_SPTR)translation->text, translation->length,
                                         OPTIONS, &code, &offset, NULL);

    if (compiled)
        return compiled;
    error->offset =
        offset < translation->length ? translation->origins[offset] : strlen(translation->start);
    pcre2_get_error_message(code, (PCRE2_UCHAR *)reason, sizeof reason);
    snprintf(error->text, sizeof error->text, "the pattern is wrong: %s", reason);
    return NULL;
}

struct pattern *pattern_compile(const char *text, struct pattern_error *error)
{
    struct translation translation = {.start = text, .at = text};
    pcre2_code *code = translate(&translation, error) ? compile(&translation, error) : NULL;
    struct pattern *pattern;

    free(translation.text);
    free(translation.origins);
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
