/*
 * The script goes in, and the picture comes out, through files without a name, so nothing is left
 * behind whatever happens. It must never know what the picture shows.
 */
#include "viz/gnuplot.h"

#include "viz/glyphs.h"
#include "viz/picture.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* How gnuplot is told to draw each kind of picture; sizes are in pixels, for PDF in hundredths of an inch,
 * for text in letters. */
static const struct {
    const char *suffix, *terminal;
} kinds[] = {
    {".svg", "svg noenhanced size %d,%d background '#FFFFFF' font 'DejaVu Sans,14'"},
    {".png", "pngcairo noenhanced size %d,%d background '#FFFFFF' font 'DejaVu Sans,14'"},
    {".pdf",
     "pdfcairo noenhanced size %d.%02din,%d.%02din background '#FFFFFF' font 'DejaVu Sans,11'"},
};

#define N_KINDS (sizeof kinds / sizeof kinds[0])
#define TEXT_COLUMNS 100
#define TEXT_COLUMNS_LEAST 60
#define TEXT_COLUMNS_MOST 200
#define TEXT_PIXELS_A_LINE 17

bool gnuplot_is_text(const char *path)
{
    return strcmp(path, "-") == 0;
}

bool gnuplot_is_printed(const char *path)
{
    return gnuplot_is_text(path) || strcmp(path, GNUPLOT_SIXEL) == 0;
}

bool gnuplot_draws(const char *path, struct err *err)
{
    if (gnuplot_is_printed(path))
        return true;
    for (size_t i = 0; i < N_KINDS; i++) {
        if (picture_is(path, kinds[i].suffix))
            return true;
    }
    return err_set(
        err, EXIT_INPUT,
        "%s: a picture's name ends in .svg, .png or .pdf; - draws with letters on the terminal",
        path);
}

/* As wide as the terminal, where it is one and a chart has room in it. */
static int text_columns(void)
{
    struct winsize window;
    int columns = ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 0
                      ? window.ws_col
                      : TEXT_COLUMNS;
    return columns < TEXT_COLUMNS_LEAST  ? TEXT_COLUMNS_LEAST
           : columns > TEXT_COLUMNS_MOST ? TEXT_COLUMNS_MOST
                                         : columns;
}

/* Colours only where somebody sees them and did not ask for none (no-color.org). */
static void text_terminal(struct buffer *script, int height)
{
    const char *no_color = getenv("NO_COLOR");
    bool colours = isatty(STDOUT_FILENO) && !(no_color && *no_color);
    buffer_add(script, "set terminal dumb noenhanced size %d,%d %s\n", text_columns(),
               height / TEXT_PIXELS_A_LINE, colours ? "ansi256" : "mono");
}

void gnuplot_terminal(struct buffer *script, const char *path, int width, int height)
{
    if (gnuplot_is_text(path)) {
        text_terminal(script, height);
        return;
    }
    buffer_add_text(script, "set terminal ");
    if (strcmp(path, GNUPLOT_SIXEL) == 0)
        buffer_add(script, "sixelgd noenhanced truecolor size %d,%d", width, height);
    else if (picture_is(path, ".pdf"))
        buffer_add(script, kinds[2].terminal, width / 100, width % 100, height / 100, height % 100);
    else
        buffer_add(script, kinds[picture_is(path, ".png")].terminal, width, height);
    buffer_add_text(script, "\n");
    /* gnuplot's SVG knows no weights: this one ends the family's name and begins another attribute */
    buffer_add(script, "bold = 'DejaVu Sans%s'\n",
               picture_is(path, ".svg") ? "\" font-weight=\"bold" : ":Bold");
}

void gnuplot_quote(struct buffer *script, const char *text)
{
    buffer_add_text(script, "'");
    for (; *text != '\0'; text++) {
        char byte = *text;
        /* A newline would end the command. */
        if ((unsigned char)byte < ' ' || byte == 0x7F)
            byte = ' ';
        buffer_add_bytes(script, &byte, 1);
        if (byte == '\'')
            buffer_add_bytes(script, &byte, 1);
    }
    buffer_add_text(script, "'");
}

/* Bytes of the first so many letters. */
static size_t bytes_of(const char *text, int letters)
{
    size_t n = 0;
    while (text[n] != '\0') {
        if (((unsigned char)text[n] & 0xC0) != 0x80 && letters-- == 0)
            break;
        n++;
    }
    return n;
}

void gnuplot_fit(char *fitting, size_t size, const char *text, int letters)
{
    size_t n = bytes_of(text, letters);
    if (text[n] == '\0' && n < size)
        snprintf(fitting, size, "%s", text);
    else
        snprintf(fitting, size, "%.*s\u2026", (int)bytes_of(text, letters - 1), text);
}

const char *gnuplot_fit_title(char *fitting, size_t size, const char *title)
{
    static const struct {
        int letters;
        const char *font;
    } fonts[] = {{80, "bold.',20'"}, {104, "bold.',16'"}, {118, "bold.',14'"}};
    size_t i = 0;
    while (i + 1 < sizeof fonts / sizeof fonts[0] && title[bytes_of(title, fonts[i].letters)])
        i++;
    gnuplot_fit(fitting, size, title, fonts[i].letters);
    return fonts[i].font;
}

static int nameless(const char *name, const char *bytes, size_t n)
{
    int fd = memfd_create(name, MFD_CLOEXEC);
    if (fd < 0)
        return -1;
    for (size_t done = 0; done < n;) {
        ssize_t now = write(fd, bytes + done, n - done);
        if (now < 0 && errno != EINTR) {
            close(fd);
            return -1;
        }
        done += now > 0 ? (size_t)now : 0;
    }
    lseek(fd, 0, SEEK_SET);
    return fd;
}

/* The last line that gnuplot complained with, without its "line N:" of a script nobody sees. */
static void complaint(int fd, char *text, size_t size)
{
    char all[4096];
    ssize_t n = pread(fd, all, sizeof all - 1, 0);
    all[n > 0 ? n : 0] = '\0';
    while (n > 0 && (all[n - 1] == '\n' || all[n - 1] == ' '))
        all[--n] = '\0';
    const char *line = strrchr(all, '\n');
    snprintf(text, size, "%.400s", n <= 0 ? "it says nothing" : line ? line + 1 : all);
}

static bool wait_for(pid_t pid, int complaints, struct err *err)
{
    int status;
    while (waitpid(pid, &status, 0) < 0) {
        if (errno != EINTR)
            return err_errno(err, errno, "waiting for gnuplot");
    }
    char text[512];
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    complaint(complaints, text, sizeof text);
    return err_set(err, EXIT_MACHINE, "gnuplot failed: %s", text);
}

static bool draw(int script, int picture, int complaints, struct err *err)
{
    char *const argv[] = {(char *)"gnuplot", (char *)"-d", (char *)"-", NULL};
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, script, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, picture, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, complaints, STDERR_FILENO);
    pid_t pid;
    int failed = posix_spawnp(&pid, "gnuplot", &actions, NULL, argv, environ);
    posix_spawn_file_actions_destroy(&actions);
    if (failed == ENOENT)
        return err_set(err, EXIT_MACHINE, "gnuplot is not installed: install gnuplot-nox");
    if (failed != 0)
        return err_errno(err, failed, "cannot start gnuplot");
    return wait_for(pid, complaints, err);
}

static bool print(int picture, struct err *err)
{
    char bytes[65536];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(picture, bytes, sizeof bytes, at)) > 0) {
        fwrite(bytes, 1, (size_t)n, stdout);
        at += n;
    }
    return fflush(stdout) == 0 || err_errno(err, errno, "cannot write to standard output");
}

/* Copies the whole picture beside its place and moves it there. */
static bool deliver(int picture, const char *path, struct err *err)
{
    char *beside = NULL, bytes[65536];
    if (asprintf(&beside, "%s.XXXXXX", path) < 0)
        abort();
    int to = mkstemp(beside);
    bool ok = to >= 0;
    off_t at = 0;
    ssize_t n;
    while (ok && (n = pread(picture, bytes, sizeof bytes, at)) > 0) {
        ok = write(to, bytes, (size_t)n) == n;
        at += n;
    }
    mode_t mask = umask(0);
    umask(mask);
    ok = ok && fchmod(to, 0666 & ~mask) == 0;
    if (to >= 0)
        ok = close(to) == 0 && ok;
    ok = ok && rename(beside, path) == 0;
    int errnum = errno;
    if (!ok && to >= 0)
        unlink(beside);
    free(beside);
    return ok || err_file(err, errnum, "%s: cannot write the picture", path);
}

static bool copy_out(int picture, struct buffer *to, struct err *err)
{
    char bytes[65536];
    off_t at = 0;
    ssize_t n;
    while ((n = pread(picture, bytes, sizeof bytes, at)) > 0) {
        buffer_add_bytes(to, bytes, (size_t)n);
        at += n;
    }
    return n == 0 || err_errno(err, errno, "cannot read the picture back");
}

/* Pixels are drawn of letters that some font has: the terminal stands in the script's first line. */
static void prepare(struct buffer *to, const struct buffer *script)
{
    const char *end = script->length > 0 ? strchr(script->text, '\n') : NULL;
    if (end && memmem(script->text, (size_t)(end - script->text), "cairo", 5))
        glyphs_add(to, script->text, script->length, glyphs_has_font);
    else
        buffer_add_bytes(to, script->text, script->length);
}

/* To `path`, or where that is NULL to the end of `to`. */
static bool run(const struct buffer *script, const char *path, struct buffer *to, struct err *err)
{
    struct buffer prepared = {0};
    prepare(&prepared, script);
    int fds[3] = {nameless("script", prepared.text, prepared.length), nameless("picture", "", 0),
                  nameless("complaints", "", 0)};
    bool ok = true;
    buffer_finish(&prepared);
    for (int i = 0; i < 3; i++)
        ok = ok && fds[i] >= 0;
    if (!ok)
        err_errno(err, errno, "no room for a picture");
    ok = ok && draw(fds[0], fds[1], fds[2], err) &&
         (!path                      ? copy_out(fds[1], to, err)
          : gnuplot_is_printed(path) ? print(fds[1], err)
                                     : deliver(fds[1], path, err));
    for (int i = 0; i < 3; i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    return ok;
}

bool gnuplot_run(const struct buffer *script, const char *path, struct err *err)
{
    return run(script, path, NULL, err);
}

bool gnuplot_render(const struct buffer *script, struct buffer *picture, struct err *err)
{
    return run(script, NULL, picture, err);
}
