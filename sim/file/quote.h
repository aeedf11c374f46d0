/*
 * Showing a place in a text of somebody's: with a caret in it where only one line fits, else on a line of
 * its own with the caret on the line below.
 */
#ifndef BERTH_FILE_QUOTE_H
#define BERTH_FILE_QUOTE_H

#include "file/buffer.h"

/* Appends what stands around a character of an UTF-8 text; `column` counts from 1, one behind the last is the
 * end. Of a long text only the part around it, with "..." for what is left out; control characters show as
 * one space each. */
void quote_in_line(struct buffer *line, const char *text, int column);

/* Likewise "\n    TEXT\n        ^". Letters that take two places of a terminal, or none, are counted so. */
void quote_in_lines(struct buffer *lines, const char *text, int column);

#endif
