/*
 * Characters are walked over by their first bytes: no locale is asked, so the same text looks the same
 * everywhere.
 */
#include "file/quote.h"

#include <stdint.h>

#define SHOWN_BEFORE 40
#define SHOWN_AFTER 20
#define INDENT "\n    "

static const char *next_character(const char *at)
{
    do
        at++;
    while (((unsigned char)*at & 0xc0) == 0x80);
    return at;
}

static const char *at_column(const char *text, int column)
{
    for (; column > 1 && *text; column--)
        text = next_character(text);
    return text;
}

static void add_part(struct buffer *line, const char *from, const char *to)
{
    for (; from < to; from++) {
        char letter = *from;

        if ((unsigned char)letter < ' ' || letter == 0x7f)
            letter = ' ';
        buffer_add_bytes(line, &letter, 1);
    }
}

static uint32_t code_point(const char *at)
{
    uint32_t first = (unsigned char)*at, code;

    if (first < 0xc0)
        return first;
    code = first & (first < 0xe0 ? 0x1fu : first < 0xf0 ? 0x0fu : 0x07u);
    for (at++; ((unsigned char)*at & 0xc0) == 0x80; at++)
        code = code << 6 | ((unsigned char)*at & 0x3fu);
    return code;
}

/* Columns of a terminal (Unicode: EastAsianWidth, General_Category Mn and Cf; the blocks that matter). */
static int width_of(uint32_t code)
{
    static const struct {
        uint32_t first, last;
        int width;
    } ranges[] = {
        {0x300, 0x36f, 0},     {0x200b, 0x200f, 0},   {0xfe00, 0xfe0f, 0},   {0x1100, 0x115f, 2},
        {0x2e80, 0x303e, 2},   {0x3041, 0xa4cf, 2},   {0xac00, 0xd7a3, 2},   {0xf900, 0xfaff, 2},
        {0xfe30, 0xfe6f, 2},   {0xff00, 0xff60, 2},   {0xffe0, 0xffe6, 2},   {0x1f300, 0x1f64f, 2},
        {0x1f680, 0x1f6ff, 2}, {0x1f900, 0x1faff, 2}, {0x20000, 0x3fffd, 2},
    };

    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
        if (code >= ranges[i].first && code <= ranges[i].last)
            return ranges[i].width;
    return 1;
}

/* The part to show; `from` is the text's own beginning where nothing is left out before it. */
struct part {
    const char *from, *fault, *to;
};

static struct part part_of(const char *text, int column)
{
    struct part part = {text, at_column(text, column), NULL};

    if (column > SHOWN_BEFORE)
        part.from = at_column(text, column - SHOWN_BEFORE);
    part.to = at_column(part.fault, SHOWN_AFTER + 1);
    return part;
}

void quote_in_line(struct buffer *line, const char *text, int column)
{
    struct part part = part_of(text, column);

    buffer_add_text(line, part.from > text ? "..." : "");
    add_part(line, part.from, part.fault);
    buffer_add_text(line, "^");
    add_part(line, part.fault, part.to);
    buffer_add_text(line, *part.to ? "..." : "");
}

void quote_in_lines(struct buffer *lines, const char *text, int column)
{
    struct part part = part_of(text, column);
    int width = part.from > text ? 3 : 0;

    buffer_add_text(lines, width ? INDENT "..." : INDENT);
    add_part(lines, part.from, part.to);
    for (const char *at = part.from; at < part.fault; at = next_character(at))
        width += width_of(code_point(at));
    buffer_add(lines, "%s" INDENT "%*s^", *part.to ? "..." : "", width, "");
}
