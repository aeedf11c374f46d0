/*
 * fontconfig's own command knows the fonts: it is there wherever gnuplot can draw pixels. It must never know what the
 * text is about.
 */
#include "viz/glyphs.h"

#include "core/array.h"

#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

#define SQUARE "\u25A1"
#define USUAL_END 0x530 /* Latin, Greek, Cyrillic */
#define ELLIPSIS 0x2026
#define SQUARE_LETTER 0x25A1

struct answer {
    uint32_t letter;
    bool has;
};

struct answers {
    struct answer *answers;
    int n_answers, cap_answers;
};

bool glyphs_has_font(uint32_t letter)
{
    char pattern[32];
    char *const argv[] = {(char *)"fc-list", (char *)"-q", pattern, NULL};
    pid_t pid;
    int status = -1;
    snprintf(pattern, sizeof pattern, ":charset=%x", (unsigned)letter);
    if (posix_spawnp(&pid, "fc-list", NULL, NULL, argv, environ) != 0)
        return false;
    while (waitpid(pid, &status, 0) < 0)
        ;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool ask(struct answers *answers, uint32_t letter, glyphs_has *has)
{
    if (letter < USUAL_END || letter == ELLIPSIS || letter == SQUARE_LETTER)
        return true;
    for (int i = 0; i < answers->n_answers; i++) {
        if (answers->answers[i].letter == letter)
            return answers->answers[i].has;
    }
    bool found = has(letter);
    *ARRAY_ADD(answers, answers) = (struct answer){letter, found};
    return found;
}

/* The letter that `n` bytes begin with, and its length; 0: no UTF-8. */
static int letter_of(const unsigned char *text, size_t n, uint32_t *letter)
{
    int length = text[0] < 0x80   ? 1
                 : text[0] < 0xC2 ? 0
                 : text[0] < 0xE0 ? 2
                 : text[0] < 0xF0 ? 3
                 : text[0] < 0xF5 ? 4
                                  : 0;
    if (length == 0 || (size_t)length > n)
        return 0;
    *letter = length == 1 ? text[0] : text[0] & (0x7Fu >> length);
    for (int i = 1; i < length; i++) {
        if ((text[i] & 0xC0) != 0x80)
            return 0;
        *letter = *letter << 6 | (text[i] & 0x3Fu);
    }
    return length;
}

void glyphs_add(struct buffer *to, const char *text, size_t n, glyphs_has *has)
{
    struct answers answers = {0};
    size_t done = 0; /* bytes that stand in `to` already */
    for (size_t at = 0; at < n;) {
        uint32_t letter;
        int length = letter_of((const unsigned char *)text + at, n - at, &letter);
        if (length == 0 || !ask(&answers, letter, has)) {
            buffer_add_bytes(to, text + done, at - done);
            buffer_add_text(to, SQUARE);
            done = at + (size_t)(length > 0 ? length : 1);
        }
        at += (size_t)(length > 0 ? length : 1);
    }
    buffer_add_bytes(to, text + done, n - done);
    free(answers.answers);
}
