/*
 * Text that grows, and the three ways of adding to it that writing JSON by hand needs. It is on the
 * path of every line of every run log, so it is written for speed. Knows nothing of messages.
 */
#ifndef BERTH_FILE_BUFFER_H
#define BERTH_FILE_BUFFER_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* `text` is always terminated once anything was added. Free with buffer_finish(). */
struct buffer {
    char *text;
    size_t length, capacity;
};

void buffer_add(struct buffer *buffer, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* Makes room for `n` more bytes and the terminator. */
void buffer_reserve(struct buffer *buffer, size_t n);

static inline void buffer_add_bytes(struct buffer *buffer, const char *bytes, size_t n)
{
    if (buffer->length + n + 1 > buffer->capacity)
        buffer_reserve(buffer, n);
    if (n > 0) /* else `bytes` may be NULL */
        memcpy(buffer->text + buffer->length, bytes, n);
    buffer->length += n;
    buffer->text[buffer->length] = '\0';
}

static inline void buffer_add_text(struct buffer *buffer, const char *text)
{
    buffer_add_bytes(buffer, text, strlen(text));
}

void buffer_add_int(struct buffer *buffer, int64_t number);

/* Seconds with as many of six decimals as it takes, but three at least: "1.203". Writes into `text`
 * of `size` bytes and returns it. */
const char *buffer_seconds(int64_t usec, char *text, size_t size);

/* With quotes, escaped; NULL: null. The result is always valid JSON and gives back every byte: one
 * that is not part of valid UTF-8 is written as the private character U+EF00 + byte, and so are the
 * bytes of those characters themselves. buffer_unescape() is the way back. */
void buffer_add_json_string(struct buffer *buffer, const char *text);

/* Turns private characters back into the bytes that they stand for, in place. */
void buffer_unescape(char *text);

/* As a shell takes it: in quotes where there is more in it than plain letters. */
void buffer_add_shell_word(struct buffer *buffer, const char *text);

/* The same as a text for free(). */
char *buffer_shell_word(const char *text);

void buffer_clear(struct buffer *buffer);
void buffer_finish(struct buffer *buffer);

#endif
