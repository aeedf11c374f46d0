/*
 * The caret stands under the character that is meant, whatever stands before it.
 */
#include "file/quote.h"

#include <criterion/criterion.h>

static void expect(const char *text, int column, const char *line, const char *lines)
{
    struct buffer found = {0};

    quote_in_line(&found, text, column);
    cr_expect_str_eq(found.text, line, "found %s, wanted %s", found.text, line);
    buffer_clear(&found);
    quote_in_lines(&found, text, column);
    cr_expect_str_eq(found.text, lines, "found %s, wanted %s", found.text, lines);
    buffer_finish(&found);
}

Test(quote, the_caret_stands_under_the_place)
{
    expect("a = b", 3, "a ^= b", "\n    a = b\n      ^");
    expect("a ==", 5, "a ==^", "\n    a ==\n        ^");
    expect("a = b", 1, "^a = b", "\n    a = b\n    ^");
    expect("", 1, "^", "\n    \n    ^");
}

Test(quote, letters_count_as_wide_as_they_show)
{
    expect("\tr\xC3\xA4"
           "ck\n= x",
           7,
           " r\xC3\xA4"
           "ck ^= x",
           "\n     r\xC3\xA4"
           "ck = x\n          ^");
    expect("\xE6\x97\xA5\xE6\x9C\xAC = x", 4, "\xE6\x97\xA5\xE6\x9C\xAC ^= x",
           "\n    \xE6\x97\xA5\xE6\x9C\xAC = x\n         ^");
    expect("a\xCC\x88 = x", 4, "a\xCC\x88 ^= x", "\n    a\xCC\x88 = x\n      ^");
    expect("\xF0\x9F\x9A\xA2 = x", 3, "\xF0\x9F\x9A\xA2 ^= x",
           "\n    \xF0\x9F\x9A\xA2 = x\n       ^");
}

Test(quote, of_a_long_text_the_part_around_the_place_shows)
{
    const char *text = "012345678901234567890123456789012345678901234567890123456789";

    expect(text, 1, "^01234567890123456789...", "\n    01234567890123456789...\n    ^");
    expect(text, 41, "0123456789012345678901234567890123456789^01234567890123456789",
           "\n    012345678901234567890123456789012345678901234567890123456789\n                   "
           "                         ^");
    expect(text, 42, "...1234567890123456789012345678901234567890^1234567890123456789",
           "\n    ...12345678901234567890123456789012345678901234567890123456789\n                 "
           "                              ^");
    expect(text, 61, "...0123456789012345678901234567890123456789^",
           "\n    ...0123456789012345678901234567890123456789\n                                    "
           "           ^");
}
