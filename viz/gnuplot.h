/*
 * Runs gnuplot over a script. It must never know what the picture shows.
 */
#ifndef BERTH_VIZ_GNUPLOT_H
#define BERTH_VIZ_GNUPLOT_H

#include "file/buffer.h"
#include "file/err.h"

/* Instead of a file's name: pixels for a terminal that knows sixels, on standard output. */
#define GNUPLOT_SIXEL "-sixel"

/* Whether pictures of that name can be drawn: its suffix is .svg, .png or .pdf, or it is GNUPLOT_SIXEL or "-",
 * letters on standard output. */
bool gnuplot_draws(const char *path, struct err *err);

/* Whether it is "-"; whether it goes to standard output. */
bool gnuplot_is_text(const char *path);
bool gnuplot_is_printed(const char *path);

/* The `set terminal` line for the file's suffix. */
void gnuplot_terminal(struct buffer *script, const char *path, int width, int height);

/* Adds text in gnuplot's quotes, whatever is in it. */
void gnuplot_quote(struct buffer *script, const char *text);

/* Runs the script; what it draws goes to `path`, which is only replaced by a whole picture. Errors
 * (EXIT_MACHINE): gnuplot is not installed, fails, or the file cannot be written. */
bool gnuplot_run(const struct buffer *script, const char *path, struct err *err);

/* The same, but adds the picture to a buffer. */
bool gnuplot_render(const struct buffer *script, struct buffer *picture, struct err *err);

/* What was modelled is as light as this, a shade of palette_shaded(), and these stripes lie over it. */
#define GNUPLOT_HATCHED_SHADE 35
#define GNUPLOT_HATCHING "fillcolor rgb '#5A646E' fillstyle transparent pattern 4 noborder"

/* As much of a text as so many letters hold, in `fitting` of `size` bytes; where it was longer it ends with an
 * ellipsis. */
void gnuplot_fit(char *fitting, size_t size, const char *text, int letters);

/* The title of a picture 1280 pixels wide as it fits, and its font as the script writes it: "bold.',20'" or a
 * smaller one. */
const char *gnuplot_fit_title(char *fitting, size_t size, const char *title);

#endif
