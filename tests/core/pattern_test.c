/*
 * Patterns: whole-text matching, what Java and PCRE2 share and what they do not, and the limit.
 */
#include "core/pattern.h"

#include <criterion/criterion.h>
#include <string.h>

static const struct {
    const char *pattern, *text;
    enum pattern_answer answer;
} answers[] = {
    {"", "", PATTERN_MATCHES},
    {"", "a", PATTERN_DIFFERS},
    {"a", "ab", PATTERN_DIFFERS},
    {"b", "ab", PATTERN_DIFFERS},
    {"a|ab", "ab", PATTERN_MATCHES},
    {"t2.*", "t2.small", PATTERN_MATCHES},
    {"t2.*", "c4.t2.small", PATTERN_DIFFERS},
    {".", "€", PATTERN_MATCHES},
    {"(?i)ABC", "abc", PATTERN_MATCHES},
    {"(?s:a.c)", "a\nc", PATTERN_MATCHES},
    {"a(?=b)b(?!c)(?<=b)(?<!a)", "ab", PATTERN_MATCHES},
    {"(?>a+)b", "aab", PATTERN_MATCHES},
    {"(?<first>.)-\\k<first>\\1", "x-xx", PATTERN_MATCHES},
    {"a{2}b{1,}c{1,2}", "aabbcc", PATTERN_MATCHES},
    {"a++b?+c*+", "aab", PATTERN_MATCHES},
    {"[]a]+", "]a", PATTERN_MATCHES},
    {"[^]a]+", "b", PATTERN_MATCHES},
    {"[\\]\\[a-c-]+", "[b]-", PATTERN_MATCHES},
    {"\\Q(*a{[\\E.", "(*a{[b", PATTERN_MATCHES},
    {"\\Qa.b", "a.b", PATTERN_MATCHES},
    {"\\d\\D\\s\\S\\w\\W\\h\\x41\\x{42}", "1a bc. AB", PATTERN_MATCHES},
    {"\\p{Lu}\\pL\\P{L}", "Ab1", PATTERN_MATCHES},
    {"\\w", "é", PATTERN_DIFFERS},
    {"\\p{Alpha}+\\p{Digit}\\P{Alpha}", "aZ5-", PATTERN_MATCHES},
    {"\\p{Alpha}", "é", PATTERN_DIFFERS},
    {"\\P{Alpha}", "é", PATTERN_MATCHES},
    {"\\p{Lower}\\p{Upper}\\p{Alnum}\\p{XDigit}", "aB9f", PATTERN_MATCHES},
    {"[\\p{Punct}]+", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", PATTERN_MATCHES},
    {"\\P{Punct}", "~", PATTERN_DIFFERS},
    {"[^\\p{Punct}x]", "x", PATTERN_DIFFERS},
    {"[\\P{Digit}5]+", "a5", PATTERN_MATCHES},
    {"[\\P{Digit}5]", "6", PATTERN_DIFFERS},
    {"\\p{Graph}\\p{Print}\\p{Blank}\\p{Space}\\p{Cntrl}\\p{ASCII}", "a \t\v\x7f\x01",
     PATTERN_MATCHES},
    {"\\u0041\\u00e9", "Aé", PATTERN_MATCHES},
    {"\\0101\\07\\0378",
     "A\a\x1f"
     "8",
     PATTERN_MATCHES},
    {"(a)\\1", "aa", PATTERN_MATCHES},
    {"(?i-s)A(?m:b)", "aBc", PATTERN_DIFFERS},
    {"(?i-s)A(?m:B)", "ab", PATTERN_MATCHES},
    {"\\h\\R\\cA", " \n\x01", PATTERN_MATCHES},
    {"a", "\xff", PATTERN_DIFFERS},
    {"(x+x+)+y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", PATTERN_NO_ANSWER},
    {"(x+x+)+y", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy", PATTERN_MATCHES},
};

Test(pattern, answers)
{
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct pattern_error error;
        struct pattern *pattern = pattern_compile(answers[i].pattern, &error);

        cr_assert_not_null(pattern, "%s: %s", answers[i].pattern, error.text);
        for (int again = 0; again < 2; again++)
            cr_expect_eq(pattern_match(pattern, answers[i].text), answers[i].answer, "%s on %s",
                         answers[i].pattern, answers[i].text);
        pattern_destroy(pattern);
    }
}

static const struct {
    const char *pattern;
    size_t offset;
    const char *text; /* a part of the message */
} refusals[] = {
    {"ab(", 3, "missing closing parenthesis"},
    {"a**", 2, "quantifier does not follow"},
    {"[z-a]", 3, "range out of order"},
    {"a\\", 2, "at end of pattern"},
    {"\xff", 0, "UTF-8"},
    {"(*UTF)a", 0, "a verb"},
    {"a(?P<n>b)", 1, "a kind of group"},
    {"(?|a|b)", 0, "a kind of group"},
    {"(?R)", 0, "a kind of group"},
    {"(?1)", 0, "a kind of group"},
    {"(?#note)", 0, "a kind of group"},
    {"(?<", 0, "a kind of group"},
    {"(?", 0, "a kind of group"},
    {"a\\K", 1, "an escape"},
    {"\\N", 0, "an escape"},
    {"\\g1", 0, "an escape"},
    {"x\\p{javaMirrored}", 1, "a property"},
    {"\\p{Alphabetic}", 0, "a property"},
    {"\\p{IsLatin}", 0, "a property"},
    {"\\p{Alpha", 0, "a property"},
    {"\\p{alpha}", 0, "a property"},
    {"[\\p{Punct}z-a]", 12, "range out of order"},
    {"\\p{Punct}(", 10, "missing closing parenthesis"},
    {"(?iU)a", 0, "a flag of Java's"},
    {"(?d)a", 0, "a flag of Java's"},
    {"(?xx)a", 0, "a flag that is said twice"},
    {"(?i", 0, "a kind of group"},
    {"\\u41", 0, "a \\u without"},
    {"\\x4", 0, "a \\x without"},
    {"\\x{}", 0, "a \\x{ without"},
    {"\\09", 0, "a \\0 without"},
    {"(a)\\11", 3, "a back reference of two digits"},
    {"\\ca", 0, "a \\c with a small letter"},
    {"\\p{^Lu}", 0, "a property"},
    {"\\p{Lu", 0, "a property"},
    {"\\p", 0, "a property"},
    {"{", 0, "a { that begins no count"},
    {"a{,2}", 1, "a { that begins no count"},
    {"a{2", 1, "a { that begins no count"},
    {"a{2,3", 1, "a { that begins no count"},
    {"b[a-d[m-p]]", 5, "a class inside a class"},
    {"[[:alpha:]]", 1, "a class inside a class"},
    {"[a-z&&c]", 4, "an intersection"},
    {"[\\K]", 1, "an escape"},
};

Test(pattern, refuses)
{
    for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
        struct pattern_error error = {99, ""};
        struct pattern *pattern = pattern_compile(refusals[i].pattern, &error);

        cr_expect_null(pattern, "%s", refusals[i].pattern);
        cr_expect_eq(error.offset, refusals[i].offset, "%s: at %zu", refusals[i].pattern,
                     error.offset);
        cr_expect_not_null(strstr(error.text, refusals[i].text), "%s: %s", refusals[i].pattern,
                           error.text);
        pattern_destroy(pattern);
    }
}
