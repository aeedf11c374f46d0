/*
 * Growing text. Running out of memory ends the program, as in the core.
 */
#include "file/buffer.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_reserve(struct buffer *buffer, size_t n)
{
    size_t capacity = buffer->capacity ? buffer->capacity : 256;

    while (capacity < buffer->length + n + 1)
        capacity *= 2;
    if (capacity == buffer->capacity)
        return;
    buffer->text = realloc(buffer->text, capacity);
    assert(buffer->text != NULL);
    buffer->capacity = capacity;
}

void buffer_add(struct buffer *buffer, const char *format, ...)
{
    va_list args;
    int n;

    va_start(args, format);
    n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(n >= 0);
    va_start(args, format);
    buffer_reserve(buffer, (size_t)n);
    vsnprintf(buffer->text + buffer->length, (size_t)n + 1, format, args);
    va_end(args);
    buffer->length += (size_t)n;
}

void buffer_add_int(struct buffer *buffer, int64_t number)
{
    char digits[20];
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    int n = sizeof digits;

    do {
        digits[--n] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (number < 0)
        digits[--n] = '-';
    buffer_add_bytes(buffer, digits + n, sizeof digits - (size_t)n);
}

const char *buffer_seconds(int64_t usec, char *text, size_t size)
{
    uint64_t rest = usec < 0 ? -(uint64_t)usec : (uint64_t)usec;
    size_t n = (size_t)snprintf(text, size, "%s%" PRIu64 ".%06" PRIu64, usec < 0 ? "-" : "",
                                rest / 1000000, rest % 1000000);

    assert(n < size);
    for (int i = 0; i < 3 && text[n - 1] == '0'; i++)
        text[--n] = '\0';
    return text;
}

static bool continues(unsigned char byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The length of the UTF-8 sequence that starts here and may stand as it is in JSON; 0: none. */
static int sequence(const unsigned char *at)
{
    if (at[0] < 0xc2 || at[0] > 0xf4 || !continues(at[1]))
        return 0;
    if (at[0] < 0xe0)
        return 2;
    if (!continues(at[2]))
        return 0;
    if (at[0] < 0xf0) {
        bool overlong = at[0] == 0xe0 && at[1] < 0xa0;
        bool surrogate = at[0] == 0xed && at[1] >= 0xa0;
        bool private = at[0] == 0xee && at[1] >= 0xbe;

        return overlong || surrogate || private ? 0 : 3;
    }
    if (!continues(at[3]) || (at[0] == 0xf0 && at[1] < 0x90) || (at[0] == 0xf4 && at[1] >= 0x90))
        return 0;
    return 4;
}

static void add_escaped(struct buffer *buffer, unsigned char byte)
{
    switch (byte) {
    case '"':
        buffer_add_text(buffer, "\\\"");
        break;
    case '\\':
        buffer_add_text(buffer, "\\\\");
        break;
    case '\n':
        buffer_add_text(buffer, "\\n");
        break;
    case '\t':
        buffer_add_text(buffer, "\\t");
        break;
    default:
        buffer_add(buffer, "\\u%04x", byte < 0x80 ? byte : 0xef00u | byte);
        break;
    }
}

void buffer_add_json_string(struct buffer *buffer, const char *text)
{
    const unsigned char *at = (const unsigned char *)text;

    if (!text) {
        buffer_add_bytes(buffer, "null", 4);
        return;
    }
    buffer_add_bytes(buffer, "\"", 1);
    while (*at) {
        const unsigned char *plain = at;
        int n;

        for (;;) {
            if (*at >= 0x20 && *at < 0x80 && *at != '"' && *at != '\\')
                at++;
            else if (*at >= 0x80 && (n = sequence(at)) > 0)
                at += n;
            else
                break;
        }
        buffer_add_bytes(buffer, (const char *)plain, (size_t)(at - plain));
        if (*at)
            add_escaped(buffer, *at++);
    }
    buffer_add_bytes(buffer, "\"", 1);
}

void buffer_unescape(char *text)
{
    unsigned char *to = (unsigned char *)strchr(text, 0xee);

    for (unsigned char *from = to; from && (*to = *from); to++, from++) {
        if (from[0] == 0xee && (from[1] == 0xbe || from[1] == 0xbf) && from[2]) {
            *to = (unsigned char)(from[1] << 6 | (from[2] & 0x3f));
            from += 2;
        }
    }
}

void buffer_add_shell_word(struct buffer *buffer, const char *text)
{
    bool plain = *text != '\0';

    for (const char *at = text; *at; at++)
        plain &= isalnum((unsigned char)*at) || strchr("-_./:,@+%=", *at) != NULL;
    if (plain) {
        buffer_add_text(buffer, text);
        return;
    }
    buffer_add_text(buffer, "'");
    for (const char *at = text; *at; at++) {
        if (*at == '\'')
            buffer_add_text(buffer, "'\\''");
        else
            buffer_add_bytes(buffer, at, 1);
    }
    buffer_add_text(buffer, "'");
}

char *buffer_shell_word(const char *text)
{
    struct buffer word = {0};

    buffer_add_shell_word(&word, text);
    return word.text;
}

void buffer_clear(struct buffer *buffer)
{
    buffer->length = 0;
    if (buffer->text)
        buffer->text[0] = '\0';
}

void buffer_finish(struct buffer *buffer)
{
    free(buffer->text);
    *buffer = (struct buffer){0};
}
