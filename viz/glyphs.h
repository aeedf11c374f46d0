/*
 * Letters that no font of this machine has. Drawn into pixels each becomes a box with its number in it, which
 * gnuplot makes so large that it covers the picture; so they are replaced first. It must never know what the text is
 * about.
 */
#ifndef BERTH_VIZ_GLYPHS_H
#define BERTH_VIZ_GLYPHS_H

#include "file/buffer.h"

#include <stdbool.h>
#include <stdint.h>

/* Whether a font of this machine has that letter (a Unicode code point). */
typedef bool glyphs_has(uint32_t letter);
bool glyphs_has_font(uint32_t letter);

/* Adds `n` bytes of text to `to`, with a small square for each letter that `has` denies, and for what is not
 * UTF-8. Each letter is asked for once; the usual ones of Latin, Greek and Cyrillic never are. */
void glyphs_add(struct buffer *to, const char *text, size_t n, glyphs_has *has);

#endif
