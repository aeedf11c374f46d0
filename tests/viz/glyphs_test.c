/*
 * Letters that no font has are squares, the others stay as they are, and each is asked for once.
 */
#include "viz/glyphs.h"

#include <criterion/criterion.h>
#include <string.h>

static int n_asked;

static bool no_kanji(uint32_t letter)
{
    n_asked++;
    return letter < 0x4E00;
}

static void expect(const char *text, size_t n, const char *wanted, int asked)
{
    struct buffer to = {0};
    n_asked = 0;
    buffer_add_text(&to, "");
    glyphs_add(&to, text, n, no_kanji);
    cr_expect_str_eq(to.text ? to.text : "", wanted);
    cr_expect_eq(n_asked, asked, "%s: asked %d times", text, n_asked);
    buffer_finish(&to);
}

#define EXPECT(text, wanted, asked) expect(text, sizeof text - 1, wanted, asked)

Test(glyphs, what_no_font_has_is_a_square)
{
    EXPECT("plain 'text' {a}_b", "plain 'text' {a}_b", 0);
    EXPECT("Grüße Ωμ Жук", "Grüße Ωμ Жук", 0);
    EXPECT("日本、日", "□□、□", 3);
    EXPECT("a日", "a□", 1);
    EXPECT("→ \U0001F600!", "→ □!", 2);
}

Test(glyphs, what_is_no_text_is_a_square)
{
    EXPECT("a\xFFz", "a□z", 0);
    EXPECT("a\xE6\x97", "a□□", 0);
    EXPECT("\xC0\x80", "□□", 0);
    EXPECT("", "", 0);
}
