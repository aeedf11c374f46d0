/*
 * Runs gnuplot over a script. It must never know what the picture shows.
 */
#ifndef BERTH_VIZ_GNUPLOT_H
#define BERTH_VIZ_GNUPLOT_H

#include "file/buffer.h"
#include "file/err.h"

/* Whether pictures of that name can be drawn: its suffix is .svg or .png. */
bool gnuplot_draws(const char *path, struct err *err);

/* The `set terminal` line for the file's suffix. */
void gnuplot_terminal(struct buffer *script, const char *path, int width, int height);

/* Adds text in gnuplot's quotes, whatever is in it. */
void gnuplot_quote(struct buffer *script, const char *text);

/* Runs the script; what it draws goes to `path`, which is only replaced by a whole picture. Errors
 * (EXIT_MACHINE): gnuplot is not installed, fails, or the file cannot be written. */
bool gnuplot_run(const struct buffer *script, const char *path, struct err *err);

#endif
